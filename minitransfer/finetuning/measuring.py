"""What was measured on pictures that nobody learnt from, each number with its interval."""

import math

import numpy as np

from minitransfer.experiments import intervals

#: Draws of a bootstrap (Efron 1979), and their seed.
DRAWS, SEED = 2000, 0


def written(value: float, digits: int = 3, sign: str = "") -> str:
    """Write a number with so many digits that mean something, as people write it: 35,200.

    Args:
        value: the number.
        digits: how many of them; the others are 0.
        sign: "+" to write it before what is not negative.

    Example:
        >>> written(35231.4), written(0.04567), written(-1234.5, 2, "+"), written(2e15)
        ('35,200', '0.0457', '−1,200', '2e+15')
    """
    rounded = float(f"{value:.{digits}g}") + 0.0  # + 0.0 turns −0 into 0
    form = f".{digits}g"
    if rounded == 0 or 1e-4 <= abs(rounded) < 1e12:
        decimals = digits - 1 - math.floor(math.log10(abs(rounded))) if rounded else 0
        form = f"{',' if abs(rounded) >= 1000 else ''}.{max(0, decimals)}f"
    text = f"{rounded:{sign}{form}}"
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def counted(right) -> dict:
    """Return a share of right answers with its 95 % interval (Wilson 1927).

    Example:
        >>> counted(np.array([True, True, False, True]))["value"]
        0.75
    """
    low, high = intervals.share(np.asarray(right, bool))
    return {"value": float(np.mean(right)), "low": low, "high": high}


def drawn(statistic, count: int) -> dict:
    """Return a number with its 95 % bootstrap interval: pictures drawn anew.

    Args:
        statistic: a function of rows, an array of whole numbers → a number.
        count: how many pictures there are.

    Example:
        >>> values = np.arange(100.0)
        >>> found = drawn(lambda rows: values[rows].mean(), 100)
        >>> found["low"] < found["value"] < found["high"]
        True
    """
    rng = np.random.default_rng(SEED)
    draws = [statistic(rng.integers(count, size=count)) for _ in range(DRAWS)]
    low, high = np.quantile(draws, [0.025, 0.975])
    value = statistic(np.arange(count))
    return {"value": float(value), "low": float(low), "high": float(high)}


def balanced(right, labels) -> dict:
    """Return balanced accuracy, the mean of the classes' own accuracies, with its interval.

    The distances from each class's share to the ends of its Wilson interval are put together as
    standard errors are (Zou and Donner 2008): right also where a class was answered without fault.

    Example:
        >>> found = balanced(np.array([True, True, True, False]), np.array([0, 0, 0, 1]))
        >>> found["value"], found["low"] > 0, found["high"] < 1
        (0.5, True, True)
    """
    right, labels = np.asarray(right, bool), np.asarray(labels)
    classes = [counted(right[labels == label]) for label in np.unique(labels)]
    value = float(np.mean([c["value"] for c in classes]))
    below = math.hypot(*(c["value"] - c["low"] for c in classes)) / len(classes)
    above = math.hypot(*(c["high"] - c["value"] for c in classes)) / len(classes)
    return {"value": value, "low": max(0.0, value - below), "high": min(1.0, value + above)}


def balanced_difference(a, b, labels) -> dict:
    """Return how much more of the classes' mean accuracy `a` has than `b`, of the same pictures.

    Example:
        >>> found = balanced_difference(np.ones(40, bool), np.zeros(40, bool), np.arange(40) % 2)
        >>> round(found["value"], 6), found["low"] > 0.9
        (1.0, True)
    """
    return _of_pairs(a, b, _class_shares(labels))


def difference(a, b) -> dict:
    """Return the mean of a − b of the same pictures with its 95 % interval.

    Of right and wrong answers (booleans) see `_of_pairs`; of numbers by paired draws.

    Example:
        >>> same = np.ones(20, bool)
        >>> found = difference(same, same)
        >>> found["low"] < found["value"] < found["high"]
        True
    """
    if np.asarray(a).dtype == bool:
        return _of_pairs(a, b, np.ones(len(a)))
    gaps = np.asarray(a, float) - np.asarray(b, float)
    return drawn(lambda rows: gaps[rows].mean(), len(gaps))


def _of_pairs(a, b, weights):
    """The difference of two shares of the same pictures, weighted.

    Where two networks answer all of a few pictures alike, that does not show that they always
    would: so one picture more counts on which they differ (Agresti and Min 2005).
    """
    gaps = np.asarray(a, float) - np.asarray(b, float)
    weights = weights / weights.sum()
    value = float(weights @ gaps)
    variance = weights**2 @ (gaps - value) ** 2 + (weights**2).mean()
    half = 1.96 * float(np.sqrt(variance))
    return {"value": value, "low": max(value - half, -1.0), "high": min(value + half, 1.0)}


def explained(outputs, values) -> dict:
    """Return R², the share of the variance that predictions explain, with its interval.

    Example:
        >>> values = np.arange(20.0)
        >>> explained(values, values)["value"]
        1.0
    """

    def r2(rows):
        spread = ((values[rows] - values[rows].mean()) ** 2).sum()
        return 1 - ((values[rows] - outputs[rows]) ** 2).sum() / max(spread, 1e-300)

    return drawn(r2, len(values))


def confusion(answers, labels, classes: int) -> np.ndarray:
    """Return how often each class (rows) was answered with each (columns).

    Example:
        >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    table = np.zeros((classes, classes), int)
    np.add.at(table, (labels, answers), 1)
    return table


def _class_shares(labels):
    """A weight for each picture that makes all classes count alike."""
    labels = np.asarray(labels)
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return 1 / counts[inverse]
