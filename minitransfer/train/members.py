"""A population trained on whole data, every member as if it were alone."""

from collections.abc import Callable

import numpy as np

from minitransfer import compiler, nn
from minitransfer.autograd import as_array
from minitransfer.optim import Optimizer
from minitransfer.tensor import Tensor
from minitransfer.train.state import check_count


def fit_members(
    net: nn.Module,
    x,
    y,
    optimizer: Optimizer,
    steps: int,
    *,
    loss: Callable = nn.functional.binary_cross_entropy_with_logits,
    penalty: Callable | None = None,
    compile: bool = False,
) -> np.ndarray:
    """Train a population; every step shows each member all of its examples.

    For one network and batches of many examples use `fit`.

    Args:
        net: from ``nn.population``.
        x: inputs, (N, in) for all members or (members, N, in).
        y: what is wanted, see ``nn.member_losses``.
        optimizer: over the parameters of `net`.
        steps: how many, 1 or more.
        loss: of ``nn.functional``.
        penalty: called with `net` in every step; returns a number that is added to the sum of the
            members' losses (so that each member pays for itself alone, it has to be a sum over
            members too).
        compile: make one function of the step (`minitransfer.compile`) and take all of them in
            one call. Compiling takes time at first, and a warning says where it cannot be
            done; `x`, `y` and what `penalty` knows from outside must stay as they are.

    Returns:
        (members, steps): the loss of each member before each step, without penalty.

    Raises:
        ValueError: if `steps` is no such number, or outputs and `y` do not fit.

    Example:
        >>> from minitransfer import data, optim
        >>> x, y = data.or_()
        >>> net = nn.population(lambda rng: nn.Linear(2, 1, generator=rng), seeds=5)
        >>> losses = fit_members(net, x, y, optim.Adam(net.parameters(), lr=0.1), steps=100)
        >>> losses.shape, bool((losses[:, -1] < losses[:, 0]).all())
        ((5, 100), True)
    """
    check_count("steps", steps)

    def step(inputs):
        optimizer.zero_grad()
        losses = nn.member_losses(loss, net(inputs), y)
        total = losses.sum()
        if penalty is not None:
            total = total + penalty(net)
        total.backward()
        optimizer.step()
        return losses.detach()

    inputs = Tensor(np.asarray(as_array(x)))
    if compile:
        return compiler.compile(step).repeat(steps, inputs).numpy().T
    return np.array([step(inputs).numpy() for _ in range(steps)]).T
