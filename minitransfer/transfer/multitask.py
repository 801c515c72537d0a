"""Several tasks at once: one body, a head for each task, and a loss that adds up."""

from collections.abc import Mapping

import numpy as np

from minitransfer import nn, ops
from minitransfer.nn import Module, ModuleDict, Parameter
from minitransfer.tensor import Tensor


class TaskHeads(Module):
    """A body with a head for each of several tasks (Caruana 1997, "hard parameter sharing").

    The outputs stand side by side, so that `train.fit` takes such a network as any other; `split`
    tells them apart.

    Args:
        body: inputs → features (N, D).
        features: D.
        outputs: task → how many outputs its head has.
        generator: draws the heads' initial weights; the default one if None.

    Attributes:
        body: as given; the tasks share it.
        heads: a `ModuleDict` of the heads.

    Shape:
        what the body takes → (N, all outputs), in the order of the tasks.

    Raises:
        ValueError: if there is no task, or a head without outputs.

    Example:
        >>> from minitransfer import zeros
        >>> net = TaskHeads(nn.Flatten(), 784, {"digit": 10, "ink": 1})
        >>> {task: part.shape for task, part in net.split(net(zeros(5, 1, 28, 28))).items()}
        {'digit': (5, 10), 'ink': (5, 1)}
    """

    def __init__(self, body: Module, features: int, outputs: Mapping, *, generator=None):
        super().__init__()
        if not outputs or min(outputs.values()) < 1:
            raise ValueError(
                f"TaskHeads: each of one or more tasks has one output or more; given {outputs}"
            )
        self.body = body
        self.heads = ModuleDict(
            {task: nn.Linear(features, n, generator=generator) for task, n in outputs.items()}
        )
        self.outputs = dict(outputs)

    def forward(self, x):
        """Return the outputs of all heads, side by side."""
        features = self.body(x)
        return ops.cat([head(features) for head in self.heads.values()], 1)

    def split(self, outputs) -> dict:
        """Return the outputs of each task: views of a tensor or an array (N, all outputs)."""
        ends = np.cumsum(list(self.outputs.values())).tolist()
        starts = [0, *ends[:-1]]
        return {
            task: outputs[:, start:end]
            for task, start, end in zip(self.outputs, starts, ends, strict=True)
        }


class TaskLoss(Module):
    """The sum of the losses of several tasks, weighted by hand or by what is learnt.

    With ``learnt=True`` by the uncertainty of each task (Kendall, Gal and Cipolla 2018). Each has a
    number s, the logarithm of its variance, that is trained along::

        cross-entropy · exp(−s) + s/2        squared error / 2 · exp(−s) + s/2

    A task with a large loss gets a large s and counts for less. The s/2 keeps the network from
    calling all of them hopeless.

    Args:
        network: the `TaskHeads`.
        losses: task → "class" (cross-entropy; the target is a whole number) or "value" (squared
            error, one output).
        weights: task → factor on its loss; 1 for all if None. Not together with `learnt`.
        learnt: whether the weights are learnt. Then the loss has parameters; make it a part of
            the network, ``network.loss = TaskLoss(network, …, learnt=True)``, before the optimiser
            is made of the network's parameters.

    Attributes:
        log_variance: the numbers s, in the order of the tasks; None if nothing is learnt.

    Raises:
        ValueError: if the tasks are not those of the network, a kind is unknown, or weights are
            given and to be learnt.

    Shape:
        outputs (N, all outputs) and targets (N, tasks) of floats → one number.

    Example:
        >>> net = TaskHeads(nn.Flatten(), 4, {"sign": 2, "sum": 1})
        >>> loss = TaskLoss(net, {"sign": "class", "sum": "value"})
        >>> loss(Tensor([[0.0, 0.0, 3.0]]), Tensor([[1.0, 1.0]])).item() == 2 + float(
        ...     np.float32(np.log(2)))
        True
    """

    def __init__(self, network: TaskHeads, losses: Mapping, *, weights=None, learnt=False):
        super().__init__()
        if set(losses) != set(network.outputs):
            raise ValueError(
                f"TaskLoss: the network's tasks are {', '.join(network.outputs)}; given losses for "
                f"{', '.join(losses)}"
            )
        if unknown := set(losses.values()) - {"class", "value"}:
            raise ValueError(
                f"TaskLoss: a loss is 'class' or 'value'; given {sorted(unknown)[0]!r}"
            )
        if learnt and weights is not None:
            raise ValueError("TaskLoss: weights are given or learnt, not both")
        if astray := set(weights or {}) - set(losses):
            raise ValueError(f"TaskLoss: a weight for no task {min(astray)!r}")
        self.split = network.split
        self.kinds = {task: losses[task] for task in network.outputs}
        self.weights = {task: (weights or {}).get(task, 1.0) for task in self.kinds}
        self.log_variance = Parameter(np.zeros(len(losses), np.float32)) if learnt else None

    def each(self, outputs, targets) -> dict:
        """Return the loss of each task, without weights: cross-entropy, or squared error / 2."""
        found = {}
        for place, (task, part) in enumerate(self.split(outputs).items()):
            wanted = targets[:, place]
            if self.kinds[task] == "class":
                labels = Tensor(np.asarray(wanted.array).astype(np.int64))
                found[task] = nn.functional.cross_entropy(part, labels)
            else:
                found[task] = nn.functional.mse_loss(part[:, 0], wanted) / 2
        return found

    def forward(self, outputs, targets):
        """Return the loss of a batch."""
        total = 0.0
        for place, (task, value) in enumerate(self.each(outputs, targets).items()):
            if self.log_variance is None:
                total = total + self.weights[task] * value
            else:
                s = self.log_variance[place]
                total = total + value * (-s).exp() + s / 2
        return total
