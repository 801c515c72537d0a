"""Exercises of lesson 26."""

import numpy as np

from minitransfer.course import Exercise


def rotate(answer):
    rng = np.random.default_rng(3)
    for angle in (0.4, 2.5, -1.2):
        turn = np.array(
            [
                [np.cos(angle), np.sin(angle)],
                [-np.sin(angle), np.cos(angle)],
            ]
        )
        a = rng.standard_normal((8, 2))
        a -= a.mean(0)
        said = np.asarray(answer(a, a @ turn), float)
        if said.shape != (2, 2):
            return f"the shape is {said.shape}; (2, 2) is wanted"
        if not np.allclose(said.T @ said, np.eye(2), atol=1e-6):
            return (
                "that stretches too; of the singular value decomposition "
                "of aᵀb keep the two rotations and leave the sizes out"
            )
        if not np.allclose(a @ said, a @ turn, atol=1e-6):
            return "a @ turn is not b; is it turned backwards?"
    return ""


def solution(a, b):
    left, _, right = np.linalg.svd(a.T @ b)
    return left @ right


OURS = np.array([[0, 4, 1], [4, 0, 3], [1, 3, 0]])
THEIRS = np.array([[0, 3, 4], [3, 0, 1], [4, 1, 0]])


def match(answer):
    found = list(answer)
    if sorted(found) != [0, 1, 2]:
        return "each of 0, 1 and 2 once: the place of the partner"
    if (THEIRS[np.ix_(found, found)] == OURS).all():
        return ""
    return (
        "look for the two that are farthest apart in each game, and then "
        "for who is near to which of them"
    )


EXERCISES = (
    Exercise(
        "Write a function of a and b, both (N, 2) with mean 0, that returns "
        "the rotation `turn` (2, 2) for which a @ turn is b.",
        rotate,
        solution,
        (
            lambda a, b: solution(b, a),
            lambda a, b: a.T @ b,
            lambda a, b: np.eye(2),
        ),
    ),
    Exercise(
        "Three roles of one game have the distances 0–1: 4, 0–2: 1, 1–2: 3, "
        "those of another 0–1: 3, 0–2: 4, 1–2: 1. Which role there answers "
        "to 0, 1 and 2 here? Answer with a list of three numbers.",
        match,
        [2, 0, 1],
        ([0, 1, 2], [1, 2, 0], [2, 1, 0], [0, 2, 1]),
    ),
)
