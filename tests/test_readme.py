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
    assert commands[1].endswith('pip install -e ".[test]" && pytest -n auto')
    assert commands[2] == 'pip install ".[imagenet]" && minitransfer finetune photographs'
    assert commands[3].endswith('pip install -e ".[site]"')
    assert commands[4] == "minitransfer site --open"


@pytest.mark.parametrize("page", ["README.md", "lessons/index.md"])
def test_every_link_within_the_project_leads_somewhere(page):
    file = ROOT / page
    links = re.findall(r"\]\(([^)#]+)", file.read_text(encoding="utf-8"))
    dead = [to for to in links if "://" not in to and not (file.parent / to).exists()]
    assert links
    assert dead == []


# The size of the library, and how long it takes to read

LINES_A_MINUTE = 20
PACKAGE = ROOT / "minitransfer"


def lines(*files):
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def near(told, measured):
    return abs(told - measured) <= 0.05 * measured


def test_the_size_is_as_told():
    told = re.search(r"(\d+) files and ([\d,]+) lines.* ([\d,]+) of them", README, re.DOTALL)
    files, whole, course = (int(number.replace(",", "")) for number in told.groups())
    every = list(PACKAGE.rglob("*.py"))
    assert near(files, len(every))
    assert near(whole, lines(*every))
    assert near(course, lines(*(PACKAGE / "course").glob("*.py")))


def test_the_reading_path_is_as_long_as_told():
    section = README.split("## Read it")[1].split("\n## ")[0]
    rows = re.findall(r"^\| .+? \| (`.+`) \| ([\d,]+) \| (\d+) \|$", section, re.MULTILINE)
    assert len(rows) >= 7
    for files, told, minutes in rows:
        measured = lines(*(PACKAGE / name for name in re.findall(r"`(.+?)`", files)))
        assert near(int(told.replace(",", "")), measured), files
        assert abs(int(minutes) - measured / LINES_A_MINUTE) <= 5, files
