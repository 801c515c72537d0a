import numpy as np
import pytest

from minitransfer.kernels import layer_norms, norms


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 3), (1, 4, 3, 5), (6, 2, 7, 7), (3, 2, 1, 1), (2, 1, 19, 3)])
def test_batch_norm_agrees_with_its_reference(shape, dtype, rng, close):
    x = (3 + rng.standard_normal(shape)).astype(dtype)
    gy = rng.standard_normal(shape).astype(dtype)
    weight, bias = rng.standard_normal((2, shape[1])).astype(dtype)
    given = norms.batch_norm(x, weight, bias, 1e-3)
    expected = norms.batch_norm_reference(x, weight, bias, 1e-3)
    for a, b in zip(given, expected, strict=True):
        close(a, b, 5)
    _, mean, var = expected
    close(norms.batch_norm_apply(x, weight, bias, mean, var, 1e-3), expected[0], 5)
    for a, b in zip(
        norms.batch_norm_backward(gy, x, weight, mean, var, 1e-3),
        norms.batch_norm_backward_reference(gy, x, weight, mean, var, 1e-3),
        strict=True,
    ):
        close(a, b, 20)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 3), (1, 1), (2, 3, 257), (40, 16)])
def test_layer_norm_agrees_with_its_reference(shape, dtype, rng, close):
    x = (3 + rng.standard_normal(shape)).astype(dtype)
    gy = rng.standard_normal(shape).astype(dtype)
    weight, bias = rng.standard_normal((2, shape[-1])).astype(dtype)
    given = layer_norms.layer_norm(x, weight, bias, 1e-3)
    expected = layer_norms.layer_norm_reference(x, weight, bias, 1e-3)
    for a, b in zip(given, expected, strict=True):
        close(a, b, 5)
    _, mean, var = expected
    for a, b in zip(
        layer_norms.layer_norm_backward(gy, x, weight, mean, var, 1e-3),
        layer_norms.layer_norm_backward_reference(gy, x, weight, mean, var, 1e-3),
        strict=True,
    ):
        close(a, b, 20)


def test_a_large_mean_does_not_swallow_the_variance(rng):
    x = (1e3 + rng.standard_normal((4, 2, 20, 20))).astype(np.float32)
    _, _, var = norms.batch_norm(x, np.ones(2, np.float32), np.zeros(2, np.float32), 0.0)
    assert np.allclose(var, x.astype(np.float64).var((0, 2, 3)), rtol=1e-4)


def test_nan_stays_in_its_channel_and_row():
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    x[0, 1, 0, 0] = np.nan
    y, _, _ = norms.batch_norm(x, np.ones(3), np.zeros(3), 1e-5)
    assert np.isnan(y[:, 1]).all()
    assert np.isfinite(y[:, [0, 2]]).all()
    y, _, _ = layer_norms.layer_norm(x, np.ones(2), np.zeros(2), 1e-5)
    assert np.isnan(y).sum() == 2


def test_strides(rng):
    x = rng.standard_normal((4, 5, 3)).T.reshape(3, 5, 2, 2)
    x = np.asfortranarray(x)
    weight = np.ones(10)[::2]
    y, _, _ = norms.batch_norm(x, weight, weight, 1e-5)
    assert np.allclose(y, norms.batch_norm_reference(x, weight, weight, 1e-5)[0])


def test_errors():
    with pytest.raises(ValueError, match=r"\(2, 3\) has 3 channels.*\(2,\)"):
        norms.batch_norm(np.ones((2, 3)), np.ones(2), np.ones(2), 1e-5)
    with pytest.raises(ValueError, match="empty"):
        norms.batch_norm(np.ones((0, 3)), np.ones(3), np.ones(3), 1e-5)
    with pytest.raises(ValueError, match=r"expected \(3,\)"):
        layer_norms.layer_norm(np.ones((2, 3)), np.ones(2), np.ones(2), 1e-5)
