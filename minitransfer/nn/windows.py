"""Layers that slide over rows of numbers, and those that make small images large."""

import math

import numpy as np

from minitransfer import ops
from minitransfer.devices import check_device
from minitransfer.nn import init
from minitransfer.nn.layers import check_sizes
from minitransfer.nn.module import Module, Parameter
from minitransfer.not_covered import check_default


class _Convolution(Module):
    """What these convolutions share: sizes, and weights drawn as in PyTorch."""

    axes = 1
    transposed = False

    def __init__(
        self, channels, kernel_size, options, bias, padding_mode, device, dtype, generator
    ):
        super().__init__()
        kind = type(self).__name__
        if device is not None:
            check_device(device)
        hint = "put other borders round the input before the layer"
        check_default(kind, hint, padding_mode=(padding_mode, "zeros"))
        self.in_channels, self.out_channels = channels
        self.stride, self.padding, self.dilation, self.groups = options
        check_sizes(self, in_channels=channels[0], out_channels=channels[1], groups=self.groups)
        if channels[0] % self.groups or channels[1] % self.groups:
            raise ValueError(
                f"{kind}: {channels[0]} input and {channels[1]} output channels cannot both be "
                f"divided into {self.groups} groups"
            )
        single = isinstance(kernel_size, (int, np.integer))
        self.kernel_size = (kernel_size,) * self.axes if single else tuple(kernel_size)
        first, second = channels if self.transposed else channels[::-1]
        shape = (first, second // self.groups, *self.kernel_size)
        bound = 1 / math.sqrt(math.prod(shape[1:]))

        def drawn(*shape):
            parameter = Parameter(np.zeros(shape, dtype or np.float32))
            return init.uniform_(parameter, -bound, bound, generator=generator)

        self.weight = drawn(*shape)
        self.bias = drawn(channels[1]) if bias else None

    def _check(self, x):
        places = ("length", "height, width")[self.axes - 1]
        if x.ndim != self.axes + 2 or x.shape[1] != self.in_channels:
            raise ValueError(
                f"{self.label()} expects (N, {self.in_channels}, {places}), given {tuple(x.shape)}"
            )

    def extra_repr(self):
        return f"{self.in_channels} → {self.out_channels}, {'×'.join(map(str, self.kernel_size))}"


class Conv1d(_Convolution):
    """Slides a bank of small filters over rows of numbers; see `Conv2d`.

    Args:
        in_channels, out_channels: channels of input and output.
        kernel_size, stride, padding, dilation, groups, bias: see `Conv2d`; numbers, not pairs.
        padding_mode: only "zeros" is covered.
        device, dtype, generator: see `Linear`.

    Attributes:
        weight: (out_channels, in_channels / groups, length).
        bias: (out_channels,) or None.

    Shape:
        (N, in_channels, L) → (N, out_channels, L').

    Example:
        >>> from minitransfer import zeros
        >>> Conv1d(2, 4, 3, padding=1)(zeros(5, 2, 8)).shape
        (5, 4, 8)
    """

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        options = stride, padding, dilation, groups
        rest = bias, padding_mode, device, dtype, generator
        super().__init__((in_channels, out_channels), kernel_size, options, *rest)

    def forward(self, x):
        self._check(x)
        options = self.stride, self.padding, self.dilation, self.groups
        return ops.conv1d(x, self.weight, self.bias, *options)


class _Transposed(_Convolution):
    transposed = True

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        options = stride, padding, dilation, groups
        rest = bias, padding_mode, device, dtype, generator
        super().__init__((in_channels, out_channels), kernel_size, options, *rest)
        self.output_padding = output_padding

    def forward(self, x):
        self._check(x)
        options = self.stride, self.padding, self.output_padding, self.groups, self.dilation
        function = ops.conv_transpose1d if self.axes == 1 else ops.conv_transpose2d
        return function(x, self.weight, self.bias, *options)


class ConvTranspose1d(_Transposed):
    """`ConvTranspose2d` for rows of numbers.

    Shape:
        (N, in_channels, L) → (N, out_channels, L').

    Example:
        >>> from minitransfer import zeros
        >>> ConvTranspose1d(2, 4, 2, stride=2)(zeros(5, 2, 8)).shape
        (5, 4, 16)
    """


class ConvTranspose2d(_Transposed):
    """Lays a filter down for each pixel: from small images to large ones (Zeiler et al. 2010).

    Args:
        in_channels, out_channels: channels of input and output.
        kernel_size: height and width of a filter, an int or a pair.
        stride: step between the places where filters are laid; 2 doubles height and width.
        padding: pixels to cut off on each side.
        output_padding: pixels to add below and to the right.
        groups: parts that the channels are divided into.
        bias: whether to add a number per output channel.
        dilation: distance between the points of a filter.
        padding_mode: only "zeros" is covered.
        device, dtype, generator: see `Linear`.

    Attributes:
        weight: (in_channels, out_channels / groups, height, width).
        bias: (out_channels,) or None.

    Shape:
        (N, in_channels, H, W) → (N, out_channels, H', W'), see `functional.conv_transpose2d`.

    Example:
        >>> from minitransfer import zeros
        >>> ConvTranspose2d(3, 1, 4, stride=2, padding=1)(zeros(2, 3, 7, 7)).shape
        (2, 1, 14, 14)
    """

    axes = 2


class MaxPool1d(Module):
    """The largest number in each window of a row; see `MaxPool2d`.

    Example:
        >>> from minitransfer import tensor
        >>> MaxPool1d(2)(tensor([[[1.0, 4.0, 3.0, 2.0]]])).tolist()
        [[[4.0, 3.0]]]
    """

    stateless = True

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        dilation=1,
        return_indices=False,
        ceil_mode=False,
    ):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        check_default(
            "MaxPool1d",
            "leave it out",
            dilation=(dilation, 1),
            return_indices=(return_indices, False),
            ceil_mode=(ceil_mode, False),
        )

    def forward(self, x):
        return ops.max_pool1d(x, self.kernel_size, self.stride, self.padding)

    def extra_repr(self):
        return f"{self.kernel_size}"


class AvgPool1d(Module):
    """The mean of each window of a row; padding counts as zeros, as in PyTorch.

    Example:
        >>> from minitransfer import tensor
        >>> AvgPool1d(2)(tensor([[[1.0, 4.0, 3.0, 2.0]]])).tolist()
        [[[2.5, 2.5]]]
    """

    stateless = True

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
    ):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        check_default(
            "AvgPool1d",
            "leave it out",
            ceil_mode=(ceil_mode, False),
            count_include_pad=(count_include_pad, True),
        )

    def forward(self, x):
        return ops.avg_pool1d(x, self.kernel_size, self.stride, self.padding)

    def extra_repr(self):
        return f"{self.kernel_size}"
