"""The mathematics: functions on arrays, each with its derivatives beside it.

Every operation returns `(value, derivatives)`: one function for each array, from the gradient of
the value (`gy`) to the gradient of that input, which has the input's shape and dtype. Where there
is nothing to derive (labels, positions, a missing bias) stands None. A derivative is called only
when somebody needs its gradient, so work that only a derivative needs is done inside it. None of
them writes to its inputs or to `gy`; a value or gradient may be a view of them, and one without
axes may be a NumPy number.

An operation is written once. The decorator `differentiable` lifts it to tensors where it stands;
under PyTorch's name, with PyTorch's arguments in PyTorch's order, it is at the same time a
function of `minitransfer` or `nn.functional` and, where PyTorch has one, a method of `Tensor`. The
function on arrays stays reachable as ``__wrapped__``.

Example:
    >>> import numpy as np
    >>> from minitransfer import ops, tensor
    >>> value, (da, db) = ops.mul.__wrapped__(np.array([2.0, 3.0]), np.array([5.0, 7.0]))
    >>> value, db(np.array([1.0, 10.0]))
    (array([10., 21.]), array([ 2., 30.]))
    >>> ops.mul(tensor([2.0, 3.0]), tensor([5.0, 7.0]))
    tensor([10., 21.])
"""

from minitransfer.ops.activations import (
    elu,
    gelu,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    tanh,
)
from minitransfer.ops.arithmetic import (
    abs,
    add,
    cos,
    div,
    exp,
    floor_divide,
    log,
    mul,
    neg,
    pow,
    remainder,
    sin,
    sqrt,
    square,
    sub,
)
from minitransfer.ops.attention import scaled_dot_product_attention
from minitransfer.ops.distances import huber_loss, kl_div, l1_loss, mse_loss, smooth_l1_loss
from minitransfer.ops.elementary import (
    allclose,
    ceil,
    equal,
    erf,
    expm1,
    floor,
    isclose,
    isfinite,
    isinf,
    isnan,
    log1p,
    log2,
    log10,
    reciprocal,
    round,
    rsqrt,
    sign,
    tan,
    trunc,
)
from minitransfer.ops.images import avg_pool2d, conv2d, max_pool2d
from minitransfer.ops.indexing import embedding, gather, index, one_hot
from minitransfer.ops.likelihoods import binary_cross_entropy, nll_loss
from minitransfer.ops.losses import binary_cross_entropy_with_logits, cross_entropy
from minitransfer.ops.matrix import bmm, dot, einsum, linear, matmul, mm, outer
from minitransfer.ops.normalization import (
    batch_norm,
    dropout,
    dropout2d,
    group_norm,
    layer_norm,
    rms_norm,
)
from minitransfer.ops.order import (
    argsort,
    bernoulli,
    cumprod,
    cumsum,
    multinomial,
    nonzero,
    prod,
    sort,
    topk,
)
from minitransfer.ops.rearranging import (
    chunk,
    flip,
    index_select,
    masked_fill,
    masked_select,
    repeat,
    repeat_interleave,
    roll,
    split,
    tril,
    triu,
    unbind,
)
from minitransfer.ops.recurrence import gru_sequence, lstm_sequence, rnn_sequence
from minitransfer.ops.reductions import (
    ValuesIndices,
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    logsumexp,
    max,
    mean,
    min,
    norm,
    std,
    sum,
    var,
)
from minitransfer.ops.resizing import interpolate
from minitransfer.ops.selection import (
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    clamp,
    eq,
    ge,
    gt,
    le,
    logical_and,
    logical_not,
    logical_or,
    lt,
    maximum,
    minimum,
    ne,
    where,
)
from minitransfer.ops.shapes import (
    cast,
    cat,
    clone,
    expand,
    expand_as,
    flatten,
    narrow,
    pad,
    permute,
    reshape,
    reshape_as,
    squeeze,
    stack,
    t,
    transpose,
    unsqueeze,
    view_as,
)
