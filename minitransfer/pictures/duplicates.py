"""Pictures that are nearly the same: in training and in the test, they flatter."""

from typing import NamedTuple

import numpy as np

from minitransfer.pictures.streaming import batches

# Differences are taken between neighbours of a picture of this size.
_SIDE = 16


class Pair(NamedTuple):
    """Two pictures that are nearly the same.

    Attributes:
        first, second: their names within the folder.
        distance: share of the bits in which their hashes differ, 0 for the same picture.
        parts: which of the given collections each belongs to.
        rows: their numbers within these collections.
        agree: whether both have the same label or value.
    """

    first: str
    second: str
    distance: float
    parts: tuple
    rows: tuple
    agree: bool


def near_duplicates(*collections, distance: float = 0.06) -> list[Pair]:
    """Find pictures that are nearly the same.

    Each picture is reduced to 17×17 grey dots; its hash says of each two neighbours which is the
    brighter ("difference hash", dHash; N. Krawetz 2013). Another size, format or brightness
    changes few of its bits.

    Args:
        collections: one, whose pictures are compared with each other; or several, as `split`
            returns them, whose pictures are compared with those of the others.
        distance: up to what share of different bits two pictures count as nearly the same.

    Returns:
        The pairs, nearest first.
    """
    hashes, parts, rows = [], [], []
    for k, collection in enumerate(collections):
        for x, _, numbers in batches(collection, _SIDE + 1, 1, 256):
            hashes.append(_hashes(x))
            rows.append(numbers)
            parts.append(np.full(len(numbers), k))
    if not hashes:
        return []
    hashes, parts, rows = map(np.concatenate, (hashes, parts, rows))
    pairs = []
    for i in range(len(hashes) - 1):
        differing = np.bitwise_count(hashes[i + 1 :] ^ hashes[i]).sum(1) / (hashes.shape[1] * 8)
        near = differing <= distance
        if len(collections) > 1:
            near &= parts[i + 1 :] != parts[i]
        for j in i + 1 + np.flatnonzero(near):
            a, b = collections[parts[i]], collections[parts[j]]
            pairs.append(
                Pair(
                    a.shown(rows[i]),
                    b.shown(rows[j]),
                    float(differing[j - i - 1]),
                    (int(parts[i]), int(parts[j])),
                    (int(rows[i]), int(rows[j])),
                    bool(a.y[rows[i]] == b.y[rows[j]]),
                )
            )
    return sorted(pairs, key=lambda pair: pair.distance)


def _hashes(x) -> np.ndarray:
    """Return the bits of each picture (n, 1, 17, 17), eight to a byte."""
    wider = x[:, 0, :-1, 1:] > x[:, 0, :-1, :-1]
    lower = x[:, 0, 1:, :-1] > x[:, 0, :-1, :-1]
    return np.packbits(np.stack([wider, lower], 1).reshape(len(x), -1), axis=1)
