"""Normalisation of activations, and dropout."""

import math

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import differentiable
from minitransfer.ops.common import same_dtype, shared_gradients, total
from minitransfer.random import default_generator


@differentiable
def batch_norm(
    input,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-5,
):
    """Give every channel mean 0 and variance 1, then scale and shift it.

    Source: Ioffe and Szegedy 2015. In training the statistics are those of the batch, and the
    running ones are moved towards them, in place; in evaluation (and in frozen layers) the
    running ones are used, and the operation is a mere scale and shift.

    Args:
        input: Activations (N, C) or (N, C, ...): axis 1 holds the channels.
        running_mean: Mean (C,) of the batches so far, or None to keep none.
        running_var: Variance (C,) of the batches so far, or None to keep none.
        weight: Scale (C,), or None for 1.
        bias: Shift (C,), or None for 0.
        training: Whether to use the statistics of the batch.
        momentum: Share of the batch in the running statistics.
        eps: Added to the variance before its root.

    Returns:
        Activations shaped like `input` and the derivatives with respect to `input`, `weight` and
        `bias` (None for the running statistics).

    Raises:
        ValueError: When shapes do not fit, or a batch has a single value per channel.
        TypeError: When the dtypes differ.

    Example:
        >>> x, mean, var = np.array([[1.0, 10.0], [3.0, 30.0]]), np.zeros(2), np.ones(2)
        >>> batch_norm.__wrapped__(x, mean, var, training=True)[0].round(2), mean
        (array([[-1., -1.],
               [ 1.,  1.]]), array([0.2, 2. ]))
    """
    given = {"running_mean": running_mean, "running_var": running_var}
    _check_batch_norm(input, weight=weight, bias=bias, **given)
    shape, channels = input.shape, input.shape[1]
    scale = np.ones(channels, input.dtype) if weight is None else weight
    shift = np.zeros(channels, input.dtype) if bias is None else bias
    # The kernels know rows and images; anything else is laid out as images one pixel wide.
    rows = input if input.ndim in (2, 4) else input.reshape(*shape[:2], -1, 1)
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError("batch_norm: evaluation needs running_mean and running_var")
        # Copies: a later batch in training mode moves these, before this one's backward.
        mean, var = running_mean.copy(), running_var.copy()
        y = kernels.batch_norm_apply(rows, scale, shift, mean, var, eps)
        dx, dweight, dbias = _with_given_statistics(input, scale, mean, var, eps)
        return y.reshape(shape), (dx, None, None, dweight, dbias)
    count = input.size // max(channels, 1)
    if count < 2:
        raise ValueError(
            f"batch_norm: shape {shape} has a single value per channel, whose variance is 0; "
            "train with larger batches (drop_last=True avoids a last batch of one), or use "
            "evaluation mode"
        )
    y, mean, var = kernels.batch_norm(rows, scale, shift, eps)
    # The running variance is to be that of all data: the unbiased estimate.
    for running, seen in ((running_mean, mean), (running_var, var * (count / (count - 1)))):
        if running is not None:
            running *= 1 - momentum
            running += momentum * seen

    def gradients(gy):
        gy = gy.reshape(rows.shape)
        gx, gw, gb = kernels.batch_norm_backward(gy, rows, scale, mean, var, eps)
        return gx.reshape(shape), gw, gb

    dx, dweight, dbias = shared_gradients(gradients, 3)
    return y.reshape(shape), (dx, None, None, dweight, dbias)


def _with_given_statistics(x, weight, mean, var, eps):
    """Derivatives when mean and variance are constants: each channel is scaled and shifted."""
    column = (-1,) + (1,) * (x.ndim - 2)
    others = (0, *range(2, x.ndim))
    inverse = 1 / np.sqrt(var + eps)

    def dweight(gy):
        normal = (x - mean.reshape(column)) * inverse.reshape(column)
        return total(gy * normal, others)

    return (
        lambda gy: gy * (weight * inverse).reshape(column),
        dweight,
        lambda gy: total(gy, others),
    )


def _check_batch_norm(x, **given):
    if x.ndim < 2:
        raise ValueError(
            f"batch_norm: the input has shape {x.shape}; expected (batch, channels) or "
            "(batch, channels, ...)"
        )
    for name, a in given.items():
        if a is not None and a.shape != (x.shape[1],):
            raise ValueError(
                f"batch_norm: the {name} has shape {a.shape}, the input {x.shape} has "
                f"{x.shape[1]} channels on axis 1; expected ({x.shape[1]},)"
            )
    same_dtype("batch_norm", input=x, **given)


