"""Optimisers and schedules against formulas written here a second time, and their states."""

import copy
import math

import numpy as np
import pytest

from minitransfer import Tensor, nn, no_grad, optim
from minitransfer.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, Schedule, StepLR

STEPS = 6


def start(dtype=np.float64):
    """Two parameters and the gradients they meet in each step."""
    draw = np.random.default_rng(0).standard_normal
    values = [draw((2, 3)).astype(dtype), draw(4).astype(dtype)]
    gradients = [[draw(v.shape).astype(dtype) for v in values] for _ in range(STEPS)]
    return values, gradients


def stepped(make, dtype=np.float64):
    values, gradients = start(dtype)
    parameters = [nn.Parameter(v.copy()) for v in values]
    optimizer = make(parameters)
    for step in gradients:
        for p, g in zip(parameters, step, strict=True):
            p.grad = g
        optimizer.step()
    return [p.array for p in parameters]


def sgd(lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
    values, gradients = start()
    velocity = [None, None]
    for step in gradients:
        for i, g in enumerate(step):
            d = g + weight_decay * values[i]
            if momentum:
                first = velocity[i] is None
                velocity[i] = d if first else momentum * velocity[i] + (1 - dampening) * d
                d = d + momentum * velocity[i] if nesterov else velocity[i]
            values[i] = values[i] - lr * d
    return values


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"weight_decay": 0.1},
        {"momentum": 0.9},
        {"momentum": 0.9, "weight_decay": 0.1},
        {"momentum": 0.9, "dampening": 0.3},
        {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ],
    ids=str,
)
def test_sgd(options):
    found = stepped(lambda p: optim.SGD(p, lr=0.05, **options))
    for a, b in zip(found, sgd(0.05, **options), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def adam(lr, betas, eps, weight_decay, decoupled):
    values, gradients = start()
    m, v = [0.0, 0.0], [0.0, 0.0]
    for t, step in enumerate(gradients, start=1):
        for i, g in enumerate(step):
            if decoupled:
                values[i] = values[i] * (1 - lr * weight_decay)
            else:
                g = g + weight_decay * values[i]
            m[i] = betas[0] * m[i] + (1 - betas[0]) * g
            v[i] = betas[1] * v[i] + (1 - betas[1]) * g**2
            m_hat, v_hat = m[i] / (1 - betas[0] ** t), v[i] / (1 - betas[1] ** t)
            values[i] = values[i] - lr * m_hat / (np.sqrt(v_hat) + eps)
    return values


@pytest.mark.parametrize("kind", [optim.Adam, optim.AdamW])
@pytest.mark.parametrize("weight_decay", [0.0, 0.2])
@pytest.mark.parametrize(("betas", "eps"), [((0.9, 0.999), 1e-8), ((0.5, 0.7), 0.1)])
def test_adam(kind, weight_decay, betas, eps):
    found = stepped(lambda p: kind(p, 0.03, betas, eps, weight_decay))
    expected = adam(0.03, betas, eps, weight_decay, kind is optim.AdamW)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.SGD(p, np.float64(0.1), momentum=np.float64(0.9), weight_decay=0.1),
        lambda p: optim.SGD(p, 0.1, weight_decay=np.float64(0.1)),
        lambda p: optim.AdamW(p, np.float64(0.1)),
    ],
)
def test_float32_stays_float32(make):
    parameter = nn.Parameter([1.0, 2.0])
    optimizer = make([parameter])
    for _ in range(2):
        (parameter * parameter).sum().backward()
        optimizer.step()
    assert parameter.dtype == np.float32
    for value in optimizer.state.get("#0.0", {}).values():
        assert not isinstance(value, np.ndarray) or value.dtype == np.float32


def test_steps_are_in_place_and_zero_grad_forgets():
    parameter = nn.Parameter([1.0])
    array = parameter.array
    optimizer = optim.SGD([parameter], lr=0.5)
    (3 * parameter).sum().backward()
    optimizer.step()
    assert parameter.array is array
    assert parameter.tolist() == [-0.5]
    optimizer.zero_grad()
    assert parameter.grad is None
    (3 * parameter).sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert parameter.grad.tolist() == [0]


def test_a_step_leaves_the_gradient_as_it_is():
    for kind in (optim.SGD, optim.Adam, optim.AdamW):
        parameter = nn.Parameter([1.0, 2.0])
        parameter.grad = [3.0, 4.0]
        kind([parameter], lr=0.1, weight_decay=0.1).step()
        assert parameter.grad.tolist() == [3, 4]


# Parameters and groups


