"""Figures of lesson 13 and of its evidence: data in, figure out.

And what both of them read out of the table.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge

COLOURS = dict(
    zip(
        ("copied", "capped", "tuned", "self", "random"),
        (*plots.COLOURS[:4], plots.COLOURS[6]),
        strict=True,
    )
)
MARKS = dict(zip(COLOURS, "os^DP", strict=True))
LINES = dict(zip(COLOURS, ("-", "-.", "--", ":", "--"), strict=True))
POINT = 0.01  # a difference that would not matter


def held(table, target, origin="copied"):
    """Share right of the plain networks: sources × k from 0 on."""
    of = {"network": "glyph-mlp", "target": target}
    copied, runs = (
        table.curve("accuracy", "frozen", origin=o, **of)[1]
        for o in ("copied", origin)
    )
    if origin == "capped":  # layers 1 and 2 are as copied
        return np.hstack([copied[:, :3], runs])
    return (
        runs
        if origin == "copied"
        else np.hstack([copied[:, :1], runs])
    )


def sheets(pictures):
    """Nine examples of each task; name → pictures."""
    figure, axes = plots.figure(
        "One source and three tasks: near, farther, alien",
        columns=len(pictures),
        height=2.1,
        width=6.5,
    )
    for ax, (name, images) in zip(
        axes, pictures.items(), strict=True
    ):
        border = ((0, 0), (1, 1), (1, 1))  # grey lines in between
        nine = np.pad(images[:9, 0], border, constant_values=70)
        rows = nine.reshape(3, 3, 30, 30)
        sheet = np.vstack([np.hstack(list(row)) for row in rows])
        ax.imshow(sheet, cmap="gray_r")
        ax.set(xticks=[], yticks=[], xlabel=name)
    return figure


def _signed(points):
    text = f"{points:+.0f}".replace("-", "−")
    return "0" if text in ("+0", "−0") else text


def curves(tasks, arm="copied"):
    """Accuracy over k: task → origin → runs; the title tells an arm."""
    gains = ", ".join(
        _signed(100 * (arms[arm][:, 4] - arms[arm][:, 0]).mean())
        + f" on {task}"
        for task, arms in tasks.items()
    ).replace(" on", " points on", 1)
    figure, axes = plots.figure(
        f"Four layers, {arm}, bring {gains}",
        columns=len(tasks),
        width=7.5,
        height=3.4,
        sharey=True,
    )
    for ax, (task, arms) in zip(axes, tasks.items(), strict=True):
        ends = []
        for origin, runs in arms.items():
            mean, colour = 100 * runs.mean(0), COLOURS[origin]
            sd = 100 * runs.std(0, ddof=1)
            k = np.arange(len(mean))
            ax.fill_between(
                k,
                mean - sd,
                mean + sd,
                color=colour,
                alpha=0.15,
                lw=0,
            )
            ax.plot(
                k,
                mean,
                color=colour,
                marker=MARKS[origin],
                linestyle=LINES[origin],
                markersize=4,
            )
            ends.append((mean[-1], origin, colour))
        scratch = 100 * next(iter(arms.values()))[:, 0].mean()
        ax.axhline(scratch, color="black", ls=":", lw=1)
        ax.set_title(task, fontsize=11)
        ax.set(xticks=range(5), xlabel="first layers, k")
        ax.set_ylim(30, 100)
        ax.grid(axis="y")
        plots.label_ends(ax, 4, ends)
    axes[0].set_ylabel("right on unseen images (%)")
    return figure


def worth(rows):
    """Points with intervals: task → what is compared → runs."""
    told = [
        " and ".join(
            _signed(100 * v.mean()) for v in list(parts.values())[:2]
        )
        + f" on {task}"
        for task, parts in rows.items()
    ]
    figure, axes = plots.figure(
        "Layers 1 and 2, then 3 and 4, bring in points: "
        + ", ".join(told),
        height=3.6,
        width=6.2,
    )
    count = len(next(iter(rows.values())))
    axes.axvspan(-1, 1, color=plots.COLOURS[6], alpha=0.15, lw=0)
    axes.axvline(0, color=plots.COLOURS[6], linewidth=0.8)
    names, places = [], []
    for row, (task, parts) in enumerate(rows.items()):
        for k, (name, values) in enumerate(parts.items()):
            place = row * (count + 0.8) + k
            found = judge(100 * values)
            axes.errorbar(
                found.middle,
                place,
                xerr=[
                    [found.middle - found.interval[0]],
                    [found.interval[1] - found.middle],
                ],
                color=plots.COLOURS[k],
                marker="os^"[k],
                capsize=3,
            )
            names.append(f"{task}: {name}" if k == 0 else name)
            places.append(place)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xlabel("points (95 %; grey: less than a point)")
    axes.grid(axis="x")
    return figure
