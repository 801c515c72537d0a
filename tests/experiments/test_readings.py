"""Numbers read off curves, against cases computed by hand."""

import numpy as np
import pytest

from minitransfer.experiments import crossing, intervals, needed, over_seeds


def test_mean_and_spread_by_hand():
    numbers = over_seeds({"a": [1, 2, 3], "b": [4.0, 4.0]})
    assert numbers == {"measured": {"a": 2, "b": 4}, "spread": {"a": 1, "b": 0}, "seeds": 2}


def test_runs_that_share_something_count_once():
    numbers = over_seeds({"a": [0, 2, 5]}, clusters=[0, 0, 1])
    assert numbers["measured"]["a"] == 3
    assert numbers["spread"]["a"] == pytest.approx(4 / np.sqrt(2))
    assert numbers["seeds"] == 2


def test_a_share_has_an_interval_in_the_place_of_a_deviation():
    solved = np.arange(20) < 15
    numbers = over_seeds({"solved": solved})
    assert numbers["measured"]["solved"] == 0.75
    assert numbers["spread"]["solved"] == intervals.share(solved)


def test_crossing_is_linear_in_the_logarithm():
    # From +3 at 100 to -1 at 10,000: three quarters of the way, at 10^3.5.
    assert crossing([10, 100, 10_000], [5, 3, -1]) == pytest.approx(10**3.5)


def test_the_last_crossing_counts():
    assert crossing([1, 10, 100, 1000], [1, -1, 1, -1]) == pytest.approx(10**2.5)


def test_labels_needed_are_linear_in_the_logarithm():
    assert needed(0.9, [10, 100, 1000], [0.5, 0.8, 1.0]) == pytest.approx(10**2.5)


def test_a_curve_that_falls_again_has_been_there():
    assert needed(0.75, [10, 1000, 4000], [0.5, 1.0, 0.6]) == pytest.approx(100)


def test_beyond_and_before_the_curve():
    assert needed(0.99, [10, 100], [0.5, 0.9]) == np.inf
    assert np.isnan(needed(0.4, [10, 100], [0.5, 0.9]))
    assert needed(0.9, [10, 100], [[0.5, 0.9], [0.9, 0.95]]) == pytest.approx([100, 10])


def test_a_single_run_has_no_spread():
    with pytest.raises(ValueError, match="two or more"):
        over_seeds({"a": [1.0]})
