"""The tables of ``index.md``: which lessons there are, part by part."""

import re

from minitransfer.lessons.shelf import catalogue, lessons_folder

#: The headings of the parts, and the numbers of their lessons.
PARTS = {
    "Why depth (article E)": range(1, 9),
    "Transfer (articles A to D)": range(9, 20),
    "Under the bonnet (nobody's article)": range(40, 50),
}


def index_page(page: str) -> str:
    """Return the page with a row for every lesson there is, and for no other.

    Args:
        page: the text of ``index.md``, with a heading and a table for each part.

    Raises:
        ValueError: if a part has no heading or no table.

    Example:
        >>> table = "| lesson | question |\\n|---|---|\\n"
        >>> page = "".join(f"### {part}\\n\\n{table}" for part in PARTS)
        >>> index_page(page).count("###") == len(PARTS)
        True
    """
    for heading, numbers in PARTS.items():
        rows = "".join(
            f"| [{x.number} · {x.title}]({x.path.name}) | {x.question} |\n"
            for x in catalogue()
            if x.number in numbers
        )
        table = rf"(### {re.escape(heading)}\n+\| lesson \| question \|\n\|---\|---\|\n)(?:\|.*\n)*"
        page, found = re.subn(table, lambda m, rows=rows: m[1] + rows, page)
        if not found:
            raise ValueError(f"index.md has no heading {heading!r} with a table below it")
    return page


def update_index() -> None:
    """Write the rows of ``index.md`` anew; for those who add a lesson.

    Example:
        >>> update_index()  # doctest: +SKIP
    """
    path = lessons_folder() / "index.md"
    path.write_text(index_page(path.read_text(encoding="utf-8")), encoding="utf-8")
