"""Last rung: a block of C stays in registers while k runs (`minitransfer.kernels.simd`).

The outer tile reads A in place, whatever its strides: it needs single numbers of A. Of B it needs
vectors, so B's rows must be contiguous. The dot tile needs vectors of both, along k. Which way a
product takes was chosen by measurement, and depends on shapes and strides only:

* tiny matrices take three plain loops: anything else would cost more than the arithmetic;
* B is read in place while it is small enough to stay in the caches near the core, or A has so few
  rows that B is not read often;
* a large or transposed B is copied once into panels as wide as the tile, which are then read
  from start to end;
* where A has too few rows to pay for that copy, or C is narrower than a panel (a head of ten
  classes is), the dot tile takes both operands along k; the smaller one is copied if it does not
  lie so;
* where that does not help a narrow C, its transpose, which has long rows, is computed:
  (B.T @ A.T).T.
"""

import numpy as np

from ..compile import kernel
from ..memory import aligned_empty
from ..moves import address
from ..simd import (
    DOT_COLUMNS,
    DOT_ROWS,
    OUTER_ROWS,
    OUTER_VECTORS,
    make_dot_tile,
    make_outer_tile,
)
from ..threads import in_chunks
from ..vectors import VECTOR_BYTES

_outer = make_outer_tile()
_dot = make_dot_tile()

TINY = 2048
"""Multiply-adds up to which three plain loops win."""
IN_PLACE = 3 << 18
"""Bytes of B up to which it is read in place."""
FEW_ROWS = 192
"""Rows of A up to which a transposed B is not worth copying."""
IN_PLACE_ROWS = 4 * OUTER_ROWS
"""Rows of A up to which B is read in place however large it is."""
_DEPTH = 512
"""Steps of k in one pass: the rows of a panel that the nearest cache can hold."""
_CHUNK = 3 * 1 << 24
"""Multiply-adds in one chunk of rows; a thread takes a chunk at a time."""


@kernel("void(in2, in2, real[:, ::1])")
def _loops(a, b, c):
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            total = a[i, 0] * b[0, j]
            for k in range(1, a.shape[1]):
                total += a[i, k] * b[k, j]
            c[i, j] = total


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


