import numpy as np
import pytest

from minitransfer.kernels import recurrence
from minitransfer.kernels.compile import kernel
from minitransfer.kernels.recurrence import one_tanh

SIZES = [(1, 1, 1), (4, 3, 7), (2, 5, 33)]


def backwards(array):
    """The same numbers, not one behind the other in memory."""
    return np.asfortranarray(array)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("steps", "n", "width"), SIZES)
@pytest.mark.parametrize("kind", ["tanh", "relu", "gru", "lstm"])
def test_forward_and_backward_agree_with_the_reference(kind, steps, n, width, dtype, rng, close):
    def normal(*shape):
        return backwards(rng.normal(0, 0.6, shape).astype(dtype))

    count = {"gru": 3, "lstm": 4}.get(kind, 1)
    name = kind if kind in ("gru", "lstm") else "rnn"
    entering, start, weight = normal(steps, n, count * width), normal(n, width), None
    weight = normal(count * width, width) / np.sqrt(width).astype(dtype)
    rest = {"gru": [normal(count * width)], "rnn": [kind], "lstm": []}[name]
    cell = [normal(n, width)] if name == "lstm" else []
    given = getattr(recurrence, name)(entering, start, *cell, weight, *rest)
    expected = getattr(recurrence, f"{name}_reference")(entering, start, *cell, weight, *rest)
    results = [given] if name == "rnn" else given
    for a, b in zip(results, [expected] if name == "rnn" else expected, strict=True):
        close(a, b, 5)
    gy, gc = normal(steps, n, width), normal(steps, n, width)
    made = {
        "rnn": lambda: (gy, given, start, weight, kind),
        "gru": lambda: (gy, *given, start, weight),
        "lstm": lambda: (gy, gc, given[1], given[2], *cell, weight),
    }[name]()
    pairs = zip(
        getattr(recurrence, f"{name}_backward")(*made),
        getattr(recurrence, f"{name}_backward_reference")(*made),
        strict=True,
    )
    for a, b in pairs:
        close(a, b, 20)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tanh_is_exact_to_the_last_digits_everywhere(dtype):
    @kernel("void(flat1, real[::1])")
    def tanh_of(x, y):
        for i in range(x.size):
            y[i] = one_tanh(x[i])

    small = 10.0 ** np.arange(-30, 0)
    x = np.concatenate([-small, [0.0], small, np.linspace(-12, 12, 4001), [1e3, -1e3]])
    x = x.astype(dtype)
    y = np.empty_like(x)
    tanh_of[np.dtype(dtype)](x, y)
    np.testing.assert_allclose(y, np.tanh(x), rtol=6 * np.finfo(dtype).eps)
    odd = np.array([np.nan, np.inf, -np.inf], dtype)
    y = np.empty_like(odd)
    tanh_of[np.dtype(dtype)](odd, y)
    np.testing.assert_array_equal(y, [np.nan, 1, -1])
