"""minitransfer: how what a network has learnt on one task is carried to another.

A deep-learning library to read in a weekend. Public names are PyTorch's where PyTorch has them,
so ``import minitransfer as torch`` runs an ordinary training script. Start with ``minitransfer
learn`` in the terminal, or with the reading order below.

Reading order: `ops.arithmetic` (operations and their derivatives), `autograd` (how they are
recorded and walked back), `tensor` and `operators` (the two joined), `nn.module`, `optim`, `train`,
and then what the library is for: `transfer`. The kernels have a reading order of their own in
`minitransfer.kernels`.
"""

import importlib

from minitransfer import nn, optim
from minitransfer.autograd import enable_grad, is_grad_enabled, no_grad
from minitransfer.creation import (
    arange,
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
    tensor,
    zeros,
    zeros_like,
)
from minitransfer.gradient_check import gradcheck
from minitransfer.not_covered import not_covered
from minitransfer.ops import (
    abs,
    add,
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    cat,
    clamp,
    clone,
    cos,
    div,
    eq,
    exp,
    flatten,
    floor_divide,
    gather,
    ge,
    gt,
    le,
    log,
    log_softmax,
    logsumexp,
    lt,
    matmul,
    max,
    maximum,
    mean,
    min,
    minimum,
    mul,
    ne,
    neg,
    norm,
    permute,
    pow,
    relu,
    remainder,
    reshape,
    sigmoid,
    sin,
    softmax,
    sqrt,
    square,
    squeeze,
    stack,
    std,
    sub,
    sum,
    tanh,
    transpose,
    unsqueeze,
    var,
    where,
)  # fmt: skip
from minitransfer.random import default_generator, manual_seed
from minitransfer.tensor import Tensor, float16, float32, float64, int32, int64, uint8
from minitransfer.tensor import bool_ as bool

__version__ = "0.1.0"

#: The dtype names that PyTorch scripts use.
float, double, long = float32, float64, int64

mm = bmm = matmul
clip = clamp

#: Parts that are loaded when they are first used, so that the import stays quick.
_LAZY = ("checkpoint", "course", "data", "experiments", "kernels", "plots", "train")
_LAZY += ("transfer", "zoo")


def __getattr__(name):
    if name in _LAZY:
        return importlib.import_module(f"minitransfer.{name}")
    if name in ("get_num_threads", "set_num_threads"):
        return getattr(importlib.import_module("minitransfer.kernels"), name)
    raise not_covered("minitransfer", name)
