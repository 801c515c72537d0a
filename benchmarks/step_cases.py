"""Whole training steps through the public interface: what a user waits for."""

import numpy as np

import minitransfer as mt
from minitransfer import data, nn, optim, transfer, zoo

from . import teaching_conv_nets, teaching_libraries
from .timing import Case

try:
    import torch
except ImportError:
    torch = None


def step_cases(slow=True):
    """XOR, the five-layer perceptron, the conv net, and the conv net with a frozen body.

    Args:
        slow: whether other teaching libraries run beside, some of which take minutes.
    """
    available = teaching_libraries.available if slow else lambda *_: {}
    yield _xor(available)
    rng = np.random.default_rng(0)
    yield _training(
        "MLP 784-256-256-128-128-10, batch 64, Adam", zoo.glyph_mlp, 64, rng, 1.0, available
    )
    yield _training("glyph conv net, batch 128, Adam", zoo.glyph_conv, 128, rng, 1.0, available)
    yield _frozen(rng, available)


def compiled_cases(slow=True):
    """Steps made one function, against PyTorch's, and against the same steps as they stand.

    Args:
        slow: whether PyTorch's own compiler runs beside, which takes half a minute for each.
    """
    yield from _compiled_xor(slow)
    yield _compiled_population()
    yield _compiled("MLP 784-256-256-128-128-10, batch 64, Adam", zoo.glyph_mlp, 64, slow)
    yield _compiled("glyph conv net, batch 128, Adam", zoo.glyph_conv, 128, slow)


def _compiled_xor(slow, many=1000):
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    t = np.array([[0], [1], [1], [0]], np.float32)
    steps = {}
    for name, library in (("minitransfer", mt), ("eager", mt), ("torch", torch)):
        if library is not None:
            net = library.nn.Sequential(
                *(library.nn.Linear(2, 8), library.nn.Sigmoid(), library.nn.Linear(8, 1))
            )
            sgd = library.optim.SGD(net.parameters(), lr=0.5)
            inputs = library.from_numpy(x), library.from_numpy(t)
            steps[name] = _step_of(net, library.nn.BCEWithLogitsLoss(), sgd), inputs
    step, inputs = steps["minitransfer"]
    ours = mt.compile(step)
    calls = {"minitransfer": lambda: ours(*inputs)}
    calls |= {name: _call(*steps[name]) for name in steps if name != "minitransfer"}
    theirs = compiled_by_torch(calls.get("torch") if slow else None)
    calls |= {"torch.compile": theirs} if theirs else {}
    ours(*inputs)
    rest = tuple(name for name in calls if name not in ("minitransfer", "torch"))
    group = "compiled step"
    yield Case(group, "XOR 2-8-1, SGD, compiled", calls, 0, 100, rest, unit="steps")
    calls = {name: _times(many, call) for name, call in calls.items() if name != "minitransfer"}
    calls = {"minitransfer": lambda: ours.repeat(many, *inputs)} | calls
    name = f"XOR 2-8-1, SGD, compiled, {many:,} steps in a call"
    yield Case(group, name, calls, 0, 1000, rest, unit="steps", units=many)


def _compiled_population(members=200):
    x, y = map(mt.tensor, data.xor())
    steps = []
    for _ in range(2):
        net = nn.population(
            lambda g: nn.Sequential(nn.Linear(2, 4, generator=g), nn.Sigmoid(),
                                    nn.Linear(4, 1, generator=g)), members,
        )  # fmt: skip
        adam = optim.Adam(net.parameters(), lr=0.1)

        def loss(outputs, y):
            each = nn.functional.binary_cross_entropy_with_logits
            return nn.member_losses(each, outputs, y).sum()

        steps.append(_step_of(net, loss, adam))
    ours = mt.compile(steps[0])
    ours(x, y)
    calls = {"minitransfer": lambda: ours(x, y), "eager": lambda: steps[1](x, y)}
    name = f"XOR 2-4-1, {members} networks side by side, Adam, compiled"
    return Case("compiled step", name, calls, 0, 1.0, unit="steps", units=members)


