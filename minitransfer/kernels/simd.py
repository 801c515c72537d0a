"""The two register tiles, written in the compiler's intermediate language (LLVM IR).

A core can do some thirty multiplications and additions a cycle, but fetch only a few numbers. So
whoever wants its full speed must use every number fetched many times while it is in a register.
The tiles below keep a small block of the result in registers, one accumulator each:

``outer_tile``   C[i, :] += A[i, k] * B[k, :]      one number of A, spread over a vector, times a
                                                   vector of B: matmul, convolution and its
                                                   gradient with respect to the image
``dot_tile``     C[i, j] += sum of X[i, p] * Y[j, p]   vectors of both along p: the gradient of the
                                                   filters, and A @ B.T

LLVM vectorises loops but does not find these tiles by itself; that is why they are spelled out.
Everything else about them (which register, which address form) is left to the compiler.

`llvm.fmuladd` is one fused instruction where the processor has one, else two instructions;
`llvm.fma` would call a C function for every number on a processor without.
"""

import time
from functools import cache

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .compile import host, kernel

_I32, _I64 = ir.IntType(32), ir.IntType(64)


@cache
def machine():
    """Return (bytes in a vector register, number of vector registers) of this processor.

    Example:
        >>> width, registers = machine()
        >>> width in (16, 32, 64) and registers in (16, 32)
        True
    """
    _, features = host()
    has = {f[1:] for f in features.split(",") if f.startswith("+")}
    if "avx512f" in has:
        return 64, 32
    if {"avx", "fma"} <= has:
        return 32, 16
    if "neon" in has or llvm.get_process_triple().startswith(("aarch64", "arm64")):
        return 16, 32
    return 16, 16


VECTOR_BYTES, REGISTERS = machine()

# Tile sizes by measurement: enough independent accumulators to hide the latency of the
# multiply-add, and few enough to stay in registers beside the operands.
OUTER_ROWS, OUTER_VECTORS = (6, 2) if REGISTERS == 16 else (8, 2)
DOT_ROWS, DOT_COLUMNS = (4, 3) if REGISTERS == 16 else (4, 6)


