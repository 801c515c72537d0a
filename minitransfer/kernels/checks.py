"""What every kernel asks of its arrays. Compiled loops do not check bounds, so the door must.

Where a call is short, the door asks ``a.dtype is not b.dtype`` before it comes here, which is
quicker than ``!=``: NumPy has one object for each plain type. Where it has two, they pass here.
"""

import numpy as np

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def common_float(name, *arrays):
    """Return `arrays` in one floating-point type: theirs, or float64 where the two are mixed.

    Raises:
        TypeError: if one of them is neither float32 nor float64.

    Example:
        >>> a, b = common_float("f", np.ones(2, np.float32), np.ones(2))
        >>> a.dtype
        dtype('float64')
    """
    first = arrays[0].dtype
    if first in _FLOATS and all(array.dtype == first for array in arrays):
        return arrays
    for array in arrays:
        if array.dtype not in _FLOATS:
            raise TypeError(
                f"{name} takes float32 or float64 arrays, not {array.dtype}; "
                "convert with .astype(numpy.float32)"
            )
    return tuple(array.astype(np.float64, copy=False) for array in arrays)


def same_shape(name, **arrays):
    """Raise unless all arrays have one shape.

    Example:
        >>> same_shape("f", a=np.ones(2), b=np.ones(3))
        Traceback (most recent call last):
        ValueError: f: a has shape (2,), b has shape (3,); they must be the same
    """
    shapes = {label: array.shape for label, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        given = ", ".join(f"{label} has shape {shape}" for label, shape in shapes.items())
        raise ValueError(f"{name}: {given}; they must be the same")


def pair(name, what, value, least):
    """Return `value` as a tuple of two whole numbers, each at least `least`.

    Example:
        >>> pair("conv2d", "stride", (2, 1), 1)
        (2, 1)
    """
    numbers = (value, value) if isinstance(value, int) else tuple(value)
    if len(numbers) != 2 or any(int(n) != n or n < least for n in numbers):
        raise ValueError(f"{name}: {what} is {value!r}; give two whole numbers of at least {least}")
    return int(numbers[0]), int(numbers[1])
