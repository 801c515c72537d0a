"""Last rung: the register tile over shifted views of the image (`plan` explains the idea).

Three steps for each block of images: `spread` writes them into one long row with zeros between,
the tile runs along it, `collect` takes the outputs that count back out.
"""

import numpy as np

from ..compile import helper, kernel
from ..register_tiles import (
    DOT_COLUMNS,
    DOT_ROWS,
    OUTER_ROWS,
    OUTER_VECTORS,
    make_dot_tile,
    make_outer_tile,
)
from ..threads import parallel_for
from ..vector_code import VECTOR_BYTES, address, copy_every_second, copy_row
from .plan import make_plan

_outer = make_outer_tile(table=True)
_dot = make_dot_tile(table=True)

_LEAST_ROW = 256
"""Numbers in the row for the outer tile: fewer, and the last tile is mostly waste."""
_LEAST_DOT = 1024
"""Numbers in the row for the dot tile: it adds up its lanes once for each row."""
_CHUNK = 3 * 1 << 24
"""Multiply-adds in one chunk of images; a thread takes a chunk at a time."""


@helper
def spread(x, n, images, channel, channels, inputs, plane, block, pitch, row):
    """Write `images` images from x[n] on, `channels` channels of each, into the row."""
    size = x.itemsize
    nothing = x.dtype.type(0)
    for c in range(channels):
        for f in range(inputs.shape[0]):
            place, rows, columns = inputs[f, 0], inputs[f, 3], inputs[f, 6]
            column0, column_step = inputs[f, 4], inputs[f, 5]
            for b in range(images):
                start = ((c * inputs.shape[0] + f) * block + b) * plane + place
                for r in range(rows):
                    to = start + r * pitch
                    h = inputs[f, 1] + r * inputs[f, 2]
                    where = ((n + b) * x.shape[1] + channel + c) * x.shape[2] + h
                    where = where * x.shape[3] + column0
                    if column_step == 1:
                        copy_row(
                            row,
                            columns,
                            address(x) + where * size,
                            address(row) + to * size,
                            nothing,
                        )
                    elif column_step == 2:
                        copy_every_second(
                            row, columns, address(x) + where * size, address(row) + to * size
                        )
                    else:
                        for v in range(columns):
                            row[to + v] = x[n + b, channel + c, h, column0 + v * column_step]


@helper
def collect(
    out, lead, outputs, q, n, images, channel, channels, pitch, plane, bias, first_bias, span, y
):
    """Take the outputs of phase `q` out of the row; each channel's bias is added.

    `lead` numbers stand before the first channel's, whose bias is entry `first_bias`.
    """
    size = y.itemsize
    rows, columns = outputs[q, 5], outputs[q, 8]
    column0, column_step = outputs[q, 6], outputs[q, 7]
    for o in range(channels):
        more = bias[first_bias + o]
        for b in range(images):
            for r in range(rows):
                from_ = lead + o * span + b * plane + r * pitch
                h = outputs[q, 3] + r * outputs[q, 4]
                if column_step == 1:
                    where = ((n + b) * y.shape[1] + channel + o) * y.shape[2] + h
                    where = where * y.shape[3] + column0
                    copy_row(
                        out, columns, address(out) + from_ * size, address(y) + where * size, more
                    )
                else:
                    for v in range(np.uintp(columns)):
                        w = np.uintp(column0) + np.uintp(column_step) * v
                        y[n + b, channel + o, h, w] = out[np.uintp(from_) + v] + more


@kernel(
    "void(flat4, flat1, flat1, int64[:, ::1], int64[:, ::1], int64[::1], intp, intp, intp, intp,"
    " real[::1], real[::1], real[:, :, :, ::1], intp, intp)"
)
def _convolve(
    x, w, bias, inputs, outputs, table, pitch, plane, block, groups, row, out, y, first, last
):
    """Images `first` to `last` of y. `w` holds, for each output phase, all channels' taps."""
    size = x.itemsize
    width = OUTER_VECTORS * VECTOR_BYTES // size
    channels, filters = x.shape[1] // groups, y.shape[1] // groups
    all_rows = max(y.shape[1], OUTER_ROWS)
    span = block * plane + width
    for n in range(first, last, block):
        images = min(block, last - n)
        for g in range(groups):
            spread(x, n, images, g * channels, channels, inputs, plane, block, pitch, row)
            w_phase = 0
            for q in range(outputs.shape[0]):
                depth, entry, longest = outputs[q, 0], outputs[q, 1], outputs[q, 2]
                for t in range(0, (images - 1) * plane + longest, width):
                    for i in range(0, filters, OUTER_ROWS):
                        # The last strip is moved back so as not to read behind w; the rows it
                        # computes again land where they stood.
                        up = max(g * filters + i + OUTER_ROWS - all_rows, 0)
                        strip = g * filters + i - up
                        _outer(
                            row,
                            depth,
                            address(w) + (w_phase + strip * depth) * size,
                            depth,
                            1,
                            address(row) + t * size,
                            address(table) + entry * 8,
                            address(out) + ((i - up + OUTER_ROWS) * span + t) * size,
                            span,
                            False,
                        )
                collect(
                    out=out,
                    lead=OUTER_ROWS * span,
                    outputs=outputs,
                    q=q,
                    n=n,
                    images=images,
                    channel=g * filters,
                    channels=filters,
                    pitch=pitch,
                    plane=plane,
                    bias=bias,
                    first_bias=g * filters,
                    span=span,
                    y=y,
                )
                w_phase += all_rows * depth


