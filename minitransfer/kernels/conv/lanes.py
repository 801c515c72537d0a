"""Small images: each lane of a vector is another image.

On a 7 x 7 image under a 5 x 5 filter two fifths of the taps look at padding, and `shifted` computes
at the gaps between rows besides. Here the same place of 32 images forms the tile's columns, so
each output takes exactly the taps that reach into the image: there is neither padding nor gap,
and stride and dilation only change which places a tap reads. The price is turning the images
from (image, channel, place) to (place, channel, image) and back, in registers.

With the channels innermost, taps next to each other read one run of rows, as long as channels
times taps; `runs` lists them for each place of the output.
"""

from functools import lru_cache

import numpy as np

from ..compile import kernel
from ..memory import aligned_empty, aligned_zeros
from ..moves import address, transpose_tile
from ..simd import OUTER_ROWS, OUTER_VECTORS, make_outer_tile
from ..threads import in_chunks
from ..vectors import VECTOR_BYTES

_outer = make_outer_tile()
_CHUNK = 3 * 1 << 24
"""Multiply-adds in one chunk of images; a thread takes a chunk at a time."""

PLACES = 100
"""Places of an image, or an output, up to which this way beats `shifted`."""
CHANNELS = OUTER_VECTORS * VECTOR_BYTES // 8
"""Channels in a group above which the gradient of the filters does: they fill the tile."""
IMAGES = OUTER_VECTORS * VECTOR_BYTES // 8
"""Images from which the gradient of the filters does: half of a tile in float32."""


@lru_cache(maxsize=256)
def runs(backward, channels, sizes, kernel, stride, padding, dilation):
    """List, for each place of the output, the runs of rows that it sums up.

    Args:
        backward: False for forward, True for backward-data (whose output is the image).
        channels: of this pass's input, in one group.
        sizes: (height, width) of the convolution's input and of its output.

    Returns:
        starts: the first run of each place, and the end; and the runs, lines of three numbers:
        where a row of the packed filters begins, where the row of numbers begins, and how many.

    Example:
        >>> starts, lines = runs(False, 1, ((3, 3), (3, 3)), (3, 3), (1, 1), (1, 1), (1, 1))
        >>> lines[:2]  # the first place sees two rows of two
        array([[4, 0, 2],
               [7, 3, 2]])
    """
    image, out = sizes
    places, width = (image, out[1]) if backward else (out, image[1])
    starts, lines = [0], []
    for at in np.ndindex(*places):
        first = len(lines)
        for tap in np.ndindex(*kernel):
            place = []
            for d in range(2):
                if backward:  # the last tap first, so that places go up with taps
                    i = kernel[d] - 1 - tap[d]
                    place.append(divmod(at[d] + padding[d] - i * dilation[d], stride[d]))
                else:
                    place.append((at[d] * stride[d] - padding[d] + tap[d] * dilation[d], 0))
            limits = out if backward else image
            if any(rest or not 0 <= p < limits[d] for d, (p, rest) in enumerate(place)):
                continue
            line = [
                (tap[0] * kernel[1] + tap[1]) * channels,
                (place[0][0] * width + place[1][0]) * channels,
                channels,
            ]
            last = lines[-1] if len(lines) > first else None
            if last and [last[0] + last[2], last[1] + last[2]] == line[:2]:
                last[2] += channels
            else:
                lines.append(line)
        if len(lines) == first:  # no tap reaches the image: a run of nothing makes a zero
            lines.append([0, 0, 0])
        starts.append(len(lines))
    return np.array(starts), np.array(lines)


