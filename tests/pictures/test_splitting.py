from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from minitransfer.pictures import Collection, split


def collection(y, classes=None):
    paths = tuple(Path(f"{i}.png") for i in range(len(y)))
    return Collection(Path("."), paths, np.asarray(y), classes)


def test_every_picture_is_in_one_part_and_the_seed_decides():
    whole = collection(np.repeat([0, 1, 2], [100, 40, 10]), ("a", "b", "c"))
    parts = split(whole, seed=3)
    names = [path for part in parts for path in part.paths]
    assert sorted(names) == sorted(whole.paths)
    again, other = split(whole, seed=3), split(whole, seed=4)
    assert [part.paths for part in parts] == [part.paths for part in again]
    assert parts[0].paths != other[0].paths
    counts = [Counter(part.y.tolist()) for part in parts]
    assert counts[0] == {0: 70, 1: 28, 2: 7}
    assert counts[1][0] == counts[2][0] == 15
    assert counts[1][2] + counts[2][2] == 3


@pytest.mark.parametrize(
    "n, expected", [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (4, (2, 1, 1)), (5, (3, 1, 1))]
)
def test_small_classes(n, expected):
    parts = split(collection(np.repeat([0, 1], [50, n]), ("a", "b")))
    assert tuple(int((part.y == 1).sum()) for part in parts) == expected


def test_values_are_split_by_size():
    rng = np.random.default_rng(0)
    whole = collection(np.exp(rng.normal(size=400)))
    for part in split(whole):
        assert abs(np.median(part.y) - np.median(whole.y)) < 0.1
        assert part.y.max() > np.quantile(whole.y, 0.9)
        assert part.y.min() < np.quantile(whole.y, 0.1)


def test_a_share_of_nothing():
    train, validation, test = split(collection(np.repeat([0, 1], 10), ("a", "b")), (0.8, 0, 0.2))
    assert (len(train), len(validation), len(test)) == (16, 0, 4)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.5, 0.2, 0.2), (0, 0.5, 0.5), (1.2, -0.1, -0.1)])
def test_shares_that_are_none(shares):
    with pytest.raises(ValueError, match="three numbers that add up to 1"):
        split(collection([0, 1] * 10, ("a", "b")), shares)


def test_too_few():
    with pytest.raises(ValueError, match="none is left for validation"):
        split(collection([0, 1], ("a", "b")))
