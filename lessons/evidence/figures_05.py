"""Figures of lesson 5 and of its evidence: data in, figure out."""

import itertools

import numpy as np

from minitransfer import plots
from minitransfer.experiments import intervals

GREY = plots.COLOURS[6]
LINES = ("-", "--", "-.", ":")


def two_students():
    """A connection for each state beside one step that is walked twice."""
    eight = ["".join(b) for b in itertools.product("01", repeat=3)]
    figure, panels = plots.figure(
        "One example: relations of its own, or steps that all share",
        columns=2,
        width=7.5,
        height=4.4,
    )
    plots.relation_diagram(
        [{"state": eight}, {"answer": ["0", "1"]}],
        "memory",
        examples=[{"state": "011", "answer": "0"}],
        axes=panels[0],
    )
    plots.relation_diagram(
        [{"pair": ["00", "01", "10", "11"]}, {"joined": ["0", "1"]}],
        "one step, walked twice",
        examples=[
            {"pair": "01", "joined": "1"},
            {"pair": "11", "joined": "0"},
        ],
        axes=panels[1],
    )
    return figure


def settled(sizes, shares):
    """Share of sample sets that leave nothing open; belief → by size."""
    at = list(sizes).index(4)
    figure, axes = plots.figure(
        f"Four examples settle parity in {shares['one cell'][at]:.0%} of "
        f"sets if the cell is shared, in {shares['chain'][at]:.0%} if not",
        width=6.5,
    )
    for k, (belief, values) in enumerate(shares.items()):
        axes.plot(
            sizes,
            100 * values,
            color=plots.COLOURS[k],
            marker="os^D"[k],
            linestyle=LINES[k],
            label=belief,
        )
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    axes.set(
        xlabel="examples seen, of 8",
        ylabel="sets of examples that\nleave nothing open (%)",
    )
    axes.grid(axis="y")
    return figure


def walk(right, before):
    """Right answers by the number of bits; bits → share per cell."""
    bits = list(right)
    figure, axes = plots.figure(
        f"Shown 4 states, a cell is right in {right[bits[-1]].mean():.0%} "
        f"of {2 ** bits[-1]:,} states",
        height=3.2,
    )
    ends = []
    for k, (name, shares) in enumerate(
        {"trained": right, "before": before}.items()
    ):
        runs = 100 * np.array([shares[n] for n in bits])
        low, high = np.quantile(runs, (0.1, 0.9), axis=1)
        colour = plots.COLOURS[k]
        axes.fill_between(
            bits, low, high, color=colour, alpha=0.2, lw=0
        )
        axes.plot(
            bits,
            runs.mean(1),
            color=colour,
            marker="os"[k],
            linestyle=LINES[k],
        )
        ends.append((runs.mean(1)[-1], name, colour))
    axes.set(xlabel="bits", ylabel="states right (%)", ylim=(0, 104))
    axes.set_xticks(bits, [f"{n}" for n in bits])
    axes.grid(axis="y")
    plots.label_ends(axes, bits[-1], ends)
    return figure


def trained(shown, found, exact):
    """Unseen states right by the number shown; network → draws each."""
    shared = "chain, one cell"
    told = max(
        np.mean(runs[-1])
        for name, runs in found.items()
        if name != shared
    )
    figure, axes = plots.figure(
        f"{shown[-1]} of 8 shown: the shared cell is right in "
        f"{np.mean(found[shared][-1]):.0%}, the best of the others in "
        f"{told:.0%}",
        width=6.5,
        height=3.9,
    )
    ends = []
    for k, (name, runs) in enumerate(found.items()):
        values = [100 * np.asarray(r) for r in runs]
        middle = np.array([v.mean() for v in values])
        low, high = np.array([intervals.mean(v) for v in values]).T
        colour = plots.COLOURS[k]
        axes.errorbar(
            np.array(shown) + 0.04 * (k - 2.5),
            middle,
            (middle - low, high - middle),
            color=colour,
            marker="os^DvP"[k],
            linestyle=LINES[k % 4],
            capsize=2,
        )
        ends.append((middle[-1], name, colour))
    axes.plot(shown, 100 * exact, ":", color=GREY)
    ends.append((100 * exact[-1], "one cell, by counting", GREY))
    axes.axhline(50, color=GREY, lw=0.8)
    axes.set(
        xlabel="states shown, of 8",
        ylabel="unseen states right (%)",
        xticks=shown,
        ylim=(0, 103),
    )
    plots.label_ends(axes, shown[-1], ends)
    return figure


def pieces(x, target, near, folds):
    """A curve from one hidden layer; folds upon folds.

    near: nodes → values; folds: layers → values.
    """
    many, deep = max(near), max(folds)
    worst = np.abs(near[many] - target).max()
    figure, panels = plots.figure(
        f"Shallow: {many} nodes follow a curve to {worst:.2f}; deep: "
        f"{2 * deep} nodes make {2**deep} pieces",
        columns=2,
        width=7.5,
        height=3.2,
    )
    panels[0].plot(x, target, color=GREY, lw=3, alpha=0.4)
    for k, (nodes, values) in enumerate(near.items()):
        panels[0].plot(
            x,
            values,
            color=plots.COLOURS[k],
            linestyle=LINES[k],
            lw=1.5,
            label=f"{nodes} nodes",
        )
    panels[0].set_title("one hidden layer", fontsize=11)
    for k, (layers, values) in enumerate(folds.items()):
        panels[1].plot(
            x,
            values,
            color=plots.COLOURS[k],
            linestyle=LINES[k],
            lw=1.5,
            label=f"{layers} fold{'s' if layers > 1 else ''}",
        )
    panels[1].set_title("two nodes a layer", fontsize=11)
    for axes in panels:
        axes.set(xlabel="input", ylim=(-1.75 if axes is panels[0] else
                                       -0.1, 1.9))  # fmt: skip
        axes.legend(
            frameon=False, fontsize=9, loc="upper right", ncols=3
        )
    panels[0].set_ylabel("output")
    return figure


def nodes(bits, counts):
    """Hidden nodes for parity, by the number of bits; kind → counts."""
    told = ", ".join(
        f"{c[-1]:,} ({kind})" for kind, c in counts.items()
    )
    figure, axes = plots.figure(
        f"Hidden nodes for the parity of {bits[-1]} bits: {told}",
        width=6.5,
    )
    for k, (kind, values) in enumerate(counts.items()):
        axes.plot(
            bits,
            values,
            color=plots.COLOURS[k],
            marker="os^D"[k],
            linestyle=LINES[k],
            label=kind,
        )
    axes.set_yscale("log")
    axes.legend(frameon=False)
    axes.set(xlabel="bits", ylabel="hidden nodes (logarithmic)")
    axes.grid(axis="y")
    return figure
