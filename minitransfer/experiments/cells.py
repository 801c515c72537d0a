"""What a cell of an experiment is called, in a file and out of it.

A row that was measured once must be found again, whatever its cell holds: True is not the text
"True", None is not nothing, and "10" is no number. So each entry has one text, both ways.
"""

import json
from collections.abc import Iterable

import numpy as np

from minitransfer import documents


def key_of(row: dict, keys: Iterable[str]) -> tuple:
    """Return what says which cell a row belongs to: each entry as text, as `cell_text` writes it.

    Whole numbers are the same written 2 and 2.0; True is no number, and NaN is itself.

    Example:
        >>> key_of({"labels": 10.0, "frozen": True, "accuracy": 0.5}, ["labels", "frozen"])
        ('10', 'true')
    """
    return tuple(_identity(row[key]) for key in keys)


def cell_text(value) -> str:
    """Write the entry of a cell as the text that `cell_value` reads.

    Args:
        value: a number of Python's or NumPy's, text, True, False, None, or a list or tuple of
            these.

    Raises:
        TypeError: if it is something else.

    Example:
        >>> [cell_text(value) for value in (1e-4, None, (3, True), "a, b", "10")]
        ['0.0001', 'null', '[3, true]', 'a, b', '"10"']
    """
    value = _plain(value)
    if isinstance(value, str) and value.isprintable() and _parsed(value) is _TEXT:
        return value
    return json.dumps(value)


def cell_value(text: str):
    """Read the entry of a cell that `cell_text` wrote; a list comes back as a tuple.

    Raises:
        ValueError: if it looks like a number, a list or quoted text and is none.

    Example:
        >>> [cell_value(text) for text in ('0.0001', 'null', '[3, true]', 'a, b', '"10"')]
        [0.0001, None, (3, True), 'a, b', '10']
    """
    value = _parsed(text)
    return text if value is _TEXT else value


#: What `_parsed` returns for text that stands for nothing but itself.
_TEXT = object()
_WORDS = ("true", "false", "null", "NaN", "Infinity")


def _parsed(text):
    if not (text in _WORDS or text[:1] in '-0123456789"['):
        return _TEXT
    try:
        return _as_tuple(documents.parsed(text, "a cell"))
    except ValueError:
        return _TEXT


def _as_tuple(value):
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value


def _plain(value):
    """The value in the types of Python that JSON knows."""
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        "a cell holds numbers, text, True, False, None and tuples of these, so that it can be "
        f"found again in a file; given {type(value).__name__}: give it a name, and look up in the "
        "measuring function what the name stands for"
    )


def same(a, b) -> bool:
    """Whether two entries have one identity; most are numbers and text, and quickly compared.

    Example:
        >>> same(2, 2.0), same(1, True), same(float("nan"), float("nan"))
        (True, False, True)
    """
    if type(a) is type(b) and isinstance(a, (int, str)):
        return a == b
    return _identity(a) == _identity(b)


def _identity(value) -> str:
    value = _plain(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return cell_text(value)
