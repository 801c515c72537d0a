"""Exercises of lesson 5."""

from minitransfer.course import Exercise

GATES = [
    tuple(table >> k & 1 for k in range(4)) for table in range(16)
]


def left(shown, tables):
    """The tables of two bits that fit what was shown."""
    return [
        t for t in tables if all(t[s] == a for s, a in shown.items())
    ]


def count(answer):
    if answer == 4:
        return ""
    if answer == 2:
        return "two states are open, and each of them may be 0 or 1"
    return "strike out the tables that contradict; which two bits stay open?"


def gate(answer):
    if len(answer) != 4 or set(answer) - {0, 1}:
        return (
            "a table is four answers, each 0 or 1, for 00, 01, 10, 11"
        )
    g = tuple(answer)
    chain = [
        g[2 * g[2 * a + b] + c]
        for a in (0, 1)
        for b in (0, 1)
        for c in (0, 1)
    ]
    if sum(chain) != 1 or chain[7] != 1:
        return (
            "twice in a row your table says "
            f"{''.join(map(str, chain))} to 000, 001, … 111; wanted is a 1 "
            "for 111 only"
        )
    return ""


EXERCISES = (
    Exercise(
        "Of the 16 tables of two bits: how many are still possible after "
        "you have seen that 00 is answered with 0 and 11 with 0?",
        count,
        4,
        (2, 8, 16),
    ),
    Exercise(
        "One cell, used twice as in the lesson, is to say 1 if all three "
        "decisions are 1, and 0 otherwise. Give its table: the answers to "
        "00, 01, 10, 11.",
        gate,
        (0, 0, 0, 1),
        ((0, 1, 1, 0), (0, 1, 1, 1), (1, 0, 0, 0), (0, 1)),
    ),
)
