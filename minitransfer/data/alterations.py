"""The same pictures, taken otherwise: what a network meets that left the place where it learnt."""

from dataclasses import replace

import numpy as np

from minitransfer.data.augmentation import thickened
from minitransfer.data.dataset import Dataset

#: By how many dots `altered` shifts, and the standard deviation of its noise, with 1 for full ink.
SHIFT, NOISE = 4, 0.5


def _shifted(x, generator):
    moved = np.zeros_like(x)
    moved[..., SHIFT:, SHIFT:] = x[..., :-SHIFT, :-SHIFT]
    return moved


def _noisy(x, generator):
    return np.clip(x + NOISE * generator.standard_normal(x.shape, dtype=np.float32), 0, 1)


def _inverted(x, generator):
    return 1 - x


def _thickened(x, generator):
    return thickened(x.reshape(-1, *x.shape[2:]), 1).reshape(x.shape)


def _faded(x, generator):
    return x * np.float32(0.35)


def _blurred(x, generator):
    """A mean over 3 × 3 dots, twice."""
    for _ in range(2):
        room = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(1, 1)] * 2)
        windows = np.lib.stride_tricks.sliding_window_view(room, (3, 3), (-2, -1))
        x = windows.mean((-2, -1), dtype=np.float32)
    return x


#: What `altered` can do.
ALTERATIONS = {
    "shifted": _shifted,
    "noisy": _noisy,
    "inverted": _inverted,
    "thickened": _thickened,
    "faded": _faded,
    "blurred": _blurred,
}


def altered(pictures: Dataset, how: str, seed: int = 0) -> Dataset:
    """Return the same pictures with the same labels, otherwise taken.

    Args:
        pictures: x (N, channels, height, width), uint8 or floats from 0 to 1, bright ink on dark
            paper.
        how: "shifted" (by `SHIFT` dots to the right and down), "noisy" (of standard deviation
            `NOISE`), "inverted" (dark ink on bright paper), "thickened" (strokes a dot fatter on
            each side), "faded" (a third of the ink) or "blurred".
        seed: draws the noise.

    Returns:
        A dataset of the same type.

    Raises:
        ValueError: if there is no such alteration, or these are no pictures.

    Example:
        >>> from minitransfer.data import mnist
        >>> altered(mnist("validation"), "inverted")
        Dataset 'mnist validation, inverted': 1000 examples (1, 28, 28), 10 classes
    """
    if how not in ALTERATIONS:
        raise ValueError(f"altered: how is one of {', '.join(ALTERATIONS)}; given {how!r}")
    x = pictures.x
    if x.ndim != 4 or min(x.shape[2:]) <= SHIFT:
        raise ValueError(
            f"altered takes pictures (N, channels, height, width) of more than {SHIFT} dots a "
            f"side; given {x.shape}"
        )
    bytes_given = x.dtype == np.uint8
    floats = x * np.float32(1 / 255) if bytes_given else x.astype(np.float32, copy=False)
    result = ALTERATIONS[how](floats, np.random.default_rng(seed))
    if bytes_given:
        result = np.rint(result * np.float32(255)).astype(np.uint8)
    return replace(pictures, x=result, name=f"{pictures.name}, {how}")
