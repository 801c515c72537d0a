"""Sorting, running sums and products, and drawing by weights: what goes along one axis."""

import numpy as np

from minitransfer.autograd import as_array, differentiable, explain_arguments
from minitransfer.ops.common import as_float
from minitransfer.ops.indexing import gather
from minitransfer.ops.reductions import ValuesIndices
from minitransfer.random import default_generator


@differentiable
def argsort(input, dim=-1, descending=False, stable=False):
    """The places of the numbers along an axis in rising order, as int64; equal ones as they stand.

    Args:
        input: Array.
        dim: The axis.
        descending: From the largest to the smallest.
        stable: Taken for PyTorch's sake; equal numbers keep their order in any case.

    Example:
        >>> argsort.__wrapped__(np.array([3.0, 1.0, 2.0]), descending=True)[0]
        array([0, 2, 1])
    """
    if not input.ndim:
        return np.zeros((), np.int64), (None,)
    if not descending:
        return np.argsort(input, axis=dim, kind="stable"), (None,)
    # Sorted backwards from the end, so that equal numbers keep their order.
    backwards = np.argsort(np.flip(input, dim), axis=dim, kind="stable")
    return input.shape[dim] - 1 - np.flip(backwards, dim), (None,)


@explain_arguments
def sort(input, dim=-1, descending=False, stable=False):
    """The numbers along an axis in rising order, and where they stood: (values, indices).

    Example:
        >>> from minitransfer import tensor
        >>> values, indices = sort(tensor([3.0, 1.0, 2.0]))
        >>> values.tolist(), indices.tolist()
        ([1.0, 2.0, 3.0], [1, 2, 0])
    """
    places = argsort(input, dim, descending)
    return ValuesIndices(gather(input, dim, places) if input.ndim else input.clone(), places)


@explain_arguments
def topk(input, k, dim=None, largest=True, sorted=True):
    """The `k` largest numbers along an axis, and where they stood: (values, indices).

    Args:
        input: Tensor.
        k: How many.
        dim: The axis; the last one if None.
        largest: False for the smallest.
        sorted: Taken for PyTorch's sake; they are sorted in any case.

    Raises:
        ValueError: When there are fewer than `k`.

    Example:
        >>> from minitransfer import tensor
        >>> topk(tensor([3.0, 1.0, 2.0]), 2).values.tolist()
        [3.0, 2.0]
    """
    dim = -1 if dim is None else dim
    if not 0 <= k <= input.shape[dim]:
        raise ValueError(f"topk: k={k} of {input.shape[dim]} numbers along axis {dim}")
    places = argsort(input, dim, largest)
    key = (slice(None),) * (dim % input.ndim) + (slice(k),)
    return ValuesIndices(gather(input, dim, places[key]), places[key])


@differentiable
def cumsum(input, dim, dtype=None):
    """Running sums along an axis.

    Example:
        >>> value, (dx,) = cumsum.__wrapped__(np.array([1.0, 2.0, 3.0]), 0)
        >>> value, dx(np.ones(3))
        (array([1., 3., 6.]), array([3., 2., 1.]))
    """
    x = input if dtype is None else input.astype(dtype)
    if x.dtype.kind in "iub" and dtype is None:
        x = x.astype(np.int64)
    axis = dim if x.ndim else None
    return np.cumsum(x, axis).reshape(x.shape), (lambda gy: _running_sum_from_end(gy, axis),)


def _running_sum_from_end(gy, axis):
    """Every number counts in its own sum and all later ones."""
    if axis is None:
        return gy
    return np.flip(np.cumsum(np.flip(gy, axis), axis, dtype=gy.dtype), axis)


@differentiable
def cumprod(input, dim, dtype=None):
    """Running products along an axis.

    Example:
        >>> value, (dx,) = cumprod.__wrapped__(np.array([2.0, 3.0, 4.0]), 0)
        >>> value, dx(np.array([0.0, 0.0, 1.0]))
        (array([ 2.,  6., 24.]), array([12.,  8.,  6.]))
    """
    x = input if dtype is None else input.astype(dtype)
    if x.dtype.kind in "iub" and dtype is None:
        x = x.astype(np.int64)
    if not x.ndim:
        return x.copy(), (lambda gy: gy,)
    y = np.cumprod(x, dim)

    def dx(gy):
        # d y[k] / d x[i] is the product of all others up to k: no division, so zeros are no case
        # of their own. One pass for each place along the axis.
        x_, gy_ = np.moveaxis(x, dim, 0), np.moveaxis(gy, dim, 0)
        gx = np.zeros_like(gy_)
        before = np.ones_like(gy_[:1])[0] if len(gy_) else None
        for i in range(len(x_)):
            product = before
            for k in range(i, len(x_)):
                product = product * x_[k] if k > i else product
                gx[i] += gy_[k] * product
            before = before * x_[i]
        return np.moveaxis(gx, 0, dim)

    return y, (dx,)


