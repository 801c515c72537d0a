"""Bodies and heads."""

import numpy as np
import pytest

from minitransfer import Tensor, nn, optim
from minitransfer.transfer import append, find_head, freeze, replace_head, strip_head


def test_the_head_of_a_module_class(two_layers):
    name, layer = find_head(two_layers)
    assert name == "fc2"
    assert layer is two_layers.fc2


def test_the_head_within_containers(net):
    outer = nn.Sequential({"body": net, "end": nn.ReLU()})
    assert find_head(outer)[0] == "body.6"


def test_strip_head_of_a_class_leaves_the_original(two_layers, batch):
    x = batch[0]
    before = two_layers(x).detach().array
    body = strip_head(two_layers)
    assert type(body) is type(two_layers)
    assert body.fc1 is two_layers.fc1
    np.testing.assert_array_equal(body(x).detach().array, two_layers.fc1(x).relu().detach().array)
    np.testing.assert_array_equal(two_layers(x).detach().array, before)
    assert list(dict(body.named_parameters())) == ["fc1.weight", "fc1.bias"]
    assert list(dict(two_layers.named_parameters()))[-1] == "fc2.bias"


def test_the_body_of_a_class_can_change_without_the_original(two_layers):
    body = strip_head(two_layers)
    body.extra = nn.Linear(2, 2)
    assert "extra" not in dict(two_layers.named_modules())


def test_strip_head_of_a_sequential_shares_the_layers(net):
    body = strip_head(net)
    assert [a is b for a, b in zip(body, net, strict=False)] == [True] * 6
    assert len(net) == 7
    freeze(body)
    assert not net[0].weight.requires_grad
    assert net[6].weight.requires_grad


def test_strip_head_keeps_names(net):
    nn.Sequential({"inner": net})
    assert next(p.name for p in strip_head(net).parameters()) == "inner.0.weight"


def test_strip_head_cuts_what_follows_the_head(batch):
    net = nn.Sequential(nn.Linear(6, 4), nn.Sequential(nn.ReLU(), nn.Linear(4, 3)), nn.Softmax())
    body = strip_head(net)
    assert [type(m).__name__ for m in body.modules()] == [
        "Sequential",
        "Linear",
        "Sequential",
        "ReLU",
    ]
    assert body(batch[0]).shape == (16, 4)


def test_strip_head_of_a_sequential_around_a_class(two_layers, batch):
    net = nn.Sequential(nn.Identity(), two_layers)
    assert strip_head(net)(batch[0]).shape == (16, 5)
    assert net(batch[0]).shape == (16, 3)


def test_notes_on_the_input_stay(net):
    net.input_type, net.input_shape = "image", (6,)
    body = strip_head(net)
    whole = append(body, nn.Linear(5, 2))
    for model in (body, whole, replace_head(net, 4)):
        assert (model.input_type, model.input_shape) == ("image", (6,))


def test_append_keeps_the_body_frozen(net, batch):
    whole = append(freeze(strip_head(net)), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)).train()
    assert whole(batch[0]).shape == (16, 2)
    trainable = [name for name, p in whole.named_parameters() if p.requires_grad]
    assert trainable == ["1.weight", "1.bias", "3.weight", "3.bias"]
    assert not whole[0][1].training


def test_a_fresh_head(net, rng):
    head = replace_head(net, 1000, generator=rng)[6]
    assert (head.in_features, head.out_features) == (5, 1000)
    assert abs(head.weight.array.std() - 0.01) < 0.001
    assert not head.bias.array.any()
    assert head.weight.dtype == np.float32


def test_the_same_generator_gives_the_same_head(two_layers):
    heads = [
        replace_head(two_layers, 7, np.random.default_rng(s)).fc2.weight.array.copy()
        for s in (1, 1, 2)
    ]
    assert heads[0].tobytes() == heads[1].tobytes()
    assert heads[0].tobytes() != heads[2].tobytes()


def test_replace_head_returns_the_network_itself(two_layers, batch):
    old = two_layers.fc2
    assert replace_head(two_layers, 7) is two_layers
    assert two_layers.fc2 is not old
    assert two_layers(batch[0]).shape == (16, 7)


def test_replace_head_wherever_it_is_registered(two_layers):
    two_layers.same = two_layers.fc2
    replace_head(two_layers, 7)
    assert two_layers.same is two_layers.fc2


def test_replace_head_keeps_names_counted_from_the_outermost_module(net):
    nn.Sequential({"inner": net})
    replace_head(net, 2)
    assert [p.name for p in net.parameters()][-2:] == ["inner.6.weight", "inner.6.bias"]
    assert net[0].weight.name == "inner.0.weight"
    assert net[6].name == "inner.6"


def test_replace_another_layer(two_layers):
    replace_head(two_layers, 5, head="fc1")
    assert two_layers.fc1.out_features == 5
    assert not two_layers.fc1.bias.array.any()


def test_the_new_head_has_the_type_and_mode_of_the_old(net):
    head = replace_head(net.double().eval(), 2)[6]
    assert head.weight.dtype == np.float64
    assert not head.training


def test_an_optimiser_of_before_does_not_know_the_new_head(net, train_steps):
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    replace_head(net, 3)
    before = net[6].weight.array.copy()
    train_steps(net, optimizer)
    np.testing.assert_array_equal(net[6].weight.array, before)  # hence `fit` refuses


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: find_head(nn.Sequential(nn.ReLU())), ValueError, "no Linear .*append"),
        (lambda: find_head(Tensor([1.0])), TypeError, "given Tensor"),
        (lambda: strip_head(nn.Conv2d(1, 2, 3)), ValueError, "no Linear"),
        (lambda: strip_head(nn.Linear(2, 2)), ValueError, "single Linear"),
        (lambda: replace_head(nn.Conv2d(1, 2, 3), 3), ValueError, "no Linear"),
        (lambda: replace_head(nn.Linear(2, 2), 3), ValueError, "put it in a Sequential"),
        (lambda: append(nn.ReLU()), ValueError, "give the layers"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_replace_head_refuses_a_layer_that_is_no_linear(net):
    with pytest.raises(ValueError, match=r"'2' is not a Linear .* there are 0, 4, 6"):
        replace_head(net, 3, head="2")


def test_no_classes(net):
    with pytest.raises(ValueError, match=r"out_features .* given 0"):
        replace_head(net, 0)
    assert net[6].out_features == 3
