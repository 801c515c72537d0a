"""What compiled steps are made of: the kernels for one number, sums in NumPy's order, and the door
through which the code that `minitransfer.compiler` wrote comes in.

A program that was traced is compiled to one function over plain memory. What it does to a number is
what the kernels do, since it calls the same helpers; they are compiled into it.
"""

import hashlib
import math
from collections import OrderedDict
from functools import lru_cache

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from .code_cache import CodeFile, kernel_folder
from .compile import TYPES, helper, kernel
from .elementwise import (
    exponential,
    one_erf,
    one_relu,
    one_relu6,
    one_relu6_backward,
    one_relu_backward,
    one_sigmoid,
    one_sigmoid_backward,
    one_sigmoid_cross_entropy,
)
from .optimizer_steps import adam_rates, one_adam, one_momentum, one_sgd
from .vector_code import Code

KEEP = 200
"""Compiled steps that are kept; the oldest are deleted when there are more."""
HELPERS = 500
"""Functions of compiled steps that are kept in memory, for steps that have the same ones."""


_AS_WRITTEN = {"error_model": "numpy", "boundscheck": False}
"""Options of code that rounds after each operation, as NumPy does."""
_INSIDE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""No doors for Python and C, which take as long to compile as what is behind them."""


@helper
def one_sign(x):
    """-1, 0 or 1; NaN stays NaN."""
    return type(x)(1) if x > 0 else type(x)(-1) if x < 0 else x - x


@helper
def one_maximum(a, b):
    """The larger of two numbers; NaN if one is NaN."""
    return a if a >= b or a != a else b


@helper
def one_minimum(a, b):
    """The smaller of two numbers; NaN if one is NaN."""
    return a if a <= b or a != a else b


@helper
def one_isfinite(x):
    """Whether it is a number, and a finite one."""
    return abs(x) < math.inf


@helper
def one(x):
    """1 in the type of `x`."""
    return type(x)(1)


@helper
def multiply_add(a, b, total):
    """One step of a matrix product, a single instruction where there is one."""
    return total + a * b


@intrinsic
def memory(typingctx, address, like):
    """The numbers that begin at an address, of the type of `like`."""
    kind = types.CPointer(like)

    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(kind))

    return kind(types.intp, like), generate


@intrinsic
def place(typingctx, numbers, index):
    """The address of one of the numbers in `memory`."""

    def generate(context, builder, signature, arguments):
        pointer = builder.gep(arguments[0], arguments[1:])
        return builder.ptrtoint(pointer, ir.IntType(64))

    return types.intp(numbers, types.intp), generate


@intrinsic
def _eight_sums(typingctx, like, place, n):
    """The sum of n numbers side by side, a multiple of eight: eight sums in a vector, then those in
    pairs. Which is how NumPy takes it; the compiler by itself may not change a sum's order."""

    def generate(context, builder, signature, arguments):
        _, place, n = arguments
        code = Code(context, builder, signature.args[0])
        pointer = code.pointer(place)

        def next_eight(k, sums):
            return [builder.fadd(sums[0], code.load_numbers(code.at(pointer, k), 8))]

        start = ir.IntType(64)(8)
        _, (sums,) = code.loop(start, n, 8, [code.load_numbers(pointer, 8)], next_eight)
        parts = [builder.extract_element(sums, ir.IntType(32)(i)) for i in range(8)]
        while len(parts) > 1:
            parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    return like(like, types.intp, types.intp), generate


@intrinsic
def _sixty_four(typingctx, like):
    """Room for 64 numbers of the type of `like`, until the function returns."""

    def generate(context, builder, signature, arguments):
        return cgutils.alloca_once(builder, context.get_value_type(like), size=64)

    return types.CPointer(like)(like), generate


@helper
def _short_sum(address, n, step, like):
    """The sum of up to 128 numbers, in the order in which NumPy takes it."""
    x = memory(address, like)
    if n < 8:
        total = type(like)(0)
        for i in range(n):
            total += x[i * step]
        return total
    if step == 1:
        total = _eight_sums(like, address, n - n % 8)
        for i in range(n - n % 8, n):
            total += x[i]
        return total
    a, b, c, d = x[0], x[step], x[2 * step], x[3 * step]
    e, f, g, h = x[4 * step], x[5 * step], x[6 * step], x[7 * step]
    for i in range(8, n - n % 8, 8):
        a += x[i * step]
        b += x[(i + 1) * step]
        c += x[(i + 2) * step]
        d += x[(i + 3) * step]
        e += x[(i + 4) * step]
        f += x[(i + 5) * step]
        g += x[(i + 6) * step]
        h += x[(i + 7) * step]
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for i in range(n - n % 8, n):
        total += x[i * step]
    return total


