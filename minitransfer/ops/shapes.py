"""Operations that move elements without computing: reshape, permute, join, pad, convert.

Their derivatives move the gradient back.
"""

import math

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import differentiable, explain_arguments, to_array
from minitransfer.ops.common import keep_float32, unbroadcast


@differentiable
def reshape(input, *shape):
    """The same elements, row by row, in another shape.

    Args:
        input: Array.
        shape: New sizes, one by one or in a tuple; one may be -1, it follows from the others.

    Returns:
        The reshaped array (a view where possible) and its derivative.

    Raises:
        ValueError: When the number of elements differs.

    Example:
        >>> reshape.__wrapped__(np.arange(6.0), 2, -1)[0]
        array([[0., 1., 2.],
               [3., 4., 5.]])
    """
    old, shape = input.shape, _sizes(shape)
    try:
        y = input.reshape(shape)
    except ValueError:
        raise ValueError(
            f"reshape: shape {old} holds {input.size} elements, which do not fill {shape}; the "
            "sizes must multiply to the same number (one of them may be -1)"
        ) from None
    return y, (lambda gy: gy.reshape(old),)


@differentiable
def view_as(input, other):
    """The same elements in the shape of `other`.

    Example:
        >>> view_as.__wrapped__(np.arange(4.0), np.zeros((2, 2)))[0].shape
        (2, 2)
    """
    y, (dx,) = reshape.__wrapped__(input, other.shape)
    return y, (dx, None)


@differentiable
def reshape_as(input, other):
    """The same elements in the shape of `other`; the same as `view_as`."""
    return view_as.__wrapped__(input, other)


@differentiable
def flatten(input, start_dim=0, end_dim=-1):
    """The axes from `start_dim` to `end_dim`, both included, joined into one.

    Example:
        >>> flatten.__wrapped__(np.zeros((2, 1, 28, 28)), 1)[0].shape
        (2, 784)
    """
    shape = input.shape
    if not shape:
        return reshape.__wrapped__(input, 1)
    start, end = _place(start_dim, len(shape)), _place(end_dim, len(shape))
    joined = math.prod(shape[start : end + 1])
    return reshape.__wrapped__(input, (*shape[:start], joined, *shape[end + 1 :]))


@differentiable
def squeeze(input, dim=None):
    """The array without its axes of size 1, or without those of them that `dim` names.

    Example:
        >>> squeeze.__wrapped__(np.zeros((1, 3, 1)), -1)[0].shape
        (1, 3)
    """
    shape = input.shape
    dims = range(len(shape)) if dim is None else dim if isinstance(dim, (tuple, list)) else (dim,)
    dims = {_place(d, max(len(shape), 1)) for d in dims}
    kept = tuple([n for i, n in enumerate(shape) if not (i in dims and n == 1)])
    return reshape.__wrapped__(input, kept)


@differentiable
def unsqueeze(input, dim):
    """A new axis of size 1 at `dim`.

    Example:
        >>> unsqueeze.__wrapped__(np.zeros(3), -1)[0].shape
        (3, 1)
    """
    place = _place(dim, input.ndim + 1)
    return reshape.__wrapped__(input, (*input.shape[:place], 1, *input.shape[place:]))


@differentiable
def permute(input, *dims):
    """The axes in another order; axis `i` of the result is axis `dims[i]` of `input`.

    Args:
        input: Array.
        dims: Every axis once, counted from 0 or, if negative, from the end; one by one or in a
            tuple.

    Returns:
        A view with its axes reordered, and the derivative.

    Raises:
        ValueError: When `dims` does not name every axis once.

    Example:
        >>> permute.__wrapped__(np.zeros((2, 3, 4)), 2, 0, 1)[0].shape
        (4, 2, 3)
    """
    ndim, dims = input.ndim, _sizes(dims)
    order = tuple([a + ndim if a < 0 else a for a in dims])
    if sorted(order) != list(range(ndim)):
        raise ValueError(
            f"permute: axes {dims} for shape {input.shape}; expected each of the "
            f"{ndim} axes exactly once"
        )
    back = sorted(range(ndim), key=order.__getitem__)
    return input.transpose(order), (lambda gy: gy.transpose(back),)


@differentiable
def transpose(input, dim0, dim1):
    """Two axes swapped.

    Example:
        >>> transpose.__wrapped__(np.zeros((2, 3, 4)), 0, -1)[0].shape
        (4, 3, 2)
    """
    dim0, dim1 = (_place(d, max(input.ndim, 1)) for d in (dim0, dim1))
    if not input.ndim:
        return reshape.__wrapped__(input, ())
    return input.swapaxes(dim0, dim1), (lambda gy: gy.swapaxes(dim0, dim1),)