class _Code:
    """Short names for the few instructions that the tiles are made of."""

    def __init__(self, context, builder, real):
        self.context, self.builder = context, builder
        self.real = context.get_value_type(real)
        self.bytes = 4 if real == types.float32 else 8
        self.lanes = VECTOR_BYTES // self.bytes
        self.vector = ir.VectorType(self.real, self.lanes)

    def pointer(self, address, offset=0):
        """The number at `address`, a whole number as the kernels count it."""
        pointer = self.builder.inttoptr(address, self.real.as_pointer())
        return self.at(pointer, offset)

    def at(self, pointer, *offsets):
        for offset in offsets:
            offset = _I64(offset) if isinstance(offset, int) else offset
            pointer = self.builder.gep(pointer, [offset])
        return pointer

    def load(self, pointer):
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        return self.builder.load(pointer, align=self.bytes)

    def pick(self, a, b, lanes):
        """A vector of some lanes of two; those of the second are counted on from the first's."""
        mask = ir.Constant(ir.VectorType(_I32, len(lanes)), lanes)
        return self.builder.shuffle_vector(a, b, mask)

    def first_lanes(self, count):
        """A mask that lets the first `count` lanes through."""
        numbers = ir.Constant(ir.VectorType(_I64, self.lanes), list(range(self.lanes)))
        undefined = ir.Constant(numbers.type, ir.Undefined)
        first = self.builder.insert_element(undefined, count, _I32(0))
        mask = ir.Constant(ir.VectorType(_I32, self.lanes), [0] * self.lanes)
        counts = self.builder.shuffle_vector(first, undefined, mask)
        return self.builder.icmp_signed("<", numbers, counts)

    def load_some(self, pointer, mask):
        """The lanes under `mask`, 0 in the others, which are not touched in memory."""
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        name = f"llvm.masked.load.v{self.lanes}f{8 * self.bytes}.p0"
        kind = ir.FunctionType(self.vector, [pointer.type, _I32, mask.type, self.vector])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [pointer, _I32(self.bytes), mask, self.zeros()])

    def store_some(self, vector, pointer, mask):
        """Write the lanes under `mask` and leave the rest of memory alone."""
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        name = f"llvm.masked.store.v{self.lanes}f{8 * self.bytes}.p0"
        kind = ir.FunctionType(ir.VoidType(), [self.vector, pointer.type, _I32, mask.type])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        self.builder.call(function, [vector, pointer, _I32(self.bytes), mask])

    def store(self, vector, pointer):
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        self.builder.store(vector, pointer, align=self.bytes)

    def spread(self, number):
        """A vector with `number` in every lane."""
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, number, _I32(0))
        mask = ir.Constant(ir.VectorType(_I32, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, undefined, mask)

    def zeros(self):
        return ir.Constant(self.vector, [0.0] * self.lanes)

    def multiply_add(self, x, y, z):
        name = f"llvm.fmuladd.v{self.lanes}f{8 * self.bytes}"
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [x, y, z])

    def total(self, vector):
        """The sum of a vector's lanes, halving it until one number is left."""
        width = self.lanes
        while width > 1:
            width //= 2
            undefined = ir.Constant(vector.type, ir.Undefined)
            low, high = (
                self.builder.shuffle_vector(
                    vector,
                    undefined,
                    ir.Constant(ir.VectorType(_I32, width), list(range(o, o + width))),
                )
                for o in (0, width)
            )
            vector = self.builder.fadd(low, high)
        return self.builder.extract_element(vector, _I32(0))

    def loop(self, start, stop, step, carried, body):
        """``for k in range(start, stop, step): carried = body(k, carried)``; returns carried."""
        b = self.builder
        before = b.block
        head, inside, after = (b.append_basic_block(n) for n in ("head", "body", "after"))
        b.branch(head)
        b.position_at_end(head)
        k = b.phi(_I64)
        k.add_incoming(start, before)
        values = []
        for value in carried:
            phi = b.phi(value.type)
            phi.add_incoming(value, before)
            values.append(phi)
        b.cbranch(b.icmp_signed("<", k, stop), inside, after)
        b.position_at_end(inside)
        results = body(k, values)
        k.add_incoming(b.add(k, _I64(step)), b.block)
        for phi, result in zip(values, results, strict=True):
            phi.add_incoming(result, b.block)
        b.branch(head)
        b.position_at_end(after)
        return k, values


