import numpy as np
import pytest

from minitransfer.kernels import mean_pooling, pooling

WINDOWS = [
    ((2, 2), (2, 2), (0, 0)),
    ((3, 3), (2, 2), (1, 1)),
    ((3, 2), (1, 2), (1, 0)),
    ((9, 7), (9, 7), (0, 0)),
    ((9, 7), (1, 1), (0, 0)),
    ((1, 1), (1, 1), (0, 0)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("shape", [(2, 3, 9, 7), (1, 1, 33, 42)])
def test_both_pools_and_their_gradients_agree_with_the_reference(shape, window, dtype, rng, close):
    x = rng.standard_normal(shape).astype(dtype)
    y, where = pooling.max_pool2d(x, *window)
    expected, expected_where = pooling.max_pool2d_reference(x, *window)
    assert np.array_equal(y, expected)
    gy = rng.standard_normal(y.shape).astype(dtype)
    close(
        pooling.max_pool2d_backward(gy, where, shape, *window),
        pooling.max_pool2d_backward_reference(gy, expected_where, shape, *window),
    )
    close(mean_pooling.avg_pool2d(x, *window), mean_pooling.avg_pool2d_reference(x, *window))
    close(
        mean_pooling.avg_pool2d_backward(gy, shape, *window),
        mean_pooling.avg_pool2d_backward_reference(gy, shape, *window),
    )


@pytest.mark.parametrize("window", WINDOWS[:3])
def test_nan_wins_and_the_first_of_equals_counts(window):
    x = np.zeros((1, 1, 6, 6))
    x[0, 0, 2, 3] = np.nan
    x[0, 0, 5, 5] = -np.inf
    y, where = pooling.max_pool2d(x, *window)
    expected, expected_where = pooling.max_pool2d_reference(x, *window)
    assert np.array_equal(y, expected, equal_nan=True)
    assert np.isnan(y).any()
    gy = np.ones_like(y)
    assert np.array_equal(
        pooling.max_pool2d_backward(gy, where, x.shape, *window),
        pooling.max_pool2d_backward_reference(gy, expected_where, x.shape, *window),
    )


def test_minus_infinity_everywhere_still_points_into_the_image():
    x = np.full((1, 1, 3, 3), -np.inf)
    window = ((3, 3), (2, 2), (1, 1))
    y, where = pooling.max_pool2d(x, *window)
    assert (y == -np.inf).all()
    assert pooling.max_pool2d_backward(np.ones_like(y), where, x.shape, *window).sum() == y.size


def test_strided_and_empty_images(rng):
    x = rng.standard_normal((2, 3, 8, 8))
    odd = np.asfortranarray(x)
    window = WINDOWS[0]
    assert np.array_equal(pooling.max_pool2d(odd, *window)[0], pooling.max_pool2d(x, *window)[0])
    assert pooling.max_pool2d(x[:0], *window)[0].shape == (0, 3, 4, 4)
    assert mean_pooling.avg_pool2d(x[:0], *window).shape == (0, 3, 4, 4)


def test_errors():
    x = np.ones((1, 1, 4, 4))
    with pytest.raises(ValueError, match="half"):
        pooling.max_pool2d(x, (2, 2), (2, 2), (2, 2))
    with pytest.raises(ValueError, match="larger than the image"):
        mean_pooling.avg_pool2d(x, (5, 5), (1, 1), (0, 0))
    with pytest.raises(ValueError, match="four axes"):
        pooling.max_pool2d(x[0], (2, 2), (2, 2), (0, 0))
    with pytest.raises(ValueError, match=r"give \(1, 1, 2, 2\)"):
        mean_pooling.avg_pool2d_backward(x, x.shape, (2, 2), (2, 2), (0, 0))
