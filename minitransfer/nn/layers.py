"""Layers: sums with weights, windows that slide over images, tables of vectors."""

import math

import numpy as np

from minitransfer import ops
from minitransfer.devices import check_device
from minitransfer.nn import init
from minitransfer.nn.module import Module, Parameter
from minitransfer.not_covered import check_default
from minitransfer.ops.images import pair
from minitransfer.random import default_generator


class Linear(Module):
    """y = x Wᵀ + b: every output is a weighted sum of all inputs.

    Args:
        in_features: numbers that come in.
        out_features: numbers that go out.
        bias: whether to add b.
        device: "cpu" or None.
        dtype: type of the weights; float32 if None.
        generator: draws the initial weights; the default one if None.

    Attributes:
        weight: (out_features, in_features), drawn evenly from ±1/√in_features as in PyTorch.
        bias: (out_features,), likewise, or None.

    Shape:
        (…, in_features) → (…, out_features). With a leading axis on weight and bias, (members,
        out, in), the layer is a population: (members, N, in) → (members, N, out).

    Raises:
        ValueError: if the last axis of the input has another length.

    Example:
        >>> from minitransfer import zeros
        >>> Linear(3, 2)(zeros(5, 3)).shape
        (5, 2)
    """

    def __init__(
        self, in_features, out_features, bias=True, device=None, dtype=None, *, generator=None
    ):
        super().__init__()
        if device is not None:
            check_device(device)
        check_sizes(self, in_features=in_features, out_features=out_features)
        self.in_features, self.out_features = in_features, out_features
        generator = generator or default_generator()
        bound = 1 / math.sqrt(in_features)
        self.weight = _drawn((out_features, in_features), bound, generator, dtype)
        self.bias = _drawn((out_features,), bound, generator, dtype) if bias else None

    def forward(self, x):
        try:
            return ops.linear(x, self.weight, self.bias)
        except (TypeError, ValueError):  # the operation has looked at the sizes; it knows no layer
            if x.shape[-1:] == (self.in_features,):
                raise
            hint = "; flatten the images first (nn.Flatten())" if x.ndim > 2 else ""
            raise ValueError(
                f"{self.label()} expects (…, {self.in_features}), given {tuple(x.shape)}{hint}"
            ) from None

    def extra_repr(self):
        return f"{self.in_features} → {self.out_features}"


