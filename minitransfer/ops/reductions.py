"""Sums, means, extremes over some axes or all. Options are NumPy's: `axis` and `keepdims`.

`axis` is None for all axes, a number, or a tuple of numbers; with `keepdims` the axes that were
summed over stay with size 1.
"""

import numpy as np

from minitransfer.ops.precision import floating


def sum(x, *, axis=None, keepdims=False):
    """Sum over axes.

    Args:
        x: Array.
        axis: None (all), a number or a tuple.
        keepdims: Keep the summed axes with size 1.

    Returns:
        The sum, in the dtype of `x`, and its derivative.

    Example:
        >>> value, (dx,) = sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
        >>> value, dx(np.array([10.0, 20.0]))
        (array([4., 6.]), array([[10., 20.],
               [10., 20.]]))
    """
    shape = x.shape
    return np.add.reduce(x, axis=axis, keepdims=keepdims), (lambda gy: _spread(gy, shape, axis),)


def mean(x, *, axis=None, keepdims=False):
    """Arithmetic mean over axes.

    Returns:
        The mean and its derivative.

    Raises:
        ValueError: When there is nothing to average.

    Example:
        >>> value, (dx,) = mean(np.array([1.0, 2.0, 6.0]))
        >>> float(value), dx(np.array(3.0))
        (3.0, array([1., 1., 1.]))
    """
    x = floating(x)
    shape, count = x.shape, _count(x, axis)
    if count == 0:
        raise ValueError(
            f"mean: there is nothing to average over axis {axis} of shape {shape}; "
            "is the data empty?"
        )
    return np.add.reduce(x, axis=axis, keepdims=keepdims) / count, (
        lambda gy: _spread(gy / count, shape, axis),
    )


def max(x, *, axis=None, keepdims=False):
    """Largest element over axes; NaN where there is a NaN.

    Elements that tie for the largest share the gradient evenly (as PyTorch's `amax`).

    Example:
        >>> value, (dx,) = max(np.array([1.0, 5.0, 5.0]))
        >>> float(value), dx(np.array(1.0))
        (5.0, array([0. , 0.5, 0.5]))
    """
    return _extreme(np.maximum, x, axis, keepdims)


def min(x, *, axis=None, keepdims=False):
    """Smallest element over axes; NaN where there is a NaN.

    Elements that tie for the smallest share the gradient evenly (as PyTorch's `amin`).

    Example:
        >>> min(np.array([[4.0, 1.0], [2.0, 3.0]]), axis=1)[0]
        array([1., 2.])
    """
    return _extreme(np.minimum, x, axis, keepdims)


def _extreme(choose, x, axis, keepdims):
    y = choose.reduce(x, axis=axis, keepdims=True)

    def dx(gy):
        hit = (x == y) | (x != x)  # a NaN is the extreme of its group
        ties = np.add.reduce(hit, axis=axis, keepdims=True, dtype=x.dtype)
        return np.where(hit, gy.reshape(y.shape) / ties, 0)

    return y if keepdims else y.reshape(_reduced_shape(x.shape, axis)), (dx,)


def var(x, *, axis=None, correction=1, keepdims=False):
    """Variance over axes: the mean squared distance from the mean.

    Args:
        x: Array.
        axis: None (all), a number or a tuple.
        correction: What is subtracted from the number of elements in the divisor: 1 for an
            unbiased estimate (default, as in PyTorch), 0 for the variance of the data itself.
        keepdims: Keep the axes with size 1.

    Returns:
        The variance and its derivative.

    Raises:
        ValueError: When there are no more elements than `correction`.

    Example:
        >>> value, (dx,) = var(np.array([1.0, 3.0]))
        >>> float(value), dx(np.array(1.0))
        (2.0, array([-2.,  2.]))
    """
    x = floating(x)
    count = _count(x, axis)
    if count <= correction:
        raise ValueError(
            f"var: {count} element(s) over axis {axis} of shape {x.shape} with correction "
            f"{correction}; more than {correction} are needed (or use correction=0)"
        )
    divisor = count - correction
    apart = x - np.add.reduce(x, axis=axis, keepdims=True) / count
    kept = _kept_shape(x.shape, axis)
    return np.add.reduce(apart * apart, axis=axis, keepdims=keepdims) / divisor, (
        lambda gy: gy.reshape(kept) * (2 / divisor) * apart,
    )


def logsumexp(x, *, axis=None, keepdims=False):
    """Logarithm of the sum of exponentials over axes, without overflow.

    Example:
        >>> value, (dx,) = logsumexp(np.array([1000.0, 1000.0]))
        >>> round(float(value), 4), dx(np.array(1.0))
        (1000.6931, array([0.5, 0.5]))
    """
    x = floating(x)
    top = np.maximum.reduce(x, axis=axis, keepdims=True)
    # An infinite top would give inf - inf; the exponentials are 0 or inf then, as they should be.
    top = np.where(np.isinf(top), 0, top)
    with np.errstate(divide="ignore", over="ignore"):
        total = np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)
        y = np.log(total) + top

    def dx(gy):
        with np.errstate(invalid="ignore"):
            return gy.reshape(y.shape) * np.exp(x - np.where(y == -np.inf, 0, y))

    return y if keepdims else y.reshape(_reduced_shape(x.shape, axis)), (dx,)


def _axes(ndim, axis):
    """The axes as numbers from 0, None meaning all."""
    if axis is None:
        return range(ndim)
    return [a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))]


def _count(x, axis):
    """How many elements go into one result."""
    if axis is None:
        return x.size
    if not isinstance(axis, tuple):
        return x.shape[axis]
    count = 1
    for a in axis:
        count *= x.shape[a]
    return count


def _kept_shape(shape, axis):
    """The shape after the reduction, its axes kept with size 1."""
    axes = _axes(len(shape), axis)
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


def _reduced_shape(shape, axis):
    """The shape after the reduction, its axes gone."""
    axes = _axes(len(shape), axis)
    return tuple([n for i, n in enumerate(shape) if i not in axes])


def _spread(gy, shape, axis):
    """Give every summed element the gradient of its sum: the adjoint of summing is broadcasting."""
    gx = np.empty(shape, gy.dtype)
    gx[...] = gy if axis is None else gy.reshape(_kept_shape(shape, axis))
    return gx
