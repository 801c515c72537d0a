"""The packed way of large products: whose turn it is to be in which cache.

After Goto and van de Geijn, *Anatomy of high-performance matrix multiplication* (2008):

    for each pass of PASS_BYTES of k:
        for each block of A's rows:           packed, stays in the second-level cache
            for each panel of B:              packed, streams through it once for each block
                for each strip of the block:  the tile: its part of C stays in registers

In which order a number of C is summed does not depend on the blocks: over a pass step by step in
the tile, then pass by pass. So the blocks may be as high as suits the machine, and at any number
of threads, which share the rows, the bits are the same.
"""

import threading

import numpy as np

from ..caches import LINE, second_level
from ..compile import helper, kernel
from ..register_tiles import PACKED_ROWS, PACKED_VECTORS, make_packed_tile
from ..threads import parallel_for
from ..vector_code import VECTOR_BYTES, address
from .packing import make_packer

PASS_BYTES = 2048
"""Steps of k in a pass times the size of a number. C is read and written once a pass."""
CHUNK = 3 * 1 << 20
"""Multiply-adds in one chunk of rows; a thread takes a chunk at a time."""
_LEAST_BLOCK = 4 * PACKED_ROWS
"""Rows of a chunk at least: with fewer, fetching the panels takes longer than the arithmetic."""
_PACKING = 1 << 16
"""Numbers of B in one chunk of panels."""
_KEEP = 8 << 20
"""Bytes of memory for packing that a thread keeps."""

