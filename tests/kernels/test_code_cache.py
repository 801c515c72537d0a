"""Machine code: what its name depends on, what a damaged or full cache costs, whose it must be."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numba
import pytest
from numba.core.registry import cpu_target

import minitransfer
from minitransfer.kernels import code_cache
from minitransfer.kernels.code_cache import CodeFile, kernel_folder

PACKAGE = Path(minitransfer.__file__).parent
ASK = """
import numpy as np
from minitransfer import kernels
from minitransfer.kernels.code_cache import kernel_folder
x = np.ones((40, 40), np.float32)
print(kernels.matmul(x, x)[0, 0], kernel_folder())
"""


def _run(code, folder, **environment):
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)} | environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@pytest.fixture
def copied(tmp_path):
    """A copy of the kernels in a package of their own."""
    package = tmp_path / "minitransfer"
    shutil.copytree(
        PACKAGE / "kernels", package / "kernels", ignore=shutil.ignore_patterns("__pycache__")
    )
    for file in ("files.py", "folders.py", "workers.py"):
        shutil.copy(PACKAGE / file, package)
    (package / "__init__.py").touch()
    return tmp_path


def test_an_edited_tile_is_compiled_anew(copied):
    cache = {"MINITRANSFER_CACHE": str(copied / "cache")}
    value, folder = _run(ASK, copied, **cache)
    assert float(value) == 40
    assert list(Path(folder).glob("*.nbc"))
    tile = copied / "minitransfer" / "kernels" / "vector_code.py"
    text = tile.read_text()
    assert "return self.builder.call(function, [x, y, z])" in text
    tile.write_text(
        text.replace(
            "return self.builder.call(function, [x, y, z])",
            "return self.builder.call(function, [x, self.builder.fadd(y, y), z])",
        )
    )
    value, other = _run(ASK, copied, **cache)
    assert float(value) == 80
    assert other != folder


def test_an_unchanged_kernel_is_loaded_and_not_compiled_again(copied):
    cache = {"MINITRANSFER_CACHE": str(copied / "cache")}
    _, folder = _run(ASK, copied, **cache)
    before = {file.name: file.stat().st_mtime_ns for file in Path(folder).iterdir()}
    _run(ASK, copied, **cache)
    after = {file.name: file.stat().st_mtime_ns for file in Path(folder).iterdir()}
    assert before == after


def test_no_home_and_no_folder_to_write_to(copied):
    """And the installation may be read-only: nothing is written beside the kernels."""
    nowhere = "/proc/nowhere"
    environment = dict.fromkeys(("MINITRANSFER_CACHE", "HOME", "XDG_CACHE_HOME"), nowhere)
    before = set(copied.rglob("*"))
    value, folder = _run(ASK, copied, PYTHONDONTWRITEBYTECODE="1", **environment)
    assert float(value) == 40
    assert not folder.startswith(nowhere)
    assert set(copied.rglob("*")) == before


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, in which kernels are looked for."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(code_cache, "cache_folder", lambda: folder)
    return folder


def test_only_a_few_old_folders_are_kept(cache):
    for i in range(10):
        (cache / f"kernels-{i}").mkdir()
        os.utime(cache / f"kernels-{i}", (i, i))
    folder = kernel_folder()
    left = {f.name for f in cache.iterdir()}
    assert left == {folder.name, *(f"kernels-{i}" for i in range(5, 10))}
    assert len(left) == code_cache.KEEP


@pytest.mark.parametrize(
    "name, value",
    [("OPT", 0), ("BOUNDSCHECK", 1), ("DEBUGINFO_DEFAULT", 1), ("SLP_VECTORIZE", 1)],
)
def test_code_made_with_other_settings_is_not_found(cache, monkeypatch, name, value):
    usual = kernel_folder()
    with monkeypatch.context() as patch:
        patch.setattr(numba.config, name, value)
        assert kernel_folder() != usual
    assert kernel_folder() == usual


def test_settings_that_change_no_code_change_no_name(cache, monkeypatch):
    usual = kernel_folder()
    for name in ("NUMBA_NUM_THREADS", "CACHE_DIR", "CUDA_LOG_LEVEL"):
        monkeypatch.setattr(numba.config, name, "another")
    assert kernel_folder() == usual


def test_a_run_with_slow_code_leaves_none_for_the_next(copied):
    cache = {"MINITRANSFER_CACHE": str(copied / "cache")}
    _, slow = _run(ASK, copied, NUMBA_OPT="0", **cache)
    value, fast = _run(ASK, copied, **cache)
    assert float(value) == 40
    assert slow != fast


def _flip(place):
    def flip(content):
        at = int(place * len(content))
        return content[:at] + bytes([content[at] ^ 16]) + content[at + 1 :]

    return flip


DAMAGES = {
    "emptied": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "longer": lambda content: content + b"x",
    "rubbish": lambda content: bytes(len(content)),
    **{f"a bit at {place}": _flip(place) for place in (0, 0.01, 0.3, 0.6, 0.999)},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_code_counts_as_missing(tmp_path, damage):
    content = b"code of some length " * 20
    file = CodeFile(tmp_path / "one.nbc")
    whole = file._checksum(content) + content
    file.path.write_bytes(DAMAGES[damage](whole))
    assert file.load_overload(None, None) is None


def test_code_of_another_kernel_counts_as_missing(tmp_path):
    one, other = CodeFile(tmp_path / "one.nbc"), CodeFile(tmp_path / "other.nbc")
    one.path.write_bytes(one._checksum(b"code") + b"code")
    shutil.copy(one.path, other.path)
    assert other.load_overload(None, None) is None


def test_a_damaged_cache_costs_a_compilation_and_is_mended(copied):
    cache = {"MINITRANSFER_CACHE": str(copied / "cache")}
    _, folder = _run(ASK, copied, **cache)
    files = sorted(Path(folder).iterdir())
    for i, file in enumerate(files):
        damage = DAMAGES[("emptied", "cut", "a bit at 0.6")[i % 3]]
        file.write_bytes(damage(file.read_bytes()))
    value, again = _run(ASK, copied, **cache)
    assert (float(value), again) == (40, folder)
    assert sorted(Path(folder).iterdir()) == files
    context = cpu_target.target_context
    assert all(CodeFile(file).load_overload(None, context) for file in files)


NO_ROOM = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
"""
posix = pytest.mark.skipif(os.name != "posix", reason="limits and rights are others there")


