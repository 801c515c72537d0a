"""Where minitransfer may write when nobody named a folder: one cache, and nowhere else."""

import os
import sys
import tempfile
from functools import cache
from pathlib import Path


@cache
def cache_folder() -> Path:
    """Return the writable cache folder of this user, created if need be.

    The first of these that can be written to: the environment variable ``MINITRANSFER_CACHE``,
    the platform's cache folder (``~/.cache/minitransfer`` on Linux), and, where there is no home
    or it is read-only, a private temporary folder. The last is new in every process: a folder in
    a shared place could hold files that another user wrote.

    Example:
        >>> cache_folder().is_dir()
        True
    """
    for folder in _candidates():
        if _writable(folder):
            return folder
    return Path(tempfile.mkdtemp(prefix="minitransfer-"))


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
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
