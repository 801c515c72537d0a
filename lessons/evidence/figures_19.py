"""Figures of lesson 19 and of its evidence: data in, figure out.

And how wide the layers of the scholars are, which both of them need.
"""

from itertools import pairwise

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge

DEPTHS = (1, 2, 4, 8)
SHALLOW, DEEP = 1, 4  # what the claims compare
DOTS, FEATURES = 28 * 28, 256
LABELS = (10, 20, 50, 100, 200, 500, 1000)
MARKS, LINES = "os^DP", ("-", "--", "-.", ":", "-")
#: A factor in labels that would not matter.
FACTOR = 1.15

#: What the scholars have been through, and what of them learns the digits.
WAYS = {
    "scratch": ("none", "all"),
    "equal level": ("level", "head"),
    "equal budget": ("budget", "head"),
}


def curves(table, way, task="digits", features=FEATURES):
    """Right answers: depth → (seeds, numbers of labels)."""
    past, option = WAYS.get(way, way)
    of = {"task": task, "past": past, "way": option}
    of["features"] = features
    return {
        d: table.curve("accuracy", "labels", depth=d, **of)[1]
        for d in DEPTHS
    }


def parameters(sizes):
    """Weights and biases of layers of these sizes."""
    return sum((a + 1) * b for a, b in pairwise(sizes))


def sizes(depth, features=FEATURES):
    """Widths of a body that has as many parameters as depth 1."""
    goal = parameters((DOTS, features))
    rooms = [
        (DOTS, *[width] * (depth - 1), features)
        for width in range(1, features + 1)
    ]
    return min(rooms, key=lambda room: abs(parameters(room) - goal))


def times(logs):
    """A mean of logarithms as a factor."""
    return float(np.exp(np.mean(logs)))


def between(logs):
    """The 95 % interval of a factor, from its logarithms."""
    return [float(end) for end in np.exp(judge(logs).interval)]


def saved(counts):
    """Logarithms of how many times fewer labels than depth 1."""
    return {
        d: np.log(counts[SHALLOW] / n)
        for d, n in counts.items()
        if d != SHALLOW
    }


def four_scholars():
    """The layers of all four, as wide as they are."""
    figure, axes = plots.figure(
        f"Four ways to spend {parameters(sizes(SHALLOW)):,} parameters",
        columns=4,
        height=2.6,
        sharey=True,
    )
    for ax, depth in zip(axes, DEPTHS, strict=True):
        widths = np.array(sizes(depth)[1:])
        ax.barh(
            range(1, depth + 1),
            widths,
            0.7,
            left=-widths / 2,
            color=plots.COLOURS[0],
        )
        ax.set(xlabel=f"depth {depth}", xticks=[])
        ax.set(xlim=(-150, 150), ylim=(0.3, 8.7))
        ax.spines[["bottom", "left"]].set_visible(False)
        ax.tick_params(left=False)
    axes[0].set(ylabel="layer", yticks=DEPTHS)
    return figure


def _over_depth(axes, rows, colours=plots.COLOURS):
    """A line over the depths for each name → (depths, runs)."""
    ends = []
    for k, (name, values) in enumerate(rows.items()):
        colour = colours[k]
        axes.plot(values, ".", color=colour, alpha=0.5, markersize=4)
        middle = np.mean(values, axis=1)
        axes.plot(
            middle,
            color=colour,
            marker=MARKS[k],
            linestyle=LINES[k],
            markersize=5,
        )
        ends.append((middle[-1], name, colour))
    axes.set(xticks=range(4), xticklabels=DEPTHS, xlabel="layers")
    axes.grid(axis="y")
    return ends


def labels_needed(price, goal):
    """Labels for a goal: way → depth → a number per seed."""
    fewer = {w: times(saved(n)[DEEP]) for w, n in price.items()}
    figure, axes = plots.figure(
        f"{goal:.0%} of the digits, labels of one layer ÷ labels of four: "
        f"{fewer['equal level']:.1f} and {fewer['equal budget']:.1f} after "
        f"study, {fewer['scratch']:.2f} from scratch"
    )
    # Means of logarithms, since labels are compared by factors.
    rows = {
        name: np.log([counts[d] for d in DEPTHS])
        for name, counts in price.items()
    }
    ends = _over_depth(axes, rows)
    ticks = (20, 50, 100, 200, 400)
    axes.set(
        ylabel=f"labels for {goal:.0%} (logarithmic)",
        yticks=np.log(ticks),
        yticklabels=ticks,
    )
    plots.label_ends(axes, 3, ends)
    return figure


