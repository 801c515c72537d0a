"""Tensor: an array that can remember where it came from, with PyTorch's operators and methods.

What a tensor is stands in `minitransfer.recorded`, what can be done with it in
`minitransfer.operations`; this file gives those operations the names under which people call them.
"""

import math
from typing import NamedTuple

import numpy as np

from minitransfer import autograd
from minitransfer import operations as O
from minitransfer.alternatives import ALTERNATIVES, Elsewhere, missing
from minitransfer.recorded import (
    Recorded,
    bool_,
    check_constant,
    float32,
    float64,
    int32,
    int64,
    raw,
    raw_key,
)


class Tensor(Recorded):
    """An n-dimensional array that remembers the operations it came from.

    Args:
        data: numbers: an array (kept as it is, not copied), or nested lists (floats become
            float32, as everywhere in this library).
        requires_grad: whether `backward` is to leave the derivative in `grad`.

    Attributes:
        array: the numbers, a NumPy array.
        gradient: the derivative as a NumPy array, or None; `grad` shows the same as a tensor.
        requires_grad: see above; True also for every result that was recorded.

    Raises:
        TypeError: if `data` is not numeric, or if a gradient is asked for whole numbers.

    Example:
        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
    """

    __slots__ = ()

    @property
    def T(self):
        """The tensor with all axes in reverse order."""
        return O.permute(self, axes=tuple(reversed(range(self.ndim))))

    @property
    def mT(self):
        """The tensor with its last two axes swapped."""
        return self.transpose(-1, -2)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def size(self, dim=None):
        """Return the shape, or the length of one axis."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """Return the number of axes."""
        return self.ndim

    def numel(self) -> int:
        """Return how many numbers there are."""
        return self.array.size

    def clone(self):
        """Return a copy that is part of the graph."""
        return O.copy(self)

    # Types

    def to(self, target=None, *, dtype=None):
        """Return the tensor in another dtype; `to("cpu")` returns it as it is."""
        target = target if dtype is None else dtype
        if target is None:
            raise TypeError('to() needs a dtype, as in x.to(float64), or "cpu"')
        if isinstance(target, str) and target not in np.sctypeDict:
            if target == "cpu":
                return self
            raise missing("device", target.split(":")[0])
        if isinstance(target, Recorded):
            target = target.dtype
        return self if np.dtype(target) == self.dtype else O.cast(self, dtype=np.dtype(target))

    def float(self):
        """Return the tensor as float32."""
        return self.to(float32)

    def double(self):
        """Return the tensor as float64."""
        return self.to(float64)

    def long(self):
        """Return the tensor as int64."""
        return self.to(int64)

    def int(self):
        """Return the tensor as int32."""
        return self.to(int32)

    def bool(self):
        """Return the tensor as booleans."""
        return self.to(bool_)

    def cpu(self):
        """Return the tensor itself: there is no other place for it."""
        return self

    # ``x += y``

    def _augment(self, operation, function, other):
        """What ``x += y`` does: a new tensor if a gradient flows, else a write into the old one.

        Python binds the name to whatever is returned, so that ``loss += penalty`` can be
        recorded like ``loss = loss + penalty``, and nothing is overwritten that a derivative
        might still need.
        """
        flows = not self.is_leaf or (isinstance(other, Recorded) and other.requires_grad)
        if flows and autograd.is_grad_enabled() and not (self.is_leaf and self.requires_grad):
            return operation(self, other)
        return self._write(function, other)

    def __iadd__(self, other):
        return self._augment(O.add, np.add, other)

    def __isub__(self, other):
        return self._augment(O.subtract, np.subtract, other)

    def __imul__(self, other):
        return self._augment(O.multiply, np.multiply, other)

    def __itruediv__(self, other):
        return self._augment(O.divide, np.divide, other)

    # Arithmetic

    def __add__(self, other):
        return O.add(self, other)

    def __sub__(self, other):
        return O.subtract(self, other)

    def __rsub__(self, other):
        return O.subtract(other, self)

    def __mul__(self, other):
        return O.multiply(self, other)

    def __truediv__(self, other):
        return O.divide(self, other)

    def __rtruediv__(self, other):
        return O.divide(other, self)

    def __pow__(self, other):
        return O.power(self, other)

    def __rpow__(self, other):
        return O.power(other, self)

    def __matmul__(self, other):
        return O.matmul(self, other)

    def __rmatmul__(self, other):
        return O.matmul(other, self)

    def __neg__(self):
        return O.negative(self)

    def __abs__(self):
        return O.absolute(self)

    def __getitem__(self, key):
        return O.index(self, key=raw_key(key))

    def __eq__(self, other):
        return Tensor(np.equal(self.array, raw(other)))

    def __ne__(self, other):
        return Tensor(np.not_equal(self.array, raw(other)))

    def __lt__(self, other):
        return Tensor(np.less(self.array, raw(other)))

    def __le__(self, other):
        return Tensor(np.less_equal(self.array, raw(other)))

    def __gt__(self, other):
        return Tensor(np.greater(self.array, raw(other)))

    def __ge__(self, other):
        return Tensor(np.greater_equal(self.array, raw(other)))

    def __mod__(self, other):
        check_constant(self, "%")
        return Tensor(self.array % raw(other))

    def __floordiv__(self, other):
        check_constant(self, "//")
        return Tensor(self.array // raw(other))

    def __invert__(self):
        return Tensor(~self.array)

    def __and__(self, other):
        return Tensor(self.array & raw(other))

    def __or__(self, other):
        return Tensor(self.array | raw(other))

    __radd__, __rmul__, __rand__, __ror__ = __add__, __mul__, __and__, __or__
    __hash__ = object.__hash__

    def square(self):
        """Return each number times itself."""
        return O.multiply(self, self)

    def pow(self, exponent):
        """Return each number to the power of `exponent`."""
        return O.power(self, exponent)

    def clamp(self, min=None, max=None):
        """Return the numbers limited to ``min <= x <= max``."""
        return O.clip(self, low=min, high=max)

    # Reductions. `dim` is an axis, or several in a tuple or list; None means all of them.

    def sum(self, dim=None, keepdim=False):
        """Return the sum over `dim`."""
        return O.sum(self, axis=_axes(dim), keepdims=keepdim)

    def mean(self, dim=None, keepdim=False):
        """Return the mean over `dim`."""
        return O.mean(self, axis=_axes(dim), keepdims=keepdim)

    def var(self, dim=None, correction=1, keepdim=False):
        """Return the variance over `dim`, divided by ``n - correction``."""
        return O.var(self, axis=_axes(dim), correction=correction, keepdims=keepdim)

    def std(self, dim=None, correction=1, keepdim=False):
        """Return the standard deviation over `dim`."""
        return O.sqrt(self.var(dim, correction, keepdim))

    def amax(self, dim=None, keepdim=False):
        """Return the largest number over `dim`; ties share the gradient evenly."""
        return O.max(self, axis=_axes(dim), keepdims=keepdim)

    def amin(self, dim=None, keepdim=False):
        """Return the smallest number over `dim`; ties share the gradient evenly."""
        return O.min(self, axis=_axes(dim), keepdims=keepdim)

    def max(self, dim=None, keepdim=False):
        """Return the largest number, or with `dim` the pair (values, indices)."""
        if dim is None:
            return self.amax()
        return ValuesIndices(self.amax(dim, keepdim), self.argmax(dim, keepdim))

    def min(self, dim=None, keepdim=False):
        """Return the smallest number, or with `dim` the pair (values, indices)."""
        if dim is None:
            return self.amin()
        return ValuesIndices(self.amin(dim, keepdim), self.argmin(dim, keepdim))

    def argmax(self, dim=None, keepdim=False):
        """Return the place of the largest number (the first of several) as int64."""
        return Tensor(np.asarray(self.array.argmax(dim, keepdims=keepdim)))

    def argmin(self, dim=None, keepdim=False):
        """Return the place of the smallest number (the first of several) as int64."""
        return Tensor(np.asarray(self.array.argmin(dim, keepdims=keepdim)))

    def norm(self):
        """Return the Euclidean norm of all numbers together."""
        return O.sqrt(O.sum(O.multiply(self, self)))

    def all(self):
        """Return whether every number is true."""
        return Tensor(np.asarray(self.array.all()))

    def any(self):
        """Return whether any number is true."""
        return Tensor(np.asarray(self.array.any()))

    # Shapes

    def reshape(self, *shape):
        """Return the same numbers in another shape; one length may be -1."""
        return O.reshape(self, shape=_sizes(shape))

    def flatten(self, start_dim=0, end_dim=-1):
        """Return the tensor with the axes `start_dim` … `end_dim` joined into one."""
        if not self.shape:
            return O.reshape(self, shape=(1,))
        start, end = _place(start_dim, self.ndim), _place(end_dim, self.ndim)
        joined = math.prod(self.shape[start : end + 1])
        return O.reshape(self, shape=(*self.shape[:start], joined, *self.shape[end + 1 :]))

    def squeeze(self, dim=None):
        """Return the tensor without its axes of length 1, or without that one."""
        dims = range(self.ndim) if dim is None else (_place(dim, self.ndim),)
        kept = tuple(n for i, n in enumerate(self.shape) if not (i in dims and n == 1))
        return O.reshape(self, shape=kept)

    def unsqueeze(self, dim):
        """Return the tensor with a new axis of length 1 at `dim`."""
        place = _place(dim, self.ndim + 1)
        return O.reshape(self, shape=(*self.shape[:place], 1, *self.shape[place:]))

    def permute(self, *dims):
        """Return the tensor with its axes in the order `dims`."""
        return O.permute(self, axes=_sizes(dims))

    def transpose(self, dim0, dim1):
        """Return the tensor with two axes swapped."""
        axes = list(range(self.ndim))
        axes[dim0], axes[dim1] = axes[dim1], axes[dim0]
        return O.permute(self, axes=tuple(axes))

    def t(self):
        """Return the transpose of a matrix."""
        return self.T

    def expand(self, *sizes):
        """Return the tensor broadcast to `sizes`; -1 keeps the length of an axis."""
        sizes = _sizes(sizes)
        own = (1,) * (len(sizes) - self.ndim) + self.shape
        return O.expand(
            self, shape=tuple(n if m == -1 else m for m, n in zip(sizes, own, strict=True))
        )

    def gather(self, dim, index):
        """Return the numbers at the places `index` along `dim`, as ``torch.gather`` does."""
        return O.gather(self, index, axis=dim)

    def view_as(self, other):
        """Return the same numbers in the shape of `other`."""
        return O.reshape(self, shape=other.shape)

    view = reshape

    # Functions of each number

    def exp(self):
        """Return e to the power of each number."""
        return O.exp(self)

    def log(self):
        """Return the natural logarithm of each number."""
        return O.log(self)

    def sqrt(self):
        """Return the square root of each number."""
        return O.sqrt(self)

    def sin(self):
        """Return the sine of each number, in radians."""
        return O.sin(self)

    def cos(self):
        """Return the cosine of each number, in radians."""
        return O.cos(self)

    def relu(self):
        """Return each number, or 0 where it is negative."""
        return O.relu(self)

    def sigmoid(self):
        """Return 1 / (1 + exp(-x)) of each number."""
        return O.sigmoid(self)

    def tanh(self):
        """Return the hyperbolic tangent of each number."""
        return O.tanh(self)

    def softmax(self, dim):
        """Return exp(x) divided by its sum over `dim`."""
        return O.softmax(self, axis=dim)

    def log_softmax(self, dim):
        """Return the logarithm of `softmax`, computed without overflow."""
        return O.log_softmax(self, axis=dim)

    def logsumexp(self, dim, keepdim=False):
        """Return log(sum(exp(x))) over `dim`, computed without overflow."""
        return O.logsumexp(self, axis=_axes(dim), keepdims=keepdim)

    def matmul(self, other):
        """Return the matrix product ``self @ other``."""
        return O.matmul(self, other)

    clip = clamp
    abs = __abs__
    add, sub, mul, div, mm = __add__, __sub__, __mul__, __truediv__, matmul
    eq, ne, lt, le, gt, ge = __eq__, __ne__, __lt__, __le__, __gt__, __ge__


Recorded.kind = Tensor

for _where, _name in ALTERNATIVES:
    if _where == "Tensor":
        setattr(Tensor, _name, Elsewhere(_where, _name))


class ValuesIndices(NamedTuple):
    """What `max` and `min` over an axis return: the numbers, and where they stood."""

    values: Tensor
    indices: Tensor


def _place(dim, ndim):
    """Return the number of an axis, counted from the front."""
    if not -ndim <= dim < ndim:
        raise IndexError(f"axis {dim} of a tensor that allows {-ndim} … {ndim - 1} here")
    return dim % ndim


def _axes(dim):
    """Return several axes as the tuple that the operations take."""
    return tuple(dim) if isinstance(dim, list) else dim


def _sizes(arguments):
    """Accept both ``f(2, 3)`` and ``f((2, 3))``."""
    if len(arguments) == 1 and isinstance(arguments[0], (tuple, list)):
        return tuple(arguments[0])
    return arguments
