"""Attention as a layer: several heads, each of which looks for something else."""

import math

import numpy as np

from minitransfer import ops
from minitransfer.autograd import as_array
from minitransfer.devices import check_device
from minitransfer.nn import init
from minitransfer.nn.layers import Linear
from minitransfer.nn.module import Module, Parameter
from minitransfer.not_covered import check_default


class MultiheadAttention(Module):
    """Each place takes in a weighted mean of all places, several times with different weights.

    Source: Vaswani et al. 2017. Query, key and value are turned by learnt matrices and divided
    into heads; each head attends by itself (`functional.scaled_dot_product_attention`), and one
    more matrix joins what they found.

    Args:
        embed_dim: numbers at each place of the query and of the result.
        num_heads: heads, a divisor of `embed_dim`.
        dropout: probability of overlooking a place in training.
        bias: whether the four matrices add a learnt number.
        add_bias_kv, add_zero_attn: only False is covered.
        kdim, vdim: numbers at each place of key and value; `embed_dim` if None.
        batch_first: whether the batch is the first axis; by default, as in PyTorch, the second.
        device: "cpu" or None.
        dtype: type of the weights; float32 if None.
        generator: draws the initial weights; the default one if None.

    Attributes:
        in_proj_weight: (3 embed_dim, embed_dim), the matrices of query, key and value one below
            the other, Glorot-uniform; or None where `kdim` or `vdim` differ, and the three are
            `q_proj_weight`, `k_proj_weight` and `v_proj_weight`.
        in_proj_bias: (3 embed_dim,), zeros, or None.
        out_proj: the `Linear` that joins the heads; its bias starts at 0.

    Shape:
        query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim) → (L, N, embed_dim) and
        weights (N, L, S); with `batch_first` N comes first; N may be left out.

    Raises:
        ValueError: if sizes do not fit.

    Example:
        >>> from minitransfer import randn
        >>> layer, x = MultiheadAttention(8, 2, batch_first=True), randn(3, 5, 8)
        >>> y, weights = layer(x, x, x)
        >>> y.shape, weights.shape
        ((3, 5, 8), (3, 5, 5))
    """

    def __init__(
        self,
        embed_dim,
        num_heads,
        dropout=0.0,
        bias=True,
        add_bias_kv=False,
        add_zero_attn=False,
        kdim=None,
        vdim=None,
        batch_first=False,
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        super().__init__()
        if device is not None:
            check_device(device)
        check_default(
            "MultiheadAttention",
            "put another place in front of key and value yourself",
            add_bias_kv=(add_bias_kv, False),
            add_zero_attn=(add_zero_attn, False),
        )
        if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
            raise ValueError(
                f"MultiheadAttention: embed_dim={embed_dim} cannot be divided into "
                f"num_heads={num_heads} heads"
            )
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.batch_first = batch_first
        dtype = dtype or np.float32

        def drawn(*shape):
            weight = Parameter(np.zeros(shape, dtype))
            return init.xavier_uniform_(weight, generator=generator)

        alike = self.kdim == self.vdim == embed_dim
        self.in_proj_weight = drawn(3 * embed_dim, embed_dim) if alike else None
        self.q_proj_weight = None if alike else drawn(embed_dim, embed_dim)
        self.k_proj_weight = None if alike else drawn(embed_dim, self.kdim)
        self.v_proj_weight = None if alike else drawn(embed_dim, self.vdim)
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim, dtype)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype, generator=generator)
        if bias:
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query,
        key,
        value,
        key_padding_mask=None,
        need_weights=True,
        attn_mask=None,
        average_attn_weights=True,
        is_causal=False,
    ):
        """Return what each place of the query took in, and with what weights.

        Args:
            query, key, value: see the class.
            key_padding_mask: (N, S), or (S,) without a batch: True, or minus infinity, where a
                place of the key is filling that nobody looks at.
            need_weights: whether to return the weights too; without them it is faster.
            attn_mask: (L, S) or (N * num_heads, L, S): booleans, True where place l must *not*
                look at place s (the opposite of `scaled_dot_product_attention`, as in PyTorch);
                or numbers that are added before the softmax.
            average_attn_weights: whether to return the mean over the heads, or each head's
                weights, (N, num_heads, L, S).
            is_causal: a hint that `attn_mask` hides the future; it makes nothing causal by itself.

        Returns:
            The result, and the weights (None without `need_weights`).
        """
        batched = query.ndim == 3
        self._check(query, key, value, batched)
        if is_causal and attn_mask is None:
            raise ValueError(
                f"{self.label()}: is_causal=True is a hint about attn_mask, which is missing; give "
                "attn_mask=nn.Transformer.generate_square_subsequent_mask(length)"
            )
        if batched and not self.batch_first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        elif not batched:
            query, key, value = (x.unsqueeze(0) for x in (query, key, value))
        q, k, v = (self._in_heads(x) for x in self._turned(query, key, value))
        mask = self._mask(attn_mask, key_padding_mask, (len(query), query.shape[1], key.shape[1]))
        p = self.dropout if self.training else 0.0
        if need_weights:
            scores = (q * (1 / math.sqrt(q.shape[-1]))) @ k.transpose(-2, -1)
            weights = ops.softmax(scores if mask is None else scores + mask, -1)
            weights = ops.dropout(weights, p) if p else weights
            y = weights @ v
        else:
            y, weights = ops.scaled_dot_product_attention(q, k, v, mask, p), None
        y = self.out_proj(y.transpose(1, 2).reshape(*query.shape[:2], self.embed_dim))
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if not batched:
            y, weights = y.squeeze(0), None if weights is None else weights.squeeze(0)
        elif not self.batch_first:
            y = y.transpose(0, 1)
        return y, weights

    def _turned(self, query, key, value):
        """The three inputs (N, places, numbers), each times its matrix."""
        biases = (None,) * 3 if self.in_proj_bias is None else ops.chunk(self.in_proj_bias, 3)
        inputs = zip((query, key, value), self._matrices(), biases, strict=True)
        return [ops.linear(*layer) for layer in inputs]

    def _matrices(self):
        """The matrices of query, key and value."""
        if self.in_proj_weight is None:
            return self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        return ops.chunk(self.in_proj_weight, 3)

    def _in_heads(self, x):
        """(N, places, embed_dim) divided into heads: (N, heads, places, width)."""
        return x.reshape(*x.shape[:2], self.num_heads, -1).transpose(1, 2)

    def _mask(self, attn_mask, padding, size):
        """Both masks as one of numbers to add, that broadcasts to (N, heads, L, S); or None."""
        n, length, places = size
        whole = None
        if attn_mask is not None:
            whole = as_added(attn_mask, self._dtype())
            shapes = (length, places), (n * self.num_heads, length, places)
            if whole.shape not in shapes:
                raise ValueError(
                    f"{self.label()}: attn_mask has shape {tuple(whole.shape)}; expected "
                    f"{shapes[0]} or {shapes[1]}"
                )
            if whole.ndim == 3:
                whole = whole.reshape(n, self.num_heads, length, places)
        if padding is not None:
            hidden = as_added(padding, self._dtype())
            if hidden.shape not in ((n, places), (places,)):
                raise ValueError(
                    f"{self.label()}: key_padding_mask has shape {tuple(hidden.shape)}; expected "
                    f"{(n, places)}"
                )
            hidden = hidden.reshape(-1, 1, 1, places)
            whole = hidden if whole is None else whole + hidden
        return whole

    def _dtype(self):
        return self.out_proj.weight.dtype

    def _check(self, query, key, value, batched):
        axes = {x.ndim for x in (query, key, value)}
        widths = [x.shape[-1] for x in (query, key, value)]
        expected = [self.embed_dim, self.kdim, self.vdim]
        alike = key.shape[:-1] == value.shape[:-1]
        batch = 0 if self.batch_first else 1
        alike = alike and (not batched or query.shape[batch : batch + 1] == key.shape[batch:][:1])
        if axes not in ({2}, {3}) or widths != expected or not alike:
            order = "(N, places, numbers)" if self.batch_first else "(places, N, numbers)"
            shapes = ", ".join(str(tuple(x.shape)) for x in (query, key, value))
            raise ValueError(
                f"{self.label()} expects query, key and value {order} with "
                f"{', '.join(map(str, expected))} numbers at each place, given {shapes}"
            )

    def extra_repr(self):
        return f"{self.embed_dim}, {self.num_heads} heads"


def as_added(mask, dtype):
    """Return a mask of PyTorch's layers, True where nobody may look, as numbers to add.

    Example:
        >>> from minitransfer import tensor
        >>> as_added(tensor([False, True]), np.dtype("float32"))
        array([  0., -inf], dtype=float32)
    """
    array = as_array(mask)
    if array.dtype.kind == "b":
        return np.where(array, dtype.type(-np.inf), dtype.type(0))
    if array.dtype.kind != "f":
        raise TypeError(f"a mask holds {array.dtype}; expected booleans (True: hidden) or floats")
    return mask if mask.dtype == dtype else mask.to(dtype)
