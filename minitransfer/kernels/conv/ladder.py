"""The ladder of convolutions: four rungs, each checked against the definition and timed alike.

`seven_loops` is the definition; `tap_by_tap` adds up a matrix product for each place of the
filter, `im2col` makes one product of all of them, and the last rung is `conv2d`, whose shifted
views need no copies.

What a rung does to one image stands in `LOOPS` in plain loops, to be read, to be run as Python and
to be counted (`cache_model`). They take a square image x (C, side * side), filters
w (O, C * taps * taps) and y (O, side * side), at stride 1 and with as much padding as keeps the
size, and room for copies, as `room` says.
"""

import math

import numpy as np
from numba.extending import register_jitable

from ..compile import kernel
from ..gemm import ladder as products
from ..gemm import matmul
from ..gemm.ladder import TILE_COLUMNS, TILE_ROWS, median_time
from ..peak import peak_flops
from .images import conv2d
from .plan import output_size
from .reference import conv2d_reference, padded, tap


@kernel("void(in4, in4, real[:, :, :, ::1], intp, intp, intp, intp, intp, intp)")
def _seven_loops(x, w, y, sh, sw, ph, pw, dh, dw):
    for n in range(y.shape[0]):
        for o in range(y.shape[1]):
            for r in range(y.shape[2]):
                for s in range(y.shape[3]):
                    total = y.dtype.type(0)
                    for c in range(w.shape[1]):
                        for i in range(w.shape[2]):
                            for j in range(w.shape[3]):
                                h, v = r * sh - ph + i * dh, s * sw - pw + j * dw
                                if 0 <= h < x.shape[2] and 0 <= v < x.shape[3]:
                                    total += w[o, c, i, j] * x[n, c, h, v]
                    y[n, o, r, s] = total


