"""The gradient of the filters, each tap's image times the gradient of the output, and of the bias.

Laid out as in `images`; here the row, or the images, are what is summed over.
"""

import numpy as np

from ..compile import kernel
from ..gemm import bias_gradient
from ..register_tiles import (
    DOT_COLUMNS,
    DOT_ROWS,
    OUTER_ROWS,
    OUTER_VECTORS,
    make_dot_tile,
    make_outer_tile,
)
from ..sums import PIECE
from ..threads import LEAST, parallel_for
from ..vector_code import VECTOR_BYTES, address, transpose_tile
from . import depthwise, pointwise
from .images import check_gradient, images_in_chunk, is_depthwise
from .plan import make_plan, meetings, side_by_side, zeros_before
from .reference import conv2d_backward_weight_reference
from .rows import spread

_dot = make_dot_tile(table=True)
_outer = make_outer_tile()

_LEAST_DOT = 1024
"""Numbers in the row for the dot tile: it adds up its lanes once for each row."""
_LEAST_CHANNELS = OUTER_VECTORS * VECTOR_BYTES // 8
"""Channels in a group above which many images side by side are faster: they fill the tile."""
_LEAST_IMAGES = OUTER_VECTORS * VECTOR_BYTES // 8
"""Images from which they are: half of a tile in float32."""

CHUNK = 3 * 1 << 24
"""Multiply-adds of the images that are summed up by themselves; then these sums are added."""
_SHARE = 3 * 1 << 20
"""Multiply-adds that a thread takes at a time at least, where such sums are few."""

_PLACES = 1 << 17
"""Numbers of a gradient that a thread sums up at a time."""


def conv2d_backward_weight(x, gy, w_shape, stride, padding, dilation, groups):
    """Return the gradient (O, C / groups, KH, KW) of `conv2d`'s filters.

    Raises:
        ValueError: if `gy` does not have the output's shape.

    Example:
        >>> x, gy = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
        >>> conv2d_backward_weight(x, gy, (1, 1, 2, 2), (1, 1), (0, 0), (1, 1), 1)[0, 0]
        array([[ 8., 12.],
               [20., 24.]])
    """
    check_gradient(gy, x.shape, w_shape, stride, padding, dilation)
    pixels = x.size and tuple(w_shape[2:]) == (1, 1)
    if pixels and pointwise.one_product(x.shape, stride, padding, groups):
        return pointwise.backward_weight(np.ascontiguousarray(x), np.ascontiguousarray(gy))
    if gy.size and x.size:
        x, gy = np.ascontiguousarray(x), np.ascontiguousarray(gy)
        geometry = (stride, zeros_before(padding), dilation)
        if is_depthwise(w_shape, groups):
            gw = depthwise.backward_weight(x, gy, w_shape, *geometry)
        else:
            fills = len(x) >= _LEAST_IMAGES and w_shape[1] > _LEAST_CHANNELS
            sizes, lanes = (x.shape[2:], gy.shape[2:]), VECTOR_BYTES // x.itemsize
            shape = (lanes, w_shape[1], sizes, tuple(w_shape[2:]), *geometry, lanes)
            way = _small if fills and side_by_side(False, *shape) else _shifted
            gw = way(x, gy, w_shape, *geometry, groups)
        if np.isfinite(gw).all():
            return gw
    return conv2d_backward_weight_reference(x, gy, w_shape, stride, padding, dilation, groups)


