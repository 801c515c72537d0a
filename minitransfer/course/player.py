"""Step through a lesson in the terminal: a cell per key press.

A `Player` knows where in the lesson one is and what has run. `parse_command` reads what was typed,
and the player shows cells and runs them.
"""

import contextlib
import os
import sys
from typing import NamedTuple

from rich.console import Console
from rich.markdown import Markdown
from rich.syntax import Syntax
from rich.traceback import Traceback

from minitransfer.course.scripts import Lesson, find_lesson, script_name, split_cells
from minitransfer.course.terminal_markdown import terminal_markdown
from minitransfer.folders import cache_folder
from minitransfer.terminal import plain

HELP = "Enter: next · b: back · a: again · 7: go to cell 7 · u: unfold answers · q: quit"


def step_through(
    number: int, console: Console | None = None, read_line=None, *, evidence: bool = False
) -> bool:
    """Step through lesson `number`, waiting for a key press after each cell.

    Args:
        number: of the lesson.
        console: where to show it; the terminal if None.
        read_line: called for each line typed, without arguments; reads the terminal if None.
        evidence: whether to step through what stands behind the lesson.

    Returns:
        Whether every cell that ran came to its end.

    Raises:
        ValueError: if there is no such lesson, or no evidence behind it.

    Example:
        >>> step_through(99)
        Traceback (most recent call last):
        ...
        ValueError: there is no lesson 99, the last is ...
    """
    player = Player(find_lesson(number, evidence), console or Console())
    console = player.console
    read_line = read_line or (lambda: console.input(f"[dim]{player.place} · ? for help ▸ [/]"))
    console.print(f"[dim]{HELP}[/]")
    command, good = Command("go", 0), True
    with _script_environment(player.lesson.path):
        while command.kind != "quit":
            good = player.execute(command) and good
            try:
                command = parse_command(read_line(), player.position, len(player.cells))
            except (EOFError, StopIteration, KeyboardInterrupt):
                command = Command("quit")
    return good


def run_through(number: int, console: Console | None = None, *, evidence: bool = False) -> bool:
    """Show and run lesson `number` without stopping; it ends at the first cell that fails.

    Arguments, result and errors are those of `step_through`.
    """
    player = Player(find_lesson(number, evidence), console or Console())
    with _script_environment(player.lesson.path):
        return all(player.execute(Command("go", i)) for i in range(len(player.cells)))


class Command(NamedTuple):
    """What the reader asked for.

    Attributes:
        kind: "go", "again", "unfold", "quit", "beyond" (there is no such cell) or "explain".
        target: the cell to go to, from 0 ("go" and "beyond" only).
    """

    kind: str
    target: int = 0


def parse_command(answer: str, position: int, count: int) -> Command:
    """Read what was typed.

    Args:
        answer: the line.
        position: the cell just shown, from 0; -1 before the first.
        count: how many cells there are.

    Returns:
        The command. Going on after the last cell quits; what is not understood is explained.

    Example:
        >>> parse_command("", 3, 9), parse_command("b", 0, 9), parse_command("7", 3, 9)
        (Command(kind='go', target=4), Command(kind='go', target=0), Command(kind='go', target=6))
        >>> [parse_command(typed, 8, 9).kind for typed in ("", "12", "what?")]
        ['quit', 'beyond', 'explain']
    """
    answer = answer.strip().lower()
    words = {"a": "again", "again": "again", "u": "unfold", "q": "quit", "quit": "quit"}
    if answer in words:
        return Command(words[answer])
    if answer in ("", "n", "next"):
        return Command("go", position + 1) if position + 1 < count else Command("quit")
    if answer in ("b", "back"):
        return Command("go", max(position - 1, 0))
    if answer.isdecimal():
        return Command("go" if 1 <= int(answer) <= count else "beyond", int(answer) - 1)
    return Command("explain")


