"""The transformer (Vaswani et al. 2017): attention and a small network, each with a way round.

A decoder that looks at nothing but its own past, as in GPT, is a `TransformerEncoder` with a causal
mask; `TransformerDecoderLayer` looks at a second sequence, the memory, as well.
"""

import copy

import numpy as np

from minitransfer import ops
from minitransfer.autograd import explain_arguments
from minitransfer.devices import check_device
from minitransfer.nn import init
from minitransfer.nn.attention import MultiheadAttention
from minitransfer.nn.containers import ModuleList
from minitransfer.nn.functions import Dropout
from minitransfer.nn.layers import Linear
from minitransfer.nn.module import Module
from minitransfer.nn.normalization import LayerNorm
from minitransfer.tensor import Tensor

_ACTIVATIONS = {"relu": ops.relu, "gelu": ops.gelu}


class _Layer(Module):
    """What the two kinds of layers share: attention to oneself, and the small network."""

    def __init__(self, sizes, dropout, activation, eps, order, bias, device, dtype, generator):
        super().__init__()
        if device is not None:
            check_device(device)
        if isinstance(activation, str) and activation not in _ACTIVATIONS:
            raise ValueError(
                f'{type(self).__name__}: activation is "relu", "gelu" or a function; given '
                f"{activation!r}"
            )
        (self.d_model, self.nhead, wide), (batch_first, self.norm_first) = sizes, order
        self.activation = _ACTIVATIONS.get(activation, activation)
        like = {"bias": bias, "dtype": dtype, "generator": generator}
        heads = self.d_model, self.nhead, dropout
        self.self_attn = MultiheadAttention(*heads, batch_first=batch_first, **like)
        if isinstance(self, TransformerDecoderLayer):
            self.multihead_attn = MultiheadAttention(*heads, batch_first=batch_first, **like)
        self.linear1 = Linear(self.d_model, wide, **like)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(wide, self.d_model, **like)
        for i in range(self.ways):
            norm = LayerNorm(self.d_model, eps, bias=bias, dtype=dtype)
            setattr(self, f"norm{i + 1}", norm)
        for i in range(self.ways):
            setattr(self, f"dropout{i + 1}", Dropout(dropout))

    def _around(self, number, x, body):
        """x + body(x), normalised before the body (`norm_first`) or after the sum."""
        norm, dropout = getattr(self, f"norm{number}"), getattr(self, f"dropout{number}")
        if self.norm_first:
            return x + dropout(body(norm(x)))
        return norm(x + dropout(body(x)))

    def _feed(self, x):
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def _look(self, attention, x, at, mask, padding, is_causal):
        return attention(x, at, at, padding, False, mask, is_causal=is_causal)[0]

    def extra_repr(self):
        return f"{self.d_model}, {self.nhead} heads"


