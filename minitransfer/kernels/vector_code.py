"""What vector unit this processor has, short names for its instructions, and two short copies.

LLVM's intermediate language is an assembler for no machine in particular: it has vectors of any
width, and makes of them what the processor offers.
"""

from functools import cache

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .code_cache import host

_I32, _I64 = ir.IntType(32), ir.IntType(64)


@cache
def machine():
    """Return (bytes in a vector register, number of vector registers) of this processor."""
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


class Code:
    """Short names for the few instructions that the tiles are made of."""

    def __init__(self, context, builder, real):
        self.context, self.builder = context, builder
        self.real = context.get_value_type(real)
        self.bytes = 4 if real == types.float32 else 8
        self.lanes = VECTOR_BYTES // self.bytes
        self.vector = ir.VectorType(self.real, self.lanes)

    def pointer(self, address):
        """The number at `address`, a whole number as the kernels count it."""
        return self.builder.inttoptr(address, self.real.as_pointer())

    def at(self, pointer, *offsets):
        for offset in offsets:
            offset = _I64(offset) if isinstance(offset, int) else offset
            pointer = self.builder.gep(pointer, [offset])
        return pointer

    def load(self, pointer):
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        return self.builder.load(pointer, align=self.bytes)

    def load_numbers(self, pointer, count):
        """A vector of any width: the compiler takes as many registers as it needs."""
        kind = ir.VectorType(self.real, count)
        return self.builder.load(self.builder.bitcast(pointer, kind.as_pointer()), align=self.bytes)

    def fetch(self, pointer):
        """Bring a cache line near, without waiting for it; any address is allowed."""
        pointer = self.builder.bitcast(pointer, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, _I32, _I32, _I32])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        to_read, keep_near, data = _I32(0), _I32(3), _I32(1)
        self.builder.call(function, [pointer, to_read, keep_near, data])

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
        return self._load_some(pointer, mask, self.zeros(), f"f{8 * self.bytes}", self.bytes)

    def load_bytes(self, pointer, mask):
        """A vector of bytes, one for each lane under `mask`."""
        nothing = ir.Constant(ir.VectorType(ir.IntType(8), self.lanes), [0] * self.lanes)
        return self._load_some(pointer, mask, nothing, "i8", 1)

    def _load_some(self, pointer, mask, nothing, number, size):
        pointer = self.builder.bitcast(pointer, nothing.type.as_pointer())
        name = f"llvm.masked.load.v{self.lanes}{number}.p0"
        kind = ir.FunctionType(nothing.type, [pointer.type, _I32, mask.type, nothing.type])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [pointer, _I32(size), mask, nothing])

    def store_some(self, vector, pointer, mask):
        """Write the lanes under `mask` and leave the rest of memory alone."""
        number = vector.type.element
        whole = isinstance(number, ir.IntType)
        size = number.width // 8 if whole else self.bytes
        pointer = self.builder.bitcast(pointer, vector.type.as_pointer())
        name = f"llvm.masked.store.v{self.lanes}{'i' if whole else 'f'}{8 * size}.p0"
        kind = ir.FunctionType(ir.VoidType(), [vector.type, pointer.type, _I32, mask.type])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        self.builder.call(function, [vector, pointer, _I32(size), mask])

    def store(self, vector, pointer):
        pointer = self.builder.bitcast(pointer, vector.type.as_pointer())
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

    def totals(self, vectors):
        """The sums of some vectors' lanes, one vector's in each lane; 0 in those left over.

        Each turn adds one half of every vector to the other and makes one vector of two.
        """
        vectors = [*vectors, *[self.zeros()] * (self.lanes - len(vectors))]
        width = self.lanes
        while width > 1:
            low = [n for n in range(2 * self.lanes) if n % width < width // 2]
            high = [n + width // 2 for n in low]
            vectors = [
                self.builder.fadd(self.pick(a, b, low), self.pick(a, b, high))
                for a, b in zip(vectors[::2], vectors[1::2], strict=True)
            ]
            width //= 2
        return vectors[0]

    def transposed(self, rows):
        """Rows of a square of numbers become its columns; there are as many as lanes.

        Each turn exchanges, in all squares of twice the width, the upper right quarter with the
        lower left one.
        """
        width = self.lanes // 2
        while width:
            left = [n if n // width % 2 == 0 else n - width + self.lanes for n in range(self.lanes)]
            right = [
                n + width if n // width % 2 == 0 else n + self.lanes for n in range(self.lanes)
            ]
            turned = list(rows)
            for i in range(self.lanes):
                if i // width % 2 == 0:
                    turned[i] = self.pick(rows[i], rows[i + width], left)
                    turned[i + width] = self.pick(rows[i], rows[i + width], right)
            rows, width = turned, width // 2
        return rows

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
def number_at(typingctx, like, place):
    """The number at an address."""

    def generate(context, builder, signature, arguments):
        code = Code(context, builder, signature.args[0].dtype)
        return builder.load(code.pointer(arguments[1]))

    return like.dtype(like, types.intp), generate


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
        code = Code(context, builder, signature.args[0].dtype)
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
def copy_every_second(typingctx, like, n, source, target):
    """Write `n` numbers, every second one from an address on, side by side to another.

    Two vectors are read and their even lanes picked. The compiler does the same in a loop of its
    own, but only where a row fills several vectors; the rows of small images fill none.
    """
    i = types.intp
    signature = types.void(like, i, i, i)

    def generate(context, builder, signature, arguments):
        _, n, source, target = arguments
        code = Code(context, builder, signature.args[0].dtype)
        source, target = code.pointer(source), code.pointer(target)
        even = [2 * lane for lane in range(code.lanes)]

        def one_vector(p, nothing):
            left = builder.sub(n, p)
            there = builder.sub(builder.add(left, left), _I64(1))  # as far as the row is read
            start = builder.add(p, p)
            behind = builder.add(start, _I64(code.lanes))
            low = code.load_some(code.at(source, start), code.first_lanes(there))
            more = code.first_lanes(builder.sub(there, _I64(code.lanes)))
            high = code.load_some(code.at(source, behind), more)
            mask = code.first_lanes(left)
            code.store_some(code.pick(low, high, even), code.at(target, p), mask)
            return nothing

        code.loop(_I64(0), n, code.lanes, [], one_vector)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def transpose_tile(typingctx, like, source, s_row, rows, columns, target, t_row):
    """Write the transpose of `rows` by `columns` numbers, at most a vector of each.

    Row i is read ``i * s_row`` elements behind the address `source`, column j written
    ``j * t_row`` behind `target`. The numbers change places in registers.
    """
    i = types.intp
    signature = types.void(like, i, i, i, i, i, i)

    def generate(context, builder, signature, arguments):
        _transpose(Code(context, builder, signature.args[0].dtype), *arguments[1:])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def transpose_and_add(typingctx, like, source, s_row, rows, columns, target, t_row, plus):
    """As `transpose_tile`; to every column the numbers at the address `plus` are added."""
    i = types.intp
    signature = types.void(like, i, i, i, i, i, i, i)

    def generate(context, builder, signature, arguments):
        _transpose(Code(context, builder, signature.args[0].dtype), *arguments[1:])
        return context.get_dummy_value()

    return signature, generate


def _transpose(code, source, s_row, rows, columns, target, t_row, plus=None):
    builder, source, target = code.builder, code.pointer(source), code.pointer(target)

    def mask(k, outer, inner):
        inside = builder.icmp_signed("<", _I64(k), outer)
        return code.first_lanes(builder.select(inside, inner, _I64(0)))

    lines = [
        code.load_some(code.at(source, builder.mul(s_row, _I64(k))), mask(k, rows, columns))
        for k in range(code.lanes)
    ]
    if plus is not None:
        plus = code.load_some(code.pointer(plus), code.first_lanes(rows))
    for k, line in enumerate(code.transposed(lines)):
        to = code.at(target, builder.mul(t_row, _I64(k)))
        line = line if plus is None else builder.fadd(line, plus)
        code.store_some(line, to, mask(k, columns, rows))
