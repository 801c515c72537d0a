"""Convolution and pooling: small windows that slide over images."""

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import differentiable
from minitransfer.not_covered import check_default
from minitransfer.ops.common import same_dtype


@differentiable
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution of images with a set of small filters (without flipping them, as everywhere).

    Source: LeCun et al. 1989. With `groups` equal to the number of channels each channel has
    filters of its own ("depthwise").

    Args:
        input: Images (N, C, H, W).
        weight: Filters (O, C / groups, KH, KW).
        bias: Bias (O,) or None.
        stride: Step between windows, a number or a pair (height, width).
        padding: Zeros around the image, a number or a pair; "valid" for none; "same" for as many
            as keep height and width (stride 1 only; an odd one goes to the end). Unlike PyTorch's,
            also two pairs, ((above, below), (left, right)).
        dilation: Distance between neighbouring filter elements, a number or a pair.
        groups: In how many groups the channels are divided.

    Returns:
        Images (N, O, H', W') and the derivatives with respect to `input`, `weight` and `bias`
        (None when there is no bias).

    Raises:
        ValueError: When shapes or options do not fit together.
        TypeError: When the dtypes differ.

    Example:
        >>> edge = np.array([[[[1.0, -1.0]]]])
        >>> conv2d.__wrapped__(np.array([[[[0.0, 0.0, 5.0, 5.0]]]]), edge)[0]
        array([[[[ 0., -5.,  0.]]]])
    """
    geometry = _conv_geometry(input, weight, bias, stride, padding, dilation, groups)
    shape = input.shape
    return kernels.conv2d(input, weight, bias, *geometry), (
        lambda gy: kernels.conv2d_backward_data(gy, weight, shape, *geometry),
        lambda gy: kernels.conv2d_backward_weight(input, gy, weight.shape, *geometry),
        None if bias is None else kernels.conv2d_backward_bias,
    )


@differentiable
def conv2d_limited(input, weight, bias, stride, padding, dilation, groups, limits):
    """A convolution and the limits of a ReLU or ReLU6 behind it, in one pass over the memory.

    Args:
        input, weight, bias, stride, padding, dilation, groups: As of `conv2d`.
        limits: The smallest and the largest number of the result.

    Returns:
        Images (N, O, H', W') and the derivatives with respect to `input`, `weight` and `bias`; a
        result on one of its limits gets no gradient, as in `relu6`.

    Raises:
        ValueError, TypeError: As `conv2d`.

    Example:
        >>> edge = np.array([[[[1.0, -1.0]]]])
        >>> x = np.array([[[[0.0, 9.0, 2.0, 0.0]]]])
        >>> conv2d_limited.__wrapped__(x, edge, None, 1, 0, 1, 1, (0.0, 6.0))[0]
        array([[[[0., 6., 2.]]]])
    """
    geometry = _conv_geometry(input, weight, bias, stride, padding, dilation, groups)
    shape, (low, high) = input.shape, limits
    y = kernels.conv2d(input, weight, bias, *geometry, limits)

    def inside(gy):
        return np.where((y <= low) | (y >= high), gy.dtype.type(0), gy)

    return y, (
        lambda gy: kernels.conv2d_backward_data(inside(gy), weight, shape, *geometry),
        lambda gy: kernels.conv2d_backward_weight(input, inside(gy), weight.shape, *geometry),
        None if bias is None else lambda gy: kernels.bias_gradient(inside(gy).sum((2, 3))),
    )


def _conv_geometry(input, weight, bias, stride, padding, dilation, groups):
    """The options of a convolution as its kernels take them, having seen that all fits."""
    stride, dilation = pair(stride, "conv2d: stride"), pair(dilation, "conv2d: dilation")
    _check_channels(input, weight, bias, groups)
    padding = _borders(padding, weight.shape[2:], stride, dilation)
    check_window("conv2d", input, weight.shape[2:], stride, padding, dilation)
    return stride, padding, dilation, groups


def _named_padding(name, window, stride, dilation):
    """The zeros before and after each axis that a name stands for."""
    if name == "valid":
        return 0, 0
    if name != "same":
        raise ValueError(f'conv2d: padding={name!r}; expected a number, a pair, "same" or "valid"')
    if stride != (1, 1):
        raise ValueError(
            f'conv2d: padding="same" with stride {stride}; it is defined for stride 1 only, '
            "give the padding as a number"
        )
    total = [d * (k - 1) for d, k in zip(dilation, window, strict=True)]
    return tuple((zeros // 2, zeros - zeros // 2) for zeros in total)


def _borders(padding, window, stride, dilation):
    """Zeros for rows and columns, each a number for both sides or a pair for either."""
    if isinstance(padding, str):
        return _named_padding(padding, window, stride, dilation)
    if isinstance(padding, (tuple, list)) and any(isinstance(p, (tuple, list)) for p in padding):
        above_below, left_right = padding
        return pair(above_below, "conv2d: padding"), pair(left_right, "conv2d: padding")
    return pair(padding, "conv2d: padding")


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
    if x.dtype is not w.dtype or (b is not None and b.dtype is not w.dtype):
        same_dtype("conv2d", input=x, weight=w, bias=b)


@differentiable
def max_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """The largest value of each window. The gradient goes to the element that was taken.

    Args:
        input: Images (N, C, H, W).
        kernel_size: Height and width of the window, a number or a pair.
        stride: Step between windows; by default the window size, so that none overlap.
        padding: Border around the image that never wins, at most half the window.
        dilation, ceil_mode, return_indices: Only 1 and False are covered.

    Returns:
        Images (N, C, H', W') and the derivative.

    Raises:
        ValueError: When shape or options do not fit.

    Example:
        >>> value, (dx,) = max_pool2d.__wrapped__(np.array([[[[1.0, 4.0], [3.0, 2.0]]]]), 2)
        >>> value, dx(np.ones((1, 1, 1, 1)))
        (array([[[[4.]]]]), array([[[[0., 1.], [0., 0.]]]]))
    """
    if dilation != 1 or return_indices:
        check_default(
            "max_pool2d",
            "leave it out",
            dilation=(pair(dilation, "max_pool2d: dilation"), (1, 1)),
            return_indices=(return_indices, False),
        )
    geometry = _geometry("max_pool2d", input, kernel_size, stride, padding, ceil_mode)
    y, taken = kernels.max_pool2d(input, *geometry)
    shape = input.shape
    return y, (lambda gy: kernels.max_pool2d_backward(gy, taken, shape, *geometry),)


@differentiable
def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """The mean of each window; zeros of the padding count, as in PyTorch.

    Args:
        input: Images (N, C, H, W).
        kernel_size: Height and width of the window, a number or a pair.
        stride: Step between windows; by default the window size, so that none overlap.
        padding: Zeros around the image, at most half the window.
        ceil_mode, count_include_pad, divisor_override: Only the defaults are covered.

    Returns:
        Images (N, C, H', W') and the derivative.

    Raises:
        ValueError: When shape or options do not fit.

    Example:
        >>> avg_pool2d.__wrapped__(np.array([[[[1.0, 4.0], [3.0, 2.0]]]]), 2)[0]
        array([[[[2.5]]]])
    """
    check_default(
        "avg_pool2d", "leave it out", count_include_pad=(count_include_pad, True),
        divisor_override=(divisor_override, None),
    )  # fmt: skip
    geometry = _geometry("avg_pool2d", input, kernel_size, stride, padding, ceil_mode)
    shape = input.shape
    return kernels.avg_pool2d(input, *geometry), (
        lambda gy: kernels.avg_pool2d_backward(gy, shape, *geometry),
    )


def _geometry(operation, x, kernel_size, stride, padding, ceil_mode):
    """Window, stride and padding as pairs that fit the images."""
    if ceil_mode:
        raise ValueError(f"{operation}: ceil_mode=True is not covered; pad the images (F.pad)")
    check_images(operation, x)
    window = pair(kernel_size, f"{operation}: kernel_size")
    stride = window if stride is None else pair(stride, f"{operation}: stride")
    padding = pair(padding, f"{operation}: padding")
    check_window(operation, x, window, stride, padding)
    if 2 * padding[0] > window[0] or 2 * padding[1] > window[1]:
        raise ValueError(
            f"{operation}: padding {padding} for a window of {window}; at most half the window "
            "is allowed, or some windows would see no pixel"
        )
    return window, stride, padding


def pair(value, name="this"):
    """Two numbers for height and width, from one number for both or from a pair.

    Args:
        value: A whole number or a sequence of two.
        name: What the number is, for the message.

    Returns:
        A tuple of two ints.

    Raises:
        ValueError: When it is neither.

    Example:
        >>> pair(3, "stride"), pair((1, 2), "stride")
        ((3, 3), (1, 2))
    """
    if isinstance(value, int):
        return value, value
    try:
        height, width = value
        if int(height) == height and int(width) == width:
            return int(height), int(width)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{name} is {value!r}; expected a whole number or a pair (height, width)")


def check_images(operation, x):
    """Require four axes: batch, channels, height, width.

    Example:
        >>> check_images("conv2d", np.zeros((1, 28, 28)))
        Traceback (most recent call last):
        ValueError: conv2d: the input has shape (1, 28, 28); expected four axes (batch, channels,
        height, width); for a single image use x[None]
    """
    if x.ndim != 4:
        hint = "; for a single image use x[None]" if x.ndim == 3 else ""
        raise ValueError(
            f"{operation}: the input has shape {x.shape}; expected four axes "
            f"(batch, channels, height, width){hint}"
        )


def check_window(operation, x, window, stride, padding, dilation=(1, 1)):
    """Require sensible numbers, and room for at least one window in the padded image.

    Example:
        >>> check_window("conv2d", np.zeros((1, 1, 2, 2)), (3, 3), (1, 1), (0, 0))
        Traceback (most recent call last):
        ValueError: conv2d: a window of 3x3 does not fit into an image of 2x2 (padding included);
        use a larger image, a smaller window or more padding
    """
    positive = {"kernel size": window, "stride": stride, "dilation": dilation}
    for name, numbers in positive.items():
        if min(numbers) < 1:
            raise ValueError(f"{operation}: {name} is {numbers}; expected numbers from 1")
    zeros = [(p, p) if isinstance(p, int) else p for p in padding]
    if min(map(min, zeros)) < 0:
        raise ValueError(f"{operation}: padding is {padding}; expected numbers not below 0")
    room = [n + sum(p) for n, p in zip(x.shape[2:], zeros, strict=True)]
    span = [d * (k - 1) + 1 for d, k in zip(dilation, window, strict=True)]
    if span[0] > room[0] or span[1] > room[1]:
        raise ValueError(
            f"{operation}: a window of {span[0]}x{span[1]} does not fit into an image of "
            f"{room[0]}x{room[1]} (padding included); use a larger image, a smaller window or "
            "more padding"
        )