class Player:
    """A lesson being stepped through: its cells, their common namespace, and what has run.

    Args:
        lesson: which one.
        console: where to show cells and their output.

    Attributes:
        cells: what `split_cells` makes of the file.
        position: the cell one is at; -1 before the first.
        ran: the numbers of the code cells that ran to their end.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp()) / "01_a.py"
        >>> _ = path.write_text("# %%\\nx = 2\\n# %%\\nprint(x * 21)\\n")
        >>> player = Player(Lesson(1, "A", "Why?", path), Console(width=40))
        >>> player.missing_before(1)
        [0]
        >>> player.execute(Command("go", 1))
        cell 1, jumped over, runs first
        ─────────────── 01_a 2/2 ───────────────
        print(x * 21)
        42
        True
    """

    def __init__(self, lesson: Lesson, console: Console):
        self.lesson, self.console = lesson, console
        self.cells = split_cells(lesson.path.read_text(encoding="utf-8"))
        self.scope = {"__name__": "__main__", "__file__": str(lesson.path)}
        self.position = -1
        self.ran: set[int] = set()

    @property
    def place(self) -> str:
        """The lesson, the cell and the number of cells, as markup for the console."""
        return plain(f"{script_name(self.lesson.path)} {self.position + 1}/{len(self.cells)}")

    def execute(self, command: Command) -> bool:
        """Do what the reader asked for; return False if a cell failed.

        Going to a cell shows it, and runs it if it is code that has not run yet; code cells that
        were jumped over run first. Going back only shows.
        """
        if command.kind == "explain":
            self.console.print(f"[dim]{HELP}[/]")
            return True
        if command.kind == "beyond":
            there = f"there is no cell {command.target + 1}; they are 1 to {len(self.cells)}"
            self.console.print(f"[dim]{there}[/]")
            return True
        if command.kind == "go":
            for number in self.missing_before(command.target):
                if number > self.position:
                    self.console.print(f"[dim]cell {number + 1}, jumped over, runs first[/]")
                    if not self.run_cell(number):
                        self.position = number
                        return False
            self.position = command.target
        self.show_cell(unfolded=command.kind == "unfold")
        number = max(self.position, 0)
        if self.cells[number].kind != "code" or command.kind == "unfold":
            return True
        if command.kind == "go" and number in self.ran:
            self.console.print("[dim]has run; a runs it again[/]")
            return True
        return self.run_cell(number)

    def missing_before(self, target: int) -> list[int]:
        """Return the code cells before `target` that have not run: it may build on them."""
        before = range(min(target, len(self.cells)))
        return [i for i in before if self.cells[i].kind == "code" and i not in self.ran]

    def show_cell(self, unfolded: bool = False) -> None:
        """Print the cell one is at: code coloured, prose rendered, with its answers if unfolded."""
        cell = self.cells[max(self.position, 0)]
        self.console.rule(f"[dim]{self.place}[/]", style="dim")
        if cell.kind == "markdown":
            self.console.print(Markdown(terminal_markdown(cell.source, unfolded)))
        else:
            self.console.print(Syntax(cell.source, "python", theme="ansi_dark", word_wrap=True))

    def run_cell(self, number: int) -> bool:
        """Run a code cell, its output as it comes, and show what it raised; return if it did not.

        Lines in a traceback are lines of the lesson's file.
        """
        cell = self.cells[number]
        try:
            with contextlib.redirect_stdout(self.console.file):
                code = compile("\n" * (cell.line - 1) + cell.source, str(self.lesson.path), "exec")
                exec(code, self.scope)
        except KeyboardInterrupt:
            self.console.print("[dim]interrupted; a runs it again[/]")
        except SystemExit as error:
            self.console.print(f"[dim]the cell asked to exit ({plain(error.code)})[/]")
        except Exception as error:
            own = error.__traceback__  # this very frame is of no interest to the reader
            traceback = own.tb_next if own else None
            self.console.print(Traceback.from_exception(type(error), error, traceback))
        else:
            self.ran.add(number)
            return True
        return False


@contextlib.contextmanager
def _script_environment(script):
    """What a lesson finds when it runs as a script, put back afterwards: its own folder first on
    the path. Figures are saved, since a window would hold one up."""
    path, named = list(sys.path), "MINITRANSFER_FIGURES" in os.environ
    if not named:
        os.environ["MINITRANSFER_FIGURES"] = str(cache_folder() / "figures" / script.stem)
    try:
        sys.path.insert(0, str(script.parent))
        yield
    finally:
        sys.path[:] = path
        if not named:
            os.environ.pop("MINITRANSFER_FIGURES", None)
