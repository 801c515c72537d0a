"""Pooling: each small window of an image becomes one number."""

from minitransfer import kernels
from minitransfer.ops.windows import check_images, check_window, pair


def max_pool2d(x, *, kernel_size, stride=None, padding=0):
    """The largest value of each window. The gradient goes to the element that was taken.

    Args:
        x: Images (N, C, H, W).
        kernel_size: Height and width of the window, a number or a pair.
        stride: Step between windows; by default the window size, so that none overlap.
        padding: Border around the image that never wins, at most half the window.

    Returns:
        Images (N, C, H', W') and the derivative.

    Raises:
        ValueError: When shape or options do not fit.

    Example:
        >>> import numpy as np
        >>> value, (dx,) = max_pool2d(np.array([[[[1.0, 4.0], [3.0, 2.0]]]]), kernel_size=2)
        >>> value, dx(np.ones((1, 1, 1, 1)))
        (array([[[[4.]]]]), array([[[[0., 1.], [0., 0.]]]]))
    """
    geometry = _geometry("max_pool2d", x, kernel_size, stride, padding)
    y, taken = kernels.max_pool2d(x, *geometry)
    shape = x.shape
    return y, (lambda gy: kernels.max_pool2d_backward(gy, taken, shape, *geometry),)


def avg_pool2d(x, *, kernel_size, stride=None, padding=0):
    """The mean of each window; zeros of the padding count, as in PyTorch.

    Args:
        x: Images (N, C, H, W).
        kernel_size: Height and width of the window, a number or a pair.
        stride: Step between windows; by default the window size, so that none overlap.
        padding: Zeros around the image, at most half the window.

    Returns:
        Images (N, C, H', W') and the derivative.

    Raises:
        ValueError: When shape or options do not fit.

    Example:
        >>> import numpy as np
        >>> avg_pool2d(np.array([[[[1.0, 4.0], [3.0, 2.0]]]]), kernel_size=2)[0]
        array([[[[2.5]]]])
    """
    geometry = _geometry("avg_pool2d", x, kernel_size, stride, padding)
    shape = x.shape
    return kernels.avg_pool2d(x, *geometry), (
        lambda gy: kernels.avg_pool2d_backward(gy, shape, *geometry),
    )


def _geometry(operation, x, kernel_size, stride, padding):
    """Window, stride and padding as pairs that fit the images."""
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
