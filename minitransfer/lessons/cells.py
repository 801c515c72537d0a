"""A percent script is a Python file; comments that begin with ``# %%`` divide it into cells."""

import re
from typing import NamedTuple


class Cell(NamedTuple):
    """One cell of a lesson.

    Attributes:
        kind: "markdown" or "code".
        source: the text, without comment signs if it is Markdown.
        line: number of its first line in the file, from 1.

    Example:
        >>> Cell("code", "print(1)", 3).kind
        'code'
    """

    kind: str
    source: str
    line: int


def split(script: str) -> list[Cell]:
    """Divide a percent script into its cells; empty ones are left out.

    What stands before the first ``# %%`` is a code cell, unless it is nothing but comments.

    Example:
        >>> split("# %% [markdown]\\n# # Title\\n#\\n# Text.\\n\\n# %%\\nprint(1)\\n")
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
