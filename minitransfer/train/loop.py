"""The loop. Everything else in this folder is there so that it can be read in one go.

Behind it stands what it refuses before, while and after it trains, each with what to do about it.
"""

import contextlib
import math
import numbers
from dataclasses import fields

import numpy as np

from minitransfer import compiler, kernels, nn
from minitransfer.data import DataLoader, Dataset
from minitransfer.nn.module import check_module
from minitransfer.not_covered import what_was_given
from minitransfer.optim import Adam, Optimizer, Schedule, clip_grad_norm_
from minitransfer.progress import progress_bar
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor
from minitransfer.train.checkpointing import checkpointing, saved_run
from minitransfer.train.evaluation import (
    check_loss,
    evaluate,
    loss_count,
    named_metrics,
    one_number,
)
from minitransfer.train.identity import identity
from minitransfer.train.state import History, Monitor, Run, check_count


def fit(
    model,
    data,
    *,
    loss=None,
    optimizer=None,
    epochs=None,
    steps=None,
    batch_size=64,
    schedule=None,
    validation=None,
    metrics=None,
    clip_norm=None,
    transform=None,
    generator=None,
    monitor=None,
    compile=False,
    **watched,
) -> History:
    """Train a network. Same seed, same bits; a resumed run ends as if never interrupted.

    Every batch is used, the last one of a pass too when it is not full; but where it would be a
    single example and batch norm learns, that one joins the batch before. Frozen parts stay as they
    are and in evaluation mode. In the end every module is back in the mode it had before.

    Args:
        model: the network; it is changed in place.
        data: whatever `Dataset.of` takes, as (inputs, targets); or a DataLoader, which then
            decides on batch size, order and transform.
        loss: (outputs, targets) → one number, as a tensor; by default `nn.CrossEntropyLoss()`.
        optimizer: by default `Adam` with lr=1e-3 on all that is trainable.
        epochs: how often to go through the data; give either this or `steps`.
        steps: how many batches to train on; the data is shuffled anew for each pass.
        batch_size: examples in a batch, at most as many as there are.
        schedule: a schedule for `optimizer`, or a function (optimizer, steps in all) → schedule,
            such as ``optim.CosineAnnealingLR``. It is stepped after every batch.
        validation: data to watch the training with (as `data`), or the share of `data` to set
            apart for that, each class in proportion.
        metrics: as in `evaluate`. On the training data they are the mean over the batches, taken
            in passing.
        clip_norm: largest norm of all gradients together, above 0; see `optim.clip_grad_norm_`.
        transform: called with each batch of inputs and a generator, see `DataLoader`.
        generator: source of randomness for the order and the split; the default one if left out.
        monitor: what is watched and kept: a checkpoint to resume from, patience to stop early, a
            progress bar; see `Monitor`.
        compile: whether to make one function of the step, see `minitransfer.compile`. It trains as
            the step itself does, to rounding, and most often to the bit; what cannot be compiled,
            as `clip_norm`, is done as it stands, with a warning that says why.
        **watched: instead of `monitor`, what it is made of: ``fit(…, patience=3)``.

    Returns:
        The history: a row per epoch (twentieth, with `steps`), the loss of every step.

    Raises:
        ValueError: if the data is empty, nothing is trainable, a trainable parameter is in no
            group of the optimiser, arguments contradict each other, or the file to resume from
            is damaged or of another run.
        TypeError: if an argument is something else than it has to be, as a class.
        FloatingPointError: if the loss is NaN or infinite; the step is not taken.
        FileExistsError: if the checkpoint holds an unfinished run and `resume` is False.

    Example:
        >>> from minitransfer import data, nn
        >>> generator = np.random.default_rng(0)
        >>> model = nn.Sequential(nn.Linear(2, 8, generator=generator), nn.Tanh(),
        ...                       nn.Linear(8, 2, generator=generator))
        >>> x, y = data.xor()
        >>> history = fit(model, (x, y.ravel().astype(int)), epochs=200,
        ...               optimizer=Adam(model.parameters(), lr=0.05), generator=generator)
        >>> history["accuracy"][-1]
        1.0
    """
    monitor = _monitor(monitor, watched)
    check_count("epochs", epochs)
    check_count("steps", steps)
    _check_kinds(model, loss, optimizer, clip_norm, monitor)
    _check_arguments(data, epochs, steps, transform, generator, validation, monitor)
    path = monitor.checkpoint
    saved = None if path is None else saved_run(path, monitor.resume)
    kernels.keep_freed_memory()
    loss = loss or nn.CrossEntropyLoss()
    pairs = _trainable(model)
    optimizer = optimizer or Adam(pairs)
    _check_optimizer(model, optimizer)

    generator = generator or default_generator()
    split_seed = saved["split_seed"] if saved else None
    if isinstance(validation, (int, float)):
        if split_seed is None:
            split_seed = int(generator.integers(2**63))
        data, validation = split_off(data, validation, np.random.default_rng(split_seed))
    if validation is not None:
        validation = DataLoader.of(validation, 500, network=model)
    options = {"shuffle": True, "generator": generator, "transform": transform}
    if any(isinstance(m, nn.normalization.BATCH_NORMS) and not m.frozen for m in model.modules()):
        options["smallest_batch"] = 2
    loader = DataLoader.of(data, batch_size, network=model, **options)
    run = Run(
        model,
        optimizer,
        loader,
        validation=validation,
        epochs=epochs,
        steps=steps,
        patience=monitor.patience,
        metrics=named_metrics(metrics, loader.targets),
        split_seed=split_seed,
    )
    run.schedule = _schedule_for(optimizer, schedule, run.total)
    if path is not None:
        run.identity = identity(run, loss, clip_norm, monitor.command)
    if saved:
        run.load_state_dict(saved, path)
    with contextlib.ExitStack() as stack:
        after_step = []
        if path is not None:
            after_step.append(stack.enter_context(checkpointing(path, run, monitor.resume)))
        if monitor.progress:
            words = monitor.progress if isinstance(monitor.progress, str) else ""
            show = stack.enter_context(progress_bar(words, run.total, run.step))
            after_step.append(lambda _: show(run.step, text=run.history.last_scores()))
        step = _step(run, loss, clip_norm)
        _train(run, compiler.compile(step) if compile else step, loss, after_step)
    return run.history


