import numpy as np
import pytest

from minitransfer.kernels import batchnorm, layernorm


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 3), (1, 4, 3, 5), (6, 2, 7, 7), (3, 2, 1, 1), (2, 1, 19, 3)])
def test_batch_norm_agrees_with_its_reference(shape, dtype, rng, close):
    x = (3 + rng.standard_normal(shape)).astype(dtype)
    gy = rng.standard_normal(shape).astype(dtype)
    weight, bias = rng.standard_normal((2, shape[1])).astype(dtype)
    given = batchnorm.batch_norm(x, weight, bias, 1e-3)
    expected = batchnorm.batch_norm_reference(x, weight, bias, 1e-3)
    for a, b in zip(given, expected, strict=True):
        close(a, b, 5)
    _, mean, var = expected
    close(batchnorm.batch_norm_apply(x, weight, bias, mean, var, 1e-3), expected[0], 5)
    for a, b in zip(
        batchnorm.batch_norm_backward(gy, x, weight, mean, var, 1e-3),
        batchnorm.batch_norm_backward_reference(gy, x, weight, mean, var, 1e-3),
        strict=True,
    ):
        close(a, b, 20)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 3), (1, 1), (2, 3, 257), (40, 16)])
def test_layer_norm_agrees_with_its_reference(shape, dtype, rng, close):
    x = (3 + rng.standard_normal(shape)).astype(dtype)
    gy = rng.standard_normal(shape).astype(dtype)
    weight, bias = rng.standard_normal((2, shape[-1])).astype(dtype)
    given = layernorm.layer_norm(x, weight, bias, 1e-3)
    expected = layernorm.layer_norm_reference(x, weight, bias, 1e-3)
    for a, b in zip(given, expected, strict=True):
        close(a, b, 5)
    _, mean, var = expected
    for a, b in zip(
        layernorm.layer_norm_backward(gy, x, weight, mean, var, 1e-3),
        layernorm.layer_norm_backward_reference(gy, x, weight, mean, var, 1e-3),
        strict=True,
    ):
        close(a, b, 20)


def test_a_large_mean_does_not_swallow_the_variance(rng):
    x = (1e3 + rng.standard_normal((4, 2, 20, 20))).astype(np.float32)
    _, _, var = batchnorm.batch_norm(x, np.ones(2, np.float32), np.zeros(2, np.float32), 0.0)
    assert np.allclose(var, x.astype(np.float64).var((0, 2, 3)), rtol=1e-4)


def test_nan_stays_in_its_channel_and_row():
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    x[0, 1, 0, 0] = np.nan
    y, _, _ = batchnorm.batch_norm(x, np.ones(3), np.zeros(3), 1e-5)
    assert np.isnan(y[:, 1]).all()
    assert np.isfinite(y[:, [0, 2]]).all()
    y, _, _ = layernorm.layer_norm(x, np.ones(2), np.zeros(2), 1e-5)
    assert np.isnan(y).sum() == 2


def test_strides(rng):
    x = rng.standard_normal((4, 5, 3)).T.reshape(3, 5, 2, 2)
    x = np.asfortranarray(x)
    weight = np.ones(10)[::2]
    y, _, _ = batchnorm.batch_norm(x, weight, weight, 1e-5)
    assert np.allclose(y, batchnorm.batch_norm_reference(x, weight, weight, 1e-5)[0])


def test_a_gradient_of_another_shape_is_an_error():
    one, x = np.ones(3), np.ones((2, 3))
    for backward in (batchnorm.batch_norm_backward, layernorm.layer_norm_backward):
        with pytest.raises(ValueError, match=r"result of shape \(2, 3\) has shape \(2, 4\)"):
            backward(np.ones((2, 4)), x, one, one, one, 1e-5)
