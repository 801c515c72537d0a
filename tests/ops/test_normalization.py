import gc
import weakref

import numpy as np
import pytest

from minitransfer import kernels, ops
from minitransfer.ops.common import shared_gradients


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (4, 3, 2, 5), (2, 3, 2, 2, 2)])
def test_batch_norm_follows_its_formula_and_shows_its_statistics(shape):
    x, weight, bias = normal(*shape), normal(3, seed=1), normal(3, seed=2)
    axes = (0, *range(2, len(shape)))
    column = (1, 3) + (1,) * (len(shape) - 2)
    mean, var = x.mean(axes), x.var(axes)
    expected = (x - mean.reshape(column)) / np.sqrt(var.reshape(column) + 0.1)
    expected = expected * weight.reshape(column) + bias.reshape(column)
    running_mean, running_var = np.zeros(3), np.ones(3)
    value, _ = ops.batch_norm.__wrapped__(
        x, running_mean, running_var, weight, bias, True, momentum=0.25, eps=0.1
    )
    np.testing.assert_allclose(value, expected)
    count = x.size // 3
    np.testing.assert_allclose(running_mean, 0.25 * mean)
    np.testing.assert_allclose(running_var, 0.75 + 0.25 * var * count / (count - 1))
    given, _ = ops.batch_norm.__wrapped__(x, mean, var, weight, bias, eps=0.1)
    np.testing.assert_allclose(given, expected)
    np.testing.assert_array_equal(mean, x.mean(axes))  # given statistics are left as they are


def test_batch_norm_computes_its_three_gradients_once(monkeypatch):
    calls = []
    backward = kernels.batch_norm_backward

    def counted(*args):
        calls.append(1)
        return backward(*args)

    monkeypatch.setattr(kernels, "batch_norm_backward", counted)
    value, derivatives = ops.batch_norm.__wrapped__(
        normal(4, 3), None, None, np.ones(3), np.zeros(3), True
    )
    derivatives = [d for d in derivatives if d]
    gy = np.ones_like(value)
    first = [d(gy) for d in derivatives]
    assert len(calls) == 1
    other = [d(2 * gy) for d in derivatives[:2]]
    np.testing.assert_allclose(other[1], 2 * first[1])
    assert len(calls) > 1


@pytest.mark.parametrize(
    "x, options, message",
    [
        ((3,), {}, r"expected \(batch, channels\)"),
        ((1, 3), {}, "single value per channel"),
        ((1, 3, 1, 1), {}, "drop_last=True"),
        ((4, 3), {"training": False}, "evaluation needs running_mean"),
        ((4, 3), {"running_mean": np.zeros(2)}, r"the running_mean has shape \(2,\)"),
        ((4, 3), {"weight": np.zeros(4)}, r"the weight has shape \(4,\), .* 3 channels"),
    ],
)
def test_batch_norm_explains_what_does_not_fit(x, options, message):
    options = {"running_mean": None, "running_var": None, "training": True} | options
    with pytest.raises(ValueError, match=message):
        ops.batch_norm.__wrapped__(normal(*x), **options)


def test_one_example_is_enough_with_given_statistics():
    value, _ = ops.batch_norm.__wrapped__(np.full((1, 2), 3.0), np.ones(2), np.full(2, 4.0), eps=0)
    np.testing.assert_allclose(value, [[1, 1]])


def test_layer_norm_follows_its_formula():
    x, weight, bias = normal(2, 3, 4), normal(3, 4, seed=1), normal(3, 4, seed=2)
    mean, var = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
    value, _ = ops.layer_norm.__wrapped__(x, (3, 4), weight, bias, eps=0.1)
    np.testing.assert_allclose(value, (x - mean) / np.sqrt(var + 0.1) * weight + bias)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"normalized_shape": 3}, r"input has shape \(2, 4\), normalized_shape is \(3,\)"),
        ({"normalized_shape": ()}, "normalized_shape is"),
        ({"normalized_shape": 4, "weight": np.ones(3)}, r"the weight has shape \(3,\)"),
    ],
)
def test_layer_norm_explains_what_does_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        ops.layer_norm.__wrapped__(normal(2, 4), **options)


def test_shared_gradients_are_let_go():
    made = []

    def compute(gy):
        gradients = [gy * 1, gy * 2, gy * 3]
        made.extend(weakref.ref(g) for g in gradients)
        return gradients

    derivatives = shared_gradients(compute, 3)
    gc.disable()
    try:
        gy = np.ones(3)
        for d in derivatives:
            d(gy)
        assert [r() for r in made] == [None] * 3, "collected gradients are kept"
        derivatives[0](gy)
        assert made[4]() is not None, "the others wait to be collected"
        del derivatives, d
        assert [r() for r in made] == [None] * 6, "there is a reference cycle"
    finally:
        gc.enable()


def test_dropout_keeps_the_mean():
    x = np.ones(20_000, np.float32)
    value, (dx,) = ops.dropout.__wrapped__(x, p=0.25, generator=np.random.default_rng(0))
    kept = value != 0
    assert abs(kept.mean() - 0.75) < 0.01
    np.testing.assert_allclose(value[kept], 1 / 0.75, rtol=1e-6)
    np.testing.assert_array_equal(dx(x), value)


def test_dropout_at_its_ends():
    x = normal(5)
    np.testing.assert_array_equal(ops.dropout.__wrapped__(x, p=0)[0], x)
    value, (dx,) = ops.dropout.__wrapped__(x, p=1, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(value, np.zeros(5))
    np.testing.assert_array_equal(dx(x), np.zeros(5))


@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan])
def test_dropout_wants_a_probability(p):
    with pytest.raises(ValueError, match="expected a probability"):
        ops.dropout.__wrapped__(np.ones(3), p=p, generator=np.random.default_rng(0))


def test_dropout_repeats_with_its_generator():
    first, second = [
        ops.dropout.__wrapped__(np.ones(50), p=0.5, generator=np.random.default_rng(7))[0]
        for _ in "ab"
    ]
    np.testing.assert_array_equal(first, second)
