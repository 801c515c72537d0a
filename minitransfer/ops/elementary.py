"""Elementary functions, element by element. Integers are taken as float32."""

import numpy as np

from minitransfer import kernels
from minitransfer.ops.precision import floating


def exp(x):
    """The exponential function.

    Args:
        x: Array.

    Returns:
        `e ** x` and its derivative. Where the result is too large for the type it is inf.

    Example:
        >>> value, (dx,) = exp(np.array([0.0, 1.0]))
        >>> value.round(4), dx(np.ones(2)).round(4)
        (array([1.    , 2.7183]), array([1.    , 2.7183]))
    """
    y = kernels.exp(floating(x))
    return y, (lambda gy: gy * y,)


def log(x):
    """The natural logarithm. At 0 it is -inf, below 0 it is NaN, both with NumPy's warning.

    Example:
        >>> value, (dx,) = log(np.array([1.0, 2.0]))
        >>> value.round(4), dx(np.ones(2))
        (array([0.    , 0.6931]), array([1. , 0.5]))
    """
    x = floating(x)
    return np.log(x), (lambda gy: gy / x,)


def sqrt(x):
    """The square root. Below 0 it is NaN, and its slope at 0 is inf, with NumPy's warning.

    Example:
        >>> value, (dx,) = sqrt(np.array([4.0, 9.0]))
        >>> value, dx(np.array([4.0, 6.0]))
        (array([2., 3.]), array([1., 1.]))
    """
    y = np.sqrt(floating(x))
    return y, (lambda gy: gy / (2 * y),)


def sin(x):
    """The sine of angles in radians.

    Example:
        >>> value, (dx,) = sin(np.array([0.0, np.pi / 2]))
        >>> value, dx(np.ones(2)).round(4)
        (array([0., 1.]), array([1., 0.]))
    """
    x = floating(x)
    return np.sin(x), (lambda gy: gy * np.cos(x),)


def cos(x):
    """The cosine of angles in radians.

    Example:
        >>> value, (dx,) = cos(np.array([0.0, np.pi / 2]))
        >>> value.round(4), dx(np.ones(2))
        (array([1., 0.]), array([-0., -1.]))
    """
    x = floating(x)
    return np.cos(x), (lambda gy: -gy * np.sin(x),)
