import numpy as np
import pytest

from minitransfer.kernels import cache_model, conv
from minitransfer.kernels.cache_model import bytes_moved, matrices
from minitransfer.kernels.conv import ladder as conv_ladder
from minitransfer.kernels.gemm import ladder


@pytest.fixture(autouse=True)
def _empty_is_nan():
    """Not here: the loops are compiled with NumPy's own functions, and hold no numbers."""


def plain_counts(accesses, cache, ways=cache_model.WAYS):
    """The same model in other words: a list for each set, the last used at its end."""
    sets = [[] for _ in range(max(cache // 64 // ways, 1))]
    dirty, fetched, back = set(), 0, 0
    for line, writes in accesses:
        here = sets[line % len(sets)]
        if line in here:
            here.remove(line)
        else:
            fetched += 64
            if len(here) == ways:
                gone = here.pop(0)
                back += 64 * (gone in dirty)
                dirty.discard(gone)
        here.append(line)
        if writes:
            dirty.add(line)
    return fetched, back, 64 * len(dirty)


@pytest.mark.parametrize("cache", [512, 2048, 8192])
def test_counts_are_those_of_a_plain_model(cache, rng):
    rows, columns = 40, 48
    places = rng.integers(0, (rows, columns), (3000, 2)) * rng.integers(0, 2, (3000, 1))
    writes = rng.integers(0, 2, 3000)
    (a,), counts = matrices((rows, columns), cache=cache)
    for (i, j), write in zip(places.tolist(), writes.tolist(), strict=True):
        a.touch(i, j, write)
    lines = [(i * columns + j) // 16 for i, j in places.tolist()]
    fetched, back, _ = plain_counts(zip(lines, writes.tolist(), strict=True), cache)
    assert counts.tolist() == [3000, fetched, back]


def copy(a, b):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[i, j] = a[i, j]


def test_what_fits_is_fetched_once():
    touched, moved = bytes_moved(copy, (32, 32), (32, 32), cache=1 << 20)
    assert touched == 2 * 32 * 32
    assert moved == 3 * 32 * 32 * 4  # both are fetched, one is written back


def test_a_column_of_a_large_matrix_costs_a_line_a_number():
    def column_sums(a, sums):
        for j in range(a.shape[1]):
            for i in range(a.shape[0]):
                sums[0, j] += a[i, j]

    _, moved = bytes_moved(column_sums, (256, 64), (1, 64), cache=4096)
    assert moved >= 256 * 64 * 64


@pytest.mark.parametrize("rung", ladder.LOOPS)
def test_every_rung_reads_each_matrix_and_writes_c(rung):
    n, cache = 40, 1 << 20
    shapes = [(n, n)] * 3 + (list(ladder.room(n, n, cache)) if rung == "packed" else [])
    _, moved = bytes_moved(ladder.LOOPS[rung], *shapes, cache=cache)
    assert moved >= 4 * 4 * n * n - 64  # a, b and c are fetched, c is written back


def test_the_rungs_carry_less_and_less_where_nothing_fits():
    n, cache = 128, 16 << 10  # a column falls on four sets of the cache only
    _, naive = bytes_moved(ladder.naive, *[(n, n)] * 3, cache=cache)
    _, reordered = bytes_moved(ladder.reordered, *[(n, n)] * 3, cache=cache)
    touched, tile = bytes_moved(ladder.tile, *[(n, n)] * 3, cache=cache)
    assert naive > reordered > tile
    least = 2 * n**3 / max(ladder.TILE_ROWS, ladder.TILE_COLUMNS)
    assert least <= touched < 2 * n**3  # what is in registers is not counted


def test_a_model_of_a_processor_that_is_not_known():
    (a,), _ = matrices((2, 2))
    assert a.shape == (2, 2)
    assert np.isfinite(a[1, 1])


@pytest.mark.parametrize("rung", conv_ladder.LOOPS)
@pytest.mark.parametrize(
    "channels, filters, side, taps", [(2, 3, 5, 3), (1, 9, 4, 1), (2, 1, 6, 5)]
)
def test_the_loops_of_every_rung_compute_the_same_convolution(
    rung, channels, filters, side, taps, rng
):
    x = rng.standard_normal((1, channels, side, side))
    w = rng.standard_normal((filters, channels, taps, taps))
    shapes = conv_ladder.room(rung, channels, filters, side, taps)
    arrays = [x.reshape(shapes[0]), w.reshape(shapes[1])]
    arrays += [np.full(shape, np.nan) for shape in shapes[2:]]
    conv_ladder.LOOPS[rung](*arrays)
    expected = conv.conv2d_reference(x, w, padding=(taps // 2, taps // 2))
    np.testing.assert_allclose(arrays[2].reshape(expected.shape), expected, rtol=1e-4, atol=1e-4)


def test_im2col_carries_its_copies_and_shifted_views_do_not():
    moved = {
        rung: bytes_moved(loops, *conv_ladder.room(rung, 8, 8, 16, 3), cache=16 << 10)[1]
        for rung, loops in conv_ladder.LOOPS.items()
    }
    assert moved["im2col"] > 2 * moved["shifted views"]
    assert moved["shifted views"] < moved["tap by tap"]
