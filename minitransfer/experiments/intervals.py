"""Confidence intervals: between which values the truth lies, as far as the seeds can tell.

All are 95 % intervals unless said otherwise: of a hundred such intervals, computed from fresh
seeds each time, about 95 hold the true value.
"""

import math
from statistics import NormalDist

import numpy as np


def mean(values, level: float = 0.95) -> tuple[float, float]:
    """Interval of a mean by Student's t. For paired runs, give it the differences.

    Args:
        values: one number per seed, two or more.
        level: how sure it is to be.

    Returns:
        (low, high).

    Raises:
        ValueError: if there are fewer than two numbers.

    Example:
        >>> low, high = mean([1.0, 2.0, 3.0, 4.0])
        >>> round(low, 2), round(high, 2)
        (0.45, 4.55)
    """
    values = _row(values, "mean", least=2)
    half = _student(len(values) - 1, level) * values.std(ddof=1) / math.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def share(successes, level: float = 0.95) -> tuple[float, float]:
    """Interval of a share by Wilson's score (1927): also right where none or all succeed.

    Args:
        successes: True or False per seed.
        level: how sure it is to be.

    Returns:
        (low, high), within 0 to 1.

    Raises:
        ValueError: if there is nothing to count, or it is not true or false.

    Example:
        >>> low, high = share([False] * 200)
        >>> round(low, 3), round(high, 3)
        (0.0, 0.019)
    """
    successes = _row(successes, "share", least=1)
    if not np.isin(successes, (0, 1)).all():
        raise ValueError("share counts successes, True or False; for other numbers use mean")
    count, p, z = len(successes), float(successes.mean()), _normal(level)
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(p * (1 - p) / count + (z / (2 * count)) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)


def difference(a, b, level: float = 0.95) -> tuple[float, float]:
    """Interval of mean(a) − mean(b), of two groups of runs that are not paired.

    Args:
        a, b: one entry per seed. Of booleans the shares are compared (Newcombe 1998), of other
            numbers the means (Welch 1947, each group with its own spread).
        level: how sure it is to be.

    Returns:
        (low, high).

    Raises:
        ValueError: if a group is too small, or only one of them is of booleans.

    Example:
        >>> low, high = difference(np.arange(50) < 40, np.arange(50) < 20)
        >>> round(low, 2), round(high, 2)
        (0.21, 0.55)
    """
    a, b = np.asarray(a), np.asarray(b)
    if (a.dtype == bool) is not (b.dtype == bool):
        raise ValueError(f"difference compares like with like; given {a.dtype} and {b.dtype}")
    if a.dtype == bool:
        return _difference_of_shares(a, b, level)
    a, b = _row(a, "difference", least=2), _row(b, "difference", least=2)
    gap, parts = a.mean() - b.mean(), [x.var(ddof=1) / len(x) for x in (a, b)]
    variance = sum(parts)
    if variance == 0:
        return float(gap), float(gap)
    freedom = variance**2 / sum(
        part**2 / (len(x) - 1) for part, x in zip(parts, (a, b), strict=True)
    )
    half = _student(freedom, level) * math.sqrt(variance)
    return float(gap - half), float(gap + half)


def p_value(a, b=None) -> float:
    """How often chance alone would give a mean, or difference, at least as far from 0 as this.

    Student's t test for one row (of paired runs give the differences), Welch's for two groups.
    For a verdict use the interval; this is for many comparisons at once, see `verdicts.holm`.

    Args:
        a: one number per seed, two or more.
        b: the other group, if the runs are not paired.

    Returns:
        p, two-sided; 1 if there is neither a difference nor any spread.

    Raises:
        ValueError: if a group has fewer than two numbers.

    Example:
        >>> round(p_value([1.0, 2.0, 3.0]), 4)
        0.0742
    """
    groups = [_row(x, "p_value", least=2) for x in (a, b) if x is not None]
    parts = [x.var(ddof=1) / len(x) for x in groups]
    gap = abs(groups[0].mean() - (groups[1].mean() if b is not None else 0))
    if sum(parts) == 0:
        return float(gap == 0)
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(x) - 1) for part, x in zip(parts, groups, strict=True)
    )
    return _beyond(gap / math.sqrt(sum(parts)), freedom)


def _beyond(t, freedom):
    """Share of Student's t beyond ±t: with t = √freedom·tan(angle) an integral of cosines."""
    angle = math.atan(t / math.sqrt(freedom))
    # Simpson's rule; angles count from the far end, where the integrand may be very small.
    weights = np.tile([4.0, 2.0], 1000)[:-1] / 3
    weights = np.array([1 / 3, *weights, 1 / 3])

    def integral(width):
        return width * (weights * np.sin(np.linspace(0, width, 2001)) ** (freedom - 1)).sum()

    return float(integral(math.pi / 2 - angle) / integral(math.pi / 2))


def _difference_of_shares(a, b, level):
    (low_a, high_a), (low_b, high_b) = share(a, level), share(b, level)
    p, q = float(a.mean()), float(b.mean())
    below = math.hypot(p - low_a, high_b - q)
    above = math.hypot(high_a - p, q - low_b)
    return p - q - below, p - q + above


def _normal(level):
    """How many standard deviations hold the middle `level` of a normal distribution."""
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, for instance 0.95; given {level}")
    return NormalDist().inv_cdf((1 + level) / 2)


def _student(freedom, level):
    """The same for Student's t: the Cornish-Fisher series in 1 / freedom (Fisher and Cornish
    1960), right to 1 % from two degrees of freedom on; one degree has a formula of its own."""
    z = _normal(level)
    if freedom <= 1:
        return math.tan(math.pi * level / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


def _row(values, name, least):
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < least:
        raise ValueError(
            f"{name} takes a row of {least} or more numbers, one per seed; "
            f"given shape {values.shape}"
        )
    return values
