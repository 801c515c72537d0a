"""What every tensor is underneath: numbers, a gradient, and the rules that keep both true.

`minitransfer.autograd` records and walks; here is what it records on, and the door through which
in-place writes and conversions have to go. The operators and methods come in
`minitransfer.tensor`, when there are operations to build them from.
"""

import copy

import numpy as np

from minitransfer import autograd

#: Python and NumPy names of the types that a tensor may hold.
float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
int32, int64, uint8, bool_ = (np.dtype(name) for name in ("int32", "int64", "uint8", "bool"))

_NUMERIC = "fiub"  # floats, whole numbers with and without sign, booleans


class Recorded:
    """The numbers, the gradient and the past of a tensor; `Tensor` adds operators and methods.

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
        >>> x = Recorded([1.0, 2.0], requires_grad=True)
        >>> x.shape, x.is_leaf
        ((2,), True)
    """

    __slots__ = (
        "__weakref__",
        "array",
        "gradient",
        "history",
        "recorded_at",
        "requires_grad",
        "written_at",
    )
    #: The class that results have: `Tensor`, which says so when it is defined.
    kind: type
    __array_ufunc__ = None  # `array * tensor` is this class's business, not NumPy's

    def __init__(self, data, requires_grad=False):
        if type(data) is not np.ndarray or data.dtype.kind not in _NUMERIC:
            data = _as_array(data)
        self.array = data
        self.gradient = None
        self.requires_grad = False
        self.history = None
        self.recorded_at = self.written_at = 0
        if requires_grad:
            self.requires_grad_()

    # What it is

    @property
    def data(self):
        """The same numbers as a tensor outside the graph; assigning writes new ones into it."""
        return self.detach()

    @data.setter
    def data(self, value):
        self.array[...] = raw(value)
        autograd.note_write(self)

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
    def grad(self):
        """The derivative left by `backward`, as a tensor that shares its numbers, or None."""
        return None if self.gradient is None else self.kind(self.gradient)

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
        return self.history is None

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
        new.gradient = copy.deepcopy(self.gradient, memo)
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

    def numpy(self) -> np.ndarray:
        """Return the array itself (shared, not copied).

        Raises:
            RuntimeError: if the tensor requires a gradient (see `detach`).
        """
        if self.requires_grad:
            raise RuntimeError("this tensor requires a gradient; use .detach().numpy()")
        return self.array

    def detach(self):
        """Return a tensor with the same numbers (shared) that is not part of the graph."""
        return self.kind(self.array)

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
            if self.array.size != 1:
                raise RuntimeError(
                    f"backward() needs a single number to start from; this tensor has shape "
                    f"{self.shape}: reduce it (.mean(), .sum()) or pass a gradient of its shape"
                )
            gradient = np.empty(self.array.shape, self.array.dtype)
            gradient.fill(1)  # a third of what np.ones takes, which shows in small networks
        else:
            gradient = gradient.array if isinstance(gradient, Recorded) else np.asarray(gradient)
            if gradient.shape != self.shape:
                raise ValueError(
                    f"backward() was given a gradient of shape {gradient.shape} "
                    f"for a tensor of shape {self.shape}; the two must be equal"
                )
            gradient = gradient.astype(self.dtype, copy=False)
        autograd.backward(self, gradient, retain_graph)

    # Writing in place: refused where it would make a gradient wrong

    def _write(self, function, other):
        autograd.check_writable(self)
        check_constant(other)
        function(self.array, raw(other), out=self.array, casting="same_kind")
        autograd.note_write(self)
        return self

    def __setitem__(self, key, value):
        autograd.check_writable(self)
        check_constant(value)
        self.array[raw_key(key)] = raw(value)
        autograd.note_write(self)

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


def raw(x):
    """Return the array in a tensor; a Python number where NumPy's would widen float32.

    Example:
        >>> (np.float32(1) * raw(np.float64(2))).dtype
        dtype('float32')
    """
    if isinstance(x, Recorded):
        return x.array
    if isinstance(x, np.floating):
        return float(x)
    return x


def raw_key(key):
    """Return an index with the tensors in it replaced by their arrays.

    Example:
        >>> raw_key((slice(None), Recorded(np.array([1, 0]))))
        (slice(None, None, None), array([1, 0]))
    """
    if isinstance(key, tuple):
        return tuple(raw(k) for k in key)
    return raw(key)


def _as_array(data) -> np.ndarray:
    """Turn numbers, nested lists and tensors into an array; Python floats become float32."""
    if isinstance(data, Recorded):
        return data.array
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


def check_constant(x, action="writing it into another tensor"):
    """Refuse what would lose the gradient of `x` in silence.

    Raises:
        RuntimeError: if `x` is a tensor that requires a gradient, and recording is on.
    """
    if isinstance(x, Recorded) and x.requires_grad and autograd.is_grad_enabled():
        raise RuntimeError(
            f"this tensor requires a gradient, and {action} would lose it; compute a new tensor "
            "(x + y, where, cat, stack), or say with .detach() that no gradient is meant"
        )
