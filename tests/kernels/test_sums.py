"""Long float32 sums keep their digits; short ones keep their bits."""

import numpy as np
import pytest

from minitransfer import kernels
from minitransfer.kernels import batchnorm
from minitransfer.kernels.sums import PIECE, total

MANY = 17_000_000
"""More than 2 ** 24: to a float32 of that size, 1 can no longer be added."""


@pytest.mark.parametrize("shape, axis", [((7, 5), 0), ((PIECE, 3), 0), ((3, 40, 5), (0, 2))])
def test_short_sums_are_numpys_to_the_bit(shape, axis, rng):
    x = rng.standard_normal(shape).astype(np.float32)
    assert np.array_equal(total(x, axis), np.add.reduce(x, axis=axis))


@pytest.mark.parametrize(
    "shape, axis",
    [
        ((50_000, 3), 0),
        ((2, 50_000, 3), 1),
        ((2, 50_000, 3), -2),
        ((50_000, 2, 3), (0, 2)),
        ((5_000, 2, 50, 3), (0, 2, 3)),
        ((2, 2, 50_000, 3), (2, 3)),
        ((2, 50_000), None),
    ],
)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_long_sums_are_near_those_in_float64(shape, axis, keepdims, turned, rng):
    x = rng.random(shape).astype(np.float32)
    x = x[..., ::-1] if turned else x
    given = total(x, axis, keepdims)
    expected = x.sum(axis, dtype=np.float64, keepdims=keepdims)
    assert given.dtype == np.float32
    assert given.shape == expected.shape
    np.testing.assert_allclose(given, expected, rtol=1e-5)


def test_the_gradient_of_a_bias_over_many_rows():
    assert kernels.bias_gradient(np.ones((MANY, 2), np.float32)).tolist() == [MANY, MANY]


@pytest.mark.parametrize("shape", [(MANY, 1), (MANY // 2, 1, 1, 2)])
def test_batch_norm_over_many_rows(shape):
    x = np.ones(shape, np.float32)
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
    _, mean, var = kernels.batch_norm(x, one, zero, 1e-5)
    assert (mean.tolist(), var.tolist()) == ([1], [0])
    _, gweight, gbias = kernels.batch_norm_backward(x, x, one, zero, one, 0.0)
    assert (gweight.tolist(), gbias.tolist()) == ([MANY], [MANY])


def test_batch_norm_of_several_pieces_agrees_with_its_reference(rng, close):
    x, gy = rng.standard_normal((2, 3 * PIECE + 5, 3))
    weight, bias = rng.standard_normal((2, 3))
    given = kernels.batch_norm(x, weight, bias, 1e-5)
    expected = batchnorm.batch_norm_reference(x, weight, bias, 1e-5)
    for ours, plain in zip(given, expected, strict=True):
        close(ours, plain)
    back = (gy, x, weight, *given[1:], 1e-5)
    given = kernels.batch_norm_backward(*back)
    for ours, plain in zip(given, batchnorm.batch_norm_backward_reference(*back), strict=True):
        close(ours, plain, 100)


def test_layer_norm_over_many_rows():
    x = np.ones((MANY, 1), np.float32)
    one, zero = np.ones(1, np.float32), np.zeros(MANY, np.float32)
    _, gweight, gbias = kernels.layer_norm_backward(x, x, one, zero, zero + 1, 0.0)
    assert (gweight.tolist(), gbias.tolist()) == ([MANY], [MANY])


def test_the_mean_of_a_very_large_window():
    x = np.ones((1, 1, 4200, 4101), np.float32)
    assert kernels.avg_pool2d(x, (4200, 4100), (1, 1), (0, 0)).tolist() == [[[[1, 1]]]]
