"""Scores that say before any training how well a borrowed network may serve a new task.

Whoever has ten networks to borrow from and one small task could train all ten and see. These scores
ask for less: the network looks at the few labelled examples once, and a formula judges what it made
of them. `leep` looks at the network's own answers, the other four at its features, which is what
its head gets to see. A larger score is better in all of them, but each has a scale of its own:
compare networks by one score on the same examples, never one score with another.

What they are worth is measured in lesson 27.
"""

import numpy as np

from minitransfer.autograd import as_array
from minitransfer.data import Dataset
from minitransfer.nn import Module
from minitransfer.random import default_generator
from minitransfer.train import predict, softmax
from minitransfer.transfer.features import check_input, features_of
from minitransfer.transfer.heads import find_head, strip_head
from minitransfer.transfer.meta_learning import nearest_prototype
from minitransfer.transfer.probes import ridge_probe

#: Stands in for 0 where a logarithm is taken or something is divided by it.
TINY = np.finfo(float).tiny


def leep(probabilities, labels) -> float:
    """Log expected empirical prediction: how well the network's own answers tell the new classes.

    Nguyen et al. (2020). The network is asked for its *old* classes z. Counting which of them it
    gives to which new class y yields P(y | z). A reader who knows nothing but that table would
    give an example x the probability ``Σ_z P(y | z) · p(z | x)`` of being y; the score is the mean
    logarithm of what the true class gets: 0 at best, and below 0 else. Nothing is trained, and no
    hyper-parameter is chosen. The table is made of the same examples that are judged by it, so that
    with many old classes and few examples the score is too kind.

    Args:
        probabilities: (N, Z) of the old classes, each row with the sum 1.
        labels: (N,) new classes, whole numbers.

    Raises:
        ValueError: if lengths differ, rows are no probabilities, or there is only one class.

    Example:
        >>> round(leep([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [5, 5, 7]), 4) + 0.0
        0.0
        >>> round(leep([[0.5, 0.5], [0.5, 0.5]], [0, 1]), 4)  # ln ½: it tells nothing
        -0.6931
    """
    p, y = _checked_probabilities(probabilities, labels)
    joint = _one_hot(y).T @ p / len(p)  # P(y, z)
    given_old = joint / np.maximum(joint.sum(0), TINY)  # P(y | z)
    expected = (p @ given_old.T)[np.arange(len(y)), y]
    return float(np.log(np.maximum(expected, TINY)).mean())


def _checked_probabilities(probabilities, labels):
    p, y = _checked("leep", probabilities, labels)
    if (p < 0).any() or not np.allclose(p.sum(1), 1, atol=1e-3):
        raise ValueError(
            "leep takes probabilities, each row from 0 on and with the sum 1; given rows with sums "
            f"from {p.sum(1).min():.3g} to {p.sum(1).max():.3g}: apply train.softmax to logits"
        )
    return p, y


def log_me(features, targets) -> float:
    """Log maximum evidence: how likely the targets are, for a Bayesian linear map of the features.

    You et al. (2021). Targets are ``F w`` and noise of precision β; the weights w are drawn from a
    normal distribution of precision α. The probability of the targets, all w's taken together, is
    the *evidence*. It cannot be had by learning by heart: a map that needs many large weights is
    unlikely beforehand. α and β are set so that the evidence is largest, by a fixed-point iteration
    on the singular values of F. The score is its logarithm divided by N; of classes, the mean over
    one yes-or-no row for each.

    There is no bias, as in the paper. Where the features give the targets exactly, the evidence has
    no bound; the noise is then held at a millionth of the targets' mean square.

    Args:
        features: (N, …), flattened to (N, D).
        targets: (N,) labels, whole numbers; or values, (N,) or (N, outputs).

    Raises:
        ValueError: if lengths differ, something is not finite, or all targets are 0 or of one
            class.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> features, labels = rng.standard_normal((60, 4)), np.arange(60) % 2
        >>> good = features + 3 * labels[:, None]
        >>> log_me(good, labels) > log_me(features, labels)
        True
    """
    targets = np.asarray(as_array(targets))
    if targets.ndim == 1 and targets.dtype.kind in "iub":
        f, y = _checked("log_me", features, targets)
        rows = _one_hot(y)
    else:
        f = _rows("log_me", features)
        rows = np.asarray(targets, np.float64).reshape(len(targets), -1)
        if len(f) != len(rows) or not np.isfinite(rows).all() or not rows.any(0).all():
            raise ValueError(
                f"log_me: {len(f)} rows of features and {len(rows)} targets; expected as many of "
                "both, finite, and no row of targets that are all 0"
            )
    u, s, _ = np.linalg.svd(f, full_matrices=False)
    s = s / (np.sqrt((s**2).mean()) or 1)  # a scale of the features changes nothing
    return float(np.mean([_evidence(u, s, y, f.shape[1]) for y in rows.T]) / len(f))


