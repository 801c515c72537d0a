"""Networks that were trained for you: load one, swap its head, fine-tune."""

from minitransfer.zoo.architectures import ARCHITECTURES, glyph_conv, glyph_mlp
from minitransfer.zoo.description import LAYERS, describe
from minitransfer.zoo.efficientnet import efficientnet_lite0
from minitransfer.zoo.pretraining import DRAWING_SEED, HELD_OUT_SEED, STEPS, pretrain, sibling
from minitransfer.zoo.published import known_to, load, names, publish, read_card

list = names

__all__ = [
    "ARCHITECTURES",
    "DRAWING_SEED",
    "HELD_OUT_SEED",
    "LAYERS",
    "STEPS",
    "describe",
    "efficientnet_lite0",
    "glyph_conv",
    "glyph_mlp",
    "known_to",
    "list",
    "load",
    "pretrain",
    "publish",
    "read_card",
    "sibling",
]
