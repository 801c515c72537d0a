"""Exercises of lesson 29."""

import numpy as np

from minitransfer.course import Exercise, near


def step(answer):
    x = np.array([0.5, 0.95, 0.02])
    slope = np.array([3.0, 0.01, 2.0])
    said = np.asarray(answer(x.copy(), slope, 0.1), float)
    if said.shape != x.shape:
        return f"the shape is {said.shape}; that of x is wanted"
    if np.allclose(said, [0.6, 1.0, 0.12]):
        return ""
    if said.max() > 1:
        return "a dot is above 1; no picture has that"
    if np.allclose(said, np.clip([0.4, 0.85, -0.08], 0, 1)):
        return "that walks downhill; the attacker wants a larger loss"
    return "every dot moves by the same size: only the sign counts"


def shares(answer):
    if near(answer, 6, 0.01):
        return ""
    if near(answer, 12, 0.01):
        return (
            "2·x·y is where the slope at the end point leads; on the way "
            "from nothing the slope was smaller"
        )
    return (
        "what is the sum of all shares, and what does symmetry say?"
    )


EXERCISES = (
    Exercise(
        "Write a function of x, slope and size: one step of FGSM, that "
        "makes the loss larger. `slope` is the loss's slope in each dot; "
        "dots stay between 0 and 1.",
        step,
        lambda x, slope, size: np.clip(
            x + size * np.sign(slope), 0, 1
        ),
        (
            lambda x, slope, size: x + size * np.sign(slope),
            lambda x, slope, size: np.clip(
                x - size * np.sign(slope), 0, 1
            ),
            lambda x, slope, size: np.clip(x + size * slope, 0, 1),
        ),
    ),
    Exercise(
        "A network's score is 2·x·y, and the picture is x = 3, y = 2. How "
        "much of the score do integrated gradients give to x, from the "
        "empty picture (0, 0)?",
        shares,
        6,
        (12, 4, 3),
    ),
)
