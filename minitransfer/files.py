"""Writing a file so that nobody ever finds half of it: beside the old one, then in its place."""

import contextlib
import os
import re
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where a file that somebody has open cannot be removed
    fcntl = None


def write_atomically(path, content) -> Path:
    """Write a whole file or, in an error, nothing.

    The content goes to a temporary file in the same folder, is synced to the disk, and the file is
    renamed over the old one. Whoever reads meanwhile, or pulls the plug, finds the old file or the
    new one. Threads and processes may write the same file at once; the last to finish wins. What a
    writer that was killed has left beside the file is removed by the next one.

    Args:
        path: the file; its folder is made if need be. An older file is replaced and its permission
            bits are kept; a symbolic link stays a link.
        content: bytes, text (written as UTF-8), or a function that is called with the open binary
            file and writes into it.

    Returns:
        The path.

    Raises:
        OSError: if the file cannot be written, named by `path`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_atomically(f"{folder}/deep/down.txt", "whole").read_text()
        'whole'
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target)
        with _open_beside(target) as (beside, file):
            if target.exists():  # before there is anything to read: it may be private
                os.chmod(beside, target.stat().st_mode & 0o7777)
            _fill(file, content)
            file.flush()
            os.fsync(file.fileno())
            if fcntl is None:  # Windows renames no file that is open
                file.close()
            os.replace(beside, target)
    except OSError as error:  # named by the file that was asked for, not by the one beside it
        what = f"{error.strerror}; nothing was written, choose a place with room and permission"
        raise type(error)(error.errno, what, str(target)) from error
    _sync_folder(target.parent)
    return Path(path)


def check_writable(*paths) -> None:
    """Find out before a long piece of work whether its results can be written.

    The folders are made, and an empty file beside each path is written and removed.

    Args:
        *paths: the files that will be written.

    Raises:
        OSError: for the first that cannot be.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     check_writable(f"{folder}/results/table.csv", f"{folder}/results/figure.png")
    """
    for path in paths:
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise IsADirectoryError(
                f"{target} is a folder and stands where a file is to be written; choose another "
                "place, or move it away"
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with _open_beside(target):
                pass
        except OSError as error:
            what = f"{error.strerror}; nothing can be written there, choose another place"
            raise type(error)(error.errno, what, str(target)) from error


@contextlib.contextmanager
def alone(path):
    """Hold a lock while the block runs, for work that two processes must not do at once.

    The lock goes with the process that holds it, however that ends; a file that a killed one left
    is no lock. Where there are none (Windows, some file systems) nobody is kept out.

    Args:
        path: of the file that is locked; made, and removed again.

    Raises:
        BlockingIOError: if somebody else holds it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with alone(f"{folder}/.lock"):
        ...         pass
        ...     Path(folder, ".lock").exists()
        False
    """
    if fcntl is None:
        yield
        return
    path = Path(path)
    while True:
        file = open(path, "ab")  # noqa: SIM115 - it is open as long as the lock is held
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise
        except OSError:  # a file system without locks
            break
        if os.fstat(file.fileno()).st_nlink:
            break
        file.close()  # removed by the one before, in the moment before it was locked
    with file:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _fill(file, content) -> None:
    if callable(content):
        content(file)
    else:
        file.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def _open_beside(target: Path):
    """Yield the path of a new file beside `target`, and the file; gone after, if not renamed.

    The file is locked while it is written, so that others can tell it from what a killed writer
    left: a lock goes with the process that held it.
    """
    while True:
        # Random letters: threads of one process write too, and no clock tells two of them apart.
        beside = target.with_name(f".{target.name[:40]}.{os.urandom(6).hex()}.tmp")
        file = open(beside, "xb")  # noqa: SIM115 - it may be opened several times
        with contextlib.suppress(OSError):  # a file system without locks
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX)
        if fcntl is None or os.fstat(file.fileno()).st_nlink:
            break
        file.close()  # taken for a leftover in the moment before it was locked
    try:
        with file:
            yield beside, file
    finally:
        beside.unlink(missing_ok=True)


def _remove_leftovers(target: Path) -> None:
    """Remove what killed writers of `target` left; whatever goes wrong with it is no error."""
    name = re.compile(re.escape(f".{target.name[:40]}.") + "[0-9a-f]{12}[.]tmp")
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if name.fullmatch(entry.name):
                with contextlib.suppress(OSError), open(entry.path, "rb") as file:
                    if fcntl is None:
                        file.close()
                    else:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(entry.path)


def _sync_folder(folder: Path) -> None:
    """Make a renaming last through a power failure, where the system lets one sync a folder.

    The file is in its place already, so a system that does not is no reason to fail.
    """
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
