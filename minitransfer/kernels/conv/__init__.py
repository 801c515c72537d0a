"""Two-dimensional convolution (cross-correlation, as in all deep-learning libraries)."""

import numpy as np


def conv2d_reference(x, w, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):
    """Return the sum over the filter's taps of tap times shifted image."""
    size = _output_size(x.shape, w.shape, stride, padding, dilation)
    xp = _padded(x, padding)
    y = np.zeros((len(x), groups, len(w) // groups, *size), x.dtype)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            image = _grouped(_tap(xp, i, j, stride, dilation, size), groups)
            weights = w[:, :, i, j].reshape(groups, -1, w.shape[1])
            y += np.einsum("goc,ngchw->ngohw", weights, image)
    y = y.reshape(len(x), len(w), *size)
    return y if bias is None else y + bias[:, None, None]


def conv2d_backward_data_reference(gy, w, x_shape, stride, padding, dilation, groups):
    """Return the gradient of the image: each output's gradient goes back along every tap."""
    (ph, pw), (h, wide) = padding, x_shape[2:]
    gxp = _padded(np.zeros(x_shape, gy.dtype), padding)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            weights = w[:, :, i, j].reshape(groups, -1, w.shape[1])
            part = np.einsum("goc,ngohw->ngchw", weights, _grouped(gy, groups))
            view = _tap(gxp, i, j, stride, dilation, gy.shape[2:])
            view += part.reshape(view.shape)
    return np.ascontiguousarray(gxp[:, :, ph : ph + h, pw : pw + wide])


def conv2d_backward_weight_reference(x, gy, w_shape, stride, padding, dilation, groups):
    """Return the gradient of the filters: each tap's image times the output's gradient."""
    xp = _padded(x, padding)
    gw = np.zeros(w_shape, x.dtype)
    for i in range(w_shape[2]):
        for j in range(w_shape[3]):
            image = _grouped(_tap(xp, i, j, stride, dilation, gy.shape[2:]), groups)
            part = np.einsum("ngohw,ngchw->goc", _grouped(gy, groups), image)
            gw[:, :, i, j] = part.reshape(w_shape[:2])
    return gw


def _output_size(x_shape, w_shape, stride, padding, dilation):
    return tuple(
        (x_shape[d] + 2 * padding[d - 2] - dilation[d - 2] * (w_shape[d] - 1) - 1) // stride[d - 2]
        + 1
        for d in (2, 3)
    )


def _padded(x, padding):
    (ph, pw), (h, w) = padding, x.shape[2:]
    xp = np.zeros((*x.shape[:2], h + 2 * ph, w + 2 * pw), x.dtype)
    xp[:, :, ph : ph + h, pw : pw + w] = x
    return xp


def _tap(xp, i, j, stride, dilation, size):
    """The view of the padded image that tap (i, j) of the filter sees."""
    (sh, sw), (dh, dw), (oh, ow) = stride, dilation, size
    i, j = i * dh, j * dw
    return xp[:, :, i : i + sh * (oh - 1) + 1 : sh, j : j + sw * (ow - 1) + 1 : sw]


def _grouped(x, groups):
    return x.reshape(len(x), groups, -1, *x.shape[2:])


conv2d = conv2d_reference
conv2d_backward_data = conv2d_backward_data_reference
conv2d_backward_weight = conv2d_backward_weight_reference
