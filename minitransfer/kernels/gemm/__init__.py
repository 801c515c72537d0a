"""Matrix product."""

import numpy as np


def matmul_reference(a, b):
    """Return the matrix product as a sum of outer products, one for each inner index."""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    c = np.zeros((*batch, a.shape[-2], b.shape[-1]), a.dtype)
    for k in range(a.shape[-1]):
        c += a[..., :, k, None] * b[..., None, k, :]
    return c


def matmul(a, b):
    """Return the matrix product of a (..., M, K) and b (..., K, N); leading axes broadcast."""
    return np.matmul(a, b)