@kernel(
    "void(flat4, flat2, flat1, int64[::1], int64[:, ::1], intp, real[::1], real[::1],"
    " real[:, :, :, ::1], intp, intp)"
)
def _convolve(x, w, bias, starts, lines, groups, row, out, y, first, last):
    """Images `first` to `last` of y; a row of `w` holds an output channel's taps in all."""
    size = x.itemsize
    lanes = VECTOR_BYTES // size
    width = OUTER_VECTORS * lanes
    channels, filters = x.shape[1] // groups, y.shape[1] // groups
    x_places, y_places = x.shape[2] * x.shape[3], y.shape[2] * y.shape[3]
    nothing = x.dtype.type(0)
    for n in range(first, last, width):
        for g in range(groups):
            for c in range(channels):
                for p in range(0, x_places, lanes):
                    for b in range(0, width, lanes):
                        from_ = ((n + b) * x.shape[1] + g * channels + c) * x_places + p
                        transpose_tile(
                            row,
                            address(x) + from_ * size,
                            x.shape[1] * x_places,
                            last - n - b,
                            x_places - p,
                            address(row) + ((p * channels + c) * width + b) * size,
                            channels * width,
                            nothing,
                        )
            for i in range(0, filters, OUTER_ROWS):
                up = max(g * filters + i + OUTER_ROWS - w.shape[0], 0)
                strip = g * filters + i - up
                for p in range(y_places):
                    for r in range(starts[p], starts[p + 1]):
                        _outer(
                            row,
                            lines[r, 2],
                            address(w) + (strip * w.shape[1] + lines[r, 0]) * size,
                            w.shape[1],
                            1,
                            address(row) + lines[r, 1] * width * size,
                            width,
                            address(out) + p * width * size,
                            y_places * width,
                            r > starts[p],
                        )
                for o in range(i, min(i + OUTER_ROWS, filters)):
                    for p in range(0, y_places, lanes):
                        for b in range(0, width, lanes):
                            to = ((n + b) * y.shape[1] + g * filters + o) * y_places + p
                            from_ = ((o - i + up) * y_places + p) * width + b
                            transpose_tile(
                                row,
                                address(out) + from_ * size,
                                width,
                                y_places - p,
                                last - n - b,
                                address(y) + to * size,
                                y.shape[1] * y_places,
                                bias[g * filters + o],
                            )


@lru_cache(maxsize=256)
def meetings(sizes, kernel, stride, padding, dilation):
    """List, for each tap, where a row of outputs meets a row of the image.

    Args:
        sizes: (height, width) of the image and of the output.

    Returns:
        starts: the first line of each tap, and the end; and the lines: first output, first place
        of the image, and how many stand side by side in both.

    Example:
        >>> meetings(((1, 3), (1, 3)), (1, 2), (1, 1), (0, 1), (1, 1))[1]
        array([[1, 0, 2],
               [0, 0, 3]])
    """
    (h, w), (oh, ow) = sizes
    starts, lines = [0], []
    for tap in np.ndindex(*kernel):
        for r, s in np.ndindex(oh, ow):
            u = r * stride[0] - padding[0] + tap[0] * dilation[0]
            v = s * stride[1] - padding[1] + tap[1] * dilation[1]
            if not (0 <= u < h and 0 <= v < w):
                continue
            at, last = [r * ow + s, u * w + v], lines[-1] if len(lines) > starts[-1] else None
            if last and [last[0] + last[2], last[1] + last[2]] == at:
                last[2] += 1
            else:
                lines.append([*at, 1])
        starts.append(len(lines))
    return np.array(starts), np.array(lines or [[0, 0, 0]])


@kernel(
    "void(flat4, flat4, int64[::1], int64[:, ::1], intp, intp, real[::1], real[::1],"
    " real[:, :, ::1], intp, intp)"
)
def _gradient_of_filters(x, gy, starts, lines, channel, filter_, row, g_row, gw, first, last):
    """Add one group's part of images `first` to `last` to gw (taps, filters, channels).

    Images lie side by side within a place, as above, but here they are what is summed over, so
    the tile's columns are channels: row is (place, image, channel), g_row (filter, place, image).
    """
    size = x.itemsize
    lanes = VECTOR_BYTES // size
    width = OUTER_VECTORS * lanes
    filters, channels = gw.shape[1], gw.shape[2]
    x_places, y_places = x.shape[2] * x.shape[3], gy.shape[2] * gy.shape[3]
    real_filters = g_row.size // (y_places * width) - OUTER_ROWS
    real_channels = x.shape[1] * real_filters // gy.shape[1]
    nothing = x.dtype.type(0)
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
                        nothing,
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
                        nothing,
                    )
        for t in range(gw.shape[0]):
            for o in range(0, filters, OUTER_ROWS):
                for c in range(0, channels, width):
                    for k in range(starts[t], starts[t + 1]):
                        _outer(
                            row,
                            lines[k, 2] * width,
                            address(g_row) + (o * y_places + lines[k, 0]) * width * size,
                            y_places * width,
                            1,
                            address(row) + (lines[k, 1] * width * channels + c) * size,
                            channels,
                            address(gw) + ((t * filters + o) * channels + c) * size,
                            channels,
                            True,
                        )


