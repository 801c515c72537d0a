"""Exercises of lesson 22."""

import numpy as np

from minitransfer.course import Exercise, near

LOSS = 0.16
WEIGHT = 1 / (2 * LOSS)


def settled(answer):
    if near(answer, WEIGHT, 0.01):
        return ""
    if near(answer, 1 / LOSS, 0.01):
        return "mind the 2 in s/2: the derivative by s is −L·exp(−s) + 1/2"
    if near(answer, np.log(2 * LOSS), 0.01):
        return "that is s; asked is the weight, exp(−s)"
    return (
        "at the best s the derivative of L·exp(−s) + s/2 by s is 0; solve "
        "that for exp(−s)"
    )


def combined(losses, s):
    return float((np.exp(-s) * losses + s / 2).sum())


def total(answer):
    rng = np.random.default_rng(0)
    for size in (1, 3):
        losses = rng.random(size) * 4
        flat = answer(losses, np.zeros(size))
        if not near(flat, float(losses.sum()), 1e-6):
            return (
                "with s = 0 for all it is the plain sum of the losses"
            )
        s = rng.standard_normal(size)
        said = answer(losses, s)
        if near(said, float((np.exp(-s) * losses).sum()), 1e-6):
            return (
                "something has to keep s from growing for ever: what is "
                "added to each task?"
            )
        if not near(said, combined(losses, s), 1e-6):
            return f"for losses {losses.round(2)} and s {s.round(2)} it is off"
    return ""


EXERCISES = (
    Exercise(
        "A task counts with L·exp(−s) + s/2, where L is its loss and s is "
        "learnt. L has settled at 0.16, and s at the value that suits it "
        "best. With which weight exp(−s) does the task count?",
        settled,
        WEIGHT,
        (1 / LOSS, float(np.log(2 * LOSS)), LOSS, 1),
    ),
    Exercise(
        "Write a function of (losses, s), two arrays with an entry for "
        "each task, that returns the total loss with learnt weights: the "
        "sum over the tasks of exp(−s) times the loss, plus s/2.",
        total,
        combined,
        (
            lambda losses, s: float((np.exp(-s) * losses).sum()),
            lambda losses, s: float(
                (np.exp(s) * losses + s / 2).sum()
            ),
            lambda losses, s: float((np.exp(-s) * losses + s).sum()),
            lambda losses, s: float(np.sum(losses)),
            0,
        ),
    ),
)
