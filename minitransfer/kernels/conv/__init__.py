"""Two-dimensional convolution (cross-correlation, as in all deep-learning libraries).

`plan` holds the idea, and is the file to read first; `images` and `filters` carry it out.
`depthwise` filters and `pointwise` ones, of one by one, take paths of their own. `finish` is what
is done to every number at the end. `reference` is the definition. `ladder` says, in four
rungs, how one comes to shifted views, and measures them.
"""

from .filters import conv2d_backward_bias, conv2d_backward_weight
from .images import conv2d, conv2d_backward_data
from .plan import output_size
from .reference import (
    conv2d_backward_bias_reference,
    conv2d_backward_data_reference,
    conv2d_backward_weight_reference,
    conv2d_reference,
)

__all__ = [
    "conv2d",
    "conv2d_backward_bias",
    "conv2d_backward_bias_reference",
    "conv2d_backward_data",
    "conv2d_backward_data_reference",
    "conv2d_backward_weight",
    "conv2d_backward_weight_reference",
    "conv2d_reference",
    "output_size",
]
