"""Loss functions as modules. The formulas are in `ops.losses`.

Args common to all:
    reduction: "mean", "sum" or "none" (one number per element).
"""

from minitransfer.nn import functional as F
from minitransfer.nn.module import Module


class CrossEntropyLoss(Module):
    """−log of the probability that soft-max(logits) gives the right class.

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

    def __init__(self, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
        super().__init__()
        self.weight, self.ignore_index = weight, ignore_index
        self.reduction, self.label_smoothing = reduction, label_smoothing

    def forward(self, logits, target):
        return F.cross_entropy(
            logits,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class BCEWithLogitsLoss(Module):
    """Cross-entropy of yes-or-no answers, from logits.

    Example:
        >>> from minitransfer import tensor
        >>> round(BCEWithLogitsLoss()(tensor([0.0]), tensor([1.0])).item(), 4)
        0.6931
    """

    def __init__(self, weight=None, reduction="mean", pos_weight=None):
        super().__init__()
        self.weight, self.reduction, self.pos_weight = weight, reduction, pos_weight

    def forward(self, logits, target):
        return F.binary_cross_entropy_with_logits(
            logits, target, self.weight, self.reduction, self.pos_weight
        )


class MSELoss(Module):
    """(input − target)².

    Example:
        >>> from minitransfer import tensor
        >>> MSELoss()(tensor([1.0, 3.0]), tensor([1.0, 1.0])).item()
        2.0
    """

    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, input, target):
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Module):
    """|input − target|.

    Example:
        >>> from minitransfer import tensor
        >>> L1Loss()(tensor([1.0, 3.0]), tensor([1.0, 1.0])).item()
        1.0
    """

    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, input, target):
        return F.l1_loss(input, target, reduction=self.reduction)


class KLDivLoss(Module):
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

    def __init__(self, reduction="mean", log_target=False):
        super().__init__()
        self.reduction, self.log_target = reduction, log_target

    def forward(self, input, target):
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class HuberLoss(Module):
    """Squared error up to `delta`, straight beyond it (Huber 1964).

    Example:
        >>> from minitransfer import tensor
        >>> HuberLoss()(tensor([0.0]), tensor([3.0])).item()
        2.5
    """

    def __init__(self, reduction="mean", delta=1.0):
        super().__init__()
        self.reduction, self.delta = reduction, delta

    def forward(self, input, target):
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)
