"""Groups that nobody has named: k-means, and how well two groupings of the same things agree."""

from typing import NamedTuple

import numpy as np

from minitransfer.autograd import as_array
from minitransfer.random import default_generator


class Clusters(NamedTuple):
    """What `k_means` finds.

    Attributes:
        labels: the group of each example, int64 (N,), from 0.
        centres: the mean of each group, (k, D).
        inertia: sum of the squared distances from each example to the centre of its group.
    """

    labels: np.ndarray
    centres: np.ndarray
    inertia: float


def k_means(x, k: int, *, restarts: int = 10, most: int = 100, generator=None) -> Clusters:
    """Sort examples into k groups so that each lies near the mean of its group (Lloyd 1982).

    Two steps take turns until nothing moves: every example joins the nearest centre, every centre
    moves to the mean of its examples. Where that ends hangs on where it begins. So it begins
    several times, each time with centres that were drawn far apart (k-means++, Arthur and
    Vassilvitskii 2007), and the attempt with the smallest inertia counts. No label is looked at.

    Args:
        x: examples (N, …), flattened to (N, D).
        k: number of groups, from 1 to N.
        restarts: how often to begin.
        most: largest number of rounds in each attempt.
        generator: draws the first centres; the default one if None.

    Returns:
        `Clusters`.

    Raises:
        ValueError: if there are fewer examples than groups, a number is below 1, or an entry of x
            is not finite.

    Example:
        >>> x = np.array([[0.0], [0.1], [5.0], [5.1], [9.0]])
        >>> found = k_means(x, 3, generator=np.random.default_rng(0))
        >>> sorted(found.centres[:, 0].round(2).tolist())
        [0.05, 5.05, 9.0]
    """
    x = np.asarray(as_array(x), np.float64)
    x = x.reshape(len(x), -1)
    if not 1 <= k <= len(x):
        raise ValueError(f"k_means: k is from 1 to the number of examples, {len(x)}; given {k}")
    if restarts < 1 or most < 1:
        raise ValueError(
            f"k_means begins and goes on at least once; given restarts={restarts}, most={most}"
        )
    if not np.isfinite(x).all():
        raise ValueError("k_means takes finite numbers; given some that are NaN or infinite")
    generator = generator or default_generator()
    attempts = (_attempt(x, k, most, generator) for _ in range(restarts))
    return min(attempts, key=lambda found: found.inertia)


def adjusted_rand_index(first, second) -> float:
    """Return how well two groupings of the same things agree: 1 if they are the same, 0 by chance.

    It counts the pairs that both put together or both keep apart, and takes off what two random
    groupings of these sizes share on average (Hubert and Arabie 1985). What the groups are called
    does not matter; agreement below that of chance is below 0.

    Args:
        first: the group of each thing, (N,), numbers or texts.
        second: the groups of the same things in the other grouping.

    Raises:
        ValueError: if these are not two rows of one length, 2 or more.

    Example:
        >>> adjusted_rand_index([0, 0, 1, 1], ["b", "b", "a", "a"])
        1.0
        >>> round(adjusted_rand_index([0, 0, 1, 1], [0, 1, 0, 1]), 3)
        -0.5
    """
    first, second = np.asarray(first), np.asarray(second)
    if first.ndim != 1 or first.shape != second.shape or len(first) < 2:
        raise ValueError(
            "adjusted_rand_index compares two groupings of the same things, two or more; given "
            f"shapes {first.shape} and {second.shape}"
        )
    (rows, a), (columns, b) = (np.unique(g, return_inverse=True) for g in (first, second))
    table = np.zeros((len(rows), len(columns)))
    np.add.at(table, (a, b), 1)

    def pairs(counts):
        return float((counts * (counts - 1) / 2).sum())

    together, of_first, of_second = pairs(table), pairs(table.sum(1)), pairs(table.sum(0))
    by_chance = of_first * of_second / pairs(np.array([len(first)]))
    most = (of_first + of_second) / 2
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)


def _attempt(x, k, most, generator):
    centres = _far_apart(x, k, generator)
    labels = np.full(len(x), -1)
    for _ in range(most):
        distances = _distances(x, centres)
        nearest = distances.argmin(1)
        if (nearest == labels).all():
            break
        labels = nearest
        for group in range(k):
            members = labels == group
            # A group that everybody has left begins anew at the example that lies worst.
            centres[group] = x[members].mean(0) if members.any() else x[distances.min(1).argmax()]
    distances = _distances(x, centres)
    return Clusters(distances.argmin(1), centres, float(distances.min(1).sum()))


def _far_apart(x, k, generator):
    """Draw examples as centres, each with a chance that grows as the squared distance."""
    chosen = [generator.integers(len(x))]
    nearest = _distances(x, x[chosen])[:, 0]
    while len(chosen) < k:
        total = nearest.sum()
        chance = nearest / total if total > 0 else None  # all the rest lies on a centre
        chosen.append(generator.choice(len(x), p=chance))
        nearest = np.minimum(nearest, _distances(x, x[chosen[-1:]])[:, 0])
    return x[chosen].copy()


def _distances(x, centres):
    """Squared distances, (N, k): rounding may bring a 0 just below it, which is cut off."""
    squares = (x**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * x @ centres.T
    return np.maximum(squares, 0)
