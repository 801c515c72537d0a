"""Step through a lesson in the terminal: a cell per key press.

A `Walk` knows where in the lesson one is and what has run; it decides, and does no printing. The
functions below it show cells and read keys.
"""

import contextlib
import os
import sys
from typing import NamedTuple

from rich.console import Console
from rich.markdown import Markdown
from rich.syntax import Syntax
from rich.traceback import Traceback

from minitransfer.folders import cache_folder
from minitransfer.lessons.cells import Cell, split
from minitransfer.lessons.shelf import Lesson, find
from minitransfer.lessons.terminal_markdown import terminal_markdown

HELP = "Enter: next · b: back · a: again · 7: go to cell 7 · u: unfold answers · q: quit"


class Command(NamedTuple):
    """What the reader asked for.

    Attributes:
        kind: "go", "again", "unfold", "quit" or "explain".
        target: the cell to go to, from 0 ("go" only).

    Example:
        >>> Command("quit").target
        0
    """

    kind: str
    target: int = 0


def interpret(answer: str, position: int, count: int) -> Command:
    """Read what was typed.

    Args:
        answer: the line.
        position: the cell just shown, from 0; -1 before the first.
        count: how many cells there are.

    Returns:
        The command. Going on after the last cell quits; what is not understood is explained.

    Example:
        >>> interpret("", 3, 9), interpret("b", 0, 9), interpret("7", 3, 9)
        (Command(kind='go', target=4), Command(kind='go', target=0), Command(kind='go', target=6))
        >>> interpret("", 8, 9).kind, interpret("12", 3, 9).kind
        ('quit', 'explain')
    """
    answer = answer.strip().lower()
    words = {"a": "again", "again": "again", "u": "unfold", "q": "quit", "quit": "quit"}
    if answer in words:
        return Command(words[answer])
    if answer in ("", "n", "next"):
        return Command("go", position + 1) if position + 1 < count else Command("quit")
    if answer in ("b", "back"):
        return Command("go", max(position - 1, 0))
    if answer.isdecimal() and 1 <= int(answer) <= count:
        return Command("go", int(answer) - 1)
    return Command("explain")


class Walk:
    """A lesson being walked through: its cells, their common namespace, and what has run.

    Args:
        lesson: which one.

    Attributes:
        cells: what `split` makes of the file.
        position: the cell one is at; -1 before the first.
        ran: the numbers of the code cells that ran to their end.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp()) / "01_a.py"
        >>> _ = path.write_text("# %%\\nx = 2\\n# %%\\nprint(x * 21)\\n")
        >>> walk = Walk(Lesson(1, "A", "Why?", path))
        >>> walk.missing_before(1)
        [0]
        >>> walk.execute(0), walk.execute(1)
        42
        (None, None)
    """

    def __init__(self, lesson: Lesson):
        self.lesson = lesson
        self.cells: list[Cell] = split(lesson.path.read_text(encoding="utf-8"))
        self.scope = {"__name__": "__main__", "__file__": str(lesson.path)}
        self.position = -1
        self.ran: set[int] = set()

    def missing_before(self, target: int) -> list[int]:
        """Return the code cells before `target` that have not run: it may build on them."""
        before = range(min(target, len(self.cells)))
        return [i for i in before if self.cells[i].kind == "code" and i not in self.ran]

    def execute(self, number: int) -> BaseException | None:
        """Run a code cell in the common namespace.

        Returns:
            None, or what the cell raised; the walk goes on after it. Lines in its traceback are
            lines of the lesson's file.
        """
        cell = self.cells[number]
        try:
            code = compile("\n" * (cell.line - 1) + cell.source, str(self.lesson.path), "exec")
            exec(code, self.scope)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            own = error.__traceback__  # this very frame is of no interest to the reader
            return error.with_traceback(own.tb_next if own else None)
        self.ran.add(number)
        return None


