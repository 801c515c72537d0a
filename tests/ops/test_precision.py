import numpy as np
import pytest

from minitransfer import ops

HALVES = np.array([0.5, 1.5], np.float32)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "maximum"])
@pytest.mark.parametrize(
    "other",
    [2, 2.0, np.float64(2.0), np.array(2.0), np.array([1, 2]), np.array([True, True])],
    ids=["int", "float", "np.float64", "float64 without axes", "int64 array", "bool array"],
)
def test_nothing_but_a_float64_array_widens_float32(name, other):
    for inputs in [(HALVES, other), (other, HALVES)]:
        value, derivatives = getattr(ops, name).__wrapped__(*inputs)
        assert value.dtype == np.float32
        mine = derivatives[0 if inputs[0] is HALVES else 1]
        assert mine(np.ones_like(value)).dtype == np.float32


def test_float64_arrays_keep_their_precision():
    assert ops.add.__wrapped__(HALVES, np.ones(2))[0].dtype == np.float64
    assert ops.add.__wrapped__(np.ones(2), 1)[0].dtype == np.float64
    assert ops.add.__wrapped__(np.array(1.0), np.array(2.0, np.float32))[0].dtype == np.float64
    assert ops.where.__wrapped__(np.array([True, False]), np.ones(2), HALVES)[0].dtype == np.float64


def test_integers_become_float32_where_a_result_is_no_integer():
    ones = np.array([1, 4])
    for value in [
        ops.div.__wrapped__(ones, 2)[0],
        ops.mul.__wrapped__(ones, 0.5)[0],
        ops.mean.__wrapped__(ones)[0],
        ops.exp.__wrapped__(ones)[0],
        ops.sqrt.__wrapped__(ones)[0],
        ops.sigmoid.__wrapped__(ones)[0],
        ops.softmax.__wrapped__(ones, 0)[0],
    ]:
        assert value.dtype == np.float32
    assert ops.add.__wrapped__(ones, 1)[0].dtype == ones.dtype
    assert ops.sum.__wrapped__(ones)[0].dtype == ones.dtype


@pytest.mark.parametrize(
    "mixed",
    [
        lambda: ops.matmul.__wrapped__(HALVES, np.ones(2)),
        lambda: ops.linear.__wrapped__(HALVES[None], np.ones((3, 2))),
        lambda: ops.linear.__wrapped__(HALVES[None], np.ones((3, 2), np.float32), np.ones(3)),
        lambda: ops.conv2d.__wrapped__(np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1), np.float32)),
        lambda: ops.batch_norm.__wrapped__(np.ones((2, 2)), None, None, HALVES, HALVES, True),
        lambda: ops.layer_norm.__wrapped__(np.ones((2, 2)), 2, HALVES, HALVES),
    ],
)
def test_mixed_types_are_refused_where_a_kernel_needs_one(mixed):
    with pytest.raises(TypeError, match=r"float(32|64), .* is float(32|64); convert one"):
        mixed()
