"""Where minitransfer may write when nobody named a folder: one cache, and nowhere else."""

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

_RESULTS = ("main-job", "figures", "benchmarks")
"""What the user has been told the place of; all else in a cache can be made again."""


@cache
def cache_folder() -> Path:
    """Return the writable cache folder of this user, created if need be.

    The first of these that can be written to: the environment variable ``MINITRANSFER_CACHE``,
    the platform's cache folder (``~/.cache/minitransfer`` on Linux), and, where there is no home
    or it is read-only, a private temporary folder. The last is new in every process: a folder in
    a shared place could hold files that another user wrote. It goes when the process ends, but for
    figures and tables, whose place was printed.

    Example:
        >>> cache_folder().is_dir()
        True
    """
    for folder in _candidates():
        if _writable(folder):
            return folder
    temporary = Path(tempfile.mkdtemp(prefix="minitransfer-"))
    atexit.register(_clear, temporary, os.getpid())
    return temporary


def _clear(folder: Path, maker: int) -> None:
    """Remove a temporary cache, unless this is a process forked from the one that made it."""
    if os.getpid() != maker:
        return
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_dir() and entry.name not in _RESULTS:
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.is_file():
            entry.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # results are in it, or it is gone
        folder.rmdir()


def _candidates():
    if named := os.environ.get("MINITRANSFER_CACHE"):
        yield Path(named).expanduser()
    try:
        home = Path.home()
    except RuntimeError:  # no HOME and no entry in the user database
        return
    if sys.platform == "darwin":
        yield home / "Library" / "Caches" / "minitransfer"
    elif sys.platform == "win32":
        yield Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "minitransfer"
    else:
        yield Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "minitransfer"


def _writable(folder: Path) -> bool:
    """Whether a file can be made in `folder` (asking the permission bits is not enough)."""
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)  # code is kept there: ours alone
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
