"""Transposed convolution: from small images to large ones, and windows over rows of numbers.

A transposed convolution is the derivative of a convolution, put to use on the way forward; and the
derivative of that is the convolution. A row of numbers is an image one pixel high.
"""

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import differentiable
from minitransfer.ops.common import same_dtype
from minitransfer.ops.images import avg_pool2d, check_images, conv2d, max_pool2d, pair


@differentiable
def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Each pixel is multiplied by a filter and laid down in a larger image, where they overlap.

    Source: Zeiler et al. 2010, who call it deconvolution.

    Args:
        input: Images (N, C, H, W).
        weight: Filters (C, O / groups, KH, KW): the other way round than in `conv2d`.
        bias: Bias (O,) or None.
        stride: Step between the places where filters are laid, a number or a pair.
        padding: Pixels to cut off on each side of the result.
        output_padding: Pixels to add below and to the right; less than stride or dilation.
        groups: In how many groups the channels are divided.
        dilation: Distance between neighbouring filter elements, a number or a pair.

    Returns:
        Images (N, O, H', W') with H' = (H − 1) stride − 2 padding + dilation (KH − 1) +
        output_padding + 1, and the derivatives with respect to `input`, `weight` and `bias`.

    Raises:
        ValueError: When shapes or options do not fit together.
        TypeError: When the dtypes differ.

    Example:
        >>> x, filter = np.array([[[[1.0, 2.0]]]]), np.ones((1, 1, 1, 2))
        >>> conv_transpose2d.__wrapped__(x, filter, stride=(1, 2))[0]
        array([[[[1., 1., 2., 2.]]]])
    """
    name = "conv_transpose2d"
    check_images(name, input)
    stride, padding = pair(stride, f"{name}: stride"), pair(padding, f"{name}: padding")
    dilation = pair(dilation, f"{name}: dilation")
    more = pair(output_padding, f"{name}: output_padding")
    _check_transposed(name, input, weight, bias, groups)
    if any(m < 0 or m >= max(s, d) for m, s, d in zip(more, stride, dilation, strict=True)):
        raise ValueError(
            f"{name}: output_padding is {more}; it must be less than stride {stride} or dilation "
            f"{dilation}"
        )
    sizes = zip(input.shape[2:], weight.shape[2:], stride, padding, dilation, more, strict=True)
    size = [(n - 1) * s - 2 * p + d * (k - 1) + m + 1 for n, k, s, p, d, m in sizes]
    if min(size) < 1:
        raise ValueError(
            f"{name}: an image of {input.shape[2:]} would become {tuple(size)}; use a larger one "
            "or less padding"
        )
    shape = (len(input), weight.shape[1] * groups, *size)
    geometry = stride, padding, dilation, groups
    # Where no less than a stride is added, a convolution of the result finds room for filters
    # behind those of the last pixels. Pixels of 0 fill it up, and lay nothing down.
    behind = [m // s for m, s in zip(more, stride, strict=True)]
    x = np.pad(input, [(0, 0), (0, 0), *((0, n) for n in behind)]) if any(behind) else input
    y = kernels.conv2d_backward_data(x, weight, shape, *geometry)
    if bias is not None:
        y = y + bias[:, None, None]

    def derivative_of_input(gy):
        gx = kernels.conv2d(gy, weight, None, *geometry)
        return gx[:, :, : input.shape[2], : input.shape[3]] if any(behind) else gx

    return y, (
        derivative_of_input,
        lambda gy: kernels.conv2d_backward_weight(gy, x, weight.shape, *geometry),
        None if bias is None else lambda gy: kernels.bias_gradient(np.add.reduce(gy, (2, 3))),
    )


def _check_transposed(name, x, w, b, groups):
    if w.ndim != 4 or w.shape[0] != x.shape[1]:
        raise ValueError(
            f"{name}: the input has {x.shape[1]} channels (shape {x.shape}), the weight {w.shape}; "
            "expected (in channels, out channels / groups, height, width)"
        )
    if groups < 1 or w.shape[0] % groups:
        raise ValueError(f"{name}: groups={groups} does not divide {w.shape[0]} channels")
    out = w.shape[1] * groups
    if b is not None and b.shape != (out,):
        raise ValueError(f"{name}: the bias has shape {b.shape}; expected ({out},)")
    same_dtype(name, input=x, weight=w, bias=b)


# Rows of numbers


@differentiable
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """`conv2d` for rows of numbers: sound, text, time.

    Args:
        input: Rows (N, C, L).
        weight: Filters (O, C / groups, K).
        bias, stride, padding, dilation, groups: See `conv2d`; numbers, not pairs.

    Returns:
        Rows (N, O, L'), and the derivatives with respect to `input`, `weight` and `bias`.

    Raises:
        ValueError: When shapes or options do not fit together.

    Example:
        >>> conv1d.__wrapped__(np.array([[[0.0, 0.0, 5.0]]]), np.array([[[1.0, -1.0]]]))[0]
        array([[[ 0., -5.]]])
    """
    _check_rows("conv1d", input, weight)
    stride, dilation = _beside(stride, 1), _beside(dilation, 1)
    padding = padding if isinstance(padding, str) else _beside(padding, 0)
    options = stride, padding, dilation, groups
    return _flat(conv2d.__wrapped__(_high(input), _high(weight), bias, *options))


@differentiable
def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """`conv_transpose2d` for rows of numbers, (N, C, L).

    Example:
        >>> row, filter = np.array([[[1.0, 2.0]]]), np.ones((1, 1, 2))
        >>> conv_transpose1d.__wrapped__(row, filter, stride=2)[0]
        array([[[1., 1., 2., 2.]]])
    """
    _check_rows("conv_transpose1d", input, weight)
    options = _beside(stride, 1), _beside(padding, 0), _beside(output_padding, 0), groups
    both = _high(input), _high(weight)
    return _flat(conv_transpose2d.__wrapped__(*both, bias, *options, _beside(dilation, 1)))


@differentiable
def max_pool1d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """`max_pool2d` for rows of numbers, (N, C, L).

    Example:
        >>> max_pool1d.__wrapped__(np.array([[[1.0, 4.0, 3.0, 2.0]]]), 2)[0]
        array([[[4., 3.]]])
    """
    _check_rows("max_pool1d", input)
    step = None if stride is None else _beside(stride, 1)
    window, border = _beside(kernel_size, 1), _beside(padding, 0)
    options = border, dilation, ceil_mode, return_indices
    return _flat(max_pool2d.__wrapped__(_high(input), window, step, *options))


@differentiable
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """`avg_pool2d` for rows of numbers, (N, C, L).

    Example:
        >>> avg_pool1d.__wrapped__(np.array([[[1.0, 4.0, 3.0, 2.0]]]), 2)[0]
        array([[[2.5, 2.5]]])
    """
    _check_rows("avg_pool1d", input)
    step = None if stride is None else _beside(stride, 1)
    window, border = _beside(kernel_size, 1), _beside(padding, 0)
    options = border, ceil_mode, count_include_pad
    return _flat(avg_pool2d.__wrapped__(_high(input), window, step, *options))


def _beside(value, above):
    """A number for the row's own axis, and `above` for the height of one pixel."""
    if isinstance(value, (tuple, list)) and len(value) == 1:
        value = value[0]
    return above, value


def _high(rows):
    """(N, C, L) as images one pixel high."""
    return rows[:, :, None]


def _flat(made):
    """The value and the derivatives of an operation on images, for rows of numbers."""
    y, derivatives = made

    def on_rows(i, derivative):
        if derivative is None or i == 2:  # the bias has one axis anyway
            return derivative and (lambda gy: derivative(_high(gy)))
        return lambda gy: derivative(_high(gy))[:, :, 0]

    return y[:, :, 0], tuple([on_rows(i, d) for i, d in enumerate(derivatives)])


def _check_rows(name, x, *weights):
    for what, a in zip(("input", "weight"), (x, *weights), strict=False):
        if a.ndim != 3:
            axes = "(batch, channels, length)" if what == "input" else "(out, in, length)"
            raise ValueError(f"{name}: the {what} has shape {a.shape}; expected {axes}")
