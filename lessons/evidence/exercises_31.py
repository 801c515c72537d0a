"""Exercises of lesson 31."""

import numpy as np

from minitransfer.course import Exercise


def weights(answer):
    if answer == 1280 * 10 + 10:
        return ""
    if answer == 1280 * 10:
        return "nearly: each class has a bias as well"
    if answer == 50 * 1280:
        return "that counts the features of fifty pieces, not weights"
    return "a linear map from 1,280 features to 10 classes, and a bias a class"


def divided(answer):
    owners = np.array([7, 7, 3, 3, 3, 9, 7, 4, 4, 1])
    said = answer(owners, [3, 4])
    if not isinstance(said, tuple) or len(said) != 2:
        return "return two arrays of numbers, (labelled, asked)"
    labelled, asked = (np.asarray(part).ravel() for part in said)
    if set(owners[labelled.astype(int)]) & set(
        owners[asked.astype(int)]
    ):
        return "an owner has pictures on both sides"
    if sorted([*labelled, *asked]) != list(range(len(owners))):
        return "every picture belongs on one side, and on one only"
    if set(owners[asked.astype(int)]) != {3, 4}:
        return "asked are the pictures of the owners that were named"
    return ""


def by_owner(owners, held):
    asked = np.isin(owners, held)
    return np.flatnonzero(~asked), np.flatnonzero(asked)


EXERCISES = (
    Exercise(
        "The body gives 1,280 features a piece. How many numbers does the "
        "head for ten puzzles hold, in all?",
        weights,
        1280 * 10 + 10,
        (12800, 64000, 1290, 0),
    ),
    Exercise(
        "Write a function of (owners, held): owners holds for each picture "
        "whose it is, held names some owners. It returns the numbers "
        "(labelled, asked) of the pictures, so that those of the held "
        "owners are asked and all others labelled.",
        divided,
        by_owner,
        (
            lambda owners, held: (np.arange(8), np.arange(8, 10)),
            lambda owners, held: np.flatnonzero(
                np.isin(owners, held)
            ),
            lambda owners, held: by_owner(owners, held)[::-1],
            lambda owners, held: (
                by_owner(owners, held)[0],
                np.array([2, 3]),
            ),
        ),
    ),
)
