"""The mean of each window of an image, and back: `max_pool` for means."""

import numpy as np

from .compile import kernel
from .max_pool import (
    PLAIN,
    as_planes,
    cropped,
    output_size,
    padded,
    planes_in_chunk,
    prepared_backward,
    tap,
    window_inside,
)
from .threads import parallel_for


def avg_pool2d_reference(x, kernel, stride, padding):
    """Return each window's mean, padding counted as zeros."""
    size = output_size(x.shape, kernel, stride, padding)
    xp = padded(x, padding, 0)
    y = np.zeros((*x.shape[:2], *size), x.dtype)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            y += tap(xp, i, j, stride, size)
    return y / x.dtype.type(kernel[0] * kernel[1])


def avg_pool2d_backward_reference(gy, x_shape, kernel, stride, padding):
    """Give every element of a window an equal share of its gradient."""
    gxp = padded(np.zeros(x_shape, gy.dtype), padding, 0)
    share = gy / gy.dtype.type(kernel[0] * kernel[1])
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            tap(gxp, i, j, stride, gy.shape[2:])[...] += share
    return cropped(gxp, x_shape, padding)


@kernel("void(flat3, real[:, :, ::1], intp, intp, intp, intp, intp, intp, intp, intp)")
def _mean(x, y, kh, kw, sh, sw, ph, pw, first, last):
    part = 1 / (kh * kw)
    for n in range(first, last):
        for r in range(y.shape[1]):
            top_row, i0, i1 = window_inside(r, kh, sh, ph, x.shape[1])
            for c in range(y.shape[2]):
                left, j0, j1 = window_inside(c, kw, sw, pw, x.shape[2])
                total = 0.0  # float64: a window may be a large image
                for i in range(i0, i1):
                    for j in range(j0, j1):
                        total += x[n, top_row + i, left + j]
                y[n, r, c] = total * part


@kernel("void(flat3, real[:, :, ::1], intp, intp)")
def _mean_2x2(x, y, first, last):
    part = x.dtype.type(0.25)
    for n in range(first, last):
        for r in range(y.shape[1]):
            for c in range(y.shape[2]):
                upper = x[n, 2 * r, 2 * c] + x[n, 2 * r, 2 * c + 1]
                lower = x[n, 2 * r + 1, 2 * c] + x[n, 2 * r + 1, 2 * c + 1]
                y[n, r, c] = (upper + lower) * part


@kernel("void(flat2, real[::1], intp, intp)", sums=True)
def _mean_all(x, y, first, last):
    part = x.dtype.type(1) / x.dtype.type(x.shape[1])
    for n in range(first, last):
        total = x.dtype.type(0)
        for p in range(x.shape[1]):
            total += x[n, p]
        y[n] = total * part


@kernel("void(flat3, real[:, :, ::1], intp, intp, intp, intp, intp, intp, intp, intp)")
def _mean_backward(gy, gx, kh, kw, sh, sw, ph, pw, first, last):
    part = gy.dtype.type(1) / gy.dtype.type(kh * kw)
    for n in range(first, last):
        for r in range(gx.shape[1]):
            for c in range(gx.shape[2]):
                gx[n, r, c] = 0
        for r in range(gy.shape[1]):
            top_row, i0, i1 = window_inside(r, kh, sh, ph, gx.shape[1])
            for c in range(gy.shape[2]):
                left, j0, j1 = window_inside(c, kw, sw, pw, gx.shape[2])
                share = gy[n, r, c] * part
                for i in range(i0, i1):
                    for j in range(j0, j1):
                        gx[n, top_row + i, left + j] += share


@kernel("void(flat3, real[:, :, ::1], intp, intp)")
def _mean_2x2_backward(gy, gx, first, last):
    part = gy.dtype.type(0.25)
    for n in range(first, last):
        for r in range(gy.shape[1]):
            for c in range(gy.shape[2]):
                gx[n, 2 * r, 2 * c] = gy[n, r, c] * part
                gx[n, 2 * r, 2 * c + 1] = gy[n, r, c] * part
            for c in range(2 * gy.shape[2]):
                gx[n, 2 * r + 1, c] = gx[n, 2 * r, c]


def avg_pool2d(x, kernel, stride, padding):
    """Return the mean of each window; padding counts as zeros, as is PyTorch's default.

    Args as for `max_pool2d`.

    Example:
        >>> avg_pool2d(np.arange(4.0).reshape(1, 1, 2, 2), (2, 2), (2, 2), (0, 0))
        array([[[[1.5]]]])
    """
    size = output_size(x.shape, kernel, stride, padding)
    planes = as_planes(x)
    y = np.empty((len(planes), *size), x.dtype)
    if (kernel, stride, padding) == PLAIN:
        work = (_mean_2x2[x.dtype], planes, y)
    elif kernel == x.shape[2:] and padding == (0, 0):
        work = (_mean_all[x.dtype], planes.reshape(len(planes), -1), y.reshape(-1))
    else:
        work = (_mean[x.dtype], planes, y, *kernel, *stride, *padding)
    parallel_for(len(planes), planes_in_chunk(planes), *work)
    return y.reshape(*x.shape[:2], *size)


def avg_pool2d_backward(gy, x_shape, kernel, stride, padding):
    """Return the gradient of `avg_pool2d`'s images: each element gets an equal share.

    Example:
        >>> avg_pool2d_backward(np.ones((1, 1, 1, 1)), (1, 1, 2, 2), (2, 2), (2, 2), (0, 0))
        array([[[[0.25, 0.25],
                 [0.25, 0.25]]]])
    """
    gx, planes = prepared_backward(gy, x_shape, kernel, stride, padding)
    if kernel == tuple(x_shape[2:]) and padding == (0, 0):
        gx[...] = planes / gy.dtype.type(kernel[0] * kernel[1])
        return gx.reshape(x_shape)
    if (kernel, stride, padding) == PLAIN:
        if x_shape[2] % 2 or x_shape[3] % 2:  # a last row or column that no window covers
            gx[...] = 0
        work = (_mean_2x2_backward[gy.dtype], planes, gx)
    else:
        work = (_mean_backward[gy.dtype], planes, gx, *kernel, *stride, *padding)
    parallel_for(len(gx), planes_in_chunk(gx), *work)
    return gx.reshape(x_shape)
