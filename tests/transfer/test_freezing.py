"""Frozen means frozen: the contract line by line, bit by bit."""

import copy
import pickle

import numpy as np
import pytest

from minitransfer import Tensor, gradcheck, nn, ops, optim
from minitransfer.autograd import differentiable
from minitransfer.transfer import freeze, freeze_to, replace_head, unfreeze

OPTIMISERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "decay": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
    "adam": lambda p: optim.Adam(p, lr=0.1, weight_decay=0.1),
    "adamw": lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.1),
}


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_frozen_bytes_stay_while_the_rest_moves(kind, net, train_steps, bits):
    net.train()
    freeze(net[:2])
    before = bits(net)
    train_steps(net, OPTIMISERS[kind](net.parameters()))
    after = bits(net)
    moved = {name for name in before if before[name] != after[name]}
    assert moved == {"4.weight", "4.bias", "6.weight", "6.bias"}


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_momentum_from_before_does_not_carry_frozen_weights_on(kind, net, train_steps, bits):
    optimizer = OPTIMISERS[kind](net.parameters())
    train_steps(net, optimizer)  # builds up momentum in all layers
    before = bits(freeze(net[0]))
    train_steps(net, optimizer)
    assert bits(net[0]) == before


def test_weights_frozen_with_a_gradient_waiting_do_not_move(net, batch, bits):
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    x, y = batch
    nn.CrossEntropyLoss()(net(x), y).backward()
    assert net[0].weight.grad is not None
    freeze(net[0])
    assert net[0].weight.grad is None
    before = bits(net[0])
    optimizer.step()
    assert bits(net[0]) == before


def test_frozen_between_forward_and_backward_gets_no_gradient(net, batch):
    x, y = batch
    loss = nn.CrossEntropyLoss()(net(x), y)
    freeze(net[0])
    loss.backward()
    assert net[0].weight.grad is None
    assert net[4].weight.grad is not None


def test_frozen_parameters_get_no_gradient(net, batch):
    freeze(net[:4])
    x, y = batch
    nn.CrossEntropyLoss()(net(x), y).backward()
    having = [name for name, p in net.named_parameters() if p.grad is not None]
    assert having == ["4.weight", "4.bias", "6.weight", "6.bias"]
    assert not any(p.requires_grad for p in net[:4].parameters())


def test_the_clip_norm_counts_trainable_parameters_alone(net, batch):
    x, y = batch
    net.eval()
    loss = nn.CrossEntropyLoss()
    loss(net(x), y).backward()
    everything = optim.clip_grad_norm_(net.parameters(), 1e9)
    head_alone = optim.clip_grad_norm_(net[6].parameters(), 1e9)
    net.zero_grad()
    freeze(net[:6])
    loss(net(x), y).backward()
    assert optim.clip_grad_norm_(net.parameters(), 1e9) == head_alone
    assert head_alone < everything


def test_a_gradient_left_over_does_not_count_in_the_clip_norm(net, batch):
    x, y = batch
    nn.CrossEntropyLoss()(net(x), y).backward()
    freeze(net)
    assert optim.clip_grad_norm_(net.parameters(), 1e9) == 0


def test_train_does_not_undo_freezing(net, batch, bits):
    freeze(net[:4])
    net.train()
    assert [m.training for m in net] == [False] * 4 + [True] * 3
    statistics = bits(net[1])
    first, second = net(batch[0]), net(batch[0])
    assert bits(net[1]) == statistics
    np.testing.assert_array_equal(
        first.detach().array, second.detach().array
    )  # nothing was dropped


def test_the_same_net_unfrozen_would_have_moved_and_dropped(net, batch, bits):
    net.train()
    statistics = bits(net[1])
    assert (net(batch[0]).detach().array != net(batch[0]).detach().array).any()
    assert bits(net[1]) != statistics


