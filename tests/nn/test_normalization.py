"""Batch and layer normalisation: formulas, running statistics, modes."""

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor, nn, transfer


def data(*shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype) * 3 + 1


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm1d(3), (5, 3)),
        (nn.BatchNorm1d(3), (5, 3, 4)),
        (nn.BatchNorm2d(3), (2, 3, 4, 5)),
    ],
)
def test_training_uses_the_batch_and_evaluation_the_running_statistics(layer, shape):
    layer.double()
    x = data(*shape)
    axes = tuple(i for i in range(len(shape)) if i != 1)
    column = (1, 3) + (1,) * (len(shape) - 2)
    mean, var = x.mean(axes), x.var(axes)
    layer.weight.array[:] = [1, 2, 3]
    layer.bias.array[:] = [4, 5, 6]

    def normal(mean, var):
        z = (x - mean.reshape(column)) / np.sqrt(var.reshape(column) + 1e-5)
        return z * layer.weight.array.reshape(column) + layer.bias.array.reshape(column)

    np.testing.assert_allclose(layer(Tensor(x)).array, normal(mean, var), rtol=1e-9)
    count = x.size // 3
    running_mean, running_var = 0.1 * mean, 0.9 + 0.1 * var * count / (count - 1)
    np.testing.assert_allclose(layer.running_mean.array, running_mean, rtol=1e-6)
    np.testing.assert_allclose(layer.running_var.array, running_var, rtol=1e-6)
    assert layer.num_batches_tracked.item() == 1
    y = layer.eval()(Tensor(x))
    np.testing.assert_allclose(y.array, normal(running_mean, running_var), rtol=1e-6)
    assert layer.num_batches_tracked.item() == 1


def test_running_statistics_do_not_move_when_frozen_in_evaluation_or_without_tracking():
    layer = nn.BatchNorm1d(2)
    x = Tensor(data(4, 2, dtype=np.float32))
    transfer.freeze(layer)
    layer.train()(x)
    transfer.unfreeze(layer)
    layer.eval()(x)
    assert layer.running_mean.tolist() == [0, 0]
    free = nn.BatchNorm1d(2, track_running_stats=False).eval()
    assert abs(free(x).array.mean()) < 1e-6  # the batch's own statistics
    assert free.state_dict().keys() == {"weight", "bias"}


def test_statistics_move_without_recording_too():
    layer = nn.BatchNorm1d(2)
    with mt.no_grad():
        layer(Tensor(data(4, 2, dtype=np.float32)))
    assert layer.num_batches_tracked.item() == 1


def test_momentum_none_is_the_mean_of_all_batches():
    layer = nn.BatchNorm1d(1, momentum=None)
    batches = [data(4, 1, dtype=np.float32, seed=seed) for seed in range(3)]
    for batch in batches:
        layer(Tensor(batch))
    expected = np.mean([b.mean() for b in batches])
    assert layer.running_mean.item() == pytest.approx(expected, rel=1e-5)


def test_without_affine_there_are_no_parameters():
    for layer in (nn.BatchNorm1d(2, affine=False), nn.LayerNorm(2, elementwise_affine=False)):
        assert list(layer.parameters()) == []
        y = layer(Tensor(data(6, 2, dtype=np.float32)))
        assert y.dtype == np.float32


def test_layer_norm_over_the_last_axes():
    x = data(2, 3, 4)
    layer = nn.LayerNorm((3, 4)).double()
    flat = x.reshape(2, 12)
    z = (flat - flat.mean(1, keepdims=True)) / np.sqrt(flat.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(layer(Tensor(x)).array, z.reshape(x.shape), rtol=1e-9)
    assert nn.LayerNorm(4)(Tensor(data(3, 4, dtype=np.float32))).dtype == np.float32


def test_a_gradient_flows_through_evaluation_mode():
    layer = nn.BatchNorm1d(2).eval().requires_grad_(False)
    x = Tensor(data(3, 2, dtype=np.float32), requires_grad=True)
    layer(x).sum().backward()
    np.testing.assert_allclose(x.grad.tolist(), np.full((3, 2), 1 / np.sqrt(1 + 1e-5)), rtol=1e-6)
    assert layer.weight.grad is None
