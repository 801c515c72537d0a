"""Figures of lesson 20 and of its evidence: data in, figure out.

And the preparation of pictures, which both of them need.
"""

import numpy as np
from PIL import Image

from minitransfer import plots
from minitransfer.experiments import judge

PREPARATIONS = ("as scanned", "ink turned", "ink and margin")


def prepared(scans, how="ink and margin"):
    """Bring scans (N, side, side), dark on white, to (N, 1, 28, 28)."""
    ink = scans if how == "as scanned" else 255 - scans
    side = 20 if how == "ink and margin" else 28
    small = [Image.fromarray(i).resize((side, side)) for i in ink]
    room = (28 - side) // 2
    frame = ((0, 0), (room, room), (room, room))
    return np.pad(np.stack(small), frame)[:, None]


RECIPES = ("head", "head, then all", "scratch")


def runs(table, recipe, preparation="ink and margin"):
    """Right answers, a number for each draw of pictures."""
    return table.values(
        "accuracy", recipe=recipe, preparation=preparation
    )


def price(table):
    """What each preparation reaches, recipe by recipe."""
    found = {
        (r, p): 100 * runs(table, r, p)
        for r in RECIPES
        for p in PREPARATIONS
    }
    lost = {
        r: found[r, PREPARATIONS[-1]].mean()
        - found[r, PREPARATIONS[0]].mean()
        for r in RECIPES[:2]
    }
    figure, axes = plots.figure(
        f"Unprepared pictures cost {lost['head']:.0f} points with a head, "
        f"{lost['head, then all']:.0f} if all is trained after it",
        height=4.2,
        width=6.2,
    )
    places, names = [], []
    for row, recipe in enumerate(RECIPES):
        for k, preparation in enumerate(PREPARATIONS):
            values = found[recipe, preparation]
            place = row + 0.25 * (k - 1)
            axes.barh(
                place,
                values.mean(),
                0.21,
                color=plots.COLOURS[(1, 5, 0)[k]],
                alpha=0.6,
                hatch=("", "//", "")[k],
                edgecolor="white",
                linewidth=0,
            )
            axes.plot(values, np.full(len(values), place), "k.", ms=3)
            axes.text(1, place, preparation, va="center", fontsize=9)
            axes.text(
                101,
                place,
                f"{values.mean():.1f}",
                va="center",
                fontsize=9,
            )
        places.append(row)
        names.append(recipe)
    axes.set_yticks(places, names)
    axes.set(
        xlim=(0, 108),
        ylim=(len(RECIPES) - 0.5, -0.5),
        xlabel="right of 600 unseen digits (%), a dot per draw",
    )
    return figure


def course(history):
    """Both phases of a training run: loss on what is kept aside."""
    steps = np.array(history["step"])
    seen, aside = history["loss"], history["validation_loss"]
    best = history.best
    figure, axes = plots.figure(
        f"The weights of step {best['step']} are taken: there the pictures "
        f"kept aside were read best (loss {best['validation_loss']:.2f})"
    )
    axes.plot(
        steps, seen, color=plots.COLOURS[5], ls="--", marker="^", ms=4
    )
    axes.plot(steps, aside, color=plots.COLOURS[0], marker="o", ms=4)
    axes.annotate(
        "taken",
        (best["step"], best["validation_loss"]),
        (best["step"], 0.45 * max(seen)),
        ha="center",
        color=plots.COLOURS[1],
        arrowprops={"arrowstyle": "->", "color": plots.COLOURS[1]},
    )
    fall = [
        k
        for k in range(1, len(steps))
        if history["lr"][k] > history["lr"][k - 1]
    ]
    for k in fall:
        axes.axvline(
            steps[k - 1], color=plots.COLOURS[6], ls=":", lw=1.2
        )
        top = axes.get_ylim()[1]
        axes.text(
            steps[k - 1], top, " all learn", va="top", fontsize=9
        )
        axes.text(
            steps[k - 1],
            top,
            "head learns ",
            va="top",
            ha="right",
            fontsize=9,
        )
    axes.set(xlabel="steps", ylabel="loss (nats)")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")
    plots.label_ends(
        axes,
        steps[-1],
        [
            (seen[-1], "learnt from", plots.COLOURS[5]),
            (aside[-1], "kept aside", plots.COLOURS[0]),
        ],
    )
    return figure


def recipes(against):
    """Points beyond head, then all: recipe → runs."""
    told = ", ".join(
        f"{name} {100 * values.mean():+.1f}"
        for name, values in against.items()
    ).replace("-", "−")
    figure, axes = plots.figure(
        f"Points against “head, then all”: {told}",
        width=6.2,
        height=0.9 + 0.42 * len(against),
    )
    axes.axvspan(-1, 1, color=plots.COLOURS[6], alpha=0.15, lw=0)
    axes.axvline(0, color="black", linewidth=0.8)
    for row, values in enumerate(against.values()):
        found = judge(100 * values)
        axes.plot(found.interval, [row] * 2, color=plots.COLOURS[0])
        axes.plot(found.middle, row, "o", color=plots.COLOURS[0])
    axes.set(
        yticks=range(len(against)),
        yticklabels=against,
        ylim=(len(against) - 0.5, -0.5),
        xlabel="points (95 %; grey: less than a point)",
    )
    axes.grid(axis="x")
    return figure
