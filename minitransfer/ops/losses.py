"""Losses of classification, cross-entropy in two forms, and what all losses share.

`reduction` says what becomes of the single losses: "mean" averages them, "sum" adds them, "none"
returns them one by one. Shapes must agree; nothing broadcasts silently. Targets that are not
labels take the dtype of the predictions.
"""

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import differentiable
from minitransfer.ops.activations import stable_softplus


@differentiable
def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """Cross-entropy of class probabilities, from logits (numbers before the softmax).

    Args:
        input: Logits (N, C) for N examples and C classes, (N, C, d1, ...) for a class at each
            place of an image, or (C,) for a single example.
        target: Class numbers shaped like `input` without the class axis, or probabilities
            shaped like `input`.
        weight: Weight of each class (C,), or None. The mean is then a weighted one.
        size_average, reduce: Old names of `reduction`, refused.
        ignore_index: A class number that marks examples without a label; they do not count.
        reduction: "mean", "sum" or "none".
        label_smoothing: Share of every target that is spread evenly over all classes, from 0 to 1
            (Szegedy et al. 2016).

    Returns:
        The loss and the derivatives with respect to the logits and, when these are probabilities,
        the targets (None for class numbers).

    Raises:
        ValueError: When shapes do not fit, a label is not a class, or, for a mean, every label is
            ignored.
        TypeError: When labels are not integers.

    Example:
        >>> logits = np.array([[0.0, 0.0], [1.0, 0.0]])
        >>> labels = np.array([1, 0])
        >>> value, (dlogits, _) = cross_entropy.__wrapped__(logits, labels, reduction="none")
        >>> value.round(4), dlogits(np.ones(2)).round(4)
        (array([0.6931, 0.3133]), array([[ 0.5   , -0.5   ],
               [-0.2689,  0.2689]]))
    """
    refuse_old_names("cross_entropy", size_average, reduce)
    logits = input
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
        count = _counted(ignored.size - np.count_nonzero(ignored), reduction)
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
    y, dlogits, _ = _from_shares(logits, shares, reduction, _counted(importance.sum(), reduction))
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
    y, derivatives = cross_entropy.__wrapped__(to_rows(logits), rows, **options)
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
            f"cross_entropy: label {target[where]} at position {where} is not a class; the logits "
            f"have {classes} classes, so labels go from 0 to {classes - 1}"
        )
    return np.where(ignored, 0, labels), ignored


def _counted(total, reduction):
    """The divisor of a mean, after a check that anything counts."""
    if total == 0 and reduction == "mean":
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


@differentiable
def binary_cross_entropy_with_logits(
    input,
    target,
    weight=None,
    size_average=None,
    reduce=None,
    reduction="mean",
    pos_weight=None,
):
    """Cross-entropy of yes-no answers, from logits (numbers before the sigmoid).

    Args:
        input: Logits of any shape.
        target: Probabilities of "yes" (0 or 1 for plain labels), of the same shape.
        weight: Weight of each loss, broadcasts to `input`; or None.
        size_average, reduce: Old names of `reduction`, refused.
        reduction: "mean", "sum" or "none".
        pos_weight: Weight of "yes", broadcasts to `input`; or None.

    Returns:
        The loss and the derivatives with respect to both.

    Raises:
        ValueError: When the shapes do not fit.

    Example:
        >>> logits, answers = np.array([0.0, 1000.0]), np.array([1.0, 1.0])
        >>> on_arrays = binary_cross_entropy_with_logits.__wrapped__
        >>> on_arrays(logits, answers, reduction="none")[0].round(4)
        array([0.6931, 0.    ])
    """
    name = "binary_cross_entropy_with_logits"
    refuse_old_names(name, size_average, reduce)
    t = matching(name, input, target)
    w = None if weight is None else _weight_like(name, "weight", input, weight)
    if w is None and pos_weight is None:
        losses, difference = kernels.sigmoid_cross_entropy(input, t)
        y, factor = reduce_losses(name, losses, reduction)
        return y, (
            lambda gy: to_each(gy, factor) * difference,
            lambda gy: (to_each(gy, -factor) * input).astype(target.dtype, copy=False),
        )
    # softplus(-x) = -log(sigmoid(x)), the loss of a "yes"; with x added, that of a "no".
    yes = stable_softplus(-input)
    if pos_weight is None:
        losses = (1 - t) * input + yes
    else:
        extra = _weight_like(name, "pos_weight", input, pos_weight) - 1
        losses = (1 - t) * input + (1 + extra * t) * yes
    y, factor = reduce_losses(name, losses if w is None else w * losses, reduction)

    def dinput(gy):
        # exp(-yes) is the sigmoid again, without a second look at large logits.
        if pos_weight is None:
            slope = kernels.exp(-yes) - t
        else:
            slope = (1 - t) - (1 + extra * t) * kernels.exp(-yes - input)
        return to_each(gy, factor) * (slope if w is None else w * slope)

    def dtarget(gy):
        slope = -input if pos_weight is None else extra * yes - input
        gt = to_each(gy, factor) * (slope if w is None else w * slope)
        return gt.astype(target.dtype, copy=False)

    return y, (dinput, dtarget)


