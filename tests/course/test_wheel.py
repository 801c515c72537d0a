"""The lessons travel in the wheel: an installed package can list and run them."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from minitransfer import course

ROOT = Path(__file__).parents[2]

ASK = """
from pathlib import Path
from minitransfer import course
folder = course.lessons_folder()
assert folder.name == "_lessons" and Path.cwd() in folder.parents, folder
print([lesson.number for lesson in course.catalogue()], len(course.claim_statements()))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with nothing but what the wheel holds."""
    if not (ROOT / "pyproject.toml").exists():
        pytest.skip("needs a checkout to build from")
    pytest.importorskip("hatchling", reason="needs the extra `test`")
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONIOENCODING": "utf-8"},
        input="q\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_installed_package_finds_its_lessons(installed):
    numbers = [lesson.number for lesson in course.catalogue()]
    told = run(installed, "-c", ASK)
    assert told.strip() == f"{numbers} {len(course.claim_statements())}"


def test_an_installed_package_can_learn(installed):
    first = course.catalogue()[0]
    assert first.title in run(installed, "-m", "minitransfer", "learn")
    behind = next(lesson for lesson in course.catalogue() if lesson.evidence)
    shown = run(installed, "-m", "minitransfer", "learn", str(behind.number), "--evidence")
    assert f"evidence/{behind.path.stem} 1/" in shown
    draws = f"from minitransfer.course import figures; print(figures({behind.number}).__file__)"
    assert "_lessons" in run(installed, "-c", draws)
    stepped = run(installed, "-m", "minitransfer", "learn", str(first.number))
    assert f"{first.path.stem} 1/" in stepped


def test_an_installed_package_has_what_the_site_is_made_of(installed):
    static = installed / "minitransfer" / "site" / "static"
    for name in ("site.css", "site.js", "playground/weights.js", "vendor/mathjax-tex-svg.js"):
        assert (static / name).is_file(), name
    asks = "from minitransfer.course.predictions import predictions; print(len(predictions()))"
    assert int(run(installed, "-c", asks)) == len(course.catalogue())
