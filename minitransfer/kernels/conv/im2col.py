"""Second rung: im2col. What every tap sees is written out, and the rest is a matrix product.

The matrix has a row for each channel and tap, KH * KW times the image: the arithmetic now runs at
the speed of `matmul`, at the price of writing and reading the image nine times for a 3 x 3 filter.
"""

import numpy as np

from ..gemm.tiled import multiply
from .geometry import output_size, padded, tap


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


def convolve(x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    """Return the convolution of x (N, C, H, W) with w (O, C, KH, KW).

    Example:
        >>> convolve(np.ones((1, 2, 3, 3)), np.ones((1, 2, 3, 3))).item()
        18.0
    """
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    rows = w.reshape(len(w), -1)
    matrices = columns(x, w.shape, stride, padding, dilation)
    y = np.stack([multiply(rows, matrix) for matrix in matrices])
    return y.reshape(len(x), len(w), *size)
