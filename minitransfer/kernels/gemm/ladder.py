"""The ladder of matrix products: five rungs, each checked against the definition and timed alike.

What a rung does stands in plain loops, to be read, to be run as Python, and to be counted
(`cache_model`). `naive`, `reordered` and `blocked` are compiled from these very loops. Of `tile`
and `packed` a compiler makes no fast code: what is timed in their place are the library's own
tile, on the operands as they lie (`loops.outers`), and the library's way of large products
(`packed.multiply`), which do the same in the same order.

All take A (M, K) and B (K, N), of one type, and write C (M, N).
"""

import time

import numpy as np

from ..caches import second_level
from ..compile import kernel
from ..peak import peak_flops
from ..register_tiles import OUTER_ROWS, OUTER_VECTORS, PACKED_ROWS, PACKED_VECTORS
from ..vector_code import VECTOR_BYTES
from . import packed as packed_way
from . import tiled

DEPTH = 32
"""Rows of the block of B that `blocked` uses for all rows of A."""
TILE_ROWS, TILE_COLUMNS = OUTER_ROWS, OUTER_VECTORS * VECTOR_BYTES // 4
"""The block of C that `tile` keeps in registers (of numbers of four bytes)."""
STRIP, PANEL = PACKED_ROWS, PACKED_VECTORS * VECTOR_BYTES // 4
"""The same for `packed`: rows in a strip of A, columns in a panel of B."""
PASS = packed_way.PASS_BYTES // 4
"""Steps of k that `packed` takes before it goes on to the next rows."""


def naive(a, b, c):
    """The three loops of the definition.

    Each number of C is one sum, each term of which must wait for the one before; and b[k, j] walks
    down a column, so every step touches another line of memory.
    """
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            total = a[i, 0] * b[0, j]
            for k in range(1, a.shape[1]):
                total += a[i, k] * b[k, j]
            c[i, j] = total


def reordered(a, b, c):
    """The same three loops with k outside j.

    Now the inner loop runs along rows of B and C, as they lie in memory, and its steps do not wait
    for each other: the compiler makes vector code of it. But for each multiply-add it loads a
    number of B and loads and stores one of C.
    """
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[i, j] = 0
        for k in range(a.shape[1]):
            factor = a[i, k]
            for j in range(c.shape[1]):
                c[i, j] += factor * b[k, j]


def blocked(a, b, c):
    """A block of B, small enough for a near cache, is used for all rows of A before the next."""
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[i, j] = 0
    for top in range(0, a.shape[1], DEPTH):
        for i in range(c.shape[0]):
            for k in range(top, min(top + DEPTH, a.shape[1])):
                factor = a[i, k]
                for j in range(c.shape[1]):
                    c[i, j] += factor * b[k, j]


def tile(a, b, c):
    """A block of C stays in registers until its sums are done.

    At each step of k a row of vectors of B is loaded, and one number of A for each row; all are
    multiplied with all. `sums` and `row` are registers, which is what a compiler does not find.
    """
    sums = np.zeros((TILE_ROWS, TILE_COLUMNS), np.float32)
    row = np.zeros(TILE_COLUMNS, np.float32)
    for i in range(0, c.shape[0], len(sums)):
        high = min(len(sums), c.shape[0] - i)
        for j in range(0, c.shape[1], len(row)):
            wide = min(len(row), c.shape[1] - j)
            sums[:] = 0
            for k in range(a.shape[1]):
                for p in range(wide):
                    row[p] = b[k, j + p]
                for q in range(high):
                    factor = a[i + q, k]
                    for p in range(wide):
                        sums[q, p] += factor * row[p]
            for q in range(high):
                for p in range(wide):
                    c[i + q, j + p] = sums[q, p]


