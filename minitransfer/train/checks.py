"""What `fit` refuses before, while and after it trains, each with what to do about it."""

import math
import numbers

import numpy as np

from minitransfer.data import DataLoader
from minitransfer.nn.module import check_module
from minitransfer.not_covered import what_was_given
from minitransfer.optim import Optimizer
from minitransfer.train.evaluation import check_loss, one_number
from minitransfer.train.state import Monitor


def check_kinds(model, loss, optimizer, clip_norm, monitor) -> None:
    """Refuse arguments of `fit` that are something else than they have to be.

    Raises:
        TypeError: says what was given.
        ValueError: if `clip_norm` is 0, negative or NaN.
    """
    check_module(model)
    check_loss(loss)
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(
            "optimizer is one of optim's that holds the model's parameters, as "
            f"optim.Adam(model.parameters()); given {what_was_given(optimizer)}"
        )
    if clip_norm is not None and not isinstance(clip_norm, numbers.Real):
        raise TypeError(f"clip_norm is a number above 0; given {what_was_given(clip_norm)}")
    if clip_norm is not None and not clip_norm > 0:
        raise ValueError(
            f"clip_norm is a number above 0, the largest norm to allow; given {clip_norm}"
        )
    if not isinstance(monitor, Monitor):
        raise TypeError(f"monitor is a train.Monitor(…); given {what_was_given(monitor)}")


def check_arguments(data, epochs, steps, transform, generator, validation, monitor) -> None:
    """Refuse arguments of `fit` that contradict each other.

    Raises:
        TypeError: if the generator is not one.
        ValueError: for everything else.
    """
    if (epochs is None) == (steps is None):
        raise ValueError(
            f"fit takes either epochs or steps; given epochs={epochs} and steps={steps}"
        )
    if generator is not None and not isinstance(generator, np.random.Generator):
        raise TypeError(
            "generator has to be a numpy.random.Generator, as numpy.random.default_rng(0) makes "
            f"it; given {type(generator).__name__}"
        )
    if monitor.patience is not None and validation is None:
        raise ValueError("patience watches the validation loss; give validation= as well")
    if isinstance(data, DataLoader):
        given = {"transform": transform is not None, "generator": generator is not None}
        if wrong := [name for name, there in given.items() if there]:
            raise ValueError(
                f"fit was given a DataLoader and {' and '.join(wrong)}; that is the loader's "
                "business: give it to the DataLoader, or give fit the data"
            )


def trainable(model) -> list:
    """Return the (name, parameter) pairs that training may change.

    Raises:
        ValueError: if there are none.
    """
    found = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if not found:
        raise ValueError(
            f"{type(model).__name__} has no trainable parameter; unfreeze a part of it "
            "(transfer.unfreeze) or append a layer"
        )
    return found


def check_optimizer(model, optimizer) -> None:
    """Refuse an optimiser that lacks something trainable in the model, or has something else.

    Raises:
        ValueError: names the parameters.
    """
    known = {id(p) for p in model.parameters()}
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    left_out = [
        name for name, p in model.named_parameters() if p.requires_grad and id(p) not in held
    ]
    strangers = [
        name
        for group in optimizer.param_groups
        for name, p in zip(group["names"], group["params"], strict=True)
        if id(p) not in known
    ]
    problems = []
    if left_out:
        problems.append(f"trainable, but in no group of the optimiser: {', '.join(left_out)}")
    if strangers:
        problems.append(f"in the optimiser, but not in the model: {', '.join(strangers)}")
    if problems:
        raise ValueError(
            "; ".join(problems) + ". Was a layer replaced after the optimiser had been made? Make "
            "the optimiser last, or freeze what is not to be trained (transfer.freeze)"
        )


def check_value(value, loss, x, model, step: int, lr: float) -> None:
    """Refuse a loss that is not a single finite number.

    Raises:
        TypeError: if it is not a tensor.
        ValueError: if it is not one number.
        FloatingPointError: if it is NaN or infinite; says where that may come from.
    """
    number = one_number(value, loss)
    if math.isfinite(number):
        return
    if not np.isfinite(x.array).all():
        cause = "the inputs of this batch hold NaN or infinite numbers: clean the data"
    elif not _finite(model):
        cause = f"the weights have grown beyond all bounds: try {_smaller(lr)}, or clip_norm=1.0"
    else:
        cause = f"try {_smaller(lr)} or clip_norm=1.0, and check the targets for NaN"
    raise FloatingPointError(
        f"the loss is {number} at step {step} with learning rate {lr:.3g}; {cause}. "
        "Training stopped before this step: the weights are those of the steps before"
    )


def check_validation(scores: dict, step: int) -> None:
    """Refuse a validation loss that is NaN or infinite: nothing could be chosen by it.

    Raises:
        FloatingPointError: says at which step.
    """
    if scores and not math.isfinite(scores["loss"]):
        raise FloatingPointError(
            f"the validation loss is {scores['loss']} after step {step}, while that on the "
            "training data is finite; check the validation data for NaN, or lower the rate"
        )


def check_weights(model, step: int, lr: float) -> None:
    """Refuse weights that are not numbers any more: a finite loss can have NaN for a derivative.

    Raises:
        FloatingPointError: says at which step it was noticed.
    """
    if not _finite(model):
        raise FloatingPointError(
            f"after step {step} with learning rate {lr:.3g} some weights are NaN or infinite; "
            f"try {_smaller(lr)} or clip_norm=1.0, and check the loss for a square root or "
            "logarithm at 0"
        )


def _smaller(lr: float) -> str:
    """A tenth of the rate, but none that nobody would begin with."""
    return f"lr={min(lr / 10, 0.1):.1g}"


def _finite(model) -> bool:
    return all(np.isfinite(p.array).all() for p in model.parameters())
