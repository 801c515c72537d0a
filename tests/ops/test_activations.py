import math

import numpy as np
import pytest

from minitransfer import ops

ALL = [
    *("relu", "leaky_relu", "relu6", "gelu", "tanh", "sigmoid", "softplus"),
    *("softmax", "log_softmax"),
]


def of_one_axis(name, x):
    return getattr(ops, name).__wrapped__(x, *([0] if name.endswith("softmax") else []))


X = np.array([-3.0, -0.5, 0.0, 0.5, 3.0, 7.0])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_numbers_neither_overflow_nor_warn(name, dtype):
    x = np.array([-1e4, -100, -30, 0, 30, 100, 1e4], dtype)
    value, (dx,) = of_one_axis(name, x)
    assert np.isfinite(value).all()
    assert np.isfinite(dx(np.ones_like(x))).all()


@pytest.mark.parametrize("name", ALL)
def test_nan_stays_nan(name):
    value, (dx,) = of_one_axis(name, np.array([np.nan, 1.0]))
    assert np.isnan(value[0])
    assert name.endswith("softmax") or not np.isnan(value[1])
    assert dx(np.ones(2)).shape == (2,)


@pytest.mark.parametrize(
    "name, formula",
    [
        ("relu", lambda v: max(v, 0)),
        ("leaky_relu", lambda v: max(v, 0.01 * v)),
        ("relu6", lambda v: min(max(v, 0), 6)),
        ("gelu", lambda v: v * 0.5 * math.erfc(-v / math.sqrt(2))),
        ("tanh", math.tanh),
        ("sigmoid", lambda v: 1 / (1 + math.exp(-v))),
        ("softplus", lambda v: math.log1p(math.exp(v))),
    ],
)
def test_agrees_with_the_formula(name, formula):
    value, _ = getattr(ops, name).__wrapped__(X)
    np.testing.assert_allclose(value, [formula(v) for v in X], rtol=1e-12)


def test_sigmoid_is_accurate_where_it_is_tiny():
    value, _ = ops.sigmoid.__wrapped__(np.array([-50.0, -700.0]))
    np.testing.assert_allclose(value, [math.exp(-50), math.exp(-700)], rtol=1e-12)


def test_gelu_by_tanh_is_close_to_the_exact_one():
    exact, approximate = ops.gelu.__wrapped__(X)[0], ops.gelu.__wrapped__(X, approximate="tanh")[0]
    assert 0 < np.abs(exact - approximate).max() < 1e-3


def test_gelu_names_its_two_ways():
    with pytest.raises(ValueError, match='expected "none" or "tanh"'):
        ops.gelu.__wrapped__(X, approximate="fast")


def test_softplus_with_beta():
    np.testing.assert_allclose(ops.softplus.__wrapped__(X, beta=2)[0], np.log1p(np.exp(2 * X)) / 2)
    with pytest.raises(ValueError, match="beta is 0"):
        ops.softplus.__wrapped__(X, beta=0)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_softmax_adds_up_to_one_along_its_axis(axis):
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    y = ops.softmax.__wrapped__(x, dim=axis)[0]
    e = np.exp(x)
    np.testing.assert_allclose(y, e / e.sum(axis, keepdims=True))
    np.testing.assert_allclose(ops.log_softmax.__wrapped__(x, dim=axis)[0], np.log(y))


def test_softmax_gives_masked_classes_nothing():
    value, (dx,) = ops.softmax.__wrapped__(np.array([0.0, -np.inf, 0.0]), 0)
    np.testing.assert_array_equal(value, [0.5, 0, 0.5])
    np.testing.assert_allclose(dx(np.array([1.0, 5.0, 0.0])), [0.25, 0, -0.25])


def test_softmax_names_a_missing_axis():
    with pytest.raises(ValueError, match="axis 2 is out of bounds"):
        ops.softmax.__wrapped__(np.ones((2, 3)), dim=2)
