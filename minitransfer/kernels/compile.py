"""How a Python function becomes a kernel.

Numba compiles a function for the types of its arguments. Here the types are said beforehand, so
that there are two versions of each kernel, one for float32 and one for float64; each is compiled
when it is first asked for, or read from the folder that `code_cache` looks after.
"""

import inspect
import numbers
from functools import partial
from pathlib import Path

import numba
import numpy as np
from numba.core import types
from numba.np.numpy_support import as_dtype

from .code_cache import CodeFile, kernel_files, kernel_folder

_OPTIONS = {
    "nogil": True,  # several Python threads can be inside kernels at once
    "error_model": "numpy",  # x / 0 is inf; a check for it would stop the loop from vectorising
    "boundscheck": False,  # shapes are checked once, in `ops`, not at every element
    "fastmath": {"contract"},  # a * b + c may be one instruction; NaN and Inf stay what they are
}
_SUMS = {"contract", "reassoc"}
"""Allowed where sums are taken: their order, so that a vector of partial sums can be kept."""

TYPES = {np.dtype(np.float32): numba.float32, np.dtype(np.float64): numba.float64}

REGISTRY = {}
"""Every kernel by its name, in the order in which their files were read."""


def helper(function):
    """A function that kernels call. It is compiled into them and has no machine code of its own.

    Nor has it doors for Python or C, which would take as long to compile as what is behind them.
    """
    return numba.njit(**_OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def long_helper(function):
    """A `helper` that the compiler would call, since it is long, where it would copy a short one.

    A call in a loop keeps it from becoming vector code, so this one is copied always.
    """
    doors = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(**_OPTIONS, **doors, inline="always")(function)


class Kernel(dict):
    """A compiled function for each type of numbers: ``_relu[x.dtype](x, y)``.

    What stands in the table is numba's own function, so no Python runs between the caller and the
    machine code. It is compiled, or loaded, when its type is first asked for.
    """

    def __init__(self, function, signature, sums):
        super().__init__()
        self.function = function
        self.signature = signature
        self.options = _OPTIONS | ({"fastmath": _SUMS} if sums else {})
        self.__doc__ = function.__doc__
        REGISTRY[self.name] = self

    @property
    def name(self):
        """The function's name with its file, as in ``gemm.packed._pack``."""
        return f"{self.function.__module__.split('kernels.')[-1]}.{self.function.__name__}"

    def __missing__(self, dtype):
        if dtype not in TYPES:
            raise TypeError(
                f"the kernel {self.name} takes float32 or float64 arrays, not {dtype}; convert "
                "with .astype(numpy.float32)"
            )
        if numba.config.DISABLE_JIT:
            raise RuntimeError(
                f"the kernel {self.name} cannot be compiled, since NUMBA_DISABLE_JIT is set; unset "
                "it, or set MINITRANSFER_KERNELS=reference to run the plain versions"
            )
        dispatcher = numba.njit(**self.options)(self.function)
        if Path(self.function.__code__.co_filename) in kernel_files():
            dispatcher._cache = CodeFile(kernel_folder() / f"{self.name}-{dtype}.nbc")
        dispatcher.compile(eval(self.signature, _signature_names(dtype)))
        # Explicit types: an array of any layout is accepted, and nothing is ever compiled twice.
        dispatcher.disable_compile()
        # Numba calls this where a call does not fit, so a call that fits costs nothing more.
        dispatcher._explain_matching_error = partial(_explain_misfit, self.name, dispatcher)
        self[dtype] = dispatcher
        return dispatcher

    def assembly(self, dtype=np.float32):
        """Return the machine code as text, compiled anew: to see what became of a tile.

        Example:
            >>> @kernel("void(real[::1])")
            ... def double(x):
            ...     for i in range(x.size):
            ...         x[i] += x[i]
            >>> "double" in double.assembly()
            True
        """
        dispatcher = numba.njit(**self.options)(self.function)
        dispatcher.compile(eval(self.signature, _signature_names(np.dtype(dtype))))
        return "\n".join(dispatcher.inspect_asm().values())


def _signature_names(dtype):
    real = TYPES[dtype]
    names = {
        name: getattr(numba, name)
        for name in ("void", "intp", "int64", "int32", "uint8", "float64")
    }
    labels = types.Array(numba.int64, 1, "A", readonly=True, aligned=False)
    names |= {"real": real, "boolean": numba.boolean, "labels": labels}
    for axes in range(1, 6):
        names[f"in{axes}"] = types.Array(real, axes, "A", readonly=True, aligned=False)
        names[f"flat{axes}"] = types.Array(real, axes, "C", readonly=True, aligned=False)
    return names


def _explain_misfit(name, dispatcher, *arguments):
    """Raise a TypeError that says which arguments of a kernel are not what it takes, and why."""
    wanted = dispatcher.nopython_signatures[0].args
    names = inspect.signature(dispatcher.py_func).parameters
    every = zip(names, arguments, wanted, strict=True)
    misfits = [f"{n} {why}" for n, value, kind in every if (why := _misfit(value, kind))]
    raise TypeError(f"the kernel {name} cannot take its arguments: {'; '.join(misfits)}")


def _misfit(value, kind):
    """What is wrong with `value` where a kernel takes numba's type `kind`; "" if nothing is."""
    if not isinstance(kind, types.Array):
        fits = isinstance(value, numbers.Real | np.generic)
        return "" if fits else f"is of type {type(value).__name__}, not a number"
    if not isinstance(value, np.ndarray):
        return f"is of type {type(value).__name__}, not an array"
    dtype = as_dtype(kind.dtype)
    if value.dtype != dtype:
        native = value.dtype.newbyteorder("=") == dtype
        order = ", numbers in the byte order of another processor," if native else ""
        return f"is {value.dtype}{order} and must be {dtype}: convert with .astype(numpy.{dtype})"
    if value.ndim != kind.ndim:
        return f"has {value.ndim} axes and must have {kind.ndim}"
    if kind.mutable and not value.flags.writeable:
        return "is write-protected, and the kernel writes to it: give a copy, x.copy()"
    if kind.layout == "C" and not value.flags.c_contiguous:
        return "is not contiguous: give numpy.ascontiguousarray(x)"
    return ""


def kernel(signature, sums=False):
    """Decorate a function as a kernel with explicit types; what it returns is a `Kernel`.

    Args:
        signature: in numba's notation, with ``real`` for float32 or float64. ``in1`` to ``in5``
            are arrays of so many axes that are only read: any strides, write-protected or not;
            ``flat1`` to ``flat5`` are contiguous ones; ``real[::1]``, ``real[:, ::1]``... are
            contiguous arrays that are written; ``labels`` is a row of int64 that is only read.
            Explicit types keep the compiled versions at two.
        sums: whether sums may be taken in an order that suits the vector unit.

    Example:
        >>> @kernel("void(real[::1], real)")
        ... def add_to(x, value):
        ...     for i in range(x.size):
        ...         x[i] += value
        >>> x = np.zeros(3, np.float32)
        >>> add_to[x.dtype](x, 2)
        >>> x
        array([2., 2., 2.], dtype=float32)
    """
    return lambda function: Kernel(function, signature, sums)


def wrong_gradient(gy, shape):
    """Return the error for a gradient `gy` whose shape is not its result's `shape`.

    Example:
        >>> wrong_gradient(np.ones(2), (3,))
        ValueError('the gradient of a result of shape (3,) has shape (2,); they must be the same')
    """
    return ValueError(
        f"the gradient of a result of shape {tuple(shape)} has shape {gy.shape}; they must be the "
        "same"
    )
