import math

import numpy as np
import pytest

from minitransfer.kernels import elementwise

SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [0, 1, 7, 16, 1000])
@pytest.mark.parametrize("name", ["relu", "relu6", "exp", "erf", "sigmoid"])
def test_maps_agree_with_their_reference(name, size, dtype, rng, close):
    x = (3 * rng.standard_normal(size)).astype(dtype)
    x[: len(SPECIAL)] = SPECIAL[:size]
    reference = getattr(elementwise, f"{name}_reference")
    close(getattr(elementwise, name)(x), reference(x), 0.05)


@pytest.mark.parametrize("dtype, low, high", [(np.float32, -87, 88.7), (np.float64, -708, 709.7)])
def test_exp_is_exact_to_two_units_in_the_last_place(dtype, low, high):
    x = np.linspace(low, high, 200_001).astype(dtype)
    exact = np.exp(x.astype(np.longdouble))
    worst = float((abs(elementwise.exp(x) - exact) / exact).max())
    assert worst < 2 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_erf_is_exact_to_a_few_units_in_the_last_place(dtype):
    small = 10.0 ** np.arange(-30, 0)
    x = np.concatenate([np.linspace(-7, 7, 20_001), small, -small, [1e10, -1e10]]).astype(dtype)
    exact = np.array([math.erf(v) for v in x.astype(float)])
    error = np.abs(elementwise.erf(x) - exact) / np.maximum(np.abs(exact), 1e-300)
    assert float(error.max()) < 4 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exp_beyond_the_range(dtype):
    x = np.array([2000, -2000, np.inf, -np.inf, np.nan], dtype)
    assert np.array_equal(elementwise.exp(x), [np.inf, 0, np.inf, 0, np.nan], equal_nan=True)


def test_relu_keeps_nan_and_lets_its_gradient_pass():
    x = np.array(SPECIAL, np.float32)
    y = elementwise.relu(x)
    assert np.array_equal(y, [0, 0, 1, 0, np.inf, 0, np.nan, 1e-30, 0], equal_nan=True) or (
        np.array_equal(y, elementwise.relu_reference(x), equal_nan=True)
    )
    gy = np.arange(1, 10, dtype=np.float32)
    gx = elementwise.relu_backward(gy, y)
    assert np.array_equal(gx, [0, 0, 3, 0, 5, 0, 7, 8, 0])
    assert np.array_equal(gx, elementwise.relu_backward_reference(gy, y))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_backward_agrees_with_its_reference(dtype, rng, close):
    y = elementwise.sigmoid((5 * rng.standard_normal((7, 9))).astype(dtype))
    y[0, :3] = [0, 1, np.nan]
    for gy in (rng.standard_normal((9, 7)).astype(dtype).T, np.full_like(y, np.nan)):
        given = elementwise.sigmoid_backward(gy, y)
        close(given, elementwise.sigmoid_backward_reference(gy, y))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_cross_entropy_agrees_with_its_reference(dtype, rng, close):
    x = (5 * rng.standard_normal((7, 9))).astype(dtype)
    x[0, :4] = [300, -300, 0, np.nan]
    for t in (rng.random((9, 7)).astype(dtype).T, np.ones_like(x), np.zeros_like(x)):
        given = elementwise.sigmoid_cross_entropy(x, t)
        expected = elementwise.sigmoid_cross_entropy_reference(x, t)
        for ours, plain in zip(given, expected, strict=True):
            close(ours, plain, 0.1)


def test_any_shape_and_strides(rng):
    x = rng.standard_normal((6, 5, 4)).transpose(2, 0, 1)[::2, ::-1]
    assert np.array_equal(elementwise.relu(x), np.maximum(x, 0))
    assert elementwise.relu(x).flags.c_contiguous
    assert elementwise.relu(np.array(-1.0)).shape == ()


def test_errors():
    with pytest.raises(TypeError, match=r"elementwise._relu takes float32 or float64.*not int64"):
        elementwise.relu(np.arange(3))
    for backward in (elementwise.relu_backward, elementwise.sigmoid_backward):
        with pytest.raises(ValueError, match=r"result of shape \(3,\) has shape \(2,\)"):
            backward(np.ones(2), np.ones(3))
    with pytest.raises(TypeError, match="cannot take its arguments"):
        elementwise.relu_backward(np.ones(3, np.float32), np.ones(3))
