"""Two rows of an image pooled by windows of 2 x 2, a vector of windows at a time, and back.

The compiler makes vector code of such a loop only where a row fills several vectors, and the rows
of small images fill none. Here what is left of a row goes under a mask.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .vector_code import Code

_I8, _I64 = ir.IntType(8), ir.IntType(64)


@intrinsic
def largest_of_windows(typingctx, like, n, top, bottom, y, where):
    """Write the largest number of each of `n` windows to y and its place, 0 to 3, to `where`.

    All are addresses: of the two rows, of y, and of the bytes `where`. Of equal numbers the first
    counts, and so does the first NaN.
    """
    i = types.intp
    signature = types.void(like, i, i, i, i, i)

    def generate(context, builder, signature, arguments):
        _, n, top, bottom, y, where = arguments
        code = Code(context, builder, signature.args[0].dtype)
        top, bottom, y = (code.pointer(p) for p in (top, bottom, y))
        where = builder.inttoptr(where, _I8.as_pointer())
        even = [2 * lane for lane in range(code.lanes)]
        odd = [lane + 1 for lane in even]

        def larger(a, b):
            """The larger of two numbers with their places; NaN is larger than all before it."""
            isnt_nan = builder.fcmp_ordered("ord", a[0], a[0])
            better = builder.and_(isnt_nan, builder.fcmp_unordered(">", b[0], a[0]))
            return builder.select(better, b[0], a[0]), builder.select(better, b[1], a[1])

        def windows(p, left):
            start = builder.add(p, p)
            masks = [code.first_lanes(left)]
            for lane in (0, code.lanes):
                masks.append(code.first_lanes(builder.sub(builder.add(left, left), _I64(lane))))
            fours = []
            for row in (top, bottom):
                low = code.load_some(code.at(row, start), masks[1])
                high = code.load_some(code.at(row, start, code.lanes), masks[2])
                for lanes in (even, odd):
                    fours.append((code.pick(low, high, lanes), _places(code, len(fours))))
            value, place = larger(larger(*fours[:2]), larger(*fours[2:]))
            code.store_some(value, code.at(y, p), masks[0])
            code.store_some(place, builder.gep(where, [p]), masks[0])

        _each_vector(code, n, windows)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def back_to_windows(typingctx, like, n, gy, where, top, bottom):
    """Write each gradient to its place in its window, and 0 to the other three."""
    i = types.intp
    signature = types.void(like, i, i, i, i, i)

    def generate(context, builder, signature, arguments):
        _, n, gy, where, top, bottom = arguments
        code = Code(context, builder, signature.args[0].dtype)
        gy, top, bottom = (code.pointer(p) for p in (gy, top, bottom))
        where = builder.inttoptr(where, _I8.as_pointer())
        halves = [
            [lane // 2 + (lane % 2) * code.lanes for lane in range(first, first + code.lanes)]
            for first in (0, code.lanes)
        ]

        def windows(p, left):
            mask = code.first_lanes(left)
            start = builder.add(p, p)
            value = code.load_some(code.at(gy, p), mask)
            place = code.load_bytes(builder.gep(where, [p]), mask)
            fours = [
                builder.select(
                    builder.icmp_unsigned("==", place, _places(code, k)), value, code.zeros()
                )
                for k in range(4)
            ]
            for pair, row in ((fours[:2], top), (fours[2:], bottom)):
                for lanes, first in zip(halves, (0, code.lanes), strict=True):
                    inside = builder.sub(builder.add(left, left), _I64(first))
                    to = code.at(row, start, first)
                    code.store_some(code.pick(*pair, lanes), to, code.first_lanes(inside))

        _each_vector(code, n, windows)
        return context.get_dummy_value()

    return signature, generate


def _places(code, place):
    return ir.Constant(ir.VectorType(_I8, code.lanes), [place] * code.lanes)


def _each_vector(code, n, work):
    """Call ``work(p, left)`` for whole vectors, whose masks fall away, and for the rest."""
    builder = code.builder
    whole = builder.and_(n, _I64(-code.lanes))

    def one(p, nothing):
        work(p, _I64(code.lanes))
        return nothing

    p, _ = code.loop(_I64(0), whole, code.lanes, [], one)
    left = builder.sub(n, whole)
    with builder.if_then(builder.icmp_signed(">", left, _I64(0))):
        work(p, left)
