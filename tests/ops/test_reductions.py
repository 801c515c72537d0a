import numpy as np
import pytest

from minitransfer import ops

X = np.random.default_rng(0).normal(size=(2, 3, 4))


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (-1, 0), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_agrees_with_numpy(name, axis, keepdims):
    value, (dx,) = getattr(ops, name).__wrapped__(X, dim=axis, keepdim=keepdims)
    expected = getattr(np, name)(X, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    assert dx(np.ones_like(value)).shape == X.shape


@pytest.mark.parametrize("correction", [0, 1, 2])
def test_var_divides_by_the_count_minus_the_correction(correction):
    value = ops.var.__wrapped__(X, dim=(0, 2), correction=correction)[0]
    np.testing.assert_allclose(value, np.var(X, axis=(0, 2), ddof=correction))


def test_var_needs_more_elements_than_its_correction():
    with pytest.raises(ValueError, match=r"1 element\(s\) .* correction=0"):
        ops.var.__wrapped__(np.ones((1, 3)), dim=0)
    np.testing.assert_array_equal(
        ops.var.__wrapped__(np.ones((1, 3)), dim=0, correction=0)[0], np.zeros(3)
    )


@pytest.mark.parametrize("name", ["amax", "amin"])
def test_ties_share_evenly(name):
    x = np.array([[2.0, 2.0, 2.0], [5.0, 5.0, 5.0]])
    x[:, 0] += {"amax": -1, "amin": 1}[name]
    _, (dx,) = getattr(ops, name).__wrapped__(x, dim=1)
    np.testing.assert_array_equal(dx(np.array([8.0, 6.0])), [[0, 4, 4], [0, 3, 3]])


@pytest.mark.parametrize("name", ["amax", "amin"])
def test_the_gradient_of_a_nan_goes_to_the_nan(name):
    value, (dx,) = getattr(ops, name).__wrapped__(np.array([1.0, np.nan, 3.0]))
    assert np.isnan(value)
    np.testing.assert_array_equal(dx(np.array(1.0)), [0, 1, 0])


@pytest.mark.parametrize("name", ["mean", "amax", "var"])
def test_nothing_cannot_be_reduced(name):
    with pytest.raises(ValueError, match=r"nothing to average|zero-size|0 element"):
        getattr(ops, name).__wrapped__(np.zeros((0, 3)), dim=0)


def test_the_sum_of_nothing_is_zero():
    assert ops.sum.__wrapped__(np.zeros((0, 3)))[0] == 0


def test_logsumexp_neither_overflows_nor_loses_small_numbers():
    for x, expected in [
        ([1e4, 1e4], 1e4 + np.log(2)),
        ([-1e4, -1e4], -1e4 + np.log(2)),
        ([-np.inf, 3.0], 3.0),
        ([-np.inf, -np.inf], -np.inf),
        ([np.inf, 3.0], np.inf),
        ([np.nan, 3.0], np.nan),
    ]:
        value, (dx,) = ops.logsumexp.__wrapped__(np.array(x))
        np.testing.assert_allclose(value, expected)
        assert dx(np.array(1.0)).shape == (2,)
    np.testing.assert_array_equal(
        ops.logsumexp.__wrapped__(np.array([-np.inf, 3.0]))[1][0](np.array(1.0)), [0, 1]
    )


def test_a_gradient_is_no_view_of_a_single_number():
    gradient = ops.sum.__wrapped__(X)[1][0](np.array(1.0))
    gradient[0, 0, 0] = 5  # a broadcast view would be read-only, or change everywhere
    assert gradient.sum() == X.size + 4


def test_logsumexp_of_nothing_is_the_logarithm_of_nothing():
    np.testing.assert_array_equal(ops.logsumexp.__wrapped__(np.zeros((0, 2)), 0)[0], [-np.inf] * 2)


def test_long_sums_of_float32_are_exact_along_any_axis():
    x = np.ones((20_000_000, 1), np.float32)
    for a, dim in [(x, 0), (x.T, 1), (x[:, :, None], 0), (x[None], (0, 1))]:
        assert ops.sum.__wrapped__(a, dim)[0] == 20_000_000
        assert ops.mean.__wrapped__(a, dim)[0] == 1


def test_norm_and_deviation_have_no_slope_at_zero_and_do_not_overflow():
    for operation in (ops.norm, ops.std):
        value, (dx,) = operation.__wrapped__(np.zeros(3))
        assert value == 0
        np.testing.assert_array_equal(dx(np.array(1.0)), np.zeros(3))
        large = np.array([1e30, -1e30], np.float32)
        assert np.isfinite(operation.__wrapped__(large)[0])