def seven_loops(x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    """Return the convolution of x (N, C, H, W) with w (O, C, KH, KW) by its definition.

    Images, filters, two axes of the output; channels, two axes of the filter. The three inner ones
    are one sum whose terms wait for each other, and each looks whether it stands in the padding.

    Example:
        >>> seven_loops(np.ones((1, 2, 3, 3)), np.ones((1, 2, 3, 3))).item()
        18.0
    """
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    y = np.empty((len(x), len(w), *size), x.dtype)
    _seven_loops[x.dtype](x, w, y, *stride, *padding, *dilation)
    return y


def columns(x, w_shape, stride, padding, dilation):
    """Return the matrices (N, C * KH * KW, OH * OW) whose columns are the windows of x.

    Example:
        >>> columns(np.arange(4.0).reshape(1, 1, 2, 2), (1, 1, 1, 2), (1, 1), (0, 0), (1, 1))
        array([[[0., 2.],
                [1., 3.]]])
    """
    size = output_size(x.shape, w_shape, stride, padding, dilation)
    image = padded(x, padding)
    out = np.empty((len(x), x.shape[1], w_shape[2], w_shape[3], *size), x.dtype)
    for i in range(w_shape[2]):
        for j in range(w_shape[3]):
            out[:, :, i, j] = tap(image, i, j, stride, dilation, size)
    return out.reshape(len(x), -1, size[0] * size[1])


def im2col(x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    """Return the convolution of x (N, C, H, W) with w (O, C, KH, KW) as a matrix product.

    The matrix (`columns`) has a row for each channel and tap, KH * KW times the image: the
    arithmetic now runs at the speed of `matmul`, at the price of writing and reading the image
    nine times for a 3 x 3 filter.

    Example:
        >>> im2col(np.ones((1, 2, 3, 3)), np.ones((1, 2, 3, 3))).item()
        18.0
    """
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    y = matmul(w.reshape(1, len(w), -1), columns(x, w.shape, stride, padding, dilation))
    return y.reshape(len(x), len(w), *size)


def tap_by_tap(x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    """Return the convolution of x (N, C, H, W) with w (O, C, KH, KW), a product for each tap.

    Example:
        >>> tap_by_tap(np.ones((1, 2, 3, 3)), np.ones((1, 2, 3, 3))).item()
        18.0
    """
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    image = padded(x, padding)
    y = np.zeros((len(x), len(w), size[0] * size[1]), x.dtype)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            seen = np.ascontiguousarray(tap(image, i, j, stride, dilation, size))
            y += matmul(np.ascontiguousarray(w[:, :, i, j]), seen.reshape(*seen.shape[:2], -1))
    return y.reshape(len(x), len(w), *size)


RUNGS = {
    "seven loops": seven_loops,
    "tap by tap": tap_by_tap,
    "im2col": im2col,
    "shifted views": lambda x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1): conv2d(
        x, w, None, stride, padding, dilation
    ),
}
"""The rungs from the lowest to what the library uses; all have one signature."""


tile = register_jitable(products.tile)  # plain Python, and compiled into who calls it
"""The register tile of matrix products, in loops: c = a @ b."""


@register_jitable
def geometry(x, w):
    """Side of the image, side of the filter, and padding.

    Example:
        >>> geometry(np.ones((1, 16)), np.ones((1, 9)))
        (4, 3, 1)
    """
    taps = round(math.sqrt(w.shape[1] // x.shape[0]))
    return round(math.sqrt(x.shape[1])), taps, taps // 2


def seven_loops_one_image(x, w, y):
    """Four loops over the output, of which one image has three, and three for each sum."""
    side, taps, pad = geometry(x, w)
    for o in range(y.shape[0]):
        for r in range(side):
            for s in range(side):
                total = np.float32(0)
                for c in range(x.shape[0]):
                    for i in range(taps):
                        for j in range(taps):
                            h, v = r + i - pad, s + j - pad
                            if 0 <= h < side and 0 <= v < side:
                                total += w[o, (c * taps + i) * taps + j] * x[c, h * side + v]
                y[o, r * side + s] = total


def tap_by_tap_one_image(x, w, y, seen, here, part):
    """For each tap, the image as this tap sees it is copied, and one product is added to y."""
    side, taps, pad = geometry(x, w)
    for i in range(taps):
        for j in range(taps):
            for c in range(x.shape[0]):
                for r in range(side):
                    for s in range(side):
                        h, v = r + i - pad, s + j - pad
                        inside = 0 <= h < side and 0 <= v < side
                        seen[c, r * side + s] = x[c, h * side + v] if inside else 0
            for o in range(y.shape[0]):
                for c in range(x.shape[0]):
                    here[o, c] = w[o, (c * taps + i) * taps + j]
            tile(here, seen, part)
            for o in range(y.shape[0]):
                for p in range(y.shape[1]):
                    before = y[o, p] if i + j > 0 else 0
                    y[o, p] = before + part[o, p]


def im2col_one_image(x, w, y, seen):
    """What all taps see is copied into one matrix, a row for each channel and tap."""
    side, taps, pad = geometry(x, w)
    for i in range(taps):
        for j in range(taps):
            for c in range(x.shape[0]):
                for r in range(side):
                    for s in range(side):
                        h, v = r + i - pad, s + j - pad
                        inside = 0 <= h < side and 0 <= v < side
                        row = (c * taps + i) * taps + j
                        seen[row, r * side + s] = x[c, h * side + v] if inside else 0
    tile(w, seen, y)


@register_jitable
def shifted_tile(a, b, c, side, taps):
    """The tile for rows of B that are one row for each channel, from a start of its own each."""
    pitch = side + taps // 2
    sums = np.zeros((TILE_ROWS, TILE_COLUMNS), np.float32)
    row = np.zeros(TILE_COLUMNS, np.float32)
    for i in range(0, c.shape[0], len(sums)):
        high = min(len(sums), c.shape[0] - i)
        for j in range(0, c.shape[1], len(row)):
            wide = min(len(row), c.shape[1] - j)
            sums[:] = 0
            for k in range(a.shape[1]):
                channel, place = k // taps**2, k % taps**2
                start = place // taps * pitch + place % taps
                for p in range(wide):
                    row[p] = b[channel, start + j + p]
                for q in range(high):
                    factor = a[i + q, k]
                    for p in range(wide):
                        sums[q, p] += factor * row[p]
            for q in range(high):
                for p in range(wide):
                    c[i + q, j + p] = sums[q, p]


def shifted_one_image(x, w, y, line, out):
    """The image goes into one long row, the tile runs over it, and the outputs are taken out."""
    side, taps, pad = geometry(x, w)
    pitch = side + pad
    for c in range(x.shape[0]):
        for p in range(line.shape[1]):
            line[c, p] = 0
        for r in range(side):
            for s in range(side):
                line[c, (r + pad) * pitch + pad + s] = x[c, r * side + s]
    shifted_tile(w, line, out, side, taps)
    for o in range(y.shape[0]):
        for r in range(side):
            for s in range(side):
                y[o, r * side + s] = out[o, r * pitch + s]


LOOPS = {
    "seven loops": seven_loops_one_image,
    "tap by tap": tap_by_tap_one_image,
    "im2col": im2col_one_image,
    "shifted views": shifted_one_image,
}
"""What each rung does, in plain loops over one image."""


def room(rung, channels, filters, side, taps):
    """Return the shapes of all that the loops of a rung take: x, w, y, and room for copies.

    Example:
        >>> room("im2col", 2, 5, 4, 3)
        [(2, 16), (5, 18), (5, 16), (18, 16)]
    """
    pad, places = taps // 2, side * side
    pitch = side + pad
    copies = {
        "seven loops": [],
        "tap by tap": [(channels, places), (filters, channels), (filters, places)],
        "im2col": [(channels * taps**2, places)],
        "shifted views": [
            (channels, (side + 2 * pad) * pitch + 2 * pad),
            (filters, side * pitch),
        ],
    }
    return [(channels, places), (filters, channels * taps**2), (filters, places), *copies[rung]]


def climb(images=8, channels=16, filters=32, size=14, kernel=3, dtype=np.float32, seconds=0.2):
    """Measure the rungs one after the other on square images with padding that keeps their size.

    Returns:
        A dictionary from each rung's name to its speed in floating-point operations a second
        (those of the definition, padding included), and "peak" (`peak_flops`).

    Raises:
        AssertionError: if a rung disagrees with the definition.

    Example:
        >>> speeds = climb(1, 2, 3, 5, seconds=0.001)
        >>> sorted(speeds)
        ['im2col', 'peak', 'seven loops', 'shifted views', 'tap by tap']
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, channels, size, size)).astype(dtype)
    w = rng.standard_normal((filters, channels, kernel, kernel)).astype(dtype)
    padding = (kernel // 2, kernel // 2)
    expected = conv2d_reference(x, w, padding=padding)
    work = 2 * expected.size * w[0].size
    speeds = {}
    for name, convolve in RUNGS.items():
        y = convolve(x, w, padding=padding)
        allowed = 100 * np.sqrt(w[0].size) * np.finfo(dtype).eps
        if not (abs(y - expected) <= allowed).all():
            raise AssertionError(f"{name} differs by up to {abs(y - expected).max()}")
        call = lambda f=convolve: f(x, w, padding=padding)  # noqa: E731
        speeds[name] = work / median_time(call, seconds)
    return speeds | {"peak": peak_flops(dtype)}
