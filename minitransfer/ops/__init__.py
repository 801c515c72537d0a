"""The mathematics: pure functions on arrays, each with its derivatives beside it.

Every operation takes arrays (or plain numbers) by position and options by keyword, and returns
`(value, derivatives)`: one function for each array, from the gradient of the value (`gy`) to the
gradient of that input, which has the input's shape and dtype. Where there is nothing to derive
(labels, positions, a missing bias) stands None. A derivative is called only when somebody needs
its gradient, so work that only a derivative needs is done inside it. None of them writes to its
inputs or to `gy`; a value or gradient may be a view of them, and one without axes may be a NumPy
number.

Example:
    >>> import numpy as np
    >>> from minitransfer import ops
    >>> value, (da, db) = ops.multiply(np.array([2.0, 3.0]), np.array([5.0, 7.0]))
    >>> value, db(np.array([1.0, 10.0]))
    (array([10., 21.]), array([ 2., 30.]))
"""

from minitransfer.ops.activations import (
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    sigmoid,
    softmax,
    softplus,
    tanh,
)
from minitransfer.ops.arithmetic import absolute, add, divide, multiply, negative, power, subtract
from minitransfer.ops.broadcasting import unbroadcast
from minitransfer.ops.classification import cross_entropy
from minitransfer.ops.convolution import conv2d
from minitransfer.ops.elementary import cos, exp, log, sin, sqrt
from minitransfer.ops.indexing import embedding, gather, index
from minitransfer.ops.losses import (
    binary_cross_entropy_with_logits,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
)
from minitransfer.ops.matrix import linear, matmul
from minitransfer.ops.normalization import batch_norm, dropout, layer_norm
from minitransfer.ops.pooling import avg_pool2d, max_pool2d
from minitransfer.ops.reductions import logsumexp, max, mean, min, sum, var
from minitransfer.ops.selection import clip, maximum, minimum, where
from minitransfer.ops.shapes import concatenate, expand, pad, permute, reshape, stack

__all__ = [
    "absolute",
    "add",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy_with_logits",
    "clip",
    "concatenate",
    "conv2d",
    "cos",
    "cross_entropy",
    "divide",
    "dropout",
    "embedding",
    "exp",
    "expand",
    "gather",
    "gelu",
    "huber_loss",
    "index",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log",
    "log_softmax",
    "logsumexp",
    "matmul",
    "max",
    "max_pool2d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mse_loss",
    "multiply",
    "negative",
    "pad",
    "permute",
    "power",
    "relu",
    "relu6",
    "reshape",
    "sigmoid",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "stack",
    "subtract",
    "sum",
    "tanh",
    "unbroadcast",
    "var",
    "where",
]
