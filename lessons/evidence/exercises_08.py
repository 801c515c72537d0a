"""Exercises of lesson 8."""

import numpy as np

from minitransfer.course import Exercise

ATOMS = np.array([[1.0, 0.0, 0.0], [0.0, 0.6, 0.8]])
PATCH = np.array([1.0, 1.2, 1.6])


def code(answer):
    z = np.asarray(answer, float)
    best = np.array([0.9, 1.9])  # the price 0.1 is taken off each
    if z.shape != (2,) or (z < 0).any():
        return "a code is two numbers, not below 0"
    if np.allclose(z, [1, 2], atol=0.01):
        return "without a price, yes; with it, a little less of each atom"
    if np.abs(z - best).max() > 0.02:
        return "the atoms are at right angles: each number stands by itself"
    return ""


def examples(answer):
    for forms in ((5, 5), (4, 4, 4), (2, 3)):
        wanted = sum(forms) - len(forms) + 1
        said = answer(forms)
        if said != wanted:
            return (
                f"for {forms} you say {said}. A value is a sum; moving a "
                "shift from one factor to another changes nothing, and that "
                "is an unknown less for each factor but one"
            )
    return ""


EXERCISES = (
    Exercise(
        "Two atoms, (1, 0, 0) and (0, .6, .8), and the price 0.1. Give the "
        "best code (z1, z2) of the patch (1, 1.2, 1.6).",
        code,
        (0.9, 1.9),
        ((1, 2), (0, 0), (0.9, 0), (1, 1.2)),
    ),
    Exercise(
        "Values are sums over factors. Write a function of the numbers of "
        "forms, such as (5, 5) for five colours and five shapes: how few "
        "examples can settle all values?",
        examples,
        lambda forms: sum(forms) - len(forms) + 1,
        (sum, lambda forms: int(np.prod(forms)), max),
    ),
)
