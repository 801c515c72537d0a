"""Tensor: an array that can remember where it came from.

Here are its numbers, its gradient, and the rules that keep both true; what can be computed with it
comes from `minitransfer.operators`, how it is recorded and walked back from
`minitransfer.autograd`.
"""

import copy
import weakref

import numpy as np

from minitransfer import autograd, ops
from minitransfer.autograd import (
    as_array,
    check_constant,
    check_writable,
    explain_arguments,
    increment_version,
    shared_version,
)
from minitransfer.devices import check_device, device
from minitransfer.grad_fn import GradFn
from minitransfer.not_covered import NotCovered, tensor_names
from minitransfer.operators import Operators
from minitransfer.ops.indexing import as_keys
from minitransfer.random import default_generator

#: Python and NumPy names of the types that a tensor may hold.
float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
int32, int64, uint8, bool_ = (np.dtype(name) for name in ("int32", "int64", "uint8", "bool"))

_NUMERIC = "fiub"  # floats, whole numbers with and without sign, booleans


class Tensor(Operators):
    """An n-dimensional array that remembers the operations it came from.

    Args:
        data: numbers: an array (kept as it is, not copied), or nested lists (floats become
            float32, as everywhere in this library).
        requires_grad: whether `backward` is to leave the derivative in `grad`.

    Attributes:
        array: the numbers, a NumPy array. Whoever writes into it from outside says so with
            `autograd.increment_version`; the in-place methods do.
        gradient: the derivative as a NumPy array, or None; `grad` shows the same as a tensor.
        requires_grad: see above; True also for every result that was recorded.
        version: the sequence number of the last write, in a list that all tensors share that
            show the same numbers; None while there has been neither.

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
        "array",
        "gradient",
        "history",
        "operation",
        "requires_grad",
        "sequence",
        "version",
    )
    __array_ufunc__ = None  # `array * tensor` is this class's business, not NumPy's

    def __init__(self, data, requires_grad=False):
        self.version = shared_version(data) if isinstance(data, Tensor) else None
        if type(data) is not np.ndarray or not (
            data.dtype.isnative and data.dtype.kind in _NUMERIC
        ):
            data = _as_array(data)
        self.array = data
        self.gradient = self.history = None
        self.requires_grad = False
        if requires_grad:
            self.requires_grad_()

    # What it is

    @property
    def data(self):
        """The same numbers as a tensor outside the graph; assigning writes new ones into it."""
        return self.detach()

    @data.setter
    def data(self, value):
        value = np.asarray(as_array(value))
        if value.shape != self.shape:
            raise ValueError(
                f"numbers of shape {value.shape} for a tensor of shape {self.shape}; the two must "
                "be equal (a layer of another size is a new layer)"
            )
        self.array[...] = value
        increment_version(self)

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        """Type of the numbers."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.array.ndim

    @property
    def device(self):
        """Where it is: ``device("cpu")``, always."""
        return device("cpu")

    @property
    def is_cuda(self) -> bool:
        """Whether it is on a graphics card: no."""
        return False

    def size(self, dim=None):
        """Return the shape, or the length of one axis."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """Return the number of axes."""
        return self.ndim

    def numel(self) -> int:
        """Return how many numbers there are."""
        return self.array.size

    @property
    def grad(self):
        """The derivative left by `backward`, as a tensor that shares its numbers, or None."""
        return None if self.gradient is None else Tensor(self.gradient)

    @grad.setter
    def grad(self, value):
        if value is not None:
            # A copy: two leaves never share one array, or clipping would scale it twice.
            value = np.array(as_array(value), dtype=self.dtype)
            if value.shape != self.shape:
                raise ValueError(
                    f"a gradient of shape {value.shape} was given to a tensor of shape "
                    f"{self.shape}; the two must be equal"
                )
        self.gradient = value

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation produced it."""
        return self.history is None

    @property
    def grad_fn(self):
        """The operation that produced it, to look at (see `GradFn`); None for a leaf."""
        return None if self.is_leaf else GradFn(self)

    def retain_grad(self) -> None:
        """Let `backward` leave the derivative in `grad` here too, though this is no leaf."""
        if not self.requires_grad:
            raise RuntimeError(
                "this tensor needs no gradient; nothing was recorded on the way to it"
            )
        for i, (x, derivative) in enumerate([] if self.is_leaf else self.history):
            if derivative is not None:
                self.history[i] = (x, _retaining(weakref.ref(self), derivative))
                break

    def __repr__(self):
        text = np.array2string(self.array, separator=", ", prefix="tensor(", precision=4)
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

    def __bool__(self):
        return bool(self.item())

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __index__(self):
        return self.array.__index__()

    def __format__(self, spec):
        return format(self.item(), spec) if self.array.size == 1 and spec else repr(self)

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise RuntimeError(
                "this tensor requires a gradient, and NumPy could not record what it does with it; "
                "use .detach().numpy() to say that this is meant"
            )
        return np.array(self.array, dtype=dtype, copy=copy)

    def __deepcopy__(self, memo):
        if not self.is_leaf:
            raise RuntimeError(
                "a deep copy of a tensor that came from a recorded operation would copy all it was "
                "computed from; copy x.detach() instead"
            )
        new = memo[id(self)] = copy.copy(self)
        new.array = copy.deepcopy(self.array, memo)
        new.gradient, new.version = copy.deepcopy(self.gradient, memo), None
        return new

    # Out of the graph

    def item(self):
        """Return the one number in this tensor as a Python number.

        Raises:
            ValueError: if it holds more or fewer than one.
        """
        if self.array.size != 1:
            raise ValueError(
                f"item() needs a tensor of one number; this one has shape {self.shape}: "
                "use .tolist(), or reduce it first (.mean(), .sum())"
            )
        return self.array.item()

    def tolist(self):
        """Return the numbers as nested Python lists."""
        return self.array.tolist()

    def numpy(self, force=False) -> np.ndarray:
        """Return the array itself (shared, not copied).

        Raises:
            RuntimeError: if the tensor requires a gradient (see `detach`) and `force` is False.
        """
        if self.requires_grad and not force:
            raise RuntimeError("this tensor requires a gradient; use .detach().numpy()")
        return self.array

    def copy(self):
        """Return a copy outside the graph, by NumPy's name."""
        return Tensor(self.array.copy())

    def tobytes(self) -> bytes:
        """Return the numbers as bytes, by NumPy's name: to compare bit by bit."""
        return self.array.tobytes()

    def detach(self):
        """Return a tensor with the same numbers (shared) that is not part of the graph."""
        return Tensor(self)

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

    backward = autograd.backward

    # Types

    @explain_arguments
    def to(self, target=None, dtype=None, non_blocking=False, copy=False, *, device=None):
        """Return the tensor in another dtype; a device ("cpu") changes nothing.

        Args:
            target: a dtype, a device, or a tensor whose dtype to take.
            dtype: the type, beside a device.
            non_blocking: taken for PyTorch's sake; there is nothing to wait for.
            copy: whether to return a new tensor in any case.
            device: "cpu".

        Raises:
            AttributeError: for a device that is not the processor.
        """
        if isinstance(target, Tensor):
            dtype = target.dtype
        elif _is_place(target):
            device = target
        elif target is not None:
            dtype = target
        if device is not None:
            check_device(device)
        if dtype is None and device is None and target is None:
            raise TypeError('to() needs a dtype, as in x.to(float64), or "cpu"')
        if dtype is None or np.dtype(dtype) == self.dtype:
            return self.clone() if copy else self
        return ops.cast(self, np.dtype(dtype))

    def type(self, dtype=None, non_blocking=False):
        """Return the tensor in another dtype; without one, PyTorch's name of the present one."""
        if dtype is None:
            return f"torch.{_OLD_NAMES.get(self.dtype.name, self.dtype.name)}Tensor"
        if isinstance(dtype, str):
            name = dtype.removeprefix("torch.").removesuffix("Tensor")
            dtype = {old: new for new, old in _OLD_NAMES.items()}.get(name, name)
        return self.to(np.dtype(dtype))

    def type_as(self, other):
        """Return the tensor in the dtype of `other`."""
        return self.to(other.dtype)

    @explain_arguments
    def float(self):
        """Return the tensor as float32."""
        return self.to(float32)

    @explain_arguments
    def double(self):
        """Return the tensor as float64."""
        return self.to(float64)

    @explain_arguments
    def long(self):
        """Return the tensor as int64."""
        return self.to(int64)

    @explain_arguments
    def int(self):
        """Return the tensor as int32."""
        return self.to(int32)

    @explain_arguments
    def bool(self):
        """Return the tensor as booleans."""
        return self.to(bool_)

    @explain_arguments
    def cpu(self):
        """Return the tensor itself: there is no other place for it."""
        return self

    def cuda(self, device=None, non_blocking=False):
        """Refuse: there is no graphics card.

        Raises:
            AttributeError: says what to do instead.
        """
        check_device("cuda")

    def is_floating_point(self) -> bool:
        """Whether it holds floats."""
        return self.dtype.kind == "f"

    @explain_arguments
    def is_contiguous(self) -> bool:
        """Whether the numbers lie row by row in memory."""
        return self.array.flags.c_contiguous

    @explain_arguments
    def contiguous(self):
        """Return the tensor with its numbers row by row in memory: itself, or a copy."""
        return self if self.is_contiguous() else self.clone()

    # New ones of the same type

    @explain_arguments
    def new_tensor(self, data, dtype=None, device=None, requires_grad=False):
        """Return a tensor that holds a copy of `data`, in this one's dtype if none is given."""
        if device is not None:
            check_device(device)
        return Tensor(np.array(as_array(data), dtype=dtype or self.dtype), requires_grad)

    @explain_arguments
    def new_full(self, size, fill_value, dtype=None, device=None, requires_grad=False):
        """Return a tensor of a shape, filled with one number, in this one's dtype."""
        if device is not None:
            check_device(device)
        return Tensor(np.full(size, fill_value, dtype or self.dtype), requires_grad)

    @explain_arguments
    def new_zeros(self, *lengths, size=None, dtype=None, device=None, requires_grad=False):
        """Return zeros in this one's dtype."""
        return self.new_full(shape_of(lengths, size), 0, dtype, device, requires_grad)

    @explain_arguments
    def new_ones(self, *lengths, size=None, dtype=None, device=None, requires_grad=False):
        """Return ones in this one's dtype."""
        return self.new_full(shape_of(lengths, size), 1, dtype, device, requires_grad)

    new_empty = new_zeros

    # Writing in place: refused where it would make a gradient wrong

    def _write(self, function, other):
        check_writable(self)
        check_constant(other)
        function(self.array, as_array(other), out=self.array, casting="same_kind")
        increment_version(self)
        return self

    def __setitem__(self, key, value):
        check_writable(self)
        check_constant(value)
        *first, last = as_keys(key)
        place = self.array[first[0]] if first else self.array
        place[last] = as_array(value)
        increment_version(self)

    def add_(self, other, alpha=1):
        """Add ``alpha * other`` in place."""
        return self._write(np.add, other if alpha == 1 else other * alpha)

    def sub_(self, other, alpha=1):
        """Subtract ``alpha * other`` in place."""
        return self._write(np.subtract, other if alpha == 1 else other * alpha)

    def mul_(self, other):
        """Multiply in place."""
        return self._write(np.multiply, other)

    @explain_arguments
    def div_(self, other):
        """Divide in place."""
        return self._write(np.divide, other)

    def copy_(self, src, non_blocking=False):
        """Overwrite the numbers with those of `src`, which may be broadcast."""
        check_writable(self)
        check_constant(src)
        self.array[...] = as_array(src)
        increment_version(self)
        return self

    def fill_(self, value):
        """Set every number to `value`."""
        return self.copy_(value)

    def zero_(self):
        """Set every number to 0."""
        return self.fill_(0)

    def masked_fill_(self, mask, value):
        """Set the numbers where `mask` holds to `value`."""
        self[np.broadcast_to(as_array(mask), self.shape)] = value
        return self

    def clamp_(self, min=None, max=None):
        """Limit every number to the range from `min` to `max`."""
        return self.copy_(ops.clamp(self.detach(), min, max))

    clip_ = clamp_

    def uniform_(self, low=0.0, high=1.0, generator=None):
        """Fill with numbers drawn evenly from [low, high); PyTorch calls these `from` and `to`."""
        return self.copy_((generator or default_generator()).uniform(low, high, self.shape))

    def normal_(self, mean=0.0, std=1.0, generator=None):
        """Fill with normally distributed numbers."""
        return self.copy_((generator or default_generator()).normal(mean, std, self.shape))

    # ``x += y``

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

    def __iadd__(self, other):
        return self._augment(ops.add, np.add, other)

    def __isub__(self, other):
        return self._augment(ops.sub, np.subtract, other)

    def __imul__(self, other):
        return self._augment(ops.mul, np.multiply, other)

    def __itruediv__(self, other):
        return self._augment(ops.div, np.divide, other)


