"""The choices under "predict before you run" stand where lessons ask, and one of them is right."""

import pytest

from minitransfer.course import catalogue
from minitransfer.course.predictions import PREDICT, _decided, predictions
from minitransfer.course.scripts import split_cells

RECORD = {"measured": {"a": 0.25, "b": 0.75}, "format": ".2f", "unit": ""}


@pytest.mark.parametrize("lesson", catalogue(), ids=lambda lesson: lesson.path.stem)
def test_each_cell_that_asks_has_its_place(lesson):
    cells = split_cells(lesson.path.read_text(encoding="utf-8"))
    asking = [cell for cell in cells if cell.kind == "markdown" and PREDICT in cell.source]
    assert len(predictions()[lesson.path.stem]) == len(asking) > 0


def test_there_are_lessons_of_these_names():
    assert set(predictions()) <= {lesson.path.stem for lesson in catalogue()}


def test_a_number_falls_into_one_range():
    row = {"question": "How much?", "claim": "E1", "value": "b"}
    row["choices"] = [["little", 0.0, 0.5], ["much", 0.5, 1.0]]
    found = _decided("here", row, {"E1": RECORD})
    assert (found.right, found.measured) == (1, "0.75")


def test_the_largest_and_the_smallest():
    row = {"question": "Which?", "claim": "E1", "choices": [["one", "a"], ["other", "b"]]}
    assert _decided("here", row | {"which": "largest"}, {"E1": RECORD}).right == 1
    assert _decided("here", row | {"which": "smallest"}, {"E1": RECORD}).right == 0


def test_what_the_ledger_cannot_decide_is_an_error():
    row = {"question": "How much?", "claim": "E1", "value": "b", "choices": [["little", 0, 0.5]]}
    with pytest.raises(ValueError, match="0 choices hold what was measured"):
        _decided("here", row, {"E1": RECORD})
    with pytest.raises(ValueError, match="the last full run lacks"):
        _decided("here", row, {})
