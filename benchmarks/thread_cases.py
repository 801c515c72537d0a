"""What a second thread brings: alone on the machine, and beside a program that holds a core."""

import contextlib
import os
import subprocess
import sys

import numpy as np

from minitransfer import kernels

from .timing import Case

SIZES = (1024, 2048)
_HOLD_A_CORE = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {int(sys.argv[1])})
while True:
    pass
"""


def thread_cases():
    """Products with two threads against the same with one, by the wall clock."""
    if (os.cpu_count() or 1) < 2:
        return
    for n in SIZES:
        yield _product(n, "", 1.7)
    with _busy_core():
        for n in SIZES:
            yield _product(n, ", a core busy", 1.0)


def _product(n, beside, bar):
    a, b = np.random.default_rng(0).standard_normal((2, n, n)).astype(np.float32)

    def multiply(threads):
        kernels.set_num_threads(threads)
        kernels.matmul(a, b)

    return Case(
        "two threads",
        f"{n}×{n} @ {n}×{n}, 2 threads{beside}",
        {"minitransfer": lambda: multiply(2), "one thread": lambda: multiply(1)},
        2 * n**3,
        bar,
        threads=2,
    )


@contextlib.contextmanager
def _busy_core():
    """Another program that uses one of this process's cores all the time."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0}
    program = subprocess.Popen([sys.executable, "-c", _HOLD_A_CORE, str(max(cores))])
    try:
        yield
    finally:
        program.kill()
        program.wait()
