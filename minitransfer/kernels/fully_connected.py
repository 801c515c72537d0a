"""A fully connected layer, x @ w.T + bias: the smallest in one call, all others on `matmul`;
and the gradient of its bias.

For a layer of a few neurons the arithmetic takes nothing, the calls take everything: NumPy's sum of
a small matrix and a row lasts longer than the product, because it first works out how the shapes
fit together.
"""

import numpy as np

from .checks import common_float
from .compile import kernel
from .gemm import matmul, matmul_reference
from .gemm.tiled import TINY


def linear_reference(x, w, bias):
    """Return ``x @ w.T + bias``."""
    return matmul_reference(x, w.T) + bias


def bias_gradient_reference(gy):
    """Return the sum over the rows of `gy`."""
    return np.add.reduce(gy, axis=0)


@kernel("void(in2, in2, in1, real[:, ::1])")
def _loops(x, w, bias, y):
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            total = x[i, 0] * w[j, 0]
            for k in range(1, x.shape[1]):
                total += x[i, k] * w[j, k]
            y[i, j] = total + bias[j]


@kernel("void(in2, real[::1])")
def _sum_rows(gy, total):
    for j in range(total.size):
        total[j] = gy[0, j]
        for i in range(1, gy.shape[0]):
            total[j] += gy[i, j]


def linear(x, w, bias):
    """Return x @ w.T + bias.

    Args:
        x: inputs (M, K), float32 or float64, of any strides, as are the others.
        w: weights (N, K).
        bias: (N,). Where the types differ, float64.

    Returns:
        A new array (M, N).

    Raises:
        ValueError: if the sizes do not fit.
        TypeError: if an array is neither float32 nor float64.

    Example:
        >>> linear(np.ones((2, 3)), np.ones((1, 3)), np.array([0.5]))
        array([[3.5],
               [3.5]])
    """
    (rows, depth), (columns, inner) = x.shape, w.shape
    if inner != depth or bias.shape != (columns,):
        raise ValueError(
            f"linear: x has shape {x.shape}, w {w.shape}, the bias {bias.shape}; "
            "expected (M, K), (N, K) and (N,)"
        )
    if not x.dtype is w.dtype is bias.dtype or x.dtype.char not in "fd":
        x, w, bias = common_float("linear", x, w, bias)
    if 0 < rows * columns * depth <= TINY:
        y = np.empty((rows, columns), x.dtype)
        _loops.versions[x.dtype](x, w, bias, y)
    else:
        y = matmul(x, w.T)
        y += bias  # in place: the product is ours alone
    return y


def bias_gradient(gy):
    """Return the sum over the rows of `gy` (M, N), a new array (N,).

    Every row had the same bias added to it, so each contributes to its gradient.

    Example:
        >>> bias_gradient(np.array([[1.0, 2.0], [3.0, 4.0]]))
        array([4., 6.])
    """
    if not 0 < gy.size <= TINY or gy.dtype.char not in "fd":
        return np.add.reduce(gy, axis=0)
    total = np.empty(gy.shape[1], gy.dtype)
    _sum_rows.versions[gy.dtype](gy, total)
    return total
