"""Recipes: the sentences of the articles, a few lines each.

Article C, step two: *option 1*, train the new head alone and hold the rest fixed; *option 2*,
train everything, starting from what was borrowed. Article B's middle way gives the borrowed
layers a smaller learning rate. Each recipe can be written out by hand from the other parts of
this package; reading one shows how.
"""

from minitransfer import nn, optim
from minitransfer.autograd import as_array
from minitransfer.data import Dataset
from minitransfer.nn import Module
from minitransfer.train import History, fit, predict
from minitransfer.transfer.features import features_of, split_frozen
from minitransfer.transfer.freezing import freeze, freeze_to, unfreeze
from minitransfer.transfer.groups import parameter_groups
from minitransfer.transfer.heads import find_head
from minitransfer.transfer.inputs import check_input, inputs_and_targets
from minitransfer.transfer.layers import weight_layers

#: How many batches a head is trained on by default.
HEAD_STEPS = 400


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
    allow_other_input: bool = False,
    **options,
) -> History:
    """Train a borrowed network, with its new head, on a new task.

    * ``option="head"`` (article C's option 1): the head learns, the body is held fixed. Its
      features are computed once (`cache_features`). Adam at 5e-3, 400 steps. Where a part of the
      network is frozen already, that part counts as the body, and all the rest learns; else the
      body is everything before the last Linear. It stays frozen afterwards.
    * ``option="all"`` (option 2): everything is unfrozen and learns. Adam at 1e-3; 200 steps for
      up to 200 examples, 300 for up to 1,000, 600 beyond. ``body_lr=1e-4`` gives the body the
      smaller rate of article B's middle way.

    Args:
        model: the network, with a head that fits the new task (`replace_head`).
        data: a `Dataset` or (inputs, targets): labels, or, with another `loss`, values.
        option: "head" or "all".
        lr: learning rate; see above for the default.
        body_lr: rate of all but the last Linear, with option "all".
        decay: factor on the rate for each layer further down, see `parameter_groups`.
        optimizer: called with the parameter groups: ``optim.SGD``, or a ``functools.partial`` of
            one with more options.
        schedule: as in `fit`; by default the rate falls to 0 along half a cosine.
        steps: batches to train on; see above for the default.
        batch_size: examples in a batch; 64, or as many as there are.
        cache: whether option "head" computes the features once. Without a cache the body runs at
            every step, which a `transform` (augmentation) needs.
        validation: data to watch the training with, or a share of `data`.
        allow_other_input: train on another type of input than the network's; see `check_input`.
        **options: passed on to `fit`: generator, progress, loss, metrics, patience, transform, …

    Returns:
        The history of the training.

    Raises:
        ValueError: if the data is empty, is not the network's type of input, or has labels that
            the head has no outputs for; if nothing is left to train; if options contradict each
            other.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> x = rng.standard_normal((50, 4)).astype(np.float32)
        >>> history = fine_tune(net, (x, (x[:, 0] > 0).astype(int)), "head", generator=rng)
        >>> len(history.step_losses), net[0].frozen
        (400, True)
    """
    if option not in ("head", "all"):
        raise ValueError(
            f"fine_tune: option is 'head' (option 1) or 'all' (option 2); given {option!r}"
        )
    for part in [data, validation] if _is_data(validation) else [data]:
        check_input(model, part, allow_other_input)
        check_targets(model, part, options.get("loss"))
    examples = len(inputs_and_targets(data)[0])
    if steps is None and "epochs" not in options:
        steps = HEAD_STEPS if option == "head" else steps_for(examples)
    options.update(steps=steps, schedule=schedule, batch_size=batch_size or min(examples, 64))
    if option == "head":
        _check_head_options(body_lr, decay, cache, options)
        return _train_head(
            model, data, validation, 5e-3 if lr is None else lr, optimizer, cache, options
        )
    unfreeze(model)
    lr = 1e-3 if lr is None else lr
    groups = parameter_groups(model, lr if body_lr is None else body_lr, head_lr=lr, decay=decay)
    return fit(model, data, optimizer=optimizer(groups), validation=validation, **options)


