"""Losses of regression: how far predictions are from the values that were wanted.

What `reduction` does, and what holds for all losses, stands in `minitransfer.ops.losses`.
"""

import numpy as np

from minitransfer.autograd import differentiable
from minitransfer.ops.common import sign
from minitransfer.ops.losses import matching, reduce_losses, refuse_old_names, to_each


@differentiable
def mse_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """Squared error.

    Args:
        input: Predictions.
        target: Array of the same shape.
        size_average, reduce: Old names of `reduction`, refused.
        reduction: "mean", "sum" or "none".

    Returns:
        The loss and the derivatives with respect to both.

    Raises:
        ValueError: When the shapes differ.

    Example:
        >>> value, (dinput, _) = mse_loss.__wrapped__(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
        >>> float(value), dinput(np.array(1.0))
        (2.0, array([0., 2.]))
    """
    refuse_old_names("mse_loss", size_average, reduce)
    difference = input - matching("mse_loss", input, target)
    y, factor = reduce_losses("mse_loss", difference * difference, reduction)
    return y, (
        lambda gy: to_each(gy, 2 * factor) * difference,
        lambda gy: (to_each(gy, -2 * factor) * difference).astype(target.dtype, copy=False),
    )


@differentiable
def l1_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """Absolute error. Where prediction and target are equal the slope is 0.

    Example:
        >>> value, (dinput, _) = l1_loss.__wrapped__(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
        >>> float(value), dinput(np.array(1.0))
        (1.0, array([0. , 0.5]))
    """
    refuse_old_names("l1_loss", size_average, reduce)
    difference = input - matching("l1_loss", input, target)
    y, factor = reduce_losses("l1_loss", np.abs(difference), reduction)
    return y, (
        lambda gy: to_each(gy, factor) * sign(difference),
        lambda gy: (to_each(gy, -factor) * sign(difference)).astype(target.dtype, copy=False),
    )


@differentiable
def huber_loss(input, target, reduction="mean", delta=1.0):
    """Squared error (halved) up to a distance `delta`, absolute error beyond (Huber 1964).

    Example:
        >>> huber_loss.__wrapped__(np.array([0.5, 3.0]), np.array([0.0, 0.0]), reduction="none")[0]
        array([0.125, 2.5  ])
    """
    delta = float(delta)
    if not delta > 0:
        raise ValueError(f"huber_loss: delta is {delta}; expected a positive number")
    difference = input - matching("huber_loss", input, target)
    slope = np.clip(difference, -delta, delta)
    y, factor = reduce_losses("huber_loss", slope * (difference - 0.5 * slope), reduction)
    return y, (
        lambda gy: to_each(gy, factor) * slope,
        lambda gy: (to_each(gy, -factor) * slope).astype(target.dtype, copy=False),
    )


@differentiable
def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """Absolute error with its corner rounded off within `beta` (Girshick 2015): `huber_loss` with
    ``delta=beta``, divided by `beta`; with ``beta=0`` the absolute error itself.

    Example:
        >>> on_arrays = smooth_l1_loss.__wrapped__
        >>> on_arrays(np.array([0.5, 3.0]), np.array([0.0, 0.0]), reduction="none", beta=2.0)[0]
        array([0.0625, 2.    ])
    """
    refuse_old_names("smooth_l1_loss", size_average, reduce)
    beta = float(beta)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta is {beta}; expected a number not below 0")
    if beta == 0:
        return l1_loss.__wrapped__(input, target, reduction=reduction)
    difference = input - matching("smooth_l1_loss", input, target)
    inner = np.clip(difference, -beta, beta)
    slope = inner / beta
    losses = slope * (difference - 0.5 * inner)
    y, factor = reduce_losses("smooth_l1_loss", losses, reduction)
    return y, (
        lambda gy: to_each(gy, factor) * slope,
        lambda gy: (to_each(gy, -factor) * slope).astype(target.dtype, copy=False),
    )


@differentiable
def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """Kullback-Leibler divergence of predicted from true probabilities.

    Args:
        input: *Logarithms* of predicted probabilities.
        target: True probabilities (their logarithms with `log_target`), of the same shape.
        size_average, reduce: Old names of `reduction`, refused.
        reduction: "mean" (over all elements), "batchmean" (the sum divided by the size of the
            first axis: the divergence itself), "sum" or "none".
        log_target: Whether the target holds logarithms.

    Returns:
        The loss and the derivatives with respect to both.

    Raises:
        ValueError: When the shapes differ.

    Example:
        >>> even = np.log(np.array([[0.5, 0.5]]))
        >>> value, _ = kl_div.__wrapped__(even, np.array([[1.0, 0.0]]), reduction="batchmean")
        >>> round(float(value), 4)
        0.6931
    """
    refuse_old_names("kl_div", size_average, reduce)
    t = matching("kl_div", input, target)
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
        return (to_each(gy, factor) * slope).astype(target.dtype, copy=False)

    return y, (lambda gy: to_each(gy, -factor) * share, dtarget)
