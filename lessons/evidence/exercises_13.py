"""Exercises of lesson 13."""

import numpy as np

from minitransfer.course import Exercise, near


def worth(answer):
    on_top, known = answer
    if near((on_top, known), (1, 5), 0.01):
        return ""
    if near((on_top, known), (5, 1), 0.01):
        return "these are the right numbers in the wrong order"
    if near(on_top, 9, 0.01):
        return (
            "79 - 70 is the gain of all four layers; what do 3 and 4 "
            "add to 1 and 2?"
        )
    if near(known, 34, 0.01):
        return (
            "79 - 45 exchanges layers 1 and 2 as well; exchange 3 and 4 "
            "only"
        )
    return (
        "for the first, compare two and four copied layers; for the "
        "second, two networks that differ in layers 3 and 4 only"
    )


def shuffled(answer):
    rng = np.random.default_rng(1)
    x = rng.permutation(3 * 784).reshape(3, 1, 28, 28).astype("f4")
    y = np.asarray(answer(x, 0))
    if y.shape != x.shape:
        return f"given {x.shape}, it returns the shape {y.shape}"
    if (np.sort(y.reshape(3, -1)) != np.sort(x.reshape(3, -1))).any():
        return "each picture should keep all of its dots"
    if (y != np.asarray(answer(x, 0))).any():
        return "the same seed should give the same order every time"
    ranks = np.argsort(np.argsort(x.reshape(3, -1)))
    places = np.argsort(y.reshape(3, -1))  # of each dot, by its rank
    moved = np.take_along_axis(places, ranks, axis=1)
    if (moved != moved[0]).any():
        return "all pictures should be shuffled in the same order"
    torn = abs(np.diff(moved[0].reshape(28, 28), axis=1)) != 1
    if torn.mean() < 0.9:
        return "neighbours in a row are still neighbours"
    return ""


def solution(x, seed):
    order = np.random.default_rng(seed).permutation(784)
    return x.reshape(len(x), 784)[:, order].reshape(x.shape)


EXERCISES = (
    Exercise(
        "A network has four layers and a head. On a new task scratch "
        "gets 70 %; with two layers copied and held it gets 78 %, with "
        "four 79 %; with 1 and 2 copied and random 3 and 4, all held, "
        "74 %; with four random layers, held, 45 %. Give two numbers, in "
        "points: what layers 3 and 4 add to layers 1 and 2, and what "
        "they know that random layers do not.",
        worth,
        (1, 5),
        ((5, 1), (9, 34), (1, 34), (9, 5), 5),
    ),
    Exercise(
        "Write a function of (x, seed) that shuffles the dots of the "
        "pictures x, an array (count, 1, 28, 28): the same order for all "
        "pictures, and the same for the same seed.",
        shuffled,
        solution,
        (
            lambda x, seed: x,
            lambda x, seed: x.reshape(len(x), 784),
            lambda x, seed: (
                np.random.default_rng()
                .permuted(x.reshape(len(x), 784), axis=1)
                .reshape(x.shape)
            ),
            lambda x, seed: (
                np.random.default_rng(seed)
                .permuted(x.reshape(len(x), 784), axis=1)
                .reshape(x.shape)
            ),
            lambda x, seed: x[:, :, ::-1],
        ),
    ),
)
