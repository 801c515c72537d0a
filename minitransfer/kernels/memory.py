"""Scratch memory that begins where a cache line does.

NumPy's memory begins at a multiple of 16 bytes, a large array's always 16 bytes into a cache line
of 64. A vector of 64 bytes then lies in two lines, and to fetch it takes two turns instead of one.
"""

import math

import numpy as np

_LINE = 64


def aligned_empty(shape, dtype):
    """Return a new array of any content whose first number begins a cache line.

    Args:
        shape: a tuple.
        dtype: type of its numbers.

    Example:
        >>> aligned_empty((3, 5), np.dtype(np.float32)).ctypes.data % 64
        0
    """
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _LINE, np.uint8)
    start = -memory.__array_interface__["data"][0] % _LINE
    return memory[start : start + size].view(dtype).reshape(shape)


def aligned_zeros(shape, dtype):
    """Return such an array, filled with zeros.

    Example:
        >>> aligned_zeros((4,), np.dtype(np.float64))
        array([0., 0., 0., 0.])
    """
    array = aligned_empty(shape, dtype)
    array.fill(0)
    return array
