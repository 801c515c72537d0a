"""Adaptation: make a network fit inputs that look different, without labels for these.

A network has learnt from a *source* and is used on a *target* of the same task: another scanner,
other light, other hands. There are pictures of the target and no labels. What can be done with
them, from the least to the most:

* `adapt_batch_norm` counts mean and variance anew, and trains nothing;
* `minimize_entropy` trains the scale and shift of batch norm until the network is sure;
* `align` trains on, with the labels of the source, while a second term keeps the features of both
  sides alike: their covariances (`coral_loss`), their whole distributions (`mmd_loss`), or what an
  adversary can tell them apart by.

None of them sees whether an answer is right. So each can make things worse, and none can tell.
"""

from dataclasses import replace

import numpy as np

from minitransfer import nn, ops, optim
from minitransfer.autograd import no_grad
from minitransfer.data import DataLoader, Dataset
from minitransfer.nn import Module, Sequential
from minitransfer.nn.module import check_module
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor
from minitransfer.transfer.heads import find_head, strip_head
from minitransfer.transfer.reversal import reversal_strength, reverse_gradient

#: What `align` can pull together.
METHODS = ("coral", "mmd", "adversary")


def adapt_batch_norm(model: Module, x, *, batch_size: int = 100) -> Module:
    """Count the running mean and variance of every batch norm anew, over unlabelled inputs.

    Li et al. (2017): what a layer has learnt stays, and what it holds for normal is what comes in
    now. Nothing is trained.

    Args:
        model: a network with batch norm; it is changed in place.
        x: inputs of the target, whatever `Dataset.of` takes; targets are not looked at.
        batch_size: examples at a time; the mean over batches counts, so that all weigh alike if
            it divides their number.

    Returns:
        The network.

    Raises:
        ValueError: if there is no batch norm that keeps running statistics, or one is frozen.

    Example:
        >>> net = nn.Sequential(nn.BatchNorm1d(1))
        >>> _ = adapt_batch_norm(net, np.array([[4.0], [6.0]], np.float32))
        >>> net[0].running_mean.item(), net[0].running_var.item()
        (5.0, 2.0)
    """
    norms = _batch_norms("adapt_batch_norm", model)
    momenta = [norm.momentum for norm in norms]
    with model.in_mode(training=False), no_grad():
        for norm in norms:
            norm.momentum, norm.training = None, True  # None: the plain mean over all batches
            norm.num_batches_tracked.array[...] = 0
            norm.running_mean.array[...] = 0
            norm.running_var.array[...] = 0
        try:
            for batch, _ in DataLoader(_unlabelled(model, x), batch_size):
                model(batch)
        finally:
            for norm, momentum in zip(norms, momenta, strict=True):
                norm.momentum = momentum
    return model


def entropy(logits) -> Tensor:
    """Return how unsure the answers are: the mean entropy of the probabilities, in nats.

    Args:
        logits: (N, classes).

    Example:
        >>> round(entropy(Tensor([[0.0, 0.0]])).item(), 4)  # log 2
        0.6931
    """
    logs = nn.functional.log_softmax(logits, dim=1)
    return -(logs.exp() * logs).sum(1).mean()


def minimize_entropy(
    model: Module,
    x,
    *,
    lr: float = 1e-3,
    steps: int = 50,
    batch_size: int = 64,
    generator=None,
) -> Module:
    """Train scale and shift of batch norm until the network is sure of what it says.

    Test-time entropy minimisation (Wang et al. 2021, "Tent"): batch norm uses the statistics of
    each batch, and Adam moves its `weight` and `bias`, nothing else, against `entropy`. In the end
    the statistics are counted anew (`adapt_batch_norm`). A network that is sure and wrong becomes
    surer.

    Args:
        model: a network with batch norm; it is changed in place.
        x: inputs of the target; targets are not looked at.
        lr, steps, batch_size: of Adam.
        generator: draws the order of the inputs; the default one if None.

    Returns:
        The network.

    Raises:
        ValueError: as `adapt_batch_norm`; or if batch norm has no weights to train.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2, generator=rng)).eval()
        >>> x = rng.standard_normal((64, 3)).astype(np.float32)
        >>> before = entropy(net(Tensor(x))).item()
        >>> _ = minimize_entropy(net, x, lr=0.05, generator=rng)
        >>> entropy(net(Tensor(x))).item() < before
        True
    """
    norms = _batch_norms("minimize_entropy", model)
    learning = [p for norm in norms for p in norm.parameters()]
    if not learning:
        raise ValueError("minimize_entropy: batch norm has no weights here (affine=False)")
    others = [
        p for p in model.parameters() if p.requires_grad and not any(p is q for q in learning)
    ]
    optimizer = optim.Adam(learning, lr=lr)
    generator = generator or default_generator()
    batches = _endless(_loader(_unlabelled(model, x), batch_size, generator))
    with model.in_mode(training=False):
        for parameter in others:
            parameter.requires_grad_(False)
        for norm in norms:
            norm.training = True
        try:
            for _ in range(steps):
                optimizer.zero_grad()
                entropy(model(next(batches)[0])).backward()
                optimizer.step()
        finally:
            for parameter in others:
                parameter.requires_grad_(True)
    optimizer.zero_grad()
    return adapt_batch_norm(model, x)


