"""Normalisation of activations, and dropout."""

import math

import numpy as np

from minitransfer import kernels
from minitransfer.ops.precision import same_dtype
from minitransfer.ops.together import together


def batch_norm(x, weight=None, bias=None, *, mean=None, var=None, eps=1e-5, observe=None):
    """Give every channel mean 0 and variance 1, then scale and shift it.

    Source: Ioffe and Szegedy 2015. In training the statistics are those of the batch; in
    evaluation (and in frozen layers) they are given, and the operation is a mere scale and shift.

    Args:
        x: Activations (N, C) or (N, C, ...): axis 1 holds the channels.
        weight: Scale (C,), or None for 1.
        bias: Shift (C,), or None for 0.
        mean: Given mean (C,), or None to use that of the batch.
        var: Given variance (C,), or None to use that of the batch.
        eps: Added to the variance before its root.
        observe: Called with the mean and the biased variance of the batch, each (C,), so that
            running statistics can be kept. Not called when statistics are given.

    Returns:
        Activations shaped like `x` and the derivatives with respect to `x`, `weight`, `bias`.

    Raises:
        ValueError: When shapes do not fit, or a batch has a single value per channel.
        TypeError: When the dtypes differ.

    Example:
        >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
        >>> batch_norm(x, observe=lambda mean, var: print(mean, var))[0].round(2)
        [ 2. 20.] [  1. 100.]
        array([[-1., -1.],
               [ 1.,  1.]])
    """
    _check_batch_norm(x, weight, bias, mean, var)
    channels = x.shape[1]
    scale = np.ones(channels, x.dtype) if weight is None else weight
    shift = np.zeros(channels, x.dtype) if bias is None else bias
    # The kernels know rows and images; anything else is laid out as images one pixel wide.
    rows = x if x.ndim in (2, 4) else x.reshape(*x.shape[:2], -1, 1)
    if mean is not None:
        y = kernels.batch_norm_apply(rows, scale, shift, mean, var, eps)
        return y.reshape(x.shape), _with_given_statistics(x, scale, mean, var, eps)
    _check_batch(x)
    y, mean, var = kernels.batch_norm(rows, scale, shift, eps)
    if observe is not None:
        observe(mean, var)

    def gradients(gy):
        gy = gy.reshape(rows.shape)
        gx, gw, gb = kernels.batch_norm_backward(gy, rows, scale, mean, var, eps)
        return gx.reshape(x.shape), gw, gb

    return y.reshape(x.shape), together(gradients, 3)


def _with_given_statistics(x, weight, mean, var, eps):
    """Derivatives when mean and variance are constants: each channel is scaled and shifted."""
    column = (-1,) + (1,) * (x.ndim - 2)
    others = (0, *range(2, x.ndim))
    inverse = 1 / np.sqrt(var + eps)

    def dweight(gy):
        normal = (x - mean.reshape(column)) * inverse.reshape(column)
        return np.add.reduce(gy * normal, axis=others)

    return (
        lambda gy: gy * (weight * inverse).reshape(column),
        dweight,
        lambda gy: np.add.reduce(gy, axis=others),
    )


def _check_batch(x):
    if x.size // max(x.shape[1], 1) < 2:
        raise ValueError(
            f"batch_norm: shape {x.shape} has a single value per channel, whose variance is 0; "
            "train with larger batches (drop_last=True avoids a last batch of one), or use "
            "evaluation mode"
        )


def _check_batch_norm(x, weight, bias, mean, var):
    if x.ndim < 2:
        raise ValueError(
            f"batch_norm: the input has shape {x.shape}; expected (batch, channels) or "
            "(batch, channels, ...)"
        )
    if (mean is None) != (var is None):
        raise ValueError("batch_norm: only one of mean and var is given; give both or neither")
    given = {"weight": weight, "bias": bias, "mean": mean, "var": var}
    for name, a in given.items():
        if a is not None and a.shape != (x.shape[1],):
            raise ValueError(
                f"batch_norm: the {name} has shape {a.shape}, the input {x.shape} has "
                f"{x.shape[1]} channels on axis 1; expected ({x.shape[1]},)"
            )
    same_dtype("batch_norm", x=x, **given)


def layer_norm(x, weight=None, bias=None, *, normalized_shape, eps=1e-5):
    """Give every example mean 0 and variance 1 over its last axes, then scale and shift.

    Source: Ba, Kiros, Hinton 2016.

    Args:
        x: Activations (..., *normalized_shape).
        weight: Scale of shape `normalized_shape`, or None for 1.
        bias: Shift of shape `normalized_shape`, or None for 0.
        normalized_shape: Sizes of the last axes, a number or a tuple.
        eps: Added to the variance before its root.

    Returns:
        Activations shaped like `x` and the derivatives with respect to `x`, `weight`, `bias`.

    Raises:
        ValueError: When shapes do not fit.
        TypeError: When the dtypes differ.

    Example:
        >>> layer_norm(np.array([[1.0, 3.0], [10.0, 30.0]]), normalized_shape=2)[0].round(2)
        array([[-1.,  1.],
               [-1.,  1.]])
    """
    last = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    shape = x.shape
    if not last or shape[-len(last) :] != last:
        raise ValueError(
            f"layer_norm: the input has shape {shape}, normalized_shape is {last}; the last "
            "axes of the input must have these sizes"
        )
    for name, a in {"weight": weight, "bias": bias}.items():
        if a is not None and a.shape != last:
            raise ValueError(f"layer_norm: the {name} has shape {a.shape}; expected {last}")
    same_dtype("layer_norm", x=x, weight=weight, bias=bias)
    size = math.prod(last)
    rows = x.reshape(-1, size)
    scale = np.ones(size, x.dtype) if weight is None else weight.reshape(-1)
    shift = np.zeros(size, x.dtype) if bias is None else bias.reshape(-1)
    y, mean, var = kernels.layer_norm(rows, scale, shift, eps)

    def gradients(gy):
        gx, gw, gb = kernels.layer_norm_backward(
            gy.reshape(rows.shape), rows, scale, mean, var, eps
        )
        return gx.reshape(shape), gw.reshape(last), gb.reshape(last)

    return y.reshape(shape), together(gradients, 3)


def dropout(x, *, p, rng):
    """Set each element to 0 with probability `p`, and divide the others by `1 - p`.

    Source: Srivastava et al. 2014, in the form that needs no change in evaluation.

    Args:
        x: Array.
        p: Probability from 0 to 1.
        rng: A `numpy.random.Generator`.

    Returns:
        The thinned array and its derivative, which is 0 at the same places.

    Raises:
        ValueError: When `p` is no probability.

    Example:
        >>> value, (dx,) = dropout(np.ones(6), p=0.5, rng=np.random.default_rng(0))
        >>> value, bool((dx(np.ones(6)) == value).all())
        (array([2., 2., 2., 0., 0., 0.]), True)
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p is {p}; expected a probability from 0 to 1")
    if p == 0:
        return x, (lambda gy: gy,)
    kept = rng.random(x.shape, dtype=np.float32) >= p
    factor = kept * x.dtype.type(1 / (1 - p) if p < 1 else 0)
    return x * factor, (lambda gy: gy * factor,)
