"""Nothing that was finished is lost: a training killed at any moment ends with the same bits.

The moments are random, by a fixed seed: in the middle of a step, of writing a checkpoint, of
starting. The longer run, thirty kills of each command, is ``MINITRANSFER_KILLS=30 pytest
tests/promises/test_kills.py``.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minitransfer import checkpoint

KILLS = int(os.environ.get("MINITRANSFER_KILLS", "5"))
TRAINING = str(Path(__file__).with_name("training.py"))

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills")


def run(command, seconds=None):
    """Run to the end, or kill after so many seconds, with a signal that nobody can catch."""
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds)


def killed_until_done(command, path, kills, longest, seed=0):
    """Start `command` again and again, kill it `kills` times, then let it come to its end.

    After each kill the file at `path` is a whole checkpoint, or there is none yet.
    """
    moments = random.Random(seed)
    for _ in range(kills):
        with contextlib.suppress(subprocess.TimeoutExpired):
            run(command, moments.uniform(0.1, longest))
            break  # it was done before
        if path.exists():
            assert checkpoint.load_checkpoint(path)["step"] >= 0
    done = run(command)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def undisturbed():
    done = run([sys.executable, TRAINING])
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_fit(tmp_path, undisturbed):
    command = [sys.executable, TRAINING, "--pause", "0.08"]
    path = tmp_path / "run.safetensors"
    told = killed_until_done([*command, "--checkpoint", str(path)], path, KILLS, longest=2.5)
    assert told == undisturbed


def test_pretrain(tmp_path):
    def command(folder):
        words = ["pretrain", "glyph_mlp", "--classes", "20", "--per-class", "20", "--steps", "150"]
        return [sys.executable, "-m", "minitransfer", *words, "--out", str(folder)]

    once, often = tmp_path / "once", tmp_path / "often"
    subprocess.run(command(once), capture_output=True, check=True)
    killed_until_done(command(often), often / "glyph-mlp.checkpoint", KILLS, longest=2.0, seed=1)
    expected = {path.name: path.read_bytes() for path in once.iterdir()}
    assert {path.name: path.read_bytes() for path in often.iterdir()} == expected


def test_sigterm_keeps_the_step_and_says_how_to_go_on(tmp_path, undisturbed):
    path = tmp_path / "run.safetensors"
    command = [sys.executable, TRAINING, "--pause", "0.05", "--checkpoint", str(path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        while not (path.exists() and checkpoint.load_checkpoint(path)["step"]):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate()
    assert process.returncode not in (0, -signal.SIGTERM)
    assert "holds the run up to step" in error
    assert run(command).stdout == undisturbed


LIMIT = """
import resource, runpy, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing on is an error then, as on a full disk
limit = int(sys.argv[1])
sys.argv = sys.argv[2:]
import minitransfer.train.checkpointing as module
saved = module.save_checkpoint
count = 0

def save(path, state):
    global count
    count += 1
    if count == 3:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    saved(path, state)

module.save_checkpoint = save
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("room", [0, 1, 5000])
def test_no_room_for_a_checkpoint_leaves_the_last_one(tmp_path, undisturbed, room):
    """What a full disk or a full quota answers: the write fails, at the start or in the middle."""
    path = tmp_path / "run.safetensors"
    command = [TRAINING, "--checkpoint", str(path)]
    full = run([sys.executable, "-c", LIMIT, str(room), *command])
    assert full.returncode == 1
    assert "nothing was written, choose a place with room" in full.stderr
    assert str(path) in full.stderr
    assert checkpoint.load_checkpoint(path)["step"] > 0
    assert os.listdir(tmp_path) == [path.name], "and no half of the next"
    assert run([sys.executable, *command]).stdout == undisturbed
