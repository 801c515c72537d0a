"""Which part of a picture an answer rests on: Grad-CAM and occlusion, each a map to lay over it.

Both answer a question about *one* network and *one* picture. They show where the network looked,
not whether it was right to look there: that is for whoever knows the subject to say. A network that
tells wolves from dogs by the snow behind them (Ribeiro et al. 2016) shows bright snow.

Grad-CAM takes one pass and is a guess from slopes; it is good where little follows the last
convolution. Occlusion asks again and again, and shows what happened. Where dense layers follow, as
in the glyph networks, the two agree but loosely: believe occlusion.
"""

import numpy as np

from minitransfer import nn
from minitransfer.autograd import no_grad
from minitransfer.data import DataLoader, Dataset
from minitransfer.nn import Module
from minitransfer.ops.resizing import interpolate
from minitransfer.tensor import Tensor
from minitransfer.train import predict
from minitransfer.transfer.activations import layer_outputs
from minitransfer.transfer.visualization import held_in_evaluation


def grad_cam(
    model: Module,
    x,
    target=None,
    *,
    layer: str | None = None,
    batch_size: int = 32,
    resize: bool = True,
) -> np.ndarray:
    """Say for every picture which places speak for a class (Grad-CAM, Selvaraju et al. 2017).

    The channels of a late layer are features with a place: "fur, there". How much each channel
    counts for the class is the slope of the class's score in it, averaged over all places; the map
    is the sum of the channels with these weights. What speaks against the class is cut off at 0.
    Where an average over all places and one linear layer are all that follows, these weights are
    that layer's, up to the number of places: the class activation map of Zhou et al. (2016).

    Args:
        model: a network with convolutions; it is in evaluation mode meanwhile and keeps its
            gradients and everything else.
        x: pictures (N, channels, height, width), in any form that `Dataset.of` takes.
        target: the output to explain: a number for all, or one for each picture; by default what
            the network answers, its largest output.
        layer: dotted name of the layer with the maps; by default the last one at the size of the
            last convolution's, behind its normalisation and activation.
        batch_size: pictures at a time.
        resize: whether the maps are brought to the size of the pictures (bilinear); otherwise
            they are as coarse as the layer.

    Returns:
        Maps (N, height, width), float32, from 0 on; not scaled, so that they can be compared.

    Raises:
        ValueError: if no layer gives out maps, the layer is unknown, or there is no such output.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        ...                     nn.Flatten(), nn.Linear(4, 2))
        >>> grad_cam(net, np.zeros((5, 1, 8, 8), np.float32)).shape
        (5, 8, 8)
    """
    data = Dataset.of(x, needs_targets=False, network=model)
    targets = None if target is None else np.broadcast_to(np.asarray(target), (len(data),))
    layer = map_layer(model, data) if layer is None else layer
    maps = []
    with held_in_evaluation(model):
        for batch, _ in DataLoader(data, batch_size):
            begin = sum(map(len, maps))
            chosen = None if targets is None else targets[begin : begin + len(batch)]
            maps.append(_weighted_maps(model, batch, chosen, layer))
    maps = np.concatenate(maps)
    return _resized(maps, data.input_shape[-2:]) if resize else maps


def _weighted_maps(model, batch, targets, layer):
    cut = []

    def cut_here(module, inputs, output):
        """Go on from the layer's answer as if it had been given: the walk back ends here."""
        cut.append(Tensor(output.array, requires_grad=True))
        return cut[-1]

    modules = dict(model.named_modules())
    if layer not in modules:
        raise ValueError(
            f"no layer is named {layer!r}; there are {', '.join(n for n in modules if n)}"
        )
    handle = modules[layer].register_forward_hook(cut_here)
    try:
        outputs = model(batch)
    finally:
        handle.remove()
    if not cut or cut[-1].ndim != 4:
        what = f"shape {cut[-1].shape}" if cut else "nothing: it was not called"
        raise ValueError(
            f"layer {layer!r} has to give maps (N, channels, height, width); it gave {what}"
        )
    if targets is None:
        targets = outputs.array.argmax(1)
    _check_targets(targets, outputs.shape)
    answers = outputs[np.arange(len(batch)), targets].sum()
    if answers.requires_grad:
        answers.backward()
    maps, slopes = cut[-1].array, cut[-1].gradient
    if slopes is None:  # no way leads from this layer to the answer
        slopes = np.zeros_like(maps)
    weights = slopes.mean((2, 3), keepdims=True)
    return np.maximum((weights * maps).sum(1), 0)


