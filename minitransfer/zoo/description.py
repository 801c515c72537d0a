"""A network in words: how a file can say what it holds without bringing code along.

A file that named a function would have whoever opens it run that function. So a description names
kinds of layers out of a table, with numbers for their arguments, and what is in no table is not
built. Networks made of `nn.Sequential` and the layers below can be described; a module with a
`forward` of its own cannot, since that is code: its description is the name of its class, and who
loads it brings the network along.
"""

import math

from minitransfer import nn
from minitransfer.documents import entries, text
from minitransfer.ops.images import pair
from minitransfer.zoo import efficientnet

_WINDOW = ("kernel_size", "stride", "padding")
_CONVOLUTION = ("in_channels", "out_channels", *_WINDOW, "dilation", "groups", "bias")
_BATCH_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats")

#: The kinds of layers that can be described, and what is to be said of each.
LAYERS = {
    nn.Linear: ("in_features", "out_features", "bias"),
    nn.Conv2d: _CONVOLUTION,
    nn.Embedding: ("num_embeddings", "embedding_dim", "padding_idx"),
    nn.BatchNorm1d: _BATCH_NORM,
    nn.BatchNorm2d: _BATCH_NORM,
    nn.LayerNorm: ("normalized_shape", "eps", "elementwise_affine"),
    nn.MaxPool2d: _WINDOW,
    nn.AvgPool2d: _WINDOW,
    nn.AdaptiveAvgPool2d: (),
    nn.Flatten: ("start_dim", "end_dim"),
    nn.Identity: (),
    nn.Dropout: ("p",),
    nn.Dropout2d: ("p",),
    nn.LeakyReLU: ("negative_slope",),
    nn.ELU: ("alpha",),
    nn.GELU: ("approximate",),
    nn.Hardtanh: ("min_val", "max_val"),
    nn.Softplus: ("beta", "threshold"),
    nn.Softmax: ("dim",),
    nn.LogSoftmax: ("dim",),
    nn.Upsample: ("size", "scale_factor", "mode", "align_corners"),
    **dict.fromkeys((nn.ReLU, nn.ReLU6, nn.SiLU, nn.SELU, nn.Mish, nn.Hardsigmoid), ()),
    **dict.fromkeys((nn.Hardswish, nn.Softsign, nn.LogSigmoid, nn.Tanh, nn.Sigmoid), ()),
    efficientnet.SameConv2d: _CONVOLUTION,
    efficientnet.MBConv: ("channels_in", "channels_out", "expansion", "kernel_size", "stride"),
    efficientnet.Normalize: ("mean", "std"),
}

#: Modules made of others.
CONTAINERS = {nn.Sequential: None, nn.Residual: ("body", "shortcut")}

_KINDS = {kind.__name__: kind for kind in (*LAYERS, *CONTAINERS)}

#: Layers in a description, and the largest number in one.
_MOST, _LARGEST = 10_000, 10**6

#: The shape of a description, as a card has it.
described = entries(kind=text)


def describe(model: nn.Module) -> dict:
    """Say in words what a network is made of.

    Args:
        model: the network.

    Returns:
        What JSON can say: ``kind``, the name of the class, its arguments, and for containers
        ``parts``, name → description. Of a class that is not in `LAYERS` or `CONTAINERS`, only
        the kind, if it is the whole network.

    Raises:
        ValueError: if such a class is a part of what could be described.

    Example:
        >>> words = describe(nn.Sequential(nn.Linear(2, 3), nn.ReLU()))
        >>> words["parts"]["0"]
        {'kind': 'Linear', 'in_features': 2, 'out_features': 3, 'bias': True}
    """
    kind = type(model)
    return _words(model) if kind in LAYERS or kind in CONTAINERS else {"kind": kind.__name__}


def _words(module) -> dict:
    kind, words = type(module), {"kind": type(module).__name__}
    if kind in CONTAINERS:
        return words | {"parts": {name: _words(part) for name, part in module.named_children()}}
    if kind not in LAYERS:
        raise ValueError(
            f"{module.label()} is none of the layers that a file can describe "
            f"({', '.join(_KINDS)}); make the whole network a class of your own, and whoever loads "
            "the file gives it to zoo.load(path, network=...)"
        )
    return words | {name: _argument(module, name) for name in LAYERS[kind]}


def _argument(module, name):
    if name == "bias":
        return module.bias is not None
    if name in ("affine", "elementwise_affine"):
        return module.weight is not None
    value = getattr(module, name)
    return _as_lists(value)


