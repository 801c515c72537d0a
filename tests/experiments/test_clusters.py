"""Clusters against cases that can be counted by hand."""

import numpy as np
import pytest

from minitransfer.experiments import by_cluster, intervals, redrawn


def test_each_cluster_counts_once():
    assert by_cluster([1, 2, 3, 10], [7, 7, 7, 3]).tolist() == [10, 2]
    curves = by_cluster([[0, 1], [2, 3], [9, 9]], ["a", "a", "b"])
    assert curves.tolist() == [[1, 2], [9, 9]]


def test_two_clusters_give_three_means_and_four_runs_would_give_more():
    """Of aa, ab, ba, bb a quarter each: means 0, 1, 1, 2."""
    runs, networks = np.array([0.0, 0.0, 2.0, 2.0]), ["a", "a", "b", "b"]
    means = []
    low, high = redrawn(lambda r: means.append(r.mean()) or r.mean(), runs, networks, times=4000)
    assert (low, high) == (0, 2)
    shares = [np.mean(np.array(means) == value) for value in (0, 1, 2)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    # Redrawn one by one, 95 % of all means would lie within narrower bounds for more runs.
    assert redrawn(np.mean, np.tile(runs, 10))[1] < 1.5


def test_two_kinds_of_clusters_are_drawn_each_by_itself():
    """Networks ± 1, labels ± 1: the extreme sums come once in 16 draws, beyond 2.5 % each."""
    networks, labels = np.repeat([-1, 1], 2), np.tile([-1, 1], 2)
    assert redrawn(np.mean, networks + labels, networks, labels) == (-2, 2)
    assert redrawn(np.mean, networks, labels) == (0, 0)


def test_what_never_met_is_drawn_again():
    """Network b was only trained with labels 0: b with labels 1 is not among the runs."""
    counts = []
    redrawn(lambda r: counts.append(len(r)) or 0.0, [1, 2, 3], ["a", "a", "b"], [0, 1, 0])
    assert min(counts) > 0


def test_infinity_stays_infinity():
    low, high = redrawn(lambda r: np.inf if r.mean() > 1 else 5.0, np.arange(4.0))
    assert (low, high) == (5.0, np.inf)


def test_clusters_hold_the_truth_where_single_runs_do_not():
    """Ten networks, ten runs each, all the luck in the network."""
    rng = np.random.default_rng(0)
    networks = np.repeat(np.arange(10), 10)
    held = {"runs": 0, "clusters": 0}
    for _ in range(300):
        runs = rng.normal(0, 1, 10)[networks] + rng.normal(0, 0.1, 100)
        rows = {"runs": runs, "clusters": by_cluster(runs, networks)}
        for name, row in rows.items():
            low, high = intervals.mean(row)
            held[name] += low <= 0 <= high
    assert held["clusters"] > 0.91 * 300
    assert held["runs"] < 0.6 * 300


def test_wrong_use_says_so():
    with pytest.raises(ValueError, match="3 runs need one cluster each"):
        by_cluster([1, 2, 3], ["a", "b"])
    with pytest.raises(ValueError, match="3 runs need one cluster each"):
        redrawn(np.mean, [1, 2, 3], ["a", "b"])
