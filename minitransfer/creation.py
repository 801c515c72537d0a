"""Tensors from nothing: constants, ranges, random numbers, and tensors from other data.

Args common to all:
    dtype: the type of the numbers; float32 where nothing else is said.
    device: "cpu" or None; there is no other place.
    requires_grad: whether to record what is computed from the tensor.
    generator: a ``numpy.random.Generator``; the library's default one if None.
"""

import numpy as np

from minitransfer.autograd import as_array, explain_arguments
from minitransfer.devices import check_device
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor, float32, int64, shape_of

# From other data


@explain_arguments
def tensor(data, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return a tensor that holds a copy of `data`.

    Args:
        data: a number, nested lists, an array or a tensor. Python floats become float32; an
            array keeps its dtype.
        dtype, device, requires_grad: see above; a `dtype` of None keeps the data's own.

    Raises:
        TypeError: if `data` is not numeric.

    Example:
        >>> tensor([[1, 2], [3, 4]], dtype=float32).shape
        (2, 2)
    """
    check_device(device)
    array = Tensor(data).array
    return Tensor(np.array(array, dtype=dtype or array.dtype), requires_grad)


@explain_arguments
def as_tensor(data, dtype=None, device=None) -> Tensor:
    """Return a tensor that shares the numbers of `data` where it can: a tensor as it is.

    Example:
        >>> as_tensor(np.zeros(2)).dtype
        dtype('float64')
    """
    check_device(device)
    data = data if isinstance(data, Tensor) else Tensor(data)
    return data if dtype is None else data.to(dtype)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """Return a tensor that shares the numbers of an array.

    Example:
        >>> a = np.zeros(2)
        >>> t = from_numpy(a)
        >>> a[0] = 5
        >>> t.tolist()
        [5.0, 0.0]
    """
    return Tensor(ndarray)


def is_tensor(obj) -> bool:
    """Whether something is a tensor.

    Example:
        >>> is_tensor(zeros(2)), is_tensor(np.zeros(2))
        (True, False)
    """
    return isinstance(obj, Tensor)


def numel(input) -> int:
    """Return how many numbers a tensor holds.

    Example:
        >>> numel(zeros(2, 3))
        6
    """
    return input.numel()


# Constants


@explain_arguments
def zeros(*lengths, size=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return a tensor of zeros.

    Args:
        lengths: of each axis, one by one or in a tuple; or as ``size=``.
        dtype, device, requires_grad: see above.

    Example:
        >>> zeros(2, 3).shape
        (2, 3)
    """
    size = _shape(lengths, size, device)
    return Tensor(np.zeros(size, dtype or float32), requires_grad)


@explain_arguments
def ones(*lengths, size=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return a tensor of ones.

    Example:
        >>> ones(2).tolist()
        [1.0, 1.0]
    """
    size = _shape(lengths, size, device)
    return Tensor(np.ones(size, dtype or float32), requires_grad)


@explain_arguments
def empty(*lengths, size=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return a tensor to be written into; until then it holds zeros.

    Example:
        >>> empty(2, 3).shape
        (2, 3)
    """
    size = _shape(lengths, size, device)
    return Tensor(np.zeros(size, dtype or float32), requires_grad)


@explain_arguments
def full(size, fill_value, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return a tensor filled with one number; floats become float32.

    Example:
        >>> full((2,), 0.5).tolist()
        [0.5, 0.5]
    """
    check_device(device)
    return Tensor(np.full(size, fill_value, dtype or Tensor(fill_value).dtype), requires_grad)


@explain_arguments
def zeros_like(input, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return zeros in the shape and type of `input`.

    Example:
        >>> zeros_like(ones(2)).tolist()
        [0.0, 0.0]
    """
    return full_like(input, 0, dtype, device, requires_grad)


@explain_arguments
def ones_like(input, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return ones in the shape and type of `input`.

    Example:
        >>> ones_like(zeros(2)).tolist()
        [1.0, 1.0]
    """
    return full_like(input, 1, dtype, device, requires_grad)


@explain_arguments
def empty_like(input, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return a tensor to be written into, in the shape and type of `input`; it holds zeros.

    Example:
        >>> empty_like(ones(2)).shape
        (2,)
    """
    return full_like(input, 0, dtype, device, requires_grad)


@explain_arguments
def full_like(input, fill_value, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return one number everywhere, in the shape and type of `input`.

    Example:
        >>> full_like(zeros(2), 3).tolist()
        [3.0, 3.0]
    """
    check_device(device)
    return Tensor(np.full_like(as_array(input), fill_value, dtype), requires_grad)


# Ranges


@explain_arguments
def arange(
    *bounds, start=0, end=None, step=1, dtype=None, device=None, requires_grad=False
) -> Tensor:
    """Return ``start, start + step, …`` below ``end``.

    Args:
        bounds: ``end``, or ``start, end``, or ``start, end, step``, also by name.
        dtype, device, requires_grad: see above; whole numbers stay whole.

    Example:
        >>> arange(3).tolist(), arange(start=1, end=4).tolist()
        ([0, 1, 2], [1, 2, 3])
    """
    check_device(device)
    if len(bounds) == 1 and end is None:
        (end,) = bounds
    else:
        given = {"start": start, "end": end, "step": step}
        given.update(zip(given, bounds, strict=False))
        start, end, step = given.values()
    if len(bounds) > 3 or end is None:
        raise TypeError("arange takes (end), (start, end) or (start, end, step)")
    array = np.arange(*[as_array(n) for n in (start, end, step)], dtype=dtype)
    floats = dtype is None and array.dtype.kind == "f"
    return Tensor(array.astype(float32) if floats else array, requires_grad)


@explain_arguments
def linspace(start, end, steps, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return `steps` evenly spaced numbers from `start` to `end`, both included.

    Example:
        >>> linspace(0, 1, 3).tolist()
        [0.0, 0.5, 1.0]
    """
    check_device(device)
    array = np.linspace(as_array(start), as_array(end), steps, dtype=dtype or float32)
    return Tensor(array, requires_grad)


@explain_arguments
def eye(n, m=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return the identity matrix of `n` rows, and `m` columns where this differs.

    Example:
        >>> eye(2).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    check_device(device)
    return Tensor(np.eye(n, m, dtype=dtype or float32), requires_grad)


# Random numbers


@explain_arguments
def rand(
    *lengths, size=None, generator=None, dtype=None, device=None, requires_grad=False
) -> Tensor:
    """Return numbers drawn evenly from [0, 1).

    Args:
        lengths: of each axis, one by one or in a tuple; or as ``size=``.
        generator, dtype, device, requires_grad: see above.

    Example:
        >>> bool((rand(100) < 1).all())
        True
    """
    size = _shape(lengths, size, device)
    # Drawn in the type itself: a float64 just below 1 would be rounded to 1.
    drawn = (generator or default_generator()).random(size, np.dtype(dtype or float32))
    return Tensor(drawn, requires_grad)


@explain_arguments
def randn(
    *lengths, size=None, generator=None, dtype=None, device=None, requires_grad=False
) -> Tensor:
    """Return numbers drawn from the normal distribution with mean 0 and standard deviation 1.

    Example:
        >>> randn(2, 3, generator=np.random.default_rng(0)).shape
        (2, 3)
    """
    size = _shape(lengths, size, device)
    drawn = (generator or default_generator()).standard_normal(size)
    return Tensor(np.asarray(drawn, dtype or float32), requires_grad)


@explain_arguments
def rand_like(input, generator=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return numbers drawn evenly from [0, 1), in the shape and type of `input`.

    Example:
        >>> rand_like(zeros(2, 3)).shape
        (2, 3)
    """
    options = {"dtype": dtype or input.dtype, "device": device, "requires_grad": requires_grad}
    return rand(*input.shape, generator=generator, **options)


@explain_arguments
def randn_like(input, generator=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Return normally distributed numbers in the shape and type of `input`.

    Example:
        >>> randn_like(zeros(2, 3)).shape
        (2, 3)
    """
    options = {"dtype": dtype or input.dtype, "device": device, "requires_grad": requires_grad}
    return randn(*input.shape, generator=generator, **options)


@explain_arguments
def normal(mean, std=1.0, size=None, generator=None, dtype=None, device=None) -> Tensor:
    """Return normally distributed numbers of a mean and standard deviation.

    Args:
        mean, std: numbers or tensors that broadcast together.
        size: the shape, where both are numbers.
        generator, dtype, device: see above.

    Example:
        >>> normal(0.0, 1.0, (2, 3)).shape
        (2, 3)
    """
    check_device(device)
    drawn = (generator or default_generator()).normal(as_array(mean), as_array(std), size)
    return Tensor(np.asarray(drawn, dtype or float32))


@explain_arguments
def randint(
    *bounds,
    low=0,
    high=None,
    size=None,
    generator=None,
    dtype=None,
    device=None,
    requires_grad=False,
) -> Tensor:
    """Return whole numbers drawn evenly from ``low`` … ``high - 1``.

    Args:
        bounds: ``low, high, size`` or ``high, size``, where low is 0; also by name.
        generator, device, requires_grad: see above.
        dtype: int64 if None.

    Raises:
        TypeError: if there are too few or too many arguments.

    Example:
        >>> set(randint(0, 2, (50,)).tolist()) <= {0, 1}
        True
    """
    check_device(device)
    bounds = list(bounds)  # what is missing by name stands here, the size last
    size = bounds.pop() if size is None and bounds else size
    high = bounds.pop() if high is None and bounds else high
    low = bounds.pop() if bounds else low
    if bounds or high is None or size is None:
        raise TypeError("randint takes (high, size) or (low, high, size)")
    drawn = (generator or default_generator()).integers(low, high, size=size)
    return Tensor(np.asarray(drawn, dtype or int64), requires_grad)


@explain_arguments
def randperm(n, generator=None, dtype=int64, device=None, requires_grad=False) -> Tensor:
    """Return the numbers 0 … n - 1 in random order (int64).

    Example:
        >>> sorted(randperm(4).tolist())
        [0, 1, 2, 3]
    """
    check_device(device)
    drawn = (generator or default_generator()).permutation(n)
    return Tensor(np.asarray(drawn, dtype), requires_grad)


def _shape(lengths, size, device):
    """The shape that was given one by one, in a tuple, or as ``size=``."""
    check_device(device)
    return shape_of(lengths, size)