@differentiable
def prod(input, dim=None, keepdim=False, dtype=None):
    """The product of all numbers, or of those along an axis.

    Args:
        input: Array.
        dim: None (all) or a number.
        keepdim: Keep the axis with size 1.
        dtype: The type to multiply in; that of `input` if None, int64 for whole numbers.

    Example:
        >>> value, (dx,) = prod.__wrapped__(np.array([2.0, 0.0, 4.0]))
        >>> float(value), dx(np.array(1.0))
        (0.0, array([0., 8., 0.]))
    """
    x = input if dtype is None else input.astype(dtype)
    shape, axis = x.shape, dim if x.ndim else None
    if axis is None:
        x, axis = x.reshape(-1), 0
    y = np.multiply.reduce(x, axis=axis, keepdims=True)

    def dx(gy):
        # The product of all others, those before times those behind: nothing is divided by 0.
        one = np.ones_like(x.take([0], axis)) if x.size else x
        cut = (slice(None),) * (axis % x.ndim)
        ahead, back = x[(*cut, slice(-1))], np.flip(x, axis)[(*cut, slice(-1))]
        before = np.cumprod(np.concatenate([one, ahead], axis), axis)
        behind = np.flip(np.cumprod(np.concatenate([one, back], axis), axis), axis)
        return (gy.reshape(y.shape) * before * behind).reshape(shape)

    if dim is None:
        return y.reshape((1,) * len(shape) if keepdim else ()), (dx,)
    return y if keepdim and input.ndim else y.squeeze(axis), (dx,)


@explain_arguments
def nonzero(input, as_tuple=False):
    """The places of all numbers that are not 0, a row each, as int64.

    Args:
        input: Tensor.
        as_tuple: Return a tensor for each axis instead, as an index takes them.

    Example:
        >>> from minitransfer import tensor
        >>> nonzero(tensor([0.0, 5.0, 7.0])).tolist()
        [[1], [2]]
    """
    places = np.argwhere(as_array(input)).astype(np.int64, copy=False)
    if as_tuple:
        return tuple(type(input)(places[:, i]) for i in range(places.shape[1]))
    return type(input)(places)


@explain_arguments
def multinomial(input, num_samples, replacement=False, generator=None):
    """Draw places by weight, from each row.

    Args:
        input: Weights (places,) or (rows, places), not below 0; they need not add up to 1.
        num_samples: How many to draw from each row.
        replacement: Whether a place may be drawn again.
        generator: A ``numpy.random.Generator``; the library's default one if None.

    Returns:
        Places (num_samples,) or (rows, num_samples), int64.

    Raises:
        ValueError: When weights are negative or not finite, or too few places have any.

    Example:
        >>> from minitransfer import tensor
        >>> multinomial(tensor([0.0, 1.0, 0.0]), 2, replacement=True).tolist()
        [1, 1]
    """
    weights = np.asarray(as_array(input), np.float64)
    rows = weights.reshape(-1, weights.shape[-1])
    possible = (rows > 0).sum(axis=1)
    if not (np.isfinite(rows).all() and (rows >= 0).all() and (possible > 0).all()):
        raise ValueError(
            "multinomial: weights have to be finite, not below 0, and not all 0; take a softmax "
            "or exp() of logits first"
        )
    if not replacement and num_samples > possible.min():
        raise ValueError(
            f"multinomial: {num_samples} different places from a row in which "
            f"{possible.min()} have a weight; draw fewer, or with replacement=True"
        )
    generator = generator or default_generator()
    shares = rows / rows.sum(axis=1, keepdims=True)
    drawn = [generator.choice(len(row), num_samples, replace=replacement, p=row) for row in shares]
    return type(input)(np.stack(drawn).reshape(*weights.shape[:-1], num_samples).astype(np.int64))


@explain_arguments
def bernoulli(input, generator=None):
    """1 with the probability that stands at each place, else 0.

    Example:
        >>> from minitransfer import tensor
        >>> bernoulli(tensor([0.0, 1.0])).tolist()
        [0.0, 1.0]
    """
    p = as_float(as_array(input))
    drawn = (generator or default_generator()).random(p.shape, np.float32)
    return type(input)((drawn < p).astype(p.dtype))
