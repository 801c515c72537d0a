"""Exercises of lesson 28."""

import numpy as np

from minitransfer.course import Exercise, near

NOTHING, ADAPTED, LABELS = 0.52, 0.88, 0.97
SHARE = (ADAPTED - NOTHING) / (LABELS - NOTHING)


def recovered(answer):
    if near(answer, SHARE, 0.005):
        return ""
    if near(answer, ADAPTED - NOTHING, 0.005):
        return "36 points come back; what share is that of all that was lost?"
    if near(answer, ADAPTED / LABELS, 0.005):
        return (
            "a network that adapts nothing would recover more than half "
            "by this measure; count from where it stood before"
        )
    if near(answer, 100 * SHARE, 0.5):
        return "give a share from 0 to 1"
    return "lost is what labels would have brought beyond 52 %"


def normal(answer):
    rng = np.random.default_rng(0)
    for size, place, scale in (
        ((40, 3), 5.0, 2.0),
        ((30, 2), -1.0, 0.1),
    ):
        source = rng.standard_normal(size)
        target = place + scale * rng.standard_normal((25, size[1]))
        out = np.asarray(answer(source, target))
        if out.shape != target.shape:
            return f"given a target {target.shape}, it returns {out.shape}"
        if not np.allclose(out.mean(0), source.mean(0), atol=1e-6):
            return "its means are not those of the source"
        if not np.allclose(out.std(0), source.std(0), rtol=1e-3):
            return (
                "its standard deviations are not those of the source"
            )
        ranks = np.argsort(out, axis=0), np.argsort(target, axis=0)
        if (ranks[0] != ranks[1]).any():
            return "the order of the examples has changed within a feature"
    return ""


def as_source(source, target):
    scaled = (target - target.mean(0)) / target.std(0)
    return scaled * source.std(0) + source.mean(0)


EXERCISES = (
    Exercise(
        "A network reads 52 % of noisy digits. Adapted without labels "
        "it reads 88 %, and with labels of noisy digits it would read "
        "97 %. What share of what was lost has come back?",
        recovered,
        SHARE,
        (ADAPTED - NOTHING, ADAPTED / LABELS, 100 * SHARE, 1),
    ),
    Exercise(
        "Write a function of (source, target), two arrays (pictures, "
        "features), that returns the features of the target shifted and "
        "stretched, feature by feature, so that they have the means and "
        "the standard deviations of the source.",
        normal,
        as_source,
        (
            lambda source, target: target,
            lambda source, target: (
                (target - target.mean(0)) / target.std(0)
            ),
            lambda source, target: (
                target - target.mean(0) + source.mean(0)
            ),
            lambda source, target: (
                (target - source.mean(0)) / source.std(0)
            ),
            lambda source, target: source,
        ),
    ),
)
