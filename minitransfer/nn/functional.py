"""The operations under the names and argument orders of ``torch.nn.functional``.

What a function computes, and its derivative, is documented where it is written, in
`minitransfer.ops`; here only the arguments are translated (`dim` to `axis`, and so on).
"""

import numpy as np

from minitransfer import operations as T
from minitransfer.alternatives import missing
from minitransfer.operations import (
    embedding,
    gelu,
    leaky_relu,
    linear,
    relu,
    relu6,
    sigmoid,
    softplus,
    tanh,
)
from minitransfer.random import default_generator
from minitransfer.recorded import raw
from minitransfer.tensor import Tensor

__all__ = [
    "avg_pool2d",
    "binary_cross_entropy_with_logits",
    "conv2d",
    "cross_entropy",
    "dropout",
    "embedding",
    "gelu",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "one_hot",
    "pad",
    "relu",
    "relu6",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
]


def __getattr__(name):
    raise missing("functional", name)


def softmax(x, dim):
    """Return exp(x) divided by its sum over `dim`.

    Example:
        >>> softmax(Tensor([0.0, 0.0]), dim=0).tolist()
        [0.5, 0.5]
    """
    return T.softmax(x, axis=dim)


def log_softmax(x, dim):
    """Return the logarithm of `softmax`.

    Example:
        >>> log_softmax(Tensor([0.0]), dim=0).tolist()
        [0.0]
    """
    return T.log_softmax(x, axis=dim)


def dropout(x, p=0.5, training=True, generator=None):
    """Return `x` with each number dropped with probability `p`, the others divided by 1 − p.

    Example:
        >>> dropout(Tensor([1.0]), p=0.5, training=False).tolist()
        [1.0]
    """
    if not training or p == 0:
        return x
    return T.dropout(x, p=p, rng=generator or default_generator())


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide filters over images: (N, C, H, W) and (O, C/groups, h, w) → (N, O, H', W').

    Example:
        >>> from minitransfer import ones
        >>> conv2d(ones(1, 1, 3, 3), ones(1, 1, 3, 3)).tolist()
        [[[[9.0]]]]
    """
    return T.conv2d(
        x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
    )


def max_pool2d(x, kernel_size, stride=None, padding=0):
    """Return the largest number of each window.

    Example:
        >>> max_pool2d(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), 2).item()
        4.0
    """
    return T.max_pool2d(x, kernel_size=kernel_size, stride=stride, padding=padding)


def avg_pool2d(x, kernel_size, stride=None, padding=0):
    """Return the mean of each window.

    Example:
        >>> avg_pool2d(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), 2).item()
        2.5
    """
    return T.avg_pool2d(x, kernel_size=kernel_size, stride=stride, padding=padding)


def pad(x, pad, value=0.0):
    """Return `x` with a border; `pad` lists (before, after) from the last axis on, as in PyTorch.

    Example:
        >>> pad(Tensor([1.0, 2.0]), (1, 0)).tolist()
        [0.0, 1.0, 2.0]
    """
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ValueError(
            f"pad wants (before, after) for up to {x.ndim} axes, the last axis first; given {pad}"
        )
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)][::-1]
    return T.pad(x, widths=((0, 0),) * (x.ndim - len(pairs)) + tuple(pairs), value=value)


def one_hot(labels, num_classes=-1):
    """Return a 1 at each label and 0 elsewhere, as int64 with one axis more.

    Example:
        >>> one_hot(Tensor([1, 0]), 2).tolist()
        [[0, 1], [1, 0]]
    """
    labels = np.asarray(raw(labels))
    classes = int(labels.max()) + 1 if num_classes == -1 else num_classes
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(
            f"one_hot: labels from {labels.min()} to {labels.max()} for {classes} classes"
        )
    return Tensor(np.eye(classes, dtype=np.int64)[labels])


def cross_entropy(
    logits, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """Return −log of the probability that soft-max(logits) gives the right class.

    Example:
        >>> round(cross_entropy(Tensor([[0.0, 0.0]]), Tensor([1])).item(), 4)
        0.6931
    """
    return T.cross_entropy(
        logits,
        target,
        weight=raw(weight),
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def binary_cross_entropy_with_logits(input, target, weight=None, reduction="mean", pos_weight=None):
    """Return the cross-entropy of yes-or-no answers, from logits.

    Example:
        >>> round(binary_cross_entropy_with_logits(Tensor([0.0]), Tensor([1.0])).item(), 4)
        0.6931
    """
    return T.binary_cross_entropy_with_logits(
        input, target, weight=raw(weight), pos_weight=raw(pos_weight), reduction=reduction
    )


def mse_loss(input, target, reduction="mean"):
    """Return (input − target)².

    Example:
        >>> mse_loss(Tensor([1.0]), Tensor([3.0])).item()
        4.0
    """
    return T.mse_loss(input, target, reduction=reduction)


def l1_loss(input, target, reduction="mean"):
    """Return |input − target|.

    Example:
        >>> l1_loss(Tensor([1.0]), Tensor([3.0])).item()
        2.0
    """
    return T.l1_loss(input, target, reduction=reduction)


def kl_div(input, target, reduction="mean", log_target=False):
    """Return the divergence of `target` from exp(input).

    Example:
        >>> p = Tensor([[0.5, 0.5]])
        >>> kl_div(p.log(), p, reduction="sum").item()
        0.0
    """
    return T.kl_div(input, target, reduction=reduction, log_target=log_target)


def huber_loss(input, target, reduction="mean", delta=1.0):
    """Return half the squared error up to `delta`, and the straight continuation beyond it.

    Example:
        >>> huber_loss(Tensor([0.0]), Tensor([3.0])).item()
        2.5
    """
    return T.huber_loss(input, target, reduction=reduction, delta=delta)
