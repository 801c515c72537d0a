"""The ladder of matrix products: four rungs, each checked against the definition and timed alike.

`naive`, `reordered` and `blocked` are the three loops of the definition, in three orders; the last
rung, "tiled", is `matmul` itself. All take a (M, K) and b (K, N) of one type.
"""

import time

import numpy as np

from ..compile import kernel
from ..peak import peak_flops
from . import matmul, matmul_reference

_DEPTH, _WIDTH = 32, 512
"""Rows and columns of the block that `blocked` packs."""


@kernel("void(in2, in2, real[:, ::1])")
def _naive(a, b, c):
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            total = c.dtype.type(0)
            for k in range(a.shape[1]):
                total += a[i, k] * b[k, j]
            c[i, j] = total


def naive(a, b):
    """Return A @ B by the three loops of the definition.

    Each number of C is one sum, each term of which must wait for the one before; and b[k, j] walks
    down a column, so every step touches another line of memory. Two to five billion operations a
    second at best, a few hundredths of what the core can do.

    Example:
        >>> naive(np.ones((1, 2)), np.ones((2, 1)))
        array([[2.]])
    """
    c = np.empty((a.shape[0], b.shape[1]), a.dtype)
    _naive[a.dtype](a, b, c)
    return c


@kernel("void(flat2, flat2, real[:, ::1])")
def _reordered(a, b, c):
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[i, j] = 0
        for k in range(a.shape[1]):
            factor = a[i, k]
            for j in range(c.shape[1]):
                c[i, j] += factor * b[k, j]


def reordered(a, b):
    """Return A @ B by the same three loops with k outside j.

    Nothing is computed differently, but now the inner loop runs along rows of B and C, as they lie
    in memory, and its steps do not wait for each other. The compiler makes vector code of it by
    itself. What holds it back: for each multiply-add it loads a number of B and loads and stores
    one of C.

    Example:
        >>> reordered(np.ones((1, 2)), np.ones((2, 1)))
        array([[2.]])
    """
    c = np.empty((a.shape[0], b.shape[1]), a.dtype)
    _reordered[a.dtype](np.ascontiguousarray(a), np.ascontiguousarray(b), c)
    return c


@kernel("void(in2, in2, real[:, ::1], real[:, ::1], real[::1])", sums=True)
def _blocked(a, b, c, block, f):
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


def blocked(a, b):
    """Return A @ B with blocks that fit the caches, and eight steps of k at once.

    A block of B, small enough for the nearest cache, is copied next to itself (packed) and used
    for all rows of A before the next one is fetched. Eight steps of k are taken together, so that
    C is loaded and stored once for eight multiply-adds. The compiler's vector code now spends most
    of its time computing, but it still keeps C in the cache, not in registers; that is the last
    rung's step.

    Example:
        >>> blocked(np.ones((1, 2)), np.ones((2, 1)))
        array([[2.]])
    """
    c = np.empty((a.shape[0], b.shape[1]), a.dtype)
    block, f = np.empty((_DEPTH, _WIDTH), a.dtype), np.zeros(_DEPTH, a.dtype)
    _blocked[a.dtype](a, b, c, block, f)
    return c


RUNGS = {
    "naive": naive,
    "reordered": reordered,
    "blocked": blocked,
    "tiled": matmul,
}
"""The rungs from the lowest to the one that the library uses; all have one signature."""


def check(multiply, a, b):
    """Raise unless ``multiply(a, b)`` agrees with `matmul_reference` to rounding.

    Raises:
        AssertionError: with the largest difference.

    Example:
        >>> check(RUNGS["tiled"], np.ones((3, 4)), np.ones((4, 5)))
    """
    expected = matmul_reference(a, b)
    allowed = 4 * a.shape[1] * np.finfo(a.dtype).eps * matmul_reference(abs(a), abs(b))
    difference = abs(multiply(a, b) - expected)
    if not (difference <= allowed).all():
        raise AssertionError(f"differs from the definition by up to {difference.max()}")


def climb(m=256, k=256, n=256, dtype=np.float32, seconds=0.2, rungs=RUNGS):
    """Measure the rungs one after the other on an (m, k) by (k, n) product.

    Args:
        seconds: how long each rung is measured.

    Returns:
        A dictionary from each rung's name to its speed in floating-point operations a second
        (2 m k n of them), and "peak": what this core can do at most (`peak_flops`).

    Example:
        >>> speeds = climb(32, 32, 32, seconds=0.001)
        >>> speeds["tiled"] < 2 * speeds["peak"]
        True
    """
    rng = np.random.default_rng(0)
    a = rng.standard_normal((m, k)).astype(dtype)
    b = rng.standard_normal((k, n)).astype(dtype)
    speeds = {}
    for name, multiply in rungs.items():
        check(multiply, a, b)  # compiles it, too
        speeds[name] = 2 * m * k * n / median_time(lambda f=multiply: f(a, b), seconds)
    return speeds | {"peak": peak_flops(dtype)}


def median_time(call, seconds):
    """Call `call` for `seconds` and return the median processor time of a call, in seconds.

    Processor time counts all threads together and leaves out those of other programs, so a speed
    made of it is that of one core.

    Example:
        >>> median_time(lambda: None, 0.001) < 0.001
        True
    """
    times = []
    stop = time.perf_counter() + seconds
    while not times or (time.perf_counter() < stop and len(times) < 10_000):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return float(np.median(times))
