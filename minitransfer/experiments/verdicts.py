"""Verdicts by interval: more, less, equal within a margin, or undecided.

That an interval holds 0 does not show that there is no difference: two runs would always "show"
it. Who says *no difference* says beforehand which difference would not matter, and then has to
show that the true one is smaller.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from minitransfer.experiments import intervals


class Judgement(NamedTuple):
    """What `judge` finds.

    Attributes:
        word: "more", "less", "equal" or "undecided".
        middle: the mean difference.
        interval: its 95 % interval.
    """

    word: str
    middle: float
    interval: tuple[float, float]


def judge(a, b=None, *, margin: float | None = None, level: float = 0.95) -> Judgement:
    """Say whether a difference lies above 0, below, or so near that it does not matter.

    Args:
        a: paired runs: their differences, one for each independent draw (see `by_cluster`).
            Otherwise one group of runs.
        b: the other group, if the runs are not paired; booleans are compared as shares.
        margin: the difference that would not matter, said before measuring. Then "equal" means:
            both one-sided tests say that the difference is smaller (Schuirmann 1987), which is
            so when the 90 % interval lies within the margin. None: never "equal".
        level: how sure to be.

    Returns:
        A `Judgement`. What lies above 0 for sure, but within the margin for sure as well, is
        "equal": it is there and does not matter.

    Raises:
        ValueError: if the margin is not above 0, or `intervals` cannot use the numbers.

    Example:
        >>> judge([0.04, 0.05, 0.06]).word
        'more'
        >>> judge([-0.01, 0.0, 0.01], margin=0.02).word, judge([-0.1, 0.1], margin=0.02).word
        ('equal', 'undecided')
    """
    if margin is not None and margin <= 0:
        raise ValueError(f"margin={margin}; a difference that would not matter is larger than 0")

    def between(level):
        return intervals.mean(a, level) if b is None else intervals.difference(a, b, level)

    low, high = between(level)
    middle = float(np.mean(a) - (0 if b is None else np.mean(b)))
    if margin is not None:
        inner_low, inner_high = between(2 * level - 1)
        if -margin < inner_low and inner_high < margin:
            return Judgement("equal", middle, (low, high))
    word = "more" if low > 0 else "less" if high < 0 else "undecided"
    return Judgement(word, middle, (low, high))


def judge_each(rows, *, margin: float | None = None, level: float = 0.95):
    """Judge many paired comparisons at once, corrected for looking that often.

    Args:
        rows: the differences of each comparison, as a sequence of rows or as name → row.
        margin: as for `judge`; "equal" asks for the level that Bonferroni's correction gives.
        level: how sure to be of all words together.

    Returns:
        A `Judgement` for each, in the form of `rows`. "more" and "less" are said if the p-value
        corrected by `holm` allows it; the intervals are those of single comparisons.

    Example:
        >>> rows = {"near": [0.40, 0.41, 0.42], "far": [-0.1, 0.1, 0.3]}
        >>> {name: one.word for name, one in judge_each(rows).items()}
        {'near': 'more', 'far': 'undecided'}
    """
    if isinstance(rows, Mapping):
        judged = judge_each(list(rows.values()), margin=margin, level=level)
        return dict(zip(rows, judged, strict=True))
    strict = 1 - (1 - level) / max(len(rows), 1)
    judged = []
    for row, p in zip(rows, holm([intervals.p_value(row) for row in rows]), strict=True):
        _, middle, interval = judge(row, level=level)
        word = "undecided" if p >= 1 - level else "more" if middle > 0 else "less"
        if margin is not None and judge(row, margin=margin, level=strict).word == "equal":
            word = "equal"
        judged.append(Judgement(word, middle, interval))
    return judged


def over_cases(shown: Mapping[str, bool]) -> dict:
    """Say what follows for a sentence that speaks of several cases.

    Args:
        shown: for each case, by name, whether it was shown there.

    Returns:
        ``verdict`` and ``condition``, as `claim` takes them: it holds if it was shown in all
        cases, narrowly (in those) if in half of them or more, and else it does not hold.

    Raises:
        ValueError: if there is no case.

    Example:
        >>> over_cases({"digits": True, "sounds": False})
        {'verdict': 'holds narrowly', 'condition': 'for digits, but not for sounds'}
        >>> over_cases({"digits": True, "sounds": False, "animals": False})["verdict"]
        'does not hold'
    """
    if not shown:
        raise ValueError("a sentence that speaks of cases needs one at least; given none")
    yes = [name for name, is_so in shown.items() if is_so]
    no = [name for name, is_so in shown.items() if not is_so]
    if not no:
        return {"verdict": "holds", "condition": ""}
    if len(yes) < len(no):
        return {"verdict": "does not hold", "condition": ""}
    condition = f"for {'; '.join(yes)}, but not for {'; '.join(no)}"
    return {"verdict": "holds narrowly", "condition": condition}


def holm(p_values):
    """Correct for many comparisons (Holm 1979): who looks often enough finds something.

    Args:
        p_values: of all comparisons that were looked at, also of those not worth telling, as a
            row or as name → p; see `intervals.p_value`.

    Returns:
        The corrected ones in the same form. Those below 0.05 may be believed together, since
        the chance that any of them is an accident is below 0.05.

    Raises:
        ValueError: if a p is not between 0 and 1.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
        >>> holm({"digits": 0.5, "animals": 0.01})
        {'digits': 0.5, 'animals': 0.02}
    """
    if isinstance(p_values, Mapping):
        return dict(zip(p_values, holm(list(p_values.values())), strict=True))
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"holm takes a row of numbers between 0 and 1; given {p_values!r}")
    order = np.argsort(p)
    factors = np.arange(len(p), 0, -1)
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1)
    return [float(round(value, 12)) for value in corrected]