def deeper_than_one(gains):
    """Points beyond depth 1: study → depth → (seeds, labels)."""
    told = ", ".join(
        f"{100 * gain[DEEP][:, LABELS.index(n)].mean():+.1f}"
        for gain in list(gains.values())[:1]
        for n in (20, 100, 1000)
    ).replace("-", "−")
    figure, panels = plots.figure(
        "Points that four layers are ahead of one with 20, 100 and 1,000 "
        f"labels (equal budget): {told}",
        columns=len(gains),
        width=7,
        sharey=True,
    )
    for ax, (study, by_depth) in zip(
        panels, gains.items(), strict=True
    ):
        plots.curves_with_spread(
            LABELS,
            {
                f"depth {d}": 100 * gain
                for d, gain in by_depth.items()
            },
            study,
            "labelled digits (logarithmic)",
            "" if ax is panels[1] else "points ahead of depth 1",
            log_x=True,
            axes=ax,
        )
        ax.axhline(0, color=plots.COLOURS[6], linewidth=0.8)
        ax.set_xticks((10, 100, 1000), (10, 100, 1000))
        ax.minorticks_off()
    return figure


def first_field(seen_and_unseen):
    """Characters right: study → "seen", "unseen" → (depths, seeds)."""
    apart = {
        study: 100 * np.subtract(*both.values()).mean(1)
        for study, both in seen_and_unseen.items()
    }
    told = "; ".join(
        f"{name} " + ", ".join(f"{gap:.0f}" for gap in gaps)
        for name, gaps in apart.items()
    )
    figure, panels = plots.figure(
        f"Points that drawings seen are ahead of unseen ones, depth 1 to "
        f"8: {told}",
        columns=len(seen_and_unseen),
        width=7,
        sharey=True,
    )
    for ax, (study, both) in zip(
        panels, seen_and_unseen.items(), strict=True
    ):
        ends = _over_depth(
            ax, {name: 100 * values for name, values in both.items()}
        )
        ax.set(ylim=(0, 100))
        ax.set_title(study, fontsize=11)
        plots.label_ends(ax, 3, ends)
    panels[0].set_ylabel("characters right (%)")
    return figure


def near_and_far(gains, labels):
    """Points beyond depth 1: field → depth → runs."""
    told = ", ".join(
        f"{100 * by_depth[DEEP].mean():+.0f} on {field}"
        for field, by_depth in gains.items()
    ).replace("-", "−")
    figure, axes = plots.figure(
        f"Points that four layers are ahead of one, {labels} labels: "
        f"{told}",
        width=6.5,
    )
    for row, by_depth in enumerate(gains.values()):
        for k, (depth, values) in enumerate(by_depth.items()):
            found = judge(100 * values)
            place, colour = row + 0.22 * (k - 1), plots.COLOURS[k + 1]
            axes.plot(found.interval, [place] * 2, color=colour)
            axes.plot(found.middle, place, MARKS[k], color=colour)
            if row == 0:
                axes.text(
                    found.interval[1] + 0.7,
                    place,
                    f"depth {depth}",
                    va="center",
                    color=colour,
                    fontsize=9,
                )
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlim(right=axes.get_xlim()[1] + 1.5)
    axes.set(
        yticks=range(len(gains)),
        yticklabels=gains,
        ylim=(len(gains) - 0.5, -0.5),
        xlabel="points ahead of depth 1, 95 % interval",
    )
    axes.grid(axis="x")
    return figure


def by_past(rows, title, ylabel, chance=None):
    """Per cent right over depth: past → (depths, seeds)."""
    figure, axes = plots.figure(title, width=6.5, height=3.8)
    colours = [plots.COLOURS[k] for k in (6, 1, 4, 2, 0)][
        -len(rows) :
    ]
    ends = _over_depth(
        axes, {name: 100 * v for name, v in rows.items()}, colours
    )
    if chance is not None:
        axes.axhline(100 * chance, color="grey", ls=":", lw=1.2)
        axes.text(1.5, 100 * chance + 1, "chance", color="grey")
    axes.set(ylabel=ylabel)
    axes.set_ylim(bottom=0)
    plots.label_ends(axes, 3, ends)
    return figure
