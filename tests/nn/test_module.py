"""Module: registration, names, modes, states, and the errors of those who forget a line."""

import copy

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor, nn, no_grad, transfer


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter([1.0])
        self.fc1 = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)
        self.body = nn.Sequential(nn.Linear(3, 3, bias=False), nn.ReLU())
        self.fc2 = nn.Linear(3, 1)
        self.register_buffer("seen", np.zeros(2, np.float32))

    def forward(self, x):
        return self.fc2(self.body(self.norm(self.fc1(x)))) * self.scale


PARAMETERS = ["scale", "fc1.weight", "fc1.bias", "norm.weight", "norm.bias"]
PARAMETERS += ["body.0.weight", "fc2.weight", "fc2.bias"]


def names(pairs):
    return [name for name, _ in pairs]


# Registration and names


def test_everything_is_found_in_the_order_of_registration():
    net = Net()
    assert names(net.named_parameters()) == PARAMETERS
    assert [p.name for p in net.parameters()] == PARAMETERS
    assert names(net.named_buffers()) == [
        "seen", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"
    ]  # fmt: skip
    assert names(net.named_modules()) == ["", "fc1", "norm", "body", "body.0", "body.1", "fc2"]
    assert names(net.named_children()) == ["fc1", "norm", "body", "fc2"]
    assert list(net.children())[2] is net.body
    assert next(iter(net.modules())) is net
    assert len(list(net.buffers())) == 4


def test_names_follow_the_outermost_module():
    inner = nn.Sequential(nn.Linear(2, 2))
    assert inner[0].weight.name == "0.weight"
    outer = nn.Sequential(nn.ReLU(), inner)
    assert inner[0].weight.name == "1.0.weight"
    assert inner[0].name == "1.0"
    assert outer.name == ""
    nn.ModuleList([outer])
    assert inner[0].weight.name == "0.1.0.weight"


def test_a_parameter_that_is_put_in_place_later_is_named_too():
    net = Net()
    net.fc2.bias = nn.Parameter([5.0])
    assert net.fc2.bias.name == "bias"  # within its layer, which does not know where it stands
    net.fc2 = nn.Linear(3, 4)
    assert net.fc2.weight.name == "fc2.weight"


def test_a_shared_parameter_counts_once_and_is_saved_under_both_names():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert names(net.named_parameters()) == ["0.weight", "0.bias", "1.bias"]
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    layer = nn.Linear(2, 2)
    twice = nn.Sequential(layer, nn.ReLU(), layer)
    assert len(list(twice.parameters())) == 2
    twice(mt.ones(1, 2)).sum().backward()
    assert layer.weight.grad is not None


def test_assigning_again_keeps_the_place_and_deleting_frees_it():
    net = Net()
    net.fc1 = nn.Linear(2, 3, bias=False)
    assert names(net.named_parameters())[:2] == ["scale", "fc1.weight"]
    assert "fc1.bias" not in names(net.named_parameters())
    del net.fc1
    del net.scale
    assert names(net.named_parameters())[0] == "norm.weight"
    with pytest.raises(AttributeError, match="Net has no 'fc1'"):
        net.fc1  # noqa: B018
    net.fc1 = nn.ReLU()  # a new one comes last
    assert names(net.named_children()) == ["norm", "body", "fc2", "fc1"]


def test_a_name_changes_its_kind():
    net = Net()
    net.thing = nn.Parameter([1.0])
    net.thing = nn.Linear(1, 1)
    assert "thing" not in names(net.named_parameters())
    assert "thing.weight" in names(net.named_parameters())
    net.thing = None
    assert "thing" not in names(net.named_children())
    assert net.thing is None


@pytest.mark.parametrize("value", [Tensor([1.0]), np.ones(1), 3.0, lambda x: x])
def test_a_parameter_or_module_is_not_lost_by_assigning_something_else(value):
    net = Net()
    with pytest.raises(TypeError, match="'scale' is a Parameter"):
        net.scale = value
    with pytest.raises(TypeError, match="'fc1' is a module"):
        net.fc1 = value
    assert names(net.named_parameters()) == PARAMETERS


def test_buffers_are_kept_as_tensors():
    net = Net()
    net.seen = np.ones(2, np.float32)
    assert isinstance(net.seen, Tensor)
    assert net.state_dict()["seen"].tolist() == [1, 1]
    net.register_buffer("nothing", None)
    assert net.nothing is None
    assert "nothing" not in net.state_dict()


