"""Packing into panels, for vectors of every width that processors have."""

import numpy as np
import pytest

from minitransfer.kernels import compile as compiling
from minitransfer.kernels import vector_code
from minitransfer.kernels.gemm import packing
from minitransfer.kernels.vector_code import address


def _packer(numbers, vectors):
    pack = packing.make_packer(numbers, vectors)

    @compiling.kernel("void(in2, real[::1], intp)")
    def run(x, out, at):
        size = x.itemsize
        row, column = x.strides[0] // size, x.strides[1] // size
        pack(address(x), row, column, x.shape[0], x.shape[1], out, at)

    del compiling.REGISTRY[run.name]
    return run


def _reference(x, width):
    depth, columns = x.shape
    padded = np.zeros((depth, -(-columns // width) * width), x.dtype)
    padded[:, :columns] = x
    return padded.reshape(depth, -1, width).transpose(1, 0, 2).ravel()


@pytest.mark.parametrize("vector_bytes", [16, 32, 64])
@pytest.mark.parametrize("numbers, vectors", [(6, 0), (8, 0), (0, 1), (0, 2), (0, 4)])
def test_panels_hold_the_matrix_and_zeros(numbers, vectors, vector_bytes, monkeypatch, rng):
    for file in (vector_code, packing):
        monkeypatch.setattr(file, "VECTOR_BYTES", vector_bytes)
    run = _packer(numbers, vectors)
    for dtype in map(np.dtype, ("float32", "float64")):
        width = numbers + vectors * vector_bytes // dtype.itemsize
        for depth, columns in ((1, 1), (16, width), (37, 2 * width + 3), (5, width - 1)):
            x = rng.standard_normal((depth, columns)).astype(dtype)
            expected = _reference(x, width)
            for layout in (x, np.asfortranarray(x), x.repeat(2, 0)[::2]):
                out = np.full(expected.size + 7, np.nan, dtype)
                run[dtype](layout, out, 3)
                assert np.array_equal(out[3:-4], expected)
                assert np.isnan(out[[0, 1, 2, -4, -3, -2, -1]]).all()


@pytest.mark.parametrize("lanes", [2, 4, 8, 16])
def test_squares_are_turned_in_registers(lanes):
    class Rows(vector_code.Code):
        """Lists in the place of registers."""

        def __init__(self):
            self.lanes = lanes

        def pick(self, a, b, lanes):
            return [[*a, *b][lane] for lane in lanes]

    square = np.arange(lanes * lanes).reshape(lanes, lanes)
    assert np.array_equal(Rows().transposed(square.tolist()), square.T)
