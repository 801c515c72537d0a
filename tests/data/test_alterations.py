"""Pictures taken otherwise: the same labels, the same type, and just that change."""

import numpy as np
import pytest

from minitransfer.data import Dataset, altered, mnist
from minitransfer.data.alterations import ALTERATIONS


@pytest.fixture(scope="module")
def digits():
    return mnist("validation")[:20]


@pytest.mark.parametrize("how", ALTERATIONS)
def test_type_and_labels_stay_and_pictures_change(digits, how):
    found = altered(digits, how)
    assert found.x.dtype == np.uint8
    assert found.x.shape == digits.x.shape
    assert found.input_type == "image"
    np.testing.assert_array_equal(found.y, digits.y)
    assert (found.x != digits.x).any((1, 2, 3)).all()
    floats = Dataset(digits.x / np.float32(255), digits.y, input_type="image")
    np.testing.assert_allclose(altered(floats, how).x, found.x / 255, atol=0.6 / 255)


def test_what_each_does(digits):
    x = digits.x
    np.testing.assert_array_equal(altered(digits, "shifted").x[..., 4:, 4:], x[..., :-4, :-4])
    np.testing.assert_array_equal(altered(digits, "inverted").x, 255 - x)
    assert (altered(digits, "thickened").x >= x).all()
    assert altered(digits, "blurred").x.max() < 255
    assert altered(digits, "faded").x.max() == 89
    ink = altered(digits, "noisy").x.mean() - x.mean()
    assert 20 < ink < 80  # half of the speckles fall below 0 and are cut off


def test_the_seed_draws_the_noise(digits):
    first, again, other = (altered(digits, "noisy", seed).x for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_what_it_refuses(digits):
    with pytest.raises(ValueError, match="given 'upside down'"):
        altered(digits, "upside down")
    with pytest.raises(ValueError, match=r"given \(3, 28, 28\)"):
        altered(Dataset(np.zeros((3, 28, 28)), [0, 0, 0]), "noisy")
