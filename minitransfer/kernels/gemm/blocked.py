"""Third rung: blocks that fit the caches, and eight steps of k at once.

A block of B, small enough for the nearest cache, is copied next to itself (packed) and used for
all rows of A before the next one is fetched. Eight steps of k are taken together, so that C is
loaded and stored once for eight multiply-adds. The compiler's vector code now spends most of its
time computing, but it still keeps C in the cache, not in registers; that is the last rung's step.
"""

import numpy as np

from ..compile import kernel

_DEPTH, _WIDTH = 32, 512


@kernel("void(in2, in2, real[:, ::1], real[:, ::1], real[::1])", sums=True)
def _multiply(a, b, c, block, f):
    c[:, :] = 0
    for left in range(0, c.shape[1], _WIDTH):
        width = min(_WIDTH, c.shape[1] - left)
        for top in range(0, a.shape[1], _DEPTH):
            depth = min(_DEPTH, a.shape[1] - top)
            for k in range(_DEPTH):
                for j in range(width):
                    block[k, j] = b[top + k, left + j] if k < depth else c.dtype.type(0)
            for i in range(c.shape[0]):
                row = c[i, left : left + width]
                for k in range(_DEPTH):
                    f[k] = a[i, top + k] if k < depth else c.dtype.type(0)
                for k in range(0, depth, 8):
                    for j in range(row.size):
                        row[j] += (
                            f[k] * block[k, j]
                            + f[k + 1] * block[k + 1, j]
                            + f[k + 2] * block[k + 2, j]
                            + f[k + 3] * block[k + 3, j]
                            + f[k + 4] * block[k + 4, j]
                            + f[k + 5] * block[k + 5, j]
                            + f[k + 6] * block[k + 6, j]
                            + f[k + 7] * block[k + 7, j]
                        )


def multiply(a, b):
    """Return C = A @ B for a (M, K) and b (K, N) of one type.

    Example:
        >>> multiply(np.ones((1, 2)), np.ones((2, 1)))
        array([[2.]])
    """
    c = np.empty((a.shape[0], b.shape[1]), a.dtype)
    _multiply(a, b, c, np.empty((_DEPTH, _WIDTH), a.dtype), np.zeros(_DEPTH, a.dtype))
    return c
