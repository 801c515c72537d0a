"""The lessons as scripts: where they lie, the cells they are made of, and how to get a notebook.

A lesson is a percent script: a Python file ``NN_name.py`` in which comments that begin with
``# %%`` start a new cell. Behind it may stand its *evidence*, a second percent script of the same
name in the folder ``evidence``: grids, further claims, further figures. What draws the figures of
both are plain functions in ``evidence/figures_NN.py``, and ``evidence/exercises_NN.py`` holds what
the reader is asked to do.
"""

import ast
import builtins
import re
import sys
import types
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
        evidence: the percent script behind it; None if there is none.
        minutes: how long it takes; None where its head does not say.
        needs: what one needs to know before, in a few words; "" where its head does not say.
        gains: what one is able to do afterwards.
    """

    number: int
    title: str
    question: str
    path: Path
    evidence: Path | None = None
    minutes: int | None = None
    needs: str = ""
    gains: str = ""

    @property
    def scripts(self) -> list[Path]:
        """The lesson, and its evidence where it has one."""
        return [self.path] if self.evidence is None else [self.path, self.evidence]


#: The folder, within that of the lessons, of what stands behind them.
EVIDENCE = "evidence"


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


def script_name(path: Path) -> str:
    """Return how the ledger and the player call a script.

    Example:
        >>> script_name(Path("lessons/11_few.py")), script_name(Path("lessons/evidence/11_few.py"))
        ('11_few', 'evidence/11_few')
    """
    return f"{EVIDENCE}/{path.stem}" if path.parent.name == EVIDENCE else path.stem


def catalogue() -> list[Lesson]:
    """List the lessons in reading order.

    Example:
        >>> [lesson.number for lesson in catalogue()] == sorted(x.number for x in catalogue())
        True
    """
    return [read_lesson(path) for path in sorted(lessons_folder().glob("[0-9][0-9]_*.py"))]


def a_lesson_is_running() -> bool:
    """Whether the program that runs is a lesson or its evidence, started as a script.

    Example:
        >>> a_lesson_is_running()
        False
    """
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    folders = (lessons_folder(), lessons_folder() / EVIDENCE)
    return file is not None and Path(file).resolve().parent in folders


def read_lesson(path: Path) -> Lesson:
    """Read number, title and question of the lesson at `path`.

    Its first Markdown cell opens with a heading and then holds the question it answers: a quoted
    paragraph (``> …``), or else the first sentence that asks. Three bullets say the rest of the
    head: ``- **Time:** 12 minutes``, ``- **You need:** …``, ``- **You will be able to:** …``.

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
    bullets = re.findall(r"^- \*\*(.+?):\*\* *(.+(?:\n  .+)*)", prose, re.MULTILINE)
    head = {name: " ".join(text.split()).rstrip(".") for name, text in bullets}
    time = re.match(r"\d+", head.get("Time", ""))
    evidence = path.parent / EVIDENCE / path.name
    return Lesson(
        int(path.name[:2]),
        heading[1].strip(),
        words,
        path,
        evidence if evidence.is_file() else None,
        int(time[0]) if time else None,
        head.get("You need", ""),
        head.get("You will be able to", ""),
    )


def find_lesson(number: int, evidence: bool = False) -> Lesson:
    """Return the lesson with this number.

    Args:
        number: of the lesson.
        evidence: whether to return what stands behind it: the same lesson, whose `path` is that
            of its evidence.

    Raises:
        ValueError: if there is none; names the ones there are.

    Example:
        >>> find_lesson(99)
        Traceback (most recent call last):
        ...
        ValueError: there is no lesson 99, the last is ...
    """
    lessons = {lesson.number: lesson for lesson in catalogue()}
    if number not in lessons:
        there = _ranges(lessons) or "none yet"
        last = f", the last is {max(lessons)}" if lessons and number > max(lessons) else ""
        raise ValueError(f"there is no lesson {number}{last}; there are {there}")
    lesson = lessons[number]
    if not evidence:
        return lesson
    if lesson.evidence is None:
        having = _ranges(n for n, one in lessons.items() if one.evidence) or "none yet"
        raise ValueError(
            f"lesson {number} has no evidence behind it, all of it stands in the lesson "
            f"(minitransfer learn {number}); lessons with evidence: {having}"
        )
    return lesson._replace(path=lesson.evidence)


