"""Published networks: weights in a safetensors file, with a card in its header.

Article C's community: who trains a network gives it away with all that the next person must know
to use it: what goes in, what comes out, what it has seen, under which licence, how good it is and
which command makes it again.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from minitransfer import checkpoint
from minitransfer.array_file import is_of_pytorch, load_arrays
from minitransfer.data import Dataset
from minitransfer.data.conventions import CONVENTION
from minitransfer.documents import (
    anything,
    either,
    entries,
    listed,
    named,
    number,
    one_of,
    optional,
    text,
    whole,
)
from minitransfer.folders import cache_folder
from minitransfer.zoo import imagenet
from minitransfer.zoo.architectures import ARCHITECTURES
from minitransfer.zoo.description import build, describe, described
from minitransfer.zoo.efficientnet import efficientnet_lite0
from minitransfer.zoo.room import check_room

#: The networks that come with the package.
FOLDER = Path(__file__).parent / "networks"

#: What every card says.
CARD = {
    "name": text,
    "architecture": either(one_of(*ARCHITECTURES), described),
    "input_type": text,
    "input_shape": listed(optional(whole(1, 10**6)), 1, 4),
    "classes": listed(text, 1, 100_000),
    "source": text,
    "licence": text,
    "accuracy": named(number(0, 1)),
    "command": text,
}
CARD_KEYS = tuple(CARD)

#: What a card may say besides.
OPTIONAL = {"convention": CONVENTION, "finetuned": named(anything)}


def publish(model, path, *, dtype="float32", beside=None, **card) -> Path:
    """Write a network and its card to one file.

    Args:
        model: the network. Built by one of `ARCHITECTURES`, or of layers that a file can describe
            (`zoo.LAYERS`), it can be loaded by anybody; of a class of your own, by those who have
            that class.
        path: the file to write, ending in ".safetensors"; it is replaced in one step.
        dtype: type of the stored weights; "float16" halves the file.
        beside: name → array that goes with the network, see `checkpoint.load_beside`.
        card: the entries of `CARD_KEYS`: ``name``; ``architecture``, a key of `ARCHITECTURES`, or
            left out: then the network is described layer by layer; ``input_type`` ("image", …);
            ``input_shape`` without the batch axis, None for any size; ``classes``, their names in
            the order of the outputs; ``source``, the data it was trained on; ``licence``;
            ``accuracy``, a dictionary what → share; ``command`` that made it; and, if it matters,
            ``convention``: what its pictures look like, a dictionary with the entries ``range``
            ([0, 1]: the numbers of black and white), ``polarity`` ("bright on dark", "dark on
            bright" or "any") and ``centring`` ("centred" or "any"); and ``finetuned``, what
            `minitransfer finetune` found out about the network.

    Returns:
        The path.

    Raises:
        ValueError: if the card lacks an entry, has one too many, or does not fit the network.

    Example:
        >>> import tempfile
        >>> from minitransfer import nn
        >>> network = nn.Sequential(nn.Flatten(), nn.Linear(784, 2))
        >>> card = dict(name="mine", input_type="image", input_shape=(1, 28, 28),
        ...             classes=list("ab"), source="two letters", licence="MIT", accuracy={},
        ...             command="python mine.py")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     load(publish(network, f"{folder}/mine.safetensors", **card))
        Sequential(
          (0): Flatten()
          (1): Linear(784 → 2)
        )
    """
    if "architecture" not in card:
        card["architecture"] = describe(model)
    absent, unknown = set(CARD_KEYS) - set(card), set(card) - {*CARD_KEYS, *OPTIONAL}
    if absent or unknown:
        raise ValueError(
            f"a card has the entries {', '.join(CARD_KEYS)}, and may have "
            f"{', '.join(OPTIONAL)}; "
            f"missing: {sorted(absent)}, unknown: {sorted(unknown)}"
        )
    card["input_shape"], card["classes"] = list(card["input_shape"]), list(card["classes"])
    _check_card(card, "card")
    _check_outputs(model, card)
    check_room(model, card["input_shape"], path)
    fresh = model if _is_own(card) else _build(card, _size(model.state_dict()), path)
    expected = {name: tensor.shape for name, tensor in fresh.state_dict().items()}
    given = {name: tensor.shape for name, tensor in model.state_dict().items()}
    if given != expected:
        raise ValueError(
            f"the network does not fit its card: {_name_of(card)} with "
            f"{len(card['classes'])} classes has other names or shapes than the model given"
        )
    checkpoint.save_weights(model, path, card=card, dtype=dtype, beside=beside)
    return Path(path)


def load(name, network=None):
    """Return a published network, in evaluation mode.

    Args:
        name: the name of a network that `zoo.list` shows, or the path of a file that `publish`
            wrote. The weights of "efficientnet-lite0" come as a package of their own, the extra
            `imagenet`; they are converted once and kept in the cache. A file without a card
            (.safetensors, .pth) is taken if its names are those of that network.
        network: a network that gets the weights, where the file does not say how to build one:
            weights from elsewhere (.safetensors, .pth), or a network of a class of somebody's own.
            The names in the file must be those of its ``state_dict()``.

    Returns:
        The network; besides its weights it has, if the file has a card, ``card`` (a dictionary),
        ``input_type``, ``input_shape`` and ``convention`` (what its card says, or None).

    Raises:
        ValueError: if there is no such network, its package is not installed, or the file is
            damaged, has no card, or weights that do not fit it.

    Example:
        >>> network = load("glyph-conv")
        >>> network.input_type, network.input_shape
        ('image', (1, 28, 28))
    """
    path = _converted() if name == imagenet.NAME else _find(name)
    card = None if network is not None and not _has_card(path) else read_card(path)
    if network is None:
        network = _build(card, _size(checkpoint.read_weights(path)), path)
        wanted = network.input_shape  # data would be brought into that shape
        if wanted is not None and tuple(card["input_shape"]) != wanted:
            raise ValueError(
                f"{path}: the card's input_shape is {card['input_shape']}, and a "
                f"{card['architecture']} takes {list(wanted)}"
            )
    try:
        checkpoint.load_weights(network, path)
    except KeyError as error:
        raise ValueError(error.args[0]) from None
    if card is None:
        return network.eval()
    try:
        _check_outputs(network, card)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    check_room(network, card["input_shape"], path)
    network.card = card
    network.input_type, network.input_shape = card["input_type"], tuple(card["input_shape"])
    network.convention = card.get("convention")
    return network.eval()


def read_card(name) -> dict:
    """Return the card of a published network without loading its weights.

    Args:
        name: as for `load`.

    Raises:
        ValueError: if there is no such network, it has no card, or one with other entries than
            `publish` describes.

    Example:
        >>> read_card("glyph-mlp")["architecture"]
        'glyph_mlp'
    """
    if name == imagenet.NAME:
        return imagenet.card()
    path = _find(name)
    if not _has_card(path):
        if imagenet.looks_like_it(weights := checkpoint.read_weights(path)):
            return imagenet.card_of(weights, path)
        raise ValueError(
            f"{path} holds weights but no card that says how to build the network, and they are "
            f"not those of an {imagenet.NAME}, which is known by its names. On the command line, "
            "give a file that minitransfer finetune wrote, or one of the networks that "
            "'minitransfer zoo' lists. In Python, build the network and say "
            "zoo.load(path, network=...); then zoo.publish writes a file that the command line "
            "takes too"
        )
    card = checkpoint.read_card(path)
    _check_card(card, str(path))
    return card


def _check_card(card, place) -> None:
    entries(**CARD, **{name: shape for name, shape in OPTIONAL.items() if name in card})(
        card, place
    )


def known_to(network, pictures) -> Dataset:
    """Return the examples whose class a network knows, under its own numbers.

    A network that learnt a thousand characters numbers them in its own order, and drawings of
    characters come with theirs: the names of the classes bring the two together.

    Args:
        network: as `load` returns it.
        pictures: a dataset with names of classes.

    Raises:
        ValueError: if the network has no card, or knows none of the classes.

    Example:
        >>> from minitransfer import data
        >>> known = known_to(load("glyph-mlp"), data.glyphs(20, 2, seed=0))
        >>> len(known), known.classes == tuple(read_card("glyph-mlp")["classes"])
        (40, True)
    """
    card = getattr(network, "card", None)
    if card is None:
        raise ValueError("the network has no card that names its classes; load it with zoo.load")
    numbers = {name: k for k, name in enumerate(card["classes"])}
    names = [pictures.classes[label] for label in pictures.y]
    known = np.array([name in numbers for name in names])
    if not known.any():
        raise ValueError(f"{card['name']!r} knows none of the classes of {pictures!r}")
    some = pictures[known]
    labels = np.array([numbers[name] for name in names if name in numbers])
    return replace(some, y=labels, classes=tuple(card["classes"]))


def names() -> list[str]:
    """Return the names of the networks that can be loaded: see `load`.

    Example:
        >>> from minitransfer import zoo
        >>> zoo.list()
        ['efficientnet-lite0', 'glyph-conv', 'glyph-mlp']
    """
    return sorted([imagenet.NAME, *(path.stem for path in FOLDER.glob("*.safetensors"))])


def _find(name) -> Path:
    path = Path(name)
    if path.suffix:
        if path.is_file():
            return path
        raise ValueError(f"there is no file {path}; give the path of a published network")
    if (FOLDER / f"{name}.safetensors").is_file():
        return FOLDER / f"{name}.safetensors"
    if (path / "network.safetensors").is_file():
        raise ValueError(f"{path} is a folder; give {path / 'network.safetensors'}")
    raise ValueError(
        f"no published network is called {str(name)!r}; there are: {', '.join(names())}, "
        "or give the path of a .safetensors or .pth file"
    )


def _converted() -> Path:
    """The file in the cache that holds the weights of the extra `imagenet`, made if need be."""
    path = cache_folder() / "networks" / f"{imagenet.NAME}.safetensors"
    card = imagenet.card()
    try:
        _, extra = load_arrays(path)
        if extra == {"card": card}:
            return path
    except (FileNotFoundError, ValueError):  # or damaged: then it is made again
        pass
    network = efficientnet_lite0(len(card["classes"]), generator=np.random.default_rng(0))
    network.load_state_dict(imagenet.weights())
    return publish(network, path, **card)


def _has_card(path) -> bool:
    return not is_of_pytorch(path) and set(CARD_KEYS) <= set(checkpoint.read_card(path))


def _is_own(card) -> bool:
    """Whether the network is of a class that is the user's own, of which only the name is known."""
    words = card["architecture"]
    return isinstance(words, dict) and set(words) == {"kind"}


def _name_of(card) -> str:
    words = card["architecture"]
    return words["kind"] if isinstance(words, dict) else words


def _size(state) -> int:
    return sum(getattr(tensor, "array", tensor).size for tensor in state.values())


def _check_outputs(model, card) -> None:
    """Refuse names of classes that are not as many as the outputs, where these can be told."""
    layers = [m for m in model.modules() if any(p.ndim >= 2 for p in m._parameters.values())]
    outputs = getattr(layers[-1], "out_features", None) if layers else None
    if isinstance(card["architecture"], dict) and outputs not in (None, len(card["classes"])):
        raise ValueError(
            f"the card names {len(card['classes'])} classes, and the network has {outputs} outputs"
        )


def _build(card, most, path):
    if isinstance(card["architecture"], dict):
        return build(card["architecture"], most, path)
    # A generator of its own: loading is no reason for the caller's numbers to go another way.
    generator = np.random.default_rng(0)
    return ARCHITECTURES[card["architecture"]](len(card["classes"]), generator=generator)