def test_parameters_without_a_gradient_are_passed_over():
    moved, left = nn.Parameter([1.0]), nn.Parameter([2.0])
    optimizer = optim.Adam([moved, left], lr=0.1, weight_decay=0.5)
    moved.sum().backward()
    optimizer.step()
    assert left.tolist() == [2]
    assert list(optimizer.state) == ["#0.0"]


def test_state_is_kept_under_the_name():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(Tensor([[1.0, 2.0]])).sum().backward()
    optimizer.step()
    assert list(optimizer.state) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert optimizer.state["1.weight"]["momentum"].shape == (1, 3)


def test_named_parameters_and_a_single_one_are_taken():
    net = nn.Linear(2, 1)
    optimizer = optim.SGD(net.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["names"] == ["weight", "bias"]
    assert optim.SGD([{"params": net.weight}], lr=0.1).param_groups[0]["params"] == [net.weight]


def test_two_networks_with_the_same_names_keep_apart():
    a, b = nn.Linear(1, 1), nn.Linear(1, 1)
    optimizer = optim.SGD([*a.parameters(), *b.parameters()], lr=0.1, momentum=0.9)
    assert optimizer.param_groups[0]["names"] == ["weight", "bias", "weight#0.2", "bias#0.3"]


def test_groups_have_their_own_options():
    slow, fast = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = optim.SGD([{"params": [slow], "lr": 0.1}, {"params": [fast]}], lr=1.0)
    optimizer.add_param_group({"params": nn.Parameter([1.0]), "weight_decay": 0.5})
    third = optimizer.param_groups[2]["params"][0]
    for p in (slow, fast, third):
        p.grad = [1.0]
    optimizer.step()
    assert [round(p.item(), 6) for p in (slow, fast, third)] == [0.9, 0.0, -0.5]


class FromPyTorch:
    """Looks like a parameter of PyTorch's."""

    is_leaf = requires_grad = True


FromPyTorch.__module__ = "torch.nn.parameter"


def wrong_groups():
    p = nn.Parameter([1.0])
    result = p * 2
    yield (lambda: optim.SGD([]), ValueError, "no parameters.*iterator twice")
    yield (lambda: optim.SGD([p, p]), ValueError, "more than one place")
    yield (
        lambda: optim.SGD([{"params": [p]}, {"params": [p]}]),
        ValueError,
        "stepped twice",
    )
    yield (lambda: optim.SGD([{"params": [p], "rate": 1}]), ValueError, "no option rate.*lr")
    yield (lambda: optim.SGD(nn.Linear(1, 1)), ValueError, r"given Linear.*model\.parameters\(\)")
    yield (lambda: optim.SGD([result]), ValueError, "not a parameter.*result of a computation")
    yield (lambda: optim.SGD([np.ones(1)]), ValueError, "not a parameter; given ndarray")
    yield (lambda: optim.SGD([FromPyTorch()]), ValueError, "given PyTorch's FromPyTorch")
    yield (lambda: optim.SGD([p], lr=-1), ValueError, "lr is 0 or greater; given -1")
    yield (lambda: optim.SGD([p], lr=math.nan), ValueError, "lr is 0 or greater")
    yield (lambda: optim.SGD([p], lr="0.1"), TypeError, "lr is a number; given '0.1'.*type str")
    yield (lambda: optim.SGD([{"params": [p], "lr": -1}]), ValueError, "lr is 0 or greater")
    yield (lambda: optim.Adam([{"params": [p], "eps": None}]), TypeError, "eps is a number")
    yield (lambda: optim.SGD([p], nesterov=True), ValueError, "nesterov needs momentum")
    yield (lambda: optim.Adam([p], betas=(0.9, 1.0)), ValueError, "betas")
    yield (lambda: optim.Optimizer([p], {}).update(p, p.array, {}, {}), TypeError, r"no update\(\)")


@pytest.mark.parametrize(("make", "error", "message"), list(wrong_groups()))
def test_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


# States


@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5),
        lambda p: optim.Adam(p, lr=0.1),
        lambda p: optim.AdamW(p, lr=0.1),
    ],
)
def test_training_goes_on_to_the_bit_after_a_state_was_saved_and_loaded(make):
    x = Tensor(np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32))

    def steps(net, optimizer, count):
        for _ in range(count):
            optimizer.zero_grad()
            net(x).square().mean().backward()
            optimizer.step()

    net = nn.Linear(2, 2, generator=np.random.default_rng(1))
    optimizer = make(net.parameters())
    steps(net, optimizer, 3)
    twin = copy.deepcopy(net)
    saved = copy.deepcopy(optimizer.state_dict())
    steps(net, optimizer, 3)
    resumed = make(twin.parameters())
    resumed.param_groups[0]["lr"] = 99
    resumed.load_state_dict(saved)
    steps(twin, resumed, 3)
    np.testing.assert_array_equal(twin.weight.array, net.weight.array)
    assert not np.array_equal(twin.weight.array, nn.Linear(2, 2).weight.array)


