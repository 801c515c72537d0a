"""Sums of many numbers, piece by piece, so that a long float32 sum keeps its digits."""

import numpy as np

PIECE = 4096
"""Longer sums than this are taken piece by piece; shorter ones have the bits of a plain sum."""


def total(x, axis=None, keepdims=False):
    """Sum over axes, accurate for long ones too.

    NumPy sums pairwise where neighbours in memory are added, but one by one along other axes:
    there 20 million ones of float32 are 16,777,216. So a long axis of that kind is summed piece by
    piece, and then the sums are.

    Args:
        x: Array.
        axis: None (all), a number or a tuple.
        keepdims: Keep the summed axes with size 1.

    Returns:
        The sum, in the dtype of `x`.

    Example:
        >>> total(np.ones((20_000_000, 1), np.float32), axis=0).tolist()
        [20000000.0]
    """
    if x.size > PIECE and x.dtype.kind == "f" and axis is not None:
        axes = [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
        for a in axes:
            while x.shape[a] > PIECE and not _is_one_run(x, a, axes):
                x = _sums_of_pieces(x, a)
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


def _is_one_run(x, axis, axes):
    """Whether an axis and those behind it are summed as neighbours in memory: pairwise."""
    step = x.itemsize
    for behind in range(x.ndim - 1, axis, -1):
        if x.strides[axis] == step:
            return True
        if behind not in axes or x.strides[behind] != step:
            return False
        step *= x.shape[behind]
    return x.strides[axis] == step


def _sums_of_pieces(x, axis):
    """`np.add.reduceat` says the same, and takes twenty times as long."""
    rows = np.moveaxis(x, axis, 0)
    starts = range(0, len(rows), PIECE)
    sums = np.stack([np.add.reduce(rows[i : i + PIECE], axis=0) for i in starts])
    return np.moveaxis(sums, 0, axis)
