"""First values: their spread follows fan in and fan out, and they come from the generator."""

import math

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import nn
from minitransfer.nn import init

SHAPE = (300, 40, 3, 3)  # fan in 360, fan out 2700


def made(function, **options):
    return function(mt.zeros(*SHAPE), generator=np.random.default_rng(0), **options).array


@pytest.mark.parametrize(
    ("function", "options", "std"),
    [
        (init.kaiming_normal_, {}, math.sqrt(2 / 360)),
        (init.kaiming_normal_, {"mode": "fan_out"}, math.sqrt(2 / 2700)),
        (init.kaiming_normal_, {"nonlinearity": "linear"}, math.sqrt(1 / 360)),
        (init.kaiming_normal_, {"nonlinearity": "tanh"}, 5 / 3 / math.sqrt(360)),
        (init.kaiming_uniform_, {}, math.sqrt(2 / 360)),
        (init.kaiming_uniform_, {"a": math.sqrt(5)}, math.sqrt(1 / 3 / 360)),
        (init.xavier_normal_, {}, math.sqrt(2 / 3060)),
        (init.xavier_uniform_, {"gain": 2.0}, 2 * math.sqrt(2 / 3060)),
        (init.normal_, {"mean": 0.0, "std": 0.3}, 0.3),
        (init.uniform_, {"a": -1, "b": 1}, 1 / math.sqrt(3)),
    ],
)
def test_spread(function, options, std):
    values = made(function, **options)
    assert values.dtype == np.float32
    assert values.std() == pytest.approx(std, rel=0.02)
    assert abs(values.mean()) < std / 50
    np.testing.assert_array_equal(values, made(function, **options))


def test_uniform_keeps_its_bounds():
    values = made(init.uniform_, a=2, b=3)
    assert values.min() >= 2
    assert values.max() <= 3


def test_a_parameter_is_filled_in_place_and_returned():
    p = nn.Linear(2, 2).weight
    array = p.array
    assert init.constant_(p, 3.0) is p
    assert p.array is array
    assert p.tolist() == [[3, 3], [3, 3]]
    assert init.zeros_(p).tolist() == [[0, 0], [0, 0]]
    assert init.ones_(p).requires_grad
    assert mt.is_grad_enabled()


def test_errors():
    with pytest.raises(ValueError, match=r"two axes; given shape \(3,\)"):
        init.xavier_normal_(mt.zeros(3))
    with pytest.raises(ValueError, match="'swish' is unknown"):
        init.kaiming_normal_(mt.zeros(2, 2), nonlinearity="swish")
    with pytest.raises(ValueError, match="'fan_sum' is unknown"):
        init.kaiming_normal_(mt.zeros(2, 2), mode="fan_sum")


@pytest.mark.parametrize("fill", [init.kaiming_normal_, init.kaiming_uniform_])
def test_the_slope_of_the_activation_counts_by_default(fill):
    """As in PyTorch; with no slope the numbers are those of ReLU, to the bit."""

    def filled(**options):
        return fill(mt.zeros(200, 300), generator=np.random.default_rng(0), **options).array

    np.testing.assert_array_equal(filled(), filled(nonlinearity="relu"))
    np.testing.assert_allclose(filled(a=2.0).std(), np.sqrt(2 / 5 / 300), rtol=0.01)
    np.testing.assert_array_equal(filled(a=2.0, nonlinearity="relu"), filled())
