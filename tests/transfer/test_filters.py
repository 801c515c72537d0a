"""Gabor functions find edges where there are some, and little in noise."""

import numpy as np
import pytest

from minitransfer.transfer import gabor_fit


def edge(size, angle, shift=0.0):
    place = np.arange(size) - (size - 1) / 2
    u = place[None] * np.cos(angle) + place[:, None] * np.sin(angle) - shift
    radius = place[None] ** 2 + place[:, None] ** 2
    return np.sin(u / size * 7) * np.exp(-radius / (size / 2.5) ** 2)


@pytest.mark.parametrize("size", [7, 28])
@pytest.mark.parametrize("angle", [0.0, 0.7, 1.4, 2.5])
def test_an_edge_is_explained_and_redrawn(size, angle):
    given = edge(size, angle, shift=0.5)
    share, fit = gabor_fit(3 * given[None] + 5)  # brightness and height do not matter
    assert share[0] > 0.85
    assert np.corrcoef(fit[0].ravel(), given.ravel())[0, 1] > 0.92


def test_the_share_is_that_of_the_fit(rng):
    filters = rng.standard_normal((20, 1, 7, 7)).astype(np.float32)
    share, fits = gabor_fit(filters)
    centred = filters[:, 0] - filters[:, 0].mean((1, 2), keepdims=True)
    left = ((centred - fits) ** 2).sum((1, 2)) / (centred**2).sum((1, 2))
    np.testing.assert_allclose(share, 1 - left, atol=1e-4)
    np.testing.assert_allclose(fits.mean((1, 2)), 0, atol=1e-5)  # an edge has no brightness


def test_noise_is_explained_the_less_the_larger_it_is(rng):
    small, large = (gabor_fit(rng.standard_normal((50, n, n)))[0].mean() for n in (7, 28))
    assert 0.15 < small < 0.35
    assert large < 0.05


@pytest.mark.parametrize("shape", [(4, 3, 3), (4, 2, 7, 7), (4, 7, 5), (7, 7)])
def test_other_filters_are_refused(shape):
    with pytest.raises(ValueError, match="size 5 or more"):
        gabor_fit(np.zeros(shape))
