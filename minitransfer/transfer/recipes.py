"""Recipes: the sentences of the articles, a few lines each.

The field speaks of *feature extraction* or *linear probing* where a new head is trained on a fixed
body, and of *full fine-tuning* where everything is trained, starting from what was borrowed.
Article C, step two, calls them option 1 and option 2. The first prepares the second: a head that
fits keeps the body from being distorted (Kumar et al. 2022). Article B's middle way gives the
borrowed layers a smaller learning rate. Each recipe can be written out by hand from the other
parts of this package; reading one shows how.
"""

from minitransfer import nn, optim
from minitransfer.data import Dataset
from minitransfer.nn import Module
from minitransfer.nn.module import check_module
from minitransfer.not_covered import what_was_given
from minitransfer.random import default_generator
from minitransfer.train import History, fit, predict
from minitransfer.train.loop import split_off
from minitransfer.transfer.features import (
    check_input,
    check_that_it_runs,
    features_of,
    split_frozen,
)
from minitransfer.transfer.freezing import freeze, freeze_to, unfreeze
from minitransfer.transfer.groups import parameter_groups
from minitransfer.transfer.heads import check_order, find_head, weight_layers

#: How many batches a head is trained on by default, and at what rate; the rate of everything.
HEAD_STEPS, HEAD_LR, LR = 400, 5e-3, 1e-3


def fine_tune(
    model: Module,
    data,
    option: str = "head",
    *,
    lr: float | None = None,
    body_lr: float | None = None,
    decay: float | None = None,
    optimizer=optim.Adam,
    schedule=optim.CosineAnnealingLR,
    steps: int | None = None,
    batch_size: int | None = None,
    cache: bool = True,
    validation=None,
    head: str | None = None,
    allow_other_input: bool = False,
    **options,
) -> History:
    """Train a borrowed network, with its new head, on a new task.

    * ``option="head"``: feature extraction, also called linear probing (article C's option 1).
      The head learns, the body is held fixed. Its features are computed once (`cache_features`).
      Adam at 5e-3, 400 steps. Where a part of the network is frozen already, that part counts as
      the body, and all the rest learns; else the body is everything but the head, the Linear that
      is computed last. It stays frozen afterwards.
    * ``option="all"``: full fine-tuning (option 2). Everything is unfrozen and learns. Adam at
      1e-3; 200 steps for up to 200 examples, 300 for up to 1,000, 600 beyond. ``body_lr=1e-4``
      gives the body the smaller rate of article B's middle way.
    * ``option="head, then all"``: the one and then the other (Kumar et al. 2022): a fresh head
      would send large gradients of no meaning into the body; one that fits already does not. The
      same as two calls, but that a share for validation is split off once for both.

    Args:
        model: the network, with a head that fits the new task (`replace_head`).
        data: whatever `Dataset.of` takes: labels as targets, or, with another `loss`, values.
        option: "head", "all" or "head, then all".
        lr: learning rate; see above for the default. With "head, then all" it is that of the
            second phase, and the head learns at its default first.
        body_lr: rate of all but the head, where all is trained.
        decay: factor on the rate for each layer further down, see `parameter_groups`.
        optimizer: called with the parameter groups: ``optim.SGD``, or a ``functools.partial`` of
            one with more options.
        schedule: as in `fit`; by default the rate falls to 0 along half a cosine.
        steps: batches to train on, in each phase; see above for the default.
        batch_size: examples in a batch; 64, or as many as there are.
        cache: whether the features for a head are computed once. Without a cache the body runs at
            every step, which a `transform` (augmentation) needs.
        validation: data to watch the training run with, or a share of `data`.
        head: dotted name of the head, where `find_head` cannot tell which layer that is.
        allow_other_input: train on another type of input than the network's; see `check_input`.
        **options: passed on to `fit`: generator, loss, metrics, monitor, transform, …

    Returns:
        The history; of "head, then all" that of both phases, one after the other.

    Raises:
        ValueError: if the data is empty, is not the network's type of input, or has labels that
            the head has no outputs for; if nothing is left to train, or it cannot be told which
            layer is the head; if options contradict each other.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> x = rng.standard_normal((50, 4)).astype(np.float32)
        >>> history = fine_tune(net, (x, (x[:, 0] > 0).astype(int)), "head", generator=rng)
        >>> len(history.step_losses), net[0].frozen
        (400, True)
    """
    check_module(model)
    _check_options(option, body_lr, decay, cache, options)
    _check_maker(optimizer)
    loss = options.get("loss")
    data = _ready(model, data, allow_other_input, loss)
    if validation is not None and not isinstance(validation, (int, float)):
        validation = _ready(model, validation, allow_other_input, loss)
    if option == "head, then all":
        data, validation = _split_once(data, validation, options)
    options.update(schedule=schedule, batch_size=batch_size or min(len(data), 64))
    by_default = steps is None and "epochs" not in options
    first = None
    if option != "all":
        options["steps"] = HEAD_STEPS if by_default else steps
        rate = HEAD_LR if lr is None or option != "head" else lr
        first = _train_head(model, data, validation, rate, optimizer, cache, head, options)
        if option == "head":
            return first
    options["steps"] = steps_for(len(data)) if by_default else steps
    unfreeze(model)
    lr = LR if lr is None else lr
    if decay is not None:
        check_order(model, data)
    if body_lr is not None or decay is not None:
        head, _ = find_head(model, data, head=head)
    groups = parameter_groups(model, lr if body_lr is None else body_lr, lr, decay, head=head)
    second = fit(model, data, optimizer=optimizer(groups), validation=validation, **options)
    return second if first is None else first + second


