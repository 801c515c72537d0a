"""Functions of bits, written out."""

import numpy as np
import pytest

from minitransfer.data import one_hot, or_, state_index, truth_table, xor


def test_xor_and_or_in_full():
    x, y = xor()
    np.testing.assert_array_equal(x, [[0, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_array_equal(y, [[0], [1], [1], [0]])
    np.testing.assert_array_equal(or_()[1], [[0], [1], [1], [1]])
    assert x.dtype == y.dtype == np.float32


def test_a_table_of_any_function():
    x, y = truth_table(lambda *bits: sum(bits) % 2, 5)
    assert x.shape == (32, 5)
    np.testing.assert_array_equal(y[:, 0], x.sum(1) % 2)
    _, sum_and_carry = truth_table(lambda a, b: (a ^ b, a & b), 2)
    np.testing.assert_array_equal(sum_and_carry, [[0, 0], [1, 0], [1, 0], [0, 1]])


@pytest.mark.parametrize("bits", [0, 21])
def test_tables_that_are_out_of_range(bits):
    with pytest.raises(ValueError, match="use 1 to 20"):
        truth_table(lambda *b: 0, bits)


def test_states_count_upwards_and_can_have_an_input_each():
    x, _ = truth_table(lambda *bits: 0, 3)
    states = state_index(x)
    assert states.shape == (8, 1)
    assert states.dtype == np.float32
    np.testing.assert_array_equal(states[:, 0], np.arange(8))
    np.testing.assert_array_equal(one_hot(states), np.eye(8))
    assert one_hot([1], count=4).tolist() == [[0, 1, 0, 0]]
    assert one_hot(np.zeros(0), count=3).shape == (0, 3)


def test_what_is_no_state_is_refused():
    with pytest.raises(ValueError, match=r"rows of zeros and ones.*values from 0 to 2"):
        state_index(np.array([[0, 2]]))
    with pytest.raises(ValueError, match="given shape"):
        state_index(np.array([0, 1]))
    for states in ([-1, 0], [0.5], [3]):
        with pytest.raises(ValueError, match="whole numbers from 0 to 2"):
            one_hot(states, count=3)
