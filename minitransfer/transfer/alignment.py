"""Which thing here answers to which thing there: from a few pairs, or from structure alone."""

import itertools
import math
from typing import NamedTuple

import numpy as np


class Alignment(NamedTuple):
    """What `procrustes` finds; call it with rows of the one world to see them in the other.

    Attributes:
        turn: (columns of a, columns of b), a rotation of what is known and 0 for all else.
        from_: mean of the rows of a.
        to: mean of the rows of b.
    """

    turn: np.ndarray
    from_: np.ndarray
    to: np.ndarray

    def __call__(self, rows) -> np.ndarray:
        """Return rows (N, columns of a) as rows (N, columns of b)."""
        return (np.asarray(rows) - self.from_) @ self.turn + self.to


def procrustes(a, b, *, tolerance: float = 1e-9) -> Alignment:
    """Turn one world so that its things come to lie on those of another (Schönemann 1966).

    Distances within a world stay as they are: only a rotation (or mirror) and a shift are found,
    by one singular value decomposition. Of directions in which the pairs do not differ it knows
    nothing, for instance if they are fewer than the columns; there everything is turned to 0.

    Args:
        a: rows (N, columns) of the one world.
        b: rows (N, columns) of the other, each the partner of the row in `a`.
        tolerance: directions along which the pairs vary together less than this share of the
            strongest one count as not known. Raise it where there is noise.

    Returns:
        An `Alignment`: a function from rows of the world of a to rows of the world of b.

    Raises:
        ValueError: if these are not two tables of equally many rows, two or more.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> a, turn = rng.standard_normal((9, 3)), np.linalg.qr(rng.standard_normal((3, 3)))[0]
        >>> found = procrustes(a, a @ turn + 5)
        >>> bool(np.allclose(found([[1.0, 2.0, 3.0]]), [1.0, 2.0, 3.0] @ turn + 5))
        True
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 2 or b.ndim != 2 or len(a) != len(b) or len(a) < 2:
        raise ValueError(
            "procrustes takes two tables with a row for each of two or more pairs; given shapes "
            f"{a.shape} and {b.shape}"
        )
    from_, to = a.mean(0), b.mean(0)
    left, strength, right = np.linalg.svd((a - from_).T @ (b - to), full_matrices=False)
    known = strength > tolerance * strength.max(initial=0)
    return Alignment(left[:, known] @ right[known], from_, to)


def match_structure(a, b, *, most: int = 100_000) -> np.ndarray:
    """Find out which thing answers to which, only from how the things of each world are related.

    Relations are a square table for each world: distances, or products. Every way of matching is
    tried, and the one that leaves the least squared difference between the tables is taken (the
    quadratic assignment problem, Koopmans and Beckmann 1957). That is exact, and only for few
    things: the ways grow like a factorial.

    Args:
        a: relations (N, N) of the one world.
        b: relations (M, M) of the other, M not less than N.
        most: how many ways may be tried.

    Returns:
        (N,): for each thing in `a` its partner in `b`; no two have the same.

    Raises:
        ValueError: if these are no such tables, or there are too many ways.

    Example:
        >>> a = np.array([[0.0, 1.0, 5.0], [1.0, 0.0, 2.0], [5.0, 2.0, 0.0]])
        >>> order = [2, 0, 1]                      # the same things, met in another order
        >>> match_structure(a, a[np.ix_(order, order)]).tolist()
        [1, 2, 0]
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != (len(a), len(a)) or b.shape != (len(b), len(b)) or len(a) > len(b):
        raise ValueError(
            "match_structure takes two square tables of relations, the second not smaller than the "
            f"first; given shapes {a.shape} and {b.shape}"
        )
    ways = math.perm(len(b), len(a))
    if ways > most:
        raise ValueError(
            f"{len(a)} of {len(b)} things can be matched in {ways} ways, and {most} may be tried. "
            "Match groups of things first, or say most=..."
        )
    best, least = None, np.inf
    for way in itertools.permutations(range(len(b)), len(a)):
        apart = ((a - b[np.ix_(way, way)]) ** 2).sum()
        if apart < least:
            best, least = way, apart
    return np.array(best)
