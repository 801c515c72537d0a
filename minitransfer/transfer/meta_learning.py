"""Learning to learn: weights from which a new task is a few steps away (article B, B7).

Pretraining looks for weights that are good; learning to learn looks for weights that *become* good
after a few steps on a few examples of any task of a family. Both algorithms here walk to a task and
look where they came out; neither differentiates through the walk (they are of first order).
"""

import copy
from collections.abc import Callable

import numpy as np

from minitransfer import nn
from minitransfer.nn import Module
from minitransfer.optim import SGD, Adam
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor
from minitransfer.train.state import check_count


def adapted(
    model: Module, x, y, *, steps: int = 5, lr: float = 0.02, loss: Callable | None = None
) -> Module:
    """Return a copy of a network that has taken a few steps on a few examples.

    Args:
        model: stays as it is.
        x, y: all examples (N, …) and targets, shown in every step.
        steps: of plain gradient descent.
        lr: their size.
        loss: (outputs, targets) → one number; cross-entropy if None.

    Example:
        >>> net = nn.Linear(1, 1)
        >>> near = adapted(net, [[1.0]], [[2.0]], steps=50, lr=0.1, loss=nn.MSELoss())
        >>> round(near(Tensor([[1.0]])).item(), 2)
        2.0
    """
    near, loss = copy.deepcopy(model), loss or nn.CrossEntropyLoss()
    x, y, optimizer = Tensor(np.asarray(x)), Tensor(np.asarray(y)), SGD(near.parameters(), lr=lr)
    if not np.issubdtype(y.array.dtype, np.integer):
        y = Tensor(y.array.astype(np.float32))
    x = Tensor(x.array.astype(np.float32))
    for _ in range(steps):
        optimizer.zero_grad()
        loss(near(x), y).backward()
        optimizer.step()
    return near


def reptile(
    model: Module,
    task: Callable,
    rounds: int,
    *,
    steps: int = 5,
    lr: float = 0.02,
    outer_lr: float = 0.1,
    loss: Callable | None = None,
    generator=None,
) -> Module:
    """Walk to a task, come back a part of the way, again and again (Nichol et al. 2018).

    ``w ← w + outer_lr · (w_task − w)``: the weights end where all tasks are near.

    Args:
        model: is changed in place.
        task: called with the generator; returns (x, y) of a fresh task.
        rounds: how many tasks.
        steps, lr, loss: of the walk, see `adapted`.
        outer_lr: which part of the way is kept; it falls to 0 in a straight line.
        generator: draws the tasks; the default one if None.

    Returns:
        The network.

    Example:
        >>> def task(rng):
        ...     slope, x = rng.uniform(1, 3), rng.standard_normal((10, 1))
        ...     return x, slope * x
        >>> net = reptile(nn.Linear(1, 1), task, 300, lr=0.1, loss=nn.MSELoss(),
        ...               generator=np.random.default_rng(0))
        >>> bool(1.5 < net.weight.item() < 2.5)
        True
    """
    check_count("rounds", rounds)
    generator = generator or default_generator()
    for number in range(rounds):
        near = adapted(model, *task(generator), steps=steps, lr=lr, loss=loss)
        part = np.float32(outer_lr * (1 - number / rounds))
        for here, there in zip(model.parameters(), near.parameters(), strict=True):
            here.array += part * (there.array - here.array)
    return model


def first_order_maml(
    model: Module,
    task: Callable,
    rounds: int,
    *,
    steps: int = 5,
    lr: float = 0.02,
    outer_lr: float = 1e-3,
    loss: Callable | None = None,
    generator=None,
) -> Module:
    """Walk to a task, and step where *fresh* examples of it want to go (Finn et al. 2017).

    The slope is taken at the end of the walk, on examples that were not walked on, and applied to
    the weights at its beginning. The true slope would go back through the walk; leaving that out is
    the first-order version, which the same paper finds nearly as good.

    Args:
        model: is changed in place.
        task: called with the generator; returns (x, y, fresh x, fresh y) of a task.
        rounds, steps, lr, loss, generator: as for `reptile`.
        outer_lr: of Adam, which takes the outer steps.

    Returns:
        The network.

    Example:
        >>> def task(rng):
        ...     slope, x = rng.uniform(1, 3), rng.standard_normal((2, 10, 1))
        ...     return x[0], slope * x[0], x[1], slope * x[1]
        >>> net = first_order_maml(nn.Linear(1, 1), task, 300, lr=0.1, outer_lr=0.05,
        ...                        loss=nn.MSELoss(), generator=np.random.default_rng(0))
        >>> bool(1.5 < net.weight.item() < 2.5)
        True
    """
    check_count("rounds", rounds)
    generator, loss = generator or default_generator(), loss or nn.CrossEntropyLoss()
    optimizer = Adam(model.parameters(), lr=outer_lr)
    for _ in range(rounds):
        x, y, fresh_x, fresh_y = task(generator)
        near = adapted(model, x, y, steps=steps, lr=lr, loss=loss)
        near.zero_grad()
        wanted = np.asarray(fresh_y)
        wanted = wanted if np.issubdtype(wanted.dtype, np.integer) else wanted.astype(np.float32)
        loss(near(Tensor(np.asarray(fresh_x, np.float32))), Tensor(wanted)).backward()
        for here, there in zip(model.parameters(), near.parameters(), strict=True):
            here.gradient = there.gradient
        optimizer.step()
    return model


def nearest_prototype(features, labels, asked) -> np.ndarray:
    """Answer with the class whose mean is nearest: nothing is trained (Snell et al. 2017).

    Args:
        features: (N, D) of the examples that are shown.
        labels: (N,) their classes.
        asked: (M, D).

    Returns:
        (M,) labels.

    Example:
        >>> nearest_prototype([[0.0], [1.0], [5.0]], [7, 7, 9], [[0.6], [3.0]]).tolist()
        [7, 9]
    """
    features, asked = np.asarray(features), np.asarray(asked)
    classes = np.unique(labels)
    means = np.stack([features[np.asarray(labels) == c].mean(0) for c in classes])
    apart = ((asked**2).sum(1)[:, None] - 2 * asked @ means.T) + (means**2).sum(1)
    return classes[apart.argmin(1)]