def test_plain_attributes_and_tensors_are_not_registered():
    net = Net()
    net.constant, net.number = Tensor([1.0]), 3
    assert "constant" not in net.state_dict()
    assert names(net.named_parameters()) == PARAMETERS


def test_modules_in_a_plain_list_are_not_found_and_in_a_module_list_they_are():
    net = Net()
    net.plain = [nn.Linear(1, 1)]
    assert names(net.named_parameters()) == PARAMETERS
    net.layers = nn.ModuleList(net.plain)
    assert names(net.named_parameters())[-2:] == ["layers.0.weight", "layers.0.bias"]


def test_register_parameter_and_add_module():
    net = nn.Module()
    net.register_parameter("w", nn.Parameter([1.0]))
    net.register_parameter("b", None)
    net.add_module("part", nn.Linear(1, 1))
    assert names(net.named_parameters()) == ["w", "part.weight", "part.bias"]
    assert net.b is None


# What is forgotten


def test_super_init_forgotten():
    class Forgot(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(1, 1)

    class Empty(nn.Module):
        def __init__(self):
            pass

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\).*Forgot.*that line first"):
        Forgot()
    with pytest.raises(AttributeError, match=r"Empty.*super\(\).__init__\(\)"):
        list(Empty().parameters())


def test_forward_forgotten():
    class Half(nn.Module):
        pass

    with pytest.raises(TypeError, match=r"Half has no forward\(\)"):
        Half()(mt.ones(1))


# Modes


def test_train_and_eval_reach_everything_below():
    net = Net()
    assert all(m.training for m in net.modules())
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    assert net.train() is net
    assert all(m.training for m in net.modules())
    net.body.eval()
    assert [m.training for m in net.modules()] == [True, True, True, False, False, False, True]


def test_a_frozen_module_is_never_in_training_mode():
    layer = nn.Dropout()
    transfer.freeze(layer)
    assert not layer.train().training
    transfer.unfreeze(layer)
    assert layer.training
    transfer.freeze(layer)
    layer.eval()
    transfer.unfreeze(layer)
    assert not layer.training


def test_requires_grad_and_zero_grad():
    net = Net()
    net(mt.randn(4, 2)).sum().backward()
    assert net.fc1.weight.grad is not None
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert net.fc1.requires_grad_(False) is net.fc1
    net(mt.randn(4, 2)).sum().backward()
    assert net.fc1.weight.grad is None
    assert net.fc2.weight.grad is not None


def test_apply_goes_from_the_inside_out():
    net, seen = Net(), []
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "BatchNorm1d", "Linear", "ReLU", "Sequential", "Linear", "Net"]

    def start(module):
        if isinstance(module, nn.Linear):
            nn.init.constant_(module.weight, 0.5)

    net.apply(start)
    assert net.body[0].weight.tolist() == [[0.5] * 3] * 3


def test_types_change_in_place():
    net = Net()
    weight = net.fc1.weight
    assert net.double() is net
    assert weight is net.fc1.weight
    assert {p.dtype for p in net.parameters()} == {np.dtype(np.float64)}
    assert net.norm.running_mean.dtype == np.float64
    assert net.norm.num_batches_tracked.dtype == np.int64
    assert net(mt.randn(3, 2, dtype=mt.float64)).dtype == np.float64
    assert net.float().fc1.weight.dtype == np.float32
    assert net.to(mt.float64).fc1.weight.dtype == np.float64
    assert net.to(dtype=mt.float32).fc1.weight.dtype == np.float32
    assert net.to("cpu") is net
    with pytest.raises(AttributeError, match="processor"):
        net.to("cuda")


def test_moving_to_the_processor_keeps_gradients():
    net = Net()
    net(mt.randn(4, 2)).sum().backward()
    net.to("cpu").float()
    assert net.fc1.weight.grad is not None


# States


def test_a_state_goes_round():
    net, other = Net(), Net()
    net(mt.randn(5, 2) + 3)  # moves the running statistics
    state = net.state_dict()
    assert list(state)[:2] == ["scale", "seen"]
    assert not any(t.requires_grad for t in state.values())
    result = other.load_state_dict(state)
    assert result == ([], [])
    for (name, a), b in zip(state.items(), other.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a.array, b.array, err_msg=name)
        assert not np.shares_memory(a.array, b.array)
    x = mt.randn(3, 2)
    np.testing.assert_array_equal(net.eval()(x).detach(), other.eval()(x).detach())