def _evidence(u, s, y, width, rounds=200) -> float:
    """Logarithm of the largest evidence of one row of targets, features being u · diag(s) · vᵀ."""
    n, squares, reached = len(y), s**2, u.T @ y
    outside = max(y @ y - reached @ reached, 0.0)  # what no weights can reach
    least = 1e-6 * (y @ y)
    alpha = beta = 1.0

    def found():
        """Squared length of the best weights, and the squared error that they leave."""
        weights = beta * s * reached / (alpha + beta * squares)
        left = alpha * reached / (alpha + beta * squares)
        return weights @ weights, max(left @ left + outside, least)

    for _ in range(rounds):
        length, error = found()
        used = (beta * squares / (alpha + beta * squares)).sum()  # as many numbers as count
        before = alpha, beta
        alpha = np.clip(used / max(length, 1e-12), 1e-12, 1e12)
        beta = max(n - used, 1e-6) / error
        if np.allclose((alpha, beta), before, rtol=1e-6):
            break
    length, error = found()
    volume = np.log(alpha + beta * squares).sum() + (width - len(s)) * np.log(alpha)
    return (
        n * np.log(beta)
        + width * np.log(alpha)
        - n * np.log(2 * np.pi)
        - beta * error
        - alpha * length
        - volume
    ) / 2


def h_score(features, labels, *, shrink: bool = False) -> float:
    """How far the classes lie apart in the features, measured by how far the features spread.

    Bao et al. (2019): ``H = tr(cov(f)⁻¹ · cov(E[f | y]))``, from 0 where all classes have one mean
    to the number of classes less one where the features give the class without error. No linear map
    of the features changes it.

    With no more examples than features it says nothing: any classes then lie apart without error,
    and H has its largest value whatever the network. `shrink` mixes the covariance with a round one
    as far as Ledoit and Wolf (2004) advise, and the other with 0 (Ibrahim et al. 2021).

    Args:
        features: (N, …), flattened to (N, D).
        labels: (N,) whole numbers.
        shrink: whether to do so.

    Raises:
        ValueError: if lengths differ, something is not finite, or there is only one class.

    Example:
        >>> h_score([[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1])
        1.0
        >>> h_score([[0.0], [1.0], [0.0], [1.0]], [0, 0, 1, 1])
        0.0
    """
    f, y = _checked("h_score", features, labels)
    f = f - f.mean(0)
    rows = _one_hot(y)
    means = (rows / rows.sum(0)) @ (rows.T @ f)  # of the class of each example
    cov, between = f.T @ f / len(f), means.T @ means / len(f)
    if not shrink:
        return float(round(np.trace(np.linalg.pinv(cov, rcond=1e-8, hermitian=True) @ between), 12))
    share = _ledoit_wolf(f, cov)
    cov = (1 - share) * cov + share * np.trace(cov) / len(cov) * np.eye(len(cov))
    return float((1 - share) * np.trace(np.linalg.pinv(cov, hermitian=True) @ between))