def occlusion(
    model: Module,
    x,
    target=None,
    *,
    window: int | None = None,
    stride: int | None = None,
    fill: float | None = None,
    batch_size: int = 64,
) -> np.ndarray:
    """Say for every place how much the answer loses when it is covered (Zeiler and Fergus 2014).

    A grey square moves over the picture, and the network is asked anew each time. That takes one
    forward pass for each position, and no derivative: it works for any function of a picture, and
    what it shows is what happened.

    Args:
        model: the network; it is in evaluation mode meanwhile.
        x: pictures (N, channels, height, width), in any form that `Dataset.of` takes.
        target: as for `grad_cam`.
        window: side of the square, in pixels; by default a quarter of the shorter side.
        stride: how far it moves, in pixels; by default half the window.
        fill: what covers; by default the mean of each channel of the picture itself.
        batch_size: pictures at a time.

    Returns:
        Maps (N, height, width), float32: the mean loss of probability over all squares that
        covered the pixel (of the output itself, where the network has a single one). Below 0 where
        covering helped.

    Raises:
        ValueError: if the window is larger than the picture or the stride than the window, or
            there is no such output.

    Example:
        >>> net = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
        >>> occlusion(net, np.zeros((5, 1, 8, 8), np.float32)).shape
        (5, 8, 8)
    """
    data = Dataset.of(x, needs_targets=False, network=model)
    height, width = data.input_shape[-2:]
    window = max(1, min(height, width) // 4) if window is None else window
    stride = max(1, window // 2) if stride is None else stride
    if not 1 <= stride <= window <= min(height, width):
        raise ValueError(
            f"occlusion: the window ({window}) fits into the picture ({height} × {width}) and "
            f"moves by at most its own side; given a stride of {stride}"
        )
    tops, lefts = _places(height, window, stride), _places(width, window, stride)
    targets = None if target is None else np.broadcast_to(np.asarray(target), (len(data),))
    return np.stack(
        [
            _losses(model, data[i : i + 1], targets, i, (tops, lefts, window, fill), batch_size)
            for i in range(len(data))
        ]
    )


def _losses(model, one, targets, i, squares, batch_size):
    tops, lefts, window, fill = squares
    picture = next(iter(DataLoader(one, 1)))[0].array[0]
    outputs = predict(model, picture[None])
    target = outputs.argmax(1) if targets is None else targets[i : i + 1]
    _check_targets(target, outputs.shape)
    cover = picture.mean((1, 2), keepdims=True) if fill is None else np.float32(fill)
    places = [(top, left) for top in tops for left in lefts]
    drops = []
    for begin in range(0, len(places), batch_size):
        some = places[begin : begin + batch_size]
        covered = np.repeat(picture[None], len(some), axis=0)
        for copy, (top, left) in zip(covered, some, strict=True):
            copy[:, top : top + window, left : left + window] = cover
        drops.append(_said(outputs)[0, target] - _said(predict(model, covered))[:, target[0]])
    total, times = np.zeros((2, *picture.shape[1:]), np.float32)
    for drop, (top, left) in zip(np.concatenate(drops), places, strict=True):
        here = np.s_[top : top + window, left : left + window]
        total[here] += drop
        times[here] += 1
    return total / times


def map_layer(model: Module, data) -> str:
    """Return the dotted name of the layer whose maps `grad_cam` takes by default.

    Raises:
        ValueError: if no layer gives out maps of more than one place.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        >>> map_layer(net, np.zeros((1, 1, 8, 8), np.float32))
        '1'
    """
    data = Dataset.of(data, needs_targets=False, network=model)
    one, _ = next(iter(DataLoader(data[:1], 1)))
    names = [name for name, module in model.named_modules() if not module._modules]
    modules = dict(model.named_modules())
    with layer_outputs(model, *names) as outputs, model.in_mode(training=False), no_grad():
        model(one)
        shapes = {name: output.shape for name, output in outputs.items()}  # in order of use
    maps = {name: s[2:] for name, s in shapes.items() if len(s) == 4 and s[2] * s[3] > 1}
    convolutions = [name for name in maps if isinstance(modules[name], nn.Conv2d)]
    if not convolutions:
        raise ValueError(
            f"{type(model).__name__} has no convolution that gives out maps, so Grad-CAM has no "
            "places to speak of; occlusion works for any network of pictures"
        )
    size = maps[convolutions[-1]]
    return [name for name, shape in maps.items() if shape == size][-1]


def _places(side, window, stride):
    """Where the square begins: every `stride` pixels, and at the far edge."""
    return sorted({*range(0, side - window, stride), side - window})


def _said(outputs):
    """Probabilities, or the value itself where there is one output."""
    if outputs.shape[1] == 1:
        return outputs
    powers = np.exp(outputs - outputs.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def _check_targets(targets, shape):
    if len(shape) != 2 or not ((targets >= 0) & (targets < shape[1])).all():
        raise ValueError(
            f"the network gives outputs of shape {tuple(shape)}, and there is no output "
            f"{np.asarray(targets).max()}: give a target from 0 to {shape[-1] - 1}"
        )


def _resized(maps, size):
    with no_grad():
        return interpolate(Tensor(maps[:, None]), size, mode="bilinear").array[:, 0]
