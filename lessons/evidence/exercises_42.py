"""Exercises of lesson 42."""

import numpy as np

from minitransfer.course import Exercise, near


def start(answer):
    if near(answer, 2 * 33 + 4, 1e-9):
        return ""
    if near(answer, 2 * 32 + 4, 1e-9):
        return "between two lines of the row there stands padding"
    if near(answer, 2 * 34 + 4, 1e-9):
        return (
            "the padding between two lines serves both, so that it is "
            "there once: two zeros, not four"
        )
    if near(answer, 4 * 34 + 2, 1e-9):
        return "i goes down and j to the right"
    return "lines down times the length of a line, plus columns to the right"


def valid(answer):
    rng = np.random.default_rng(0)
    row, weights = rng.standard_normal(20), rng.standard_normal(3)
    wanted = np.correlate(row, weights, "valid")
    given = np.asarray(answer(row, weights))
    if given.shape != wanted.shape:
        return f"20 numbers and 3 taps give {len(wanted)}: where all taps fit"
    if np.allclose(given, np.convolve(row, weights, "valid")):
        return (
            "the filter is not turned around here: tap 0 sees row[t]"
        )
    if not np.allclose(given, wanted):
        return (
            "y[t] is the sum over the taps of weights[k] * row[t + k]"
        )
    return ""


EXERCISES = (
    Exercise(
        "An image of 31 columns meets a filter of 5 × 5, with two zeros "
        "of padding on each side. The row is written as in the lesson, "
        "with as few zeros between two lines as will do. Where does tap "
        "(i, j) = (2, 4) begin?",
        start,
        70,
        (68, 72, 138, 10, "x"),
    ),
    Exercise(
        "Write a function of (row, weights), two one-dimensional arrays, "
        "that returns y[t] = the sum over k of weights[k] * row[t + k], "
        "wherever all taps fit, with one loop, over the taps.",
        valid,
        lambda row, weights: sum(
            w * row[k : k + len(row) - len(weights) + 1]
            for k, w in enumerate(weights)
        ),
        (
            lambda row, weights: np.convolve(row, weights, "valid"),
            lambda row, weights: np.convolve(row, weights),
            lambda row, weights: row[2:],
            3,
        ),
    ),
)