@differentiable
def t(input):
    """The transpose of a matrix.

    Raises:
        ValueError: When there are more than two axes.

    Example:
        >>> t.__wrapped__(np.zeros((2, 3)))[0].shape
        (3, 2)
    """
    if input.ndim > 2:
        raise ValueError(
            f"t: the transpose of a matrix; given shape {input.shape}. Use .mT for the last two "
            "axes, or .permute()"
        )
    return input.T, (lambda gy: gy.T,)


@differentiable
def expand(input, *sizes):
    """Repeat axes of size 1, or new ones in front, without copying.

    Args:
        input: Array.
        sizes: The shape to broadcast to, one by one or in a tuple; -1 leaves a size as it is.

    Returns:
        A read-only view of that shape and its derivative, a sum over the repetitions.

    Raises:
        ValueError: When `input` does not broadcast to that shape.

    Example:
        >>> value, (dx,) = expand.__wrapped__(np.array([[1.0], [2.0]]), -1, 3)
        >>> value, dx(np.ones((2, 3)))
        (array([[1., 1., 1.],
               [2., 2., 2.]]), array([[3.],
               [3.]]))
    """
    sizes = _sizes(sizes)
    new = len(sizes) - input.ndim
    full = tuple([input.shape[i - new] if n == -1 and i >= new else n for i, n in enumerate(sizes)])
    try:
        y = np.broadcast_to(input, full)
    except ValueError:
        raise ValueError(
            f"expand: shape {input.shape} cannot become {sizes}; sizes must stay the same or "
            "grow from 1, new axes come in front, and -1 leaves an existing size as it is"
        ) from None
    return y, (lambda gy: unbroadcast(gy, input),)


@differentiable
def expand_as(input, other):
    """Axes of size 1 repeated, and new ones in front, up to the shape of `other`.

    Example:
        >>> expand_as.__wrapped__(np.ones((2, 1)), np.zeros((2, 3)))[0].shape
        (2, 3)
    """
    y, (dx,) = expand.__wrapped__(input, other.shape)
    return y, (dx, None)


@differentiable
def narrow(input, dim, start, length):
    """The part of an axis from `start` on.

    Example:
        >>> narrow.__wrapped__(np.array([1.0, 2.0, 3.0]), 0, 1, 2)[0]
        array([2., 3.])
    """
    shape = input.shape
    key = (slice(None),) * _place(dim, input.ndim) + (slice(start, start + length),)
    if not 0 <= start <= start + length <= shape[dim]:
        raise ValueError(f"narrow: {length} places from {start} on, of an axis of {shape[dim]}")

    def dx(gy):
        gx = np.zeros_like(gy, order="C", shape=shape)
        gx[key] = gy
        return gx

    return input[key], (dx,)


@differentiable
def clone(input):
    """A copy.

    Example:
        >>> x = np.ones(2)
        >>> clone.__wrapped__(x)[0] is x
        False
    """
    return input.copy(), (lambda gy: gy,)


@differentiable
def cast(input, dtype):
    """The elements in another dtype; between floats the derivative takes the way back.

    Example:
        >>> cast.__wrapped__(np.array([1.5]), np.dtype("int64"))[0]
        array([1])
    """
    floats = dtype.kind == "f" == input.dtype.kind
    return input.astype(dtype), ((lambda gy: gy.astype(input.dtype)) if floats else None,)


@explain_arguments
def cat(tensors, dim=0):
    """Join tensors along an axis that they have.

    Args:
        tensors: Tensors with the same shape except along `dim`.
        dim: Where to join.

    Raises:
        ValueError: When there are no tensors or their shapes do not fit.

    Example:
        >>> from minitransfer import ones, zeros
        >>> cat([ones(1, 2), zeros(2, 2)]).shape
        (3, 2)
    """
    return _concatenate(*tensors, dim=dim)


@explain_arguments
def stack(tensors, dim=0):
    """Join tensors of one shape along a new axis.

    Args:
        tensors: Tensors of the same shape.
        dim: Where the new axis stands in the result.

    Raises:
        ValueError: When there are no tensors or their shapes differ.

    Example:
        >>> from minitransfer import ones, zeros
        >>> stack([ones(2), zeros(2)], dim=1).shape
        (2, 2)
    """
    return _stack(*tensors, dim=dim)


