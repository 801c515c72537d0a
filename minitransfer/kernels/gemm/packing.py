"""Packing: the numbers that a tile reads, copied into the order in which it reads them.

A matrix X (depth, columns) is cut into panels some columns wide, and in each panel row k follows
row k - 1: ``panel[k * width + j] = X[k, first + j]``. Then a tile reads memory from start to end:
no line is fetched for a few of its numbers, and no two rows fall on the same place in a cache, as
the rows of a matrix do whose width is a power of two. B is packed into panels as wide as the tile,
A into strips as high as the tile, which are panels of its transpose.

What a last panel has too many is 0. A matrix may be read along its rows, which are copied, or
along its columns: then squares of numbers are loaded, turned in registers, and stored.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ..compile import helper
from ..vector_code import VECTOR_BYTES, Code, address, number_at

_I64 = ir.IntType(64)


def make_packer(numbers=0, vectors=0):
    """Make the function that packs into panels `numbers` wide, or so many vectors.

    It is called as ``pack(x, row, column, depth, columns, out, at)``: `x` is the address of the
    matrix, `row` and `column` the elements from one row or column to the next, one of which is 1.
    The panels begin at entry `at` of the row of numbers `out`.
    """
    copy, turn = _make_copy(numbers, vectors), _make_turn(numbers)

    @helper
    def pack(x, row, column, depth, columns, out, at):
        size = out.itemsize
        lanes = VECTOR_BYTES // size
        width = numbers + vectors * lanes
        square = numbers if numbers else lanes
        panels = columns // width
        whole = depth // lanes * lanes if row == 1 else 0
        to = address(out) + at * size
        if column == 1:
            for k in range(depth):
                for s in range(panels):
                    copy(out, x + (k * row + s * width) * size, to + (s * depth + k) * width * size)
        else:
            for s in range(panels):
                for k in range(0, whole, lanes):
                    for j in range(0, width, square):
                        from_ = x + (k + (s * width + j) * column) * size
                        turn(out, from_, column, to + ((s * depth + k) * width + j) * size, width)
            _pack_numbers(x, row, column, whole, depth, panels * width, width, out, at)
        if panels * width < columns:
            last = x + panels * width * column * size
            rest = at + panels * depth * width
            _pack_numbers(last, row, column, 0, depth, columns - panels * width, width, out, rest)

    return pack


@helper
def _pack_numbers(x, row, column, first, depth, columns, width, out, at):
    """Rows `first` to `depth`, one number after the other, and zeros for columns that are not."""
    for s in range(0, columns, width):
        for k in range(first, depth):
            for j in range(width):
                to = at + (s * depth) + k * width + j
                if s + j < columns:
                    out[to] = number_at(out, x + (k * row + (s + j) * column) * out.itemsize)
                else:
                    out[to] = 0


def _make_copy(numbers, vectors):
    """Copy the row of a panel from one address to another."""

    @intrinsic
    def copy(typingctx, like, source, target):
        signature = types.void(like, types.intp, types.intp)

        def generate(context, builder, signature, arguments):
            code = Code(context, builder, signature.args[0].dtype)
            source, target = (code.pointer(p) for p in arguments[1:])
            code.store(code.load_numbers(source, numbers + vectors * code.lanes), target)
            return context.get_dummy_value()

        return signature, generate

    return copy


def _make_turn(numbers):
    """Pack a square, or only its first `numbers` columns, of a matrix that lies by columns."""

    @intrinsic
    def turn(typingctx, like, source, column, target, width):
        signature = types.void(like, *[types.intp] * 4)

        def generate(context, builder, signature, arguments):
            _, source, column, target, width = arguments
            code = Code(context, builder, signature.args[0].dtype)
            source, target = code.pointer(source), code.pointer(target)
            wide = numbers or code.lanes
            for j in range(0, wide, code.lanes):
                here = range(min(code.lanes, wide - j))
                columns = [
                    code.load(code.at(source, builder.mul(column, _I64(j + i)))) for i in here
                ]
                columns += [code.zeros()] * (code.lanes - len(here))
                for k, row in enumerate(code.transposed(columns)):
                    to = code.at(target, builder.mul(width, _I64(k)), j)
                    code.store(code.pick(row, row, list(here)), to)
            return context.get_dummy_value()

        return signature, generate

    return turn