def test_a_state_shares_its_numbers_and_a_copy_does_not():
    net = Net()
    state, kept = net.state_dict(), copy.deepcopy(net.state_dict())
    with no_grad():
        net.scale.fill_(7.0)
    assert state["scale"].tolist() == [7]
    assert kept["scale"].tolist() == [1]


def test_states_of_arrays_of_other_precision():
    net = nn.Linear(2, 1)
    half = {"weight": np.array([[0.5, 2.0]], np.float16), "bias": np.array([1], np.int64)}
    net.load_state_dict(half)
    assert net.weight.dtype == np.float32
    assert net(Tensor([[1.0, 1.0]])).item() == 3.5


def untouched(net, load, error):
    """Check that `load` raises and changes nothing; return the message."""
    before = copy.deepcopy(net.state_dict())
    with pytest.raises(error) as caught:
        load()
    for name, tensor in net.state_dict().items():
        np.testing.assert_array_equal(tensor.array, before[name].array)
    return str(caught.value)


def test_missing_and_unexpected_keys_are_all_named():
    net = Net()
    state = Net().state_dict()
    del state["fc1.weight"], state["fc2.bias"]
    state["head.weight"] = state["head.bias"] = Tensor([1.0])
    message = untouched(net, lambda: net.load_state_dict(state), KeyError)
    for name in ("fc1.weight", "fc2.bias", "head.weight", "head.bias", "strict=False", "nothing"):
        assert name in message


def test_a_single_key_too_few_or_too_many_is_enough():
    layer = nn.Linear(1, 1)
    with pytest.raises(KeyError, match=r"missing keys \['bias'\], unexpected keys \[\]"):
        layer.load_state_dict({"weight": np.ones((1, 1))})
    whole = {"weight": np.ones((1, 1)), "bias": np.ones(1)}
    with pytest.raises(KeyError, match=r"missing keys \[\], unexpected keys \['more'\]"):
        layer.load_state_dict(whole | {"more": np.ones(1)})


@pytest.mark.parametrize("strict", [True, False])
def test_shapes_that_differ_are_all_named_with_both(strict):
    net = Net()
    state = Net().state_dict()
    state["fc1.weight"] = Tensor(np.zeros((5, 2)))
    state["fc2.bias"] = np.zeros(())
    state["extra"] = np.zeros(1)
    message = untouched(net, lambda: net.load_state_dict(state, strict=strict), ValueError)
    assert "fc1.weight: given (5, 2), expected (3, 2)" in message
    assert "fc2.bias: given (), expected (1,)" in message
    assert "extra" in message


def test_a_state_that_is_not_numeric_loads_nothing():
    net = Net()
    state = Net().state_dict() | {"fc2.bias": np.array(["a"])}
    untouched(net, lambda: net.load_state_dict(state), TypeError)


def test_not_strict_loads_what_fits_and_returns_the_rest():
    net, state = Net(), Net().state_dict()
    del state["fc2.bias"]
    state["head.weight"] = Tensor([1.0])
    bias = net.fc2.bias.tolist()
    result = net.load_state_dict(state, strict=False)
    assert result.missing_keys == ["fc2.bias"]
    assert result.unexpected_keys == ["head.weight"]
    assert net.fc2.bias.tolist() == bias
    np.testing.assert_array_equal(net.fc1.weight.array, state["fc1.weight"].array)


def test_backward_refuses_after_a_state_was_loaded():
    layer = nn.Linear(2, 1)
    loss = layer(mt.ones(3, 2)).exp().sum()
    layer.load_state_dict(nn.Linear(2, 1).state_dict())
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_deepcopy_is_independent_and_keeps_names():
    net = Net().eval()
    net.fc1.requires_grad_(False)
    twin = copy.deepcopy(net)
    assert [p.name for p in twin.parameters()] == PARAMETERS
    assert names(twin.named_modules()) == names(net.named_modules())
    assert [p.requires_grad for p in twin.parameters()] == [
        p.requires_grad for p in net.parameters()
    ]
    assert not twin.training
    with no_grad():
        for p in twin.parameters():
            p.zero_()
    assert net.fc2.weight.array.any()
    assert twin.fc2.weight is not net.fc2.weight
    shared = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    shared.append(shared[0])
    copied = copy.deepcopy(shared)
    assert copied[0] is copied[2]


