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
    avg_pool2d,
    batch_norm,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    conv2d,
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


def __getattr__(name):
    raise not_covered("functional", name)
