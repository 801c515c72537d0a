"""Exercises of lesson 27."""

import numpy as np

from minitransfer.course import Exercise

PAIRS = (
    ([1, 2, 3, 4], [10, 20, 40, 30], 1),
    ([3, 1, 2], [1, 3, 2], 3),
    ([0.2, 0.9, 0.4], [5, 7, 6], 0),
)


def disagreements(answer):
    for a, b, wanted in PAIRS:
        said = answer(np.array(a), np.array(b))
        if said != wanted:
            return (
                f"of {a} and {b} you say {said}; go through all pairs, "
                "each once, and see who is larger in the one row and "
                "who in the other"
            )
    return ""


def of_four(answer):
    if abs(answer - (2 * np.log(2 / 3) + np.log(1 / 3)) / 4) < 0.005:
        return ""
    if answer > 0:
        return "a mean of logarithms of shares lies below 0"
    if abs(answer - np.log(2 / 4)) < 0.005:
        return (
            "use what the old class says, not only how many are cats"
        )
    return (
        "of the three pictures that the network calls A, two are cats: "
        "what share does each picture's true class get? Then the mean of "
        "four logarithms"
    )


EXERCISES = (
    Exercise(
        "Write a function of two rows of numbers, scores and accuracies: "
        "how many pairs of networks do they order differently?",
        disagreements,
        lambda a, b: sum(
            (a[i] - a[j]) * (b[i] - b[j]) < 0
            for i in range(len(a))
            for j in range(i)
        ),
        (
            lambda a, b: int((a != b).sum()),
            lambda a, b: sum(
                (a[i] - a[j]) * (b[i] - b[j]) < 0
                for i in range(len(a))
                for j in range(len(a))
            ),
            lambda a, b: 0,
        ),
    ),
    Exercise(
        "A network is quite sure of its old classes A and B. It calls "
        "two cats A, one dog A and one dog B. What is LEEP, in nats, to "
        "two places?",
        of_four,
        -0.48,
        (0.48, -0.69, -0.41),
    ),
)
