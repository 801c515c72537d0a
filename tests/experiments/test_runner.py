"""A grid is measured into a file that survives interruption, alone or side by side."""

import os
import subprocess
import sys

import numpy as np
import pytest

from minitransfer.experiments import grid, read, runner, storage, stored


def measure(size, seed):
    return {"mean": np.random.default_rng([size, seed]).standard_normal(size).mean()}


CELLS = grid(size=(4, 9), seed=range(3))


def test_a_row_is_on_disk_before_the_next_cell_is_measured(tmp_path):
    lines = []

    def watching(size, seed):
        path = tmp_path / "t.csv"
        lines.append(len(path.read_text().splitlines()) if path.exists() else 0)
        return measure(size, seed)

    stored("t", watching, CELLS, full=1, folder=tmp_path)
    assert lines == [0, 2, 3, 4, 5, 6]


def test_what_is_read_is_what_was_measured_to_the_bit(tmp_path):
    first = stored("t", measure, CELLS, full=1, folder=tmp_path)
    again = stored("t", measure, CELLS, folder=tmp_path)
    assert again.rows == first.rows == [{**cell, **measure(**cell)} for cell in CELLS]
    assert (tmp_path / "t.csv").read_text().splitlines()[0] == "size,seed,mean"


def test_who_only_looks_needs_no_cells(tmp_path):
    table = stored("t", measure, CELLS, full=1, folder=tmp_path)
    only = read("t", ["mean"], folder=tmp_path)
    assert (only.keys, only.rows) == (table.keys, table.rows)
    with pytest.raises(FileNotFoundError, match="there is no table"):
        read("other", ["mean"], folder=tmp_path)
    with pytest.raises(ValueError, match="no column 'loss'; there are size, seed, mean"):
        read("t", ["loss"], folder=tmp_path)


def test_who_only_looks_finds_cells_of_every_kind_in_one_order(tmp_path):
    cells = grid(way=("old", None, (1, 2)), seed=range(2))
    for name, order in (("there", cells), ("back", cells[::-1])):
        stored(name, lambda way, seed: {"right": seed}, order, full=1, folder=tmp_path)
    there, back = (read(name, ["right"], folder=tmp_path) for name in ("there", "back"))
    assert there.rows == back.rows
    assert there.values("right", way=(1, 2)).tolist() == [0, 1]
    with pytest.raises(ValueError, match="another experiment"):
        read("there", ["seed"], folder=tmp_path)


@pytest.mark.parametrize("cut", [3, 14, 25])
def test_a_killed_run_goes_on_with_the_row_that_was_cut_off(tmp_path, cut):
    whole = stored("t", measure, CELLS, full=1, folder=tmp_path)
    path = tmp_path / "t.csv"
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    lost = len(content.splitlines()) - content[:-cut].count(b"\n")
    calls = []

    def counting(size, seed):
        calls.append(seed)
        return measure(size, seed)

    assert stored("t", counting, CELLS, full=1, folder=tmp_path).rows == whole.rows
    assert len(calls) == lost
    assert path.read_bytes() == content


def test_a_killed_program_keeps_its_rows(tmp_path):
    script = f"""
import os
from minitransfer.experiments import grid, stored

def measure(seed):
    if seed == 2:
        os._exit(9)
    return {{"square": seed**2}}

stored("t", measure, grid(seed=range(4)), full=1, folder={str(tmp_path)!r})
"""
    assert subprocess.run([sys.executable, "-c", script], stderr=subprocess.DEVNULL).returncode == 9
    calls = []

    def square(seed):
        calls.append(seed)
        return {"square": seed**2}

    table = stored("t", square, grid(seed=range(4)), full=1, folder=tmp_path)
    assert table.values("square").tolist() == [0, 1, 4, 9]
    assert calls == [2, 3]


def test_missing_rows_are_an_error_that_says_how_to_get_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"lacks 6 of 6 rows.*--full"):
        stored("t", measure, CELLS, folder=tmp_path)
    stored("t", measure, CELLS[:4], full=1, folder=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"lacks 2 of 6 rows, for instance {'size': 9"):
        stored("t", measure, CELLS, folder=tmp_path)


def test_the_table_of_other_columns_is_refused(tmp_path):
    stored("t", measure, CELLS, full=1, folder=tmp_path)
    with pytest.raises(ValueError, match=r"columns size, seed, mean.*cells have width, seed"):
        stored("t", measure, grid(width=(4,), seed=(0,)), folder=tmp_path)
    more = grid(size=(16,), seed=(0,))
    with pytest.raises(ValueError, match="'median'"):
        stored("t", lambda size, seed: {"median": 0.0}, more, full=1, folder=tmp_path)
    (tmp_path / "t.csv").write_text("size,seed,mean\n4,0\n")
    with pytest.raises(ValueError, match="2 entries for 3 columns"):
        stored("t", measure, CELLS, folder=tmp_path)


@pytest.mark.parametrize(
    "numbers",
    [
        {"mean": float("nan")},
        {"mean": [1.0]},
        {"seed": 1.0},
        {"mean": "high"},
        {"mean": True},
        {"mean": 10**30},
    ],
)
def test_what_is_no_finite_number_is_refused(tmp_path, numbers):
    with pytest.raises(ValueError, match="finite number"):
        stored("t", lambda size, seed: numbers, CELLS, full=1, folder=tmp_path)
    assert not (tmp_path / "t.csv").exists()


