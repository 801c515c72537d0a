"""A frozen front part is a fixed function: compute it once, and train on what comes out.

Training a head for 400 steps on a hundred images sends 25,600 images through the body, which gives
the same features for the same image every time. The cache sends each image through once.
"""

import numpy as np

from minitransfer import nn
from minitransfer.autograd import as_array, no_grad
from minitransfer.data import DataLoader, Dataset
from minitransfer.nn import Module
from minitransfer.train import predict
from minitransfer.train.evaluation import modes_kept
from minitransfer.transfer.heads import find_head, is_chain, sequence, strip_head
from minitransfer.transfer.inputs import check_input, inputs_and_targets

#: Layers that are the same function in training and in evaluation, and learn nothing. They may
#: belong to a fixed front part without having been frozen themselves.
STATELESS = (
    *(nn.ReLU, nn.LeakyReLU, nn.ReLU6, nn.GELU, nn.Tanh, nn.Sigmoid, nn.Softplus),
    *(nn.Softmax, nn.LogSoftmax, nn.Flatten, nn.Identity),
    *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Sequential, nn.Residual),
)


def cache_features(
    model: Module, data, batch_size: int = 500, *, allow_other_input: bool = False
) -> tuple[Dataset, Module]:
    """Send every example through the frozen front part of a network, once.

    That part runs in evaluation mode, and nothing is recorded. Training the second part on the
    features is then the same as training the network on the data, only quicker. The numbers agree
    bit for bit where the features are computed in batches of like size as those of the training
    (up to 192 examples, for instance): matrix products of many rows are summed in another order
    than those of few, which changes the last bits, by about one part in a million.

    The features are held in memory, 4 bytes for each number: 1,000 examples of 128 features take
    half a megabyte, but the 16 × 14 × 14 outputs of a first convolution take 12. Activations,
    pooling and flattening right behind the frozen part are computed beforehand too, so that what
    is kept is as small as can be.

    Args:
        model: a network whose first layers are frozen. In nested Sequentials the cut is made
            after the last of them; in a module with a `forward` of its own, before the head, if
            all but the head is frozen.
        data: a `Dataset`, or (inputs, targets). Augmentation belongs before the body, so it
            cannot be combined with a cache.
        batch_size: examples at a time; it bounds the memory used on the way.
        allow_other_input: see `check_input`.

    Returns:
        The features with the targets, and the rest of the network, which shares its layers with
        the network: train it, and the network is trained.

    Raises:
        ValueError: if nothing at the front is frozen, nothing behind it learns, or the network
            cannot be cut there.

    Example:
        >>> from minitransfer.transfer import freeze
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> _ = freeze(net[0])
        >>> features, rest = cache_features(net, (np.zeros((5, 4), np.float32), [0, 1, 2, 0, 1]))
        >>> features, rest[0] is net[2]
        (Dataset 'data, features': 5 examples (8,), True)
    """
    check_input(model, data, allow_other_input)
    front, rest = split_frozen(model, inputs_and_targets(data)[0])
    return features_of(front, data, batch_size), rest


def features_of(body: Module, data, batch_size: int = 500) -> Dataset:
    """Return what a body makes of the data, with the data's targets and class names.

    Args:
        body: runs in evaluation mode.
        data: a `Dataset`, or (inputs, targets).
        batch_size: examples at a time.

    Example:
        >>> features_of(nn.Flatten(), (np.zeros((5, 2, 3), np.float32), np.arange(5)))
        Dataset 'data, features': 5 examples (6,)
    """
    x, y = inputs_and_targets(data)
    return Dataset(
        predict(body, x, batch_size=batch_size),
        as_array(y),
        name=f"{getattr(data, 'name', 'data')}, features",
        classes=getattr(data, "classes", ()),
        licence=getattr(data, "licence", ""),
    )


def split_frozen(model: Module, x) -> tuple[Module, Module]:
    """Cut a network in two: the front part that is fixed, and the rest, which learns.

    Args:
        model: see `cache_features`.
        x: some inputs, to make sure of the cut where a module has a `forward` of its own.

    Returns:
        Both parts. They share all layers with the network, which stays as it was.

    Raises:
        ValueError: see `cache_features`.

    Example:
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
    chain = list(links(model))
    cut = next(i for i, (_, link) in enumerate(chain) if not _is_fixed(link))
    if any(part.frozen for _, link in chain[:cut] for part in link.modules()):
        return sequence(dict(chain[:cut])), sequence(dict(chain[cut:]))
    return _split_before_head(model, x)


def links(module: Module, prefix: str = ""):
    """Yield (dotted name, module) for what is computed one after the other.

    Nested Sequentials are opened; a module with a `forward` of its own is one link.

    Example:
        >>> net = nn.Sequential(nn.Sequential(nn.ReLU(), nn.Tanh()), nn.Residual(nn.ReLU()))
        >>> [name for name, _ in links(net)]
        ['0.0', '0.1', '1']
    """
    if not is_chain(module):
        yield prefix.rstrip("."), module
        return
    for name, child in module._modules.items():
        yield from links(child, f"{prefix}{name}.")


def _is_fixed(module) -> bool:
    """Whether a module computes the same function now and after any training step."""
    return all(part.frozen or type(part) in STATELESS for part in module.modules()) and not any(
        parameter.requires_grad for parameter in module.parameters()
    )


def _split_before_head(model, x):
    name, head = find_head(model)
    around = [module for module in model.modules() if any(m is head for m in module.modules())]
    body = [module for module in model.modules() if not any(module is a for a in around)]
    frozen = any(module.frozen for module in body)
    learning = [n for n, p in model.named_parameters() if p.requires_grad]
    loose = [m.label() for m in body if not (m.frozen or type(m) in STATELESS)]
    expected = [n for n, p in model.named_parameters() if any(p is q for q in head.parameters())]
    if not frozen or loose or set(learning) - set(expected):
        raise ValueError(
            "there is no frozen front part to compute beforehand: "
            + (f"{loose[0]} is not frozen. " if loose else f"{learning[0]} learns. ")
            + "Freeze the first layers (freeze_to), or all but the head (freeze(model), "
            "unfreeze(head)). A module with a forward of its own can be cut before its head only; "
            "write it as a Sequential to cut elsewhere"
        )
    parts = strip_head(model), sequence({name: head})
    _check_cut(model, *parts, x)
    return parts


def _check_cut(model, body, head, x) -> None:
    """Make sure that head(body(x)) is what the network computes, also in training mode."""
    (batch,) = next(iter(DataLoader((as_array(x)[:4],), 4)))
    with modes_kept(model), modes_kept(body), no_grad():
        whole = model.train()(batch).array
        parts = head(body.eval()(batch)).array
    if not np.array_equal(whole, parts):
        raise ValueError(
            f"{type(model).__name__} cannot be cut before its head: head(body(x)) is not what it "
            "computes. Either something comes after the head, or its forward drops or normalises "
            "by itself in training mode: then freeze(model) and unfreeze(head), which holds that "
            "too; or train without a cache"
        )
