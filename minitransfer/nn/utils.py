"""Gradients limited, parameters in one long row, layers made one: ``torch.nn.utils``."""

import copy
import math
import numbers

import numpy as np

from minitransfer.autograd import increment_version
from minitransfer.nn import functions, layers, module, normalization
from minitransfer.not_covered import check_default, not_covered
from minitransfer.ops import cat, reshape
from minitransfer.tensor import Tensor


def clip_grad_norm_(
    parameters, max_norm: float, norm_type: float = 2.0, error_if_nonfinite=False, foreach=None
) -> float:
    """Scale all gradients down together so that their common norm is at most `max_norm`.

    They are multiplied by max_norm / (norm + 1e-6), as in PyTorch, where that is below 1.
    Parameters without a gradient, frozen ones among them, do not count (Pascanu et al. 2013).

    Args:
        parameters: parameters, or a single one.
        max_norm: the largest norm to allow, 0 or greater.
        norm_type: which norm: 2 for the Euclidean one, ``math.inf`` for the largest magnitude.
        error_if_nonfinite: whether to refuse gradients of which the norm is NaN or infinite;
            scaled, such gradients become 0 or NaN.
        foreach: taken for PyTorch's sake.

    Returns:
        The norm before.

    Raises:
        ValueError: if `max_norm` is negative or NaN.
        RuntimeError: if asked to, where the norm is NaN or infinite; nothing was scaled.

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([0.0, 0.0])
        >>> p.grad = np.array([3.0, 4.0], np.float32)
        >>> clip_grad_norm_([p], 1.0)
        5.0
        >>> [round(g, 3) for g in p.grad.tolist()]
        [0.6, 0.8]
    """
    if not isinstance(max_norm, numbers.Real):
        raise TypeError(f"max_norm is a number; given {max_norm!r}")
    if not max_norm >= 0:
        raise ValueError(f"max_norm is 0 or greater; given {max_norm}")
    gradients = _gradients(parameters)
    norm = _common_norm(gradients, float(norm_type))
    if error_if_nonfinite and not math.isfinite(norm):
        raise RuntimeError(
            f"the gradients have the norm {norm}, so they cannot be scaled to {max_norm}; look "
            "for what became infinite, or say error_if_nonfinite=False"
        )
    scale = min(max_norm / (norm + 1e-6), 1.0)  # in this order NaN stays NaN
    if scale != 1:
        with np.errstate(invalid="ignore"):  # infinity times 0
            for gradient in gradients:
                gradient *= scale
    return norm


def _common_norm(gradients, kind) -> float:
    """The norm of all numbers in `gradients` together."""
    if kind == math.inf:
        return max((float(np.abs(g).max(initial=0)) for g in gradients), default=0.0)
    # Squares in float64: those of float32 overflow from 1e19 on. NumPy's sum, unlike BLAS's dot
    # product, gives the same bits whatever the number of threads.
    if kind == 2:
        return math.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in gradients))
    powers = (np.power(np.abs(g), kind, dtype=np.float64) for g in gradients)
    return sum(float(p.sum()) for p in powers) ** (1 / kind)


def clip_grad_value_(parameters, clip_value: float, foreach=None) -> None:
    """Limit every number of the gradients to the range from ``-clip_value`` to `clip_value`.

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([0.0, 0.0])
        >>> p.grad = np.array([3.0, -0.5], np.float32)
        >>> clip_grad_value_([p], 1.0)
        >>> p.grad.tolist()
        [1.0, -0.5]
    """
    for gradient in _gradients(parameters):
        np.clip(gradient, -clip_value, clip_value, out=gradient)