def _as_lists(value):
    return [_as_lists(v) for v in value] if isinstance(value, (tuple, list)) else value


def build(words: dict, most: int, source) -> nn.Module:
    """Build the network that a description is of.

    Args:
        words: what `describe` returned, or anybody wrote.
        most: how many weights it may have at most: as many as the file holds.
        source: the file, for the error.

    Raises:
        ValueError: if it names what is in no table, or arguments that do not fit.

    Example:
        >>> build({"kind": "Linear", "in_features": 2, "out_features": 3, "bias": True}, 9, "here")
        Linear(2 → 3)
        >>> build({"kind": "Linear", "in_features": 2, "out_features": 3, "bias": True}, 5, "here")
        Traceback (most recent call last):
            ...
        ValueError: here: its description asks for more weights than the file holds
        >>> build({"kind": "Network"}, 9, "here")
        Traceback (most recent call last):
            ...
        ValueError: here holds a Network, a class of somebody's own, and files bring no code along:
        build the network and give it, zoo.load(path, network=Network(...))
    """
    described(words, str(source))
    if words["kind"] not in _KINDS:
        raise ValueError(
            f"{source} holds a {words['kind'][:80]}, a class of somebody's own, and files bring no "
            "code along: build the network and give it, "
            f"zoo.load(path, network={words['kind'][:80]}(...))"
        )
    return _Builder(most, source).module(words)


class _Builder:
    """Builds what a description says, as long as there is room."""

    def __init__(self, most, source):
        self.weights, self.layers, self.source = most, _MOST, source

    def module(self, words):
        self.layers -= 1
        kind = _KINDS.get(words.get("kind")) if isinstance(words, dict) else None
        wanted = {"kind", "parts"} if kind in CONTAINERS else {"kind", *LAYERS.get(kind, ())}
        if kind is None or words.keys() != wanted or self.layers < 0:
            raise self.wrong(words, "is no description of a layer")
        if kind in CONTAINERS:
            return self.container(kind, words)
        arguments = {name: value for name, value in words.items() if name != "kind"}
        if not all(map(_plain, arguments.values())):
            raise self.wrong(words, "has arguments that no layer takes")
        try:
            self.weights -= _count(kind, arguments)
            if self.weights < 0:
                raise ValueError("its description asks for more weights than the file holds")
            return kind(**arguments)
        except (TypeError, ValueError, IndexError, ArithmeticError) as error:
            raise ValueError(f"{self.source}: {error}") from None

    def container(self, kind, words):
        parts, names = words["parts"], CONTAINERS[kind]
        if not isinstance(parts, dict) or (names and tuple(parts) != names):
            raise self.wrong(words, "has other parts")
        built = {name: self.module(part) for name, part in parts.items()}
        try:
            return kind(built) if names is None else kind(*built.values())
        except ValueError as error:  # a name that no part can have
            raise ValueError(f"{self.source}: {error}") from None

    def wrong(self, words, what):
        return ValueError(
            f"{self.source}: {repr(words)[:200]} {what}; the kinds are {', '.join(_KINDS)}"
        )


def _plain(value, depth=0) -> bool:
    """Whether a value is a number, a word, None, or a short list of such."""
    if isinstance(value, list):
        return len(value) <= 4 and depth < 2 and all(_plain(v, depth + 1) for v in value)
    if isinstance(value, str):
        return len(value) <= 20
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return abs(value) <= _LARGEST  # NaN is not
    return value is None or isinstance(value, bool)


def _count(kind, arguments) -> int:
    """The weights of a layer, looked at before there are any."""
    a = arguments.get
    if issubclass(kind, nn.Linear):
        return a("in_features") * a("out_features")
    if issubclass(kind, nn.Conv2d):
        window = math.prod(pair(a("kernel_size")))
        return a("out_channels") * (a("in_channels") // a("groups")) * window
    if kind is nn.Embedding:
        return a("num_embeddings") * a("embedding_dim")
    if kind in (nn.BatchNorm1d, nn.BatchNorm2d):
        return a("num_features") * (a("affine") or a("track_running_stats"))
    if kind is nn.LayerNorm:
        return math.prod(a("normalized_shape")) * a("elementwise_affine")
    if kind is efficientnet.MBConv:
        many = a("channels_in") * a("expansion")
        return many * (a("channels_in") + a("kernel_size") ** 2 + a("channels_out"))
    return 0
