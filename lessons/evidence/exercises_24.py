"""Exercises of lesson 24."""

import numpy as np

from minitransfer.course import Exercise


def parts(answer):
    inner, single = answer
    if single == 66:
        return (
            "that is the number of pairs; a translator from German to "
            "Hungarian cannot yet do Hungarian to German"
        )
    if single != 132:
        return (
            "without an inner language each of the twelve needs a "
            "translator into each of the eleven others"
        )
    if inner != 24:
        return (
            "with an inner language each of the twelve has to be read, "
            "and has to be written"
        )
    return ""


def found_near(answer):
    rng = np.random.default_rng(5)
    for shift in (0.0, 3.0):
        here = rng.normal(size=(40, 3))
        there = here + 0.6 * rng.normal(size=(40, 3))
        there[:, 0] += shift
        apart = ((here[:, None] - there) ** 2).sum(-1)
        wanted = (apart.argmin(1) == np.arange(40)).mean()
        said = answer(here, there)
        if np.ndim(said) or not 0 <= said <= 1:
            return (
                "one number is wanted, the share of the rows, 0 to 1"
            )
        if np.isclose(said, wanted):
            continue
        if np.isclose(
            said, (apart.argmin(0) == np.arange(40)).mean()
        ):
            return (
                "you went from there to here: for each row of `here` "
                "look for the nearest one among all of `there`"
            )
        return (
            "for each row of `here`: the distance to all rows of "
            "`there`, the smallest of them, and is it at the same place?"
        )
    return ""


def near(here, there):
    apart = ((here[:, None] - there) ** 2).sum(-1)
    return (apart.argmin(1) == np.arange(len(here))).mean()


EXERCISES = (
    Exercise(
        "An office is to translate between twelve languages, each into each "
        "other. How many parts does it need if there is an inner language, "
        "and each language has a reader and a writer of its own (each is "
        "one part)? And how many if each direction has a translator of its "
        "own? Answer with a pair.",
        parts,
        (24, 132),
        ((24, 66), (12, 132), (12, 66)),
    ),
    Exercise(
        "Write a function of two arrays `here` and `there`, messages of the "
        "same meanings in two languages, row by row. It returns the share "
        "of the rows of `here` to which, of all rows of `there`, that of "
        "the same meaning is nearest.",
        found_near,
        near,
        (
            lambda here, there: near(there, here),
            lambda here, there: ((here - there) ** 2).sum(1).argmin(),
            lambda here, there: (
                here.argmin(1) == there.argmin(1)
            ).mean(),
        ),
    ),
)
