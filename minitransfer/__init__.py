"""minitransfer: how what a network has learnt on one task is carried to another.

A deep-learning library to read in a weekend. Public names are PyTorch's where PyTorch has them,
so ``import minitransfer as torch`` runs an ordinary training script. Start with ``minitransfer
learn`` in the terminal, or with the reading order below.

Reading order: `ops.arithmetic` (an operation and its derivatives), `autograd` (the walk back),
`recorded`, `operations` and `tensor` (the two joined), `nn.module`, `optim`, `train`, and then what
the library is for: `transfer`. The kernels have a reading order of their own in
`minitransfer.kernels`.
"""

import importlib

from minitransfer import nn, optim
from minitransfer.alternatives import missing
from minitransfer.autograd import enable_grad, is_grad_enabled, no_grad
from minitransfer.creation import (
    arange,
    cat,
    eye,
    from_numpy,
    full,
    linspace,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    stack,
    tensor,
    zeros,
    zeros_like,
)
from minitransfer.functions import (
    abs,
    argmax,
    argmin,
    clamp,
    clip,
    div,
    flatten,
    gather,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    mul,
    norm,
    permute,
    pow,
    reshape,
    softmax,
    square,
    squeeze,
    std,
    sub,
    sum,
    transpose,
    unsqueeze,
    var,
)
from minitransfer.gradient_check import gradcheck
from minitransfer.operations import (
    add,
    cos,
    exp,
    log,
    matmul,
    maximum,
    minimum,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
    where,
)
from minitransfer.random import default_generator, manual_seed
from minitransfer.recorded import bool_ as bool
from minitransfer.recorded import float16, float32, float64, int32, int64, uint8
from minitransfer.tensor import Tensor

__version__ = "0.1.0"

#: The dtype names that PyTorch scripts use.
float, double, long = float32, float64, int64

mm = bmm = matmul

#: Parts that are loaded when they are first used, so that the import stays quick.
_LAZY = ("checkpoint", "course", "data", "experiments", "kernels", "plots", "train")
_LAZY += ("transfer", "zoo")


def __getattr__(name):
    if name in _LAZY:
        return importlib.import_module(f"minitransfer.{name}")
    if name in ("get_num_threads", "set_num_threads"):
        return getattr(importlib.import_module("minitransfer.kernels"), name)
    raise missing("minitransfer", name)
