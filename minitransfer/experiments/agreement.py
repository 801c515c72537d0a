"""Nobody has to believe a stored table: repeat a slice of it and compare."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minitransfer.experiments.cells import key_of
from minitransfer.experiments.table import Table


@dataclass(frozen=True)
class Agreement:
    """How cells measured again compare with the stored table.

    Attributes:
        column: what is compared.
        cells: the cells.
        before: what was stored.
        now: what was measured again.
        tolerance: how far the two may be apart, for each cell.

    Example:
        >>> Agreement("accuracy", [{"seed": 0}], *np.array([[0.91], [0.92], [0.03]]))
        measured again: 1 of 1 cells agree with the stored table
        (accuracy differs by 0.0100, where 0.0300 is allowed)
    """

    column: str
    cells: list
    before: np.ndarray
    now: np.ndarray
    tolerance: np.ndarray

    @property
    def agrees(self) -> bool:
        """Whether all cells do."""
        return bool((np.abs(self.now - self.before) <= self.tolerance).all())

    def __repr__(self):
        apart = np.abs(self.now - self.before)
        worst = np.argmax(apart - self.tolerance)
        most = " at most" if len(apart) > 1 else ""
        return (
            f"measured again: {(apart <= self.tolerance).sum()} of {len(apart)} cells agree with "
            f"the stored table\n({self.column} differs by {apart[worst]:.4f}{most}, where "
            f"{self.tolerance[worst]:.4f} is allowed)"
        )


# How many standard deviations over seeds a cell may be off. The same seed is compared, so that
# only rounding differs between machines, and what chaos makes of it in training. Weights jogged by
# a millionth moved fine-tuned networks by half a deviation at most; long training goes further.
_TIMES = 2


def measure_again(
    table: Table, measure: Callable[..., dict], column: str, by_chance: str = "seed", **fixed
) -> Agreement:
    """Repeat a slice of an experiment, and compare with the stored table within its spread.

    Each cell is allowed twice the standard deviation over the seeds of its own setting, so that
    what scatters much does not excuse what scatters little. (Few seeds may lie close together by
    chance: at least half of what the settings of the slice have on average is allowed.)

    Args:
        table: as `stored` returned it.
        measure: the same function.
        column: what to compare.
        by_chance: the key that tells runs apart which differ by chance only.
        **fixed: values of keys: which cells to repeat.

    Returns:
        The comparison: print it, and ask it for `agrees`.

    Raises:
        ValueError: if the table has no such cells, or only one seed, which shows no spread.

    Example:
        >>> from minitransfer.experiments import grid
        >>> def roll(sides, seed):
        ...     return {"points": int(np.random.default_rng(seed).integers(1, sides + 1))}
        >>> rows = [{**cell, **roll(**cell)} for cell in grid(sides=(6, 20), seed=range(4))]
        >>> table = Table(["sides", "seed"], rows)
        >>> measure_again(table, roll, "points", sides=6, seed=0).agrees
        True
    """
    rows = table.where(**fixed).rows
    if not rows:
        raise ValueError(f"{table!r} has no cells where {fixed}")
    others = [key for key in table.keys if key != by_chance]
    groups: dict[tuple, list] = {}
    for row in table.rows:
        groups.setdefault(key_of(row, others), []).append(row[column])
    settings = [key_of(row, others) for row in rows]
    variances = {name: np.var(groups[name], ddof=1) for name in settings if len(groups[name]) > 1}
    if not variances:
        raise ValueError(f"one {by_chance} shows no spread to compare with; store two or more")
    least = np.mean([*variances.values()]) / 4
    own = [variances.get(name, 4 * least) for name in settings]
    tolerance = _TIMES * np.sqrt(np.maximum(own, least))
    cells = [{key: row[key] for key in table.keys} for row in rows]
    now = np.array([measure(**cell)[column] for cell in cells])
    before = np.array([row[column] for row in rows])
    return Agreement(column, cells, before, now, tolerance)
