"""k-means against all groupings there are; the adjusted Rand index against counting pairs."""

import itertools

import numpy as np
import pytest

from minitransfer.transfer import adjusted_rand_index, k_means


def inertia(x, labels):
    groups = (x[labels == g] for g in np.unique(labels))
    return sum(((g - g.mean(0)) ** 2).sum() for g in groups)


def test_it_finds_the_best_of_all_groupings(rng):
    x = rng.standard_normal((8, 2))
    every = itertools.product(range(3), repeat=8)
    best = min(inertia(x, np.array(labels)) for labels in every)
    found = k_means(x, 3, restarts=50, generator=rng)
    assert found.inertia == pytest.approx(best)
    assert found.inertia == pytest.approx(inertia(x, found.labels))
    for group in range(3):
        np.testing.assert_allclose(found.centres[group], x[found.labels == group].mean(0))


def test_more_attempts_are_never_worse(rng):
    x = rng.standard_normal((200, 5))
    one, many = (
        k_means(x, 8, restarts=n, generator=np.random.default_rng(3)).inertia for n in (1, 20)
    )
    assert many <= one


def test_same_seed_same_groups(rng):
    x = rng.standard_normal((50, 3))
    first, second = (k_means(x, 4, generator=np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)


@pytest.mark.parametrize("k", [1, 4])
def test_as_many_groups_as_asked_for(rng, k):
    found = k_means(rng.standard_normal((4, 2)), k, generator=rng)
    assert len(np.unique(found.labels)) == k
    assert k == 1 or found.inertia == pytest.approx(0, abs=1e-12)


def test_equal_examples_leave_groups_empty_but_do_no_harm(rng):
    found = k_means(np.ones((6, 2)), 3, generator=rng)
    assert found.inertia == 0
    assert np.isfinite(found.centres).all()


def test_pictures_are_flattened(rng):
    assert k_means(rng.random((5, 1, 4, 4)), 2, generator=rng).centres.shape == (2, 16)


@pytest.mark.parametrize(
    "x, options, message",
    [
        (np.ones((3, 2)), {"k": 4}, "1 to the number of examples, 3; given 4"),
        (np.ones((3, 2)), {"k": 0}, "given 0"),
        (np.ones((3, 2)), {"k": 2, "restarts": 0}, "restarts=0"),
        (np.array([[np.nan], [1.0]]), {"k": 1}, "finite"),
    ],
)
def test_what_k_means_refuses(x, options, message):
    with pytest.raises(ValueError, match=message):
        k_means(x, **options)


def test_pairs_counted_one_by_one(rng):
    a, b = rng.integers(0, 3, 30), rng.integers(0, 4, 30)
    pairs = list(itertools.combinations(range(30), 2))
    in_a = np.array([a[i] == a[j] for i, j in pairs])
    in_b = np.array([b[i] == b[j] for i, j in pairs])
    expected = in_a.sum() * in_b.sum() / len(pairs)
    index = ((in_a & in_b).sum() - expected) / ((in_a.sum() + in_b.sum()) / 2 - expected)
    assert adjusted_rand_index(a, b) == pytest.approx(index)
    assert adjusted_rand_index(b, a) == pytest.approx(index)


def test_names_do_not_matter_and_chance_is_zero(rng):
    a = rng.integers(0, 5, 400)
    assert adjusted_rand_index(a, np.array(list("cdeab"))[a]) == 1
    by_chance = [adjusted_rand_index(a, rng.permutation(a)) for _ in range(50)]
    assert abs(np.mean(by_chance)) < 3 * np.std(by_chance) / np.sqrt(50)


def test_one_group_each_says_nothing():
    assert adjusted_rand_index([0, 0, 0], [0, 1, 2]) == 0
    assert adjusted_rand_index([0, 0, 0], [5, 5, 5]) == 1


@pytest.mark.parametrize("second", [[0, 1], [[0, 1, 1]]])
def test_what_the_index_refuses(second):
    with pytest.raises(ValueError, match=r"shapes \(3,\)"):
        adjusted_rand_index([0, 1, 1], second)
