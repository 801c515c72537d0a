"""Two things about memory that cost more than they should.

*Where it begins.* NumPy's memory begins at a multiple of 16 bytes, a large array's always 16 bytes
into a cache line of 64. A vector of 64 bytes then lies in two lines, and to fetch it takes two
turns instead of one. So scratch memory is made to begin where a line does.

*Where it comes from.* Every step of a training makes and frees the same large arrays. The C library
of Linux gives memory of such sizes back to the system, and asks for it again at the next step: the
system clears it, page by page, on first use. That was a third of a training step of the conv net.
So the library is asked to keep some of what was freed.
"""

import ctypes
import math
import os
import sys

import numpy as np

_LINE = 64
_KEEP = 256 << 20
"""Bytes of freed memory that stay with the process for the next step."""
_LARGE = 32 << 20
"""Bytes from which an array has pages of its own all the same; glibc allows no more."""


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


def keep_freed_memory():
    """Ask glibc to keep freed memory; return whether it was asked.

    It is left alone where the environment says already what it should do (``MALLOC_…_THRESHOLD_``
    or ``GLIBC_TUNABLES``), and so are other C libraries.

    Example:
        >>> keep_freed_memory() in (True, False)
        True
    """
    decided = any(n.startswith("MALLOC_") or n == "GLIBC_TUNABLES" for n in os.environ)
    if decided or not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl, for one, has none
    if mallopt is None:
        return False
    trim_threshold, mmap_threshold = -1, -3  # their numbers in malloc.h
    return bool(mallopt(mmap_threshold, _LARGE) and mallopt(trim_threshold, _KEEP))


keep_freed_memory()
