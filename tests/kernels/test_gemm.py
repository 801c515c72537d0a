from itertools import product

import numpy as np
import pytest

from minitransfer.kernels.gemm import (
    bias_gradient,
    bias_gradient_reference,
    ladder,
    linear,
    linear_reference,
    matmul,
    matmul_reference,
    packed,
    tiled,
)
from minitransfer.kernels.register_tiles import (
    DOT_COLUMNS,
    DOT_ROWS,
    OUTER_ROWS,
    PACKED_ROWS,
    PACKED_VECTORS,
)
from minitransfer.kernels.vector_code import VECTOR_BYTES

SIZES = [
    (1, 1, 1),
    (4, 2, 8),
    (1, 300, 40),
    (300, 1, 7),
    (OUTER_ROWS - 1, 65, 129),
    (OUTER_ROWS + 1, 16, 32),
    (DOT_ROWS + 1, 33, DOT_COLUMNS + 1),
    (17, 31, 100),
    (200, 513, 70),
    (3, 129, DOT_COLUMNS - 1),
    (70, 129, DOT_COLUMNS - 1),
    (64, 128, 10),
    (300, 70, 1),
    (129, 5, 31),
    (100, 40, 97),
    (1, 40, 600),
    (1, 600, 8),
    (3, 1000, 9),
    (150, 200, 300),
    (130, 1100, 140),
    (70, 600, 700),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", ["plain", "a transposed", "b transposed", "both", "strided"])
@pytest.mark.parametrize("m, k, n", SIZES)
def test_matmul_agrees_with_its_reference(m, k, n, layout, dtype, rng, close):
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
    if layout in ("a transposed", "both"):
        a = np.asfortranarray(a)
    if layout in ("b transposed", "both"):
        b = np.asfortranarray(b)
    if layout == "strided":
        a = np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3]
        b = np.repeat(b, 2, 1)[::-1, ::2]
    close(matmul(a, b), matmul_reference(a, b), scale=np.sqrt(k))


