"""Figures of lesson 14 and of its evidence: data in, figure out.

And what both of them read out of the table of upbringings.
"""

import numpy as np

from minitransfer import plots

NETWORKS = {"conv 16": "convolutional", "plain 256": "plain"}
LABELS = (20, 100, 1000, 4000)
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
FAR = ("gratings", "sounds", "shuffled")
PAIRS = (
    ("characters", "animals"),
    ("ten characters", "animals"),
    ("digits", "animals"),
    ("animals", "other characters"),
    ("digits", "other characters"),
    ("animals", "digits"),
)
# What is compared with what: a way of using the source, a way of having none.
KINDS = {
    "held − random body": ("head", "head"),
    "held − scratch": ("head", "all"),
    "all trained − scratch": ("all", "all"),
}
COLOURS = dict(
    zip(
        KINDS,
        (plots.COLOURS[6], plots.COLOURS[0], plots.COLOURS[1]),
        strict=True,
    )
)
MARKS = dict(zip(KINDS, "^os", strict=True))


def gain(table, network, source, kind, labels, target="digits"):
    """What the source is worth, run by run: same seed, same labels."""
    way, without = KINDS[kind]
    of = {"network": network, "labels": labels, "target": target}
    mine = table.values("accuracy", source=source, way=way, **of)
    return mine - table.values(
        "accuracy", source="nothing", way=without, **of
    )


def words_far_away(judged):
    """What is said of the far sources: a list of words for each kind.

    judged: (network, source, kind, labels) -> Judgement.
    """
    return [
        [
            one.word
            for case, one in judged.items()
            if case[1] in FAR and case[2] == kind
        ]
        for kind in KINDS
    ]


def gains_far_away(table, network, labels):
    """What each far source is worth, in each kind of comparison."""
    return {
        f"{source}, {kind}": gain(
            table, network, source, kind, labels
        )
        for source in FAR
        for kind in KINDS
    }


def points(share):
    """A difference in points, in words for a title."""
    text = f"{100 * np.mean(share):+.0f}".replace("-", "−")
    return "0" if text in ("+0", "−0") else text


def two_questions(little, much, digits):
    """Characters sorted by their ink, and the new task."""
    rows = {
        "little ink": little,
        "much ink": much,
        "digits, the new task": digits,
    }
    return plots.picture_rows(
        rows, "One can judge the ink and never look at a stroke"
    )


def _compared(figure, panels, judged, xlabel):
    """Dots with intervals: panel -> row -> kind -> Judgement."""
    for axes, (panel, rows) in zip(
        panels, judged.items(), strict=True
    ):
        kinds = list(next(iter(rows.values())))
        for place, row in enumerate(rows.values()):
            for k, (kind, one) in enumerate(row.items()):
                height = place + 0.24 * (k - (len(kinds) - 1) / 2)
                sure = one.word in ("more", "less")
                colour = COLOURS[kind]
                axes.plot(
                    100 * np.array(one.interval),
                    [height] * 2,
                    color=colour,
                    linewidth=1.2,
                )
                axes.plot(
                    100 * one.middle,
                    height,
                    MARKS[kind],
                    color=colour,
                    markerfacecolor=colour if sure else "white",
                    markersize=6,
                )
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set(
            yticks=range(len(rows)),
            yticklabels=rows,
            ylim=(len(rows) - 0.5, -0.5),
            xlabel=xlabel,
        )
        axes.set_title(panel, fontsize=11)
        axes.grid(axis="x")
    handles = [
        axes.plot([], [], MARKS[kind], color=COLOURS[kind])[0]
        for kind in kinds
    ]
    figure.legend(
        handles,
        kinds,
        loc="outside lower center",
        ncols=len(kinds),
        frameon=False,
        fontsize=9,
    )
    return figure


def worth(judged, labels):
    """Points ahead of scratch.

    judged: (network, source, kind, labels) -> Judgement.
    """
    rows = {
        name: {
            source: {
                kind: judged[network, source, kind, labels]
                for kind in list(KINDS)[1:]
            }
            for source in SOURCES
        }
        for network, name in NETWORKS.items()
    }
    held = [
        points(rows["plain"][source]["held − scratch"].middle)
        for source in ("characters", "ink")
    ]
    figure, panels = plots.figure(
        f"Held still, characters are worth {held[0]} points, ink "
        f"{held[1]} (plain, {labels} labels)",
        columns=2,
        width=7.5,
        height=4.2,
        sharex=True,
        sharey=True,
    )
    return _compared(figure, panels, rows, "points ahead of scratch")


