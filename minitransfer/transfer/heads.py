"""The parts of a network: its layers, its body and its head; take a head off, put a new one on.

The *head* of a network is its last Linear layer, which turns features into one number per class;
the *body* is all that comes before it.
"""

import copy
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from minitransfer import nn
from minitransfer.nn import Module, Sequential

#: What a network knows about its input, and keeps when its head is changed.
INPUT_NOTES = ("input_type", "input_shape")

#: Standard deviation of a fresh head's weights. So small that at the start all classes get nearly
#: the same probability: no class has to be unlearnt, and the first gradients that reach the
#: borrowed body are small.
HEAD_STD = 0.01


class Layer(NamedTuple):
    """A layer with weights, and the normalisation that belongs to it.

    Attributes:
        name: dotted name of the module that holds the weight.
        modules: (dotted name, module) of that module and of those that count with it.
    """

    name: str
    modules: list[tuple[str, Module]]


def weight_layers(model: Module) -> list[Layer]:
    """Return the layers of a network from the input to the output, as one counts them.

    A module counts if it holds itself a weight with two or more axes: Linear, Conv2d, Embedding.
    What holds only vectors (batch norm, layer norm) counts with the layer before it, or, at the
    very front, with the one after it. Activations, pooling and dropout do not count. The order is
    that of registration, which is the order of computation in a Sequential and in every module
    that assigns its layers in the order in which it uses them.

    Example:
        >>> net = nn.Sequential(
        ...     nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2)
        ... )
        >>> [layer.name for layer in weight_layers(net)]
        ['0', '4']
        >>> [name for name, _ in weight_layers(net)[0].modules]
        ['0', '1']
    """
    layers: list[Layer] = []
    has_weight = True  # of the last layer in the list
    for name, module in model.named_modules():
        if not module._parameters:
            continue
        is_weight = any(p.ndim >= 2 for p in module._parameters.values())
        if not layers or (is_weight and has_weight):
            layers.append(Layer(name, [(name, module)]))
            has_weight = is_weight
            continue
        last = layers[-1]
        last.modules.append((name, module))
        if is_weight:
            layers[-1] = Layer(name, last.modules)
            has_weight = True
    return layers


def sequential_layers(module: Module, prefix: str = "") -> Iterator[tuple[str, Module]]:
    """Yield (dotted name, layer) for what is computed one after the other.

    Nested Sequentials are opened; a module with a `forward` of its own is one layer.

    Example:
        >>> net = nn.Sequential(nn.Sequential(nn.ReLU(), nn.Tanh()), nn.Residual(nn.ReLU()))
        >>> [name for name, _ in sequential_layers(net)]
        ['0.0', '0.1', '1']
    """
    if not is_plain_sequential(module):
        yield prefix.rstrip("."), module
        return
    for name, child in module._modules.items():
        yield from sequential_layers(child, f"{prefix}{name}.")


def is_plain_sequential(module: Module) -> bool:
    """Whether a module does nothing but call its parts one after the other.

    Example:
        >>> is_plain_sequential(nn.Sequential(nn.ReLU())), is_plain_sequential(nn.ReLU())
        (True, False)
    """
    plain = isinstance(module, Sequential) and type(module).forward is Sequential.forward
    return plain and not module._parameters


def find_head(model: Module) -> tuple[str, nn.Linear]:
    """Return the dotted name and the layer of the head: the Linear that was registered last.

    Raises:
        ValueError: if the network has no Linear.
        TypeError: if `model` is not a module.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> find_head(net)
        ('2', Linear(8 → 3))
    """
    if not isinstance(model, Module):
        raise TypeError(f"find_head takes a network (a module); given {type(model).__name__}")
    for name, module in reversed(list(model.named_modules())):
        if isinstance(module, nn.Linear):
            return name, module
    raise ValueError(
        f"{type(model).__name__} has no Linear layer, so there is no head to find; "
        "put one on with append(model, nn.Linear(features, classes))"
    )


def strip_head(model: Module) -> Module:
    """Return the network without its head: the body, whose output are the features.

    The body shares its layers with the network, which itself stays as it was: freezing the body
    freezes those layers of the network, training one trains the other.

    Args:
        model: a Sequential, from which the head and what follows it are cut off; or any other
            module, of which a copy is made that shares everything and has an Identity in the
            head's place (what its `forward` does after the head, it does to the features).

    Raises:
        ValueError: if the network has no Linear.

    Example:
        >>> from minitransfer import zeros
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> strip_head(net)(zeros(1, 4)).shape, net(zeros(1, 4)).shape
        ((1, 8), (1, 3))
    """
    _, head = find_head(model)
    if model is head:
        raise ValueError("strip_head: the network is a single Linear; nothing is left without it")
    return _without(model, head)


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
    layer: str | None = None,
) -> Module:
    """Put a fresh head in the place of the old one, and return the network.

    The new weights are drawn from a normal distribution with standard deviation 0.01, the biases
    are 0: at the start every class is as likely as every other. The new head is trainable, also
    in a frozen network. An optimiser that was made before does not know it: make a new one.

    Args:
        model: the network, which is changed.
        classes: outputs of the new head (1 for a value).
        generator: draws the weights; the default one if None.
        layer: dotted name of the Linear to replace, if it is not the last one.

    Raises:
        ValueError: if the network has no Linear (of that name), or is nothing but one.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1000))
        >>> replace_head(net, 10)[2]
        Linear(8 → 10)
    """
    old = find_head(model)[1] if layer is None else _linear_named(model, layer)
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
