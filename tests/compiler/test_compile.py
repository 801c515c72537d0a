"""A compiled step does what the step does: to the bit where no sum is taken in another order."""

import gc
import itertools
import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import data, kernels, nn, optim, train, transfer
from minitransfer.compiler import step as step_module
from minitransfer.compiler.maps import MAPS
from minitransfer.nn import functional as F

pytestmark = pytest.mark.skipif(
    kernels.chosen_kernels() == "reference", reason="nothing is compiled with plain kernels"
)

OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "sgd, decay": lambda p: optim.SGD(p, lr=0.1, weight_decay=0.01),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.1),
    "nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "uphill": lambda p: optim.SGD(p, lr=0.01, maximize=True),
    "adam": lambda p: optim.Adam(p, lr=0.01),
    "adamw": lambda p: optim.AdamW(p, lr=0.01),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.01, lr_decay=0.1),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.9, centered=True),
    "adadelta": optim.Adadelta,
}
LOSSES = {
    "mse": (F.mse_loss, "numbers"),
    "l1": (F.l1_loss, "numbers"),
    "huber": (F.huber_loss, "numbers"),
    "yes or no": (F.binary_cross_entropy_with_logits, "answers"),
    "labels": (F.cross_entropy, "labels"),
    "largest": (lambda x, y: F.softplus(x).mean() + ((x - y) ** 2).amax(1).sum(), "numbers"),
    "sum": (lambda x, y: ((x - y) ** 2).sum() * 0.1 + x.abs().mean(), "numbers"),
}
ACTIVATIONS = [nn.ReLU, nn.Sigmoid, nn.Tanh, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.ELU, nn.Softplus,
               nn.Hardswish, nn.Softsign]  # fmt: skip
BITS = ("sgd", "sgd, decay", "momentum", "adam", "adagrad", "rmsprop")


class Pair:
    """The same network twice: one takes eager steps, the other compiled ones."""

    def __init__(self, build, loss, optimizer, clear=True):
        self.nets, self.optimizers, self.steps = [], [], []
        for _ in range(2):
            net = build(np.random.default_rng(3))
            moving = optimizer([p for p in net.parameters() if p.requires_grad])

            def step(x, y, net=net, moving=moving):
                moving.zero_grad()
                value = loss(net(x), y)
                value.backward()
                moving.step()
                return value

            self.nets.append(net)
            self.optimizers.append(moving)
            self.steps.append(step)
        eager, self.plain = self.steps
        self.eager = eager
        self.compiled = mt.compile(lambda x, y: self.plain(x, y))

    def run(self, batches, plain_at=()):
        """Train on the batches, the second network by its plain step at some; return the losses."""
        losses = []
        for i, (x, y) in enumerate(batches):
            other = self.plain if i in plain_at else self.compiled
            losses.append((self.eager(x, y).item(), other(x, y).item()))
        return np.array(losses)

    def farthest(self):
        """The largest difference of a parameter, against the largest number in it."""
        pairs = zip(*(net.parameters() for net in self.nets), strict=True)
        return max(
            np.abs(p.array - q.array).max() / max(np.abs(p.array).max(), 1e-3) for p, q in pairs
        )

    def same_bits(self):
        pairs = zip(*(net.parameters() for net in self.nets), strict=True)
        return all(p.array.tobytes() == q.array.tobytes() for p, q in pairs)


def perceptron(sizes, activation, dropout=0.0):
    def build(generator):
        layers = []
        for a, b in itertools.pairwise(sizes):
            layers += [nn.Linear(a, b, generator=generator), activation()]
            if dropout:
                layers.append(nn.Dropout(dropout, generator=np.random.default_rng(7)))
        return nn.Sequential(*layers[: -2 if dropout else -1])

    return build


def batches_of(count, examples, sizes, kind, dtype=np.float32):
    generator, shape = np.random.default_rng(5), (examples, sizes[-1])
    for _ in range(count):
        x = generator.standard_normal((examples, sizes[0])).astype(dtype)
        y = {
            "numbers": lambda: generator.standard_normal(shape).astype(dtype),
            "answers": lambda: generator.integers(0, 2, shape).astype(dtype),
            "labels": lambda: generator.integers(0, sizes[-1], examples),
        }[kind]()
        yield mt.Tensor(x), mt.Tensor(y)


def xor_pair(optimizer=OPTIMIZERS["sgd"], **options):
    pair = Pair(
        perceptron((2, 4, 1), nn.Sigmoid), F.binary_cross_entropy_with_logits, optimizer, **options
    )
    return pair, tuple(map(mt.tensor, data.xor()))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser(name):
    pair, batch = xor_pair(OPTIMIZERS[name])
    losses = pair.run([batch] * 8, plain_at=(4,))
    assert pair.compiled.why_not is None
    assert pair.farthest() <= 1e-6
    if name in BITS:
        assert pair.same_bits()
        assert (losses[:, 0] == losses[:, 1]).all()


@pytest.mark.parametrize("seed", range(8))
def test_random_networks(seed):
    """Widths, depth, activation, loss, optimiser and batch are drawn; so are the steps between
    which an eager one is taken."""
    draw = np.random.default_rng(seed)
    sizes = tuple(int(n) for n in draw.integers(1, 9, draw.integers(2, 5)))
    activation = ACTIVATIONS[draw.integers(len(ACTIVATIONS))]
    loss, kind = LOSSES[[*LOSSES][(seed + 3) % len(LOSSES)]]
    optimizer = OPTIMIZERS[BITS[draw.integers(len(BITS))]]
    pair = Pair(perceptron(sizes, activation), loss, optimizer)
    losses = pair.run(
        batches_of(8, int(draw.integers(2, 12)), sizes, kind), plain_at=draw.integers(2, 8, 2)
    )
    assert pair.compiled.why_not is None
    assert pair.farthest() <= 1e-6
    assert losses[:, 1] == pytest.approx(losses[:, 0], rel=1e-5, abs=1e-7)


