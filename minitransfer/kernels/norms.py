"""Batch norm and layer norm, forward and backward."""

import numpy as np


def _per_channel(x, vector):
    """`vector` (C,) in a shape that broadcasts against x (N, C, ...)."""
    return vector.reshape((1, -1) + (1,) * (x.ndim - 2))


def _others(x):
    return (0, *range(2, x.ndim))


def batch_norm_reference(x, weight, bias, eps):
    """Normalise each channel by its own mean and variance; return (y, mean, var)."""
    mean = x.mean(_others(x))
    var = x.var(_others(x))
    return batch_norm_apply_reference(x, weight, bias, mean, var, eps), mean, var


def batch_norm_apply_reference(x, weight, bias, mean, var, eps):
    """Normalise each channel by the given mean and variance."""
    scale = weight / np.sqrt(var + x.dtype.type(eps))
    return x * _per_channel(x, scale) + _per_channel(x, bias - mean * scale)


def batch_norm_backward_reference(gy, x, weight, mean, var, eps):
    """Return (gx, gweight, gbias) where mean and var were computed from x."""
    inverse = 1 / np.sqrt(var + x.dtype.type(eps))
    normal = (x - _per_channel(x, mean)) * _per_channel(x, inverse)
    gbias = gy.sum(_others(x))
    gweight = (gy * normal).sum(_others(x))
    n = x.dtype.type(x.size // x.shape[1])
    inner = gy - _per_channel(x, gbias / n) - normal * _per_channel(x, gweight / n)
    return _per_channel(x, weight * inverse) * inner, gweight, gbias


def layer_norm_reference(x, weight, bias, eps):
    """Normalise each row by its own mean and variance; return (y, mean, var)."""
    mean = x.mean(-1)
    var = x.var(-1)
    inverse = 1 / np.sqrt(var + x.dtype.type(eps))
    return (x - mean[..., None]) * inverse[..., None] * weight + bias, mean, var


def layer_norm_backward_reference(gy, x, weight, mean, var, eps):
    """Return (gx, gweight, gbias)."""
    inverse = 1 / np.sqrt(var + x.dtype.type(eps))
    normal = (x - mean[..., None]) * inverse[..., None]
    rows = tuple(range(x.ndim - 1))
    gbias = gy.sum(rows)
    gweight = (gy * normal).sum(rows)
    g = gy * weight
    inner = g - g.mean(-1, keepdims=True) - normal * (g * normal).mean(-1, keepdims=True)
    return inverse[..., None] * inner, gweight, gbias


batch_norm = batch_norm_reference
batch_norm_apply = batch_norm_apply_reference
batch_norm_backward = batch_norm_backward_reference
layer_norm = layer_norm_reference
layer_norm_backward = layer_norm_backward_reference
