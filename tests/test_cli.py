import json
import os
import subprocess
import sys

import pytest

from minitransfer import zoo
from minitransfer.cli import main


def test_the_main_job_leaves_a_figure_and_the_numbers(tmp_path, capsys):
    status = main(
        ["--labels", "10", "--seeds", "2", "--network", "glyph-mlp", "--out", str(tmp_path)]
    )
    printed = capsys.readouterr().out
    assert status == 0
    assert (tmp_path / "accuracy.png").read_bytes().startswith(b"\x89PNG")
    assert str(tmp_path / "accuracy.png") in printed
    result = json.loads((tmp_path / "result.json").read_text())
    assert set(result) == {"ways", "labels", "seconds", "versions"}
    assert set(result["ways"]) == {"head", "all", "small_lr", "scratch", "random"}
    for way in result["ways"].values():
        assert set(way) == {"mean", "sd", "runs"}
        assert way["mean"] == pytest.approx(sum(way["runs"]) / 2)
    assert "With 10 labelled digits" in printed


def test_pretrain_writes_a_network_that_loads(tmp_path, capsys):
    arguments = ["--classes", "3", "--per-class", "4", "--steps", "2", "--out", str(tmp_path)]
    assert main(["pretrain", "glyph_mlp", *arguments]) == 0
    assert zoo.load(tmp_path / "glyph-mlp.safetensors").card["architecture"] == "glyph_mlp"
    assert not list(tmp_path.glob("*.checkpoint"))


def test_zoo_shows_the_cards(capsys):
    assert main(["zoo"]) == 0
    printed = capsys.readouterr().out
    assert "glyph-conv" in printed
    assert "minitransfer pretrain glyph_mlp" in printed


def test_doctor_names_versions_threads_and_cache(capsys):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for word in ("numba", "threads", "cache folder"):
        assert word in printed


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--labels", "15"], "spread over ten classes"),
        (["--network", "glyph-cnov", "--labels", "10"], "glyph-conv, glyph-mlp"),
        (["learn", "77"], "77"),
    ],
)
def test_a_user_s_mistake_is_one_clear_line(arguments, message, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("minitransfer: ")
    assert message in error
    assert "Traceback" not in error


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    for command in ("learn", "claims", "pretrain", "zoo", "doctor", "bench", "--out"):
        assert command in printed


def test_without_a_home_and_with_an_unwritable_cache(tmp_path):
    unwritable = tmp_path / "file"
    unwritable.write_text("a file stands where the folder should be")
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME")}
    environment |= {"MINITRANSFER_CACHE": str(unwritable), "HOME": str(unwritable)}
    done = subprocess.run(
        [sys.executable, "-m", "minitransfer", "doctor"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "cache folder" in done.stdout
