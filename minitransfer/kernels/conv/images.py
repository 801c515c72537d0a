"""The convolution of images with filters, and its way back to the images.

`plan` holds the idea and is the file to read first. Three steps for each block of images: `spread`
writes them into one long row with zeros between, the register tile runs along it, `collect` takes
the outputs that count back out. Of small images the same place of many is laid side by side.
"""

import numpy as np

from ..caches import second_level
from ..compile import kernel, wrong_gradient
from ..register_tiles import OUTER_ROWS, OUTER_VECTORS, make_outer_tile, make_packed_tile
from ..threads import LEAST, parallel_for
from ..vector_code import VECTOR_BYTES, address, transpose_and_add, transpose_tile
from . import depthwise, pointwise
from .finish import finish
from .plan import make_plan, output_size, runs, side_by_side, zeros_before
from .reference import conv2d_backward_data_reference, conv2d_reference
from .rows import collect, spread

_outer = make_outer_tile(table=True)
_whole = make_packed_tile(OUTER_ROWS, OUTER_VECTORS, OUTER_VECTORS, resume=True)
_half = make_packed_tile(OUTER_ROWS, 1, 1, resume=True)  # of two vectors of images

_LEAST_ROW = 256
"""Numbers in the row for the outer tile: fewer, and the last tile is mostly waste."""
CHUNK = 3 * 1 << 20
"""Multiply-adds in one chunk of images; a thread takes a chunk at a time."""
_LAID = 1 << 16
"""Numbers that a thread lays side by side at a time."""


def conv2d(x, w, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1, limits=None):
    """Return the two-dimensional convolution of images with filters.

    As in all deep-learning libraries it is the cross-correlation: the filter is not turned.

    Args:
        x: images (N, C, H, W), float32 or float64, of any strides, as are the others.
        w: filters (O, C / groups, KH, KW).
        bias: (O,) or None.
        stride, padding, dilation: two whole numbers each, for rows and columns; of padding also
            two pairs, ((above, below), (left, right)).
        groups: both channels and filters are cut into so many groups that do not mix.
        limits: (low, high) that the results are limited to, as by a ReLU6; or None.

    Returns:
        A new array (N, O, OH, OW), where
        OH = (H + above + below - dilation * (KH - 1) - 1) // stride + 1.

    Example:
        >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), padding=(1, 1))[0, 0]
        array([[4., 6., 4.],
               [6., 9., 6.],
               [4., 6., 4.]])
    """
    pixels = x.size and w.shape[2:] == (1, 1)
    if pixels and pointwise.one_product(x.shape, stride, padding, groups):
        return pointwise.forward(np.ascontiguousarray(x), w, bias, limits)
    # The other ways multiply a filter by the zeros between images too, which gives NaN for inf.
    if x.size == 0 or w.size == 0 or not np.isfinite(w).all():
        return conv2d_reference(x, w, bias, stride, padding, dilation, groups, limits)
    x, w = np.ascontiguousarray(x), np.ascontiguousarray(w)
    bias = np.zeros(len(w), x.dtype) if bias is None else np.ascontiguousarray(bias)
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    padding = zeros_before(padding)
    if is_depthwise(w.shape, groups):
        return depthwise.forward(x, w, bias, size, stride, padding, dilation, limits)
    y = np.empty((len(x), len(w), *size), x.dtype)
    geometry = (x.shape[2:], size), w.shape[2:], stride, padding, dilation
    side = side_by_side(False, len(x), w.shape[1], *geometry, _lanes(x))
    if side:
        _small(x[:side], w, bias, y[:side], geometry, groups)
    if side < len(x):
        _shifted(x[side:], w, bias, y[side:], geometry, groups)
    if limits is not None:
        finish(y, limits=limits)
    return y


