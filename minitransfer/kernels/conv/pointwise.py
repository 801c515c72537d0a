"""Filters of 1 x 1: no neighbours, no padding; each pass is a product of matrices.

Of an image, a matrix (channels, places), the forward pass makes W @ X, the gradient of the image
is W.T @ GY, and that of the filters GY @ X.T, added up over the images. A stride leaves places
out: what remains is such an image again.
"""

import numpy as np

from ..gemm.tiled import multiply, multiply_batch
from ..threads import in_chunks

_LEAST = 1024
"""Places that the sum of one product should run over; smaller images are laid side by side."""
_CHUNK = 3 * 1 << 24
"""Multiply-adds in one chunk of images; a thread takes a chunk at a time."""


def forward(x, w, bias, stride):
    """Return y for x (N, C, H, W) and w (O, C, 1, 1); see `conv2d`."""
    seen = _seen(x, stride)
    y = multiply_batch(_per_image(w[:, :, 0, 0], x), _matrices(seen))
    if bias is not None:
        y += bias[:, None]
    return y.reshape(*y.shape[:2], *seen.shape[2:])


def backward_data(gy, w, x_shape, stride):
    """Return the gradient of x for gy and w; see `conv2d_backward_data`."""
    product = multiply_batch(_per_image(w[:, :, 0, 0].T, gy), _matrices(gy))
    if stride == (1, 1):
        return product.reshape(x_shape)
    gx = np.zeros(x_shape, gy.dtype)
    _seen(gx, stride)[...] = product.reshape(*x_shape[:2], *gy.shape[2:])
    return gx


def backward_weight(x, gy, stride):
    """Return the gradient of w for x and gy; see `conv2d_backward_weight`.

    The one with fewer channels is on the left, where `multiply` wants few rows.
    """
    left, right = sorted((gy, _seen(x, stride)), key=lambda a: a.shape[1])
    together = max(1, _LEAST // gy[0, 0].size)
    work = left.shape[1] * right[0].size * together
    images = max(1, _CHUNK // work) * together
    chunks = -(-len(x) // images)
    sums = np.zeros((chunks, left.shape[1], right.shape[1]), x.dtype)

    def some_chunks(first, last):
        for chunk in range(first, last):
            end = min(len(x), (chunk + 1) * images)
            for n in range(chunk * images, end, together):
                some = slice(n, min(n + together, end))
                sums[chunk] += multiply(_side_by_side(left[some]), _side_by_side(right[some]).T)

    in_chunks(some_chunks, chunks, 1)
    gw = sums.sum(0)
    return np.ascontiguousarray(gw if left is gy else gw.T)[:, :, None, None]


def _seen(x, stride):
    """The places of x that the filter sees."""
    return x[:, :, :: stride[0], :: stride[1]]


def _matrices(x):
    return x.reshape(*x.shape[:2], -1)


def _side_by_side(x):
    """The images as one matrix (channels, all places); that of a single image is not copied."""
    return x.swapaxes(0, 1).reshape(x.shape[1], -1)


def _per_image(matrix, x):
    """The matrix for every image of x, without copying it."""
    return np.broadcast_to(matrix, (len(x), *matrix.shape))
