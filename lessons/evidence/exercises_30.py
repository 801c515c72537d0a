"""Exercises of lesson 30."""

import numpy as np

from minitransfer.course import Exercise


def folds(answer):
    for count, parts in ((10, 5), (12, 4), (9, 3)):
        said = np.asarray(answer(count, parts))
        if said.shape != (count,):
            return f"{count} examples, but a result of shape {said.shape}"
        sizes = np.bincount(said.astype(int), minlength=parts)
        if len(sizes) != parts or (sizes != count // parts).any():
            return (
                f"of {count} examples the folds have {sizes.tolist()}"
            )
    return ""


def trainings(answer):
    if answer == 36:
        return ""
    if answer == 35:
        return "and the one that is taken is trained once more, on all labels"
    return "each of seven options, once for every fold, and …"


EXERCISES = (
    Exercise(
        "Write a function of the number of examples and of folds: for each "
        "example the number of its fold, from 0, all folds of one size.",
        folds,
        lambda count, parts: np.arange(count) * parts // count,
        (
            lambda count, parts: np.arange(count),
            lambda count, parts: np.zeros(count, int),
            lambda count, parts: np.arange(parts),
        ),
    ),
    Exercise(
        "Seven options, five folds, and then the best one on all labels: "
        "how many trainings are that?",
        trainings,
        36,
        (35, 12, 7),
    ),
)
