"""Numbers read off the curves of many runs: mean and spread, crossings, labels needed."""

from collections.abc import Mapping

import numpy as np

from minitransfer.experiments import intervals
from minitransfer.experiments.clusters import by_cluster


def over_seeds(runs: Mapping, clusters=None) -> dict:
    """Return mean and spread of each row of runs, in the form in which `course.claim` takes them.

    Args:
        runs: name → a number per run, or True and False per run.
        clusters: what runs share, see `by_cluster`; the same for all rows. None: every run is
            independent of all others.

    Returns:
        {"measured": name → mean, "spread": name → standard deviation, "seeds": how many
        independent runs}. The spread of a share of True is its 95 % interval (Wilson).

    Raises:
        ValueError: if a row has fewer than two numbers.

    Example:
        >>> numbers = over_seeds({"option 1": [0.75, 1.0], "scratch": [0.5, 0.5]})
        >>> numbers["measured"], numbers["spread"]["scratch"], numbers["seeds"]
        ({'option 1': 0.875, 'scratch': 0.5}, 0.0, 2)
    """
    measured, spread, counts = {}, {}, []
    for name, values in runs.items():
        row = np.asarray(values)
        yes_or_no = row.dtype == bool
        if clusters is not None:
            row, yes_or_no = by_cluster(row, clusters), False
        if row.ndim != 1 or len(row) < 2:
            raise ValueError(f"{name}: expected a row of two or more runs; given {row.shape}")
        measured[name] = float(row.mean())
        spread[name] = intervals.share(row) if yes_or_no else float(row.std(ddof=1))
        counts.append(len(row))
    return {"measured": measured, "spread": spread, "seeds": min(counts)}


def crossing(x, difference) -> float:
    """Return where a difference falls below 0 for good, on a logarithmic axis.

    Args:
        x: the points, rising and above 0, for instance numbers of labels.
        difference: one curve minus another at these points.

    Returns:
        The place, between two points by interpolation; infinity if the last point is still above
        0, and 0 if none is.

    Example:
        >>> crossing([10, 1000], [0.02, -0.02])
        100.0
        >>> crossing([10, 100], [0.02, 0.01]), crossing([10, 100], [-0.02, -0.01])
        (inf, 0.0)
    """
    x, difference = np.asarray(x, dtype=np.float64), np.asarray(difference, dtype=np.float64)
    above = np.flatnonzero(difference > 0)
    if not len(above):
        return 0.0
    last = above[-1]
    if last + 1 == len(x):
        return float("inf")
    share = difference[last] / (difference[last] - difference[last + 1])
    return float(round(x[last] ** (1 - share) * x[last + 1] ** share, 9))


def needed(goal: float, x, values):
    """Return how much of `x` a curve needs to reach a goal, on a logarithmic axis.

    A curve that falls again counts as having been there: its running maximum is read.

    Args:
        goal: the height to reach, for instance an accuracy.
        x: the points, rising and above 0, for instance numbers of labels.
        values: a curve at these points, or one curve a row.

    Returns:
        A number for each curve (one alone if there is one curve): infinity if it does not get
        there, nan if it is higher already at the first point, so that nobody can tell.

    Example:
        >>> needed(0.75, [10, 1000], [0.5, 1.0])
        100.0
        >>> needed(0.75, [10, 1000], [[0.5, 0.7], [0.8, 0.9]]).tolist()
        [inf, nan]
    """
    values, logs = np.asarray(values, dtype=np.float64), np.log(x)
    found = []
    for curve in np.maximum.accumulate(np.atleast_2d(values), axis=1):
        if goal > curve[-1]:
            found.append(np.inf)
        elif goal < curve[0]:
            found.append(np.nan)
        else:
            found.append(round(np.exp(np.interp(goal, curve, logs)), 9))
    return np.array(found) if values.ndim > 1 else float(found[0])
