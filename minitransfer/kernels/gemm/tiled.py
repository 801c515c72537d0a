"""Matrix products, and the fully connected layer, which is one: which way they take.

`matmul` and `linear` choose among the ways by shapes and strides only; the bounds were measured:

* tiny matrices take plain loops: anything else would cost more than the arithmetic. For a layer of
  a few neurons the calls take everything; so there a bias is added in the same loops;
* where A has few rows, or C is narrower than a panel (a head of ten classes is), and B lies by
  columns, the dot tile takes both operands along k; the smaller one is copied if it does not lie
  so;
* where that does not help a narrow C, its transpose, which has long rows, is computed:
  (B.T @ A.T).T;
* B is read in place by the outer tile while it is small enough to stay in the caches near the
  core, or A has so few rows that B is not read often;
* everything else is large, and both operands are packed (`packed`).

In all tiles a block of C stays in registers while k runs (`register_tiles`). The outer tile reads
A in place, whatever its strides: it needs single numbers of A. Of B it needs vectors, so B's rows
must be contiguous. The dot tile needs vectors of both, along k. How one comes to them is said, in
five rungs, by `ladder`.
"""

import math

import numpy as np

from ..caches import second_level
from ..compile import kernel
from ..register_tiles import DOT_COLUMNS, OUTER_ROWS, OUTER_VECTORS
from ..sums import PIECE, total
from ..threads import parallel_for
from ..vector_code import VECTOR_BYTES
from . import packed
from .loops import ROW_VECTORS, dots, one_row, outers
from .packed import PASS_BYTES

TINY = 2048
"""Multiply-adds up to which three plain loops win."""
_SMALL = 1 << 20
"""Multiply-adds up to which packing both operands does not pay."""
_FEW_ROWS = 192
"""Rows of A up to which a transposed B is not worth copying. Up to there a layer gives an example
the same bits in any company, which a cache of features relies on."""
_IN_PLACE_ROWS = 4 * OUTER_ROWS
"""Rows of A up to which B is read in place however large it is."""
_IN_PLACE = second_level() // 4
"""Bytes of B, of those that one pass reads, up to which it is read in place; twice as many where A
has up to _SOME_ROWS, or B has up to _FEW_STEPS rows and they are less than a _PAGE apart."""
_SOME_ROWS, _FEW_STEPS, _PAGE = 128, 64, 4096
_CHUNK = packed.CHUNK


def matmul_reference(a, b):
    """Return the matrix product as a sum of outer products, one for each inner index."""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    c = np.zeros((*batch, a.shape[-2], b.shape[-1]), a.dtype)
    for k in range(a.shape[-1]):
        c += a[..., :, k, None] * b[..., None, k, :]
    return c


def linear_reference(x, w, bias):
    """Return ``x @ w.T + bias``."""
    return matmul_reference(x, w.T) + bias


def bias_gradient_reference(gy):
    """Return the sum over the rows of `gy`."""
    return total(gy, 0)


@kernel("void(in2, in2, real[:, ::1])")
def _matmul(a, b, c):
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            total = a[i, 0] * b[0, j]
            for k in range(1, a.shape[1]):
                total += a[i, k] * b[k, j]
            c[i, j] = total


@kernel("void(in2, in2, in1, real[:, ::1])")
def _linear(x, w, bias, y):
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            total = x[i, 0] * w[j, 0]
            for k in range(1, x.shape[1]):
                total += x[i, k] * w[j, k]
            y[i, j] = total + bias[j]


@kernel("void(in2, real[::1])")
def _sum_rows(gy, sums):
    for j in range(sums.size):
        sums[j] = gy[0, j]
        for i in range(1, gy.shape[0]):
            sums[j] += gy[i, j]


