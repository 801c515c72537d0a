import numpy as np
import pytest

from minitransfer import ops


@pytest.mark.parametrize(
    "exponent, slope_at_zero, slope_at_two",
    [(0, 0, 0), (1, 1, 1), (2, 0, 4), (3, 0, 12), (1.5, 0, 1.5 * 2**0.5)],
)
def test_power_has_the_right_slope_at_zero(exponent, slope_at_zero, slope_at_two):
    base = np.array([0.0, 2.0])
    for b in (exponent, np.array([exponent, exponent]), np.array(exponent, float)):
        value, (da, _) = ops.pow.__wrapped__(base, b)
        np.testing.assert_allclose(value, base**exponent)
        np.testing.assert_allclose(da(np.ones(2)), [slope_at_zero, slope_at_two])


def test_power_of_zero_has_no_slope_in_the_exponent():
    value, (da, db) = ops.pow.__wrapped__(np.zeros(3), np.array([0.0, 0.5, 2.0]))
    np.testing.assert_array_equal(value, [1, 0, 0])
    np.testing.assert_array_equal(db(np.ones(3)), [0, 0, 0])
    np.testing.assert_array_equal(da(np.ones(3)), [0, np.inf, 0])


def test_power_of_a_number_to_an_array():
    value, (_, db) = ops.pow.__wrapped__(2.0, np.array([0.0, 1.0, 3.0]))
    np.testing.assert_array_equal(value, [1, 2, 8])
    np.testing.assert_allclose(db(np.ones(3)), np.log(2) * value)


def test_power_of_negative_numbers():
    value, (da, db) = ops.pow.__wrapped__(np.array([-2.0]), np.array([3.0]))
    assert value == -8
    assert da(np.ones(1)) == 12
    assert np.isnan(db(np.ones(1)))


def test_division_by_zero_warns_as_numpy_does():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert ops.div.__wrapped__(np.ones(1), np.zeros(1))[0] == np.inf


def test_absolute_has_slope_zero_at_zero():
    assert ops.abs.__wrapped__(np.zeros(1))[1][0](np.ones(1)) == 0


def test_derivatives_of_arrays_used_twice_do_not_share_memory_with_the_input():
    a = np.ones(3)
    value, (da, db) = ops.mul.__wrapped__(a, a)
    value[:] = 7
    np.testing.assert_array_equal(da(np.ones(3)), a)
    np.testing.assert_array_equal(db(np.ones(3)), a)
