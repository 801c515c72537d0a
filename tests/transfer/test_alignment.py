"""Procrustes and the matching of structure: what they find, and what they cannot know."""

import numpy as np
import pytest

from minitransfer.transfer import match_structure, procrustes


def turned(rng, columns):
    return np.linalg.qr(rng.standard_normal((columns, columns)))[0]


def test_a_rotation_and_a_shift_are_found(rng):
    a, turn = rng.standard_normal((30, 5)), turned(rng, 5)
    found = procrustes(a, a @ turn + 3)
    fresh = rng.standard_normal((4, 5))
    np.testing.assert_allclose(found(fresh), fresh @ turn + 3, atol=1e-12)


def test_it_is_the_best_rotation(rng):
    scipy = pytest.importorskip("scipy.linalg")
    a, b = rng.standard_normal((2, 12, 4))
    expected, _ = scipy.orthogonal_procrustes(a - a.mean(0), b - b.mean(0))
    np.testing.assert_allclose(procrustes(a, b).turn, expected, atol=1e-12)


def test_what_the_pairs_do_not_show_is_turned_to_nothing(rng):
    a, turn = rng.standard_normal((3, 6)), turned(rng, 6)
    found = procrustes(a, a @ turn)
    assert np.linalg.matrix_rank(found.turn) == 2  # three points span two directions
    np.testing.assert_allclose(found(a), a @ turn, atol=1e-12)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_the_unit_of_measurement_does_not_matter(rng, unit):
    a, turn = rng.standard_normal((9, 3)), turned(rng, 3)
    np.testing.assert_allclose(procrustes(unit * a, unit * (a @ turn)).turn, turn, atol=1e-12)


def test_noise_counts_as_known_only_below_the_tolerance(rng):
    a, turn = rng.standard_normal((40, 3)), turned(rng, 5)
    wide = np.c_[a, np.zeros((40, 2))]
    b = wide @ turn + 1e-3 * rng.standard_normal((40, 5))
    noisy = wide + 1e-3 * rng.standard_normal((40, 5))
    assert np.linalg.matrix_rank(procrustes(noisy, b).turn) == 5
    assert np.linalg.matrix_rank(procrustes(noisy, b, tolerance=0.01).turn) == 3


@pytest.mark.parametrize("shapes", [((3, 2), (4, 2)), ((1, 2), (1, 2)), ((3,), (3,))])
def test_what_are_no_pairs_is_refused(shapes):
    with pytest.raises(ValueError, match="a row for each of two or more pairs"):
        procrustes(*map(np.ones, shapes))


@pytest.mark.parametrize("extra", [0, 1, 2])
def test_things_are_found_again_among_more(rng, extra):
    points = rng.standard_normal((5 + extra, 3))
    order = rng.permutation(5 + extra)
    b = points[order] @ turned(rng, 3)  # seen from elsewhere, met in another order
    a = points[:5]
    found = match_structure(a @ a.T, b @ b.T)
    np.testing.assert_array_equal(order[found], np.arange(5))


def test_relations_that_nobody_can_match_are_refused():
    with pytest.raises(ValueError, match="two square tables"):
        match_structure(np.ones((3, 3)), np.ones((2, 2)))
    with pytest.raises(ValueError, match="in 3628800 ways"):
        match_structure(np.ones((10, 10)), np.ones((10, 10)))
