import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitransfer import ops
from minitransfer.ops.common import unbroadcast

PAIRS = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3)


@given(shapes=PAIRS, seed=st.integers(0, 99))
@settings(deadline=None)
def test_unbroadcast_is_the_adjoint_of_broadcasting(shapes, seed):
    small, full = shapes.input_shapes[0], shapes.result_shape
    rng = np.random.default_rng(seed)
    a, g = rng.standard_normal(small), rng.standard_normal(full)
    back = unbroadcast(g, a)
    assert back.shape == small
    np.testing.assert_allclose(np.vdot(np.broadcast_to(a, full), g), np.vdot(a, back), atol=1e-12)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "maximum", "minimum"])
def test_derivatives_for_shapes_that_broadcast(check_gradients, name):
    shapes_with_elements = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)

    @given(shapes=shapes_with_elements)
    @settings(deadline=None, max_examples=25)
    def check(shapes):
        first, second = shapes.input_shapes
        # Positive for powers and quotients, and no two are close: the second lie half-way.
        a = 0.5 + 0.1 * np.random.default_rng(0).permutation(np.prod(first, dtype=int))
        b = 0.55 + 0.1 * np.random.default_rng(1).permutation(np.prod(second, dtype=int))
        check_gradients(getattr(ops, name).__wrapped__, a.reshape(first), b.reshape(second))

    check()


def test_a_gradient_that_fits_is_returned_as_it_is():
    g = np.ones((2, 3))
    assert unbroadcast(g, np.zeros((2, 3))) is g


def test_a_float32_input_of_a_float64_result_gets_a_float32_gradient():
    single, double = np.ones(3, np.float32), np.ones((2, 3))
    value, (dsingle, ddouble) = ops.mul.__wrapped__(single, double)
    gy = np.ones_like(value)
    assert value.dtype == np.float64
    assert dsingle(gy).dtype == np.float32
    assert ddouble(gy).dtype == np.float64
    value, (dsingle, _) = ops.mul.__wrapped__(single, np.ones(3))
    assert dsingle(np.ones_like(value)).dtype == np.float32
