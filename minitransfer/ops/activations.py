"""Activation functions. All keep NaN as NaN and none overflows."""

import math

import numpy as np

from minitransfer import kernels
from minitransfer.ops.precision import floating


def relu(x):
    """Rectified linear unit: `x` where it is positive, else 0. The slope at 0 is 0.

    Args:
        x: Array.

    Returns:
        max(x, 0) and its derivative.

    Example:
        >>> value, (dx,) = relu(np.array([-1.0, 0.0, 2.0]))
        >>> value, dx(np.ones(3))
        (array([0., 0., 2.]), array([0., 0., 1.]))
    """
    y = kernels.relu(floating(x))
    return y, (lambda gy: kernels.relu_backward(gy, y),)


def leaky_relu(x, *, negative_slope=0.01):
    """`x` where it is positive, else `negative_slope * x` (Maas, Hannun, Ng 2013).

    Example:
        >>> value, (dx,) = leaky_relu(np.array([-1.0, 2.0]), negative_slope=0.1)
        >>> value, dx(np.ones(2))
        (array([-0.1,  2. ]), array([0.1, 1. ]))
    """
    x, slope = floating(x), float(negative_slope)
    return np.where(x > 0, x, slope * x), (lambda gy: np.where(x > 0, gy, slope * gy),)


def relu6(x):
    """`x` limited to the range from 0 to 6; the slope at both ends is 0.

    From the MobileNets, which it lets run in few bits (Howard et al. 2017).

    Example:
        >>> value, (dx,) = relu6(np.array([-1.0, 3.0, 7.0]))
        >>> value, dx(np.ones(3))
        (array([0., 3., 6.]), array([0., 1., 0.]))
    """
    x = floating(x)
    return np.clip(x, 0, 6), (lambda gy: np.where((x > 0) & (x < 6), gy, 0),)


def gelu(x, *, approximate="none"):
    """Gaussian error linear unit: `x` times the normal distribution function at `x`.

    Source: Hendrycks and Gimpel 2016, who also give the approximation by tanh.

    Args:
        x: Array.
        approximate: "none" for the exact function, "tanh" for the approximation.

    Returns:
        The activation and its derivative.

    Raises:
        ValueError: When `approximate` is neither.

    Example:
        >>> gelu(np.array([-1.0, 0.0, 1.0]))[0].round(4)
        array([-0.1587,  0.    ,  0.8413])
    """
    x = floating(x)
    if approximate == "none":
        share = 0.5 * (1 + kernels.erf(x * math.sqrt(0.5)))

        def dx(gy):
            density = kernels.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
            return gy * (share + x * density)

        return x * share, (dx,)
    if approximate == "tanh":
        root = math.sqrt(2 / math.pi)
        t = np.tanh(root * (x + 0.044715 * x * x * x))

        def dx(gy):
            inner = root * (1 + 3 * 0.044715 * x * x)
            return gy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner)

        return 0.5 * x * (1 + t), (dx,)
    raise ValueError(f'gelu: approximate={approximate!r}; expected "none" or "tanh"')


def tanh(x):
    """The hyperbolic tangent.

    Example:
        >>> value, (dx,) = tanh(np.array([0.0, 1.0]))
        >>> value.round(4), dx(np.ones(2)).round(4)
        (array([0.    , 0.7616]), array([1.  , 0.42]))
    """
    y = np.tanh(floating(x))
    return y, (lambda gy: gy * (1 - y * y),)


def sigmoid(x):
    """The logistic function 1 / (1 + exp(-x)), accurate to the last digits on both sides.

    Example:
        >>> value, (dx,) = sigmoid(np.array([-1000.0, 0.0, 1000.0]))
        >>> value, dx(np.ones(3))
        (array([0. , 0.5, 1. ]), array([0.  , 0.25, 0.  ]))
    """
    y = kernels.sigmoid(floating(x))
    return y, (lambda gy: kernels.sigmoid_backward(gy, y),)


def softplus(x, *, beta=1.0):
    """log(1 + exp(beta * x)) / beta, a smooth relu (Dugas et al. 2001).

    Exact for every x, so PyTorch's `threshold` is not needed.

    Args:
        x: Array.
        beta: Sharpness of the bend, positive.

    Returns:
        The activation and its derivative, which is a sigmoid.

    Example:
        >>> softplus(np.array([-1000.0, 0.0, 1000.0]))[0].round(4).tolist()
        [0.0, 0.6931, 1000.0]
    """
    x, beta = floating(x), float(beta)
    if not beta > 0:
        raise ValueError(f"softplus: beta is {beta}; expected a positive number")
    return stable_softplus(beta * x) / beta, (lambda gy: gy * kernels.sigmoid(beta * x),)


def stable_softplus(x):
    """log(1 + exp(x)) of an array, as a plain value; exp is never taken above 0.

    Example:
        >>> stable_softplus(np.array([0.0, 1000.0])).round(4).tolist()
        [0.6931, 1000.0]
    """
    return np.maximum(x, 0) + np.log1p(kernels.exp(-np.abs(x)))


def softmax(x, *, axis=-1):
    """Exponentials along an axis, divided by their sum: positive shares that add up to 1.

    Args:
        x: Array.
        axis: The axis along which the shares add up to 1.

    Returns:
        The shares and the derivative.

    Example:
        >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))[0]
        array([[0.5, 0.5],
               [1. , 0. ]])
    """
    y = _along(kernels.softmax, floating(x), axis)

    def dx(gy):
        g = gy * y
        return g - y * np.add.reduce(g, axis=axis, keepdims=True)

    return y, (dx,)


def log_softmax(x, *, axis=-1):
    """The logarithm of `softmax`, computed without rounding small shares to 0.

    Example:
        >>> log_softmax(np.array([1000.0, 0.0]))[0]
        array([    0., -1000.])
    """
    y = _along(kernels.log_softmax, floating(x), axis)

    def dx(gy):
        return gy - kernels.exp(y) * np.add.reduce(gy, axis=axis, keepdims=True)

    return y, (dx,)


def _along(kernel, x, axis):
    """Run a kernel that works on the last axis on another one."""
    if axis == -1 or axis == x.ndim - 1:
        return kernel(x)
    return np.moveaxis(kernel(np.moveaxis(x, axis, -1)), -1, axis)
