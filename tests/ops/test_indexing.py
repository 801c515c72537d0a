import numpy as np
import pytest

from minitransfer import ops
from minitransfer.kernels.scattering import scatter, scatter_reference


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [0, 1, 249, 250, 2000])  # from 1,000 numbers on it counts
@pytest.mark.parametrize("size", [1, 7, 300, 4000])
@pytest.mark.parametrize("turned", [False, True])
def test_scatter_does_what_its_reference_does(dtype, rows, size, turned):
    draw = np.random.default_rng(rows + size)
    for key in (
        draw.integers(0, size, rows),
        (draw.integers(0, size, rows), slice(None, None, -1)),
    ):
        gy = draw.normal(size=(4, rows)).T if turned else draw.normal(size=(rows, 4))
        gy = gy.astype(dtype, order="K")
        assert rows < 2 or gy.flags.c_contiguous != turned
        got, expected = scatter(gy, key, (size, 4)), scatter_reference(gy, key, (size, 4))
        assert got.dtype == expected.dtype == dtype
        # The sums are taken in float64, the reference's in the type itself.
        exact = scatter_reference(gy.astype(float), key, (size, 4))
        of = scatter_reference(np.abs(gy).astype(float), key, (size, 4))
        room = np.finfo(dtype).eps * (rows + 1) * of
        assert (np.abs(got - exact) <= room).all()
        assert (np.abs(expected - exact) <= room).all()


@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
def test_scatter_into_nothing(shape):
    gy = np.ones((0, 4) if not shape[0] else (2000, 0), np.float32)
    key = np.zeros(len(gy), int)
    got = scatter(gy, key, shape)
    assert got.shape == scatter_reference(gy, key, shape).shape == shape
    assert got.dtype == np.float32


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