def conv2d_backward_data(gy, w, x_shape, stride, padding, dilation, groups):
    """Return the gradient (N, C, H, W) of `conv2d`'s images, given that of its output.

    Raises:
        ValueError: if `gy` does not have the output's shape.

    Example:
        >>> gy, w = np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2))
        >>> conv2d_backward_data(gy, w, (1, 1, 3, 3), (1, 1), (0, 0), (1, 1), 1)[0, 0]
        array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]])
    """
    check_gradient(gy, x_shape, w.shape, stride, padding, dilation)
    pixels = gy.size and w.shape[2:] == (1, 1)
    if pixels and pointwise.one_product(x_shape, stride, padding, groups):
        return pointwise.backward_data(np.ascontiguousarray(gy), w)
    if gy.size == 0 or w.size == 0 or not np.isfinite(w).all():
        return conv2d_backward_data_reference(gy, w, x_shape, stride, padding, dilation, groups)
    gy, w = np.ascontiguousarray(gy), np.ascontiguousarray(w)
    padding = zeros_before(padding)
    if is_depthwise(w.shape, groups):
        return depthwise.backward_data(gy, w, x_shape, stride, padding, dilation)
    gx = np.empty(x_shape, gy.dtype)
    geometry = (tuple(x_shape[2:]), gy.shape[2:]), w.shape[2:], stride, padding, dilation
    side = side_by_side(True, len(gy), len(w) // groups, *geometry, _lanes(gy))
    if side:
        _small_backward(gy[:side], w, gx[:side], geometry, groups)
    if side < len(gy):
        _shifted_backward(gy[side:], w, gx[side:], geometry, groups)
    return gx


def is_depthwise(w_shape, groups):
    """Whether filters of this shape have a channel each (as many groups as channels)."""
    return groups > 1 and w_shape[1] == 1 and w_shape[0] == groups


def check_gradient(gy, x_shape, w_shape, stride, padding, dilation):
    """Raise a ValueError unless `gy` has the shape of the convolution's output."""
    shape = (x_shape[0], w_shape[0], *output_size(x_shape, w_shape, stride, padding, dilation))
    if gy.shape != shape:
        raise wrong_gradient(gy, shape)


# Shifted views of a long row


@kernel(
    "void(flat4, flat1, flat1, int64[:, ::1], int64[:, ::1], int64[::1], intp, intp, intp, intp,"
    " real[::1], real[::1], real[:, :, :, ::1], intp, intp, intp, intp, intp, intp)"
)
def _convolve_shifted(
    x,
    w,
    bias,
    inputs,
    outputs,
    table,
    pitch,
    plane,
    block,
    groups,
    row,
    out,
    y,
    left,
    right,
    top,
    bottom,
    first,
    last,
):
    """Images `first` to `last` of y. `w` holds, for each output phase, all channels' taps.

    Of each group's channels those from `left` to `right` are laid out in the row, and those of y
    from `top` to `bottom` computed from it.
    """
    size = x.itemsize
    width = OUTER_VECTORS * VECTOR_BYTES // size
    channels, filters = x.shape[1] // groups, y.shape[1] // groups
    all_rows = max(y.shape[1], OUTER_ROWS)
    span = block * plane + width
    for n in range(first, last, block):
        images = min(block, last - n)
        for g in range(groups):
            here = row[left * inputs.shape[0] * block * plane :]
            some = right - left
            spread(x, n, images, g * channels + left, some, inputs, plane, block, pitch, here)
            w_phase = 0
            for q in range(outputs.shape[0]):
                depth, entry, longest = outputs[q, 0], outputs[q, 1], outputs[q, 2]
                for t in range(0, (images - 1) * plane + longest, width):
                    for i in range(top, bottom, OUTER_ROWS):
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
                            address(out) + ((i - top - up + OUTER_ROWS) * span + t) * size,
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
                    channel=g * filters + top,
                    channels=bottom - top,
                    pitch=pitch,
                    plane=plane,
                    bias=bias,
                    first_bias=g * filters + top,
                    span=span,
                    y=y,
                )
                w_phase += all_rows * depth


def _shifted(x, w, bias, y, geometry, groups):
    """Write y, for contiguous x (N, C, H, W) and w (O, C / groups, KH, KW); see `conv2d`."""
    plan = make_plan(False, w.shape[1], *geometry, len(x), (_LEAST_ROW, _tail(x)))
    if len(w) < OUTER_ROWS:
        w, few = np.zeros((OUTER_ROWS, *w.shape[1:]), w.dtype), w
        w[: len(few)] = few
    _run_shifted(plan, x, w.transpose(0, 2, 3, 1).ravel(), bias, groups, y)


