"""Arithmetic with broadcasting, and elementary functions of each number."""

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import differentiable
from minitransfer.ops.common import as_float, keep_float32, unbroadcast


@differentiable
def add(input, other, alpha=1):
    """Sum of two arrays that broadcast together, the second one times `alpha`.

    Args:
        input: Array or number.
        other: Array or number.
        alpha: A number.

    Returns:
        `input + alpha * other` and its derivatives with respect to `input` and `other`.

    Example:
        >>> value, (da, db) = add.__wrapped__(np.ones((2, 3)), np.ones(3))
        >>> db(np.ones((2, 3)))
        array([2., 2., 2.])
    """
    y = input + (other if alpha == 1 else alpha * other)
    return keep_float32(y, input, other), (
        lambda gy: unbroadcast(gy, input),
        lambda gy: unbroadcast(gy if alpha == 1 else alpha * gy, other),
    )


@differentiable
def sub(input, other, alpha=1):
    """Difference `input - alpha * other` of two arrays that broadcast together.

    Example:
        >>> sub.__wrapped__(np.array([3.0, 5.0]), 1)[0]
        array([2., 4.])
    """
    y = input - (other if alpha == 1 else alpha * other)
    return keep_float32(y, input, other), (
        lambda gy: unbroadcast(gy, input),
        lambda gy: unbroadcast(-gy if alpha == 1 else -alpha * gy, other),
    )


@differentiable
def mul(input, other):
    """Product of two arrays that broadcast together, element by element.

    Example:
        >>> value, (da, db) = mul.__wrapped__(np.array([2.0, 3.0]), np.array([5.0, 7.0]))
        >>> value, da(np.ones(2))
        (array([10., 21.]), array([5., 7.]))
    """
    return keep_float32(input * other, input, other), (
        lambda gy: unbroadcast(gy * other, input),
        lambda gy: unbroadcast(gy * input, other),
    )


@differentiable
def div(input, other):
    """Quotient `input / other` of two arrays that broadcast together.

    Division by zero gives inf or NaN with NumPy's warning.

    Example:
        >>> value, (da, db) = div.__wrapped__(np.array([1.0, 3.0]), 2.0)
        >>> value, da(np.ones(2))
        (array([0.5, 1.5]), array([0.5, 0.5]))
    """
    y = keep_float32(input / other, input, other)
    return y, (
        lambda gy: unbroadcast(gy / other, input),
        lambda gy: unbroadcast(-gy * y / other, other),
    )


@differentiable
def neg(input):
    """The negative `-input`.

    Example:
        >>> neg.__wrapped__(np.array([1.0, -2.0]))[0]
        array([-1.,  2.])
    """
    return -input, (lambda gy: -gy,)


@differentiable
def abs(input):
    """Absolute value; the derivative at 0 is 0, as in PyTorch.

    Example:
        >>> value, (dx,) = abs.__wrapped__(np.array([-3.0, 0.0, 2.0]))
        >>> value, dx(np.ones(3))
        (array([3., 0., 2.]), array([-1.,  0.,  1.]))
    """
    return np.abs(input), (lambda gy: gy * np.sign(input),)


@differentiable
def square(input):
    """Each number times itself.

    Example:
        >>> value, (dx,) = square.__wrapped__(np.array([3.0]))
        >>> value, dx(np.ones(1))
        (array([9.]), array([6.]))
    """
    return input * input, (lambda gy: gy * (2 * input),)


@differentiable
def remainder(input, other):
    """What is left of `input` after division by `other`, with the sign of `other`.

    Example:
        >>> remainder.__wrapped__(np.array([5.0, -5.0]), 3)[0]
        array([2., 1.])
    """
    return keep_float32(input % other, input, other), (
        lambda gy: unbroadcast(gy, input),
        lambda gy: unbroadcast(-gy * np.floor_divide(input, other), other),
    )


