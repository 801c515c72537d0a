"""The data sets that come with the library; licences and sources are in files/LICENCES.md."""

import json
from functools import cache
from pathlib import Path

import numpy as np

from minitransfer.data.dataset import Dataset

_FILES = Path(__file__).parent / "files"
_DIGITS = tuple("0123456789")
_ANIMALS = (
    "bear",
    "bird",
    "cat",
    "cow",
    "dog",
    "elephant",
    "giraffe",
    "horse",
    "sheep",
    "zebra",
)  # fmt: skip
_PARTS = ("pool", "validation", "test")

#: Seed of the fixed split into parts. Never changed: results on one "test" part are comparable.
SPLIT_SEED = 20_170


def mnist(part: str | None = None) -> Dataset:
    """Handwritten digits: the first 10,000 of MNIST's training pictures.

    The split is fixed and holds the digits in equal proportions: take labels from "pool" (5,000),
    choose hyper-parameters on "validation" (1,000), report what "test" (4,000) says.

    Args:
        part: "pool", "validation", "test", or None for all 10,000 in MNIST's order.

    Returns:
        Dataset with x uint8 (N, 1, 28, 28), 0 paper and 255 ink, and y int64 (N,).

    Raises:
        ValueError: if the part is unknown.

    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits" (1998).

    Example:
        >>> mnist("pool").sample(100, np.random.default_rng(0))
        Dataset 'mnist pool': 100 examples (1, 28, 28), 10 classes
    """
    return _part(_mnist(), part)


def shuffled_digits(part: str | None = None) -> Dataset:
    """The digits of `mnist` with their dots shuffled, in all parts in one and the same order.

    They hold exactly as much as the plain ones, only that no stroke is a stroke any more: a task
    of the same input type and size, and as far from writing as can be (see `Dataset.permuted`).

    Args:
        part: as for `mnist`.

    Returns:
        Dataset with x uint8 (N, 1, 28, 28) and y int64 (N,).

    Raises:
        ValueError: if the part is unknown.

    Example:
        >>> plain, shuffled = mnist("test"), shuffled_digits("test")
        >>> bool((plain.x.sum((1, 2, 3)) == shuffled.x.sum((1, 2, 3))).all())
        True
    """
    return mnist(part).permuted(np.random.default_rng(5))


def uci_digits(part: str | None = None, size: int = 8) -> Dataset:
    """Handwritten digits of other writers and another scanner than MNIST's, in 8×8 dots.

    The grey values 0..16 are spread over 0..255. Parts as in `mnist`: pool 1,000, validation
    197, test 600.

    Args:
        part: "pool", "validation", "test", or None for all 1,797.
        size: side of the picture; any other than 8 is interpolated (bilinearly), so that at 28
            a network for larger pictures can read them.

    Returns:
        Dataset with x uint8 (N, 1, size, size) and y int64 (N,).

    Raises:
        ValueError: if the part is unknown or the size below 8.

    Source: Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI machine learning
    repository (1998).

    Example:
        >>> uci_digits("test", size=28)
        Dataset 'uci digits test': 600 examples (1, 28, 28), 10 classes
    """
    if size < 8:
        raise ValueError(f"size={size} is smaller than the 8 dots of the pictures; use 8 or more")
    return _part(_uci_digits(size), part)


def animal_shapes(part: str | None = None) -> Dataset:
    """Silhouettes of ten animals, 28×28.

    Parts as in `mnist`: pool 5,000, validation 1,000, test 3,716.

    Args:
        part: "pool", "validation", "test", or None for all 9,716.

    Returns:
        Dataset with x uint8 (N, 1, 28, 28) and y int64 (N,).

    Raises:
        ValueError: if the part is unknown.

    Source: Mohammadi, "Animal-Shape", Python package animal-shape-mnist 0.39 (2025); duplicates
    removed.

    Example:
        >>> animal_shapes().classes[:3]
        ('bear', 'bird', 'cat')
    """
    return _part(_animal_shapes(), part)


def japanese_vowels(part: str | None = None) -> Dataset:
    """Nine men saying two vowels, 12 numbers per moment of sound; the label is the speaker.

    An utterance is at most 29 moments long and filled up with zeros:
    ``lengths = (data.x != 0).any(axis=2).sum(axis=1)``. The 370 published test utterances are
    "test"; of the 270 for training, 20 of each speaker are "pool" and 10 "validation".

    Args:
        part: "pool", "validation", "test", or None for all 640.

    Returns:
        Dataset with x float32 (N, 29, 12), cepstrum coefficients of a linear prediction, and y
        int64 (N,), the speaker 0..8.

    Raises:
        ValueError: if the part is unknown.

    Source: Kudo, Toyama and Shimbo, "Multidimensional curve classification using
    passing-through regions", Pattern Recognition Letters 20 (1999).

    Example:
        >>> japanese_vowels("test")
        Dataset 'japanese vowels test': 370 examples (29, 12), 9 classes
    """
    return _part(_japanese_vowels(), part)


