"""Verdicts by interval; p-values against tables; Holm against his own example by hand."""

import numpy as np
import pytest

from minitransfer.experiments import holm, intervals, judge, judge_each, over_cases


def test_words():
    rng = np.random.default_rng(0)
    assert judge(rng.normal(1, 0.1, 9)).word == "more"
    assert judge(-rng.normal(1, 0.1, 9)).word == "less"
    assert judge(rng.normal(0, 1, 9)).word == "undecided"
    assert judge(rng.normal(0, 1, 9), margin=0.1).word == "undecided"
    assert judge(rng.normal(0, 0.05, 9), margin=0.1).word == "equal"


def test_equal_is_decided_by_the_90_percent_interval():
    """Three runs, mean 0, deviation 1: the interval is 2.92/√3 = 1.686 wide on either side."""
    assert judge([-1, 0, 1], margin=1.70).word == "equal"
    assert judge([-1, 0, 1], margin=1.67).word == "undecided"
    assert judge([-1, 0, 1]).interval == pytest.approx((-2.484, 2.484), rel=0.01)


def test_a_small_sure_difference_that_does_not_matter_is_equal():
    values = [0.010, 0.011, 0.012]
    assert judge(values).word == "more"
    assert judge(values, margin=0.05).word == "equal"


def test_groups_that_are_not_paired():
    a, b = np.arange(100) < 90, np.arange(100) < 30
    found = judge(a, b)
    assert (found.word, found.middle) == ("more", pytest.approx(0.6))
    assert found.interval == intervals.difference(a, b)
    assert judge(b, a).word == "less"


def test_equivalence_errs_as_often_as_promised():
    """A true difference just at the margin is called equal in at most one case of twenty."""
    rng = np.random.default_rng(0)
    wrong = sum(judge(rng.normal(1, 0.5, 8), margin=1.0).word == "equal" for _ in range(2000))
    assert wrong / 2000 < 0.06


@pytest.mark.parametrize(
    ("t", "freedom", "p"),
    [(12.706, 1, 0.05), (2.776, 4, 0.05), (4.604, 4, 0.01), (1.972, 199, 0.05), (0.0, 7, 1.0)],
)
def test_p_is_that_of_the_tables(t, freedom, p):
    assert intervals._beyond(t, freedom) == pytest.approx(p, rel=0.002)


def test_p_and_interval_agree():
    values = np.random.default_rng(3).normal(0.7, 1, 6)
    p = intervals.p_value(values)
    low, high = intervals.mean(values, level=1 - p)
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=0.01)
    a, b = values, np.arange(4.0)
    low, high = intervals.difference(a, b, level=1 - intervals.p_value(a, b))
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=0.02)


def test_p_without_spread():
    assert intervals.p_value([0.0, 0.0]) == 1
    assert intervals.p_value([1.0, 1.0]) == 0


def test_holm_by_hand():
    """Smallest times 4, next times 3, …, and none below one before it."""
    assert holm([0.005, 0.03, 0.04, 0.01]) == [0.02, 0.06, 0.06, 0.03]
    assert holm([0.9, 0.9]) == [1, 1]
    assert holm({}) == {}


def test_holm_finds_nothing_where_there_is_nothing():
    rng = np.random.default_rng(0)
    families = [[intervals.p_value(rng.normal(size=5)) for _ in range(36)] for _ in range(200)]
    alarms = [min(p) < 0.05 for p in families]
    corrected = [min(holm(p)) < 0.05 for p in families]
    assert np.mean(alarms) > 0.7
    assert np.mean(corrected) < 0.09


def test_each_of_many_is_judged_more_strictly_than_one():
    """p = 0.0198 alone: enough for one comparison, not for three."""
    row = [0.8, 1.0, 0.6]
    assert judge(row).word == "more"
    assert intervals.p_value(row) == pytest.approx(0.0202, abs=0.002)
    chance = [-1.0, 1.0, 0.1]
    assert [one.word for one in judge_each([row, chance, chance])] == ["undecided"] * 3
    assert judge_each([row])[0] == judge(row)
    assert judge_each({"a": row, "b": chance})["b"].interval == judge(chance).interval


def test_each_of_many_equal_ones_needs_a_narrower_interval():
    """The 90 % interval of (-1, 0, 1) is 1.69 wide on either side; of ten at once it is 5.7."""
    row = [-1.0, 0.0, 1.0]
    assert [one.word for one in judge_each([row], margin=2)] == ["equal"]
    assert {one.word for one in judge_each([row] * 10, margin=2)} == {"undecided"}
    assert {one.word for one in judge_each([row] * 10, margin=6)} == {"equal"}


def test_wrong_use_says_so():
    with pytest.raises(ValueError, match="larger than 0"):
        judge([1.0, 2.0], margin=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.5, 2])


def test_a_sentence_about_several_cases():
    true, false = {"a": True, "b": True}, {"c": False, "d": False}
    assert over_cases(true) == {"verdict": "holds", "condition": ""}
    assert over_cases(false)["verdict"] == "does not hold"
    assert over_cases({**true, **false}) == {
        "verdict": "holds narrowly",
        "condition": "for a; b, but not for c; d",
    }
    less_than_half = over_cases({"a": True, **false})
    assert less_than_half == {"verdict": "does not hold", "condition": ""}
    with pytest.raises(ValueError, match="needs one at least"):
        over_cases({})
