"""Exercises of lesson 17."""

import numpy as np

from minitransfer.course import Exercise


def expected(answer):
    for chances, prices in (
        ((0.5, 0.3, 0.2), (10, 4, 1)),
        ((0, 1.0), (2, 7)),
    ):
        wanted = float(np.dot(chances, prices))
        said = float(answer(np.array(chances), np.array(prices)))
        if abs(said - wanted) > 1e-9:
            return (
                f"chances {chances} and prices {prices}: you say {said:g}, "
                f"it is {wanted:g}"
            )
    return ""


def head(answer):
    wanted = {
        "weight in grams": "value",
        "kind of ship": "kind",
        "fare by zone": "kind",
    }
    for name, right in wanted.items():
        if answer.get(name) != right:
            return {
                "weight in grams": "between two weights there are weights",
                "kind of ship": "nothing lies between a ferry and a tug",
                "fare by zone": "which zone, and then the list of fares",
            }[name]
    return ""


EXERCISES = (
    Exercise(
        "Write a function of the chances of the kinds and of their prices "
        "(two arrays): the expected price.",
        expected,
        lambda chances, prices: (chances * prices).sum(),
        (
            lambda chances, prices: prices[chances.argmax()],
            lambda chances, prices: prices.mean(),
        ),
    ),
    Exercise(
        'Which head first, "kind" or "value"? Fill in the dictionary '
        '{"weight in grams": …, "kind of ship": …, "fare by zone": …}.',
        head,
        {
            "weight in grams": "value",
            "kind of ship": "kind",
            "fare by zone": "kind",
        },
        (
            {
                "weight in grams": "value",
                "kind of ship": "kind",
                "fare by zone": "value",
            },
            {
                "weight in grams": "kind",
                "kind of ship": "kind",
                "fare by zone": "kind",
            },
        ),
    ),
)
