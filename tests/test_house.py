"""The rows of the house: a row imports only from rows below it."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_no_row_imports_from_a_row_above_it(tmp_path):
    if not (ROOT / "pyproject.toml").is_file():
        pytest.skip("the contract is in the source folder, which is not here")
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; "
         "lint_imports_command()", "--cache-dir", str(tmp_path)],
        capture_output=True, text=True, cwd=ROOT, env=os.environ | {"COLUMNS": "100"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 kept, 0 broken" in done.stdout


def test_the_picture_of_the_house_is_its_contract():
    """The rows in CONTRIBUTING stand in the order that the checker keeps, and none is missing."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    picture = text.split("```")[1]
    drawn = [re.split(r"  +", row)[0].split(", ") for row in picture.strip().splitlines()]
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = contract["tool"]["importlinter"]["contracts"][0]["layers"]
    kept = [[n.removeprefix("minitransfer.") for n in row.split(" | ")] for row in layers]
    flat = [name for row in drawn for name in row]
    assert sorted(flat) == sorted(name for row in kept for name in row)
    place = {name: i for i, row in enumerate(kept) for name in row}
    assert [place[name] for name in flat] == sorted(place[name] for name in flat)
