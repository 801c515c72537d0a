"""Exercises of lesson 41."""

import numpy as np

from minitransfer.course import Exercise, near
from minitransfer.kernels import cache_model

SIZE = 96
CACHE = 16 << 10


def intensity(answer):
    if near(answer, 128, 0.5):
        return ""
    if near(answer, 512, 2):
        return (
            "that is operations for each number; one has four bytes"
        )
    if near(answer, 64, 0.5):
        return "a multiplication and an addition are two operations"
    if near(answer, 192, 0.5) or near(answer, 256, 0.5):
        return "all three matrices are carried, c too"
    return "2 n³ operations, over 4 bytes for each of 3 n² numbers"


def transposed(a, b, c):
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            total = a[i, 0] * b[j, 0]
            for k in range(1, a.shape[1]):
                total += a[i, k] * b[j, k]
            c[i, j] = total


def blocks(a, b, c):
    for top in range(0, c.shape[0], 16):
        for left in range(0, c.shape[1], 16):
            for i in range(top, min(top + 16, c.shape[0])):
                for j in range(left, min(left + 16, c.shape[1])):
                    total = a[i, 0] * b[j, 0]
                    for k in range(1, a.shape[1]):
                        total += a[i, k] * b[j, k]
                    c[i, j] = total


def by_transpose(answer):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((5, 7)), rng.standard_normal((3, 7))
    c = np.full((5, 3), np.nan)
    answer(a, b, c)
    if not np.allclose(c, a @ b.T):
        return (
            "c should be a @ b.T: the sum over k of a[i, k] * b[j, k]"
        )
    shape = (SIZE, SIZE)
    args = (shape, shape, shape)
    plain = cache_model.bytes_moved(transposed, *args, cache=CACHE)[1]
    yours = cache_model.bytes_moved(answer, *args, cache=CACHE)[1]
    if yours > plain / 3:
        return (
            f"right, but {yours:,} bytes are carried; the plain loops "
            f"carry {plain:,}, blocks less than a third of that"
        )
    return ""


EXERCISES = (
    Exercise(
        "Each number of three matrices of 768 × 768, four bytes each, is "
        "carried once. How many operations are there for each byte?",
        intensity,
        128,
        (512, 64, 192, "x"),
    ),
    Exercise(
        f"Write loops (a, b, c), plain Python with indices only, for "
        f"c = a @ b.T, which for {SIZE} × {SIZE} matrices and a cache of "
        f"{CACHE >> 10} KB carry less than a third of what the three "
        "plain loops carry.",
        by_transpose,
        blocks,
        (transposed, lambda a, b, c: None, 3),
    ),
)