def languages() -> dict[str, dict]:
    """Sixteen languages: the Declaration of Human Rights, and the names of the world's countries.

    Returns:
        ``{"udhr": {language: [30 articles, in the same order everywhere]}, "territories":
        {language: {code of the country: its name}}}``, languages by their two-letter codes.

    Source: United Nations, "Universal Declaration of Human Rights" (1948); Unicode CLDR 48.

    Example:
        >>> languages()["territories"]["de"]["JP"]
        'Japan'
    """
    return json.loads((_FILES / "languages.json").read_text(encoding="utf-8"))


def _part(parts, part):
    """Return the part asked for of the sets that a loading function has made."""
    if part not in parts:
        listed = ", ".join(f'"{name}" ({len(parts[name]):,})' for name in _PARTS)
        raise ValueError(
            f"{parts[None].name} has no part {part!r}; the parts are {listed}, and None for all"
        )
    return parts[part]


def _parts(whole, *sizes):
    split = whole.split(*sizes, generator=np.random.default_rng(SPLIT_SEED))
    return _named(whole, *split)


def _named(whole, *parts):
    named = {None: whole}
    for label, part in zip(_PARTS, parts, strict=True):
        named[label] = Dataset(
            _locked(part.x),
            _locked(part.y),
            name=f"{whole.name} {label}",
            classes=whole.classes,
            input_type=whole.input_type,
            licence=whole.licence,
        )
    return named


def _locked(array):
    """Make an array that all callers share read-only; a copy of it can be written to."""
    array.setflags(write=False)
    return array


def _read(file):
    with np.load(_FILES / file) as arrays:
        return {key: arrays[key] for key in arrays}


# Each of these reads its file once and keeps all parts, since lessons ask for them again and again.


@cache
def _mnist():
    arrays = _read("mnist10k.npz")
    whole = Dataset(
        _locked(arrays["x"][:, None]),
        _locked(arrays["y"].astype(np.int64)),
        name="mnist",
        classes=_DIGITS,
        input_type="image",
        licence="CC BY-SA 3.0 (Yann LeCun, Corinna Cortes, Christopher Burges)",
    )
    return _parts(whole, 5000, 1000, 4000)


@cache
def _uci_digits(size):
    arrays = _read("uci_digits.npz")
    x = np.rint(arrays["x"] * (255 / 16)).astype(np.uint8)
    if size != 8:
        x = _resized(x, size)
    whole = Dataset(
        _locked(x[:, None]),
        _locked(arrays["y"].astype(np.int64)),
        name="uci digits",
        classes=_DIGITS,
        input_type="image",
        licence="CC BY 4.0 (Ethem Alpaydin, Cenk Kaynak)",
    )
    return _parts(whole, 1000, 197, 600)


@cache
def _animal_shapes():
    arrays = _read("animal_shapes.npz")
    whole = Dataset(
        _locked(arrays["x"][:, None]),
        _locked(arrays["y"].astype(np.int64)),
        name="animal shapes",
        classes=_ANIMALS,
        input_type="image",
        licence="MIT (Sina Mohammadi)",
    )
    return _parts(whole, 5000, 1000, 3716)


@cache
def _japanese_vowels():
    arrays = _read("japanese_vowels.npz")
    whole = Dataset(
        _locked(np.concatenate([arrays["x_train"], arrays["x_test"]])),
        _locked(np.concatenate([arrays["y_train"], arrays["y_test"]]).astype(np.int64)),
        name="japanese vowels",
        classes=tuple(f"speaker {k}" for k in range(9)),
        input_type="sound",
        licence="CC BY 4.0 (Mineichi Kudo, Jun Toyama, Masaru Shimbo)",
    )
    published = len(arrays["x_train"])
    generator = np.random.default_rng(SPLIT_SEED)
    pool, validation = whole[:published].split(180, 90, generator=generator)
    return _named(whole, pool, validation, whole[published:])


def _resized(images, size):
    """Interpolate pictures (N, height, width) of uint8 bilinearly to (N, size, size)."""
    from PIL import Image  # here, since most of the library gets by without it

    return np.stack(
        [np.asarray(Image.fromarray(i).resize((size, size), Image.BILINEAR)) for i in images]
    )