def test_a_loaded_state_is_a_copy():
    p = nn.Parameter([1.0])
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    p.grad = [1.0]
    optimizer.step()
    saved = optimizer.state_dict()
    other = optim.SGD([nn.Parameter([1.0])], lr=0.1, momentum=0.9)
    other.load_state_dict(saved)
    assert not np.shares_memory(
        other.state["#0.0"]["momentum"], optimizer.state["#0.0"]["momentum"]
    )


def test_state_finds_its_parameter_when_the_groups_are_cut_differently():
    net = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(Tensor([[1.0]])).sum().backward()
    optimizer.step()
    groups = [{"params": net[1].parameters(), "lr": 0.5}, {"params": net[0].parameters()}]
    other = optim.SGD(groups, lr=0.2, momentum=0.9)
    other.load_state_dict(optimizer.state_dict())
    for name, entry in optimizer.state.items():
        np.testing.assert_array_equal(other.state[name]["momentum"], entry["momentum"])
    assert [g["lr"] for g in other.param_groups] == [0.5, 0.2]


def test_a_state_that_does_not_fit_is_refused():
    net = nn.Linear(2, 2)
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(Tensor([[1.0, 2.0]])).sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    with pytest.raises(ValueError, match=r"'weight': given \(2, 2\), expected \(3, 2\)"):
        optim.SGD(nn.Linear(2, 3).parameters(), momentum=0.9).load_state_dict(state)
    adam = optim.Adam(net.parameters())
    with pytest.raises(ValueError, match=r"Adam keeps step, m, v.*another kind of optimiser"):
        adam.load_state_dict(state)
    assert adam.state == {}


def trained_adam(network):
    optimizer = optim.Adam(network.parameters())
    network(Tensor(np.ones((2, 2), np.float32))).sum().backward()
    optimizer.step()
    return optimizer


def test_loading_says_what_found_no_use():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    state = trained_adam(network).state_dict()
    part = optim.Adam(list(network.named_parameters())[:3])
    assert part.load_state_dict(state) == ([], ["1.bias"])
    state["state"] = {name: entries for name, entries in state["state"].items() if name[0] == "1"}
    assert optim.Adam(network.parameters()).load_state_dict(state) == (["0.weight", "0.bias"], [])
    assert part.load_state_dict({"groups": [], "state": {}}) == (part.param_groups[0]["names"], [])


def test_a_state_of_no_use_is_refused():
    """A network that was put into another one has other names: nothing would be found."""
    network = nn.Linear(2, 1)
    state = trained_adam(network).state_dict()
    inside = trained_adam(nn.Sequential(network))
    before = copy.deepcopy(inside.state)
    with pytest.raises(ValueError, match=r"called weight, bias; here they are called 0.weight, 0."):
        inside.load_state_dict(state)
    assert repr(inside.state) == repr(before)


# The norm of the gradients


def test_clipping():
    a, b, c = nn.Parameter([0.0]), nn.Parameter([0.0]), nn.Parameter([0.0])
    a.grad, b.grad = [3.0], [4.0]
    assert optim.clip_grad_norm_([a, b, c], 10.0) == 5.0
    assert a.grad.tolist() == [3]  # below the limit nothing changes
    assert optim.clip_grad_norm_(iter([a, b, c]), 1.0) == 5.0
    assert a.grad.item() == pytest.approx(0.6)
    assert b.grad.item() == pytest.approx(0.8)
    assert c.grad is None
    assert a.gradient.dtype == np.float32
    assert optim.clip_grad_norm_(b, 0.4) == pytest.approx(0.8)


def test_clipping_of_gradients_whose_squares_overflow():
    p = nn.Parameter([0.0, 0.0])
    p.grad = np.array([3e30, 4e30])
    assert optim.clip_grad_norm_([p], 5.0) == pytest.approx(5e30)
    np.testing.assert_allclose(p.grad.tolist(), [3, 4], rtol=1e-6)