def _train_head(model, data, validation, lr, optimizer, cache, head, options) -> History:
    whole, nothing_frozen = model, not any(module.frozen for module in model.modules())
    if nothing_frozen:
        head, layer = find_head(model, data, head=head)
        freeze(model)
        unfreeze(layer)
    if cache:
        try:
            body, model = split_frozen(model, data, head)
        except ValueError:
            if nothing_frozen:  # leave the network as it was
                unfreeze(whole)
            raise
        # In batches as large as those of the training: a product of many rows is summed in
        # another order than one of few, which would change the last bits.
        size = options["batch_size"]
        data = features_of(body, data, size)
        if isinstance(validation, Dataset):
            validation = features_of(body, validation, size)
    learning = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    groups = [{"params": learning, "lr": lr}]
    return fit(model, data, optimizer=optimizer(groups), validation=validation, **options)


def gradual_unfreezing(
    model: Module,
    data,
    *,
    lr: float = 1e-3,
    decay: float = 1 / 2.6,
    steps: int = 50,
    optimizer=optim.Adam,
    validation=None,
    head: str | None = None,
    allow_other_input: bool = False,
    **options,
) -> list[History]:
    """Thaw a network from the top: first the head learns, then one layer more at each stage.

    Howard and Ruder (2018): what is nearest to the input is the most general, so it is disturbed
    last, when the layers above have stopped sending it the large gradients of a fresh head. One
    optimiser serves all stages; a layer that joins brings no momentum along, the others keep
    theirs.

    Args:
        model: the network, with a head that fits the new task. In the end all of it is unfrozen.
        data: as for `fine_tune`.
        lr: learning rate of the head; the k-th layer below has ``lr · decay^k``.
        decay: see `parameter_groups`; 1 gives all layers one rate.
        steps: batches in each stage.
        optimizer: called with the parameter groups.
        validation: data to watch the stages with, or a share of `data`, the same in each.
        head: see `fine_tune`.
        allow_other_input: see `check_input`.
        **options: passed on to `fit`.

    Returns:
        The history of each stage, from the head alone to everything.

    Raises:
        ValueError: as `fine_tune`; if a network with a `forward` of its own does not compute its
            layers in the order in which they were registered.

    Example:
        >>> import numpy as np
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> x = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
        >>> len(gradual_unfreezing(net, (x, (x[:, 0] > 0).astype(int)), steps=10))
        2
    """
    check_module(model)
    _check_maker(optimizer)
    data = _ready(model, data, allow_other_input, options.get("loss"))
    data, validation = _split_once(data, validation, options)
    options.update(steps=steps, validation=validation)
    check_order(model, data)
    head, _ = find_head(model, data, head=head)
    unfreeze(model)
    all_layers = optimizer(parameter_groups(model, lr, decay=decay, head=head))
    stages = range(len(weight_layers(model)) - 1, -1, -1)
    histories = []
    for frozen_layers in stages:
        freeze_to(model, frozen_layers)
        histories.append(fit(model, data, optimizer=all_layers, **options))
    return histories


