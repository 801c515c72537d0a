"""Largest and mean value of each window of an image, and back.

Max pooling remembers where in its window the largest element stood, in one byte where a byte is
enough, so that going back needs neither the image nor a comparison. A window that holds NaN gives
NaN. Windows of 2 x 2 that do not overlap have loops of their own: they are what nearly every small
network uses, and with the sizes known the compiler makes vector code of them.
"""

import numpy as np

from .checks import common_float, pair
from .compile import helper, kernel
from .threads import in_chunks

_CHUNK = 1 << 17
"""Image numbers in a chunk of planes (a plane is one channel of one image)."""


def _output_size(x_shape, kernel, stride, padding):
    return tuple((x_shape[2 + d] + 2 * padding[d] - kernel[d]) // stride[d] + 1 for d in range(2))


def _padded(x, padding, value):
    (ph, pw), (h, w) = padding, x.shape[2:]
    xp = np.full((*x.shape[:2], h + 2 * ph, w + 2 * pw), value, x.dtype)
    xp[:, :, ph : ph + h, pw : pw + w] = x
    return xp


def _tap(xp, i, j, stride, size):
    """The view of `xp` that holds element (i, j) of every window."""
    (sh, sw), (oh, ow) = stride, size
    return xp[:, :, i : i + sh * (oh - 1) + 1 : sh, j : j + sw * (ow - 1) + 1 : sw]


def max_pool2d_reference(x, kernel, stride, padding):
    """Return each window's largest element and where in the window it stood."""
    size = _output_size(x.shape, kernel, stride, padding)
    xp = _padded(x, padding, 0)
    real = _padded(np.ones_like(x, bool), padding, False)
    y = np.full((*x.shape[:2], *size), -np.inf, x.dtype)
    where = np.full(y.shape, -1, np.int32)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            value = _tap(xp, i, j, stride, size)
            better = (where < 0) | (value > y) | (np.isnan(value) & ~np.isnan(y))
            better &= _tap(real, i, j, stride, size)
            y[better] = value[better]
            where[better] = i * kernel[1] + j
    return y, where


def max_pool2d_backward_reference(gy, where, x_shape, kernel, stride, padding):
    """Give each output's gradient to the element that was the largest."""
    gxp = _padded(np.zeros(x_shape, gy.dtype), padding, 0)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            chosen = where == i * kernel[1] + j
            _tap(gxp, i, j, stride, gy.shape[2:])[...] += np.where(chosen, gy, 0)
    return _cropped(gxp, x_shape, padding)


def avg_pool2d_reference(x, kernel, stride, padding):
    """Return each window's mean, padding counted as zeros."""
    size = _output_size(x.shape, kernel, stride, padding)
    xp = _padded(x, padding, 0)
    y = np.zeros((*x.shape[:2], *size), x.dtype)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            y += _tap(xp, i, j, stride, size)
    return y / x.dtype.type(kernel[0] * kernel[1])


def avg_pool2d_backward_reference(gy, x_shape, kernel, stride, padding):
    """Give every element of a window an equal share of its gradient."""
    gxp = _padded(np.zeros(x_shape, gy.dtype), padding, 0)
    share = gy / gy.dtype.type(kernel[0] * kernel[1])
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            _tap(gxp, i, j, stride, gy.shape[2:])[...] += share
    return _cropped(gxp, x_shape, padding)


def _cropped(gxp, x_shape, padding):
    (ph, pw), (h, w) = padding, x_shape[2:]
    return np.ascontiguousarray(gxp[:, :, ph : ph + h, pw : pw + w])


@kernel("void(flat3, real[:, :, ::1], uint8[:, :, ::1], intp, intp)")
def _max_2x2(x, y, where, first, last):
    for n in range(first, last):
        for r in range(y.shape[1]):
            for c in range(y.shape[2]):
                top, place = x[n, 2 * r, 2 * c], np.uint8(0)
                # "not <=" instead of ">" lets NaN through; once there it stays (top == top).
                value = x[n, 2 * r, 2 * c + 1]
                if top == top and not value <= top:
                    top, place = value, np.uint8(1)
                value = x[n, 2 * r + 1, 2 * c]
                if top == top and not value <= top:
                    top, place = value, np.uint8(2)
                value = x[n, 2 * r + 1, 2 * c + 1]
                if top == top and not value <= top:
                    top, place = value, np.uint8(3)
                y[n, r, c] = top
                where[n, r, c] = place


@kernel("void(flat3, uint8[:, :, ::1], real[:, :, ::1], intp, intp)")
def _max_2x2_backward(gy, where, gx, first, last):
    """Two loops, one for each row of gx: one loop that writes to both is not vectorised."""
    nothing = gy.dtype.type(0)
    for n in range(first, last):
        for r in range(gy.shape[1]):
            for c in range(gy.shape[2]):
                gx[n, 2 * r, 2 * c] = gy[n, r, c] if where[n, r, c] == 0 else nothing
                gx[n, 2 * r, 2 * c + 1] = gy[n, r, c] if where[n, r, c] == 1 else nothing
            for c in range(gy.shape[2]):
                gx[n, 2 * r + 1, 2 * c] = gy[n, r, c] if where[n, r, c] == 2 else nothing
                gx[n, 2 * r + 1, 2 * c + 1] = gy[n, r, c] if where[n, r, c] == 3 else nothing


@helper
def _window(at, kernel, stride, padding, size):
    """First index in the image, and those of the window that lie inside it: from, to."""
    start = at * stride - padding
    return start, max(0, -start), min(kernel, size - start)


@kernel(
    "void(flat3, real[:, :, ::1], int32[:, :, ::1], intp, intp, intp, intp, intp, intp, intp, intp)"
)
def _max(x, y, where, kh, kw, sh, sw, ph, pw, first, last):
    for n in range(first, last):
        for r in range(y.shape[1]):
            top_row, i0, i1 = _window(r, kh, sh, ph, x.shape[1])
            for c in range(y.shape[2]):
                left, j0, j1 = _window(c, kw, sw, pw, x.shape[2])
                top, place = x[n, top_row + i0, left + j0], i0 * kw + j0
                for i in range(i0, i1):
                    for j in range(j0, j1):
                        value = x[n, top_row + i, left + j]
                        if top == top and not value <= top:
                            top, place = value, i * kw + j
                y[n, r, c] = top
                where[n, r, c] = place


@kernel("void(flat3, int32[:, :, ::1], real[:, :, ::1], intp, intp, intp, intp, intp, intp, intp)")
def _max_backward(gy, where, gx, kw, sh, sw, ph, pw, first, last):
    for n in range(first, last):
        for r in range(gx.shape[1]):
            for c in range(gx.shape[2]):
                gx[n, r, c] = 0
        for r in range(gy.shape[1]):
            for c in range(gy.shape[2]):
                i, j = where[n, r, c] // kw, where[n, r, c] % kw
                gx[n, r * sh - ph + i, c * sw - pw + j] += gy[n, r, c]


@kernel("void(flat3, real[:, :, ::1], intp, intp, intp, intp, intp, intp, intp, intp)", sums=True)
def _mean(x, y, kh, kw, sh, sw, ph, pw, first, last):
    part = x.dtype.type(1) / x.dtype.type(kh * kw)
    for n in range(first, last):
        for r in range(y.shape[1]):
            top_row, i0, i1 = _window(r, kh, sh, ph, x.shape[1])
            for c in range(y.shape[2]):
                left, j0, j1 = _window(c, kw, sw, pw, x.shape[2])
                total = x.dtype.type(0)
                for i in range(i0, i1):
                    row = x[n, top_row + i]
                    for j in range(j0, j1):
                        total += row[left + j]
                y[n, r, c] = total * part


@kernel("void(flat3, real[:, :, ::1], intp, intp, intp, intp, intp, intp, intp, intp)")
def _mean_backward(gy, gx, kh, kw, sh, sw, ph, pw, first, last):
    part = gy.dtype.type(1) / gy.dtype.type(kh * kw)
    for n in range(first, last):
        for r in range(gx.shape[1]):
            for c in range(gx.shape[2]):
                gx[n, r, c] = 0
        for r in range(gy.shape[1]):
            top_row, i0, i1 = _window(r, kh, sh, ph, gx.shape[1])
            for c in range(gy.shape[2]):
                left, j0, j1 = _window(c, kw, sw, pw, gx.shape[2])
                share = gy[n, r, c] * part
                for i in range(i0, i1):
                    for j in range(j0, j1):
                        gx[n, top_row + i, left + j] += share


def max_pool2d(x, kernel, stride, padding):
    """Return the largest element of each window, and where it stood.

    Args:
        x: images (N, C, H, W).
        kernel, stride, padding: two whole numbers each, for rows and columns; padding is at most
            half of the kernel and never the largest.

    Returns:
        y (N, C, OH, OW), and an array of whole numbers for `max_pool2d_backward`. Of equal
        elements the first counts; a window that holds NaN gives NaN.

    Raises:
        ValueError: if the window does not fit into the image.

    Example:
        >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
        >>> max_pool2d(x, (2, 2), (2, 2), (0, 0))[0][0, 0]
        array([[ 5.,  7.],
               [13., 15.]])
    """
    x, planes, size, window = _prepared("max_pool2d", x, kernel, stride, padding)
    plain = _is_2x2(window)
    y = np.empty((len(planes), *size), x.dtype)
    where = np.empty(y.shape, np.uint8 if plain else np.int32)
    if plain:
        _by_planes(_max_2x2, planes, planes, y, where)
    else:
        _by_planes(_max, planes, planes, y, where, *window)
    return y.reshape(*x.shape[:2], *size), where.reshape(*x.shape[:2], *size)


def max_pool2d_backward(gy, where, x_shape, kernel, stride, padding):
    """Return the gradient of `max_pool2d`'s images: each output's goes to its largest element.

    Example:
        >>> y, where = max_pool2d(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]), (2, 2), (2, 2), (0, 0))
        >>> max_pool2d_backward(10 * y, where, (1, 1, 2, 2), (2, 2), (2, 2), (0, 0))
        array([[[[ 0.,  0.],
                 [40.,  0.]]]])
    """
    gy, gx, planes, window = _prepared_backward(
        "max_pool2d_backward", gy, x_shape, kernel, stride, padding
    )
    where = np.ascontiguousarray(where).reshape(planes.shape)
    if _is_2x2(window):
        if x_shape[2] % 2 or x_shape[3] % 2:  # a last row or column that no window covers
            gx[...] = 0
        _by_planes(_max_2x2_backward, gx, planes, where, gx)
    else:
        _by_planes(_max_backward, gx, planes, where, gx, *window[1:])
    return gx.reshape(x_shape)


def avg_pool2d(x, kernel, stride, padding):
    """Return the mean of each window; padding counts as zeros, as is PyTorch's default.

    Args and errors as for `max_pool2d`.

    Example:
        >>> avg_pool2d(np.arange(4.0).reshape(1, 1, 2, 2), (2, 2), (2, 2), (0, 0))
        array([[[[1.5]]]])
    """
    x, planes, size, window = _prepared("avg_pool2d", x, kernel, stride, padding)
    y = np.empty((len(planes), *size), x.dtype)
    _by_planes(_mean, planes, planes, y, *window)
    return y.reshape(*x.shape[:2], *size)


def avg_pool2d_backward(gy, x_shape, kernel, stride, padding):
    """Return the gradient of `avg_pool2d`'s images: each element gets an equal share.

    Example:
        >>> avg_pool2d_backward(np.ones((1, 1, 1, 1)), (1, 1, 2, 2), (2, 2), (2, 2), (0, 0))
        array([[[[0.25, 0.25],
                 [0.25, 0.25]]]])
    """
    _, gx, planes, window = _prepared_backward(
        "avg_pool2d_backward", gy, x_shape, kernel, stride, padding
    )
    _by_planes(_mean_backward, gx, planes, gx, *window)
    return gx.reshape(x_shape)


def _by_planes(loop, images, *arguments):
    chunk = max(1, _CHUNK // max(1, images.shape[1] * images.shape[2]))
    in_chunks(lambda i, j: loop(*arguments, i, j), len(images), chunk)


def _is_2x2(window):
    return window == (2, 2, 2, 2, 0, 0)


def _prepared(name, x, kernel, stride, padding):
    """x, its planes as one array of three axes, the output's size and six checked numbers."""
    (x,) = common_float(name, x)
    size, window = _geometry(name, x.shape, kernel, stride, padding)
    return x, np.ascontiguousarray(x).reshape(-1, *x.shape[2:]), size, window


def _prepared_backward(name, gy, x_shape, kernel, stride, padding):
    (gy,) = common_float(name, gy)
    size, window = _geometry(name, x_shape, kernel, stride, padding)
    if gy.shape != (*x_shape[:2], *size):
        raise ValueError(
            f"{name}: the output's gradient has shape {gy.shape}; images {tuple(x_shape)} give "
            f"{(*x_shape[:2], *size)}"
        )
    gx = np.empty((x_shape[0] * x_shape[1], *x_shape[2:]), gy.dtype)
    return gy, gx, np.ascontiguousarray(gy).reshape(-1, *size), window


def _geometry(name, x_shape, kernel, stride, padding):
    kernel, stride = pair(name, "kernel", kernel, 1), pair(name, "stride", stride, 1)
    padding = pair(name, "padding", padding, 0)
    if len(x_shape) != 4:
        raise ValueError(f"{name}: images {tuple(x_shape)} need four axes (N, C, H, W)")
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"{name}: padding {padding} is more than half of the kernel {kernel}")
    size = _output_size(x_shape, kernel, stride, padding)
    if min(size) < 1:
        raise ValueError(
            f"{name}: the window {kernel} is larger than the image {tuple(x_shape[2:])} with "
            f"padding {padding}"
        )
    return size, (*kernel, *stride, *padding)
