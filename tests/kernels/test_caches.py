"""The sizes of the caches: what systems say, and what is assumed where they do not."""

import sys

import pytest

from minitransfer.kernels import caches


def _system(folder, *indices):
    for i, (level, kind, size) in enumerate(indices):
        index = folder / "cpu" / "cpu0" / "cache" / f"index{i}"
        index.mkdir(parents=True)
        (index / "level").write_text(f"{level}\n")
        (index / "type").write_text(f"{kind}\n")
        (index / "size").write_text(f"{size}\n")
    return folder


@pytest.mark.parametrize("text, size", [("256K", 256 << 10), ("1024K", 1 << 20), ("2M", 2 << 20)])
def test_linux_says_it_in_a_file(tmp_path, text, size):
    first = ((1, "Data", "48K"), (1, "Instruction", "32K"))
    folder = _system(tmp_path, *first, (2, "Unified", text), (3, "Unified", "32768K"))
    assert caches._of_linux(folder) == {1: 48 << 10, 2: size, 3: 32 << 20}


def test_a_machine_without_a_second_level(tmp_path):
    assert caches._of_linux(_system(tmp_path, (1, "Data", "32K"))) == {1: 32 << 10}


@pytest.fixture(autouse=True)
def _nothing_remembered():
    yield
    for function in (caches.sizes, caches.second_level):
        function.cache_clear()


@pytest.mark.parametrize("said", [{}, {2: 1 << 10}, OSError("no"), ValueError("x"), KeyError("G")])
def test_what_is_not_said_or_cannot_be_is_assumed(monkeypatch, said):
    def ask(*_):
        if isinstance(said, Exception):
            raise said
        return said

    for name in ("_of_linux", "_of_macos"):
        monkeypatch.setattr(caches, name, ask)
    for platform in ("linux", "darwin", "win32"):
        monkeypatch.setattr(sys, "platform", platform)
        caches.sizes.cache_clear()
        assert caches.second_level.__wrapped__() == caches.DEFAULT


def test_what_is_said_is_taken(monkeypatch):
    monkeypatch.setattr(caches, "_of_linux", lambda system: {2: 3 << 20})
    monkeypatch.setattr(sys, "platform", "linux")
    caches.sizes.cache_clear()
    assert caches.second_level.__wrapped__() == 3 << 20


def test_macos_is_asked_for_its_fast_cores_first(monkeypatch):
    said = {b"hw.perflevel0.l1dcachesize": 128 << 10, b"hw.l1dcachesize": 64 << 10,
            b"hw.l2cachesize": 4 << 20, b"hw.l3cachesize": 0}  # fmt: skip

    def sysctlbyname(name, size, length, new, new_length):
        if name not in said:
            return -1
        assert length._obj.value == 8
        size._obj.value = said[name]
        return 0

    system = type("System", (), {"sysctlbyname": staticmethod(sysctlbyname)})
    monkeypatch.setattr(caches.ctypes, "CDLL", lambda name: system)
    monkeypatch.setattr(sys, "platform", "darwin")
    caches.sizes.cache_clear()
    assert caches.sizes() == {1: 128 << 10, 2: 4 << 20}
