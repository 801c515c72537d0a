"""The door for JSON: bounded, and with one error."""

import json

import pytest

from minitransfer.documents import (
    DEEPEST,
    LARGEST,
    any_number,
    anything,
    either,
    entries,
    flag,
    listed,
    named,
    number,
    one_of,
    optional,
    parsed,
    parsed_file,
    text,
    whole,
    written,
)

SHAPE = entries(
    name=text,
    count=whole(1, 9),
    rate=optional(number(0, 1)),
    loss=any_number,
    ready=flag,
    kind=one_of("a", "b"),
    rows=listed(named(whole()), 1, 3),
    size=either(text, whole()),
    more=anything,
)
RIGHT = {
    "name": "ä",
    "count": 9,
    "rate": None,
    "loss": float("nan"),
    "ready": False,
    "kind": "b",
    "rows": [{"x": 3}],
    "size": "large",
    "more": [None],
}


def test_what_has_the_shape_passes_and_may_have_more():
    SHAPE(RIGHT, "here")
    SHAPE({**RIGHT, "unheard of": 1, "rate": 1, "loss": 5, "size": 3}, "here")


@pytest.mark.parametrize(
    "change, message",
    [
        ({"name": 3}, r"here\['name'\] is 3; expected a text"),
        ({"name": "\ud800"}, "expected a text"),
        ({"count": 0}, "a whole number from 1 to 9"),
        ({"count": True}, "is True; expected a whole number"),
        ({"count": 3.0}, "is 3.0; expected a whole number"),
        ({"rate": 1.5}, "a number from 0 to 1"),
        ({"rate": float("nan")}, "is nan; expected a number"),
        ({"rate": False}, "is False; expected a number"),
        ({"loss": "low"}, "expected a number"),
        ({"loss": 10**400}, "expected a number"),
        ({"ready": 0}, "expected true or false"),
        ({"kind": ["a"]}, "expected one of a, b"),
        ({"rows": []}, "expected a list of 1 to 3"),
        ({"rows": {}}, "expected a list"),
        ({"rows": [{}, {"x": -1}]}, r"here\['rows'\]\[1\]\['x'\] is -1"),
        ({"rows": [[]]}, "expected a dictionary"),
        ({"size": None}, "expected a text, or a whole number"),
    ],
)
def test_what_has_another_shape_is_named_with_its_place(change, message):
    with pytest.raises(ValueError, match=message):
        SHAPE({**RIGHT, **change}, "here")


def test_what_is_missing_is_said():
    with pytest.raises(ValueError, match="expected a dictionary with name, count"):
        SHAPE({}, "here")
    with pytest.raises(ValueError, match="expected a dictionary with name, count"):
        SHAPE([], "here")


def test_a_message_stays_short_whatever_was_given():
    with pytest.raises(ValueError) as caught:
        SHAPE({**RIGHT, "count": ["x" * 10**6] * 1000}, "here")
    assert len(str(caught.value)) < 300


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [DEEPEST + 1, 500, 200_000])
def test_what_is_too_deep_is_neither_read_nor_written(depth):
    with pytest.raises(ValueError, match="nested more than 50 deep"):
        parsed("[" * depth + "]" * depth, "here")
    with pytest.raises(ValueError, match="nested up to 50 deep"):
        written(nested(min(depth, 500)), "here")
    itself = []
    itself.append(itself)
    with pytest.raises(ValueError, match="nested"):
        written(itself, "here")
    assert parsed(written(nested(DEEPEST), "here"), "here") == nested(DEEPEST)


def test_what_is_too_large_is_neither_read_nor_written(tmp_path):
    with open(tmp_path / "large.json", "wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(ValueError, match=r"large.json: .* bytes of JSON"):
        parsed_file(tmp_path / "large.json")
    with pytest.raises(ValueError, match="letters of JSON"):
        parsed(" " * (LARGEST + 1), "here")
    with pytest.raises(ValueError, match="letters of JSON"):
        written("x" * LARGEST, "here")


@pytest.mark.parametrize("content", ["", "{", b"\xff", "9" * 5000, "[1,]", "nul", "[1] 2"])
def test_what_is_no_json_is_said_with_its_source(content):
    with pytest.raises(ValueError, match=r"^here: "):
        parsed(content, "here")


def test_losses_that_are_no_numbers_come_back():
    assert json.dumps(parsed(written([float("inf"), float("nan")], "x"), "x")) == "[Infinity, NaN]"
