"""Exercises of lesson 10."""

from minitransfer.course import Exercise

OLD = {
    "W1": (256, 784),
    "W2": (256, 256),
    "W3": (128, 256),
    "W4": (1000, 128),
}
NEW = {
    "W1": (256, 784),
    "W2": (256, 256),
    "W3": (64, 256),
    "W4": (1000, 64),
}


def copied(answer):
    answer = set(answer)
    if "W4" in answer:
        return "the last layer fits neither in shape nor in meaning"
    if "W3" in answer:
        return f"W3 is {OLD['W3']} in the old network, {NEW['W3']} in the new"
    if answer != {"W1", "W2"}:
        return "some that fit are missing"
    return ""


def stride(answer):
    sgd, adam = answer
    if abs(sgd - 1e-6) > 1e-9:
        return (
            "gradient descent moves a weight by rate times gradient"
        )
    if abs(adam - 1e-3) > 1e-6:
        return "Adam divides the gradient by its usual size"
    return ""


EXERCISES = (
    Exercise(
        "The old network has W1 (256, 784), W2 (256, 256), W3 (128, 256), W4 "
        "(1000, 128); the new one, for a thousand other classes, W1 (256, "
        "784), W2 (256, 256), W3 (64, 256), W4 (1000, 64). Which do you "
        'copy? Give a set of names, such as {"W1"}.',
        copied,
        {"W1", "W2"},
        ({"W1", "W2", "W3"}, {"W1"}, {"W1", "W2", "W4"}),
    ),
    Exercise(
        "A weight has had the gradient 0.001 at every step so far. By how "
        "much does it move in the next one, by gradient descent and by "
        "Adam, both at the rate 0.001? Give (descent, Adam), without signs.",
        stride,
        (1e-6, 1e-3),
        ((1e-3, 1e-3), (1e-6, 1e-6), (1e-3, 1e-6)),
    ),
)
