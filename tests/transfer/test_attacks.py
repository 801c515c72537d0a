"""FGSM and PGD: within what is allowed, and worse for the network than chance."""

import numpy as np
import pytest

from minitransfer import nn
from minitransfer.tensor import Tensor
from minitransfer.train import predict
from minitransfer.transfer import fgsm, pgd


@pytest.fixture
def net(rng):
    return nn.Sequential(
        nn.Flatten(), nn.Linear(16, 12, generator=rng), nn.Tanh(), nn.Linear(12, 3, generator=rng)
    )


@pytest.fixture
def x(rng):
    return rng.random((40, 1, 4, 4)).astype(np.float32)


def losses(net, x, y):
    return nn.functional.cross_entropy(Tensor(predict(net, x)), Tensor(y)).item()


def test_changes_stay_small_and_within_the_picture(net, x, rng):
    y = predict(net, x).argmax(1)
    for changed in (fgsm(net, x, y, size=0.1), pgd(net, x, y, size=0.1, generator=rng)):
        assert np.abs(changed - x).max() <= 0.1 + 1e-6
        assert changed.min() >= 0
        assert changed.max() <= 1
        assert changed.dtype == np.float32


def test_uphill_is_worse_than_chance_and_many_steps_than_one(net, x, rng):
    y = predict(net, x).argmax(1)
    noise = np.clip(x + np.float32(0.1) * rng.choice([-1, 1], x.shape), 0, 1).astype("f4")
    one, many = fgsm(net, x, y, size=0.1), pgd(net, x, y, size=0.1, steps=20, generator=rng)
    assert losses(net, x, y) < losses(net, one, y)
    assert losses(net, noise, y) < losses(net, one, y) <= losses(net, many, y) * 1.01


def test_fgsm_is_the_sign_of_the_slope():
    net = nn.Sequential(nn.Linear(2, 2, bias=False))
    net.load_state_dict({"0.weight": [[1.0, -2.0], [0.0, 0.0]]})
    x = np.full((1, 2), 0.5, np.float32)
    np.testing.assert_allclose(fgsm(net, x, [0], size=0.25), [[0.25, 0.75]])
    np.testing.assert_allclose(fgsm(net, x, [1], size=0.25), [[0.75, 0.25]])


def test_same_seed_same_picture(net, x):
    y = predict(net, x).argmax(1)
    twice = [pgd(net, x, y, generator=np.random.default_rng(1)) for _ in range(2)]
    np.testing.assert_array_equal(*twice)


def test_weights_stay_and_a_loss_of_ones_own_is_climbed(net, x, rng):
    before = [p.array.copy() for p in net.parameters()]
    y = np.zeros(len(x), int)
    away = pgd(net, x, y, loss=lambda outputs, labels: outputs[:, 2].sum(), generator=rng)
    assert predict(net, away)[:, 2].mean() > predict(net, x)[:, 2].mean()
    for was, now in zip(before, net.parameters(), strict=True):
        np.testing.assert_array_equal(was, now.array)


def test_a_size_of_nothing_is_refused(net, x):
    with pytest.raises(ValueError, match="above 0"):
        pgd(net, x, np.zeros(len(x), int), size=0)
