"""Picking elements: slices, lists of positions, masks, and tables of vectors.

An element that is picked several times receives the sum of all its gradients.
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index


def index(x, *, key):
    """`x[key]`, with every kind of key NumPy knows.

    Args:
        x: Array.
        key: Numbers, slices, `...`, None, integer arrays, boolean masks, or a tuple of them.

    Returns:
        The picked elements (a view for numbers and slices) and the derivative, which puts the
        gradient back in its place; positions picked repeatedly add up.

    Raises:
        IndexError: When a position does not exist.

    Example:
        >>> value, (dx,) = index(np.array([1.0, 2.0, 3.0]), key=[0, 0, 2])
        >>> value, dx(np.array([10.0, 20.0, 30.0]))
        (array([1., 1., 3.]), array([30.,  0., 30.]))
    """
    shape = x.shape
    y = x[key]
    if _picks_once(key):

        def dx(gy):
            gx = np.zeros(shape, gy.dtype)
            gx[key] = gy
            return gx
    else:

        def dx(gy):
            return scatter(gy, key, shape)

    return y, (dx,)


def _picks_once(key):
    """Whether no element can be picked twice: anything but lists of integers."""
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, (int, np.integer, slice)) or part is None or part is Ellipsis:
            continue
        if np.asarray(part).dtype != bool:
            return False
    return True


def gather(x, where, *, axis):
    """Pick along one axis by position, as `torch.gather`.

    For three axes and `axis=1` the result is `y[i, j, k] = x[i, where[i, j, k], k]`.

    Args:
        x: Array.
        where: Integer array with as many axes as `x`, nowhere larger than `x` except along
            `axis`; its values are positions along `axis`, counted from 0.
        axis: The axis along which to pick.

    Returns:
        An array shaped like `where`, and the derivatives (None for the positions).

    Raises:
        ValueError: When the shapes do not fit.
        IndexError: When a position does not exist.

    Example:
        >>> scores, labels = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]])
        >>> gather(scores, labels, axis=1)[0]
        array([[2.],
               [3.]])
    """
    shape, ndim = x.shape, x.ndim
    axis = normalize_axis_index(axis, ndim)
    if where.ndim != ndim or any(
        m > n for i, (m, n) in enumerate(zip(where.shape, shape, strict=True)) if i != axis
    ):
        raise ValueError(
            f"gather: positions of shape {where.shape} for an array of shape {shape} along axis "
            f"{axis}; expected {ndim} axes, none larger than the array's except axis {axis}"
        )
    _check_positions("gather", where, shape[axis])
    grid = list(np.indices(where.shape, sparse=True))
    grid[axis] = where
    key = tuple(grid)
    return x[key], (lambda gy: scatter(gy, key, shape), None)


def embedding(ids, weight):
    """Look up a row of a table for every number: `weight[ids]`.

    Args:
        ids: Integer array of any shape, row numbers from 0.
        weight: Table (rows, width).

    Returns:
        An array (*ids.shape, width) and the derivatives (None for the numbers).

    Raises:
        TypeError: When `ids` are not integers.
        IndexError: When a row does not exist.

    Example:
        >>> table = np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> value, (_, dweight) = embedding(np.array([1, 1]), table)
        >>> value, dweight(np.ones((2, 2)))
        (array([[3., 4.],
               [3., 4.]]), array([[0., 0.],
               [2., 2.]]))
    """
    shape = weight.shape
    _check_positions("embedding", ids, shape[0])
    return weight[ids], (None, lambda gy: scatter(gy, ids, shape))


def scatter(gy, key, shape):
    """Zeros of a shape, with the gradients added where `key` picked their elements.

    Args:
        gy: Gradients, shaped like what `key` picks.
        key: Any key NumPy knows.
        shape: Shape of the array from which was picked.

    Returns:
        An array of that shape and the dtype of `gy`.

    Example:
        >>> scatter(np.array([1.0, 2.0, 4.0]), [0, 1, 1], (3,))
        array([1., 6., 0.])
    """
    size = math.prod(shape)
    if gy.size < 1000 or 8 * gy.size < size:
        gx = np.zeros(shape, gy.dtype)
        np.add.at(gx, key, gy)
        return gx
    # Four times as fast when much is picked: number all elements, let the key pick the numbers,
    # and count how much falls on each (the sums are taken in float64).
    positions = np.arange(size).reshape(shape)[key].reshape(-1)
    total = np.bincount(positions, weights=gy.reshape(-1), minlength=size)
    return total.reshape(shape).astype(gy.dtype, copy=False)


def _check_positions(operation, positions, size):
    if positions.dtype.kind not in "iu":
        raise TypeError(f"{operation}: positions are {positions.dtype}; expected integers")
    if positions.size and (positions.min() < 0 or positions.max() >= size):
        bad = np.argwhere((positions < 0) | (positions >= size))[0]
        raise IndexError(
            f"{operation}: position {positions[tuple(bad)]} at {tuple(bad.tolist())} does not "
            f"exist; expected 0 to {size - 1}"
        )
