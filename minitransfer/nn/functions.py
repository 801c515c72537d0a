"""Operations as modules, for use in `Sequential`: they have nothing to learn.

Activations, dropout and changes of shape, then losses. The formulas are in `minitransfer.ops`.

Args common to all activations:
    inplace: taken for PyTorch's sake, and changes nothing: results are always new arrays, since a
        derivative may need the old ones.

Args common to all losses:
    reduction: "mean", "sum" or "none" (one number per element).
    size_average, reduce: PyTorch's old names of the same, refused.
"""

import numpy as np

from minitransfer import ops
from minitransfer.autograd import as_array
from minitransfer.nn.module import Module
from minitransfer.ops.losses import refuse_old_names


class _Pointwise(Module):
    """A function of each number; facts that hold of all of these (see `Module`)."""

    stateless = pointwise = True

    def __init__(self, inplace=False):
        super().__init__()


class ReLU(_Pointwise):
    """max(x, 0).

    Example:
        >>> from minitransfer import tensor
        >>> ReLU()(tensor([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def forward(self, x):
        return ops.relu(x)


class LeakyReLU(_Pointwise):
    """x where positive, ``negative_slope * x`` elsewhere.

    Example:
        >>> from minitransfer import tensor
        >>> LeakyReLU(0.5)(tensor([-1.0, 2.0])).tolist()
        [-0.5, 2.0]
    """

    def __init__(self, negative_slope=0.01, inplace=False):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x):
        return ops.leaky_relu(x, self.negative_slope)


class ReLU6(_Pointwise):
    """min(max(x, 0), 6).

    Example:
        >>> from minitransfer import tensor
        >>> ReLU6()(tensor([-1.0, 9.0])).tolist()
        [0.0, 6.0]
    """

    def forward(self, x):
        return ops.relu6(x)


class GELU(_Pointwise):
    """x Φ(x) with the normal distribution's Φ (Hendrycks and Gimpel 2016).

    Args:
        approximate: "none" for the exact function, "tanh" for the approximation.

    Example:
        >>> from minitransfer import tensor
        >>> GELU()(tensor([0.0])).tolist()
        [0.0]
    """

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, x):
        return ops.gelu(x, self.approximate)


class SiLU(_Pointwise):
    """x times its sigmoid (Elfwing, Uchibe and Doya 2018).

    Example:
        >>> from minitransfer import tensor
        >>> SiLU()(tensor([0.0])).tolist()
        [0.0]
    """

    def forward(self, x):
        return ops.silu(x)


class ELU(_Pointwise):
    """x where positive, ``alpha (exp(x) − 1)`` elsewhere (Clevert et al. 2016).

    Example:
        >>> from minitransfer import tensor
        >>> ELU()(tensor([2.0])).tolist()
        [2.0]
    """

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__()
        self.alpha = alpha

    def forward(self, x):
        return ops.elu(x, self.alpha)


class SELU(_Pointwise):
    """ELU, scaled so that mean 0 and variance 1 stay (Klambauer et al. 2017)."""

    def forward(self, x):
        return ops.selu(x)


class Mish(_Pointwise):
    """x tanh(softplus(x)) (Misra 2020)."""

    def forward(self, x):
        return ops.mish(x)


class Hardtanh(_Pointwise):
    """x limited to the range from `min_val` to `max_val`.

    Example:
        >>> from minitransfer import tensor
        >>> Hardtanh()(tensor([-3.0, 0.5])).tolist()
        [-1.0, 0.5]
    """

    def __init__(self, min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None):
        super().__init__()
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value

    def forward(self, x):
        return ops.hardtanh(x, self.min_val, self.max_val)


class Hardsigmoid(_Pointwise):
    """A sigmoid of three straight lines."""

    def forward(self, x):
        return ops.hardsigmoid(x)


class Hardswish(_Pointwise):
    """x times its Hardsigmoid (Howard et al. 2019)."""

    def forward(self, x):
        return ops.hardswish(x)


class Softsign(_Pointwise):
    """x / (1 + |x|)."""

    def __init__(self):
        super().__init__()

    def forward(self, x):
        return ops.softsign(x)


class LogSigmoid(_Pointwise):
    """The logarithm of Sigmoid."""

    def __init__(self):
        super().__init__()

    def forward(self, x):
        return ops.logsigmoid(x)


class Tanh(_Pointwise):
    """The hyperbolic tangent.

    Example:
        >>> from minitransfer import tensor
        >>> Tanh()(tensor([0.0])).tolist()
        [0.0]
    """

    def __init__(self):
        super().__init__()

    def forward(self, x):
        return ops.tanh(x)


class Sigmoid(_Pointwise):
    """1 / (1 + exp(−x)).

    Example:
        >>> from minitransfer import tensor
        >>> Sigmoid()(tensor([0.0])).tolist()
        [0.5]
    """

    def __init__(self):
        super().__init__()

    def forward(self, x):
        return ops.sigmoid(x)


class Softplus(_Pointwise):
    """log(1 + exp(x)), a ReLU with its corner rounded off.

    Example:
        >>> from minitransfer import tensor
        >>> round(Softplus()(tensor(0.0)).item(), 4)
        0.6931
    """

    def __init__(self, beta=1.0, threshold=20.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, x):
        return ops.softplus(x, self.beta, self.threshold)


class Softmax(Module):
    """exp(x) divided by its sum over the axis `dim`.

    Example:
        >>> from minitransfer import tensor
        >>> Softmax(dim=0)(tensor([1.0, 1.0])).tolist()
        [0.5, 0.5]
    """

    stateless = True

    def __init__(self, dim=-1):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        return ops.softmax(x, self.dim)


class LogSoftmax(Module):
    """The logarithm of Softmax.

    Example:
        >>> from minitransfer import tensor
        >>> LogSoftmax(dim=0)(tensor([0.0])).tolist()
        [0.0]
    """

    stateless = True

    def __init__(self, dim=-1):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        return ops.log_softmax(x, self.dim)


class Dropout(Module):
    """In training, sets each number to 0 with probability p and divides the others by 1 − p.

    Srivastava et al. 2014. In evaluation mode, and in a frozen module, it passes all through.

    Args:
        p: probability of dropping a number, 0 ≤ p < 1.
        inplace: taken for PyTorch's sake; the result is a new array in any case.
        generator: draws what is dropped; the default one if None.

    Example:
        >>> from minitransfer import ones
        >>> Dropout(0.5).eval()(ones(3)).tolist()
        [1.0, 1.0, 1.0]
    """

    pointwise = True

    def __init__(self, p=0.5, inplace=False, *, generator=None):
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"Dropout: p is a probability below 1; given {p}")
        self.p, self.generator = p, generator

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        return ops.dropout(x, self.p, generator=self.generator)

    def extra_repr(self):
        return f"p={self.p}"


class Dropout2d(Dropout):
    """In training, sets whole channels to 0 with probability p; see `Dropout`.

    Neighbours in a picture say much the same, so single dropped points would be no loss
    (Tompson et al. 2015).

    Shape:
        (N, C, H, W), unchanged.

    Example:
        >>> from minitransfer import ones
        >>> Dropout2d(0.5).eval()(ones(1, 2, 3, 3)).shape
        (1, 2, 3, 3)
    """

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        return ops.dropout2d(x, self.p, generator=self.generator)


class Upsample(Module):
    """Images in another size; see `functional.interpolate`.

    Args:
        size: height and width of the result, an int or a pair; or else
        scale_factor: how many times as large it shall be.
        mode: "nearest" or "bilinear".
        align_corners: for "bilinear", whether the outer points lie on each other.

    Example:
        >>> from minitransfer import zeros
        >>> Upsample(scale_factor=2)(zeros(1, 3, 4, 4)).shape
        (1, 3, 8, 8)
    """

    stateless = True

    def __init__(
        self,
        size=None,
        scale_factor=None,
        mode="nearest",
        align_corners=None,
        recompute_scale_factor=None,
    ):
        super().__init__()
        self.size, self.scale_factor, self.mode = size, scale_factor, mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, x):
        return ops.interpolate(
            x,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            self.recompute_scale_factor,
        )


class Flatten(Module):
    """Joins the axes from `start_dim` to `end_dim` into one; by default all but the first.

    Example:
        >>> from minitransfer import zeros
        >>> Flatten()(zeros(2, 1, 28, 28)).shape
        (2, 784)
    """

    stateless = True

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x):
        return x.flatten(self.start_dim, self.end_dim)


class Identity(Module):
    """Passes its input through; stands where a layer was taken out.

    Example:
        >>> from minitransfer import ones
        >>> Identity()(ones(2)).tolist()
        [1.0, 1.0]
    """

    stateless = pointwise = True

    def __init__(self, *args, **options):
        super().__init__()

    def forward(self, x):
        return x


# Losses


class _Loss(Module):
    """A loss that has no option but `reduction`."""

    def __init__(self, size_average=None, reduce=None, reduction="mean"):
        super().__init__()
        refuse_old_names(type(self).__name__, size_average, reduce)
        self.reduction = reduction

    def count(self, input, target) -> float | None:
        """Return what the sum of the single losses is divided by, or None if it is not divided.

        With it `train` puts the losses of several batches together to that of all of them.

        Example:
            >>> from minitransfer import zeros
            >>> MSELoss().count(zeros(4, 3), zeros(4, 3))
            12
        """
        return input.array.size if self.reduction == "mean" else None


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

    def count(self, logits, target) -> float | None:
        """Return how many labels are not ignored, or the sum of their weights; see `_Loss`.

        Example:
            >>> from minitransfer import tensor, zeros
            >>> labels = tensor([0, 1, 1, -100])
            >>> CrossEntropyLoss().count(zeros(4, 2), labels)
            3
            >>> CrossEntropyLoss(weight=[1.0, 5.0]).count(zeros(4, 2), labels)
            11.0
        """
        if self.reduction != "mean":
            return None
        labels = target.array
        if labels.dtype.kind == "f":  # probabilities: one of each class
            return labels.size // labels.shape[1 if labels.ndim > 1 else 0]
        counted = labels != self.ignore_index
        if self.weight is None:
            total = np.count_nonzero(counted)  # an array where a step is traced: a stand-in
            return total if isinstance(total, np.ndarray) else int(total)
        weight = np.asarray(as_array(self.weight))  # a label that is none the loss refuses
        return float(weight.take(labels[counted], mode="clip").sum())

    def forward(self, logits, target):
        return ops.cross_entropy(
            logits,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(CrossEntropyLoss):
    """−log of the right class's probability, from `LogSoftmax`; `CrossEntropyLoss` does both.

    Args:
        weight: (classes,) factor per class, or None.
        ignore_index: label of examples to leave out.
        reduction: see above.

    Example:
        >>> from minitransfer import tensor
        >>> round(NLLLoss()(tensor([[0.5, 0.5]]).log(), tensor([1])).item(), 4)
        0.6931
    """

    def __init__(
        self, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
    ):
        super().__init__(weight, size_average, ignore_index, reduce, reduction)

    def forward(self, input, target):
        return ops.nll_loss(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class BCELoss(_Loss):
    """Cross-entropy of yes-or-no answers, from probabilities; `BCEWithLogitsLoss` is more exact.

    Example:
        >>> from minitransfer import tensor
        >>> round(BCELoss()(tensor([0.5]), tensor([1.0])).item(), 4)
        0.6931
    """

    def __init__(self, weight=None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.weight = weight

    def forward(self, input, target):
        return ops.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


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

    def count(self, input, target):
        return len(input) if self.reduction == "batchmean" else super().count(input, target)

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


class SmoothL1Loss(_Loss):
    """|input − target| with its corner rounded off within `beta` (Girshick 2015).

    Example:
        >>> from minitransfer import tensor
        >>> SmoothL1Loss()(tensor([0.0]), tensor([3.0])).item()
        2.5
    """

    def __init__(self, size_average=None, reduce=None, reduction="mean", beta=1.0):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input, target):
        return ops.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)
