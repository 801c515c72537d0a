"""A gradient checker for operations on arrays."""

import numpy as np
import pytest

STEP = 1e-5
TOLERANCE = 2e-7


def check_gradients(operation, *arrays, seed=0):
    """Compare the derivatives of an operation with central differences in float64.

    The gradient of the value (`gy`) is random: with ones a wrong softmax would pass, because the
    sum of its outputs does not depend on its input. Also checked: shapes and dtypes, that inputs
    and `gy` are left as they were, and that a second call gives the same bits.
    """
    before = [np.array(a) for a in arrays]
    value, derivatives = operation(*arrays)
    value = np.array(value)
    gy = np.random.default_rng(seed).standard_normal(value.shape)
    gy_before = gy.copy()
    for i, a in enumerate(arrays):
        if not isinstance(a, np.ndarray) or a.dtype.kind != "f":
            continue
        given = derivatives[i](gy)
        assert given.shape == a.shape, f"input {i}: gradient {given.shape}, input {a.shape}"
        assert given.dtype == a.dtype, f"input {i}: gradient {given.dtype}, input {a.dtype}"
        again = derivatives[i](gy)
        np.testing.assert_array_equal(given, again, err_msg="the second call differs")
        _compare(i, given, _central_differences(operation, arrays, i, gy))
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b, err_msg="an input was written to")
    np.testing.assert_array_equal(gy, gy_before, err_msg="gy was written to")


def _central_differences(operation, arrays, i, gy):
    """The derivative of sum(value * gy) with respect to every element of input `i`."""
    numeric = np.empty(arrays[i].shape)
    for place in np.ndindex(arrays[i].shape):
        sides = []
        for step in (STEP, -STEP):
            moved = list(arrays)
            moved[i] = arrays[i].copy()
            moved[i][place] += step
            sides.append(np.sum(operation(*moved)[0] * gy))
        numeric[place] = (sides[0] - sides[1]) / (2 * STEP)
    return numeric


def _compare(i, given, numeric):
    wrong = ~(np.abs(given - numeric) <= TOLERANCE * (1 + np.abs(numeric)))
    if np.any(wrong):
        place = tuple(np.argwhere(wrong)[0].tolist())
        raise AssertionError(
            f"input {i}, element {place}: the derivative gives {np.asarray(given)[place]!r}, "
            f"central differences give {numeric[place]!r} "
            f"({np.count_nonzero(wrong)} of {numeric.size} elements differ)"
        )


@pytest.fixture(name="check_gradients", scope="session")
def _check_gradients():
    return check_gradients
