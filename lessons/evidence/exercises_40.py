"""Exercises of lesson 40."""

import numpy as np

from minitransfer.course import Exercise, near


def relu(answer):
    a = np.array([[-2.0, 3.0], [0.5, -0.1]])
    result, *derivatives = answer(a)
    if not np.array_equal(result, np.maximum(a, 0)):
        return "the first that is returned is the value, max(a, 0)"
    if len(derivatives) != 1:
        return "behind the value comes one derivative, as there is one input"
    g = np.array([[5.0, 7.0], [11.0, 13.0]])
    if not np.allclose(derivatives[0](g), g * (a > 0)):
        return (
            "a message g passes where a is above 0 and is stopped where "
            "it is below; nudge a to see it"
        )
    return ""


def grad(answer):
    if near(answer, 14, 1e-6):
        return ""
    if near(answer, 7, 1e-6):
        return "that is one walk back; there were two"
    if near(answer, 10, 1e-6) or near(answer, 5, 1e-6):
        return "x stands in the product twice and gets two messages there"
    return "what is the derivative of x² + 3x at 2?"


EXERCISES = (
    Exercise(
        "Write the operation relu: a function of an array a that returns "
        "max(a, 0) and its derivative, a function from message to "
        "message, as tanh does in the lesson (without the decorator).",
        relu,
        lambda a: (np.maximum(a, 0), lambda g: g * (a > 0)),
        (
            lambda a: np.maximum(a, 0),
            lambda a: (np.maximum(a, 0), lambda g: g),
            lambda a: (np.maximum(a, 0), lambda g: a > 0),
            max,
        ),
    ),
    Exercise(
        "y = x * x + 3 * x is computed for x = 2, and backward(y) is "
        "called; then all of it once more, and nothing is cleared. What "
        "is x.grad?",
        grad,
        14,
        (7, 10, 5, 2, "x"),
    ),
)
