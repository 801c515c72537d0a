"""Kernels: arrays in, arrays out; everything that takes time in this library happens here.

Nothing in this package knows of tensors or gradients. A kernel takes float32 or float64 arrays of
any strides and returns new C-contiguous arrays of the same type. Every file shows the plain
version first (``*_reference``, NumPy that a debugger can step through) and the fast one, compiled
by numba, after it. Set the environment variable ``MINITRANSFER_KERNELS=reference`` before the
first use and the plain versions run instead.

A reading order, from easy to involved:

1. `elementwise`: one loop per function; what NaN should do; the exponential as a polynomial.
2. `optimizer_steps`: SGD and Adam, one pass over memory instead of ten.
3. `softmax_loss`, `batchnorm`, `layernorm`, `max_pool`, `avg_pool`: loops that look at a row, a
   channel, a window; `recurrence`: one step after the other; `scattering`: back from picking.
4. `compile`: how a Python function becomes a kernel; `code_cache`: where the machine code is kept.
5. `gemm`: matrix products and the fully connected layer. `gemm.ladder` climbs from the definition
   to `gemm.tiled`, which chooses among the ways a product can take: the `gemm.loops` around tiles
   that read an operand as it lies, or, for large products, `gemm.packed`, after `gemm.packing` has
   laid both operands in the tile's order. The `register_tiles`, the squares turned in `packing`,
   `pool_rows` and `vector_code` are the only code in the compiler's own language.
6. `conv`: `conv.ladder` climbs from the definition to shifted views; `conv.plan` holds the idea.
   `conv.depthwise` filters take a path of their own. `cache_model` counts what the loops of both
   ladders carry.
7. `threads`: fixed chunks, so that the bits do not depend on the number of threads; `caches`: what
   is known of the machine's; `sums`: how long ones keep their digits.
8. `step_code`: the kernels for one number, for steps that `minitransfer.compiler` makes one
   function of.

A kernel is a table from the type of the numbers to a compiled function, and is called as
``_relu[x.dtype](x, y)``. Compiled loops do not look whether an index is inside its array: shapes
are checked by `minitransfer.ops`, from which everybody else calls in here. A kernel sees to types
and memory layout, and a backward pass to the shape of the gradient that it is given.

To look inside: with ``MINITRANSFER_KERNELS=reference`` a debugger steps from a training loop down
into the plain versions: ``python -m pdb train.py``, then
``break minitransfer/kernels/optimizer_steps.py:15``.
The machine code of a fast one is text: in
``minitransfer.kernels.gemm.tiled._outer_loop.assembly()`` the register tile is the block of some
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
    from .avg_pool import avg_pool2d, avg_pool2d_backward
    from .batchnorm import batch_norm, batch_norm_apply, batch_norm_backward
    from .conv import (
        conv2d,
        conv2d_backward_bias,
        conv2d_backward_data,
        conv2d_backward_weight,
    )
    from .elementwise import (
        erf,
        exp,
        relu,
        relu6,
        relu6_backward,
        relu_backward,
        sigmoid,
        sigmoid_backward,
        sigmoid_cross_entropy,
    )
    from .gemm import bias_gradient, linear, matmul
    from .layernorm import layer_norm, layer_norm_backward
    from .max_pool import max_pool2d, max_pool2d_backward
    from .optimizer_steps import adam_step, sgd_step
    from .precompilation import precompile, precompile_main_job
    from .recurrence import gru, gru_backward, lstm, lstm_backward, rnn, rnn_backward
    from .scattering import scatter
    from .softmax_loss import log_softmax, softmax, softmax_cross_entropy
    from .threads import get_num_threads, keep_freed_memory, set_num_threads

# A file is never named like one of its functions: the first import of the file would hide it.
_FILES = {
    "avg_pool": "avg_pool2d avg_pool2d_backward",
    "batchnorm": "batch_norm batch_norm_apply batch_norm_backward",
    "precompilation": "precompile precompile_main_job",
    "conv": "conv2d conv2d_backward_bias conv2d_backward_data conv2d_backward_weight",
    "elementwise": (
        "erf exp relu relu_backward relu6 relu6_backward sigmoid sigmoid_backward "
        "sigmoid_cross_entropy"
    ),
    "gemm": "bias_gradient linear matmul",
    "layernorm": "layer_norm layer_norm_backward",
    "max_pool": "max_pool2d max_pool2d_backward",
    "optimizer_steps": "adam_step sgd_step",
    "recurrence": "gru gru_backward lstm lstm_backward rnn rnn_backward",
    "scattering": "scatter",
    "softmax_loss": "log_softmax softmax softmax_cross_entropy",
    "threads": "get_num_threads set_num_threads keep_freed_memory",
}
_WHERE = {name: file for file, names in _FILES.items() for name in names.split()}

__all__ = list(_WHERE)


def __getattr__(name):
    """Import the file that holds `name` and keep the function here for the next time."""
    if name not in _WHERE:
        raise AttributeError(f"minitransfer.kernels has no {name!r}; it has {', '.join(_WHERE)}")
    module = import_module(f"{__name__}.{_WHERE[name]}")
    plain = f"{name}_reference"
    is_plain = chosen_kernels() == "reference" and hasattr(module, plain)
    function = getattr(module, plain if is_plain else name)
    return globals().setdefault(name, function)  # another thread may have put one there meanwhile


def chosen_kernels():
    """Return which versions this process runs, "fast" or "reference".

    The fast ones, unless the environment variable ``MINITRANSFER_KERNELS`` says otherwise, or
    nothing can be compiled because ``NUMBA_DISABLE_JIT`` is set, for a debugger perhaps.

    Raises:
        ValueError: if the variable has another value.

    Example:
        >>> chosen_kernels()
        'fast'
    """
    jit_is_off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
    chosen = os.environ.get("MINITRANSFER_KERNELS") or ("reference" if jit_is_off else "fast")
    if chosen not in ("fast", "reference"):
        raise ValueError(f"MINITRANSFER_KERNELS is {chosen!r}; set it to 'fast' or 'reference'")
    return chosen


def __dir__():
    return sorted([*globals(), *_WHERE])
