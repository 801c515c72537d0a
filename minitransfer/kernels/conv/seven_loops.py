"""First rung: the seven loops of the definition, for one group.

Images, filters, two axes of the output; channels, two axes of the filter. The three inner ones
are one sum whose terms wait for each other, and each looks whether it stands in the padding.
"""

import numpy as np

from ..compile import kernel
from .geometry import output_size


@kernel("void(in4, in4, real[:, :, :, ::1], intp, intp, intp, intp, intp, intp)")
def _convolve(x, w, y, sh, sw, ph, pw, dh, dw):
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


def convolve(x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    """Return the convolution of x (N, C, H, W) with w (O, C, KH, KW).

    Example:
        >>> convolve(np.ones((1, 2, 3, 3)), np.ones((1, 2, 3, 3))).item()
        18.0
    """
    size = output_size(x.shape, w.shape, stride, padding, dilation)
    y = np.empty((len(x), len(w), *size), x.dtype)
    _convolve(x, w, y, *stride, *padding, *dilation)
    return y
