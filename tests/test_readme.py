import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]


def test_the_ten_lines_run_and_read_digits():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout)["accuracy"] > 0.7


def test_the_two_commands_are_there():
    commands = [line.strip() for line in README.splitlines() if line.startswith("    ")]
    assert commands[0].endswith("pip install . && minitransfer")
    assert commands[1].endswith('pip install -e ".[test]" && pytest')


@pytest.mark.parametrize("page", ["README.md", "lessons/index.md"])
def test_every_link_within_the_project_leads_somewhere(page):
    file = ROOT / page
    links = re.findall(r"\]\(([^)#]+)", file.read_text(encoding="utf-8"))
    dead = [to for to in links if "://" not in to and not (file.parent / to).exists()]
    assert links
    assert dead == []
