"""The operations under the names of ``torch.nn.functional``.

What a function computes, and its derivative, stands where it is written, in `minitransfer.ops`.

Example:
    >>> from minitransfer import tensor
    >>> round(cross_entropy(tensor([[0.0, 0.0]]), tensor([1])).item(), 4)
    0.6931
"""

from minitransfer.autograd import explain_arguments
from minitransfer.not_covered import not_covered
from minitransfer.ops import (
    adaptive_avg_pool2d,
    avg_pool1d,
    avg_pool2d,
    batch_norm,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    conv1d,
    conv2d,
    conv_transpose1d,
    conv_transpose2d,
    cross_entropy,
    dropout,
    dropout2d,
    elu,
    embedding,
    gelu,
    group_norm,
    hardsigmoid,
    hardswish,
    hardtanh,
    huber_loss,
    interpolate,
    kl_div,
    l1_loss,
    layer_norm,
    leaky_relu,
    linear,
    log_softmax,
    logsigmoid,
    max_pool1d,
    max_pool2d,
    mish,
    mse_loss,
    nll_loss,
    one_hot,
    pad,
    relu,
    relu6,
    rms_norm,
    scaled_dot_product_attention,
    selu,
    sigmoid,
    silu,
    smooth_l1_loss,
    softmax,
    softplus,
    softsign,
    tanh,
)
from minitransfer.ops.reductions import norm


@explain_arguments
def normalize(input, p=2.0, dim=1, eps=1e-12):
    """Divide by the p-norm along an axis, or by `eps` where this is larger.

    Example:
        >>> from minitransfer import tensor
        >>> normalize(tensor([[3.0, 4.0]])).tolist()
        [[0.6000000238418579, 0.800000011920929]]
    """
    return input / norm(input, p, dim, keepdim=True).clamp(min=eps)


@explain_arguments
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors along an axis; 0 for a vector of zeros.

    Example:
        >>> from minitransfer import tensor
        >>> cosine_similarity(tensor([[3.0, 4.0]]), tensor([[6.0, 8.0]])).tolist()
        [1.0]
    """
    first = x1 / norm(x1, 2, dim, keepdim=True).clamp(min=eps)
    return (first * x2 / norm(x2, 2, dim, keepdim=True).clamp(min=eps)).sum(dim)


@explain_arguments
def glu(input, dim=-1):
    """One half of an axis, each number let through as far as the other half says.

    Source: Dauphin et al. 2017.

    Example:
        >>> from minitransfer import tensor
        >>> glu(tensor([4.0, 0.0])).tolist()
        [2.0]
    """
    if input.shape[dim] % 2:
        raise ValueError(f"glu: axis {dim} of {tuple(input.shape)} cannot be halved")
    through, gate = input.chunk(2, dim)
    return through * sigmoid(gate)


@explain_arguments
def prelu(input, weight):
    """The input where positive, `weight` times it elsewhere (He et al. 2015).

    Args:
        input: (N, C, …).
        weight: (1,), one slope for all, or (C,), one for each channel.

    Example:
        >>> from minitransfer import tensor
        >>> prelu(tensor([-2.0, 1.0]), tensor([0.5])).tolist()
        [-1.0, 1.0]
    """
    if weight.numel() > 1 and (input.ndim < 2 or weight.shape != input.shape[1:2]):
        raise ValueError(f"prelu: {tuple(weight.shape)} slopes for an input {tuple(input.shape)}")
    if weight.numel() > 1:
        weight = weight.reshape(-1, *(1,) * (input.ndim - 2))
    return input.where(input > 0, weight * input)


def __getattr__(name):
    raise not_covered("functional", name)
