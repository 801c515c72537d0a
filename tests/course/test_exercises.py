import pytest

from minitransfer import course
from minitransfer.course import Exercise, exercises
from minitransfer.course.scripts import EVIDENCE

FILES = sorted((course.lessons_folder() / EVIDENCE).glob("exercises_*.py"))
ALL = [one for path in FILES for one in exercises(int(path.stem[-2:]))]
NAMES = [f"{path.stem}-{one.number}" for path in FILES for one in exercises(int(path.stem[-2:]))]


@pytest.mark.parametrize("exercise", ALL, ids=NAMES)
def test_the_judge_knows_the_solution_and_sees_what_is_wrong(exercise, capsys):
    assert exercise.check(exercise.solution) is True
    assert len(exercise.wrong) >= 2
    for answer in exercise.wrong:
        assert exercise.check(answer) is False
    assert "right" in capsys.readouterr().out.splitlines()[0]


def test_a_hint_does_not_give_a_number_away(capsys):
    for exercise in ALL:
        if isinstance(exercise.solution, (int, float)):
            for answer in exercise.wrong:
                exercise.check(answer)
            assert f"{exercise.solution:.4g}" not in capsys.readouterr().out


def test_what_cannot_be_judged_is_no_error(capsys):
    exercise = Exercise("a number?", lambda answer: "" if answer > 1 else "more", 2)
    assert exercise.check("two") is False
    said = capsys.readouterr().out
    assert "cannot be judged (TypeError" in said
    assert "Asked was: a number?" in said


def test_lines_fit_into_any_terminal(capsys):
    for exercise in ALL:
        exercise.check(...)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 76


def test_exercises_are_counted_from_one():
    assert [one.number for one in exercises(1)] == [1, 2]
    with pytest.raises(ValueError, match="lesson 99 has no exercises"):
        exercises(99)
