"""Stand-ins of arrays: they answer as arrays would, and note what was asked of them.

So nothing of the library is written a second time: the functions of `minitransfer.ops` are run as
they stand, and their derivatives too, and an optimiser written with NumPy is traced like all else.

A stand-in carries numbers along, copies of the real ones, for two reasons: NumPy itself says which
shape and type a result has; and where a step looks at a number (is each label a class?), the answer
is known. It becomes a *guard* of the program: where it comes out otherwise, the step is done
without the program.

What would take the numbers out of the trace is refused: `item()`, `float()`, a function that wants
a bare array. Such a step cannot be compiled, and the error says why.
"""

import numpy as np

IN_PLACE = {"put", "copyto", "put_along_axis", "fill_diagonal", "place", "putmask"}
"""Functions that change what they are given; none of them is traced."""
_METHODS_IN_PLACE = {"put", "fill", "sort", "partition", "resize", "setfield", "setflags"}


class Untraceable(Exception):
    """The step does something that a program cannot; the message says what."""


class NotYet(Exception):
    """The step is about to make something that later steps will find: trace one of those."""


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """A stand-in of an array: it knows its numbers, and which value of the program it is."""

    __slots__ = ("numbers", "trace", "value")
    __hash__ = object.__hash__
    traced = True
    base = None

    def __init__(self, trace, value, numbers):
        self.trace, self.value, self.numbers = trace, value, numbers

    @property
    def __class__(self):
        """Who asks ``isinstance(x, np.ndarray)`` is told yes, so that he treats it as one."""
        return np.ndarray

    # What an array says of itself

    @property
    def shape(self):
        return np.shape(self.numbers)

    @property
    def dtype(self):
        return self.value.dtype

    @property
    def ndim(self):
        return np.ndim(self.numbers)

    @property
    def size(self):
        return np.size(self.numbers)

    @property
    def T(self):
        return self.transpose()

    def __len__(self):
        return len(self.numbers)

    def __repr__(self):
        return f"Traced({self.shape}, {self.dtype})"

    # What would take numbers out of the trace

    def __bool__(self):
        return self.trace.guard(self)

    def _refuse(self, *unused, **options):
        raise Untraceable(
            "it looks at a number (item(), float(), tolist(), or a function that wants bare "
            "arrays); return the tensor instead, and look at it outside"
        )

    __array__ = __float__ = __int__ = __index__ = __complex__ = item = tolist = tobytes = _refuse

    # What is noted

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        return self.trace.ufunc(ufunc, method, inputs, out, options)

    def __array_function__(self, function, types, args, options):
        return self.trace.function(function, args, options)

    def __getitem__(self, key):
        return self.trace.index(self, key)

    def __setitem__(self, key, value):
        whole = key is Ellipsis or (isinstance(key, slice) and key == slice(None))
        if whole:
            self.trace.overwrite(self, value)
        else:
            self.trace.write(self, key, value)

    def astype(self, dtype, copy=True):
        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self.copy() if copy else self
        return self.trace.cast(self, dtype)

    def copy(self, order="C"):
        return self.trace.map("copy", [self], self.numbers.copy(order="C"))

    def view(self, dtype=None):
        if dtype is None:
            return self
        dtype = np.dtype(dtype)
        if dtype.itemsize != self.dtype.itemsize or {dtype.kind, self.dtype.kind} - {"i", "u"}:
            raise Untraceable("it looks at the bytes of an array")
        return self.trace.cast(self, dtype)

    def reshape(self, *shape, order="C"):
        return self.trace.reshape(self, shape)

    def ravel(self):
        return self.trace.reshape(self, (-1,))

    def sum(self, axis=None, keepdims=False):
        return np.add.reduce(self, axis=axis, keepdims=keepdims)

    def min(self, axis=None, keepdims=False):
        return np.minimum.reduce(self, axis=axis, keepdims=keepdims)

    def max(self, axis=None, keepdims=False):
        return np.maximum.reduce(self, axis=axis, keepdims=keepdims)

    def any(self, axis=None, keepdims=False):
        return np.logical_or.reduce(self, axis=axis, keepdims=keepdims)

    def all(self, axis=None, keepdims=False):
        return np.logical_and.reduce(self, axis=axis, keepdims=keepdims)

    def __getattr__(self, name):
        """Any other method of arrays is called as it is, step by step."""
        method = getattr(np.ndarray, name, None)
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(name)
        if name in _METHODS_IN_PLACE:
            raise Untraceable(f"it changes an array in place, with {name}()")
        if not callable(method):  # flags, strides, itemsize, …
            return getattr(self.numbers, name)
        return lambda *args, **options: self.trace.call(name, method, (self, *args), options)
