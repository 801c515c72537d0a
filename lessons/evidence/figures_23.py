"""Figures of lesson 23 and of its evidence: data in, figure out.

And the tasks and networks that both of them need.
"""

import numpy as np

from minitransfer import nn, plots
from minitransfer.experiments import judge

WAVE_WAYS = ("reptile", "maml", "pretrained", "scratch")
SHOT_WAYS = (
    "reptile",
    "maml",
    "prototype",
    "fine-tuned",
    "random prototype",
    "pixels",
    "scratch",
)
NAMES = {
    "reptile": "Reptile",
    "maml": "MAML",
    "random prototype": "prototype, random body",
    "pixels": "prototype, bare dots",
}
ROOM_WAYS = ("carried", "all", "scratch", "random")
MARKS = (0, 5, 10, 20, 40, 57)  # updates


def wave(rng, points=10):
    """Points of a sine wave of some height and phase."""
    height, phase = rng.uniform(1, 3), rng.uniform(0, 2 * np.pi)
    x = rng.uniform(-4, 4, (points, 1)).astype("f4")
    return x, (height * np.sin(x + phase)).astype("f4")


def wave_twice(rng, fresh=10):
    """Ten points of a wave, and others of the same wave."""
    x, y = wave(rng, 10 + fresh)
    return x[:10], y[:10], x[10:], y[10:]


def wave_network(rng):
    return nn.Sequential(
        nn.Linear(1, 40, generator=rng),
        nn.Tanh(),
        nn.Linear(40, 40, generator=rng),
        nn.Tanh(),
        nn.Linear(40, 1, generator=rng),
    )


def character_network(rng, classes):
    return nn.Sequential(
        nn.Linear(784, 128, generator=rng),
        nn.ReLU(),
        nn.Linear(128, 64, generator=rng),
        nn.ReLU(),
        nn.Linear(64, classes, generator=rng),
    )


def policy(rng):
    return nn.Sequential(
        nn.Linear(10, 32, generator=rng),
        nn.Tanh(),
        nn.Linear(32, 32, generator=rng),
        nn.Tanh(),
        nn.Linear(32, 4, generator=rng),
    )


def few_shot_task(drawings, rng, shots, classes, asked=10):
    """Five classes: drawings shown, their names; asked, theirs."""
    five = rng.choice(classes, 5, replace=False)
    chosen = np.stack(
        [
            drawings[c, rng.permutation(20)[: shots + asked]]
            for c in five
        ]
    )
    shown, fresh = chosen[:, :shots], chosen[:, shots:]
    names = np.arange(5)
    return (
        shown.reshape(5 * shots, -1),
        names.repeat(shots),
        fresh.reshape(5 * asked, -1),
        names.repeat(asked),
    )


def waves(line, drawn, x, y):
    """Before and after a few steps; name → two curves."""
    figure, axes = plots.figure(
        "After five steps on ten points: who is ready, and who is not",
        columns=len(drawn),
        width=7.4,
        height=3.2,
        sharey=True,
    )
    for ax, (name, (before, after)) in zip(
        axes, drawn.items(), strict=True
    ):
        ax.plot(
            line, before, "--", color=plots.COLOURS[6], label="before"
        )
        ax.plot(line, after, color=plots.COLOURS[0], label="after")
        ax.plot(
            x[:, 0],
            y[:, 0],
            "o",
            color=plots.COLOURS[1],
            label="shown",
        )
        ax.set_title(name, fontsize=11)
        ax.set(xlabel="x")
        ax.legend(frameon=False, fontsize=9)
    axes[0].set_ylabel("y")
    return figure


def _rows(rows, title, xlabel, marks, scale=1):
    """A dot for the mean, its interval, and small dots for runs."""
    figure, axes = plots.figure(
        title, width=6.6, height=1.1 + 0.36 * len(rows)
    )
    for row, groups in enumerate(rows.values()):
        for k, values in enumerate(groups.values()):
            colour = plots.COLOURS[(0, 1)[k]]
            place = row + 0.24 * (k - (len(groups) - 1) / 2)
            found = judge(scale * values)
            axes.plot(found.interval, [place] * 2, color=colour, lw=2)
            axes.plot(
                found.middle, place, marks[k], color=colour, ms=6
            )
            axes.plot(
                scale * values,
                np.full(len(values), place),
                ".",
                color="black",
                ms=3,
                alpha=0.6,
            )
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel=xlabel)
    axes.grid(axis="x")
    return figure


def shots(found):
    """Share right; (way, drawings shown) → runs."""
    rows = {
        NAMES.get(way, way): {n: found[way, n] for n in (1, 5)}
        for way in SHOT_WAYS
    }
    told = {
        name: " and ".join(
            f"{100 * runs.mean():.0f}" for runs in rows[name].values()
        )
        for name in ("prototype", "Reptile")
    }
    figure = _rows(
        rows,
        f"Of 100 right with one and five drawings: prototypes "
        f"{told['prototype']}, Reptile {told['Reptile']}",
        "right of five new characters (%): ● one drawing, ▲ five",
        "o^",
        100,
    )
    axes = figure.axes[0]
    axes.axvline(20, color=plots.COLOURS[6], ls=":", lw=1.2)
    axes.text(20.5, -0.35, "chance", fontsize=9, va="center")
    return figure


ROOM_NAMES = {
    "carried": "carried body, held",
    "all": "carried body, learns on",
    "scratch": "scratch",
    "random": "random body, held",
}


def episodes(needed):
    """Episodes until nine of ten arrive; way → runs."""
    rows = {
        ROOM_NAMES[way]: {0: runs} for way, runs in needed.items()
    }
    means = {way: runs.mean() for way, runs in needed.items()}
    return _rows(
        rows,
        f"Episodes that a new room takes: {means['carried']:.0f} with the "
        f"carried body, {means['scratch']:.0f} from scratch",
        "episodes until nine of ten arrive (95 %, a dot per robot)",
        "o",
    )


def errors(curves, steps=(1, 5, 20)):
    """Squared error after some steps; way → runs × steps."""
    reached = {way: runs[:, 1].mean() for way, runs in curves.items()}
    figure = plots.curves_with_spread(
        steps,
        {NAMES.get(way, way): runs for way, runs in curves.items()},
        f"Error after five steps: {reached['reptile']:.1f} for Reptile, "
        f"{reached['pretrained']:.1f} if pretrained",
        "steps on ten points of a new wave",
        "mean squared error",
        log_x=True,
    )
    axes = figure.axes[0]
    axes.set_xticks(steps, steps)
    axes.minorticks_off()
    return figure
