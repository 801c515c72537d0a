"""Arithmetic with broadcasting: sums, products, powers."""

import numpy as np

from minitransfer.ops.broadcasting import unbroadcast
from minitransfer.ops.precision import settle


def add(a, b):
    """Sum of two arrays that broadcast together.

    Args:
        a: Array or number.
        b: Array or number.

    Returns:
        `a + b` and its derivatives with respect to `a` and `b`.

    Example:
        >>> value, (da, db) = add(np.ones((2, 3)), np.ones(3))
        >>> db(np.ones((2, 3)))
        array([2., 2., 2.])
    """
    return settle(a + b, a, b), (
        lambda gy: unbroadcast(gy, a),
        lambda gy: unbroadcast(gy, b),
    )


def subtract(a, b):
    """Difference `a - b` of two arrays that broadcast together.

    Example:
        >>> subtract(np.array([3.0, 5.0]), 1)[0]
        array([2., 4.])
    """
    return settle(a - b, a, b), (
        lambda gy: unbroadcast(gy, a),
        lambda gy: unbroadcast(-gy, b),
    )


def multiply(a, b):
    """Product of two arrays that broadcast together, element by element.

    Example:
        >>> value, (da, db) = multiply(np.array([2.0, 3.0]), np.array([5.0, 7.0]))
        >>> value, da(np.ones(2))
        (array([10., 21.]), array([5., 7.]))
    """
    return settle(a * b, a, b), (
        lambda gy: unbroadcast(gy * b, a),
        lambda gy: unbroadcast(gy * a, b),
    )


def divide(a, b):
    """Quotient `a / b` of two arrays that broadcast together.

    Division by zero gives inf or NaN with NumPy's warning.

    Example:
        >>> value, (da, db) = divide(np.array([1.0, 3.0]), 2.0)
        >>> value, da(np.ones(2))
        (array([0.5, 1.5]), array([0.5, 0.5]))
    """
    y = settle(a / b, a, b)
    return y, (
        lambda gy: unbroadcast(gy / b, a),
        lambda gy: unbroadcast(-gy * y / b, b),
    )


def negative(x):
    """The negative `-x`.

    Example:
        >>> negative(np.array([1.0, -2.0]))[0]
        array([-1.,  2.])
    """
    return -x, (lambda gy: -gy,)


def absolute(x):
    """Absolute value; the derivative at 0 is 0, as in PyTorch.

    Example:
        >>> value, (dx,) = absolute(np.array([-3.0, 0.0, 2.0]))
        >>> value, dx(np.ones(3))
        (array([3., 0., 2.]), array([-1.,  0.,  1.]))
    """
    return np.abs(x), (lambda gy: gy * np.sign(x),)


def power(a, b):
    """`a` to the power `b`; either may be a number or an array, and both have a derivative.

    At `a == 0` the derivatives are the limits from the right, as in PyTorch: an exponent of 0
    gives 0, and the derivative with respect to an exponent that is not negative is 0.
    A negative base has no derivative with respect to the exponent (NaN).

    Args:
        a: Base, array or number.
        b: Exponent, array or number.

    Returns:
        `a ** b` and its derivatives with respect to `a` and `b`.

    Example:
        >>> value, (da, db) = power(np.array([0.0, 3.0]), 2)
        >>> value, da(np.ones(2))
        (array([0., 9.]), array([0., 6.]))
    """
    y = settle(a**b, a, b)
    return y, (
        lambda gy: unbroadcast(_power_by_base(gy, a, b), a),
        lambda gy: unbroadcast(_power_by_exponent(gy, a, b, y), b),
    )


def _power_by_base(gy, a, b):
    if not isinstance(b, np.ndarray):
        # The common cases need no second power, and 0 * 0 ** -1 never arises.
        if b == 0:
            return np.zeros_like(gy)
        return gy * (b * a) if b == 2 else gy * (b * a ** (b - 1))
    with np.errstate(divide="ignore"):  # 0 ** -0.5 is inf: the slope of a root at 0
        return gy * (b * a ** np.where(b == 0, 1, b - 1))


def _power_by_exponent(gy, a, b, y):
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = y * np.log(a)
    return np.where((a == 0) & (b >= 0), 0, gy * slope)