class TransformerEncoderLayer(_Layer):
    """Every place looks at every other; then each is changed by a small network of its own.

    Args:
        d_model: numbers at each place.
        nhead: heads, a divisor of `d_model`.
        dim_feedforward: hidden numbers of the small network.
        dropout: probability of dropping, of attention weights and of activations.
        activation: "relu", "gelu", or a function of a tensor.
        layer_norm_eps: see `LayerNorm`.
        batch_first: whether the batch is the first axis; by default, as in PyTorch, the second.
        norm_first: whether to normalise before each part (Xiong et al. 2020, and GPT-2), which
            trains without a warm-up; by default after it, as in the original.
        bias: whether layers and norms have one.
        device: "cpu" or None.
        dtype: type of the weights; float32 if None.
        generator: draws the initial weights; the default one if None.

    Shape:
        (L, N, d_model), or (N, L, d_model) with `batch_first`, or (L, d_model); unchanged.

    Example:
        >>> from minitransfer import nn, randn
        >>> layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> past = nn.Transformer.generate_square_subsequent_mask(5)
        >>> layer(randn(3, 5, 8), src_mask=past).shape
        (3, 5, 8)
    """

    ways = 2

    def __init__(
        self,
        d_model,
        nhead,
        dim_feedforward=2048,
        dropout=0.1,
        activation=ops.relu,
        layer_norm_eps=1e-5,
        batch_first=False,
        norm_first=False,
        bias=True,
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        sizes, order = (d_model, nhead, dim_feedforward), (batch_first, norm_first)
        super().__init__(
            sizes, dropout, activation, layer_norm_eps, order, bias, device, dtype, generator
        )

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        """Return the changed sequence.

        Args:
            src: see the class.
            src_mask: (L, L), True or minus infinity where a place must not look; see
                `MultiheadAttention`.
            src_key_padding_mask: (N, L), True where there is filling.
            is_causal: a hint that `src_mask` hides the future.
        """
        masks = src_mask, src_key_padding_mask, is_causal
        x = self._around(1, src, lambda x: self._look(self.self_attn, x, x, *masks))
        return self._around(2, x, self._feed)


class TransformerDecoderLayer(_Layer):
    """As `TransformerEncoderLayer`, and between its parts a look at another sequence, the memory.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation: see `TransformerEncoderLayer`.
        layer_norm_eps, batch_first, norm_first, bias: see there.
        device, dtype, generator: see there.

    Shape:
        tgt (T, N, d_model), memory (S, N, d_model) → (T, N, d_model); with `batch_first` N comes
        first.

    Example:
        >>> from minitransfer import nn, randn
        >>> layer = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        >>> layer(randn(3, 5, 8), randn(3, 7, 8)).shape
        (3, 5, 8)
    """

    ways = 3

    def __init__(
        self,
        d_model,
        nhead,
        dim_feedforward=2048,
        dropout=0.1,
        activation=ops.relu,
        layer_norm_eps=1e-5,
        batch_first=False,
        norm_first=False,
        bias=True,
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        sizes, order = (d_model, nhead, dim_feedforward), (batch_first, norm_first)
        super().__init__(
            sizes, dropout, activation, layer_norm_eps, order, bias, device, dtype, generator
        )

    def forward(
        self,
        tgt,
        memory,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        tgt_is_causal=False,
        memory_is_causal=False,
    ):
        """Return the changed target; masks as in `TransformerEncoderLayer`, two of each."""
        own = tgt_mask, tgt_key_padding_mask, tgt_is_causal
        other = memory_mask, memory_key_padding_mask, memory_is_causal
        x = self._around(1, tgt, lambda x: self._look(self.self_attn, x, x, *own))
        x = self._around(2, x, lambda x: self._look(self.multihead_attn, x, memory, *other))
        return self._around(3, x, self._feed)


class _Stack(Module):
    """Copies of one layer, one after the other."""

    def __init__(self, layer, num_layers, norm):
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def _through(self, x, *arguments):
        for layer in self.layers:
            x = layer(x, *arguments)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """`num_layers` copies of a layer, one after the other; they start with the same weights.

    Args:
        encoder_layer: a `TransformerEncoderLayer`, which is copied.
        num_layers: how many.
        norm: a last norm, or None; with `norm_first` layers there should be one.
        enable_nested_tensor, mask_check: PyTorch's; they change nothing here.

    Example:
        >>> from minitransfer import nn, randn
        >>> layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True)
        >>> net = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8))
        >>> net(randn(3, 5, 8)).shape
        (3, 5, 8)
    """

    def __init__(
        self, encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True
    ):
        super().__init__(encoder_layer, num_layers, norm)

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=None):
        """Return the sequence after all layers; see `TransformerEncoderLayer.forward`."""
        return self._through(src, mask, src_key_padding_mask, bool(is_causal))


class TransformerDecoder(_Stack):
    """`num_layers` copies of a layer that looks at a memory, one after the other.

    Args:
        decoder_layer: a `TransformerDecoderLayer`, which is copied.
        num_layers: how many.
        norm: a last norm, or None.

    Example:
        >>> from minitransfer import nn, randn
        >>> net = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2)
        >>> net(randn(5, 3, 8), randn(7, 3, 8)).shape
        (5, 3, 8)
    """

    def __init__(self, decoder_layer, num_layers, norm=None):
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt,
        memory,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        tgt_is_causal=None,
        memory_is_causal=False,
    ):
        """Return the target after all layers; see `TransformerDecoderLayer.forward`."""
        masks = tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask
        return self._through(tgt, memory, *masks, bool(tgt_is_causal), memory_is_causal)


class Transformer(Module):
    """Encoder and decoder of the original: one sequence is read, another is written.

    Args:
        d_model, nhead: see `TransformerEncoderLayer`.
        num_encoder_layers, num_decoder_layers: layers of each.
        dim_feedforward, dropout, activation: see `TransformerEncoderLayer`.
        custom_encoder, custom_decoder: modules to use in their place.
        layer_norm_eps, batch_first, norm_first, bias, device, dtype, generator: see
            `TransformerEncoderLayer`.

    Shape:
        src (S, N, d_model), tgt (T, N, d_model) → (T, N, d_model); with `batch_first` N comes
        first.

    Example:
        >>> from minitransfer import nn, randn
        >>> net = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        >>> net(randn(3, 7, 8), randn(3, 5, 8)).shape
        (3, 5, 8)
    """

    def __init__(
        self,
        d_model=512,
        nhead=8,
        num_encoder_layers=6,
        num_decoder_layers=6,
        dim_feedforward=2048,
        dropout=0.1,
        activation=ops.relu,
        custom_encoder=None,
        custom_decoder=None,
        layer_norm_eps=1e-5,
        batch_first=False,
        norm_first=False,
        bias=True,
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        super().__init__()
        rest = dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype
        sizes = d_model, nhead, dim_feedforward

        def norm():
            return LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)

        self.encoder, self.decoder = custom_encoder, custom_decoder
        if custom_encoder is None:
            layer = TransformerEncoderLayer(*sizes, *rest, generator=generator)
            self.encoder = TransformerEncoder(layer, num_encoder_layers, norm())
        if custom_decoder is None:
            layer = TransformerDecoderLayer(*sizes, *rest, generator=generator)
            self.decoder = TransformerDecoder(layer, num_decoder_layers, norm())
        for parameter in self.parameters():  # each layer other weights
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter, generator=generator)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self,
        src,
        tgt,
        src_mask=None,
        tgt_mask=None,
        memory_mask=None,
        src_key_padding_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        src_is_causal=None,
        tgt_is_causal=None,
        memory_is_causal=False,
    ):
        """Return the target after all layers; masks as in the two kinds of layers."""
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        masks = tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask
        return self.decoder(tgt, memory, *masks, tgt_is_causal, memory_is_causal)

    @staticmethod
    @explain_arguments
    def generate_square_subsequent_mask(sz, device=None, dtype=None):
        """Return a mask (sz, sz) that hides the future: minus infinity right of the diagonal.

        Example:
            >>> Transformer.generate_square_subsequent_mask(2).tolist()
            [[0.0, -inf], [0.0, 0.0]]
        """
        if device is not None:
            check_device(device)
        return Tensor(np.triu(np.full((sz, sz), -np.inf, dtype or np.float32), 1))
