"""A model of a cache: which lines of memory a loop nest would fetch, counted.

A matrix of the class `Counted` holds no numbers. It stands in the place of an array, and every
``a[i, j]`` is looked up in the model of a cache that its matrices share. So the very loops that
are timed elsewhere can be counted here. The model is that of a set-associative cache that throws
out what was not used for the longest time, and fetches the line that is to be written to. There is
no fetching in advance, and nothing but these matrices in it.

Hill and Smith, *Evaluating associativity in CPU caches* (1989), explain the parts.
"""

from functools import cache

import numba
import numpy as np
from numba.experimental import jitclass

from .caches import LINE, second_level

WAYS = 8
"""Lines that a set holds; most second-level caches have 8 to 20."""


class Counted:
    """A matrix of four-byte numbers that only counts how it is used."""

    def __init__(self, lines, counts, first, rows, columns):
        self.lines, self.counts, self.first, self.shape = lines, counts, first, (rows, columns)

    def touch(self, i, j, writes):
        line = self.first + (i * self.shape[1] + j) // 16
        lines, place = self.lines, line % len(self.lines)  # a set, what was used last first
        at, last = 0, lines.shape[1] - 1
        while at < last and lines[place, at] // 2 != line:
            at += 1
        found = lines[place, at]
        self.counts[0] += 1
        if found // 2 == line:
            writes |= found % 2  # it was written to before, or is now
        else:  # the one that was not used for longest goes, back to memory if it was written to
            self.counts[1] += 64
            self.counts[2] += 64 * (found % 2)
        for way in range(at, 0, -1):
            lines[place, way] = lines[place, way - 1]
        lines[place, 0] = 2 * line + writes

    def __getitem__(self, place):
        self.touch(place[0], place[1], 0)
        return np.float32(0)

    def __setitem__(self, place, value):
        self.touch(place[0], place[1], 1)


_Compiled = jitclass(
    [
        ("lines", numba.int64[:, ::1]),
        ("counts", numba.int64[::1]),
        ("first", numba.int64),
        ("shape", numba.types.UniTuple(numba.int64, 2)),
    ]
)(Counted)


def matrices(*shapes, cache=None):
    """Return matrices that share one cache, and the numbers that it counts.

    Args:
        shapes: (rows, columns) of each; they lie in memory one behind the other.
        cache: bytes of the cache; the second-level cache of this processor if None.

    Returns:
        ([matrices], counts): `counts` holds how often a number was read or written, the bytes
        that were fetched, and the bytes that were written back before they made room.

    Example:
        >>> (a, b), counts = matrices((4, 16), (4, 16), cache=1 << 10)
        >>> for j in range(16):
        ...     b[2, j] = a[1, j]
        >>> counts.tolist()
        [32, 128, 0]
    """
    size = second_level() if cache is None else cache
    lines = np.full((max(size // LINE // WAYS, 1), WAYS), -2)
    counts, first, made = np.zeros(3, np.int64), 0, []
    for rows, columns in shapes:
        made.append(_Compiled(lines, counts, first, rows, columns))
        first += -(-rows * columns // 16) + 1
    return made, counts


@cache
def _compiled(loops):
    return numba.njit(loops, boundscheck=False, error_model="numpy")


def bytes_moved(loops, *shapes, cache=None):
    """Count what a loop nest moves between a cache and what lies behind it.

    Args:
        loops: a plain function of matrices, as those of ``gemm.ladder.LOOPS``.
        shapes: of its arguments.
        cache: as for `matrices`.

    Returns:
        (touched, bytes): how often a number was read or written, and the bytes that were fetched
        and written back, those that are left in the cache in the end included.

    Example:
        >>> def copy(a, b):
        ...     for i in range(a.shape[0]):
        ...         for j in range(a.shape[1]):
        ...             b[i, j] = a[i, j]
        >>> bytes_moved(copy, (64, 64), (64, 64))  # 16 KB are fetched of each, and 16 written
        (8192, 49152)
    """
    made, counts = matrices(*shapes, cache=cache)
    _compiled(loops)(*made)
    left = 64 * int((made[0].lines[made[0].lines >= 0] % 2).sum())
    return int(counts[0]), int(counts[1] + counts[2]) + left