@differentiable
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Give every example mean 0 and variance 1 over its last axes, then scale and shift.

    Source: Ba, Kiros, Hinton 2016.

    Args:
        input: Activations (..., *normalized_shape).
        normalized_shape: Sizes of the last axes, a number or a tuple.
        weight: Scale of shape `normalized_shape`, or None for 1.
        bias: Shift of shape `normalized_shape`, or None for 0.
        eps: Added to the variance before its root.

    Returns:
        Activations shaped like `input` and the derivatives with respect to `input`, `weight` and
        `bias` (None for the sizes).

    Raises:
        ValueError: When shapes do not fit.
        TypeError: When the dtypes differ.

    Example:
        >>> layer_norm.__wrapped__(np.array([[1.0, 3.0], [10.0, 30.0]]), 2)[0].round(2)
        array([[-1.,  1.],
               [-1.,  1.]])
    """
    last = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    shape = input.shape
    if not last or shape[-len(last) :] != last:
        raise ValueError(
            f"layer_norm: the input has shape {shape}, normalized_shape is {last}; the last "
            "axes of the input must have these sizes"
        )
    for name, a in {"weight": weight, "bias": bias}.items():
        if a is not None and a.shape != last:
            raise ValueError(f"layer_norm: the {name} has shape {a.shape}; expected {last}")
    same_dtype("layer_norm", input=input, weight=weight, bias=bias)
    size = math.prod(last)
    rows = input.reshape(-1, size)
    scale = np.ones(size, input.dtype) if weight is None else weight.reshape(-1)
    shift = np.zeros(size, input.dtype) if bias is None else bias.reshape(-1)
    y, mean, var = kernels.layer_norm(rows, scale, shift, eps)

    def gradients(gy):
        gx, gw, gb = kernels.layer_norm_backward(
            gy.reshape(rows.shape), rows, scale, mean, var, eps
        )
        return gx.reshape(shape), gw.reshape(last), gb.reshape(last)

    dx, dweight, dbias = shared_gradients(gradients, 3)
    return y.reshape(shape), (dx, None, dweight, dbias)


@differentiable
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Give every group of channels of every example mean 0 and variance 1, then scale and shift.

    It does not look at other examples, as `batch_norm` does, so small batches do no harm.
    Source: Wu and He 2018. One group is a layer norm over the whole example, as many groups as
    channels an instance norm.

    Args:
        input: Activations (N, C, ...).
        num_groups: In how many groups the channels are divided.
        weight: Scale (C,), or None for 1.
        bias: Shift (C,), or None for 0.
        eps: Added to the variance before its root.

    Returns:
        Activations shaped like `input` and the derivatives with respect to `input`, `weight` and
        `bias` (None for the number).

    Raises:
        ValueError: When the groups do not divide the channels, or shapes do not fit.
        TypeError: When the dtypes differ.

    Example:
        >>> x = np.array([[1.0, 3.0, 10.0, 30.0]])
        >>> group_norm.__wrapped__(x, 2)[0].round(2)
        array([[-1.,  1., -1.,  1.]])
    """
    shape = input.shape
    if input.ndim < 2 or num_groups < 1 or shape[1] % num_groups:
        raise ValueError(
            f"group_norm: an input of shape {shape} in {num_groups} groups; expected (N, C, ...) "
            "with C divisible by their number"
        )
    for name, a in {"weight": weight, "bias": bias}.items():
        if a is not None and a.shape != shape[1:2]:
            raise ValueError(f"group_norm: the {name} has shape {a.shape}; expected {shape[1:2]}")
    same_dtype("group_norm", input=input, weight=weight, bias=bias)
    column = (-1,) + (1,) * (input.ndim - 2)
    others = (0, *range(2, input.ndim))
    size = input.size // max(shape[0] * num_groups, 1)
    rows = input.reshape(shape[0] * num_groups, size)
    one, nothing = np.ones(size, input.dtype), np.zeros(size, input.dtype)
    normal, mean, var = kernels.layer_norm(rows, one, nothing, eps)
    normal = normal.reshape(shape)
    y = normal if weight is None else normal * weight.reshape(column)
    y = y if bias is None else y + bias.reshape(column)

    def dx(gy):
        gy = gy if weight is None else gy * weight.reshape(column)
        gx = kernels.layer_norm_backward(gy.reshape(rows.shape), rows, one, mean, var, eps)[0]
        return gx.reshape(shape)

    return y, (dx, None, lambda gy: total(gy * normal, others), lambda gy: total(gy, others))


