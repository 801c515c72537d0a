"""Published networks: weights in a safetensors file, with a card in its header.

Article C's community: who trains a network gives it away with all that the next person must know
to use it: what goes in, what comes out, what it has seen, under which licence, how good it is and
which command makes it again.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from minitransfer import checkpoint
from minitransfer.array_file import load_arrays
from minitransfer.data import Dataset
from minitransfer.data.conventions import CONVENTION
from minitransfer.documents import (
    anything,
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

#: The networks that come with the package.
FOLDER = Path(__file__).parent / "networks"

#: What every card says.
CARD = {
    "name": text,
    "architecture": one_of(*ARCHITECTURES),
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
        model: a network built by one of `ARCHITECTURES`.
        path: the file to write, ending in ".safetensors"; it is replaced in one step.
        dtype: type of the stored weights; "float16" halves the file.
        beside: name → array that goes with the network, see `checkpoint.load_beside`.
        card: the entries of `CARD_KEYS`: ``name``; ``architecture``, a key of `ARCHITECTURES`;
            ``input_type`` ("image", …); ``input_shape`` without the batch axis, None for any size;
            ``classes``, their names in the order of the outputs; ``source``, the data it was
            trained on; ``licence``; ``accuracy``, a dictionary what → share; ``command`` that made
            it; and, if it matters, ``convention``: what its pictures look like, a dictionary with
            the entries ``range`` ([0, 1]: the numbers of black and white), ``polarity`` ("bright
            on dark", "dark on bright" or "any") and ``centring`` ("centred" or "any"); and
            ``finetuned``, what `minitransfer finetune` found out about the network.

    Returns:
        The path.

    Raises:
        ValueError: if the card lacks an entry, has one too many, or does not fit the network.

    Example:
        >>> import tempfile
        >>> from minitransfer.zoo import glyph_mlp
        >>> card = dict(name="mine", architecture="glyph_mlp", input_type="image",
        ...             input_shape=(1, 28, 28), classes=list("ab"), source="two letters",
        ...             licence="MIT", accuracy={}, command="python mine.py")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     load(publish(glyph_mlp(2), f"{folder}/mine.safetensors", **card)).card["name"]
        'mine'
    """
    absent, unknown = set(CARD_KEYS) - set(card), set(card) - {*CARD_KEYS, *OPTIONAL}
    if absent or unknown:
        raise ValueError(
            f"a card has the entries {', '.join(CARD_KEYS)}, and may have "
            f"{', '.join(OPTIONAL)}; "
            f"missing: {sorted(absent)}, unknown: {sorted(unknown)}"
        )
    card["input_shape"], card["classes"] = list(card["input_shape"]), list(card["classes"])
    _check_card(card, "card")
    fresh = _build(card)
    expected = {name: tensor.shape for name, tensor in fresh.state_dict().items()}
    given = {name: tensor.shape for name, tensor in model.state_dict().items()}
    if given != expected:
        raise ValueError(
            f"the network does not fit its card: {card['architecture']} with "
            f"{len(card['classes'])} classes has other names or shapes than the model given"
        )
    checkpoint.save_weights(model, path, card=card, dtype=dtype, beside=beside)
    return Path(path)


def load(name):
    """Return a published network, in evaluation mode.

    Args:
        name: the name of a network that `zoo.list` shows, or the path of a file that `publish`
            wrote. The weights of "efficientnet-lite0" come as a package of their own, the extra
            `imagenet`; they are converted once and kept in the cache.

    Returns:
        The network; besides its weights it has ``card`` (a dictionary), ``input_type``,
        ``input_shape`` and ``convention`` (what its card says, or None).

    Raises:
        ValueError: if there is no such network, its package is not installed, or the file is
            damaged, has no card, or weights that do not fit it.

    Example:
        >>> network = load("glyph-conv")
        >>> network.input_type, network.input_shape
        ('image', (1, 28, 28))
    """
    path = _converted() if name == imagenet.NAME else _find(name)
    card = read_card(path)
    network = _build(card)
    if tuple(card["input_shape"]) != network.input_shape:  # data would be brought into that shape
        raise ValueError(
            f"{path}: the card's input_shape is {card['input_shape']}, and a "
            f"{card['architecture']} takes {list(network.input_shape)}"
        )
    try:
        checkpoint.load_weights(network, path)
    except KeyError as error:
        raise ValueError(error.args[0]) from None
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
    card = checkpoint.read_card(path)
    if not card or set(CARD_KEYS) - set(card):
        raise ValueError(
            f"{path} holds weights but no card that says how to build the network; "
            "write such files with zoo.publish, or load the weights into a network of yours "
            "with checkpoint.load_weights"
        )
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
        raise ValueError(f"{card['name']} knows none of the classes of {pictures!r}")
    some = pictures[known]
    labels = np.array([numbers[name] for name in names if name in numbers])
    return replace(some, y=labels, classes=tuple(card["classes"]))


def names() -> list[str]:
    """Return the names of the networks that can be loaded: see `load`.

    Example:
        >>> names()
        ['efficientnet-lite0', 'glyph-conv', 'glyph-mlp']
    """
    return sorted([imagenet.NAME, *(path.stem for path in FOLDER.glob("*.safetensors"))])


def _find(name) -> Path:
    path = Path(name)
    if path.suffix == ".safetensors":
        if path.is_file():
            return path
        raise ValueError(f"there is no file {path}; give the path of a published network")
    if (FOLDER / f"{name}.safetensors").is_file():
        return FOLDER / f"{name}.safetensors"
    raise ValueError(
        f"no published network is called {str(name)!r}; there are: {', '.join(names())}, "
        "or give the path of a .safetensors file"
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
    network = _build(card)
    network.load_state_dict(imagenet.weights())
    return publish(network, path, **card)


def _build(card):
    # A generator of its own: loading is no reason for the caller's numbers to go another way.
    generator = np.random.default_rng(0)
    return ARCHITECTURES[card["architecture"]](len(card["classes"]), generator=generator)
