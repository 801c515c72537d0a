"""Convolution with filters of one by one: at every place the same matrix product.

There is no neighbour to look at, so nothing need be laid out anew: an image (channels, places) as
it lies in memory is multiplied from the left by the filters (out, channels). That costs neither the
writing of rows nor the taking out of results that other filters need, and each image is a product
of its own, so what comes out for it does not depend on its company. The same holds of the way back.
"""

from functools import partial

import numpy as np

from ..gemm import matmul, matmul_into
from ..threads import LEAST, parallel_for
from .finish import finish

LEAST_PLACES = 32
"""Places of an image from which this pays: of fewer, a product leaves most of a tile idle."""
_NEAR = 1 << 17
"""Numbers of results that are finished together: half a megabyte in float32."""
CHUNK = 3 * 1 << 20
"""Multiply-adds in one chunk of images; a thread takes a chunk at a time."""
_DEPTH = 4096
"""Places that one product of the gradient of the filters sums over, if images are small."""
_KEPT = 1 << 21
"""Numbers of products that are kept until they are added: eight megabytes in float32."""
_COPIED = 1 << 16
"""Numbers that a thread lays side by side at a time."""


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
    """Return y for contiguous x (N, C, H, W) and w (O, C, 1, 1); see `conv2d`."""
    y = np.empty((len(x), len(w), *x.shape[2:]), x.dtype)
    some = None if bias is None and limits is None else partial(_finish, y, bias, limits)
    _each_image(w[:, :, 0, 0], _places(x), _places(y), some)
    return y


def _finish(y, bias, limits, first, last):
    finish(y[first:last], bias, limits)


def backward_data(gy, w):
    """Return the gradient of x for contiguous gy and w; see `conv2d_backward_data`."""
    gx = np.empty((len(gy), w.shape[1], *gy.shape[2:]), gy.dtype)
    _each_image(w[:, :, 0, 0].T, _places(gy), _places(gx))
    return gx


def _each_image(filters, x, y, then=None):
    """Write y, the filters times each image, a few images at a time.

    Then ``then(first, last)`` is called for these, while they are near.
    """

    def some_images(first, last):
        for n in range(first, last, near):
            end = min(n + near, last)
            matmul_into(filters, x[n:end], y[n:end])
            if then is not None:
                then(n, end)

    near = max(1, _NEAR // max(1, y[0].size)) if then else len(x)
    chunk = CHUNK // max(1, filters.size * x.shape[2])
    parallel_for(len(x), max(1, chunk), some_images)


def backward_weight(x, gy):
    """Return the gradient of w for contiguous x and gy; see `conv2d_backward_weight`.

    Of small images several are laid side by side, so that each product sums over many places.
    """
    x, gy = _places(x), _places(gy)
    images = max(1, _DEPTH // x.shape[2])
    gw = np.zeros((gy.shape[1], x.shape[1]), x.dtype)
    at_once = images * max(LEAST, _KEPT // gw.size)
    for start in range(0, len(x), at_once):
        starts = range(start, min(len(x), start + at_once), images)
        products = np.empty((len(starts), *gw.shape), x.dtype)

        def some_products(first, last, starts=starts, products=products):
            for k in range(first, last):
                some = slice(starts[k], starts[k] + images)
                products[k] = matmul(_side_by_side(gy[some]), _side_by_side(x[some]).T)

        parallel_for(len(starts), 1, some_products)
        for product in products:  # in their order: the bits of a sum depend on it
            gw += product
    return gw[:, :, None, None]


def _places(x):
    return x.reshape(*x.shape[:2], -1)


def _side_by_side(x):
    """Images (N, channels, places) as (channels, N times places)."""
    images, channels, places = x.shape
    if images == 1:
        return x[0]
    beside = np.empty((channels, images, places), x.dtype)

    def some_channels(first, last):
        beside[first:last] = x[:, first:last].transpose(1, 0, 2)

    parallel_for(channels, max(1, _COPIED // x[:, 0].size), some_channels)
    return beside.reshape(channels, -1)
