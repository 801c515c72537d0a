"""Where a word stands: attention alone would not see it.

`MultiheadAttention` treats its places as a set. So a pattern that is different at every place is
added to what stands there.
"""

import math

import numpy as np

from minitransfer import ops
from minitransfer.nn.module import Module
from minitransfer.tensor import Tensor


def sinusoidal_positions(length, width) -> Tensor:
    """A row of waves for each place: sines and cosines whose lengths grow from 2π to 20,000π.

    Source: Vaswani et al. 2017, section 3.5. The rows of two places at a fixed distance differ by
    a rotation that is the same everywhere, which is what makes "three words earlier" easy to find.

    Args:
        length: number of places.
        width: numbers at each place; the even ones are sines, the odd ones cosines.

    Returns:
        (length, width), float32.

    Example:
        >>> sinusoidal_positions(2, 4).tolist()[0]
        [0.0, 1.0, 0.0, 1.0]
    """
    places = np.arange(length)[:, None]
    speeds = np.exp(np.arange(0, width, 2) * (-math.log(10_000) / width))
    table = np.zeros((length, width), np.float32)
    table[:, 0::2] = np.sin(places * speeds)
    table[:, 1::2] = np.cos(places * speeds[: width // 2])
    return Tensor(table)


class PositionalEncoding(Module):
    """Adds `sinusoidal_positions` to its input, and drops some numbers in training.

    It learns nothing and adds nothing to files. For positions that are learnt use an `Embedding`
    of ``arange(length)``.

    Args:
        d_model: numbers at each place.
        dropout: probability of dropping a number.
        max_len: how many places there are at most.
        batch_first: whether the batch is the first axis; by default, as in the transformer
            layers, the second.

    Shape:
        (L, N, d_model), or (N, L, d_model) with `batch_first`, or (L, d_model); unchanged.

    Raises:
        ValueError: if the input is longer than `max_len`, or has another width.

    Example:
        >>> from minitransfer import zeros
        >>> PositionalEncoding(4)(zeros(2, 1, 4)).tolist()[0]
        [[0.0, 1.0, 0.0, 1.0]]
    """

    def __init__(self, d_model, dropout=0.0, max_len=5000, batch_first=False):
        super().__init__()
        self.d_model, self.dropout, self.batch_first = d_model, dropout, batch_first
        self.register_buffer("pe", sinusoidal_positions(max_len, d_model), persistent=False)

    def forward(self, x):
        length = x.shape[1 if self.batch_first and x.ndim == 3 else 0]
        if x.ndim not in (2, 3) or x.shape[-1] != self.d_model or length > len(self.pe):
            raise ValueError(
                f"{self.label()} expects up to {len(self.pe)} places of {self.d_model} numbers, "
                f"given {tuple(x.shape)}"
            )
        waves = self.pe[:length]
        if x.ndim == 3 and not self.batch_first:
            waves = waves.unsqueeze(1)
        return ops.dropout(x + waves, self.dropout, self.training)

    def extra_repr(self):
        return f"{self.d_model}"
