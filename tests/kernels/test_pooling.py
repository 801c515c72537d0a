import numpy as np
import pytest

from minitransfer.kernels import avg_pool, max_pool

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
    y, where = max_pool.max_pool2d(x, *window)
    expected, expected_where = max_pool.max_pool2d_reference(x, *window)
    assert np.array_equal(y, expected)
    gy = rng.standard_normal(y.shape).astype(dtype)
    close(
        max_pool.max_pool2d_backward(gy, where, shape, *window),
        max_pool.max_pool2d_backward_reference(gy, expected_where, shape, *window),
    )
    close(avg_pool.avg_pool2d(x, *window), avg_pool.avg_pool2d_reference(x, *window))
    close(
        avg_pool.avg_pool2d_backward(gy, shape, *window),
        avg_pool.avg_pool2d_backward_reference(gy, shape, *window),
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("columns", [2, 6, 7, 31, 32, 34, 70])
def test_rows_of_any_length_with_equals_and_nan(columns, dtype, rng):
    x = rng.choice([0, 1, -np.inf, np.nan], (2, 3, 5, columns), p=[0.4, 0.4, 0.1, 0.1])
    x, window = x.astype(dtype), WINDOWS[0]
    y, where = max_pool.max_pool2d(x, *window)
    expected, expected_where = max_pool.max_pool2d_reference(x, *window)
    assert np.array_equal(y, expected, equal_nan=True)
    assert np.array_equal(where, expected_where)
    gy = rng.standard_normal(y.shape).astype(dtype)
    back = max_pool.max_pool2d_backward(gy, where, x.shape, *window)
    expected = max_pool.max_pool2d_backward_reference(gy, expected_where, x.shape, *window)
    assert np.array_equal(back, expected)


@pytest.mark.parametrize("window", WINDOWS[:3])
def test_nan_wins_and_the_first_of_equals_counts(window):
    x = np.zeros((1, 1, 6, 6))
    x[0, 0, 2, 3] = np.nan
    x[0, 0, 5, 5] = -np.inf
    y, where = max_pool.max_pool2d(x, *window)
    expected, expected_where = max_pool.max_pool2d_reference(x, *window)
    assert np.array_equal(y, expected, equal_nan=True)
    assert np.isnan(y).any()
    gy = np.ones_like(y)
    assert np.array_equal(
        max_pool.max_pool2d_backward(gy, where, x.shape, *window),
        max_pool.max_pool2d_backward_reference(gy, expected_where, x.shape, *window),
    )


def test_minus_infinity_everywhere_still_points_into_the_image():
    x = np.full((1, 1, 3, 3), -np.inf)
    window = ((3, 3), (2, 2), (1, 1))
    y, where = max_pool.max_pool2d(x, *window)
    assert (y == -np.inf).all()
    assert max_pool.max_pool2d_backward(np.ones_like(y), where, x.shape, *window).sum() == y.size


def test_strided_and_empty_images(rng):
    x = rng.standard_normal((2, 3, 8, 8))
    odd = np.asfortranarray(x)
    window = WINDOWS[0]
    assert np.array_equal(max_pool.max_pool2d(odd, *window)[0], max_pool.max_pool2d(x, *window)[0])
    assert max_pool.max_pool2d(x[:0], *window)[0].shape == (0, 3, 4, 4)
    assert avg_pool.avg_pool2d(x[:0], *window).shape == (0, 3, 4, 4)


def test_a_gradient_of_another_shape_is_an_error():
    x, window = np.ones((1, 1, 4, 4)), ((2, 2), (2, 2), (0, 0))
    _, where = max_pool.max_pool2d(x, *window)
    with pytest.raises(ValueError, match=r"\(1, 1, 2, 2\) has shape \(1, 1, 4, 4\)"):
        avg_pool.avg_pool2d_backward(x, x.shape, *window)
    with pytest.raises(ValueError, match=r"result of shape \(1, 1, 2, 2\)"):
        max_pool.max_pool2d_backward(x, where, x.shape, *window)
