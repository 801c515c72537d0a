import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from minitransfer import kernels
from minitransfer.kernels import batchnorm, elementwise, max_pool, softmax_loss, threads
from minitransfer.kernels.conv import depthwise, filters, images, pointwise
from minitransfer.kernels.gemm import packed, tiled


@pytest.fixture(autouse=True)
def _restore_threads():
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def _large_results():
    """Every kind of kernel on sizes that are cut into several chunks."""
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.standard_normal(shape).astype(np.float32)  # noqa: E731
    a, b = draw(700, 300), draw(300, 600)
    x, w = draw(40, 16, 40, 40), draw(16, 16, 3, 3)
    deep = draw(16, 1, 5, 5)
    one = ((1, 1), (1, 1), (1, 1), 1)
    wide = ((1, 1), (2, 2), (1, 1), 16)
    window = ((2, 2), (2, 2), (0, 0))
    ones = np.ones(16, np.float32)
    y, where = kernels.max_pool2d(x, *window)
    long = 300_001
    few, back, narrow = draw(32, 96, 4, 4), draw(32, 80, 4, 4), draw(80, 96, 1, 1)
    none = ((1, 1), (0, 0), (1, 1), 1)
    seven, cross = draw(32, 64, 7, 7), draw(64, 64, 3, 3)
    p, g, m, v = draw(long), draw(long), draw(long), draw(long) ** 2
    kernels.adam_step(p, g, m, v, 1e-3, 0.9, 0.999, 1e-8, 0.0, False, 3)
    rows = draw(6000, 100)
    row = np.ones(100, np.float32)
    return [
        kernels.matmul(a, b),
        kernels.matmul(a, np.asfortranarray(b)),
        kernels.matmul(rows, rows[:10].T),
        kernels.matmul(np.asfortranarray(rows), rows[:9].T),
        kernels.conv2d(x, w, None, *one),
        kernels.conv2d_backward_data(x, w, x.shape, *one),
        kernels.conv2d_backward_weight(x, x, w.shape, *one),
        kernels.conv2d_backward_weight(x, x, (16, 16, 1, 1), (1, 1), (0, 0), (1, 1), 1),
        kernels.conv2d(x, deep, None, *wide),
        kernels.conv2d(few, narrow, None, *none),
        kernels.conv2d(few, narrow, draw(80), *none, (0, 6)),
        kernels.conv2d_backward_data(back, narrow, few.shape, *none),
        kernels.conv2d_backward_weight(few, back, narrow.shape, *none),
        kernels.conv2d(seven, cross, None, *one),
        kernels.conv2d_backward_data(seven, cross, seven.shape, *one),
        kernels.conv2d_backward_weight(seven, seven, cross.shape, *one),
        kernels.conv2d_backward_bias(x),
        kernels.conv2d_backward_weight(x, x, deep.shape, *wide),
        y,
        kernels.max_pool2d_backward(y, where, x.shape, *window),
        kernels.relu(g),
        *kernels.batch_norm(x, ones, ones, 1e-5),
        *kernels.batch_norm_backward(x, x, ones, ones, ones, 1e-5),
        *kernels.layer_norm_backward(rows, rows, row, rows[:, 0], rows[:, 1] ** 2, 1e-5),
        kernels.softmax(rows),
        p,
        m,
        v,
    ]


def test_the_bits_do_not_depend_on_the_number_of_threads(monkeypatch):
    for file in (elementwise, batchnorm):
        monkeypatch.setattr(file, "CHUNK", 1 << 16)
    for file in (max_pool, softmax_loss):
        monkeypatch.setattr(file, "_CHUNK", 1 << 16)
    monkeypatch.setattr(depthwise, "_CHUNK", 1 << 19)
    for file, chunk in ((images, 1 << 18), (filters, 1 << 22), (pointwise, 1 << 19)):
        monkeypatch.setattr(file, "CHUNK", chunk)
    for name, chunk in (("_SHARE", 1 << 16), ("_PLACES", 1 << 12)):
        monkeypatch.setattr(filters, name, chunk)
    monkeypatch.setattr(images, "_LAID", 1 << 12)
    monkeypatch.setattr(tiled, "_CHUNK", 1 << 20)
    monkeypatch.setattr(packed, "CHUNK", 1 << 20)
    monkeypatch.setattr(packed, "_PACKING", 1 << 14)
    threads.set_num_threads(1)
    alone = _large_results()
    for n in (2, 3):
        threads.set_num_threads(n)
        for one, several in zip(alone, _large_results(), strict=True):
            assert np.array_equal(one, several, equal_nan=True)


def test_several_python_threads_may_call_at_once():
    threads.set_num_threads(2)
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, 500, 500))
    x, w = rng.standard_normal((8, 8, 20, 20)), rng.standard_normal((8, 8, 3, 3))
    product, convolved = kernels.matmul(a, b), kernels.conv2d(x, w)

    def work(_):
        same = np.array_equal(kernels.matmul(a, b), product)
        return same and np.array_equal(kernels.conv2d(x, w), convolved)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(12)))


