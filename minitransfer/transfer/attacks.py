"""Pictures that are changed a little, so that a network errs: what a network does not withstand.

Who wants to rely on a network attacks it first. All attacks here know the network they are made
on (its weights are published); whether they work on another one is what transfer has to ask.
"""

from collections.abc import Callable

import numpy as np

from minitransfer import nn
from minitransfer.data import DataLoader, Dataset
from minitransfer.nn import Module
from minitransfer.random import default_generator
from minitransfer.transfer.attributions import input_gradient


def fgsm(model: Module, x, y=None, *, size: float = 0.1, **options) -> np.ndarray:
    """Change every dot by as much as is allowed, uphill (Goodfellow et al. 2015).

    One step of the sign of the slope: the fast gradient sign method.

    Args:
        model: the network that the attacker has.
        x, y: pictures and their true labels, in any form that `Dataset.of` takes.
        size: the most that a dot may change, from 0 to 1 with pictures from 0 to 1.
        options: those of `pgd`, but for its steps.

    Returns:
        Pictures in the shape of `x`, float32, within `low` and `high`.

    Example:
        >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
        >>> x = np.full((3, 1, 2, 2), 0.5, np.float32)
        >>> float(np.abs(fgsm(net, x, [0, 1, 0], size=0.25) - x).max())
        0.25
    """
    return pgd(model, x, y, size=size, steps=1, stride=size, start=0.0, **options)


def pgd(
    model: Module,
    x,
    y=None,
    *,
    size: float = 0.1,
    steps: int = 10,
    stride: float | None = None,
    start: float | None = None,
    loss: Callable | None = None,
    low: float = 0.0,
    high: float = 1.0,
    batch_size: int = 250,
    generator=None,
) -> np.ndarray:
    """Walk uphill in small steps without leaving the neighbourhood (Madry et al. 2018).

    Projected gradient descent on minus the loss: after every step what went too far is brought
    back to the edge of what is allowed.

    Args:
        model: the network that the attacker has.
        x, y: pictures and their true labels, in any form that `Dataset.of` takes.
        size: the most that a dot may change.
        steps: how many.
        stride: the length of a step; 2.5 · size / steps if None.
        start: how far from the picture the walk may begin, at random; `size` if None.
        loss: (outputs, labels) → one number, to make large; cross-entropy if None.
        low, high: the least and the largest value of a dot.
        batch_size: pictures at a time.
        generator: draws the start; the default one if None.

    Returns:
        Pictures in the shape of `x`, float32.

    Raises:
        ValueError: if the size is not above 0.

    Example:
        >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
        >>> x = np.full((3, 1, 2, 2), 0.5, np.float32)
        >>> bool(np.abs(pgd(net, x, [0, 1, 0], size=0.25) - x).max() <= 0.25)
        True
    """
    if not size > 0:
        raise ValueError(f"size={size}; the most that a dot may change is above 0")
    data = Dataset.of(x if y is None else (x, y), network=model)
    generator = generator or default_generator()
    stride = 2.5 * size / steps if stride is None else stride
    start = size if start is None else start
    loss, changed = loss or nn.CrossEntropyLoss(), []
    for batch, labels in DataLoader(data, batch_size):
        here = batch.array + generator.uniform(-start, start, batch.shape).astype(np.float32)
        for _ in range(steps):
            slope = input_gradient(model, here, lambda outputs, y=labels: loss(outputs, y))
            here = here + np.float32(stride) * np.sign(slope)
            here = np.clip(here, batch.array - np.float32(size), batch.array + np.float32(size))
            here = np.clip(here, low, high)
        changed.append(here.astype(np.float32))
    return np.concatenate(changed)
