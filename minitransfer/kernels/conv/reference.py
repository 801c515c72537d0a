"""Convolution as NumPy says it, tap by tap: what the fast ways are compared with.

They also step in where a filter or an image holds an infinity. The rows of the fast ways hold zeros
between the images, and infinity times zero is NaN.
"""

import numpy as np

from ..sums import total
from .finish import finish_reference
from .plan import borders, output_size, zeros_before


def padded(x, padding):
    """x with zeros around each image.

    Example:
        >>> padded(np.ones((1, 1, 1, 1)), (0, (2, 1)))
        array([[[[0., 0., 1., 0.]]]])
    """
    return np.pad(x, ((0, 0), (0, 0), *borders(padding)))


def tap(xp, i, j, stride, dilation, size):
    """The view of the padded image that tap (i, j) of the filter sees."""
    (sh, sw), (dh, dw), (oh, ow) = stride, dilation, size
    i, j = i * dh, j * dw
    return xp[:, :, i : i + sh * (oh - 1) + 1 : sh, j : j + sw * (ow - 1) + 1 : sw]


def conv2d_reference(
    x, w, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1, limits=None
):
    """Return the sum over the filter's taps of tap times shifted image."""
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    xp = padded(x, padding)
    y = np.zeros((len(x), groups, len(w) // groups, *size), x.dtype)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            image = _grouped(tap(xp, i, j, stride, dilation, size), groups)
            weights = w[:, :, i, j].reshape(groups, -1, w.shape[1])
            y += np.einsum("goc,ngchw->ngohw", weights, image)
    y = y.reshape(len(x), len(w), *size)
    finish_reference(y, bias, limits)
    return y


def conv2d_backward_data_reference(gy, w, x_shape, stride, padding, dilation, groups):
    """Return the gradient of the image: each output's gradient goes back along every tap."""
    (ph, pw), (h, wide) = zeros_before(padding), x_shape[2:]
    gxp = padded(np.zeros(x_shape, gy.dtype), padding)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            weights = w[:, :, i, j].reshape(groups, -1, w.shape[1])
            part = np.einsum("goc,ngohw->ngchw", weights, _grouped(gy, groups))
            view = tap(gxp, i, j, stride, dilation, gy.shape[2:])
            view += part.reshape(view.shape)
    return np.ascontiguousarray(gxp[:, :, ph : ph + h, pw : pw + wide])


def conv2d_backward_weight_reference(x, gy, w_shape, stride, padding, dilation, groups):
    """Return the gradient of the filters: each tap's image times the output's gradient."""
    xp = padded(x, padding)
    gw = np.zeros(w_shape, x.dtype)
    for i in range(w_shape[2]):
        for j in range(w_shape[3]):
            image = _grouped(tap(xp, i, j, stride, dilation, gy.shape[2:]), groups)
            part = np.einsum("ngohw,ngchw->goc", _grouped(gy, groups), image)
            gw[:, :, i, j] = part.reshape(w_shape[:2])
    return gw


def conv2d_backward_bias_reference(gy):
    """Return the gradient of the bias: the sum over images and places."""
    return total(np.add.reduce(gy, (2, 3)), 0)


def _grouped(x, groups):
    return x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
