"""Gradients limited, and parameters in one row."""

import math

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import nn


def with_gradient(*numbers):
    p = nn.Parameter(np.zeros(len(numbers), np.float32))
    p.grad = np.array(numbers, np.float32)
    return p


def test_the_norm_of_all_is_limited_together():
    a, b = with_gradient(3.0), with_gradient(4.0)
    assert nn.utils.clip_grad_norm_([a, b], 1.0) == 5
    np.testing.assert_allclose([a.grad.item(), b.grad.item()], [0.6, 0.8], rtol=1e-6)
    assert nn.utils.clip_grad_norm_(a, 10.0) == pytest.approx(0.6)
    assert a.grad.item() == pytest.approx(0.6)
    assert nn.utils.clip_grad_norm_([nn.Parameter([1.0])], 1.0) == 0


@pytest.mark.parametrize(("kind", "norm"), [(1, 7), (2, 5), (math.inf, 4)])
def test_other_norms(kind, norm):
    p = with_gradient(3.0, -4.0)
    assert nn.utils.clip_grad_norm_(p, 1.0, kind) == pytest.approx(norm)
    np.testing.assert_allclose(p.grad.tolist(), [3 / norm, -4 / norm], rtol=1e-5)


def test_what_cannot_be_limited_is_said():
    with pytest.raises(ValueError, match="max_norm is 0 or greater; given -1"):
        nn.utils.clip_grad_norm_([with_gradient(1.0)], -1)
    with pytest.raises(ValueError, match="max_norm is 0 or greater; given nan"):
        nn.utils.clip_grad_norm_([with_gradient(1.0)], float("nan"))
    with pytest.raises(RuntimeError, match="the gradients have the norm nan"):
        nn.utils.clip_grad_norm_([with_gradient(float("nan"))], 1.0, error_if_nonfinite=True)


def test_every_number_is_limited():
    p = with_gradient(3.0, -0.5, -7.0)
    nn.utils.clip_grad_value_(p, 1.0)
    assert p.grad.tolist() == [1, -0.5, -1]


def test_one_row_and_back():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    row = nn.utils.parameters_to_vector(net.parameters())
    assert row.shape == (11,)
    row.sum().backward()
    assert net[0].weight.grad.tolist() == [[1, 1, 1]] * 2
    nn.utils.vector_to_parameters(mt.arange(11).float(), net.parameters())
    assert net[1].bias.tolist() == [10]
    with pytest.raises(ValueError, match="11 numbers in all"):
        nn.utils.vector_to_parameters(mt.ones(10), net.parameters())
