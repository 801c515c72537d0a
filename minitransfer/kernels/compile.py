"""How a Python function becomes a kernel, and where its machine code is kept.

Numba compiles a function when it is first called; that takes a few tenths of a second each, so the
machine code is kept on disk. Numba's own cache looks only at the file in which a function stands
and would go on running old code after an edit in *another* file (numba issue 8359). Here the name
of the cache folder holds a hash of every kernel source file, of the versions of numba, llvmlite
and NumPy, and of the processor, so code that is out of date is never found. The folder is the
library's own (`minitransfer.folders.cache_folder`): a read-only installation and a machine without
a home folder are no obstacle, and no other user of numba in the same process is affected.
"""

import hashlib
import pkgutil
import shutil
from functools import cache
from importlib import import_module
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np
from numba.core import types
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

from minitransfer.folders import cache_folder

KEEP = 6
"""Cache folders kept: those of other versions may still be in use by other environments."""

_OPTIONS = {
    "nogil": True,  # several Python threads can be inside kernels at once
    "error_model": "numpy",  # x / 0 is inf; a check for it would stop the loop from vectorising
    "boundscheck": False,  # shapes are checked once, in `ops`, not at every element
    "fastmath": {"contract"},  # a * b + c may be one instruction; NaN and Inf stay what they are
}
_SUMS = {"contract", "reassoc"}
"""Allowed where sums are taken: their order, so that a vector of partial sums can be kept."""

_TYPES = {np.dtype(np.float32): numba.float32, np.dtype(np.float64): numba.float64}

REGISTRY = {}
"""Every kernel by its name, in the order in which their files were read."""


@cache
def source_hash():
    """Return a hash of all that machine code depends on: sources, versions, processor."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(file.name.encode() + b"\\0" + file.read_bytes() + b"\\0")
    versions = (numba.__version__, llvmlite.__version__, np.__version__)
    digest.update(repr((versions, *host())).encode())
    return digest.hexdigest()[:16]


@cache
def host():
    """Return the processor's name and its features, as the compiler knows them."""
    try:
        features = llvm.get_host_cpu_features().flatten()
    except RuntimeError:  # the compiler cannot ask this processor; it then assumes the least
        features = ""
    return llvm.get_host_cpu_name(), features


@cache
def kernel_folder():
    """Return the folder of this version's machine code, and delete the oldest of the others.

    Example:
        >>> kernel_folder().name.startswith("kernels-")
        True
    """
    folder = cache_folder() / f"kernels-{source_hash()}"
    if not folder.exists():
        others = [f for f in cache_folder().glob("kernels-*") if f.is_dir()]
        others.sort(key=_age)
        for old in others[: -(KEEP - 1)]:
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _age(folder):
    try:
        return folder.stat().st_mtime
    except OSError:  # another process was quicker
        return 0.0


class _Locator(_CacheLocator):
    """Tells numba's cache to use our folder; the hash in its name makes time stamps needless."""

    def __init__(self, function, file):
        self._line = function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, function, file):
        return cls(function, file)

    def get_cache_path(self):
        return str(kernel_folder())

    def get_source_stamp(self):
        return source_hash()

    def get_disambiguator(self):
        return str(self._line)


class _CacheImpl(CompileResultCacheImpl):
    _locator_classes = [_Locator]  # noqa: RUF012 (the name and form are numba's)


class _Cache(FunctionCache):
    _impl_class = _CacheImpl


def helper(function):
    """A function that kernels call. It is compiled into them and has no machine code of its own."""
    return numba.njit(**_OPTIONS)(function)


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
        """The function's name with its file, as in ``gemm.tiled._pack``."""
        return f"{self.function.__module__.split('kernels.')[-1]}.{self.function.__name__}"

    def __missing__(self, dtype):
        if dtype not in _TYPES:
            raise TypeError(
                f"the kernel {self.name} takes float32 or float64 arrays, not {dtype}; convert "
                "with .astype(numpy.float32)"
            )
        dispatcher = numba.njit(**self.options)(self.function)
        dispatcher._cache = _Cache(self.function)
        dispatcher.compile(eval(self.signature, _signature_names(dtype)))
        # Explicit types: an array of any layout is accepted, and nothing is ever compiled twice.
        dispatcher.disable_compile()
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
    real = _TYPES[dtype]
    names = {name: getattr(numba, name) for name in ("void", "intp", "int64", "int32", "uint8")}
    labels = types.Array(numba.int64, 1, "A", readonly=True, aligned=False)
    names |= {"real": real, "boolean": numba.boolean, "labels": labels}
    for axes in range(1, 6):
        names[f"in{axes}"] = types.Array(real, axes, "A", readonly=True, aligned=False)
        names[f"flat{axes}"] = types.Array(real, axes, "C", readonly=True, aligned=False)
    return names


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


def precompile(progress=None):
    """Compile all kernels for float32 and float64, or load them where that was done before.

    Args:
        progress: called as ``progress(done, total, name)`` before each kernel and once at the
            end, when `name` is empty.

    Returns:
        The number of compiled functions, two for each kernel.
    """
    for file in pkgutil.walk_packages([str(Path(__file__).parent)], f"{__package__}."):
        import_module(file.name)
    return _look_up([(k, dtype) for k in list(REGISTRY.values()) for dtype in _TYPES], progress)


def precompile_main_job(progress=None):
    """Compile or load only what training the published networks calls; as `precompile`."""
    from . import elementwise, max_pool, optimizer_steps, softmax_loss
    from .conv import shifted
    from .gemm import tiled

    chosen = [
        *(tiled._linear, tiled._sum_rows, tiled._outer_loop, tiled._dot_loop, tiled._pack),
        *(shifted._convolve, shifted._gradient_of_filters),
        *(max_pool._max_2x2, max_pool._max_2x2_backward),
        *(elementwise._relu, elementwise._relu_backward),
        *(softmax_loss._cross_entropy, optimizer_steps._adam),
    ]
    return _look_up([(kernel, np.dtype(np.float32)) for kernel in chosen], progress)


def _look_up(work, progress):
    for done, (kernel, dtype) in enumerate(work):
        if progress is not None:
            progress(done, len(work), kernel.name)
        kernel[dtype]
    if progress is not None:
        progress(len(work), len(work), "")
    return len(work)