def _weight_like(name, role, input, weight):
    """A constant weight in the dtype of the predictions, one that does not enlarge them."""
    weight = np.asarray(weight, dtype=input.dtype)
    try:
        fits = np.broadcast_shapes(input.shape, weight.shape) == input.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{name}: {role} has shape {weight.shape}, which does not broadcast to the "
            f"input's {input.shape}"
        )
    return weight


def reduce_losses(name, losses, reduction, count=None):
    """Combine single losses as `reduction` says.

    Args:
        name: The loss, for messages.
        losses: Array of single losses.
        reduction: "mean", "sum" or "none".
        count: What "mean" divides by, by default the number of losses.

    Returns:
        The combined loss and the factor its derivative gives to each single loss.

    Raises:
        ValueError: When `reduction` is unknown or there is nothing to average.

    Example:
        >>> value, factor = reduce_losses("mse_loss", np.array([1.0, 3.0]), "mean")
        >>> float(value), factor
        (2.0, 0.5)
    """
    if reduction == "mean":
        count = losses.size if count is None else float(count)
        if count == 0:
            raise ValueError(f"{name}: there is no loss to average; is the data empty?")
        return np.add.reduce(losses, None) / count, 1 / count
    if reduction == "sum":
        return np.add.reduce(losses, None), 1.0
    if reduction == "none":
        return losses, 1.0
    raise ValueError(f'{name}: reduction={reduction!r}; expected "mean", "sum" or "none"')


def refuse_old_names(name, size_average, reduce):
    """PyTorch's old options, which still stand in its argument lists.

    Example:
        >>> refuse_old_names("mse_loss", None, False)
        Traceback (most recent call last):
        ValueError: mse_loss: size_average and reduce are PyTorch's old names; say reduction="mean",
        "sum" or "none" instead
    """
    if size_average is not None or reduce is not None:
        raise ValueError(
            f"{name}: size_average and reduce are PyTorch's old names; say "
            'reduction="mean", "sum" or "none" instead'
        )


def to_each(gy, factor):
    """What the derivative of every single loss is multiplied by.

    For a combined loss that is a plain number: NumPy multiplies by it in half the time that an
    array without axes takes, which shows where the batch is small.

    Example:
        >>> to_each(np.array(3.0), 0.5)
        1.5
    """
    return gy * factor if gy.ndim else float(gy) * factor


def matching(name, input, target):
    """The target in the dtype of the predictions, after a look at the shapes.

    Raises:
        ValueError: When the shapes differ.

    Example:
        >>> matching("mse_loss", np.zeros(1, np.float32), np.array([1]))
        array([1.], dtype=float32)
    """
    if target.shape != input.shape:
        raise ValueError(
            f"{name}: the input has shape {input.shape}, the target {target.shape}; they must be "
            "equal (reshape one of them, nothing is broadcast here)"
        )
    return target if target.dtype is input.dtype else target.astype(input.dtype)
