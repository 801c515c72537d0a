"""minitransfer: how what a network has learnt on one task is carried to another.

A deep-learning library whose core can be read in a weekend. Public names are PyTorch's where
PyTorch has them: a training script that uses what lessons/pytorch.md lists runs after ``import
minitransfer as torch``.
Start with ``minitransfer learn`` in the terminal, or with the reading order below.

Reading order: `ops.arithmetic` (operations and their derivatives), `autograd` (how they are
recorded and walked back), `tensor` and `operators` (the two joined), `nn.module`, `optim`, `train`,
and then what the library is for: `transfer`. The kernels have a reading order of their own in
`minitransfer.kernels`.
"""

import importlib

from numpy import dtype

from minitransfer import backends, nn, optim, utils
from minitransfer.autograd import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from minitransfer.creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    is_tensor,
    linspace,
    normal,
    numel,
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
from minitransfer.devices import accelerator, cuda, device
from minitransfer.gradient_check import gradcheck
from minitransfer.not_covered import not_covered
from minitransfer.ops import (
    abs,
    add,
    all,
    allclose,
    amax,
    amin,
    any,
    argmax,
    argmin,
    argsort,
    bernoulli,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    bmm,
    cat,
    ceil,
    chunk,
    clamp,
    clone,
    cos,
    cumprod,
    cumsum,
    div,
    dot,
    einsum,
    eq,
    equal,
    erf,
    exp,
    expm1,
    flatten,
    flip,
    floor,
    floor_divide,
    gather,
    ge,
    gt,
    index_select,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    log,
    log1p,
    log2,
    log10,
    log_softmax,
    logical_and,
    logical_not,
    logical_or,
    logsumexp,
    lt,
    masked_fill,
    masked_select,
    matmul,
    max,
    maximum,
    mean,
    min,
    minimum,
    mm,
    mul,
    multinomial,
    narrow,
    ne,
    neg,
    nonzero,
    norm,
    outer,
    permute,
    pow,
    prod,
    reciprocal,
    relu,
    remainder,
    repeat_interleave,
    reshape,
    roll,
    round,
    rsqrt,
    sigmoid,
    sign,
    sin,
    softmax,
    sort,
    split,
    sqrt,
    square,
    squeeze,
    stack,
    std,
    sub,
    sum,
    t,
    tan,
    tanh,
    topk,
    transpose,
    tril,
    triu,
    trunc,
    unbind,
    unsqueeze,
    var,
    where,
)  # fmt: skip
from minitransfer.random import Generator, default_generator, manual_seed
from minitransfer.tensor import Tensor, float16, float32, float64, int32, int64, uint8
from minitransfer.tensor import bool_ as bool

__version__ = "0.1.0"

#: The dtype names that PyTorch scripts use.
float, double, long, int, half = float32, float64, int64, int32, float16

clip, concat = clamp, cat

#: Parts that are loaded when they are first used, so that the import stays quick.
_LAZY = (
    "checkpoint",
    "course",
    "data",
    "distributions",
    "experiments",
    "kernels",
    "plots",
    "train",
)
_LAZY += ("transfer", "zoo")


def __getattr__(name):
    if name in _LAZY:
        return importlib.import_module(f"minitransfer.{name}")
    if name in ("get_num_threads", "set_num_threads"):
        return getattr(importlib.import_module("minitransfer.kernels"), name)
    if name == "compile":
        return importlib.import_module("minitransfer.compiler").compile
    if name in ("save", "load"):
        return getattr(importlib.import_module("minitransfer.serialization"), name)
    if name in vars(nn.functional) and name[0] != "_":
        raise AttributeError(f"minitransfer has no {name!r}; instead: nn.functional.{name}")
    raise not_covered("minitransfer", name)
