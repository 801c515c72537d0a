"""The operations under the names of ``torch.nn.functional``.

What a function computes, and its derivative, stands where it is written, in `minitransfer.ops`.

Example:
    >>> from minitransfer import tensor
    >>> round(cross_entropy(tensor([[0.0, 0.0]]), tensor([1])).item(), 4)
    0.6931
"""

from minitransfer.not_covered import not_covered
from minitransfer.ops import (
    avg_pool2d,
    batch_norm,
    binary_cross_entropy_with_logits,
    conv2d,
    cross_entropy,
    dropout,
    embedding,
    gelu,
    huber_loss,
    kl_div,
    l1_loss,
    layer_norm,
    leaky_relu,
    linear,
    log_softmax,
    max_pool2d,
    mse_loss,
    one_hot,
    pad,
    relu,
    relu6,
    sigmoid,
    softmax,
    softplus,
    tanh,
)


def __getattr__(name):
    raise not_covered("functional", name)
