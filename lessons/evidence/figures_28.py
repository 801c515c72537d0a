"""Figures of lesson 28 and of its evidence: data in, figure out.

And what both of them read out of the table.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import intervals, judge

#: What was altered, and what was not: there a method should do no harm.
ALTERED = (
    "shifted",
    "noisy",
    "inverted",
    "thickened",
    "second scanner",
)
CONTROLS = ("unchanged", "five digits")
METHODS = ("counted", "entropy", "coral", "mmd", "adversary")
MEASURED = ("nothing", *METHODS, "labels")
NAMES = {
    "nothing": "as it is",
    "counted": "counted anew",
    "entropy": "entropy",
    "coral": "CORAL",
    "mmd": "MMD",
    "adversary": "adversary",
    "labels": "with labels",
}
COLOURS = dict(
    zip(METHODS, plots.COLOURS[:5], strict=True)
) | dict.fromkeys(("nothing", "labels"), plots.COLOURS[6])
POINT = 0.01  # a difference that would not matter


def gains(table, target, method, base="nothing"):
    """Share of right answers beyond another column, seed by seed."""
    mine = table.values(method, target=target)
    return mine - table.values(base, target=target)


def recovered(table, target, method):
    """What share of what was lost comes back, over the means of seeds.

    Lost is what labels of the target would bring.
    """
    lost = gains(table, target, "labels").mean()
    return gains(table, target, method).mean() / lost


def most_lost(table):
    """The target where a method may lose most: name → (target, gains, low).

    `low` is the lower end of a 90 % interval: what it loses at most, 95 %
    sure.
    """
    found = {}
    for method in METHODS:
        change = {
            t: gains(table, t, method) for t in ALTERED + CONTROLS
        }
        low = {
            t: intervals.mean(v, 0.9)[0] for t, v in change.items()
        }
        worst = min(low, key=low.get)
        found[NAMES[method]] = worst, change[worst], low[worst]
    return found


def sheets(pictures):
    """Twelve digits, taken in several ways: name → pictures."""
    return plots.picture_rows(
        {name: x[:12] for name, x in pictures.items()},
        "The same task, taken otherwise",
    )


def ladder(table):
    """Right answers on each altered target: as it is, adapted, labels."""
    back = {t: recovered(table, t, "counted") for t in ALTERED}
    best, worst = max(back, key=back.get), min(back, key=back.get)
    shares = {t: max(round(100 * back[t]), 0) for t in (best, worst)}
    figure, axes = plots.figure(
        f"Counted anew: {shares[best]} % of the loss comes back on "
        f"{best} digits, {shares[worst]} % on {worst} ones",
        width=6.5,
        height=3.9,
    )
    shown = ("nothing", "counted", "mmd", "labels")
    marks = dict(zip(shown, ("X", "o", "^", "|"), strict=True))
    for row, target in enumerate((*ALTERED, *CONTROLS)):
        ends = [
            100 * table.values(m, target=target).mean() for m in shown
        ]
        axes.plot(
            [min(ends), max(ends)], [row, row], color="#B5B3AC", lw=1
        )
        for method in shown:
            runs = 100 * table.values(method, target=target)
            axes.errorbar(
                runs.mean(),
                row,
                xerr=runs.std(ddof=1),
                marker=marks[method],
                markersize=14 if method == "labels" else 8,
                markeredgewidth=2 if method == "labels" else 1,
                color=COLOURS[method],
                lw=1,
                label=NAMES[method] if row == 0 else None,
            )
    axes.axhline(len(ALTERED) - 0.5, color="black", lw=0.6, ls=":")
    axes.set(
        yticks=range(len(ALTERED) + len(CONTROLS)),
        yticklabels=(*ALTERED, *CONTROLS),
        ylim=(len(ALTERED) + len(CONTROLS) - 0.5, -0.5),
        xlabel="right on unseen digits of the target (%)",
    )
    axes.grid(axis="x")
    figure.legend(
        loc="outside lower center", ncols=len(shown), frameon=False, fontsize=9
    )  # fmt: skip
    return figure


def beyond(table, targets, methods, base="nothing"):
    """Points beyond another column, with intervals: a panel a target."""
    found = {
        t: {m: judge(100 * gains(table, t, m, base)) for m in methods}
        for t in targets
    }
    every = {
        (t, m): one
        for t, row in found.items()
        for m, one in row.items()
    }
    worst = min(every, key=lambda key: every[key].middle)
    best = max(every, key=lambda key: every[key].middle)
    told = [
        f"{NAMES[m]} on {t} {every[t, m].middle:+.0f}".replace(
            "-", "−"
        )
        for t, m in (best, worst)
    ]
    figure, panels = plots.figure(
        f"Beyond “{NAMES[base]}”: best {told[0]}, worst {told[1]}",
        columns=len(targets),
        width=7.0,
        height=1.7 + 0.3 * len(methods),
        sharey=True,
        squeeze=False,
    )
    for axes, (target, row) in zip(
        panels[0], found.items(), strict=True
    ):
        axes.axvspan(-1, 1, color=plots.COLOURS[6], alpha=0.15, lw=0)
        axes.axvline(0, color="black", linewidth=0.8)
        for at, (method, one) in enumerate(row.items()):
            axes.plot(one.interval, [at, at], color=COLOURS[method])
            axes.plot(one.middle, at, "o", color=COLOURS[method])
        axes.set(
            yticks=range(len(methods)),
            yticklabels=[NAMES[m] for m in methods],
            ylim=(len(methods) - 0.5, -0.5),
        )
        axes.set_title(target, fontsize=10)
        axes.grid(axis="x")
    middle = panels[0][len(targets) // 2 :][:1]
    for axes in panels[0] if len(targets) == 2 else middle:
        axes.set_xlabel("points (95 %; grey: ± 1)")
    return figure


def surer(courses):
    """Entropy and accuracy every ten steps: how → (rounds, 2)."""
    told = [
        f"{how} digits {100 * rows[0, 1]:.0f} → {100 * rows[-1, 1]:.0f} %"
        for how, rows in courses.items()
    ]
    figure, panels = plots.figure(
        "Surer both times. Right answers: " + ", ".join(told),
        columns=2,
        width=6.5,
        height=3.2,
    )
    for k, (axes, name) in enumerate(
        zip(
            panels,
            (
                "how unsure (nats): can be seen",
                "right (%): cannot be seen",
            ),
            strict=True,
        )
    ):
        ends = []
        for at, (how, rows) in enumerate(courses.items()):
            values = rows[:, k] * (1, 100)[k]
            steps = 10 * np.arange(len(rows))
            colour = plots.COLOURS[at]
            axes.plot(
                steps, values, color=colour, marker="os"[at],
                ls=("-", "--")[at],
            )  # fmt: skip
            ends.append((values[-1], how, colour))
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("steps")
        axes.set_ylim(0, (None, 100)[k])
        axes.grid(axis="y")
        plots.label_ends(axes, steps[-1], ends)
    return figure