class Net(nn.Module):
    """Layers by name, and a function of them and the input."""

    def __init__(self, function, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.function = function

    def forward(self, x):
        return self.function(self, x)


def sliced(net, x):
    a, b, c = net.first(x).chunk(3, -1)
    return (a * b)[:, 1:] + c[:, ::2][:, :1] + net.first(x)[:, -1:]


def joined(net, x):
    a = net.first(x)
    both = mt.stack([mt.cat([a, x, a[:, :2]], 1), F.pad(a[:, :1], (4, x.shape[1] + 3))])
    return both.mean(0)


#: The network, of its width and a generator, and whether it takes places in a table.
PARTS = {
    "slices": (lambda n, g: Net(sliced, first=nn.Linear(n, 9, generator=g)), False),
    "joined": (lambda n, g: Net(joined, first=nn.Linear(n, 6, generator=g)), False),
    "picked": (lambda n, g: Net(lambda net, x: net.first(x)[:, [0, 2, 2]],
                                first=nn.Linear(n, 3, generator=g)), False),
    "embedding": (lambda n, g: Net(lambda net, x: net.last(net.table(x).mean(1)),
                                   table=nn.Embedding(7, n, generator=g),
                                   last=nn.Linear(n, 2, generator=g)), True),
    "layer norm": (lambda n, g: nn.Sequential(nn.Linear(n, 5, generator=g), nn.LayerNorm(5)),
                   False),
    "rms norm": (lambda n, g: nn.Sequential(nn.Linear(n, 5, generator=g), nn.RMSNorm(5)), False),
    "group norm": (lambda n, g: nn.Sequential(nn.Linear(n, 6, generator=g), nn.GroupNorm(2, 6)),
                   False),
    **{name: (lambda n, g, kind=kind: Net(lambda net, x: net.layer(x[:, None].expand(-1, 4, -1))[0],
                                          layer=kind(n, 5, batch_first=True, generator=g)), False)
       for name, kind in {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}.items()},
    "lstm cell": (lambda n, g: Net(lambda net, x: net.cell(x, net.cell(x))[0],
                                   cell=nn.LSTMCell(n, 3, generator=g)), False),
    "attention": (
        lambda n, g: Net(lambda net, x: F.scaled_dot_product_attention(
                             *net.first(x).reshape(-1, 3, 2, 4).permute(1, 2, 0, 3),
                             is_causal=True),
                         first=nn.Linear(n, 24, generator=g)), False),
    "heads": (lambda n, g: Net(lambda net, x: net.heads(*[net.table(x)] * 3, need_weights=False)[0],
                               table=nn.Embedding(7, 8, generator=g),
                               heads=nn.MultiheadAttention(8, 2, batch_first=True, generator=g)),
              True),
    "transformer": (
        lambda n, g: nn.Sequential(
            nn.Embedding(7, 8, generator=g),
            nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, generator=g)),
        True),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_networks(name):
    """Sizes, optimiser and the step between which an eager one is taken are drawn."""
    build, places = PARTS[name]
    draw = np.random.default_rng(sorted(PARTS).index(name))
    examples, width = int(draw.integers(2, 7)), int(draw.integers(2, 9))
    optimizer = OPTIMIZERS[("sgd", "momentum", "nesterov")[draw.integers(3)]]
    pair = Pair(lambda g: build(width, g), F.mse_loss, optimizer)

    def inputs():
        if places:
            return mt.Tensor(draw.integers(0, 7, (examples, 5)))
        return mt.Tensor(draw.standard_normal((examples, width)).astype(np.float32))

    shape = pair.nets[0](inputs()).shape
    batches = [(inputs(), mt.Tensor(draw.standard_normal(shape).astype(np.float32)))
               for _ in range(6)]  # fmt: skip
    losses = pair.run(batches, plain_at=draw.integers(2, 6, 1))
    assert pair.compiled.why_not is None
    assert pair.farthest() <= 1e-6
    assert losses[:, 1] == pytest.approx(losses[:, 0], rel=1e-5, abs=1e-7)


def test_slices_and_joints_are_in_the_code_itself():
    pair = Pair(lambda g: PARTS["joined"][0](4, g), F.mse_loss, OPTIMIZERS["sgd"])
    pair.run(batches_of(3, 5, (4, 12), "numbers"))
    assert pair.same_bits()
    assert not any(line.kind == "call" for line in pair.compiled.program.instructions)
    for part in ("concatenate(", "stack(", "0, with v1[:, :1] at [:, 4:5]"):
        assert part in str(pair.compiled)


def test_a_place_that_is_none_is_refused_as_ever():
    pair = Pair(lambda g: PARTS["embedding"][0](4, g), F.mse_loss, OPTIMIZERS["sgd"])
    x, y = mt.tensor([[0, 1], [2, 6]]), mt.ones(2, 2)
    pair.run([(x, y)] * 3)
    with pytest.raises(IndexError, match=r"position 7 at \(0, 1\) does not exist"):
        pair.compiled(mt.tensor([[0, 7], [2, 6]]), y)
    pair.run([(x, y)])
    assert pair.same_bits()


def test_attention_draws_what_it_overlooks():
    attend = mt.compile(lambda q: F.scaled_dot_product_attention(q, q, q, dropout_p=0.5))
    q = mt.Tensor(np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32))
    expected = []
    for function in (attend.step, attend):
        for seed in (1, 1, 2, 1):
            mt.manual_seed(seed)
            expected.append(function(q).tolist())
    assert expected[:4] == expected[4:]
    assert attend.why_not is None


def test_who_counted_as_far_counts_together():
    pair, batch = xor_pair(OPTIMIZERS["adam"])
    pair.run([batch] * 3)
    assert str(pair.compiled).count("adam_rates") == 1
    for moving in pair.optimizers:
        moving.state["0.weight"]["step"] += 5
    pair.run([batch] * 4)
    assert pair.same_bits()
    assert str(pair.compiled).count("adam_rates") == 2
    steps = [entries["step"] for entries in pair.optimizers[1].state.values()]
    assert sorted(steps) == [7, 7, 7, 12]


def test_large_products_and_labels():
    sizes = (50, 40, 30, 10)
    pair = Pair(perceptron(sizes, nn.ReLU), F.cross_entropy, OPTIMIZERS["adam"])
    pair.run(batches_of(5, 64, sizes, "labels"))
    assert pair.compiled.why_not is None
    assert pair.same_bits()
    assert any(line.kind == "call" for line in pair.compiled.program.instructions)


def test_double_precision_stays_so():
    sizes = (3, 5, 2)
    pair = Pair(
        lambda g: perceptron(sizes, nn.Tanh)(g).double(), F.mse_loss, OPTIMIZERS["momentum"]
    )
    pair.run(batches_of(4, 6, sizes, "numbers", np.float64))
    assert pair.compiled.why_not is None
    assert pair.nets[1][0].weight.dtype == np.float64
    assert pair.farthest() <= 1e-14


def test_convolutions():
    def build(generator):
        return nn.Sequential(
            *(nn.Conv2d(1, 3, 3, padding=1, generator=generator), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(48, 4, generator=generator)),
        )

    pair = Pair(build, F.cross_entropy, OPTIMIZERS["adam"])
    draw = np.random.default_rng(0)
    batches = [
        (mt.Tensor(draw.random((5, 1, 8, 8), np.float32)), mt.Tensor(draw.integers(0, 4, 5)))
        for _ in range(4)
    ]
    pair.run(batches)
    assert pair.compiled.why_not is None
    assert pair.same_bits()
    assert "conv2d_backward_weight" in str(pair.compiled)


