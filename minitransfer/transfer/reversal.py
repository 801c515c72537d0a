"""Gradient reversal: a body that learns *not* to tell where its data came from.

A second head guesses the domain, and learns to. On the way back the gradient changes its sign, so
that the body learns to make guessing impossible: what is left are features that both domains share
(Ganin and Lempitsky 2015).
"""

import math

from minitransfer.autograd import differentiable
from minitransfer.nn import Module


@differentiable
def reverse_gradient(input, alpha=1.0):
    """The input as it is; on the way back the gradient, times ``-alpha``.

    Args:
        input: Array.
        alpha: How strongly what comes before is driven the other way.

    Returns:
        The same numbers, and what takes the derivative's place.

    Example:
        >>> from minitransfer import Tensor
        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> y = reverse_gradient(x, 0.5)
        >>> y.sum().backward()
        >>> y.tolist(), x.grad.tolist()
        ([1.0, 2.0], [-0.5, -0.5])
    """
    return input.view(), (lambda gy: gy * gy.dtype.type(-alpha),)


class GradientReversal(Module):
    """`reverse_gradient` as a layer, to stand between a body and the head that tells domains.

    Args:
        alpha: strength; may be set anew at each step, see `reversal_strength`.

    Example:
        >>> from minitransfer import nn
        >>> domain_head = nn.Sequential(GradientReversal(0.1), nn.Linear(8, 2))
    """

    pointwise = True

    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = alpha

    def forward(self, x):
        return reverse_gradient(x, self.alpha)

    def extra_repr(self):
        return f"alpha={self.alpha}"


def reversal_strength(progress: float, gamma: float = 10.0) -> float:
    """Return the paper's strength: 0 at the start, while the head knows nothing yet, then 1.

    Args:
        progress: share of the training that is over, from 0 to 1.
        gamma: how fast it grows.

    Returns:
        ``2 / (1 + exp(-gamma · progress)) - 1``.

    Example:
        >>> reversal_strength(0), round(reversal_strength(0.5), 3)
        (0.0, 0.987)
    """
    return 2 / (1 + math.exp(-gamma * progress)) - 1