@pytest.mark.parametrize("kind", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("largest", [0.0, 0.3, 2.0, 50.0])
def test_clipping_is_pytorchs(kind, largest):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    gradients = [rng.standard_normal(shape) for shape in [(3, 4), (5,), ()]]
    ours = [nn.Parameter(np.zeros(g.shape)) for g in gradients]
    theirs = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in gradients]
    for a, b, g in zip(ours, theirs, gradients, strict=True):
        a.grad, b.grad = g, torch.tensor(g)
    norm = optim.clip_grad_norm_(ours, largest, norm_type=kind)
    expected = torch.nn.utils.clip_grad_norm_(theirs, largest, norm_type=kind)
    assert norm == pytest.approx(expected.item())
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.gradient, b.grad.numpy(), rtol=1e-12)


def test_clipping_to_what_makes_no_sense():
    p = nn.Parameter([0.0, 0.0])
    p.grad = [3.0, 4.0]
    for largest in (-1.0, math.nan):
        with pytest.raises(ValueError, match="max_norm is 0 or greater"):
            optim.clip_grad_norm_([p], largest)
    p.grad = [3.0, math.inf]
    with pytest.raises(RuntimeError, match="gradients have the norm inf"):
        optim.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    assert p.grad.tolist() == [3, math.inf]
    assert optim.clip_grad_norm_([p], 1.0) == math.inf
    assert p.grad.tolist()[0] == 0


# Schedules


def rates(make, steps, lr=0.8, groups=None):
    optimizer = optim.SGD(groups or [nn.Parameter([1.0])], lr=lr)
    schedule = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(schedule.get_last_lr())
        assert found[-1] == [g["lr"] for g in optimizer.param_groups]
        schedule.step()
    return np.array(found).T if groups else np.array(found)[:, 0]


def test_step_lr():
    found = rates(lambda o: StepLR(o, step_size=3, gamma=0.5), 8)
    np.testing.assert_allclose(found, 0.8 * 0.5 ** np.array([0, 0, 0, 1, 1, 1, 2, 2]))


def test_cosine():
    found = rates(lambda o: CosineAnnealingLR(o, T_max=10, eta_min=0.1), 13)
    step = np.minimum(np.arange(13), 10)
    expected = 0.1 + 0.7 * (1 + np.cos(np.pi * step / 10)) / 2
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_cosine_brings_every_group_to_the_same_end():
    groups = [
        {"params": nn.Parameter([1.0]), "lr": 1.0},
        {"params": nn.Parameter([1.0]), "lr": 0.2},
        {"params": nn.Parameter([1.0]), "lr": 0.0},
    ]
    found = rates(lambda o: CosineAnnealingLR(o, T_max=4, eta_min=0.1), 5, groups=groups)
    np.testing.assert_allclose(found[:, 0], [1, 0.2, 0])
    np.testing.assert_allclose(found[:, 2], [0.55, 0.15, 0.05])
    np.testing.assert_allclose(found[:, -1], [0.1, 0.1, 0.1])


def test_one_cycle():
    found = rates(lambda o: OneCycleLR(o, max_lr=2.0, total_steps=11, pct_start=3 / 11), 11)
    assert found[0] == pytest.approx(2 / 25)
    assert found[2] == pytest.approx(2.0)
    assert found[-1] == pytest.approx(2 / 25 / 1e4)
    assert found[1] == pytest.approx((2 / 25 + 2) / 2)  # half of the way up
    assert found[6] == pytest.approx((2 + 2 / 25e4) / 2)  # half of the way down
    assert (np.diff(found[2:]) < 0).all()


def test_warm_up():
    found = rates(lambda o: StepLR(o, step_size=100, warmup=4), 6)
    np.testing.assert_allclose(found, 0.8 * np.array([0.25, 0.5, 0.75, 1, 1, 1]))
    found = rates(lambda o: Schedule(o, lambda step: 1 / (1 + step), warmup=2), 4)
    np.testing.assert_allclose(found, 0.8 * np.array([1 / 2, 1 / 2, 1 / 3, 1 / 4]))


def test_a_group_that_is_added_later_is_scheduled_too():
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
    schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    schedule.step()
    optimizer.add_param_group({"params": nn.Parameter([1.0]), "lr": 0.4})
    schedule.step()
    assert schedule.get_last_lr() == [0.5, 0.2]


def test_the_state_of_a_schedule_goes_round():
    def make(optimizer):
        return CosineAnnealingLR(optimizer, T_max=10, warmup=2)

    optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
    schedule = make(optimizer)
    for _ in range(4):
        schedule.step()
    saved = (optimizer.state_dict(), schedule.state_dict())
    for order in (0, 1):
        other = optim.SGD([nn.Parameter([1.0])], lr=1.0)
        resumed = make(other)
        for target, state in [(other, saved[0]), (resumed, saved[1])][:: 1 if order else -1]:
            target.load_state_dict(state)
        assert resumed.get_last_lr() == schedule.get_last_lr()
        resumed.step()
        assert resumed.last_step == 5