def test_dropout_draws_from_its_generator_in_the_steps_order():
    sizes = (4, 6, 5, 2)
    pair = Pair(perceptron(sizes, nn.ReLU, dropout=0.5), F.mse_loss, OPTIMIZERS["sgd"])
    pair.run(batches_of(7, 3, sizes, "numbers"), plain_at=(3, 4))
    assert pair.compiled.why_not is None
    assert pair.same_bits()


def test_dropout_from_the_default_generator():
    net = nn.Sequential(nn.Linear(4, 4, generator=np.random.default_rng(0)), nn.Dropout(0.5))
    masks = mt.compile(lambda x: net(x).detach())
    x = mt.ones(3, 4)
    expected = []
    for function in (masks.step, masks):
        for seed in (1, 1, 2, 1):
            mt.manual_seed(seed)
            expected.append(function(x).tolist())
    assert expected[:4] == expected[4:]
    assert masks.why_not is None


def test_schedules():
    pair, batch = xor_pair(OPTIMIZERS["adam"])
    schedules = [optim.CosineAnnealingLR(o, 10) for o in pair.optimizers]
    for _ in range(8):
        pair.run([batch])
        for schedule in schedules:
            schedule.step()
    assert pair.same_bits()
    assert len(pair.compiled._programs) == 1


def test_populations():
    def build(generator):
        return nn.population(perceptron((2, 3, 1), nn.Sigmoid), 20)

    def loss(outputs, y):
        return nn.member_losses(F.binary_cross_entropy_with_logits, outputs, y).sum()

    pair = Pair(build, loss, OPTIMIZERS["adam"])
    pair.run([tuple(map(mt.tensor, data.xor()))] * 5)
    assert pair.compiled.why_not is None
    assert pair.farthest() <= 1e-6


def test_frozen_parts_are_not_in_the_program():
    def build(generator):
        net = perceptron((3, 4, 4, 2), nn.Tanh)(generator)
        transfer.freeze_to(net, 2)
        return net

    pair = Pair(build, F.mse_loss, OPTIMIZERS["sgd"])
    before = [p.array.copy() for p in pair.nets[1].parameters()]
    pair.run(batches_of(5, 6, (3, 2), "numbers"))
    assert pair.farthest() <= 1e-6
    text = str(pair.compiled)
    assert "only read: 0.bias, 0.weight, 2.bias, 2.weight" in text
    assert "0.weight = sgd" not in text
    assert "4.weight = sgd" in text
    assert sum(line.kind == "product" for line in pair.compiled.program.instructions) == 4
    for old, now in zip(before[:4], pair.nets[1].parameters(), strict=False):
        assert (old == now.array).all()


def test_freezing_later_makes_another_program():
    pair = Pair(perceptron((3, 4, 2), nn.Tanh), F.mse_loss, OPTIMIZERS["adam"])
    batches = list(batches_of(12, 6, (3, 2), "numbers"))
    pair.run(batches[:4])
    for net in pair.nets:
        transfer.freeze(net[0])
    pair.run(batches[4:8])
    assert pair.same_bits() or pair.farthest() <= 1e-6
    for net in pair.nets:
        transfer.unfreeze(net)
    pair.run(batches[8:])
    assert pair.farthest() <= 1e-6


def test_a_new_head_is_trained():
    pair, batch = xor_pair()
    pair.run([batch] * 3)
    for net, moving in zip(pair.nets, pair.optimizers, strict=True):
        net[2] = nn.Linear(4, 1, generator=np.random.default_rng(9))
        moving.param_groups[0]["params"][2:] = [net[2].weight, net[2].bias]
    pair.run([batch] * 3)
    assert pair.same_bits()


def test_options_modes_and_states_that_change():
    pair, batch = xor_pair(OPTIMIZERS["momentum"])
    pair.run([batch] * 3)
    for moving in pair.optimizers:
        moving.param_groups[0]["weight_decay"] = 0.1
    pair.run([batch] * 3)
    for moving in pair.optimizers:  # what it remembers stands in other arrays now
        moving.load_state_dict(moving.state_dict())
    pair.run([batch] * 3)
    for net in pair.nets:
        net[0].weight.data = np.ones((4, 2), np.float32)
        net[2].weight.array = net[2].weight.array * 2
    pair.run([batch] * 3)
    assert pair.same_bits()


def test_evaluation_mode_is_another_program():
    net = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5))
    outputs = mt.compile(lambda x: net(x).detach())
    x = mt.ones(2, 3)
    for _ in range(3):
        outputs(x)
    net.eval()
    for _ in range(3):
        assert outputs(x).tolist() == net(x).tolist()


def test_adam_counts_on():
    pair, batch = xor_pair(OPTIMIZERS["adam"])
    pair.run([batch] * 5)
    states = [o.state_dict()["state"]["0.weight"] for o in pair.optimizers]
    assert states[0]["step"] == states[1]["step"] == 5
    assert isinstance(states[1]["step"], int)
    assert (states[0]["m"] == states[1]["m"]).all()


def test_many_steps_in_one_call():
    pair, batch = xor_pair(OPTIMIZERS["adam"])
    losses = pair.compiled.repeat(20, *batch)
    expected = [pair.eager(*batch).item() for _ in range(20)]
    assert losses.tolist() == expected
    assert pair.same_bits()
    assert pair.optimizers[1].state["0.weight"]["step"] == 20
    with pytest.raises(ValueError, match="1 step or more; given 0"):
        pair.compiled.repeat(0, *batch)


def test_repeating_what_python_has_to_do():
    """Dropout draws, and large products are called, in every step."""
    sizes = (30, 40, 3)
    pair = Pair(perceptron(sizes, nn.ReLU, dropout=0.5), F.cross_entropy, OPTIMIZERS["sgd"])
    ((x, y),) = batches_of(1, 16, sizes, "labels")
    losses = pair.compiled.repeat(6, x, y)
    assert losses.tolist() == [pair.eager(x, y).item() for _ in range(6)]
    assert pair.same_bits()


def test_results_are_given_back_as_the_step_gives_them():
    w = nn.Parameter(np.ones(3, np.float32))
    sgd = optim.SGD([w], lr=0.5)

    def step(x, scale, name):
        sgd.zero_grad()
        loss = (w * x * scale).sum()
        loss.backward()
        sgd.step()
        return {"loss": loss, "parts": [x * 2, None, name]}

    compiled = mt.compile(step)
    for scale in (1.0, 2.0, 3.0):
        result = compiled(mt.ones(3), scale, "a name")
    assert compiled.why_not is None
    assert result["parts"][0].tolist() == [2, 2, 2]
    assert result["parts"][1:] == [None, "a name"]
    assert not result["loss"].requires_grad
    assert w.tolist() == [1 - 0.5 * (1 + 2 + 3)] * 3


