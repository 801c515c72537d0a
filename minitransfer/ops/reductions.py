"""Sums, means, extremes over some axes or all.

`dim` is None for all axes, a number, or several numbers; with `keepdim` the axes that were summed
over stay with size 1.
"""

import math
from typing import NamedTuple

import numpy as np

from minitransfer.autograd import differentiable, explain_arguments
from minitransfer.ops.common import as_float, total
from minitransfer.ops.indexing import gather
from minitransfer.ops.selection import maximum, minimum
from minitransfer.ops.shapes import clone, squeeze


@differentiable
def sum(input, dim=None, keepdim=False, dtype=None):
    """Sum over axes.

    Args:
        input: Array.
        dim: None (all), a number or several.
        keepdim: Keep the summed axes with size 1.
        dtype: The type to sum in; that of `input` if None.

    Returns:
        The sum, in the dtype of `input`, and its derivative.

    Example:
        >>> value, (dx,) = sum.__wrapped__(np.array([[1.0, 2.0], [3.0, 4.0]]), dim=0)
        >>> value, dx(np.array([10.0, 20.0]))
        (array([4., 6.]), array([[10., 20.],
               [10., 20.]]))
    """
    shape, axis = input.shape, _axis(input, dim)
    x = input if dtype is None else input.astype(dtype)
    return total(x, axis, keepdim), (lambda gy: _spread(gy, shape, axis),)


@differentiable
def mean(input, dim=None, keepdim=False, dtype=None):
    """Arithmetic mean over axes.

    Returns:
        The mean and its derivative.

    Raises:
        ValueError: When there is nothing to average.

    Example:
        >>> value, (dx,) = mean.__wrapped__(np.array([1.0, 2.0, 6.0]))
        >>> float(value), dx(np.array(3.0))
        (3.0, array([1., 1., 1.]))
    """
    x, axis = as_float(input if dtype is None else input.astype(dtype)), _axis(input, dim)
    shape, count = x.shape, _count(x, axis)
    if count == 0:
        raise ValueError(
            f"mean: there is nothing to average over axis {axis} of shape {shape}; "
            "is the data empty?"
        )
    return total(x, axis, keepdim) / count, (lambda gy: _spread(gy / count, shape, axis),)


@differentiable
def var(input, dim=None, correction=1, keepdim=False, unbiased=None):
    """Variance over axes: the mean squared distance from the mean.

    Args:
        input: Array.
        dim: None (all), a number or several.
        correction: What is subtracted from the number of elements in the divisor: 1 for an
            unbiased estimate (default, as in PyTorch), 0 for the variance of the data itself.
        keepdim: Keep the axes with size 1.
        unbiased: Old name of `correction`: True for 1, False for 0.

    Returns:
        The variance and its derivative.

    Raises:
        ValueError: When there are no more elements than `correction`.

    Example:
        >>> value, (dx,) = var.__wrapped__(np.array([1.0, 3.0]))
        >>> float(value), dx(np.array(1.0))
        (2.0, array([-2.,  2.]))
    """
    y, apart, divisor, kept = _variance("var", input, dim, correction, keepdim, unbiased)
    return y, (lambda gy: gy.reshape(kept) * (2 / divisor) * apart,)


@differentiable
def std(input, dim=None, correction=1, keepdim=False, unbiased=None):
    """Standard deviation over axes, the root of `var`. Where it is 0 so is its slope.

    Example:
        >>> value, (dx,) = std.__wrapped__(np.array([1.0, 3.0]), correction=0)
        >>> float(value), dx(np.array(1.0))
        (1.0, array([-0.5,  0.5]))
    """
    with np.errstate(over="ignore"):
        variance, apart, divisor, kept = _variance("std", input, dim, correction, keepdim, unbiased)
    y = np.sqrt(variance)
    if np.isinf(y).any():  # 1e20 squared is beyond float32, its deviation is not
        squares = np.square(apart, dtype=np.float64)
        y = np.sqrt(total(squares, _axis(input, dim), keepdim) / divisor).astype(apart.dtype)

    def dx(gy):
        return (gy / np.where(y == 0, 1, divisor * y)).reshape(kept) * apart

    return y, (dx,)