def test_frozen_batch_norm_uses_running_statistics_whatever_the_batch(net, batch):
    freeze(net[:2])
    net.train()
    x = batch[0].array
    whole = net[:2](Tensor(x)).array
    alone = net[:2](Tensor(x[:1])).array  # in training mode a batch of one would be refused
    np.testing.assert_allclose(alone[0], whole[0], rtol=1e-6)


def test_unfreeze_brings_back_the_mode_asked_for_last(net):
    net.eval()
    freeze(net)
    net.train()
    assert not net.training
    unfreeze(net)
    assert all(m.training for m in net.modules())
    freeze(net).eval()
    assert not any(m.training for m in unfreeze(net).modules())


def test_unfreeze_undoes_all_of_it(net, batch, bits):
    twin = copy.deepcopy(net)
    freeze(freeze(twin))
    unfreeze(twin)
    for a, b in zip(net.modules(), twin.modules(), strict=True):
        assert (a.frozen, a.training) == (b.frozen, b.training)
    assert all(p.requires_grad for p in twin.parameters())
    x, y = batch
    net.eval(), twin.eval()
    for model in (net, twin):
        nn.CrossEntropyLoss()(model(x), y).backward()
    for a, b in zip(net.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(a.gradient, b.gradient)


def test_what_did_not_learn_before_does_not_learn_after(net):
    net[0].weight.requires_grad_(False)
    unfreeze(freeze(freeze(net)))
    fixed = [name for name, p in net.named_parameters() if not p.requires_grad]
    assert fixed == ["0.weight"]


def test_unfreeze_of_what_was_never_frozen_changes_nothing(net):
    net[0].weight.requires_grad_(False)
    unfreeze(net)
    assert not net[0].weight.requires_grad


def test_nested_freezing_is_undone_from_above(net):
    freeze(net[0])
    freeze(net)
    unfreeze(net)
    assert all(p.requires_grad for p in net.parameters())
    assert not any(m.frozen for m in net.modules())


def test_a_part_of_a_frozen_network_may_be_unfrozen(net):
    freeze(net)
    unfreeze(net[1])
    assert [m.training for m in net] == [False, True] + [False] * 5
    assert [n for n, p in net.named_parameters() if p.requires_grad] == ["1.weight", "1.bias"]


def test_what_holds_a_part_that_was_unfrozen_is_not_frozen(net):
    whole = nn.Sequential(net, nn.Linear(2, 2))
    freeze(whole)
    assert all(m.frozen for m in whole.modules())
    unfreeze(net[0])
    assert not any(m.frozen for m in (whole, net, net[0]))
    assert all(m.frozen for m in (*net[1:], whole[1]))
    twin = copy.deepcopy(whole)
    assert [m.frozen for m in twin.modules()] == [m.frozen for m in whole.modules()]
    freeze(net[0])  # as before
    assert all(m.frozen for m in whole.modules())
    unfreeze(next(m for m in net if isinstance(m, nn.Dropout)))  # nothing learns, but it drops
    assert not whole.frozen
    assert not twin.frozen


def test_what_was_given_a_part_that_learns_is_not_frozen(net):
    freeze(net)
    replace_head(net, 3)
    assert not net.frozen
    freeze(net).append(nn.ReLU())  # which computes the same ever after
    assert net.frozen
    net[0].scale = nn.Parameter([1.0])
    assert not any(m.frozen for m in (net, net[0]))


def test_the_batch_norm_trap_is_not_called_frozen(net):
    freeze(net, bn_mode="train")
    assert not any(m.frozen for m in (net, net[1]))
    assert net[0].frozen


def test_a_shared_weight_is_frozen_and_comes_back():
    a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    b.weight = a.weight
    freeze(a)
    assert not b.weight.requires_grad
    freeze(b)
    unfreeze(b)
    assert not a.weight.requires_grad
    unfreeze(a)
    assert b.weight.requires_grad


@pytest.mark.parametrize("kind", ["momentum", "adam", "adamw"])
def test_optimiser_state_survives(kind, net, train_steps):
    net.eval()
    optimizer = OPTIMISERS[kind](net.parameters())
    train_steps(net, optimizer, n=2)
    remembered = copy.deepcopy(optimizer.state["0.weight"])
    freeze(net[0])
    train_steps(net, optimizer, n=2)
    for key, value in remembered.items():
        np.testing.assert_array_equal(optimizer.state["0.weight"][key], value)
    unfreeze(net[0])
    train_steps(net, optimizer, n=1)
    if kind != "momentum":
        assert optimizer.state["0.weight"]["step"] == 3  # not 1: it went on where it was
        assert optimizer.state["6.weight"]["step"] == 5


def test_momentum_goes_on_where_it_was(batch):
    """After freeze → unfreeze the next step is the one that would have come without them."""
    p = nn.Linear(1, 1, bias=False)
    twin = copy.deepcopy(p)
    one = Tensor(np.ones((1, 1), np.float32))

    def step(layer, optimizer):
        optimizer.zero_grad()
        layer(one).sum().backward()
        optimizer.step()

    first, second = (optim.SGD(m.parameters(), lr=0.1, momentum=0.9) for m in (p, twin))
    step(p, first), step(twin, second)
    freeze(p)
    first.step()
    unfreeze(p)
    step(p, first), step(twin, second)
    assert p.weight.array.tobytes() == twin.weight.array.tobytes()


def test_gradients_flow_through_a_frozen_middle(net, batch):
    """The first layer gets the very gradient that it gets when all layers are trainable."""
    twin = copy.deepcopy(net).eval()
    freeze(net[1:6])
    x, y = batch
    for model in (net, twin):
        nn.CrossEntropyLoss()(model(x), y).backward()
    assert net[4].weight.grad is None
    np.testing.assert_array_equal(net[0].weight.gradient, twin[0].weight.gradient)
    assert np.abs(net[0].weight.gradient).max() > 0


@pytest.mark.parametrize("norm, shape", [(nn.BatchNorm1d, (5, 4)), (nn.BatchNorm2d, (2, 4, 3, 3))])
def test_frozen_batch_norm_derives_as_a_fixed_scale_and_shift(norm, shape, rng):
    layer = norm(4)
    for name in ("running_mean", "weight", "bias"):
        getattr(layer, name).array[...] = rng.standard_normal(4)
    layer.running_var.array[...] = rng.uniform(0.5, 2, 4)
    freeze(layer.double()).train()
    x = Tensor(rng.standard_normal(shape), requires_grad=True)
    assert gradcheck(layer, [x], generator=rng)
    column = (-1, *[1] * (len(shape) - 2))
    scale = layer.weight.array / np.sqrt(layer.running_var.array + layer.eps)
    x.grad = None
    layer(x).sum().backward()
    np.testing.assert_allclose(x.gradient, np.broadcast_to(scale.reshape(column), shape))


def test_evaluation_mode_batch_norm_learns_its_scale_and_shift(rng):
    layer = nn.BatchNorm1d(4).double().eval()
    layer.running_mean.array[...] = rng.standard_normal(4)
    x = Tensor(rng.standard_normal((5, 4)), requires_grad=True)
    assert gradcheck(lambda x, w, b: layer(x), [x, layer.weight, layer.bias], generator=rng)


def test_below_the_last_trainable_layer_nothing_is_recorded(net, batch):
    freeze(net[:6])
    assert not net[:6](batch[0]).requires_grad
    assert net(batch[0]).requires_grad


@pytest.fixture
def derivative_calls(monkeypatch):
    """Counts, per argument of `linear` (x, weight, bias), how often its derivative is computed."""
    calls = {"x": 0, "weight": 0, "bias": 0}
    linear = ops.linear.__wrapped__

    def counted(*args, **options):
        value, derivatives = linear(*args, **options)

        def counting(name, derivative):
            def call(gy):
                calls[name] += 1
                return derivative(gy)

            return call

        return value, tuple(map(counting, calls, derivatives))

    monkeypatch.setattr(ops, "linear", differentiable(counted))
    return calls


@pytest.mark.parametrize(
    "frozen, expected",
    [
        (slice(0, 0), {"x": 2, "weight": 3, "bias": 3}),
        (slice(0, 2), {"x": 1, "weight": 2, "bias": 2}),  # the walk stops above the prefix
        (slice(0, 6), {"x": 0, "weight": 1, "bias": 1}),
        (slice(4, 5), {"x": 2, "weight": 2, "bias": 2}),  # through the middle, not into it
    ],
)
def test_a_frozen_layer_saves_the_work_one_can_see(frozen, expected, net, batch, derivative_calls):
    freeze(net[frozen])
    nn.CrossEntropyLoss()(net(batch[0]), batch[1]).backward()
    assert derivative_calls == expected


def test_a_head_swapped_in_later_is_trainable(net, batch, train_steps, bits):
    freeze(net)
    replace_head(net, 3)
    assert [n for n, p in net.named_parameters() if p.requires_grad] == ["6.weight", "6.bias"]
    before = bits(net)
    train_steps(net, optim.Adam(net.parameters()))
    after = bits(net)
    assert {n for n in before if before[n] != after[n]} == {"6.weight", "6.bias"}


def test_a_copy_of_a_frozen_network_is_frozen_by_itself(net):
    twin = copy.deepcopy(freeze(net))
    unfreeze(net)
    assert not any(p.requires_grad for p in twin.parameters())
    assert all(m.frozen for m in twin.modules())
    unfreeze(twin)
    assert all(p.requires_grad for p in twin.parameters())


def test_the_batch_norm_trap_on_purpose(net, batch, bits):
    freeze(net, bn_mode="train")
    net.train()
    before = bits(net)
    outputs = net(batch[0]).array
    after = bits(net)
    moved = {n for n in before if before[n] != after[n]}
    assert moved == {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
    assert not any(p.requires_grad for p in net.parameters())
    freeze(net)  # the honest way closes the trap again
    assert (net(batch[0]).array != outputs).any()
    assert bits(net) == after


def test_unfreeze_after_the_trap(net):
    unfreeze(freeze(net, bn_mode="train"))
    assert all(p.requires_grad for p in net.parameters())


@pytest.mark.parametrize(
    "boundary, frozen",
    [
        (0, []),
        (1, [0, 1]),  # batch norm counts with the layer before it; ReLU and dropout stay free
        (2, [0, 1, 2, 3, 4]),
        (3, [0, 1, 2, 3, 4, 5, 6]),
        ("0", [0]),
        ("3", [0, 1, 2, 3]),
    ],
)
def test_freeze_to(boundary, frozen, net):
    freeze(net[5:])  # an earlier state does not matter
    freeze_to(net, boundary)
    assert [i for i, m in enumerate(net) if m.frozen] == frozen
    assert net.frozen == (len(frozen) == len(net))
    for i, m in enumerate(net):
        assert all(p.requires_grad == (i not in frozen) for p in m.parameters())


def test_freeze_to_a_container_takes_all_of_it(rng):
    net = nn.Sequential({"body": nn.Sequential(nn.Linear(2, 2), nn.ReLU()), "top": nn.Linear(2, 2)})
    freeze_to(net, "body")
    assert [name for name, m in net.named_modules() if m.frozen] == ["body", "body.0", "body.1"]
    freeze_to(net, 1)
    assert [name for name, m in net.named_modules() if m.frozen] == ["body.0"]


def test_freeze_to_leaves_alone_what_did_not_learn(net):
    net[6].bias.requires_grad_(False)
    freeze_to(net, 3)
    freeze_to(net, 0)
    assert [n for n, p in net.named_parameters() if not p.requires_grad] == ["6.bias"]


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda net: freeze_to(net, 4), ValueError, "3 layers with weights .0, 4, 6.; given 4"),
        (lambda net: freeze_to(net, -1), ValueError, "given -1"),
        (lambda net: freeze_to(net, "fc"), ValueError, "no module is named 'fc'; there are 0, 1"),
        (lambda net: freeze_to(net, 1.0), TypeError, "a number of layers or a name; given 1.0"),
        (lambda net: freeze(net[0].weight), TypeError, "takes a module .*given Parameter"),
        (lambda net: unfreeze(None), TypeError, "given None"),
        (lambda net: freeze(net, bn_mode="on"), ValueError, "'eval' or 'train'; given 'on'"),
    ],
)
def test_errors_say_what_was_given(call, error, words, net):
    with pytest.raises(error, match=words):
        call(net)
    assert all(p.requires_grad for p in net.parameters())


