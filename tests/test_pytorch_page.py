"""The page on PyTorch says what is true: every covered name exists, every alternative is listed."""

import inspect
import re
from pathlib import Path

import pytest

import minitransfer as mt
from minitransfer import nn, optim
from minitransfer.not_covered import NOT_COVERED

PAGE = Path(__file__).parents[1] / "lessons" / "pytorch.md"
TEXT = PAGE.read_text(encoding="utf-8")
PLACES = {
    "minitransfer": mt,
    "Tensor": mt.ones(1, 1),
    "nn": nn,
    "Module": nn.Linear(1, 1),
    "nn.init": nn.init,
    "nn.functional": nn.functional,
    "optim": optim,
    "data": mt.data,
}


def covered():
    """Every name in the second column of the tables of the section on what is covered."""
    section = TEXT.split("## Covered")[1].split("\n## ")[0]
    for part in section.split("\n### ")[1:]:
        place = re.search(r"`(.+?)`", part.splitlines()[0]).group(1)
        for row in re.findall(r"^\| .+ \| (.+) \|$", part, re.MULTILINE):
            yield from ((place, name) for name in re.findall(r"`(\w+)`", row))


def test_the_tables_are_found():
    names = list(covered())
    assert len(names) == len(set(names)) > 200
    assert {place for place, _ in names} == set(PLACES)


@pytest.mark.parametrize(("place", "name"), list(covered()))
def test_every_covered_name_exists(place, name):
    assert getattr(PLACES[place], name, PLACES) is not PLACES


@pytest.mark.parametrize("place", ["nn", "nn.functional", "optim"])
def test_every_public_name_is_on_the_page(place):
    claimed = {name for where, name in covered() if where == place}
    ours = TEXT.split("## Not in PyTorch")[1].split("\n## ")[0]
    public = {
        name
        for name, value in vars(PLACES[place]).items()
        if inspect.isroutine(value) or inspect.isclass(value)
    } - {"__getattr__", "not_covered"}
    for name in public - claimed:
        assert f"`{place}.{name}`" in ours, name


@pytest.mark.parametrize(("where", "name"), list(NOT_COVERED))
def test_every_alternative_is_on_the_page(where, name):
    key = f'to("{name}")' if where == "device" else f"{where}.{name}"
    assert f"| `{key}` | {NOT_COVERED[where, name]} |" in TEXT


def test_nothing_is_on_the_page_that_is_no_alternative():
    rows = re.findall(r"^\| `", TEXT.split("## What to use instead")[1], re.MULTILINE)
    assert len(rows) == len(NOT_COVERED)
