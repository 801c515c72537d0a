"""What compiled steps are made of: the kernels for one number, sums in NumPy's order, and the door
through which the code that `minitransfer.compiler` wrote comes in.

A program that was traced is compiled to one function over plain memory. What it does to a number is
what the kernels do, since it calls the same helpers; they are compiled into it.
"""

import hashlib
import math
from functools import lru_cache

import numba
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic

from .code_cache import CodeFile, kernel_folder
from .compile import helper
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
from .vector_code import Code, address

KEEP = 200
"""Compiled steps that are kept; the oldest are deleted when there are more."""


_inside = numba.njit(
    error_model="numpy", boundscheck=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
"""A function that only compiled code calls: the doors for others take as long to compile as it."""


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
def _eight_sums(typingctx, like, place, n):
    """The sum of n numbers side by side, a multiple of eight: eight sums in a vector, then those in
    pairs. Which is how NumPy takes it; the compiler by itself may not change a sum's order."""

    def generate(context, builder, signature, arguments):
        _, place, n = arguments
        code = Code(context, builder, signature.args[0].dtype)
        pointer = code.pointer(place)

        def next_eight(k, sums):
            return [builder.fadd(sums[0], code.load_numbers(code.at(pointer, k), 8))]

        start = ir.IntType(64)(8)
        _, (sums,) = code.loop(start, n, 8, [code.load_numbers(pointer, 8)], next_eight)
        parts = [builder.extract_element(sums, ir.IntType(32)(i)) for i in range(8)]
        while len(parts) > 1:
            parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    return like.dtype(like, types.intp, types.intp), generate


@_inside
def _short_sum(x, start, n, step):
    """The sum of up to 128 numbers, `step` apart, in the order in which NumPy takes it."""
    if n < 8:
        total = x.dtype.type(0)
        for i in range(n):
            total += x[start + i * step]
        return total
    if step == 1:
        total = _eight_sums(x, address(x) + start * x.itemsize, n - n % 8)
        for i in range(n - n % 8, n):
            total += x[start + i]
        return total
    a, b = x[start], x[start + step]
    c, d = x[start + 2 * step], x[start + 3 * step]
    e, f = x[start + 4 * step], x[start + 5 * step]
    g, h = x[start + 6 * step], x[start + 7 * step]
    for i in range(8, n - n % 8, 8):
        a += x[start + i * step]
        b += x[start + (i + 1) * step]
        c += x[start + (i + 2) * step]
        d += x[start + (i + 3) * step]
        e += x[start + (i + 4) * step]
        f += x[start + (i + 5) * step]
        g += x[start + (i + 6) * step]
        h += x[start + (i + 7) * step]
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for i in range(n - n % 8, n):
        total += x[start + i * step]
    return total


@_inside
def sum_of(x, start, n, step):
    """The sum of n numbers, `step` apart, in the order in which NumPy takes it: in pairs.

    NumPy halves by calling itself. Here the halves that are left wait in a row: machine code that
    calls itself does not find itself again once it comes from a file.
    """
    if n <= 128:
        return _short_sum(x, start, n, step)
    begins, counts = np.empty(64, np.int64), np.empty(64, np.int64)  # of the second halves
    firsts = np.empty(64, x.dtype)  # the sums of the first halves
    depth = 0
    while True:
        while n > 128:
            half = n // 2
            half -= half % 8
            begins[depth], counts[depth] = start + half * step, n - half
            n = half
            depth += 1
        total = _short_sum(x, start, n, step)
        while depth and not counts[depth - 1]:  # that was the second half
            depth -= 1
            total = firsts[depth] + total
        if not depth:
            return total
        firsts[depth - 1] = total
        start, n = begins[depth - 1], counts[depth - 1]
        counts[depth - 1] = 0


@intrinsic
def _pointer(typingctx, address, like):
    """An address as a pointer to numbers of the type of `like`."""
    kind = types.CPointer(like)

    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(kind))

    return kind(types.intp, like), generate


@helper
def memory(address, n, like):
    """The n numbers that begin at an address, of the type of `like`."""
    return carray(_pointer(address, like), (n,))


#: What the code of a step may name.
NAMES = {
    "math": math, "np": np, "helper": _inside,
    "inf": math.inf, "nan": math.nan, "memory": memory, "sum_of": sum_of,
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
            numbers.

    Returns:
        numba's function.
    """
    names = {**NAMES, "__name__": __name__}  # numba looks the module up when it loads the code
    exec(compile(source, "<a compiled step>", "exec"), names)
    function = numba.njit(error_model="numpy", boundscheck=False)(names["step"])
    digest = hashlib.sha256(source.encode()).hexdigest()[:24]
    folder = kernel_folder()
    function._cache = CodeFile(folder / f"step-{digest}.nbc")
    function.compile((numba.int64, numba.int64, numba.int64))
    function.disable_compile()
    _forget_oldest(folder)
    return function


def _forget_oldest(folder):
    """Delete compiled steps that were not made lately, where there are many."""
    files = list(folder.glob("step-*.nbc"))
    if len(files) > KEEP:
        files.sort(key=lambda file: file.stat().st_mtime)
        for file in files[: len(files) // 2]:
            file.unlink(missing_ok=True)