def _ranges(numbers) -> str:
    """Numbers in rising order, neighbours drawn together.

    >>> _ranges([1, 2, 3, 5, 40, 41])
    '1 to 3, 5, 40 and 41'
    """
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = []
    for run in runs:
        parts += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run)
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def figures(number: int) -> types.ModuleType:
    """Return the functions that draw the figures of a lesson and of its evidence.

    They stand in ``evidence/figures_NN.py``: plain functions from data to a figure. The file is
    read anew by each call, so that a change in it shows at once.

    Args:
        number: of the lesson.

    Raises:
        ValueError: if this lesson has no such file.

    Example:
        >>> figures(99)
        Traceback (most recent call last):
        ...
        ValueError: lesson 99 has no figures of its own; they would be in ...
    """
    return companion("figures", number)


#: What may stand beside the evidence of a lesson, and how to say that it does not.
COMPANIONS = {"figures": "figures of its own", "exercises": "exercises"}


def companion(kind: str, number: int) -> types.ModuleType:
    """Run ``evidence/KIND_NN.py``, what a lesson's scripts use of their own, and return it.

    Args:
        kind: one of `COMPANIONS`.
        number: of the lesson.

    Raises:
        ValueError: if this lesson has no such file.

    Example:
        >>> companion("figures", 11).__name__
        'figures_11'
    """
    path = lessons_folder() / EVIDENCE / f"{kind}_{number:02}.py"
    if not path.is_file():
        raise ValueError(f"lesson {number} has no {COMPANIONS[kind]}; they would be in {path}")
    module = types.ModuleType(path.stem)
    module.__file__ = str(path)
    # Not by import: that would leave compiled files beside the lessons.
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
    return module


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
        about = f"{lesson.minutes} minutes; you need {lesson.needs}" if lesson.minutes else ""
        about += "; has evidence" if lesson.evidence else ""
        question = f"{plain(lesson.question)}\n[dim]{plain(about)}[/]".removesuffix("\n[dim][/]")
        table.add_row(str(lesson.number), plain(lesson.title), question)
    console.print(table)
    for line in (
        "minitransfer learn 3 steps through lesson 3, a cell per key press.",
        "minitransfer learn 11 --evidence steps through what stands behind lesson 11.",
        "minitransfer learn --words explains the words of the trade.",
        "minitransfer learn --sources shows the articles that the lessons retell.",
    ):
        console.print(f"[dim]{line}[/]", highlight=False)


def write_notebook(number: int, folder=".", evidence: bool = False) -> Path:
    """Write lesson `number` as a Jupyter notebook, without outputs, and return its path.

    Links to the pages and scripts of the lessons, which are not beside the notebook, become the
    commands that show them.

    Args:
        number: of the lesson.
        folder: where to; made if need be.
        evidence: whether to write what stands behind the lesson, as ``NN_name_evidence.ipynb``.

    Raises:
        ValueError: if there is no such lesson, or no evidence behind it.
        ImportError: if jupytext is not installed.

    Example:
        >>> write_notebook(99)
        Traceback (most recent call last):
        ...
        ValueError: there is no lesson 99, the last is ...
    """
    lesson = find_lesson(number, evidence)
    notebook = notebook_of(lesson.path)
    name = f"{lesson.path.stem}_{EVIDENCE}" if evidence else lesson.path.stem
    path = Path(folder) / f"{name}.ipynb"
    return write_atomically(path, _jupytext().writes(notebook, fmt="ipynb"))


