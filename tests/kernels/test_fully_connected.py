import numpy as np
import pytest

from minitransfer.kernels.fully_connected import (
    bias_gradient,
    bias_gradient_reference,
    linear,
    linear_reference,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m, k, n", [(1, 1, 1), (4, 2, 8), (4, 8, 1), (65, 33, 10), (40, 60, 70)])
@pytest.mark.parametrize("turned", [False, True])
def test_linear_agrees_with_its_reference(m, k, n, turned, dtype, rng, close):
    x, w = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((n, k)).astype(dtype)
    bias = rng.standard_normal(2 * n).astype(dtype)[::2]
    if turned:
        x, w, bias = np.asfortranarray(x), np.asfortranarray(w), bias[::-1]
    close(linear(x, w, bias), linear_reference(x, w, bias), scale=np.sqrt(k))


@pytest.mark.parametrize("m, k, n", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0)])
def test_empty_operands(m, k, n):
    y = linear(np.ones((m, k)), np.ones((n, k)), np.full(n, 2.0))
    assert np.array_equal(y, np.full((m, n), 2.0 + k))


@pytest.mark.parametrize("m, k, n", [(3, 4, 5), (40, 60, 70)])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_inf_reach_their_row_and_no_other(m, k, n, bad, rng):
    x, w = rng.standard_normal((m, k)), rng.standard_normal((n, k))
    x[1, 2] = bad
    y = linear(x, w, np.ones(n))
    assert not np.isfinite(y[1]).any()
    assert np.isfinite(np.delete(y, 1, axis=0)).all()


def test_errors_name_the_shapes_and_the_type():
    with pytest.raises(ValueError, match=r"x has shape \(2, 3\), w \(4, 5\)"):
        linear(np.ones((2, 3)), np.ones((4, 5)), np.ones(4))
    with pytest.raises(ValueError, match=r"the bias \(3,\)"):
        linear(np.ones((2, 3)), np.ones((4, 3)), np.ones(3))
    with pytest.raises(TypeError, match=r"float32 or float64.*int64"):
        linear(np.ones((2, 3), int), np.ones((4, 3), int), np.ones(4, int))


def test_mixed_types_meet_in_float64():
    assert linear(np.ones((2, 3), np.float32), np.ones((4, 3)), np.ones(4)).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (4, 8), (4, 1), (65, 3), (300, 70), (0, 3), (3, 0)])
@pytest.mark.parametrize("turned", [False, True])
def test_the_gradient_of_a_bias_agrees_with_its_reference(shape, turned, dtype, rng, close):
    gy = rng.standard_normal(shape).astype(dtype)
    gy = np.asfortranarray(gy)[:, ::-1] if turned else gy
    close(bias_gradient(gy), bias_gradient_reference(gy), scale=np.sqrt(shape[0]))
