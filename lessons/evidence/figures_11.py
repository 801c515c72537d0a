"""Figures of lesson 11 and of its evidence: data in, figure out.

And what both of them read out of a table of lesson 14.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import intervals, judge

NAMES = {
    "head": "option 1",
    "all": "option 2",
    "small_lr": "small steps",
    "scratch": "scratch",
    "random": "random body",
}
COLOURS = dict(zip(NAMES, plots.COLOURS, strict=False))
GREY, SKY = plots.COLOURS[6], plots.COLOURS[5]
MARKS = {"head": "o", "all": "s", "small_lr": "^"}
POINT = 0.01  # a difference that would not matter


def ahead(table, source, way, network="conv 16"):
    """Share of right answers beyond scratch: draws × labels."""
    of = {"target": "digits", "network": network}
    mine = table.where(source=source, way=way, **of)
    scratch = table.where(source="nothing", way="all", **of)
    curves = [
        t.curve("accuracy", "labels")[1] for t in (mine, scratch)
    ]
    return curves[0] - curves[1]


def _label_axis(axes, labels, name="labelled digits (logarithmic)"):
    axes.set_xscale("log")
    axes.set_xticks(labels, labels)
    axes.minorticks_off()
    axes.set_xlabel(name)


def learning_curves(labels, curves, network):
    """Accuracy over the number of labels, a curve for each way."""
    at = list(labels).index(100)
    head, scratch = (
        curves[w][:, at].mean() for w in ("head", "scratch")
    )
    figure = plots.curves_with_spread(
        labels,
        {NAMES[way]: runs for way, runs in curves.items()},
        f"{network}, 100 labels: {head:.0%} with a borrowed body, "
        f"{scratch:.0%} without",
        "",
        "right on 4,000 unseen digits",
        log_x=True,
        percent=True,
    )
    _label_axis(figure.axes[0], labels)
    return figure


def options(labels, gaps):
    """Option 1 minus option 2 with intervals, for each network."""
    words = {
        network: [
            judge(column, margin=POINT).word for column in gap.T
        ]
        for network, gap in gaps.items()
    }
    ahead = [
        f"{max(n for n, w in zip(labels, word, strict=True) if w == 'more')}"
        f" labels ({network})"
        for network, word in words.items()
    ]
    behind = min(
        n
        for word in words.values()
        for n, w in zip(labels, word, strict=True)
        if w == "less"
    )
    figure, axes = plots.figure(
        f"Option 1 is ahead up to {' or '.join(ahead)}, option 2 "
        f"from {behind:,} on"
    )
    axes.axhspan(-1, 1, color=GREY, alpha=0.15, lw=0)
    axes.axhline(0, color=GREY, linewidth=0.8)
    ends = []
    for k, (network, gap) in enumerate(gaps.items()):
        found = [judge(column) for column in 100 * gap.T]
        middle = [one.middle for one in found]
        reach = np.array([one.interval[1] for one in found]) - middle
        axes.errorbar(
            np.array(labels) * (1 + 0.06 * (2 * k - 1)),
            middle,
            reach,
            color=(GREY, SKY)[k],
            marker="os"[k],
            linestyle=("-", "--")[k],
            capsize=3,
        )
        ends.append((middle[-1], network, (GREY, SKY)[k]))
    axes.set_ylabel("option 1 − option 2 (points)")
    _label_axis(axes, labels)
    axes.text(4000, 1.2, "less than a point", ha="right", fontsize=9)
    plots.label_ends(axes, labels[-1], ends)
    return figure


def sources(labels, gains):
    """Points ahead of scratch, a panel for each source."""
    at = list(labels).index(100)
    told = [
        f"{100 * ways['head'][:, at].mean():+.0f} from {source}"
        for source, ways in gains.items()
    ]
    figure, panels = plots.figure(
        "Points that a held body is worth with 100 labels: "
        + ", ".join(told).replace("-", "−"),
        columns=len(gains),
        width=6.5,
        sharey=True,
    )
    for axes, (source, ways) in zip(
        panels, gains.items(), strict=True
    ):
        axes.axhline(0, color=COLOURS["scratch"], linewidth=1.5)
        ends = [(0, "scratch", COLOURS["scratch"])]
        for way, shares in ways.items():
            runs, colour = 100 * shares, COLOURS[way]
            found = [intervals.mean(column) for column in runs.T]
            reach = np.array(found)[:, 1] - runs.mean(0)
            axes.errorbar(
                labels,
                runs.mean(0),
                reach,
                color=colour,
                marker=MARKS[way],
                linestyle="-" if way == "head" else "--",
                capsize=3,
            )
            ends.append((runs.mean(0)[-1], NAMES[way], colour))
        axes.set_title(f"source: {source}", fontsize=11)
        _label_axis(axes, labels, "labelled digits")
        axes.grid(axis="y")
        plots.label_ends(axes, labels[-1], ends)
    panels[0].set_ylabel("points ahead of scratch")
    return figure


def price(costs, goal):
    """Cost of each way to borrow as a share of scratch, in per cent.

    costs: way -> (labels, seconds, multiplications).
    """
    labels, seconds, _ = costs["head"]
    figure, axes = plots.figure(
        f"{goal:.0%} right for {labels:.0f}% of the labels and "
        f"{seconds:.0f}% of the seconds",
        height=3,
    )
    for k, (way, shares) in enumerate(costs.items()):
        for row, share in enumerate(shares):
            place = row + 0.26 * (k - 1)
            hatch = ("", "//", "..")[k]
            axes.barh(
                place,
                share,
                0.22,
                color=COLOURS[way],
                hatch=hatch,
                edgecolor="white",
                linewidth=0,
            )
            text = f"{NAMES[way]}: {share:.1f}%"
            axes.text(share + 1, place, text, va="center", fontsize=9)
    axes.set(
        xlim=(0, 115),
        ylim=(2.6, -0.6),
        yticks=range(3),
        yticklabels=("labels", "seconds", "multiplications"),
        xlabel="cost as a share of training from scratch (%)",
    )
    return figure


def fifty_images(runs):
    """Accuracy with fifty images: task -> way -> runs."""
    gains = {
        name: 100 * (ways["head"].mean() - ways["scratch"].mean())
        for name, ways in runs.items()
    }
    told = ", ".join(
        f"{gain:+.0f} on {name}" for name, gain in gains.items()
    )
    figure, axes = plots.figure(
        "Fifty images, points that the borrowed body is worth: "
        + told.replace("-", "−")
    )
    for row, ways in enumerate(runs.values()):
        for k, (way, values) in enumerate(ways.items()):
            place, colour = row + 0.3 * k - 0.15, COLOURS[way]
            mean = 100 * values.mean()
            axes.barh(place, mean, 0.26, color=colour, alpha=0.4)
            dots = np.full(len(values), place)
            axes.plot(100 * values, dots, ".", color=colour)
            axes.text(1, place, NAMES[way], va="center", fontsize=9)
    axes.set(
        xlim=(0, 100),
        ylim=(len(runs) - 0.5, -0.5),
        yticks=range(len(runs)),
        yticklabels=[name.replace(" ", "\n") for name in runs],
        xlabel="right on unseen images (%), a dot per seed",
    )
    return figure
