import numpy as np
import pytest

from minitransfer import ops
from minitransfer.ops import shapes

X = np.arange(6.0).reshape(2, 3)


def test_values_follow_numpy():
    np.testing.assert_array_equal(ops.reshape.__wrapped__(X, (3, -1))[0], X.reshape(3, 2))
    np.testing.assert_array_equal(ops.permute.__wrapped__(X, (1, 0))[0], X.T)
    np.testing.assert_array_equal(ops.permute.__wrapped__(X, (-1, -2))[0], X.T)
    np.testing.assert_array_equal(ops.expand.__wrapped__(X[:1], (4, -1))[0], np.tile(X[0], (4, 1)))
    np.testing.assert_array_equal(
        shapes._concatenate.__wrapped__(X, X, dim=1)[0], np.hstack([X, X])
    )
    np.testing.assert_array_equal(
        shapes._stack.__wrapped__(X, X + 1, dim=1)[0], np.stack([X, X + 1], 1)
    )
    np.testing.assert_array_equal(
        ops.pad.__wrapped__(X, (2, 0, 0, 1), value=9)[0],
        np.pad(X, ((0, 1), (2, 0)), constant_values=9),
    )


def test_inputs_of_a_joined_array_keep_their_own_type():
    value, (da, db) = shapes._concatenate.__wrapped__(np.ones(2, np.float32), np.ones(1), dim=0)
    assert value.dtype == np.float64
    assert (da(np.ones(3)).dtype, db(np.ones(3)).dtype) == (np.float32, np.float64)


@pytest.mark.parametrize(
    "attempt, message",
    [
        (
            lambda: ops.reshape.__wrapped__(X, (4, 2)),
            r"\(2, 3\) holds 6 elements, .* fill \(4, 2\)",
        ),
        (lambda: ops.reshape.__wrapped__(X, (4, -1)), "6 elements"),
        (lambda: ops.permute.__wrapped__(X, (0, 0)), "each of the 2 axes exactly once"),
        (lambda: ops.permute.__wrapped__(X, (0,)), "exactly once"),
        (lambda: ops.permute.__wrapped__(X, (0, 2)), "exactly once"),
        (lambda: ops.expand.__wrapped__(X, (4, 3)), r"\(2, 3\) cannot become \(4, 3\)"),
        (lambda: ops.expand.__wrapped__(X, (3,)), "cannot become"),
        (lambda: ops.expand.__wrapped__(X, (-1, 2, 3)), "cannot become"),
        (lambda: ops.cat([X, X[:, :2]]), r"got \(2, 3\), \(2, 2\) with dim=0"),
        (lambda: ops.cat([]), "got no arrays"),
        (lambda: ops.stack([X, X[:, :2]]), "one shape for all"),
        (lambda: ops.stack([]), "got no arrays"),
        (lambda: ops.pad.__wrapped__(X, (1,)), "up to 2 axes"),
        (lambda: ops.pad.__wrapped__(X, (9, 0), "reflect"), "elements for it at most"),
        (lambda: ops.pad.__wrapped__(X, (1, 0), "mirror"), "expected one of constant, reflect"),
        (lambda: ops.pad.__wrapped__(X, (0, -1, 1, 1)), "to cut an array use slices"),
    ],
)
def test_shapes_that_do_not_fit_are_explained(attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt()
