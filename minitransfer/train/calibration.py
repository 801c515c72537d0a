"""How far the probabilities that a network gives can be believed, and how to set them right.

A network that says "90 %" should be right nine times out of ten. Trained ones mostly say too much
(Guo et al. 2017). One number divides all outputs and leaves every answer as it was: the
*temperature*, found on validation data.
"""

from dataclasses import dataclass

import numpy as np

#: Between which temperatures the right one is looked for.
COLDEST, HOTTEST = 0.02, 50.0


def softmax(logits, temperature: float = 1.0) -> np.ndarray:
    """Return probabilities (N, classes) for the outputs of a network.

    Args:
        logits: (N, classes).
        temperature: divides the logits: above 1 the probabilities come nearer to one another.

    Example:
        >>> softmax(np.array([[0.0, np.log(3)]])).round(2).tolist()
        [[0.25, 0.75]]
    """
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def fit_temperature(logits, labels) -> float:
    """Return the temperature with which the outputs fit the labels best (Guo et al. 2017).

    Best is the smallest cross-entropy. Where all of a few examples are answered rightly, that
    would ask for absolute certainty. So each label counts as if one example more had been wrong
    and one more right (Platt 1999): the right class gets (n + 1)/(n + 2), the others share the
    rest.

    Args:
        logits: (N, classes) of data that the network has not learnt from.
        labels: (N,).

    Raises:
        ValueError: if the shapes do not belong together, or there are no examples.

    Example:
        >>> fit_temperature(np.tile([[4.0, 0.0]], (100, 1)), [0] * 75 + [1] * 25) > 3
        True
    """
    logits, labels = _checked(logits, labels, "fit_temperature")
    n, classes = logits.shape
    targets = np.full((n, classes), 1 / (n + 2) / (classes - 1))
    targets[np.arange(n), labels] = (n + 1) / (n + 2)
    wanted = (targets * logits).sum(1).mean()

    def slope(sharpness):
        """Derivative of the cross-entropy in 1/temperature, in which it has a single valley."""
        return (softmax(logits, 1 / sharpness) * logits).sum(1).mean() - wanted

    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return float(1 / np.sqrt(low * high))


@dataclass(frozen=True, eq=False)
class Reliability:
    """What was said and what was right, in bins of what was said.

    Attributes:
        edges: (bins + 1,), from 0 to 1.
        counts: (bins,), how many answers were given with a probability in this bin.
        confidence: (bins,), their mean probability; NaN in an empty bin.
        accuracy: (bins,), share of them that was right; NaN in an empty bin.
        error: the expected calibration error: the mean gap between the two, each bin by its
            count.
        by_chance: the error that probabilities which are exactly right would stay below 95 times
            of 100, with so few answers: what `error` is to be compared with.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    error: float
    by_chance: float


def reliability(probabilities, labels, bins: int = 10) -> Reliability:
    """Compare how sure a network is of its answers with how often they are right.

    Args:
        probabilities: (N, classes).
        labels: (N,).
        bins: how many, equally wide.

    Raises:
        ValueError: if the shapes do not belong together, or there are no examples.

    Example:
        >>> said = reliability([[0.8, 0.2]] * 10, [0] * 8 + [1] * 2)
        >>> abs(round(said.error, 6)), said.counts.tolist()
        (0.0, [0, 0, 0, 0, 0, 0, 0, 0, 10, 0])
    """
    probabilities, labels = _checked(probabilities, labels, "reliability")
    surest = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    # What is 0.3 but for rounding counts with what is above 0.3, as written.
    places = np.clip(np.floor(surest * bins + 1e-9).astype(int), 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(places, surest, bins) / counts
        accuracy = np.bincount(places, right, bins) / counts
    # Drawn for the very same bins: fair answers, right as often as they say.
    fair = np.random.default_rng(0).random((1000, len(surest))) < surest
    by_chance = float(np.quantile([_error(places, surest, row, bins) for row in fair], 0.95))
    error = _error(places, surest, right, bins)
    edges = np.linspace(0, 1, bins + 1)
    return Reliability(edges, counts, confidence, accuracy, error, by_chance)


def _error(places, surest, right, bins):
    return float(np.abs(np.bincount(places, right - surest, bins)).sum() / len(surest))


def _checked(outputs, labels, name):
    outputs, labels = np.asarray(outputs, np.float64), np.asarray(labels)
    fits = outputs.ndim == 2 and outputs.shape[1] > 1 and labels.shape == outputs.shape[:1]
    if not fits or not len(labels):
        raise ValueError(
            f"{name} takes outputs (N, classes) of two classes or more and labels (N,); given "
            f"{outputs.shape} and {labels.shape}"
        )
    return outputs, labels
