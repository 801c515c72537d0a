"""The ladder of convolutions: three rungs, each checked against the definition and timed alike.

`seven_loops` is the definition, `im2col` makes one matrix product of it, and the last rung is
`conv2d`, whose shifted views need no copies.
"""

import numpy as np

from ..compile import kernel
from ..gemm import matmul
from ..gemm.ladder import median_time
from ..peak import peak_flops
from .images import conv2d
from .plan import output_size
from .reference import conv2d_reference, padded, tap


@kernel("void(in4, in4, real[:, :, :, ::1], intp, intp, intp, intp, intp, intp)")
def _seven_loops(x, w, y, sh, sw, ph, pw, dh, dw):
    for n in range(y.shape[0]):
        for o in range(y.shape[1]):
            for r in range(y.shape[2]):
                for s in range(y.shape[3]):
                    total = y.dtype.type(0)
                    for c in range(w.shape[1]):
                        for i in range(w.shape[2]):
                            for j in range(w.shape[3]):
                                h, v = r * sh - ph + i * dh, s * sw - pw + j * dw
                                if 0 <= h < x.shape[2] and 0 <= v < x.shape[3]:
                                    total += w[o, c, i, j] * x[n, c, h, v]
                    y[n, o, r, s] = total


def seven_loops(x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    """Return the convolution of x (N, C, H, W) with w (O, C, KH, KW) by its definition.

    Images, filters, two axes of the output; channels, two axes of the filter. The three inner ones
    are one sum whose terms wait for each other, and each looks whether it stands in the padding.

    Example:
        >>> seven_loops(np.ones((1, 2, 3, 3)), np.ones((1, 2, 3, 3))).item()
        18.0
    """
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    y = np.empty((len(x), len(w), *size), x.dtype)
    _seven_loops[x.dtype](x, w, y, *stride, *padding, *dilation)
    return y


def columns(x, w_shape, stride, padding, dilation):
    """Return the matrices (N, C * KH * KW, OH * OW) whose columns are the windows of x.

    Example:
        >>> columns(np.arange(4.0).reshape(1, 1, 2, 2), (1, 1, 1, 2), (1, 1), (0, 0), (1, 1))
        array([[[0., 2.],
                [1., 3.]]])
    """
    size = output_size(x.shape, w_shape, stride, padding, dilation)
    image = padded(x, padding)
    out = np.empty((len(x), x.shape[1], w_shape[2], w_shape[3], *size), x.dtype)
    for i in range(w_shape[2]):
        for j in range(w_shape[3]):
            out[:, :, i, j] = tap(image, i, j, stride, dilation, size)
    return out.reshape(len(x), -1, size[0] * size[1])


def im2col(x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    """Return the convolution of x (N, C, H, W) with w (O, C, KH, KW) as a matrix product.

    The matrix (`columns`) has a row for each channel and tap, KH * KW times the image: the
    arithmetic now runs at the speed of `matmul`, at the price of writing and reading the image
    nine times for a 3 x 3 filter.

    Example:
        >>> im2col(np.ones((1, 2, 3, 3)), np.ones((1, 2, 3, 3))).item()
        18.0
    """
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    y = matmul(w.reshape(1, len(w), -1), columns(x, w.shape, stride, padding, dilation))
    return y.reshape(len(x), len(w), *size)


RUNGS = {
    "seven loops": seven_loops,
    "im2col": im2col,
    "shifted views": lambda x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1): conv2d(
        x, w, None, stride, padding, dilation
    ),
}
"""The rungs from the lowest to what the library uses; all have one signature."""


def climb(images=8, channels=16, filters=32, size=14, kernel=3, dtype=np.float32, seconds=0.2):
    """Measure the rungs one after the other on square images with padding that keeps their size.

    Returns:
        A dictionary from each rung's name to its speed in floating-point operations a second
        (those of the definition, padding included), and "peak" (`peak_flops`).

    Raises:
        AssertionError: if a rung disagrees with the definition.

    Example:
        >>> speeds = climb(1, 2, 3, 5, seconds=0.001)
        >>> sorted(speeds)
        ['im2col', 'peak', 'seven loops', 'shifted views']
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, channels, size, size)).astype(dtype)
    w = rng.standard_normal((filters, channels, kernel, kernel)).astype(dtype)
    padding = (kernel // 2, kernel // 2)
    expected = conv2d_reference(x, w, padding=padding)
    work = 2 * expected.size * w[0].size
    speeds = {}
    for name, convolve in RUNGS.items():
        y = convolve(x, w, padding=padding)
        allowed = 100 * np.sqrt(w[0].size) * np.finfo(dtype).eps
        if not (abs(y - expected) <= allowed).all():
            raise AssertionError(f"{name} differs by up to {abs(y - expected).max()}")
        call = lambda f=convolve: f(x, w, padding=padding)  # noqa: E731
        speeds[name] = work / median_time(call, seconds)
    return speeds | {"peak": peak_flops(dtype)}
