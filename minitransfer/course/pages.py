"""The pages beside the lessons, read: ``sources.md``, ``glossary.md`` and ``index.md``."""

import re
from functools import cache
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from minitransfer.course import scripts
from minitransfer.course.terminal_markdown import terminal_markdown
from minitransfer.files import write_atomically
from minitransfer.terminal import plain

#: The parts of the index, by their headings, and the numbers of their lessons.
PARTS = {
    "Why depth (article E)": range(1, 9),
    "Transfer (articles A to D)": range(9, 40),
    "Under the bonnet (nobody's article)": range(40, 50),
}


class Article(NamedTuple):
    """One of the articles that the lessons retell and test.

    Attributes:
        letter: A to E.
        title: in English.
        author: as far as known.
        year: as a text; "n.d." where none is given.
    """

    letter: str
    title: str
    author: str
    year: str


class Statement(NamedTuple):
    """One claim or device of an article, or (K1, K2, …) a claim of our own.

    Attributes:
        id: for instance "E4b".
        kind: "claim", "recipe", "story", …; what has no experiment is a device.
        sentence: what it says, in our words.
    """

    id: str
    kind: str
    sentence: str


class Term(NamedTuple):
    """One row of the glossary.

    Attributes:
        names: how it is called; several names for one thing stand in one row.
        sentence: what it means.
        lessons: file names of the lessons that explain it or show it best.
    """

    names: tuple[str, ...]
    sentence: str
    lessons: tuple[str, ...]


@cache
def _page(name):
    return (scripts.lessons_folder() / name).read_text(encoding="utf-8")


@cache
def articles() -> dict[str, Article]:
    """Return the five articles by letter, as the page of sources gives them.

    Example:
        >>> articles()["E"].title
        'Why deep learning?'
    """
    pattern = r"^## ([A-E]) · (.+)\n\n(.+), (n\.d\.|\d{4})"
    return {row[0]: Article(*row) for row in re.findall(pattern, _page("sources.md"), re.MULTILINE)}


@cache
def claim_statements() -> dict[str, Statement]:
    """Return every claim and device by id, in the order of the page of sources.

    Example:
        >>> statements = claim_statements()
        >>> list(statements)[0], statements["E2"].kind
        ('A1', 'claim')
    """
    pattern = r"^- \*\*([A-EK]\d+b?)\*\* \((\w+)\) ((?:.+\n?)(?:  .+\n?)*)"
    return {
        id: Statement(id, kind, " ".join(sentence.split()))
        for id, kind, sentence in re.findall(pattern, _page("sources.md"), re.MULTILINE)
    }


def check_claim_id(id: str) -> None:
    """Refuse an id whose first part (before a slash) is not on the page of sources.

    Raises:
        ValueError: names the ids of that article.

    Example:
        >>> check_claim_id("E5/overfitting")
        >>> check_claim_id("E99")
        Traceback (most recent call last):
        ...
        ValueError: no claim 'E99' on the page of sources; article E has E1, E2, ...
    """
    known = claim_statements()
    if id.split("/")[0] not in known:
        near = [name for name in known if name.startswith(id[:1].upper())] or list(known)
        raise ValueError(
            f"no claim {id!r} on the page of sources; article {near[0][0]} has {', '.join(near)}"
        )


def glossary_terms() -> list[Term]:
    """Return the rows of the glossary, in its order. What stands in brackets is part of no name.

    Example:
        >>> {name: term.sentence for term in glossary_terms() for name in term.names}["label"]
        'The right answer that comes with an example.'
    """
    pattern = r"^\| (.+?) \| (.+?) \| (\[.+?) \|$"
    return [
        Term(
            tuple(re.sub(r" *\([^)]*\)", "", names).split(", ")),
            sentence,
            tuple(re.findall(r"\]\(([^)]+)\)", links)),
        )
        for names, sentence, links in re.findall(pattern, _page("glossary.md"), re.MULTILINE)
    ]


def print_glossary(console: Console | None = None) -> None:
    """Print the words, each with its sentence and its lessons; to the terminal if None is given.

    Example:
        >>> print_glossary(Console(quiet=True))
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    # Folded, a word that is longer than a narrow column stays whole.
    table.add_column("word", style="bold", max_width=24, overflow="fold")
    table.add_column("in one sentence", overflow="fold")
    table.add_column("lesson", justify="right")
    for term in glossary_terms():
        numbers = ", ".join(str(int(name[:2])) for name in term.lessons)
        table.add_row(plain(", ".join(term.names)), plain(term.sentence), numbers)
    (console or Console()).print(table)


def print_sources(console: Console | None = None) -> None:
    """Print the page of sources: the articles and all they say; to the terminal if None is given.

    Example:
        >>> print_sources(Console(quiet=True))
    """
    (console or Console()).print(Markdown(terminal_markdown(_page("sources.md"))))


_HEAD = "| lesson | question | you need | minutes |\n|---|---|---|---|\n"


def _row(lesson):
    name = f"[{lesson.number} · {lesson.title}]({lesson.path.name})"
    if lesson.evidence:
        name += f" ([evidence]({scripts.EVIDENCE}/{lesson.evidence.name}))"
    return f"| {name} | {lesson.question} | {lesson.needs} | {lesson.minutes or ''} |\n"


def index_page(page: str) -> str:
    """Return the text of ``index.md`` with a row for every lesson there is, and for no other.

    Raises:
        ValueError: if a part has no heading, or no table below it.

    Example:
        >>> table = "| lesson | question | you need | minutes |\\n|---|---|---|---|\\n"
        >>> page = "".join(f"### {part}\\n\\n{table}" for part in PARTS)
        >>> "(03_hidden_layer.py)" in index_page(page)
        True
    """
    for heading, numbers in PARTS.items():
        rows = "".join(_row(x) for x in scripts.catalogue() if x.number in numbers)
        table = rf"(### {re.escape(heading)}\n+{re.escape(_HEAD)})(?:\|.*\n)*"
        page, found = re.subn(table, lambda m, rows=rows: m[1] + rows, page)
        if not found:
            raise ValueError(f"index.md has no heading {heading!r} with a table below it")
    return page


def update_index() -> None:
    """Write the rows of ``index.md`` anew; for those who add a lesson."""
    path = scripts.lessons_folder() / "index.md"
    write_atomically(path, index_page(path.read_text(encoding="utf-8")))
