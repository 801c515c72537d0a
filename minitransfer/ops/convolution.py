"""Two-dimensional convolution."""

import numpy as np

from minitransfer import kernels
from minitransfer.ops.precision import same_dtype
from minitransfer.ops.windows import check_images, check_window, pair


def conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    """Convolution of images with a set of small filters (without flipping them, as everywhere).

    Source: LeCun et al. 1989. With `groups` equal to the number of channels each channel has
    filters of its own ("depthwise").

    Args:
        x: Images (N, C, H, W).
        w: Filters (O, C / groups, KH, KW).
        b: Bias (O,) or None.
        stride: Step between windows, a number or a pair (height, width).
        padding: Zeros around the image, a number or a pair; "valid" for none; "same" for as many
            as keep height and width (stride 1 only; an odd one goes to the end).
        dilation: Distance between neighbouring filter elements, a number or a pair.
        groups: In how many groups the channels are divided.

    Returns:
        Images (N, O, H', W') and the derivatives with respect to `x`, `w` and `b` (None when
        there is no bias).

    Raises:
        ValueError: When shapes or options do not fit together.
        TypeError: When the dtypes differ.

    Example:
        >>> edge = np.array([[[[1.0, -1.0]]]])
        >>> conv2d(np.array([[[[0.0, 0.0, 5.0, 5.0]]]]), edge)[0]
        array([[[[ 0., -5.,  0.]]]])
    """
    stride, dilation = pair(stride, "conv2d: stride"), pair(dilation, "conv2d: dilation")
    _check_channels(x, w, b, groups)
    size, odd = x.shape, (0, 0)
    if isinstance(padding, str):
        padding, odd = _named_padding(padding, w.shape[2:], stride, dilation)
        if any(odd):
            x = _extended(x, odd)
    padding = pair(padding, "conv2d: padding")
    check_window("conv2d", x, w.shape[2:], stride, padding, dilation)
    geometry = stride, padding, dilation, groups
    x_shape = x.shape

    def dx(gy):
        gx = kernels.conv2d_backward_data(gy, w, x_shape, *geometry)
        return gx[:, :, : size[2], : size[3]] if any(odd) else gx

    return kernels.conv2d(x, w, b, *geometry), (
        dx,
        lambda gy: kernels.conv2d_backward_weight(x, gy, w.shape, *geometry),
        None if b is None else lambda gy: np.add.reduce(gy, axis=(0, 2, 3)),
    )


def _named_padding(name, window, stride, dilation):
    """The padding on both sides that a name stands for, and what is left over at the end."""
    if name == "valid":
        return (0, 0), (0, 0)
    if name != "same":
        raise ValueError(f'conv2d: padding={name!r}; expected a number, a pair, "same" or "valid"')
    if stride != (1, 1):
        raise ValueError(
            f'conv2d: padding="same" with stride {stride}; it is defined for stride 1 only, '
            "give the padding as a number"
        )
    total = [d * (k - 1) for d, k in zip(dilation, window, strict=True)]
    return (total[0] // 2, total[1] // 2), (total[0] % 2, total[1] % 2)


def _extended(x, odd):
    """Zeros added below and to the right."""
    n, c, h, w = x.shape
    larger = np.zeros((n, c, h + odd[0], w + odd[1]), x.dtype)
    larger[:, :, :h, :w] = x
    return larger


def _check_channels(x, w, b, groups):
    check_images("conv2d", x)
    if w.ndim != 4:
        raise ValueError(
            f"conv2d: the weight has shape {w.shape}; expected (out channels, in channels / "
            "groups, height, width)"
        )
    if groups < 1 or x.shape[1] % groups or w.shape[0] % groups:
        raise ValueError(
            f"conv2d: groups={groups} with {x.shape[1]} channels in and {w.shape[0]} out; "
            "groups must divide both"
        )
    if x.shape[1] != w.shape[1] * groups:
        raise ValueError(
            f"conv2d: the input has {x.shape[1]} channels (shape {x.shape}), the weight "
            f"{w.shape} with groups={groups} expects {w.shape[1] * groups}; "
            "axes are (batch, channels, height, width)"
        )
    if b is not None and b.shape != w.shape[:1]:
        raise ValueError(
            f"conv2d: the bias has shape {b.shape}; {w.shape[0]} out channels need ({w.shape[0]},)"
        )
    same_dtype("conv2d", x=x, w=w, b=b)