def notebook_of(script: Path):
    """Return a percent script as a notebook without outputs, for `jupytext.writes`.

    Links become commands, as `with_commands` says. The code of cells that only show is folded.

    Raises:
        ImportError: if jupytext is not installed.

    Example:
        >>> notebook_of(find_lesson(3).path).cells[0].cell_type
        'markdown'
    """
    notebook = _jupytext().read(script, fmt="py:percent")
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    for at, cell in enumerate(notebook.cells):
        cell.id = f"cell-{at + 1}"
        if cell.cell_type == "markdown":
            cell.source = with_commands(cell.source)
        elif only_shows(cell.source):
            cell.metadata = {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
    return notebook


#: What a cell may call and still only show: what draws, and what reads stored tables.
_SHOWING = {"draw", "plots", "experiments", "figures", "np"}


def only_shows(code: str) -> bool:
    """Whether a cell shows in a figure what is there already: its code may be folded away.

    Such a cell reads stored tables, picks what earlier cells have left, and draws. It calls
    nothing else (in an `assert` it may, to see that stored numbers are true), defines no
    function, and prints nothing: all that a reader wants of it is the figure.

    Example:
        >>> only_shows('table = experiments.read("x")\\nplots.show(draw.stuck(table), "03_stuck")')
        True
        >>> only_shows('train(net)\\nplots.show(draw.stuck(x), "03_stuck")')
        False
    """
    tree = ast.parse(code)
    checks = {id(n) for a in ast.walk(tree) if isinstance(a, ast.Assert) for n in ast.walk(a)}
    nodes = [node for node in ast.walk(tree) if id(node) not in checks]
    names = (node for node in nodes if isinstance(node, ast.Name))
    assigned = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    known = _SHOWING | assigned | (set(dir(builtins)) - {"print"})
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    return (
        any(ast.unparse(one) == "plots.show" for one in called)
        and not any(isinstance(node, ast.FunctionDef | ast.Lambda) for node in nodes)
        and {_whose(one) for one in called} <= known
    )


def _whose(call: ast.expr) -> str:
    """The name at the root of what is called: ``table`` of ``table.where(n=3).values``."""
    while isinstance(call, ast.Attribute | ast.Subscript | ast.Call):
        call = call.func if isinstance(call, ast.Call) else call.value
    return call.id if isinstance(call, ast.Name) else "str"  # of a literal: "…".join


def _jupytext():
    try:
        import jupytext
    except ImportError:
        raise ImportError(
            'a notebook is written by jupytext: pip install "minitransfer[site]"'
        ) from None
    return jupytext


_LINK = re.compile(
    r"\[([^\[\]]+)\]\((?!\w+:)((?:[\w./-]+/)?([\w-]+)\.(?:md|py))\)(\s*\(`[^`]+`\))?"
)


def with_commands(text: str) -> str:
    """Replace links to what lies beside the lessons by the commands that show it.

    Where the command follows the link already, the link goes and the command stays.

    Example:
        >>> with_commands("see [lesson 16](16_frozen.py), [sources](sources.md)")
        'see lesson 16 (`minitransfer learn 16`), sources (`minitransfer learn --sources`)'
        >>> with_commands("[The evidence](evidence/02_a.py) (`minitransfer learn 2 --evidence`)")
        'The evidence (`minitransfer learn 2 --evidence`)'
    """

    def told(link):
        shown, target, name, command = link.groups()
        pages = {"sources": "--sources", "glossary": "--words", "index": ""}
        if name[:2].isdecimal():
            what = f"{int(name[:2])}" + (" --evidence" if f"{EVIDENCE}/" in target else "")
        elif name in pages:
            what = pages[name]
        else:
            return f"{shown} (`{lessons_folder() / target}`)"
        return shown + (command or f" (`{f'minitransfer learn {what}'.strip()}`)")

    return _LINK.sub(told, text)
