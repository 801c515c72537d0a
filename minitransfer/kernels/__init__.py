"""Kernels: arrays in, arrays out; everything that takes time in this library happens here.

Nothing in this package knows of tensors or gradients. A kernel takes float32 or float64 arrays of
any strides and returns new C-contiguous arrays of the same type. Every file shows the plain
version first (``*_reference``, NumPy that a debugger can step through) and the fast one, compiled
by numba, after it. Set the environment variable ``MINITRANSFER_KERNELS=reference`` before the
first use and the plain versions run instead.

A reading order, from easy to involved:

1. `elementwise`: one loop per function; what NaN should do; the exponential as a polynomial.
2. `updates`: SGD and Adam, one pass over memory instead of ten.
3. `softmax_rows`, `norms`, `layer_norms`, `pooling`, `mean_pooling`: loops that look at a row, a
   channel, a window.
4. `compile`: how a Python function becomes a kernel, and where the machine code is kept.
5. `gemm`: the ladder ``naive -> reordered -> blocked -> tiled``; `simd` holds the register tiles,
   which with `vectors` and `moves` are the only code in the compiler's own language. On it stands
   `fully_connected`, where the smallest layers are one call.
6. `conv`: the ladder ``seven_loops -> im2col -> shifted``; `pointwise` (1 x 1, nothing but
   `gemm`), `lanes` for small images and `depthwise` go ways of their own.
7. `memory`: where memory begins, and where it comes from; both cost time.
8. `threads`: fixed chunks, so that the bits do not depend on the number of threads.

To look inside: with ``MINITRANSFER_KERNELS=reference`` a debugger steps from a training loop down
into the plain versions, ``python -m pdb train.py``, ``break minitransfer/kernels/updates.py:16``.
The machine code of a fast one is text: in
``minitransfer.kernels.gemm.tiled._outer_rows.assembly()`` the register tile is the block of some
sixteen multiply-adds (``vfmadd231ps`` on x86, ``fmla`` on Arm) between two labels.

Names are resolved on first use, so that importing the library does not import numba:

Example:
    >>> import numpy as np
    >>> from minitransfer import kernels
    >>> kernels.matmul(np.ones((2, 3), np.float32), np.ones((3, 4), np.float32))
    array([[3., 3., 3., 3.],
           [3., 3., 3., 3.]], dtype=float32)
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors: "go to definition" works on every name
    from .conv import conv2d, conv2d_backward_data, conv2d_backward_weight
    from .elementwise import (
        erf,
        exp,
        relu,
        relu_backward,
        sigmoid,
        sigmoid_backward,
        sigmoid_cross_entropy,
    )
    from .fully_connected import bias_gradient, linear
    from .gemm import matmul
    from .layer_norms import layer_norm, layer_norm_backward
    from .mean_pooling import avg_pool2d, avg_pool2d_backward
    from .norms import batch_norm, batch_norm_apply, batch_norm_backward
    from .pooling import max_pool2d, max_pool2d_backward
    from .softmax_rows import log_softmax, softmax, softmax_cross_entropy
    from .threads import get_num_threads, set_num_threads
    from .updates import adam_step, sgd_step
    from .warming import warm, warm_main_job

_FILES = {
    "gemm": "matmul",
    "fully_connected": "linear bias_gradient",
    "conv": "conv2d conv2d_backward_data conv2d_backward_weight",
    "pooling": "max_pool2d max_pool2d_backward",
    "mean_pooling": "avg_pool2d avg_pool2d_backward",
    "elementwise": "relu relu_backward exp erf sigmoid sigmoid_backward sigmoid_cross_entropy",
    "softmax_rows": "softmax log_softmax softmax_cross_entropy",
    "norms": "batch_norm batch_norm_apply batch_norm_backward",
    "layer_norms": "layer_norm layer_norm_backward",
    "updates": "sgd_step adam_step",
    "threads": "get_num_threads set_num_threads",
    "warming": "warm warm_main_job",
}
_WHERE = {name: file for file, names in _FILES.items() for name in names.split()}

__all__ = [
    "adam_step",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_apply",
    "batch_norm_backward",
    "bias_gradient",
    "conv2d",
    "conv2d_backward_data",
    "conv2d_backward_weight",
    "erf",
    "exp",
    "get_num_threads",
    "layer_norm",
    "layer_norm_backward",
    "linear",
    "log_softmax",
    "matmul",
    "max_pool2d",
    "max_pool2d_backward",
    "relu",
    "relu_backward",
    "set_num_threads",
    "sgd_step",
    "sigmoid",
    "sigmoid_backward",
    "sigmoid_cross_entropy",
    "softmax",
    "softmax_cross_entropy",
    "warm",
    "warm_main_job",
]


def __getattr__(name):
    """Import the file that holds `name` and keep the function here for the next time."""
    if name not in _WHERE:
        raise AttributeError(f"minitransfer.kernels has no {name!r}; it has {', '.join(_WHERE)}")
    module = import_module(f"{__name__}.{_WHERE[name]}")
    plain = f"{name}_reference"
    chosen = os.environ.get("MINITRANSFER_KERNELS", "fast")
    if chosen not in ("fast", "reference"):
        raise ValueError(f"MINITRANSFER_KERNELS is {chosen!r}; set it to 'fast' or 'reference'")
    function = getattr(module, plain if chosen == "reference" and hasattr(module, plain) else name)
    globals()[name] = function
    return function


def __dir__():
    return sorted([*globals(), *_WHERE])
