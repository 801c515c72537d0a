"""Moving numbers without computing: addresses for the tiles, short rows, transposition."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .vectors import Code

_I64 = ir.IntType(64)


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
        code = Code(context, builder, signature.args[0].dtype)
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
