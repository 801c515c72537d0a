"""What was measured, as lessons and figures want it."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from minitransfer.experiments.cells import key_of, same
from minitransfer.experiments.clusters import by_cluster


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

    def curve(
        self, column: str, over: str, *, cluster: str | None = None, **fixed
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return a measured column as runs over another one: what a plot with spread needs.

        Args:
            column: what was measured.
            over: the key that the curve runs over.
            cluster: a key that runs share, for instance the seed that draws the labels: then
                there is one curve for each of its values, the mean of its runs (`by_cluster`).
            **fixed: values of other keys. All that is left of them (seeds) makes the runs.

        Returns:
            The values of `over`, in rising order, and an array (runs, values of `over`); the runs
            are in the order of the table.

        Raises:
            ValueError: if a run lacks a point.
            KeyError: if the runs are not told apart by the key `cluster`.
        """
        part, others = self.where(**fixed), self._others(over, fixed)
        found = {(key_of(row, others), row[over]): row[column] for row in part.rows}
        runs = list(dict.fromkeys(run for run, _ in found))
        points = sorted({point for _, point in found})
        if lacking := set(itertools.product(runs, points)) - set(found):
            raise ValueError(
                f"{len(lacking)} of {len(runs) * len(points)} points of {column} over {over} were "
                f"not measured where {fixed}, for instance {over} {min(lacking)[1]}; fix one more "
                "key, or leave out the points that only some runs have"
            )
        curves = np.array([[found[run, point] for point in points] for run in runs])
        if cluster is not None:
            curves = by_cluster(curves, self.run_keys(cluster, over, **fixed))
        return np.array(points), curves

    def run_keys(self, key: str, over: str, **fixed) -> np.ndarray:
        """Return an entry of each run of `curve`, in its order: what runs share with each other.

        Args:
            key: which entry, for instance "pretraining"; it must not be fixed.
            over, **fixed: as `curve` has them.

        Raises:
            KeyError: if the runs are not told apart by this key.

        Example:
            >>> rows = [{"net": n, "labels": m, "seed": s, "right": 0.5}
            ...         for n in (0, 1) for m in (10, 99) for s in (7, 8)]
            >>> Table(["net", "labels", "seed"], rows).run_keys("net", over="labels")
            array([0, 0, 1, 1])
        """
        others = self._others(over, fixed)
        if key not in others:
            raise KeyError(f"runs over {over} differ by {', '.join(others)}, not by {key!r}")
        shared = {key_of(row, others): row[key] for row in self.where(**fixed).rows}
        return np.array(list(shared.values()))

    def _others(self, over, fixed):
        """The keys that tell runs apart."""
        return [key for key in self.keys if key != over and key not in fixed]
