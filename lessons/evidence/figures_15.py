"""Figures of lesson 15 and of its evidence: data in, figure out.

And what both of them read out of the table of small steps.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge

WAYS = (
    "fixed",
    "one rate",
    "small rate",
    "by depth",
    "from the top",
    "tied",
)
LABELS = {
    "digits": (50, 200, 1000, 4000),
    "shuffled digits": (200, 1000),
}
COLOURS = dict(
    zip(
        WAYS,
        (
            *plots.COLOURS[2:3],
            *plots.COLOURS[1::-1],
            *plots.COLOURS[3:6],
        ),
        strict=True,
    )
)
MARKS = dict(zip(WAYS, "^os", strict=False)) | {"head first": "D"}
LINES = {"one rate": "-", "small rate": "--", "head first": ":"}
POINT = 0.01  # a difference that would not matter
SIX = range(6)


def runs(table, column, way, labels, target="digits"):
    """A number for each of the six networks."""
    of = {"target": target, "way": way, "labels": labels}
    part = table.where(**of)
    return np.array(
        [part.values(column, seed=seed)[0] for seed in SIX]
    )


def ahead(table, way, labels, target="digits"):
    """Points ahead of the best single rate, network by network."""
    mine, bold = (
        runs(table, "accuracy", w, labels, target)
        for w in (way, "one rate")
    )
    return mine - bold


def points(share):
    """A difference in points, in words for a title."""
    text = f"{100 * np.mean(share):+.0f}".replace("-", "−")
    return "0" if text in ("+0", "−0") else text


def forgetting(steps, film):
    """Digits and characters while learning: way → seeds × steps × 2."""
    old = film["one rate"][:, :, 1].mean(0)
    half = steps[np.argmax(old < old[0] / 2)]
    figure, panels = plots.figure(
        f"At one rate half of the old skill is gone after {half} steps",
        columns=2,
        width=7.5,
        height=3.5,
        sharey=True,
    )
    for column, (ax, name) in enumerate(
        zip(
            panels,
            ("digits, the new task", "characters, the old one"),
            strict=True,
        )
    ):
        ends = []
        for way, scores in film.items():
            values = 100 * scores[:, :, column]
            colour = COLOURS.get(way, plots.COLOURS[2])
            mean, sd = values.mean(0), values.std(0, ddof=1)
            ax.fill_between(
                steps,
                mean - sd,
                mean + sd,
                color=colour,
                alpha=0.15,
                lw=0,
            )
            ax.plot(
                steps,
                mean,
                color=colour,
                linestyle=LINES[way],
                marker=MARKS[way],
                ms=4,
            )
            ends.append((mean[-1], way, colour))
        ax.set_title(name, fontsize=11)
        ax.set(xlabel="steps of training on digits", ylim=(0, 100))
        ax.grid(axis="y")
        plots.label_ends(ax, steps[-1], ends)
    panels[0].set_ylabel("right (%)")
    return figure


def worth(gains):
    """Ahead of one rate: target → way → labels → runs."""
    digits, alien = gains.values()
    first, last = (digits["small rate"][n] for n in (50, 4000))
    figure, panels = plots.figure(
        f"Small steps: {points(first)} points with 50 digits, "
        f"{points(last)} with 4,000, {points(alien['small rate'][1000])} "
        "on an alien task",
        columns=2,
        width=7.5,
        height=3.6,
        width_ratios=(2, 1),
    )
    for ax, (target, ways) in zip(panels, gains.items(), strict=True):
        ax.axhspan(-1, 1, color=plots.COLOURS[6], alpha=0.15, lw=0)
        ax.axhline(0, color="black", linewidth=0.8)
        for k, (way, by_labels) in enumerate(ways.items()):
            found = [judge(100 * v) for v in by_labels.values()]
            middle = np.array([one.middle for one in found])
            low, high = np.transpose([one.interval for one in found])
            ax.errorbar(
                np.arange(len(found)) + 0.12 * (2 * k - 1),
                middle,
                (middle - low, high - middle),
                color=COLOURS[way],
                marker=MARKS[way],
                linestyle=("-", "--")[k],
                capsize=3,
                label=way,
            )
        names = [f"{n:,}" for n in by_labels]
        ax.set_xticks(range(len(names)), names)
        ax.set_title(target, fontsize=11)
        ax.set_xlabel("labels")
        ax.margins(x=0.12)
        ax.grid(axis="y")
    panels[0].set_ylabel("ahead of one rate (points)")
    panels[0].legend(frameon=False, fontsize=9)
    return figure


def six_ways(accuracy, kept):
    """Two columns of dots: way → labels → runs."""
    bold, gentle = (
        kept[way][200].mean() for way in ("one rate", "small rate")
    )
    figure, panels = plots.figure(
        f"With 200 digits one rate keeps {bold:.0%} of the old skill, "
        f"small steps {gentle:.0%}",
        columns=2,
        width=7.5,
        height=3.8,
        sharey=True,
    )
    rows = np.arange(len(WAYS))
    for ax, values in zip(panels, (accuracy, kept), strict=True):
        for k, labels in enumerate(LABELS["digits"]):
            of = [100 * values[way][labels] for way in WAYS]
            ax.errorbar(
                [v.mean() for v in of],
                rows + 0.18 * (k - 1.5),
                xerr=[v.std(ddof=1) for v in of],
                fmt="os^D"[k],
                markersize=4.5,
                color=plots.COLOURS[k],
                label=f"{labels:,} labels",
            )
        ax.grid(axis="x")
    panels[0].set(
        yticks=rows,
        yticklabels=WAYS,
        ylim=(len(rows) - 0.5, -0.5),
        xlabel="digits right (%)",
    )
    panels[1].set(xlabel="old skill kept (%)", xlim=(0, None))
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=9,
    )
    return figure
