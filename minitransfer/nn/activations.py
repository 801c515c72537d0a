"""Activations as modules, for use in Sequential. The formulas are in `ops.activations`.

PyTorch's argument `inplace` is taken and changes nothing: results are always new arrays, because
a derivative may need the old ones.
"""

from minitransfer import ops
from minitransfer.nn.module import Module


class ReLU(Module):
    """max(x, 0).

    Example:
        >>> from minitransfer import tensor
        >>> ReLU()(tensor([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    stateless = pointwise = True

    def __init__(self, inplace=False):
        super().__init__()

    def forward(self, x):
        return ops.relu(x)


class LeakyReLU(Module):
    """x where positive, ``negative_slope * x`` elsewhere.

    Example:
        >>> from minitransfer import tensor
        >>> LeakyReLU(0.5)(tensor([-1.0, 2.0])).tolist()
        [-0.5, 2.0]
    """

    stateless = pointwise = True

    def __init__(self, negative_slope=0.01, inplace=False):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x):
        return ops.leaky_relu(x, self.negative_slope)


class ReLU6(Module):
    """min(max(x, 0), 6).

    Example:
        >>> from minitransfer import tensor
        >>> ReLU6()(tensor([-1.0, 9.0])).tolist()
        [0.0, 6.0]
    """

    stateless = pointwise = True

    def __init__(self, inplace=False):
        super().__init__()

    def forward(self, x):
        return ops.relu6(x)


class GELU(Module):
    """x Φ(x) with the normal distribution's Φ (Hendrycks and Gimpel 2016).

    Args:
        approximate: "none" for the exact function, "tanh" for the approximation.

    Example:
        >>> from minitransfer import tensor
        >>> GELU()(tensor([0.0])).tolist()
        [0.0]
    """

    stateless = pointwise = True

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, x):
        return ops.gelu(x, self.approximate)


class Tanh(Module):
    """The hyperbolic tangent.

    Example:
        >>> from minitransfer import tensor
        >>> Tanh()(tensor([0.0])).tolist()
        [0.0]
    """

    stateless = pointwise = True

    def forward(self, x):
        return ops.tanh(x)


class Sigmoid(Module):
    """1 / (1 + exp(−x)).

    Example:
        >>> from minitransfer import tensor
        >>> Sigmoid()(tensor([0.0])).tolist()
        [0.5]
    """

    stateless = pointwise = True

    def forward(self, x):
        return ops.sigmoid(x)


class Softplus(Module):
    """log(1 + exp(x)), a ReLU with its corner rounded off.

    Example:
        >>> from minitransfer import tensor
        >>> round(Softplus()(tensor(0.0)).item(), 4)
        0.6931
    """

    stateless = pointwise = True

    def forward(self, x):
        return ops.softplus(x)


class Softmax(Module):
    """exp(x) divided by its sum over the axis `dim`.

    Example:
        >>> from minitransfer import tensor
        >>> Softmax(dim=0)(tensor([1.0, 1.0])).tolist()
        [0.5, 0.5]
    """

    stateless = True

    def __init__(self, dim=-1):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        return ops.softmax(x, self.dim)


class LogSoftmax(Module):
    """The logarithm of Softmax.

    Example:
        >>> from minitransfer import tensor
        >>> LogSoftmax(dim=0)(tensor([0.0])).tolist()
        [0.0]
    """

    stateless = True

    def __init__(self, dim=-1):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        return ops.log_softmax(x, self.dim)
