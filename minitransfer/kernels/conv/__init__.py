"""Two-dimensional convolution (cross-correlation, as in all deep-learning libraries).

The ladder: `seven_loops`, `im2col`, and `shifted`, which the library uses; small images
(`lanes`), `depthwise` filters and those of 1 x 1 (`pointwise`) go ways of their own. `ladder`
measures the rungs. `plan` holds the idea, and is the file to read first.
"""

import numpy as np

from ..checks import common_float, pair
from . import depthwise, lanes, pointwise, shifted
from .geometry import output_size, padded, tap


def conv2d_reference(x, w, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):
    """Return the sum over the filter's taps of tap times shifted image."""
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    xp = padded(x, padding)
    y = np.zeros((len(x), groups, len(w) // groups, *size), x.dtype)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            image = _grouped(tap(xp, i, j, stride, dilation, size), groups)
            weights = w[:, :, i, j].reshape(groups, -1, w.shape[1])
            y += np.einsum("goc,ngchw->ngohw", weights, image)
    y = y.reshape(len(x), len(w), *size)
    return y if bias is None else y + bias[:, None, None]


def conv2d_backward_data_reference(gy, w, x_shape, stride, padding, dilation, groups):
    """Return the gradient of the image: each output's gradient goes back along every tap."""
    (ph, pw), (h, wide) = padding, x_shape[2:]
    gxp = padded(np.zeros(x_shape, gy.dtype), padding)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            weights = w[:, :, i, j].reshape(groups, -1, w.shape[1])
            part = np.einsum("goc,ngohw->ngchw", weights, _grouped(gy, groups))
            view = tap(gxp, i, j, stride, dilation, gy.shape[2:])
            view += part.reshape(view.shape)
    return np.ascontiguousarray(gxp[:, :, ph : ph + h, pw : pw + wide])


def conv2d_backward_weight_reference(x, gy, w_shape, stride, padding, dilation, groups):
    """Return the gradient of the filters: each tap's image times the output's gradient."""
    xp = padded(x, padding)
    gw = np.zeros(w_shape, x.dtype)
    for i in range(w_shape[2]):
        for j in range(w_shape[3]):
            image = _grouped(tap(xp, i, j, stride, dilation, gy.shape[2:]), groups)
            part = np.einsum("ngohw,ngchw->goc", _grouped(gy, groups), image)
            gw[:, :, i, j] = part.reshape(w_shape[:2])
    return gw


def _grouped(x, groups):
    return x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])


def conv2d(x, w, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):
    """Return the two-dimensional convolution of images with filters.

    As in all deep-learning libraries it is the cross-correlation: the filter is not turned.

    Args:
        x: images (N, C, H, W).
        w: filters (O, C / groups, KH, KW).
        bias: (O,) or None.
        stride, padding, dilation: two whole numbers each, for rows and columns.
        groups: both channels and filters are cut into so many groups that do not mix.

    Returns:
        A new array (N, O, OH, OW), where
        OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1.

    Raises:
        ValueError: if the shapes do not fit each other.

    Example:
        >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), padding=(1, 1))[0, 0]
        array([[4., 6., 4.],
               [6., 9., 6.],
               [4., 6., 4.]])
    """
    x, w, bias, geometry = _checked("conv2d", x, w, bias, stride, padding, dilation, groups)
    size = output_size(x.shape, w.shape, *geometry[:3])
    if min(size) < 1:
        raise ValueError(
            f"conv2d: the filter {w.shape[2:]} (dilation {dilation}) is larger than the image "
            f"{x.shape[2:]} with padding {padding}"
        )
    if x.size == 0 or w.size == 0:
        return conv2d_reference(x, w, bias, *geometry)
    if _is_depthwise(w.shape, groups):
        return depthwise.forward(x, w, bias, size, *geometry[:3])
    if _is_pointwise(w.shape, geometry):
        return pointwise.forward(x, w, bias, geometry[0])
    way = lanes if _is_small(x.shape, size) else shifted
    return way.forward(x, w, bias, size, *geometry)


def conv2d_backward_data(gy, w, x_shape, stride, padding, dilation, groups):
    """Return the gradient (N, C, H, W) of `conv2d`'s images, given that of its output.

    Example:
        >>> gy, w = np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2))
        >>> conv2d_backward_data(gy, w, (1, 1, 3, 3), (1, 1), (0, 0), (1, 1), 1)[0, 0]
        array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]])
    """
    gy, w, _, geometry = _checked(
        "conv2d_backward_data", gy, w, None, stride, padding, dilation, groups, x_shape
    )
    if gy.size == 0 or w.size == 0:
        return conv2d_backward_data_reference(gy, w, x_shape, *geometry)
    if _is_depthwise(w.shape, groups):
        return depthwise.backward_data(gy, w, x_shape, *geometry[:3])
    if _is_pointwise(w.shape, geometry):
        return pointwise.backward_data(gy, w, x_shape, geometry[0])
    way = lanes if _is_small(x_shape, gy.shape[2:]) else shifted
    return way.backward_data(gy, w, x_shape, *geometry)


