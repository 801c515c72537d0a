"""Second rung: the same three loops with k outside j.

Nothing is computed differently, but now the inner loop runs along rows of B and C, as they lie in
memory, and its steps do not wait for each other. The compiler makes vector code of it by itself.
What holds it back: for each multiply-add it loads a number of B and loads and stores one of C.
"""

import numpy as np

from ..compile import kernel


@kernel("void(flat2, flat2, real[:, ::1])")
def _multiply(a, b, c):
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[i, j] = 0
        for k in range(a.shape[1]):
            factor = a[i, k]
            for j in range(c.shape[1]):
                c[i, j] += factor * b[k, j]


def multiply(a, b):
    """Return C = A @ B for a (M, K) and b (K, N) of one type.

    Example:
        >>> multiply(np.ones((1, 2)), np.ones((2, 1)))
        array([[2.]])
    """
    c = np.empty((a.shape[0], b.shape[1]), a.dtype)
    _multiply(np.ascontiguousarray(a), np.ascontiguousarray(b), c)
    return c