@differentiable
def floor_divide(input, other):
    """Whole part of `input / other`, rounded down: a staircase, whose slope is 0.

    Example:
        >>> floor_divide.__wrapped__(np.array([5.0, -5.0]), 3)[0]
        array([ 1., -2.])
    """
    return keep_float32(input // other, input, other), (
        lambda gy: unbroadcast(np.zeros_like(gy), input),
        lambda gy: unbroadcast(np.zeros_like(gy), other),
    )


@differentiable
def pow(input, exponent):
    """`input` to the power `exponent`; either may be a number or an array, and both have a
    derivative.

    At `input == 0` the derivatives are the limits from the right, as in PyTorch: an exponent of 0
    gives 0, and the derivative with respect to an exponent that is not negative is 0.
    A negative base has no derivative with respect to the exponent (NaN).

    Args:
        input: Base, array or number.
        exponent: Exponent, array or number.

    Returns:
        `input ** exponent` and its derivatives with respect to `input` and `exponent`.

    Example:
        >>> value, (da, db) = pow.__wrapped__(np.array([0.0, 3.0]), 2)
        >>> value, da(np.ones(2))
        (array([0., 9.]), array([0., 6.]))
    """
    y = keep_float32(input**exponent, input, exponent)
    return y, (
        lambda gy: unbroadcast(_power_by_base(gy, input, exponent), input),
        lambda gy: unbroadcast(_power_by_exponent(gy, input, exponent, y), exponent),
    )


@differentiable
def exp(input):
    """The exponential function.

    Args:
        input: Array.

    Returns:
        `e ** input` and its derivative. Where the result is too large for the type it is inf.

    Example:
        >>> value, (dx,) = exp.__wrapped__(np.array([0.0, 1.0]))
        >>> value.round(4), dx(np.ones(2)).round(4)
        (array([1.    , 2.7183]), array([1.    , 2.7183]))
    """
    y = kernels.exp(as_float(input))
    return y, (lambda gy: gy * y,)


@differentiable
def log(input):
    """The natural logarithm. At 0 it is -inf, below 0 it is NaN, both with NumPy's warning.

    Example:
        >>> value, (dx,) = log.__wrapped__(np.array([1.0, 2.0]))
        >>> value.round(4), dx(np.ones(2))
        (array([0.    , 0.6931]), array([1. , 0.5]))
    """
    input = as_float(input)
    return np.log(input), (lambda gy: gy / input,)


@differentiable
def sqrt(input):
    """The square root. Below 0 it is NaN, and its slope at 0 is inf, with NumPy's warning.

    Example:
        >>> value, (dx,) = sqrt.__wrapped__(np.array([4.0, 9.0]))
        >>> value, dx(np.array([4.0, 6.0]))
        (array([2., 3.]), array([1., 1.]))
    """
    y = np.sqrt(as_float(input))
    return y, (lambda gy: gy / (2 * y),)


@differentiable
def sin(input):
    """The sine of angles in radians.

    Example:
        >>> value, (dx,) = sin.__wrapped__(np.array([0.0, np.pi / 2]))
        >>> value, dx(np.ones(2)).round(4)
        (array([0., 1.]), array([1., 0.]))
    """
    input = as_float(input)
    return np.sin(input), (lambda gy: gy * np.cos(input),)


@differentiable
def cos(input):
    """The cosine of angles in radians.

    Example:
        >>> value, (dx,) = cos.__wrapped__(np.array([0.0, np.pi / 2]))
        >>> value.round(4), dx(np.ones(2))
        (array([1., 0.]), array([-0., -1.]))
    """
    input = as_float(input)
    return np.cos(input), (lambda gy: -gy * np.sin(input),)


def _power_by_base(gy, a, b):
    if not isinstance(b, np.ndarray):
        # The common cases need no second power, and 0 * 0 ** -1 never arises.
        if b == 0:
            return np.zeros_like(gy)
        return gy * (b * a) if b == 2 else gy * (b * a ** (b - 1))
    with np.errstate(divide="ignore", invalid="ignore"):  # the slope of a root at 0 is inf
        return np.where(b == 0, 0, gy * (b * a ** (b - 1)))


def _power_by_exponent(gy, a, b, y):
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = y * np.log(a)
    return np.where((a == 0) & (b >= 0), 0, gy * slope)
