"""Exercises of lesson 23."""

import numpy as np

from minitransfer.course import Exercise, near


def back(answer):
    if near(answer, 1.6, 1e-6):
        return ""
    if near(answer, 3, 1e-6):
        return (
            "that is where the walk ended; only a part of it is kept"
        )
    if near(answer, 0.6, 1e-6):
        return (
            "that is the step; where do the weights stand after it?"
        )
    return "w + outer rate · (where the walk ended − w)"


def prototypes(answer):
    shown = np.array([[0.0, 0], [2, 0], [10, 0], [12, 2]])
    names = np.array([4, 4, 7, 7])
    asked = np.array([[4.0, 1], [7, 1], [1, 9]])
    said = np.asarray(answer(shown, names, asked))
    if said.shape != (3,):
        return f"the shape is {said.shape}; one name for each row of asked"
    if np.array_equal(said, [4, 7, 4]):
        return ""
    return (
        "of which class's *mean* is each row nearest? answer its name"
    )


def nearest(shown, names, asked):
    classes = np.unique(names)
    means = np.array([shown[names == c].mean(0) for c in classes])
    apart = ((asked[:, None] - means) ** 2).sum(-1)
    return classes[apart.argmin(1)]


EXERCISES = (
    Exercise(
        "A weight of 1 walks to 3 in the five steps of a task. Reptile's "
        "outer rate is 0.3. Where does the weight stand after this task?",
        back,
        1.6,
        (3, 0.6, 0.9),
    ),
    Exercise(
        "Write a function of shown (N, D), names (N,) and asked (M, D): the "
        "name of the class whose mean is nearest, for each row of asked.",
        prototypes,
        nearest,
        (
            lambda shown, names, asked: names[0].repeat(3),
            lambda shown, names, asked: (
                ((asked[:, None] - shown) ** 2).sum(-1).argmin(1)
            ),
        ),
    ),
)
