import json
import os
import signal
import subprocess
import sys
from concurrent.futures import process

import pytest

from minitransfer import zoo
from minitransfer.cli import main
from minitransfer.folders import cache_folder


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
        (["site", "--only", "77"], "there is no lesson 77"),
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
    for command in ("learn", "site", "claims", "pretrain", "zoo", "doctor", "bench", "--out"):
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


def command(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "minitransfer", *arguments],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize(
    "arguments", [["zoo"], ["claims"], ["learn"], ["learn", "6"], ["learn", "--words"], ["doctor"]]
)
def test_a_terminal_that_lacks_our_signs_shows_the_rest(arguments, encoding):
    with command(*arguments, PYTHONIOENCODING=encoding) as process:
        out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert len(out) > 500


@pytest.mark.parametrize("arguments", [["claims", "--json"], ["claims"]])
def test_a_reader_that_stops_early_hears_no_complaint(arguments):
    with command(*arguments) as process:
        process.stdout.read(20)
        process.stdout.close()
        assert process.stderr.read() == b""


def test_what_was_measured_is_kept_even_if_it_cannot_be_drawn(tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise OSError("no picture today")

    monkeypatch.setattr("minitransfer.plots.accuracy_bars", fail)
    given = ["--labels", "10", "--seeds", "1", "--network", "glyph-mlp", "--processes", "1"]
    assert main([*given, "--out", str(tmp_path)]) == 2
    assert len(json.loads((tmp_path / "result.json").read_text())["ways"]) == 5
    assert "With 10 labelled digits" in capsys.readouterr().out


def test_a_folder_that_cannot_be_is_said_before_the_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("minitransfer.cli.five_ways", lambda *_: pytest.fail("all that work"))
    (tmp_path / "file").write_text("in the way")
    assert main(["--out", str(tmp_path / "file" / "results")]) == 2
    assert "file" in capsys.readouterr().err


def test_a_card_cannot_steer_the_terminal(tmp_path, monkeypatch, capsys):
    card = zoo.read_card("glyph-mlp")
    card |= {"name": "[/usr] \x1b]0;title\x07mine", "licence": "free [bold]\x9b2J"}
    monkeypatch.setattr(zoo, "read_card", lambda name: card)
    assert main(["zoo", "glyph-mlp"]) == 0
    printed = capsys.readouterr().out
    assert "[/usr] mine" in printed
    assert "free [bold]" in printed
    assert not {"\x1b", "\x07", "\x9b"} & set(printed)


def test_doctor_shows_its_paths_whole(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    cells = "".join(line.split("│")[2].strip() for line in printed.splitlines() if "│" in line)
    assert str(cache_folder()) in cells


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_the_main_job_on_a_terminal_that_lacks_our_signs(tmp_path, encoding):
    given = ["--labels", "10", "--seeds", "1", "--network", "glyph-mlp", "--processes", "1"]
    with command(*given, "--out", str(tmp_path), PYTHONIOENCODING=encoding) as job:
        out, error = job.communicate(timeout=300)
    assert job.returncode == 0, error
    assert "standard deviation" in out.decode(encoding)
    assert {"result.json", "accuracy.png"} <= set(os.listdir(tmp_path))


def letters(text):
    return sorted(letter for letter in text if letter.isalnum())


@pytest.mark.parametrize("arguments", [["zoo"], ["learn"], ["learn", "--words"], ["doctor"]])
def test_no_letter_is_lost_in_a_narrow_terminal(arguments, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "500")
    assert main(arguments) == 0
    wide = letters(capsys.readouterr().out)
    for columns in ("80", "40"):
        monkeypatch.setenv("COLUMNS", columns)
        assert main(arguments) == 0
        assert letters(capsys.readouterr().out) == wide


@pytest.mark.parametrize("arguments", [["pretrain", "glyph_mlp"], ["bench"], []], ids=str)
def test_every_folder_is_tried_before_the_work(arguments, tmp_path, monkeypatch, capsys):
    for work in ("zoo.pretrain", "data.glyphs", "subprocess.run", "five_ways"):
        monkeypatch.setattr(f"minitransfer.cli.{work}", lambda *_, **__: pytest.fail("work"))
    (tmp_path / "file").write_text("in the way")
    assert main([*arguments, "--out", str(tmp_path / "file" / "results")]) == 2
    assert "choose another place" in capsys.readouterr().err


def test_a_folder_in_the_place_of_a_result_is_said_before_the_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("minitransfer.cli.five_ways", lambda *_: pytest.fail("all that work"))
    (tmp_path / "accuracy.png").mkdir()
    assert main(["--out", str(tmp_path)]) == 2
    assert "accuracy.png is a folder" in capsys.readouterr().err


def test_claims_are_not_measured_if_they_cannot_be_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "minitransfer.course.ledger.run_script", lambda _: pytest.fail("all that work")
    )
    (tmp_path / "ledger.json").mkdir()
    monkeypatch.setattr("minitransfer.course.ledger.default_path", lambda: tmp_path / "ledger.json")
    assert main(["claims", "--run"]) == 2
    assert "ledger.json is a folder" in capsys.readouterr().err


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_kill_and_ctrl_c_are_answered_in_a_line(number, status, monkeypatch, capsys):
    monkeypatch.setattr("minitransfer.cli.five_ways", lambda *_, **__: signal.raise_signal(number))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert main(["--labels", "10"]) == status
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err.endswith("minitransfer: stopped\n")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_worker_that_the_system_ended_is_one_clear_line(monkeypatch, capsys):
    def fail(*_, **__):
        raise process.BrokenProcessPool("a process was terminated abruptly")

    monkeypatch.setattr("minitransfer.cli.five_ways", fail)
    assert main(["--labels", "10"]) == 2
    assert "minitransfer: a process was terminated abruptly" in capsys.readouterr().err


@pytest.mark.parametrize("seed", ["-1", "1.5", "one", "²"])
def test_a_seed_that_is_none_is_found_before_any_work(seed, capsys):
    with pytest.raises(SystemExit):
        main(["pretrain", "glyph_mlp", f"--seed={seed}"])
    assert "is not a whole number from 0 on" in capsys.readouterr().err


def test_the_names_of_the_zoo_alone(capsys):
    assert main(["zoo", "--names"]) == 0
    assert capsys.readouterr().out.split() == zoo.list()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--seeds", "0"], "'0' is not a whole number from 1 on"),
        (["--seeds", "two"], "'two' is not a whole number from 1 on"),
        (["pretrain", "glyph_mlp", "--seed=-1"], "'-1' is not a whole number from 0 on"),
        (["finetune", "x", "--minutes", "0"], "'0' is not a number above 0"),
        (["finetune", "x", "--minutes", "nan"], "'nan' is not a number above 0"),
        (["finetune", "x", "--minutes", "soon"], "'soon' is not a number above 0"),
        (["finetune", "x", "--minutes", "1e6"], "'1e6' is not a number above 0"),
    ],
)
def test_numbers_that_are_none(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_benchmarks_run_with_one_thread_of_every_library(tmp_path, monkeypatch):
    started = []

    def run(command, cwd, env):
        started.append((command, cwd, env))
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, "run", run)
    assert main(["bench", "--quick", "--out", str(tmp_path / "out"), "--only", "kernels"]) == 3
    command, folder, env = started[0]
    assert command[1:2] == ["-m"]
    assert command[-5:] == ["--out", str(tmp_path / "out"), "--only", "kernels", "--quick"]
    assert (folder / "benchmarks").is_dir() or command[2] == "minitransfer._benchmarks"
    assert {env[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL")} == {"1"}


def test_the_site_is_opened_if_asked_for(monkeypatch, tmp_path, capsys):
    opened = []
    monkeypatch.setattr("minitransfer.cli.build", lambda *a, **k: tmp_path / "index.html")
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert main(["site", "--out", str(tmp_path)]) == 0
    assert not opened
    assert main(["site", "--out", str(tmp_path), "--open"]) == 0
    assert opened == [(tmp_path / "index.html").as_uri()]
    assert capsys.readouterr().out.count(f"Site: {tmp_path / 'index.html'}") == 2


def test_doctor_compiles_if_asked_for(monkeypatch, capsys):
    from minitransfer import kernels

    asked = []
    monkeypatch.setattr("minitransfer.cli._compile_kernels", lambda *what: asked.extend(what))
    assert main(["doctor", "--precompile"]) == 0
    assert asked == [kernels.precompile]
