import io
import os

import pytest
from rich.console import Console

from minitransfer.course import run_through, step_through
from minitransfer.course.player import Player
from minitransfer.course.scripts import find_lesson


@pytest.fixture
def type_lines(one_lesson, tmp_path):
    """Type these lines; return what was shown, and whether all cells ran well."""

    def typed(*lines):
        path = tmp_path / "shown.txt"
        with path.open("w", encoding="utf-8") as file:
            good = step_through(1, Console(file=file, width=90), iter(lines).__next__)
        return path.read_text(encoding="utf-8"), good

    return typed


def test_enter_goes_on_and_runs_code(type_lines):
    shown, good = type_lines("", "", "", "q")
    assert good
    assert "Two and two" in shown
    assert "x is 2" in shown
    assert "A cell of prose" in shown
    assert "twice x is 4" in shown
    assert "this cell fails" not in shown


def test_an_error_is_shown_and_one_can_go_on(type_lines):
    shown, good = type_lines(*[""] * 6)
    assert not good
    assert "ValueError: this cell fails" in shown
    assert "and on it goes with 2" in shown


def test_traceback_has_the_lines_of_the_file(one_lesson):
    console = Console(file=io.StringIO())
    assert not Player(find_lesson(1), console).run_cell(4)
    lines = (one_lesson / "01_two.py").read_text().splitlines()
    line = lines.index('raise ValueError("this cell fails")') + 1
    shown = "".join(console.file.getvalue().replace("│", "").split())  # a long path is folded
    assert f"01_two.py:{line}in<module>" in shown
    assert "player.py" not in console.file.getvalue()


def test_again_runs_again_and_back_does_not(type_lines):
    shown, _ = type_lines("", "a", "b", "", "q")
    assert shown.count("x is 2") == 2
    assert shown.count("Two and two") == 2
    assert "a runs it again" in shown


def test_a_jump_runs_what_was_jumped_over(type_lines):
    shown, _ = type_lines("4", "q")
    assert "cell 2, jumped over, runs first" in shown
    assert shown.index("x is 2") < shown.index("twice x is 4")


def test_answers_unfold(type_lines):
    folded, _ = type_lines("q")
    unfolded, _ = type_lines("u", "q")
    assert "Four." not in folded
    assert "Four." in unfolded


def test_strange_input_is_explained(type_lines):
    shown, good = type_lines("what?", "99", "q")
    assert shown.count("Enter: next") == 3
    assert good


def test_end_of_input_ends_it(type_lines):
    shown, good = type_lines()
    assert "Two and two" in shown
    assert good


def test_an_exit_or_ctrl_c_does_not_end_it(one_lesson, type_lines):
    text = "# %%\nraise SystemExit(3)\n# %%\nraise KeyboardInterrupt\n# %%\nprint('still here')\n"
    (one_lesson / "01_two.py").write_text("# %% [markdown]\n# # 1. T\n# > Q?\n" + text)
    shown, good = type_lines("", "", "", "q")
    assert "asked to exit (3)" in shown
    assert "interrupted" in shown
    assert "still here" in shown
    assert not good


def test_run_stops_at_the_failing_cell(one_lesson, tmp_path):
    path = tmp_path / "shown.txt"
    with path.open("w", encoding="utf-8") as file:
        assert not run_through(1, Console(file=file, width=90))
    shown = path.read_text(encoding="utf-8")
    assert "this cell fails" in shown
    assert "and on it goes" not in shown.split("this cell fails")[-1]


def test_figures_are_saved_meanwhile(one_lesson, type_lines, monkeypatch):
    monkeypatch.delenv("MINITRANSFER_FIGURES")
    text = "# %%\nimport os\nprint(os.environ['MINITRANSFER_FIGURES'])\n"
    (one_lesson / "01_two.py").write_text("# %% [markdown]\n# # 1. T\n# > Q?\n" + text)
    shown, _ = type_lines("", "q")
    assert "01_two" in shown.split("MINITRANSFER_FIGURES")[-1]
    assert "MINITRANSFER_FIGURES" not in os.environ


def test_unknown_lesson_is_named(one_lesson):
    with pytest.raises(ValueError, match="no lesson 7; there are 1"):
        step_through(7)