def test_calls_from_inside_the_pool_do_not_wait_for_each_other():
    threads.set_num_threads(2)
    done = []

    def outer(first, last):
        threads.parallel_for(4, 1, lambda i, j: done.append((first, i)))

    worker = threading.Thread(target=threads.parallel_for, args=(4, 1, outer))
    worker.start()
    worker.join(10)
    assert not worker.is_alive()
    assert sorted(done) == [(i, j) for i in range(4) for j in range(4)]


def test_few_chunks_are_done_by_the_caller_at_once():
    threads.set_num_threads(2)
    done = []
    threads.parallel_for(threads.LEAST - 1, 1, lambda i, j: done.append((i, j)))
    assert done == [(0, threads.LEAST - 1)]


def test_every_index_is_done_once_and_errors_come_through():
    threads.set_num_threads(3)
    done = []
    threads.parallel_for(1000, 7, lambda i, j: done.extend(range(i, j)))
    assert sorted(done) == list(range(1000))

    def fail(first, last):
        raise RuntimeError(f"chunk {first}")

    with pytest.raises(RuntimeError, match="chunk"):
        threads.parallel_for(10, 1, fail)


def test_idle_threads_use_no_processor_time():
    threads.set_num_threads(2)
    threads.parallel_for(10, 1, lambda i, j: None)
    before = time.process_time()
    time.sleep(0.2)
    assert time.process_time() - before < 0.1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="says no cores of a thread")
def test_a_helper_stays_off_its_callers_core(monkeypatch):
    mine, others = os.sched_getaffinity(0), []

    def note_cores(first, last):
        if threading.get_ident() != caller:
            others.append(os.sched_getaffinity(0))
        time.sleep(0.01)

    caller = threading.get_ident()
    threads.set_num_threads(2)
    for core in mine:
        others.clear()
        monkeypatch.setattr(threads, "_core_of_this_thread", lambda core=core: core)
        threads.parallel_for(8, 1, note_cores)
        assert others
        assert all(cores == (mine - {core} or mine) for cores in others)
    assert os.sched_getaffinity(0) == mine


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="says no cores of a thread")
def test_the_helpers_work_where_the_system_lets_nobody_choose_a_core(monkeypatch):
    monkeypatch.setattr(os, "sched_setaffinity", _refuse)
    monkeypatch.setattr(threads, "_helper", threading.local())
    threads.set_num_threads(2)
    done = []
    threads.parallel_for(8, 1, lambda first, last: done.append(last - first))
    assert sum(done) == 8


def _refuse(pid, cores):
    raise OSError(22, "Invalid argument")


def test_the_number_of_threads_is_checked_and_read_from_the_environment():
    with pytest.raises(ValueError, match="1 or more"):
        kernels.set_num_threads(0)
    code = "from minitransfer import kernels; print(kernels.get_num_threads())"
    for value, expected in [("3", "3"), ("many", "MINITRANSFER_NUM_THREADS is 'many'")]:
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={"MINITRANSFER_NUM_THREADS": value, "PATH": ""},
            capture_output=True,
            text=True,
        )
        assert expected in run.stdout + run.stderr


@pytest.mark.parametrize("when", ["threading.Thread(target=late).start()", "atexit.register(late)"])
def test_kernels_compute_after_the_main_script_has_ended(when):
    """Python's pools take no more work then; the caller does all of it."""
    script = f"""
        import atexit, threading, time
        import numpy as np
        from minitransfer.kernels import threads

        threads.set_num_threads(2)
        def late():
            time.sleep(0.3)
            done = np.zeros(64)
            def work(first, last):
                done[first:last] += 1
            threads.parallel_for(64, 4, work)
            print(done.min(), done.max())
        {when}
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("1.0 1.0\n", "")


@pytest.mark.parametrize("count, finest", [(1024, 48), (7, 1), (50, 12), (1, 2)])
@pytest.mark.parametrize("many", [2, 3, 16])
def test_turns_get_shorter_towards_the_end_and_leave_nothing_out(count, finest, many):
    turns = list(threads._turns(count, finest, many))
    assert [i for a, b in turns for i in range(a, b)] == list(range(count))
    sizes = [b - a for a, b in turns]
    assert sizes == sorted(sizes, reverse=True)
    assert all(size % finest == 0 for size in sizes[:-1])
    assert max(sizes) <= max(finest, count // (2 * many))


@pytest.mark.parametrize("named", ["0", "-1", "many", "1.5", " "])
def test_a_number_of_threads_that_is_none(named, monkeypatch):
    monkeypatch.setenv("MINITRANSFER_NUM_THREADS", named)
    with pytest.raises(ValueError, match=f"NUM_THREADS is {named!r}; set it to 1 or more"):
        threads.default_threads()


def test_as_many_threads_as_cores_unless_told_otherwise(monkeypatch):
    monkeypatch.setenv("MINITRANSFER_NUM_THREADS", "3")
    assert threads.default_threads() == 3
    monkeypatch.setenv("MINITRANSFER_NUM_THREADS", "")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5, 7, 8}, raising=False)
    assert threads.default_threads() == 4
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert threads.default_threads() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.default_threads() == 1
