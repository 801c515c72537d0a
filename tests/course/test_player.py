import io
import os
import sys
import time

import pytest
from rich.console import Console

from minitransfer.course import desk, places, player, run_through, step_through
from minitransfer.course.commands import Command
from minitransfer.course.player import Player
from minitransfer.course.scripts import find_lesson


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of this test's own, and a machine without a display."""
    for module in (player, places):
        monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(desk, "has_display", lambda: False)
    return tmp_path / "cache"


@pytest.fixture
def type_lines(one_lesson, tmp_path):
    """Type these lines; return what was shown, and whether all cells ran well.

    An exception in the place of a line is raised, as Ctrl-C does.
    """

    def typed(*lines):
        path, left = tmp_path / "shown.txt", list(lines)

        def read_line(prompt):
            file.write(f"<{prompt}>\n")
            if not left:
                raise EOFError
            line = left.pop(0)
            if not isinstance(line, str):
                raise line
            return line

        with path.open("w", encoding="utf-8") as file:
            good = step_through(1, Console(file=file, width=90), read_line)
        return path.read_text(encoding="utf-8"), good

    return typed


def rewrite(one_lesson, *cells):
    """Make a lesson of these cells, as they stand in a percent script."""
    head = "# %% [markdown]\n# # 1. T\n# > Q?\n"
    (one_lesson / "01_two.py").write_text(head + "\n".join(cells), encoding="utf-8")


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
    assert unfolded.count("Two and two") == folded.count("Two and two")  # and nothing else
    assert "Nothing is folded away" in type_lines("", "u", "q")[0]


def test_strange_input_is_explained(type_lines):
    shown, good = type_lines("what?", "99", "q")
    assert shown.count("Enter: next") == 2
    assert "there is no cell 99; they are 1 to 6" in shown
    assert good


def test_end_of_input_ends_it(type_lines):
    shown, good = type_lines()
    assert "Two and two" in shown
    assert good


def test_an_exit_or_ctrl_c_does_not_end_it(one_lesson, type_lines):
    rewrite(
        one_lesson,
        "# %%\nraise SystemExit(3)\n# %%\nraise KeyboardInterrupt\n# %%\nprint('still here')",
    )
    shown, good = type_lines("", "", "", "q")
    assert "asked to exit (3)" in shown
    assert "interrupted" in shown
    assert "still here" in shown
    assert not good


def test_ctrl_c_at_the_prompt_asks(type_lines):
    shown, _ = type_lines("", KeyboardInterrupt(), "", "", "", "q")
    assert "leave the lesson?" in shown
    assert "twice x is 4" in shown
    shown, _ = type_lines("", KeyboardInterrupt(), "q", "", "")
    assert "A cell of prose" not in shown
    shown, _ = type_lines("", KeyboardInterrupt(), KeyboardInterrupt(), "", "")
    assert "A cell of prose" not in shown


def test_a_guess_is_kept_and_shown_beside_the_result(one_lesson, type_lines):
    rewrite(
        one_lesson,
        "# %% [markdown]\n# **Predict before you run.** How many?",
        "# %%\nx = 95\n# %%\nprint('there are', x)\n# %% [markdown]\n# So many.",
    )
    shown, _ = type_lines("", "90 [or so]", "", "", "b", "b", "b", "", "q")
    assert shown.count("your guess was: 90 [or so]") == 1
    assert shown.index("there are 95") < shown.index("your guess was") < shown.index("So many.")
    assert shown.count("<[bold]your guess") == 1  # asked once
    assert "there is no cell 90" not in shown


def test_nobody_has_to_guess(one_lesson, type_lines):
    rewrite(one_lesson, "# %% [markdown]\n# **Predict before you run.** How many?\n# %%\nx = 1")
    shown, good = type_lines("", "", "q")
    assert good
    assert "your guess was" not in shown
    shown, _ = type_lines("", "b", "q")  # a command is no guess
    assert "your guess was" not in shown
    assert shown.count("How many?") == 1


def test_lines_of_ones_own_run_in_the_state_of_the_lesson(type_lines):
    own = ["x = 20", "def third():", "    return x / 3", "", "third() * 3", "1 / 0", ""]
    shown, good = type_lines("", "t", *own, "", "", "q")
    assert "\n20.0\n" in shown
    assert "ZeroDivisionError" in shown
    assert "twice x is 40" in shown  # the lesson goes on with it
    assert good


def test_ctrl_c_ends_the_lines_of_ones_own(type_lines):
    shown, _ = type_lines("", "t", "x = 3", KeyboardInterrupt(), "", "", "q")
    assert "twice x is 6" in shown


def test_a_copy_of_a_cell_is_edited_and_kept(one_lesson, type_lines, monkeypatch):
    before = (one_lesson / "01_two.py").read_text()
    monkeypatch.setenv("VISUAL", "")
    monkeypatch.setenv(
        "EDITOR",
        f'{sys.executable} -c "import sys, pathlib; p = pathlib.Path(sys.argv[1]); '
        "p.write_text(p.read_text().replace('x = 2', 'x = 2 + 5') + 'y = 0\\n')\"",
    )
    shown, good = type_lines("", "", "e", "", "q")
    assert good
    assert "x is 7" in shown
    assert "twice x is 14" in shown
    assert (one_lesson / "01_two.py").read_text() == before
    shown, _ = type_lines("", "e", "t", "print('y', y)", "", "q")
    assert "x is 12" in shown  # the same copy, edited once more
    assert "y 0" in shown


