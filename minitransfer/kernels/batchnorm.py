"""Batch norm (Ioffe and Szegedy, 2015), forward and backward.

Each channel loses its mean and is divided by its standard deviation, both taken over all images and
places. Mean and variance are taken in two passes, for the shortcut by the sum of squares
loses all digits where the mean is large. Then everything is one multiplication and one addition
for each number, forward, and two of each backward:

    gx = weight / sd * (gy - mean(gy) - normal * mean(gy * normal))     normal = (x - mean) / sd
"""

import numpy as np

from .compile import kernel, wrong_gradient
from .sums import PIECE, total
from .threads import parallel_for

CHUNK = 1 << 17
"""Numbers in a chunk of channels or rows."""
_RUN = 1024
"""Numbers that are read in one go from each image: of small planes, those of several channels."""


def _per_channel(x, vector):
    """`vector` (C,) in a shape that broadcasts against x (N, C, ...)."""
    return vector.reshape((1, -1) + (1,) * (x.ndim - 2))


def _others(x):
    return (0, *range(2, x.ndim))


def batch_norm_reference(x, weight, bias, eps):
    """Normalise each channel by its own mean and variance; return (y, mean, var)."""
    n = x.dtype.type(x.size // x.shape[1])
    mean = total(x, _others(x)) / n
    var = total((x - _per_channel(x, mean)) ** 2, _others(x)) / n
    return batch_norm_apply_reference(x, weight, bias, mean, var, eps), mean, var


def batch_norm_apply_reference(x, weight, bias, mean, var, eps):
    """Normalise each channel by the given mean and variance."""
    scale = weight / np.sqrt(var + x.dtype.type(eps))
    return x * _per_channel(x, scale) + _per_channel(x, bias - mean * scale)


def batch_norm_backward_reference(gy, x, weight, mean, var, eps):
    """Return (gx, gweight, gbias) where mean and var were computed from x."""
    inverse = 1 / np.sqrt(var + x.dtype.type(eps))
    normal = (x - _per_channel(x, mean)) * _per_channel(x, inverse)
    gbias = total(gy, _others(x))
    gweight = total(gy * normal, _others(x))
    n = x.dtype.type(x.size // x.shape[1])
    inner = gy - _per_channel(x, gbias / n) - normal * _per_channel(x, gweight / n)
    return _per_channel(x, weight * inverse) * inner, gweight, gbias


@kernel("void(flat3, float64[::1], real[::1], real[::1], intp, intp)", sums=True)
def _moments(x, totals, mean, var, first, last):
    """Mean and variance of channels `first` to `last` of x (images, channels, places).

    As many channels at a time as `totals` has room for: they stay near for the second pass. The
    totals are float64, for there may be very many images.
    """
    n = x.shape[0] * x.shape[2]
    some = totals.size
    for start in range(first, last, some):
        here = min(some, last - start)
        for c in range(here):
            totals[c] = 0
        for i in range(x.shape[0]):
            for c in range(here):
                part = x.dtype.type(0)
                for p in range(x.shape[2]):
                    part += x[i, start + c, p]
                totals[c] += part
        for c in range(here):
            mean[start + c] = totals[c] / n
        for c in range(here):
            totals[c] = 0
        for i in range(x.shape[0]):
            for c in range(here):
                part, middle = x.dtype.type(0), mean[start + c]
                for p in range(x.shape[2]):
                    part += (x[i, start + c, p] - middle) * (x[i, start + c, p] - middle)
                totals[c] += part
        for c in range(here):
            var[start + c] = totals[c] / n


@kernel("void(flat3, flat1, flat1, real[:, :, ::1], intp, intp)")
def _scale_shift(x, scale, shift, y, first, last):
    for i in range(first, last):
        for c in range(x.shape[1]):
            for p in range(x.shape[2]):
                y[i, c, p] = x[i, c, p] * scale[c] + shift[c]


@kernel(
    "void(flat3, flat3, flat1, flat1, float64[::1], float64[::1], real[::1], real[::1], intp,"
    " intp)",
    sums=True,
)
def _channel_sums(gy, x, mean, inverse, with_x, alone, gweight, gbias, first, last):
    some = alone.size
    for start in range(first, last, some):
        here = min(some, last - start)
        for c in range(here):
            with_x[c] = 0
            alone[c] = 0
        for i in range(x.shape[0]):
            for c in range(here):
                part_x, part = x.dtype.type(0), x.dtype.type(0)
                middle = mean[start + c]
                for p in range(x.shape[2]):
                    part_x += gy[i, start + c, p] * (x[i, start + c, p] - middle)
                    part += gy[i, start + c, p]
                with_x[c] += part_x
                alone[c] += part
        for c in range(here):
            gweight[start + c] = with_x[c] * inverse[start + c]
            gbias[start + c] = alone[c]


@kernel("void(flat3, flat3, flat1, flat1, flat1, real[:, :, ::1], intp, intp)")
def _blend(gy, x, of_gy, of_x, shift, gx, first, last):
    for i in range(first, last):
        for c in range(x.shape[1]):
            for p in range(x.shape[2]):
                gx[i, c, p] = gy[i, c, p] * of_gy[c] + (x[i, c, p] * of_x[c] + shift[c])


# Batch norm of (N, C) goes row by row, as memory lies. Its sums are taken in pieces of PIECE rows,
# which `total` adds up.


@kernel("void(flat2, real[:, ::1], intp, intp)")
def _column_sums(x, sums, first, last):
    for piece in range(first, last):
        for c in range(x.shape[1]):
            sums[piece, c] = 0
        for i in range(piece * PIECE, min((piece + 1) * PIECE, x.shape[0])):
            for c in range(x.shape[1]):
                sums[piece, c] += x[i, c]


@kernel("void(flat2, flat1, real[:, ::1], intp, intp)")
def _column_squares(x, mean, sums, first, last):
    for piece in range(first, last):
        for c in range(x.shape[1]):
            sums[piece, c] = 0
        for i in range(piece * PIECE, min((piece + 1) * PIECE, x.shape[0])):
            for c in range(x.shape[1]):
                sums[piece, c] += (x[i, c] - mean[c]) * (x[i, c] - mean[c])


@kernel("void(flat2, flat2, flat1, flat1, real[:, ::1], real[:, ::1], intp, intp)")
def _column_gradients(gy, x, mean, inverse, gweight, gbias, first, last):
    for piece in range(first, last):
        for c in range(x.shape[1]):
            gweight[piece, c] = 0
            gbias[piece, c] = 0
        for i in range(piece * PIECE, min((piece + 1) * PIECE, x.shape[0])):
            for c in range(x.shape[1]):
                gweight[piece, c] += gy[i, c] * ((x[i, c] - mean[c]) * inverse[c])
                gbias[piece, c] += gy[i, c]


@kernel("void(flat2, flat1, flat1, real[:, ::1], intp, intp)")
def _scale_shift_columns(x, scale, shift, y, first, last):
    for i in range(first, last):
        for c in range(x.shape[1]):
            y[i, c] = x[i, c] * scale[c] + shift[c]


@kernel("void(flat2, flat2, flat1, flat1, flat1, real[:, ::1], intp, intp)")
def _blend_columns(gy, x, of_gy, of_x, shift, gx, first, last):
    for i in range(first, last):
        for c in range(x.shape[1]):
            gx[i, c] = gy[i, c] * of_gy[c] + (x[i, c] * of_x[c] + shift[c])


def batch_norm(x, weight, bias, eps):
    """Normalise each channel by its own mean and variance, then scale and shift it.

    Args:
        x: (N, C) or (N, C, H, W).
        weight, bias: (C,).
        eps: added to the variance.

    Returns:
        y like x, and the mean and (biased) variance (C,).

    Example:
        >>> y, mean, var = batch_norm(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), 0.0)
        >>> y.ravel(), mean, var
        (array([-1.,  1.]), array([2.]), array([1.]))
    """
    x3 = _planes(x)
    if x3.ndim == 2:
        n, sums = x.dtype.type(len(x)), _pieces(x3)
        parallel_for(len(sums), 1, _column_sums[x.dtype], x3, sums)
        mean = total(sums, 0) / n
        parallel_for(len(sums), 1, _column_squares[x.dtype], x3, mean, sums)
        var = total(sums, 0) / n
    else:
        mean, var = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)
        loop = _moments[x.dtype]

        def some_channels(first, last):
            loop(x3, _totals(x3), mean, var, first, last)

        parallel_for(x.shape[1], _channels_in_chunk(x3), some_channels)
    return _apply(x3, weight, bias, mean, var, eps).reshape(x.shape), mean, var


def batch_norm_apply(x, weight, bias, mean, var, eps):
    """Normalise each channel by a given mean and variance, then scale and shift it.

    Example:
        >>> one = np.ones(1)
        >>> batch_norm_apply(np.array([[1.0], [3.0]]), one, one, one, one, 0.0).ravel()
        array([1., 3.])
    """
    return _apply(_planes(x), weight, bias, mean, var, eps).reshape(x.shape)


def batch_norm_backward(gy, x, weight, mean, var, eps):
    """Return the gradients (gx, gweight, gbias) of `batch_norm`, whose mean and var these are.

    Example:
        >>> gy, x, one = np.array([[1.0], [3.0]]), np.array([[1.0], [3.0]]), np.ones(1)
        >>> gx, gweight, gbias = batch_norm_backward(gy, x, one, 2 * one, one, 0.0)
        >>> gx.ravel(), gweight, gbias
        (array([0., 0.]), array([2.]), array([4.]))
    """
    if gy.shape != x.shape:
        raise wrong_gradient(gy, x.shape)
    x3, gy3, mean = _planes(x), _planes(gy), np.ascontiguousarray(mean)
    inverse = 1 / np.sqrt(var + x.dtype.type(eps))
    n = x.dtype.type(x.size // x.shape[1])
    given = (gy3, x3, mean, inverse)
    if x3.ndim == 2:
        gweight, gbias = _pieces(x3), _pieces(x3)
        parallel_for(len(gbias), 1, _column_gradients[x.dtype], *given, gweight, gbias)
        gweight, gbias = total(gweight, 0), total(gbias, 0)
    else:
        gweight, gbias = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)
        loop = _channel_sums[x.dtype]

        def some_channels(first, last):
            totals = _totals(x3), _totals(x3)
            loop(*given, *totals, gweight, gbias, first, last)

        parallel_for(x.shape[1], _channels_in_chunk(x3), some_channels)
    of_gy = weight * inverse
    of_x = -of_gy * inverse * gweight / n
    shift = -of_gy * gbias / n - of_x * mean
    gx = np.empty(x3.shape, x.dtype)
    blend = _blend_columns if x3.ndim == 2 else _blend
    parallel_for(len(x3), rows_in_chunk(x3), blend[x.dtype], gy3, x3, of_gy, of_x, shift, gx)
    return gx.reshape(x.shape), gweight, gbias


def _apply(x3, weight, bias, mean, var, eps):
    scale = weight / np.sqrt(var + x3.dtype.type(eps))
    shift = bias - mean * scale
    y = np.empty(x3.shape, x3.dtype)
    loop = _scale_shift_columns if x3.ndim == 2 else _scale_shift
    parallel_for(len(x3), rows_in_chunk(x3), loop[x3.dtype], x3, scale, shift, y)
    return y


def _planes(x):
    """x as (images, channels, places), or as it is where there is one place only."""
    x = np.ascontiguousarray(x)
    if x.size == x.shape[0] * x.shape[1]:
        return x.reshape(x.shape[:2])
    return x.reshape(*x.shape[:2], -1)


def _pieces(x):
    """Room for the sums of columns of x (N, C), a row for each piece."""
    return np.empty((-(-len(x) // PIECE), x.shape[1]), x.dtype)


def _totals(x3):
    """Room for a total of each of the channels that are read in one go."""
    return np.empty(max(1, _RUN // max(1, x3.shape[2])), np.float64)


def _channels_in_chunk(x3):
    return max(1, CHUNK // x3[:, 0].size)


def rows_in_chunk(x, numbers=None):
    """How many entries of the first axis of `x` one thread takes at a time."""
    return max(1, (numbers or CHUNK) // max(1, x[:1].size))
