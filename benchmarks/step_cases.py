"""Whole training steps through the public interface: what a user waits for."""

import numpy as np

import minitransfer as mt
from minitransfer import nn, optim, transfer, zoo

from . import teaching_conv_nets, teaching_libraries
from .timing import Case

try:
    import torch
except ImportError:
    torch = None


def step_cases(teaching=True):
    """XOR, the five-layer perceptron, the conv net, and the conv net with a frozen body.

    Args:
        teaching: whether other teaching libraries run beside, some of which take minutes.
    """
    available = teaching_libraries.available if teaching else lambda *_: {}
    yield _xor(available)
    rng = np.random.default_rng(0)
    yield _training(
        "MLP 784-256-256-128-128-10, batch 64, Adam", zoo.glyph_mlp, 64, rng, 1.0, available
    )
    yield _training("glyph conv net, batch 128, Adam", zoo.glyph_conv, 128, rng, 1.0, available)
    yield _frozen(rng, available)


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
