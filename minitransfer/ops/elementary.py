"""More functions of each number: roundings, roots and logarithms, and questions about a number."""

import math

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import as_array, differentiable, explain_arguments
from minitransfer.ops.common import as_float

# Roundings are staircases, whose slope is 0.


@differentiable
def round(input, decimals=0):
    """The nearest whole number, halves to the even one; or so many decimals.

    Example:
        >>> round.__wrapped__(np.array([0.5, 1.5, -1.2]))[0]
        array([ 0.,  2., -1.])
    """
    return np.round(input, decimals), (np.zeros_like,)


@differentiable
def floor(input):
    """The largest whole number that is not above.

    Example:
        >>> floor.__wrapped__(np.array([0.5, -1.2]))[0]
        array([ 0., -2.])
    """
    return np.floor(input).astype(input.dtype, copy=False), (np.zeros_like,)


@differentiable
def ceil(input):
    """The smallest whole number that is not below.

    Example:
        >>> ceil.__wrapped__(np.array([0.5, -1.2]))[0]
        array([ 1., -1.])
    """
    return np.ceil(input).astype(input.dtype, copy=False), (np.zeros_like,)


@differentiable
def trunc(input):
    """The whole part, rounded towards 0.

    Example:
        >>> trunc.__wrapped__(np.array([1.5, -1.2]))[0]
        array([ 1., -1.])
    """
    return np.trunc(input).astype(input.dtype, copy=False), (np.zeros_like,)


@differentiable
def sign(input):
    """-1, 0 or 1.

    Example:
        >>> sign.__wrapped__(np.array([0.5, 0.0, -1.2]))[0]
        array([ 1.,  0., -1.])
    """
    return np.sign(input), (np.zeros_like,)


# Roots and logarithms


@differentiable
def reciprocal(input):
    """1 / x.

    Example:
        >>> value, (dx,) = reciprocal.__wrapped__(np.array([2.0]))
        >>> value, dx(np.ones(1))
        (array([0.5]), array([-0.25]))
    """
    y = 1 / as_float(input)
    return y, (lambda gy: -gy * y * y,)


@differentiable
def rsqrt(input):
    """1 / √x.

    Example:
        >>> rsqrt.__wrapped__(np.array([4.0]))[0]
        array([0.5])
    """
    x = as_float(input)
    y = 1 / np.sqrt(x)
    return y, (lambda gy: gy * (-0.5 * y * y * y),)


@differentiable
def log1p(input):
    """log(1 + x), exact also for small x.

    Example:
        >>> log1p.__wrapped__(np.array([1e-20]))[0]
        array([1.e-20])
    """
    x = as_float(input)
    return np.log1p(x), (lambda gy: gy / (1 + x),)


@differentiable
def expm1(input):
    """exp(x) − 1, exact also for small x.

    Example:
        >>> expm1.__wrapped__(np.array([1e-20]))[0]
        array([1.e-20])
    """
    y = np.expm1(as_float(input))
    return y, (lambda gy: gy * (y + 1),)


@differentiable
def log2(input):
    """The logarithm to base 2.

    Example:
        >>> log2.__wrapped__(np.array([8.0]))[0]
        array([3.])
    """
    x = as_float(input)
    return np.log2(x), (lambda gy: gy / (x * math.log(2)),)


@differentiable
def log10(input):
    """The logarithm to base 10.

    Example:
        >>> log10.__wrapped__(np.array([100.0]))[0]
        array([2.])
    """
    x = as_float(input)
    return np.log10(x), (lambda gy: gy / (x * math.log(10)),)


@differentiable
def erf(input):
    """The error function, 2 / √π times the integral of exp(−t²) from 0 to x.

    Example:
        >>> erf.__wrapped__(np.array([0.0, 1.0]))[0].round(4)
        array([0.    , 0.8427])
    """
    x = as_float(input)
    return kernels.erf(x), (lambda gy: gy * (2 / math.sqrt(math.pi) * kernels.exp(-x * x)),)


@differentiable
def tan(input):
    """The tangent of angles in radians.

    Example:
        >>> tan.__wrapped__(np.array([0.0]))[0]
        array([0.])
    """
    y = np.tan(as_float(input))
    return y, (lambda gy: gy * (1 + y * y),)


# Questions, whose answers have no slope.


@differentiable
def isnan(input):
    """Where there is no number (NaN).

    Example:
        >>> isnan.__wrapped__(np.array([0.0, np.nan]))[0]
        array([False,  True])
    """
    return np.isnan(input), (None,)


@differentiable
def isinf(input):
    """Where a number is infinite, of either sign."""
    return np.isinf(input), (None,)


@differentiable
def isfinite(input):
    """Where there is a number, and a finite one."""
    return np.isfinite(input), (None,)


@differentiable
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Where two arrays differ by at most ``atol + rtol * |other|``.

    Example:
        >>> isclose.__wrapped__(np.array([1.0, 2.0]), np.array([1.0, 2.1]))[0]
        array([ True, False])
    """
    return np.isclose(input, other, rtol, atol, equal_nan), (None, None)


@explain_arguments
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False) -> bool:
    """Whether two tensors differ nowhere by more than ``atol + rtol * |other|``.

    Example:
        >>> from minitransfer import tensor
        >>> allclose(tensor([1.0]), tensor([1.0 + 1e-7]))
        True
    """
    return bool(np.allclose(as_array(input), as_array(other), rtol, atol, equal_nan))


@explain_arguments
def equal(input, other) -> bool:
    """Whether two tensors have the same shape and the same numbers.

    Example:
        >>> from minitransfer import tensor
        >>> equal(tensor([1.0]), tensor([1.0, 1.0]))
        False
    """
    return bool(np.array_equal(as_array(input), as_array(other)))
