"""Freeze and unfreeze: hold what was learnt, bit for bit, while something else learns.

In most libraries "frozen" is a habit (switch off the gradients, remember to switch batch norm to
evaluation after every ``train()``, keep the weight decay away). Here it is one lasting state of a
module. While it lasts

* its parameters get no gradient, so no optimiser moves or decays them, no momentum carries them
  on, and they do not count when gradients are clipped by their common norm;
* it stays in evaluation mode, whatever ``train()`` its parent calls: batch norm keeps to its
  running statistics and leaves them alone, dropout passes everything through;
* gradients still flow *through* it to trainable layers before it;
* what an optimiser remembers of it waits, and is there again after `unfreeze`.

Nothing else undoes it: ``requires_grad_(True)`` on a frozen module or parameter is refused, so that
what a module says of itself and what its parameters do are never two things.
"""

from minitransfer import nn
from minitransfer.nn import Module
from minitransfer.nn.module import FrozenParameter
from minitransfer.not_covered import what_was_given
from minitransfer.transfer.heads import find_head, weight_layers


def freeze(module: Module, bn_mode: str = "eval") -> Module:
    """Freeze a module and everything in it; freezing twice is freezing once.

    A parameter that two modules share is frozen with either of them, and comes back with the one
    that was frozen first. Layers that are attached
    later, a new head for instance, are not frozen.

    Args:
        module: what to freeze: a layer, a body, a whole network.
        bn_mode: "eval" holds batch norm too. "train" reproduces, on purpose, the trap that most
            libraries leave open: weights are held, but batch norm goes on using and tracking the
            statistics of every batch in training mode, so the "frozen" network changes.

    Returns:
        The module itself.

    Raises:
        TypeError: if it is not a module (to freeze one parameter, freeze the layer that holds it).
        ValueError: if `bn_mode` is unknown.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5), nn.Linear(3, 1))
        >>> body = freeze(net[:2])
        >>> net.train()[1].training, net[2].training
        (False, True)
        >>> [name for name, p in net.named_parameters() if p.requires_grad]
        ['2.weight', '2.bias']
    """
    _check_module("freeze", module)
    if bn_mode not in ("eval", "train"):
        raise ValueError(f"freeze: bn_mode is 'eval' or 'train'; given {bn_mode!r}")
    _hold(module.modules())
    for part in module.modules():
        part.__dict__["_frozen"] = not (
            bn_mode == "train" and isinstance(part, nn.normalization.BATCH_NORMS)
        )
    return module


def unfreeze(module: Module) -> Module:
    """Undo `freeze`, for a module and everything in it.

    Each parameter asks for gradients again if it did before it was frozen, and each module
    returns to the mode (training or evaluation) that was asked for last. A part of a frozen
    module may be unfrozen by itself.

    Returns:
        The module itself.

    Raises:
        TypeError: if it is not a module.

    Example:
        >>> net = freeze(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)))
        >>> head = unfreeze(net[1])
        >>> [name for name, p in net.named_parameters() if p.requires_grad]
        ['1.weight', '1.bias']
    """
    _check_module("unfreeze", module)
    for part in module.modules():
        for name, (kind, learns) in part.__dict__.pop("_held", {}).items():
            parameter = part._parameters.get(name)
            if parameter is not None and parameter.frozen:  # not another, put there since
                parameter.__class__ = kind
                parameter.requires_grad_(learns)
        part.__dict__["_frozen"] = False
    return module


def freeze_to(model: Module, boundary: int | str) -> Module:
    """Freeze the first layers of a network, up to and including `boundary`; unfreeze the others.

    Everything that is registered before the boundary is frozen, whether it has parameters or not.
    Behind it everything learns, also what was frozen before the call: the result depends on the
    boundary alone.

    Args:
        model: the network.
        boundary: how many layers with weights to freeze, from 0 for none (`weight_layers` says
            what counts; activations, pooling and dropout that follow the last of them are not
            frozen); or the dotted name of the last module to freeze, as ``named_modules()``
            gives it.

    Returns:
        The network itself.

    Raises:
        ValueError: if there are fewer layers, or no module has that name.
        TypeError: if the boundary is neither a number nor a name.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3), nn.Linear(3, 1))
        >>> [module.frozen for module in freeze_to(net, 2)]
        [True, True, True, False]
        >>> [module.frozen for module in freeze_to(net, "1")]
        [True, True, False, False]
    """
    _check_module("freeze_to", model)
    order = list(model.named_modules())
    last = _last_module(model, [name for name, _ in order], boundary)
    unfreeze(model)
    before = [module for _, module in order[: last + 1]]
    _hold(before)
    inside = {id(module) for module in before}
    for module in before:  # a container counts as frozen only if all that it holds is
        module.__dict__["_frozen"] = all(id(part) in inside for part in module.modules())
    return model


