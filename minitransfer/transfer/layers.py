"""What counts as a layer when one speaks of "the first three layers"."""

from typing import NamedTuple

from minitransfer.nn import Module


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
        >>> from minitransfer import nn
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
