"""The networks that a card can name: the two of the articles' story, and one for photographs."""

from itertools import pairwise

from minitransfer import nn
from minitransfer.random import default_generator
from minitransfer.zoo.efficientnet import efficientnet_lite0


def glyph_conv(classes: int, *, batch_norm: bool = False, generator=None) -> nn.Sequential:
    """Build the convolutional network: three times convolution, ReLU, pool; two linear layers.

    Five layers with parameters, He initialisation (He et al. 2015).

    Args:
        classes: outputs of the head, the last layer.
        batch_norm: whether batch norm follows each convolution. The published network has none.
        generator: draws the initial weights; the default one if None.

    Shape:
        images (N, 1, 28, 28) with values in 0…1 → (N, classes).

    Example:
        >>> from minitransfer import zeros
        >>> glyph_conv(10)(zeros(2, 1, 28, 28)).shape
        (2, 10)
    """
    generator = generator or default_generator()
    layers = []
    for channels_in, channels_out in ((1, 16), (16, 32), (32, 64)):
        layers.append(nn.Conv2d(channels_in, channels_out, 3, padding=1, generator=generator))
        layers += [nn.BatchNorm2d(channels_out)] if batch_norm else []
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(64 * 3 * 3, 128, generator=generator), nn.ReLU()]
    return _with_head(layers, 128, classes, generator)


def glyph_mlp(classes: int, *, generator=None) -> nn.Sequential:
    """Build the five-layer network of article C: 784-256-256-128-128-classes with ReLU.

    Its weights and biases are the article's W1, b1 … W5, b5.

    Args:
        classes: outputs of the head, the last layer.
        generator: draws the initial weights; the default one if None.

    Shape:
        images (N, 1, 28, 28) with values in 0…1 → (N, classes).

    Example:
        >>> from minitransfer import zeros
        >>> glyph_mlp(10)(zeros(2, 1, 28, 28)).shape
        (2, 10)
    """
    generator = generator or default_generator()
    layers, sizes = [nn.Flatten()], (784, 256, 256, 128, 128)
    for features_in, features_out in pairwise(sizes):
        layers += [nn.Linear(features_in, features_out, generator=generator), nn.ReLU()]
    return _with_head(layers, sizes[-1], classes, generator)


def _with_head(layers, features, classes, generator):
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
    head = nn.Linear(features, classes, generator=generator)
    nn.init.normal_(head.weight, std=0.05, generator=generator)
    nn.init.zeros_(head.bias)
    network = nn.Sequential(*layers, head)
    network.input_type, network.input_shape = "image", (1, 28, 28)
    return network


#: What the pictures look like that both learn from: ink on black, in the middle.
GLYPH_CONVENTION = {"range": [0, 1], "polarity": "bright on dark", "centring": "centred"}

#: What a card may name as its architecture.
ARCHITECTURES = {
    "glyph_conv": glyph_conv,
    "glyph_mlp": glyph_mlp,
    "efficientnet_lite0": efficientnet_lite0,
}