def conv2d_backward_weight(x, gy, w_shape, stride, padding, dilation, groups):
    """Return the gradient (O, C / groups, KH, KW) of `conv2d`'s filters.

    Example:
        >>> x, gy = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
        >>> conv2d_backward_weight(x, gy, (1, 1, 2, 2), (1, 1), (0, 0), (1, 1), 1)[0, 0]
        array([[ 8., 12.],
               [20., 24.]])
    """
    w = np.empty(w_shape, gy.dtype)  # only its shape is looked at
    gy, _, _, geometry = _checked(
        "conv2d_backward_weight", gy, w, None, stride, padding, dilation, groups, x.shape
    )
    x, _ = common_float("conv2d_backward_weight", np.ascontiguousarray(x), gy)
    if gy.size == 0 or x.size == 0:
        return conv2d_backward_weight_reference(x, gy, w_shape, *geometry)
    if _is_pointwise(w_shape, geometry):
        return pointwise.backward_weight(x, gy, geometry[0])
    if _is_depthwise(w_shape, groups):
        gw = depthwise.backward_weight(x, gy, w_shape, *geometry[:3])
    elif (
        _is_small(x.shape, gy.shape[2:]) and len(x) >= lanes.IMAGES and w_shape[1] > lanes.CHANNELS
    ):
        gw = lanes.backward_weight(x, gy, w_shape, *geometry)
    else:
        gw = shifted.backward_weight(x, gy, w_shape, *geometry)
    if np.isfinite(gw).all():
        return gw
    return conv2d_backward_weight_reference(x, gy, w_shape, *geometry)


def _is_depthwise(w_shape, groups):
    return groups > 1 and w_shape[1] == 1 and w_shape[0] == groups


def _is_small(x_shape, size):
    """Whether the images are so small that each lane had better take another one.

    How many images there are does not count, though a single one leaves most lanes idle: what a
    network says of an image must not depend, to the last bit, on the company it is in. Only the
    gradient of the filters, a sum over the whole batch, may look at its size.
    """
    return max(x_shape[2] * x_shape[3], size[0] * size[1]) <= lanes.PLACES


def _is_pointwise(w_shape, geometry):
    """Whether the convolution is one matrix product for each image."""
    _, padding, _, groups = geometry
    return tuple(w_shape[2:]) == (1, 1) and padding == (0, 0) and groups == 1


def _checked(name, x, w, bias, stride, padding, dilation, groups, x_shape=None):
    """Contiguous arrays of one type and the geometry as tuples; or say what does not fit."""
    stride, dilation = pair(name, "stride", stride, 1), pair(name, "dilation", dilation, 1)
    padding = pair(name, "padding", padding, 0)
    shape = x.shape if x_shape is None else x_shape
    if len(shape) != 4 or x.ndim != 4 or w.ndim != 4:
        raise ValueError(
            f"{name}: images {tuple(shape)} and filters {w.shape} need four axes each, "
            "(N, C, H, W) and (O, C / groups, KH, KW)"
        )
    if shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        raise ValueError(
            f"{name}: images {tuple(shape)} and filters {w.shape} with {groups} groups; the "
            f"filters' second size must be {shape[1]} / {groups} and their number a multiple of "
            f"{groups}"
        )
    if bias is not None and bias.shape != w.shape[:1]:
        raise ValueError(f"{name}: bias {bias.shape} for {w.shape[0]} filters")
    if x_shape is not None:
        size = output_size(shape, w.shape, stride, padding, dilation)
        if x.shape != (shape[0], w.shape[0], *size):
            raise ValueError(
                f"{name}: the output's gradient has shape {x.shape}; images {tuple(shape)} and "
                f"filters {w.shape} give {(shape[0], w.shape[0], *size)}"
            )
    if bias is None:
        x, w = common_float(name, x, w)
    else:
        x, w, bias = common_float(name, x, w, bias)
        bias = np.ascontiguousarray(bias)
    geometry = (stride, padding, dilation, groups)
    return np.ascontiguousarray(x), np.ascontiguousarray(w), bias, geometry
