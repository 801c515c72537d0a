"""Kendall's tau against counting pairs, ties, and SciPy where it is installed."""

import itertools

import numpy as np
import pytest

from minitransfer.experiments import kendall_tau


@pytest.fixture
def rng():
    return np.random.default_rng(27)


def counted(a, b):
    alike = different = only_a = only_b = 0
    for i, j in itertools.combinations(range(len(a)), 2):
        product = (a[i] - a[j]) * (b[i] - b[j])
        alike += product > 0
        different += product < 0
        only_a += b[i] == b[j] and a[i] != a[j]
        only_b += a[i] == a[j] and b[i] != b[j]
    pairs = alike + different
    return (alike - different) / np.sqrt((pairs + only_a) * (pairs + only_b))


@pytest.mark.parametrize("values", [3, 100])
def test_pairs_counted_one_by_one(rng, values):
    for _ in range(20):
        a, b = rng.integers(0, values, (2, 9))
        assert kendall_tau(a, b) == pytest.approx(counted(a, b))
        assert kendall_tau(b, a) == pytest.approx(kendall_tau(a, b))
        assert kendall_tau(a, -b) == pytest.approx(-kendall_tau(a, b))


def test_only_the_order_counts(rng):
    a, b = rng.standard_normal((2, 12))
    assert kendall_tau(np.exp(a), b**3) == kendall_tau(a, b)


def test_scipy_agrees(rng):
    stats = pytest.importorskip("scipy.stats")
    a, b = rng.integers(0, 6, (2, 30))
    assert kendall_tau(a, b) == pytest.approx(stats.kendalltau(a, b).statistic)


def test_a_row_without_order():
    assert kendall_tau([1, 1, 1], [1, 2, 3]) == 0


@pytest.mark.parametrize(
    "a, b, message",
    [
        ([1], [1], r"shapes \(1,\)"),
        ([1, 2], [1, 2, 3], r"\(2,\) and \(3,\)"),
        ([1, np.nan], [1, 2], "finite"),
    ],
)
def test_what_it_refuses(a, b, message):
    with pytest.raises(ValueError, match=message):
        kendall_tau(a, b)
