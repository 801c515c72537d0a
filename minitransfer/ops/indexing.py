"""Picking elements: slices, lists of positions, masks, and tables of vectors.

An element that is picked several times receives the sum of all its gradients.
"""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minitransfer import kernels
from minitransfer.autograd import as_array, differentiable
from minitransfer.not_covered import check_default


@differentiable
def index(input, key):
    """`input[key]`, with every kind of key that NumPy knows, and PyTorch's order of axes.

    Args:
        input: Array.
        key: Numbers, slices, `...`, None, integer arrays, boolean masks, or a tuple of them.

    Returns:
        The picked elements (a view for numbers and slices) and the derivative, which puts the
        gradient back in its place; positions picked repeatedly add up.

    Raises:
        IndexError: When a position does not exist.

    Example:
        >>> value, (dx,) = index.__wrapped__(np.array([1.0, 2.0, 3.0]), key=[0, 0, 2])
        >>> value, dx(np.array([10.0, 20.0, 30.0]))
        (array([1., 1., 3.]), array([30.,  0., 30.]))
    """
    steps, y = [], input
    for part in as_keys(key):
        steps.append((part, y.shape))
        y = y[part]

    def dx(gy):
        for part, shape in reversed(steps):
            if _picks_once(part):
                gx = np.zeros_like(gy, order="C", shape=shape)
                gx[part] = gy
            else:
                gx = kernels.scatter(gy, part, shape)
            gy = gx
        return gy

    return y, (dx,)


def as_keys(key) -> list:
    """A key as one or two keys for NumPy, to be applied in turn.

    NumPy counts a number beside an array as an array, too, and may move the axes that they pick
    to the front. In PyTorch numbers are taken first, and the arrays' axes stay in their place.
    As in PyTorch, a list of lists is a tuple of positions, and bytes are a mask.

    Example:
        >>> from minitransfer import Tensor
        >>> as_keys((-1, slice(None), Tensor([0, 2])))
        [(-1, slice(None, None, None), slice(None, None, None)), (slice(None, None, None), array([0,
        2]))]
    """
    if isinstance(key, list) and any(isinstance(k, (list, tuple, slice)) for k in key):
        key = tuple(key)
    if not isinstance(key, tuple):
        return [_as_part(key)]
    parts = tuple([_as_part(part) for part in key])
    arrays = [isinstance(part, np.ndarray) for part in parts]
    if not any(arrays) or not any(type(part) is int for part in parts):
        return [parts]
    first, then = [], []
    for part, is_array in zip(parts, arrays, strict=True):
        if is_array:
            first += [slice(None)] * (part.ndim if part.dtype == bool else 1)
            then.append(part)
        else:
            first.append(part)
            if type(part) is not int:
                then.append(Ellipsis if part is Ellipsis else slice(None))
    return [tuple(first), tuple(then)]


def _as_part(part):
    """One part of a key: an array, a number, a slice, None or `...`."""
    part = as_array(part)
    if isinstance(part, (list, range)):
        part = np.asarray(part, None if len(part) else np.intp)
    if isinstance(part, (np.ndarray, np.integer)):
        if part.dtype == np.uint8 and part.ndim:
            return part.astype(bool)
        if not part.ndim and part.dtype.kind in "iu":
            return int(part)
    return part


def _picks_once(key):
    """Whether no element can be picked twice: anything but lists of integers."""
    parts = key if isinstance(key, tuple) else (key,)
    return not any(isinstance(part, np.ndarray) and part.dtype != bool for part in parts)


@differentiable
def gather(input, dim, index):
    """Pick along one axis by position, as `torch.gather`.

    For three axes and `dim=1` the result is `y[i, j, k] = input[i, index[i, j, k], k]`.

    Args:
        input: Array.
        dim: The axis along which to pick.
        index: Integer array with as many axes as `input`, nowhere larger except along `dim`; its
            values are positions along `dim`, counted from 0.

    Returns:
        An array shaped like `index`, and the derivatives (None for the positions).

    Raises:
        ValueError: When the shapes do not fit.
        IndexError: When a position does not exist.

    Example:
        >>> scores, labels = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]])
        >>> gather.__wrapped__(scores, 1, labels)[0]
        array([[2.],
               [3.]])
    """
    shape, ndim = input.shape, input.ndim
    axis = normalize_axis_index(dim, ndim)
    if index.ndim != ndim or any(
        m > n for i, (m, n) in enumerate(zip(index.shape, shape, strict=True)) if i != axis
    ):
        raise ValueError(
            f"gather: positions of shape {index.shape} for an array of shape {shape} along axis "
            f"{axis}; expected {ndim} axes, none larger than the array's except axis {axis}"
        )
    _check_positions("gather", index, shape[axis])
    grid = list(np.indices(index.shape, sparse=True))
    grid[axis] = index
    key = tuple(grid)
    return input[key], (lambda gy: kernels.scatter(gy, key, shape), None, None)


@differentiable
def embedding(
    input,
    weight,
    padding_idx=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    sparse=False,
):
    """Look up a row of a table for every number: `weight[input]`.

    Args:
        input: Integer array of any shape, row numbers from 0.
        weight: Table (rows, width).
        padding_idx: A row that gets no gradient, or None.
        max_norm, norm_type, scale_grad_by_freq, sparse: Only the defaults are covered.

    Returns:
        An array (*input.shape, width) and the derivatives (None for the numbers).

    Raises:
        TypeError: When `input` are not integers.
        IndexError: When a row does not exist.

    Example:
        >>> table = np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> value, (_, dweight) = embedding.__wrapped__(np.array([1, 1]), table)
        >>> value, dweight(np.ones((2, 2)))
        (array([[3., 4.],
               [3., 4.]]), array([[0., 0.],
               [2., 2.]]))
    """
    shape = weight.shape
    check_default(
        "embedding", "scale the table, or its gradient, yourself", max_norm=(max_norm, None),
        scale_grad_by_freq=(scale_grad_by_freq, False), sparse=(sparse, False),
    )  # fmt: skip
    _check_positions("embedding", input, shape[0])

    def dweight(gy):
        gw = kernels.scatter(gy, input, shape)
        if padding_idx is not None:
            gw[padding_idx] = 0
        return gw

    return weight[input], (None, dweight)


def _check_positions(operation, positions, size):
    if positions.dtype.kind not in "iu":
        raise TypeError(f"{operation}: positions are {positions.dtype}; expected integers")
    if positions.size and (positions.min() < 0 or positions.max() >= size):
        bad = np.argwhere((positions < 0) | (positions >= size))[0]
        raise IndexError(
            f"{operation}: position {positions[tuple(bad)]} at {tuple(bad.tolist())} does not "
            f"exist; expected 0 to {size - 1}"
        )


@differentiable
def one_hot(tensor, num_classes=-1):
    """A 1 at each label and 0 elsewhere, with one axis more.

    Args:
        tensor: Labels, whole numbers from 0.
        num_classes: Length of the new axis; -1 for one more than the largest label.

    Returns:
        An int64 array (*tensor.shape, num_classes), and no derivative.

    Raises:
        ValueError: When a label lies outside of the classes.

    Example:
        >>> one_hot.__wrapped__(np.array([1, 0]), 2)[0]
        array([[0, 1],
               [1, 0]])
    """
    classes = int(tensor.max()) + 1 if num_classes == -1 else num_classes
    if tensor.size and not (tensor.min() >= 0 and tensor.max() < classes):
        raise ValueError(
            f"one_hot: labels from {tensor.min()} to {tensor.max()} for {classes} classes"
        )
    return np.eye(classes, dtype=np.int64)[tensor], (None,)
