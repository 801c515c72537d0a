"""Use a network without training it: its answers, and how good they are.

A metric is a function (outputs, targets) → number; both are arrays.
"""

from dataclasses import dataclass

import numpy as np

from minitransfer import kernels, nn
from minitransfer.autograd import no_grad
from minitransfer.data import DataLoader, Dataset
from minitransfer.data.dataset import has_own_items
from minitransfer.nn.module import check_module
from minitransfer.not_covered import what_was_given
from minitransfer.tensor import Tensor


def evaluate(model, data, *, loss=None, metrics=None, batch_size=500) -> dict[str, float]:
    """Say how well a network does. It is in evaluation mode meanwhile, and nothing is recorded.

    Args:
        model: the network.
        data: whatever `Dataset.of` takes, or a DataLoader.
        loss: (outputs, targets) → a number, as a tensor; by default `nn.CrossEntropyLoss()`.
        metrics: names from `METRICS`, or functions (outputs, targets) → number on the arrays of
            the whole data. By default the accuracy, where the targets are labels.
        batch_size: examples at a time; changes no result but for rounding.

    Returns:
        "loss" and the metrics, by name. The loss is what it would be of all the data in one batch
        (see `loss_count`): a mean over all that counts, by class weights where there are some; a
        sum with ``reduction="sum"``. That of a function of your own is the mean over the examples.

    Raises:
        ValueError: if the data is empty, has no targets or none that the loss counts, or a metric
            is unknown or does not fit.
        TypeError: if the model is no module, or the loss no function.

    Example:
        >>> from minitransfer import nn
        >>> model = nn.Linear(2, 2)
        >>> _ = model.load_state_dict({"weight": np.eye(2), "bias": np.zeros(2)})
        >>> evaluate(model, (np.eye(2), [0, 0]))["accuracy"]
        0.5
    """
    check_module(model)
    check_loss(loss)
    loss = loss or nn.CrossEntropyLoss()
    loader = DataLoader.of(data, batch_size, network=model)
    losses, outputs, targets = LossOfAll(), [], []
    with model.in_mode(training=False), no_grad():
        for x, y in pairs(loader):
            output = model(x)
            count = loss_count(loss, output, y)
            if count != 0:
                losses.add(one_number(loss(output, y), loss), count)
            outputs.append(output.array)
            targets.append(y.array)
    outputs, targets = np.concatenate(outputs), np.concatenate(targets)
    scores = {
        name: float(metric(outputs, targets))
        for name, metric in named_metrics(metrics, targets).items()
    }
    if not losses.batches:
        raise ValueError("the loss counts none of these targets: all are ignored or have weight 0")
    return {"loss": losses.value, **scores}


def check_loss(loss) -> None:
    """Refuse what cannot be called with outputs and targets.

    Raises:
        TypeError: says what was given.

    Example:
        >>> check_loss(nn.MSELoss)
        Traceback (most recent call last):
            ...
        TypeError: loss is a function (outputs, targets) -> number, as nn.MSELoss(); given the
        class MSELoss, which has to be called first: MSELoss(…)
    """
    foreign = type(loss).__module__.split(".")[0] == "torch"
    if loss is not None and (isinstance(loss, type) or foreign or not callable(loss)):
        raise TypeError(
            "loss is a function (outputs, targets) -> number, as nn.MSELoss(); given "
            f"{what_was_given(loss)}"
        )


def one_number(value, loss) -> float:
    """Return the loss of a batch as a Python number.

    Raises:
        TypeError: if it is not a tensor.
        ValueError: if it is not one number.

    Example:
        >>> from minitransfer import tensor
        >>> one_number(tensor([0.5]), nn.MSELoss())
        0.5
    """
    if isinstance(value, Tensor) and value.array.size == 1:
        return value.item()
    name = getattr(loss, "__name__", type(loss).__name__)
    if isinstance(value, Tensor):
        raise ValueError(
            f"the loss has to be one number; {name} gave shape {value.shape}: "
            "take its mean (reduction='mean')"
        )
    raise TypeError(
        f"the loss has to be a tensor that knows what it was computed from; {name} gave "
        f"{what_was_given(value)}: compute it with tensors, without item() or numpy()"
    )


def loss_count(loss, outputs, targets) -> float | None:
    """Return what the loss of a batch is a mean over; None where it is a sum.

    A loss may say so in a method ``count(outputs, targets)``, as those of `nn` do: with class
    weights, for instance, a batch of rare classes counts for more. For any other function it is
    the number of examples.

    Example:
        >>> from minitransfer import tensor, zeros
        >>> loss_count(nn.CrossEntropyLoss(ignore_index=0), zeros(3, 2), tensor([1, 0, 1]))
        2
    """
    count = getattr(loss, "count", None)
    return count(outputs, targets) if callable(count) else len(targets)


@dataclass
class LossOfAll:
    """The losses of several batches, put together to what the loss would be of all in one.

    Example:
        >>> losses = LossOfAll()
        >>> losses.add(1.0, count=1)
        >>> losses.add(4.0, count=3)
        >>> losses.value
        3.25
    """

    total: float = 0.0
    count: float = 0.0
    batches: int = 0

    def add(self, loss: float, count: float | None) -> None:
        """Add the loss of a batch, with what it is a mean over (see `loss_count`)."""
        self.total += loss if count is None else loss * count
        self.count += count or 0
        self.batches += count != 0

    @property
    def value(self) -> float:
        """The loss of all; NaN if nothing counted."""
        if not self.batches:
            return float("nan")
        return self.total / self.count if self.count else self.total


def predict(model, x, *, batch_size=500) -> np.ndarray:
    """Return the outputs of a network in evaluation mode.

    Args:
        model: the network.
        x: inputs (N, ...): an array, a tensor, nested lists, or whatever else `Dataset.of` or a
            DataLoader makes batches of; targets are not looked at. Bytes are pictures only in a
            Dataset that says so, see `DataLoader`.
        batch_size: examples at a time.

    Returns:
        The outputs, (N, ...). For the class of each example take ``.argmax(1)``.

    Raises:
        ValueError: if there are no inputs, or an image network is given undeclared bytes.

    Example:
        >>> from minitransfer import nn
        >>> predict(nn.Linear(2, 3), np.zeros((5, 2))).shape
        (5, 3)
    """
    check_module(model)
    kernels.keep_freed_memory()
    if not isinstance(x, DataLoader):
        if not has_own_items(x):
            x = Dataset.of(x, needs_targets=False, network=model)
        x = DataLoader(x, batch_size)
    with model.in_mode(training=False), no_grad():
        inputs = (batch[0] if isinstance(batch, tuple) else batch for batch in x)
        return np.concatenate([model(batch).array for batch in inputs])


def pairs(batches):
    """Yield each batch, having seen that it is one of inputs and targets.

    Raises:
        ValueError: if a batch is anything but a pair.
    """
    for batch in batches:
        if not isinstance(batch, tuple) or len(batch) != 2:
            what = f"{len(batch)} arrays" if isinstance(batch, tuple) else "one array"
            raise ValueError(
                f"the data has to give inputs and targets, as (x, y) or a Dataset; given {what}"
            )
        yield batch


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
