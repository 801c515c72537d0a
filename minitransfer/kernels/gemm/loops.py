"""The loops around the tiles where at least one operand is read as it lies.

They are compiled into the kernels of `tiled`, which says when which of them is used.
"""

from ..compile import helper
from ..register_tiles import (
    DOT_COLUMNS,
    DOT_ROWS,
    OUTER_ROWS,
    OUTER_VECTORS,
    make_dot_tile,
    make_outer_tile,
)
from ..vector_code import VECTOR_BYTES, address
from .packed import PASS_BYTES

ROW_VECTORS, ROW_DOTS = 8, 8
"""Vectors, or numbers, of C at a time where A is one row."""

_outer = make_outer_tile()
_dot = make_dot_tile()
_row = make_outer_tile(1, ROW_VECTORS)
_dot_row = make_dot_tile(1, ROW_DOTS)


@helper
def one_row(a, b, c):
    """One row times a matrix that lies by rows; the last vectors are moved back to C's end."""
    columns, size = c.shape[1], c.itemsize
    width = ROW_VECTORS * VECTOR_BYTES // size
    for j in range(0, columns, width):
        here = min(j, columns - width)
        _row(
            c,
            a.shape[1],
            address(a),
            0,
            a.strides[1] // size,
            address(b) + here * size,
            b.strides[0] // size,
            address(c) + here * size,
            0,
            False,
        )


@helper
def outers(a, a_batch, b, b_batch, b_step, b_panel, c, rows, spill, first, last):
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
    once = depth <= PASS_BYTES // size
    for n in range(first // rows, (last + rows - 1) // rows):
        top, bottom = max(first - n * rows, 0), min(last - n * rows, rows)
        a_n = address(a) + n * a_batch
        b_n = address(b) + n * b_batch
        c_n = address(c) + n * rows * columns * size
        for k in range(0, depth, PASS_BYTES // size):
            steps = min(PASS_BYTES // size, depth - k)
            for i in range(top, bottom, OUTER_ROWS):
                below = max(i + OUTER_ROWS - rows, 0)
                up = 0 if a_padded else below
                for j in range(0, columns, width):
                    beside = max(j + width - columns, 0)
                    left = 0 if b_padded else beside
                    high = i - up
                    # In one pass, the numbers under a tile that is moved back are computed twice
                    # and stand where they stood; in several they would be added twice.
                    fits = left == beside and high >= top and high + OUTER_ROWS <= bottom
                    inside = fits and (once or up + left == 0)
                    _outer(
                        c,
                        steps,
                        a_n + (high * a_row + k * a_step) * size,
                        a_row,
                        a_step,
                        b_n + (j // width * b_panel - left + k * b_step) * size,
                        b_step,
                        c_n + (high * columns + j - left) * size if inside else address(spill),
                        columns if inside else width,
                        inside and k > 0,
                    )
                    if not inside:
                        for q in range(min(OUTER_ROWS, bottom - i)):
                            row = n * rows + i + q
                            for p in range(width - beside):
                                before = c[row, j + p] if k > 0 else c.dtype.type(0)
                                c[row, j + p] = before + spill[q + up, p + left]


@helper
def dots(a, a_batch, b, b_batch, c, rows, first, last):
    """Rows `first` to `last` of C = A @ B, counted over the whole batch, with the dot tile.

    Both operands are contiguous along k. At C's edges the tile is moved back; where C has fewer
    rows than a tile, strides of 0 make it compute one row several times.
    """
    columns, depth, size = c.shape[1], a.shape[1], a.itemsize
    i_step = DOT_ROWS if rows >= DOT_ROWS else 1
    a_row = a.strides[0] // size if i_step > 1 else 0
    if i_step == 1 and columns >= ROW_DOTS:
        for i in range(first, last):
            n = i // rows
            for j in range(0, columns, ROW_DOTS):
                here = min(j, columns - ROW_DOTS)
                _dot_row(
                    c,
                    depth,
                    address(a) + n * a_batch + (i - n * rows) * a.strides[0],
                    0,
                    address(b) + n * b_batch + here * b.strides[1],
                    b.strides[1] // size,
                    address(c) + (i * columns + here) * size,
                    0,
                    False,
                )
        return
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
