"""Exercises of lesson 19."""

import math

from minitransfer.course import Exercise


def width(answer):
    if answer == 0 or not float(answer).is_integer():
        return "how many units, a whole number?"
    total = 784 * answer + answer + answer * 256 + 256
    budget = 784 * 256 + 256
    if abs(total - budget) > 0.01 * budget:
        return f"with {answer:g} units it has {total:,.0f}, not {budget:,}"
    return ""


def mean(answer):
    if abs(answer - 100) < 1e-6:
        return ""
    if abs(answer - 425 / 3) < 0.5:
        return "that is the mean of the numbers; 300 outweighs the others"
    return "take the mean of the logarithms, and go back"


EXERCISES = (
    Exercise(
        "A body of one layer, 784 → 256, has 784 * 256 + 256 parameters. A "
        "body of two layers, 784 → u → 256, is to have as many to within "
        "one per cent. Give u.",
        width,
        193,
        (256, 128, 100),
    ),
    Exercise(
        "Three runs needed 25, 100 and 400 labels. What is their mean, "
        "counted in factors?",
        mean,
        math.exp((math.log(25) + math.log(100) + math.log(400)) / 3),
        (175, 425 / 3, 25),
    ),
)
