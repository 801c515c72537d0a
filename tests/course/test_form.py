"""The form of a lesson, as CONTRIBUTING says it: a story of one screen's length at a time."""

import ast
import re

import pytest

from minitransfer import course
from minitransfer.course.scripts import COMPANIONS, EVIDENCE, split_cells

MOST_LINES_OF_A_CELL = 30
MOST_LINES_OF_CODE = 60  # of the whole lesson, without imports, comments, cells that claim or ask
MOST_WORDS = 1500  # without what is folded away
MOST_MINUTES = 15

LESSONS = course.catalogue()


class Script:
    """A lesson taken apart for the tests."""

    def __init__(self, path):
        cells = split_cells(path.read_text(encoding="utf-8"))
        self.code = [cell.source for cell in cells if cell.kind == "code"]
        self.prose = "\n\n".join(cell.source for cell in cells if cell.kind == "markdown")
        self.folded = re.sub(r"<details>.*?</details>", "", self.prose, flags=re.DOTALL)

    def calls(self, name):
        """How often a function of this name is called."""
        nodes = [node for source in self.code for node in ast.walk(ast.parse(source))]
        functions = [node.func for node in nodes if isinstance(node, ast.Call)]
        return sum(getattr(f, "attr", getattr(f, "id", "")) == name for f in functions)

    def lines_of_code(self):
        """Lines that a reader has to understand: no imports, comments, blanks, nor cells that claim
        or ask."""
        count = 0
        for source in self.code:
            if re.search(r"^claim\(|exercises\(", source, re.MULTILINE):
                continue
            skipped = set()
            for node in ast.parse(source).body:
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    skipped |= set(range(node.lineno, node.end_lineno + 1))
            for number, line in enumerate(source.splitlines(), 1):
                text = line.strip()
                count += bool(text) and not text.startswith("#") and number not in skipped
        return count

    def section(self, title):
        """The text below a heading, up to the next one; None if there is no such heading."""
        found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", self.prose, re.MULTILINE | re.DOTALL)
        return found and found[1]


def numbered(text):
    return len(re.findall(r"^\d\. ", text, re.MULTILINE))


@pytest.fixture(params=LESSONS, ids=lambda lesson: lesson.path.stem)
def lesson(request):
    return request.param


@pytest.fixture
def script(lesson):
    return Script(lesson.path)


def test_the_head_says_minutes_needs_and_gains(lesson):
    assert lesson.minutes in range(5, MOST_MINUTES + 1)
    assert lesson.needs
    assert lesson.gains
    first = split_cells(lesson.path.read_text(encoding="utf-8"))[0].source
    order = [first.find(part) for part in ("\n> ", "- **Time:**", "- **You need:**",
                                           "- **You will be able to:**")]  # fmt: skip
    assert -1 < order[0] < order[1] < order[2] < order[3]


def test_no_cell_is_longer_than_a_screen(script):
    lengths = [len(source.splitlines()) for source in script.code]
    assert max(lengths) <= MOST_LINES_OF_A_CELL


#: What returns nothing, so that it may be the last line of a cell.
RETURN_NOTHING = {"print", "show", "check", "set_num_threads"}
SCRIPTS = [path for lesson in LESSONS for path in lesson.scripts]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_cell_ends_in_a_value(path):
    """A script says nothing of it, but a notebook would print it below the cell."""
    script = Script(path)
    functions = [
        node
        for source in script.code
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    ]
    quiet = RETURN_NOTHING | {"claim"}  # which shows a card, and knows that it is in a notebook
    for function in functions:
        if not any(isinstance(node, ast.Return) and node.value for node in ast.walk(function)):
            quiet.add(function.name)
    for source in script.code:
        last = ast.parse(source).body[-1]
        if isinstance(last, ast.Expr):
            called = last.value.func if isinstance(last.value, ast.Call) else last.value
            assert getattr(called, "attr", getattr(called, "id", "")) in quiet, ast.unparse(last)


def test_little_code_in_all(script):
    assert script.lines_of_code() <= MOST_LINES_OF_CODE


def test_it_can_be_read_in_a_quarter_of_an_hour(script):
    assert len(script.folded.split()) <= MOST_WORDS


def test_two_or_three_figures_and_one_or_two_claims(script):
    assert script.calls("show") in (2, 3)
    assert script.calls("claim") in (1, 2)


def test_every_claim_says_whose_it_is_what_would_refute_it_and_its_control(lesson):
    for path in lesson.scripts:
        sources = "\n".join(Script(path).code)
        for node in ast.walk(ast.parse(sources)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "claim":
                given = {keyword.arg for keyword in node.keywords}
                assert {"source", "refuted_by", "control"} <= given, ast.unparse(node.args[0])


def test_the_reader_predicts_tries_and_checks_himself(script):
    assert "**Predict" in script.prose
    assert numbered(script.section("Try it")) >= 2
    questions, answers = script.section("Check yourself").split("<details>")
    assert numbered(questions) == numbered(answers) == 3
    assert "</details>" in answers


def test_exercises_stand_before_the_questions_and_are_asked(lesson, script):
    asked = script.calls("exercises")
    assert (script.section("Exercises") is not None) is bool(asked)
    if asked:  # a lesson may do without, as long as not all have them
        assert f"exercises({lesson.number})" in "\n".join(script.code)
        assert script.prose.index("## Exercises") < script.prose.index("## Check yourself")
        assert script.calls("check") == len(course.exercises(lesson.number)) >= 2


def test_it_says_where_to_read_on(lesson, script):
    further = re.findall(r"^- .+\n(?:  .+\n?)*", script.section("Read on"), re.MULTILINE)
    assert len(further) >= 2
    assert any(re.search(r"\*.+\*.*\b(19|20)\d\d", item, re.DOTALL) for item in further)
    if lesson.evidence:
        assert f"]({EVIDENCE}/{lesson.evidence.name})" in script.section("Read on")


def test_evidence_stands_behind_a_lesson_and_figures_draw_only():
    folder = course.lessons_folder() / EVIDENCE
    names = {lesson.path.name for lesson in LESSONS}
    numbers = {f"{kind}_{lesson.number:02}.py" for kind in COMPANIONS for lesson in LESSONS}
    there = {path.name for path in folder.glob("*.py")}
    assert there <= names | numbers
    for path in folder.glob("figures_*.py"):
        imports = re.findall(r"^(?:from|import) .*", path.read_text("utf-8"), re.MULTILINE)
        assert not [line for line in imports if re.search(r"\b(course|train|transfer|zoo)\b", line)]
