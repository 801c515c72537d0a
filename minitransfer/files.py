"""Writing a file so that nobody ever finds half of it: beside the old one, then in its place."""

import contextlib
import os
from pathlib import Path


def write_atomically(path, content) -> Path:
    """Write a whole file or, in an error, nothing.

    The content goes to a temporary file in the same folder, is synced to the disk, and the file is
    renamed over the old one. Whoever reads meanwhile, or pulls the plug, finds the old file or the
    new one. Threads and processes may write the same file at once; the last to finish wins.

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
    # Random letters: threads of one process write too, and no clock tells two of them apart.
    beside = target.with_name(f".{target.name[:40]}.{os.urandom(6).hex()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _removed_on_error(beside):
            with open(beside, "xb") as file:
                if target.exists():  # before there is anything to read: it may be private
                    os.chmod(beside, target.stat().st_mode & 0o7777)
                _fill(file, content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, target)
    except OSError as error:  # named by the file that was asked for, not by the one beside it
        what = f"{error.strerror}; nothing was written, choose a place with room and permission"
        raise type(error)(error.errno, what, str(target)) from error
    _sync_folder(target.parent)
    return Path(path)


def _fill(file, content) -> None:
    if callable(content):
        content(file)
    else:
        file.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def _removed_on_error(file: Path):
    try:
        yield
    except BaseException:
        file.unlink(missing_ok=True)
        raise


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
