"""Depthwise convolution: every channel has one filter of its own (as many groups as channels).

There is nothing to share between channels, so the tile is one row high: each number of the image
is loaded once for every tap, and the loads, not the multiply-adds, set the pace. What is left to
gain is that one plane at a time stays in the nearest cache: a training step of EfficientNet-Lite0's
blocks at 224 pixels is 1.5 times as fast for it with one image, 1.25 times with eight. Plans,
strides and the backward pass are those of `images`; see `plan`.
"""

import numpy as np

from ..compile import helper, kernel
from ..register_tiles import make_dot_tile, make_outer_tile
from ..threads import parallel_for
from ..vector_code import REGISTERS, VECTOR_BYTES, address, copy_row
from .finish import limited_to
from .plan import make_plan
from .rows import collect, spread

_VECTORS = 4 if REGISTERS == 16 else 6
_COLUMNS = 5 if REGISTERS == 16 else 9
"""Taps at a time in the gradient of the filters: 9 is a 3 x 3 filter, 25 three turns."""
_outer = make_outer_tile(1, _VECTORS, table=True, unroll=3)
_dot = make_dot_tile(1, _COLUMNS, table=True)
_CHUNK = 1 << 20
"""Multiply-adds in a chunk of planes."""


@helper
def _fetch(x, plane, near):
    """Bring a plane into the nearest cache: read as it lies, in whole vectors.

    With a stride, `spread` reads each row several times and takes every second number of it. From
    memory further away that takes twice as long as this copy and `spread` together.
    """
    numbers = x.shape[2] * x.shape[3]
    from_ = address(x) + plane * numbers * x.itemsize
    copy_row(near, numbers, from_, address(near), x.dtype.type(0))


@kernel(
    "void(flat4, flat1, flat1, int64[:, ::1], int64[:, ::1], int64[::1], intp, intp, real, real,"
    " real[::1], real[::1], real[::1], real[:, :, :, ::1], intp, intp)"
)
def _convolve(
    x, w, bias, inputs, outputs, table, pitch, plane, low, high, near, row, out, y, first, last
):
    """Planes `first` to `last` of y; x and y are (planes, 1, height, width)."""
    limited = low > -np.inf or high < np.inf
    size = x.itemsize
    width = _VECTORS * VECTOR_BYTES // size
    for n in range(first, last):
        channel = n % bias.size
        if inputs.shape[0] > 1:
            _fetch(x, n, near)
        spread(x, n, 1, 0, 1, inputs, plane, 1, pitch, row)
        w_phase = 0
        for q in range(outputs.shape[0]):
            depth, entry, longest = outputs[q, 0], outputs[q, 1], outputs[q, 2]
            for t in range(0, longest, width):
                _outer(
                    row,
                    depth,
                    address(w) + (w_phase + channel * depth) * size,
                    0,
                    1,
                    address(row) + t * size,
                    address(table) + entry * 8,
                    address(out) + t * size,
                    0,
                    False,
                )
            collect(
                out=out,
                lead=0,
                outputs=outputs,
                q=q,
                n=n,
                images=1,
                channel=0,
                channels=1,
                pitch=pitch,
                plane=plane,
                bias=bias,
                first_bias=channel,
                span=0,
                y=y,
            )
            w_phase += bias.size * depth
        if limited:  # while the plane is near
            for h in range(y.shape[2]):
                for v in range(y.shape[3]):
                    y[n, 0, h, v] = limited_to(y[n, 0, h, v], low, high)


@kernel(
    "void(flat4, flat4, int64[:, ::1], int64[:, ::1], int64[::1], intp, intp, intp, real[::1],"
    " real[::1], real[::1], real[:, ::1], intp, intp)"
)
def _gradient_of_filters(
    x, gy, inputs, gy_line, table, longest, pitch, plane, near, row, g_row, gw, first, last
):
    """Channels `first` to `last` of gw (channels, taps), summed over the images in order."""
    size = x.itemsize
    channels = gw.shape[0]
    for n in range(0, x.shape[0], channels):  # image by image, as they lie in memory
        for c in range(first, last):
            if inputs.shape[0] > 1:
                _fetch(x, n + c, near)
            spread(x, n + c, 1, 0, 1, inputs, plane, 1, pitch, row)
            spread(gy, n + c, 1, 0, 1, gy_line, plane, 1, pitch, g_row)
            for k in range(0, gw.shape[1], _COLUMNS):
                _dot(
                    row,
                    longest,
                    address(g_row),
                    0,
                    address(row),
                    address(table) + k * 8,
                    address(gw) + (c * gw.shape[1] + k) * size,
                    0,
                    True,
                )


