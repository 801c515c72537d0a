"""Intervals against published tables, and against how often they hold the truth."""

import numpy as np
import pytest

from minitransfer.experiments import intervals


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262), (30, 2.042), (199, 1.972)],
)
def test_students_t_is_that_of_the_tables(freedom, quantile):
    values = np.arange(freedom + 1.0)
    low, high = intervals.mean(values)
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert (high - low) / 2 / error == pytest.approx(quantile, rel=0.01)
    assert (high + low) / 2 == pytest.approx(values.mean())


def test_wilson_is_that_of_newcombes_table():
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", method 3
    assert intervals.share(np.arange(263) < 81) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert intervals.share(np.arange(29) < 1) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert intervals.share([False] * 20)[0] == 0.0
    assert intervals.share([True] * 20)[1] == 1.0


def test_difference_of_shares_is_that_of_newcombes_table():
    # Newcombe 1998, "Interval estimation for the difference", method 10: 56/70 and 48/80
    low, high = intervals.difference(np.arange(70) < 56, np.arange(80) < 48)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_welch_holds_the_truth_as_often_as_promised():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        low, high = intervals.difference(rng.normal(1, 1, 5), rng.normal(0, 3, 8))
        held += low <= 1 <= high
    assert 0.93 < held / 2000 < 0.975


def test_groups_without_any_spread_differ_by_exactly_their_gap():
    assert intervals.difference([2.0, 2.0], [0.5, 0.5]) == (1.5, 1.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: intervals.mean([1.0]), "2 or more numbers"),
        (lambda: intervals.share([0.5]), "use mean"),
        (lambda: intervals.share(np.zeros((2, 2))), "shape"),
        (lambda: intervals.difference([True], [1.0, 2.0]), "like with like"),
        (lambda: intervals.mean([1.0, 2.0], level=95), "between 0 and 1"),
    ],
)
def test_wrong_use_says_so(call, message):
    with pytest.raises(ValueError, match=message):
        call()
