"""Exercises of lesson 14."""

from minitransfer.course import Exercise

P = (0.004, 0.03, 0.012, 0.2)


def holm(answer):
    answer = set(answer)
    if answer == {0, 2}:
        return ""
    if answer == {0, 1, 2}:
        return "those are below .05 one by one; among four that is not enough"
    if answer == {0}:
        return (
            "only the smallest has to be below .05 / 4. Once it is, three "
            "are left, and the next must be below .05 / 3"
        )
    return (
        "sort them; the smallest against .05 / 4, the next .05 / 3, …"
    )


def blame(answer):
    holding, learnt = answer
    if abs(holding + learnt - 0.12) > 1e-9:
        return "the two parts have to add up to the 12 points that are lost"
    if abs(holding - 0.09) > 1e-9:
        return "what does a body lose that has learnt nothing, and is held?"
    return ""


EXERCISES = (
    Exercise(
        "Four comparisons have the p-values .004, .03, .012 and .2. Which "
        "are sure at 5 % by Holm's correction? Give a set of their places, "
        "0 to 3.",
        holm,
        {0, 2},
        ({0, 1, 2}, {0}, set()),
    ),
    Exercise(
        "From scratch 80 % are right, with a random body, held, 71 %, with "
        "a borrowed one, held, 68 %. Split what the borrowed body loses: "
        "(price of holding still, harm of what it learnt), as shares.",
        blame,
        (0.09, 0.03),
        ((0.12, 0.0), (0.03, 0.09), (0.71, 0.68)),
    ),
)