def test_repr_shows_the_tree():
    text = repr(Net())
    assert text.startswith("Net(\n  (fc1): Linear(2 → 3)\n  (norm): BatchNorm1d(3)")
    assert "    (0): Linear(3 → 3)\n    (1): ReLU()\n" in text
    assert repr(nn.Parameter([1.0])) == "Parameter '' tensor([1.], requires_grad=True)"


# Hooks, borrowed modes, modules put in another's place


def test_a_forward_hook_sees_inputs_and_output_until_it_is_removed():
    net, x, seen = Net(), mt.randn(4, 2), []
    handle = net.fc1.register_forward_hook(lambda *call: seen.append(call))
    y = net(x)
    ((module, inputs, output),) = seen
    assert module is net.fc1
    assert inputs == (x,)
    np.testing.assert_array_equal(output.detach(), net.fc1.forward(x).detach())
    handle.remove()
    handle.remove()
    np.testing.assert_array_equal(net(x).detach(), y.detach())
    assert len(seen) == 1


def test_what_a_hook_returns_takes_the_outputs_place_for_the_hooks_after_it():
    layer, seen = nn.Identity(), []
    layer.register_forward_hook(lambda module, inputs, output: output * 2)
    layer.register_forward_hook(lambda module, inputs, output: seen.append(output.item()))
    layer.register_forward_hook(lambda module, inputs, output: output + 1)
    assert layer(Tensor([3.0])).item() == 7
    assert seen == [6]


def test_a_hook_may_remove_itself():
    layer, seen = nn.Identity(), []

    def once(module, inputs, output):
        seen.append(1)
        handle.remove()

    handle = layer.register_forward_hook(once)
    layer.register_forward_hook(lambda *call: seen.append(2))
    layer(mt.ones(1)), layer(mt.ones(1))
    assert seen == [1, 2, 2]


def test_hooks_of_a_copy_are_its_own():
    net, seen = Net(), []
    handle = net.fc1.register_forward_hook(lambda module, *_: seen.append(module))
    other = copy.deepcopy(net)
    handle.remove()
    other(mt.randn(4, 2))
    net(mt.randn(4, 2))
    assert seen == [other.fc1]


def test_gradients_flow_through_a_hooked_layer():
    layer = nn.Linear(2, 1)
    layer.register_forward_hook(lambda module, inputs, output: output * 3)
    layer(mt.ones(1, 2)).sum().backward()
    np.testing.assert_array_equal(layer.weight.grad, [[3, 3]])


def test_a_borrowed_mode_is_given_back_module_by_module_also_after_an_error():
    net = Net().train()
    net.body.eval()
    before = [module.training for module in net.modules()]
    with net.in_mode(training=False) as same:
        assert same is net
        assert not any(module.training for module in net.modules())
        with net.in_mode(training=True):
            assert all(module.training for module in net.modules())
        assert not any(module.training for module in net.modules())
    assert [module.training for module in net.modules()] == before
    with pytest.raises(ZeroDivisionError), net.in_mode(training=True):
        1 / 0  # noqa: B018
    assert [module.training for module in net.modules()] == before


def test_a_module_put_in_another_ones_place():
    net, new = Net().eval(), nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    net.also = net.fc2
    whole = nn.Sequential({"inner": net})
    net.replace_module(net.fc2, new)
    assert net.fc2 is new is net.also
    assert new.name == "inner.fc2"
    assert new[0].weight.name == "inner.fc2.0.weight"
    assert not new[1].training
    assert [n for n, _ in whole.named_parameters()][-2:] == [p.name for p in new.parameters()]


def test_facts_about_a_class_do_not_outlive_its_forward():
    class Named(nn.Sequential):
        """Computes what a Sequential computes."""

    class Own(nn.Sequential):
        def forward(self, x):
            return super().forward(x) * 2

    class Swish(nn.ReLU):
        stateless = True

        def forward(self, x):
            return x * x.sigmoid()

    facts = [(kind.stateless, kind.pointwise) for kind in (nn.ReLU, Named, Own, Swish)]
    assert facts == [(True, True), (True, False), (False, False), (True, False)]
    assert not any(kind.stateless for kind in (nn.Linear, nn.Dropout, nn.BatchNorm2d, Net))
    assert nn.Dropout.pointwise
    assert nn.Identity().stateless


