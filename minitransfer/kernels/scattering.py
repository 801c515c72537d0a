"""The way back from picking: what was picked several times receives several gradients."""

import math

import numpy as np


def scatter_reference(gy, key, shape):
    """Return zeros of a shape, with `gy` added at the places that `key` picks, one by one."""
    gx = np.zeros(shape, gy.dtype)
    np.add.at(gx, key, gy)
    return gx


def scatter(gy, key, shape):
    """Return zeros of a shape, with the gradients added where `key` picked their elements.

    Args:
        gy: gradients, shaped like what `key` picks.
        key: any key NumPy knows.
        shape: of the array from which was picked.

    Returns:
        An array of that shape and the dtype of `gy`.

    Example:
        >>> scatter(np.array([1.0, 2.0, 4.0]), [0, 1, 1], (3,))
        array([1., 6., 0.])
    """
    size = math.prod(shape)
    if gy.size < 1000 or 8 * gy.size < size:
        return scatter_reference(gy, key, shape)
    # Faster when much is picked: number all elements, let the key pick the numbers,
    # and count how much falls on each (the sums are taken in float64).
    positions = np.arange(size).reshape(shape)[key].reshape(-1)
    total = np.bincount(positions, weights=gy.reshape(-1), minlength=size)
    return total.reshape(shape).astype(gy.dtype, copy=False)
