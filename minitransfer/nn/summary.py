"""A table of a network: its layers, the shapes that pass through, what of it will learn, and how
many multiplications that takes."""

import numpy as np

from minitransfer.autograd import no_grad
from minitransfer.nn.attention import MultiheadAttention
from minitransfer.nn.layers import Conv2d, Embedding, Linear
from minitransfer.nn.module import Module
from minitransfer.nn.recurrent import GRU, LSTM, RNN
from minitransfer.nn.windows import Conv1d, ConvTranspose1d, ConvTranspose2d
from minitransfer.tensor import Tensor

#: Layers whose multiplications count, beside which those of others are little.
COUNTED = (
    *(Linear, Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d),
    *(MultiheadAttention, RNN, GRU, LSTM),
)


def summary(model: Module, input_shape: tuple | None = None) -> str:
    """Return a table of the layers with their output shapes and parameter counts.

    Args:
        model: the network.
        input_shape: shape of one example, without the batch axis; None leaves the shapes out.

    Returns:
        Lines of text: one per layer that is innermost or has parameters of its own, then the
        counts: all, trainable, frozen.

    Example:
        >>> from minitransfer import nn
        >>> print(summary(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), (4,)))
        layer        output    parameters
        0  Linear    (8,)              40
        1  ReLU      (8,)               0
        2  Linear    (2,)              18
        58 parameters: 58 trainable, 0 frozen
    """
    leaves = [(name, m) for name, m in model.named_modules() if not m._modules or m._parameters]
    shapes = _noted(model, leaves, input_shape, _shape) if input_shape is not None else {}
    width = max([len(name) for name, _ in leaves], default=0)
    rows = [("layer", "output" if shapes else "", "parameters")]
    for name, module in leaves:
        own = module._parameters.values()
        count = sum(p.array.size for p in own)
        frozen = count and not any(p.requires_grad for p in own)
        kind = type(module).__name__ + (" (frozen)" if frozen else "")
        title = f"{name:<{width}}  {kind}" if width else kind
        rows.append((title, str(shapes.get(name, "")), f"{count:,}"))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [
        f"{title:<{widths[0]}}    {shape:<{widths[1]}}    {count:>{widths[2]}}"
        for title, shape, count in rows
    ]
    total = sum(p.array.size for p in model.parameters())
    trainable = sum(p.array.size for p in model.parameters() if p.requires_grad)
    lines.append(f"{total:,} parameters: {trainable:,} trainable, {total - trainable:,} frozen")
    return "\n".join(lines)


def multiplications(model: Module, input_shape: tuple, training: bool = False) -> int:
    """Count the multiplications that one example costs.

    A convolution uses each of its weights once at every place of its output, a linear and a
    recurrent layer once for each of its inputs; attention multiplies each of its places with
    each other one twice, too. What other layers multiply is little beside that and not counted.
    The way back costs as much again for the gradient of the weights, where they learn, and as much
    again for the gradient of the layer's input, where something before it learns.

    Args:
        model: the network.
        input_shape: shape of one example, without the batch axis.
        training: whether to count a step of training, forwards and back, and not only the way
            forwards. What is frozen costs less.

    Returns:
        The number, for a batch of one.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> multiplications(net, (4,)), multiplications(net, (4,), training=True)
        (48, 112)
    """
    leaves = [(name, m) for name, m in model.named_modules() if isinstance(m, COUNTED)]
    counts = _noted(model, leaves, input_shape, _places)
    total, learns_before = 0, False
    for name, module in leaves:
        places, pairs = counts[name]
        own = [p for p in module._parameters.values() if p is not None]
        weights = [p for p in own if p.ndim > 1]
        learns = any(p.requires_grad for p in own)
        for weight in weights:
            passes = 1 + (weight.requires_grad + learns_before if training else 0)
            total += places * weight.array.size * passes
        # What attention multiplies are numbers that both depend on what came before.
        total += pairs * (1 + 2 * (learns or learns_before) if training else 1)
        learns_before = learns_before or learns
    return total


def _places(module, inputs, output) -> tuple[int, int]:
    """How often a layer uses each of its weights, and what it multiplies without weights."""
    if isinstance(module, MultiheadAttention):
        length, width = output[0].numel() // module.embed_dim, module.embed_dim
        return length, 2 * length * (inputs[1].numel() // module.kdim) * width
    if isinstance(module, (RNN, GRU, LSTM)):
        return inputs[0].numel() // module.input_size, 0
    if isinstance(module, (ConvTranspose1d, ConvTranspose2d)):
        return inputs[0].numel() // module.in_channels, 0
    return output.numel() // module.weight.shape[0], 0


def _shape(module, inputs, output) -> tuple:
    """The shape of one example of what comes out of a layer; of its first result if of several."""
    return (output[0] if isinstance(output, tuple) else output).shape[1:]


def _noted(model, leaves, input_shape, note) -> dict:
    """Run one example of zeros through the model and note something of every layer."""
    noted = {}

    def noting(name):
        return lambda *call: noted.update({name: note(*call)})

    handles = [module.register_forward_hook(noting(name)) for name, module in leaves]
    try:
        with model.in_mode(training=False), no_grad():
            model(Tensor(np.zeros((1, *input_shape), _input_type(leaves))))
    finally:
        for handle in handles:
            handle.remove()
    return noted


def _input_type(leaves) -> np.dtype:
    """What the first layer with parameters computes with; an embedding takes whole numbers."""
    for _, module in leaves:
        for parameter in module._parameters.values():
            return np.dtype(np.int64) if isinstance(module, Embedding) else parameter.dtype
    return np.dtype(np.float32)
