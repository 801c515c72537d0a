import re

import pytest

from minitransfer import course
from minitransfer.course import scripts
from minitransfer.course.pages import PARTS, index_page

UPDATE = "python -c 'from minitransfer.course.pages import update_index; update_index()'"


def page():
    return (course.lessons_folder() / "index.md").read_text(encoding="utf-8")


def test_every_lesson_has_its_row_and_no_other_is_promised():
    assert page() == index_page(page()), f"the index is old; update it: {UPDATE}"


def test_every_lesson_belongs_to_a_part():
    rows = [int(n) for n in re.findall(r"^\| \[(\d+) · ", index_page(page()), re.MULTILINE)]
    assert rows == [lesson.number for lesson in course.catalogue()]


def test_rows_are_written_anew(monkeypatch, tmp_path):
    lesson = scripts.Lesson(12, "A title", "Why so?", tmp_path / "12_name.py")
    monkeypatch.setattr("minitransfer.course.scripts.catalogue", lambda: [lesson])
    found = re.findall(r"^\| \[.*", index_page(page()), re.MULTILINE)
    assert found == ["| [12 · A title](12_name.py) | Why so? |  |  |"]


def test_a_row_says_what_the_head_says(monkeypatch, tmp_path):
    path, behind = tmp_path / "12_name.py", tmp_path / "evidence" / "12_name.py"
    lesson = scripts.Lesson(12, "A title", "Why so?", path, behind, 9, "patience", "wait")
    monkeypatch.setattr("minitransfer.course.scripts.catalogue", lambda: [lesson])
    (found,) = re.findall(r"^\| \[.*", index_page(page()), re.MULTILINE)
    assert found == (
        "| [12 · A title](12_name.py) ([evidence](evidence/12_name.py)) | Why so? | patience | 9 |"
    )


def test_a_missing_part_is_named():
    with pytest.raises(ValueError, match=re.escape(next(iter(PARTS)))):
        index_page("# Lessons\n")


def test_links_lead_somewhere():
    folder = course.lessons_folder()
    for name in re.findall(r"\]\(([^):]+)\)", page()):
        assert (folder / name).is_file(), name
