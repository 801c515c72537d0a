"""The learning itself: features once, a head on them, everything, and from scratch.

Classes that are rare count for more, so that none is forgotten: each class as much as every other.
Values are learnt in units of their own spread, which the head turns back in the end.
"""

from dataclasses import dataclass

import numpy as np

from minitransfer import nn, optim, tensor
from minitransfer.data import Dataset
from minitransfer.nn import Module
from minitransfer.train import Monitor, fit, predict
from minitransfer.transfer import find_head, fine_tune
from minitransfer.transfer.recipes import HEAD_LR, HEAD_STEPS

#: Pictures that go through a body at once, and pictures in a step of a large network.
AT_ONCE, LARGE_BATCH = 32, 32

#: Rates of full fine-tuning: the head, which has learnt already, and the borrowed body (article
#: B's middle way).
LR, BODY_LR = 1e-3, 1e-4

#: How far a picture is moved at most, as a share of its side, when it is shown again.
SHIFT = 0.1


@dataclass(frozen=True)
class Task:
    """What is to be learnt: one of several classes, or a value.

    Attributes:
        classes: names of the classes; None where it is a value.
        weights: (classes,) factors of the classes in the loss, 1 on average over the pictures.
        mean, spread: of the values that are learnt from.
    """

    classes: tuple | None
    weights: np.ndarray | None = None
    mean: float = 0.0
    spread: float = 1.0

    @classmethod
    def of(cls, y, classes) -> "Task":
        """Return the task that these training targets make.

        Example:
            >>> Task.of(np.array([0, 0, 0, 1]), ("cat", "dog")).weights.round(2).tolist()
            [0.67, 2.0]
        """
        if classes is None:
            y = np.asarray(y, float)
            return cls(None, mean=float(y.mean()), spread=float(y.std()) or 1.0)
        counts = np.bincount(y, minlength=len(classes))
        weights = np.where(counts > 0, len(y) / np.maximum(counts, 1) / (counts > 0).sum(), 0.0)
        return cls(tuple(classes), weights)

    @property
    def outputs(self) -> int:
        """Outputs of the head."""
        return 1 if self.classes is None else len(self.classes)

    def loss(self):
        """Return the loss: cross-entropy with weights, or the squared error."""
        if self.classes is None:
            return nn.MSELoss()
        return nn.CrossEntropyLoss(weight=tensor(self.weights.astype(np.float32)))

    def dataset(self, x, y, **options) -> Dataset:
        """Return inputs and targets in the form that is learnt from."""
        if self.classes is None:
            y = ((np.asarray(y, float) - self.mean) / self.spread).astype(np.float32)[:, None]
        return Dataset(x, y, **options)

    def turned_back(self, outputs) -> np.ndarray:
        """Return outputs in the units of the task: logits as they are, values (N,)."""
        if self.classes is None:
            return outputs[:, 0].astype(np.float64) * self.spread + self.mean
        return outputs

    def scale_into(self, head) -> None:
        """Make a head that gives units of the spread give values."""
        if self.classes is None:
            head.weight.array[...] *= self.spread
            head.bias.array[...] = head.bias.array * self.spread + self.mean


def features_into(rows, body: Module, pictures, *, mirrored=False, show=lambda *_: None) -> None:
    """Fill rows with what a body makes of pictures in bytes, a few at a time.

    Args:
        rows: `work.Rows`, (N, features); goes on behind what is there.
        body: the frozen front part.
        pictures: (N, channels, size, size) in bytes.
        mirrored: whether left and right change places.
        show: called with how many were done this time.
    """
    while not rows.complete:
        some = np.asarray(pictures[rows.done : rows.done + AT_ONCE])
        x = some[..., ::-1] if mirrored else some
        made = predict(body, Dataset(x, np.zeros(len(x)), input_type="image"), batch_size=AT_ONCE)
        rows.add(made)
        show(len(some))


def learn_head(head, features, y, task: Task, rng, monitor=None, steps: int = HEAD_STEPS):
    """Train a head on features, as the recipe for option 1 does, and return the history.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.standard_normal((40, 3)).astype(np.float32)
        >>> y = (x[:, 0] > 0).astype(int)
        >>> history = learn_head(nn.Linear(3, 2), x, y, Task.of(y, ("low", "high")), rng, steps=50)
        >>> history["loss"][-1] < history["loss"][0]
        True
    """
    data = task.dataset(features, y)
    return fit(
        head,
        data,
        loss=task.loss(),
        optimizer=optim.Adam(head.parameters(), lr=HEAD_LR),
        schedule=optim.CosineAnnealingLR,
        steps=steps,
        batch_size=min(64, len(data)),
        generator=rng,
        monitor=monitor or Monitor(),
    )


def learn_all(network, pictures, y, task: Task, rng, *, steps, batch_size, change, monitor, **more):
    """Train everything, the body in small steps; returns the history."""
    data = task.dataset(pictures, y, input_type="image")
    return fine_tune(
        network,
        data,
        "all",
        lr=LR,
        body_lr=BODY_LR,
        steps=steps,
        batch_size=min(batch_size, len(data)),
        loss=task.loss(),
        transform=change,
        generator=rng,
        monitor=monitor,
        allow_other_input=True,  # they have been looked at, all at once, and mended
        **more,
    )


def learn_from_scratch(network, pictures, y, task: Task, rng, *, steps, change, monitor):
    """Train a network of random weights; returns the history."""
    data = task.dataset(pictures, y, input_type="image")
    return fit(
        network,
        data,
        loss=task.loss(),
        optimizer=optim.Adam(network.parameters(), lr=1e-3),
        schedule=optim.CosineAnnealingLR,
        steps=steps,
        batch_size=min(64, len(data)),
        transform=change,
        generator=rng,
        monitor=monitor,
    )


def answers(network, pictures) -> np.ndarray:
    """Return the outputs for pictures in bytes, (N, outputs).

    Example:
        >>> answers(nn.Flatten(), np.full((2, 1, 1, 1), 255, np.uint8)).tolist()
        [[1.0], [1.0]]
    """
    data = Dataset(pictures, np.zeros(len(pictures)), input_type="image")
    return predict(network, data, batch_size=AT_ONCE)


def moved(mirror: bool):
    """Return a function that shows pictures a little differently: moved, and perhaps mirrored.

    Example:
        >>> x = np.zeros((2, 1, 20, 20), np.float32)
        >>> moved(True)(x, np.random.default_rng(0)).shape
        (2, 1, 20, 20)
    """

    def change(x, rng):
        most = max(1, round(SHIFT * x.shape[-1]))
        if mirror:
            x = np.where(rng.random((len(x), 1, 1, 1)) < 0.5, x[..., ::-1], x)
        padded = np.pad(x, ((0, 0), (0, 0), (most, most), (most, most)), mode="edge")
        size = x.shape[2:]
        places = rng.integers(0, 2 * most + 1, (len(x), 2))
        return np.stack(
            [
                one[:, top : top + size[0], left : left + size[1]]
                for one, (top, left) in zip(padded, places, strict=True)
            ]
        )

    return change


def head_of(network) -> nn.Linear:
    """Return the head of a borrowed network.

    Example:
        >>> head_of(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))
        Linear(4 → 2)
    """
    return find_head(network)[1]
