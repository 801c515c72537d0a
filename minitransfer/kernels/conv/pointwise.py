"""Convolution with filters of one by one: at every place the same matrix product.

There is no neighbour to look at, so nothing need be laid out anew: an image (channels, places) as
it lies in memory is multiplied from the left by the filters (out, channels). That costs neither the
writing of rows nor the taking out of results that other filters need, and each image is a product
of its own, so what comes out for it does not depend on its company. The same holds of the way back.
"""

import numpy as np

from ..gemm import matmul, matmul_into
from ..threads import parallel_for
from .finish import finish

LEAST_PLACES = 32
"""Places of an image from which this pays: of fewer, a product leaves most of a tile idle."""
_NEAR = 1 << 17
"""Numbers of results that are finished together: half a megabyte in float32."""
_DEPTH = 4096
"""Places that one product of the gradient of the filters sums over, if images are small."""


def one_product(x_shape, stride, padding, groups):
    """Whether a convolution with filters of one by one is one matrix product for each image.

    Example:
        >>> one_product((2, 8, 7, 7), (1, 1), (0, 0), 1)
        True
    """
    return (
        groups == 1
        and tuple(stride) == (1, 1)
        and not np.any(padding)
        and x_shape[2] * x_shape[3] >= LEAST_PLACES
    )


def forward(x, w, bias, limits=None):
    """Return y for contiguous x (N, C, H, W) and w (O, C, 1, 1); see `conv2d`.

    A few images at a time, so that a result is still near when it is finished.
    """
    y = np.empty((len(x), len(w), *x.shape[2:]), x.dtype)
    filters, places, results = w[:, :, 0, 0], _places(x), _places(y)

    def some_images(first, last):
        for n in range(first, last, images):
            some = slice(n, min(n + images, last))
            matmul_into(filters, places[some], results[some])
            if bias is not None or limits is not None:
                finish(y[some], bias, limits)

    images = max(1, _NEAR // max(1, y[0].size))
    parallel_for(len(x), images, some_images)
    return y


def backward_data(gy, w):
    """Return the gradient of x for contiguous gy and w; see `conv2d_backward_data`."""
    gx = matmul(w[:, :, 0, 0].T, _places(gy))
    return gx.reshape(len(gy), w.shape[1], *gy.shape[2:])


def backward_weight(x, gy):
    """Return the gradient of w for contiguous x and gy; see `conv2d_backward_weight`.

    Of small images several are laid side by side, so that each product sums over many places.
    """
    x, gy = _places(x), _places(gy)
    images = max(1, _DEPTH // x.shape[2])
    gw = np.zeros((gy.shape[1], x.shape[1]), x.dtype)
    for n in range(0, len(x), images):
        gw += matmul(_side_by_side(gy[n : n + images]), _side_by_side(x[n : n + images]).T)
    return gw[:, :, None, None]


def _places(x):
    return x.reshape(*x.shape[:2], -1)


def _side_by_side(x):
    """Images (N, channels, places) as (channels, N times places)."""
    return x.transpose(1, 0, 2).reshape(x.shape[1], -1)  # a view, where there is one image
