"""Losses of classification whose inputs are probabilities already, or logarithms of them.

`minitransfer.ops.losses` has the same from logits, which is the better way: nothing is rounded to 0
before its logarithm is taken.
"""

import numpy as np

from minitransfer.autograd import differentiable
from minitransfer.ops.losses import matching, reduce_losses, refuse_old_names, to_each


@differentiable
def nll_loss(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
):
    """Minus the log-probability of the right class; `cross_entropy` takes the logits instead.

    Args:
        input: Logarithms of probabilities (N, C), (N, C, d1, …) or (C,), as from `log_softmax`.
        target: Class numbers shaped like `input` without the class axis.
        weight: Weight of each class (C,), or None. The mean is then a weighted one.
        size_average, reduce: Old names of `reduction`, refused.
        ignore_index: A class number that marks examples without a label; they do not count.
        reduction: "mean", "sum" or "none".

    Returns:
        The loss and its derivative with respect to `input`.

    Raises:
        ValueError: When shapes do not fit, or a label is not a class.
        TypeError: When labels are not integers.

    Example:
        >>> log_p = np.log(np.array([[0.5, 0.5], [0.8, 0.2]]))
        >>> nll_loss.__wrapped__(log_p, np.array([0, 0]), reduction="none")[0].round(4)
        array([0.6931, 0.2231])
    """
    refuse_old_names("nll_loss", size_average, reduce)
    axis = 0 if input.ndim == 1 else 1
    classes = input.shape[axis] if input.ndim else 0
    places = input.shape[:axis] + input.shape[axis + 1 :]
    if not classes or target.shape != places:
        raise ValueError(
            f"nll_loss: the input has shape {input.shape}, the target {target.shape}; expected "
            f"class numbers of shape {places}"
        )
    if target.dtype.kind not in "iu":
        raise TypeError(f"nll_loss: labels are {target.dtype}; expected integers (class numbers)")
    counts = target != ignore_index
    wrong = counts & ((target < 0) | (target >= classes))
    if wrong.any():
        raise ValueError(
            f"nll_loss: label {target[wrong][0]} is not a class; there are {classes}, so labels go "
            f"from 0 to {classes - 1}"
        )
    labels = np.where(counts, target, 0)
    importance = counts.astype(input.dtype)
    if weight is not None:
        importance *= np.asarray(weight, input.dtype)[labels]
    picked = np.take_along_axis(input, np.expand_dims(labels, axis), axis).squeeze(axis)
    losses = np.where(counts, -picked * importance, 0)
    y, factor = reduce_losses("nll_loss", losses, reduction, count=importance.sum())

    def dinput(gy):
        gx = np.zeros_like(input)
        each = np.asarray(to_each(gy, -factor) * importance, input.dtype)
        np.put_along_axis(gx, np.expand_dims(labels, axis), np.expand_dims(each, axis), axis)
        return gx

    return y, (dinput, None)


@differentiable
def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """Cross-entropy of yes-no answers, from probabilities.

    The logarithms are not below -100, as in PyTorch: an answer that is wrong for certain costs
    100. `binary_cross_entropy_with_logits` is exact everywhere.

    Args:
        input: Probabilities of "yes", of any shape.
        target: What they should be (0 or 1 for plain labels), of the same shape.
        weight: Weight of each loss, broadcasts to `input`; or None.
        size_average, reduce: Old names of `reduction`, refused.
        reduction: "mean", "sum" or "none".

    Returns:
        The loss and the derivatives with respect to both.

    Raises:
        ValueError: When the shapes do not fit, or a number is no probability.

    Example:
        >>> p, answers = np.array([0.5, 0.0]), np.array([1.0, 1.0])
        >>> binary_cross_entropy.__wrapped__(p, answers, reduction="none")[0].round(4)
        array([  0.6931, 100.    ])
    """
    refuse_old_names("binary_cross_entropy", size_average, reduce)
    t = matching("binary_cross_entropy", input, target)
    if ((input < 0) | (input > 1)).any():
        raise ValueError(
            f"binary_cross_entropy: probabilities from {input.min()} to {input.max()}; expected 0 "
            "to 1 (of logits, take binary_cross_entropy_with_logits)"
        )
    with np.errstate(divide="ignore"):
        yes, no = np.maximum(np.log(input), -100), np.maximum(np.log1p(-input), -100)
    w = np.ones((), input.dtype) if weight is None else np.asarray(weight, input.dtype)
    losses = -w * (t * yes + (1 - t) * no)
    y, factor = reduce_losses("binary_cross_entropy", losses, reduction)

    def dinput(gy):
        # PyTorch's limit, too: the slope at 0 and 1 is large and finite.
        slope = (input - t) / np.maximum(input * (1 - input), 1e-12)
        return (to_each(gy, factor) * w * slope).astype(input.dtype, copy=False)

    return y, (
        dinput,
        lambda gy: (to_each(gy, factor) * w * (no - yes)).astype(target.dtype, copy=False),
    )
