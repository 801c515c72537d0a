"""The parts of a network, its layers and its head; the head taken off, a new one put on.

The *head* of a network is its last Linear layer, which turns features into one number per class;
the *body* is all that comes before it. Which one is the last, a Sequential says. A module with a
`forward` of its own may compute its layers in any order: there the sizes of the layers tell, or
some data, which is sent through to see where the answers come from; or you do, with ``head=``.
"""

import copy
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from minitransfer import nn
from minitransfer.autograd import no_grad
from minitransfer.data import DataLoader, Dataset
from minitransfer.nn import Module, Sequential
from minitransfer.not_covered import what_was_given
from minitransfer.tensor import Tensor

#: What a network knows about its input, and keeps when its head is changed.
INPUT_NOTES = ("input_type", "input_shape", "convention")

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


def find_head(model: Module, data=None, head: str | None = None) -> tuple[str, Module]:
    """Return the dotted name and the layer of the head, the Linear that is computed last.

    Args:
        model: the network.
        data: inputs to find it with, where a module has a `forward` of its own, as anything that
            `Dataset.of` takes: the head is the last Linear through which passes all that the
            network says of them. Without data it is the one that gives out a number of features
            that no other layer takes in.
        head: its dotted name, if that is known: a layer, or a container of several.

    Raises:
        ValueError: if the network has no Linear, it cannot be told which is the head, or no part
            with parameters has that name.
        TypeError: if `model` is not a module.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> find_head(net)
        ('2', Linear(8 → 3))
    """
    if not isinstance(model, Module):
        raise TypeError(f"find_head takes a network (a module); given {what_was_given(model)}")
    names = {id(module): name for name, module in model.named_modules()}
    if head is not None:
        return _part_named(model, head)
    if not any(isinstance(module, nn.Linear) for module in model.modules()):
        raise ValueError(
            f"{type(model).__name__} has no Linear layer, so there is no head to find; "
            "put one on with append(model, nn.Linear(features, classes))"
        )
    with_weights = (
        part for _, part in sequential_layers(model) if any(p.ndim >= 2 for p in part.parameters())
    )
    *_, last = with_weights
    if isinstance(last, nn.Linear):
        return names[id(last)], last
    linears = [module for module in last.modules() if isinstance(module, nn.Linear)]
    inputs = None if data is None else _a_few(model, data)
    found = _open_end(last, linears) if inputs is None else _speaker(model, linears, inputs)
    if found is None:
        choice = [names[id(module)] for module in linears] or [names[id(last)]]
        raise ValueError(
            f"{type(model).__name__} ends in {last.label()}, and it cannot be told which Linear "
            f"layer is the head; say it, as in head={choice[-1]!r} (there is {', '.join(choice)})"
        )
    return names[id(found)], found


def _open_end(part, linears):
    """Return the only Linear whose outputs fit into no other layer of `part`, or None."""
    if len(linears) == 1:
        return linears[0]
    taken = [(m, getattr(m, "in_features", getattr(m, "in_channels", 0))) for m in part.modules()]
    ends = [
        linear
        for linear in linears
        if not any(size == linear.out_features for m, size in taken if m is not linear)
    ]
    return ends[0] if len(ends) == 1 else None


def _a_few(model, data):
    """Return the first inputs of the data, or None if that is one alone, which tells nothing."""
    data = Dataset.of(data, needs_targets=False, network=model)
    return next(iter(DataLoader(data[:8], 8)))[0] if len(data) > 1 else None


def _speaker(model, linears, x):
    """Return the last of the Linears that all goes through that the network says, or None.

    If such a layer says the same of all examples, so does the network; and if it says something
    else, so does the network.
    """
    for linear in reversed(_in_order_of_use(model, linears, x)):
        alike, shifted = (_with_answers_alike(model, linear, x, shift) for shift in (0, 1))
        if alike is not None and (alike == alike[:1]).all() and (alike != shifted).any():
            return linear
    return None


def _in_order_of_use(model, modules, x) -> list[Module]:
    """Return those of the modules that are called, in the order of their first call."""
    called = []

    def note(module, inputs, output):
        if module not in called:
            called.append(module)

    handles = [module.register_forward_hook(note) for module in modules]
    try:
        with model.in_mode(training=False), no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    return called


def _with_answers_alike(model, layer, x, shift):
    """What the network says if a layer says of all examples what it says of the first."""

    def alike(module, inputs, output):
        # By another amount for each class: a softmax behind it does not see a common one.
        first = output.array[:1] + shift * np.arange(1, output.shape[-1] + 1, dtype=output.dtype)
        return Tensor(np.repeat(first, len(output), axis=0))

    handle = layer.register_forward_hook(alike)
    try:
        with model.in_mode(training=False), no_grad():
            outputs = model(x)
    finally:
        handle.remove()
    return outputs.array if isinstance(outputs, Tensor) else None


def check_order(model: Module, data) -> None:
    """Refuse a network whose parts are computed in another order than they were registered in.

    What takes layers from the top or from the bottom goes by the order of registration.

    Raises:
        ValueError: says both orders.

    Example:
        >>> check_order(nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3)), np.zeros((2, 4)))
    """
    if is_plain_sequential(model):
        return
    x = _a_few(model, data)
    if x is None:
        return
    parts = {name: m for name, m in model.named_children() if any(True for _ in m.parameters())}
    used = _in_order_of_use(model, list(parts.values()), x)
    registered = [name for name, m in parts.items() if m in used]
    computed = [name for m in used for name in registered if parts[name] is m]
    if registered != computed:
        raise ValueError(
            f"{type(model).__name__} computes {', '.join(computed)}, but they were registered in "
            f"the order {', '.join(registered)}, which is taken for that from the input to the "
            "output: assign them in __init__ in the order in which forward uses them"
        )


def _part_named(model, name):
    modules = dict(model.named_modules())
    if name not in modules or not any(True for _ in modules[name].parameters()):
        raise ValueError(
            f"head: no part with parameters is named {name!r}; "
            f"there are {', '.join(name for name in modules if name)}"
        )
    return name, modules[name]


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
