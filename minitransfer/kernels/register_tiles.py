"""The register tiles, written in the compiler's intermediate language (LLVM IR).

A core can do some thirty multiplications and additions a cycle, but fetch only a few numbers. So
whoever wants its full speed must use every number fetched many times while it is in a register.
The tiles below keep a small block of the result in registers, one accumulator each:

``outer_tile``   C[i, :] += A[i, k] * B[k, :]      one number of A, spread over a vector, times a
                                                   vector of B: matmul, convolution and its
                                                   gradient with respect to the image
``dot_tile``     C[i, j] += sum of X[i, p] * Y[j, p]   vectors of both along p: the gradient of the
                                                   filters, and A @ B.T

``packed_tile`` is the outer tile for operands laid in its order beforehand: it reads memory from
start to end and does no sums on addresses, so it can be larger.

LLVM vectorises loops but does not find these tiles by itself; that is why they are spelled out.
Everything else about them (which register, which address form) is left to the compiler.

`llvm.fmuladd` is one fused instruction where the processor has one, else two instructions;
`llvm.fma` would call a C function for every number on a processor without.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .caches import LINE
from .vector_code import REGISTERS, Code

_I64 = ir.IntType(64)

# Tile sizes by measurement: enough independent accumulators to hide the latency of the
# multiply-add, and few enough to stay in registers beside the operands.
OUTER_ROWS, OUTER_VECTORS = (6, 2) if REGISTERS == 16 else (8, 2)
PACKED_ROWS, PACKED_VECTORS = (6, 2) if REGISTERS == 16 else (6, 4)
DOT_ROWS, DOT_COLUMNS = (4, 3) if REGISTERS == 16 else (4, 6)


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
            code = Code(context, builder, signature.args[0].dtype)
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
            _write(code, sums, target, accumulate)
            return context.get_dummy_value()

        return signature, generate

    return tile


def make_packed_tile(
    rows=PACKED_ROWS, vectors=PACKED_VECTORS, panel=PACKED_VECTORS, unroll=4, resume=False
):
    """Make the outer tile for operands that are packed: all offsets are known when it is compiled.

    The tile is called as ``tile(like, n, a, b, c, c_row, next, accumulate)``. Step k of A holds
    `rows` numbers, of B `panel` vectors (of which the tile takes the first `vectors`), one step
    behind the other. While it computes, the lines of C that it will write are fetched, and one
    line in every turn of the loop from the address `next` on: what will be read after this tile.

    Args:
        rows, vectors: the tile's size.
        panel: how many vectors a step of B holds.
        unroll: steps of k written out in one turn of the loop.
        resume: to accumulate, sum on from what C holds; else add the finished sums to it. The
            first makes one long sum of several calls, as if all steps were taken in one.
    """

    @intrinsic
    def tile(typingctx, like, n, a, b, c, c_row, next, accumulate):
        i = types.intp
        signature = types.void(like, i, i, i, i, i, i, types.boolean)

        def generate(context, builder, signature, arguments):
            _, n, a, b, c, c_row, next, accumulate = arguments
            code = Code(context, builder, signature.args[0].dtype)
            a, b, c, next = (code.pointer(p) for p in (a, b, c, next))
            line = _I64(LINE // code.bytes)
            target = [
                code.at(c, builder.mul(c_row, _I64(i)), v * code.lanes)
                for i in range(rows)
                for v in range(vectors)
            ]
            for pointer in target:
                code.fetch(pointer)

            def steps(count):
                def body(k, carried):
                    next, *sums = carried
                    if count == unroll:
                        code.fetch(next)
                        next = code.at(next, line)
                    column = code.at(a, builder.mul(k, _I64(rows)))
                    row = code.at(b, builder.mul(k, _I64(panel * code.lanes)))
                    for u in range(count):
                        bs = [
                            code.load(code.at(row, (u * panel + v) * code.lanes))
                            for v in range(vectors)
                        ]
                        for i in range(rows):
                            spread = code.spread(builder.load(code.at(column, u * rows + i)))
                            for v in range(vectors):
                                at = i * vectors + v
                                sums[at] = code.multiply_add(spread, bs[v], sums[at])
                    return [next, *sums]

                return body

            sums = [code.zeros()] * (rows * vectors)
            if resume:
                sums = _before(code, target, accumulate)
            whole = builder.sub(n, builder.urem(n, _I64(unroll)))
            k, carried = code.loop(_I64(0), whole, unroll, [next, *sums], steps(unroll))
            _, (_, *sums) = code.loop(k, n, 1, carried, steps(1))
            _write(code, sums, target, ir.Constant(accumulate.type, 0) if resume else accumulate)
            return context.get_dummy_value()

        return signature, generate

    return tile


def _before(code, target, accumulate):
    """What C holds if a sum goes on, else zeros."""
    builder, start = code.builder, code.builder.block
    with builder.if_then(accumulate):
        loaded, inside = [code.load(pointer) for pointer in target], builder.block
    sums = []
    for value in loaded:
        phi = builder.phi(code.vector)
        phi.add_incoming(code.zeros(), start)
        phi.add_incoming(value, inside)
        sums.append(phi)
    return sums


def _write(code, sums, target, accumulate):
    """Store the accumulators, or add them to what is there."""
    builder = code.builder
    with builder.if_else(accumulate) as (add, write):
        with add:
            for pointer, value in zip(target, sums, strict=True):
                code.store(builder.fadd(code.load(pointer), value), pointer)
        with write:
            for pointer, value in zip(target, sums, strict=True):
                code.store(value, pointer)


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
            code = Code(context, builder, signature.args[0].dtype)
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
            target = []
            for i in range(rows):
                for j in range(0, columns, code.lanes):
                    some = sums[i * columns :][j : min(j + code.lanes, columns)]
                    pointer = code.at(c, builder.mul(c_row, _I64(i)), j)
                    inside = code.first_lanes(_I64(len(some)))
                    target.append((code.totals(some), pointer, inside))
            with builder.if_else(accumulate) as (add, write):
                with add:
                    for totals, pointer, inside in target:
                        before = code.load_some(pointer, inside)
                        code.store_some(builder.fadd(before, totals), pointer, inside)
                with write:
                    for each in target:
                        code.store_some(*each)
            return context.get_dummy_value()

        return signature, generate

    return tile
