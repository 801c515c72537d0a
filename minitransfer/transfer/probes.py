"""Probes: what can be read off frozen features by a linear map, found in closed form.

A ridge regression needs no learning rate, no steps and no luck: its weights are the solution of a
linear system, and how well it does on examples left out is known without leaving any out. So it
measures features, and for few labels it is a good head.
"""

from dataclasses import dataclass

import numpy as np

from minitransfer import nn
from minitransfer.autograd import as_array
from minitransfer.data import Dataset
from minitransfer.nn import Module
from minitransfer.transfer.activations import activations

#: Strengths to choose from, relative to the mean variance of the features.
STRENGTHS = tuple(10.0 ** np.arange(-5, 5.5, 0.5))


@dataclass(frozen=True, eq=False)
class RidgeProbe:
    """A linear map from features to classes or values.

    Attributes:
        weight: (outputs, features).
        bias: (outputs,).
        strength: the penalty that was chosen, relative to the mean variance of the features.
        left_out_error: mean squared error on each example, predicted from all the others.
        labels: whether it answers with classes.
    """

    weight: np.ndarray
    bias: np.ndarray
    strength: float
    left_out_error: float
    labels: bool

    def predict(self, features) -> np.ndarray:
        """Return the outputs (N, outputs); for classes, the largest one is the answer."""
        return _rows(features) @ self.weight.T + self.bias

    def score(self, features, targets) -> float:
        """Return the accuracy for labels, and R² for values: the share of the variance explained.

        R² is 1 for perfect predictions, 0 for guessing the mean, and has no lower bound.
        """
        outputs, targets = self.predict(features), np.asarray(as_array(targets))
        if self.labels:
            return float((outputs.argmax(1) == targets).mean())
        values = targets.reshape(len(targets), -1)
        if values.shape != outputs.shape:
            raise ValueError(
                f"the probe gives {outputs.shape[1]} values per example, the targets have "
                f"{values.shape[1]}"
            )
        spread = ((values - values.mean(0)) ** 2).sum()
        return float(1 - ((values - outputs) ** 2).sum() / spread)

    def as_layer(self) -> nn.Linear:
        """Return the map as a layer, to be put on a body as its head (`append`)."""
        layer = nn.Linear(self.weight.shape[1], self.weight.shape[0])
        layer.load_state_dict({"weight": self.weight, "bias": self.bias})
        return layer


def ridge_probe(features, targets, strengths=STRENGTHS) -> RidgeProbe:
    """Fit a linear map with an L2 penalty, its strength chosen by leaving out each example once.

    With the centred features X and targets Y, ``W = (XᵀX + λ I)⁻¹ Xᵀ Y``. The prediction of each
    example from all the others needs no second fit: its error is the ordinary one divided by
    ``1 − h``, where h is the example's own share in its prediction (Allen 1974; Golub, Heath and
    Wahba 1979). The bias is not penalised.

    Args:
        features: (N, …), flattened to (N, D).
        targets: labels, whole numbers (N,), which are fitted as one-hot rows; or values, (N,) or
            (N, outputs).
        strengths: candidates for λ, as multiples of the mean variance of a feature times N.

    Raises:
        ValueError: if lengths differ, there are fewer than two examples, or a strength is not
            above 0.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((40, 3))
        >>> probe = ridge_probe(x, x @ [1.0, 2.0, 3.0] + 4)
        >>> probe.weight.round(2).tolist(), probe.bias.round(2).tolist()
        ([[1.0, 2.0, 3.0]], [4.0])
    """
    x, targets = _rows(features), np.asarray(as_array(targets))
    if len(x) != len(targets) or len(x) < 2:
        raise ValueError(
            f"ridge_probe: {len(x)} rows of features and {len(targets)} targets; expected as many "
            "of both, two or more"
        )
    if not len(strengths) or not min(strengths) > 0:
        raise ValueError(f"ridge_probe: strengths are above 0; given {strengths}")
    labels = targets.ndim == 1 and targets.dtype.kind in "iu"
    y = np.eye(int(targets.max()) + 1)[targets] if labels else targets.reshape(len(targets), -1)
    x_mean, y_mean = x.mean(0), y.mean(0)
    u, s, vt = np.linalg.svd(x - x_mean, full_matrices=False)
    projected, scale = u.T @ (y - y_mean), max((s**2).sum() / x.shape[1], np.finfo(float).tiny)
    errors = [_left_out_error(u, s, projected, y - y_mean, k * scale) for k in strengths]
    best = int(np.argmin(errors))
    shrunk = s / (s**2 + strengths[best] * scale)
    weight = (vt.T @ (shrunk[:, None] * projected)).T
    return RidgeProbe(
        weight, y_mean - weight @ x_mean, float(strengths[best]), errors[best], labels
    )


def linear_probe(model: Module, train, test, *layers: str) -> dict[str, float]:
    """Measure how much of a task can be read off each layer of a network by a linear map.

    Alain and Bengio (2016). The network stays as it is: a ridge probe is fitted on what each layer
    makes of `train` and scored on what it makes of `test`.

    Args:
        model: the network.
        train, test: whatever `Dataset.of` takes.
        *layers: dotted names; all innermost layers if none.

    Returns:
        Name → accuracy on `test` for labels, R² for values.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.standard_normal((200, 3)).astype(np.float32)
        >>> data = (x, (x[:, 0] > 0).astype(int))
        >>> linear_probe(nn.Sequential(nn.Identity(), nn.Linear(3, 2)), data, data, "0")["0"] > 0.9
        True
    """
    train, test = Dataset.of(train, network=model), Dataset.of(test, network=model)
    seen, unseen = activations(model, train, *layers), activations(model, test, *layers)
    return {name: ridge_probe(seen[name], train.y).score(unseen[name], test.y) for name in seen}


def _left_out_error(u, s, projected, y, strength) -> float:
    shrinkage = s**2 / (s**2 + strength)
    own = 1 / len(y) + (u**2) @ shrinkage  # diagonal of the hat matrix; 1/N is the bias
    residual = (y - u @ (shrinkage[:, None] * projected)) / np.maximum(1 - own, 1e-12)[:, None]
    return float((residual**2).mean())


def _rows(features):
    features = np.asarray(as_array(features), np.float64)
    return features.reshape(len(features), -1)
