"""Compile kernels before they are needed, so that work does not begin with waiting."""

import pkgutil
from importlib import import_module
from pathlib import Path

import numpy as np

from . import chosen_kernels, elementwise, max_pool, optimizer_steps, softmax_loss
from .compile import REGISTRY, TYPES
from .conv import filters, images
from .gemm import packed, tiled


def precompile(progress=None):
    """Compile all kernels for float32 and float64, or load them where that was done before.

    Args:
        progress: called as ``progress(done, total, name)`` before each kernel and once at the
            end, when `name` is empty.

    Returns:
        The number of compiled functions, two for each kernel.
    """
    for file in pkgutil.walk_packages([str(Path(__file__).parent)], f"{__package__}."):
        import_module(file.name)
    return _look_up([(k, dtype) for k in list(REGISTRY.values()) for dtype in TYPES], progress)


def precompile_main_job(progress=None):
    """Compile or load only what training the published networks calls; as `precompile`."""
    chosen = [
        *(tiled._linear, tiled._sum_rows, tiled._small, tiled._outer_loop, tiled._dot_loop),
        *(packed._pack, packed._multiply),
        *(images._convolve_shifted, images._lay_side_by_side, images._convolve_small),
        *(filters._add_shifted, filters._add_small, filters._sum_planes),
        *(max_pool._max_2x2, max_pool._max_2x2_backward),
        *(elementwise._relu, elementwise._relu_backward),
        *(softmax_loss._cross_entropy, optimizer_steps._adam),
    ]
    return _look_up([(kernel, np.dtype(np.float32)) for kernel in chosen], progress)


def _look_up(work, progress):
    if chosen_kernels() == "reference":  # nothing that is compiled would be used
        work = []
    for done, (kernel, dtype) in enumerate(work):
        if progress is not None:
            progress(done, len(work), kernel.name)
        kernel[dtype]
    if progress is not None:
        progress(len(work), len(work), "")
    return len(work)
