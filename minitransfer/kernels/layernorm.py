"""Layer norm (Ba, Kiros and Hinton, 2016), forward and backward: `batchnorm` for rows.

Each row loses its mean and is divided by its standard deviation.
"""

import numpy as np

from .batchnorm import rows_in_chunk
from .compile import kernel, wrong_gradient
from .sums import PIECE, total
from .threads import parallel_for

_SUMMED = 1 << 20
"""Numbers whose part of a gradient is summed up by itself; the bits of the sum depend on it."""


def layer_norm_reference(x, weight, bias, eps):
    """Normalise each row by its own mean and variance; return (y, mean, var)."""
    mean = x.mean(-1)
    var = x.var(-1)
    inverse = 1 / np.sqrt(var + x.dtype.type(eps))
    return (x - mean[..., None]) * inverse[..., None] * weight + bias, mean, var


def layer_norm_backward_reference(gy, x, weight, mean, var, eps):
    """Return (gx, gweight, gbias)."""
    inverse = 1 / np.sqrt(var + x.dtype.type(eps))
    normal = (x - mean[..., None]) * inverse[..., None]
    rows = tuple(range(x.ndim - 1))
    gbias = total(gy, rows)
    gweight = total(gy * normal, rows)
    g = gy * weight
    inner = g - g.mean(-1, keepdims=True) - normal * (g * normal).mean(-1, keepdims=True)
    return inverse[..., None] * inner, gweight, gbias


@kernel(
    "void(flat2, flat1, flat1, real, real[:, ::1], real[::1], real[::1], intp, intp)", sums=True
)
def _layer_norm(x, weight, bias, eps, y, mean, var, first, last):
    n = x.dtype.type(x.shape[1])
    for i in range(first, last):
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            total += x[i, j]
        middle = total / n
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            total += (x[i, j] - middle) * (x[i, j] - middle)
        mean[i] = middle
        var[i] = total / n
        inverse = x.dtype.type(1) / np.sqrt(var[i] + eps)
        for j in range(x.shape[1]):
            y[i, j] = (x[i, j] - middle) * inverse * weight[j] + bias[j]


@kernel(
    "void(flat2, flat2, flat1, flat1, flat1, real[:, ::1], real[::1], real[::1], intp, intp)",
    sums=True,
)
def _layer_norm_backward(gy, x, weight, mean, inverse, gx, gweight, gbias, first, last):
    n = x.dtype.type(x.shape[1])
    for i in range(first, last):
        alone = x.dtype.type(0)
        with_x = x.dtype.type(0)
        for j in range(x.shape[1]):
            gx[i, j] = gy[i, j] * weight[j]
            alone += gx[i, j]
            with_x += gx[i, j] * (x[i, j] - mean[i])
        alone /= n
        with_x *= inverse[i] * inverse[i] / n
        for j in range(x.shape[1]):
            offset = x[i, j] - mean[i]
            gx[i, j] = inverse[i] * (gx[i, j] - alone - offset * with_x)
            gweight[j] += gy[i, j] * offset * inverse[i]
            gbias[j] += gy[i, j]


def layer_norm(x, weight, bias, eps):
    """Normalise each row (last axis) by its own mean and variance, then scale and shift it.

    Args:
        x: (..., D).
        weight, bias: (D,).
        eps: added to the variance.

    Returns:
        y like x, and the mean and (biased) variance of each row.

    Example:
        >>> layer_norm(np.array([[1.0, 3.0]]), np.ones(2), np.zeros(2), 0.0)[0]
        array([[-1.,  1.]])
    """
    rows, weight, bias = _rows(x), np.ascontiguousarray(weight), np.ascontiguousarray(bias)
    y, (mean, var) = np.empty_like(rows), np.empty((2, len(rows)), x.dtype)
    loop = _layer_norm[x.dtype]
    parallel_for(len(rows), rows_in_chunk(rows), loop, rows, weight, bias, eps, y, mean, var)
    return y.reshape(x.shape), mean.reshape(x.shape[:-1]), var.reshape(x.shape[:-1])


def layer_norm_backward(gy, x, weight, mean, var, eps):
    """Return the gradients (gx, gweight, gbias) of `layer_norm`, whose mean and var these are.

    Example:
        >>> gy, x, w = np.array([[1.0, 3.0]]), np.array([[1.0, 3.0]]), np.ones(2)
        >>> gx, gweight, gbias = layer_norm_backward(gy, x, w, np.full(1, 2.0), np.ones(1), 0.0)
        >>> gweight
        array([-1.,  3.])
    """
    if gy.shape != x.shape:
        raise wrong_gradient(gy, x.shape)
    rows, gy = _rows(x), _rows(gy)
    mean, weight = np.ascontiguousarray(mean).reshape(-1), np.ascontiguousarray(weight)
    inverse = 1 / np.sqrt(var.reshape(-1) + x.dtype.type(eps))
    gx = np.empty_like(rows)
    chunk = min(rows_in_chunk(rows, _SUMMED), PIECE)
    chunks = max(1, -(-len(rows) // chunk))
    sums = np.zeros((2, chunks, rows.shape[1]), x.dtype)  # each chunk its own, added in order
    loop = _layer_norm_backward[x.dtype]

    def some_chunks(first, last):
        for k in range(first, last):
            loop(
                *(gy, rows, weight, mean, inverse, gx, sums[0, k], sums[1, k]),
                *(k * chunk, min(len(rows), (k + 1) * chunk)),
            )

    parallel_for(chunks, 1, some_chunks)
    gweight, gbias = total(sums, 1)
    return gx.reshape(x.shape), gweight, gbias


def _rows(x):
    return np.ascontiguousarray(x).reshape(-1, x.shape[-1])
