"""What the player does with a terminal, an editor and a display."""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console


@contextlib.contextmanager
def running(console: Console):
    """Send standard output to the console; "running…" stands there until something comes.

    Without a terminal nothing is noted: a file does not wait.

    Example:
        >>> with running(Console(file=sys.stdout)):
        ...     print("done")
        done
    """
    note = _Note(console.file if console.is_terminal else None)
    out, error = _Stream(console.file, note), _Stream(sys.stderr, note)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            yield
        finally:
            note.erase()


class _Note:
    """A word on the terminal that goes as soon as there is something to say."""

    def __init__(self, terminal):
        self.terminal = terminal
        self._write("\x1b[2mrunning…\x1b[0m")

    def erase(self):
        self._write("\r\x1b[K")
        self.terminal = None

    def _write(self, text):
        if self.terminal is not None:
            self.terminal.write(text)
            self.terminal.flush()


class _Stream:
    """A stream that erases the note before it writes, and is the other stream in all else."""

    def __init__(self, stream, note):
        self._stream, self._note = stream, note

    def write(self, text):
        self._note.erase()
        return self._stream.write(text)

    def __getattr__(self, name):
        return getattr(self._stream, name)


def drop_typed(stream=None) -> None:
    """Forget keys that were pressed and not read yet, as while a cell was running.

    Args:
        stream: a terminal's input; standard input if None. What is no terminal is left alone.
    """
    stream = stream or sys.stdin
    if not stream.isatty():
        return
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
    else:
        import termios

        termios.tcflush(stream, termios.TCIFLUSH)


def has_display() -> bool:
    """Whether a program that is started now could open a window."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return not os.environ.get("SSH_CONNECTION")


def open_file(path: Path) -> None:
    """Open a file with the program that the system has for its kind; return without waiting.

    Raises:
        OSError: if there is no such program.
    """
    if sys.platform == "win32":
        os.startfile(path)
        return
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    subprocess.Popen(
        [opener, str(path)], **quiet, stderr=subprocess.DEVNULL, start_new_session=True
    )


def edit(path: Path) -> None:
    """Open a file in the user's editor and wait until it is closed.

    The editor is what ``VISUAL`` or ``EDITOR`` name in the environment, else the first there is of
    a few that most systems have.

    Raises:
        OSError: if there is no editor, or it cannot be started.
    """
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    usual = [name for name in ("nano", "vi", "notepad") if shutil.which(name)]
    if not named and not usual:
        raise OSError("no editor found; name one in the environment variable EDITOR")
    command = shlex.split(named, posix=os.name == "posix") if named else usual[:1]
    subprocess.run([*command, str(path)], check=False)
