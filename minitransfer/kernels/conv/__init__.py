"""Two-dimensional convolution (cross-correlation, as in all deep-learning libraries).

`plan` holds the idea, and is the file to read first; `shifted` carries it out. Only `depthwise`
filters take a path of their own. `ladder` says, in four rungs, how one comes to shifted views,
and measures them.
"""

import numpy as np

from ..compile import wrong_gradient
from . import depthwise, shifted


def output_size(x_shape, w_shape, stride, padding, dilation):
    """Height and width of a convolution's output.

    Example:
        >>> output_size((1, 1, 28, 28), (1, 1, 3, 3), (2, 2), (1, 1), (1, 1))
        (14, 14)
    """
    return tuple(
        (x_shape[d] + 2 * padding[d - 2] - dilation[d - 2] * (w_shape[d] - 1) - 1) // stride[d - 2]
        + 1
        for d in (2, 3)
    )


def padded(x, padding):
    """x with zeros around each image.

    Example:
        >>> padded(np.ones((1, 1, 1, 1)), (0, 1))
        array([[[[0., 1., 0.]]]])
    """
    (ph, pw), (h, w) = padding, x.shape[2:]
    xp = np.zeros((*x.shape[:2], h + 2 * ph, w + 2 * pw), x.dtype)
    xp[:, :, ph : ph + h, pw : pw + w] = x
    return xp


def tap(xp, i, j, stride, dilation, size):
    """The view of the padded image that tap (i, j) of the filter sees."""
    (sh, sw), (dh, dw), (oh, ow) = stride, dilation, size
    i, j = i * dh, j * dw
    return xp[:, :, i : i + sh * (oh - 1) + 1 : sh, j : j + sw * (ow - 1) + 1 : sw]


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
        x: images (N, C, H, W), float32 or float64, of any strides, as are the others.
        w: filters (O, C / groups, KH, KW).
        bias: (O,) or None.
        stride, padding, dilation: two whole numbers each, for rows and columns.
        groups: both channels and filters are cut into so many groups that do not mix.

    Returns:
        A new array (N, O, OH, OW), where
        OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1.

    Example:
        >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), padding=(1, 1))[0, 0]
        array([[4., 6., 4.],
               [6., 9., 6.],
               [4., 6., 4.]])
    """
    # The fast paths multiply a filter by the zeros between images too, which gives NaN for inf.
    if x.size == 0 or w.size == 0 or not np.isfinite(w).all():
        return conv2d_reference(x, w, bias, stride, padding, dilation, groups)
    x, w = np.ascontiguousarray(x), np.ascontiguousarray(w)
    bias = np.zeros(len(w), x.dtype) if bias is None else np.ascontiguousarray(bias)
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    if _is_depthwise(w.shape, groups):
        return depthwise.forward(x, w, bias, size, stride, padding, dilation)
    return shifted.forward(x, w, bias, size, stride, padding, dilation, groups)


def conv2d_backward_data(gy, w, x_shape, stride, padding, dilation, groups):
    """Return the gradient (N, C, H, W) of `conv2d`'s images, given that of its output.

    Raises:
        ValueError: if `gy` does not have the output's shape.

    Example:
        >>> gy, w = np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2))
        >>> conv2d_backward_data(gy, w, (1, 1, 3, 3), (1, 1), (0, 0), (1, 1), 1)[0, 0]
        array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]])
    """
    _check_gradient(gy, x_shape, w.shape, stride, padding, dilation)
    if gy.size == 0 or w.size == 0 or not np.isfinite(w).all():
        return conv2d_backward_data_reference(gy, w, x_shape, stride, padding, dilation, groups)
    gy, w = np.ascontiguousarray(gy), np.ascontiguousarray(w)
    if _is_depthwise(w.shape, groups):
        return depthwise.backward_data(gy, w, x_shape, stride, padding, dilation)
    return shifted.backward_data(gy, w, x_shape, stride, padding, dilation, groups)


def conv2d_backward_weight(x, gy, w_shape, stride, padding, dilation, groups):
    """Return the gradient (O, C / groups, KH, KW) of `conv2d`'s filters.

    Raises:
        ValueError: if `gy` does not have the output's shape.

    Example:
        >>> x, gy = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
        >>> conv2d_backward_weight(x, gy, (1, 1, 2, 2), (1, 1), (0, 0), (1, 1), 1)[0, 0]
        array([[ 8., 12.],
               [20., 24.]])
    """
    _check_gradient(gy, x.shape, w_shape, stride, padding, dilation)
    geometry = (stride, padding, dilation)
    if gy.size and x.size:
        x, gy = np.ascontiguousarray(x), np.ascontiguousarray(gy)
        if _is_depthwise(w_shape, groups):
            gw = depthwise.backward_weight(x, gy, w_shape, *geometry)
        else:
            gw = shifted.backward_weight(x, gy, w_shape, *geometry, groups)
        if np.isfinite(gw).all():
            return gw
    return conv2d_backward_weight_reference(x, gy, w_shape, *geometry, groups)


def _is_depthwise(w_shape, groups):
    return groups > 1 and w_shape[1] == 1 and w_shape[0] == groups


def _check_gradient(gy, x_shape, w_shape, stride, padding, dilation):
    shape = (x_shape[0], w_shape[0], *output_size(x_shape, w_shape, stride, padding, dilation))
    if gy.shape != shape:
        raise wrong_gradient(gy, shape)
