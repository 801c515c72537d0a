"""Every lesson and every evidence runs to its end, without a display, and leaves claims."""

import json
import os
import subprocess
import sys

import pytest

from minitransfer import course
from minitransfer.course.records import read_records
from minitransfer.course.scripts import script_name

LESSONS = course.catalogue()
LEDGER = json.loads((course.lessons_folder() / "results" / "ledger.json").read_text("utf-8"))
SCRIPTS = [script for lesson in LESSONS for script in lesson.scripts]
TIME_LIMIT = 120  # seconds; a lesson is meant to take 30


def test_there_are_lessons():
    assert LESSONS, f"no lesson in {course.lessons_folder()}"


def test_a_claim_stands_in_one_place():
    ids = [row["id"] for row in LEDGER["claims"]]
    assert len(set(ids)) == len(ids)


def test_numbers_are_given_once():
    numbers = [lesson.number for lesson in LESSONS]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("script", SCRIPTS, ids=script_name)
def test_script(script, tmp_path):
    environment = {
        **{k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")},
        "MINITRANSFER_LEDGER": str(tmp_path / "ledger.jsonl"),
        "MINITRANSFER_FIGURES": str(tmp_path / "figures"),
        "PYTHONIOENCODING": "utf-8",
    }
    run = subprocess.run(
        [sys.executable, script.name],
        cwd=script.parent,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIME_LIMIT,
    )
    assert run.returncode == 0, f"{run.stdout[-2000:]}\n{run.stderr[-4000:]}"
    records = read_records(tmp_path / "ledger.jsonl")
    stored = {row["id"] for row in LEDGER["claims"] if row["lesson"] == script_name(script)}
    assert records, f"{script_name(script)} claims nothing"
    for record in records:
        assert record["lesson"] == script_name(script)
        assert record["id"] in stored, (
            f"{record['id']} is not in the ledger: `minitransfer claims --run`"
        )
