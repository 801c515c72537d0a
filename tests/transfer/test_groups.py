"""Layers as one counts them, and their learning rates."""

import numpy as np
import pytest

from minitransfer import nn, optim
from minitransfer.transfer import freeze, parameter_groups, replace_head, weight_layers


def rates(groups):
    return {name: group["lr"] for group in groups for name in group["names"]}


def test_one_rate(net):
    groups = parameter_groups(net, lr=0.1)
    assert len(groups) == 1
    assert groups[0]["names"] == [name for name, _ in net.named_parameters()]


def test_head_and_body(net):
    found = rates(parameter_groups(net, lr=1e-4, head_lr=1e-3))
    assert {n for n, rate in found.items() if rate == 1e-3} == {"6.weight", "6.bias"}
    assert {rate for n, rate in found.items() if n[0] != "6"} == {1e-4}


def test_rates_fall_with_depth(net):
    found = rates(parameter_groups(net, lr=1.0, head_lr=3.0, decay=0.5))
    by_layer = {"0": 0.25, "1": 0.25, "4": 0.5, "6": 3.0}  # batch norm "1" counts with "0"
    assert found == {name: by_layer[name[0]] for name, _ in net.named_parameters()}


def test_howard_and_ruder(net):
    found = rates(parameter_groups(net, lr=0.01, decay=1 / 2.6))
    assert found["6.weight"] == 0.01
    assert found["4.weight"] == pytest.approx(0.01 / 2.6)
    assert found["0.weight"] == pytest.approx(0.01 / 2.6**2)


def test_each_layer_has_a_rate_of_its_own(rng):
    deep = nn.Sequential(*[nn.Linear(2, 2, generator=rng) for _ in range(5)])
    found = rates(parameter_groups(deep, lr=1.0, decay=0.5))
    weights = [found[f"{k}.weight"] for k in range(5)]
    assert weights == [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0]


def test_frozen_parameters_are_left_out(net):
    freeze(net[:2])
    found = rates(parameter_groups(net, lr=1.0, decay=0.5))
    assert found == {"4.weight": 0.5, "4.bias": 0.5, "6.weight": 1.0, "6.bias": 1.0}


def test_a_head_of_several_layers(net):
    whole = nn.Sequential({"body": net[:4], "head": net[4:]})
    found = rates(parameter_groups(whole, lr=0.1, head_lr=1.0, decay=0.5, head="head"))
    assert {n for n, rate in found.items() if rate == 1.0} == {
        "head.4.weight",
        "head.4.bias",
        "head.6.weight",
        "head.6.bias",
    }
    assert found["body.0.weight"] == 0.05


def test_every_parameter_is_in_one_group_once(rng):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(np.ones(3, np.float32))
            self.norm = nn.LayerNorm(3)
            self.a = nn.Linear(3, 3)
            self.b = nn.Linear(3, 3)
            self.b.weight = self.a.weight  # shared
            self.end = nn.LayerNorm(3)

    net = Odd()
    groups = parameter_groups(net, lr=1.0, decay=0.5, head="b")
    listed = [id(p) for group in groups for p in group["params"]]
    assert sorted(listed) == sorted(id(p) for p in net.parameters())
    assert [layer.name for layer in weight_layers(net)] == ["a", "b"]
    assert [name for name, _ in weight_layers(net)[0].modules] == ["", "norm", "a"]


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.AdamW])
def test_optimisers_take_them(kind, net, train_steps):
    groups = parameter_groups(net, lr=1e-4, head_lr=1e-3, weight_decay=0.1)
    optimizer = kind(groups, lr=7.0)
    assert [g["lr"] for g in optimizer.param_groups] == [1e-4, 1e-3]
    assert [g["weight_decay"] for g in optimizer.param_groups] == [0.1, 0.1]
    train_steps(net, optimizer, n=1)


def test_the_rates_are_what_moves_the_parameters(net, train_steps):
    """One step of Adam moves every number by about its rate."""
    before = {name: p.array.copy() for name, p in net.named_parameters()}
    train_steps(net.eval(), optim.Adam(parameter_groups(net, lr=1e-4, head_lr=1e-2)), n=1)
    moved = {name: np.abs(p.array - before[name]).max() for name, p in net.named_parameters()}
    assert moved["6.weight"] == pytest.approx(1e-2, rel=1e-2)
    assert moved["4.weight"] == pytest.approx(1e-4, rel=1e-2)


def test_a_parameter_that_did_not_learn_is_left_out(net):
    net[0].bias.requires_grad_(False)
    assert "0.bias" not in rates(parameter_groups(net, lr=1.0))


@pytest.mark.parametrize(
    "options, words",
    [
        ({"lr": 0}, "lr is above 0, given 0; to hold a part, freeze it"),
        ({"lr": 1, "head_lr": -1}, "head_lr is above 0"),
        ({"lr": float("nan")}, "given nan"),
        ({"lr": 1, "decay": 0}, "decay is above 0"),
        ({"lr": 1, "decay": 2.6}, "at most 1; given 2.6"),
        ({"lr": 1, "head": "top"}, "named 'top'; there are 0, 1"),
        ({"lr": 1, "head": "2"}, "no part with parameters is named '2'"),
    ],
)
def test_errors(options, words, net):
    with pytest.raises(ValueError, match=words):
        parameter_groups(net, **options)


def test_nothing_to_train(net):
    with pytest.raises(ValueError, match=r"every parameter is frozen.*replace_head"):
        parameter_groups(freeze(net), lr=1.0)
    replace_head(net, 3)
    assert len(parameter_groups(net, lr=1.0)) == 1
