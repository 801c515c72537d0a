"""First rung: the three loops of the definition.

Each number of C is one sum, each term of which must wait for the one before; and b[k, j] walks
down a column, so every step touches another line of memory. Two to five billion operations a
second at best, a few hundredths of what the core can do.
"""

import numpy as np

from ..compile import kernel


@kernel("void(in2, in2, real[:, ::1])")
def _multiply(a, b, c):
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            total = c.dtype.type(0)
            for k in range(a.shape[1]):
                total += a[i, k] * b[k, j]
            c[i, j] = total


def multiply(a, b):
    """Return C = A @ B for a (M, K) and b (K, N) of one type.

    Example:
        >>> multiply(np.ones((1, 2)), np.ones((2, 1)))
        array([[2.]])
    """
    c = np.empty((a.shape[0], b.shape[1]), a.dtype)
    _multiply(a, b, c)
    return c
