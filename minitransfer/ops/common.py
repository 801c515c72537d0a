"""What all operations share: broadcasting undone, types kept, gradients computed together."""

from functools import partial

import numpy as np

from minitransfer.kernels.sums import total

_FLOAT64 = np.dtype(np.float64)


def unbroadcast(gradient, like):
    """Bring a gradient back to the shape and dtype of the input it belongs to.

    Broadcasting copies an input along axes it does not have; every copy contributes to the
    result, so the derivative of the input is the sum over its copies: the adjoint of
    broadcasting is summing.

    Args:
        gradient: Array of a shape that `like` broadcasts to.
        like: The input array whose shape and dtype the result takes.

    Returns:
        An array with the shape and dtype of `like`; `gradient` itself where both already agree.

    Example:
        >>> row = np.zeros(3, np.float32)
        >>> unbroadcast(np.ones((5, 3), np.float32), row)
        array([5., 5., 5.], dtype=float32)
    """
    shape = like.shape
    if gradient.shape != shape:
        extra = gradient.ndim - len(shape)
        if extra:
            gradient = total(gradient, tuple(range(extra)))
        if gradient.shape != shape:
            stretched = tuple(i for i, n in enumerate(shape) if n != gradient.shape[i])
            gradient = total(gradient, stretched, keepdims=True)
    # A float32 input of a float64 result: the sum is taken in float64, then rounded once.
    return gradient if gradient.dtype == like.dtype else gradient.astype(like.dtype)


def keep_float32(value, *operands):
    """Undo a widening to float64 that no operand asked for.

    NumPy turns float32 into float64 when it meets an int64 array, a `np.float64` number or a
    float64 array without axes. As in PyTorch, none of them widens here: a result is float64
    only when an operand with axes is (or, if no array of floats has axes, any of them).

    Args:
        value: What NumPy computed from the operands.
        operands: Arrays and plain numbers.

    Returns:
        `value`, as float32 where its float64 came from integers or from mere numbers.

    Example:
        >>> ones, steps = np.ones(2, np.float32), np.arange(2)
        >>> (ones * steps).dtype, keep_float32(ones * steps, ones, steps).dtype
        (dtype('float64'), dtype('float32'))
    """
    if value.dtype != _FLOAT64:
        return value
    floats = [a for a in operands if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    decisive = [a for a in floats if a.ndim] or floats
    if any(a.dtype == _FLOAT64 for a in decisive):
        return value
    return value.astype(np.float32)


def as_float(x):
    """Return `x` itself, or as float32 when it holds integers or booleans.

    Example:
        >>> as_float(np.arange(3))
        array([0., 1., 2.], dtype=float32)
    """
    return x if x.dtype.kind == "f" else x.astype(np.float32)


def same_dtype(operation, **arrays):
    """Refuse to mix float32 and float64 where a kernel needs one type.

    Args:
        operation: Name to begin the message with.
        arrays: The arrays by the name the message shall use; None is skipped.

    Raises:
        TypeError: When the dtypes differ.

    Example:
        >>> same_dtype("linear", x=np.zeros(2), w=np.zeros(2, np.float32))
        Traceback (most recent call last):
        TypeError: linear: x is float64, w is float32; convert one so that all have the same type...
    """
    given = {name: a.dtype for name, a in arrays.items() if a is not None}
    if len(set(given.values())) > 1:
        types = ", ".join(f"{name} is {dtype}" for name, dtype in given.items())
        raise TypeError(
            f"{operation}: {types}; convert one so that all have the same type "
            "(networks are float32 unless you asked for float64)"
        )


def shared_gradients(compute, count):
    """Derivatives that share one computation.

    Some kernels give the gradients of all inputs at once. The engine asks for them one after
    the other with the same `gy`: the first request computes, the others collect. What is
    collected is let go, so nothing outlives the recorded operation, and nothing refers to itself.

    Args:
        compute: Function from `gy` to a sequence of gradients.
        count: How many gradients there are.

    Returns:
        A tuple of `count` derivatives.

    Example:
        >>> def compute(gy):
        ...     print("computing")
        ...     return 2 * gy, 3 * gy
        >>> da, db = shared_gradients(compute, 2)
        >>> da(10), db(10)
        computing
        (20, 30)
    """
    waiting = {}  # empty, or the last gy and those of its gradients nobody has collected yet

    def collect(i, gy):
        if waiting.get("gy") is not gy or i not in waiting["gradients"]:
            waiting["gy"] = gy
            waiting["gradients"] = dict(enumerate(compute(gy)))
        gradient = waiting["gradients"].pop(i)
        if not waiting["gradients"]:
            waiting.clear()
        return gradient

    return tuple([partial(collect, i) for i in range(count)])


def sign(x):
    """1 where a number is positive, -1 where it is negative, and 0 elsewhere, for NaN too.

    Example:
        >>> sign(np.array([-2.0, 0.0, 3.0, np.nan]))
        array([-1.,  0.,  1.,  0.])
    """
    return (x > 0).astype(x.dtype) - (x < 0)