def _shifted_backward(gy, w, gx, geometry, groups):
    """Write gx, the gradient of x, for contiguous gy and w; see `conv2d_backward_data`."""
    filters, channels = len(w) // groups, w.shape[1]
    plan = make_plan(True, filters, *geometry, len(gy), (_LEAST_ROW, _tail(gy)))
    by_group = w.reshape(groups, filters, channels, -1)
    strips = []
    for taps in plan.taps:
        strips.append(by_group[:, :, :, taps].transpose(0, 2, 3, 1).ravel())
        if gx.shape[1] < OUTER_ROWS:
            missing = (OUTER_ROWS - gx.shape[1]) * filters * len(taps)
            strips.append(np.zeros(missing, gy.dtype))
    _run_shifted(plan, gy, np.concatenate(strips), np.zeros(gx.shape[1], gy.dtype), groups, gx)


def _lanes(x):
    return VECTOR_BYTES // x.itemsize


def _tail(x):
    return OUTER_VECTORS * _lanes(x)


def _run_shifted(plan, x, w, bias, groups, y):
    span = plan.block * plan.plane + _tail(x)
    channels, filters = x.shape[1] // groups, y.shape[1] // groups
    loop = _convolve_shifted[x.dtype]

    def run(row, left, right, top, bottom, first, last):
        out = np.empty((bottom - top + 2 * OUTER_ROWS) * span, x.dtype)
        loop(
            *(x, w, bias, plan.inputs, plan.outputs, plan.table, plan.pitch, plan.plane),
            *(plan.block, groups, row, out, y, left, right, top, bottom, first, last),
        )

    def some_images(first, last):
        run(np.zeros(plan.room, x.dtype), 0, channels, 0, filters, first, last)

    image_work = max(1, y.shape[1] * len(plan.table) * plan.plane)
    chunk = images_in_chunk(plan, CHUNK // image_work)
    few_blocks = len(x) <= (LEAST - 1) * plan.block and groups == 1
    if not few_blocks or len(x) * image_work < LEAST * CHUNK:
        parallel_for(len(x), chunk, some_images)
        return
    row = np.zeros(plan.room, x.dtype)
    for n in range(0, len(x), plan.block):  # threads share the channels of a block, then filters
        end = min(n + plan.block, len(x))

        def lay(first, last, n=n, end=end):
            run(row, first, last, 0, 0, n, end)

        def multiply(first, last, n=n, end=end):
            run(row, 0, 0, first * OUTER_ROWS, min(last * OUTER_ROWS, filters), n, end)

        strip_work = OUTER_ROWS * len(plan.table) * plan.plane * (end - n)
        parallel_for(channels, max(1, _LAID // ((end - n) * x[0, 0].size)), lay)
        parallel_for(-(-filters // OUTER_ROWS), max(1, CHUNK // strip_work), multiply)


def images_in_chunk(plan, enough):
    """A whole number of blocks: `enough` images, or one block."""
    return max(1, enough // plan.block) * plan.block


# The same place of many images


@kernel("void(flat4, intp, intp, intp, intp, real[::1], intp, intp)")
def _lay_side_by_side(x, n, images, channel, channels, row, first, last):
    """Write channels `first` to `last` of `images` images from x[n] on into a row (place, channel,
    image), whose `channels` begin with the image's number `channel`."""
    size = x.itemsize
    lanes = VECTOR_BYTES // size
    places = x.shape[2] * x.shape[3]
    width = lanes if images <= lanes else 2 * lanes
    for c in range(first, last):
        for p in range(0, places, lanes):
            for b in range(0, images, lanes):
                from_ = ((n + b) * x.shape[1] + channel + c) * places + p
                transpose_tile(
                    row,
                    address(x) + from_ * size,
                    x.shape[1] * places,
                    images - b,
                    places - p,
                    address(row) + ((p * channels + c) * width + b) * size,
                    channels * width,
                )


@kernel(
    "void(flat4, flat1, int64[::1], int64[:, ::1], intp, intp, intp, flat1, real[::1],"
    " real[:, :, :, ::1], intp, intp)"
)
def _convolve_small(w, plus, starts, lines, n, images, g, row, out, y, first, last):
    """Strips `first` to `last` of the filters of group `g`, for what lies side by side in the row.

    `w` is (groups, strips, taps in all, filters in a strip), `plus` what is added to each number
    of an output image.
    """
    size = y.itemsize
    lanes = VECTOR_BYTES // size
    groups, strips, depth = w.shape[:3]
    filters, places = y.shape[1] // groups, y.shape[2] * y.shape[3]
    width = lanes if images <= lanes else 2 * lanes
    for s in range(first, last):
        strip = address(w) + (g * strips + s) * depth * OUTER_ROWS * size
        for p in range(places):
            to = address(out) + p * width * size
            for r in range(starts[p], starts[p + 1]):
                weights = strip + lines[r, 0] * OUTER_ROWS * size
                numbers = address(row) + lines[r, 1] * width * size
                next = address(row) + lines[min(r + 1, lines.shape[0] - 1), 1] * width * size
                later, steps = r > starts[p], lines[r, 2]
                if width == lanes:
                    _half(row, steps, weights, numbers, to, places * width, next, later)
                else:
                    _whole(row, steps, weights, numbers, to, places * width, next, later)
        channel = g * filters + s * OUTER_ROWS
        numbers = min(OUTER_ROWS, filters - s * OUTER_ROWS) * places
        for e in range(0, numbers, lanes):
            for b in range(0, images, lanes):
                at = channel * places + e
                transpose_and_add(
                    row,
                    address(out) + (e * width + b) * size,
                    width,
                    numbers - e,
                    images - b,
                    address(y) + ((n + b) * y.shape[1] * places + at) * size,
                    y.shape[1] * places,
                    address(plus) + at * size,
                )


def _small(x, w, bias, y, geometry, groups):
    """Write y, for contiguous x (N, C, H, W) and w (O, C / groups, KH, KW); see `conv2d`."""
    by_group = w.transpose(0, 2, 3, 1).reshape(groups, len(w) // groups, -1)
    _run_small(runs(False, w.shape[1], *geometry), x, by_group, bias, y)


def _small_backward(gy, w, gx, geometry, groups):
    """Write gx, the gradient of x, for contiguous gy and w; see `conv2d_backward_data`."""
    filters = len(w) // groups
    turned = w.reshape(groups, filters, *w.shape[1:])[..., ::-1, ::-1].transpose(0, 2, 3, 4, 1)
    by_group = turned.reshape(groups, w.shape[1], -1)
    nothing = np.zeros(gx.shape[1], gy.dtype)
    _run_small(runs(True, filters, *geometry), gy, by_group, nothing, gx)


def _run_small(plan, x, w, bias, y):
    """Write y; `w` is (groups, filters of one, taps in all)."""
    groups, filters, depth = w.shape
    strips = -(-filters // OUTER_ROWS)
    packed = np.zeros((groups, strips * OUTER_ROWS, depth), w.dtype)
    packed[:, :filters] = w
    packed = packed.reshape(groups, strips, OUTER_ROWS, depth).transpose(0, 1, 3, 2)
    packed = np.ascontiguousarray(packed)
    plus = np.repeat(bias, y[0, 0].size)
    most = _lanes(x)  # images at a time: two vectors of them, where so many stay near
    two_vectors = x[0].size // groups * 2 * most * x.itemsize
    if len(x) > most and two_vectors <= second_level() // 2:
        most *= 2

    channels, places = x.shape[1] // groups, y[0, 0].size
    lay, multiply = _lay_side_by_side[x.dtype], _convolve_small[x.dtype]

    def some_strips(n, images, g, row, first, last):
        out = np.empty(OUTER_ROWS * places * most, x.dtype)
        multiply(packed, plus, *plan, n, images, g, row, out, y, first, last)

    def some_images(share, first, last):
        row = np.empty(x[0].size // groups * most, x.dtype)
        for n in range(first, last, most):
            images = min(most, last - n)
            for g in range(groups):
                numbers = (x, n, images, g * channels, channels, row)
                share(channels, _LAID // (images * x[0, 0].size), lay, *numbers)
                strip_work = images * OUTER_ROWS * depth * places
                share(strips, CHUNK // strip_work, some_strips, n, images, g, row)

    chunk = max(1, CHUNK // max(1, w.size * places) // most) * most
    if len(x) > (LEAST - 1) * chunk:
        parallel_for(len(x), chunk, some_images, _alone)
    else:  # few images: the threads share the channels and filters of each block
        some_images(_together, 0, len(x))


def _alone(count, enough, work, *arguments):
    work(*arguments, 0, count)


def _together(count, enough, work, *arguments):
    parallel_for(count, max(1, enough), work, *arguments)
