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
)
from minitransfer.kernels.gemm.tiled import DOT_COLUMNS, DOT_ROWS, OUTER_ROWS

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