def _train_head(model, data, validation, lr, optimizer, cache, options) -> History:
    if not any(module.frozen for module in model.modules()):
        freeze(model)
        unfreeze(find_head(model)[1])
    if cache:
        body, model = split_frozen(model, inputs_and_targets(data)[0])
        # In batches as large as those of the training: a product of many rows is summed in
        # another order than one of few, which would change the last bits.
        size = options["batch_size"]
        data = features_of(body, data, size)
        validation = features_of(body, validation, size) if _is_data(validation) else validation
    groups = parameter_groups(model, lr)
    return fit(model, data, optimizer=optimizer(groups), validation=validation, **options)


def gradual_unfreezing(
    model: Module,
    data,
    *,
    lr: float = 1e-3,
    decay: float = 1 / 2.6,
    steps: int = 50,
    optimizer=optim.Adam,
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
        allow_other_input: see `check_input`.
        **options: passed on to `fit`.

    Returns:
        The history of each stage, from the head alone to everything.

    Raises:
        ValueError: as `fine_tune`.

    Example:
        >>> import numpy as np
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> x = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
        >>> len(gradual_unfreezing(net, (x, (x[:, 0] > 0).astype(int)), steps=10))
        2
    """
    check_input(model, data, allow_other_input)
    check_targets(model, data, options.get("loss"))
    unfreeze(model)
    all_layers = optimizer(parameter_groups(model, lr, decay=decay))
    stages = range(len(weight_layers(model)) - 1, -1, -1)
    histories = []
    for frozen_layers in stages:
        freeze_to(model, frozen_layers)
        histories.append(fit(model, data, optimizer=all_layers, steps=steps, **options))
    return histories


def steps_for(examples: int) -> int:
    """Return how many steps option 2 gets by default: more for more examples.

    Example:
        >>> [steps_for(n) for n in (10, 200, 201, 1000, 4000)]
        [200, 200, 300, 300, 600]
    """
    return 200 if examples <= 200 else 300 if examples <= 1000 else 600


def check_targets(model: Module, data, loss=None) -> None:
    """Refuse targets that the head cannot answer.

    Args:
        model: the network.
        data: a `Dataset` or (inputs, targets).
        loss: the loss to train with; None stands for cross-entropy, which needs labels.

    Raises:
        ValueError: if labels are no whole numbers, lie out of range, or the classes are not as
            many as the head's outputs.

    Example:
        >>> import numpy as np
        >>> check_targets(nn.Sequential(nn.Linear(2, 3)), (np.zeros((2, 2)), np.array([0, 3])))
        Traceback (most recent call last):
            ...
        ValueError: labels run from 0 to 3, but the head has 3 outputs, for labels 0 to 2. Put on
        a head that fits: replace_head(model, 4)
    """
    loss = getattr(loss, "loss", loss)  # what a penalty is added to
    x, y = inputs_and_targets(data)
    labels = as_array(y)
    are_labels = labels.ndim == 1 and labels.dtype.kind in "iu"
    if loss is not None and not (are_labels and isinstance(loss, nn.CrossEntropyLoss)):
        return
    if not are_labels:
        raise ValueError(
            "without a loss the targets have to be labels, whole numbers of shape (N,); given "
            f"{labels.dtype} of shape {labels.shape}. For values give loss=nn.MSELoss()"
        )
    outputs = predict(model, x[:1]).shape[-1]
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= outputs:
        advice = f"Put on a head that fits: replace_head(model, {high + 1})"
        raise ValueError(
            f"labels run from {low} to {high}, but the head has {outputs} outputs, for labels "
            f"0 to {outputs - 1}. " + (advice if low >= 0 else "Number the classes from 0")
        )
    classes = len(data.classes) if isinstance(data, Dataset) else 0
    if classes and classes != outputs:
        raise ValueError(
            f"{data.name!r} has {classes} classes, but the head has {outputs} outputs. "
            f"Put on a head that fits: replace_head(model, {classes})"
        )


def _check_head_options(body_lr, decay, cache, options) -> None:
    if body_lr is not None or decay is not None:
        raise ValueError(
            "fine_tune: with option 'head' the body is held fixed, so it has no learning rate; "
            "leave body_lr and decay out, or take option='all'"
        )
    if cache and options.get("transform") is not None:
        raise ValueError(
            "fine_tune: a transform changes the images at every step, so their features cannot be "
            "computed once; say cache=False"
        )


def _is_data(validation) -> bool:
    return validation is not None and not isinstance(validation, (int, float))
