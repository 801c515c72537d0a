"""Reptile, first-order MAML and prototypes."""

import numpy as np
import pytest

from minitransfer import nn
from minitransfer.tensor import Tensor
from minitransfer.transfer import adapted, first_order_maml, nearest_prototype, reptile


def line(weight):
    net = nn.Sequential(nn.Linear(1, 1, bias=False))
    net.load_state_dict({"0.weight": [[weight]]})
    return net


def test_adapting_takes_plain_steps_and_leaves_the_network_alone():
    net = line(0.0)
    near = adapted(net, [[1.0]], [[1.0]], steps=1, lr=0.25, loss=nn.MSELoss())
    assert near[0].weight.item() == pytest.approx(0.5)  # the slope is -2
    assert net[0].weight.item() == 0
    assert net[0].weight.gradient is None


def test_labels_go_with_cross_entropy(rng):
    x, y = rng.standard_normal((20, 3)), np.arange(20) % 2
    x[:, 0] += 3 * y
    near = adapted(nn.Linear(3, 2, generator=rng), x, y, steps=100, lr=0.5)
    assert (near(Tensor(x.astype(np.float32))).array.argmax(1) == y).mean() > 0.9


def test_one_round_of_reptile_goes_a_part_of_the_way():
    def task(generator):
        return [[1.0]], [[1.0]]

    walk = {"steps": 1, "lr": 0.25, "loss": nn.MSELoss()}  # to 0.5
    assert reptile(line(0.0), task, 1, outer_lr=0.2, **walk)[0].weight.item() == pytest.approx(0.1)
    # By default a tenth of the way, and half as much in the second of two rounds.
    assert reptile(line(0.0), task, 1, **walk)[0].weight.item() == pytest.approx(0.05)
    twice = 0.05 + 0.05 * (1 - 0.05) / 2
    assert reptile(line(0.0), task, 2, **walk)[0].weight.item() == pytest.approx(twice)


def test_one_round_of_maml_steps_by_the_slope_at_the_end_of_the_walk():
    seen = []

    class Loss(nn.MSELoss):
        def __call__(self, outputs, targets):
            seen.append(outputs.item())
            return super().__call__(outputs, targets)

    def task(generator):
        return [[1.0]], [[1.0]], [[2.0]], [[5.0]]

    net = first_order_maml(
        line(0.0), task, 1, steps=1, lr=0.25, outer_lr=0.1, loss=Loss()
    )  # fmt: skip
    assert seen == pytest.approx([0.0, 1.0])  # walked to 0.5, asked at x = 2
    assert net[0].weight.gradient.item() == pytest.approx(2 * (1 - 5) * 2)
    assert net[0].weight.item() == pytest.approx(0.1)  # Adam's first step


@pytest.mark.parametrize("learn", [reptile, first_order_maml])
def test_same_seed_same_weights(learn, rng):
    def task(generator):
        x = generator.standard_normal((4, 5, 1))
        return tuple(x[: 2 if learn is reptile else 4])

    found = [
        learn(line(0.3), task, 5, loss=nn.MSELoss(), generator=np.random.default_rng(4))
        for _ in range(2)
    ]
    assert found[0][0].weight.item() == found[1][0].weight.item() != 0.3


@pytest.mark.parametrize("learn", [reptile, first_order_maml])
def test_no_rounds_are_refused(learn):
    with pytest.raises(ValueError, match="rounds"):
        learn(line(0.0), None, 0)


def test_prototypes_are_means(rng):
    centres = 10 * rng.standard_normal((4, 6))
    labels = np.repeat([3, 1, 8, 5], 5)
    order = {3: 0, 1: 1, 8: 2, 5: 3}
    shown = np.array([centres[order[k]] for k in labels]) + rng.standard_normal((20, 6))
    asked = np.array([centres[order[k]] for k in labels]) + rng.standard_normal((20, 6))
    np.testing.assert_array_equal(nearest_prototype(shown, labels, asked), labels)
