"""The ladder of matrix products: every rung checked against the definition and timed alike."""

import time

import numpy as np

from ..peak import peak_flops
from . import blocked, matmul_reference, naive, reordered, tiled

RUNGS = {
    "naive": naive.multiply,
    "reordered": reordered.multiply,
    "blocked": blocked.multiply,
    "tiled": tiled.multiply,
}
"""The rungs from the lowest to the one that the library uses; all have one signature."""


def check(multiply, a, b):
    """Raise unless ``multiply(a, b)`` agrees with `matmul_reference` to rounding.

    Raises:
        AssertionError: with the largest difference.

    Example:
        >>> check(RUNGS["tiled"], np.ones((3, 4)), np.ones((4, 5)))
    """
    expected = matmul_reference(a, b)
    allowed = 4 * a.shape[1] * np.finfo(a.dtype).eps * matmul_reference(abs(a), abs(b))
    difference = abs(multiply(a, b) - expected)
    if not (difference <= allowed).all():
        raise AssertionError(f"differs from the definition by up to {difference.max()}")


def climb(m=256, k=256, n=256, dtype=np.float32, seconds=0.2, rungs=RUNGS):
    """Measure the rungs one after the other on an (m, k) by (k, n) product.

    Args:
        seconds: how long each rung is measured.

    Returns:
        A dictionary from each rung's name to its speed in floating-point operations a second
        (2 m k n of them), and "peak": what this core can do at most (`peak_flops`).

    Example:
        >>> speeds = climb(32, 32, 32, seconds=0.001)
        >>> speeds["tiled"] < 2 * speeds["peak"]
        True
    """
    rng = np.random.default_rng(0)
    a = rng.standard_normal((m, k)).astype(dtype)
    b = rng.standard_normal((k, n)).astype(dtype)
    speeds = {}
    for name, multiply in rungs.items():
        check(multiply, a, b)  # compiles it, too
        speeds[name] = 2 * m * k * n / median_time(lambda f=multiply: f(a, b), seconds)
    return speeds | {"peak": peak_flops(dtype)}


def median_time(call, seconds):
    """Call `call` for `seconds` and return the median processor time of a call, in seconds.

    Processor time counts all threads together and leaves out those of other programs, so a speed
    made of it is that of one core.

    Example:
        >>> median_time(lambda: None, 0.001) < 0.001
        True
    """
    times = []
    stop = time.perf_counter() + seconds
    while not times or (time.perf_counter() < stop and len(times) < 10_000):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return float(np.median(times))
