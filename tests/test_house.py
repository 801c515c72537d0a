"""The rows of the house: a row imports only from rows below it."""

import os
import subprocess
import sys
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