def test_training_with_momentum_finds_the_minimum():
    p = nn.Parameter([5.0, -3.0])
    for kind, options in ((optim.SGD, {"momentum": 0.9}), (optim.Adam, {}), (optim.AdamW, {})):
        with no_grad():
            p.copy_(Tensor([5.0, -3.0]))
        optimizer = kind([p], lr=0.05, **options)
        for _ in range(400):
            optimizer.zero_grad()
            ((p - Tensor([1.0, 2.0])) ** 2).sum().backward()
            optimizer.step()
        np.testing.assert_allclose(p.tolist(), [1, 2], atol=0.05)  # AdamW: decay pulls a little


# Schedules among themselves


def scheduled(*makers, lr=1.0):
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=lr)
    return optimizer.param_groups[0], [make(optimizer) for make in makers]


def test_schedules_of_one_optimiser_multiply():
    halving, linear = (lambda o: StepLR(o, 1, 0.5)), (lambda o: optim.LinearLR(o, 0.5, 1.0, 2))
    group, schedules = scheduled(halving, linear)
    rates = [group["lr"]]
    for _ in range(3):
        for schedule in schedules:
            schedule.step()
        rates.append(group["lr"])
    np.testing.assert_allclose(rates, [0.5, 0.375, 0.25, 0.125])


def test_a_rate_set_by_hand_is_gone_on_from():
    group, (schedule,) = scheduled(lambda o: CosineAnnealingLR(o, 10, 0.1))
    schedule.step()
    share = (group["lr"] - 0.1) / 0.9
    group["lr"] = 0.1 + 0.5 * share
    schedule.step()
    assert group["lr"] == pytest.approx(0.1 + 0.5 * (1 + math.cos(math.pi * 0.2)) / 2)


def test_a_second_schedule_starts_at_the_rate_of_now():
    group, (first,) = scheduled(lambda o: StepLR(o, 1, 0.1))
    first.step()
    group["lr"] = 0.03
    CosineAnnealingLR(first.optimizer, 10)
    assert group["lr"] == 0.03


def test_schedules_go_on_after_loading_also_where_two_multiply():
    makers = (lambda o: StepLR(o, 2, 0.5)), (lambda o: optim.ExponentialLR(o, 0.9))
    group, schedules = scheduled(*makers)
    other, others = scheduled(*makers, lr=7.0)

    def step(all_of_them):
        for schedule in all_of_them:
            schedule.step()

    for _ in range(3):
        step(schedules)
    others[0].optimizer.load_state_dict(schedules[0].optimizer.state_dict())
    for schedule, saved in zip(others, schedules, strict=True):
        schedule.load_state_dict(saved.state_dict())
    for _ in range(3):
        step(schedules)
        step(others)
        assert other["lr"] == group["lr"]


def test_a_plateau_lowers_the_rate_down_to_the_lowest():
    group, (schedule,) = scheduled(
        lambda o: optim.ReduceLROnPlateau(o, factor=0.1, patience=1, min_lr=0.05)
    )
    rates = []
    for loss in (3.0, 2.0, 2.0, 2.0, 2.0, 2.0):
        schedule.step(loss)
        rates.append(group["lr"])
    np.testing.assert_allclose(rates, [1, 1, 1, 0.1, 0.1, 0.05])
    state = schedule.state_dict()
    schedule.load_state_dict(state)
    assert schedule.state_dict() == state


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: StepLR(optim.SGD, 1), TypeError, "StepLR takes an optimiser.*given type"),
        (lambda o: optim.LambdaLR(o, [max, min]), ValueError, "2 functions for 1 groups"),
        (lambda o: OneCycleLR(o, 1.0), ValueError, "give total_steps="),
        (lambda o: OneCycleLR(o, [1.0, 2.0], 5), ValueError, "2 rates for 1 groups"),
        (lambda o: optim.LinearLR(o, 0.0), ValueError, "start_factor is 0.0"),
        (lambda o: optim.ReduceLROnPlateau(o, factor=1.0), ValueError, "below 1"),
        (lambda o: optim.ReduceLROnPlateau(o, mode="low"), ValueError, "mode='low'"),
        (lambda o: StepLR(o, 1).step(3), ValueError, "counts by itself"),
    ],
)
def test_errors_of_schedules(make, error, message):
    with pytest.raises(error, match=message):
        scheduled(make)


def test_a_closure_is_called_with_recording_on():
    p = nn.Parameter([3.0])
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with no_grad():
        assert optimizer.step(closure).item() == 9
    assert p.item() == pytest.approx(2.4)
