"""Operations that move elements without computing: reshape, permute, join, pad.

Their derivatives move the gradient back.
"""

import numpy as np

from minitransfer.ops.broadcasting import unbroadcast


def reshape(x, *, shape):
    """The same elements, row by row, in another shape.

    Args:
        x: Array.
        shape: New shape, a number or a tuple; one size may be -1, it follows from the others.

    Returns:
        The reshaped array (a view where possible) and its derivative.

    Raises:
        ValueError: When the number of elements differs.

    Example:
        >>> reshape(np.arange(6.0), shape=(2, -1))[0]
        array([[0., 1., 2.],
               [3., 4., 5.]])
    """
    old = x.shape
    try:
        y = x.reshape(shape)
    except ValueError:
        raise ValueError(
            f"reshape: shape {old} holds {x.size} elements, which do not fill {shape}; the "
            "sizes must multiply to the same number (one of them may be -1)"
        ) from None
    return y, (lambda gy: gy.reshape(old),)


def permute(x, *, axes):
    """The axes in another order; axis `i` of the result is axis `axes[i]` of `x`.

    Args:
        x: Array.
        axes: Every axis of `x` once, counted from 0 or, if negative, from the end.

    Returns:
        A view with its axes reordered, and the derivative.

    Raises:
        ValueError: When `axes` does not name every axis once.

    Example:
        >>> permute(np.zeros((2, 3, 4)), axes=(2, 0, 1))[0].shape
        (4, 2, 3)
    """
    ndim = x.ndim
    order = tuple([a + ndim if a < 0 else a for a in axes])
    if sorted(order) != list(range(ndim)):
        raise ValueError(
            f"permute: axes {tuple(axes)} for shape {x.shape}; expected each of the "
            f"{ndim} axes exactly once"
        )
    back = sorted(range(ndim), key=order.__getitem__)
    return x.transpose(order), (lambda gy: gy.transpose(back),)


def expand(x, *, shape):
    """Repeat axes of size 1, or new ones in front, without copying.

    Args:
        x: Array.
        shape: The shape to broadcast to; -1 leaves a size as it is.

    Returns:
        A read-only view of that shape and its derivative, a sum over the repetitions.

    Raises:
        ValueError: When `x` does not broadcast to `shape`.

    Example:
        >>> value, (dx,) = expand(np.array([[1.0], [2.0]]), shape=(-1, 3))
        >>> value, dx(np.ones((2, 3)))
        (array([[1., 1., 1.],
               [2., 2., 2.]]), array([[3.],
               [3.]]))
    """
    new = len(shape) - x.ndim
    full = tuple([x.shape[i - new] if n == -1 and i >= new else n for i, n in enumerate(shape)])
    try:
        y = np.broadcast_to(x, full)
    except ValueError:
        raise ValueError(
            f"expand: shape {x.shape} cannot become {tuple(shape)}; sizes must stay the same or "
            "grow from 1, new axes come in front, and -1 leaves an existing size as it is"
        ) from None
    return y, (lambda gy: unbroadcast(gy, x),)


def concatenate(*arrays, axis=0):
    """Join arrays along an axis they have.

    Args:
        arrays: Arrays with the same shape except along `axis`.
        axis: Where to join.

    Returns:
        The joined array and one derivative for each input: its part of the gradient.

    Raises:
        ValueError: When there are no arrays or their shapes do not fit.

    Example:
        >>> value, (da, db) = concatenate(np.zeros(2), np.ones(1))
        >>> value, db(np.array([5.0, 6.0, 7.0]))
        (array([0., 0., 1.]), array([7.]))
    """
    shapes = [a.shape for a in arrays]
    try:
        y = np.concatenate(arrays, axis=axis)
    except ValueError as reason:
        raise _cannot_join("concatenate", shapes, axis, f"equal sizes except on axis {axis}") from (
            None if shapes else reason
        )
    derivatives, start = [], 0
    for a in arrays:
        stop = start + a.shape[axis]
        derivatives.append(_part(a.dtype, y.ndim, axis, slice(start, stop)))
        start = stop
    return y, tuple(derivatives)


def stack(*arrays, axis=0):
    """Join arrays of one shape along a new axis.

    Args:
        arrays: Arrays of the same shape.
        axis: Where the new axis stands in the result.

    Returns:
        The stacked array and one derivative for each input.

    Raises:
        ValueError: When there are no arrays or their shapes differ.

    Example:
        >>> stack(np.zeros(2), np.ones(2), axis=1)[0]
        array([[0., 1.],
               [0., 1.]])
    """
    shapes = [a.shape for a in arrays]
    if len(set(shapes)) != 1:
        raise _cannot_join("stack", shapes, axis, "one shape for all")
    y = np.stack(arrays, axis=axis)
    return y, tuple([_part(a.dtype, y.ndim, axis, i) for i, a in enumerate(arrays)])


def _part(dtype, ndim, axis, where):
    """A derivative that cuts `where` out of one axis of the gradient."""
    key = (slice(None),) * (axis % ndim) + (where,)
    return lambda gy: np.asarray(gy[key]).astype(dtype, copy=False)


def _cannot_join(operation, shapes, axis, expected):
    given = ", ".join(str(s) for s in shapes) if shapes else "no arrays"
    return ValueError(f"{operation}: got {given} with axis={axis}; expected {expected}")


def pad(x, *, widths, value=0.0):
    """Surround an array with a constant.

    Args:
        x: Array.
        widths: A pair (before, after) for every axis, first axis first (as NumPy's `pad`).
        value: The constant.

    Returns:
        The larger array and its derivative.

    Raises:
        ValueError: When a pair is missing or a width is negative.

    Example:
        >>> pad(np.array([1.0, 2.0]), widths=((1, 2),))[0]
        array([0., 1., 2., 0., 0.])
    """
    if len(widths) != x.ndim or any(len(w) != 2 or w[0] < 0 or w[1] < 0 for w in widths):
        raise ValueError(
            f"pad: widths {widths} for shape {x.shape}; expected {x.ndim} pairs "
            "(before, after) of numbers not below 0 (to cut an array use slices)"
        )
    inner = tuple(
        [slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True)]
    )
    size = [before + n + after for (before, after), n in zip(widths, x.shape, strict=True)]
    y = np.full(size, value, x.dtype)
    y[inner] = x
    return y, (lambda gy: gy[inner],)
