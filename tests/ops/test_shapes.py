import numpy as np
import pytest

from minitransfer import ops

X = np.arange(6.0).reshape(2, 3)


def test_values_follow_numpy():
    np.testing.assert_array_equal(ops.reshape(X, shape=(3, -1))[0], X.reshape(3, 2))
    np.testing.assert_array_equal(ops.permute(X, axes=(1, 0))[0], X.T)
    np.testing.assert_array_equal(ops.permute(X, axes=(-1, -2))[0], X.T)
    np.testing.assert_array_equal(ops.expand(X[:1], shape=(4, -1))[0], np.tile(X[0], (4, 1)))
    np.testing.assert_array_equal(ops.concatenate(X, X, axis=1)[0], np.hstack([X, X]))
    np.testing.assert_array_equal(ops.stack(X, X + 1, axis=1)[0], np.stack([X, X + 1], 1))
    np.testing.assert_array_equal(
        ops.pad(X, widths=((0, 1), (2, 0)), value=9)[0],
        np.pad(X, ((0, 1), (2, 0)), constant_values=9),
    )


def test_inputs_of_a_joined_array_keep_their_own_type():
    value, (da, db) = ops.concatenate(np.ones(2, np.float32), np.ones(1))
    assert value.dtype == np.float64
    assert (da(np.ones(3)).dtype, db(np.ones(3)).dtype) == (np.float32, np.float64)


@pytest.mark.parametrize(
    "attempt, message",
    [
        (lambda: ops.reshape(X, shape=(4, 2)), r"\(2, 3\) holds 6 elements, .* fill \(4, 2\)"),
        (lambda: ops.reshape(X, shape=(4, -1)), "6 elements"),
        (lambda: ops.permute(X, axes=(0, 0)), "each of the 2 axes exactly once"),
        (lambda: ops.permute(X, axes=(0,)), "exactly once"),
        (lambda: ops.permute(X, axes=(0, 2)), "exactly once"),
        (lambda: ops.expand(X, shape=(4, 3)), r"\(2, 3\) cannot become \(4, 3\)"),
        (lambda: ops.expand(X, shape=(3,)), "cannot become"),
        (lambda: ops.expand(X, shape=(-1, 2, 3)), "cannot become"),
        (lambda: ops.concatenate(X, X[:, :2]), r"got \(2, 3\), \(2, 2\) with axis=0"),
        (lambda: ops.concatenate(), "got no arrays"),
        (lambda: ops.stack(X, X[:, :2]), "one shape for all"),
        (lambda: ops.stack(), "got no arrays"),
        (lambda: ops.pad(X, widths=((1, 1),)), "expected 2 pairs"),
        (lambda: ops.pad(X, widths=((1, 1), (0, -1))), "to cut an array use slices"),
    ],
)
def test_shapes_that_do_not_fit_are_explained(attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt()
