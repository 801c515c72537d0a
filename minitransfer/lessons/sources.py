"""The page of sources, read: the five articles, their claims and a few of our own."""

import re
from functools import cache
from typing import NamedTuple

from minitransfer.lessons.shelf import lessons_folder


class Article(NamedTuple):
    """One of the articles that the lessons retell and test.

    Attributes:
        letter: A to E.
        title: in English.
        author: as far as known.
        year: as a text; "n.d." where none is given.

    Example:
        >>> Article("E", "Why deep learning?", "YJango", "2017").letter
        'E'
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

    Example:
        >>> Statement("E7", "claim", "A network hardly fits a non-function.").kind
        'claim'
    """

    id: str
    kind: str
    sentence: str


def articles() -> dict[str, Article]:
    """Return the five articles by letter, as the page of sources gives them.

    Example:
        >>> articles()["E"].title
        'Why deep learning?'
    """
    found = re.findall(r"^## ([A-E]) · (.+)\n\n(.+), (n\.d\.|\d{4})", _page(), re.MULTILINE)
    return {letter: Article(letter, title, author, year) for letter, title, author, year in found}


def claim_statements() -> dict[str, Statement]:
    """Return every claim and device by id, in the order of the page.

    Example:
        >>> statements = claim_statements()
        >>> list(statements)[0], statements["E2"].kind
        ('A1', 'claim')
    """
    return dict(_statements())


def check_id(id: str) -> None:
    """Refuse an id whose first part (before a slash) is not on the page of sources.

    Raises:
        ValueError: names the ids of that article.

    Example:
        >>> check_id("E5/overfitting")
        >>> check_id("E99")
        Traceback (most recent call last):
        ...
        ValueError: no claim 'E99' on the page of sources; article E has E1, E2, ...
    """
    known = _statements()
    if id.split("/")[0] not in known:
        letter = id[:1].upper()
        near = [name for name in known if name.startswith(letter)] or list(known)
        raise ValueError(
            f"no claim {id!r} on the page of sources; "
            f"article {near[0][0] if letter else 'A'} has {', '.join(near)}"
        )


@cache
def _statements():
    pattern = r"^- \*\*([A-EK]\d+b?)\*\* \((\w+)\) ((?:.+\n?)(?:  .+\n?)*)"
    return {
        id: Statement(id, kind, " ".join(sentence.split()))
        for id, kind, sentence in re.findall(pattern, _page(), re.MULTILINE)
    }


@cache
def _page():
    return (lessons_folder() / "sources.md").read_text(encoding="utf-8")
