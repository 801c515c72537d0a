"""Exercises of lesson 1."""

import numpy as np

from minitransfer.course import Exercise, near

XOR = np.array([0, 1, 1, 0])
SAID = np.array([0.5, 0.25, 1, 0.125])
RIGHT = np.where(XOR == 1, SAID, 1 - SAID)
BITS = float(-np.log2(RIGHT).sum())


def surprise(answer):
    if near(answer, BITS, 0.01):
        return ""
    if near(answer, -np.log(RIGHT).sum(), 0.01):
        return "that is counted with ln; bits are counted with log2"
    if near(answer, BITS / 4, 0.01):
        return "that is the mean; we add up the four states"
    if near(answer, -np.log2(SAID).sum(), 0.01):
        return "in 0 and 3 the lamp is off, so the truth got 1 - p"
    return (
        "take for each state the probability of what is true there, "
        "then -log2 of it, then the sum"
    )


def weights(answer):
    w, b = answer
    z = w * np.arange(4) + b
    p = 1 / (1 + np.exp(-z))
    right = np.array([0, 0, 1, 1]) == 1
    wrong = [int(x) for x in np.flatnonzero((p > 0.5) != right)]
    if wrong:
        return f"in the states {wrong} the node says the contrary"
    bits = float(-np.log2(np.where(right, p, 1 - p)).sum())
    if bits > 0.1:
        return (
            f"all are right, but with {bits:.2f} bits of surprise: "
            "make the step between 1 and 2 steeper"
        )
    return ""


EXERCISES = (
    Exercise(
        "The lamp follows XOR. A learner says that it is on with the "
        "probabilities 0.5, 0.25, 1 and 0.125 in the states 0 to 3. "
        "How many bits of surprise is that?",
        surprise,
        BITS,
        (6, 2.213, 0.798, "three"),
    ),
    Exercise(
        "Find (w, b) for one node that holds the truth table 0011 with "
        "less than 0.1 bit of surprise, without training.",
        weights,
        (10, -15),
        ((1, -1.5), (-10, 15), (10, 0), 10),
    ),
)
