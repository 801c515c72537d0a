"""Exercises of lesson 21."""

import numpy as np

from minitransfer.course import Exercise

GROUPS = np.array([0, 0, 0, 1, 1, 1])
DIGITS = np.array([7, 7, 1, 1, 1, 1])


def count(first, second):
    """Pairs that both groupings put together, or both apart."""
    both = [
        (first[i] == first[j]) == (second[i] == second[j])
        for i in range(len(first))
        for j in range(i)
    ]
    return int(np.sum(both)), len(both)


RIGHT, PAIRS = count(GROUPS, DIGITS)


def agreement(answer):
    if answer == RIGHT:
        return ""
    if answer == PAIRS - RIGHT:
        return "these are the pairs on which the two groupings differ"
    if answer == 5:
        return (
            "five pictures lie in a pile of their own digit's majority; "
            "asked is for pairs of pictures"
        )
    return (
        f"there are {PAIRS} pairs; for each ask twice: same pile? same "
        "digit? and count where the two answers agree"
    )


def collapse(answer):
    rng = np.random.default_rng(0)
    spread, same = rng.standard_normal((50, 4)), np.ones((50, 4))
    half = spread.copy()
    half[:, :2] = 3.0
    for features, wanted, what in (
        (spread, 0, "four features that scatter with deviation 1"),
        (same, 4, "four features that are the same for all pictures"),
        (half, 2, "two features of four that are the same for all"),
        (
            spread * 5,
            0,
            "four features that scatter with deviation 5",
        ),
        (
            spread * 1e-6,
            4,
            "four features that scatter by a millionth",
        ),
    ):
        said = answer(features)
        if said != wanted:
            return f"of {what}, {wanted} are dead; you say {said}"
    return ""


EXERCISES = (
    Exercise(
        "Six pictures were put into the piles 0, 0, 0, 1, 1, 1. They show "
        "the digits 7, 7, 1, 1, 1, 1. On how many of the 15 pairs of "
        "pictures do piles and digits agree, that is, both together or "
        "both apart?",
        agreement,
        RIGHT,
        (PAIRS - RIGHT, 5, PAIRS, 6),
    ),
    Exercise(
        "A body has collapsed if its features say the same of all "
        "pictures. Write a function of features, an array (pictures, "
        "features), that returns how many of the features are dead: "
        "their standard deviation over the pictures is below 0.001.",
        collapse,
        lambda features: int((features.std(axis=0) < 1e-3).sum()),
        (
            lambda features: int((features.std(axis=1) < 1e-3).sum()),
            lambda features: int((features == 0).all(axis=0).sum()),
            lambda features: int(
                (features.mean(axis=0) < 1e-3).sum()
            ),
            0,
        ),
    ),
)
