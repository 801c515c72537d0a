"""Patterns by formula: the same for the same seed, all kinds, and a kind can be told."""

import numpy as np
import pytest

from minitransfer import data, transfer


@pytest.mark.parametrize("draw", [data.gratings, data.sounds])
def test_the_same_seed_draws_the_same(draw):
    first, again, other = draw(64), draw(64), draw(64, seed=6)
    np.testing.assert_array_equal(first.x, again.x)
    assert (first.x != other.x).any()
    assert first.x.shape == (64, 1, 28, 28)
    assert (first.x.dtype, first.input_type) == (np.uint8, "image")
    assert set(draw(2000).y) == set(range(32))


def test_what_was_drawn_for_lesson_14_is_drawn_still():
    """Its stored table hangs on these pictures."""
    assert data.gratings(50).x.sum() == 4_992_293
    assert data.sounds(50).x.sum() == 975_288


@pytest.mark.parametrize("draw", [data.gratings, data.sounds])
def test_kinds_can_be_told_by_their_features(draw):
    some = draw(1000)
    spectrum = np.abs(np.fft.fft2(some.x[:, 0] / 255.0)).reshape(1000, -1)
    right = transfer.probe_accuracy(spectrum, some.y, generator=np.random.default_rng(0))
    assert right > 0.5