def pairs(judged):
    """Gains between unlike data: (network, pair, kind) -> Judgement."""
    rows = {
        name: {
            " → ".join(pair): {
                kind: judged[network, pair, kind] for kind in KINDS
            }
            for pair in PAIRS
        }
        for network, name in NETWORKS.items()
    }
    carried, held = (
        [one for key, one in judged.items() if key[2] == kind]
        for kind in list(KINDS)[:2]
    )
    figure, panels = plots.figure(
        f"Held, in {len(held)} cases: better than a random body in "
        f"{sum(one.middle > 0 for one in carried)}; surely better than "
        f"scratch in {sum(one.word == 'more' for one in held)}, surely "
        f"worse in {sum(one.word == 'less' for one in held)}",
        columns=2,
        width=7.5,
        height=4.4,
        sharex=True,
        sharey=True,
    )
    return _compared(
        figure, panels, rows, "gain with 100 labels (points)"
    )


def marks(school, use, blind):
    """Marks in the first task and use for digits: network -> source.

    blind: network -> what a random body reaches.
    """
    ink = school["plain"]["ink"].mean(), use["plain"]["ink"].mean()
    figure, panels = plots.figure(
        f"{ink[0]:.0%} right at school, {ink[1]:.0%} of the digits: good "
        "marks do not tell what is worth borrowing",
        columns=2,
        width=8,
        height=4.2,
        sharey=True,
    )
    for axes, network in zip(panels, school, strict=True):
        axes.set(xlim=(-4, 104), ylim=(25, 100))
        axes.set_title(network, fontsize=11)
        ends = []
        for k, source in enumerate(SOURCES):
            mark, right = (
                100 * table[network][source]
                for table in (school, use)
            )
            colour = (*plots.COLOURS, "black")[k]
            axes.plot(mark, right, "os^Dvp*P"[k], ms=4, color=colour)
            if mark.mean() > 80:
                ends.append((right.mean(), source, colour))
            else:
                axes.text(
                    mark.mean(), right.max() + 2, source, color=colour
                )
        plots.label_ends(axes, 100, ends)
        axes.axhline(
            100 * blind[network].mean(), color="black", ls=":", lw=1
        )
        axes.set_xlabel("right in the first task (%)")
    panels[0].set_ylabel("digits right, body held,\n1,000 labels (%)")
    return figure


def repair(gains):
    """All trained, against scratch: network -> source -> runs."""
    ink = gains["plain"]["ink"]
    figure, panels = plots.figure(
        f"A silly impression, against none: {points(ink[:, 1])} points "
        f"with 100 labels, {points(ink[:, -1])} with 4,000 (plain "
        "network)",
        columns=2,
        width=7.5,
        height=3.8,
        sharey=True,
    )
    for axes, (network, curves) in zip(
        panels, gains.items(), strict=True
    ):
        plots.curves_with_spread(
            LABELS,
            {name: 100 * runs for name, runs in curves.items()},
            network,
            "labelled digits (logarithmic)",
            "all trained − scratch (points)",
            log_x=True,
            axes=axes,
        )
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set_xticks(LABELS, LABELS)
        axes.minorticks_off()
    panels[1].set_ylabel("")
    return figure


def sizes(judged, margin):
    """Borrowed − fresh start: kind -> steps -> network -> Judgement."""
    every = judged["plain"][max(judged["plain"])]
    first, *_, last = every.items()
    figure, panels = plots.figure(
        f"What borrowing is worth with {first[0].split()[1]} units: "
        f"{points(first[1].middle)} points; with {last[0].split()[1]}: "
        f"{points(last[1].middle)}",
        columns=2,
        width=7.5,
        height=3.8,
        sharey=True,
    )
    for axes, (kind, by_steps) in zip(
        panels, judged.items(), strict=True
    ):
        reach = 100 * margin
        axes.axhspan(
            -reach, reach, color=plots.COLOURS[6], alpha=0.15, lw=0
        )
        axes.axhline(0, color="black", linewidth=0.8)
        for k, (steps, found) in enumerate(by_steps.items()):
            widths = np.array([int(n.split()[1]) for n in found])
            middle = np.array(
                [100 * j.middle for j in found.values()]
            )
            low, high = 100 * np.transpose(
                [j.interval for j in found.values()]
            )
            axes.errorbar(
                widths * (1 + 0.05 * (2 * k - 1)),
                middle,
                (middle - low, high - middle),
                color=plots.COLOURS[k],
                marker="os"[k],
                linestyle=("-", "--")[k],
                capsize=3,
                label=f"after {steps} steps",
            )
        axes.set_xscale("log")
        axes.set_xticks(widths, widths)
        axes.minorticks_off()
        axes.set_xlabel("units in the first layer (logarithmic)")
        axes.set_title(kind, fontsize=11)
        axes.grid(axis="y")
    panels[0].set_ylabel("borrowed − fresh start (points)")
    panels[1].legend(frameon=False, fontsize=9)
    return figure
