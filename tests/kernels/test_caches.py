"""The size of the second-level cache: what systems say, and what is assumed where they do not."""

import sys

import pytest

from minitransfer.kernels import caches


def _system(folder, *indices):
    for i, (level, size) in enumerate(indices):
        index = folder / "cpu" / "cpu0" / "cache" / f"index{i}"
        index.mkdir(parents=True)
        (index / "level").write_text(f"{level}\n")
        (index / "size").write_text(f"{size}\n")
    return folder


@pytest.mark.parametrize("text, size", [("256K", 256 << 10), ("1024K", 1 << 20), ("2M", 2 << 20)])
def test_linux_says_it_in_a_file(tmp_path, text, size):
    folder = _system(tmp_path, (1, "32K"), (1, "32K"), (2, text), (3, "32768K"))
    assert caches._of_linux(folder) == size


def test_a_machine_without_a_second_level(tmp_path):
    assert caches._of_linux(_system(tmp_path, (1, "32K"))) == 0


@pytest.mark.parametrize("said", [0, 1 << 10, OSError("no"), ValueError("odd"), KeyError("G")])
def test_what_is_not_said_or_cannot_be_is_assumed(monkeypatch, said):
    def ask(*_):
        if isinstance(said, Exception):
            raise said
        return said

    for name in ("_of_linux", "_of_macos"):
        monkeypatch.setattr(caches, name, ask)
    for platform in ("linux", "darwin", "win32"):
        monkeypatch.setattr(sys, "platform", platform)
        assert caches.second_level.__wrapped__() == caches.DEFAULT


def test_what_is_said_is_taken(monkeypatch):
    monkeypatch.setattr(caches, "_of_linux", lambda system: 3 << 20)
    monkeypatch.setattr(sys, "platform", "linux")
    assert caches.second_level.__wrapped__() == 3 << 20
