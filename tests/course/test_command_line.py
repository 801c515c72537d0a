"""`minitransfer learn` and `minitransfer claims`, from what is typed to what is called."""

import json

import pytest

from minitransfer import cli, course
from minitransfer.course import ledger


@pytest.fixture
def called(monkeypatch):
    """The functions of `course` that were called, in order; none of them does its work."""
    calls = []

    def note(name):
        return lambda *given, **options: calls.append((name, *given, *options.items()))

    for name in ("step_through", "run_through", "run_all"):
        monkeypatch.setattr(course, name, note(name))
    return calls


def test_learn_lists_or_steps_or_runs(one_lesson, called, capsys):
    assert cli.main(["learn"]) == 0
    assert "How much is two and two?" in capsys.readouterr().out
    assert cli.main(["learn", "1"]) == 0
    cli.main(["learn", "1", "--run"])
    cli.main(["learn", "1", "--evidence"])
    lesson, evidence = ("evidence", False), ("evidence", True)
    assert called == [
        ("step_through", 1, lesson),
        ("run_through", 1, lesson),
        ("step_through", 1, evidence),
    ]


def test_evidence_that_does_not_exist_has_a_status(one_lesson, capsys):
    assert cli.main(["learn", "1", "--evidence"]) == 2
    assert "lesson 1 has no evidence" in capsys.readouterr().err


def test_what_nobody_has_tested_is_printed(one_lesson, monkeypatch, capsys):
    run = {"claims": [{"id": "A2", "source": "article"}, {"id": "A4", "source": "ours"}]}
    monkeypatch.setattr(ledger, "last_run", lambda: run)
    assert cli.main(["claims", "--untested"]) == 0
    shown = capsys.readouterr().out
    assert "A4\n" in shown
    assert "A2\n" not in shown
    assert "K1" not in shown
    assert shown.index("E12") < shown.index("A1 (recipe)")


def test_learn_explains_the_words_of_the_trade(capsys):
    assert cli.main(["learn", "--words"]) == 0
    assert "To be right on inputs" in capsys.readouterr().out


def test_learn_shows_the_sources(capsys):
    assert cli.main(["learn", "--sources"]) == 0
    shown = capsys.readouterr().out
    assert "E · Why deep learning?" in shown
    assert "A2 (claim)" in shown


def test_a_failing_run_has_a_status(one_lesson):
    assert cli.main(["learn", "1", "--run"]) == 1


def test_claims_prints_and_measures_only_if_asked(one_lesson, called, capsys, monkeypatch):
    stored = {"claims": [], "versions": {}, "date": "2026-01-01", "seconds": {}}
    monkeypatch.setattr(ledger, "last_run", lambda: stored)
    assert cli.main(["claims", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert called == []
    assert cli.main(["claims", "--run"]) == 0
    assert called == [("run_all",)]
    assert "0 statements" in capsys.readouterr().out


def test_a_lesson_that_fails_is_named(one_lesson, capsys):
    assert cli.main(["claims", "--run"]) == 2
    assert "01_two.py failed" in capsys.readouterr().err
