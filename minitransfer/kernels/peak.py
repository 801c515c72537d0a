"""The most that one core can compute, and fetch: the roofs under which the ladders stand."""

import time
from functools import cache

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .compile import kernel
from .vector_code import VECTOR_BYTES, Code

_I64 = ir.IntType(64)


@intrinsic
def _chains(typingctx, like, rounds):
    """Twelve vectors that are multiplied and added to in turn, in registers only."""
    signature = like.dtype(like, types.intp)

    def generate(context, builder, signature, arguments):
        code = Code(context, builder, signature.args[0].dtype)
        rounds = arguments[1]
        factor = code.spread(builder.uitofp(builder.and_(rounds, _I64(1)), code.real))

        def turn(k, sums):
            for _ in range(4):
                sums = [code.multiply_add(factor, factor, s) for s in sums]
            return sums

        starts = [ir.Constant(code.vector, [float(i)] * code.lanes) for i in range(12)]
        _, sums = code.loop(_I64(0), rounds, 1, starts, turn)
        total = sums[0]
        for s in sums[1:]:
            total = builder.fadd(total, s)
        lanes = code.totals([total])  # used, or the compiler would take the loop away
        return builder.extract_element(lanes, ir.IntType(32)(0))

    return signature, generate


@kernel("void(real[::1], intp)")
def _turn_chains(out, rounds):
    out[0] = _chains(out, rounds)


@cache
def peak_flops(dtype):
    """Measure what one core can do at most, in floating-point operations a second.

    Twelve independent chains of vector multiply-adds that touch no memory: nothing that computes
    with these vectors can be faster. Measured once in a process, the best of five times.

    Example:
        >>> peak_flops(np.float32) > 1e8
        True
    """
    out, rounds = np.empty(1, dtype), 20_001
    turn_chains = _turn_chains[out.dtype]
    best = float("inf")
    for _ in range(6):
        start = time.process_time()
        turn_chains(out, rounds)
        best = min(best, time.process_time() - start)
    return 2 * 12 * 4 * rounds * (VECTOR_BYTES // out.itemsize) / best


@cache
def memory_bandwidth():
    """Measure how fast one core copies memory that no cache holds, in bytes a second.

    Bytes read and bytes written both count. Measured once in a process, the best of five times.

    Example:
        >>> memory_bandwidth() > 1e8
        True
    """
    source = np.zeros(1 << 24, np.float32)
    target = np.zeros_like(source)
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        np.copyto(target, source)
        best = min(best, time.process_time() - start)
    return 2 * source.nbytes / best
