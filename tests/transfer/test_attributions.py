"""Saliency and integrated gradients: what they promise, and what they leave alone."""

import numpy as np
import pytest

from minitransfer import nn
from minitransfer.train import predict
from minitransfer.transfer import input_gradient, integrated_gradients, saliency


@pytest.fixture
def net(rng):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, generator=rng), nn.Tanh(), nn.Dropout(0.5), nn.Flatten(),
        nn.Linear(4 * 36, 3, generator=rng),
    )  # fmt: skip


@pytest.fixture
def x(rng):
    return rng.random((5, 1, 8, 8)).astype(np.float32)


def test_slopes_agree_with_differences(net, x):
    slopes = saliency(net, x, target=2)
    step = np.zeros_like(x)
    step[:, 0, 3, 4] = 1e-2
    change = (predict(net, x + step) - predict(net, x - step))[:, 2] / 2e-2
    np.testing.assert_allclose(slopes[:, 0, 3, 4], change, rtol=0.02, atol=1e-4)


def test_shares_add_up_to_what_the_picture_gained(net, x):
    shares = integrated_gradients(net, x, target=[0, 1, 2, 0, 1], baseline=0.2, steps=64)
    gained = predict(net, x) - predict(net, np.full_like(x, 0.2))
    expected = gained[np.arange(5), [0, 1, 2, 0, 1]]
    np.testing.assert_allclose(shares.sum((1, 2, 3)), expected, atol=1e-3)


def test_by_default_the_answer_is_explained_and_batches_do_not_matter(net, x):
    answers = predict(net, x).argmax(1)
    expected = saliency(net, x, answers)
    np.testing.assert_allclose(saliency(net, x, batch_size=2), expected, atol=1e-6)


def test_the_network_stays_as_it_was(net, x):
    net.train()
    net[0].weight.gradient = marker = np.ones_like(net[0].weight.array)
    integrated_gradients(net, x, steps=2)
    assert net.training
    assert net[0].weight.requires_grad
    assert net[0].weight.gradient is marker


def test_slopes_of_any_number(net, x):
    slopes = input_gradient(net, x, lambda outputs: (outputs * 0).sum())
    assert slopes.shape == x.shape
    assert not slopes.any()


def test_an_output_that_is_not_there_is_named(net, x):
    with pytest.raises(ValueError, match="target=3: the network has the outputs 0 to 2"):
        saliency(net, x, 3)
