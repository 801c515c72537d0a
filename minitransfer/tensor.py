"""Tensor: an array that can remember where it came from.

The mathematics is in `minitransfer.ops`, the remembering in `minitransfer.autograd`. Here the two
are joined: `differentiable` lifts an operation on arrays to one on tensors, and the class gives
the results their operators and methods, under PyTorch's names.
"""

import copy
import functools
import math
from typing import NamedTuple

import numpy as np

from minitransfer import autograd, ops
from minitransfer.alternatives import missing

#: Python and NumPy names of the types that a tensor may hold.
float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
int32, int64, uint8, bool_ = (np.dtype(name) for name in ("int32", "int64", "uint8", "bool"))

_NUMERIC = "fiub"  # floats, whole numbers with and without sign, booleans


class Tensor:
    """An n-dimensional array that remembers the operations it came from.

    Args:
        data: numbers: an array (kept as it is, not copied), or nested lists (floats become
            float32, as everywhere in this library).
        requires_grad: whether `backward` is to leave the derivative in `grad`.

    Attributes:
        data: the numbers, a NumPy array.
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

    __slots__ = (
        "__weakref__",
        "data",
        "derivatives",
        "gradient",
        "inputs",
        "recorded_at",
        "requires_grad",
        "written_at",
    )
    __array_ufunc__ = None  # `array * tensor` is this class's business, not NumPy's

    def __init__(self, data, requires_grad=False):
        if type(data) is not np.ndarray or data.dtype.kind not in _NUMERIC:
            data = _as_array(data)
        self.data = data
        self.gradient = None
        self.requires_grad = False
        self.inputs = ()
        self.derivatives = None
        self.recorded_at = self.written_at = 0
        if requires_grad:
            self.requires_grad_()

    # What it is

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.data.shape

    @property
    def dtype(self) -> np.dtype:
        """Type of the numbers."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim

    @property
    def grad(self):
        """The derivative left by `backward`, as a tensor that shares its numbers, or None."""
        return None if self.gradient is None else Tensor(self.gradient)

    @grad.setter
    def grad(self, value):
        if value is not None:
            # A copy: two leaves never share one array, or clipping would scale it twice.
            value = np.array(raw(value), dtype=self.dtype)
            if value.shape != self.shape:
                raise ValueError(
                    f"a gradient of shape {value.shape} was given to a tensor of shape "
                    f"{self.shape}; the two must be equal"
                )
        self.gradient = value

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation produced it."""
        return self.derivatives is None

    @property
    def T(self):
        """The tensor with all axes in reverse order."""
        return permute(self, axes=tuple(reversed(range(self.ndim))))

    @property
    def mT(self):
        """The tensor with its last two axes swapped."""
        return self.transpose(-1, -2)

    def __repr__(self):
        text = np.array2string(self.data, separator=", ", prefix="tensor(", precision=4)
        note = ""
        if self.dtype not in (float32, int64, bool_):
            note += f", dtype={self.dtype}"
        if self.requires_grad:
            note += ", requires_grad=True"
        return f"tensor({text}{note})"

    def __len__(self):
        if not self.shape:
            raise TypeError("a tensor of no axes has no len(); use .item() for its number")
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return bool(self.item())

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __index__(self):
        return self.data.__index__()

    def __format__(self, spec):
        return format(self.item(), spec) if self.data.size == 1 and spec else repr(self)

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise RuntimeError(
                "this tensor requires a gradient, and NumPy could not record what it does with it; "
                "use .detach().numpy() to say that this is meant"
            )
        return np.array(self.data, dtype=dtype, copy=copy)

    def __deepcopy__(self, memo):
        if not self.is_leaf:
            raise RuntimeError(
                "a deep copy of a tensor that came from a recorded operation would copy all it was "
                "computed from; copy x.detach() instead"
            )
        new = memo[id(self)] = copy.copy(self)
        new.data = copy.deepcopy(self.data, memo)
        new.gradient = copy.deepcopy(self.gradient, memo)
        return new

    def __getattr__(self, name):
        raise missing("Tensor", name)

    def size(self, dim=None):
        """Return the shape, or the length of one axis."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """Return the number of axes."""
        return self.ndim

    def numel(self) -> int:
        """Return how many numbers there are."""
        return self.data.size

    # Out of the graph

    def item(self):
        """Return the one number in this tensor as a Python number.

        Raises:
            ValueError: if it holds more or fewer than one.
        """
        if self.data.size != 1:
            raise ValueError(
                f"item() needs a tensor of one number; this one has shape {self.shape}: "
                "use .tolist(), or reduce it first (.mean(), .sum())"
            )
        return self.data.item()

    def tolist(self):
        """Return the numbers as nested Python lists."""
        return self.data.tolist()

    def numpy(self) -> np.ndarray:
        """Return the array itself (shared, not copied).

        Raises:
            RuntimeError: if the tensor requires a gradient (see `detach`).
        """
        if self.requires_grad:
            raise RuntimeError("this tensor requires a gradient; use .detach().numpy()")
        return self.data

    def detach(self):
        """Return a tensor with the same numbers (shared) that is not part of the graph."""
        return Tensor(self.data)

    def clone(self):
        """Return a copy that is part of the graph."""
        return _copy(self)

    def requires_grad_(self, requires_grad=True):
        """Ask for a gradient, or no longer, and return the tensor itself."""
        if requires_grad and self.dtype.kind != "f":
            raise TypeError(
                f"only tensors of floats can have a gradient; this one holds {self.dtype}: "
                "convert it first, x.float()"
            )
        if not requires_grad and not self.is_leaf:
            raise RuntimeError("this tensor came from a recorded operation; use .detach()")
        self.requires_grad = bool(requires_grad)
        return self

    def backward(self, gradient=None, retain_graph=False):
        """Add the derivative of this tensor to `grad` of every leaf that asked for one.

        Args:
            gradient: derivative of the final quantity with respect to this tensor, same shape;
                not needed where the tensor is a single number (then 1).
            retain_graph: keep the graph so that `backward` may be called on it again.

        Raises:
            RuntimeError: if nothing was recorded, if the graph was freed by an earlier call, or
                if the tensor is no single number and no `gradient` is given.
            ValueError: if `gradient` has another shape.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "nothing to walk back: no input of this tensor requires a gradient, or it was "
                "computed under no_grad(); are all parameters frozen?"
            )
        if gradient is None:
            if self.data.size != 1:
                raise RuntimeError(
                    f"backward() needs a single number to start from; this tensor has shape "
                    f"{self.shape}: reduce it (.mean(), .sum()) or pass a gradient of its shape"
                )
            gradient = np.ones_like(self.data)
        else:
            gradient = gradient.data if isinstance(gradient, Tensor) else np.asarray(gradient)
            if gradient.shape != self.shape:
                raise ValueError(
                    f"backward() was given a gradient of shape {gradient.shape} "
                    f"for a tensor of shape {self.shape}; the two must be equal"
                )
        autograd.backward(self, gradient.astype(self.dtype, copy=False), retain_graph)

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
        if isinstance(target, Tensor):
            target = target.dtype
        return self if np.dtype(target) == self.dtype else cast(self, dtype=np.dtype(target))

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

    # Writing in place: refused where it would make a gradient wrong

    def _write(self, function, other):
        autograd.check_writable(self)
        _check_constant(other)
        function(self.data, raw(other), out=self.data, casting="same_kind")
        autograd.note_write(self)
        return self

    def _augment(self, operation, function, other):
        """What ``x += y`` does: a new tensor if a gradient flows, else a write into the old one.

        Python binds the name to whatever is returned, so that ``loss += penalty`` can be
        recorded like ``loss = loss + penalty``, and nothing is overwritten that a derivative
        might still need.
        """
        flows = not self.is_leaf or (isinstance(other, Tensor) and other.requires_grad)
        if flows and autograd.is_grad_enabled() and not (self.is_leaf and self.requires_grad):
            return operation(self, other)
        return self._write(function, other)

    def __setitem__(self, key, value):
        autograd.check_writable(self)
        _check_constant(value)
        self.data[raw_key(key)] = raw(value)
        autograd.note_write(self)

    def __iadd__(self, other):
        return self._augment(add, np.add, other)

    def __isub__(self, other):
        return self._augment(subtract, np.subtract, other)

    def __imul__(self, other):
        return self._augment(multiply, np.multiply, other)

    def __itruediv__(self, other):
        return self._augment(divide, np.divide, other)

    def add_(self, other, alpha=1):
        """Add ``alpha * other`` in place."""
        return self._write(np.add, other if alpha == 1 else other * alpha)

    def sub_(self, other, alpha=1):
        """Subtract ``alpha * other`` in place."""
        return self._write(np.subtract, other if alpha == 1 else other * alpha)

    def mul_(self, other):
        """Multiply in place."""
        return self._write(np.multiply, other)

    def div_(self, other):
        """Divide in place."""
        return self._write(np.divide, other)

    def copy_(self, other):
        """Overwrite the numbers with those of `other`, which may be broadcast."""
        self[...] = other
        return self

    def fill_(self, value):
        """Set every number to `value`."""
        self[...] = value
        return self

    def zero_(self):
        """Set every number to 0."""
        return self.fill_(0)

    # Arithmetic

    def __add__(self, other):
        return add(self, other)

    def __sub__(self, other):
        return subtract(self, other)

    def __rsub__(self, other):
        return subtract(other, self)

    def __mul__(self, other):
        return multiply(self, other)

    def __truediv__(self, other):
        return divide(self, other)

    def __rtruediv__(self, other):
        return divide(other, self)

    def __pow__(self, other):
        return power(self, other)

    def __rpow__(self, other):
        return power(other, self)

    def __matmul__(self, other):
        return matmul(self, other)

    def __rmatmul__(self, other):
        return matmul(other, self)

    def __neg__(self):
        return negative(self)

    def __abs__(self):
        return absolute(self)

    def __getitem__(self, key):
        return index(self, key=raw_key(key))

    def __eq__(self, other):
        return Tensor(np.equal(self.data, raw(other)))

    def __ne__(self, other):
        return Tensor(np.not_equal(self.data, raw(other)))

    def __lt__(self, other):
        return Tensor(np.less(self.data, raw(other)))

    def __le__(self, other):
        return Tensor(np.less_equal(self.data, raw(other)))

    def __gt__(self, other):
        return Tensor(np.greater(self.data, raw(other)))

    def __ge__(self, other):
        return Tensor(np.greater_equal(self.data, raw(other)))

    def __mod__(self, other):
        _check_constant(self, "%")
        return Tensor(self.data % raw(other))

    def __floordiv__(self, other):
        _check_constant(self, "//")
        return Tensor(self.data // raw(other))

    def __invert__(self):
        return Tensor(~self.data)

    def __and__(self, other):
        return Tensor(self.data & raw(other))

    def __or__(self, other):
        return Tensor(self.data | raw(other))

    __radd__, __rmul__, __rand__, __ror__ = __add__, __mul__, __and__, __or__
    __hash__ = object.__hash__

    def square(self):
        """Return each number times itself."""
        return multiply(self, self)

    def pow(self, exponent):
        """Return each number to the power of `exponent`."""
        return power(self, exponent)

    def clamp(self, min=None, max=None):
        """Return the numbers limited to ``min <= x <= max``."""
        return clip(self, low=min, high=max)

    # Reductions. `dim` is an axis, or several in a tuple or list; None means all of them.

    def sum(self, dim=None, keepdim=False):
        """Return the sum over `dim`."""
        return sum_(self, axis=_axes(dim), keepdims=keepdim)

    def mean(self, dim=None, keepdim=False):
        """Return the mean over `dim`."""
        return mean(self, axis=_axes(dim), keepdims=keepdim)

    def var(self, dim=None, correction=1, keepdim=False):
        """Return the variance over `dim`, divided by ``n - correction``."""
        return var(self, axis=_axes(dim), correction=correction, keepdims=keepdim)

    def std(self, dim=None, correction=1, keepdim=False):
        """Return the standard deviation over `dim`."""
        return sqrt(self.var(dim, correction, keepdim))

    def amax(self, dim=None, keepdim=False):
        """Return the largest number over `dim`; ties share the gradient evenly."""
        return max_(self, axis=_axes(dim), keepdims=keepdim)

    def amin(self, dim=None, keepdim=False):
        """Return the smallest number over `dim`; ties share the gradient evenly."""
        return min_(self, axis=_axes(dim), keepdims=keepdim)

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
        return Tensor(np.asarray(self.data.argmax(dim, keepdims=keepdim)))

    def argmin(self, dim=None, keepdim=False):
        """Return the place of the smallest number (the first of several) as int64."""
        return Tensor(np.asarray(self.data.argmin(dim, keepdims=keepdim)))

    def norm(self):
        """Return the Euclidean norm of all numbers together."""
        return sqrt(sum_(multiply(self, self)))

    def all(self):
        """Return whether every number is true."""
        return Tensor(np.asarray(self.data.all()))

    def any(self):
        """Return whether any number is true."""
        return Tensor(np.asarray(self.data.any()))

    # Shapes

    def reshape(self, *shape):
        """Return the same numbers in another shape; one length may be -1."""
        return reshape(self, shape=_sizes(shape))

    def flatten(self, start_dim=0, end_dim=-1):
        """Return the tensor with the axes `start_dim` … `end_dim` joined into one."""
        if not self.shape:
            return reshape(self, shape=(1,))
        start, end = _place(start_dim, self.ndim), _place(end_dim, self.ndim)
        joined = math.prod(self.shape[start : end + 1])
        return reshape(self, shape=(*self.shape[:start], joined, *self.shape[end + 1 :]))

    def squeeze(self, dim=None):
        """Return the tensor without its axes of length 1, or without that one."""
        dims = range(self.ndim) if dim is None else (_place(dim, self.ndim),)
        kept = tuple(n for i, n in enumerate(self.shape) if not (i in dims and n == 1))
        return reshape(self, shape=kept)

    def unsqueeze(self, dim):
        """Return the tensor with a new axis of length 1 at `dim`."""
        place = _place(dim, self.ndim + 1)
        return reshape(self, shape=(*self.shape[:place], 1, *self.shape[place:]))

    def permute(self, *dims):
        """Return the tensor with its axes in the order `dims`."""
        return permute(self, axes=_sizes(dims))

    def transpose(self, dim0, dim1):
        """Return the tensor with two axes swapped."""
        axes = list(range(self.ndim))
        axes[dim0], axes[dim1] = axes[dim1], axes[dim0]
        return permute(self, axes=tuple(axes))

    def t(self):
        """Return the transpose of a matrix."""
        return self.T

    def expand(self, *sizes):
        """Return the tensor broadcast to `sizes`; -1 keeps the length of an axis."""
        sizes = _sizes(sizes)
        own = (1,) * (len(sizes) - self.ndim) + self.shape
        return expand(
            self, shape=tuple(n if m == -1 else m for m, n in zip(sizes, own, strict=True))
        )

    def gather(self, dim, index):
        """Return the numbers at the places `index` along `dim`, as ``torch.gather`` does."""
        return gather(self, index, axis=dim)

    def view_as(self, other):
        """Return the same numbers in the shape of `other`."""
        return reshape(self, shape=other.shape)

    view = reshape

    # Functions of each number

    def exp(self):
        """Return e to the power of each number."""
        return exp(self)

    def log(self):
        """Return the natural logarithm of each number."""
        return log(self)

    def sqrt(self):
        """Return the square root of each number."""
        return sqrt(self)

    def sin(self):
        """Return the sine of each number, in radians."""
        return sin(self)

    def cos(self):
        """Return the cosine of each number, in radians."""
        return cos(self)

    def relu(self):
        """Return each number, or 0 where it is negative."""
        return relu(self)

    def sigmoid(self):
        """Return 1 / (1 + exp(-x)) of each number."""
        return sigmoid(self)

    def tanh(self):
        """Return the hyperbolic tangent of each number."""
        return tanh(self)

    def softmax(self, dim):
        """Return exp(x) divided by its sum over `dim`."""
        return softmax(self, axis=dim)

    def log_softmax(self, dim):
        """Return the logarithm of `softmax`, computed without overflow."""
        return log_softmax(self, axis=dim)

    def logsumexp(self, dim, keepdim=False):
        """Return log(sum(exp(x))) over `dim`, computed without overflow."""
        return logsumexp(self, axis=_axes(dim), keepdims=keepdim)

    def matmul(self, other):
        """Return the matrix product ``self @ other``."""
        return matmul(self, other)

    clip = clamp
    abs = __abs__
    add, sub, mul, div, mm = __add__, __sub__, __mul__, __truediv__, matmul
    eq, ne, lt, le, gt, ge = __eq__, __ne__, __lt__, __le__, __gt__, __ge__


class ValuesIndices(NamedTuple):
    """What `max` and `min` over an axis return: the numbers, and where they stood."""

    values: Tensor
    indices: Tensor


def raw(x):
    """Return the array in a tensor; a Python number where NumPy's would widen float32.

    Example:
        >>> (np.float32(1) * raw(np.float64(2))).dtype
        dtype('float32')
    """
    if isinstance(x, Tensor):
        return x.data
    if isinstance(x, np.floating):
        return float(x)
    return x


def raw_key(key):
    """Return an index with the tensors in it replaced by their arrays.

    Example:
        >>> raw_key((slice(None), Tensor(np.array([1, 0]))))
        (slice(None, None, None), array([1, 0]))
    """
    if isinstance(key, tuple):
        return tuple(raw(k) for k in key)
    return raw(key)


def differentiable(operation):
    """Lift ``operation(*arrays, **options) -> (value, derivatives)`` to tensors.

    Args:
        operation: a function as in `minitransfer.ops`: it returns its value and one derivative
            for each positional argument (None where there is none).

    Returns:
        The same function on tensors; arrays and Python numbers may stand among them. Its result
        is recorded if one of its inputs needs a gradient.

    Example:
        >>> @differentiable
        ... def double(x):
        ...     return 2 * x, (lambda gy: 2 * gy,)
        >>> x = Tensor([1.0, 3.0], requires_grad=True)
        >>> double(x).sum().backward()
        >>> x.grad
        tensor([2., 2.])
    """

    @functools.wraps(operation)
    def lifted(*args, **options):
        arrays = [a.data if isinstance(a, Tensor) else raw(a) for a in args]
        value, derivatives = operation(*arrays, **options)
        y = Tensor(value if type(value) is np.ndarray else np.asarray(value))
        autograd.record(y, args, derivatives)
        return y

    return lifted


def _as_array(data) -> np.ndarray:
    """Turn numbers, nested lists and tensors into an array; Python floats become float32."""
    if isinstance(data, Tensor):
        return data.data
    if isinstance(data, (np.ndarray, np.generic)):
        array = np.asarray(data)
    else:
        array = np.array(data)
        if array.dtype == float64:
            array = array.astype(float32)
    if array.dtype.kind not in _NUMERIC:
        raise TypeError(
            f"a tensor holds numbers or booleans; given {type(data).__name__} "
            f"of type {array.dtype}: convert it to floats or whole numbers first"
        )
    return array


def _check_constant(x, action="writing it into another tensor"):
    """Refuse what would lose the gradient of `x` in silence."""
    if isinstance(x, Tensor) and x.requires_grad and autograd.is_grad_enabled():
        raise RuntimeError(
            f"this tensor requires a gradient, and {action} would lose it; compute a new tensor "
            "(x + y, where, cat, stack), or say with .detach() that no gradient is meant"
        )


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


# The operations, lifted. Each is documented, with its derivatives, where it is written.

add = differentiable(ops.add)
subtract = differentiable(ops.subtract)
multiply = differentiable(ops.multiply)
divide = differentiable(ops.divide)
negative = differentiable(ops.negative)
power = differentiable(ops.power)
maximum = differentiable(ops.maximum)
minimum = differentiable(ops.minimum)
absolute = differentiable(ops.absolute)
exp = differentiable(ops.exp)
log = differentiable(ops.log)
sqrt = differentiable(ops.sqrt)
sin = differentiable(ops.sin)
cos = differentiable(ops.cos)
clip = differentiable(ops.clip)
where = differentiable(ops.where)

relu = differentiable(ops.relu)
leaky_relu = differentiable(ops.leaky_relu)
relu6 = differentiable(ops.relu6)
gelu = differentiable(ops.gelu)
tanh = differentiable(ops.tanh)
sigmoid = differentiable(ops.sigmoid)
softplus = differentiable(ops.softplus)
softmax = differentiable(ops.softmax)
log_softmax = differentiable(ops.log_softmax)

matmul = differentiable(ops.matmul)
linear = differentiable(ops.linear)

sum_ = differentiable(ops.sum)  # `sum`, `max`, `min` would hide Python's own in this file
mean = differentiable(ops.mean)
max_ = differentiable(ops.max)
min_ = differentiable(ops.min)
var = differentiable(ops.var)
logsumexp = differentiable(ops.logsumexp)

reshape = differentiable(ops.reshape)
permute = differentiable(ops.permute)
expand = differentiable(ops.expand)
concatenate = differentiable(ops.concatenate)
stack = differentiable(ops.stack)
pad = differentiable(ops.pad)
index = differentiable(ops.index)
gather = differentiable(ops.gather)
embedding = differentiable(ops.embedding)

conv2d = differentiable(ops.conv2d)
max_pool2d = differentiable(ops.max_pool2d)
avg_pool2d = differentiable(ops.avg_pool2d)
batch_norm = differentiable(ops.batch_norm)
layer_norm = differentiable(ops.layer_norm)
dropout = differentiable(ops.dropout)

cross_entropy = differentiable(ops.cross_entropy)
binary_cross_entropy_with_logits = differentiable(ops.binary_cross_entropy_with_logits)
mse_loss = differentiable(ops.mse_loss)
l1_loss = differentiable(ops.l1_loss)
kl_div = differentiable(ops.kl_div)
huber_loss = differentiable(ops.huber_loss)


@differentiable
def cast(x, *, dtype):
    """Return `x` in another dtype; between floats the derivative takes the way back."""
    floats = dtype.kind == "f" == x.dtype.kind
    return x.astype(dtype), ((lambda gy: gy.astype(x.dtype)) if floats else None,)


@differentiable
def _copy(x):
    return x.copy(), (lambda gy: gy,)
