import numpy as np
import pytest

from minitransfer import ops
from minitransfer.kernels import scatter


@pytest.mark.parametrize("rows", [5, 3000])
@pytest.mark.parametrize("key_of", [
    lambda k: k,
    lambda k: k.tolist(),
    lambda k: (k, k % 4),
    lambda k: (slice(None), k % 4),
])  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_repeated_positions_add_up_whatever_the_size(rows, key_of, dtype):
    key = key_of(np.random.default_rng(0).integers(0, 5, rows))
    x = np.zeros((5, 4), dtype)
    value, (dx,) = ops.index.__wrapped__(x, key=key)
    gy = np.random.default_rng(1).normal(size=value.shape).astype(dtype)
    expected = np.zeros((5, 4))
    np.add.at(expected, key, gy.astype(float))
    gradient = dx(gy)
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


def test_both_ways_to_scatter_agree():
    shape, rng = (300, 4), np.random.default_rng(0)
    key = rng.integers(0, 300, 250)  # 1,000 gradients: counted; one fewer row: added one by one
    gy = rng.normal(size=(250, 4))
    counted = scatter(gy, key, shape)
    added = scatter(gy[:249], key[:249], shape)
    added[key[249]] += gy[249]
    np.testing.assert_allclose(counted, added, atol=1e-12)


@pytest.mark.parametrize("key", [[], np.array([], int), np.zeros(3, bool), slice(0, 0)])
def test_picking_nothing(key):
    value, (dx,) = ops.index.__wrapped__(np.ones(3), key=key)
    assert value.size == 0
    np.testing.assert_array_equal(dx(np.zeros(0)), np.zeros(3))


def test_a_position_that_does_not_exist():
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        ops.index.__wrapped__(np.ones(3), key=[3])


def test_gather_picks_one_score_for_each_label():
    scores, labels = np.arange(12.0).reshape(4, 3), np.array([2, 0, 1, 1])
    value, (dx, *none) = ops.gather.__wrapped__(scores, 1, labels[:, None])
    np.testing.assert_array_equal(value[:, 0], scores[np.arange(4), labels])
    np.testing.assert_array_equal(dx(np.ones((4, 1))), np.eye(3)[labels])
    assert none == [None, None]


@pytest.mark.parametrize(
    "where, axis, error, message",
    [
        ([[3]], 1, IndexError, r"gather: position 3 at \(0, 0\) .* expected 0 to 2"),
        ([[0, -1]], 1, IndexError, "position -1"),
        ([0], 1, ValueError, "expected 2 axes"),
        ([[0], [0], [0]], 1, ValueError, r"positions of shape \(3, 1\)"),
        ([[0]], 2, ValueError, "axis 2 is out of bounds"),
        ([[0.0]], 1, TypeError, "expected integers"),
    ],
)
def test_gather_explains_what_does_not_fit(where, axis, error, message):
    with pytest.raises(error, match=message):
        ops.gather.__wrapped__(np.ones((2, 3)), axis, np.array(where))


def test_embedding_explains_what_does_not_fit():
    with pytest.raises(IndexError, match=r"embedding: position 7 at \(1,\) .* 0 to 4"):
        ops.embedding.__wrapped__(np.array([0, 7]), np.ones((5, 2)))
    with pytest.raises(TypeError, match="positions are float64"):
        ops.embedding.__wrapped__(np.array([0.0]), np.ones((5, 2)))