@kernel("real(intp, intp, intp, real)")
def _sum(address, n, step, like):
    """The sum of n numbers, `step` apart, in the order in which NumPy takes it: in pairs.

    NumPy halves by calling itself. Here the halves that are left wait in a row: machine code that
    calls itself does not find itself again once it comes from a file.
    """
    begins, counts = _sixty_four(n), _sixty_four(n)  # of the second halves
    firsts = _sixty_four(like)  # the sums of the first halves
    depth = 0
    while True:
        while n > 128:
            half = n // 2
            half -= half % 8
            begins[depth], counts[depth] = place(memory(address, like), half * step), n - half
            n = half
            depth += 1
        total = _short_sum(address, n, step, like)
        while depth and not counts[depth - 1]:  # that was the second half
            depth -= 1
            total = firsts[depth] + total
        if not depth:
            return total
        firsts[depth - 1] = total
        address, n = begins[depth - 1], counts[depth - 1]
        counts[depth - 1] = 0


_helpers = OrderedDict()  # the one used last at the end


def _helper(count):
    """Make a function of so many whole numbers one that only compiled code calls.

    Its types are said beforehand: numba would compile one for each size that it is called with.
    If another step has one that does the same, that is taken.

    Its name tells what it does. Machine code that was made in different processes finds its
    functions by name, so that two functions called loop0 could be taken for each other.
    """

    def chosen(function):
        code = function.__code__
        key = code.co_code, repr(code.co_consts), code.co_names, code.co_varnames  # 0.0 == -0.0
        if key not in _helpers:
            function.__qualname__ += "_" + hashlib.sha256(repr(key).encode()).hexdigest()[:24]
            compiled = numba.njit(**_AS_WRITTEN, **_INSIDE)(function)
            compiled.compile((numba.int64,) * count)
            compiled.disable_compile()
            _helpers[key] = compiled
        _helpers.move_to_end(key)
        compiled = _helpers[key]
        while len(_helpers) > HELPERS:
            _helpers.popitem(last=False)
        return compiled

    return chosen


#: What the code of a step may name.
NAMES = {
    "helper": _helper, "math": math, "np": np, "inf": math.inf, "nan": math.nan,
    "memory": memory, "place": place,
    "multiply_add": multiply_add, "exponential": exponential, "one": one, "one_sign": one_sign,
    "one_maximum": one_maximum, "one_minimum": one_minimum, "one_isfinite": one_isfinite,
    "one_erf": one_erf,
    "one_relu": one_relu, "one_relu_backward": one_relu_backward, "one_sigmoid": one_sigmoid,
    "one_relu6": one_relu6, "one_relu6_backward": one_relu6_backward,
    "one_sigmoid_backward": one_sigmoid_backward,
    "one_sigmoid_cross_entropy": one_sigmoid_cross_entropy, "one_sgd": one_sgd,
    "one_momentum": one_momentum, "adam_rates": adam_rates, "one_adam": one_adam,
    **{name: getattr(numba, name) for name in
       ("float32", "float64", "int32", "int64", "uint8", "uint64", "int8", "int16", "uint32")},
    "boolean": numba.boolean,
}  # fmt: skip


@lru_cache(maxsize=128)
def compiled_step(source):
    """Compile the function ``step`` that a source text defines, or load it where that was done.

    Args:
        source: the text, as `minitransfer.compiler.writing` writes it; all arguments are whole
            numbers. Functions for parts of the work have ``@helper(count)`` before them.

    Returns:
        A function of three whole numbers, ``part``, ``n`` and an address. It is the one behind
        numba's, which would look at the arguments' types at each call.
    """
    folder = kernel_folder()
    digest = hashlib.sha256(source.encode()).hexdigest()[:24]
    file = CodeFile(folder / f"step-{digest}.nbc")
    result = file.load_overload(None, cpu_target.target_context)
    if result is None:
        names = {**NAMES, "__name__": __name__}  # where numba looks when it loads the code
        names |= {f"sum_{dtype}": _sum[dtype] for dtype in TYPES if f"sum_{dtype}(" in source}
        exec(compile(source, "<a compiled step>", "exec"), names)
        names["step"].__qualname__ += f"_{digest}"
        step = numba.njit(**_AS_WRITTEN, no_cfunc_wrapper=True)(names["step"])
        step.compile((numba.int64, numba.int64, numba.int64))
        (result,) = step.overloads.values()
        file.save_overload(None, result)
        _forget_oldest(folder)
    return result.entry_point


def _forget_oldest(folder):
    """Delete compiled steps that were not made lately, where there are many."""
    files = list(folder.glob("step-*.nbc"))
    if len(files) > KEEP:
        files.sort(key=lambda file: file.stat().st_mtime)
        for file in files[: len(files) // 2]:
            file.unlink(missing_ok=True)
