"""Losses: how far predictions are from targets. Shapes must agree; nothing broadcasts silently.

`reduction` says what becomes of the single losses: "mean" averages them, "sum" adds them, "none"
returns them one by one. Targets that are no labels take the dtype of the predictions.
"""

import numpy as np

from minitransfer import kernels
from minitransfer.ops.activations import stable_softplus


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
        return np.add.reduce(losses, axis=None), 1.0
    if reduction == "none":
        return losses, 1.0
    raise ValueError(f'{name}: reduction={reduction!r}; expected "mean", "sum" or "none"')


def _to_each(gy, factor):
    """What the derivative of every single loss is multiplied by.

    For a combined loss that is a plain number: NumPy multiplies by it in half the time that an
    array without axes takes, which shows where the batch is small.
    """
    return gy * factor if gy.ndim else float(gy) * factor


def mse_loss(input, target, *, reduction="mean"):
    """Squared error.

    Args:
        input: Predictions.
        target: Array of the same shape.
        reduction: "mean", "sum" or "none".

    Returns:
        The loss and the derivatives with respect to both.

    Raises:
        ValueError: When the shapes differ.

    Example:
        >>> value, (dinput, _) = mse_loss(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
        >>> float(value), dinput(np.array(1.0))
        (2.0, array([0., 2.]))
    """
    difference = input - _matching("mse_loss", input, target)
    y, factor = reduce_losses("mse_loss", difference * difference, reduction)
    return y, (
        lambda gy: _to_each(gy, 2 * factor) * difference,
        lambda gy: (_to_each(gy, -2 * factor) * difference).astype(target.dtype, copy=False),
    )


def l1_loss(input, target, *, reduction="mean"):
    """Absolute error. Where prediction and target are equal the slope is 0.

    Example:
        >>> value, (dinput, _) = l1_loss(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
        >>> float(value), dinput(np.array(1.0))
        (1.0, array([0. , 0.5]))
    """
    difference = input - _matching("l1_loss", input, target)
    y, factor = reduce_losses("l1_loss", np.abs(difference), reduction)
    return y, (
        lambda gy: _to_each(gy, factor) * np.sign(difference),
        lambda gy: (_to_each(gy, -factor) * np.sign(difference)).astype(target.dtype, copy=False),
    )


def huber_loss(input, target, *, delta=1.0, reduction="mean"):
    """Squared error (halved) up to a distance `delta`, absolute error beyond (Huber 1964).

    Example:
        >>> huber_loss(np.array([0.5, 3.0]), np.array([0.0, 0.0]), reduction="none")[0]
        array([0.125, 2.5  ])
    """
    delta = float(delta)
    if not delta > 0:
        raise ValueError(f"huber_loss: delta is {delta}; expected a positive number")
    difference = input - _matching("huber_loss", input, target)
    slope = np.clip(difference, -delta, delta)
    y, factor = reduce_losses("huber_loss", slope * (difference - 0.5 * slope), reduction)
    return y, (
        lambda gy: _to_each(gy, factor) * slope,
        lambda gy: (_to_each(gy, -factor) * slope).astype(target.dtype, copy=False),
    )


def kl_div(input, target, *, reduction="mean", log_target=False):
    """Kullback-Leibler divergence of predicted from true probabilities.

    Args:
        input: *Logarithms* of predicted probabilities.
        target: True probabilities (their logarithms with `log_target`), of the same shape.
        reduction: "mean" (over all elements), "batchmean" (the sum divided by the size of the
            first axis: the divergence itself), "sum" or "none".
        log_target: Whether the target holds logarithms.

    Returns:
        The loss and the derivatives with respect to both.

    Raises:
        ValueError: When the shapes differ.

    Example:
        >>> even = np.log(np.array([[0.5, 0.5]]))
        >>> round(float(kl_div(even, np.array([[1.0, 0.0]]), reduction="batchmean")[0]), 4)
        0.6931
    """
    t = _matching("kl_div", input, target)
    if log_target:
        share, surprise = np.exp(t), t - input
    else:  # what never happens costs nothing, whatever was predicted for it
        possible = t != 0
        share = t
        surprise = np.where(possible, np.log(np.where(possible, t, 1)) - input, 0)
    losses = share * surprise
    if reduction == "batchmean":
        if not input.ndim:
            raise ValueError('kl_div: reduction="batchmean" needs a batch axis; use "sum"')
        y, factor = reduce_losses("kl_div", losses, "mean", count=input.shape[0])
    else:
        y, factor = reduce_losses("kl_div", losses, reduction)

    def dtarget(gy):
        if log_target:
            slope = share * (surprise + 1)
        else:
            slope = np.where(possible, surprise + 1, 0)
        return (_to_each(gy, factor) * slope).astype(target.dtype, copy=False)

    return y, (lambda gy: _to_each(gy, -factor) * share, dtarget)


def binary_cross_entropy_with_logits(
    input, target, *, weight=None, pos_weight=None, reduction="mean"
):
    """Cross-entropy of yes-no answers, from logits (numbers before the sigmoid).

    Args:
        input: Logits of any shape.
        target: Probabilities of "yes" (0 or 1 for plain labels), of the same shape.
        weight: Weight of each loss, broadcasts to `input`; or None.
        pos_weight: Weight of "yes", broadcasts to `input`; or None.
        reduction: "mean", "sum" or "none".

    Returns:
        The loss and the derivatives with respect to both.

    Raises:
        ValueError: When the shapes do not fit.

    Example:
        >>> logits, answers = np.array([0.0, 1000.0]), np.array([1.0, 1.0])
        >>> loss = binary_cross_entropy_with_logits(logits, answers, reduction="none")[0]
        >>> loss.round(4)
        array([0.6931, 0.    ])
    """
    name = "binary_cross_entropy_with_logits"
    t = _matching(name, input, target)
    w = None if weight is None else _weight_like(name, "weight", input, weight)
    if w is None and pos_weight is None:
        losses, difference = kernels.sigmoid_cross_entropy(input, t)
        y, factor = reduce_losses(name, losses, reduction)
        return y, (
            lambda gy: _to_each(gy, factor) * difference,
            lambda gy: (_to_each(gy, -factor) * input).astype(target.dtype, copy=False),
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
        return _to_each(gy, factor) * (slope if w is None else w * slope)

    def dtarget(gy):
        slope = -input if pos_weight is None else extra * yes - input
        gt = _to_each(gy, factor) * (slope if w is None else w * slope)
        return gt.astype(target.dtype, copy=False)

    return y, (dinput, dtarget)


def _matching(name, input, target):
    """The target in the dtype of the predictions, after a look at the shapes."""
    if target.shape != input.shape:
        raise ValueError(
            f"{name}: the input has shape {input.shape}, the target {target.shape}; they must be "
            "equal (reshape one of them, nothing is broadcast here)"
        )
    return target if target.dtype is input.dtype else target.astype(input.dtype)


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
