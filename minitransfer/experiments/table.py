"""What was measured, as lessons and figures want it."""

import itertools
import json
from collections.abc import Iterable, Sequence

import numpy as np

from minitransfer import documents


class Table:
    """What was measured: a row for each cell.

    Args:
        keys: the names of the columns that say which cell a row belongs to.
        rows: dictionaries with those columns and the measured ones.

    Example:
        >>> measured = {(10, 0): 0.5, (10, 1): 0.7, (99, 0): 0.8, (99, 1): 1.0}
        >>> table = Table(["labels", "seed"], [
        ...     {"labels": n, "seed": s, "accuracy": a} for (n, s), a in measured.items()
        ... ])
        >>> table.values("accuracy", labels=10)
        array([0.5, 0.7])
        >>> labels, runs = table.curve("accuracy", over="labels")
        >>> labels, runs
        (array([10, 99]), array([[0.5, 0.8], [0.7, 1. ]]))
    """

    def __init__(self, keys: Sequence[str], rows: Iterable[dict]):
        self.keys, self.rows = tuple(keys), list(rows)

    def __len__(self):
        return len(self.rows)

    def __repr__(self):
        columns = ", ".join(self.rows[0]) if self.rows else ", ".join(self.keys)
        return f"Table: {len(self)} rows of {columns}"

    def where(self, **fixed) -> "Table":
        """Return the rows that have these values.

        Raises:
            KeyError: if there is no such column.
        """
        for name in fixed:
            if self.rows and name not in self.rows[0]:
                raise KeyError(f"no column {name!r}; there are {', '.join(self.rows[0])}")
        rows = [row for row in self.rows if all(_same(row[k], v) for k, v in fixed.items())]
        return Table(self.keys, rows)

    def values(self, column: str, **fixed) -> np.ndarray:
        """Return one column of the rows that have these values, in the order of the table.

        Raises:
            KeyError: if there is no such column, or no such row.
        """
        rows = self.where(**fixed).rows
        if not rows or column not in rows[0]:
            raise KeyError(f"{self!r} has no {column!r} where {fixed}")
        return np.array([row[column] for row in rows])

    def curve(self, column: str, over: str, **fixed) -> tuple[np.ndarray, np.ndarray]:
        """Return a measured column as runs over another one: what a plot with spread needs.

        Args:
            column: what was measured.
            over: the key that the curve runs over.
            **fixed: values of other keys. All that is left of them (seeds) makes the runs.

        Returns:
            The values of `over`, in rising order, and an array (runs, values of `over`); the runs
            are in the order of the table.

        Raises:
            ValueError: if a run lacks a point.
        """
        part = self.where(**fixed)
        others = [key for key in self.keys if key != over and key not in fixed]
        found = {(key_of(row, others), row[over]): row[column] for row in part.rows}
        runs = list(dict.fromkeys(run for run, _ in found))
        points = sorted({point for _, point in found})
        if lacking := set(itertools.product(runs, points)) - set(found):
            raise ValueError(
                f"{len(lacking)} of {len(runs) * len(points)} points of {column} over {over} were "
                f"not measured where {fixed}, for instance {over} {min(lacking)[1]}; fix one more "
                "key, or leave out the points that only some runs have"
            )
        return np.array(points), np.array([[found[run, point] for point in points] for run in runs])


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


def _same(a, b) -> bool:
    """Whether two entries have one identity; most are numbers and text, and quickly compared."""
    if type(a) is type(b) and isinstance(a, (int, str)):
        return a == b
    return _identity(a) == _identity(b)


def _identity(value) -> str:
    value = _plain(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return cell_text(value)
