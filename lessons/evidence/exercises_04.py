"""Exercises of lesson 4."""

import numpy as np

from minitransfer.course import Exercise

PARTS = np.array(
    [  # what three nodes add in the four states of XOR, about their means
        [-2.0, 1.0, 0.0],
        [2.0, 1.0, 0.0],
        [2.0, -1.0, 0.0],
        [-2.0, -1.0, 0.0],
    ]
)


def team(answer):
    answer = tuple(sorted(answer))
    on = PARTS[:, list(answer)].sum(axis=1) > 0
    if on.tolist() != [False, True, True, False]:
        return (
            f"the nodes {answer} alone say {on.astype(int).tolist()} to "
            "00, 01, 10 and 11; 0, 1, 1, 0 is wanted"
        )
    if len(answer) > 1:
        return "that is right, but a smaller team does it, too"
    return ""


def cost(answer):
    for n in (1, 2, 5):
        said = answer(n)
        if abs(said - 2) > 1e-9:
            return (
                f"for {n} nodes you say {said:g}. Each contributes 1/n, "
                "with v = w, so that v * v = 1/n; n nodes pay for v and w"
            )
    return ""


EXERCISES = (
    Exercise(
        "Three nodes add PARTS = [[-2, 1, 0], [2, 1, 0], [2, -1, 0], "
        "[-2, -1, 0]] (a row for each of 00, 01, 10, 11, a column for each "
        "node, 0 to 2), and nothing else is added. Give the smallest team "
        "that is right in all four states, as a tuple of numbers.",
        team,
        (0,),
        ((1,), (0, 1), (1, 2), (2,)),
    ),
    Exercise(
        "n nodes, each like v * (w * h) with v = w, contribute 1 together, "
        "each the same. Write a function of n: the sum of all squared "
        "weights.",
        cost,
        lambda n: 2.0,
        (lambda n: 2 / n, lambda n: 2 * n, lambda n: 1.0),
    ),
)