def conv2d_backward_bias(gy):
    """Return the gradient (O,) of `conv2d`'s bias, which was added to every place of an image.

    Example:
        >>> conv2d_backward_bias(np.ones((2, 3, 4, 4)))
        array([32., 32., 32.])
    """
    places = gy.shape[2] * gy.shape[3]
    if not 0 < places <= PIECE:  # NumPy sums pairwise what is longer
        return bias_gradient(np.add.reduce(gy, (2, 3)))
    sums = np.empty(gy.shape[:2], gy.dtype)
    planes = np.ascontiguousarray(gy).reshape(-1, places)
    parallel_for(
        len(planes), max(1, _PLACES // places), _sum_planes[gy.dtype], planes, sums.ravel()
    )
    return bias_gradient(sums)


@kernel("void(flat2, real[::1], intp, intp)", sums=True)
def _sum_planes(planes, sums, first, last):
    for n in range(first, last):
        total = planes.dtype.type(0)
        for p in range(planes.shape[1]):
            total += planes[n, p]
        sums[n] = total


@kernel(
    "void(flat4, flat4, int64[:, ::1], int64[:, ::1], int64[::1], intp, intp, intp, intp, intp,"
    " real[::1], real[::1], real[:, :, ::1], intp, intp, intp, intp)"
)
def _add_shifted(
    x,
    gy,
    inputs,
    gy_line,
    table,
    longest,
    pitch,
    plane,
    block,
    groups,
    row,
    g_row,
    gw,
    top,
    bottom,
    first,
    last,
):
    """Add to filters `top` to `bottom` of gw (groups, filters, taps) what some images contribute:
    those from `first` to `last`."""
    size = x.itemsize
    channels, filters = x.shape[1] // groups, gy.shape[1] // groups
    here = min(bottom, filters) - top
    span = block * plane
    for n in range(first, last, block):
        images = min(block, last - n)
        length = (images - 1) * plane + longest
        for g in range(groups):
            spread(x, n, images, g * channels, channels, inputs, plane, block, pitch, row)
            spread(gy, n, images, g * filters + top, here, gy_line, plane, block, pitch, g_row)
            for k in range(0, gw.shape[2], DOT_COLUMNS):
                for o in range(top, bottom, DOT_ROWS):
                    _dot(
                        row,
                        length,
                        address(g_row) + (o - top) * span * size,
                        span,
                        address(row),
                        address(table) + k * 8,
                        address(gw) + ((g * gw.shape[1] + o) * gw.shape[2] + k) * size,
                        gw.shape[2],
                        True,
                    )


def _shifted(x, gy, w_shape, stride, padding, dilation, groups):
    """Return the gradient of w for contiguous x and gy; see `conv2d_backward_weight`.

    Where x holds Inf or NaN the tile may multiply it by one of the zeros between the rows, and
    the NaN that comes of it is not the gradient's. The caller looks at the result.
    """
    filters, channels = w_shape[0] // groups, w_shape[1]
    taps = channels * w_shape[2] * w_shape[3]
    plan = make_plan(
        False,
        *(channels, (x.shape[2:], gy.shape[2:]), w_shape[2:], stride, padding, dilation),
        *(len(x), (_LEAST_DOT, 1)),
    )
    table = np.full(-(-taps // DOT_COLUMNS) * DOT_COLUMNS, plan.table[-1])
    table[:taps] = plan.table.reshape(-1, channels).T.ravel()
    rows = -(-filters // DOT_ROWS) * DOT_ROWS
    gy_line = np.array([[0, 0, 1, gy.shape[2], 0, 1, gy.shape[3]]])
    image_work = gy.shape[1] * taps * plan.plane
    images = images_in_chunk(plan, CHUNK // image_work)
    chunks = -(-len(x) // images)
    sums = np.zeros((chunks, groups, rows, len(table)), x.dtype)
    loop = _add_shifted[x.dtype]

    def add(chunk, first, last):
        top, bottom = first * DOT_ROWS, last * DOT_ROWS
        row = np.zeros(plan.room, x.dtype)
        g_row = np.zeros((bottom - top) * plan.block * plan.plane, x.dtype)
        loop(
            *(x, gy, plan.inputs, gy_line, table, plan.outputs[0, 2]),
            *(plan.pitch, plan.plane, plan.block, groups, row, g_row, sums[chunk], top, bottom),
            *(chunk * images, min(len(x), (chunk + 1) * images)),
        )

    _share(chunks, rows // DOT_ROWS, len(x) * image_work, add)
    gw = sums[0] if chunks == 1 else sums.sum(0)
    return np.ascontiguousarray(gw[:, :filters, :taps]).reshape(w_shape)


def _share(chunks, strips, work, add):
    """Call ``add(chunk, first, last)`` for all strips of the gradient and all chunks of images.

    Chunks are as large as the sum's bits have it, and may be fewer than threads: then each thread
    takes some strips of a chunk only. It lays out again what others lay out too, so not too few.
    """

    def some_strips(first, last):
        for chunk in range(first // strips, -(-last // strips)):
            before = chunk * strips
            add(chunk, max(first - before, 0), min(last - before, strips))

    parts = max(chunks, LEAST if work >= LEAST * _SHARE else 1)
    parallel_for(chunks * strips, max(chunks * strips // parts, 1), some_strips)


@kernel(
    "void(flat4, flat4, int64[::1], int64[:, ::1], intp, intp, intp, intp, real[::1], real[::1],"
    " real[:, :, ::1], intp, intp, intp, intp)"
)
def _add_small(
    x,
    gy,
    starts,
    lines,
    channel,
    real_channels,
    filter_,
    real_filters,
    row,
    g_row,
    gw,
    top,
    left,
    first,
    last,
):
    """Add the part of images `first` to `last` to gw (taps, filters, channels), from [top, left].

    Images lie side by side within a place, as above, but here they are what is summed over, so
    the tile's columns are channels: row is (place, image, channel), g_row (filter, place, image).
    """
    size = x.itemsize
    lanes = VECTOR_BYTES // size
    width = OUTER_VECTORS * lanes
    x_places, y_places = x.shape[2] * x.shape[3], gy.shape[2] * gy.shape[3]
    channels = row.size // (x_places * width)
    for n in range(first, last, width):
        if last - n < width:  # images that are not there must not count
            for k in range(g_row.size):
                g_row[k] = 0
        for b in range(min(width, last - n)):
            for c in range(0, real_channels, lanes):
                for p in range(0, x_places, lanes):
                    from_ = ((n + b) * x.shape[1] + channel + c) * x_places + p
                    transpose_tile(
                        row,
                        address(x) + from_ * size,
                        x_places,
                        real_channels - c,
                        x_places - p,
                        address(row) + ((p * width + b) * channels + c) * size,
                        width * channels,
                    )
        for o in range(real_filters):
            for p in range(0, y_places, lanes):
                for b in range(0, width, lanes):
                    from_ = ((n + b) * gy.shape[1] + filter_ + o) * y_places + p
                    transpose_tile(
                        row,
                        address(gy) + from_ * size,
                        gy.shape[1] * y_places,
                        last - n - b,
                        y_places - p,
                        address(g_row) + ((o * y_places + p) * width + b) * size,
                        width,
                    )
        for t in range(gw.shape[0]):
            for o in range(0, real_filters, OUTER_ROWS):
                for c in range(0, channels, width):
                    to = (t * gw.shape[1] + top + o) * gw.shape[2] + left + c
                    for k in range(starts[t], starts[t + 1]):
                        _outer(
                            row,
                            lines[k, 2] * width,
                            address(g_row) + (o * y_places + lines[k, 0]) * width * size,
                            y_places * width,
                            1,
                            address(row) + (lines[k, 1] * width * channels + c) * size,
                            channels,
                            address(gw) + to * size,
                            gw.shape[2],
                            True,
                        )


def _small(x, gy, w_shape, stride, padding, dilation, groups):
    """Return the gradient of w for contiguous x and gy; about Inf and NaN see `_shifted`."""
    filters, channels = w_shape[0] // groups, w_shape[1]
    width = OUTER_VECTORS * VECTOR_BYTES // x.itemsize
    x_places, y_places = x[0, 0].size, gy[0, 0].size
    plan = meetings((x.shape[2:], gy.shape[2:]), tuple(w_shape[2:]), stride, padding, dilation)
    rows = -(-filters // OUTER_ROWS) * OUTER_ROWS
    columns = -(-channels // width) * width
    work = max(1, filters * channels * w_shape[2] * w_shape[3] * y_places)
    images = max(1, CHUNK // work // width) * width
    chunks = -(-len(x) // images)
    taps = w_shape[2] * w_shape[3]
    sums = np.zeros((chunks, groups, taps, rows, columns), x.dtype)
    loop = _add_small[x.dtype]

    def add(chunk, first, last):
        top, bottom, left, right = 0, filters, 0, channels
        if by_filters:
            top, bottom = first * OUTER_ROWS, min(last * OUTER_ROWS, filters)
        else:
            left, right = first * width, min(last * width, channels)
        row = np.zeros(x_places * width * -(-(right - left) // width) * width, x.dtype)
        g_row = np.zeros((bottom - top + OUTER_ROWS) * y_places * width, x.dtype)
        for g in range(groups):
            loop(
                *(x, gy, *plan, g * channels + left, right - left),
                *(g * filters + top, bottom - top, row, g_row, sums[chunk, g], top, left),
                *(chunk * images, min(len(x), (chunk + 1) * images)),
            )

    by_filters = filters >= channels  # the shorter side is what every thread lays out
    strips = rows // OUTER_ROWS if by_filters else columns // width
    _share(chunks, strips, len(x) * work, add)
    gw = sums[0] if chunks == 1 else sums.sum(0)
    gw = gw[:, :, :filters, :channels].transpose(0, 2, 3, 1)
    return np.ascontiguousarray(gw).reshape(w_shape)
