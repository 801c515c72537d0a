"""Parameter groups: small steps for what is borrowed, large ones for what is new."""

import numbers

from minitransfer.nn import Module
from minitransfer.transfer.heads import find_head, weight_layers


def parameter_groups(
    model: Module,
    lr: float,
    head_lr: float | None = None,
    decay: float | None = None,
    *,
    head: str | None = None,
    **options,
) -> list[dict]:
    """Return groups for an optimiser, with a learning rate of its own for head and body.

    Frozen parameters are left out: make the groups after freezing, and anew after unfreezing (or
    make them of the whole network before anything is frozen; an optimiser passes over what is).

    Args:
        model: the network.
        lr: learning rate of the body; of everything, if nothing else is given.
        head_lr: learning rate of the head; `lr` if None.
        decay: if given, the body's rate shrinks with depth: the k-th layer below the head gets
            ``lr · decay^k``. Howard and Ruder (2018) divide by 2.6 from layer to layer, which is
            a decay of 0.385. What counts as a layer, `weight_layers` says.
        head: dotted name of the head, a layer or a container of several; see `find_head`.
        **options: further options for every group, as ``weight_decay=1e-4``.

    Returns:
        One dictionary for each rate, from the input to the head, with "params", "names", "lr" and
        the options: what every optimiser here takes in the place of ``model.parameters()``.

    Raises:
        ValueError: if nothing is left to train, or a rate or the decay makes no sense.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 2))
        >>> for group in parameter_groups(net, lr=0.1, decay=0.5):
        ...     print(group["lr"], group["names"])
        0.025 ['0.weight', '0.bias']
        0.05 ['1.weight', '1.bias']
        0.1 ['2.weight', '2.bias']
    """
    head_lr = lr if head_lr is None else head_lr
    _check_rates(lr, head_lr, decay)
    one_rate = head is None and decay is None and head_lr == lr
    in_head = set() if one_rate else parameters_of_head(model, head)
    layers = weight_layers(model)
    bodies = [layer for layer in layers if not _belongs(layer, in_head)]
    groups: dict[float, dict] = {}
    seen = set()
    for layer in layers:
        above = len(bodies) - bodies.index(layer) if layer in bodies else 0
        body_rate = lr if decay is None else lr * decay**above
        for _, module in layer.modules:
            for parameter in module._parameters.values():
                if id(parameter) in seen or not parameter.requires_grad:
                    continue
                seen.add(id(parameter))
                rate = head_lr if id(parameter) in in_head else body_rate
                group = groups.setdefault(rate, {"params": [], "names": [], "lr": rate, **options})
                group["params"].append(parameter)
                group["names"].append(parameter.name)
    if not groups:
        raise ValueError(
            "parameter_groups: every parameter is frozen, nothing is left to train; "
            "put a fresh head on (replace_head) or unfreeze a part"
        )
    return list(groups.values())


def parameters_of_head(model: Module, head: str | None = None) -> set[int]:
    """Return the ids of the head's parameters; see `find_head`.

    Raises:
        ValueError: if there is no such part, or it cannot be told which part is the head.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))
        >>> parameters_of_head(net) == {id(net[1].weight), id(net[1].bias)}
        True
    """
    return {id(p) for p in find_head(model, head=head)[1].parameters()}


def _belongs(layer, in_head) -> bool:
    return any(id(p) in in_head for _, m in layer.modules for p in m._parameters.values())


def _check_rates(lr, head_lr, decay) -> None:
    for name, rate in (("lr", lr), ("head_lr", head_lr)):
        if not isinstance(rate, numbers.Real):
            raise TypeError(f"parameter_groups: {name} is a number; given {rate!r}")
        if not rate > 0:
            raise ValueError(
                f"parameter_groups: {name} is above 0, given {rate}; to hold a part, freeze it"
            )
    if decay is not None and not 0 < decay <= 1:
        raise ValueError(f"parameter_groups: decay is above 0 and at most 1; given {decay}")