def test_arguments_by_name_and_frozen_parameters_as_arguments():
    weight = transfer.freeze(nn.Linear(2, 1)).weight
    compiled = mt.compile(lambda x, w: x * w)
    for _ in range(4):
        assert compiled(w=weight, x=mt.ones(1, 2)).tolist() == weight.tolist()
    assert len(compiled._programs) == 1
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        compiled(mt.ones(1, 2), z=1)


def test_results_are_new_each_time():
    pair, batch = xor_pair()
    values = [pair.compiled(*batch) for _ in range(4)]
    assert len({v.item() for v in values}) == 4


def test_arguments_lie_in_memory_as_they_like():
    pair, _ = xor_pair()
    x = np.random.default_rng(0).standard_normal((2, 4)).astype(np.float32)
    y = np.array([[0, 1, 1, 0]], np.float32)
    batch = mt.Tensor(x.T), mt.Tensor(y.T)
    pair.run([batch] * 2)
    x += 1  # the same array, with other numbers
    pair.run([batch] * 2)
    assert pair.same_bits()


def test_a_stale_graph_is_refused_after_a_compiled_step():
    pair, batch = xor_pair()
    pair.run([batch] * 3)
    loss = F.binary_cross_entropy_with_logits(pair.nets[1](batch[0]), batch[1])
    pair.compiled(*batch)
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_gradients_are_not_left():
    pair, batch = xor_pair()
    pair.run([batch] * 3)
    pair.plain(*batch)
    assert pair.nets[1][0].weight.grad is not None
    pair.compiled(*batch)
    assert pair.nets[1][0].weight.grad is None


class Sorting(optim.Optimizer):
    """An optimiser of one's own, written with NumPy, and with what is not taken apart."""

    remembers = ("sum",)

    def update(self, parameter, gradient, group, state):
        p = parameter.array
        total = state.setdefault("sum", np.zeros_like(p))
        total += gradient
        p[...] = p - group["lr"] * np.sort(np.sign(total) * abs(gradient) ** 1.5, axis=0)


def test_an_optimiser_of_ones_own():
    pair, batch = xor_pair(lambda p: Sorting(list(p), {"lr": 0.1}))
    pair.run([batch] * 6, plain_at=(3,))
    assert pair.compiled.why_not is None
    assert pair.farthest() <= 1e-6
    assert "np.sort" in str(pair.compiled)


def test_two_optimisers_and_a_rate_each():
    def both(compiled):
        g = np.random.default_rng(0)
        net = perceptron((2, 4, 1), nn.Sigmoid)(g)
        body = optim.SGD(net[0].parameters(), lr=0.1, momentum=0.5)
        head = optim.Adam([{"params": [net[2].weight], "lr": 0.01}, {"params": [net[2].bias]}])

        def step(x, y):
            body.zero_grad()
            head.zero_grad()
            F.mse_loss(net(x), y).backward()
            body.step()
            head.step()

        taken = mt.compile(step) if compiled else step
        for i in range(6):
            taken(*map(mt.tensor, data.xor()))
            head.param_groups[1]["lr"] = 0.1 / (i + 1)
        return [p.array.tobytes() for p in net.parameters()]

    assert both(True) == both(False)


def test_steps_of_other_threads_are_not_in_the_program():
    stop, w = threading.Event(), mt.ones(3)

    def busy():
        while not stop.is_set():
            (w * 2).sigmoid()

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for _ in range(3):
            compiled = mt.compile(lambda x: x * 3)
            for _ in range(2):
                compiled(mt.ones(2))
            assert [line.name for line in compiled.program.instructions] == ["multiply"]
    finally:
        stop.set()
        thread.join()


# Guards


def test_a_label_that_is_none_is_refused_as_ever():
    sizes = (3, 4)
    pair = Pair(perceptron(sizes, nn.ReLU), F.cross_entropy, OPTIMIZERS["sgd"])
    x, y = next(batches_of(1, 5, sizes, "labels"))
    pair.run([(x, y)] * 3)
    before = pair.nets[1][0].weight.array.copy()
    wrong = mt.tensor([0, 1, 2, 3, 4])
    with pytest.raises(ValueError, match="label 4 at position 4 is not a class"):
        pair.compiled(x, wrong)
    assert (pair.nets[1][0].weight.array == before).all()
    ignored = mt.tensor([0, -100, 2, 3, 1])
    assert pair.eager(x, ignored).item() == pair.compiled(x, ignored).item()
    assert pair.same_bits()


def test_a_branch_by_the_numbers_is_taken_as_it_is():
    w = nn.Parameter(np.zeros(2, np.float32))
    sgd = optim.SGD([w], lr=1.0)

    def step(x):
        sgd.zero_grad()
        value = (w * x).sum()
        if x.array.sum() > 0:
            value = value * 10
        value.backward()
        sgd.step()
        return value

    compiled = mt.compile(step)
    for sign in (1, 1, 1, -1, 1, -1):
        compiled(mt.ones(2) * sign)
    assert w.tolist() == [-10 * 4 + 2] * 2


# What cannot be compiled


def fallen_back(step, *args, match):
    compiled = mt.compile(step)
    compiled(*args)
    with pytest.warns(RuntimeWarning, match=match):
        compiled(*args)
    assert compiled.why_not is not None
    assert "done as it stands" in repr(compiled)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said once
        return compiled(*args)


def test_a_look_at_a_number():
    seen = []
    result = fallen_back(lambda x: seen.append(x.sum().item()), mt.ones(2), match="looks at a numb")
    assert result is None
    assert seen == [2.0] * len(seen)


def test_random_numbers_of_ones_own():
    draw = np.random.default_rng(0)
    fallen_back(lambda x: x * draw.random(), mt.ones(2), match="another one each time")


def test_gradients_that_add_up():
    w = nn.Parameter(np.ones(2, np.float32))
    sgd = optim.SGD([w], lr=0.1)

    def step(x):
        (w * x).sum().backward()
        sgd.step()

    fallen_back(step, mt.ones(2), match="zero_grad")


def test_a_graph_that_is_left_to_others():
    w = nn.Parameter(np.ones(2, np.float32))
    loss = fallen_back(lambda x: (w * x).sum(), mt.ones(2), match="backward")
    loss.backward()
    assert w.grad.tolist() == [1, 1]


def test_batch_norm_counts_batches():
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    fallen_back(lambda x: net(x).detach(), mt.rand(4, 3), match="in place")
    assert net[1].num_batches_tracked.item() == 3


