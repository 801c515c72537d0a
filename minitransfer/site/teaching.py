"""The page for teachers: what each lesson is for, what to ask on the way, and what may be said."""

import ast
import re
import tomllib

from minitransfer.course.exercises import exercises
from minitransfer.course.predictions import PREDICT, predictions
from minitransfer.course.scripts import EVIDENCE, Lesson, lessons_folder, split_cells

INTRODUCTION = """# For teachers

Every lesson takes ten to fifteen minutes to read and can be given in half an hour. On its page,
**Step through** shows one cell at a time in the size of a projector: → goes on, ← goes back,
Page Down and Page Up (the keys of a clicker) read a long cell to its end first, P changes the size,
Z shows the figure alone, F fills the screen, Esc ends. The address keeps the place, so that a
lesson goes on where it stopped. In a room without network the whole site runs from a folder.

Let the class write its guess down before the cell that answers it runs. Who has guessed, looks.
"""


def teachers_page(parts: dict[str, list[Lesson]]) -> str:
    """Return the page: part by part its common misunderstandings, lesson by lesson the rest.

    Args:
        parts: heading → its lessons.
    """
    page = (lessons_folder() / "misunderstandings.toml").read_text(encoding="utf-8")
    wrong = tomllib.loads(page)
    told = [INTRODUCTION]
    for part, lessons in parts.items():
        minutes = sum(lesson.minutes or 0 for lesson in lessons)
        count = f"{len(lessons)} lessons" if len(lessons) > 1 else "One lesson"
        told.append(f"## {part}\n\n{count}, {minutes} minutes of reading.\n")
        rows = "\n".join(f"- *“{row['said']}”* {row['answer']}" for row in wrong.get(part, []))
        if rows:
            told.append(f"**Common misunderstandings**\n\n{rows}\n")
        told += [_lesson(lesson) for lesson in lessons]
    return "\n".join(told)


def _lesson(lesson: Lesson) -> str:
    cells = [c for c in split_cells(lesson.path.read_text("utf-8")) if c.kind == "markdown"]
    asks = [question_of(cell.source) for cell in cells if PREDICT in cell.source]
    choices = predictions()[lesson.path.stem]
    lines = [
        f"### {lesson.number} · {lesson.title}",
        "",
        f"[To the lesson]({lesson.path.stem}.ipynb) · {lesson.minutes} minutes. {lesson.question}",
        "",
        f"**Aim:** to {lesson.gains}.",
        "",
        "**To ask before the cell runs:**",
        "",
    ]
    for ask, given in zip(asks, choices, strict=True):
        right = given.choices[given.right]
        lines.append(f"- {ask}  \n  *{given.question}* Measured: {right} ({given.measured}).")
    lines += ["", *_folded("Exercises and their solutions", _solutions(lesson))]
    return "\n".join(lines) + "\n"


def question_of(cell: str) -> str:
    """Return what a cell wants predicted: the paragraph, in one line.

    Example:
        >>> question_of("Text.\\n\\n**Predict before you run.** How\\nmany?\\n\\nMore.")
        'How many?'
    """
    paragraph = cell.split(PREDICT)[1].split("\n\n")[0]
    return " ".join(re.sub(r"^[^*]*\*\*", "", paragraph).split())


def _folded(title, lines):
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""]


def _solutions(lesson):
    """Questions, and the solutions as they stand in the file."""
    path = lessons_folder() / EVIDENCE / f"exercises_{lesson.number:02}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Exercise"
    ]
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    lines = []
    for exercise, call in zip(exercises(lesson.number), calls, strict=True):
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        solution = call.args[2] if len(call.args) > 2 else named["solution"]
        solution = defined.get(getattr(solution, "id", ""), solution)
        question = exercise.question.replace("*", r"\*").replace("_", r"\_").replace("<", "&lt;")
        lines += [f"{exercise.number}. {question}", ""]
        if isinstance(solution, ast.Name) and isinstance(exercise.solution, (int, float)):
            code = [f"{exercise.solution:.4g}"]  # a name says nothing outside the file
        else:
            code = ast.unparse(solution).splitlines()
        lines += ["   ```python", *(f"   {line}" for line in code), "   ```", ""]
    return lines