_whole = make_packed_tile()
_half = make_packed_tile(vectors=PACKED_VECTORS // 2)  # for a last panel of few columns
_pack_strips = make_packer(numbers=PACKED_ROWS)
_pack_panels = make_packer(vectors=PACKED_VECTORS)


def block_rows(cache):
    """Rows of A in a block that takes a quarter of a second-level cache of so many bytes.

    The rest is for two panels of B, the one in use and the one being fetched, and for C.

    Example:
        >>> block_rows(1 << 20) * PASS_BYTES <= 1 << 18
        True
    """
    strips = min(cache, 2 << 20) // 4 // PASS_BYTES // PACKED_ROWS
    return max(strips, 1) * PACKED_ROWS


_HIGH = block_rows(second_level())


class _Kept(threading.local):
    """Memory for packing that a thread has used and will use again.

    What is freed may go back to the system and comes again as new pages, which the system clears
    one by one: a third of the time of a product of 512 x 512. What is in use is taken out, so that
    nobody else finds it.
    """

    def __init__(self):
        self.arrays = {}

    def take(self, name, count, dtype):
        """Return at least `count` numbers of any content."""
        array = self.arrays.pop((name, dtype), None)
        return np.empty(count, dtype) if array is None or array.size < count else array

    def give(self, name, array):
        """Keep an array for the next call, unless it is very large."""
        if array.nbytes <= _KEEP:
            self.arrays[name, array.dtype] = array


_kept = _Kept()


def multiply(a, b, c):
    """Write A @ B into the contiguous `c`; all of one type and not empty."""
    a, b = _along_an_axis(a), _along_an_axis(b)
    (depth, columns), size = b.shape, b.itemsize
    width = PACKED_VECTORS * VECTOR_BYTES // size
    count = -(-columns // width)
    panels = _kept.take("panels", count * width * depth + LINE // size, c.dtype)
    steps = min(PASS_BYTES // size, depth)
    passes = -(-depth // steps)
    parallel_for(passes * count, max(_PACKING // (width * steps), 1), _pack[c.dtype], b, panels)
    chunk = _rows_in_chunk(len(c), CHUNK // (columns * depth))
    parallel_for(len(c), chunk, _multiply_rows, a, panels, c, finest=_LEAST_BLOCK)
    _kept.give("panels", panels)


def _rows_in_chunk(rows, enough):
    """Rows that a thread takes at a time: blocks, or of a low matrix a few strips of a block."""
    if enough >= _HIGH:
        return enough // _HIGH * _HIGH
    strips = -(-max(enough, _LEAST_BLOCK, rows // 8) // PACKED_ROWS)
    return min(strips * PACKED_ROWS, _HIGH)


def _along_an_axis(a):
    """`a`, or a copy where its numbers are neighbours along neither axis."""
    return a if a.itemsize in a.strides else np.ascontiguousarray(a)


def _multiply_rows(a, panels, c, first, last):
    rows, size = last - first, c.itemsize
    blocks = -(-rows // _HIGH)
    high = -(-rows // (blocks * PACKED_ROWS)) * PACKED_ROWS  # all of about one height
    block = high * min(a.shape[1], PASS_BYTES // size)
    tile = PACKED_ROWS * PACKED_VECTORS * VECTOR_BYTES
    room = _kept.take("block", block + (tile + LINE) // size, c.dtype)  # each thread's own
    _multiply[c.dtype](a, panels, c, room, high, first, last)
    _kept.give("block", room)


@kernel("void(in2, real[::1], intp, intp)")
def _pack(b, panels, first, last):
    """Pack panels `first` to `last` of B: all of the first pass, then those of the second..."""
    size, depth, columns = b.itemsize, b.shape[0], b.shape[1]
    row, column = b.strides[0] // size, b.strides[1] // size
    width = PACKED_VECTORS * VECTOR_BYTES // size
    padded = (columns + width - 1) // width * width
    count = padded // width
    start = _first_on_a_line(panels)
    for n in range(first // count, (last + count - 1) // count):
        left = max(first - n * count, 0) * width
        right = min(min(last - n * count, count) * width, columns)
        k = n * (PASS_BYTES // size)
        steps = min(PASS_BYTES // size, depth - k)
        x = address(b) + (k * row + left * column) * size
        at = start + k * padded + left * steps
        _pack_panels(x, row, column, steps, right - left, panels, at)


@kernel("void(in2, real[::1], real[:, ::1], real[::1], intp, intp, intp)")
def _multiply(a, panels, c, room, high, first, last):
    """Rows `first` to `last` of C = A @ B, of which the panels are given.

    `room` is for a block of A, `high` rows high, and at its end for one tile: where a tile would
    stand out over C's edge it goes there, and the part inside is copied.
    """
    size, columns, depth = c.itemsize, c.shape[1], a.shape[1]
    a_row, a_step = a.strides[0] // size, a.strides[1] // size
    width = PACKED_VECTORS * VECTOR_BYTES // size
    padded = (columns + width - 1) // width * width
    block, spill = _first_on_a_line(room), room.size - PACKED_ROWS * width
    start = _first_on_a_line(panels)
    for k in range(0, depth, PASS_BYTES // size):
        steps = min(PASS_BYTES // size, depth - k)
        for top in range(first, last, high):
            rows = min(high, last - top)
            x = address(a) + (top * a_row + k * a_step) * size
            _pack_strips(x, a_step, a_row, steps, rows, room, block)
            for j in range(0, columns, width):
                panel = address(panels) + (start + k * padded + j * steps) * size
                wide = min(width, columns - j)
                for i in range(0, rows, PACKED_ROWS):
                    tall = min(PACKED_ROWS, rows - i)
                    inside = tall == PACKED_ROWS and (wide == width or 2 * wide == width)
                    strip = address(room) + (block + i * steps) * size
                    to, to_row = address(c) + ((top + i) * columns + j) * size, columns
                    if not inside:
                        to, to_row = address(room) + spill * size, width
                    # Of the next panel, the tile of each strip fetches a share.
                    next = panel + (rows + i) * width * steps // rows * size
                    if 2 * wide <= width:
                        _half(c, steps, strip, panel, to, to_row, next, inside and k > 0)
                    else:
                        _whole(c, steps, strip, panel, to, to_row, next, inside and k > 0)
                    if not inside:
                        for q in range(tall):
                            for p in range(wide):
                                before = c[top + i + q, j + p] if k > 0 else c.dtype.type(0)
                                c[top + i + q, j + p] = before + room[spill + q * width + p]


@helper
def _first_on_a_line(x):
    """The first entry of x that stands at the beginning of a cache line."""
    return -address(x) % LINE // x.itemsize
