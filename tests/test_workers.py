"""Workers end when the program ends, however it ends, and say nothing of it."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from minitransfer.workers import serve, terminated_like_interrupted

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")

PROGRAM = r"""
import multiprocessing, os, signal, sys, time
from concurrent.futures import ProcessPoolExecutor
from minitransfer import workers

def work(seconds):
    os.write(1, b"%d\n" % os.getpid())  # in one piece: two workers share the pipe
    time.sleep(seconds)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(2, context, initializer=workers.serve, initargs=(os.getpid(),))
    try:
        with workers.terminated_like_interrupted(), pool, workers.ended_on_error():
            with workers.deaf_to_interrupts():
                waiting = [pool.submit(work, 100) for _ in range(6)]
            waiting[0].result()
    except KeyboardInterrupt:
        sys.exit(9)
"""

EXPERIMENT = r"""
import os, sys, tempfile, time
from minitransfer.experiments import grid, stored

def measure(seed):
    os.write(1, b"%d\n" % os.getpid())  # in one piece: two workers share the pipe
    time.sleep(100)
    return {"x": 1}

if __name__ == "__main__":
    stored("t", measure, grid(seed=range(8)), full=2, folder=tempfile.mkdtemp())
"""


def started(script, tmp_path):
    """Start a program with two workers, in a group of its own as a terminal does it."""
    (tmp_path / "program.py").write_text(script)
    program = subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return program, [int(program.stdout.readline()) for _ in range(2)]


def gone(process) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{process}/stat") as file:  # ended, and nobody has asked yet how
        return file.read().rpartition(")")[2].split()[0] == "Z"


def assert_all_gone(processes):
    end = time.monotonic() + 20
    while not all(map(gone, processes)):
        assert time.monotonic() < end, "workers are left"
        time.sleep(0.05)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("how", ["ctrl-c", "kill", "kill -9"])
def test_no_worker_is_left(tmp_path, how):
    program, workers = started(PROGRAM, tmp_path)
    if how == "ctrl-c":
        os.killpg(program.pid, signal.SIGINT)
    else:
        program.send_signal(signal.SIGTERM if how == "kill" else signal.SIGKILL)
    out, error = program.communicate(timeout=30)  # ends when nobody holds the pipe any more
    assert program.returncode == (-signal.SIGKILL if how == "kill -9" else 9)
    assert_all_gone(workers)
    assert "Traceback" not in out + error


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_of_an_experiment_is_left(tmp_path, number):
    pytest.importorskip("joblib")
    program, workers = started(EXPERIMENT, tmp_path)
    if number == signal.SIGINT:
        os.killpg(program.pid, number)
    else:
        program.send_signal(number)
    _, error = program.communicate(timeout=30)
    assert_all_gone(workers)
    assert error.count("KeyboardInterrupt") <= 1, "the workers answered, too"


def test_kill_does_what_ctrl_c_does_there():
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("ctrl-c"))
    try:
        with terminated_like_interrupted() as came:
            assert not came()
            signal.raise_signal(signal.SIGTERM)
            assert came()
            assert heard == ["ctrl-c"]
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a shell's background
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGINT, before)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_whoever_handles_sigterm_keeps_it():
    def handler(number, frame):
        pass

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with terminated_like_interrupted():
            assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)

    def in_a_thread():
        with terminated_like_interrupted() as came:
            results.append(came())

    results = []
    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    assert results == [False]


def test_who_was_started_by_somebody_else_serves_nobody():
    before = signal.getsignal(signal.SIGINT)
    serve(os.getpid())  # not our parent
    assert signal.getsignal(signal.SIGINT) is before