def _compiled(name, build, batch, slow):
    rng = np.random.default_rng(0)
    images, labels = rng.random((batch, 1, 28, 28), np.float32), rng.integers(0, 10, batch)
    inputs = mt.from_numpy(images), mt.from_numpy(labels)
    net, steps = build(10), []
    for network in (net, build(10)):
        adam = optim.Adam(network.parameters(), lr=1e-3)
        steps.append(_step_of(network, nn.CrossEntropyLoss(), adam))
    ours = mt.compile(steps[0])
    ours(*inputs)
    calls = {"minitransfer": lambda: ours(*inputs), "eager": lambda: steps[1](*inputs)}
    if torch:
        twin = _twin(net, channels_last=True)
        theirs = torch.optim.Adam(twin.parameters(), lr=1e-3, fused=True)
        pictures = torch.from_numpy(images).to(memory_format=torch.channels_last)
        given = pictures, torch.from_numpy(labels)
        calls["torch at its best"] = _call(
            _step_of(twin, torch.nn.CrossEntropyLoss(), theirs), given
        )
        faster = compiled_by_torch(calls["torch at its best"] if slow else None)
        calls |= {"torch.compile": faster} if faster else {}
    beside = tuple(n for n in calls if n.startswith("torch"))
    return Case(
        "compiled step", f"{name}, compiled", calls, 0, 1.0, beside, unit="images", units=batch
    )


def _step_of(net, loss, optimizer):
    def step(inputs, targets):
        optimizer.zero_grad()
        loss(net(inputs), targets).backward()
        optimizer.step()

    return step


def _call(step, inputs):
    return lambda: step(*inputs)


def _times(n, call):
    def often():
        for _ in range(n):
            call()

    return often


def compiled_by_torch(call, threads=1):
    """The call compiled by PyTorch's own compiler, if that is here and runs (it needs a C++
    compiler, and half a minute).

    Its code is for a number of threads. What it compiled before is forgotten: cases of one
    function would count as one that needs compiling again and again, which it gives up.
    """
    if call is None:
        return None
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        torch._dynamo.reset()
        compiled = torch.compile(call)
        compiled()
        compiled()
    except Exception as error:  # of many kinds
        print(f"torch.compile does not run here: {type(error).__name__}")
        return None
    finally:
        torch.set_num_threads(before)
    return compiled


def _xor(available):
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    t = np.array([[0], [1], [1], [0]], np.float32)
    calls = {}
    for name, library in (("minitransfer", mt), ("torch", torch)):
        if library is None:
            continue
        net = library.nn.Sequential(
            *(library.nn.Linear(2, 8), library.nn.Sigmoid(), library.nn.Linear(8, 1))
        )
        loss = library.nn.BCEWithLogitsLoss()
        adam = library.optim.SGD(net.parameters(), lr=0.5)
        inputs, targets = library.from_numpy(x), library.from_numpy(t)
        calls[name] = _step(net, loss, adam, inputs, targets)
    others = available(teaching_libraries.XOR, x, t)
    beside = tuple(others)
    name = "XOR 2-8-1, SGD"
    return Case("training step", name, calls | others, bar=3.0, beside=beside, unit="steps")


def _step(net, loss, optimizer, inputs, targets):
    def step():
        optimizer.zero_grad()
        loss(net(inputs), targets).backward()
        optimizer.step()

    return step


