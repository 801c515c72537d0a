"""Sizes and views that the plain versions of the convolution share."""

import numpy as np


def output_size(x_shape, w_shape, stride, padding, dilation):
    """Height and width of a convolution's output.

    Example:
        >>> output_size((1, 1, 28, 28), (1, 1, 3, 3), (2, 2), (1, 1), (1, 1))
        (14, 14)
    """
    return tuple(
        (x_shape[d] + 2 * padding[d - 2] - dilation[d - 2] * (w_shape[d] - 1) - 1) // stride[d - 2]
        + 1
        for d in (2, 3)
    )


def padded(x, padding):
    """x with zeros around each image.

    Example:
        >>> padded(np.ones((1, 1, 1, 1)), (0, 1))
        array([[[[0., 1., 0.]]]])
    """
    (ph, pw), (h, w) = padding, x.shape[2:]
    xp = np.zeros((*x.shape[:2], h + 2 * ph, w + 2 * pw), x.dtype)
    xp[:, :, ph : ph + h, pw : pw + w] = x
    return xp


def tap(xp, i, j, stride, dilation, size):
    """The view of the padded image that tap (i, j) of the filter sees."""
    (sh, sw), (dh, dw), (oh, ow) = stride, dilation, size
    i, j = i * dh, j * dw
    return xp[:, :, i : i + sh * (oh - 1) + 1 : sh, j : j + sw * (ow - 1) + 1 : sw]
