"""The cache: where it is asked for, where the platform has it, and what if it cannot be written."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from minitransfer import folders


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """Each test asks anew, in a home of its own."""
    for name in ("MINITRANSFER_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(sys, "platform", "linux")
    folders.cache_folder.cache_clear()
    yield
    folders.cache_folder.cache_clear()


def test_the_environment_variable_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv("MINITRANSFER_CACHE", str(tmp_path / "a" / "b"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert folders.cache_folder() == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()
    assert not (tmp_path / "c").exists()


def test_then_the_folder_of_the_platform(monkeypatch, tmp_path):
    assert folders.cache_folder() == tmp_path / "home" / ".cache" / "minitransfer"
    folders.cache_folder.cache_clear()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert folders.cache_folder() == tmp_path / "c" / "minitransfer"
    folders.cache_folder.cache_clear()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert folders.cache_folder() == tmp_path / "home" / "Library" / "Caches" / "minitransfer"
    folders.cache_folder.cache_clear()
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert folders.cache_folder() == tmp_path / "local" / "minitransfer"


def test_a_folder_that_cannot_be_written_is_passed_over(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file stands where the folder should be")
    monkeypatch.setenv("MINITRANSFER_CACHE", str(blocked / "cache"))
    assert folders.cache_folder() == tmp_path / "home" / ".cache" / "minitransfer"


def test_without_any_writable_place_a_private_folder_serves(monkeypatch):
    monkeypatch.setattr(folders, "_writable", lambda folder: False)
    first = folders.cache_folder()
    assert first.is_dir()
    assert first.name.startswith("minitransfer-")
    assert folders.cache_folder() == first  # the same within a process
    folders.cache_folder.cache_clear()
    second = folders.cache_folder()
    assert second != first
    for folder in (first, second):
        folders._clear(folder, os.getpid())
        assert not folder.exists()


def test_a_temporary_folder_goes_with_its_process_but_for_results(monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "_writable", lambda folder: False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    at_exit = []
    monkeypatch.setattr(folders.atexit, "register", lambda *call: at_exit.append(call))
    folder = folders.cache_folder()
    for name in ("kernels-1/code", "results/table", "figures/one.png"):
        (folder / name).parent.mkdir()
        (folder / name).touch()
    (folder / "ledger.jsonl").touch()
    [(clear, *arguments)] = at_exit
    assert arguments == [folder, os.getpid()]
    clear(folder, os.getpid() + 1)  # in a process that was forked from this one
    assert len(list(folder.iterdir())) == 4
    clear(*arguments)
    assert [file.name for file in folder.rglob("*")] == ["figures", "one.png"]
    clear(*arguments)


def test_a_process_without_a_cache_leaves_nothing_behind(tmp_path):
    nowhere = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "MINITRANSFER_CACHE"), "/proc/nowhere")
    code = "from minitransfer.folders import cache_folder as f; (f() / 'x').mkdir(); print(f())"
    environment = os.environ | nowhere | {"TMPDIR": str(tmp_path)}
    run = [sys.executable, "-c", code]
    said = subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout
    assert Path(said.strip()).parent == tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="rights are others there")
def test_a_new_cache_is_its_users_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("MINITRANSFER_CACHE", str(tmp_path / "new"))
    assert stat.S_IMODE(folders.cache_folder().stat().st_mode) == 0o700


def test_without_a_home_a_private_folder_serves(monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    folder = folders.cache_folder()
    assert folder.name.startswith("minitransfer-")
    folder.rmdir()
