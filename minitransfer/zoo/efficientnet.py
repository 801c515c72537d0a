"""EfficientNet-Lite0: a small network for photographs, as its paper's table has it.

Tan and Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks*, 2019, Table
1, which is made of the blocks of MobileNetV2 (Sandler et al. 2018). The Lite variant leaves out
what small processors do badly: squeeze-and-excitation, and swish, for which ReLU6 stands in.
"""

import math

from minitransfer import nn
from minitransfer.ops.images import pair
from minitransfer.random import default_generator

#: The paper's table: expansion, channels, blocks, filter size, stride of the first block.
STAGES = (
    (1, 16, 1, 3, 1),
    (6, 24, 2, 3, 2),
    (6, 40, 2, 5, 2),
    (6, 80, 3, 3, 2),
    (6, 112, 3, 5, 1),
    (6, 192, 4, 5, 2),
    (6, 320, 1, 3, 1),
)

#: Channels before the first stage and after the last.
STEM, FEATURES = 32, 1280


def efficientnet_lite0(classes: int, *, generator=None) -> nn.Sequential:
    """Build EfficientNet-Lite0: a stem, sixteen blocks in seven stages, the features, a head.

    Parts are named as in the published weights, so that those load by their own names. The head is
    ``_fc``; what stands before it are 1,280 features, means over the whole picture. So pictures may
    have any size; the published weights learnt from 224 × 224, and below some 96 they see little.
    In training, no block is dropped at random (the paper's stochastic depth); before the head,
    a fifth of the features is.

    Args:
        classes: outputs of the head.
        generator: draws the initial weights; the default one if None.

    Shape:
        pictures (N, 3, H, W) in red, green and blue with values in 0…1 → (N, classes).

    Example:
        >>> from minitransfer import zeros
        >>> network = efficientnet_lite0(10)
        >>> network(zeros(1, 3, 64, 96)).shape, sum(p.array.size for p in network.parameters())
        ((1, 10), 3383818)
    """
    generator = generator or default_generator()
    blocks, channels = [], STEM
    for expansion, channels_out, repeats, kernel, stride in STAGES:
        for number in range(repeats):
            step = stride if number == 0 else 1
            blocks.append(MBConv(channels, channels_out, expansion, kernel, step, generator))
            channels = channels_out
    network = nn.Sequential(
        {
            "_normalize": Normalize(mean=127 / 255, std=128 / 255),
            **_convolution("_conv_stem", "_bn0", 3, STEM, 3, stride=2, generator=generator),
            "_relu0": nn.ReLU6(),
            "_blocks": nn.Sequential(*blocks),
            **_convolution("_conv_head", "_bn1", channels, FEATURES, 1, generator=generator),
            "_relu1": nn.ReLU6(),
            "_avg_pooling": nn.AdaptiveAvgPool2d(1),
            "_flatten": nn.Flatten(),
            "_dropout": nn.Dropout(0.2, generator=generator),
            "_fc": nn.Linear(FEATURES, classes, generator=generator),
        }
    )
    network.input_type, network.input_shape = "image", (3, None, None)
    return network


class MBConv(nn.Sequential):
    """A block: channels made many, filtered one by one, made few again; and a way round.

    The "mobile inverted bottleneck" of MobileNetV2. Where input and output are of one shape, the
    input is added to the output.

    Args:
        channels_in, channels_out: of the block.
        expansion: how many times as many channels the filters in the middle see.
        kernel_size, stride: of those filters.
        generator: draws the initial weights; the default one if None.

    Example:
        >>> from minitransfer import zeros
        >>> MBConv(16, 24, 6, 3, 2)(zeros(1, 16, 8, 8)).shape
        (1, 24, 4, 4)
    """

    stateless = chained = True

    def __init__(self, channels_in, channels_out, expansion, kernel_size, stride, generator=None):
        many = channels_in * expansion
        layers = {}
        if expansion > 1:
            layers |= _convolution(
                "_expand_conv", "_bn0", channels_in, many, 1, generator=generator
            )
            layers["_relu0"] = nn.ReLU6()
        layers |= _convolution(
            *("_depthwise_conv", "_bn1", many, many, kernel_size),
            stride=stride,
            groups=many,
            generator=generator,
        )
        layers["_relu1"] = nn.ReLU6()
        layers |= _convolution("_project_conv", "_bn2", many, channels_out, 1, generator=generator)
        super().__init__(layers)
        self.channels_in, self.channels_out, self.expansion = channels_in, channels_out, expansion
        self.kernel_size, self.stride = kernel_size, stride
        self.goes_round = stride == 1 and channels_in == channels_out

    def forward(self, x):
        y = super().forward(x)
        return x + y if self.goes_round else y


class SameConv2d(nn.Conv2d):
    """A convolution whose output is as large as its input divided by the stride, rounded up.

    TensorFlow's padding "SAME". With stride 2 an image of an even size gets one row of zeros more
    below and to the right than above and to the left. PyTorch's "same" knows stride 1 only, and the
    weights that were learnt with the one see an image shifted by half a pixel with the other.

    Example:
        >>> from minitransfer import zeros
        >>> SameConv2d(3, 8, 3, stride=2)(zeros(1, 3, 7, 8)).shape
        (1, 8, 4, 4)
    """

    def zeros_around(self, x):
        sizes = zip(x.shape[2:], self.kernel_size, pair(self.stride), strict=True)
        return tuple(_border(*each) for each in sizes)


def _border(size, kernel, stride):
    """Zeros before and after an axis, so that ⌈size / stride⌉ windows fit."""
    zeros = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return zeros // 2, zeros - zeros // 2


class Normalize(nn.Module):
    """(x − mean) / std, with two numbers that are part of the network and not learnt.

    What a network wants its input to look like belongs to the network: who uses it need not know.

    Args:
        mean, std: numbers for all channels.

    Example:
        >>> from minitransfer import tensor
        >>> Normalize(0.5, 0.25)(tensor([0.0, 1.0])).tolist()
        [-2.0, 2.0]
    """

    stateless = pointwise = True

    def __init__(self, mean, std):
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, x):
        return (x - self.mean) * (1 / self.std)

    def extra_repr(self):
        return f"mean {self.mean:.4g}, std {self.std:.4g}"


def _convolution(name, norm_name, channels_in, channels_out, kernel, *, generator, **options):
    """A convolution without bias, drawn after He et al. 2015, and the batch norm behind it."""
    layer = SameConv2d(
        channels_in, channels_out, kernel, bias=False, generator=generator, **options
    )
    connections = layer.weight.array[0].size if layer.groups > 1 else channels_out * kernel**2
    nn.init.normal_(layer.weight, std=math.sqrt(2 / connections), generator=generator)
    return {name: layer, norm_name: nn.BatchNorm2d(channels_out, eps=1e-3, momentum=0.01)}
