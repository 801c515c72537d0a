"""gradcheck finds wrong derivatives, and says where."""

import numpy as np
import pytest

from minitransfer import Tensor, gradcheck, nn
from minitransfer.autograd import differentiable


def leaf(*shape):
    return Tensor(np.random.default_rng(0).standard_normal(shape), requires_grad=True)


def test_a_right_derivative_passes_for_any_shape():
    assert gradcheck(lambda x: x.tanh(), [leaf(2, 3)])
    assert gradcheck(lambda x: x.tanh(), [leaf()])
    assert gradcheck(lambda x: x.exp().sum(), [leaf(2)])
    assert gradcheck(lambda x: x * 2, [leaf(0)])


def test_a_wrong_derivative_is_found_and_both_numbers_are_shown():
    @differentiable
    def wrong(x):
        return x * x, (lambda gy: gy * x,)  # the factor 2 is missing

    x = Tensor(np.array([1.0, 3.0]), requires_grad=True)
    with pytest.raises(AssertionError, match=r"input 0 at \(0,\): backward says (\S+), the diff"):
        gradcheck(wrong, [x])


def test_one_wrong_element_is_found_in_the_second_input():
    @differentiable
    def wrong(a, b):
        def db(gy):
            gradient = gy * a
            gradient[1, 2] *= 1.01
            return gradient

        return a * b, (lambda gy: gy * b, db)

    with pytest.raises(AssertionError, match=r"input 1 at \(1, 2\)"):
        gradcheck(wrong, [leaf(2, 3), Tensor(np.ones((2, 3)), requires_grad=True)])


def test_the_cotangent_comes_from_the_generator():
    seen = []

    @differentiable
    def watched(x):
        return x * 1, (lambda gy: seen.append(gy) or gy,)

    for seed in (1, 1, 2):
        gradcheck(watched, [leaf(3)], generator=np.random.default_rng(seed))
    np.testing.assert_array_equal(seen[0], seen[1])
    assert (seen[0] != seen[2]).all()


def test_a_soft_max_with_derivative_zero_does_not_pass():
    @differentiable
    def wrong(x):
        e = np.exp(x)
        return e / e.sum(), (np.zeros_like,)

    with pytest.raises(AssertionError):
        gradcheck(wrong, [leaf(4)])


def test_a_derivative_that_is_nan_does_not_pass():
    @differentiable
    def wrong(x):
        return x * 1, (lambda gy: gy * np.nan,)

    with pytest.raises(AssertionError, match="nan"):
        gradcheck(wrong, [leaf(2)])


def test_an_input_that_the_function_ignores_has_derivative_zero():
    assert gradcheck(lambda a, b: a * 2, [leaf(2), leaf(2)])


def test_inputs_are_left_as_they_were():
    x = leaf(3)
    before = x.array.copy()
    gradcheck(lambda x: x.exp(), [x])
    np.testing.assert_array_equal(x.array, before)


def test_parameters_of_a_module_can_be_checked():
    layer = nn.Linear(3, 2, generator=np.random.default_rng(0)).double()
    x = leaf(4, 3)
    assert gradcheck(lambda x, *_: layer(x).tanh(), [x, *layer.parameters()])


def test_what_cannot_be_checked_is_refused():
    with pytest.raises(TypeError, match=r"float64; input 1 is float32.*double\(\)"):
        gradcheck(lambda a, b: a + b, [leaf(2), Tensor([1.0, 2.0], requires_grad=True)])
    with pytest.raises(ValueError, match="requires_grad=True"):
        gradcheck(lambda x: x, [Tensor(np.ones(2))])