def test_a_state_with_two_values_for_one_shared_weight():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    other = copy.deepcopy(net.state_dict())
    net[1].weight = net[0].weight
    before = net[0].weight.tolist()
    with pytest.raises(ValueError, match=r"0.weight and 1.weight are one tensor here"):
        net.load_state_dict(other)
    assert net[0].weight.tolist() == before
    net.load_state_dict(copy.deepcopy(net.state_dict()))
    del other["1.weight"]
    net.load_state_dict(other, strict=False)
    assert net[1].weight.tolist() == other["0.weight"].tolist()


def test_the_mode_of_one_module_may_be_assigned():
    net = Net()
    net.body.training = False
    assert [m.training for m in net.modules()] == [True, True, True, False, True, True, True]
    assert all(m.training for m in net.train().modules())
    transfer.freeze(net.body).training = True
    assert not net.body.training
    assert transfer.unfreeze(net.body).training


@pytest.mark.parametrize("given", [[[1.0, 2.0]], ((1.0, 2.0),)])
def test_a_list_is_no_tensor(given):
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with pytest.raises(TypeError, match=r"layer '0', Linear.* takes tensors; given (list|tuple)"):
        net(given)
    with pytest.raises(TypeError, match=r"cross_entropy takes tensors; given list"):
        nn.CrossEntropyLoss()(net(mt.ones(1, 2)), [1])


def test_a_module_of_ones_own_may_take_lists_and_fail_in_its_own_words():
    class Total(nn.Module):
        def forward(self, parts):
            return sum(parts) + "!"

    with pytest.raises(TypeError, match="unsupported operand"):
        Total()([1, 2])


def test_a_buffer_that_is_not_saved():
    net = nn.Sequential(nn.Linear(2, 2))
    net[0].register_buffer("mask", mt.ones(2), persistent=False)
    assert [name for name, _ in net.named_buffers()] == ["0.mask"]
    assert "0.mask" not in net.state_dict()
    net.load_state_dict(nn.Sequential(nn.Linear(2, 2)).state_dict())
    assert net.double()[0].mask.dtype == np.float64
    net[0].register_buffer("mask", mt.ones(2))
    assert "0.mask" in net.state_dict()


def test_devices_are_the_processor_or_an_error():
    layer = nn.Linear(2, 2, device="cpu", dtype=mt.float64)
    assert layer.weight.dtype == np.float64
    assert layer.to(mt.device("cpu")) is layer.to("cpu", mt.float32) is layer
    assert layer.weight.dtype == np.float32
    for make in (
        lambda: nn.Linear(2, 2, device="cuda"),
        lambda: nn.Conv2d(1, 1, 1, device="mps"),
        lambda: nn.BatchNorm2d(1, device="cuda:1"),
        lambda: nn.LayerNorm(1, device="cuda"),
        lambda: nn.Embedding(1, 1, device="cuda"),
        lambda: layer.to("cuda"),
        lambda: layer.cuda(),
    ):
        with pytest.raises(AttributeError, match="everything runs on the processor"):
            make()


def test_parameters_of_this_module_alone_and_with_a_prefix():
    net = nn.Sequential(nn.Linear(2, 2, bias=False))
    net.own = nn.Parameter(mt.ones(1))
    assert [name for name, _ in net.named_parameters("net", recurse=False)] == ["net.own"]
    assert len(list(net.parameters(recurse=False))) == 1
    assert [name for name, _ in net.named_modules(prefix="net")] == ["net", "net.0"]
    assert net.get_submodule("0") is net[0]
    with pytest.raises(AttributeError, match="no module 'x'; there are"):
        net.get_submodule("x")
    net.append(net[0])
    assert len(list(net.named_parameters(remove_duplicate=False))) == 3


def test_gradients_can_be_set_to_zero_instead_of_none():
    layer = nn.Linear(2, 1)
    layer(mt.ones(1, 2)).sum().backward()
    layer.zero_grad(set_to_none=False)
    assert layer.weight.grad.tolist() == [[0, 0]]
    layer.zero_grad()
    assert layer.weight.grad is None