@kernel("void(in2, intp, in2, intp, intp, intp, real[:, ::1], intp, real[:, ::1], intp, intp)")
def _outer_rows(a, a_batch, b, b_batch, b_step, b_panel, c, rows, spill, first, last):
    """Rows `first` to `last` of C = A @ B, counted over the whole batch, with the outer tile.

    `a` and `b` are the first matrices of a batch, `a_batch` and `b_batch` the bytes from one to
    the next; `c` holds all results below each other, `rows` each. Panel s of B starts at element
    ``s * b_panel`` of its matrix, the panel's row k another ``k * b_step`` further.

    Where a tile would stand out over C's edge it goes to `spill`, from which the part inside is
    copied. It reads no further than A and B go: over their ends it is moved back (and computes
    some numbers twice), unless they are padded because they are smaller than one tile.
    """
    columns, depth, size = c.shape[1], a.shape[1], a.itemsize
    width = OUTER_VECTORS * VECTOR_BYTES // size
    a_row, a_step = a.strides[0] // size, a.strides[1] // size
    a_padded, b_padded = rows < OUTER_ROWS, b_step == width
    for n in range(first // rows, (last + rows - 1) // rows):
        top, bottom = max(first - n * rows, 0), min(last - n * rows, rows)
        a_n = address(a) + n * a_batch
        b_n = address(b) + n * b_batch
        c_n = address(c) + n * rows * columns * size
        for k in range(0, depth, _DEPTH):
            steps = min(_DEPTH, depth - k)
            for i in range(top, bottom, OUTER_ROWS):
                below = max(i + OUTER_ROWS - rows, 0)
                up = 0 if a_padded else below
                for j in range(0, columns, width):
                    beside = max(j + width - columns, 0)
                    left = 0 if b_padded else beside
                    inside = beside == 0 and i + OUTER_ROWS <= bottom
                    _outer(
                        c,
                        steps,
                        a_n + ((i - up) * a_row + k * a_step) * size,
                        a_row,
                        a_step,
                        b_n + (j // width * b_panel - left + k * b_step) * size,
                        b_step,
                        c_n + (i * columns + j) * size if inside else address(spill),
                        columns if inside else width,
                        inside and k > 0,
                    )
                    if not inside:
                        for q in range(min(OUTER_ROWS, bottom - i)):
                            row = n * rows + i + q
                            for p in range(width - beside):
                                before = c[row, j + p] if k > 0 else c.dtype.type(0)
                                c[row, j + p] = before + spill[q + up, p + left]


@kernel("void(in2, intp, in2, intp, real[:, ::1], intp, intp, intp)")
def _dot_rows(a, a_batch, b, b_batch, c, rows, first, last):
    """Rows `first` to `last` of C = A @ B, counted over the whole batch, with the dot tile.

    Both operands are contiguous along k. At C's edges the tile is moved back; where C has fewer
    rows than a tile, strides of 0 make it compute one row several times.
    """
    columns, depth, size = c.shape[1], a.shape[1], a.itemsize
    i_step = DOT_ROWS if rows >= DOT_ROWS else 1
    a_row = a.strides[0] // size if i_step > 1 else 0
    for n in range(first // rows, (last + rows - 1) // rows):
        top, bottom = max(first - n * rows, 0), min(last - n * rows, rows)
        for j in range(0, columns, DOT_COLUMNS):
            left = max(j + DOT_COLUMNS - columns, 0)
            for i in range(top, bottom, i_step):
                up = max(i + i_step - rows, 0)
                _dot(
                    c,
                    depth,
                    address(a) + n * a_batch + (i - up) * a.strides[0],
                    a_row,
                    address(b) + n * b_batch + (j - left) * b.strides[1],
                    b.strides[1] // size,
                    address(c) + ((n * rows + i - up) * columns + j - left) * size,
                    columns if i_step > 1 else 0,
                    False,
                )


def multiply(a, b):
    """Return C = A @ B for a (M, K) and b (K, N) of one type and any strides.

    Example:
        >>> multiply(np.eye(2, dtype=np.float32), np.ones((2, 3), np.float32))
        array([[1., 1., 1.],
               [1., 1., 1.]], dtype=float32)
    """
    rows, depth = a.shape
    columns = b.shape[1]
    if 0 < rows * columns * depth <= TINY:
        c = np.empty((rows, columns), a.dtype)
        _loops.versions[a.dtype](a, b, c)
        return c
    width = OUTER_VECTORS * VECTOR_BYTES // a.itemsize
    if columns < width <= rows and not (columns >= DOT_COLUMNS and a.strides[1] == a.itemsize):
        return np.ascontiguousarray(multiply(b.T, a.T).T)
    c = np.empty((rows, columns), a.dtype)
    _multiply(a, 0, b, 0, c, 1)
    return c


def multiply_batch(a, b):
    """Return C = A @ B for a (batch, M, K) and b (batch, K, N) of one type and any strides."""
    c = np.empty((a.shape[0], a.shape[1], b.shape[2]), a.dtype)
    if len(c):
        flat = c.reshape(-1, c.shape[2])
        _multiply(a[0], a.strides[0], b[0], b.strides[0], flat, len(c))
    return c


def _multiply(a, a_batch, b, b_batch, c, batch):
    """Choose a way; `a` and `b` are the first of `batch` matrices, so many bytes apart."""
    rows, depth = a.shape
    columns = b.shape[1]
    size = a.itemsize
    width = OUTER_VECTORS * VECTOR_BYTES // size
    if c.size == 0 or depth == 0:
        c[...] = 0
        return
    # With few steps of k, the dot tile's adding up of its lanes takes longer than copying B.
    few_rows = rows <= min(FEW_ROWS, 4 * depth)
    a_by_k, b_by_k = a.strides[1] == size, b.strides[0] == size
    copies_little = few_rows and b_by_k and (a_by_k or rows <= columns)
    if columns >= DOT_COLUMNS and (copies_little or (a_by_k and columns < width)):
        a, a_batch = _by_k(a, a_batch, batch)
        b, b_batch = _by_k(b.T, b_batch, batch)
        _by_rows(c, columns * depth, _dot_rows, a, a_batch, b.T, b_batch, c, rows)
        return
    if rows < OUTER_ROWS:
        a, a_batch = _padded(a, a_batch, batch)
    b_step, b_panel = b.strides[0] // size, width
    in_place = rows <= IN_PLACE_ROWS or columns * depth * size <= IN_PLACE
    if b.strides[1] != size or columns < width or not in_place:
        b, b_batch = _panels(b, b_batch, batch, width)
        b_step, b_panel = width, depth * width
    arguments = (a, a_batch, b, b_batch, b_step, b_panel, c, rows)
    if rows % OUTER_ROWS or columns % width or len(c) * columns * depth > _CHUNK:
        _by_rows(c, columns * depth, _with_spill, width, *arguments)
    else:
        _outer_rows(*arguments, c, 0, len(c))


def _by_rows(c, row_work, work, *arguments):
    chunk = max(_CHUNK // row_work // 24 * 24, 24)
    if len(c) <= chunk:
        work(*arguments, 0, len(c))
    else:
        in_chunks(lambda first, last: work(*arguments, first, last), len(c), chunk)


def _with_spill(width, a, a_batch, b, b_batch, b_step, b_panel, c, rows, first, last):
    spill = aligned_empty((OUTER_ROWS, width), c.dtype)  # each thread needs its own
    _outer_rows(a, a_batch, b, b_batch, b_step, b_panel, c, rows, spill, first, last)


def _batch(a, a_batch, batch):
    """The matrices as one array of three axes, one if they are all the same, and nothing copied."""
    count = batch if a_batch else 1
    if count == 1:
        return a[None]
    return np.lib.stride_tricks.as_strided(a, (count, *a.shape), (a_batch, *a.strides))


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
    panels = aligned_empty(shape, b.dtype)
    _pack(matrices, panels)
    return panels[0], panels.strides[0] if b_batch else 0
