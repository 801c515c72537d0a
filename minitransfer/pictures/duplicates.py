"""Pictures that are nearly the same: in training and in the test, they flatter."""

from typing import NamedTuple

import numpy as np

from minitransfer.pictures.streaming import batches

# Pictures are compared as grey ones of this size, so many at a time.
_SIDE, _BLOCK = 24, 500


class Pair(NamedTuple):
    """Two pictures that are nearly the same.

    Attributes:
        first, second: their names within the folder.
        distance: 1 minus the correlation of their brightness: 0 for the same picture.
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


def near_duplicates(*collections, distance: float = 0.01) -> list[Pair]:
    """Find pictures that are nearly the same: saved again, in another size, a little brighter.

    Each is reduced to 24×24 grey dots, and two are near if the brightness of their dots correlates.
    What was cut, turned or mirrored is not found, and pictures of one even colour are left out.

    Args:
        collections: one, whose pictures are compared with each other; or several, as `split`
            returns them, whose pictures are compared with those of the others.
        distance: 1 minus the correlation, up to which two pictures count as nearly the same. The
            default finds nine of ten photographs that were saved as JPEG of quality 30, at half
            the size or with other brightness, and no two of the library's digits or characters.

    Returns:
        The pairs, nearest first.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from minitransfer.data import render
        >>> from minitransfer.pictures import collect
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in "AB":
        ...         Path(folder, name).mkdir()
        ...         Image.fromarray(render(name)).save(f"{folder}/{name}/1.png")
        ...     Image.fromarray(render("A")).resize((50, 50)).save(f"{folder}/B/2.jpg")
        ...     [(pair.first, pair.second, pair.agree) for pair in near_duplicates(collect(folder))]
        [('A/1.png', 'B/2.jpg', False)]
    """
    parts, rows, away = near_rows(*collections, distance=distance)
    pairs = [
        _pair(collections, zip(*ends, strict=True), apart)
        for *ends, apart in zip(parts.tolist(), rows.tolist(), away.tolist(), strict=True)
    ]
    return sorted(pairs, key=lambda pair: (pair.distance, pair.first, pair.second))


def near_rows(*collections, distance: float = 0.01) -> tuple:
    """Do what `near_duplicates` does, in arrays: of a folder full of copies there are millions.

    Returns:
        Three arrays, nearest first: parts (P, 2) and rows (P, 2), which picture of which
        collection; and the distances (P,).
    """
    thumbs, parts, rows = [], [], []
    for k, collection in enumerate(collections):
        for x, _, numbers in batches(collection, _SIDE, 1, _BLOCK):
            thumbs.append(_standardised(x))
            rows.append(numbers)
            parts.append(np.full(len(numbers), k))
    if not thumbs:
        return np.zeros((0, 2), int), np.zeros((0, 2), int), np.zeros(0)
    thumbs, parts, rows = map(np.concatenate, (thumbs, parts, rows))
    pairs, away = [np.zeros((0, 2), np.int32)], [np.zeros(0, np.float32)]
    for start in range(0, len(thumbs), _BLOCK):
        correlations = thumbs[start : start + _BLOCK] @ thumbs[start:].T
        i, j = np.nonzero(np.triu(correlations >= 1 - distance, 1))
        if len(collections) > 1:
            across = parts[i + start] != parts[j + start]
            i, j = i[across], j[across]
        pairs.append(np.stack([i + start, j + start], axis=1).astype(np.int32))
        away.append((1 - correlations[i, j]).clip(0))
    pairs, away = np.concatenate(pairs), np.concatenate(away)
    order = np.argsort(away, kind="stable")
    return parts[pairs[order]], rows[pairs[order]], away[order]


def _standardised(x) -> np.ndarray:
    """Return pictures (n, 1, side, side) as vectors of mean 0 and length 1; 0 for even ones."""
    flat = x.reshape(len(x), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return flat / length.clip(1e-6) * (length > 0.1)


def _pair(collections, ends, distance) -> Pair:
    (part, row), (other_part, other_row) = ends
    first, second = collections[part], collections[other_part]
    return Pair(
        first.shown(row),
        second.shown(other_row),
        distance,
        (part, other_part),
        (row, other_row),
        bool(first.y[row] == second.y[other_row]),
    )
