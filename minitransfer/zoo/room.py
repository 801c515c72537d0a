"""How much room the answers of a network take, told from its layers before anything is computed.

A file of a few hundred letters can describe a layer that makes a picture a million times as large,
or surrounds it with a million rows of zeros. Whoever asks such a network would be out of memory.
"""

import math

from minitransfer import nn
from minitransfer.ops.images import pair
from minitransfer.zoo.efficientnet import SameConv2d

#: Numbers in the largest array that one example may become on its way through a network. A
#: photograph of 224 × 224 becomes 1.2 million in EfficientNet-Lite0.
LARGEST = 2**24

#: The side of pictures where a card leaves it open.
OPEN = 224


def check_room(network: nn.Module, shape, source) -> None:
    """Refuse a network in which one example becomes an array of more than `LARGEST` numbers.

    Only what a file can describe is looked at (see `description`); other layers are taken to leave
    the shape as it is.

    Args:
        network: the network.
        shape: of one example; None in it stands for `OPEN`.
        source: the file, for the error.

    Raises:
        ValueError: if there is such an array; says how large it would be.

    Example:
        >>> check_room(nn.Sequential(nn.Upsample(scale_factor=1000)), (3, 28, 28), "here")
        Traceback (most recent call last):
            ...
        ValueError: here: one example of shape (3, 28, 28) would become an array of 2.4e+09 numbers
        on its way through the network; up to 16,777,216 are computed with
    """
    shape = tuple(OPEN if n is None else n for n in shape)
    _, most = _through(network, shape, math.prod(shape))
    if most > LARGEST:
        raise ValueError(
            f"{source}: one example of shape {shape} would become an array of {most:.2g} numbers "
            f"on its way through the network; up to {LARGEST:,} are computed with"
        )


def _through(layer, shape, most):
    """The shape behind a layer, and the most numbers that were met so far."""
    if isinstance(layer, nn.Residual):
        _, most = _through(layer.shortcut, shape, most)
        return _through(layer.body, shape, most)
    if isinstance(layer, nn.Sequential):
        for part in layer:
            shape, most = _through(part, shape, most)
        return shape, most
    if isinstance(layer, nn.Linear):
        shape = (*shape[:-1], layer.out_features)
    elif isinstance(layer, nn.Embedding):
        shape = (*shape, layer.embedding_dim)
    elif isinstance(layer, nn.Flatten):
        shape = _flat(layer, shape)
    elif len(shape) == 3:
        shape, padded = _picture(layer, shape)
        most = max(most, padded)
    return shape, max(most, math.prod(shape))


def _flat(layer, shape):
    whole = (1, *shape)  # with the axis of the examples, which the layer counts
    first, last = (n % len(whole) for n in (layer.start_dim, layer.end_dim))
    return (*whole[:first], math.prod(whole[first : last + 1]), *whole[last + 1 :])[1:]


def _picture(layer, shape):
    """The shape behind a layer for pictures, and the numbers in one with zeros around it."""
    channels, *sides = shape
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        return (channels, 1, 1), 0
    if isinstance(layer, nn.Upsample):
        if layer.size is not None:
            return (channels, *pair(layer.size)), 0
        scales = layer.scale_factor
        scales = scales if isinstance(scales, (tuple, list)) else (scales, scales)
        return (channels, *(int(n * s) for n, s in zip(sides, scales, strict=True))), 0
    if not isinstance(layer, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
        return shape, 0
    windows = layer.kernel_size
    if isinstance(layer, nn.Conv2d):
        spread = pair(layer.dilation)
        windows = [d * (k - 1) + 1 for d, k in zip(spread, windows, strict=True)]
    if isinstance(layer, SameConv2d) or layer.padding == "same":
        zeros = [window - 1 for window in windows]
    elif layer.padding == "valid":
        zeros = [0, 0]
    else:
        zeros = [2 * n for n in pair(layer.padding)]
    wide = [side + zero for side, zero in zip(sides, zeros, strict=True)]
    steps = zip(wide, windows, pair(layer.stride), strict=True)
    behind = [max((side - window) // step + 1, 0) for side, window, step in steps]
    return (getattr(layer, "out_channels", channels), *behind), channels * math.prod(wide)
