"""Cross-entropy: the loss of classification into several classes."""

import numpy as np

from minitransfer import kernels
from minitransfer.ops.losses import reduce_losses


def cross_entropy(
    logits, target, *, weight=None, label_smoothing=0.0, reduction="mean", ignore_index=-100
):
    """Cross-entropy of class probabilities, from logits (numbers before the softmax).

    Args:
        logits: (N, C) for N examples and C classes, (N, C, d1, ...) for a class at each place of
            an image, or (C,) for a single example.
        target: Class numbers shaped like `logits` without the class axis, or probabilities
            shaped like `logits`.
        weight: Weight of each class (C,), or None. The mean is then a weighted one.
        label_smoothing: Share of every target that is spread evenly over all classes, from 0 to 1
            (Szegedy et al. 2016).
        reduction: "mean", "sum" or "none".
        ignore_index: A class number that marks examples without a label; they do not count.

    Returns:
        The loss and the derivatives with respect to the logits and, when these are probabilities,
        the targets (None for class numbers).

    Raises:
        ValueError: When shapes do not fit, a label is not a class, or every label is ignored.
        TypeError: When labels are not integers.

    Example:
        >>> logits = np.array([[0.0, 0.0], [1.0, 0.0]])
        >>> value, (dlogits, _) = cross_entropy(logits, np.array([1, 0]), reduction="none")
        >>> value.round(4), dlogits(np.ones(2)).round(4)
        (array([0.6931, 0.3133]), array([[ 0.5   , -0.5   ],
               [-0.2689,  0.2689]]))
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing is {label_smoothing}; expected 0 to 1")
    if logits.ndim == 0 or logits.shape[1 if logits.ndim > 1 else 0] == 0:
        raise ValueError(
            f"cross_entropy: logits have shape {logits.shape}; expected (N, C) with C classes"
        )
    if logits.ndim != 2:
        return _elsewhere(
            logits, target, weight=weight, label_smoothing=label_smoothing, reduction=reduction,
            ignore_index=ignore_index,
        )  # fmt: skip
    if weight is not None:
        weight = _class_weight(weight, logits)
    if target.ndim == 2:
        return _with_probabilities(logits, target, weight, label_smoothing, reduction)
    labels, ignored = _checked_labels(logits, target, ignore_index)
    if weight is None and label_smoothing == 0:
        return _with_labels(logits, labels, ignored, reduction)
    return _with_soft_labels(logits, labels, ignored, weight, label_smoothing, reduction)


def _with_labels(logits, labels, ignored, reduction):
    """The common path: one kernel gives the losses and softmax minus one-hot, their slope."""
    losses, difference = kernels.softmax_cross_entropy(logits, labels)
    count = None
    if ignored is not None:
        losses = np.where(ignored, 0, losses)
        difference = np.where(ignored[:, None], 0, difference)
        count = _counted(ignored.size - np.count_nonzero(ignored))
    y, factor = reduce_losses("cross_entropy", losses, reduction, count)
    if reduction == "none":
        return y, (lambda gy: gy[:, None] * difference, None)
    return y, (lambda gy: difference * (gy * factor), None)


def _with_soft_labels(logits, labels, ignored, weight, smoothing, reduction):
    """Labels with class weights or smoothing, written as weighted probabilities."""
    classes = logits.shape[1]
    rows = np.arange(len(labels))
    shares = np.full(logits.shape, smoothing / classes, logits.dtype)
    shares[rows, labels] += 1 - smoothing
    importance = np.ones(len(labels), logits.dtype)
    if weight is not None:
        shares *= weight
        importance = weight[labels]
    if ignored is not None:
        shares[ignored] = 0
        importance = np.where(ignored, 0, importance)
    y, dlogits, _ = _from_shares(logits, shares, reduction, _counted(importance.sum()))
    return y, (dlogits, None)


def _with_probabilities(logits, target, weight, smoothing, reduction):
    """Targets that are probabilities; the mean is over examples, whatever their weight."""
    if target.shape != logits.shape or target.dtype.kind != "f":
        raise ValueError(
            f"cross_entropy: logits have shape {logits.shape}, the target is {target.dtype} of "
            f"shape {target.shape}; expected class numbers of shape {logits.shape[:1]} or "
            f"probabilities of shape {logits.shape}"
        )
    slope = 1 - smoothing if weight is None else (1 - smoothing) * weight
    shares = target.astype(logits.dtype, copy=False) * slope
    if smoothing:
        shares = shares + smoothing / logits.shape[1] * (1 if weight is None else weight)
    y, dlogits, dshares = _from_shares(logits, shares, reduction, len(logits))
    return y, (
        dlogits,
        lambda gy: (dshares(gy) * slope).astype(target.dtype, copy=False),
    )


def _from_shares(logits, shares, reduction, count):
    """Losses -sum(shares * log_softmax(logits)), and the slopes in both."""
    log_p = kernels.log_softmax(logits)
    # A class that has no share does not count, even where its probability is 0 (log -inf).
    losses = -np.add.reduce(shares * np.where(shares == 0, 0, log_p), axis=1)
    y, factor = reduce_losses("cross_entropy", losses, reduction, count)

    def each(gy):
        """The gradient of every single loss, as a column."""
        return (gy * factor).reshape((-1, 1)) if reduction == "none" else gy * factor

    def dlogits(gy):
        total = np.add.reduce(shares, axis=1, keepdims=True)
        return each(gy) * (kernels.exp(log_p) * total - shares)

    return y, dlogits, lambda gy: each(gy) * -log_p


def _elsewhere(logits, target, **options):
    """Logits whose class axis is not the last of two: bring them to rows and back."""
    classes = 0 if logits.ndim == 1 else 1
    by_place = np.moveaxis(logits, classes, -1).shape
    places = by_place[:-1]
    probabilities = target.shape == logits.shape and target.dtype.kind == "f"
    if not probabilities and target.shape != places:
        raise ValueError(
            f"cross_entropy: logits have shape {logits.shape}, the target {target.shape}; "
            f"expected class numbers of shape {places} or probabilities of shape {logits.shape}"
        )

    def to_rows(a):
        return np.moveaxis(a, classes, -1).reshape(-1, by_place[-1])

    rows = to_rows(target) if probabilities else target.reshape(-1)
    y, derivatives = cross_entropy(to_rows(logits), rows, **options)
    one_by_one = options["reduction"] == "none"

    def from_rows(derivative):
        def back(gy):
            gradient = derivative(gy.reshape(-1) if one_by_one else gy)
            return np.moveaxis(gradient.reshape(by_place), -1, classes)

        return back if derivative else None

    return y.reshape(places) if one_by_one else y, tuple([from_rows(d) for d in derivatives])


def _checked_labels(logits, target, ignore_index):
    """Labels as int64 with ignored ones set to class 0, and where these are (None for nowhere)."""
    count, classes = logits.shape
    if target.shape != (count,):
        raise ValueError(
            f"cross_entropy: logits have shape {logits.shape}, the target {target.shape}; expected "
            f"class numbers of shape {(count,)} or probabilities of shape {logits.shape}"
        )
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy: labels are {target.dtype}; expected integers (class numbers)"
        )
    labels = target.astype(np.int64, copy=False)
    # Seen as unsigned a negative label is huge, so one comparison finds both kinds of error.
    fine = count == 0 or np.maximum.reduce(labels.view(np.uint64)) < classes
    if fine and not 0 <= ignore_index < classes:
        return labels, None
    ignored = labels == ignore_index
    wrong = ~ignored & ((labels < 0) | (labels >= classes))
    if wrong.any():
        where = int(wrong.argmax())
        raise ValueError(
            f"cross_entropy: label {labels[where]} at position {where} is no class; the logits "
            f"have {classes} classes, so labels go from 0 to {classes - 1}"
        )
    return np.where(ignored, 0, labels), ignored


def _counted(total):
    """The divisor of a mean, after a check that anything counts."""
    if total == 0:
        raise ValueError(
            "cross_entropy: every label is ignored or has weight 0; there is nothing to average"
        )
    return total


def _class_weight(weight, logits):
    weight = np.asarray(weight, dtype=logits.dtype)
    if weight.shape != logits.shape[1:]:
        raise ValueError(
            f"cross_entropy: weight has shape {weight.shape}; expected one for each of the "
            f"{logits.shape[1]} classes"
        )
    return weight
