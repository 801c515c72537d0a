"""Exercises of lesson 18."""

import numpy as np

from minitransfer.course import Exercise


def fits(answer):
    x = np.arange(2 * 29 * 12, dtype="f4").reshape(2, 29, 12)
    said = np.asarray(answer(x))
    if said.shape != (2, 1, 28, 28):
        return f"{said.shape} came out; (2, 1, 28, 28) is wanted"
    if not (said == 0).any():
        return "twelve numbers for each moment; where is the margin?"
    if len(np.unique(said[0])) < 12 * 28 * 0.9:
        return "some of the numbers have got lost on the way"
    return ""


def padded(x):
    moments = x[:, :28].transpose(0, 2, 1)  # (N, 12, 28)
    return np.pad(moments, ((0, 0), (8, 8), (0, 0)))[:, None]


def word(answer):
    wanted = ("little", "undecided", "useful")
    for interval, said, right in zip(
        ((-0.04, 0.02), (-0.02, 0.08), (0.04, 0.10)),
        answer,
        wanted,
        strict=True,
    ):
        if said != right:
            return (
                f"the gain lies in {interval}; below .03 is little, and "
                f"{said!r} does not follow from it"
            )
    return ""


EXERCISES = (
    Exercise(
        "Utterances come as (N, 29, 12): moments, numbers. Write a function "
        "that makes pictures of (N, 1, 28, 28) of them, moments from left "
        "to right (the last may go), with a margin of zeros.",
        fits,
        padded,
        (
            lambda x: x,
            lambda x: x[:, None],
            lambda x: np.zeros((2, 1, 28, 28)),
            lambda x: np.ones((2, 1, 28, 28)),
        ),
    ),
    Exercise(
        "The gain by borrowing has the intervals (−.04, .02), (−.02, .08) "
        'and (.04, .10). Below .03 is "little". Give three words of '
        '"little", "undecided" and "useful".',
        word,
        ("little", "undecided", "useful"),
        (
            ("undecided", "undecided", "useful"),
            ("little", "useful", "useful"),
        ),
    ),
)