def coral_loss(source, target) -> Tensor:
    """Return how differently the features of two sides vary together.

    Deep CORAL (Sun and Saenko 2016): the squared difference of the two covariance matrices, over
    4 D². (Means are not compared.)

    Args:
        source, target: features (N, D) and (M, D), two rows or more.

    Raises:
        ValueError: if these are not such features.

    Example:
        >>> a = Tensor([[0.0], [2.0]])
        >>> coral_loss(a, a + 5).item(), coral_loss(a, 2 * a).item()
        (0.0, 9.0)
    """
    _check_features("coral_loss", source, target)
    difference = _covariance(source) - _covariance(target)
    return (difference * difference).sum() / (4 * source.shape[1] ** 2)


def mmd_loss(source, target, *, widths=(0.5, 1.0, 2.0)) -> Tensor:
    """Return how far apart two distributions of features are: the maximum mean discrepancy.

    Gretton et al. (2012): how much likelier two features of one side are near each other than two
    of different sides, where *near* is judged by a sum of Gaussian kernels. Each feature counts
    as near itself too, so the estimate is never below 0.

    Args:
        source, target: features (N, D) and (M, D), two rows or more.
        widths: of the kernels, in units of the root mean squared distance of all pairs.

    Raises:
        ValueError: if these are not such features, or all of them are equal.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> a, b = (Tensor(rng.standard_normal((100, 2))) for _ in range(2))
        >>> mmd_loss(a, b).item() < 0.05 < mmd_loss(a, b + 1).item()
        True
    """
    _check_features("mmd_loss", source, target)
    every = ops.cat([source, target])
    squares = (every * every).sum(1)
    distances = squares.reshape(-1, 1) + squares - 2 * every @ every.T
    unit = float(distances.array.mean())
    if not unit > 0:
        raise ValueError("mmd_loss: all features are equal, so there is no unit of distance")
    kernel = sum((distances * (-1 / (2 * w**2 * unit))).exp() for w in widths)
    n = len(source)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()


