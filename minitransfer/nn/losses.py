"""Loss functions as modules. The formulas are in `ops.losses` and `ops.distances`.

Args common to all:
    reduction: "mean", "sum" or "none" (one number per element).
    size_average, reduce: PyTorch's old names of the same, refused.
"""

from minitransfer import ops
from minitransfer.nn.module import Module
from minitransfer.ops.losses import refuse_old_names


class _Loss(Module):
    """A loss that has no option but `reduction`."""

    def __init__(self, size_average=None, reduce=None, reduction="mean"):
        super().__init__()
        refuse_old_names(type(self).__name__, size_average, reduce)
        self.reduction = reduction


class CrossEntropyLoss(_Loss):
    """−log of the probability that softmax(logits) gives the right class.

    Args:
        weight: (classes,) factor per class, or None.
        ignore_index: label of examples to leave out.
        reduction: see above.
        label_smoothing: share of the probability that is spread over all classes.

    Shape:
        logits (N, classes), target (N,) whole numbers or (N, classes) probabilities → ().

    Raises:
        ValueError: if a label lies outside 0 … classes − 1.

    Example:
        >>> from minitransfer import tensor
        >>> loss = CrossEntropyLoss()(tensor([[0.0, 0.0]]), tensor([1]))
        >>> round(loss.item(), 4)
        0.6931
    """

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index=-100,
        reduce=None,
        reduction="mean",
        label_smoothing=0.0,
    ):
        super().__init__(size_average, reduce, reduction)
        self.weight, self.ignore_index = weight, ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, logits, target):
        return ops.cross_entropy(
            logits,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class BCEWithLogitsLoss(_Loss):
    """Cross-entropy of yes-or-no answers, from logits.

    Example:
        >>> from minitransfer import tensor
        >>> round(BCEWithLogitsLoss()(tensor([0.0]), tensor([1.0])).item(), 4)
        0.6931
    """

    def __init__(
        self, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
    ):
        super().__init__(size_average, reduce, reduction)
        self.weight, self.pos_weight = weight, pos_weight

    def forward(self, logits, target):
        return ops.binary_cross_entropy_with_logits(
            logits, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class MSELoss(_Loss):
    """(input − target)².

    Example:
        >>> from minitransfer import tensor
        >>> MSELoss()(tensor([1.0, 3.0]), tensor([1.0, 1.0])).item()
        2.0
    """

    def forward(self, input, target):
        return ops.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """|input − target|.

    Example:
        >>> from minitransfer import tensor
        >>> L1Loss()(tensor([1.0, 3.0]), tensor([1.0, 1.0])).item()
        1.0
    """

    def forward(self, input, target):
        return ops.l1_loss(input, target, reduction=self.reduction)


class KLDivLoss(_Loss):
    """Kullback-Leibler divergence of `target` from exp(input); the input is log-probabilities.

    Args:
        reduction: also "batchmean": the sum divided by the number of examples.
        log_target: whether the target, too, is given as log-probabilities.

    Example:
        >>> from minitransfer import tensor
        >>> p = tensor([[0.5, 0.5]])
        >>> KLDivLoss(reduction="batchmean")(p.log(), p).item()
        0.0
    """

    def __init__(self, size_average=None, reduce=None, reduction="mean", log_target=False):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input, target):
        return ops.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class HuberLoss(_Loss):
    """Squared error up to `delta`, straight beyond it (Huber 1964).

    Example:
        >>> from minitransfer import tensor
        >>> HuberLoss()(tensor([0.0]), tensor([3.0])).item()
        2.5
    """

    def __init__(self, reduction="mean", delta=1.0):
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input, target):
        return ops.huber_loss(input, target, reduction=self.reduction, delta=self.delta)