def test_without_an_editor_nothing_runs(type_lines, monkeypatch):
    monkeypatch.setattr(desk.shutil, "which", lambda name: None)
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    shown, good = type_lines("e", "", "e", "q")
    assert "no code has been shown yet" in shown
    assert "no editor found; name one in the environment variable EDITOR" in " ".join(shown.split())
    assert good


@pytest.fixture
def opened(monkeypatch):
    files = []
    monkeypatch.setattr(desk, "open_file", files.append)
    return files


DRAWS = "# %%\nfrom minitransfer import plots\nplots.show(plots.figure('A')[0], '01_a')"


def test_the_last_figure_is_opened_on_demand(one_lesson, type_lines, opened, cache, monkeypatch):
    monkeypatch.delenv("MINITRANSFER_FIGURES")
    rewrite(one_lesson, DRAWS)
    shown, _ = type_lines("o", "", "o", "q")
    assert "no figure has been drawn yet" in shown
    assert opened == [cache / "figures" / "01_a.png"]  # in the folder of all figures
    assert opened[0].exists()
    assert "MINITRANSFER_FIGURES" not in os.environ


def test_figures_are_shown_where_there_is_a_display(one_lesson, type_lines, opened, monkeypatch):
    monkeypatch.setattr(desk, "has_display", lambda: True)
    rewrite(one_lesson, DRAWS)
    type_lines("", "b", "q")
    assert [path.name for path in opened] == ["01_a.png"]
    run_through(1, Console(file=io.StringIO()))  # nobody looks
    assert len(opened) == 1


def test_no_program_for_pictures_is_no_error(one_lesson, type_lines, monkeypatch):
    monkeypatch.setenv("PATH", "")
    rewrite(one_lesson, DRAWS)
    shown, good = type_lines("", "o", "q")
    assert "could not be opened" in shown
    assert good


def test_a_terminal_says_that_a_cell_is_running(one_lesson):
    rewrite(
        one_lesson, "# %%\nx = 1\n# %%\nimport sys\nprint('out')\nprint('out', sys.stdout.isatty())"
    )
    console = Console(file=io.StringIO(), force_terminal=True, width=90)
    stepping = Player(find_lesson(1), console)
    stepping.run_cell(1)
    assert console.file.getvalue() == "\x1b[2mrunning…\x1b[0m\r\x1b[K"
    stepping.run_cell(2)
    assert console.file.getvalue().endswith("running…\x1b[0m\r\x1b[Kout\nout False\n")
    console = Console(file=io.StringIO(), width=90)
    Player(find_lesson(1), console).run_cell(1)
    assert console.file.getvalue() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_keys_typed_while_a_cell_runs_are_dropped():
    import pty

    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r") as stream, os.fdopen(ours, "w") as keyboard:
        keyboard.write("\n\n\n")
        keyboard.flush()
        time.sleep(0.05)
        desk.drop_typed(stream)
        keyboard.write("seen\n")
        keyboard.flush()
        assert stream.readline() == "seen\n"
    desk.drop_typed(io.StringIO("\n"))  # no terminal, nothing is lost


def test_keys_are_dropped_after_a_computation_only(one_lesson, monkeypatch):
    dropped = []
    monkeypatch.setattr(desk, "drop_typed", lambda: dropped.append(1))
    stepping = Player(find_lesson(1), Console(file=io.StringIO()), lambda prompt: "")
    stepping.execute(stepping.ask())
    stepping.ask()
    assert dropped == []
    stepping.execute(Command("go", 1))
    stepping.ask()
    stepping.ask()
    assert dropped == [1]


def test_the_place_is_kept_until_the_end(type_lines, cache):
    type_lines("", "", "q")
    assert places.kept_place("01_two") == 2
    shown, _ = type_lines("3", "", "q")
    assert "last time you stopped at cell 3: type 3 to go on there" in shown
    assert "twice x is 4" in shown
    type_lines(*[""] * 6)
    assert places.kept_place("01_two") == 0
    (cache / "places.json").write_text('{"01_two": "third"}')
    shown, good = type_lines("", "", "q")  # a broken file costs the place alone
    assert good
    assert "last time" not in shown
    assert places.kept_place("01_two") == 2


def test_run_stops_at_the_failing_cell(one_lesson, tmp_path):
    path = tmp_path / "shown.txt"
    with path.open("w", encoding="utf-8") as file:
        assert not run_through(1, Console(file=file, width=90))
    shown = path.read_text(encoding="utf-8")
    assert "this cell fails" in shown
    assert "and on it goes" not in shown.split("this cell fails")[-1]


def test_evidence_is_stepped_through_by_itself(evidence, tmp_path):
    path = tmp_path / "shown.txt"
    with path.open("w", encoding="utf-8") as file:
        assert run_through(1, Console(file=file, width=90), evidence=True)
    shown = path.read_text(encoding="utf-8")
    assert "evidence/01_two 2/2" in shown
    assert "the evidence draws ——" in shown
    with pytest.raises(ValueError, match="no lesson 7"):
        step_through(7, evidence=True)


def test_unknown_lesson_is_named(one_lesson):
    with pytest.raises(ValueError, match="no lesson 7, the last is 1; there are 1"):
        step_through(7)