def test_nothing_but_unfreeze_brings_a_frozen_layer_back(net, bits):
    """A blanket ``requires_grad = True`` must not make a module learn that says it is frozen."""
    freeze(net[0])
    net[4].bias.requires_grad_(False)
    before = bits(net)
    attempts = {
        "the whole network": lambda: net.requires_grad_(True),
        "the layer": lambda: net[0].requires_grad_(),
        "by method": lambda: net[0].weight.requires_grad_(),
        "by hand": lambda: setattr(net[0].weight, "requires_grad", True),
    }
    for how, attempt in attempts.items():
        with pytest.raises(RuntimeError, match=r"frozen.* until transfer.unfreeze"):
            attempt()
        assert (net[0].frozen, net[0].weight.requires_grad) == (True, False), how
    assert not net[4].bias.requires_grad  # refused before anything was changed
    assert bits(net) == before
    net.requires_grad_(False)  # what holds anyway is no contradiction
    net[0].weight.requires_grad = False
    unfreeze(net[0])
    assert net[0].weight.requires_grad
    assert net.requires_grad_(True)[4].bias.requires_grad


def test_frozen_is_told_and_not_set(net):
    with pytest.raises(AttributeError, match=r"transfer.freeze\(module\)"):
        net[0].frozen = True
    assert not net[0].frozen


