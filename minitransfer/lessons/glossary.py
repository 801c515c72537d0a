"""The page ``glossary.md``, read: the words of the trade, a sentence each, and their lessons."""

import re
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from minitransfer.lessons.shelf import lessons_folder


class Term(NamedTuple):
    """One row of the glossary.

    Attributes:
        names: how it is called; several names for one thing stand in one row.
        sentence: what it means.
        lessons: file names of the lessons that explain it or show it best.

    Example:
        >>> Term(("head",), "The last layer.", ("09_the_recipe.py",)).names
        ('head',)
    """

    names: tuple[str, ...]
    sentence: str
    lessons: tuple[str, ...]


def glossary_terms() -> list[Term]:
    """Return the rows of the page, in its order. What stands in brackets is part of no name.

    Example:
        >>> {name: term.sentence for term in glossary_terms() for name in term.names}["label"]
        'The right answer that comes with an example.'
    """
    page = (lessons_folder() / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (\[.+?) \|$", page, re.MULTILINE)
    return [
        Term(
            tuple(re.sub(r" *\([^)]*\)", "", term).split(", ")),
            sentence,
            tuple(re.findall(r"\]\(([^)]+)\)", links)),
        )
        for term, sentence, links in rows
    ]


def print_glossary(console: Console | None = None) -> None:
    """Print the words, each with its sentence and the numbers of its lessons.

    Args:
        console: where to print; the terminal if None.

    Example:
        >>> print_glossary(Console(quiet=True))
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("word", style="bold", max_width=24)
    table.add_column("in one sentence")
    table.add_column("lesson", justify="right")
    for term in glossary_terms():
        numbers = ", ".join(str(int(name[:2])) for name in term.lessons)
        table.add_row(escape(", ".join(term.names)), escape(term.sentence), numbers)
    (console or Console()).print(table)
