"""Figures of lesson 21 and of its evidence: data in, figure out.

And what both of them read out of the table.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge

UNLABELLED = ("views", "turns", "noise", "holes")
MEASURED = ("ari", "head_20", "all_20", "head_100", "all_100")
GREY = plots.COLOURS[6]
COLOURS = dict(
    zip(
        ("labels", *UNLABELLED, "nothing", "pixels"),
        (*plots.COLOURS[:5], GREY, GREY),
        strict=True,
    )
)


def control(table, column):
    """What each seed gets without a source, by the same measure.

    With labels: everything is trained from random numbers. Without:
    k-means on pixels or on a random body, whichever is better on
    average.
    """
    if column != "ari":
        way = "all_" + column.split("_")[1]
        return table.values(way, task="nothing")
    rows = [
        table.values("ari", task=t) for t in ("pixels", "nothing")
    ]
    return max(rows, key=np.mean)


def gain(table, task, column):
    """What a body is worth beyond its control, seed by seed."""
    return table.values(column, task=task) - control(table, column)


def deviations(gains):
    """A gain in standard deviations of its own runs."""
    return float(gains.mean() / gains.std(ddof=1))


def _sheet(pictures, groups, each=10):
    """A row of members for each group, the largest group first."""
    order = np.argsort(-np.bincount(groups))
    rows = []
    for group in order:
        members = pictures[groups == group][:each, 0]
        row = np.zeros((each, 28, 28))
        row[: len(members)] = members
        rows.append(np.hstack(list(row)))
    return np.vstack(rows)


def piles(pictures, sorted_by, agreement):
    """Ten digits out of each pile: name → groups; name → index."""
    told = ", ".join(
        f"{value:.2f} by {name}" for name, value in agreement.items()
    )
    figure, panels = plots.figure(
        f"Sorted without a label; agreement with the digits: {told}",
        columns=len(sorted_by),
        width=6.5,
        height=3.8,
    )
    for axes, (name, groups) in zip(
        panels, sorted_by.items(), strict=True
    ):
        axes.imshow(_sheet(pictures, groups), cmap="gray_r")
        axes.set(
            xticks=[],
            yticks=28 * np.arange(10) + 14,
            yticklabels=range(1, 11),
            xlabel=f"by {name}",
        )
        for row in range(1, 10):
            axes.axhline(28 * row - 0.5, color=GREY, lw=0.6)
    panels[0].set_ylabel("pile")
    return figure


def four(table):
    """Source with and without labels × task with and without."""
    kinds = [
        (source, column)
        for source in ("labels", "views")
        for column in ("head_20", "ari")
    ]
    strong = sum(deviations(gain(table, *kind)) > 2 for kind in kinds)
    figure, panels = plots.figure(
        f"{strong} of the 4 kinds of transfer beat their control by more "
        "than two standard deviations",
        columns=2,
        width=6.5,
        height=3.4,
    )
    names = {
        "head_20": "task with 20 labels:\nright of 4,000 digits (%)",
        "ari": "task without labels:\nadjusted Rand index × 100",
    }
    for axes, column in zip(panels, names, strict=True):
        rows = {
            "no source": control(table, column),
            "source\nwithout labels": table.values(
                column, task="views"
            ),
            "source\nwith labels": table.values(
                column, task="labels"
            ),
        }
        for at, (values, colour) in enumerate(
            zip(
                rows.values(),
                (GREY, COLOURS["views"], COLOURS["labels"]),
                strict=True,
            )
        ):
            axes.bar(
                at,
                100 * values.mean(),
                0.62,
                color=colour,
                alpha=0.45,
                hatch=("", "//", "")[at],
                edgecolor="white",
                linewidth=0,
            )
            axes.plot(
                at + np.linspace(-0.2, 0.2, len(values)),
                100 * values,
                "o",
                color=colour,
                ms=4,
            )
            axes.text(
                at, 2, f"{100 * values.mean():.0f}", ha="center", fontsize=10
            )  # fmt: skip
        axes.set_xticks(range(3), rows, fontsize=9)
        axes.set_ylim(0, 100)
        axes.set_title(names[column], fontsize=10)
    return figure


def tasks(table, columns, asked=UNLABELLED):
    """What each task is worth: intervals in points, a panel a measure.

    columns: column → what it is called.
    """
    found = {
        column: {
            t: judge(100 * gain(table, t, column)) for t in asked
        }
        for column in columns
    }
    first = next(iter(columns))
    best = max(found[first], key=lambda t: found[first][t].middle)
    worst = min(found[first], key=lambda t: found[first][t].middle)
    told = [
        f"{t} {found[first][t].middle:+.0f}".replace("-", "−")
        for t in (best, worst)
    ]
    figure, panels = plots.figure(
        f"Which task it was decides: points beyond the control, "
        f"{columns[first]}: " + ", ".join(told),
        columns=len(columns),
        width=6.5,
        height=1.6 + 0.3 * len(asked),
        sharey=True,
        squeeze=False,
    )
    for axes, (column, name) in zip(
        panels[0], columns.items(), strict=True
    ):
        axes.axvline(0, color="black", linewidth=0.8)
        for row, (task, one) in enumerate(found[column].items()):
            colour = COLOURS[task.split(", ")[0]]
            axes.plot(one.interval, [row, row], color=colour)
            axes.plot(one.middle, row, "o", color=colour)
        axes.set(
            yticks=range(len(asked)),
            yticklabels=asked,
            ylim=(len(asked) - 0.5, -0.5),
            xlabel="points (95 %)",
        )
        axes.set_title(name, fontsize=10)
        axes.grid(axis="x")
    return figure
