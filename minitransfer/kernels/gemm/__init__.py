"""Matrix products: `tiled` is what runs, `ladder` how one comes to it."""

from .tiled import (
    bias_gradient,
    bias_gradient_reference,
    linear,
    linear_reference,
    matmul,
    matmul_into,
    matmul_reference,
)