def _training(name, build, batch, rng, bar, available):
    images = rng.random((batch, 1, 28, 28), np.float32)
    labels = rng.integers(0, 10, batch)
    net = build(10)
    adam = optim.Adam(net.parameters(), lr=1e-3)
    ours = _step(net, nn.CrossEntropyLoss(), adam, mt.from_numpy(images), mt.from_numpy(labels))
    calls = {"minitransfer": ours}
    if torch:
        for peer, best in (("torch", False), ("torch at its best", True)):
            twin = _twin(net, best)
            theirs = torch.optim.Adam(twin.parameters(), lr=1e-3, fused=best)
            loss = torch.nn.CrossEntropyLoss()
            inputs = torch.from_numpy(images)
            if best:
                inputs = inputs.to(memory_format=torch.channels_last)
            calls[peer] = _step(twin, loss, theirs, inputs, torch.from_numpy(labels))
    if build is zoo.glyph_mlp:
        sizes = [784, *(layer.weight.shape[0] for layer in net if hasattr(layer, "out_features"))]
        flat = images.reshape(batch, -1)
        others = available(teaching_libraries.MLP, flat, labels, sizes)
    else:
        others = _conv_nets(available, [(images, labels)], net, frozen=0)
    calls |= others
    beside = tuple(others)
    return Case("training step", name, calls, 0, bar, beside, unit="images", units=batch)


def _conv_nets(available, batches, net, frozen):
    """The same network in other teaching libraries; the first `frozen` arrays do not learn."""
    arrays = [p.detach().numpy().copy() for p in net.parameters()]
    makers = teaching_conv_nets.CONV_NET
    return available(makers, batches, arrays, frozen)


def _twin(net, channels_last=False):
    """The same network in PyTorch, with the same weights."""
    layers = []
    for layer in net:
        kind = type(layer).__name__
        weight = getattr(layer, "weight", None)
        if kind == "Conv2d":
            o, c, k, _ = weight.shape
            layers.append(torch.nn.Conv2d(c, o, k, padding=k // 2))
        elif kind == "Linear":
            layers.append(torch.nn.Linear(weight.shape[1], weight.shape[0]))
        else:
            make = {"ReLU": (), "Flatten": (), "MaxPool2d": (2,)}
            layers.append(getattr(torch.nn, kind)(*make[kind]))
        if weight is not None:
            with torch.no_grad():
                layers[-1].weight.copy_(torch.from_numpy(weight.detach().numpy().copy()))
                layers[-1].bias.copy_(torch.from_numpy(layer.bias.detach().numpy().copy()))
    twin = torch.nn.Sequential(*layers)
    return twin.to(memory_format=torch.channels_last) if channels_last else twin


def _frozen(rng, available, count=1280, batch=128):
    """One epoch of training the head alone; ours on features computed once, beforehand."""
    images = rng.random((count, 1, 28, 28), np.float32)
    labels = rng.integers(0, 10, count)
    net = zoo.glyph_conv(10)
    transfer.freeze(net[:-1])
    features, head = transfer.cache_features(net, (images, labels))
    cached = [
        (
            mt.from_numpy(features.x[i : i + batch]),
            mt.from_numpy(labels[i : i + batch]),
        )
        for i in range(0, count, batch)
    ]
    adam = optim.Adam(head.parameters(), lr=1e-3)
    calls = {"minitransfer": _epoch(head, nn.CrossEntropyLoss(), adam, cached)}
    if torch:
        for peer, best in (("torch", False), ("torch at its best", True)):
            twin = _twin(net, best)
            for parameter in list(twin.parameters())[:-2]:
                parameter.requires_grad_(False)
            theirs = torch.optim.Adam(list(twin.parameters())[-2:], lr=1e-3, fused=best)
            inputs = torch.from_numpy(images)
            if best:
                inputs = inputs.to(memory_format=torch.channels_last)
            batches = [
                (inputs[i : i + batch], torch.from_numpy(labels[i : i + batch]))
                for i in range(0, count, batch)
            ]
            calls[peer] = _epoch(twin, torch.nn.CrossEntropyLoss(), theirs, batches)
    batches = [(images[i : i + batch], labels[i : i + batch]) for i in range(0, count, batch)]
    others = _conv_nets(available, batches, net, frozen=len(list(net.parameters())) - 2)
    name = "glyph conv net, body frozen: an epoch of the head (features cached)"
    beside = tuple(others)
    return Case("training step", name, calls | others, 0, 5.0, beside, unit="images", units=count)


def _epoch(net, loss, optimizer, batches):
    def epoch():
        for inputs, targets in batches:
            optimizer.zero_grad()
            loss(net(inputs), targets).backward()
            optimizer.step()

    return epoch
