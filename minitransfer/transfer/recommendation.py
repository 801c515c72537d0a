"""What to do with a borrowed network and a new task: advice before anything is trained.

Article D ends with a wish: that the strategy be chosen for each task. Here a rule chooses. It looks
at the labelled examples once and asks how much of the task a linear map can read off the borrowed
features, and how much off the inputs themselves. The difference says whether what is borrowed fits
the task. What to make of it was learnt from six tasks, by least squares; lesson 27 tells on six
others what the rule is worth. Where there is time to train everything and labels to spare, let
those labels choose: the lesson compares the two.
"""

from typing import NamedTuple

import numpy as np

from minitransfer import nn
from minitransfer.autograd import as_array
from minitransfer.data import Dataset, DataLoader
from minitransfer.nn import Module
from minitransfer.random import default_generator
from minitransfer.transfer.scores import look_once, probe_accuracy

#: The strategies by their names, and how `fine_tune` is told of each: to start from random weights
#: and train everything; a head; everything at once; a head and then everything, the borrowed body
#: in small steps, as `minitransfer finetune` does it.
STRATEGIES = {
    "scratch": {"option": "all"},
    "head": {"option": "head"},
    "all": {"option": "all"},
    "head, then all": {"option": "head, then all", "body_lr": 1e-4},
}

#: Larger pictures are brought below this side before a linear map reads them (by means of blocks).
SIDE = 32


class Facts(NamedTuple):
    """What a rule may know of a task before anything is trained.

    Attributes:
        examples: how many labelled ones there are.
        classes: of how many classes.
        borrowed: share of them that a linear map of the borrowed features gets right, each left out
            in its turn (`probe_accuracy`).
        raw: the same for the inputs themselves: what needs no borrowing.
    """

    examples: int
    classes: int
    borrowed: float
    raw: float


def facts_about(
    model: Module,
    data,
    *,
    folds: int = 5,
    generator=None,
    head: str | None = None,
    allow_other_input: bool = False,
) -> Facts:
    """Look at the labelled examples of a task once, with a network that may be borrowed for it.

    Args, Raises: as `recommend`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> net = nn.Sequential(nn.Linear(4, 8, generator=rng), nn.ReLU(), nn.Linear(8, 3))
        >>> x = rng.standard_normal((50, 4)).astype(np.float32)
        >>> facts = facts_about(net, (x, (x[:, 0] > 0).astype(int)), generator=rng)
        >>> facts.examples, facts.classes
        (50, 2)
    """
    generator = generator or default_generator()
    data = Dataset.of(data, network=model)
    features, _ = look_once(model, data, head, allow_other_input)
    seed = int(generator.integers(2**31))  # the same parts are left out of both
    shares = [
        probe_accuracy(x, data.y, folds=folds, generator=np.random.default_rng(seed))
        for x in (features.x, _small(data))
    ]
    return Facts(len(data), len(np.unique(data.y)), *shares)


def _small(data) -> np.ndarray:
    """The inputs as a network gets them, large pictures as means of blocks of dots."""
    rows = []
    for batch, _ in DataLoader(data, 100):
        x = as_array(batch)
        if x.ndim == 4 and max(x.shape[2:]) > SIDE:
            x = nn.functional.avg_pool2d(batch, -(-max(x.shape[2:]) // SIDE)).array
        rows.append(x.reshape(len(x), -1))
    return np.concatenate(rows)
