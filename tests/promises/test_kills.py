"""Nothing that was finished is lost: a training killed at any moment ends with the same bits.

The moments are random, by a fixed seed: in the middle of a step, of writing a checkpoint, of
starting. The longer run, thirty kills of each command, is ``MINITRANSFER_KILLS=30 pytest
tests/promises/test_kills.py``.
"""

import os
import random
import shutil
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


def killed_again_and_again(command, path, result, longest, seed=0):
    """Start `command` anew until it was killed `KILLS` times; return the result of each whole run.

    A run that comes to its end is followed by one from the beginning. After each kill the file at
    `path` is a whole checkpoint, or there is none yet.
    """
    moments, kills, results = random.Random(seed), 0, []
    while kills < KILLS or not results:
        seconds = moments.uniform(0.1, longest) if kills < KILLS else None
        try:
            done = run(command, seconds)
        except subprocess.TimeoutExpired:
            kills += 1
            if path.exists():
                assert checkpoint.load_checkpoint(path)["step"] >= 0
            continue
        assert done.returncode == 0, done.stderr
        results.append(result(done))
        shutil.rmtree(path.parent)
        path.parent.mkdir()
    return results


@pytest.fixture(scope="module")
def undisturbed():
    done = run([sys.executable, TRAINING])
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_fit(tmp_path, undisturbed):
    path = tmp_path / "kept" / "run.safetensors"
    path.parent.mkdir()
    command = [sys.executable, TRAINING, "--pause", "0.08", "--checkpoint", str(path)]
    results = killed_again_and_again(command, path, lambda done: done.stdout, longest=2.5)
    assert set(results) == {undisturbed}


def test_pretrain(tmp_path):
    def command(folder):
        words = ["pretrain", "glyph_mlp", "--classes", "20", "--per-class", "20", "--steps", "150"]
        return [sys.executable, "-m", "minitransfer", *words, "--out", str(folder)]

    def left(folder):
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    once, often = tmp_path / "once", tmp_path / "often"
    subprocess.run(command(once), capture_output=True, check=True)
    results = killed_again_and_again(
        command(often), often / "glyph-mlp.checkpoint", lambda _: left(often), longest=2.0, seed=1
    )
    assert all(result == left(once) for result in results)


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
