"""Which floating-point type a result has: float64 only when an array with axes asks for it."""

import numpy as np

_FLOAT64 = np.dtype(np.float64)


def settle(value, *operands):
    """Undo a widening to float64 that no operand asked for.

    NumPy turns float32 into float64 when it meets an int64 array, a `np.float64` number or a
    float64 array without axes. As in PyTorch, none of them widens here: a result is float64
    only when an operand with axes is (or, if no operand has axes, any array among them).

    Args:
        value: What NumPy computed from the operands.
        operands: Arrays and plain numbers.

    Returns:
        `value`, as float32 where its float64 came from an integer or from a mere number.

    Example:
        >>> ones, steps = np.ones(2, np.float32), np.arange(2)
        >>> (ones * steps).dtype, settle(ones * steps, ones, steps).dtype
        (dtype('float64'), dtype('float32'))
    """
    if value.dtype != _FLOAT64:
        return value
    arrays = [a for a in operands if isinstance(a, np.ndarray)]
    decisive = [a for a in arrays if a.ndim] or arrays
    if not decisive or any(a.dtype == _FLOAT64 for a in decisive):
        return value
    return value.astype(np.float32)


def floating(x):
    """Return `x` itself, or as float32 when it holds integers or booleans.

    Example:
        >>> floating(np.arange(3))
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
