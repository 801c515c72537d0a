"""Figures of lesson 27 and of its evidence: data in, figure out.

And what both of them read out of the tables.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge, kendall_tau

SOURCES = (
    "characters",
    "ten characters",
    "animals",
    "gratings",
    "sounds",
    "shuffled",
    "ink",
    "noise",
)
CANDIDATES = (*SOURCES, "nothing")
LABELS = (20, 100, 1000, 4000)
SCORES = {
    "leep": "LEEP",
    "log_me": "LogME",
    "h_score": "H-score",
    "nearest_mean": "nearest mean",
    "linear_probe": "linear probe",
}
# The last two are controls: the formula as it was published first, and
# marks in the network's own task.
CONTROLS = {
    "h_score_as_published": "H-score, not shrunk",
    "school": "marks at school",
}
LENDERS = ("characters", "animals", "ink")
STROKES = ("line", "corner", "curve")
COUNTS = (100, 900)
MADE_ON = (
    "digits",
    "noisy digits",
    "other characters",
    "animals",
    "gratings",
    "shuffled digits",
)
ASKED = (
    "second scanner",
    "strokes",
    "which way up",
    "ink of digits",
    "sounds",
    "shuffled animals",
)
STRATEGIES = ("scratch", "head", "all", "head, then all")
MEASURED = (*SCORES, *CONTROLS)
POINT = 0.01  # a difference that would not matter


def rows_of(table, column, sources=CANDIDATES, seeds=5, **of):
    """(seeds, sources) of one column; the table has a row for each."""
    return np.transpose(
        [
            table.where(source=source, **of).values(column)[:seeds]
            for source in sources
        ]
    )


def taus(given, reached):
    """Kendall's tau of each seed: do scores order as training does?"""
    return np.array(
        [
            kendall_tau(a, b)
            for a, b in zip(given, reached, strict=True)
        ]
    )


def shuffled(given, reached, times=500, seed=27):
    """Mean tau if the networks' names are exchanged, in all seeds alike."""
    rng = np.random.default_rng(seed)
    return np.array(
        [
            taus(
                given[:, rng.permutation(given.shape[1])], reached
            ).mean()
            for _ in range(times)
        ]
    )


def by_chance(given, reached):
    """How often exchanged names order as well as the true ones, or better."""
    others = shuffled(given, reached)
    reach = taus(given, reached).mean() - 1e-9
    return (1 + (others >= reach).sum()) / (1 + len(others))


def cost_of_trust(given, reached):
    """Points lost per seed by who takes the network with the best score."""
    taken = given.argmax(1)
    return reached.max(1) - reached[np.arange(len(reached)), taken]