def matmul(a, b):
    """Return the matrix product of a (..., M, K) and b (..., K, N); leading axes broadcast.

    Transposed operands are read in place.

    Args:
        a, b: of two or more axes, both float32 or both float64, of any strides.

    Returns:
        A new array (..., M, N).

    Raises:
        ValueError: if the inner sizes differ.

    Example:
        >>> matmul(np.ones((5, 2, 3)), np.ones((3, 4))).shape
        (5, 2, 4)
    """
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"matmul: shapes {a.shape} and {b.shape} do not fit: (M, K), (K, N)")
    if a.ndim == 2 and b.ndim == 2:
        return _product(a, b)
    if b.ndim == 2 and a.flags.c_contiguous:  # one tall matrix instead of many
        rows = a.reshape(math.prod(a.shape[:-1]), a.shape[-1])
        return _product(rows, b).reshape(*a.shape[:-1], b.shape[1])
    leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = _flat(a, leading), _flat(b, leading)
    c = np.empty((len(a), a.shape[1], b.shape[2]), a.dtype)
    if len(c):
        rows = c.reshape(len(c) * c.shape[1], c.shape[2])
        _products(a[0], a.strides[0], b[0], b.strides[0], rows, len(c))
    return c.reshape(*leading, *c.shape[1:])


def matmul_into(a, b, c):
    """Write into c (..., M, N), which is contiguous, the products of a (M, K) and b (..., K, N).

    Example:
        >>> c = np.empty((2, 1, 1))
        >>> matmul_into(np.ones((1, 3)), np.ones((2, 3, 1)), c)
        >>> c.ravel()
        array([3., 3.])
    """
    _products(a, 0, b[0], b.strides[0], c.reshape(-1, c.shape[-1]), len(b))


def linear(x, w, bias):
    """Return x @ w.T + bias.

    Args:
        x: inputs (M, K), of any strides, as are the others; all float32 or all float64.
        w: weights (N, K).
        bias: (N,).

    Returns:
        A new array (M, N).

    Example:
        >>> linear(np.ones((2, 3)), np.ones((1, 3)), np.array([0.5]))
        array([[3.5],
               [3.5]])
    """
    (rows, depth), columns = x.shape, len(w)
    if 0 < rows * columns * depth <= TINY:
        y = np.empty((rows, columns), x.dtype)
        _linear[x.dtype](x, w, bias, y)
    else:
        y = _product(x, w.T)
        y += bias  # in place: the product is ours alone
    return y


def bias_gradient(gy):
    """Return the sum over the rows of `gy` (M, N), a new array (N,).

    Every row had the same bias added to it, so each contributes to its gradient.

    Example:
        >>> bias_gradient(np.array([[1.0, 2.0], [3.0, 4.0]]))
        array([4., 6.])
    """
    if len(gy) > PIECE:
        return total(gy, 0)
    if not 0 < gy.size <= TINY:
        return np.add.reduce(gy, axis=0)
    sums = np.empty(gy.shape[1], gy.dtype)
    _sum_rows[gy.dtype](gy, sums)
    return sums


def _product(a, b):
    """C = A @ B for a (M, K) and b (K, N)."""
    rows, depth = a.shape
    columns = b.shape[1]
    work = rows * columns * depth
    if columns == 1 < rows and work > TINY:  # its transpose is a row, and lies in memory alike
        return _product(b.T, a.T).reshape(rows, 1)
    c = np.empty((rows, columns), a.dtype)
    if 0 < work <= TINY:
        _matmul[a.dtype](a, b, c)
        return c
    width = OUTER_VECTORS * VECTOR_BYTES // a.itemsize
    if work and (work <= _SMALL or rows == 1):
        if DOT_COLUMNS <= columns < width:  # copied sooner than the other ways are tried
            a, b = np.ascontiguousarray(a), np.ascontiguousarray(b.T).T
        if _small[a.dtype](a, b, c):
            return c
    if columns < width <= rows and not (columns >= DOT_COLUMNS and a.strides[1] == a.itemsize):
        return np.ascontiguousarray(_product(b.T, a.T).T)
    _products(a, 0, b, 0, c, 1)
    return c


