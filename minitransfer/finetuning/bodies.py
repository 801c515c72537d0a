"""Which network to borrow, and the small one from scratch that stands beside it."""

from dataclasses import dataclass

import numpy as np

from minitransfer import nn, transfer, zoo
from minitransfer.nn import Module
from minitransfer.zoo import imagenet

#: The network for photographs, the one for small grey pictures, and the side of a photograph.
PHOTOGRAPHS, GLYPHS, SIDE = "efficientnet-lite0", "glyph-conv", 224

#: Sides that a network for pictures of any size may be asked for.
SMALLEST, LARGEST = 32, 4096

#: Pictures are brought to about this side for the small network from scratch.
SCRATCH_SIDE = 56

NOT_INSTALLED = (
    "The network for photographs is not installed, so the network for printed characters is "
    "borrowed: it sees grey pictures of 28 × 28 dots and knows strokes, not things. For "
    'photographs you get much more with: pip install "minitransfer[imagenet]"'
)


@dataclass(frozen=True)
class Body:
    """A network to borrow, and what pictures it takes.

    Attributes:
        name: as `zoo.load` takes it: a name or a path.
        card: its card.
        channels, size: of the pictures.
        note: what the user should know about the choice, or "".
    """

    name: str
    card: dict
    channels: int
    size: int
    note: str = ""

    @property
    def for_photographs(self) -> bool:
        """Whether it takes colour: then pictures are mirrored, which no letter survives."""
        return self.channels == 3

    def network(self, outputs: int, generator: np.random.Generator) -> Module:
        """Return the borrowed network with a fresh head."""
        network = transfer.replace_head(zoo.load(self.name), outputs, generator)
        network.input_shape = (self.channels, self.size, self.size)
        return network


def choose(name: str | None, size: int | None) -> Body:
    """Return the body to borrow.

    Args:
        name: of a network of the zoo, or the path of a published one; None takes the network for
            photographs where it is installed, and else the one for characters.
        size: side of the pictures; None takes the network's own.

    Raises:
        ValueError: if there is no such network, it is not for pictures, or it takes another size.
        ImportError: if the network is named and not installed.

    Example:
        >>> choose("glyph-conv", None).size
        28
    """
    note = ""
    if name is None:
        name = PHOTOGRAPHS
        try:
            network = zoo.load(name)
        except (ImportError, ValueError):
            if imagenet.is_installed():
                raise  # it is there, and damaged: that is what the user has to know
            name, note = GLYPHS, NOT_INSTALLED
            network = zoo.load(name)
    else:
        network = zoo.load(name)
    shape = network.input_shape
    if network.input_type != "image" or shape is None or len(shape) != 3:
        raise ValueError(
            f"{name} takes input of type {network.input_type!r} and shape {shape}; finetune is for "
            "networks that take pictures (channels, height, width)"
        )
    channels, *sides = shape
    fixed = {side for side in sides if side is not None}
    if size is None:
        size = max(fixed) if fixed else SIDE
    if fixed - {size}:
        raise ValueError(
            f"{name} takes pictures of {max(fixed)} × {max(fixed)} dots; given --size {size}. "
            "Leave --size out, or take a network that takes pictures of any size "
            f"(--net {PHOTOGRAPHS})"
        )
    if not fixed and not SMALLEST <= size <= LARGEST:
        raise ValueError(
            f"{name} takes pictures of {SMALLEST} × {SMALLEST} to {LARGEST} × {LARGEST} dots; "
            f"given --size {size}. Without --size it is {SIDE}"
        )
    return Body(str(name), network.card, channels, size, note)


def from_scratch(body: Body, outputs: int, generator: np.random.Generator) -> tuple[Module, int]:
    """Return a network that begins with random weights, and by what factor pictures shrink for it.

    Beside a small body it is the same network. A large one would take hours from scratch on a
    laptop, and learn less than a small one of so few pictures; so that one stands beside it.

    Example:
        >>> from minitransfer import zeros
        >>> network, factor = from_scratch(Body("", {}, 3, 224), 2, np.random.default_rng(0))
        >>> network(zeros(1, 3, 224 // factor, 224 // factor)).shape
        (1, 2)
    """
    if body.size <= 32:
        architecture = body.card.get("architecture")
        if isinstance(architecture, str):
            return zoo.ARCHITECTURES[architecture](outputs, generator=generator), 1
    factor = max(1, round(body.size / SCRATCH_SIDE))
    side, channels, layers = body.size // factor, body.channels, []
    for wider in (16, 32, 64, 64):
        layers += [
            nn.Conv2d(channels, wider, 3, padding=1, generator=generator),
            nn.BatchNorm2d(wider),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        channels = wider
    features = channels * (side // 16) ** 2
    network = nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(features, outputs, generator=generator)
    )
    for layer in network:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
    network.input_type = "image"
    return network, factor


def shrunk(pictures: np.ndarray, factor: int) -> np.ndarray:
    """Return pictures (N, channels, H, W) in bytes, smaller by a whole factor: means of squares.

    Example:
        >>> shrunk(np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4), 2)[0, 0].tolist()
        [[2, 4], [10, 12]]
    """
    n, channels, height, width = pictures.shape
    h, w = height // factor, width // factor
    cut = pictures[:, :, : h * factor, : w * factor]
    squares = cut.reshape(n, channels, h, factor, w, factor)
    return np.rint(squares.mean((3, 5), dtype=np.float32)).astype(np.uint8)
