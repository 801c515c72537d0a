"""Feature visualisation: what a unit answers to most, drawn or found (article C's pictures).

Activation maximisation draws it: Erhan et al. (2009) climb the gradient to the input that a unit
likes best. What comes out shows what the unit computes, but is like nothing in the data; so look
also at the patches of real images that it answers to most (Zeiler and Fergus 2014).
"""

import contextlib

import numpy as np

from minitransfer import nn
from minitransfer.data import DataLoader, Dataset
from minitransfer.nn import Module
from minitransfer.nn.layers import pair
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor
from minitransfer.transfer.activations import activations, layer_outputs, output_of
from minitransfer.transfer.heads import sequential_layers

#: How often to begin anew where a unit does not answer at all.
TRIES = 10


def maximize_activation(
    model: Module,
    layer: str,
    unit: int | tuple[int, ...],
    *,
    shape: tuple[int, ...] | None = None,
    steps: int = 200,
    lr: float = 0.05,
    decay: float = 0.01,
    smooth: int = 1,
    low: float = 0.0,
    high: float = 1.0,
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """Draw what a unit answers to: change an input, step by step, so that it answers more.

    Every step goes along the gradient, scaled to a mean size of `lr` per number. The network is
    in evaluation mode meanwhile and keeps its gradients and everything else.

    Args:
        model: the network.
        layer: dotted name of the unit's layer; take the one before the ReLU, which is silent for
            half of all inputs.
        unit: a number: that feature, or the mean over that channel's map; a tuple (channel, row,
            column): one place of the map, which draws what the unit sees there.
        shape: shape of one input; the network's `input_shape` if None.
        steps: how many.
        lr: mean change of a number in each step.
        decay: share by which each step draws the input to `low`, so that what does not matter
            fades (Yosinski et al. 2015).
        smooth: how often the gradient of an image is blurred over neighbouring pixels; without,
            the result is mostly noise.
        low, high: range of the numbers.
        generator: draws the input to start from; the default one if None.

    Returns:
        An array of that shape, float32.

    Raises:
        ValueError: if the layer is unknown, the unit lies outside it, the shape is not known, or
            the unit never answers.

    Example:
        >>> net = nn.Sequential(nn.Linear(3, 1))
        >>> _ = net.load_state_dict({"0.weight": [[1.0, -1.0, 0.0]], "0.bias": [0.0]})
        >>> maximize_activation(net, "0", 0, shape=(3,), decay=0).round(2)[:2].tolist()
        [1.0, 0.0]
    """
    shape = shape or model.input_shape
    if shape is None:
        raise ValueError(
            "maximize_activation: the network does not say its input_shape; give shape="
        )
    generator = generator or default_generator()
    with layer_outputs(model, layer) as outputs, held_in_evaluation(model):

        def slope(x):
            x = Tensor(x[None], requires_grad=True)
            model(x)
            _answer(output_of(outputs, layer), unit, layer).backward()
            return _blurred(x.gradient[0], smooth)

        for _ in range(TRIES):
            x = generator.uniform(low, low + 0.2 * (high - low), shape).astype(np.float32)
            if slope(x).any():
                break
        else:
            raise ValueError(
                f"unit {unit} of layer {layer!r} answers to none of {TRIES} random inputs; take "
                "the layer before its ReLU, or another unit"
            )
        for _ in range(steps):
            gradient = slope(x)
            size = np.abs(gradient).mean()
            if size > 0:
                x = x + np.float32(lr) * gradient / size
            x = np.clip(x + np.float32(decay) * (np.float32(low) - x), low, high)
    return x.astype(np.float32)


def top_patches(
    model: Module, layer: str, unit: int, images, count: int = 9
) -> tuple[np.ndarray, np.ndarray]:
    """Find the patches of real images that a unit answers to most, at most one from each image.

    Args:
        model: the network.
        layer: dotted name of the unit's layer.
        unit: feature or channel.
        images: (N, channels, height, width), in any form that `Dataset.of` takes.
        count: how many patches.

    Returns:
        The patches, (count, channels, h, w) in float32, strongest first: as much of the image as
        the unit sees (`receptive_field`), 0 beyond the border; and the unit's answers.

    Raises:
        ValueError: if the layer is unknown, the unit lies outside it, or there are fewer images.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1))
        >>> patches, answers = top_patches(net, "0", 1, np.eye(8)[None, None].repeat(5, 0), 4)
        >>> patches.shape, answers.shape
        ((4, 1, 3, 3), (4,))
    """
    images = Dataset.of(images, needs_targets=False, network=model)
    if not 1 <= count <= len(images):
        raise ValueError(f"top_patches: {count} patches of {len(images)} images; ask for fewer")
    answers = activations(model, images, layer)[layer]
    if not 0 <= unit < answers.shape[1]:
        raise ValueError(f"layer {layer!r} has units 0 to {answers.shape[1] - 1}; given {unit}")
    maps = answers[:, unit].reshape(len(answers), -1)
    chosen = np.argsort(-maps.max(1), kind="stable")[:count]
    pictures, _ = next(iter(DataLoader(images[chosen], count)))
    field = receptive_field(model, layer)
    if field is None or answers.ndim != 4:
        return pictures.array, maps[chosen].max(1)
    size, start, step = (np.array(both) for both in field)
    places = np.stack(np.unravel_index(maps[chosen].argmax(1), answers.shape[2:]), axis=1)
    corners = start + places * step
    patches = [_cut(p, corner, size) for p, corner in zip(pictures.array, corners, strict=True)]
    return np.stack(patches), maps[chosen].max(1)


def receptive_field(model: Module, layer: str) -> tuple | None:
    """Return how much of the image one place in a layer's map sees.

    Args:
        model: a network of Sequentials.
        layer: dotted name of a layer in it.

    Returns:
        Three pairs for rows and columns: size, start and step, in pixels: place i sees the rows
        ``start + i·step`` to ``start + i·step + size − 1``. None if it sees the whole image, or
        if the way to it goes through a module of another kind.

    Raises:
        ValueError: if there is no such layer.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3))
        >>> receptive_field(net, "2")
        ((8, 8), (-1, -1), (2, 2))
    """
    if layer not in dict(model.named_modules()):
        raise ValueError(f"receptive_field: no layer is named {layer!r}")
    size, start, step = np.ones(2, int), np.zeros(2, int), np.ones(2, int)
    for name, module in sequential_layers(model):
        if isinstance(module, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
            kernel, stride = np.array(pair(module.kernel_size)), module.stride
            spread = (kernel - 1) * np.array(pair(getattr(module, "dilation", 1)))
            size = size + spread * step
            start = start - _padding(module, spread) * step
            step = step * np.array(pair(stride))
        elif not module.pointwise:
            return None
        if name == layer:
            return tuple(tuple(both.tolist()) for both in (size, start, step))
    return None


def _padding(layer, spread):
    if layer.padding == "same":
        return spread // 2
    return np.zeros(2, int) if layer.padding == "valid" else np.array(pair(layer.padding))


def _cut(picture, corner, size):
    """Cut a patch out of (channels, height, width); 0 beyond the border."""
    patch = np.zeros((len(picture), *size), picture.dtype)
    edges = np.array(picture.shape[1:])
    (top, left), (bottom, right) = np.maximum(corner, 0), np.minimum(corner + size, edges)
    inside = picture[:, top:bottom, left:right]
    dy, dx = (top, left) - corner
    patch[:, dy : dy + inside.shape[1], dx : dx + inside.shape[2]] = inside
    return patch


def _answer(output, unit, layer):
    """The one number that a unit says: its feature, its place, or the mean of its map."""
    place = unit if isinstance(unit, tuple) else (unit,)
    inside = len(place) < output.ndim and all(
        0 <= i < n for i, n in zip(place, output.shape[1:], strict=False)
    )
    if not inside:
        raise ValueError(
            f"layer {layer!r} has units of shape {tuple(output.shape[1:])}; there is no {unit}"
        )
    return output[(0, *place)].mean()


def _blurred(image, times):
    """Blur (…, height, width) with weights ¼ ½ ¼ along both axes; leave other inputs alone."""
    for axis in (-2, -1) * times if image.ndim >= 3 else ():
        widths = [(0, 0)] * image.ndim
        widths[axis] = (1, 1)
        padded = np.moveaxis(np.pad(image, widths, mode="edge"), axis, -1)
        blurred = padded[..., :-2] / 4 + padded[..., 1:-1] / 2 + padded[..., 2:] / 4
        image = np.moveaxis(blurred, -1, axis)
    return image


@contextlib.contextmanager
def held_in_evaluation(model):
    """Evaluation mode, and no gradients for parameters, while the context lasts.

    Example:
        >>> net = nn.Linear(2, 1)
        >>> with held_in_evaluation(net):
        ...     net.training, net.weight.requires_grad
        (False, False)
        >>> net.training, net.weight.requires_grad
        (True, True)
    """
    learning = [p for p in model.parameters() if p.requires_grad]
    with model.in_mode(training=False):
        try:
            for parameter in learning:
                parameter.requires_grad_(False)
            yield
        finally:
            for parameter in learning:
                parameter.requires_grad_(True)