def test_freezing_leaves_the_parameter_itself_where_it_was(net):
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    weight = net[0].weight
    freeze(net)
    assert net[0].weight is weight is optimizer.param_groups[0]["params"][0]
    assert isinstance(weight, nn.Parameter)
    unfreeze(net)
    assert type(weight) is nn.Parameter


def test_a_parameter_class_of_ones_own_comes_back():
    class Masked(nn.Parameter):
        def mask(self):
            return "kept"

    layer = nn.Linear(2, 2)
    layer.weight = Masked(layer.weight.array)
    freeze(layer)
    assert layer.weight.mask() == "kept"
    with pytest.raises(RuntimeError, match="is frozen"):
        layer.weight.requires_grad_()
    unfreeze(layer)
    assert type(layer.weight) is Masked
    assert layer.weight.requires_grad


def test_a_frozen_network_goes_through_copies_pickles_and_states(net, bits):
    freeze(net[:4])
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert bits(twin) == bits(net)
        with pytest.raises(RuntimeError, match="frozen are"):
            twin.requires_grad_()
        assert all(p.requires_grad for p in unfreeze(twin).parameters())
    assert not net[0].weight.requires_grad
    state = {name: tensor.array + 1 for name, tensor in net.state_dict().items()}
    net.load_state_dict(state)
    np.testing.assert_array_equal(net[0].weight.array, state["0.weight"])
    assert net.double()[0].weight.dtype == np.float64


def test_a_parameter_put_into_a_frozen_layer_stays_its_own(net):
    freeze(net)
    net[6].weight = nn.Parameter(net[6].weight.array, requires_grad=False)
    unfreeze(net)
    assert not net[6].weight.requires_grad
