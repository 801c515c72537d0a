"""The loop. Everything else in this folder is there so that it can be read in one go."""

import numpy as np

from minitransfer import kernels, nn
from minitransfer.data import DataLoader, Dataset, TensorDataset
from minitransfer.optim import Adam, Schedule, clip_grad_norm_
from minitransfer.random import default_generator
from minitransfer.train.bar import bar
from minitransfer.train.checks import (
    check_arguments,
    check_loss,
    check_optimizer,
    check_validation,
    check_weights,
    trainable,
)
from minitransfer.train.evaluation import arrays_of, evaluate, loader_of, modes_kept, targets_of
from minitransfer.train.history import History
from minitransfer.train.keeping import kept, saved_training
from minitransfer.train.metrics import named_metrics
from minitransfer.train.run import Run


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
    patience=None,
    clip_norm=None,
    transform=None,
    generator=None,
    checkpoint=None,
    resume=False,
    progress=False,
) -> History:
    """Train a network. Same seed, same bits; a resumed training ends as if never interrupted.

    Every batch is used, the last one of a pass too when it is not full. Frozen parts stay as they
    are and in evaluation mode. In the end every module is back in the mode it had before.

    Args:
        model: the network; it is changed in place.
        data: Dataset, (inputs, targets), or a DataLoader, which then decides on batch size,
            order and transform.
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
        patience: stop when the validation loss has not improved for so many epochs (twentieths,
            with `steps`), and bring back the weights and buffers with which it was smallest.
        clip_norm: largest norm of all gradients together.
        transform: called with each batch of inputs and a generator, see `DataLoader`.
        generator: source of randomness for the order and the split; the default one if left out.
        checkpoint: file to keep the training in: written at the start, after every epoch
            (twentieth, with `steps`) and on Ctrl-C. An unfinished training is not overwritten.
        resume: go on from `checkpoint` if that file exists. Call with the same arguments; only
            `epochs` and `steps` may grow. Random choices of your own functions are yours to save,
            those of layers and loaders are taken care of.
        progress: whether to show a bar with the time left, on the error stream.

    Returns:
        The history: a row per epoch (twentieth, with `steps`), the loss of every step.

    Raises:
        ValueError: if the data is empty, nothing is trainable, a trainable parameter is in no
            group of the optimiser, arguments contradict each other, or the file to resume from
            is damaged or of another training.
        FloatingPointError: if the loss is NaN or infinite; the step is not taken.
        FileExistsError: if `checkpoint` holds an unfinished training and `resume` is False.

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
    check_arguments(
        data,
        epochs=epochs,
        steps=steps,
        transform=transform,
        generator=generator,
        validation=validation,
        patience=patience,
        checkpoint=checkpoint,
        resume=resume,
    )
    saved = saved_training(checkpoint, resume)
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
        data, validation = _split_off(data, validation, np.random.default_rng(split_seed))
    loader = loader_of(data, batch_size, shuffle=True, generator=generator, transform=transform)
    run = Run(
        model,
        optimizer,
        loader,
        validation=validation,
        epochs=epochs,
        steps=steps,
        patience=patience,
        metrics=named_metrics(metrics, targets_of(loader.dataset)),
        split_seed=split_seed,
    )
    run.schedule = _made(schedule, optimizer, run.total)
    if saved:
        run.load_state_dict(saved, checkpoint)
    with kept(checkpoint, run, resume) as keep, bar(progress, run) as show:
        _train(run, loss, clip_norm, keep, show)
    return run.history


def _train(run, loss, clip_norm, keep, show) -> None:
    model, optimizer = run.model, run.optimizer
    silent = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # checks say it better
    with modes_kept(model), silent:
        model.train()
        while not run.finished:
            x, y = run.next_batch()
            lr = max(group["lr"] for group in optimizer.param_groups)
            outputs = model(x)
            value = loss(outputs, y)
            check_loss(value, loss, x, model, run.step + 1, lr)
            optimizer.zero_grad()
            value.backward()
            if clip_norm is not None:
                clip_grad_norm_(_parameters(optimizer), clip_norm)
            optimizer.step()
            if run.schedule is not None:
                run.schedule.step()
            run.count(value.item(), outputs.array, y.array)
            if round_is_over := run.round_is_over:
                check_weights(model, run.step, lr)
                run.close_round(lr, _validation_scores(run, loss))
            keep(round_is_over)
            show()
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


def _split_off(data, share, generator):
    """Return the data without, and only, a share of each class."""
    targets = targets_of(data)
    if targets is None or isinstance(data, DataLoader):
        raise ValueError(
            f"a share can be split off a Dataset or a pair (inputs, targets); given "
            f"{type(data).__name__}: split it yourself and give the part as validation="
        )
    n = len(targets)
    count = round(n * share)
    if not 0 < count < n:
        raise ValueError(
            f"validation={share} of {n} examples is {count}; give a share between 0 and 1 that "
            "leaves examples on both sides, or a Dataset"
        )
    places = Dataset(np.arange(n), targets).split(n - count, count, generator=generator)
    if isinstance(data, (Dataset, TensorDataset)):
        return tuple(data[part.x] for part in places)
    return tuple(tuple(array[part.x] for array in arrays_of(data)) for part in places)


def _made(schedule, optimizer, total):
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
