"""The lessons there are, and where they lie."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from minitransfer.lessons.cells import split


class Lesson(NamedTuple):
    """One lesson.

    Attributes:
        number: its place in the reading order.
        title: its heading.
        question: the question it answers.
        path: the percent script.

    Example:
        >>> from pathlib import Path
        >>> Lesson(2, "Two bits", "Can a line do it?", Path("02_two_bits.py")).path.stem
        '02_two_bits'
    """

    number: int
    title: str
    question: str
    path: Path


@cache
def lessons_folder() -> Path:
    """Return the folder of the lessons: beside the package in a checkout, within it in a wheel.

    Raises:
        FileNotFoundError: if neither is there.

    Example:
        >>> (lessons_folder() / "sources.md").exists()
        True
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_lessons", package.parent / "lessons"):
        if (folder / "sources.md").is_file():
            return folder
    raise FileNotFoundError(
        f"no lessons beside {package} or in {package / '_lessons'}; "
        "they come with a wheel and with a checkout: install minitransfer again"
    )


def catalogue() -> list[Lesson]:
    """List the lessons in reading order.

    A lesson is a file ``NN_name.py`` whose first Markdown cell opens with a heading and then holds
    the question it answers: a quoted paragraph (``> …``), or else the first sentence that asks.

    Example:
        >>> [lesson.number for lesson in catalogue()] == sorted(x.number for x in catalogue())
        True
    """
    paths = sorted(lessons_folder().glob("[0-9][0-9]_*.py"))
    return [describe(path) for path in paths]


def print_catalogue(console: Console | None = None) -> None:
    """Print the lessons, each with the question it answers.

    Args:
        console: where to print; the terminal if None.

    Example:
        >>> print_catalogue(Console(quiet=True))
    """
    console = console or Console()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("", justify="right")
    table.add_column("lesson", style="bold")
    table.add_column("the question it answers")
    for lesson in catalogue():
        table.add_row(str(lesson.number), escape(lesson.title), escape(lesson.question))
    console.print(table)
    console.print("\n[dim]minitransfer learn 3 steps through lesson 3, a cell per key press.[/]")
    console.print("[dim]minitransfer learn --words explains the words of the trade.[/]")


def describe(path: Path) -> Lesson:
    """Read number, title and question of the lesson at `path`.

    Raises:
        ValueError: if the file has no heading, or asks no question after it.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "07_depth.py"
        >>> text = "# %% [markdown]\\n# # 7. Depth that hurts\\n#\\n# > Why does it?\\n"
        >>> _ = path.write_text(text)
        >>> describe(path)[:3]
        (7, 'Depth that hurts', 'Why does it?')
    """
    cells = split(path.read_text(encoding="utf-8"))
    first = cells[0].source if cells else ""
    heading = re.match(r"# +(?:(?:Lesson +)?\d+ *[.:·]? +)?(.+)", first)
    if heading is None:
        raise ValueError(
            f'{path.name} has no heading; its first cell is Markdown and begins "# N. Title"'
        )
    prose = first[heading.end() :]
    question = re.search(r"^>.+(?:\n>.*)*", prose, re.MULTILINE)
    question = question or re.search(r"[A-Z“\"][^.?!:]*\?", prose)
    if question is None:
        raise ValueError(
            f'{path.name}: the first cell asks no question; quote it in lines that begin with ">"'
        )
    plain = " ".join(re.sub(r"^>", "", question[0], flags=re.MULTILINE).split()).strip("*_")
    return Lesson(int(path.name[:2]), heading[1].strip(), plain, path)


def find(number: int) -> Lesson:
    """Return the lesson with this number.

    Raises:
        ValueError: if there is none; names the ones there are.

    Example:
        >>> find(99)
        Traceback (most recent call last):
        ...
        ValueError: there is no lesson 99; there are ...
    """
    lessons = {lesson.number: lesson for lesson in catalogue()}
    if number not in lessons:
        there = ", ".join(map(str, lessons)) or "none yet"
        raise ValueError(f"there is no lesson {number}; there are {there}")
    return lessons[number]
