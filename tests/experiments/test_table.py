"""Rows in, curves out."""

import numpy as np
import pytest

from minitransfer.experiments import Table

ROWS = [
    {"way": way, "n": n, "seed": seed, "accuracy": n / 100 + seed / 10 + (way == "new")}
    for way in ("old", "new")
    for n in (20, 10)
    for seed in (0, 1, 2)
]
TABLE = Table(["way", "n", "seed"], ROWS)


def test_a_curve_is_runs_by_points_in_rising_order():
    n, runs = TABLE.curve("accuracy", over="n", way="new")
    assert n.tolist() == [10, 20]
    np.testing.assert_allclose(runs, [[1.1, 1.2], [1.2, 1.3], [1.3, 1.4]])
    assert TABLE.curve("accuracy", over="n")[1].shape == (6, 2)


def test_runs_tell_what_they_share_in_the_order_of_the_curve():
    _, runs = TABLE.curve("accuracy", over="n")
    ways, seeds = (TABLE.run_keys(key, over="n") for key in ("way", "seed"))
    for way, seed, run in zip(ways, seeds, runs, strict=True):
        assert run[0] == TABLE.values("accuracy", way=way, seed=seed, n=10)[0]
    with pytest.raises(KeyError, match="differ by seed, not by 'way'"):
        TABLE.run_keys("way", over="n", way="old")


def test_runs_that_share_a_seed_make_one_curve():
    _, runs = TABLE.curve("accuracy", over="n", cluster="seed")
    np.testing.assert_allclose(runs, [[0.6, 0.7], [0.7, 0.8], [0.8, 0.9]])


def test_a_curve_with_a_hole_is_refused():
    with pytest.raises(ValueError, match=r"1 of 6 points.*n 10"):
        Table(TABLE.keys, ROWS[:5]).curve("accuracy", over="n", way="old")


def test_unknown_columns_are_named():
    with pytest.raises(KeyError, match="size"):
        TABLE.where(size=3)
    with pytest.raises(KeyError, match="loss"):
        TABLE.values("loss")
    with pytest.raises(KeyError, match="30"):
        TABLE.values("accuracy", n=30)
