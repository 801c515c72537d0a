"""What comes out of the layers inside a network."""

import contextlib

import numpy as np

from minitransfer.autograd import no_grad
from minitransfer.data import DataLoader, Dataset
from minitransfer.nn import Module
from minitransfer.tensor import Tensor


def activations(model: Module, x, *layers: str, batch_size: int = 500) -> dict[str, np.ndarray]:
    """Return the outputs of some layers for every example, in evaluation mode.

    All of it is held in memory: 1,000 images through a convolution that gives 16 × 28 × 28
    numbers take 50 megabytes.

    Args:
        model: the network.
        x: inputs (N, …), in any form that `Dataset.of` takes.
        *layers: dotted names, as ``named_modules()`` gives them; all innermost layers if none.
        batch_size: examples at a time.

    Returns:
        Name → array (N, …), in the order of the names. Of a layer that is used several times in
        one pass, the last output.

    Raises:
        ValueError: if a name is unknown, or a layer takes no part in the computation.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> {name: a.shape for name, a in activations(net, np.zeros((5, 4)), "0", "2").items()}
        {'0': (5, 8), '2': (5, 3)}
    """
    if not layers:
        layers = [name for name, module in model.named_modules() if not module._modules]
    found = {name: [] for name in layers}
    data = Dataset.of(x, needs_targets=False, network=model)
    with layer_outputs(model, *layers) as outputs, model.in_mode(training=False), no_grad():
        for batch, _ in DataLoader(data, batch_size):
            outputs.clear()
            model(batch)
            for name in found:
                found[name].append(output_of(outputs, name).array)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def by_place(answers, grid: int = 3) -> np.ndarray:
    """Summarise what a layer gave out by the largest answer of each unit in each part of the image.

    Layers see the image at many places or at few, and a layer with more places offers more
    numbers to whoever reads it. To compare layers, give each the same places.

    Args:
        answers: (N, units, height, width), for instance from `activations`. Answers (N, units),
            of a layer that has no places, are returned as they are.
        grid: how many parts the height is cut into, and the width; 1 keeps no places.

    Returns:
        (N, units · grid · grid), units first.

    Raises:
        ValueError: if the answers have another number of axes, or fewer places than parts.

    Example:
        >>> answers = np.arange(16.0).reshape(1, 1, 4, 4)
        >>> by_place(answers, 2).tolist(), by_place(answers, 1).tolist()
        ([[5.0, 7.0, 13.0, 15.0]], [[15.0]])
    """
    answers = np.asarray(answers)
    if answers.ndim == 2:
        return answers
    if answers.ndim != 4 or not 1 <= grid <= min(answers.shape[2:]):
        raise ValueError(
            f"by_place takes answers (N, units, height, width) with {grid} places or more along "
            f"either side, and a grid of 1 or more; given shape {answers.shape}"
        )
    for axis in (2, 3):
        cells = np.array_split(np.arange(answers.shape[axis]), grid)
        parts = [answers.take(cell, axis).max(axis) for cell in cells]
        answers = np.stack(parts, axis)
    return answers.reshape(len(answers), -1)


@contextlib.contextmanager
def layer_outputs(model: Module, *layers: str):
    """Note what the named layers give out while the context lasts.

    Yields:
        A dictionary name → last output, a tensor, recorded if recording is on. It fills as the
        network runs.

    Raises:
        ValueError: if a name is unknown.

    Example:
        >>> from minitransfer import nn, zeros
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
        >>> with layer_outputs(net, "0") as outputs:
        ...     _ = net(zeros(1, 4))
        >>> outputs["0"].shape
        (1, 8)
    """
    modules = dict(model.named_modules())
    unknown = [name for name in layers if name not in modules]
    if unknown:
        raise ValueError(
            f"no layer is named {unknown[0]!r}; there are {', '.join(n for n in modules if n)}"
        )
    outputs: dict[str, Tensor] = {}

    def note_as(name):
        return lambda module, inputs, output: outputs.update({name: output})

    handles = [modules[name].register_forward_hook(note_as(name)) for name in layers]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def output_of(outputs: dict[str, Tensor], layer: str) -> Tensor:
    """Return what a watched layer gave out.

    Raises:
        ValueError: if the network did not call it.

    Example:
        >>> output_of({"0": Tensor([1.0])}, "0").item()
        1.0
    """
    if layer not in outputs:
        raise ValueError(
            f"layer {layer!r} was not called when the network ran; name the layer itself, not a "
            "list that holds it"
        )
    return outputs[layer]