@intrinsic
def address(typingctx, array):
    """The address of an array's first element, for the tiles; add elements times their size."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.ptrtoint(data, _I64)

    return types.intp(array), generate


@intrinsic
def copy_row(typingctx, like, n, source, target, plus):
    """Write `n` numbers from one address to another, `plus` added to each.

    For rows shorter than a few vectors this beats the compiler's own loop, which spends more on
    its beginning and end than on the row.
    """
    i = types.intp
    signature = types.void(like, i, i, i, like.dtype)

    def generate(context, builder, signature, arguments):
        _, n, source, target, plus = arguments
        code = _Code(context, builder, signature.args[0].dtype)
        source, target = code.pointer(source), code.pointer(target)
        plus = code.spread(plus)

        def whole_vector(p, nothing):
            code.store(builder.fadd(code.load(code.at(source, p)), plus), code.at(target, p))
            return nothing

        whole = builder.and_(n, _I64(-code.lanes))
        p, _ = code.loop(_I64(0), whole, code.lanes, [], whole_vector)
        mask = code.first_lanes(builder.sub(n, whole))
        rest = builder.fadd(code.load_some(code.at(source, p), mask), plus)
        code.store_some(rest, code.at(target, p), mask)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def transpose_tile(typingctx, like, source, s_row, rows, columns, target, t_row, plus):
    """Write the transpose of `rows` by `columns` numbers, at most a vector of each.

    Row i is read ``i * s_row`` elements behind the address `source`, column j written
    ``j * t_row`` behind `target`, `plus` added to each number. The numbers change places in
    registers: first the two halves of the square, then the quarters, and so on.
    """
    i = types.intp
    signature = types.void(like, i, i, i, i, i, i, like.dtype)

    def generate(context, builder, signature, arguments):
        _, source, s_row, rows, columns, target, t_row, plus = arguments
        code = _Code(context, builder, signature.args[0].dtype)
        source, target, plus = code.pointer(source), code.pointer(target), code.spread(plus)

        def mask(k, outer, inner):
            inside = builder.icmp_signed("<", _I64(k), outer)
            return code.first_lanes(builder.select(inside, inner, _I64(0)))

        lanes = range(code.lanes)
        vectors = [
            code.load_some(code.at(source, builder.mul(s_row, _I64(k))), mask(k, rows, columns))
            for k in lanes
        ]
        half = code.lanes // 2
        while half:
            low = [j if not j & half else code.lanes + j - half for j in lanes]
            high = [j + half if not j & half else code.lanes + j for j in lanes]
            for k in lanes:
                if not k & half:
                    a, b = vectors[k], vectors[k + half]
                    vectors[k], vectors[k + half] = code.pick(a, b, low), code.pick(a, b, high)
            half //= 2
        for k in lanes:
            to = code.at(target, builder.mul(t_row, _I64(k)))
            code.store_some(builder.fadd(vectors[k], plus), to, mask(k, columns, rows))
        return context.get_dummy_value()

    return signature, generate


def make_outer_tile(rows=OUTER_ROWS, vectors=OUTER_VECTORS, table=False, unroll=4):
    """Make the tile C[i, :] (+)= sum over k of A[i, k] * B[k, :], `rows` times `vectors` vectors.

    The tile is called as ``tile(like, n, a, a_row, a_step, b, b_step, c, c_row, accumulate)``:
    `like` is any array of the element type; `a`, `b` and `c` are addresses; k runs over n steps;
    element (i, k) of A stands ``i * a_row + k * a_step`` elements behind `a`, row k of B
    ``k * b_step`` behind `b`, row i of C ``i * c_row`` behind `c`. So A is read as it lies in
    memory, transposed or not.

    Args:
        table: B's rows stand at offsets looked up in a table of int64 whose address is `b_step`;
            this is what turns the tile into a convolution.
        unroll: steps of k written out in one turn of the loop.
    """

    @intrinsic
    def tile(typingctx, like, n, a, a_row, a_step, b, b_step, c, c_row, accumulate):
        i = types.intp
        signature = types.void(like, i, i, i, i, i, i, i, i, types.boolean)

        def generate(context, builder, signature, arguments):
            _, n, a, a_row, a_step, b, b_step, c, c_row, accumulate = arguments
            code = _Code(context, builder, signature.args[0].dtype)
            a, b, c = code.pointer(a), code.pointer(b), code.pointer(c)
            if table:
                steps = builder.inttoptr(b_step, _I64.as_pointer())
            a_rows = [builder.mul(a_row, _I64(i)) for i in range(rows)]

            def step(k, sums):
                shift = builder.load(code.at(steps, k)) if table else builder.mul(k, b_step)
                row = code.at(b, shift)
                bs = [code.load(code.at(row, v * code.lanes)) for v in range(vectors)]
                column = code.at(a, builder.mul(k, a_step))
                result = []
                for i in range(rows):
                    spread = code.spread(builder.load(code.at(column, a_rows[i])))
                    for v in range(vectors):
                        result.append(code.multiply_add(spread, bs[v], sums[len(result)]))
                return result

            def several_steps(k, sums):
                for u in range(unroll):
                    sums = step(builder.add(k, _I64(u)), sums)
                return sums

            sums = [code.zeros()] * (rows * vectors)
            whole = builder.sub(n, builder.urem(n, _I64(unroll)))
            k, sums = code.loop(_I64(0), whole, unroll, sums, several_steps)
            _, sums = code.loop(k, n, 1, sums, step)
            target = [
                code.at(c, builder.mul(c_row, _I64(i)), v * code.lanes)
                for i in range(rows)
                for v in range(vectors)
            ]
            with builder.if_else(accumulate) as (add, write):
                with add:
                    for pointer, value in zip(target, sums, strict=True):
                        code.store(builder.fadd(code.load(pointer), value), pointer)
                with write:
                    for pointer, value in zip(target, sums, strict=True):
                        code.store(value, pointer)
            return context.get_dummy_value()

        return signature, generate

    return tile


def make_dot_tile(rows=DOT_ROWS, columns=DOT_COLUMNS, table=False):
    """Make the tile C[i, j] (+)= sum over p of X[i, p] * Y[j, p], `rows` times `columns` numbers.

    The tile is called as ``tile(like, n, x, x_row, y, y_row, c, c_row, accumulate)``: row i of X
    stands ``i * x_row`` elements behind the address `x`, row j of Y ``j * y_row`` behind `y`
    (or, with `table`, at the offset that entry j of the table of int64 at `y_row` names).
    p runs over n elements; those beyond a whole number of vectors are loaded under a mask.
    """

    @intrinsic
    def tile(typingctx, like, n, x, x_row, y, y_row, c, c_row, accumulate):
        i = types.intp
        signature = types.void(like, i, i, i, i, i, i, i, types.boolean)

        def generate(context, builder, signature, arguments):
            _, n, x, x_row, y, y_row, c, c_row, accumulate = arguments
            code = _Code(context, builder, signature.args[0].dtype)
            x, y, c = code.pointer(x), code.pointer(y), code.pointer(c)
            xs = [code.at(x, builder.mul(x_row, _I64(i))) for i in range(rows)]
            if table:
                offsets = builder.inttoptr(y_row, _I64.as_pointer())
                ys = [code.at(y, builder.load(code.at(offsets, j))) for j in range(columns)]
            else:
                ys = [code.at(y, builder.mul(y_row, _I64(j))) for j in range(columns)]

            def step(p, sums, load=code.load):
                right = [load(code.at(row, p)) for row in ys]
                result = []
                for row in xs:
                    left = load(code.at(row, p))
                    for j in range(columns):
                        result.append(code.multiply_add(left, right[j], sums[len(result)]))
                return result

            sums = [code.zeros()] * (rows * columns)
            whole = builder.and_(n, _I64(-code.lanes))
            p, sums = code.loop(_I64(0), whole, code.lanes, sums, step)
            rest = code.first_lanes(builder.sub(n, whole))
            _, sums = code.loop(
                p, n, code.lanes, sums, lambda p, s: step(p, s, lambda q: code.load_some(q, rest))
            )
            for i in range(rows):
                for j in range(columns):
                    pointer = code.at(c, builder.mul(c_row, _I64(i)), j)
                    value = code.total(sums[i * columns + j])
                    zero = ir.Constant(code.real, 0.0)
                    before = builder.select(accumulate, builder.load(pointer), zero)
                    builder.store(builder.fadd(before, value), pointer)
            return context.get_dummy_value()

        return signature, generate

    return tile


@intrinsic
def _chains(typingctx, like, rounds):
    """Twelve vectors that are multiplied and added to in turn, in registers only."""
    signature = like.dtype(like, types.intp)

    def generate(context, builder, signature, arguments):
        code = _Code(context, builder, signature.args[0].dtype)
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
        return code.total(total)  # used, or the compiler would take the loop away

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
    best = float("inf")
    for _ in range(6):
        start = time.perf_counter()
        _turn_chains(out, rounds)
        best = min(best, time.perf_counter() - start)
    return 2 * 12 * 4 * rounds * (VECTOR_BYTES // out.itemsize) / best
