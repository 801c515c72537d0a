"""JSON that anybody may have written: one door for it, with one error.

Files that people exchange carry text beside their numbers: the card of a network, the state of a
training run, a ledger of claims. A signature shows that nothing was changed on the way, not that
whoever signed meant well. So what comes in is read by `parsed`, which bounds size and depth, and
checked once against the shape that it must have; whoever works with it then need not look again.

A *shape* is a function of (value, place) that raises ValueError where the value has another one::

    >>> run = entries(step=whole(0, 10**6), lr=number(0), rows=listed(named(number())))
    >>> run({"step": 3, "lr": 0.1, "rows": [{"loss": 0.5}]}, "run.json")
    >>> run({"step": 3, "lr": -1, "rows": []}, "run.json")
    Traceback (most recent call last):
    ...
    ValueError: run.json['lr'] is -1; expected a number from 0 to 1e+300
"""

import json
import math
import reprlib
from collections.abc import Callable
from pathlib import Path

Shape = Callable[[object, str], None]

#: Letters in a document, and lists and dictionaries within one another. Far more than any of ours
#: has (a checkpoint grows by some 200 letters an epoch), and little enough to be read, at the
#: worst, in seconds and a gigabyte.
LARGEST, DEEPEST = 32 * 2**20, 50


def parsed(text, source):
    """Read a JSON document.

    Args:
        text: text, or bytes in UTF-8.
        source: the file that it comes from, for the error.

    Returns:
        What it says. NaN and the infinities are let through, since a loss may be one of them.

    Raises:
        ValueError: if it is not JSON, larger than `LARGEST` or deeper than `DEEPEST`.

    Example:
        >>> parsed("[1, 2", "list.json")
        Traceback (most recent call last):
        ...
        ValueError: list.json: Expecting ',' delimiter: line 1 column 6 (char 5)
    """
    if len(text) > LARGEST:
        raise ValueError(f"{source}: {len(text):,} letters of JSON; read are up to {LARGEST:,}")
    try:
        value = json.loads(text)
        too_deep = _depth(value) > DEEPEST
    except RecursionError:
        too_deep = True
    except ValueError as error:  # no JSON, no UTF-8, or a number of thousands of digits
        raise ValueError(f"{source}: {error}") from None
    if too_deep:
        raise ValueError(
            f"{source}: lists and dictionaries are nested more than {DEEPEST} deep; "
            "no document of ours is"
        )
    return value


def parsed_file(path, largest: int = LARGEST):
    """Read a file of JSON as `parsed` does; one of more than `largest` bytes is not even opened.

    Raises:
        OSError: if it cannot be read.
        ValueError: as `parsed`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "list.json").write_text("[1, 2]")
        ...     parsed_file(f"{folder}/list.json")
        [1, 2]
    """
    size = Path(path).stat().st_size
    if size > largest:
        raise ValueError(f"{path}: {size:,} bytes of JSON; read are up to {largest:,}")
    return parsed(Path(path).read_bytes(), path)


def written(value, source) -> str:
    """Return the JSON that `parsed` reads; what it would refuse is not written.

    Raises:
        TypeError: if there is something in it that JSON cannot say.
        ValueError: if it is too large or too deep, or contains itself.

    Example:
        >>> written({"unit": "m"}, "a file")
        '{"unit": "m"}'
    """
    text = json.dumps(value) if _depth(value) <= DEEPEST else ""
    if not text or len(text) > LARGEST:
        raise ValueError(
            f"{source}: what goes with the arrays is nested up to {DEEPEST} deep and takes up to "
            f"{LARGEST:,} letters of JSON; put numbers into arrays"
        )
    return text


def _depth(value) -> int:
    """How deep a document is, without the recursion that a deep one would break."""
    level, depth = [value], 0
    while level := [x for x in level if isinstance(x, (list, tuple, dict))]:
        depth += 1
        if depth > DEEPEST:
            break
        level = [y for x in level for y in (x.values() if isinstance(x, dict) else x)]
    return depth


def text(value, place: str) -> None:
    """The shape of a text; half a surrogate pair, which JSON can say, is in no alphabet."""
    right = isinstance(value, str)
    try:
        _ = right and value.encode()
    except UnicodeEncodeError:
        right = False
    _require(right, value, place, "a text")


def flag(value, place: str) -> None:
    """The shape of True and False."""
    _require(isinstance(value, bool), value, place, "true or false")


def anything(value, place: str) -> None:
    """The shape of what nobody relies on."""


def whole(low: int = 0, high: int = 2**63 - 1) -> Shape:
    """The shape of a whole number from `low` to `high`."""

    def check(value, place):
        right = type(value) is int and low <= value <= high
        _require(right, value, place, f"a whole number from {low} to {high}")

    return check


def number(low: float = -1e300, high: float = 1e300) -> Shape:
    """The shape of a finite number from `low` to `high`, whole or not."""

    def check(value, place):
        right = type(value) in (int, float) and low <= value <= high  # NaN is in no range
        _require(right, value, place, f"a number from {low:g} to {high:g}")

    return check


def any_number(value, place: str) -> None:
    """The shape of a number that may be infinite or NaN, as a loss may."""
    right = type(value) is float or (type(value) is int and abs(value) <= 1e300)
    _require(right, value, place, "a number")


def one_of(*choices: str) -> Shape:
    """The shape of one of these texts."""

    def check(value, place):
        right = isinstance(value, str) and value in choices
        _require(right, value, place, f"one of {', '.join(choices)}")

    return check


def listed(shape: Shape, least: int = 0, most: int | None = None) -> Shape:
    """The shape of a list of so many values that all have this shape."""
    most = math.inf if most is None else most
    how_many = str(least) if least == most else f"{least} to {most}".replace(" to inf", " or more")

    def check(value, place):
        right = isinstance(value, list) and least <= len(value) <= most
        _require(right, value, place, f"a list of {how_many}")
        for i, item in enumerate(value):
            shape(item, f"{place}[{i}]")

    return check


def entries(**shapes: Shape) -> Shape:
    """The shape of a dictionary that has these entries, and perhaps others."""

    def check(value, place):
        right = isinstance(value, dict) and shapes.keys() <= value.keys()
        _require(right, value, place, f"a dictionary with {', '.join(shapes)}")
        for name, shape in shapes.items():
            shape(value[name], f"{place}[{reprlib.repr(name)}]")

    return check


def named(shape: Shape) -> Shape:
    """The shape of a dictionary with any names, whose values all have this shape."""

    def check(value, place):
        _require(isinstance(value, dict), value, place, "a dictionary")
        for name, item in value.items():
            shape(item, f"{place}[{reprlib.repr(name)}]")

    return check


def optional(shape: Shape) -> Shape:
    """The shape of what may be None."""

    def check(value, place):
        if value is not None:
            shape(value, place)

    return check


def either(*shapes: Shape) -> Shape:
    """The shape of what has one of these shapes."""

    def check(value, place):
        refusals = []
        for shape in shapes:
            try:
                return shape(value, place)
            except ValueError as error:
                refusals.append(str(error).rpartition("; expected ")[2])
        raise _unexpected(value, place, ", or ".join(refusals))

    return check


def _require(right, value, place, expected):
    if not right:
        raise _unexpected(value, place, expected)


def _unexpected(value, place, expected) -> ValueError:
    return ValueError(f"{place} is {reprlib.repr(value)}; expected {expected}")
