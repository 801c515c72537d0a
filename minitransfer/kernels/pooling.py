"""Largest and mean value of each window of an image, and back."""

import numpy as np


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


max_pool2d = max_pool2d_reference
max_pool2d_backward = max_pool2d_backward_reference
avg_pool2d = avg_pool2d_reference
avg_pool2d_backward = avg_pool2d_backward_reference