class Conv2d(Module):
    """Slides a bank of small filters over an image (cross-correlation, as in PyTorch).

    Args:
        in_channels, out_channels: channels of input and output.
        kernel_size: height and width of a filter, an int or a pair.
        stride: step of the filter.
        padding: zeros added on each side, or "same" or "valid".
        dilation: distance between the points of a filter.
        groups: parts that the channels are divided into; ``groups=in_channels`` is depthwise.
        bias: whether to add a number per output channel.
        padding_mode: only "zeros" is covered.
        device, dtype: see `Linear`.
        generator: draws the initial weights; the default one if None.

    Attributes:
        weight: (out_channels, in_channels / groups, height, width).
        bias: (out_channels,) or None.

    Shape:
        (N, in_channels, H, W) → (N, out_channels, H', W') with
        H' = (H + 2 padding − dilation (height − 1) − 1) // stride + 1.

    Example:
        >>> from minitransfer import zeros
        >>> Conv2d(1, 4, 3, padding=1)(zeros(2, 1, 8, 8)).shape
        (2, 4, 8, 8)
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
        super().__init__()
        if device is not None:
            check_device(device)
        if padding_mode != "zeros":
            hint = "put other borders round the images before the layer"
            check_default("Conv2d", hint, padding_mode=(padding_mode, "zeros"))
        check_sizes(self, in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"Conv2d: {in_channels} input and {out_channels} output channels cannot both be "
                f"divided into {groups} groups"
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = pair(kernel_size, "kernel_size")
        self.stride, self.padding = stride, padding
        self.dilation, self.groups = dilation, groups
        generator = generator or default_generator()
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        self.weight = _drawn(shape, bound, generator, dtype)
        self.bias = _drawn((out_channels,), bound, generator, dtype) if bias else None

    def forward(self, x):
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(
                f"{self.label()} expects images (N, {self.in_channels}, height, width), "
                f"given {tuple(x.shape)}"
            )
        geometry = self.stride, self.padding, self.dilation, self.groups
        return ops.conv2d(x, self.weight, self.bias, *geometry)

    def extra_repr(self):
        height, width = self.kernel_size
        return f"{self.in_channels} → {self.out_channels}, {height}×{width}"


class Embedding(Module):
    """A table with one row of numbers per word (or other kind of item).

    Args:
        num_embeddings: rows.
        embedding_dim: numbers in a row.
        padding_idx: a row of zeros that is not trained, or None.
        max_norm, norm_type, scale_grad_by_freq, sparse: only the defaults are covered.
        _weight: the table, instead of drawn numbers; not trained if `_freeze`.
        device, dtype: see `Linear`.
        generator: draws the initial weights from the normal distribution; the default one if None.

    Shape:
        whole numbers (…) → (…, embedding_dim).

    Raises:
        IndexError: if an id lies outside 0 … num_embeddings − 1.
        TypeError: if the ids are no whole numbers.

    Example:
        >>> from minitransfer import tensor
        >>> Embedding(10, 4)(tensor([[1, 2, 3]])).shape
        (1, 3, 4)
    """

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
        _weight=None,
        _freeze=False,
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        super().__init__()
        if device is not None:
            check_device(device)
        check_default(
            "Embedding",
            "scale the table, or its gradient, yourself",
            max_norm=(max_norm, None),
            scale_grad_by_freq=(scale_grad_by_freq, False),
            sparse=(sparse, False),
        )
        check_sizes(self, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_idx
        if _weight is not None:
            self.weight = Parameter(_weight, requires_grad=not _freeze)
            return
        shape = num_embeddings, embedding_dim
        self.weight = Parameter(np.zeros(shape, dtype or np.float32), requires_grad=not _freeze)
        init.normal_(self.weight, generator=generator)
        if padding_idx is not None:
            self.weight.array[padding_idx] = 0

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None):
        """Return a layer with a given table, (rows, width), which is not trained if `freeze`.

        Example:
            >>> from minitransfer import ones
            >>> Embedding.from_pretrained(ones(3, 2)).weight.requires_grad
            False
        """
        return cls(*embeddings.shape, padding_idx, _weight=embeddings, _freeze=freeze)

    def forward(self, ids):
        if ids.dtype.kind not in "iu":
            raise TypeError(f"{self.label()} expects whole numbers, given {ids.dtype}; use .long()")
        return ops.embedding(ids, self.weight, self.padding_idx)

    def extra_repr(self):
        return f"{self.num_embeddings} rows of {self.embedding_dim}"


class _Pool2d(Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size = pair(kernel_size, "kernel_size")
        self.stride = self.kernel_size if stride is None else pair(stride, "stride")
        self.padding = pair(padding, "padding")

    def _pool(self, function, x):
        _check_images(self, x)
        return function(x, self.kernel_size, self.stride, self.padding)

    def extra_repr(self):
        return f"{self.kernel_size[0]}×{self.kernel_size[1]}"


class MaxPool2d(_Pool2d):
    """The largest number in each window.

    Args:
        kernel_size: height and width of the window, an int or a pair.
        stride: step of the window; the window's own size if None.
        padding: border added on each side, which never is the largest.
        dilation, return_indices, ceil_mode: only the defaults are covered.

    Example:
        >>> from minitransfer import zeros
        >>> MaxPool2d(2)(zeros(1, 3, 8, 8)).shape
        (1, 3, 4, 4)
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
        super().__init__(kernel_size, stride, padding)
        if dilation != 1 or return_indices or ceil_mode:
            check_default(
                "MaxPool2d",
                "leave it out",
                dilation=(pair(dilation, "dilation"), (1, 1)),
                return_indices=(return_indices, False),
                ceil_mode=(ceil_mode, False),
            )

    def forward(self, x):
        return self._pool(ops.max_pool2d, x)


class AvgPool2d(_Pool2d):
    """The mean of each window; padding counts as zeros, as in PyTorch.

    Example:
        >>> from minitransfer import ones
        >>> AvgPool2d(2)(ones(1, 1, 2, 2)).tolist()
        [[[[1.0]]]]
    """

    stateless = True

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        super().__init__(kernel_size, stride, padding)
        check_default(
            "AvgPool2d",
            "leave it out",
            ceil_mode=(ceil_mode, False),
            count_include_pad=(count_include_pad, True),
            divisor_override=(divisor_override, None),
        )

    def forward(self, x):
        return self._pool(ops.avg_pool2d, x)


class AdaptiveAvgPool2d(Module):
    """The mean over the whole image of each channel (global pooling, output size 1).

    Raises:
        ValueError: for any other output size: `AvgPool2d` with a fixed window does that.

    Example:
        >>> from minitransfer import ones
        >>> AdaptiveAvgPool2d(1)(ones(2, 3, 5, 5)).shape
        (2, 3, 1, 1)
    """

    stateless = True

    def __init__(self, output_size=1):
        super().__init__()
        if pair(output_size, "output_size") != (1, 1):
            raise ValueError(
                f"AdaptiveAvgPool2d: only output size 1 is covered, given {output_size}; "
                "use AvgPool2d with a fixed window"
            )

    def forward(self, x):
        _check_images(self, x)
        return ops.mean(x, (2, 3), keepdim=True)


def _drawn(shape, bound, generator, dtype=None):
    return Parameter(generator.uniform(-bound, bound, shape).astype(dtype or np.float32))


def check_sizes(module, **sizes):
    """Refuse sizes of a layer that are no whole numbers from 1 on.

    Example:
        >>> check_sizes(Linear(1, 1), in_features=0)
        Traceback (most recent call last):
            ...
        ValueError: Linear: in_features is a whole number from 1 on; given 0
    """
    for name, size in sizes.items():
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(
                f"{type(module).__name__}: {name} is a whole number from 1 on; given {size!r}"
            )


def _check_images(module, x):
    if x.ndim != 4:
        raise ValueError(
            f"{module.label()} expects images (N, channels, height, width), given {tuple(x.shape)}"
        )
