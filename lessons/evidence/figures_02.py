"""Figures of lesson 2 and of its evidence: data in, figure out."""

import numpy as np

from minitransfer import plots

GREY = plots.COLOURS[6]


def two_bits():
    """The node with two inputs; one example is drawn strong."""
    return plots.relation_diagram(
        [{"h1": ["0", "1"], "h2": ["0", "1"]}, {"lamp": ["0", "1"]}],
        "With two bits each connection carries four relations, not eight",
        examples=[{"h1": "0", "h2": "1", "lamp": "1"}],
    )


def planes(x, tables, nets, answers):
    """The plane of the two bits, as the first of the nodes sees it."""
    figure, panels = plots.figure(
        "One straight line parts OR's states, none parts XOR's",
        columns=2,
        sharey=True,
        height=3.2,
    )
    for axes, name in zip(panels, ("OR", "XOR"), strict=True):
        plots.decision_regions(
            lambda points, name=name: answers(nets[name], points)[0],
            x,
            tables[name],
            name,
            key=False,
            axes=axes,
        )
        axes.set(xticks=[0, 1], yticks=[0, 1])
    panels[1].set_ylabel("")
    return figure


def sixteen(tables, learnt):
    """Which truth tables are learnt: inputs → share per table."""
    told = ", ".join(
        f"{np.sum(share == 1)} from {name}"
        for name, share in learnt.items()
    )
    title = f"Of 16 truth tables one node learns {told}"
    if len(learnt) > 3:
        two = [int(np.sum(share == 1)) for share in learnt.values()][
            1:-1
        ]
        title = (
            f"Pairs of inputs serve {min(two)} to {max(two)} truth tables"
            if min(two) < max(two)
            else f"Each pair of inputs serves {two[0]} of 16 truth tables; "
            "they differ in which they miss"
        )
    figure, axes = plots.figure(
        title, width=6.5, height=1.5 + 0.5 * len(learnt)
    )
    for row, share in enumerate(learnt.values()):
        for at, one in enumerate(share):
            axes.plot(
                at,
                row,
                "o" if one == 1 else "x",
                color=plots.COLOURS[0 if one == 1 else 1],
                markersize=11 if one == 1 else 9,
                markeredgewidth=2,
            )
    axes.set(
        xlim=(-0.6, 15.6),
        ylim=(len(learnt) - 0.4, -0.6),
        yticks=range(len(learnt)),
        yticklabels=list(learnt),
        xticks=range(16),
        xlabel="truth table: the lamp at 00, 01, 10, 11   "
        "(● learnt, × never)",
    )
    names = ["".join(f"{b:.0f}" for b in row) for row in tables]
    axes.set_xticklabels(names, rotation=90)
    return figure


def left_out(names, states, share, forced):
    """How often a node is right about a state it was not shown."""
    figure, axes = plots.figure(
        f"The node is right about the state left out in "
        f"{share[forced].mean():.0%} of runs where the rest forces it, in "
        f"{share[~forced].mean():.0%} elsewhere",
        width=6.5,
        height=3.2,
    )
    picture = axes.imshow(
        100 * share.T, cmap="Blues", vmin=0, vmax=100, aspect="auto"
    )
    at, row = np.nonzero(forced)
    axes.plot(at, row, "o", color=plots.COLOURS[4], markersize=8)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(4), states)
    axes.set(
        xlabel="truth table   (dot: the rest forces the state)",
        ylabel="state left out",
    )
    bar = figure.colorbar(picture, ax=axes)
    bar.set_label("runs right (%)")
    return figure


def truth_tables(x, tables, answers):
    """Article E's tables: wanted beside what the node says."""
    figure, panels = plots.figure(
        "The node is near OR's answers, and says one half to all of XOR",
        rows=2,
        height=4.6,
    )
    for axes, (name, y) in zip(panels, tables.items(), strict=True):
        plots.truth_table_picture(
            x, y, answers[name], name, answer="lamp", axes=axes
        )
    return figure
