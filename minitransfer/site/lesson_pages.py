"""From a percent script to the page of a lesson, and to what can be downloaded there."""

import base64
import html
import json
import re
from pathlib import Path

from minitransfer.course.pages import PARTS
from minitransfer.course.predictions import PREDICT, Prediction, predictions
from minitransfer.course.scripts import EVIDENCE, Lesson, notebook_of, only_shows, script_name

#: What the notebooks of the site say of their language.
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


def pages(lessons: list[Lesson], evidence: bool) -> dict[str, str]:
    """Return file name → notebook for the lessons and, if asked for, their evidence.

    Example:
        >>> from minitransfer.course.scripts import find_lesson
        >>> sorted(pages([find_lesson(3)], evidence=True))
        ['03_hidden_layer.ipynb', 'evidence/03_hidden_layer.ipynb']
    """
    import nbformat

    known, found = _targets(lessons, evidence), {}
    for lesson in lessons:
        for script in _shown(lesson, evidence):
            page = _page(lesson, script, known)
            found[f"{script_name(script)}.ipynb"] = nbformat.writes(page) + "\n"
    return found


def names(lessons: list[Lesson], evidence: bool) -> list[str]:
    """Return the file names of `pages`, without making any.

    Example:
        >>> from minitransfer.course.scripts import find_lesson
        >>> names([find_lesson(3)], evidence=False)
        ['03_hidden_layer.ipynb']
    """
    scripts = (script for lesson in lessons for script in _shown(lesson, evidence))
    return [f"{script_name(script)}.ipynb" for script in scripts]


def _shown(lesson, evidence):
    return lesson.scripts if evidence else [lesson.path]


def part_of(lesson: Lesson) -> str:
    """Return the heading of the part that a lesson belongs to, without what stands in brackets.

    Example:
        >>> from minitransfer.course.scripts import find_lesson
        >>> part_of(find_lesson(11))
        'Transfer'
    """
    part = next(part for part, numbers in PARTS.items() if lesson.number in numbers)
    return re.sub(r" *\(.*\)", "", part)


#: The pages beside the lessons that are taken as they stand.
PAGES = ("sources.md", "own_data.md", "pytorch.md", "debugging.md", "promises.md")


def _targets(lessons, evidence) -> set[str]:
    """What a link within the lessons may lead to, as seen from their folder."""
    found = {"index.md", "glossary.md", *PAGES}
    for lesson in lessons:
        found.add(lesson.path.name)
        if evidence and lesson.evidence:
            found.add(f"{EVIDENCE}/{lesson.path.name}")
    return found


def _page(lesson: Lesson, script: Path, known: set[str]):
    """The notebook from which the page is made."""
    import jupytext

    behind = script != lesson.path
    notebook = jupytext.read(script, fmt="py:percent")
    notebook.metadata = dict(METADATA)
    if behind:
        notebook.metadata["orphan"] = True
    asked = iter([] if behind else predictions()[lesson.path.stem])
    for at, cell in enumerate(notebook.cells):
        cell.metadata = {}
        cell.id = f"cell-{at + 1}"
        if cell.cell_type != "markdown":
            if only_shows(cell.source) or re.search(r"^claim\(", cell.source, re.MULTILINE):
                cell.metadata = {"tags": ["hide-input"]}
            continue
        text = with_pages(cell.source, known, EVIDENCE if behind else "")
        if PREDICT in text and not behind:
            text = _with_choices(text, next(asked))
        if at == 0:
            text = _with_bar(text, lesson, script)
        else:
            text = f'<div class="cell-mark" id="cell-{at + 1}"></div>\n\n{text}'
        cell.source = text
    return notebook


_LINK = re.compile(r"\[([^\[\]]+)\]\((?!\w+:|#)((?:[\w./-]+/)?[\w-]+\.(?:md|py))\)")


def with_pages(text: str, known: set[str], folder: str = "") -> str:
    """Have links between scripts lead to their pages; a page that is not built leaves its name.

    Args:
        text: Markdown of a lesson.
        known: what there are pages of, as seen from the folder of the lessons.
        folder: that the text stands in, seen from there.

    Example:
        >>> with_pages("[one](01_memory.py), [two](02_b.py)", {"01_memory.py"})
        '[one](01_memory.ipynb), two'
        >>> with_pages("[one](../01_memory.py)", {"01_memory.py"}, "evidence")
        '[one](../01_memory.ipynb)'
    """

    def told(link):
        shown, target = link.groups()
        parts = [folder] if folder else []
        for part in target.split("/"):
            parts = parts[:-1] if part == ".." else [*parts, part]
        return (
            f"[{shown}]({target.replace('.py', '.ipynb')})" if "/".join(parts) in known else shown
        )

    return _LINK.sub(told, text)


def _with_choices(text: str, asked: Prediction) -> str:
    """The question, and behind its paragraph something to answer it with."""
    before, _, after = text.partition(PREDICT)
    question, gap, rest = after.partition("\n\n")
    return f"{before}{PREDICT}{question}\n\n{_form(asked)}{gap}{rest}"


def _form(asked: Prediction) -> str:
    told = {"right": asked.right, "measured": asked.measured}
    data = html.escape(json.dumps(told, ensure_ascii=False))
    buttons = "".join(
        f'<li><button type="button">{html.escape(one)}</button></li>' for one in asked.choices
    )
    return (
        f'<form class="predict" data-answer="{data}"><fieldset><legend>'
        f"{html.escape(asked.question)}</legend><ul>{buttons}</ul></fieldset>"
        '<p class="reply" role="status"></p></form>\n'
    )


def _with_bar(text: str, lesson: Lesson, script: Path) -> str:
    """Below the heading: part, ways to read it, and what can be taken away."""
    import jupytext

    heading, _, rest = text.partition("\n")
    behind = script != lesson.path
    name = f"{script.stem}_{EVIDENCE}" if behind else script.stem
    notebook = jupytext.writes(notebook_of(script), fmt="ipynb")
    where = (
        f'evidence behind <a href="../{script.stem}.html">lesson {lesson.number}</a>'
        if behind
        else html.escape(part_of(lesson))
        + (f" · {lesson.minutes} minutes" if lesson.minutes else "")
    )
    bar = (
        f'<div class="lesson-bar"><span>{where}</span><span class="ways">'
        '<button type="button" class="start-steps">▶ Step through</button> '
        f"{_taken_away('Script', f'{name}.py', script.read_text(encoding='utf-8'))} "
        f"{_taken_away('Notebook', f'{name}.ipynb', notebook)}</span></div>\n"
    )
    return f"{heading}\n\n{bar}\n{rest.lstrip(chr(10))}"


def _taken_away(shown: str, name: str, text: str) -> str:
    """A link that holds the file itself: a page opened from a folder may not save another file."""
    data = base64.b64encode(text.encode()).decode()
    return f'<a href="data:application/octet-stream;base64,{data}" download="{name}">{shown}</a>'
