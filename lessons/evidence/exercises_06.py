"""Exercises of lesson 6."""

import math

from minitransfer.course import Exercise


def floor(answer):
    if abs(answer - math.log(4)) < 0.005:
        return ""
    if abs(answer - 2) < 0.005:
        return "that is in bits; in nats it is less"
    if abs(answer - math.log(2)) < 0.005:
        return "that is for two questions behind the answer; here are four"
    return (
        "the answer is always the same: how many questions are open?"
    )


def bits(answer):
    seen = {}
    for a in (0, 1):
        for b in (0, 1):
            key = (a | b, answer(a, b))
            if key in seen:
                x, y = seen[key]
                return (
                    f"{a}{b} and {x}{y} have the same answer, and your "
                    "function gives both the same"
                )
            seen[key] = (a, b)
    values = {answer(a, b) for a in (0, 1) for b in (0, 1)}
    if len(values) > 3:
        return "it does, but three values are enough"
    return ""


EXERCISES = (
    Exercise(
        "A table answers 1 to all four questions. Turned round, what is the "
        "floor, in nats?",
        floor,
        math.log(4),
        (2, math.log(2), 0),
    ),
    Exercise(
        "Write a function of the two bits (a, b) of the question, with at "
        "most three values. Given it beside the answer of OR, no question "
        "is left open.",
        bits,
        lambda a, b: a + 2 * b if a != b else 0,
        (lambda a, b: a, lambda a, b: a + b, lambda a, b: 2 * a + b),
    ),
)
