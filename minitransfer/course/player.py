"""Step through a lesson in the terminal: a cell per key press.

A `Player` knows where in the lesson one is and what has run; it shows cells and runs them.
`commands` says what may be typed, `desk` deals with terminal, editor and display, and `places`
keeps where one stopped.
"""

import code
import contextlib
import os
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.syntax import Syntax
from rich.traceback import Traceback

from minitransfer.course import desk, places
from minitransfer.course.commands import HELP, Command, is_guess, parse_command
from minitransfer.course.predictions import PREDICT
from minitransfer.course.scripts import Lesson, find_lesson, script_name, split_cells
from minitransfer.course.terminal_markdown import folded_answers, terminal_markdown
from minitransfer.files import write_atomically
from minitransfer.folders import cache_folder
from minitransfer.terminal import plain


def step_through(
    number: int, console: Console | None = None, read_line=None, *, evidence: bool = False
) -> bool:
    """Step through lesson `number`, waiting for a key press after each cell.

    Where the reader stops is kept for the next time.

    Args:
        number: of the lesson.
        console: where to show it; the terminal if None.
        read_line: called with a prompt for each line typed; reads the terminal if None.
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
    console = console or Console()
    player = Player(find_lesson(number, evidence), console, read_line or console.input)
    script, count = script_name(player.lesson.path), len(player.cells)
    player.note(HELP)
    if 0 < (place := places.kept_place(script)) < count:
        player.note(f"last time you stopped at cell {place + 1}: type {place + 1} to go on there")
    command, good = Command("go", 0), True
    with _script_environment(player.lesson.path):
        while command.kind != "quit":
            good = player.execute(command) and good
            command = player.ask()
    with contextlib.suppress(OSError):  # a full disk costs the place, not the lesson
        places.keep_place(script, player.position, count)
    return good


def run_through(number: int, console: Console | None = None, *, evidence: bool = False) -> bool:
    """Show and run lesson `number` without stopping; it ends at the first cell that fails.

    Arguments, result and errors are those of `step_through`.
    """
    player = Player(find_lesson(number, evidence), console or Console())
    with _script_environment(player.lesson.path):
        return all(player.execute(Command("go", i)) for i in range(len(player.cells)))


class Player:
    """A lesson being stepped through: its cells, their common namespace, and what has run.

    Args:
        lesson: which one.
        console: where to show cells and their output.
        read_line: called with a prompt, returns what was typed; None if nobody sits there.

    Attributes:
        cells: what `split_cells` makes of the file.
        position: the cell one is at; -1 before the first.
        ran: the numbers of the code cells that ran to their end.
        guesses: what the reader guessed, by the cell that asked.
        figure: the file of the last figure that was drawn; None before the first.

    Example:
        >>> import tempfile
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

    def __init__(self, lesson: Lesson, console: Console, read_line=None):
        self.lesson, self.console, self.read_line = lesson, console, read_line
        self.cells = split_cells(lesson.path.read_text(encoding="utf-8"))
        self.scope = {"__name__": "__main__", "__file__": str(lesson.path)}
        self.position = -1
        self.ran: set[int] = set()
        self.guesses: dict[int, str] = {}
        self.figure: Path | None = None
        self._computed = False  # since the last line was read

    @property
    def place(self) -> str:
        """The lesson, the cell and the number of cells, as markup for the console."""
        return plain(f"{script_name(self.lesson.path)} {self.position + 1}/{len(self.cells)}")

    def note(self, text: str) -> None:
        """Say something beside the lesson."""
        self.console.print(f"[dim]{plain(text)}[/]", highlight=False)

    def ask(self) -> Command:
        """Wait for a line and return what it asks for.

        After a question that wants a prediction, the line is the reader's guess; it is kept, and
        on it goes. Keys that were typed while a cell ran are dropped. Ctrl-C asks first.
        """
        if self._computed:
            desk.drop_typed()
            self._computed = False
        try:
            if self.position in self.predictions() and self.position not in self.guesses:
                answer = self.read_line("[bold]your guess[/] [dim](or Enter) ▸ [/]")
                if is_guess(answer):
                    self.guesses[self.position] = answer.strip()
                    answer = ""
            else:
                answer = self.read_line(f"[dim]{self.place} · ? for help ▸ [/]")
        except KeyboardInterrupt:
            return self._asked_to_leave()
        except (EOFError, StopIteration):
            return Command("quit")
        return parse_command(answer, self.position, len(self.cells))

    def _asked_to_leave(self) -> Command:
        self.console.print()
        try:
            answer = self.read_line("[dim]leave the lesson? q or Ctrl-C leaves, Enter stays ▸ [/]")
        except (KeyboardInterrupt, EOFError, StopIteration):
            return Command("quit")
        return Command("quit" if answer.strip().lower() in ("q", "quit", "y", "yes") else "explain")

    def predictions(self) -> list[int]:
        """Return the cells that ask for a prediction."""
        cells = enumerate(self.cells)
        return [i for i, cell in cells if cell.kind == "markdown" and PREDICT in cell.source]

    def execute(self, command: Command) -> bool:
        """Do what the reader asked for; return False if a cell failed.

        Going to a cell shows it, and runs it if it is code that has not run yet; code cells that
        were jumped over run first. Going back only shows.
        """
        if command.kind in ("go", "again"):
            return self._go(command)
        if command.kind == "beyond":
            self.note(f"there is no cell {command.target + 1}; they are 1 to {len(self.cells)}")
        elif command.kind == "unfold":
            answers = folded_answers(self.cells[max(self.position, 0)].source)
            self.console.print(Markdown(answers or "*Nothing is folded away in this cell.*"))
        elif command.kind == "try":
            self.try_lines()
        elif command.kind == "edit":
            return self.edit_cell()
        elif command.kind == "open":
            self.open_figure()
        else:
            self.note(HELP)
        return True

    def _go(self, command) -> bool:
        if command.kind == "go":
            for number in self.missing_before(command.target):
                if number > self.position:
                    self.note(f"cell {number + 1}, jumped over, runs first")
                    if not self.run_cell(number):
                        self.position = number
                        return False
            self.position = command.target
        self.show_cell()
        number = max(self.position, 0)
        if self.cells[number].kind != "code":
            return True
        if command.kind == "go" and number in self.ran:
            self.note("has run; a runs it again")
            return True
        good = self.run_cell(number)
        self._recall_guess(number)
        return good

    def _recall_guess(self, number) -> None:
        """Show a guess once more beside the result: the code up to the next cell of prose."""
        last = [cell.kind for cell in self.cells[number + 1 :][:1]] != ["code"]
        while number and self.cells[number].kind == "code":
            number -= 1
        if last and number in self.guesses:
            self.console.print(f"[bold]your guess was:[/] {plain(self.guesses[number])}")

    def missing_before(self, target: int) -> list[int]:
        """Return the code cells before `target` that have not run: it may build on them."""
        before = range(min(target, len(self.cells)))
        return [i for i in before if self.cells[i].kind == "code" and i not in self.ran]

    def show_cell(self) -> None:
        """Print the cell one is at: code coloured, prose rendered."""
        cell = self.cells[max(self.position, 0)]
        self.console.rule(f"[dim]{self.place}[/]", style="dim")
        if cell.kind == "markdown":
            self.console.print(Markdown(terminal_markdown(cell.source)))
        else:
            self.console.print(Syntax(cell.source, "python", theme="ansi_dark", word_wrap=True))

    def run_cell(self, number: int) -> bool:
        """Run a code cell, its output as it comes, and show what it raised; return if it did not.

        Lines in a traceback are lines of the lesson's file.
        """
        cell = self.cells[number]
        source = "\n" * (cell.line - 1) + cell.source
        good = self._run(lambda: exec(compile(source, str(self.lesson.path), "exec"), self.scope))
        if good:
            self.ran.add(number)
        return good

    def try_lines(self) -> None:
        """Run lines that the reader types in the state of the lesson, until an empty one."""
        self.note("lines of Python, which find all that the lesson has; an empty line ends")
        shell = code.InteractiveConsole(self.scope, "<your lines>")
        shell.write = self.console.file.write  # tracebacks belong where the output goes
        unfinished = []  # whether the lines so far are the beginning of something
        while True:
            try:
                line = self.read_line("... " if any(unfinished) else ">>> ")
            except (KeyboardInterrupt, EOFError, StopIteration):
                self.console.print()
                return
            if not line.strip() and not any(unfinished):
                return
            unfinished.clear()
            self._run(lambda line=line: unfinished.append(shell.push(line)))

    def edit_cell(self) -> bool:
        """Open a copy of the last code cell in the editor, then run it; the lesson stays as it is.

        The copy is kept in the cache, and opened again the next time. Returns False if it failed.
        """
        number = max(self.position, 0)
        while number >= 0 and self.cells[number].kind != "code":
            number -= 1
        if number < 0:
            self.note("no code has been shown yet")
            return True
        name = script_name(self.lesson.path).replace("/", "_")
        copy = cache_folder() / "edited" / f"{name}_cell_{number + 1}.py"
        try:
            if not copy.exists():
                write_atomically(copy, self.cells[number].source + "\n")
            desk.edit(copy)
            source = copy.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            self.note(f"the copy {copy} was not run: {error}")
            return True
        self.note(f"runs cell {number + 1} as it stands in {copy} (delete it to start afresh)")
        return self._run(lambda: exec(compile(source, str(copy), "exec"), self.scope))

    def open_figure(self) -> None:
        """Open the last figure with the program that the system has for pictures."""
        if self.figure is None:
            self.note("no figure has been drawn yet")
            return
        try:
            desk.open_file(self.figure)
        except OSError as error:
            self.note(f"{self.figure} could not be opened: {error}")

    def _run(self, run) -> bool:
        """Call `run`, show what it prints, raises and draws; return whether it came to its end."""
        started, good = time.time(), False
        try:
            with desk.running(self.console):
                run()
        except KeyboardInterrupt:
            self.note("interrupted; a runs it again")
        except SystemExit as error:
            self.note(f"the cell asked to exit ({error.code})")
        except Exception as error:
            own = error.__traceback__  # this frame and the next are of no interest to the reader
            traceback = own.tb_next.tb_next if own and own.tb_next else None
            self.console.print(Traceback.from_exception(type(error), error, traceback))
        else:
            good = True
        self._computed = True
        self._look_for_figures(started)
        return good

    def _look_for_figures(self, started) -> None:
        """Remember the figures that were saved since, and show them where there is a display."""
        folder = Path(os.environ.get("MINITRANSFER_FIGURES", ""))
        drawn = [(path.stat().st_mtime, path) for path in folder.glob("*.png")]
        for _, path in sorted(one for one in drawn if one[0] >= started - 0.05):
            self.figure = path
            if self.read_line is not None and desk.has_display():
                self.open_figure()


@contextlib.contextmanager
def _script_environment(script):
    """What a lesson finds when it runs as a script, put back afterwards: its own folder first on
    the path. Figures are saved, since a window would hold one up; the player opens the files."""
    path, named = list(sys.path), "MINITRANSFER_FIGURES" in os.environ
    if not named:
        os.environ["MINITRANSFER_FIGURES"] = str(cache_folder() / "figures")
    try:
        sys.path.insert(0, str(script.parent))
        yield
    finally:
        sys.path[:] = path
        if not named:
            os.environ.pop("MINITRANSFER_FIGURES", None)
