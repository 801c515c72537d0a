"""Exercises of lesson 20."""

import numpy as np

from minitransfer.course import Exercise


def turned(answer):
    page = np.full((2, 20, 20), 250, np.uint8)
    page[:, 5:15, 9:11] = 10  # dark ink on white paper
    said = np.asarray(answer(page.copy()))
    if said.shape != (2, 1, 28, 28):
        return f"the shape is {said.shape}; (2, 1, 28, 28) is wanted"
    if said.dtype != np.uint8:
        return f"the type is {said.dtype}; bytes (uint8) are wanted"
    if said[:, :, :4].any() or said[:, :, -4:].any():
        return "the margin of 4 dots should be dark, 0"
    if said[0, 0, 14, 13] != 245:
        return f"where the ink was 10 there is {said[0, 0, 14, 13]}, not 245"
    return ""


def prepare(page):
    return np.pad(255 - page, ((0, 0), (4, 4), (4, 4)))[:, None]


def stop(answer):
    if answer == 3:
        return ""
    if answer == 7:
        return "there training stops; with which weights does it go home?"
    return "where was the loss on what was kept aside lowest?"


EXERCISES = (
    Exercise(
        "Write a function of scans (N, 20, 20), dark ink on white paper, in "
        "bytes: pictures (N, 1, 28, 28), bright ink on dark paper, with a "
        "margin of 4 dots.",
        turned,
        prepare,
        (
            lambda page: page,
            lambda page: np.pad(page, ((0, 0), (4, 4), (4, 4)))[
                :, None
            ],
            lambda page: (
                255 - np.pad(page, ((0, 0), (4, 4), (4, 4)))[:, None]
            ),
        ),
    ),
    Exercise(
        "The loss on the pictures kept aside was .9, .6, .5, .4, .5, .6, "
        ".5, .7 after passes 0 to 7; the patience is 4. After which pass "
        "have the weights been kept?",
        stop,
        3,
        (7, 4, 0),
    ),
)