def parameters_to_vector(parameters) -> Tensor:
    """Put all parameters into one long row.

    Example:
        >>> from minitransfer import nn
        >>> parameters_to_vector(nn.Linear(3, 2).parameters()).shape
        (8,)
    """
    return cat([reshape(p, -1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters) -> None:
    """Write a row that `parameters_to_vector` made back into the parameters.

    Raises:
        ValueError: if the row is too long or too short.

    Example:
        >>> from minitransfer import nn, zeros
        >>> layer = nn.Linear(3, 2)
        >>> vector_to_parameters(zeros(8), layer.parameters())
        >>> layer.bias.tolist()
        [0.0, 0.0]
    """
    parameters = list(parameters)
    count = sum(p.array.size for p in parameters)
    if vec.shape != (count,):
        raise ValueError(f"vector_to_parameters: shape {vec.shape} for {count} numbers in all")
    start = 0
    for p in parameters:
        p.array[...] = vec.array[start : start + p.array.size].reshape(p.shape)
        increment_version(p)
        start += p.array.size


def fuse_conv_bn_eval(
    conv: layers.Conv2d, bn: normalization.BatchNorm2d, transpose: bool = False
) -> layers.Conv2d:
    """Return one convolution that computes ``bn(conv(x))`` as in evaluation mode.

    With given statistics batch norm multiplies each channel by a number and adds another; the
    filters can be multiplied beforehand.

    Args:
        conv: the convolution; it stays as it is.
        bn: the batch norm behind it, with running statistics.
        transpose: only False is covered, as there are no transposed convolutions here.

    Raises:
        ValueError: if `bn` keeps no running statistics, or has not as many channels.

    Example:
        >>> from minitransfer import nn, randn
        >>> conv, bn, x = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4).eval(), randn(2, 3, 8, 8)
        >>> one = fuse_conv_bn_eval(conv, bn)
        >>> bool(abs(one(x).numpy() - bn(conv(x)).detach().numpy()).max() < 1e-5)
        True
    """
    check_default("fuse_conv_bn_eval", "leave it out", transpose=(transpose, False))
    if not bn.track_running_stats or bn.num_features != conv.out_channels:
        raise ValueError(
            f"fuse_conv_bn_eval: {bn.label()} does not fit behind {conv.label()}: it needs running "
            "statistics of as many channels"
        )
    mean, variance = bn.running_mean.array, bn.running_var.array
    scale = 1 / np.sqrt(variance + variance.dtype.type(bn.eps))
    scale = scale if bn.weight is None else scale * bn.weight.array
    shift = -mean * scale if bn.bias is None else bn.bias.array - mean * scale
    shift = shift if conv.bias is None else shift + conv.bias.array * scale
    fused = copy.copy(conv)  # its options, its mode; parameters of its own
    fused.__dict__["_parameters"] = {}
    weight = conv.weight.array * scale[:, None, None, None]
    for name, array in (("weight", weight), ("bias", shift)):
        parameter = module.Parameter(array, requires_grad=False)
        parameter.name = f"{conv.name}.{name}" if conv.name else name
        fused._parameters[name] = fused.__dict__[name] = parameter
    return fused


def fuse_conv_bn(network: module.Module) -> module.Module:
    """Return a network for evaluation in which batch norm is part of the convolution before it.

    A `ReLU` or `ReLU6` right behind is taken into the convolution too, so that three passes over
    the memory become one. The answers differ by rounding, some parts in a million.

    Args:
        network: stays as it is. Only modules that are called one after the
            other are looked at, as in a Sequential (see `Module.chained`); a layer with a forward
            hook is left alone.

    Returns:
        A copy that shares all other layers. What is fused is as it was at this moment: if the
        network learns on, fuse it again.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
        >>> fuse_conv_bn(net)
        Sequential(
          (0): Conv2d(3 → 4, 3×3)
          (3): Flatten()
        )
    """
    parts = {name: fuse_conv_bn(child) for name, child in network._modules.items()}
    if network.chained:
        parts = _fused_chain(list(parts.items()))
    if parts == network._modules:
        return network
    fused = copy.copy(network)
    fused.__dict__.update(parts)
    fused.__dict__["_modules"] = parts
    return fused


_LIMITS = {functions.ReLU: (0.0, math.inf), functions.ReLU6: (0.0, 6.0)}


def _fused_chain(items) -> dict:
    """The modules of a chain, with what stands behind a convolution taken into it."""
    parts = {}
    while items:
        name, layer = items.pop(0)
        is_conv = type(layer).forward is layers.Conv2d.forward
        if is_conv and _can_take(layer, items, normalization.BatchNorm2d):
            _, norm = items.pop(0)
            layer = fuse_conv_bn_eval(layer, norm)
            if _can_take(layer, items, *_LIMITS):
                _, activation = items.pop(0)
                layer.__dict__["limits"] = _LIMITS[type(activation)]
        parts[name] = layer
    return parts


def _can_take(layer, items, *kinds) -> bool:
    """Whether the next module is of one of these kinds, and nobody listens in between."""
    if not items or type(items[0][1]) not in kinds:
        return False
    behind = items[0][1]
    quiet = layer._forward_hooks is None and behind._forward_hooks is None
    return quiet and getattr(behind, "track_running_stats", True)


def _gradients(parameters):
    parameters = [parameters] if hasattr(parameters, "requires_grad") else parameters
    return [p.gradient for p in parameters if p.gradient is not None]


def __getattr__(name):
    raise not_covered("nn.utils", name)
