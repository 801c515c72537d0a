import numpy as np
import pytest

from minitransfer.kernels import optimizer_steps


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("shape", [(1,), (33,), (4, 5), (0,)])
def test_adam_agrees_with_its_reference(shape, decay, decoupled, dtype, rng, close):
    p, m, v = rng.standard_normal(shape).astype(dtype), *np.zeros((2, *shape), dtype)
    other = [a.copy() for a in (p, m, v)]
    for step in (1, 2, 3):
        g = rng.standard_normal(shape).astype(dtype)
        numbers = (0.1, 0.9, 0.999, 1e-8, decay, decoupled, step)
        optimizer_steps.adam_step(p, g, m, v, *numbers)
        optimizer_steps.adam_step_reference(other[0], g, other[1], other[2], *numbers)
    for given, expected in zip((p, m, v), other, strict=True):
        close(given, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "momentum, dampening, decay, nesterov",
    [(0.0, 0.0, 0.0, False), (0.0, 0.0, 0.2, False), (0.9, 0.1, 0.2, False), (0.9, 0, 0.2, True)],
)
def test_sgd_agrees_with_its_reference(momentum, dampening, decay, nesterov, dtype, rng, close):
    p = rng.standard_normal((5, 7)).astype(dtype)
    buffer = np.zeros_like(p) if momentum else None
    q, other = p.copy(), None if buffer is None else buffer.copy()
    for _ in range(3):
        g = rng.standard_normal(p.shape).astype(dtype)
        numbers = (0.1, momentum, dampening, decay, nesterov)
        optimizer_steps.sgd_step(p, g, buffer, *numbers)
        optimizer_steps.sgd_step_reference(q, g, other, *numbers)
    close(p, q)


def test_parameters_that_are_no_long_row_are_changed_in_place(rng):
    whole = rng.standard_normal((6, 8))
    before = whole.copy()
    part = whole[:, ::2]
    optimizer_steps.sgd_step(part, np.ones_like(part), None, 1.0, 0.0, 0.0, 0.0, False)
    assert np.allclose(whole[:, ::2], before[:, ::2] - 1)
    assert np.array_equal(whole[:, 1::2], before[:, 1::2])


def test_nan_is_not_hidden():
    p, m, v = np.ones(3), np.zeros(3), np.zeros(3)
    optimizer_steps.adam_step(p, np.array([0, np.nan, 1]), m, v, 0.1, 0.9, 0.999, 1e-8, 0, False, 1)
    assert np.array_equal(np.isnan(p), [False, True, False])


def test_errors():
    p = np.ones(3, np.float32)
    with pytest.raises(ValueError, match="must be the same"):
        optimizer_steps.sgd_step(p, np.ones(2, np.float32), None, 0.1, 0, 0, 0, False)
    with pytest.raises(TypeError, match="cannot take its arguments"):
        optimizer_steps.sgd_step(p, np.ones(3), None, 0.1, 0, 0, 0, False)
