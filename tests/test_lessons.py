"""Every lesson runs from start to end, without a display, and leaves its claims."""

import os
import subprocess
import sys

import pytest

from minitransfer import course
from minitransfer.course.records import read_records

LESSONS = course.catalogue()
TIME_LIMIT = 120  # seconds; a lesson is meant to take 30


def test_there_are_lessons():
    assert LESSONS, f"no lesson in {course.lessons_folder()}"


def test_numbers_are_given_once():
    numbers = [lesson.number for lesson in LESSONS]
    assert len(set(numbers)) == len(numbers)


@pytest.fixture(scope="session")
def claimed():
    """Claim id → lesson, over all lessons of the session."""
    return {}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.path.stem)
def test_lesson(lesson, tmp_path, claimed):
    environment = {
        **{k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")},
        "MINITRANSFER_LEDGER": str(tmp_path / "ledger.jsonl"),
        "MINITRANSFER_FIGURES": str(tmp_path / "figures"),
        "PYTHONIOENCODING": "utf-8",
    }
    run = subprocess.run(
        [sys.executable, lesson.path.name],
        cwd=lesson.path.parent,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIME_LIMIT,
    )
    assert run.returncode == 0, f"{run.stdout[-2000:]}\n{run.stderr[-4000:]}"
    records = read_records(tmp_path / "ledger.jsonl")
    assert records, f"{lesson.path.name} claims nothing"
    for record in records:
        assert record["lesson"] == lesson.path.stem
        other = claimed.setdefault(record["id"], lesson.path.stem)
        assert other == lesson.path.stem, f"claim {record['id']} also stands in {other}"
