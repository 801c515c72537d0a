"""Exercises of lesson 2."""

import numpy as np

from minitransfer.course import Exercise

STATES = ((0, 0), (0, 1), (1, 0), (1, 1))


def weights(answer):
    w1, w2, b = answer
    z = np.array([w1 * h1 + w2 * h2 + b for h1, h2 in STATES])
    off = abs(1 / (1 + np.exp(-z)) - np.array([0, 0, 1, 0]))
    worst = int(off.argmax())
    if off[worst] > 0.1:
        h1, h2 = STATES[worst]
        return f"at {h1}{h2} the answer is off by {off[worst]:.2f}"
    return ""


def feature(answer):
    f = [float(answer(h1, h2)) for h1, h2 in STATES]
    if f == [0, 0, 0, 1]:
        return "that is the product from 'Try it'; find another one"
    if abs(f[0] + f[3] - f[1] - f[2]) < 1e-9:
        return (
            "with this feature the sum over 00 and 11 still equals the "
            "sum over 01 and 10, whatever the weights are"
        )
    return ""


EXERCISES = (
    Exercise(
        "Find (w1, w2, b) for a node that is on if the first switch is "
        "up and the second down, and off otherwise (0010). Each answer "
        "should be within 0.1 of what is wanted.",
        weights,
        (10, -10, -5),
        ((10, -10, 5), (1, -1, -0.5), (10, 10, -5), (1, 2)),
    ),
    Exercise(
        "Write a function of (h1, h2), a third feature with which one "
        "node can learn XOR. It should not be the product h1 * h2.",
        feature,
        max,
        (lambda h1, h2: h1 * h2, lambda h1, h2: 2 * h1 - h2, 3),
    ),
)
