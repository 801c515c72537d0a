"""Pooling: an image made smaller by keeping the largest number, or the mean, of each window."""

from minitransfer import ops
from minitransfer.nn.layers import pair
from minitransfer.nn.module import Module


class _Pool2d(Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size = pair(kernel_size)
        self.stride = self.kernel_size if stride is None else pair(stride)
        self.padding = pair(padding)

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

    Example:
        >>> from minitransfer import zeros
        >>> MaxPool2d(2)(zeros(1, 3, 8, 8)).shape
        (1, 3, 4, 4)
    """

    stateless = True

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
        if pair(output_size) != (1, 1):
            raise ValueError(
                f"AdaptiveAvgPool2d: only output size 1 is covered, given {output_size}; "
                "use AvgPool2d with a fixed window"
            )

    def forward(self, x):
        _check_images(self, x)
        return ops.mean(x, (2, 3), keepdim=True)


def _check_images(module, x):
    if x.ndim != 4:
        raise ValueError(
            f"{module.label()} expects images (N, channels, height, width), given {tuple(x.shape)}"
        )
