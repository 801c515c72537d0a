"""Exercises of lesson 12."""

import numpy as np

from minitransfer.course import Exercise

LEFT_DARK = np.array([[0, 0, 1], [0, 0, 1], [0, 0, 1.0]])
EVEN = np.ones((3, 3))


def edge(answer):
    filt = np.asarray(answer, float)
    if filt.shape != (3, 3):
        return "a filter of 3×3 numbers, please"
    if abs((filt * EVEN).sum()) > 1e-9:
        return "on an even patch it should keep still: let it add up to 0"
    if (filt * LEFT_DARK).sum() <= 0:
        return "on paper left, ink right it should be loud, above 0"
    if (filt * LEFT_DARK[:, ::-1]).sum() >= 0:
        return "turned round, ink left, it should be below 0"
    if abs((filt * LEFT_DARK.T).sum()) > 1e-9:
        return "an edge that lies the other way should leave it at 0"
    return ""


def beyond(answer):
    if abs(answer - 0.05) < 1e-9:
        return ""
    if abs(answer - 0.09) < 1e-9:
        return "that is the whole climb; how much of it was never learnt?"
    if abs(answer - 5) < 1e-9:
        return "that is in points; 0.01 is one of them"
    return "take the climb of the learnt network and of its beginning"


EXERCISES = (
    Exercise(
        "Write a filter of 3×3 numbers that is loud (above 0) where paper "
        "(0) on the left meets ink (1) in the right column, below 0 where "
        "they change places, and 0 on an even patch and on an edge that "
        "lies across.",
        edge,
        ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),
        (
            ((0, 0, 1), (0, 0, 1), (0, 0, 1)),
            ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
            ((1, 0, -1), (1, 0, -1), (1, 0, -1)),
        ),
    ),
    Exercise(
        "Layer 1 of a learnt network tells corners in 80 %, layer 2 in "
        "89 %. In the same network before its first step it is 70 % and "
        "74 %. By how much does the learnt network climb more than its "
        "beginning does? (0.01 is a point.)",
        beyond,
        0.05,
        (0.09, 0.15, 0.04, 5),
    ),
)
