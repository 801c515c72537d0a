"""The lessons as scripts: where they lie, the cells they are made of, and how to get a notebook.

A lesson is a percent script: a Python file ``NN_name.py`` in which comments that begin with
``# %%`` start a new cell.
"""

import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from minitransfer.files import write_atomically
from minitransfer.terminal import plain


class Cell(NamedTuple):
    """One cell of a lesson.

    Attributes:
        kind: "markdown" or "code".
        source: the text, without comment signs if it is Markdown.
        line: number of its first line in the file, from 1.
    """

    kind: str
    source: str
    line: int


def split_cells(script: str) -> list[Cell]:
    """Divide a percent script into its cells; empty ones are left out.

    What stands before the first ``# %%`` is a code cell, unless it is nothing but comments.

    Example:
        >>> split_cells("# %% [markdown]\\n# # Title\\n#\\n# Text.\\n\\n# %%\\nprint(1)\\n")
        [Cell(kind='markdown', source='# Title\\n\\nText.', line=2),
         Cell(kind='code', source='print(1)', line=7)]
    """
    cells, marker, first, lines = [], "", 1, []
    for number, line in enumerate([*script.splitlines(), "# %%"], 1):
        if not line.startswith("# %%"):
            lines.append(line)
            continue
        kind = "markdown" if "[markdown]" in marker else "code"
        if kind == "markdown":
            lines = [re.sub("^# ?", "", text) for text in lines]
        while lines and not lines[0].strip():
            first, lines = first + 1, lines[1:]
        only_comments = all(text[:1] in ("#", "") for text in lines)
        if lines and not (marker == "" and only_comments):
            cells.append(Cell(kind, "\n".join(lines).rstrip(), first))
        marker, first, lines = line, number + 1, []
    return cells


class Lesson(NamedTuple):
    """One lesson.

    Attributes:
        number: its place in the reading order.
        title: its heading.
        question: the question it answers.
        path: the percent script.
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

    Example:
        >>> [lesson.number for lesson in catalogue()] == sorted(x.number for x in catalogue())
        True
    """
    return [read_lesson(path) for path in sorted(lessons_folder().glob("[0-9][0-9]_*.py"))]


def a_lesson_is_running() -> bool:
    """Whether the program that runs is a lesson, started as a script.

    Example:
        >>> a_lesson_is_running()
        False
    """
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return file is not None and Path(file).resolve().parent == lessons_folder()


def read_lesson(path: Path) -> Lesson:
    """Read number, title and question of the lesson at `path`.

    Its first Markdown cell opens with a heading and then holds the question it answers: a quoted
    paragraph (``> …``), or else the first sentence that asks.

    Raises:
        ValueError: if the file has no heading, or asks no question after it.

    Example:
        >>> read_lesson(lessons_folder() / "03_hidden_layer.py")[:2]
        (3, 'A hidden layer')
    """
    cells = split_cells(path.read_text(encoding="utf-8"))
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
    words = " ".join(re.sub(r"^>", "", question[0], flags=re.MULTILINE).split()).strip("*_")
    return Lesson(int(path.name[:2]), heading[1].strip(), words, path)


def find_lesson(number: int) -> Lesson:
    """Return the lesson with this number.

    Raises:
        ValueError: if there is none; names the ones there are.

    Example:
        >>> find_lesson(99)
        Traceback (most recent call last):
        ...
        ValueError: there is no lesson 99; there are ...
    """
    lessons = {lesson.number: lesson for lesson in catalogue()}
    if number not in lessons:
        there = ", ".join(map(str, lessons)) or "none yet"
        raise ValueError(f"there is no lesson {number}; there are {there}")
    return lessons[number]


def print_catalogue(console: Console | None = None) -> None:
    """Print the lessons, each with the question it answers, to the terminal if `console` is None.

    Example:
        >>> print_catalogue(Console(quiet=True))
    """
    console = console or Console()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("", justify="right")
    table.add_column("lesson", style="bold", overflow="fold")
    table.add_column("the question it answers", overflow="fold")
    for lesson in catalogue():
        table.add_row(str(lesson.number), plain(lesson.title), plain(lesson.question))
    console.print(table)
    console.print("\n[dim]minitransfer learn 3 steps through lesson 3, a cell per key press.[/]")
    console.print("[dim]minitransfer learn --words explains the words of the trade.[/]")


def write_notebook(number: int, folder=".") -> Path:
    """Write lesson `number` as a Jupyter notebook, without outputs, and return its path.

    Args:
        number: of the lesson.
        folder: where to; made if need be.

    Raises:
        ValueError: if there is no such lesson.
        ImportError: if jupytext is not installed.

    Example:
        >>> write_notebook(99)
        Traceback (most recent call last):
        ...
        ValueError: there is no lesson 99; there are ...
    """
    lesson = find_lesson(number)
    try:
        import jupytext
    except ImportError:
        raise ImportError(
            'a notebook is written by jupytext: pip install "minitransfer[site]"'
        ) from None
    notebook = jupytext.read(lesson.path, fmt="py:percent")
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    path = Path(folder) / f"{lesson.path.stem}.ipynb"
    return write_atomically(path, jupytext.writes(notebook, fmt="ipynb"))
