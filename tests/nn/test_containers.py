"""Sequential, Residual, ModuleList."""

from collections import OrderedDict

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import nn, transfer


def layers():
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def test_modules_run_one_after_the_other():
    net, x = layers(), mt.randn(4, 2)
    by_hand = net[2](net[1](net[0](x)))
    np.testing.assert_array_equal(net(x).detach(), by_hand.detach())
    assert [type(m).__name__ for m in net] == ["Linear", "ReLU", "Linear"]
    assert len(net) == 3


def test_an_index_gives_a_module_and_a_slice_shares_them():
    net = layers()
    assert net[-1] is net[2] is getattr(net, "2")
    body = net[:-1]
    assert isinstance(body, nn.Sequential)
    assert list(body) == [net[0], net[1]]
    assert body[0].weight.name == "0.weight"
    assert list(net[1:].state_dict()) == ["2.weight", "2.bias"]  # names stay
    with pytest.raises(IndexError):
        net[3]


def test_setting_and_appending():
    net = layers()
    net[-1] = nn.Linear(3, 5)
    assert net(mt.ones(1, 2)).shape == (1, 5)
    assert net[2].weight.name == "2.weight"
    assert net.append(nn.Softmax(1)) is net
    assert list(net._modules) == ["0", "1", "2", "3"]
    body = net[:-2]
    body.append(nn.Linear(3, 7))
    assert body(mt.ones(1, 2)).shape == (1, 7)
    assert len(net) == 4  # the other Sequential is as it was
    tail = net[2:]
    tail.append(nn.ReLU())
    assert list(tail._modules) == ["2", "3", "4"]


@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_names_from_a_dictionary(kind):
    net = nn.Sequential(kind([("body", nn.Linear(2, 3)), ("head", nn.Linear(3, 1))]))
    assert [n for n, _ in net.named_parameters()] == [
        "body.weight", "body.bias", "head.weight", "head.bias"
    ]  # fmt: skip
    assert net.head is net[1]
    assert net(mt.ones(1, 2)).shape == (1, 1)


@pytest.mark.parametrize("wrong", [nn.ReLU, lambda x: x, 3, None])
def test_only_modules_are_taken(wrong):
    for use in (
        lambda: nn.Sequential(nn.ReLU(), wrong),
        lambda: layers().append(wrong),
        lambda: layers().__setitem__(0, wrong),
        lambda: nn.ModuleList([wrong]),
    ):
        with pytest.raises(TypeError, match="expected a module"):
            use()


def test_a_name_that_would_hide_a_method_is_refused():
    for name in ("forward", "train", "", "a.b"):
        with pytest.raises(ValueError, match="name of a module"):
            nn.Sequential({name: nn.ReLU()})


def test_an_empty_sequential_passes_its_input_through():
    x = mt.ones(2)
    assert nn.Sequential()(x) is x


def test_residual_adds_what_goes_round():
    body = nn.Linear(2, 2)
    x = mt.randn(3, 2)
    expected = x + body(x)
    np.testing.assert_array_equal(nn.Residual(body)(x).detach(), expected.detach())
    wide = nn.Residual(nn.Linear(2, 4), shortcut=nn.Linear(2, 4, bias=False))
    assert wide(x).shape == (3, 4)
    assert [n for n, _ in wide.named_parameters()] == [
        "body.weight", "body.bias", "shortcut.weight"
    ]  # fmt: skip


def test_residual_with_shapes_that_differ_names_itself_and_both():
    net = nn.Sequential(nn.ReLU(), nn.Residual(nn.Linear(2, 1)))
    with pytest.raises(ValueError, match=r"layer '1'.*\(3, 2\) into \(3, 1\).*into \(3, 2\)"):
        net(mt.ones(3, 2))  # would broadcast in silence


def test_module_list():
    items = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    assert items.append(nn.ReLU()) is items
    assert len(items) == 3
    items[0] = nn.Linear(2, 5)
    assert items[0].out_features == 5
    assert [type(m).__name__ for m in items[1:]] == ["Linear", "ReLU"]
    assert [n for n, _ in items.named_parameters()][:2] == ["0.weight", "0.bias"]
    assert items[-1] is list(items)[-1]


def test_a_sequential_of_parts_leaves_names_and_frozen_state_alone():
    net = nn.Sequential({"body": layers(), "head": nn.Linear(1, 2)})
    transfer.freeze(net.body[0])
    net.body.eval()
    part = nn.Sequential.of_parts([("body.0", net.body[0]), ("head", net.head)])
    assert [name for name, _ in part.named_parameters()] == [p.name for p in part.parameters()]
    assert [module.frozen for module in part] == [True, False]
    assert net.body[0].weight.name == "body.0.weight"
    same = nn.Sequential.of_parts(list(net.body.named_children()), like=net.body)
    assert (same.name, same.training, same.frozen) == ("body", False, False)
    x = mt.randn(3, 2)
    np.testing.assert_array_equal(same(x).detach(), net.body(x).detach())


def test_a_dictionary_of_modules():
    heads = nn.ModuleDict({"a": nn.Linear(2, 3), "b": nn.Linear(2, 1)})
    assert [name for name, _ in heads.named_parameters()][::2] == ["a.weight", "b.weight"]
    assert ("a" in heads, "c" in heads, len(heads), list(heads)) == (True, False, 2, ["a", "b"])
    heads.update({"b": nn.ReLU(), "c": nn.Tanh()})
    assert [type(m).__name__ for m in heads.values()] == ["Linear", "ReLU", "Tanh"]
    del heads["a"]
    assert [name for name, _ in heads.items()] == list(heads.keys()) == ["b", "c"]
    with pytest.raises(ValueError, match="the name of a method"):
        heads["items"] = nn.ReLU()
    with pytest.raises(TypeError, match="expected a module"):
        heads["d"] = nn.ReLU


def test_a_list_of_parameters():
    weights = nn.ParameterList([mt.zeros(2), nn.Parameter(mt.zeros(3))])
    weights.append(mt.zeros(4))
    weights[-1] = mt.zeros(5)
    assert [p.shape for p in weights] == [(2,), (3,), (5,)]
    assert [name for name, _ in weights.named_parameters()] == ["0", "1", "2"]
    assert weights[1].requires_grad
    assert len(weights[1:]) == 2


def test_a_list_of_modules_can_be_extended():
    assert len(nn.ModuleList([nn.ReLU()]).extend([nn.Tanh(), nn.ReLU()])) == 3