@differentiable
def _concatenate(*arrays, dim):
    """The joined array and one derivative for each input: its part of the gradient."""
    shapes = [a.shape for a in arrays]
    try:
        y = np.concatenate(arrays, axis=dim)
    except ValueError as reason:
        raise _cannot_join("cat", shapes, dim, f"equal sizes except on axis {dim}") from (
            None if shapes else reason
        )
    derivatives, start = [], 0
    for a in arrays:
        stop = start + a.shape[dim]
        derivatives.append(_part(a.dtype, y.ndim, dim, slice(start, stop)))
        start = stop
    return keep_float32(y, *arrays), tuple(derivatives)


@differentiable
def _stack(*arrays, dim):
    """The stacked array and one derivative for each input."""
    shapes = [a.shape for a in arrays]
    if len(set(shapes)) != 1:
        raise _cannot_join("stack", shapes, dim, "one shape for all")
    y = keep_float32(np.stack(arrays, axis=dim), *arrays)
    return y, tuple([_part(a.dtype, y.ndim, dim, i) for i, a in enumerate(arrays)])


def _part(dtype, ndim, axis, where):
    """A derivative that cuts `where` out of one axis of the gradient."""
    key = (slice(None),) * (axis % ndim) + (where,)
    return lambda gy: to_array(gy[key]).astype(dtype, copy=False)


def _cannot_join(operation, shapes, axis, expected):
    given = ", ".join(str(s) for s in shapes) if shapes else "no arrays"
    return ValueError(f"{operation}: got {given} with dim={axis}; expected {expected}")


@differentiable
def pad(input, pad, mode="constant", value=None):
    """Surround an array with a constant, or with what it holds itself.

    Args:
        input: Array.
        pad: Widths (before, after) of the last axis, then of the last but one, and so on.
        mode: "constant"; "reflect", what is inside as in a mirror on the outermost element;
            "replicate", the outermost element; "circular", what is at the other end.
        value: The constant; 0 if None.

    Returns:
        The larger array and its derivative.

    Raises:
        ValueError: When the widths are no pairs, too many, or negative, or for another mode.

    Example:
        >>> pad.__wrapped__(np.array([1.0, 2.0]), (1, 2))[0]
        array([0., 1., 2., 0., 0.])
    """
    if mode not in _BORDERS:
        raise ValueError(f"pad: mode={mode!r}; expected one of {', '.join(_BORDERS)}")
    if len(pad) % 2 or len(pad) > 2 * input.ndim or any(n < 0 for n in pad):
        raise ValueError(
            f"pad: widths {pad} for shape {input.shape}; expected (before, after), numbers not "
            f"below 0, for up to {input.ndim} axes, the last axis first (to cut an array use "
            "slices)"
        )
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)][::-1]
    pairs = [(0, 0)] * (input.ndim - len(pairs)) + pairs
    if mode != "constant":
        return _pad_with_itself(input, pairs, mode)
    sizes = list(zip(pairs, input.shape, strict=True))
    inner = tuple([slice(before, before + n) for (before, _), n in sizes])
    shape = [before + n + after for (before, after), n in sizes]
    y = np.full_like(input, value or 0, order="C", shape=shape)
    y[inner] = input
    return y, (lambda gy: gy[inner],)


#: PyTorch's names of borders, and NumPy's.
_BORDERS = {"constant": "", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _pad_with_itself(x, pairs, mode):
    """Axis by axis: which element stands at each place, and back what stood there added up."""
    keys, shapes, y = [], [], x
    for axis, (before, after) in enumerate(pairs):
        most = x.shape[axis] - (mode == "reflect")
        if mode != "replicate" and max(before, after) > max(most, 0):
            raise ValueError(
                f"pad: {mode} with {(before, after)} for shape {x.shape}; axis {axis} has "
                f"{max(most, 0)} elements for it at most"
            )
        if before or after:
            places = np.pad(np.arange(x.shape[axis]), (before, after), _BORDERS[mode])
            keys.append((slice(None),) * axis + (places,))
            shapes.append(y.shape)
            y = y[keys[-1]]

    def dx(gy):
        for key, shape in zip(reversed(keys), reversed(shapes), strict=True):
            gy = kernels.scatter(gy, key, shape)
        return gy

    return y, (dx,)


def _place(dim, ndim):
    """The number of an axis, counted from the front."""
    if not -ndim <= dim < ndim:
        raise IndexError(f"axis {dim} of a tensor that allows {-ndim} … {ndim - 1} here")
    return dim % ndim


def _sizes(arguments):
    """Accept both ``f(2, 3)`` and ``f((2, 3))``."""
    if len(arguments) == 1 and isinstance(arguments[0], (tuple, list)):
        return tuple(arguments[0])
    return arguments