def freeze_all_but(model: Module, learns) -> Module:
    """Freeze single parameters: all of a network's but those that `learns` picks.

    What was frozen before the call is unfrozen first. A module stays in evaluation mode if it has
    parameters and all of them are held: a batch norm that does not learn keeps its statistics.
    Dropout, which has none, goes on in training, and what holds it does not count as frozen.

    Args:
        model: the network.
        learns: function of a parameter's dotted name and the parameter; True lets it learn.

    Returns:
        The network itself.

    Raises:
        TypeError: if it is not a module.
        ValueError: if no parameter would learn.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
        >>> net = freeze_all_but(net, lambda name, parameter: name.startswith("1"))
        >>> [module.frozen for module in net]
        [True, False]
    """
    _check_module("freeze_all_but", model)
    chosen = {id(p) for name, p in model.named_parameters() if learns(name, p)}
    if not chosen:
        names = ", ".join(name for name, _ in model.named_parameters())
        raise ValueError(f"freeze_all_but: no parameter would learn; there are {names}")
    unfreeze(model)
    _hold(model.modules(), chosen)
    for part in model.modules():
        own = list(part.parameters())
        part.__dict__["_frozen"] = bool(own) and all(p.frozen for p in own)
    return model


def bias_only(model: Module, head: str | None = None) -> Module:
    """Freeze all but the biases and the head (BitFit; Ben Zaken, Goldberg and Ravfogel 2022).

    A thousandth of the numbers learns, or less: which features count for how much, while what the
    features are stays. Norms let their shift learn (their parameter is called bias, too); a batch
    norm that does so uses and tracks the statistics of its batches.

    Args:
        model: the network, with a head that fits the new task.
        head: dotted name of the head, see `find_head`.

    Returns:
        The network itself; `unfreeze` undoes it.

    Raises:
        ValueError: if it cannot be told which layer is the head.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        >>> [name for name, p in bias_only(net).named_parameters() if p.requires_grad]
        ['0.bias', '2.weight', '2.bias']
    """
    _check_module("bias_only", model)
    in_head = {id(p) for p in find_head(model, head=head)[1].parameters()}
    return freeze_all_but(
        model, lambda name, p: id(p) in in_head or name.rpartition(".")[2].endswith("bias")
    )


def _hold(parts, but=()) -> None:
    """Stop the gradients of the parameters of `parts`, and note what they were before.

    Those whose ids stand in `but` are left alone.
    """
    for part in parts:
        held = part.__dict__.setdefault("_held", {})
        for name, parameter in part._parameters.items():
            if parameter is None or id(parameter) in but:
                continue
            if not parameter.frozen:
                held[name] = type(parameter), parameter.requires_grad
                parameter.__class__ = FrozenParameter.of_kind(type(parameter))
            parameter.gradient = None


def _last_module(model, names, boundary) -> int:
    """Return the place, in the order of registration, of the last module to freeze."""
    if isinstance(boundary, str):
        if boundary not in names:
            raise ValueError(
                f"freeze_to: no module is named {boundary!r}; there are {', '.join(names[1:])}"
            )
        below = [i for i, name in enumerate(names) if name.startswith(f"{boundary}.")]
        return max([names.index(boundary), *below])
    if isinstance(boundary, bool) or not isinstance(boundary, int):
        raise TypeError(
            f"freeze_to: the boundary is a number of layers or a name; given {boundary!r}"
        )
    layers = weight_layers(model)
    if not 0 <= boundary <= len(layers):
        raise ValueError(
            f"freeze_to: there are {len(layers)} layers with weights "
            f"({', '.join(layer.name for layer in layers)}); given {boundary}"
        )
    if boundary == 0:
        return -1
    return names.index(layers[boundary - 1].modules[-1][0])


def _check_module(function, module) -> None:
    if not isinstance(module, Module):
        raise TypeError(
            f"{function} takes a module (a layer, a body, a network); given "
            f"{what_was_given(module)}"
        )
