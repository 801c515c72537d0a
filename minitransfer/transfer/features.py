"""A frozen front part is a fixed function: compute it once, and train on what comes out.

Training a head for 400 steps on a hundred images sends 25,600 images through the body, which gives
the same features for the same image every time. The cache sends each image through once.
"""

import warnings
from dataclasses import replace

import numpy as np

from minitransfer.autograd import no_grad
from minitransfer.data import DataLoader, Dataset
from minitransfer.data.conventions import look, sentences_about, some_of, steps_to
from minitransfer.nn import Module, Sequential
from minitransfer.nn.normalization import BATCH_NORMS
from minitransfer.nn.picture_shapes import how_to_bring
from minitransfer.nn.utils import fuse_conv_bn
from minitransfer.train import predict
from minitransfer.transfer.heads import find_head, sequential_layers, strip_head


def check_input(model: Module, data, allow_other_input: bool = False) -> None:
    """Refuse data of another type or shape than the network has learnt from (article C).

    A network may say what it takes in two attributes of its outermost module: `input_type`
    ("image", "sound", "text" or "numbers") and `input_shape` (of one example; None in it stands
    for any size). Published networks do; a network that says nothing takes anything.

    Pictures of the right shape may still look otherwise than those that it has seen: dark on
    bright, pale, off centre, with numbers up to 255. If the network says what it knows (its
    `convention`), such pictures pass with a warning, which names `data.conventions.mend`.

    Args:
        model: the network.
        data: a `Dataset`, which knows its type, or what else `Dataset.of` takes, of which the
            shape counts.
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
    data = Dataset.of(data, needs_targets=False, network=model)
    if data.x.dtype.kind not in "fiub":
        raise ValueError(
            f"the data {data.name!r} holds texts or objects ({data.x.dtype}), and a network takes "
            "numbers; of files with pictures, minitransfer.pictures.collect makes data"
        )
    shape = None if model.input_shape is None else tuple(model.input_shape)
    given_shape = data.input_shape
    if allow_other_input:
        return
    wanted, given = model.input_type, data.input_type
    if wanted is not None and given is not None and wanted != given:
        may_be = len(given_shape) in (2, 3) if wanted == "image" else given_shape == shape
        if given == "numbers" and may_be:  # what a Dataset says if nobody says anything
            raise ValueError(
                f"this network learnt from input of type {wanted!r}, the data {data.name!r} is of "
                f"type 'numbers', as everything is of which nobody says what it is: if these "
                f"examples of shape {given_shape} are of the network's type, say "
                f"Dataset(x, y, input_type={wanted!r})"
            )
        raise ValueError(
            f"this network learnt from input of type {wanted!r}, the data {data.name!r} is of type "
            f"{given!r}. What it knows is of little use there: take a network that learnt from "
            f"{given}, or say allow_other_input=True to try it all the same"
        )
    if shape is not None and not _fits(given_shape, shape):
        advice = _advice(shape, given_shape)
        shown = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(
            f"this network learnt from examples of shape ({shown}), those of the data "
            f"{data.name!r} have the shape {given_shape}: {advice}. If the network takes several "
            "shapes, say allow_other_input=True"
        )
    _warn_of_other_looks(model, data)


def _advice(wanted, given) -> str:
    advice = how_to_bring(given, tuple(wanted)) if len(wanted) == 3 else ""
    return advice or "bring them to that shape: resize, crop or pad (np.pad)"


def check_that_it_runs(model: Module, data) -> None:
    """Send an example of another shape than the network's through it, once.

    What would end deep in a layer ends here, and says what to do.

    Raises:
        ValueError: if it does not go through.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Linear(12, 2))
        >>> net.input_shape = (12,)
        >>> check_that_it_runs(net, np.zeros((3, 5)))
        Traceback (most recent call last):
            ...
        ValueError: examples of shape (5,) do not go through this network, with
        allow_other_input=True either: it computes with (12,): bring them to that shape: resize,
        crop or pad (np.pad)
    """
    data = Dataset.of(data, needs_targets=False, network=model)
    if model.input_shape is None or _fits(data.input_shape, tuple(model.input_shape)):
        return
    example = next(iter(DataLoader(data[:1], 1)))[0]
    try:
        with model.in_mode(training=False), no_grad():
            model(example)
    except (TypeError, ValueError) as error:
        given = data.input_shape if data.input_type in (None, "image") else ()
        raise ValueError(
            f"examples of shape {data.input_shape} do not go through this network, with "
            f"allow_other_input=True either: it computes with {tuple(model.input_shape)}: "
            f"{_advice(model.input_shape, given)}"
        ) from error


def _warn_of_other_looks(model, data) -> None:
    """Say it where pictures look otherwise than those that a network has learnt from."""
    if model.convention is None or data.x.ndim not in (3, 4) or 0 in data.x.shape:
        return
    brought_to_1 = data.x.dtype == np.uint8 and data.input_type == "image"  # by the DataLoader
    try:
        seen = look(some_of(data.x))
        steps = [
            step
            for step in steps_to(seen, model.convention)
            if not (brought_to_1 and step == "divide by 255")
        ]
        found = "; ".join(sentences_about(seen, steps))
        advice = ". minitransfer.pictures.mend(x, network.convention) brings them into its form"
    except ValueError as error:
        found, advice = str(error), ""
    if found:
        warnings.warn(
            f"the pictures of {data.name!r} look otherwise than those that this network learnt "
            f"from, and it will do worse: {found}{advice}",
            stacklevel=3,
        )


def _fits(given, wanted) -> bool:
    """Whether a shape is the one that is wanted; None stands for any size."""
    pairs = zip(given, wanted, strict=False)
    return len(given) == len(wanted) and all(size in (None, other) for other, size in pairs)


def cache_features(
    model: Module,
    data,
    batch_size: int = 500,
    *,
    head: str | None = None,
    allow_other_input: bool = False,
) -> tuple[Dataset, Module]:
    """Send every example through the frozen front part of a network, once.

    That part runs in evaluation mode, and nothing is recorded. Training the second part on the
    features is then the same as training the network on the data, only quicker. The numbers agree
    bit for bit where the features are computed in batches of like size as those of the training
    (up to 192 examples, for instance): matrix products of many rows are summed in another order
    than those of few, which changes the last bits, by about one part in a million. So does batch
    norm, which is made part of the convolution before it.

    The features are held in memory, 4 bytes for each number: 1,000 examples of 128 features take
    half a megabyte, but the 16 × 14 × 14 outputs of a first convolution take 12. Activations,
    pooling and flattening right behind the frozen part are computed beforehand too, so that what
    is kept is as small as can be.

    Args:
        model: a network whose first layers are frozen. In nested Sequentials the cut is made
            after the last of them; in a module with a `forward` of its own, before the head, if
            all but the head is frozen.
        data: whatever `Dataset.of` takes. Augmentation belongs before the body, so it cannot be
            combined with a cache.
        batch_size: examples at a time; it bounds the memory used on the way.
        head: dotted name of the head, where a module with a `forward` of its own is to be cut; see
            `find_head`.
        allow_other_input: see `check_input`.

    Returns:
        The features with the targets, and the rest of the network, which shares its layers with
        the network: train it, and the network is trained.

    Raises:
        ValueError: if nothing at the front is frozen, nothing behind it learns, or the network
            cannot be cut there.

    Example:
        >>> from minitransfer import nn
        >>> from minitransfer.transfer import freeze
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> _ = freeze(net[0])
        >>> features, rest = cache_features(net, (np.zeros((5, 4), np.float32), [0, 1, 2, 0, 1]))
        >>> features, rest[0] is net[2]
        (Dataset 'data, features': 5 examples (8,), True)
    """
    data = Dataset.of(data, network=model)
    check_input(model, data, allow_other_input)
    if allow_other_input:
        check_that_it_runs(model, data)
    front, rest = split_frozen(model, data, head)
    return features_of(front, data, batch_size), rest


def features_of(body: Module, data, batch_size: int = 500) -> Dataset:
    """Return what a body makes of the data, with the data's targets and class names.

    Args:
        body: runs in evaluation mode, its batch norm made part of the convolutions (see
            `nn.utils.fuse_conv_bn`), for speed.
        data: whatever `Dataset.of` takes.
        batch_size: examples at a time.

    Example:
        >>> from minitransfer import nn
        >>> features_of(nn.Flatten(), (np.zeros((5, 2, 3), np.float32), np.arange(5)))
        Dataset 'data, features': 5 examples (6,)
    """
    data = Dataset.of(data)
    if any(isinstance(part, BATCH_NORMS) for part in body.modules()):
        body = fuse_conv_bn(body)
    features = predict(body, data, batch_size=batch_size)
    return replace(data, x=features, name=f"{data.name}, features", input_type="numbers")


def split_frozen(model: Module, data, head: str | None = None) -> tuple[Module, Module]:
    """Cut a network in two: the front part that is fixed, and the rest, which learns.

    Args:
        model: see `cache_features`.
        data: some inputs, to find and make sure of the cut where a module has a `forward` of its
            own.
        head: see `cache_features`.

    Returns:
        Both parts. They share all layers with the network, which stays as it was.

    Raises:
        ValueError: see `cache_features`.

    Example:
        >>> from minitransfer import nn
        >>> from minitransfer.transfer import freeze
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> _ = freeze(net[0])
        >>> split_frozen(net, np.zeros((1, 4)))[0]
        Sequential(
          (0): Linear(4 → 8)
          (1): ReLU()
        )
    """
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError(
            "every parameter is frozen, nothing is left to train: put a fresh head on "
            "(replace_head), or unfreeze a part"
        )
    layers = list(sequential_layers(model))
    cut = next(i for i, (_, layer) in enumerate(layers) if not _is_fixed(layer))
    if any(part.frozen for _, layer in layers[:cut] for part in layer.modules()):
        return Sequential.of_parts(layers[:cut]), Sequential.of_parts(layers[cut:])
    return _split_before_head(model, Dataset.of(data, needs_targets=False, network=model), head)


def _is_fixed(module) -> bool:
    """Whether a module computes the same function now and after any training step."""
    return all(part.frozen or part.stateless for part in module.modules()) and not any(
        parameter.requires_grad for parameter in module.parameters()
    )


def _split_before_head(model, data, name):
    name, head = find_head(model, data, head=name)
    around = [module for module in model.modules() if any(m is head for m in module.modules())]
    body = [module for module in model.modules() if not any(module is a for a in around)]
    frozen = any(module.frozen for module in body)
    learning = [n for n, p in model.named_parameters() if p.requires_grad]
    loose = [m.label() for m in body if not (m.frozen or m.stateless)]
    expected = [n for n, p in model.named_parameters() if any(p is q for q in head.parameters())]
    if not frozen or loose or set(learning) - set(expected):
        raise ValueError(
            "there is no frozen front part to compute beforehand: "
            + (f"{loose[0]} is not frozen. " if loose else f"{learning[0]} learns. ")
            + "Freeze the first layers (freeze_to), or all but the head (freeze(model), "
            "unfreeze(head)). A module with a forward of its own can be cut before its head only; "
            "write it as a Sequential to cut elsewhere"
        )
    parts = strip_head(model, name), Sequential.of_parts([(name, head)])
    _check_cut(model, *parts, data)
    return parts


def _check_cut(model, body, head, data) -> None:
    """Make sure that head(body(x)) is what the network computes, also in training mode."""
    batch, _ = next(iter(DataLoader(data[:4], 4)))
    with model.in_mode(training=True), no_grad():
        whole = model(batch).array
        with body.in_mode(training=False):
            parts = head(body(batch)).array
    if not np.array_equal(whole, parts):
        raise ValueError(
            f"{type(model).__name__} cannot be cut before its head: head(body(x)) is not what it "
            "computes. Either something comes after the head, or its forward drops or normalises "
            "by itself in training mode: then freeze(model) and unfreeze(head), which holds that "
            "too; or train without a cache"
        )