@differentiable
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Divide every example by the root of the mean square over its last axes, then scale it.

    A `layer_norm` that does not take the mean off, and needs one sum less. Source: Zhang and
    Sennrich 2019.

    Args:
        input: Activations (..., *normalized_shape).
        normalized_shape: Sizes of the last axes, a number or a tuple.
        weight: Scale of shape `normalized_shape`, or None for 1.
        eps: Added to the mean square before its root; the type's own (1.2e-7 for float32) if None.

    Returns:
        Activations shaped like `input` and the derivatives with respect to `input` and `weight`
        (None for the sizes).

    Raises:
        ValueError: When shapes do not fit.
        TypeError: When the dtypes differ.

    Example:
        >>> rms_norm.__wrapped__(np.array([[3.0, 3.0], [1.0, 7.0]]), 2)[0].round(2)
        array([[1. , 1. ],
               [0.2, 1.4]])
    """
    last = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not last or input.shape[-len(last) :] != last:
        raise ValueError(
            f"rms_norm: the input has shape {input.shape}, normalized_shape is {last}; the last "
            "axes of the input must have these sizes"
        )
    if weight is not None and weight.shape != last:
        raise ValueError(f"rms_norm: the weight has shape {weight.shape}; expected {last}")
    same_dtype("rms_norm", input=input, weight=weight)
    axes, before = tuple(range(-len(last), 0)), tuple(range(input.ndim - len(last)))
    eps = np.finfo(input.dtype).eps if eps is None else eps
    inverse = 1 / np.sqrt((input * input).mean(axes, keepdims=True) + input.dtype.type(eps))
    normal = input * inverse

    def dx(gy):
        gy = gy if weight is None else gy * weight
        return inverse * (gy - normal * (gy * normal).mean(axes, keepdims=True))

    y = normal if weight is None else normal * weight
    return y, (dx, None, lambda gy: total(gy * normal, before))


@differentiable
def dropout(input, p=0.5, training=True, inplace=False, generator=None):
    """Set each element to 0 with probability `p`, and divide the others by `1 - p`.

    Source: Srivastava et al. 2014, in the form that needs no change in evaluation.

    Args:
        input: Array.
        p: Probability from 0 to 1.
        training: False passes all through.
        inplace: Taken for PyTorch's sake; the result is a new array in any case.
        generator: A `numpy.random.Generator`; the library's default one if None.

    Returns:
        The thinned array and its derivative, which is 0 at the same places.

    Raises:
        ValueError: When `p` is not a probability.

    Example:
        >>> value, (dx,) = dropout.__wrapped__(np.ones(6), generator=np.random.default_rng(0))
        >>> value, bool((dx(np.ones(6)) == value).all())
        (array([2., 2., 2., 0., 0., 0.]), True)
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p is {p}; expected a probability from 0 to 1")
    if p == 0 or not training:
        return input.view(), (lambda gy: gy,)
    kept = (generator or default_generator()).random(input.shape, dtype=np.float32) >= p
    factor = kept * input.dtype.type(1 / (1 - p) if p < 1 else 0)
    return input * factor, (lambda gy: gy * factor,)


@differentiable
def dropout2d(input, p=0.5, training=True, inplace=False, generator=None):
    """Set whole channels to 0 with probability `p`, and divide the others by `1 - p`.

    Neighbours in a picture say much the same, so that single dropped points would be no loss
    (Tompson et al. 2015).

    Args:
        input: Images (N, C, H, W), or (C, H, W).
        p, training, inplace, generator: See `dropout`.

    Example:
        >>> draw = np.random.default_rng(1)
        >>> value, _ = dropout2d.__wrapped__(np.ones((1, 4, 1, 2)), generator=draw)
        >>> value[0, :, 0].tolist()
        [[0.0, 0.0], [2.0, 2.0], [2.0, 2.0], [2.0, 2.0]]
    """
    if input.ndim not in (3, 4):
        raise ValueError(
            f"dropout2d: the input has shape {input.shape}; expected (N, C, H, W) or (C, H, W)"
        )
    channels = np.ones((*input.shape[:-2], 1, 1), input.dtype)
    factor, _ = dropout.__wrapped__(channels, p, training, generator=generator)
    return input * factor, (lambda gy: gy * factor,)