def test_texts_with_commas_and_numbers_keep_their_types(tmp_path):
    cells = grid(way=("a, b", 'say "x"', "1st"), rate=(1e-4, 2), seed=(0,))
    table = stored("t", lambda way, rate, seed: {"n": 1}, cells, full=1, folder=tmp_path)
    assert stored("t", measure, cells, folder=tmp_path).rows == table.rows
    assert [type(row["rate"]) for row in table.rows[:2]] == [float, int]


@pytest.mark.parametrize(
    "entries",
    [
        (True, False),
        (None, 8),
        ("10", "2e3", "true", "", "-", '"', "[1"),
        ((1, 2), (3,), ()),
        ([1, 2], [3]),
        (float("nan"), float("inf"), -0.0),
        ("two\nlines", "a\u2028b", "\x85", "tab\t", "a, b", " blanks "),
        (np.int64(3), np.float32(0.1), np.bool_(False)),
        (1, True, "1", 1.5),
    ],
    ids=repr,
)
def test_a_cell_finds_its_own_row_again(tmp_path, entries):
    calls = []

    def counting(setting, seed):
        calls.append(setting)
        return {"n": len(calls)}

    cells = grid(setting=entries, seed=(0, 1))
    first = stored("t", counting, cells, full=1, folder=tmp_path)
    for full in (1, 0):
        again = stored("t", counting, cells, full=full, folder=tmp_path)
        assert again.values("n").tolist() == first.values("n").tolist()
    assert len(calls) == 2 * len(entries)
    assert [row["setting"] for row in again.rows] == [cell["setting"] for cell in cells]
    for i, entry in enumerate(entries):
        assert again.values("n", setting=entry, seed=1).tolist() == [2 * i + 2]


def test_a_cell_that_cannot_be_found_again_is_refused(tmp_path):
    with pytest.raises(TypeError, match="a cell holds numbers, text"):
        stored("t", lambda f: {"n": 1}, [{"f": len}], full=1, folder=tmp_path)
    assert not (tmp_path / "t.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "processes"), [([], 0), (["--full"], 1), (["--full=4"], 4), (["--fuller"], 0)]
)
def test_the_command_line_asks_for_a_full_run(monkeypatch, tmp_path, arguments, processes):
    monkeypatch.setattr(sys, "argv", ["lesson.py", *arguments])
    asked = []

    def measured(measure, cells, processes):
        asked.append(processes)
        return [(cell, measure(**cell)) for cell in cells]

    monkeypatch.setattr(runner, "_measured", measured)
    if processes:
        assert len(stored("t", measure, CELLS, folder=tmp_path)) == 6
        assert asked == [processes]
    else:
        with pytest.raises(FileNotFoundError):
            stored("t", measure, CELLS, folder=tmp_path)


def test_a_senseless_number_of_processes_is_refused():
    with pytest.raises(ValueError, match="'some'"):
        runner._processes_asked_for(["lesson.py", "--full=some"])


def test_an_installed_package_goes_on_from_the_table_it_ships(tmp_path, monkeypatch):
    shipped, cache = tmp_path / "shipped", tmp_path / "cache"
    whole = stored("t", measure, CELLS[:4], full=1, folder=shipped)
    before = (shipped / "t.csv").read_bytes()
    monkeypatch.setattr(storage, "_SHIPPED", shipped)
    monkeypatch.setattr(storage, "results_folder", lambda: cache)
    assert stored("t", measure, CELLS[:4], full=0).rows == whole.rows
    assert not cache.exists()
    assert len(stored("t", measure, CELLS, full=1)) == 6
    assert len((cache / "t.csv").read_text().splitlines()) == 7
    assert (shipped / "t.csv").read_bytes() == before
    assert len(stored("t", measure, CELLS, full=0)) == 6


def test_side_by_side_gives_the_same_table(tmp_path):
    pytest.importorskip("joblib")
    alone = stored("alone", measure, CELLS, full=1, folder=tmp_path)
    both = stored("both", measure, CELLS, full=2, folder=tmp_path)
    assert both.rows == alone.rows


def test_without_joblib_the_error_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(ModuleNotFoundError, match=r"minitransfer\[cluster\]"):
        stored("t", measure, CELLS, full=2, folder=tmp_path)


@pytest.mark.filterwarnings("default")  # of the cluster's own libraries
def test_a_dask_cluster_takes_over(tmp_path):
    joblib = pytest.importorskip("joblib")
    distributed = pytest.importorskip("distributed")
    alone = stored("alone", measure, CELLS, full=1, folder=tmp_path)

    def measure_there(size, seed):  # travels to other processes whole, as a lesson's function does
        mean = np.random.default_rng([size, seed]).standard_normal(size).mean()
        return {"mean": mean, "process": os.getpid()}

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config("dask"),
    ):
        workers = set(client.run(os.getpid).values())
        table = stored("cluster", measure_there, CELLS, full=2, folder=tmp_path)
    assert (table.values("mean") == [row["mean"] for row in alone.rows]).all()
    assert len(workers) == 2
    assert set(table.values("process")) <= workers
    assert os.getpid() not in workers
