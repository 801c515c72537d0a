import os

import pytest
from rich.console import Console

from minitransfer.lessons import run, step
from minitransfer.lessons.shelf import find
from minitransfer.lessons.stepping import Walk


@pytest.fixture
def walk_through(shelf_of_one, tmp_path):
    """Type these lines; return what was shown, and whether all cells ran well."""

    def walk(*lines):
        path = tmp_path / "shown.txt"
        with path.open("w", encoding="utf-8") as file:
            good = step(1, Console(file=file, width=90), iter(lines).__next__)
        return path.read_text(encoding="utf-8"), good

    return walk


def test_enter_goes_on_and_runs_code(walk_through):
    shown, good = walk_through("", "", "", "q")
    assert good
    assert "Two and two" in shown
    assert "x is 2" in shown
    assert "A cell of prose" in shown
    assert "twice x is 4" in shown
    assert "this cell fails" not in shown


def test_an_error_is_shown_and_the_walk_goes_on(walk_through):
    shown, good = walk_through(*[""] * 6)
    assert not good
    assert "ValueError: this cell fails" in shown
    assert "and on it goes with 2" in shown


def test_traceback_has_the_lines_of_the_file(shelf_of_one):
    error = Walk(find(1)).execute(4)
    line = (shelf_of_one / "01_two.py").read_text().splitlines()[error.__traceback__.tb_lineno - 1]
    assert line == 'raise ValueError("this cell fails")'


def test_again_runs_again_and_back_does_not(walk_through):
    shown, _ = walk_through("", "a", "b", "", "q")
    assert shown.count("x is 2") == 2
    assert shown.count("Two and two") == 2
    assert "a runs it again" in shown


def test_a_jump_runs_what_was_jumped_over(walk_through):
    shown, _ = walk_through("4", "q")
    assert "cell 2, jumped over, runs first" in shown
    assert shown.index("x is 2") < shown.index("twice x is 4")


def test_answers_unfold(walk_through):
    folded, _ = walk_through("q")
    unfolded, _ = walk_through("u", "q")
    assert "Four." not in folded
    assert "Four." in unfolded


def test_strange_input_is_explained(walk_through):
    shown, good = walk_through("what?", "99", "q")
    assert shown.count("Enter: next") == 3
    assert good


def test_end_of_input_ends_the_walk(walk_through):
    shown, good = walk_through()
    assert "Two and two" in shown
    assert good


def test_an_exit_or_ctrl_c_does_not_end_the_walk(shelf_of_one, walk_through):
    text = "# %%\nraise SystemExit(3)\n# %%\nraise KeyboardInterrupt\n# %%\nprint('still here')\n"
    (shelf_of_one / "01_two.py").write_text("# %% [markdown]\n# # 1. T\n# > Q?\n" + text)
    shown, good = walk_through("", "", "", "q")
    assert "asked to exit (3)" in shown
    assert "interrupted" in shown
    assert "still here" in shown
    assert not good


def test_run_stops_at_the_failing_cell(shelf_of_one, tmp_path):
    path = tmp_path / "shown.txt"
    with path.open("w", encoding="utf-8") as file:
        assert not run(1, Console(file=file, width=90))
    shown = path.read_text(encoding="utf-8")
    assert "this cell fails" in shown
    assert "and on it goes" not in shown.split("this cell fails")[-1]


def test_figures_are_saved_during_the_walk(shelf_of_one, walk_through, monkeypatch):
    monkeypatch.delenv("MINITRANSFER_FIGURES")
    text = "# %%\nimport os\nprint(os.environ['MINITRANSFER_FIGURES'])\n"
    (shelf_of_one / "01_two.py").write_text("# %% [markdown]\n# # 1. T\n# > Q?\n" + text)
    shown, _ = walk_through("", "q")
    assert "01_two" in shown.split("MINITRANSFER_FIGURES")[-1]
    assert "MINITRANSFER_FIGURES" not in os.environ


def test_unknown_lesson_is_named(shelf_of_one):
    with pytest.raises(ValueError, match="no lesson 7; there are 1"):
        step(7)
