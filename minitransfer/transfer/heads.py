"""Take a head off, put a new one on. What the head of a network is, `parts` says."""

import copy

import numpy as np

from minitransfer import nn
from minitransfer.nn import Module, Sequential
from minitransfer.transfer.parts import find_head, is_plain_sequential

#: What a network knows about its input, and keeps when its head is changed.
INPUT_NOTES = ("input_type", "input_shape")

#: Standard deviation of a fresh head's weights. So small that at the start all classes get nearly
#: the same probability: no class has to be unlearnt, and the first gradients that reach the
#: borrowed body are small.
HEAD_STD = 0.01


def strip_head(model: Module, head: str | None = None) -> Module:
    """Return the network without its head: the body, whose output are the features.

    The body shares its layers with the network, which itself stays as it was: freezing the body
    freezes those layers of the network, training one trains the other.

    Args:
        model: a Sequential, from which the head and what follows it are cut off; or any other
            module, of which a copy is made that shares everything and has an Identity in the
            head's place (what its `forward` does after the head, it does to the features).
        head: dotted name of the head, see `find_head`.

    Raises:
        ValueError: if the network has no head, or it cannot be told which layer that is.

    Example:
        >>> from minitransfer import zeros
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> strip_head(net)(zeros(1, 4)).shape, net(zeros(1, 4)).shape
        ((1, 8), (1, 3))
    """
    _, layer = find_head(model, head=head)
    if model is layer:
        raise ValueError("strip_head: the network is a single Linear; nothing is left without it")
    return _without(model, layer)


def append(body: Module, *layers: Module) -> Sequential:
    """Return a network that computes the body, then the given layers (article A's sub-network B).

    The body keeps its frozen state and its notes on the type and shape of the input.

    Raises:
        ValueError: if no layers are given.

    Example:
        >>> from minitransfer import zeros
        >>> body = strip_head(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
        >>> append(body, nn.Linear(8, 10))(zeros(1, 4)).shape
        (1, 10)
    """
    if not layers:
        raise ValueError("append: give the layers to put on the body, as nn.Linear(8, 10)")
    return _with_notes_of(body, Sequential(body, *layers))


def replace_head(
    model: Module,
    classes: int,
    generator: np.random.Generator | None = None,
    head: str | None = None,
) -> Module:
    """Put a fresh head in the place of the old one, and return the network.

    The new weights are drawn from a normal distribution with standard deviation 0.01, the biases
    are 0: at the start every class is as likely as every other. The new head is trainable, also
    in a frozen network. An optimiser that was made before does not know it: make a new one.

    Args:
        model: the network, which is changed.
        classes: outputs of the new head (1 for a value).
        generator: draws the weights; the default one if None.
        head: dotted name of the Linear to replace, see `find_head`.

    Raises:
        ValueError: if the network has no Linear (of that name), is nothing but one, or it cannot
            be told which one is the head.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1000))
        >>> replace_head(net, 10)[2]
        Linear(8 → 10)
    """
    old = find_head(model)[1] if head is None else _linear_named(model, head)
    if model is old:
        raise ValueError(
            "replace_head: the network is a single Linear, which cannot be replaced within itself; "
            "put it in a Sequential, or use a new nn.Linear"
        )
    new = nn.Linear(old.in_features, classes, generator=generator)
    nn.init.normal_(new.weight, std=HEAD_STD, generator=generator)
    nn.init.zeros_(new.bias)
    new.to(old.weight.dtype)
    model.replace_module(old, new)
    return model


def _without(model, head):
    """The model up to `head`; modules that do not contain the head are shared."""
    parts = {
        name: None if child is head else _without(child, head) if _holds(child, head) else child
        for name, child in model._modules.items()
    }
    if is_plain_sequential(model):
        names = list(parts)
        first = next(i for i, name in enumerate(names) if _holds(model._modules[name], head))
        before = [(name, parts[name]) for name in names[:first]]
        if parts[names[first]] is not None and len(parts[names[first]]._modules):
            before.append((names[first], parts[names[first]]))
        return _with_notes_of(model, Sequential.of_parts(before, like=model))
    body = copy.copy(model)  # shares all attributes, but gets a registry of its own
    for name, part in parts.items():
        if part is None:
            part = nn.Identity()
            part.__dict__["name"] = head.name
        parts[name] = body.__dict__[name] = part
    body.__dict__["_modules"] = parts
    return body


def _holds(module, head) -> bool:
    return any(part is head for part in module.modules())


def _with_notes_of(model, other):
    for note in INPUT_NOTES:
        if note in model.__dict__:
            setattr(other, note, model.__dict__[note])
    return other


def _linear_named(model, name):
    modules = dict(model.named_modules())
    if not isinstance(modules.get(name), nn.Linear):
        linears = [n for n, m in modules.items() if isinstance(m, nn.Linear)]
        raise ValueError(
            f"replace_head: {name!r} is not a Linear of this network; there are "
            f"{', '.join(linears)}"
        )
    return modules[name]
