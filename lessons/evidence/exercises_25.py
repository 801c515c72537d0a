"""Exercises of lesson 25."""

import numpy as np

from minitransfer.course import Exercise


def low_rank(answer):
    if answer == 768:
        return ""
    if answer == 64 * 128:
        return "that is the matrix itself, and it is held"
    if answer in (4 * 64, 4 * 128):
        return "nearly: A has 4 rows of 128 numbers, and B stands beside it"
    return "A is (rank, inputs) and B is (outputs, rank)"


def hidden(answer):
    pieces = np.array([[5, 9, 7, 2], [3, 3, 8, 6]])
    places = np.array([[0, 1, 0, 0], [1, 0, 0, 1]], bool)
    given = pieces.copy()
    said = answer(pieces, places)
    if not isinstance(said, tuple) or len(said) != 2:
        return "return two arrays, (seen, wanted)"
    seen, wanted = map(np.asarray, said)
    if not np.array_equal(pieces, given):
        return "the pieces themselves were changed; make copies"
    if not np.array_equal(seen, [[5, 1, 7, 2], [1, 3, 8, 1]]):
        return (
            "seen: the number 1 at the hidden places, else the piece"
        )
    if not np.array_equal(
        wanted, [[-100, 9, -100, -100], [3, -100, -100, 6]]
    ):
        return "wanted: the character where it is hidden, else −100"
    return ""


def blanks(pieces, places):
    return np.where(places, 1, pieces), np.where(places, pieces, -100)


EXERCISES = (
    Exercise(
        "A Linear takes 128 numbers and gives 64; its matrix is held. How "
        "many numbers does a change of rank 4 (LoRA) put beside it?",
        low_rank,
        768,
        (64 * 128, 256, 512, 192),
    ),
    Exercise(
        "Write a function of (pieces, places): pieces (N, L) of whole "
        "numbers, places (N, L), True where a character is hidden. It "
        "returns (seen, wanted): seen has a 1 at the hidden places, wanted "
        "has −100 (not asked) at all others.",
        hidden,
        blanks,
        (
            lambda pieces, places: (
                np.where(places, 1, pieces),
                pieces,
            ),
            lambda pieces, places: np.where(places, 1, pieces),
            lambda pieces, places: blanks(pieces, ~places),
        ),
    ),
)
