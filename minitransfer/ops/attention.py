"""Attention: every place asks a question of all places, and takes in what answers it."""

import math

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import differentiable
from minitransfer.ops.common import same_dtype, shared_gradients, unbroadcast
from minitransfer.random import default_generator


@differentiable
def scaled_dot_product_attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    scale=None,
    enable_gqa=False,
    generator=None,
):
    """softmax(scale * query keyᵀ + mask) value: the mean of the values whose keys fit.

    Source: Vaswani et al. 2017. It is one operation, so that the table of L x S weights is gone
    through as seldom as possible.

    Args:
        query: (..., L, E), what is asked at each of L places.
        key: (..., S, E), what each of S places has to offer.
        value: (..., S, V), what it hands over.
        attn_mask: What broadcasts to (..., L, S): booleans, True where a place may be looked at;
            or numbers that are added before the softmax.
        dropout_p: Probability of overlooking a place; also in evaluation, as in PyTorch: layers
            give 0 then.
        is_causal: Whether place i sees places 0 to i only; then there is no `attn_mask`.
        scale: Factor of the products; 1 / sqrt(E) if None.
        enable_gqa: Whether several heads (axis -3) of the query share one of key and value
            (Ainslie et al. 2023).
        generator: Draws what is dropped; the library's default one if None.

    Returns:
        (..., L, V), and the derivatives with respect to `query`, `key`, `value` and a mask of
        numbers. A place that may look nowhere gets zeros.

    Raises:
        ValueError: When shapes or options do not fit together.
        TypeError: When the dtypes differ.

    Example:
        >>> q = k = np.array([[100.0, 0.0], [0.0, 100.0]])
        >>> v = np.array([[1.0], [2.0]])
        >>> scaled_dot_product_attention.__wrapped__(q, k, v)[0]
        array([[1.],
               [2.]])
        >>> scaled_dot_product_attention.__wrapped__(q, k[::-1], v, is_causal=True)[0]
        array([[1.],
               [1.]])
    """
    _check_attention(query, key, value, attn_mask, dropout_p, is_causal, enable_gqa)
    heads = query.shape[-3] // key.shape[-3] if enable_gqa else 1
    k, v = (np.repeat(a, heads, -3) if heads > 1 else a for a in (key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else float(scale)
    q = query * query.dtype.type(scale)
    scores = kernels.matmul(q, k.swapaxes(-1, -2))
    if is_causal:
        attn_mask = np.tri(*scores.shape[-2:], dtype=bool)
    weights = kernels.softmax(_masked(scores, attn_mask))
    if attn_mask is not None:
        weights = _nothing_where_all_is_hidden(weights, attn_mask)
    kept = None
    if dropout_p:
        drawn = (generator or default_generator()).random(weights.shape, dtype=np.float32)
        kept = (drawn >= dropout_p) * weights.dtype.type(1 / (1 - dropout_p))
    used = weights if kept is None else weights * kept

    def gradients(gy):
        gv = kernels.matmul(used.swapaxes(-1, -2), gy)
        gw = kernels.matmul(gy, v.swapaxes(-1, -2))
        if kept is not None:
            gw = gw * kept
        gw = gw * weights  # the softmax, backwards
        gs = gw - weights * np.add.reduce(gw, axis=-1, keepdims=True)
        gq = kernels.matmul(gs, k) * query.dtype.type(scale)
        gk = kernels.matmul(gs.swapaxes(-1, -2), q)
        gm = unbroadcast(gs, attn_mask) if _of_numbers(attn_mask) else None
        return unbroadcast(gq, query), _shared(gk, key, heads), _shared(gv, value, heads), gm

    dq, dk, dv, dmask = shared_gradients(gradients, 4)
    return kernels.matmul(used, v), (dq, dk, dv, dmask if _of_numbers(attn_mask) else None)


def _of_numbers(mask):
    return mask is not None and mask.dtype.kind == "f"


def _masked(scores, mask):
    """The scores, minus infinity where a place may not be looked at."""
    if mask is None:
        return scores
    if mask.dtype.kind == "b":
        mask = np.where(mask, scores.dtype.type(0), scores.dtype.type(-np.inf))
    return scores + mask


def _nothing_where_all_is_hidden(weights, mask):
    """Zeros in the place of the softmax of nothing but minus infinity, which has no value."""
    hidden = ~mask if mask.dtype.kind == "b" else np.isneginf(mask)
    nowhere = np.logical_and.reduce(hidden, axis=-1, keepdims=True)
    return np.where(nowhere, weights.dtype.type(0), weights) if nowhere.any() else weights


def _shared(gradient, like, heads):
    """Sum over the heads of the query that shared one of `like`."""
    if heads > 1:
        shape = gradient.shape
        split = (*shape[:-3], shape[-3] // heads, heads, *shape[-2:])
        gradient = np.add.reduce(gradient.reshape(split), axis=-3)
    return unbroadcast(gradient, like)


def _check_attention(query, key, value, mask, dropout_p, is_causal, enable_gqa):
    name = "scaled_dot_product_attention"
    shapes = f"query {query.shape}, key {key.shape}, value {value.shape}"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ValueError(f"{name}: {shapes}; expected (..., L, E), (..., S, E) and (..., S, V)")
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(f"{name}: {shapes}; query and key must have the same last axis")
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(f"{name}: {shapes}; key and value must have as many places (axis -2)")
    if is_causal and mask is not None:
        raise ValueError(f"{name}: give either attn_mask or is_causal=True, not both")
    if not 0 <= dropout_p < 1:
        raise ValueError(f"{name}: dropout_p is a probability below 1; given {dropout_p}")
    heads = [a.shape[-3] if a.ndim > 2 else 0 for a in (query, key, value)]
    if enable_gqa and (heads[1] != heads[2] or not heads[1] or heads[0] % heads[1]):
        raise ValueError(
            f"{name}: {shapes}; with enable_gqa key and value have equally many heads (axis -3), "
            "and their number divides that of the query"
        )
    same_dtype(name, query=query, key=key, value=value)
    if mask is None:
        return
    if mask.dtype.kind not in "bf":
        raise TypeError(
            f"{name}: attn_mask holds {mask.dtype}; expected booleans (True: look) or floats to add"
        )
    full = (*query.shape[:-1], key.shape[-2])
    try:
        fits = np.broadcast_shapes(mask.shape, full)[-2:] == full[-2:]
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name}: attn_mask {mask.shape} does not broadcast to {full}")
    if mask.dtype.kind == "f":
        same_dtype(name, query=query, attn_mask=mask)
