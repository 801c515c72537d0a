"""The ladder of convolutions: every rung checked against the definition and timed alike."""

import numpy as np

from ..gemm.ladder import median_time
from ..peak import peak_flops
from . import conv2d, conv2d_reference, im2col, seven_loops

RUNGS = {
    "seven loops": seven_loops.convolve,
    "im2col": im2col.convolve,
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
