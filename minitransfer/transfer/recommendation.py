"""What to do with a borrowed network and a new task: advice before anything is trained.

Article D ends with a wish: that the strategy be chosen for each task. Here a rule chooses. It looks
at the labelled examples once and asks how much of the task a linear map can read off the borrowed
features, and how much off the inputs themselves. The difference says whether what is borrowed fits
the task. What to make of it was learnt from six tasks, by least squares; lesson 27 tells on six
others what the rule is worth. Where there are hundreds of labels and the time to train each
strategy, let held-out labels choose: there they were the better judge.
"""

from typing import NamedTuple

import numpy as np

from minitransfer import nn
from minitransfer.autograd import as_array
from minitransfer.data import DataLoader, Dataset
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

#: Gain over scratch that is expected of each strategy: coefficients of `predictors`. And how far
#: the true gains lay from what was expected of a task by a rule made without it: 5 % lie below the
#: first number, 5 % above the second. lessons/evidence/27_choosing_a_strategy.py derives both, and
#: checks that these are what it finds.
RULE = {
    "head": (0.0799, 0.9925, -0.1057),
    "all": (0.0158, 0.4891, 0.02),
    "head, then all": (0.0449, 0.718, -0.0269),
}
OFF = {
    "head": (-0.1713, 0.1629),
    "all": (-0.0841, 0.1018),
    "head, then all": (-0.1065, 0.1193),
}

#: What each strategy says to do, and from which difference on two shares are told apart in words.
ADVICE = {
    "scratch": "begin with random weights",
    "head": "hold them and train a head",
    "all": "begin with what is borrowed and train everything",
    "head, then all": "train a head on them, then everything in small steps",
}
CLEAR = 0.02

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


class Recommendation(NamedTuple):
    """What `recommend` answers.

    Attributes:
        strategy: a name of `STRATEGIES`: "scratch", "head", "all" or "head, then all".
        reason: why, in a sentence.
        gain: by how much its accuracy is expected to be above that of a network from scratch; if
            that is what is recommended, above that of the best strategy that borrows. From 0 to 1.
        interval: (low, high) within which nine of ten such gains lay when each of the six tasks
            that the rule was made on was left out in turn. On others it held somewhat fewer.
        expected: strategy → its expected gain over a network from scratch.
        facts: what was seen of the task.
    """

    strategy: str
    reason: str
    gain: float
    interval: tuple[float, float]
    expected: dict[str, float]
    facts: Facts

    @property
    def options(self) -> dict:
        """What to tell `fine_tune`: ``fine_tune(model, data, **recommendation.options)``.

        The model has a fresh head by then (`replace_head`); for "scratch" it is another one, with
        random weights.
        """
        return dict(STRATEGIES[self.strategy])


def recommend(
    model: Module,
    data,
    *,
    folds: int = 5,
    generator=None,
    head: str | None = None,
    allow_other_input: bool = False,
) -> Recommendation:
    """Say what to do with a borrowed network for a task, before anything is trained.

    The rule looks at the labelled examples once (`facts_about`) and expects of each strategy a gain
    over scratch that is linear in what it sees (`expected_gains`). It takes the one of which it
    expects most. It was made on small pictures with a small plain network, so that it is an opinion
    and no measurement. On six other tasks it lost less than validation did with 100 labels, and
    more with 900 (lesson 27).

    Args:
        model: the network that may be borrowed.
        data: labelled examples of the task, whatever `Dataset.of` takes.
        folds, generator: of the cross-validation.
        head: dotted name of the network's head, where `find_head` cannot tell.
        allow_other_input: see `check_input`.

    Raises:
        ValueError: if the data has values instead of labels, only one class, or is not what the
            network takes.

    Example:
        >>> from minitransfer import data, zoo
        >>> rng = np.random.default_rng(0)
        >>> few = data.mnist("pool").sample(100, rng)
        >>> advice = recommend(zoo.load("glyph-mlp"), few, generator=rng)
        >>> advice.strategy in STRATEGIES
        True
    """
    facts = facts_about(
        model,
        data,
        folds=folds,
        generator=generator,
        head=head,
        allow_other_input=allow_other_input,
    )
    return advice_for(facts)


def predictors(facts: Facts) -> np.ndarray:
    """Return what the rule multiplies its coefficients with.

    Example:
        >>> predictors(Facts(100, 10, borrowed=0.75, raw=0.5)).tolist()
        [1.0, 0.25, 1.0]
    """
    return np.array([1.0, facts.borrowed - facts.raw, np.log10(facts.examples / facts.classes)])


def expected_gains(facts: Facts) -> dict[str, float]:
    """Return the accuracy that each strategy is expected to gain over scratch: 0 for itself.

    Example:
        >>> fits, hides = (expected_gains(Facts(100, 10, borrowed, 0.6)) for borrowed in (0.8, 0.4))
        >>> fits["head"] > hides["head"], fits["scratch"]
        (True, 0.0)
    """
    seen = predictors(facts)
    return {"scratch": 0.0} | {name: float(seen @ RULE[name]) for name in RULE}


def advice_for(facts: Facts) -> Recommendation:
    """Return what `recommend` makes of what was seen of a task.

    Example:
        >>> advice_for(Facts(100, 10, borrowed=0.3, raw=0.7)).strategy
        'scratch'
    """
    expected = expected_gains(facts)
    strategy = max(expected, key=expected.get)
    borrowing = max(RULE, key=expected.get)  # the best strategy that borrows
    low, high = (expected[borrowing] + off for off in OFF[borrowing])
    gain, interval = expected[borrowing], (low, high)
    if strategy == "scratch":
        gain, interval = -gain, (-high, -low)
    return Recommendation(strategy, _reason(strategy, facts), gain, interval, expected, facts)


def _reason(strategy, facts) -> str:
    lead = facts.borrowed - facts.raw
    found = (
        "the features fit the task"
        if lead > CLEAR
        else "the features hide some of what counts"
        if lead < -CLEAR
        else "the features tell about as much as the inputs"
    )
    each = facts.examples / facts.classes
    return (
        f"with {each:.3g} examples a class, a linear map gets {facts.borrowed:.0%} of them right "
        f"from the borrowed features and {facts.raw:.0%} from the inputs themselves: {found}; "
        f"{ADVICE[strategy]}"
    )
