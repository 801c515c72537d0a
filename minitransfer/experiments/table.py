"""What was measured, as lessons and figures want it."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from minitransfer.experiments.cells import key_of, same


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
        rows = [row for row in self.rows if all(same(row[k], v) for k, v in fixed.items())]
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