def forward(x, w, bias, out_shape, stride, padding, dilation, groups):
    """Return y for contiguous x (N, C, H, W) and w (O, C / groups, KH, KW); see `conv2d`."""
    y = np.empty((len(x), len(w), *out_shape), x.dtype)
    sizes = (x.shape[2:], tuple(out_shape))
    plan = runs(False, w.shape[1], sizes, w.shape[2:], stride, padding, dilation)
    packed = np.ascontiguousarray(w.transpose(0, 2, 3, 1)).reshape(len(w), -1)
    if bias is None:
        bias = np.zeros(len(w), x.dtype)
    return _run(plan, x, packed, bias, groups, y)


def backward_data(gy, w, x_shape, stride, padding, dilation, groups):
    """Return the gradient of x for contiguous gy and w; see `conv2d_backward_data`."""
    gx = np.empty(x_shape, gy.dtype)
    filters = len(w) // groups
    sizes = (tuple(x_shape[2:]), gy.shape[2:])
    plan = runs(True, filters, sizes, w.shape[2:], stride, padding, dilation)
    turned = w.reshape(groups, filters, *w.shape[1:])[..., ::-1, ::-1].transpose(0, 2, 3, 4, 1)
    packed = np.ascontiguousarray(turned).reshape(x_shape[1], -1)
    return _run(plan, gy, packed, np.zeros(x_shape[1], gy.dtype), groups, gx)


def backward_weight(x, gy, w_shape, stride, padding, dilation, groups):
    """Return the gradient of w for contiguous x and gy; about Inf and NaN see `shifted`."""
    filters, channels = w_shape[0] // groups, w_shape[1]
    width = OUTER_VECTORS * VECTOR_BYTES // x.itemsize
    x_places, y_places = x[0, 0].size, gy[0, 0].size
    plan = meetings((x.shape[2:], gy.shape[2:]), tuple(w_shape[2:]), stride, padding, dilation)
    rows = -(-filters // OUTER_ROWS) * OUTER_ROWS
    columns = -(-channels // width) * width
    work = max(1, filters * channels * w_shape[2] * w_shape[3] * y_places)
    images = max(1, _CHUNK // work // width) * width
    chunks = -(-len(x) // images)
    taps = w_shape[2] * w_shape[3]
    sums = aligned_zeros((chunks, groups, taps, rows, columns), x.dtype)

    def some_chunks(first, last):
        row = aligned_zeros((x_places * width * columns,), x.dtype)
        g_row = aligned_zeros(((filters + OUTER_ROWS) * y_places * width,), x.dtype)
        for chunk in range(first, last):
            for g in range(groups):
                _gradient_of_filters(
                    *(x, gy, *plan, g * channels, g * filters, row, g_row, sums[chunk, g]),
                    *(chunk * images, min(len(x), (chunk + 1) * images)),
                )

    in_chunks(some_chunks, chunks, 1)
    gw = sums[0] if chunks == 1 else sums.sum(0)
    gw = gw[:, :, :filters, :channels].transpose(0, 2, 3, 1)
    return np.ascontiguousarray(gw).reshape(w_shape)


def _run(plan, x, w, bias, groups, y):
    if len(w) < OUTER_ROWS:
        w, few = np.zeros((OUTER_ROWS, w.shape[1]), w.dtype), w
        w[: len(few)] = few
    width = OUTER_VECTORS * VECTOR_BYTES // x.itemsize
    inputs = x[0].size // groups
    outputs = OUTER_ROWS * y[0, 0].size

    def some_images(first, last):
        row = aligned_empty((inputs * width,), x.dtype)
        out = aligned_empty((outputs * width,), x.dtype)
        _convolve(x, w, bias, *plan, groups, row, out, y, first, last)

    image_work = max(1, w.size * y[0, 0].size)
    in_chunks(some_images, len(x), max(1, _CHUNK // image_work // width) * width)
    return y