def _products(a, a_batch, b, b_batch, c, batch):
    """Write into `c` the products of `batch` matrices; `a` and `b` are the first ones, `a_batch`
    and `b_batch` the bytes from one to the next, the results stand in `c` below each other."""
    rows, depth = a.shape
    columns = b.shape[1]
    size = a.itemsize
    width = OUTER_VECTORS * VECTOR_BYTES // size
    if c.size == 0 or depth == 0:
        c[...] = 0
        return
    chunk = max(_CHUNK // (columns * depth) // 24 * 24, 24)
    a_by_k, b_by_k, b_by_rows = a.strides[1] == size, b.strides[0] == size, b.strides[1] == size
    small = rows * columns * depth <= _SMALL
    # With few steps of k, the dot tile's adding up of its lanes takes longer than copying B.
    few_rows = rows <= min(_FEW_ROWS, 4 * depth)
    copies_little = few_rows and b_by_k and (a_by_k or rows <= columns)
    if columns >= DOT_COLUMNS and (copies_little or (a_by_k and columns < width)):
        a, a_batch = _by_k(a, a_batch, batch)
        b, b_batch = _by_k(b.T, b_batch, batch)
        loop = _dot_loop[c.dtype]
        parallel_for(len(c), chunk, loop, a, a_batch, b.T, b_batch, c, rows)
        return
    in_place = b_by_rows and _stays_near(rows, depth, columns, size)
    if not in_place and not small and rows > _IN_PLACE_ROWS and columns >= width:
        for n in range(batch):
            some = slice(n * rows, (n + 1) * rows)
            packed.multiply(_nth(a, a_batch, n), _nth(b, b_batch, n), c[some])
        return
    if rows < OUTER_ROWS:
        a, a_batch = _padded(a, a_batch, batch)
    b_step, b_panel = b.strides[0] // size, width
    if columns < width or not in_place:
        b, b_batch = _panels(b, b_batch, batch, width)
        b_step, b_panel = width, depth * width
    parallel_for(len(c), chunk, _outer_rows, a, a_batch, b, b_batch, b_step, b_panel, c, rows)


def _stays_near(rows, depth, columns, size):
    """Whether B (depth, columns) is read fast enough where it lies, or too seldom to matter."""
    if rows <= _IN_PLACE_ROWS:
        return True
    in_one_pass = min(depth, PASS_BYTES // size) * columns * size
    few_steps = depth <= _FEW_STEPS and columns * size < _PAGE
    return in_one_pass <= (2 * _IN_PLACE if rows <= _SOME_ROWS or few_steps else _IN_PLACE)


def _outer_rows(a, a_batch, b, b_batch, b_step, b_panel, c, rows, first, last):
    width = OUTER_VECTORS * VECTOR_BYTES // c.itemsize
    spill = np.empty((OUTER_ROWS, width), c.dtype)  # each thread needs its own
    loop = _outer_loop[c.dtype]
    loop(a, a_batch, b, b_batch, b_step, b_panel, c, rows, spill, first, last)


def _flat(a, leading):
    """`a` with its leading axes broadcast and made one; no copy for one matrix."""
    if a.ndim == 3 and a.shape[:1] == leading:
        return a
    if a.size and a.size == a.shape[-2] * a.shape[-1]:
        shape = (int(np.prod(leading)), *a.shape[-2:])
        return np.broadcast_to(a.reshape(a.shape[-2:]), shape)
    return np.broadcast_to(a, (*leading, *a.shape[-2:])).reshape(math.prod(leading), *a.shape[-2:])


def _batch(a, a_batch, batch):
    """The matrices as one array of three axes, one if they are all the same, and nothing copied."""
    count = batch if a_batch else 1
    if count == 1:
        return a[None]
    return np.lib.stride_tricks.as_strided(a, (count, *a.shape), (a_batch, *a.strides))


def _nth(a, a_batch, n):
    """The n-th matrix of a batch whose first is `a`."""
    return _batch(a, a_batch, n + 1)[-1] if n else a


def _by_k(a, a_batch, batch):
    """The matrices with rows that are contiguous, copied only if they are not."""
    if a.strides[1] == a.itemsize:
        return a, a_batch
    copy = np.ascontiguousarray(_batch(a, a_batch, batch))
    return copy[0], copy.strides[0] if a_batch else 0


def _padded(a, a_batch, batch):
    """Matrices of fewer rows than a tile, with rows of zeros below."""
    matrices = _batch(a, a_batch, batch)
    padded = np.zeros((len(matrices), OUTER_ROWS, a.shape[1]), a.dtype)
    padded[:, : a.shape[0]] = matrices
    return padded[0], padded.strides[0] if a_batch else 0


def _panels(b, b_batch, batch, width):
    """B's matrices copied into panels (panel, k times width)."""
    matrices = _batch(b, b_batch, batch)
    shape = (len(matrices), -(-b.shape[1] // width), b.shape[0] * width)
    panels = np.empty(shape, b.dtype)
    _pack[b.dtype](matrices, panels)
    return panels[0], panels.strides[0] if b_batch else 0


# The compiled loops


@kernel("void(in3, real[:, :, ::1])")
def _pack(b, panels):
    """Copy B's columns into panels (batch, panel, k times width); missing columns become 0."""
    depth, columns = b.shape[1], b.shape[2]
    width = panels.shape[2] // depth
    by_rows = b.strides[2] == b.itemsize
    for n in range(b.shape[0]):
        for s in range(panels.shape[1]):
            here = min(width, columns - s * width)
            if by_rows and here == width:
                for k in range(depth):
                    for j in range(width):
                        panels[n, s, k * width + j] = b[n, k, s * width + j]
            else:
                for k in range(0, depth, 16):  # 16 rows at a time stay in the nearest cache
                    for j in range(here):
                        for q in range(k, min(k + 16, depth)):
                            panels[n, s, q * width + j] = b[n, q, s * width + j]
                for k in range(depth):
                    for j in range(here, width):
                        panels[n, s, k * width + j] = 0


@kernel("boolean(in2, in2, real[:, ::1])")
def _small(a, b, c):
    """A small product that no operand has to be copied for: all in one call, and then True."""
    rows, depth, columns, size = c.shape[0], a.shape[1], c.shape[1], c.itemsize
    a_by_k, b_by_k, b_by_rows = a.strides[1] == size, b.strides[0] == size, b.strides[1] == size
    lanes = VECTOR_BYTES // size
    width = OUTER_VECTORS * lanes
    few_rows = rows <= min(_FEW_ROWS, 4 * depth)
    if rows == 1 and b_by_rows and columns >= ROW_VECTORS * lanes:
        one_row(a, b, c)
    elif a_by_k and b_by_k and columns >= DOT_COLUMNS and (few_rows or columns < width):
        dots(a, 0, b, 0, c, rows, 0, rows)
    elif b_by_rows and columns >= width and rows >= OUTER_ROWS and depth <= PASS_BYTES // size:
        outers(a, 0, b, 0, b.strides[0] // size, width, c, rows, c, 0, rows)  # nothing is spilt
    else:
        return False
    return True


@kernel("void(in2, intp, in2, intp, intp, intp, real[:, ::1], intp, real[:, ::1], intp, intp)")
def _outer_loop(a, a_batch, b, b_batch, b_step, b_panel, c, rows, spill, first, last):
    outers(a, a_batch, b, b_batch, b_step, b_panel, c, rows, spill, first, last)


@kernel("void(in2, intp, in2, intp, real[:, ::1], intp, intp, intp)")
def _dot_loop(a, a_batch, b, b_batch, c, rows, first, last):
    dots(a, a_batch, b, b_batch, c, rows, first, last)