def steps_for(examples: int) -> int:
    """Return how many steps full fine-tuning gets by default: more for more examples.

    Example:
        >>> [steps_for(n) for n in (10, 200, 201, 1000, 4000)]
        [200, 200, 300, 300, 600]
    """
    return 200 if examples <= 200 else 300 if examples <= 1000 else 600


def check_targets(model: Module, data: Dataset, loss=None) -> None:
    """Refuse targets that the head cannot answer.

    Args:
        model: the network.
        data: the `Dataset`.
        loss: the loss to train with; None stands for cross-entropy, which needs labels.

    Raises:
        ValueError: if labels are not whole numbers, lie out of range, or the classes are not as
            many as the head's outputs.

    Example:
        >>> import numpy as np
        >>> check_targets(nn.Sequential(nn.Linear(2, 3)), Dataset(np.zeros((2, 2)), [0, 3]))
        Traceback (most recent call last):
            ...
        ValueError: labels run from 0 to 3, but the head has 3 outputs, for labels 0 to 2. Put on
        a head that fits: replace_head(model, 4)
    """
    loss = getattr(loss, "loss", loss)  # what a penalty is added to
    labels = data.y
    are_labels = labels.ndim == 1 and labels.dtype.kind in "iu"
    if loss is not None and not (are_labels and isinstance(loss, nn.CrossEntropyLoss)):
        return
    if not are_labels:
        raise ValueError(
            "without a loss the targets have to be labels, whole numbers of shape (N,); given "
            f"{labels.dtype} of shape {labels.shape}. For values give loss=nn.MSELoss()"
        )
    outputs = predict(model, data[:1]).shape[-1]
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= outputs:
        advice = f"Put on a head that fits: replace_head(model, {high + 1})"
        raise ValueError(
            f"labels run from {low} to {high}, but the head has {outputs} outputs, for labels "
            f"0 to {outputs - 1}. " + (advice if low >= 0 else "Number the classes from 0")
        )
    classes = len(data.classes)
    if classes and classes != outputs:
        raise ValueError(
            f"{data.name!r} has {classes} classes, but the head has {outputs} outputs. "
            f"Put on a head that fits: replace_head(model, {classes})"
        )


def _ready(model, data, allow_other_input, loss) -> Dataset:
    """Return data of any form as a Dataset that has been seen to fit the network."""
    data = Dataset.of(data, network=model)
    check_input(model, data, allow_other_input)
    if allow_other_input:
        check_that_it_runs(model, data)
    check_targets(model, data, loss)
    return data


def _split_once(data, validation, options):
    """Split a share off before several phases: no phase may learn what another is judged by."""
    if isinstance(validation, (int, float)):
        generator = options.get("generator") or default_generator()
        data, validation = split_off(data, validation, generator)
    return data, validation


def _check_maker(optimizer) -> None:
    """Refuse an optimiser where a function is needed that makes one of groups of parameters."""
    ours = isinstance(optimizer, type) and issubclass(optimizer, optim.Optimizer)
    if not callable(optimizer) or (isinstance(optimizer, type) and not ours):
        raise TypeError(
            "optimizer is a class here, as optim.SGD, or a functools.partial of one, which is "
            f"called with the groups of parameters; given {what_was_given(optimizer)}"
        )


def _check_options(option, body_lr, decay, cache, options) -> None:
    if option not in ("head", "all", "head, then all"):
        raise ValueError(
            "fine_tune: option is 'head' (option 1), 'all' (option 2) or 'head, then all'; given "
            f"{option!r}"
        )
    if option == "head" and (body_lr is not None or decay is not None):
        raise ValueError(
            "fine_tune: with option 'head' the body is held fixed, so it has no learning rate; "
            "leave body_lr and decay out, or take option='all'"
        )
    if option != "all" and cache and options.get("transform") is not None:
        raise ValueError(
            "fine_tune: a transform changes the images at every step, so their features cannot be "
            "computed once; say cache=False"
        )
    monitor = options.get("monitor")
    if option == "head, then all" and monitor is not None and monitor.checkpoint is not None:
        raise ValueError(
            "fine_tune: 'head, then all' is two training runs, and a checkpoint holds one; call "
            "fine_tune with 'head' and then with 'all', each with a file of its own"
        )
