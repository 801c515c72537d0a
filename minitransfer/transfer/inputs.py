"""The same kind of input in both steps: an image network takes images (article C)."""

from minitransfer.data import Dataset, TensorDataset
from minitransfer.nn import Module
from minitransfer.train.evaluation import arrays_of


def check_input(model: Module, data, allow_other_input: bool = False) -> None:
    """Refuse data of another type or shape than the network has learnt from.

    A network may say what it takes in two attributes of its outermost module: `input_type`
    ("image", "sound", "text" or "numbers") and `input_shape` (of one example). Published networks
    do; a network that says nothing takes anything.

    Args:
        model: the network.
        data: a `Dataset`, which knows its type, or (inputs, targets), of which the shape counts.
        allow_other_input: let it pass all the same. The experiment may be worth it (try sound
            on an image network once); the features will mean little.

    Raises:
        ValueError: if type or shape differ; it says which, and what to do.

    Example:
        >>> import numpy as np
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Linear(12, 2))
        >>> net.input_type = "image"
        >>> check_input(net, Dataset(np.zeros((3, 12)), [0, 1, 1], input_type="sound"))
        Traceback (most recent call last):
            ...
        ValueError: this network learnt from input of type 'image', the data 'data' is of type
        'sound'. What it knows is of little use there: take a network that learnt from sound, or
        say allow_other_input=True to try it all the same
    """
    if allow_other_input:
        return
    wanted, given = getattr(model, "input_type", None), getattr(data, "input_type", None)
    name = f"the data {data.name!r}" if isinstance(data, Dataset) else "the data"
    if wanted is not None and given is not None and wanted != given:
        raise ValueError(
            f"this network learnt from input of type {wanted!r}, {name} is of type {given!r}. "
            f"What it knows is of little use there: take a network that learnt from {given}, or "
            "say allow_other_input=True to try it all the same"
        )
    wanted, given = getattr(model, "input_shape", None), inputs_and_targets(data)[0].shape[1:]
    if wanted is not None and tuple(wanted) != tuple(given):
        raise ValueError(
            f"this network learnt from examples of shape {tuple(wanted)}, those of {name} have "
            f"the shape {tuple(given)}: bring them to that shape (resize, crop or pad), or say "
            "allow_other_input=True if the network takes several"
        )


def inputs_and_targets(data) -> tuple:
    """Return the two arrays (or tensors) of a Dataset, a TensorDataset or a pair.

    Raises:
        TypeError: if the data is something else. A DataLoader is: it cuts batches its own way.
        ValueError: if it is empty.

    Example:
        >>> [len(part) for part in inputs_and_targets(([[1.0], [2.0]], [0, 1]))]
        [2, 2]
    """
    if isinstance(data, Dataset):
        x, y = data.x, data.y
    elif isinstance(data, TensorDataset) and len(data.tensors) == 2:
        x, y = data.tensors
    elif isinstance(data, (tuple, list)) and len(data) == 2:
        x, y = arrays_of(data)
    else:
        raise TypeError(
            "expected a Dataset, a TensorDataset of two tensors, or a pair (inputs, targets); "
            f"given {type(data).__name__}. Of a DataLoader give the data that it was made from; "
            "batch_size, transform and generator are arguments here"
        )
    if len(x) != len(y):
        raise ValueError(f"{len(x)} inputs and {len(y)} targets: every example needs its target")
    if len(x) == 0:
        raise ValueError("the data is empty; there is nothing to learn from")
    return x, y