@kernel(
    "void(flat4, flat4, int64[:, ::1], int64[:, ::1], int64[::1], intp, intp, intp, intp, intp,"
    " real[::1], real[::1], real[:, :, ::1], intp, intp)"
)
def _gradient_of_filters(
    x, gy, inputs, gy_line, table, longest, pitch, plane, block, groups, row, g_row, gw, first, last
):
    """Add to gw (groups, filters, taps) what images `first` to `last` contribute."""
    size = x.itemsize
    channels, filters = x.shape[1] // groups, gy.shape[1] // groups
    span = block * plane
    for n in range(first, last, block):
        images = min(block, last - n)
        length = (images - 1) * plane + longest
        for g in range(groups):
            spread(x, n, images, g * channels, channels, inputs, plane, block, pitch, row)
            spread(gy, n, images, g * filters, filters, gy_line, plane, block, pitch, g_row)
            for k in range(0, gw.shape[2], DOT_COLUMNS):
                for o in range(0, gw.shape[1], DOT_ROWS):
                    _dot(
                        row,
                        length,
                        address(g_row) + o * span * size,
                        span,
                        address(row),
                        address(table) + k * 8,
                        address(gw) + ((g * gw.shape[1] + o) * gw.shape[2] + k) * size,
                        gw.shape[2],
                        True,
                    )


def forward(x, w, bias, out_shape, stride, padding, dilation, groups):
    """Return y for contiguous x (N, C, H, W) and w (O, C / groups, KH, KW); see `conv2d`."""
    y = np.empty((len(x), len(w), *out_shape), x.dtype)
    plan = make_plan(
        False,
        *(w.shape[1], (x.shape[2:], out_shape), w.shape[2:], stride, padding, dilation),
        *(len(x), (_LEAST_ROW, _tail(x))),
    )
    if len(w) < OUTER_ROWS:
        w, few = np.zeros((OUTER_ROWS, *w.shape[1:]), w.dtype), w
        w[: len(few)] = few
    _run(plan, x, w.reshape(-1), bias, groups, y)
    return y


def backward_data(gy, w, x_shape, stride, padding, dilation, groups):
    """Return the gradient of x for contiguous gy and w; see `conv2d_backward_data`."""
    gx = np.empty(x_shape, gy.dtype)
    filters, channels = len(w) // groups, w.shape[1]
    plan = make_plan(
        True,
        *(filters, (x_shape[2:], gy.shape[2:]), w.shape[2:], stride, padding, dilation),
        *(len(gy), (_LEAST_ROW, _tail(gy))),
    )
    by_group = w.reshape(groups, filters, channels, -1)
    strips = []
    for taps in plan.taps:
        turned = by_group[:, :, :, taps].transpose(0, 2, 1, 3)
        strips.append(turned.ravel())
        if x_shape[1] < OUTER_ROWS:
            missing = (OUTER_ROWS - x_shape[1]) * filters * len(taps)
            strips.append(np.zeros(missing, gy.dtype))
    _run(plan, gy, np.concatenate(strips), np.zeros(x_shape[1], gy.dtype), groups, gx)
    return gx


def _tail(x):
    return OUTER_VECTORS * VECTOR_BYTES // x.itemsize


def _run(plan, x, w, bias, groups, y):
    span = plan.block * plan.plane + _tail(x)
    filters = y.shape[1] // groups
    loop = _convolve[x.dtype]

    def some_images(first, last):
        row = np.zeros(plan.room, x.dtype)
        out = np.empty((filters + 2 * OUTER_ROWS) * span, x.dtype)
        loop(
            *(x, w, bias, plan.inputs, plan.outputs, plan.table),
            *(plan.pitch, plan.plane, plan.block, groups, row, out, y, first, last),
        )

    image_work = max(1, y.shape[1] * len(plan.table) * plan.plane)
    parallel_for(len(x), _images_in_chunk(plan, image_work), some_images)


def _images_in_chunk(plan, image_work):
    """A whole number of blocks; depends on shapes only, as the bits of a sum may."""
    return max(1, _CHUNK // image_work // plan.block) * plan.block


def backward_weight(x, gy, w_shape, stride, padding, dilation, groups):
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
    table[:taps] = plan.table
    rows = -(-filters // DOT_ROWS) * DOT_ROWS
    gy_line = np.array([[0, 0, 1, gy.shape[2], 0, 1, gy.shape[3]]])
    images = _images_in_chunk(plan, gy.shape[1] * taps * plan.plane)
    chunks = -(-len(x) // images)
    sums = np.zeros((chunks, groups, rows, len(table)), x.dtype)
    loop = _gradient_of_filters[x.dtype]

    def some_chunks(first, last):
        row = np.zeros(plan.room, x.dtype)
        g_row = np.zeros(rows * plan.block * plan.plane, x.dtype)
        for chunk in range(first, last):
            loop(
                *(x, gy, plan.inputs, gy_line, table, plan.outputs[0, 2]),
                *(plan.pitch, plan.plane, plan.block, groups, row, g_row, sums[chunk]),
                *(chunk * images, min(len(x), (chunk + 1) * images)),
            )

    parallel_for(chunks, 1, some_chunks)
    gw = sums[0] if chunks == 1 else sums.sum(0)
    return np.ascontiguousarray(gw[:, :filters, :taps]).reshape(w_shape)
