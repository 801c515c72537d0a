"""The last rung's compiled loops: a block of C stays in registers while k runs (`register_tiles`).

The outer tile reads A in place, whatever its strides: it needs single numbers of A. Of B it needs
vectors, so B's rows must be contiguous. The dot tile needs vectors of both, along k. Which of them
a product takes, and what is copied before, is decided in ``gemm/__init__.py``.
"""

from ..compile import kernel
from ..register_tiles import (
    DOT_COLUMNS,
    DOT_ROWS,
    OUTER_ROWS,
    OUTER_VECTORS,
    make_dot_tile,
    make_outer_tile,
)
from ..vector_code import VECTOR_BYTES, address

_outer = make_outer_tile()
_dot = make_dot_tile()

_DEPTH = 512
"""Steps of k in one pass: the rows of a panel that the nearest cache can hold."""


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
