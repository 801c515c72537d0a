"""Use a network without training it: its answers, and how good they are."""

import contextlib

import numpy as np

from minitransfer import nn
from minitransfer.autograd import no_grad
from minitransfer.data import DataLoader, Dataset, TensorDataset
from minitransfer.tensor import Tensor
from minitransfer.train.metrics import named_metrics


def evaluate(model, data, *, loss=None, metrics=None, batch_size=500) -> dict[str, float]:
    """Say how well a network does. It is in evaluation mode meanwhile, and nothing is recorded.

    Args:
        model: the network.
        data: Dataset, DataLoader, or (inputs, targets).
        loss: (outputs, targets) → a number, as a tensor; by default `nn.CrossEntropyLoss()`.
        metrics: names from `METRICS`, or functions (outputs, targets) → number on the arrays of
            the whole data. By default the accuracy, where the targets are labels.
        batch_size: examples at a time; changes no result but for rounding.

    Returns:
        "loss" (the mean over the examples) and the metrics, by name.

    Raises:
        ValueError: if the data is empty, has no targets, or a metric is unknown or does not fit.

    Example:
        >>> from minitransfer import nn
        >>> model = nn.Linear(2, 2)
        >>> _ = model.load_state_dict({"weight": np.eye(2), "bias": np.zeros(2)})
        >>> evaluate(model, (np.eye(2), [0, 0]))["accuracy"]
        0.5
    """
    loss = loss or nn.CrossEntropyLoss()
    loader = loader_of(data, batch_size)
    total, count, outputs, targets = 0.0, 0, [], []
    with modes_kept(model), no_grad():
        model.eval()
        for x, y in pairs(loader):
            output = model(x)
            total += loss(output, y).item() * len(x)
            count += len(x)
            outputs.append(output.array)
            targets.append(y.array)
    outputs, targets = np.concatenate(outputs), np.concatenate(targets)
    scores = {
        name: float(metric(outputs, targets))
        for name, metric in named_metrics(metrics, targets).items()
    }
    return {"loss": total / count, **scores}


def predict(model, x, *, batch_size=500) -> np.ndarray:
    """Return the outputs of a network in evaluation mode.

    Args:
        model: the network.
        x: inputs (N, ...): an array, a tensor, nested lists, or a Dataset (its targets are not
            looked at). Pictures in uint8 are brought to 0…1 as in training, see `DataLoader`.
        batch_size: examples at a time.

    Returns:
        The outputs, (N, ...). For the class of each example take ``.argmax(1)``.

    Raises:
        ValueError: if there are no inputs.

    Example:
        >>> from minitransfer import nn
        >>> predict(nn.Linear(2, 3), np.zeros((5, 2))).shape
        (5, 3)
    """
    x = x.x if isinstance(x, Dataset) else x
    loader = DataLoader(x if isinstance(x, (np.ndarray, Tensor)) else np.asarray(x), batch_size)
    with modes_kept(model), no_grad():
        model.eval()
        return np.concatenate([model(batch).array for batch in loader])


def loader_of(data, batch_size, **options) -> DataLoader:
    """Return a loader for anything that `fit` and `evaluate` take; a loader as it is."""
    if isinstance(data, DataLoader):
        return data
    return DataLoader(arrays_of(data), batch_size, **options)


def arrays_of(data):
    """Turn the lists in (inputs, targets) into arrays; return other data as it is."""
    if isinstance(data, (tuple, list)) and len(data) == 2:
        return tuple(p if isinstance(p, (np.ndarray, Tensor)) else np.asarray(p) for p in data)
    return data


def targets_of(data) -> np.ndarray | None:
    """Return the targets in anything that can be cut by the example, or None."""
    if isinstance(data, Dataset):
        return data.y
    if isinstance(data, TensorDataset):
        return data.tensors[-1].array
    parts = arrays_of(data)
    if isinstance(parts, tuple) and len(parts) == 2:
        return parts[1].array if isinstance(parts[1], Tensor) else parts[1]
    return None


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


@contextlib.contextmanager
def modes_kept(model):
    """Give every module its mode back in the end, as it was before."""
    before = [(module, module._training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in before:
            module._training = mode
