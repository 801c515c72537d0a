"""Exercises of lesson 43."""

from minitransfer.course import Exercise


def dead(answer):
    answer = set(answer)
    if "v1" in answer or "v3" in answer:
        return "v4 needs v3, and v3 needs v1"
    if answer != {"v2"}:
        return "whose name stands on no right side, and is not the result?"
    return ""


def passes(answer):
    apart, fused = answer
    if fused not in (2, 2.0):
        return "fused, each number is read once, and one is written"
    if apart != 6:
        return (
            "a loop for each line: count what each reads and what it writes, "
            "and note that a line may use the same number twice"
        )
    return ""


EXERCISES = (
    Exercise(
        "The notes are v1 = exp(v0); v2 = sin(v0); v3 = v1 * v1; v4 = v3 + "
        "v0, and v4 is the result. Which lines are dead code? Give a set of "
        'names, such as {"v1"}.',
        dead,
        {"v2"},
        ({"v1", "v2"}, set(), {"v2", "v3"}),
    ),
    Exercise(
        "v1 = abs(v0); v2 = 1 + v1; v3 = abs(v2), on arrays of a million "
        "numbers. How many millions of numbers are read or written, with a "
        "loop for each line, and in one loop? Give (apart, fused).",
        passes,
        (6, 2),
        ((3, 1), (6, 6), (4, 2)),
    ),
)