def _variance(name, input, dim, correction, keepdim, unbiased):
    """The variance, the distances from the mean, the divisor, and the shape with axes kept."""
    if isinstance(dim, bool):  # PyTorch's x.var(False)
        dim, unbiased = None, dim
    correction = int(correction if unbiased is None else unbiased)
    x, axis = as_float(input), _axis(input, dim)
    count = _count(x, axis)
    if count <= correction:
        raise ValueError(
            f"{name}: {count} element(s) over axis {axis} of shape {x.shape} with correction "
            f"{correction}; more than {correction} are needed (or use correction=0)"
        )
    apart = x - total(x, axis, True) / count
    divisor = count - correction
    return total(apart * apart, axis, keepdim) / divisor, apart, divisor, _kept_shape(x.shape, axis)


@differentiable
def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The p-norm over axes: (sum of |x| ** p) ** (1 / p). Where it is 0 so is its slope.

    Args:
        input: Array x.
        p: "fro" or 2 for the Euclidean norm, 1, `math.inf` for the largest |x|, or any other
            positive number.
        dim: None (all), a number or several.
        keepdim: Keep the axes with size 1.

    Returns:
        The norm and its derivative.

    Raises:
        ValueError: When `p` is not a positive number.

    Example:
        >>> value, (dx,) = norm.__wrapped__(np.array([3.0, 4.0]))
        >>> float(value), dx(np.array(1.0))
        (5.0, array([0.6, 0.8]))
    """
    p = 2 if p in ("fro", None) else p
    if not isinstance(p, (int, float)) or not p > 0:
        raise ValueError(f"norm: p is {p!r}; expected a positive number, math.inf or 'fro'")
    x, axis = as_float(input if dtype is None else input.astype(dtype)), _axis(input, dim)
    size = np.abs(x)
    if p == math.inf:
        largest, (dlargest,) = amax.__wrapped__(size, dim, keepdim)
        return largest, (lambda gy: dlargest(gy) * np.sign(x),)
    kept = _kept_shape(x.shape, axis)
    # Divided by the largest before they are raised: 1e30 squared is beyond float32.
    top = np.maximum.reduce(size, axis=axis, keepdims=True, initial=0)
    top = np.where((top == 0) | np.isinf(top), 1, top)
    shares = size / top
    y = top * total(shares**p, axis, True) ** (1 / p)

    def dx(gy):
        slope = np.sign(x) * (size / np.where(y == 0, 1, y)) ** (p - 1)
        return gy.reshape(kept) * slope

    return y if keepdim else y.reshape(_reduced_shape(x.shape, axis)), (dx,)


@differentiable
def logsumexp(input, dim=None, keepdim=False):
    """Logarithm of the sum of exponentials over axes, without overflow.

    Example:
        >>> value, (dx,) = logsumexp.__wrapped__(np.array([1000.0, 1000.0]))
        >>> round(float(value), 4), dx(np.array(1.0))
        (1000.6931, array([0.5, 0.5]))
    """
    x, axis = as_float(input), _axis(input, dim)
    top = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    # An infinite top would give inf - inf; the exponentials are 0 or inf then, as they should be.
    top = np.where(np.isinf(top), 0, top)
    with np.errstate(divide="ignore", over="ignore"):
        y = np.log(total(np.exp(x - top), axis, True)) + top

    def dx(gy):
        with np.errstate(invalid="ignore"):
            return gy.reshape(y.shape) * np.exp(x - np.where(y == -np.inf, 0, y))

    return y if keepdim else y.reshape(_reduced_shape(x.shape, axis)), (dx,)


@differentiable
def amax(input, dim=None, keepdim=False):
    """Largest element over axes; NaN where there is a NaN.

    Elements that tie for the largest share the gradient evenly.

    Example:
        >>> value, (dx,) = amax.__wrapped__(np.array([1.0, 5.0, 5.0]))
        >>> float(value), dx(np.array(1.0))
        (5.0, array([0. , 0.5, 0.5]))
    """
    return _extreme(np.maximum, input, dim, keepdim)


@differentiable
def amin(input, dim=None, keepdim=False):
    """Smallest element over axes; NaN where there is a NaN.

    Elements that tie for the smallest share the gradient evenly.

    Example:
        >>> amin.__wrapped__(np.array([[4.0, 1.0], [2.0, 3.0]]), dim=1)[0]
        array([1., 2.])
    """
    return _extreme(np.minimum, input, dim, keepdim)


def _extreme(choose, x, dim, keepdim):
    axis = _axis(x, dim)
    y = choose.reduce(x, axis=axis, keepdims=True)

    def dx(gy):
        hit = (x == y) | (x != x)  # a NaN is the extreme of its group
        ties = np.add.reduce(hit, axis=axis, keepdims=True, dtype=x.dtype)
        return np.where(hit, gy.reshape(y.shape) / ties, 0)

    return y if keepdim else y.reshape(_reduced_shape(x.shape, axis)), (dx,)


@differentiable
def argmax(input, dim=None, keepdim=False):
    """Place of the largest element along an axis (the first of several), as int64.

    Example:
        >>> argmax.__wrapped__(np.array([1.0, 5.0, 5.0]))[0]
        array(1)
    """
    return np.asarray(input.argmax(_axis(input, dim), keepdims=keepdim)), (None,)


@differentiable
def argmin(input, dim=None, keepdim=False):
    """Place of the smallest element along an axis (the first of several), as int64.

    Example:
        >>> argmin.__wrapped__(np.array([[1.0, 0.0], [2.0, 3.0]]), dim=1)[0]
        array([1, 0])
    """
    return np.asarray(input.argmin(_axis(input, dim), keepdims=keepdim)), (None,)


class ValuesIndices(NamedTuple):
    """What `max` and `min` over an axis return: the numbers, and where they stood."""

    values: object
    indices: object


@explain_arguments
def max(input, dim=None, keepdim=False, other=None):
    """The largest number; with an axis the pair (values, indices); of two tensors, the larger
    number at each place. With an axis the first of several that tie gets all of the gradient.

    Example:
        >>> from minitransfer import tensor
        >>> max(tensor([[1.0, 3.0], [2.0, 0.0]]), 1).indices.tolist()
        [1, 0]
    """
    if other is not None or not isinstance(dim, (int, type(None))):
        return maximum(input, dim if other is None else other)
    if dim is None:
        return amax(input)
    return _with_places(input, argmax(input, dim, True), dim, keepdim)


@explain_arguments
def min(input, dim=None, keepdim=False, other=None):
    """The smallest number; with an axis the pair (values, indices); of two tensors, the smaller
    number at each place. With an axis the first of several that tie gets all of the gradient.

    Example:
        >>> from minitransfer import tensor
        >>> min(tensor([1.0, 3.0]), tensor([2.0, 0.0])).tolist()
        [1.0, 0.0]
    """
    if other is not None or not isinstance(dim, (int, type(None))):
        return minimum(input, dim if other is None else other)
    if dim is None:
        return amin(input)
    return _with_places(input, argmin(input, dim, True), dim, keepdim)


def _with_places(input, places, dim, keepdim):
    """The numbers at `places`, which kept the axis, and the places."""
    values = gather(input, dim, places) if input.ndim else clone(input)
    if keepdim or not input.ndim:
        return ValuesIndices(values, places)
    return ValuesIndices(squeeze(values, dim), squeeze(places, dim))


@differentiable
def all(input, dim=None, keepdim=False):
    """Whether every element is true (not 0).

    Example:
        >>> all.__wrapped__(np.array([[True, False], [True, True]]), dim=1)[0]
        array([False,  True])
    """
    return np.all(input, axis=_axis(input, dim), keepdims=keepdim), (None,)


@differentiable
def any(input, dim=None, keepdim=False):
    """Whether any element is true (not 0).

    Example:
        >>> any.__wrapped__(np.array([[True, False], [False, False]]), dim=1)[0]
        array([ True, False])
    """
    return np.any(input, axis=_axis(input, dim), keepdims=keepdim), (None,)


def _axis(x, dim):
    """`dim` as NumPy's `axis`. A tensor of no axes has, as in PyTorch, an axis 0 all the same."""
    if not x.ndim and dim in (0, -1):
        return None
    return tuple(dim) if isinstance(dim, list) else dim


def _axes(ndim, axis):
    """The axes as numbers from 0, None meaning all."""
    if axis is None:
        return range(ndim)
    return [a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))]


def _count(x, axis):
    """How many elements go into one result."""
    return math.prod(x.shape[a] for a in _axes(x.ndim, axis))


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
    gx = np.empty_like(gy, shape=shape, order="C")
    gx[...] = gy if axis is None else gy.reshape(_kept_shape(shape, axis))
    return gx