def forward(x, w, bias, out_shape, stride, padding, dilation, limits=None):
    """Return y for contiguous x (N, C, H, W) and w (C, 1, KH, KW); see `conv2d`."""
    y = np.empty((*x.shape[:2], *out_shape), x.dtype)
    sizes = (x.shape[2:], out_shape)
    plan = _plan(False, sizes, w.shape, stride, padding, dilation, x.itemsize)
    _run(plan, x, w.reshape(-1), bias, y, limits)
    return y


def backward_data(gy, w, x_shape, stride, padding, dilation):
    """Return the gradient of x for contiguous gy and w; see `conv2d_backward_data`."""
    gx = np.empty(x_shape, gy.dtype)
    sizes = (tuple(x_shape[2:]), gy.shape[2:])
    plan = _plan(True, sizes, w.shape, stride, padding, dilation, gy.itemsize)
    flat = w.reshape(len(w), -1)
    turned = np.concatenate([flat[:, taps].ravel() for taps in plan.taps])
    _run(plan, gy, turned, np.zeros(len(w), gy.dtype), gx)
    return gx


def backward_weight(x, gy, w_shape, stride, padding, dilation):
    """Return the gradient of w for contiguous x and gy; about Inf and NaN see `filters`."""
    taps = w_shape[2] * w_shape[3]
    sizes = (x.shape[2:], gy.shape[2:])
    plan = _plan(False, sizes, w_shape, stride, padding, dilation, x.itemsize)
    table = np.full(-(-taps // _COLUMNS) * _COLUMNS, plan.table[-1])
    table[:taps] = plan.table
    gw = np.zeros((w_shape[0], len(table)), x.dtype)
    loop = _gradient_of_filters[x.dtype]
    gy_line = np.array([[0, 0, 1, gy.shape[2], 0, 1, gy.shape[3]]])
    x4, gy4 = _planes(x), _planes(gy)

    def some_channels(first, last):
        near = np.empty(x[0, 0].size, x.dtype)
        row, g_row = np.zeros(plan.room, x.dtype), np.zeros(plan.plane, x.dtype)
        loop(
            *(x4, gy4, plan.inputs, gy_line, table, plan.outputs[0, 2]),
            *(plan.pitch, plan.plane, near, row, g_row, gw, first, last),
        )

    chunk = max(1, _CHUNK // (len(x) * taps * plan.plane))
    parallel_for(len(gw), chunk, some_channels)
    return np.ascontiguousarray(gw[:, :taps]).reshape(w_shape)


def _plan(backward, sizes, w_shape, stride, padding, dilation, itemsize):
    tail = _VECTORS * VECTOR_BYTES // itemsize
    kernel = tuple(w_shape[2:])
    return make_plan(backward, 1, sizes, kernel, stride, padding, dilation, 1, (1, tail))


def _planes(x):
    return x.reshape(-1, 1, *x.shape[2:])


def _run(plan, x, w, bias, y, limits=None):
    low, high = (-np.inf, np.inf) if limits is None else limits
    x4, y4 = _planes(x), _planes(y)
    loop = _convolve[x.dtype]

    def some_planes(first, last):
        near = np.empty(x[0, 0].size, x.dtype)
        row = np.zeros(plan.room, x.dtype)
        out = np.empty(plan.plane + plan.room, x.dtype)
        loop(
            *(x4, w, bias, plan.inputs, plan.outputs, plan.table, plan.pitch, plan.plane),
            *(low, high, near, row, out, y4, first, last),
        )

    work = max(1, len(plan.table) * plan.plane)
    parallel_for(len(x4), max(1, _CHUNK // work), some_planes)
