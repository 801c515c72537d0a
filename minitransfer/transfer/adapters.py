"""Adapters: small networks put into a large one that is held (Houlsby et al. 2019).

An adapter squeezes what passes through a few numbers and adds the result to what passed. It starts
as "no change". A network carries one for each task, and taken off again it is what it was, bit for
bit. In contrast to a change of low rank (`low_rank`) it cannot be merged: there is a bend in it.

A layer that is given an adapter stays the same object with the same names in files; it only
becomes an `AdaptedLinear` until `remove_adapters` gives it back its own class.
"""

from minitransfer import nn
from minitransfer.nn import Module, Parameter, init
from minitransfer.nn.module import check_module, rebuilt
from minitransfer.transfer.freezing import freeze_all_but
from minitransfer.transfer.heads import find_head


class Adapter(Module):
    """y = x + up(gelu(down(x))): down to a few numbers and up again, and the way round.

    Args:
        width: numbers at each place.
        bottleneck: the few numbers.
        generator: draws the initial weights of the way down; the default one if None. Those of
            the way up start at 0, so that at first y = x.

    Shape:
        (…, width), unchanged.

    Example:
        >>> from minitransfer import ones
        >>> Adapter(4, 2)(ones(3, 4)).tolist()[0]
        [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(self, width, bottleneck, *, generator=None):
        super().__init__()
        self.down = nn.Linear(width, bottleneck, generator=generator)
        self.act = nn.GELU()
        self.up = nn.Linear(bottleneck, width, generator=generator)
        init.zeros_(self.up.weight)
        init.zeros_(self.up.bias)

    def forward(self, x):
        return x + self.up(self.act(self.down(x)))


class AdaptedLinear(nn.Linear):
    """A Linear with an `Adapter` behind it, its attribute `adapter`; made by `add_adapters`."""

    def forward(self, x):
        return self.adapter(super().forward(x))


#: The last Linear of each part of a transformer's layer, where the paper puts an adapter.
PLACES = ("self_attn.out_proj", "multihead_attn.out_proj", "linear2")


def add_adapters(
    model: Module,
    bottleneck: int = 8,
    *,
    layers=None,
    head: str | None = None,
    generator=None,
) -> Module:
    """Hold a network, and put an adapter behind some of its layers; they learn, and the head.

    Args:
        model: the network, with a head that fits the new task.
        bottleneck: numbers in the middle of each adapter.
        layers: dotted names of Linear layers; if None those of `PLACES` where there are any, as
            in the paper, else every Linear but the head. The norms of a transformer, which the
            paper lets learn, stay as they are.
        head: dotted name of the head, see `find_head`; it learns as a whole. ``head=""``: there
            is none.
        generator: draws the initial weights; the default one if None.

    Returns:
        The network itself. At first it computes what it did.

    Raises:
        ValueError: if a layer has an adapter already, or there is no layer to put one behind.

    Example:
        >>> net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> sum(p.numel() for p in add_adapters(net, 2).parameters() if p.requires_grad)
        60
    """
    check_module(model)
    if layers is None:
        layers = [name for name, _ in model.named_modules() if name.endswith(PLACES)] or None
    chosen, in_head = chosen_layers("add_adapters", model, layers, head, {nn.Linear: None})
    new = set()
    for layer in chosen:
        adapter = Adapter(layer.out_features, bottleneck, generator=generator)
        adapter.to(layer.weight.dtype)
        layer.__class__ = AdaptedLinear
        attach(layer, "adapter", adapter.train(layer._training))
        new.update(id(p) for p in adapter.parameters())
    return freeze_all_but(model, lambda name, p: id(p) in in_head or id(p) in new)


def remove_adapters(model: Module) -> Module:
    """Take off all adapters and changes of low rank: the body is what it was, bit for bit.

    What was frozen stays so until `unfreeze`; the head keeps what it has learnt.

    Returns:
        The network itself.

    Example:
        >>> net = add_adapters(nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)), 2)
        >>> type(net[0]).__name__, type(remove_adapters(net)[0]).__name__
        ('AdaptedLinear', 'Linear')
    """
    check_module(model)
    for layer in model.modules():
        detach(layer, ("adapter", "lora_"))
    return model


# What adapters and changes of low rank share


def chosen_layers(function, model, layers, head, kinds):
    """Return the layers to change, and the ids of the head's parameters.

    Args:
        function: its name, for errors.
        model, layers, head: see `add_adapters`.
        kinds: the classes of layers that can be changed.

    Raises:
        ValueError: if a name is none of such a layer's, or there is no layer.
    """
    in_head = set()
    if head != "":
        in_head = {id(p) for p in find_head(model, head=head)[1].parameters()}
    modules = dict(model.named_modules())
    if layers is None:
        layers = [
            name
            for name, module in modules.items()
            if type(module) in kinds and not in_head & {id(p) for p in module.parameters()}
        ]
    names = " or ".join(kind.__name__ for kind in kinds)
    for name in layers:
        if type(modules.get(name)) not in kinds:
            found = f"is {modules[name].label()}" if name in modules else "is missing"
            raise ValueError(f"{function}: {name!r} {found}; expected the name of a {names}")
    if not layers:
        raise ValueError(f"{function}: there is no {names} beside the head")
    return [modules[name] for name in layers], in_head


def attach(layer: Module, name: str, part) -> None:
    """Attach a parameter or module to a layer deep in a network, which names go on counting from.

    Setting the attribute would name everything from that layer.
    """
    rebuilt()
    kind = layer._parameters if isinstance(part, Parameter) else layer._modules
    kind[name] = layer.__dict__[name] = part
    place = f"{layer.name}.{name}" if layer.name else name
    if isinstance(part, Parameter):
        part.name = place
        return
    for below, module in part.named_modules(prefix=place):
        object.__setattr__(module, "name", below)
    for below, parameter in part.named_parameters(prefix=place):
        parameter.name = below


def detach(layer: Module, prefix) -> None:
    """Take away what begins with `prefix`, and give the layer back the class that it had."""
    for name in [n for n in layer.__dict__ if n.startswith(prefix)]:
        rebuilt()
        for registry in (layer._parameters, layer._modules, layer.__dict__.get("_held", {})):
            registry.pop(name, None)
        del layer.__dict__[name]
        if type(layer) not in (nn.Linear, nn.MultiheadAttention):
            layer.__class__ = type(layer).__base__
