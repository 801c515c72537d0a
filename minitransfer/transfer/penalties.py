"""Penalties that tie a network to where it started."""

import numpy as np

from minitransfer import nn
from minitransfer.nn import Module
from minitransfer.tensor import Tensor
from minitransfer.train.evaluation import loss_count
from minitransfer.transfer.groups import parameters_of_head


class L2SP:
    """A loss plus the squared distance that the borrowed weights have moved (Li et al. 2018).

    Weight decay pulls towards 0, which for a fresh network is a fair guess. A borrowed network has
    a better one, its starting point (SP)::

        loss + alpha/2 · Σ (w − w_start)²  over the body  +  beta/2 · Σ w²  over the head

    The larger alpha, the more it is like freezing. Leave the optimiser's own weight decay at 0.

    Args:
        model: the network as it was borrowed, with its new head: where its body stands now is the
            starting point.
        alpha: strength for the body.
        beta: strength for the head, which is pulled towards 0.
        loss: what to add it to: (outputs, targets) → one number; cross-entropy if None.
        head: dotted name of the head, see `find_head`.

    Raises:
        ValueError: if a strength is negative or the network has no such head.

    Example:
        >>> from minitransfer import no_grad
        >>> net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False))
        >>> loss = L2SP(net, alpha=2.0, beta=0.0, loss=nn.MSELoss())
        >>> with no_grad():
        ...     _ = net[0].weight.add_(3)             # the body moves by 3
        >>> y = Tensor([[0.0]])
        >>> loss(y, y).item()
        9.0
    """

    def __init__(self, model: Module, alpha=0.1, beta=0.01, loss=None, head=None):
        for name, strength in (("alpha", alpha), ("beta", beta)):
            if not strength >= 0:
                raise ValueError(f"L2SP: {name} is 0 or greater; given {strength}")
        in_head = parameters_of_head(model, head)
        self.loss = loss or nn.CrossEntropyLoss()
        self.terms = [
            (p, beta, np.zeros_like(p.array)) if id(p) in in_head else (p, alpha, p.array.copy())
            for p in model.parameters()
        ]

    def count(self, outputs: Tensor, targets: Tensor) -> float | None:
        """Return what the loss that the penalty is added to is a mean over."""
        return loss_count(self.loss, outputs, targets)

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss with the penalty; what is frozen costs nothing."""
        value = self.loss(outputs, targets)
        for parameter, strength, start in self.terms:
            if parameter.requires_grad and strength:
                moved = parameter - Tensor(start)
                value = value + (moved * moved).sum() * (strength / 2)
        return value
