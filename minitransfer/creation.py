"""Tensors from nothing: constants, ranges, random numbers, and tensors from other data."""

import numpy as np

from minitransfer.autograd import as_array
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor, float32


def tensor(data, dtype=None, requires_grad=False) -> Tensor:
    """Return a tensor that holds a copy of `data`.

    Args:
        data: a number, nested lists, an array or a tensor. Python floats become float32; an
            array keeps its dtype.
        dtype: the type of the numbers, or None to keep it.
        requires_grad: whether to record what is computed from it.

    Raises:
        TypeError: if `data` is not numeric.

    Example:
        >>> tensor([[1, 2], [3, 4]], dtype=float32).shape
        (2, 2)
    """
    array = Tensor(data).array
    return Tensor(np.array(array, dtype=dtype or array.dtype), requires_grad)


def from_numpy(array: np.ndarray) -> Tensor:
    """Return a tensor that shares the numbers of `array`.

    Example:
        >>> a = np.zeros(2)
        >>> t = from_numpy(a)
        >>> a[0] = 5
        >>> t.tolist()
        [5.0, 0.0]
    """
    return Tensor(array)


def zeros(*shape, dtype=float32, requires_grad=False) -> Tensor:
    """Return a tensor of zeros.

    Example:
        >>> zeros(2, 3).shape
        (2, 3)
    """
    return Tensor(np.zeros(_shape(shape), dtype or float32), requires_grad)


def ones(*shape, dtype=float32, requires_grad=False) -> Tensor:
    """Return a tensor of ones.

    Example:
        >>> ones(2).tolist()
        [1.0, 1.0]
    """
    return Tensor(np.ones(_shape(shape), dtype or float32), requires_grad)


def full(shape, value, dtype=None, requires_grad=False) -> Tensor:
    """Return a tensor filled with `value`; floats become float32.

    Example:
        >>> full((2,), 0.5).tolist()
        [0.5, 0.5]
    """
    return Tensor(np.full(shape, value, dtype or Tensor(value).dtype), requires_grad)


def zeros_like(x, dtype=None) -> Tensor:
    """Return zeros in the shape and type of `x`.

    Example:
        >>> zeros_like(ones(2)).tolist()
        [0.0, 0.0]
    """
    return Tensor(np.zeros_like(as_array(x), dtype))


def ones_like(x, dtype=None) -> Tensor:
    """Return ones in the shape and type of `x`.

    Example:
        >>> ones_like(zeros(2)).tolist()
        [1.0, 1.0]
    """
    return Tensor(np.ones_like(as_array(x), dtype))


def arange(*bounds, dtype=None) -> Tensor:
    """Return ``start, start + step, …`` below ``stop``, with Python's argument order.

    Example:
        >>> arange(3).tolist()
        [0, 1, 2]
    """
    array = np.arange(*bounds, dtype=dtype)
    return Tensor(array.astype(float32) if dtype is None and array.dtype.kind == "f" else array)


def linspace(start, end, steps, dtype=float32) -> Tensor:
    """Return `steps` evenly spaced numbers from `start` to `end`, both included.

    Example:
        >>> linspace(0, 1, 3).tolist()
        [0.0, 0.5, 1.0]
    """
    return Tensor(np.linspace(start, end, steps, dtype=dtype))


def eye(n, dtype=float32) -> Tensor:
    """Return the identity matrix of `n` rows.

    Example:
        >>> eye(2).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    return Tensor(np.eye(n, dtype=dtype))


def rand(*shape, generator=None, dtype=float32, requires_grad=False) -> Tensor:
    """Return numbers drawn evenly from [0, 1).

    Args:
        shape: length of each axis.
        generator: a ``numpy.random.Generator``; the library's default one if None.

    Example:
        >>> bool((rand(100) < 1).all())
        True
    """
    # Drawn in the type itself: a float64 just below 1 would be rounded to 1.
    drawn = (generator or default_generator()).random(_shape(shape), np.dtype(dtype or float32))
    return Tensor(drawn, requires_grad)


def randn(*shape, generator=None, dtype=float32, requires_grad=False) -> Tensor:
    """Return numbers drawn from the normal distribution with mean 0 and standard deviation 1.

    Example:
        >>> randn(2, 3, generator=np.random.default_rng(0)).shape
        (2, 3)
    """
    generator = generator or default_generator()
    return Tensor(generator.standard_normal(_shape(shape)).astype(dtype or float32), requires_grad)


def rand_like(x, generator=None) -> Tensor:
    """Return numbers drawn evenly from [0, 1), in the shape and type of `x`.

    Example:
        >>> rand_like(zeros(2, 3)).shape
        (2, 3)
    """
    return rand(*x.shape, generator=generator, dtype=x.dtype)


def randn_like(x, generator=None) -> Tensor:
    """Return normally distributed numbers in the shape and type of `x`.

    Example:
        >>> randn_like(zeros(2, 3)).shape
        (2, 3)
    """
    return randn(*x.shape, generator=generator, dtype=x.dtype)


def randint(*bounds, size=None, generator=None) -> Tensor:
    """Return whole numbers (int64) drawn evenly from ``low`` … ``high - 1``.

    Args:
        bounds: ``low, high, size`` or ``high, size``, where low is 0.
        size: length of each axis, if it is not among `bounds`.
        generator: a ``numpy.random.Generator``; the library's default one if None.

    Raises:
        TypeError: if there are too few or too many arguments.

    Example:
        >>> set(randint(0, 2, (50,)).tolist()) <= {0, 1}
        True
    """
    if size is None and bounds:
        *bounds, size = bounds
    if len(bounds) not in (1, 2):
        raise TypeError("randint takes (high, size) or (low, high, size)")
    return Tensor(np.asarray((generator or default_generator()).integers(*bounds, size=size)))


def randperm(n, generator=None) -> Tensor:
    """Return the numbers 0 … n - 1 in random order (int64).

    Example:
        >>> sorted(randperm(4).tolist())
        [0, 1, 2, 3]
    """
    return Tensor((generator or default_generator()).permutation(n))


def _shape(shape):
    return tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