autograd.Tensor = Tensor

for _name in tensor_names(dir(Tensor)):
    setattr(Tensor, _name, NotCovered("Tensor", _name))

#: PyTorch's names of types from before it had dtypes; ``x.type()`` still returns them.
_OLD_NAMES = {
    "float32": "Float",
    "float64": "Double",
    "float16": "Half",
    "int64": "Long",
    "int32": "Int",
    "uint8": "Byte",
    "bool": "Bool",
}


def _is_place(target) -> bool:
    """Whether `target` names a device, and no dtype."""
    return isinstance(target, device) or (isinstance(target, str) and target not in np.sctypeDict)


def shape_of(lengths, size=None):
    """The shape that was given one by one, in a tuple, or as ``size=``.

    Example:
        >>> shape_of((2, 3)), shape_of(([2, 3],)), shape_of((), size=2)
        ((2, 3), (2, 3), (2,))
    """
    lengths = lengths if size is None else (size,)
    single = len(lengths) == 1 and isinstance(lengths[0], (tuple, list))
    return tuple(lengths[0]) if single else lengths


def _retaining(reference, derivative):
    """The derivative, which also leaves the gradient it is given in the tensor referred to.

    Referred to weakly: a tensor that its own history holds would never be freed.
    """

    def retaining(gy):
        tensor = reference()
        if tensor is not None:
            old = tensor.gradient
            tensor.gradient = np.array(gy) if old is None else old + gy
        return derivative(gy)

    return retaining


def _as_array(data) -> np.ndarray:
    """Turn numbers, nested lists and tensors into an array; Python floats become float32."""
    if isinstance(data, Tensor):
        return data.array
    if isinstance(data, (np.ndarray, np.generic)):
        array = autograd.to_array(data)
    else:
        array = np.array(data)
        if array.dtype == float64:
            array = array.astype(float32)
    if not array.dtype.isnative:  # kernels know the machine's own byte order only
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind not in _NUMERIC:
        raise TypeError(
            f"a tensor holds numbers or booleans; given {type(data).__name__} "
            f"of type {array.dtype}: convert it to floats or whole numbers first"
        )
    return array
