import sys

import pytest
from rich.console import Console

from minitransfer.course.scripts import (
    a_lesson_is_running,
    catalogue,
    figures,
    find_lesson,
    only_shows,
    print_catalogue,
    read_lesson,
    split_cells,
)

SCRIPT = '''# ---
# jupyter: nothing to run
# ---
# %% [markdown]
# # 4. Title
#
#     indented
# %% a cell with a name

x = """
# not prose
"""
    # %% not at the start of a line

# %%

# %% [markdown] {"tags": ["last"]}
#text without a space
'''


def test_kinds_sources_and_lines():
    cells = split_cells(SCRIPT)
    assert [cell.kind for cell in cells] == ["markdown", "code", "markdown"]
    assert cells[0].source == "# 4. Title\n\n    indented"
    assert cells[1].source.startswith('x = """\n# not prose')
    assert cells[2].source == "text without a space"
    lines = SCRIPT.splitlines()
    assert lines[cells[1].line - 1] == 'x = """'
    assert lines[cells[0].line - 1] == "# # 4. Title"


def test_code_before_the_first_mark_is_a_cell():
    assert [cell.source for cell in split_cells("import os\n\n# %%\nprint(1)\n")] == [
        "import os",
        "print(1)",
    ]


def test_nothing_has_no_cells():
    assert split_cells("") == []


@pytest.mark.parametrize(
    "head, expected",
    [
        ("# # 3. A title\n#\n# > *Why\n# > so?*\n", ("A title", "Why so?")),
        (
            "# # Lesson 3: A title\n#\n# It works. But why does it?\n",
            ("A title", "But why does it?"),
        ),
        (
            "# # 3 · A title\n# **The question.** It is. Why so\n# well?\n",
            ("A title", "Why so well?"),
        ),
        ("# # A title\n# > Why?\n# # Part\n", ("A title", "Why?")),
    ],
)
def test_heading_and_question(tmp_path, head, expected):
    path = tmp_path / "03_name.py"
    path.write_text("# %% [markdown]\n" + head)
    assert read_lesson(path)[:4] == (3, *expected, path)


def test_the_head_says_minutes_needs_and_gains(tmp_path):
    path = tmp_path / "03_name.py"
    path.write_text(
        "# %% [markdown]\n# # 3 · T\n#\n# > Why?\n#\n# - **Time:** 12 minutes\n"
        "# - **You need:** what a weight\n#   is.\n# - **You will be able to:** count.\n"
    )
    lesson = read_lesson(path)
    assert (lesson.minutes, lesson.needs, lesson.gains) == (12, "what a weight is", "count")
    assert lesson.evidence is None


def test_a_head_of_the_old_form_says_nothing(one_lesson):
    assert find_lesson(1)[4:] == (None, None, "", "")


def test_evidence_stands_behind_its_lesson(one_lesson, evidence):
    lesson = find_lesson(1)
    assert lesson.evidence == evidence / "01_two.py"
    assert lesson.scripts == [one_lesson / "01_two.py", evidence / "01_two.py"]
    assert find_lesson(1, evidence=True).path == lesson.evidence


def test_evidence_that_is_not_there_is_said_not_to_be(one_lesson):
    with pytest.raises(ValueError, match=r"lesson 1 has no evidence.*with evidence: none yet"):
        find_lesson(1, evidence=True)


def test_a_number_beyond_the_last_lesson_says_so(one_lesson):
    with pytest.raises(ValueError, match="no lesson 2, the last is 1; there are 1"):
        find_lesson(2)


def test_figures_are_functions_read_anew(evidence):
    assert figures(1).line(3) == "———"
    (evidence / "figures_01.py").write_text("def line(count):\n    return count")
    assert figures(1).line(3) == 3
    assert not list(evidence.rglob("*.pyc"))
    with pytest.raises(ValueError, match=r"lesson 2 has no figures.*figures_02\.py"):
        figures(2)


def test_an_error_in_figures_has_its_file_and_line(evidence):
    (evidence / "figures_01.py").write_text("def line(count):\n    return 1 / 0")
    with pytest.raises(ZeroDivisionError) as error:
        figures(1).line(3)
    assert str(error.traceback[-1].path) == str(evidence / "figures_01.py")


@pytest.mark.parametrize("text", ["", "# %%\nx = 1\n", "# %% [markdown]\n# # 3. A title\n"])
def test_without_heading_or_question_says_what_to_write(tmp_path, text):
    path = tmp_path / "03_name.py"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"03_name\.py.*begin"):
        read_lesson(path)


def test_the_catalogue_is_printed(one_lesson, tmp_path):
    with (tmp_path / "shown.txt").open("w", encoding="utf-8") as file:
        print_catalogue(Console(file=file, width=90))
    shown = (tmp_path / "shown.txt").read_text(encoding="utf-8")
    assert "Two and two" in shown
    assert "How much is two and two?" in shown


def test_a_program_knows_whether_it_is_a_lesson(monkeypatch, tmp_path):
    shipped = [script for lesson in catalogue() for script in lesson.scripts]
    for file in (*shipped, tmp_path / "01_mine.py"):
        monkeypatch.setattr(sys.modules["__main__"], "__file__", str(file), raising=False)
        assert a_lesson_is_running() is (file in shipped)
    monkeypatch.delattr(sys.modules["__main__"], "__file__")  # a notebook
    assert not a_lesson_is_running()


SHOWS = 'plots.show(draw.bars(found), "01_bars")'


@pytest.mark.parametrize(
    "code",
    [
        SHOWS,
        f"draw = figures(1)\n{SHOWS}",
        f'table = experiments.read("x")\nfound = table.where(n=3).values("right")\n{SHOWS}',
        f"found = {{n: np.array(rows[n]) for n in range(3)}}\n{SHOWS}",
        f"{SHOWS}\nassert abs(play(net) - stored) < 0.1",
    ],
)
def test_code_that_only_shows_may_be_folded(code):
    assert only_shows(code)


@pytest.mark.parametrize(
    "code",
    [
        "x = 1",
        'found = experiments.read("x")',
        f"train(net)\n{SHOWS}",
        f"found = transfer.probe(net)\n{SHOWS}",
        f"print(found)\n{SHOWS}",
        f"def half(x):\n    return x / 2\n\n{SHOWS}",
        f"found = sorted(nets, key=lambda net: net.loss)\n{SHOWS}",
    ],
)
def test_code_that_computes_tells_or_defines_is_not(code):
    assert not only_shows(code)
