"""Compile kernels before they are needed, and say how far it has come."""

from importlib import import_module

import numpy as np

_FILES = [
    *("elementwise", "softmax_rows", "norms", "layer_norms", "pooling", "mean_pooling"),
    *("updates", "fully_connected"),
    *("gemm.tiled", "gemm.ladder", "conv.shifted", "conv.lanes", "conv.depthwise", "conv.ladder"),
]

_MAIN_JOB = [
    *("gemm.tiled._outer_rows", "gemm.tiled._dot_rows", "gemm.tiled._pack", "gemm.tiled._loops"),
    *("conv.shifted._convolve", "conv.shifted._gradient_of_filters"),
    *("conv.lanes._convolve", "conv.lanes._gradient_of_filters"),
    *("pooling._max_2x2", "pooling._max_2x2_backward"),
    *("elementwise._relu", "elementwise._relu_backward"),
    *("softmax_rows._cross_entropy", "updates._adam"),
]
"""What training the published conv net and multi-layer perceptron calls, in float32."""


def warm(progress=None):
    """Compile all kernels for float32 and float64, or load them where that was done before.

    Args:
        progress: called as ``progress(done, total, name)`` before each kernel and once at the
            end, when `name` is empty.

    Returns:
        The number of kernels.

    Example:
        >>> warm(lambda done, total, name: print(done, total, name))  # doctest: +SKIP
        0 98 gemm.tiled._loops
        ...
    """
    return _compile([(k, t) for k in _registry() for t in (np.float32, np.float64)], progress)


def warm_main_job(progress=None):
    """Compile or load the few kernels that the main job uses; as `warm`, in a few seconds.

    Example:
        >>> warm_main_job() > 5
        True
    """
    chosen = [kernel for kernel in _registry() if kernel.name in _MAIN_JOB]
    return _compile([(kernel, np.float32) for kernel in chosen], progress)


def _registry():
    for file in _FILES:
        import_module(f"minitransfer.kernels.{file}")
    from .compile import REGISTRY

    return [kernel for kernel in REGISTRY if kernel.function.__module__.startswith(__package__)]


def _compile(work, progress):
    for done, (kernel, dtype) in enumerate(work):
        if progress is not None:
            progress(done, len(work), kernel.name)
        kernel.version(dtype)
    if progress is not None:
        progress(len(work), len(work), "")
    return len(work)