def _ledoit_wolf(f, cov) -> float:
    """How much of a covariance to replace by a round one: noise of its entries / what they hold."""
    round_one = np.trace(cov) / len(cov) * np.eye(len(cov))
    distance = ((cov - round_one) ** 2).sum()
    noise = (((f**2).T @ f**2).sum() / len(f) - (cov**2).sum()) / len(f)
    return float(np.clip(noise / distance, 0, 1)) if distance > 0 else 1.0


def nearest_mean_accuracy(features, labels, *, folds: int = 5, generator=None) -> float:
    """Share of examples that lie nearest to the mean of their own class, each left out in its turn.

    The nearest class mean (`nearest_prototype`), cross-validated: the means are those of examples
    that are not asked for.

    Args:
        features: (N, …), flattened to (N, D).
        labels: (N,) whole numbers.
        folds: parts that are left out in turn, see `folds_of`.
        generator: draws the parts; the default one if None.

    Raises:
        ValueError: if lengths differ, something is not finite, there is only one class, or no class
            has two examples.

    Example:
        >>> x = np.array([0.0, 0.1, 0.2, 1.0, 1.1, 1.2])[:, None]
        >>> nearest_mean_accuracy(x, [0, 0, 0, 1, 1, 1], folds=3)
        1.0
    """
    f, y = _checked("nearest_mean_accuracy", features, labels)
    return _asked_in_turn(f, y, nearest_prototype, folds, generator)


def probe_accuracy(features, labels, *, folds: int = 5, generator=None) -> float:
    """Share of examples that a linear map of the features gets right, each left out in its turn.

    A `ridge_probe`, whose strength is chosen within each part that is learnt from, cross-validated.

    Args:
        features: (N, …), flattened to (N, D).
        labels: (N,) whole numbers.
        folds: parts that are left out in turn, see `folds_of`.
        generator: draws the parts; the default one if None.

    Raises:
        ValueError: as `nearest_mean_accuracy`.

    Example:
        >>> x = np.array([0.0, 0.1, 0.2, 1.0, 1.1, 1.2])[:, None]
        >>> probe_accuracy(x, [0, 0, 0, 1, 1, 1], folds=3)
        1.0
    """
    f, y = _checked("probe_accuracy", features, labels)

    def answers(seen, labels, asked):
        return ridge_probe(seen, labels).predict(asked).argmax(1)

    return _asked_in_turn(f, y, answers, folds, generator)


def folds_of(labels, folds: int = 5, generator=None) -> np.ndarray:
    """Divide examples into parts of like size that have the classes in like shares.

    Args:
        labels: (N,).
        folds: how many parts, two or more; as many as the largest class has examples, if these are
            fewer.
        generator: decides who comes into which part; the default one if None.

    Returns:
        (N,) numbers of the parts, from 0; −1 for an example that is the only one of its class, and
        can only be learnt from.

    Raises:
        ValueError: if `folds` is below 2, or no class has two examples.

    Example:
        >>> folds_of([7, 7, 7, 7, 9, 9, 5], 2, np.random.default_rng(0)).tolist()
        [1, 0, 1, 0, 0, 1, -1]
    """
    _, y, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if folds < 2:
        raise ValueError(f"cross-validation takes two folds or more; given {folds}")
    if not len(y) or counts.max() < 2:
        raise ValueError(
            "cross-validation takes a class with two examples or more: one to learn from, and one "
            f"to ask for; given {len(y)} examples of {len(counts)} classes"
        )
    generator = generator or default_generator()
    order = np.lexsort((generator.random(len(y)), y))
    order = order[counts[y[order]] > 1]
    fold = np.full(len(y), -1)
    fold[order] = np.arange(len(order)) % min(folds, counts.max())
    return fold