def test_a_plain_array_as_a_result():
    fallen_back(lambda x: x.array * 2, mt.ones(2), match="bare array")


def _writes(x):
    (x.array * 2)[1:][0] = 1


def _sorts(x):
    x.array.sort()


SPOILING = {
    "writes into a part of an array": _writes,
    "writes into an argument": lambda x: x.array.__setitem__(0, 1),
    r"changes an array in place, with sort\(\)": _sorts,
    "changes an array in place, with np.copyto": lambda x: np.copyto(x.array, 0),
    r"writes in place with np.add.reduce": lambda x: np.add.reduce(x.array, out=np.zeros(())),
    "looks at the bytes of an array": lambda x: x.array.view(np.float64),
    "dropout: give the generator by its name": lambda x: F.dropout(
        x, 0.5, True, False, np.random.default_rng(0)
    ),
}


@pytest.mark.parametrize("match", SPOILING)
def test_what_a_step_must_not_do(match):
    def step(x):
        SPOILING[match](x)
        return x * 2

    fallen_back(step, mt.ones(2), match=match)


def test_an_optimiser_that_steps_twice():
    w = nn.Parameter(np.ones(2, np.float32))
    sgd = optim.SGD([w], lr=0.1)

    def step(x):
        sgd.zero_grad()
        (w * x).sum().backward()
        sgd.step()
        sgd.step()

    fallen_back(step, mt.ones(2), match="an optimiser takes two steps")
    assert w.tolist() == pytest.approx([1 - 3 * 2 * 0.1] * 2)


def test_an_argument_that_asks_for_a_gradient():
    x = mt.ones(2, requires_grad=True)
    result = fallen_back(lambda x: (x * 2).detach(), x, match="asks for a gradient; give it detach")
    assert result.tolist() == [2, 2]


def test_an_argument_of_a_kind_that_is_not_known():
    result = fallen_back(lambda x: x["of"] * 2, {"of": mt.ones(2)}, match="an argument is a dict")
    assert result.tolist() == [2, 2]


def test_shapes_that_are_new_each_time(monkeypatch):
    monkeypatch.setattr(step_module, "ATTEMPTS", 2)
    compiled = mt.compile(lambda x: x * 2)
    for n in (1, 2):
        for _ in range(3):
            assert compiled(mt.ones(n)).tolist() == [2] * n
    assert compiled.why_not is None
    compiled(mt.ones(3))
    with pytest.warns(RuntimeWarning, match="traced 2 times: shapes, modes or networks change"):
        assert compiled(mt.ones(3)).tolist() == [2] * 3


def test_arguments_that_go_by_name_alone():
    @mt.compile()
    def step(x, *, factor):
        return x * factor

    assert mt.compile(step) is step
    for factor in (2, 3, 4):
        assert step(mt.ones(1), factor=factor).tolist() == [factor]
    with pytest.raises(TypeError, match="unexpected keyword argument 'factors'"):
        step(mt.ones(1), factors=2)


def test_what_is_refused_at_once():
    with pytest.raises(TypeError, match="takes a function; given int"):
        mt.compile(3)
    with pytest.raises(TypeError, match="takes a whole training step"):
        mt.compile(nn.Linear(1, 1))


def test_errors_of_the_step_are_its_own():
    pair, (x, y) = xor_pair()
    pair.run([(x, y)] * 3)
    with pytest.raises(ValueError, match="expects"):
        pair.compiled(mt.ones(4, 3), y)
    pair.run([(x, y)])
    assert pair.same_bits()


# What is seen


def test_the_program_is_printed():
    pair, batch = xor_pair()
    assert "traced at its second call" in repr(mt.compile(pair.plain))
    pair.run([batch] * 2)
    text = str(pair.compiled)
    for part in ("# forward", "# backward", "# optimiser", "0.weight.T + 0.bias", "sigmoid(",
                 "0.weight = sgd(0.weight", "lr=lr", "return v", "memory: "):  # fmt: skip
        assert part in text


def test_what_nobody_needs_is_left_out():
    def step(x):
        (x * 3).exp()
        return x * 2

    compiled = mt.compile(step)
    for _ in range(2):
        compiled(mt.ones(3))
    assert len(compiled.program.instructions) == 1
    assert compiled.program.dead == 2


def test_a_chain_is_one_loop_and_nothing_of_it_is_stored():
    compiled = mt.compile(lambda x: (x * 2 + 1).sigmoid() * x)
    x = mt.Tensor(np.linspace(-1, 1, 1000, dtype=np.float32))
    assert compiled(x).tobytes() == compiled(x).tobytes() == compiled.step(x).tobytes()
    (unit,) = compiled._programs[0].layout.units
    assert len(unit.instructions) == 4
    assert len(compiled._programs[0].layout.local) == 3


def test_memory_is_used_again():
    def step(x):
        for _ in range(6):
            x = x.reshape(4, 4) @ x.reshape(4, 4)
        return x

    compiled = mt.compile(step)
    x = mt.Tensor(np.eye(4, dtype=np.float32))
    compiled(x)
    assert compiled(x).tolist() == x.tolist()
    layout = compiled._programs[0].layout
    assert layout.work < layout.separate / 2


def test_no_words_of_the_user_are_in_the_code():
    w = nn.Parameter(np.ones(2, np.float32))
    w.name = 'evil"); import os #'
    sgd = optim.SGD([w], lr=0.1)

    def step(x, word):
        sgd.zero_grad()
        (w * x).sum().backward()
        sgd.step()

    compiled = mt.compile(step)
    for _ in range(3):
        compiled(mt.ones(2), 'more evil"""')
    assert compiled.why_not is None
    assert "evil" not in compiled.source
    assert w.array[0] == pytest.approx(0.7)


def test_machine_code_is_kept_for_other_processes(tmp_path):
    code = """
import time, numpy as np, minitransfer as mt
x = mt.Tensor(np.ones(3, np.float32))
mt.kernels.relu(x.array)
step = mt.compile(lambda x: (x * 2).tanh())
step(x); import minitransfer.kernels.step_code
start = time.process_time(); step(x); print(time.process_time() - start)
"""
    times = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, "MINITRANSFER_CACHE": str(tmp_path)},
        )  # fmt: skip
        times.append(float(done.stdout))
    assert times[1] < times[0] / 2
    assert len(list(tmp_path.glob("kernels-*/step-*.nbc"))) == 1


