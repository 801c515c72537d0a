"""The largest element of each window of an image, and back.

Max pooling remembers where in its window the largest element stood, in one byte where a byte is
enough, so that going back needs neither the image nor a comparison. A window that holds NaN gives
NaN. Windows of 2 x 2 that do not overlap are what nearly every small network uses; they have a way
of their own, in vectors: `pool_rows`.
"""

import numpy as np

from .compile import helper, kernel, wrong_gradient
from .pool_rows import back_to_windows, largest_of_windows
from .threads import parallel_for
from .vector_code import address

_CHUNK = 1 << 19
"""Image numbers in a chunk of planes (a plane is one channel of one image)."""
PLAIN = ((2, 2), (2, 2), (0, 0))
"""Kernel, stride and padding of the common window, without overlap or border."""


def output_size(x_shape, kernel, stride, padding):
    """Return (height, width) of the pooled image."""
    return tuple((x_shape[2 + d] + 2 * padding[d] - kernel[d]) // stride[d] + 1 for d in range(2))


def padded(x, padding, value):
    """Return the images (N, C, H, W) with a border of `value`; `padding` counts rows, columns."""
    (ph, pw), (h, w) = padding, x.shape[2:]
    xp = np.full((*x.shape[:2], h + 2 * ph, w + 2 * pw), value, x.dtype)
    xp[:, :, ph : ph + h, pw : pw + w] = x
    return xp


def tap(xp, i, j, stride, size):
    """The view of `xp` that holds element (i, j) of every window."""
    (sh, sw), (oh, ow) = stride, size
    return xp[:, :, i : i + sh * (oh - 1) + 1 : sh, j : j + sw * (ow - 1) + 1 : sw]


def max_pool2d_reference(x, kernel, stride, padding):
    """Return each window's largest element and where in the window it stood."""
    size = output_size(x.shape, kernel, stride, padding)
    xp = padded(x, padding, 0)
    real = padded(np.ones_like(x, bool), padding, False)
    y = np.full((*x.shape[:2], *size), -np.inf, x.dtype)
    where = np.full(y.shape, -1, np.int32)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            value = tap(xp, i, j, stride, size)
            better = (where < 0) | (value > y) | (np.isnan(value) & ~np.isnan(y))
            better &= tap(real, i, j, stride, size)
            y[better] = value[better]
            where[better] = i * kernel[1] + j
    return y, where


def max_pool2d_backward_reference(gy, where, x_shape, kernel, stride, padding):
    """Give each output's gradient to the element that was the largest."""
    gxp = padded(np.zeros(x_shape, gy.dtype), padding, 0)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            chosen = where == i * kernel[1] + j
            tap(gxp, i, j, stride, gy.shape[2:])[...] += np.where(chosen, gy, 0)
    return cropped(gxp, x_shape, padding)


def cropped(gxp, x_shape, padding):
    """Return the gradient of padded images without their border, in `x_shape`."""
    (ph, pw), (h, w) = padding, x_shape[2:]
    return np.ascontiguousarray(gxp[:, :, ph : ph + h, pw : pw + w])


@kernel("void(flat3, real[:, :, ::1], uint8[:, :, ::1], intp, intp)")
def _max_2x2(x, y, where, first, last):
    size, rows, columns = x.itemsize, y.shape[1], y.shape[2]
    for n in range(first, last):
        for r in range(rows):
            top = address(x) + (n * x.shape[1] + 2 * r) * x.shape[2] * size
            to = (n * rows + r) * columns
            largest_of_windows(
                x,
                columns,
                top,
                top + x.shape[2] * size,
                address(y) + to * size,
                address(where) + to,
            )


@kernel("void(flat3, uint8[:, :, ::1], real[:, :, ::1], intp, intp)")
def _max_2x2_backward(gy, where, gx, first, last):
    size, rows, columns = gx.itemsize, gy.shape[1], gy.shape[2]
    for n in range(first, last):
        for r in range(rows):
            top = address(gx) + (n * gx.shape[1] + 2 * r) * gx.shape[2] * size
            from_ = (n * rows + r) * columns
            back_to_windows(
                gx,
                columns,
                address(gy) + from_ * size,
                address(where) + from_,
                top,
                top + gx.shape[2] * size,
            )


@helper
def window_inside(at, kernel, stride, padding, size):
    """First index in the image, and those of the window that lie inside it: from, to."""
    start = at * stride - padding
    return start, max(0, -start), min(kernel, size - start)


@kernel(
    "void(flat3, real[:, :, ::1], int32[:, :, ::1], intp, intp, intp, intp, intp, intp, intp, intp)"
)
def _max(x, y, where, kh, kw, sh, sw, ph, pw, first, last):
    """Any window; `where` is the place in the plane, so that going back needs no division."""
    for n in range(first, last):
        for r in range(y.shape[1]):
            top_row, i0, i1 = window_inside(r, kh, sh, ph, x.shape[1])
            for c in range(y.shape[2]):
                left, j0, j1 = window_inside(c, kw, sw, pw, x.shape[2])
                top = x[n, top_row + i0, left + j0]
                place = (top_row + i0) * x.shape[2] + left + j0
                for i in range(i0, i1):
                    for j in range(j0, j1):
                        value = x[n, top_row + i, left + j]
                        if top == top and not value <= top:
                            top = value
                            place = (top_row + i) * x.shape[2] + left + j
                y[n, r, c] = top
                where[n, r, c] = place


@kernel("void(flat2, int32[:, ::1], real[:, ::1], intp, intp)")
def _max_backward(gy, where, gx, first, last):
    for n in range(first, last):
        for p in range(gx.shape[1]):
            gx[n, p] = 0
        for p in range(gy.shape[1]):
            gx[n, where[n, p]] += gy[n, p]


def max_pool2d(x, kernel, stride, padding):
    """Return the largest element of each window, and where it stood.

    Args:
        x: images (N, C, H, W).
        kernel, stride, padding: two whole numbers each, for rows and columns; padding is at most
            half of the kernel and never the largest.

    Returns:
        y (N, C, OH, OW), and an array of whole numbers for `max_pool2d_backward`. Of equal
        elements the first counts; a window that holds NaN gives NaN.

    Example:
        >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
        >>> max_pool2d(x, (2, 2), (2, 2), (0, 0))[0][0, 0]
        array([[ 5.,  7.],
               [13., 15.]])
    """
    size = output_size(x.shape, kernel, stride, padding)
    planes = as_planes(x)
    y = np.empty((len(planes), *size), x.dtype)
    if (kernel, stride, padding) == PLAIN:
        where = np.empty(y.shape, np.uint8)
        work = (_max_2x2[x.dtype], planes, y, where)
    else:
        where = np.empty(y.shape, np.int32)
        work = (_max[x.dtype], planes, y, where, *kernel, *stride, *padding)
    parallel_for(len(planes), planes_in_chunk(planes), *work)
    return y.reshape(*x.shape[:2], *size), where.reshape(*x.shape[:2], *size)


def max_pool2d_backward(gy, where, x_shape, kernel, stride, padding):
    """Return the gradient of `max_pool2d`'s images: each output's goes to its largest element.

    Example:
        >>> y, where = max_pool2d(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]), (2, 2), (2, 2), (0, 0))
        >>> max_pool2d_backward(10 * y, where, (1, 1, 2, 2), (2, 2), (2, 2), (0, 0))
        array([[[[ 0.,  0.],
                 [40.,  0.]]]])
    """
    gx, planes = prepared_backward(gy, x_shape, kernel, stride, padding)
    where = np.ascontiguousarray(where).reshape(planes.shape)
    if (kernel, stride, padding) == PLAIN:
        if x_shape[2] % 2 or x_shape[3] % 2:  # a last row or column that no window covers
            gx[...] = 0
        work = (_max_2x2_backward[gy.dtype], planes, where, gx)
    else:
        work = (_max_backward[gy.dtype], *(a.reshape(len(gx), -1) for a in (planes, where, gx)))
    parallel_for(len(gx), planes_in_chunk(gx), *work)
    return gx.reshape(x_shape)


def as_planes(x):
    """Return images (N, C, H, W) as contiguous planes (N * C, H, W)."""
    return np.ascontiguousarray(x).reshape(-1, *x.shape[2:])


def planes_in_chunk(planes):
    """How many planes (N * C, H, W) one thread takes at a time."""
    return max(1, _CHUNK // max(1, planes.shape[1] * planes.shape[2]))


def prepared_backward(gy, x_shape, kernel, stride, padding):
    """Return planes for the gradient of the images, yet unwritten, and those of `gy`."""
    shape = (*x_shape[:2], *output_size(x_shape, kernel, stride, padding))
    if gy.shape != shape:
        raise wrong_gradient(gy, shape)
    return np.empty((x_shape[0] * x_shape[1], *x_shape[2:]), gy.dtype), as_planes(gy)
