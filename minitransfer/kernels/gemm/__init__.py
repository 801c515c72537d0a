"""Matrix product: a ladder of four rungs, and `matmul`, which stands on the last.

The rungs `naive`, `reordered`, `blocked` and `tiled` each hold one function ``multiply(a, b)``
with the same meaning; `ladder` lists them, checks each against `matmul_reference` and measures it.
"""

import numpy as np

from ..checks import common_float
from .tiled import multiply, multiply_batch


def matmul_reference(a, b):
    """Return the matrix product as a sum of outer products, one for each inner index."""
    _check(a, b)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    c = np.zeros((*batch, a.shape[-2], b.shape[-1]), a.dtype)
    for k in range(a.shape[-1]):
        c += a[..., :, k, None] * b[..., None, k, :]
    return c


def matmul(a, b):
    """Return the matrix product of a (..., M, K) and b (..., K, N); leading axes broadcast.

    Transposed operands are read in place. How the product is computed depends on shapes and
    strides only (`minitransfer.kernels.gemm.tiled`).

    Args:
        a, b: float32 or float64 of two or more axes; where the two types differ, float64.

    Returns:
        A new array (..., M, N).

    Raises:
        ValueError: if the inner sizes differ or the leading axes do not broadcast.
        TypeError: if an array is neither float32 nor float64.

    Example:
        >>> matmul(np.ones((5, 2, 3)), np.ones((3, 4))).shape
        (5, 2, 4)
    """
    if a.dtype is not b.dtype or a.dtype.char not in "fd":
        a, b = common_float("matmul", a, b)
    if a.ndim == 2 and b.ndim == 2 and a.shape[1] == b.shape[0]:
        return multiply(a, b)
    _check(a, b)
    if b.ndim == 2 and a.flags.c_contiguous:  # one tall matrix instead of many
        return multiply(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[1])
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    c = multiply_batch(_flat(a, batch), _flat(b, batch))
    return c.reshape(*batch, *c.shape[1:])


def _flat(a, batch):
    """`a` with its leading axes broadcast to `batch` and made one; no copy for one matrix."""
    if a.ndim == 3 and a.shape[:1] == batch:
        return a
    if a.size and a.size == a.shape[-2] * a.shape[-1]:
        shape = (int(np.prod(batch)), *a.shape[-2:])
        return np.broadcast_to(a.reshape(a.shape[-2:]), shape)
    return np.broadcast_to(a, (*batch, *a.shape[-2:])).reshape(-1, *a.shape[-2:])


def _check(a, b):
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError(f"matmul: shapes {a.shape} and {b.shape}; both need two axes or more")
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(
            f"matmul: shapes {a.shape} and {b.shape}; the last size of the first, {a.shape[-1]}, "
            f"must be the last but one of the second, {b.shape[-2]}"
        )
