"""The loop. Everything else in this folder is there so that it can be read in one go.

What it refuses, each with what to do about it, stands in `checks`.
"""

import contextlib

import numpy as np

from minitransfer import kernels, nn
from minitransfer.data import DataLoader, Dataset
from minitransfer.optim import Adam, Schedule, clip_grad_norm_
from minitransfer.progress import progress_bar
from minitransfer.random import default_generator
from minitransfer.train.checkpointing import checkpointing, saved_run
from minitransfer.train.checks import (
    check_arguments,
    check_kinds,
    check_optimizer,
    check_validation,
    check_value,
    check_weights,
    trainable,
)
from minitransfer.train.evaluation import evaluate, loss_count, named_metrics
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
    monitor = monitor or Monitor()
    check_count("epochs", epochs)
    check_count("steps", steps)
    check_kinds(model, loss, optimizer, clip_norm, monitor)
    check_arguments(data, epochs, steps, transform, generator, validation, monitor)
    path = monitor.checkpoint
    saved = None if path is None else saved_run(path, monitor.resume)
    kernels.keep_freed_memory()
    loss = loss or nn.CrossEntropyLoss()
    pairs = trainable(model)
    optimizer = optimizer or Adam(pairs)
    check_optimizer(model, optimizer)

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
            show = stack.enter_context(progress_bar("", run.total, run.step))
            after_step.append(lambda _: show(run.step, text=run.history.last_scores()))
        _train(run, loss, clip_norm, after_step)
    return run.history


def _train(run, loss, clip_norm, after_step) -> None:
    model, optimizer = run.model, run.optimizer
    silent = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # checks say it better
    with model.in_mode(training=True), silent:
        while not run.finished:
            x, y = run.next_batch()
            lr = max(group["lr"] for group in optimizer.param_groups)
            outputs = model(x)
            count = loss_count(loss, outputs, y)
            # Where every label is to be ignored the loss has no value, and its slope is 0.
            value = (outputs * 0).sum() if count == 0 else loss(outputs, y)
            check_value(value, loss, x, model, run.step + 1, lr)
            optimizer.zero_grad()
            value.backward()
            if clip_norm is not None:
                clip_grad_norm_(_parameters(optimizer), clip_norm)
            optimizer.step()
            if run.schedule is not None:
                run.schedule.step()
            run.count(value.item(), count, outputs.array, y.array)
            if report_due := run.report_due:
                check_weights(model, run.step, lr)
                run.report(lr, _validation_scores(run, loss))
            for call in after_step:
                call(report_due)
    optimizer.zero_grad()  # gradients take as much memory as the weights
    run.end()


def _parameters(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


def _validation_scores(run, loss) -> dict[str, float]:
    if run.validation is None:
        return {}
    scores = evaluate(run.model, run.validation, loss=loss, metrics=list(run.metrics.values()))
    check_validation(scores, run.step)
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
