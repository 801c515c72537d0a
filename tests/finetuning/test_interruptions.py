"""Whatever ends the job, nothing that was finished is lost, and the end is the same to the bit.

Thirty kills instead of ten: ``MINITRANSFER_KILLS=30 pytest tests/finetuning/test_interruptions.py
-k random_moments``.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from minitransfer import zoo
from minitransfer.array_file import load_arrays
from minitransfer.files import fcntl
from minitransfer.finetuning import finetune, learning, stages

KILLS = int(os.environ.get("MINITRANSFER_KILLS", "10"))
ARGUMENTS = ["--net=glyph-conv", "--epochs=40", "--out=out"]


def start(strokes, folder):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "minitransfer", "finetune", str(strokes), *ARGUMENTS],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        # What a shell starts in the background is deaf to Ctrl-C, and so is what that starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(strokes, tmp_path_factory):
    """The network that comes out when nobody interrupts."""
    return whole_run(strokes, tmp_path_factory.mktemp("undisturbed"))


def whole_run(strokes, folder):
    process = start(strokes, folder)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    assert not (folder / "out" / "unfinished").exists()
    return (folder / "out" / "network.safetensors").read_bytes()


def test_killed_at_random_moments_it_ends_the_same(strokes, undisturbed, tmp_path):
    """Kills with a signal that nobody can catch; whatever stands in a file is whole, always.

    A run that comes to its end counts as no kill, and is followed by one from the beginning.
    """
    begun = time.monotonic()
    assert whole_run(strokes, tmp_path) == undisturbed
    longest = time.monotonic() - begun
    shutil.rmtree(tmp_path / "out")
    moments, kills, results, gone_on = random.Random(0), 0, [undisturbed], 0
    while kills < KILLS:
        process = start(strokes, tmp_path)
        try:
            output, _ = process.communicate(timeout=moments.uniform(0.1, 1) * longest)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            for path in (tmp_path / "out").rglob("*"):
                if path.suffix in (".safetensors", ".checkpoint"):
                    load_arrays(path)
            continue
        assert process.returncode == 0, output
        gone_on += "Going on from what was done before" in output
        results.append((tmp_path / "out" / "network.safetensors").read_bytes())
        shutil.rmtree(tmp_path / "out")
    gone_on += (tmp_path / "out" / "unfinished").exists()
    results.append(whole_run(strokes, tmp_path))
    assert set(results) == {undisturbed}
    assert gone_on, "else nothing was tested but beginning anew"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_what_was_learnt_is_kept_and_gone_on_from(number, strokes, undisturbed, tmp_path):
    process = start(strokes, tmp_path)
    training = tmp_path / "out" / "unfinished" / "all.checkpoint"
    until = time.monotonic() + 60
    while not training.exists() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(number)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 128 + number, output
    network = tmp_path / "out" / "network.safetensors"
    assert network.exists(), output
    report = (tmp_path / "out" / "report.md").read_text()
    assert "This run was interrupted while everything was being trained" in report
    assert "It was not measured what a network from scratch makes" in report
    assert network.read_bytes() != undisturbed
    process = start(strokes, tmp_path)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "Going on from what was done before" in output
    assert network.read_bytes() == undisturbed
    assert "interrupted" not in (tmp_path / "out" / "report.md").read_text()


def test_unfinished_work_of_another_command_is_not_taken_for_ones_own(strokes, tmp_path):
    process = start(strokes, tmp_path)
    while not (tmp_path / "out" / "unfinished" / "job.json").exists():
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.communicate()
    done = subprocess.run(
        [sys.executable, "-m", "minitransfer", "finetune", str(strokes), *ARGUMENTS, "--seed=1"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "unfinished work that is not this command's: seed differ" in done.stderr
    assert (tmp_path / "out" / "unfinished" / "job.json").exists()


@pytest.mark.skipif(fcntl is None, reason="a system without such locks")
def test_two_commands_do_not_work_in_one_place_at_once(strokes, tmp_path, monkeypatch):
    """A killed one leaves no lock; one that is at work keeps the other out, whatever it asks."""
    process = start(strokes, tmp_path)
    while not (tmp_path / "out" / "unfinished" / "job.json").exists():
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGSTOP)  # at work for as long as it takes to look
    options = {"out": tmp_path / "out", "net": "glyph-conv", "say": lambda sentence: None}
    for seed in (0, 1):
        with pytest.raises(FileExistsError, match="another finetune is working in"):
            finetune(strokes, epochs=40, seed=seed, **options)
    process.kill()
    process.communicate()
    monkeypatch.setattr(stages, "learn", lambda job: 1 / 0)
    for _ in range(2):  # nor does one that fails
        with pytest.raises(ZeroDivisionError):
            finetune(strokes, epochs=40, **options)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["unfinished"]


@pytest.mark.parametrize(
    "stage, said",
    [
        ("train_head", "nothing was learnt yet"),
        ("train_all", "while everything was being trained"),
        ("train_scratch", "before the network from scratch was trained"),
        ("vary_labels", "before it was measured how much more labels would help"),
    ],
)
def test_whenever_it_is_interrupted_it_says_what_is_kept(
    stage, said, strokes, tmp_path, monkeypatch
):
    def interrupted(*_):
        raise KeyboardInterrupt

    sentences = []
    options = {"out": tmp_path / "out", "net": "glyph-conv", "epochs": 3}
    with monkeypatch.context() as patch:
        patch.setattr(stages, stage, interrupted)
        with pytest.raises(KeyboardInterrupt):
            finetune(strokes, say=sentences.append, **options)
    network = tmp_path / "out" / "network.safetensors"
    assert any(said in sentence for sentence in sentences)
    assert network.exists() == (stage != "train_head")
    if network.exists():
        assert zoo.read_card(network)["finetuned"]["interrupted"] == said
    finetune(strokes, say=sentences.append, **options)
    assert zoo.read_card(network)["finetuned"]["interrupted"] == ""


def test_a_head_that_was_half_trained_is_kept_too(strokes, tmp_path, monkeypatch):
    real = learning.learn_head

    def interrupted(*arguments, **options):
        real(*arguments, **options, steps=5)
        raise KeyboardInterrupt

    options = {"out": tmp_path / "out", "net": "glyph-conv", "say": lambda sentence: None}
    with monkeypatch.context() as patch:
        patch.setattr(learning, "learn_head", interrupted)
        with pytest.raises(KeyboardInterrupt):
            finetune(strokes, **options)
    card = zoo.read_card(tmp_path / "out" / "network.safetensors")
    assert card["finetuned"]["interrupted"] == "while the head was being trained"
