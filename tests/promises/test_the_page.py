"""Every test that the page of promises names is there, and all of this folder is named."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "lessons" / "promises.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`((?:tests/|\.ci/)[\w./:]+)`", PAGE)


def test_the_page_is_read():
    assert len(NAMED) > 20


@pytest.mark.parametrize("name", NAMED)
def test_what_it_names_is_there(name):
    path, _, function = name.partition("::")
    assert (ROOT / path).exists()
    assert not function or f"def {function}(" in (ROOT / path).read_text(encoding="utf-8")


def test_all_of_this_folder_is_on_the_page():
    for path in Path(__file__).parent.glob("test_*.py"):
        assert path.samefile(__file__) or f"tests/promises/{path.name}" in PAGE


@pytest.mark.parametrize(
    "page, link", [("README.md", "lessons/promises.md"), ("lessons/index.md", "promises.md")]
)
def test_the_page_is_found(page, link):
    assert f"]({link})" in (ROOT / page).read_text(encoding="utf-8")
