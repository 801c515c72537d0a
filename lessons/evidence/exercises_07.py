"""Exercises of lesson 7."""

from minitransfer.course import Exercise


def through(answer):
    if abs(answer - 0.9**20) < 0.003:
        return ""
    if abs(answer - (1 - 20 * 0.1)) < 0.01 or answer <= 0:
        return "each layer loses a tenth of what *reaches* it"
    return "what is left after two layers? after three?"


def shortcut(answer):
    for f, x in ((lambda x: 0 * x, 3.0), (lambda x: 2 * x, 1.0)):
        if answer(f, x) != x + f(x):
            return (
                f"for a layer that gives {f(x):g} to {x:g}, the result "
                f"with a way round it is {x + f(x):g}"
            )
    return ""


EXERCISES = (
    Exercise(
        "Each of twenty layers passes on nine tenths of what reaches it. "
        "What share of the picture reaches the end? Give a number to within "
        "0.003.",
        through,
        0.9**20,
        (-1.0, 0.9, 0.1**20 + 0.5),
    ),
    Exercise(
        "Write a function of a layer f and its input x: what comes out "
        "when there is a shortcut round the layer?",
        shortcut,
        lambda f, x: x + f(x),
        (lambda f, x: f(x), lambda f, x: f(f(x)), lambda f, x: x),
    ),
)