def step(number: int, console: Console | None = None, read=None) -> bool:
    """Walk through lesson `number`, waiting for a key press after each cell.

    Args:
        number: of the lesson.
        console: where to show it; the terminal if None.
        read: called for each line typed, without arguments; reads the terminal if None.

    Returns:
        Whether every cell that ran came to its end.

    Raises:
        ValueError: if there is no such lesson.

    Example:
        >>> step(99)
        Traceback (most recent call last):
        ...
        ValueError: there is no lesson 99; there are ...
    """
    walk, console = Walk(find(number)), console or Console()
    read = read or (lambda: console.input(f"[dim]{_place(walk)} · ? for help ▸ [/]"))
    console.print(f"[dim]{HELP}[/]")
    command, good = Command("go", 0), True
    with _surroundings(walk):
        while command.kind != "quit":
            good = obey(command, walk, console) and good
            try:
                command = interpret(read(), walk.position, len(walk.cells))
            except (EOFError, StopIteration, KeyboardInterrupt):
                command = Command("quit")
    return good


def run(number: int, console: Console | None = None) -> bool:
    """Show and run lesson `number` without stopping; it ends at the first cell that fails.

    Args:
        number: of the lesson.
        console: where to show it; the terminal if None.

    Returns:
        Whether every cell came to its end.

    Example:
        >>> run(99)
        Traceback (most recent call last):
        ...
        ValueError: there is no lesson 99; there are ...
    """
    walk, console = Walk(find(number)), console or Console()
    with _surroundings(walk):
        return all(obey(Command("go", i), walk, console) for i in range(len(walk.cells)))


def obey(command: Command, walk: Walk, console: Console) -> bool:
    """Do what the reader asked for; returns False if a cell failed.

    Going to a cell shows it, and runs it if it is code that has not run yet; code cells that
    were jumped over run first. Going back only shows.

    Args:
        command: from `interpret`.
        walk: moved on by this.
        console: where to show cells and their output.
    """
    if command.kind == "explain":
        console.print(f"[dim]{HELP}[/]")
        return True
    if command.kind == "go":
        for number in walk.missing_before(command.target):
            if number > walk.position:
                console.print(f"[dim]cell {number + 1}, jumped over, runs first[/]")
                if not _execute(number, walk, console):
                    walk.position = number
                    return False
        walk.position = command.target
    show_cell(walk, console, unfolded=command.kind == "unfold")
    number = max(walk.position, 0)
    if walk.cells[number].kind != "code" or command.kind == "unfold":
        return True
    if command.kind == "go" and number in walk.ran:
        console.print("[dim]has run; a runs it again[/]")
        return True
    return _execute(number, walk, console)


def show_cell(walk: Walk, console: Console, unfolded: bool = False) -> None:
    """Print the cell that the walk is at: prose rendered, code highlighted.

    Args:
        walk: its position says which cell.
        console: where to.
        unfolded: whether to show answers that are folded away.
    """
    cell = walk.cells[max(walk.position, 0)]
    console.rule(f"[dim]{_place(walk)}[/]", style="dim")
    if cell.kind == "markdown":
        console.print(Markdown(terminal_markdown(cell.source, unfolded)))
    else:
        console.print(Syntax(cell.source, "python", theme="ansi_dark", word_wrap=True))


def _place(walk):
    return f"{walk.lesson.path.stem} {walk.position + 1}/{len(walk.cells)}"


def _execute(number, walk, console) -> bool:
    """Run a cell, its output as it comes, and show what it raised."""
    with contextlib.redirect_stdout(console.file):
        error = walk.execute(number)
    if error is None:
        return True
    if isinstance(error, KeyboardInterrupt):
        console.print("[dim]interrupted; a runs it again[/]")
    elif isinstance(error, SystemExit):
        console.print(f"[dim]the cell asked to exit ({error.code})[/]")
    else:
        console.print(Traceback.from_exception(type(error), error, error.__traceback__))
    return False


@contextlib.contextmanager
def _surroundings(walk):
    """What a lesson finds when it runs as a script, put back afterwards: its own folder first on
    the path. Figures are saved, since a window would hold up the walk."""
    path, named = list(sys.path), "MINITRANSFER_FIGURES" in os.environ
    if not named:
        figures = cache_folder() / "figures" / walk.lesson.path.stem
        os.environ["MINITRANSFER_FIGURES"] = str(figures)
    try:
        sys.path.insert(0, str(walk.lesson.path.parent))
        yield
    finally:
        sys.path[:] = path
        if not named:
            os.environ.pop("MINITRANSFER_FIGURES", None)
