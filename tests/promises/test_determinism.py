"""The same seed gives the same bits, whatever else is different about the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TRAINING = str(Path(__file__).with_name("training.py"))


def training(*arguments, **environment):
    """Run the small training in a process of its own; return what it printed, its hash."""
    done = subprocess.run(
        [sys.executable, TRAINING, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def expected():
    return training()


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "2", "LC_ALL": "C", "LANG": "C"},
        {"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo"},
        {"PYTHONOPTIMIZE": "2"},
        {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        {"MINITRANSFER_NUM_THREADS": "3"},
    ],
    ids=lambda e: " ".join(e),
)
def test_surroundings(expected, environment):
    assert training(**environment) == expected


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_threads_of_the_kernels(expected, threads):
    assert training("--kernel-threads", threads) == expected


@pytest.mark.parametrize("first", ["minitransfer.zoo", "minitransfer.optim", "matplotlib.pyplot"])
def test_what_is_imported_first(expected, first):
    assert training("--first", first) == expected


def test_python_threads_that_train_at_once(expected):
    """Each has random numbers of its own, and the kernels' threads serve all of them."""
    assert training("--python-threads", "6") == expected


def test_two_processes_that_find_a_cold_cache(expected, tmp_path):
    environment = os.environ | {"MINITRANSFER_CACHE": str(tmp_path)}
    both = [
        subprocess.Popen(
            [sys.executable, TRAINING],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(2)
    ]
    told = [process.communicate() for process in both]
    assert [out.strip() for out, _ in told] == [expected] * 2, told
    assert training(MINITRANSFER_CACHE=str(tmp_path)) == expected, "and what they left serves"


START = """
import multiprocessing, sys
import numpy as np
from minitransfer import Tensor

def product(seed):
    x = np.random.default_rng(seed).normal(size=(200, 200)).astype(np.float32)
    return (Tensor(x) @ Tensor(x)).array.tobytes()

if __name__ == "__main__":
    here = product(0)  # the kernels have run, and their threads are there
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        assert pool.map(product, [0] * 4) == [here] * 4
    assert product(0) == here
    print("the same")
"""


@pytest.mark.parametrize("how", ["fork", "forkserver", "spawn"])
def test_processes_started_after_kernels_ran(how, tmp_path):
    script = tmp_path / "start.py"
    script.write_text(START)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", str(script), how],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == "the same", done.stderr


def test_the_hash_is_able_to_differ(expected):
    """Were it always the same, nothing above would say anything: other bits give another hash."""
    lines = Path(TRAINING).read_text(encoding="utf-8").replace("lr=3e-3", "lr=3.0000002e-3")
    assert "3.0000002e-3" in lines
    other = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True)
    assert other.stdout.strip() not in ("", expected)
