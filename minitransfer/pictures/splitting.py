"""What is learnt from, what is chosen by, what is judged by: three parts with the same mixture."""

import numpy as np

#: Strata of a collection of values: each holds neighbours in size.
BINS = 10


def split(collection, shares=(0.7, 0.15, 0.15), seed: int = 0) -> tuple:
    """Divide a collection into training, validation and test, each class in the same proportion.

    A class of three or more has a picture in every part. Of two, one is for training and one for
    the test; a single one is for training. Values are divided by size: of every ten neighbours
    each part gets its share.

    Args:
        collection: as `collect` returns it.
        shares: of training, validation and test; they add up to 1.
        seed: decides which picture goes where.

    Returns:
        Three collections that share no picture, in the order of the whole.

    Raises:
        ValueError: if the shares are not three that add up to 1, or a part stays empty.

    Example:
        >>> from pathlib import Path
        >>> from minitransfer.pictures import Collection
        >>> whole = Collection(Path("."), tuple("abcdefghij"), np.repeat([0, 1], 5), ("x", "y"))
        >>> [part.y.tolist() for part in split(whole)]
        [[0, 0, 0, 1, 1, 1], [0, 1], [0, 1]]
    """
    shares = np.asarray(shares, float)
    if shares.shape != (3,) or (shares < 0).any() or abs(shares.sum() - 1) > 1e-6 or not shares[0]:
        raise ValueError(
            "shares are three numbers that add up to 1, for training, validation and test, as "
            f"(0.7, 0.15, 0.15); given {tuple(shares.tolist())}"
        )
    generator = np.random.default_rng(seed)
    strata = collection.y if collection.classes is not None else _by_size(collection.y)
    part = np.zeros(len(collection), np.int64)
    for stratum in np.unique(strata):
        rows = generator.permutation(np.flatnonzero(strata == stratum))
        part[rows] = np.repeat([0, 1, 2], _counts(len(rows), shares))
    for k, name in enumerate(("training", "validation", "test")):
        if shares[k] and not (part == k).any():
            raise ValueError(
                f"{len(collection)} pictures are too few: none is left for {name}; three of a "
                "class is the least"
            )
    return tuple(collection[part == k] for k in range(3))


def _counts(n, shares) -> np.ndarray:
    """How many of n each part gets: its share, and at least one where that is possible."""
    wanted = shares * n
    counts = np.floor(wanted).astype(int)
    for k in np.argsort(-(wanted - counts), kind="stable")[: n - counts.sum()]:
        counts[k] += 1
    for k in (0, 2, 1):  # training first, then the test
        if shares[k] and not counts[k] and counts.max() > 1:
            counts[np.argmax(counts)] -= 1
            counts[k] += 1
    if n == 1:
        counts = np.array([1, 0, 0])
    return counts


def _by_size(values) -> np.ndarray:
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    bins = max(1, min(BINS, len(values) // BINS))
    return ranks * bins // max(len(values), 1)
