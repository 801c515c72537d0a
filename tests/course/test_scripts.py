import sys

import pytest
from rich.console import Console

from minitransfer.course.scripts import (
    a_lesson_is_running,
    catalogue,
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
    assert read_lesson(path) == (3, *expected, path)


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
    for file, expected in ((catalogue()[0].path, True), (tmp_path / "01_mine.py", False)):
        monkeypatch.setattr(sys.modules["__main__"], "__file__", str(file), raising=False)
        assert a_lesson_is_running() is expected
    monkeypatch.delattr(sys.modules["__main__"], "__file__")  # a notebook
    assert not a_lesson_is_running()