@pytest.mark.parametrize(
    "a_shape, b_shape",
    [
        ((3, 4, 5), (5, 6)),
        ((3, 40, 50), (3, 50, 60)),
        ((2, 1, 40, 50), (3, 50, 60)),
        ((40, 50), (3, 50, 60)),
        ((2, 3, 4, 50), (2, 3, 50, 9)),
        ((2, 9, 7), (2, 7, 300)),
        ((3, 40, 50), (3, 50, 10)),
        ((3, 10, 50), (50, 40)),
        ((2, 150, 200), (2, 200, 300)),
        ((150, 200), (2, 200, 300)),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_batches_broadcast(a_shape, b_shape, turned, rng, close):
    a, b = rng.standard_normal(a_shape), rng.standard_normal(b_shape)
    if turned:
        b = np.ascontiguousarray(b.swapaxes(-1, -2)).swapaxes(-1, -2)
    close(matmul(a, b), matmul_reference(a, b), scale=10)


def test_large_operands_are_packed_in_several_passes_of_k(rng, close):
    a = rng.standard_normal((9, 1100)).astype(np.float32)
    b = rng.standard_normal((1100, 300)).astype(np.float32)
    close(matmul(a, b), matmul_reference(a, b), scale=30)


PANEL = PACKED_VECTORS * VECTOR_BYTES // 4
LAYOUTS = {
    "by rows": np.ascontiguousarray,
    "by columns": np.asfortranarray,
    "neither": lambda x: np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3],
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("left", LAYOUTS)
@pytest.mark.parametrize("right", LAYOUTS)
@pytest.mark.parametrize(
    "m, k, n",
    [
        (PACKED_ROWS, 512, PANEL),
        (PACKED_ROWS + 1, 17, PANEL + 1),
        (PACKED_ROWS - 1, 3, PANEL // 2),
        (2 * PACKED_ROWS + 5, 1030, 2 * PANEL - 1),
        (1, 1, 1),
        (300, 40, 5),
    ],
)
def test_packing_both_operands_agrees_with_the_reference(m, k, n, left, right, dtype, rng, close):
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
    c = np.empty((m, n), dtype)
    packed.multiply(LAYOUTS[left](a), LAYOUTS[right](b), c)
    close(c, matmul_reference(a, b), scale=np.sqrt(k))


def test_packing_reads_and_writes_nothing_beside_the_matrices(rng):
    """Operands and result stand between NaNs, of which none comes in and none goes."""
    m, k, n = 2 * PACKED_ROWS + 1, 37, PANEL + 3
    frames = [np.full((rows + 2, columns + 2), np.nan) for rows, columns in ((m, k), (k, n))]
    a, b = (frame[1:-1, 1:-1] for frame in frames)
    a[:], b[:] = rng.standard_normal(a.shape), rng.standard_normal(b.shape)
    whole = np.full((m + 2, n), np.nan)
    for left, right in product((a, a.T.copy().T), (b, b.T.copy().T)):
        packed.multiply(left, right, whole[1:-1])
        assert np.allclose(whole[1:-1], a @ b)
        assert np.isnan(whole[[0, -1]]).all()


def test_memory_for_packing_is_used_again_but_by_one_at_a_time():
    kept, single = packed._Kept(), np.dtype(np.float32)
    first = kept.take("panels", 100, single)
    assert not np.shares_memory(first, kept.take("panels", 100, single))
    kept.give("panels", first)
    assert not np.shares_memory(first, kept.take("block", 100, single))
    assert kept.take("panels", 50, single) is first
    kept.give("panels", first)
    assert kept.take("panels", 101, single).size == 101  # more than there is
    kept.give("panels", np.empty(packed._KEEP // 4 + 1, single))
    assert kept.take("panels", 1, single).size == 1  # the very large one was not kept


@pytest.mark.parametrize("cache", [128 << 10, 256 << 10, 512 << 10, 1 << 20, 2 << 20, 12 << 20])
def test_a_block_of_a_leaves_room_in_the_cache(cache):
    rows = packed.block_rows(cache)
    assert rows % PACKED_ROWS == 0
    assert PACKED_ROWS <= rows <= 256
    assert rows * packed.PASS_BYTES <= cache // 4


def test_the_bits_depend_on_no_size_of_a_cache(monkeypatch, rng):
    """Blocks are cut otherwise, and B is read in place or packed; the sums stay as they are."""
    for dtype in (np.float32, np.float64):
        a, b = rng.standard_normal((150, 1100)), rng.standard_normal((1100, 170))
        a, b = a.astype(dtype), b.astype(dtype)
        results = []
        for high, in_place in ((PACKED_ROWS, 1), (48, 1), (252, 1), (48, 1 << 30)):
            monkeypatch.setattr(packed, "_HIGH", high)
            monkeypatch.setattr(tiled, "_IN_PLACE", in_place)
            results.append(matmul(a, b))
        for other in results[1:]:
            assert np.array_equal(other, results[0])


@pytest.mark.parametrize("m, k, n", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0)])
def test_empty_operands(m, k, n):
    c = matmul(np.ones((m, k)), np.ones((k, n)))
    assert np.array_equal(c, np.zeros((m, n)))
    assert matmul(np.ones((0, 2, 3)), np.ones((3, 4))).shape == (0, 2, 4)


@pytest.mark.parametrize("m, k, n", [(3, 4, 5), (20, 30, 40), (20, 30, 9), (40, 60, 2)])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_inf_reach_their_row_and_no_other(m, k, n, bad, rng):
    a, b = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    a[1, 2] = bad
    for left, right in product((a, np.asfortranarray(a)), (b, np.asfortranarray(b))):
        c = matmul(left, right)
        assert not np.isfinite(c[1]).any()
        assert np.isfinite(np.delete(c, 1, axis=0)).all()


def test_read_only_and_unaligned_operands():
    a = np.frombuffer(bytes(1) + np.arange(600, dtype=np.float32).tobytes(), np.uint8)[1:]
    a = a.view(np.float32).reshape(20, 30)
    assert not a.flags.writeable
    assert not a.flags.aligned
    assert np.array_equal(matmul(a, np.eye(30, dtype=np.float32)), a)


def test_errors():
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(4, 5\)"):
        matmul(np.ones((2, 3)), np.ones((4, 5)))
    with pytest.raises(TypeError, match=r"float32 or float64.*int64"):
        matmul(np.ones((2, 3), np.int64), np.ones((3, 4), np.int64))


@pytest.mark.parametrize("size", [2, 60])
def test_mixed_types_are_an_error(size):
    single, double = np.ones((size, size), np.float32), np.ones((size, size))
    for a, b in ((single, double), (double, single)):
        expected = (
            r"cannot take its arguments: \w is float(32|64) and must be float(64|32): convert"
        )
        with pytest.raises(TypeError, match=expected):
            matmul(a, b)


@pytest.mark.parametrize("rung", ladder.RUNGS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_rung_computes_the_same_product(rung, dtype, rng):
    for m, k, n in [(1, 1, 1), (7, 33, 41), (9, 65, 530)]:
        a = rng.standard_normal((m, k)).astype(dtype)
        b = rng.standard_normal((k, n)).astype(dtype)
        ladder.check(ladder.RUNGS[rung], a, b)


@pytest.mark.parametrize("rung", ladder.LOOPS)
def test_the_loops_of_every_rung_compute_the_same_product(rung, rng):
    for m, k, n in [(1, 1, 1), (9, 13, 41), (14, 5, 70)]:
        a, b = rng.standard_normal((m, k)), rng.standard_normal((k, n))
        c = np.full((m, n), np.nan)
        room = [np.full(shape, np.nan) for shape in ladder.room(k, n)] if rung == "packed" else []
        ladder.LOOPS[rung](a, b, c, *room)
        np.testing.assert_allclose(c, a @ b, rtol=1e-4, atol=1e-4)  # registers of four bytes


def test_packed_loops_take_several_passes_and_blocks(rng, monkeypatch):
    monkeypatch.setattr(ladder, "PASS", 8)
    a, b = rng.standard_normal((40, 21)), rng.standard_normal((21, 70))
    c = np.full((40, 70), np.nan)
    block = np.full((2 * ladder.PASS, ladder.STRIP), np.nan)  # two strips high
    panels = np.full(ladder.room(21, 70)[1], np.nan)
    ladder.packed(a, b, c, block, panels)
    np.testing.assert_allclose(c, a @ b, rtol=1e-4, atol=1e-4)


def test_the_ladder_rejects_a_wrong_rung():
    with pytest.raises(AssertionError, match="differs"):
        ladder.check(lambda a, b: a @ b + 1e-3, np.ones((3, 3)), np.ones((3, 3)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m, k, n", [(1, 1, 1), (4, 2, 8), (4, 8, 1), (65, 33, 10), (40, 60, 70)])
@pytest.mark.parametrize("turned", [False, True])
def test_linear_agrees_with_its_reference(m, k, n, turned, dtype, rng, close):
    x, w = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((n, k)).astype(dtype)
    bias = rng.standard_normal(2 * n).astype(dtype)[::2]
    if turned:
        x, w, bias = np.asfortranarray(x), np.asfortranarray(w), bias[::-1]
    close(linear(x, w, bias), linear_reference(x, w, bias), scale=np.sqrt(k))


@pytest.mark.parametrize("m, k, n", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0)])
def test_linear_of_empty_operands(m, k, n):
    y = linear(np.ones((m, k)), np.ones((n, k)), np.full(n, 2.0))
    assert np.array_equal(y, np.full((m, n), 2.0 + k))


@pytest.mark.parametrize("m, k, n", [(3, 4, 5), (40, 60, 70)])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_inf_in_linear_reach_their_row_and_no_other(m, k, n, bad, rng):
    x, w = rng.standard_normal((m, k)), rng.standard_normal((n, k))
    x[1, 2] = bad
    y = linear(x, w, np.ones(n))
    assert not np.isfinite(y[1]).any()
    assert np.isfinite(np.delete(y, 1, axis=0)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (4, 8), (4, 1), (65, 3), (300, 70), (0, 3), (3, 0)])
@pytest.mark.parametrize("turned", [False, True])
def test_the_gradient_of_a_bias_agrees_with_its_reference(shape, turned, dtype, rng, close):
    gy = rng.standard_normal(shape).astype(dtype)
    gy = np.asfortranarray(gy)[:, ::-1] if turned else gy
    close(bias_gradient(gy), bias_gradient_reference(gy), scale=np.sqrt(shape[0]))