def packed(a, b, c, block, panels):
    """The tile, with blocks for the caches, and both operands in the order in which it reads them.

    Goto and van de Geijn, *Anatomy of high-performance matrix multiplication* (2008). A block of A
    stays in the second-level cache while all panels of B pass through it. `block` and `panels` are
    room for the copies, as `room` makes it.
    """
    sums = np.zeros((STRIP, PANEL), np.float32)
    row = np.zeros(PANEL, np.float32)
    depth, rows = a.shape[1], block.shape[0] // PASS * STRIP
    for k in range(depth):
        for j in range(c.shape[1]):
            panels[j // PANEL * depth + k, j % PANEL] = b[k, j]
    for first in range(0, depth, PASS):
        last = min(first + PASS, depth)
        for top in range(0, c.shape[0], rows):
            bottom = min(top + rows, c.shape[0])
            for i in range(top, bottom):
                for k in range(first, last):
                    block[(i - top) // STRIP * PASS + k - first, (i - top) % STRIP] = a[i, k]
            for j in range(0, c.shape[1], len(row)):
                wide = min(len(row), c.shape[1] - j)
                for i in range(top, bottom, len(sums)):
                    high = min(len(sums), bottom - i)
                    sums[:] = 0
                    for k in range(first, last):
                        for p in range(wide):
                            row[p] = panels[j // PANEL * depth + k, p]
                        for q in range(high):
                            factor = block[(i - top) // STRIP * PASS + k - first, q]
                            for p in range(wide):
                                sums[q, p] += factor * row[p]
                    for q in range(high):
                        for p in range(wide):
                            if first > 0:
                                sums[q, p] += c[i + q, j + p]
                            c[i + q, j + p] = sums[q, p]


def room(k, n, cache=None):
    """Return the shapes of `block` and `panels` for `packed`, and B of k rows and n columns.

    Args:
        cache: bytes of the second-level cache; this processor's if None.

    Example:
        >>> block, panels = room(100, 100)
        >>> block[1] == STRIP, panels[1] == PANEL
        (True, True)
    """
    rows = packed_way.block_rows(second_level() if cache is None else cache)
    return (rows // STRIP * PASS, STRIP), (-(-n // PANEL) * k, PANEL)


LOOPS = {one.__name__: one for one in (naive, reordered, blocked, tile, packed)}
"""The loops of the rungs, from the lowest to the one that the library uses for large matrices."""

_naive = kernel("void(in2, in2, real[:, ::1])")(naive)
_reordered = kernel("void(flat2, flat2, real[:, ::1])")(reordered)
_blocked = kernel("void(flat2, flat2, real[:, ::1])")(blocked)


def _compiled(loops):
    def multiply(a, b):
        c = np.empty((len(a), b.shape[1]), a.dtype)
        loops[a.dtype](np.ascontiguousarray(a), np.ascontiguousarray(b), c)
        return c

    return multiply


def _tile(a, b):
    """The outer tile on operands as they lie; those that are smaller than one tile get zeros."""
    rows, columns, size = len(a), b.shape[1], a.itemsize
    width = OUTER_VECTORS * VECTOR_BYTES // size
    if rows < OUTER_ROWS:
        a = np.pad(a, ((0, OUTER_ROWS - rows), (0, 0)))
    if columns < width:
        b = np.pad(b, ((0, 0), (0, width - columns)))
    c, spill = np.empty((len(a), b.shape[1]), a.dtype), np.empty((OUTER_ROWS, width), a.dtype)
    loop = tiled._outer_loop[a.dtype]
    loop(a, 0, b, 0, b.strides[0] // size, width, c, len(a), spill, 0, len(a))
    return np.ascontiguousarray(c[:rows, :columns])


def _packed(a, b):
    c = np.empty((len(a), b.shape[1]), a.dtype)
    packed_way.multiply(a, b, c)
    return c


RUNGS = {
    "naive": _compiled(_naive),
    "reordered": _compiled(_reordered),
    "blocked": _compiled(_blocked),
    "tile": _tile,
    "packed": _packed,
}
"""What is timed for each of `LOOPS`: a function of A and B."""


def check(multiply, a, b):
    """Raise unless ``multiply(a, b)`` agrees with NumPy's product in float64 to rounding.

    Raises:
        AssertionError: with the largest difference.

    Example:
        >>> check(RUNGS["tile"], np.ones((3, 4)), np.ones((4, 5)))
    """
    expected = a.astype(np.float64) @ b.astype(np.float64)
    allowed = 4 * a.shape[1] * np.finfo(a.dtype).eps * (abs(a) @ abs(b))
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
        >>> speeds["packed"] < 2 * speeds["peak"]
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