def test_machine_code_from_a_file_computes_what_it_did_when_it_was_made(tmp_path):
    """Sums of all lengths, also such as are halved again and again, in the order of NumPy's."""
    code = """
import hashlib, numpy as np, minitransfer as mt
from minitransfer import nn, optim
g = np.random.default_rng(0)
x, y = g.standard_normal((1500, 30)).astype(np.float32), g.integers(0, 4, 1500)
net = nn.Sequential(nn.Linear(30, 140, generator=g), nn.LayerNorm(140), nn.GELU(),
                    nn.Linear(140, 4, generator=g))
adam = optim.Adam(net.parameters())

@mt.compile
def step(x, y):
    adam.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    adam.step()
    rows = x.T.clone()
    return loss, x.sum(0), x.sum(1), (rows * 2).sum(), rows.sum(1), (x * 1).sum((0, 1))

for _ in range(4):
    told = step(mt.tensor(x), mt.tensor(y))
assert step.why_not is None, step.why_not
assert (told[4].array == np.ascontiguousarray(x.T).sum(1)).all()
print(hashlib.sha256(b"".join(t.array.tobytes() for t in told)).hexdigest())
"""
    found = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True,
            env={**os.environ, "MINITRANSFER_CACHE": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.append(done.stdout)
    assert found[0] == found[1]


def test_machine_code_of_two_processes_is_not_mixed_up(tmp_path):
    """Each step is the first one of its process; then both are taken from their files."""
    code = """
import sys, numpy as np
from minitransfer.kernels.step_code import compiled_step
for by in map(int, sys.argv[1]):
    lines = ["a0[0] = math.cos(a0[0]) + a0[1]"] * 60 + [f"a0[1] = {by}.0"]  # too long to be copied
    loop = "\\n    ".join(["def loop0(p0):", "a0 = memory(p0, float64(0))", *lines])
    step = "def step(part, n, table):\\n    loop0(table)\\n    loop0(table)\\n    return n"
    numbers = np.zeros(2)
    compiled_step(f"@helper(1)\\n{loop}\\n\\n{step}\\n")(0, 1, numbers.ctypes.data)
    assert numbers[1] == by, (numbers, by)
"""
    for which in ("1", "2", "12", "21"):
        done = subprocess.run(
            [sys.executable, "-c", code, which], capture_output=True, text=True,
            env={**os.environ, "MINITRANSFER_CACHE": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("kernels-*/step-*.nbc"))) == 2


def test_helpers_of_steps_are_forgotten_when_there_are_many(monkeypatch, tmp_path):
    from minitransfer.kernels import step_code

    monkeypatch.setattr(step_code, "kernel_folder", lambda: tmp_path)  # nothing was kept there
    monkeypatch.setattr(step_code, "_helpers", type(step_code._helpers)())
    monkeypatch.setattr(step_code, "HELPERS", 2, raising=False)
    x = mt.Tensor(np.random.default_rng(0).random((40, 30)).astype(np.float32))
    steps = [mt.compile(lambda x, n=n: ((x * n).exp() - n).detach()) for n in range(2, 7)]
    for step in steps:
        step(x)
        step(x)
        assert "helper" in step.source
    assert len(step_code._helpers) == 2
    gc.collect()
    for step in steps:
        np.testing.assert_allclose(step(x).array, step.step(x).array, rtol=1e-6)
        assert step.why_not is None


# fit


def fitted(**options):
    generator = np.random.default_rng(0)
    x = generator.standard_normal((70, 6)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    net = perceptron((6, 5, 2), nn.ReLU, dropout=0.2)(generator)
    adam = optim.Adam(net.parameters(), lr=0.01)
    return net, train.fit(
        net, (x, y), epochs=4, batch_size=16, optimizer=adam, validation=0.2,
        schedule=optim.CosineAnnealingLR, generator=generator, **options,
    )  # fmt: skip


def test_fit():
    (eager, told), (compiled, same) = fitted(), fitted(compile=True)
    assert told == same
    assert told.step_losses == same.step_losses
    for p, q in zip(eager.parameters(), compiled.parameters(), strict=True):
        assert p.array.tobytes() == q.array.tobytes()


def test_populations_are_fitted():
    ends = []
    for options in ({}, {"compile": True}):
        net = nn.population(perceptron((2, 3, 1), nn.Sigmoid), 20)
        adam = optim.Adam(net.parameters(), lr=0.1)
        losses = train.fit_members(
            net, *data.xor(), adam, 30, **options,
            penalty=lambda net: 0.01 * sum((p**2).sum() for p in net.parameters()),
        )  # fmt: skip
        ends.append((losses, [p.array for p in net.parameters()]))
    (eager, parameters), (compiled, same) = ends
    assert compiled.shape == (20, 30)
    np.testing.assert_allclose(compiled, eager, rtol=1e-5, atol=1e-6)
    for p, q in zip(parameters, same, strict=True):
        np.testing.assert_allclose(q, p, rtol=1e-4, atol=1e-5)


def test_fit_says_what_it_cannot_compile():
    with pytest.warns(RuntimeWarning, match="looks at a number"):
        _, history = fitted(compile=True, clip_norm=1.0)
    assert history == fitted(clip_norm=1.0)[1]


def test_fit_stops_at_a_loss_that_is_no_number():
    net = nn.Sequential(nn.Linear(2, 1, generator=np.random.default_rng(0)))
    x = np.ones((8, 2), np.float32)
    x[5] = np.inf
    with pytest.raises(FloatingPointError, match="the inputs of this batch hold NaN or infinite"):
        train.fit(net, (x, np.ones((8, 1), np.float32)), loss=nn.MSELoss(), epochs=3, batch_size=1,
                  optimizer=optim.SGD(net.parameters(), lr=0.1), compile=True)  # fmt: skip
    assert np.isfinite(net[0].weight.array).all()


def test_a_schedule_in_the_step():
    w = nn.Parameter(np.ones(2, np.float32))
    sgd = optim.SGD([w], lr=1.0)
    schedule = optim.ExponentialLR(sgd, gamma=0.5)

    def step(x):
        sgd.zero_grad()
        (w * x).sum().backward()
        sgd.step()
        schedule.step()

    fallen_back(step, mt.ones(2), match="steps a schedule")
    assert schedule.get_last_lr() == [0.5**3]
    assert w.tolist() == [1 - 1.75] * 2


def test_the_default_generator_is_where_it_would_be():
    mt.manual_seed(3)
    fallen_back(lambda x: x + mt.rand(2), mt.ones(2), match="draws random numbers")
    here = mt.rand(1).item()
    mt.manual_seed(3)
    mt.rand(6)
    assert mt.rand(1).item() == here


def test_what_was_traced_without_recording_is_not_used_with_it():
    net = nn.Linear(2, 1)
    outputs = mt.compile(lambda x: net(x))
    with mt.no_grad():
        for _ in range(3):
            outputs(mt.ones(1, 2))
    assert outputs.why_not is None
    with pytest.warns(RuntimeWarning, match="backward"):
        result = outputs(mt.ones(1, 2))
    assert result.requires_grad


def test_an_error_that_only_tracing_meets():
    def step(x):
        assert type(x.array) is np.ndarray
        return x

    fallen_back(step, mt.ones(2), match="traced, it ends with AssertionError")


def test_parameters_that_share_memory():
    whole = np.ones(4, np.float32)
    parts = [nn.Parameter(whole[:2]), nn.Parameter(whole[1:3])]
    sgd = optim.SGD(parts, lr=0.1)

    def step(x):
        sgd.zero_grad()
        (parts[0] * parts[1] * x).sum().backward()
        sgd.step()

    fallen_back(step, mt.ones(2), match="shares its memory")


def test_many_positions_from_outside_are_not_taken_for_others():
    """Positions that the step draws itself are other ones each time: there is no program."""
    own, places = np.random.default_rng(0), np.arange(1500)

    def picks(x):
        own.shuffle(places[4:-4])
        return x[places].detach()

    fallen_back(picks, mt.arange(1500.0), match="it is another one each time")


def test_positions_from_outside_are_taken_as_they_are_when_traced():
    places, x = np.arange(5), mt.arange(5.0)
    picks = mt.compile(lambda x: x[places] * 1.0)
    before = [picks(x).tolist() for _ in range(3)]
    places[:] = places[::-1].copy()
    assert picks(x).tolist() == before[2] == x.tolist()
    assert picks.why_not is None


@pytest.mark.parametrize("key", [0, slice(None), slice(1, 3), [0, 2]], ids=str)
def test_what_is_written_into_an_argument_is_not_lost(key):
    def step(a):
        a[key] = 5.0
        return mt.from_numpy(a).sum()

    compiled = mt.compile(step)
    a, b = np.zeros((4, 4)), np.zeros((4, 4))
    found = [compiled(a[0]).item()]
    with pytest.warns(RuntimeWarning, match="it writes into an argument"):
        found.append(compiled(a[1]).item())
    found += [compiled(row).item() for row in a[2:]]
    assert found == [step(row).item() for row in b]
    assert (a == b).all()


class ThroughAView(optim.SGD):
    """Writes into parameters by another look at them."""

    def update(self, parameter, gradient, group, state):
        parameter.array.reshape(-1)[...] = 0.0


def test_what_is_written_through_a_view_is_not_lost():
    net = nn.Linear(2, 3, generator=np.random.default_rng(0))
    moving = ThroughAView(net.parameters(), lr=1.0)

    def step(x):
        moving.zero_grad()
        (net(x) ** 2).sum().backward()
        moving.step()

    fallen_back(step, mt.ones(1, 2), match="it writes into an array by another look at it")
    net.weight.array[...] = 1.0
    step(mt.ones(1, 2))
    assert not net.weight.array.any()


def test_what_is_returned_was_not_written_through_a_view():
    def step(x):
        made = x.array * 2
        made.reshape(-1)[0] = 5.0
        return mt.from_numpy(made)

    assert fallen_back(step, mt.ones(2), match="by another look").tolist() == [5.0, 2.0]


def test_a_mask_from_outside():
    draw = np.random.default_rng(0)
    mask = draw.random((6, 3)) < 0.5
    pair = Pair(
        lambda g: Net(lambda net, x: net.first(x)[mask], first=nn.Linear(4, 3, generator=g)),
        F.mse_loss,
        OPTIMIZERS["momentum"],
    )
    batches = [(mt.Tensor(draw.standard_normal((6, 4)).astype(np.float32)),
                mt.ones(int(mask.sum()))) for _ in range(5)]  # fmt: skip
    pair.run(batches)
    assert pair.compiled.why_not is None
    assert pair.same_bits()
    assert "written(v" in str(pair.compiled)


def test_parts_are_printed_with_their_places():
    parts = mt.compile(lambda x: x[:, :2] - x[:, 2:4] + x[2, ::3] + x[:, 1:2] - x.flatten()[1:11:5])
    for _ in range(2):
        parts(mt.arange(12.0).reshape(3, 4))
    assert parts.why_not is None
    for part in ("x[:, :2]", "x[:, 2:4]", "x[2, ::3]", "x[:, 1:2]", "x.as_strided((2,), (5,), 1)"):
        assert part in str(parts), str(parts)


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_arrays_joined_along_any_axis_or_none(axis):
    join = mt.compile(lambda x: mt.from_numpy(np.concatenate([x, x * 2], axis=axis)))
    x = np.arange(6.0).reshape(2, 3)
    for _ in range(3):
        assert (join(x).array == join.step(x).array).all()
    assert join.why_not is None


def test_an_empty_array_that_was_not_written_is_called_that():
    def step(x):
        made = np.empty_like(x)
        return mt.from_numpy(made * 0)

    fallen_back(step, np.ones(2), match="empty array, of which not all has been written")


def test_a_mask_that_is_an_argument_may_pick_another_number_of_elements():
    """The program is for as many as the mask picked when it was traced."""
    w = [nn.Parameter(np.ones(50, np.float32)) for _ in range(2)]
    movers = [optim.SGD([p], lr=0.1) for p in w]

    def trained(k):
        def step(x, mask):
            movers[k].zero_grad()
            value = ((x * w[k])[mask] ** 2).sum()
            value.backward()
            movers[k].step()
            return value

        return step

    eager, compiled = trained(0), mt.compile(trained(1))
    x = mt.Tensor(np.linspace(0, 1, 50, dtype=np.float32))
    for count in (5, 5, 5, 5, 40, 3, 5):
        mask = mt.Tensor(np.arange(50) % 50 < count)
        assert compiled(x, mask).item() == pytest.approx(eager(x, mask).item(), rel=1e-6)
        np.testing.assert_allclose(w[1].array, w[0].array, rtol=1e-6)
    assert compiled.why_not is None


def test_a_guard_after_a_step_of_an_optimiser_leaves_what_was_there():
    """Where the program is left, the step is done from the beginning: nothing may be moved yet."""
    nets = [nn.Linear(3, 4, generator=np.random.default_rng(0)) for _ in range(2)]
    movers = [optim.SGD(net.parameters(), lr=0.1) for net in nets]

    def trained(k):
        def step(x, y):
            movers[k].zero_grad()
            (nets[k](x) ** 2).mean().backward()
            movers[k].step()
            after = nets[k](x).detach()
            return after.sum() if (after[0, 0] > y).array.all() else after.mean()

        return step

    eager, compiled = trained(0), mt.compile(trained(1))
    x = mt.Tensor(np.random.default_rng(1).standard_normal((2, 3)).astype(np.float32))
    for bound in (-9.0, -9.0, -9.0, 9.0, -9.0, 9.0):
        y = mt.tensor(bound)
        assert compiled(x, y).item() == pytest.approx(eager(x, y).item(), rel=1e-6)
        np.testing.assert_allclose(nets[1].weight.array, nets[0].weight.array, rtol=1e-6)
    assert compiled.why_not is None


# Other threads


def beside(function):
    """Run a function in another thread, to its end."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def test_networks_that_other_threads_build_cost_no_eager_step(monkeypatch):
    """Eager steps may round another way: when one is taken must not depend on other threads."""
    monkeypatch.setattr(step_module, "ATTEMPTS", 2)
    net, taken = nn.Linear(2, 2), []

    @mt.compile
    def step(x):
        taken.append(type(x.array) is np.ndarray)
        return net(x).detach()

    for n in (1, 2) * 5:
        step(mt.ones(n, 2))
        beside(lambda: nn.Sequential(nn.Linear(1, 1)))
    assert taken.count(True) == 2  # the first with each shape
    assert step.why_not is None


def test_a_network_that_is_built_while_a_step_is_traced_costs_no_eager_step():
    net, taken = nn.Linear(2, 2), []

    @mt.compile
    def step(x):
        taken.append(type(x.array) is np.ndarray)
        if len(taken) == 3:  # the second trace
            beside(lambda: nn.Linear(1, 1))
        return net(x).detach()

    for _ in range(4):
        step(mt.ones(1, 2))
    assert taken == [True, False, False, False, False]  # and traced anew once, later


def test_a_layer_that_another_thread_replaces_is_noticed():
    net = nn.Sequential(nn.Linear(2, 2))
    step = mt.compile(lambda x: net(x).detach())
    for _ in range(3):
        step(mt.ones(1, 2))
    beside(lambda: setattr(net, "0", nn.Linear(2, 2)))
    x = mt.tensor([[3.0, -1.0]])
    assert step(x).tolist() == net(x).tolist()


def test_threads_that_call_one_step_get_what_is_theirs():
    """It has one piece of memory; who computed in another's would return his numbers."""
    net = nn.Sequential(nn.Linear(64, 300), nn.ReLU(), nn.Linear(300, 300), nn.Tanh())
    answers = mt.compile(lambda x: (net(x) * 2).detach())
    draw = np.random.default_rng(0)
    questions = [mt.tensor(draw.standard_normal((100, 64)).astype(np.float32)) for _ in range(4)]
    for _ in range(2):
        answers(questions[0])
    alone = [answers(x).array.tobytes() for x in questions]
    wrong, begin = [], threading.Barrier(4)

    def ask(k):
        begin.wait()
        wrong.extend(k for _ in range(200) if answers(questions[k]).array.tobytes() != alone[k])

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=ask, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not wrong


def test_a_step_within_a_step_is_a_part_of_it():
    w = nn.Parameter(np.ones(2, np.float32))
    sgd = optim.SGD([("w", w)], lr=0.25)

    @mt.compile
    def inner():
        sgd.zero_grad()
        (w * w).sum().backward()
        sgd.step()

    @mt.compile
    def outer(x):
        inner()
        return x * 2

    inner(), inner(), inner()
    w.array[...] = 1
    for n in range(1, 5):
        outer(mt.ones(2))
        np.testing.assert_array_equal(w.array, [0.5, 0.5], err_msg=str(n))
        w.array[...] = 1
    assert outer.why_not is None


def test_ctrl_c_in_many_steps_leaves_nothing_behind():
    """Results of many steps go to arrays of their own, and no later step may write there."""
    double = mt.compile(lambda x: x * 2)
    for _ in range(2):
        double(mt.ones(3))
    names = double._programs[0].run.__globals__
    drive = names["drive"]

    def interrupted(*args):
        drive(*args)
        raise KeyboardInterrupt

    names["drive"] = interrupted
    with pytest.raises(KeyboardInterrupt):
        double.repeat(4, mt.ones(3))
    names["drive"] = drive
    assert double(mt.tensor([1.0, 2.0, 3.0])).tolist() == [2, 4, 6]


def test_a_kernel_that_is_being_noted_is_not_replaced(monkeypatch):
    """Another thread may look a kernel up for the first time while a step is traced."""
    from minitransfer import kernels

    def noting():
        pass

    def imported(name):
        monkeypatch.setitem(kernels.__dict__, "relu", noting)  # by the trace, meanwhile
        return sys.modules["importlib"].import_module(name)

    monkeypatch.delitem(kernels.__dict__, "relu", raising=False)
    monkeypatch.setattr(kernels, "import_module", imported)
    assert kernels.relu is noting
    assert kernels.__dict__["relu"] is noting


# The look at what was compiled


class Reader(nn.Module):
    def __init__(self, generator):
        super().__init__()
        self.heads = nn.MultiheadAttention(16, 2, batch_first=True, generator=generator)
        self.drop = nn.Dropout(0.2, generator=np.random.default_rng(7))
        self.norm, self.top = nn.LayerNorm(16), nn.Linear(16, 10, generator=generator)

    def forward(self, x):
        return self.top(self.norm(self.drop(self.heads(x, x, x)[0]) + x).mean(1))


@pytest.mark.parametrize("seed", [0, 3])
def test_what_hangs_on_rounding_is_no_mistake(seed):
    """The bias of the keys changes nothing. Its gradient is 0 but for rounding, and a step of Adam
    is as long for that as for any other."""
    draw = np.random.default_rng(seed)
    batches = [
        (mt.tensor(draw.standard_normal((16, 6, 16)).astype(np.float32)), mt.tensor(y))
        for y in draw.integers(0, 10, (6, 16))
    ]
    pair = Pair(
        lambda _: Reader(np.random.default_rng(seed)),
        F.cross_entropy,
        lambda parameters: optim.Adam(parameters, lr=1e-3),
    )
    losses = pair.run(batches)
    assert pair.compiled.why_not is None
    np.testing.assert_allclose(losses[:, 1], losses[:, 0], rtol=1e-4)


@pytest.mark.parametrize("trained", [False, True])
def test_a_mistake_of_the_compiler_is_found(monkeypatch, trained):
    """Were the code of a function another one, the step would be done as it stands."""
    monkeypatch.setitem(MAPS, "tanh", ("math.sin({0})", "tanh({0})"))
    net = nn.Linear(3, 2, generator=np.random.default_rng(0))
    sgd = optim.SGD(net.parameters(), lr=10.0)

    def step(x):
        y = net(x).tanh()
        if not trained:
            return y.detach()
        sgd.zero_grad()
        (y * y).mean().backward()
        sgd.step()
        return None

    x = mt.tensor(np.random.default_rng(1).standard_normal((4, 3)).astype(np.float32))
    fallen_back(step, x, match="a mistake of the compiler")