def _step(run, loss, clip_norm):
    """Return the step, a function of a batch: it moves the weights, returns outputs and loss."""
    model, optimizer = run.model, run.optimizer

    def step(x, y):
        outputs = model(x)
        # Where every label is to be ignored the loss has no value, and its slope is 0.
        nothing = loss_count(loss, outputs, y) == 0
        value = (outputs * 0).sum() if nothing else loss(outputs, y)
        if not _is_finite_number(value):
            _check_value(value, loss, x, model, run.step + 1, _largest_rate(optimizer))
        optimizer.zero_grad()
        value.backward()
        if clip_norm is not None:
            clip_grad_norm_(_parameters(optimizer), clip_norm)
        optimizer.step()
        return outputs, value

    return step


def _train(run, step, loss, after_step) -> None:
    model, optimizer = run.model, run.optimizer
    silent = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # checks say it better
    with model.in_mode(training=True), silent:
        while not run.finished:
            x, y = run.next_batch()
            lr = _largest_rate(optimizer)
            outputs, value = step(x, y)
            count = loss_count(loss, outputs, y)
            if run.schedule is not None:
                run.schedule.step()
            run.count(value.item(), count, outputs.array, y.array)
            if report_due := run.report_due:
                _check_weights(model, run.step, lr)
                run.report(lr, _validation_scores(run, loss))
            for call in after_step:
                call(report_due)
    optimizer.zero_grad()  # gradients take as much memory as the weights
    run.end()


def _largest_rate(optimizer):
    return max(group["lr"] for group in optimizer.param_groups)


def _is_finite_number(value):
    """Whether a loss is fit to be walked back from; where not, `_check_value` says why."""
    single = isinstance(value, Tensor) and value.array.size == 1
    return single and bool(np.isfinite(value.array).all())


def _parameters(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


def _validation_scores(run, loss) -> dict[str, float]:
    if run.validation is None:
        return {}
    scores = evaluate(run.model, run.validation, loss=loss, metrics=list(run.metrics.values()))
    _check_validation(scores, run.step)
    return scores


def split_off(data, share: float, generator) -> tuple[Dataset, Dataset]:
    """Return the data without, and only, a share of each class, for validation.

    Raises:
        ValueError: if the data cannot be split, or a part would be empty.

    Example:
        >>> split_off((np.zeros((10, 2)), np.arange(10) % 2), 0.2, np.random.default_rng(0))
        (Dataset 'data': 8 examples (2,), Dataset 'data': 2 examples (2,))
    """
    if isinstance(data, DataLoader):
        raise ValueError(
            "a share can be split off a Dataset or a pair (inputs, targets); given DataLoader: "
            "split it yourself and give the part as validation="
        )
    data = Dataset.of(data)
    count = round(len(data) * share) if 0 < share < 1 else 0
    if not 0 < count < len(data):
        raise ValueError(
            f"validation={share} of {len(data)} examples leaves one side empty; give a share "
            "between 0 and 1 that leaves examples on both sides, or a Dataset"
        )
    return data.split(len(data) - count, count, generator=generator)


def _schedule_for(optimizer, schedule, total):
    """Return the schedule, made for this optimiser and so many steps if it was a function."""
    if schedule is None:
        return None
    if not isinstance(schedule, Schedule):
        if not callable(schedule):
            raise TypeError(
                "schedule is one of optim's, or a function (optimizer, steps) -> schedule; given "
                f"{type(schedule).__name__}"
            )
        schedule = schedule(optimizer, total)
    if schedule.optimizer is not optimizer:
        raise ValueError(
            "the schedule belongs to another optimiser than the one given; make it for this one, "
            "or give a function (optimizer, steps) -> schedule"
        )
    return schedule


def _monitor(monitor, watched) -> Monitor:
    """What is watched, given as a `Monitor` or as what one is made of."""
    unknown = sorted(set(watched) - {field.name for field in fields(Monitor)})
    if unknown:
        raise TypeError(
            f"fit has no argument {', '.join(unknown)}; what is watched and kept is "
            f"{', '.join(field.name for field in fields(Monitor))}"
        )
    if monitor is None:
        return Monitor(**watched)
    if watched:
        raise ValueError(f"give monitor= or {', '.join(watched)}, not both")
    return monitor


# What it refuses


def _check_kinds(model, loss, optimizer, clip_norm, monitor) -> None:
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


def _check_arguments(data, epochs, steps, transform, generator, validation, monitor) -> None:
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


def _trainable(model) -> list:
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


def _check_optimizer(model, optimizer) -> None:
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


def _check_value(value, loss, x, model, step: int, lr: float) -> None:
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


def _check_validation(scores: dict, step: int) -> None:
    """Refuse a validation loss that is NaN or infinite: nothing could be chosen by it.

    Raises:
        FloatingPointError: says at which step.
    """
    if scores and not math.isfinite(scores["loss"]):
        raise FloatingPointError(
            f"the validation loss is {scores['loss']} after step {step}, while that on the "
            "training data is finite; check the validation data for NaN, or lower the rate"
        )


def _check_weights(model, step: int, lr: float) -> None:
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
