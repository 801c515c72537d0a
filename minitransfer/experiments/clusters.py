"""Runs that share a network or a draw of labels are not independent: they count once.

Eight runs from two pretrainings and five draws of digits are not eight witnesses. Whoever redraws
them one by one, as if they were, gets an interval that is too narrow.
"""

from collections.abc import Callable

import numpy as np


def by_cluster(values, clusters) -> np.ndarray:
    """Return the mean of each cluster, in rising order of the clusters' names.

    What comes out is one number for each independent draw: give it to `intervals.mean`.

    Args:
        values: one number per run, or (runs, points).
        clusters: for each run what it shares with others, for instance the seed of its labels.

    Raises:
        ValueError: if there are not as many clusters as runs.

    Example:
        >>> by_cluster([0.5, 0.75, 1.0], ["a", "a", "b"]).tolist()
        [0.625, 1.0]
    """
    values, clusters = np.asarray(values, dtype=np.float64), np.asarray(clusters)
    _check(values, clusters)
    return np.stack([values[clusters == name].mean(axis=0) for name in np.unique(clusters)])


def redrawn(
    statistic: Callable[[np.ndarray], float],
    runs,
    *clusters,
    times: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval of a number that is computed from runs, by drawing whole clusters again.

    A bootstrap (Efron 1979) that draws clusters with repetition, not runs. With several kinds of
    clusters each kind is drawn by itself, and a run comes along as often as all its clusters do
    (the pigeonhole bootstrap: Owen 2007).

    Few clusters show only part of the truth: with two, a quarter of the draws holds the first one
    alone, a quarter the second, and a third that was never trained is in none of them.

    Args:
        statistic: takes some of the runs, as an array, and returns a number; infinity is fine.
        runs: (runs, …).
        clusters: one or more rows, an entry per run; none draws the runs themselves.
        times: how often to draw.
        level: how sure the interval is to be.
        seed: of the drawing.

    Returns:
        (low, high): values that were really drawn, so that infinity stays infinity.

    Raises:
        ValueError: if there are not as many clusters as runs.

    Example:
        >>> runs, network = np.array([1.0, 1.1, 3.0, 3.1]), ["a", "a", "b", "b"]
        >>> low, high = redrawn(np.mean, runs, network)
        >>> round(low, 2), round(high, 2)
        (1.05, 3.05)
    """
    runs, rng = np.asarray(runs), np.random.default_rng(seed)
    kinds = [np.unique(c, return_inverse=True) for c in clusters or [np.arange(len(runs))]]
    for _, places in kinds:
        _check(runs, places)
    found = []
    while len(found) < times:
        copies = np.ones(len(runs), int)
        for names, places in kinds:
            drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)))
            copies *= drawn[places]
        if copies.any():  # networks and labels may have been drawn that never met in a run
            found.append(statistic(np.repeat(runs, copies, axis=0)))
    outside = (1 - level) / 2
    low = np.quantile(found, outside, method="lower")
    return float(low), float(np.quantile(found, 1 - outside, method="higher"))


def _check(values, clusters):
    if clusters.shape != values.shape[:1]:
        raise ValueError(f"{len(values)} runs need one cluster each; given shape {clusters.shape}")