def align(
    model: Module,
    source,
    target,
    method: str = "coral",
    *,
    weight: float = 1.0,
    lr: float = 1e-3,
    steps: int = 200,
    batch_size: int = 64,
    head: str | None = None,
    generator=None,
) -> list[tuple[float, float]]:
    """Train on the labels of the source while the features of both sides are kept alike.

    Each step sees a batch of either side, one after the other, so that batch norm brings each side
    to its own mean and variance; in the end its running statistics are those of the target
    (`adapt_batch_norm`). The loss is the cross-entropy of the source, plus `weight` times what
    tells the sides apart in the features below the head:

    * ``"coral"``: `coral_loss`;
    * ``"mmd"``: `mmd_loss`;
    * ``"adversary"``: a small network learns to tell the sides apart, and the gradient that it
      sends into the features is turned round (Ganin and Lempitsky 2015). As in the paper, the
      weight grows from 0 along an S.

    Args:
        model: a network that has learnt the source; it is changed in place.
        source: inputs with labels.
        target: inputs; labels are not looked at.
        method: one of `METHODS`.
        weight: of the second term, 0 or greater.
        lr, steps, batch_size: of Adam, whose rate falls along a cosine.
        head: dotted name of the head, see `find_head`.
        generator: draws the order of the inputs, and the adversary's first weights.

    Returns:
        (cross-entropy, second term without its weight) of every step.

    Raises:
        ValueError: if the method is unknown, the weight negative, or the head cannot be found.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> net = nn.Sequential(nn.Linear(2, 8, generator=rng), nn.ReLU(),
        ...                     nn.Linear(8, 2, generator=rng))
        >>> x = rng.standard_normal((200, 2)).astype(np.float32)
        >>> losses = align(net, (x, (x[:, 0] > 0).astype(int)), x + 3, "mmd", steps=100,
        ...                generator=rng)
        >>> losses[-1][1] < losses[0][1]
        True
    """
    check_module(model)
    if method not in METHODS:
        raise ValueError(f"align: method is one of {', '.join(METHODS)}; given {method!r}")
    if not weight >= 0:
        raise ValueError(f"align: weight is 0 or greater; given {weight}")
    generator = generator or default_generator()
    source = Dataset.of(source, network=model)
    name, last = find_head(model, source, head=head)
    body = strip_head(model, name)
    sources = _endless(_loader(source, batch_size, generator))
    targets = _endless(_loader(_unlabelled(model, target), batch_size, generator))
    judge = _adversary(last.weight.shape[1], generator) if method == "adversary" else None
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = optim.Adam(learning + ([*judge.parameters()] if judge else []), lr=lr)
    schedule = optim.CosineAnnealingLR(optimizer, steps)
    losses = []
    with model.in_mode(training=True):
        for step in range(steps):
            x, y = next(sources)
            ours, theirs = body(x), body(next(targets)[0])
            right = nn.functional.cross_entropy(last(ours), y)
            if judge:
                strength = weight * reversal_strength(step / steps)
                apart = _told_apart(judge, ours, theirs, strength)
                loss = right + apart
            else:
                apart = (coral_loss if method == "coral" else mmd_loss)(ours, theirs)
                loss = right + weight * apart
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append((right.item(), apart.item()))
    optimizer.zero_grad()
    if _normalised(model):
        adapt_batch_norm(model, target)
    return losses


def _adversary(features, generator) -> Sequential:
    return Sequential(
        nn.Linear(features, 64, generator=generator),
        nn.ReLU(),
        nn.Linear(64, 1, generator=generator),
    )


def _told_apart(judge, ours, theirs, strength) -> Tensor:
    """The adversary's loss: it learns to lower it, the features to raise it."""
    features = ops.cat([ours, theirs])
    sides = np.zeros((len(features), 1), features.dtype)
    sides[len(ours) :] = 1
    said = judge(reverse_gradient(features, strength))
    return nn.functional.binary_cross_entropy_with_logits(said, Tensor(sides))


def _covariance(features):
    centred = features - features.mean(0)
    return centred.T @ centred / (len(features) - 1)


def _check_features(function, source, target):
    shapes = tuple(source.shape), tuple(target.shape)
    if any(len(s) != 2 or s[0] < 2 for s in shapes) or shapes[0][1] != shapes[1][1]:
        raise ValueError(
            f"{function} compares features (N, D) and (M, D), two rows or more of each; given "
            f"{shapes[0]} and {shapes[1]}"
        )


def _normalised(model):
    kinds = nn.normalization.BATCH_NORMS
    return [m for m in model.modules() if isinstance(m, kinds) and m.track_running_stats]


def _batch_norms(function, model):
    check_module(model)
    norms = _normalised(model)
    if not norms:
        raise ValueError(f"{function}: there is no batch norm with running statistics to adapt")
    if frozen := [m.label() for m in norms if m.frozen]:
        raise ValueError(f"{function}: {frozen[0]} is frozen; unfreeze it first")
    return norms


def _loader(data, batch_size, generator):
    """Full batches in random order, so that none is too small for batch norm."""
    full = len(data) > batch_size
    return DataLoader(data, batch_size, shuffle=True, drop_last=full, generator=generator)


def _unlabelled(model, x):
    data = Dataset.of(x, needs_targets=False, network=model)
    return replace(data, y=np.zeros(len(data), np.int64), classes=())


def _endless(loader):
    while True:
        yield from loader
