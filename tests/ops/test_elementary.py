import numpy as np
import pytest

from minitransfer import ops


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sin", "cos"])
@pytest.mark.parametrize("dtype, digits", [(np.float32, 2e-6), (np.float64, 1e-13)])
def test_agrees_with_numpy(name, dtype, digits):
    x = np.linspace(0.1, 4, 50, dtype=dtype)
    value, _ = getattr(ops, name).__wrapped__(x)
    np.testing.assert_allclose(value, getattr(np, name)(x), rtol=digits)


def test_exp_overflows_to_infinity_without_a_warning():
    np.testing.assert_array_equal(ops.exp.__wrapped__(np.array([-2000.0, 2000.0]))[0], [0, np.inf])


def test_log_of_zero_warns_as_numpy_does():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert ops.log.__wrapped__(np.zeros(1))[0] == -np.inf
