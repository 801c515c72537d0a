"""Exercises of lesson 11."""

from minitransfer import experiments
from minitransfer.course import Exercise, near

LABELS, SCRATCH, GOAL = (100, 200, 500), (0.84, 0.89, 0.94), 0.93
NEEDED = float(experiments.needed(GOAL, LABELS, SCRATCH))
STRAIGHT = 200 + (GOAL - 0.89) / (0.94 - 0.89) * 300


def labels(answer):
    if near(answer, NEEDED, 5):
        return ""
    if near(answer, STRAIGHT, 5):
        return (
            "that is a straight line in labels; along our axis labels "
            "grow by factors, so share out log(labels)"
        )
    return (
        "93 % lies between the curve's values at 200 and 500: what "
        "share of the way from one to the other?"
    )


CASES = {
    (20, True): "head",
    (4000, True): "all",
    (20, False): "all",
    (4000, False): "all",
}


def choose(answer):
    for (count, is_near), wanted in CASES.items():
        said = answer(count, is_near)
        if said != wanted:
            source = "near" if is_near else "far"
            return (
                f"for {count} labels and a {source} source you say "
                f"{said!r}; what did the pictures say?"
            )
    return ""


EXERCISES = (
    Exercise(
        "Say that option 1 reaches 93 % with 100 labels, and scratch "
        "84 %, 89 % and 94 % with 100, 200 and 500. Between these points "
        "accuracy grows in proportion to the logarithm of the labels. "
        "With how many labels does scratch reach 93 %?",
        labels,
        NEEDED,
        (STRAIGHT, 200, 500, "many"),
    ),
    Exercise(
        "Write a function of (labels, near) that returns the better "
        "option, 'head' or 'all', as this lesson found it: near is True "
        "for a source like characters, False for one like animals.",
        choose,
        lambda labels, near: (
            "head" if near and labels < 300 else "all"
        ),
        (
            lambda labels, near: "head",
            lambda labels, near: "all",
            lambda labels, near: "head" if labels < 300 else "all",
            "head",
        ),
    ),
)
