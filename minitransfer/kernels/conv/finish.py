"""What is done to every number of a convolution's result: a bias added, and limits kept.

In place and in one pass: the numbers are in the cache, or are fetched once. As operations of their
own, each would fetch them from memory and write as many again.
"""

import numpy as np

from ..compile import helper, kernel
from ..threads import parallel_for

_CHUNK = 1 << 17
"""Numbers in a chunk of planes."""


def finish_reference(y, bias=None, limits=None):
    """Add a bias (C,) to images y (N, C, H, W), keep to limits (low, high); in place."""
    if bias is not None:
        y += bias[:, None, None]
    if limits is not None:
        np.clip(y, *limits, out=y)


@helper
def limited_to(x, low, high):
    """A number kept between two limits. NaN is neither below nor above."""
    x = low if x < low else x
    return high if x > high else x


@kernel("void(real[:, ::1], flat1, real, real, intp, intp)")
def _finish(y, bias, low, high, first, last):
    """Planes `first` to `last` of y (N times C, places)."""
    for n in range(first, last):
        more = bias[n % bias.size]
        for p in range(y.shape[1]):
            y[n, p] = limited_to(y[n, p] + more, low, high)


def finish(y, bias=None, limits=None):
    """Add a bias (C,) to contiguous images y (N, C, H, W), keep to limits (low, high); in place.

    Example:
        >>> y = np.array([[[[-1.0, 3.0, np.nan]]]])
        >>> finish(y, np.array([0.5]), (0, 2))
        >>> y
        array([[[[ 0.,  2., nan]]]])
    """
    bias = np.zeros(1, y.dtype) if bias is None else np.ascontiguousarray(bias)
    low, high = (-np.inf, np.inf) if limits is None else limits
    planes = y.reshape(y.shape[0] * y.shape[1], -1)
    chunk = max(1, _CHUNK // max(1, planes.shape[1]))
    parallel_for(len(planes), chunk, _finish[y.dtype], planes, bias, low, high)
