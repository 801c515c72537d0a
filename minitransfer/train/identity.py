"""What makes two training runs the same one, so that one may go on where the other was stopped.

A checkpoint that is taken up with another rate, loss or data would end as neither run: what was
asked for first is in half of the steps, and the card of the result names the second alone.
"""

import functools
import inspect
import numbers

import numpy as np

from minitransfer.autograd import as_array
from minitransfer.terminal import escaped


def identity(run, loss, clip_norm, command: str) -> dict:
    """Return what has to be the same when a run is taken up again, before its first step.

    How long it takes is not among it: a run may be made longer.

    Args:
        run: the `Run`, with its schedule.
        loss, clip_norm: what it is trained with.
        command: see `Monitor`.
    """
    named = {"training": run.loader, "validation": run.validation}
    loaders = {name: loader for name, loader in named.items() if loader is not None}
    return {
        "command": command,
        "data": {name: loader.content_hash() for name, loader in loaders.items()},
        "weights": {
            name: f"{tensor.dtype} {tensor.shape}"
            for name, tensor in run.model.state_dict().items()
        },
        "trainable": [n for n, p in run.model.named_parameters() if p.requires_grad],
        "loss": described(loss),
        "clip_norm": clip_norm,
        "transform": described(run.loader.transform),
        "optimizer": type(run.optimizer).__name__,
        "groups": [group["names"] for group in run.optimizer.param_groups],
        **{f"group {i}": _options(group) for i, group in enumerate(run.optimizer.param_groups)},
        "schedule": type(run.schedule).__name__,
        _WITH_LENGTH: described(run.schedule),
        "batches": len(run.loader),
        "batch_size": run.loader.batch_size,
        "metrics": list(run.metrics),
        "patience": run.patience,
        "generators": {
            name: type(g.bit_generator).__name__ for name, g in run.generators().items()
        },
    }


#: What a schedule was made with follows from the number of steps, and may change with it.
_WITH_LENGTH = "schedule's options"


def check_identity(saved: dict, own: dict, same_length: bool, path) -> None:
    """Refuse a checkpoint of another run.

    Args:
        saved: the identity of the run in the file.
        own: that of the run that is to go on.
        same_length: whether both take equally many steps.
        path: the file, for the error.

    Raises:
        ValueError: names every difference, with both values.

    Example:
        >>> check_identity({"clip_norm": 1.0}, {"clip_norm": None}, True, "run.safetensors")
        Traceback (most recent call last):
        ValueError: run.safetensors is of another training run; in the file / here: clip_norm:
        1.0 / None. Nothing was changed: resume with what the file was made with, delete the file
        or choose another
    """
    differences = []
    for what, ours in own.items():
        theirs = saved.get(what)
        if what == _WITH_LENGTH and not same_length:
            continue
        if isinstance(ours, dict) and isinstance(theirs, dict):
            names = [n for n in {**theirs, **ours} if theirs.get(n) != ours.get(n)]
            differences += [f"{what} {n!r}: {theirs.get(n)} / {ours.get(n)}" for n in names]
        elif theirs != ours:
            differences.append(f"{what}: {theirs} / {ours}")
    if differences:
        raise ValueError(
            f"{path} is of another training run; in the file / here: "
            f"{escaped('; '.join(differences))}. "
            "Nothing was changed: resume with what the file was made with, delete the file or "
            "choose another"
        )


def described(thing) -> str:
    """Return the name of a loss, a schedule or a function, and what it was made with.

    Of an object these are the attributes that are called like arguments of its constructor, where
    they hold numbers, words, arrays or further losses.

    Example:
        >>> from minitransfer import nn
        >>> described(nn.HuberLoss(delta=2.0)), described(np.mean)
        ("HuberLoss(reduction='mean', delta=2.0)", 'mean')
    """
    if isinstance(thing, functools.partial):
        words = [f"{name}={_value(value)}" for name, value in thing.keywords.items()]
        return f"{described(thing.func)}({', '.join([*map(_value, thing.args), *words])})"
    if thing is None or hasattr(thing, "__name__"):
        return getattr(thing, "__name__", "None")
    names = {}
    for kind in type(thing).__mro__:
        if "__init__" in kind.__dict__ and kind is not object:
            names.update(dict.fromkeys(inspect.signature(kind.__init__).parameters))
    found = {name: _value(vars(thing)[name]) for name in names if name in vars(thing)}
    options = (f"{name}={value}" for name, value in found.items() if value is not None)
    return f"{type(thing).__name__}({', '.join(options)})"


def _value(value) -> str | None:
    """A number, word, array or loss as text; None for None, and where nothing can be said."""
    if isinstance(value, (str, numbers.Number, np.bool_)):
        return repr(value)
    if value is None or hasattr(value, "__name__"):  # a function kept is seldom an option
        return None
    if callable(value):
        return described(value)
    try:
        array = np.asarray(as_array(value), np.float64)
    except (TypeError, ValueError):  # a list of layers, for instance
        return None
    return repr(array.tolist())


def _options(group) -> dict[str, str]:
    """The options of a group; a schedule has the lr in its hands, and starts from the first."""
    options = {name: repr(v) for name, v in group.items() if name not in ("params", "names")}
    if "initial_lr" in options:
        options["lr"] = options.pop("initial_lr")
    return options