@posix
def test_a_full_disk_costs_one_warning(copied):
    """A limit on the size of files stands for it."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(copied)}
    environment["MINITRANSFER_CACHE"] = str(copied / "cache")
    twice = NO_ROOM + ASK + "kernels.matmul(x.astype(float), x.astype(float))"
    run = [sys.executable, "-W", "always", "-c", twice]
    done = subprocess.run(run, env=environment, cwd=copied, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[0]) == 40
    assert done.stderr.count("RuntimeWarning") == 1
    assert "cannot be kept in" in done.stderr
    left = [file.name for file in (copied / "cache").rglob("*") if file.is_file()]
    assert left == []  # nor half a file


def test_no_room_even_for_a_folder_is_a_warning(cache, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.warns(RuntimeWarning, match=r"cannot be kept in .*No space.*MINITRANSFER_CACHE"):
        kernel_folder()


@posix
@pytest.mark.parametrize("mode, good", [(0o755, True), (0o777, False), (0o1777, True)])
def test_others_may_not_write_above_the_code(cache, mode, good):
    cache.chmod(mode)
    if good:
        assert stat.S_IMODE(kernel_folder().stat().st_mode) == 0o700
    else:
        with pytest.raises(PermissionError, match=f"'{cache}': others may write.*chmod go-w"):
            kernel_folder()


@posix
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o702])
def test_others_may_not_write_where_the_code_is(cache, mode):
    folder = kernel_folder()
    folder.chmod(mode)
    code_cache._prepared.cache_clear()
    with pytest.raises(PermissionError, match=f"'{folder}': others may write"):
        kernel_folder()


@posix
def test_a_group_counts_as_others_unless_it_is_the_users_own():
    """Where each user has a group of that number, folders are often writable by the group."""

    class Folder:
        st_mode, st_uid, st_gid = 0o770, os.geteuid(), os.geteuid()

        def stat(self):
            return self

    folder = Folder()
    code_cache._refuse_if_others_may_write(folder, sticky_suffices=False)
    folder.st_gid += 1
    with pytest.raises(PermissionError, match="others may write"):
        code_cache._refuse_if_others_may_write(folder, sticky_suffices=False)


@posix
def test_the_folder_of_another_user_is_refused(cache, monkeypatch):
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(PermissionError, match=f"it belongs to user {me} and this is user {me + 1}"):
        kernel_folder()


def test_the_processor_is_the_one_that_is_compiled_for():
    """Also where that is another than this one: the width of vectors goes by it."""
    code = "from minitransfer.kernels.code_cache import host; print(host())"
    named = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | named
    )
    assert done.stdout == "('haswell', '+avx2')\n", done.stderr
