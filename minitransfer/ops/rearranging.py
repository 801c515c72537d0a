"""Triangles, parts, repetitions, turns: operations that pick and move whole rows and slices."""

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import as_array, differentiable, explain_arguments
from minitransfer.ops.common import total, unbroadcast
from minitransfer.ops.indexing import index


@differentiable
def tril(input, diagonal=0):
    """The lower triangle of the last two axes, 0 above it.

    Args:
        input: Array (..., rows, columns).
        diagonal: The last diagonal to keep: 0 the main one, 1 the one above it, and so on.

    Example:
        >>> tril.__wrapped__(np.ones((2, 3)))[0]
        array([[1., 0., 0.],
               [1., 1., 0.]])
    """
    return np.tril(input, diagonal), (lambda gy: np.tril(gy, diagonal),)


@differentiable
def triu(input, diagonal=0):
    """The upper triangle of the last two axes, 0 below it.

    Example:
        >>> triu.__wrapped__(np.ones((2, 3)), diagonal=1)[0]
        array([[0., 1., 1.],
               [0., 0., 1.]])
    """
    return np.triu(input, diagonal), (lambda gy: np.triu(gy, diagonal),)


# Parts. They are slices: what `index` records.


@explain_arguments
def split(tensor, split_size_or_sections, dim=0):
    """Cut into parts along an axis.

    Args:
        tensor: Tensor.
        split_size_or_sections: Length of each part, the last one may be shorter; or a list of
            lengths.
        dim: The axis.

    Returns:
        A tuple of views.

    Raises:
        ValueError: When lengths do not add up to that of the axis.

    Example:
        >>> from minitransfer import arange
        >>> [part.tolist() for part in split(arange(5), 2)]
        [[0, 1], [2, 3], [4]]
    """
    length, size = tensor.shape[dim], split_size_or_sections
    if isinstance(size, (int, np.integer)):
        if size < 1:
            raise ValueError(f"split: parts of length {size}; expected 1 or more")
        size = [min(size, length - start) for start in range(0, length, size)] or [0]
    if sum(size) != length:
        raise ValueError(f"split: lengths {list(size)} for an axis of {length}; they must add up")
    ends = np.cumsum(size)
    before = (slice(None),) * (dim % tensor.ndim)
    return tuple(
        index(tensor, (*before, slice(int(end - n), int(end))))
        for n, end in zip(size, ends, strict=True)
    )


@explain_arguments
def chunk(input, chunks, dim=0):
    """Cut into so many parts along an axis, as equal as can be; the last one may be shorter.

    Example:
        >>> from minitransfer import arange
        >>> [part.tolist() for part in chunk(arange(5), 2)]
        [[0, 1, 2], [3, 4]]
    """
    return split(input, max(-(-input.shape[dim] // chunks), 1), dim)


@explain_arguments
def unbind(input, dim=0):
    """The slices along an axis, without that axis.

    Example:
        >>> from minitransfer import tensor
        >>> [part.tolist() for part in unbind(tensor([[1, 2], [3, 4]]), dim=1)]
        [[1, 3], [2, 4]]
    """
    before = (slice(None),) * (dim % input.ndim)
    return tuple(index(input, (*before, i)) for i in range(input.shape[dim]))


# Repetitions. Every copy contributes to the result, so gradients of copies are summed.


@differentiable
def repeat(input, *repeats):
    """The whole array so many times along each axis; new axes come in front.

    Args:
        input: Array.
        repeats: How many times, axis by axis, one by one or in a tuple.

    Example:
        >>> value, (dx,) = repeat.__wrapped__(np.array([1.0, 2.0]), 2, 2)
        >>> value, dx(np.ones((2, 4)))
        (array([[1., 2., 1., 2.],
               [1., 2., 1., 2.]]), array([4., 4.]))
    """
    times = tuple(repeats[0]) if repeats and isinstance(repeats[0], (tuple, list)) else repeats
    if len(times) < input.ndim:
        raise ValueError(
            f"repeat: {times} for shape {input.shape}; give a number for each axis, new ones first"
        )
    shape = (1,) * (len(times) - input.ndim) + input.shape

    def dx(gy):
        apart = [n for pair in zip(times, shape, strict=True) for n in pair]
        return total(gy.reshape(apart), tuple(range(0, 2 * len(times), 2))).reshape(input.shape)

    return np.tile(input, times), (dx,)


@differentiable
def repeat_interleave(input, repeats, dim=None):
    """Each element so many times, one after the other.

    Args:
        input: Array.
        repeats: How many times, a number for all or an integer array (one for each).
        dim: The axis; the flattened array if None.

    Example:
        >>> repeat_interleave.__wrapped__(np.array([1.0, 2.0]), 2)[0]
        array([1., 1., 2., 2.])
    """
    axis = 0 if dim is None else dim % input.ndim
    x = input.reshape(-1) if dim is None else input
    places = np.repeat(np.arange(x.shape[axis]), as_array(repeats))
    key = (slice(None),) * axis + (places,)
    return x[key], (lambda gy: kernels.scatter(gy, key, x.shape).reshape(input.shape), None)


# Turns


@differentiable
def roll(input, shifts, dims=None):
    """Shifted along axes; what falls off one end comes in at the other.

    Example:
        >>> roll.__wrapped__(np.array([1.0, 2.0, 3.0]), 1)[0]
        array([3., 1., 2.])
    """
    back = -shifts if isinstance(shifts, int) else tuple(-s for s in shifts)
    return np.roll(input, shifts, dims), (lambda gy: np.roll(gy, back, dims),)


@differentiable
def flip(input, *dims):
    """Turned round along axes.

    Args:
        input: Array.
        dims: Axes, one by one or in a tuple.

    Example:
        >>> flip.__wrapped__(np.array([[1.0, 2.0], [3.0, 4.0]]), 0)[0]
        array([[3., 4.],
               [1., 2.]])
    """
    axes = tuple(dims[0]) if dims and isinstance(dims[0], (tuple, list)) else dims
    return np.flip(input, axes), (lambda gy: np.flip(gy, axes),)


# Choosing


@differentiable
def masked_fill(input, mask, value):
    """`value` where `mask` holds, the numbers of `input` elsewhere.

    Args:
        input: Array.
        mask: Boolean array that broadcasts to `input`.
        value: A number.

    Example:
        >>> masked_fill.__wrapped__(np.ones(2), np.array([True, False]), -np.inf)[0]
        array([-inf,   1.])
    """
    y = np.where(mask, np.asarray(value, input.dtype), input)
    return y, (lambda gy: unbroadcast(np.where(mask, 0, gy), input), None)


@explain_arguments
def masked_select(input, mask):
    """The numbers where `mask` holds, in one row.

    Example:
        >>> from minitransfer import tensor
        >>> x = tensor([1.0, 5.0, 7.0])
        >>> masked_select(x, x > 2).tolist()
        [5.0, 7.0]
    """
    shape = np.broadcast_shapes(input.shape, mask.shape)
    return index(input.expand(shape), np.broadcast_to(as_array(mask), shape))


@differentiable
def index_select(input, dim, index):
    """The slices at some places along an axis.

    Args:
        input: Array.
        dim: The axis.
        index: Integer array (places,).

    Example:
        >>> index_select.__wrapped__(np.array([[1.0, 2.0], [3.0, 4.0]]), 1, np.array([1, 1]))[0]
        array([[2., 2.],
               [4., 4.]])
    """
    key = (slice(None),) * (dim % max(input.ndim, 1)) + (index,)
    return input[key], (lambda gy: kernels.scatter(gy, key, input.shape), None, None)
