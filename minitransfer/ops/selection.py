"""Comparisons, and what they decide: the larger, the smaller, the clipped, the chosen."""

import numpy as np

from minitransfer.autograd import differentiable
from minitransfer.ops.common import keep_float32, unbroadcast


@differentiable
def maximum(input, other):
    """The larger of two arrays, element by element; NaN where either is NaN.

    Where both are equal each receives half of the gradient, as in PyTorch.

    Args:
        input: Array or number.
        other: Array or number that broadcasts with `input`.

    Returns:
        The larger values and the derivatives with respect to `input` and `other`.

    Example:
        >>> value, (da, db) = maximum.__wrapped__(np.array([1.0, 2.0, 3.0]), 2.0)
        >>> value, da(np.ones(3))
        (array([2., 2., 3.]), array([0. , 0.5, 1. ]))
    """
    return keep_float32(np.maximum(input, other), input, other), (
        lambda gy: unbroadcast(_winner(gy, input < other, input == other), input),
        lambda gy: unbroadcast(_winner(gy, other < input, input == other), other),
    )


@differentiable
def minimum(input, other):
    """The smaller of two arrays, element by element; NaN where either is NaN.

    Where both are equal each receives half of the gradient, as in PyTorch.

    Example:
        >>> minimum.__wrapped__(np.array([1.0, 2.0, 3.0]), 2.0)[0]
        array([1., 2., 2.])
    """
    return keep_float32(np.minimum(input, other), input, other), (
        lambda gy: unbroadcast(_winner(gy, input > other, input == other), input),
        lambda gy: unbroadcast(_winner(gy, other > input, input == other), other),
    )


def _winner(gy, lost, tied):
    """The gradient for one of two competitors: none where it lost, half where both tie."""
    return np.where(lost, 0, np.where(tied, gy / 2, gy))


@differentiable
def clamp(input, min=None, max=None):
    """Limit every element to the range from `min` to `max`.

    An element outside gets no gradient, its limit does; one inside or exactly on a limit keeps
    its own, as in PyTorch.

    Args:
        input: Array.
        min: Smallest value allowed: a number, an array that broadcasts with `input`, or None.
        max: Largest value allowed, likewise; it wins where it is smaller than `min`.

    Returns:
        The limited array and the derivatives with respect to all three.

    Raises:
        ValueError: When neither limit is given.

    Example:
        >>> value, (dx, *_) = clamp.__wrapped__(np.array([-1.0, 0.5, 2.0]), min=0, max=1)
        >>> value, dx(np.ones(3))
        (array([0. , 0.5, 1. ]), array([0., 1., 0.]))
    """
    if min is None and max is None:
        raise ValueError("clamp: neither `min` nor `max` is given; give at least one limit")
    limits = [limit for limit in (min, max) if limit is not None]
    y = input if min is None else np.maximum(input, min)
    y = y if max is None else np.minimum(y, max)
    below = False if min is None else input < min
    above = False if max is None else (input if min is None else np.maximum(input, min)) > max
    inside = True if min is None else input >= min  # NaN is neither inside nor outside
    inside = inside if max is None else inside & (input <= max)
    return keep_float32(y, input, *limits), (
        lambda gy: unbroadcast(np.where(inside, gy, 0), input),
        lambda gy: unbroadcast(np.where(below & ~np.asarray(above), gy, 0), min),
        lambda gy: unbroadcast(np.where(above, gy, 0), max),
    )


@differentiable
def where(condition, input, other):
    """Elements of `input` where `condition` holds, of `other` elsewhere; all three broadcast.

    Args:
        condition: Boolean array.
        input: Array or number.
        other: Array or number.

    Returns:
        The chosen elements and the derivatives (None for the condition).

    Example:
        >>> mask = np.array([True, False])
        >>> value, (_, da, db) = where.__wrapped__(mask, np.array([1.0, 2.0]), 0.0)
        >>> value, da(np.ones(2))
        (array([1., 0.]), array([1., 0.]))
    """
    return keep_float32(np.where(condition, input, other), input, other), (
        None,
        lambda gy: unbroadcast(np.where(condition, gy, 0), input),
        lambda gy: unbroadcast(np.where(condition, 0, gy), other),
    )


# Comparisons. They have no derivatives, and their results need no gradient.


@differentiable
def eq(input, other):
    """Where two arrays that broadcast are equal.

    Example:
        >>> eq.__wrapped__(np.array([1, 2]), 2)[0]
        array([False,  True])
    """
    return np.equal(input, other), (None, None)


@differentiable
def ne(input, other):
    """Where they differ."""
    return np.not_equal(input, other), (None, None)


@differentiable
def lt(input, other):
    """Where the first is smaller."""
    return np.less(input, other), (None, None)


@differentiable
def le(input, other):
    """Where the first is not larger."""
    return np.less_equal(input, other), (None, None)


@differentiable
def gt(input, other):
    """Where the first is larger."""
    return np.greater(input, other), (None, None)


@differentiable
def ge(input, other):
    """Where the first is not smaller."""
    return np.greater_equal(input, other), (None, None)


@differentiable
def bitwise_not(input):
    """Not, of booleans; of whole numbers bit by bit."""
    return np.invert(input), (None,)


@differentiable
def bitwise_and(input, other):
    """And, of booleans; of whole numbers bit by bit."""
    return np.bitwise_and(input, other), (None, None)


@differentiable
def bitwise_or(input, other):
    """Or, of booleans; of whole numbers bit by bit."""
    return np.bitwise_or(input, other), (None, None)


@differentiable
def bitwise_xor(input, other):
    """Either, but not both, of booleans; of whole numbers bit by bit."""
    return np.bitwise_xor(input, other), (None, None)


@differentiable
def logical_and(input, other):
    """Where both are true (not 0)."""
    return np.logical_and(input, other), (None, None)


@differentiable
def logical_or(input, other):
    """Where one of both is true (not 0)."""
    return np.logical_or(input, other), (None, None)


@differentiable
def logical_not(input):
    """Where it is false (0)."""
    return np.logical_not(input), (None,)
