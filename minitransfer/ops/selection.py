"""Operations whose every result is one of the inputs: larger, smaller, clipped, chosen."""

import numpy as np

from minitransfer.ops.broadcasting import unbroadcast
from minitransfer.ops.precision import settle


def maximum(a, b):
    """The larger of two arrays, element by element; NaN where either is NaN.

    Where both are equal each receives half of the gradient, as in PyTorch.

    Args:
        a: Array or number.
        b: Array or number that broadcasts with `a`.

    Returns:
        The larger values and the derivatives with respect to `a` and `b`.

    Example:
        >>> value, (da, db) = maximum(np.array([1.0, 2.0, 3.0]), 2.0)
        >>> value, da(np.ones(3))
        (array([2., 2., 3.]), array([0. , 0.5, 1. ]))
    """
    return settle(np.maximum(a, b), a, b), (
        lambda gy: unbroadcast(_winner(gy, a < b, a == b), a),
        lambda gy: unbroadcast(_winner(gy, b < a, a == b), b),
    )


def minimum(a, b):
    """The smaller of two arrays, element by element; NaN where either is NaN.

    Where both are equal each receives half of the gradient, as in PyTorch.

    Example:
        >>> minimum(np.array([1.0, 2.0, 3.0]), 2.0)[0]
        array([1., 2., 2.])
    """
    return settle(np.minimum(a, b), a, b), (
        lambda gy: unbroadcast(_winner(gy, a > b, a == b), a),
        lambda gy: unbroadcast(_winner(gy, b > a, a == b), b),
    )


def _winner(gy, lost, tied):
    """The gradient for one of two competitors: none where it lost, half where both tie."""
    return np.where(lost, 0, np.where(tied, gy / 2, gy))


def clip(x, *, low=None, high=None):
    """Limit every element to the range from `low` to `high`.

    Elements outside get no gradient; those inside or exactly on a limit do, as in PyTorch.

    Args:
        x: Array.
        low: Smallest value allowed, a number or None.
        high: Largest value allowed, a number or None.

    Returns:
        The limited array and its derivative.

    Example:
        >>> value, (dx,) = clip(np.array([-1.0, 0.5, 2.0]), low=0, high=1)
        >>> value, dx(np.ones(3))
        (array([0. , 0.5, 1. ]), array([0., 1., 0.]))
    """
    if low is None and high is None:
        raise ValueError("clip: neither `low` nor `high` is given; give at least one limit")

    def dx(gy):
        outside = np.zeros(x.shape, bool)
        if low is not None:
            outside |= x < low
        if high is not None:
            outside |= x > high
        return np.where(outside, 0, gy)

    # The limits may be float64 or integer; they do not decide the type of the result.
    return np.clip(x, low, high).astype(x.dtype, copy=False), (dx,)


def where(condition, a, b):
    """Elements of `a` where `condition` holds, of `b` elsewhere; all three broadcast.

    Args:
        condition: Boolean array.
        a: Array or number.
        b: Array or number.

    Returns:
        The chosen elements and the derivatives (None for the condition).

    Example:
        >>> value, (_, da, db) = where(np.array([True, False]), np.array([1.0, 2.0]), 0.0)
        >>> value, da(np.ones(2))
        (array([1., 0.]), array([1., 0.]))
    """
    return settle(np.where(condition, a, b), a, b), (
        None,
        lambda gy: unbroadcast(np.where(condition, gy, 0), a),
        lambda gy: unbroadcast(np.where(condition, 0, gy), b),
    )
