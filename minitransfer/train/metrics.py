"""How good are the answers? Functions (outputs, targets) → number; both are arrays."""

import numpy as np


def accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Share of the examples whose largest output stands at the right class.

    Args:
        outputs: (N, classes).
        targets: labels (N,), or (N, classes) with the largest number at the right class.

    Raises:
        ValueError: if the shapes are others.

    Example:
        >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
        0.5
    """
    if targets.shape == outputs.shape and targets.ndim == 2 and targets.shape[1] > 1:
        targets = targets.argmax(1)
    if outputs.ndim != 2 or outputs.shape[1] < 2 or targets.shape != outputs.shape[:1]:
        raise ValueError(
            "accuracy compares outputs (N, classes) with labels (N,) or (N, classes); given "
            f"{outputs.shape} and {targets.shape}. For yes-or-no outputs there is "
            "'binary_accuracy', for values 'mae' and 'mse'"
        )
    return float((outputs.argmax(1) == targets).mean())


def binary_accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Share of the yes-or-no answers that are right: a logit above 0 says yes.

    Args:
        outputs: logits, of any shape.
        targets: zeros and ones, of the same shape.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> binary_accuracy(np.array([[2.0], [-1.0]]), np.array([[1], [1]]))
        0.5
    """
    _check_same_shape("binary_accuracy", outputs, targets)
    return float(((outputs > 0) == (targets > 0.5)).mean())


def mae(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Mean absolute error.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> mae(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
        1.0
    """
    _check_same_shape("mae", outputs, targets)
    return float(np.abs(outputs - targets).mean())


def mse(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Mean squared error.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> mse(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
        2.0
    """
    _check_same_shape("mse", outputs, targets)
    return float(np.square(outputs - targets).mean())


#: The metrics that can be named.
METRICS = {f.__name__: f for f in (accuracy, binary_accuracy, mae, mse)}


def named_metrics(metrics, targets) -> dict:
    """Return name → function for what the user asked for.

    Args:
        metrics: names and functions; None asks for the accuracy where `targets` are labels.
        targets: an array of targets; None where they are not known beforehand.

    Raises:
        ValueError: if a name is unknown or stands twice.

    Example:
        >>> list(named_metrics(None, np.array([1, 0]))), list(named_metrics(["mae"], None))
        (['accuracy'], ['mae'])
    """
    if metrics is None:
        labels = targets is not None and targets.ndim == 1 and targets.dtype.kind in "iub"
        metrics = ["accuracy"] if labels else []
    elif isinstance(metrics, str) or callable(metrics):
        metrics = [metrics]
    found = {}
    for metric in metrics:
        name = metric if isinstance(metric, str) else getattr(metric, "__name__", "metric")
        if isinstance(metric, str) and metric not in METRICS:
            raise ValueError(
                f"unknown metric {metric!r}; expected one of {', '.join(METRICS)}, "
                "or a function (outputs, targets) -> number"
            )
        if name in found or name == "loss":
            raise ValueError(f"two metrics are called {name!r}; give one of them another name")
        found[name] = METRICS[metric] if isinstance(metric, str) else metric
    return found


def _check_same_shape(name, outputs, targets):
    # Broadcasting (N, 1) against (N,) would compare every answer with every target.
    if outputs.shape != targets.shape:
        raise ValueError(
            f"{name} compares arrays of one shape; given outputs {outputs.shape} and targets "
            f"{targets.shape}: reshape the targets, or let the network end in nn.Flatten(0)"
        )