def transferability(
    model: Module,
    data,
    *,
    folds: int = 5,
    generator=None,
    head: str | None = None,
    allow_other_input: bool = False,
) -> dict[str, float]:
    """Judge a network for a new task by all five scores, from one look at its labelled examples.

    Args:
        model: the network as it was published, with the head of its *old* task: `leep` reads it.
        data: labelled examples of the new task, whatever `Dataset.of` takes.
        folds, generator: of the two scores that are cross-validated.
        head: dotted name of the head, where `find_head` cannot tell.
        allow_other_input: see `check_input`.

    Returns:
        {"leep": `leep`, "log_me": `log_me`, "h_score": `h_score` with `shrink`, "nearest_mean":
        `nearest_mean_accuracy`, "linear_probe": `probe_accuracy`}.

    Raises:
        ValueError: if the data has values instead of labels, or a score cannot be computed.

    Example:
        >>> from minitransfer import nn
        >>> rng = np.random.default_rng(0)
        >>> net = nn.Sequential(nn.Linear(4, 8, generator=rng), nn.ReLU(), nn.Linear(8, 3))
        >>> x = rng.standard_normal((50, 4)).astype(np.float32)
        >>> scores = transferability(net, (x, (x[:, 0] > 0).astype(int)), generator=rng)
        >>> list(scores)
        ['leep', 'log_me', 'h_score', 'nearest_mean', 'linear_probe']
    """
    generator = generator or default_generator()
    features, layer = look_once(model, data, head, allow_other_input)
    f, y = features.x, features.y
    return {
        "leep": leep(softmax(predict(layer, features)), y),
        "log_me": log_me(f, y),
        "h_score": h_score(f, y, shrink=True),
        "nearest_mean": nearest_mean_accuracy(f, y, folds=folds, generator=generator),
        "linear_probe": probe_accuracy(f, y, folds=folds, generator=generator),
    }


def look_once(model, data, head=None, allow_other_input=False) -> tuple[Dataset, Module]:
    """Return what a network makes of labelled examples before its head, and the head.

    Raises:
        ValueError: if the data has values instead of labels, or is not what the network takes.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> look_once(net, (np.zeros((2, 4), np.float32), [0, 1]))
        (Dataset 'data, features': 2 examples (8,), Linear(8 → 3))
    """
    data = Dataset.of(data, network=model)
    check_input(model, data, allow_other_input)
    if data.y.ndim != 1 or data.y.dtype.kind not in "iu":
        raise ValueError(
            f"the data {data.name!r} has values ({data.y.dtype}, {data.y.shape}) where labels are "
            "expected, whole numbers (N,); of values, log_me(features, values) is the score"
        )
    name, layer = find_head(model, data, head=head)
    return features_of(strip_head(model, name), data), layer


def _asked_in_turn(features, labels, answers, folds, generator) -> float:
    fold = folds_of(labels, folds, generator)
    right = [
        answers(features[fold != k], labels[fold != k], features[fold == k]) == labels[fold == k]
        for k in range(fold.max() + 1)
    ]
    return float(np.concatenate(right).mean())


def _one_hot(labels) -> np.ndarray:
    return np.eye(labels.max() + 1)[labels]


def _rows(name, features) -> np.ndarray:
    f = np.asarray(as_array(features), np.float64)
    f = f.reshape(len(f), -1) if f.ndim and f.size else f
    if f.ndim != 2 or not np.isfinite(f).all():
        raise ValueError(
            f"{name} takes a row of finite numbers for each example; given shape {f.shape}"
            + ("" if np.isfinite(f).all() else ", with NaN or infinity in it")
        )
    return f


def _checked(name, features, labels):
    """Rows in float64, and labels counted from 0 without gaps."""
    f, y = _rows(name, features), np.asarray(as_array(labels))
    if y.ndim != 1 or len(y) != len(f) or y.dtype.kind not in "iub":
        raise ValueError(
            f"{name}: {len(f)} rows and labels of shape {y.shape} ({y.dtype}); expected a label, a "
            "whole number, for each row"
        )
    classes, y = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"{name} compares classes, and all {len(f)} examples are of one; give two or more"
        )
    return f, y
