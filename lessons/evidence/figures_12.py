"""Figures of lesson 12 and of its evidence: data in, figure out.

And what both of them read out of the table of strokes.
"""

import numpy as np

from minitransfer import plots

STOPS = (0, 30, 100, 300, 1000)  # steps at which the film is stopped
LAYERS = (
    "0",
    "2",
    "5",
    "9",
)  # 3 convolutions and a Linear, before ReLU
QUESTIONS = {
    "corners": ("corner", "line"),
    "curves": ("curve", "line"),
    "corner or curve": ("curve", "corner"),
}
COLOURS = {"learnt": plots.COLOURS[0], "random": plots.COLOURS[6]}


def asked(table, question, kind, count=64, column="right"):
    """What came out for a question: networks × layers."""
    of = {"question": question, "kind": kind, "count": count}
    return table.curve(column, "layer", **of)[1]


def filters(network):
    """The weights of the first layer, as pictures."""
    return network[0].weight.detach().numpy()[:, 0].copy()


def film(frames):
    """Filters while a network learns: steps → pictures."""
    *_, last = frames
    rows = {
        f"after {steps:,} steps" if steps else "before": pictures[:12]
        for steps, pictures in frames.items()
    }
    return plots.picture_rows(
        rows,
        f"Twelve filters in {last:,} steps: the noise fades, a light and "
        "a dark side stay",
        signed=True,
    )


def _panels(
    title, panels, ylabel, *, chance=None, layers=4, **options
):
    """Learnt and random networks over layers, a panel for each name."""
    figure, axes = plots.figure(
        title, columns=len(panels), width=7.5, height=3.2, **options
    )
    for ax, (name, kinds) in zip(axes, panels.items(), strict=True):
        ends = []
        for k, (kind, runs) in enumerate(kinds.items()):
            values = 100 * runs[:, :layers]
            x, mean = np.arange(1, layers + 1), values.mean(0)
            sd = values.std(0, ddof=1)
            ax.fill_between(
                x,
                mean - sd,
                mean + sd,
                color=COLOURS[kind],
                alpha=0.15,
                lw=0,
            )
            ax.plot(
                x,
                mean,
                color=COLOURS[kind],
                marker="os"[k],
                linestyle=("-", "--")[k],
            )
            ends.append((mean[-1], kind, COLOURS[kind]))
        if chance and name in chance:
            ax.axhline(
                100 * chance[name], color="black", ls=":", lw=1
            )
            ax.annotate(
                "chance",
                (1, 100 * chance[name]),
                xytext=(0, 2),
                textcoords="offset points",
                va="bottom",
            )
        ax.set_title(name, fontsize=11)
        ax.set(xticks=range(1, layers + 1), xlabel="layer")
        ax.grid(axis="y")
        plots.label_ends(ax, layers, ends)
    axes[0].set_ylabel(ylabel)
    return figure


def points(share):
    """A difference in points, in words for a title."""
    text = f"{100 * np.mean(share):+.0f}".replace("-", "−")
    return "0" if text in ("+0", "−0") else text


def beyond(kinds, layer):
    """What is read at a layer, beyond the network's own beginning."""
    return (kinds["learnt"] - kinds["random"])[:, layer - 1]


def climb(kinds, layer):
    """From a layer to the next, beyond the network's own beginning."""
    return beyond(kinds, layer + 1) - beyond(kinds, layer)


def staircase(right):
    """Read right by layer: question → kind → networks × layers."""
    corners = points(climb(right["corners"], 1))
    curves = points(climb(right["curves"], 2))
    return _panels(
        "Beyond its own beginning a network gains "
        f"{corners} points on corners from layer 1 to 2, {curves} on "
        "curves from 2 to 3",
        right,
        "strokes read right (%)",
        chance={"edges": 1 / 6, "corners": 1 / 2, "curves": 1 / 2},
        layers=3,
    )


def counts(right):
    """The same question, read with few numbers and with all."""
    rise = {
        name: points(beyond(kinds, 3) - beyond(kinds, 1))
        for name, kinds in right.items()
    }
    return _panels(
        "Corner or curve, from layer 1 to 3, beyond the network's own "
        "beginning: "
        + ", ".join(f"{r} points with {n}" for n, r in rise.items()),
        right,
        "strokes read right (%)",
        chance=dict.fromkeys(right, 1 / 2),
        sharey=True,
    )


def single_units(selective):
    """Selectivity by layer: property → kind → networks × layers."""
    two, three = 100 * selective["curves"]["learnt"].mean(0)[1:3]
    return _panels(
        "A single unit of layer 3 says less about curves than one of "
        f"layer 2: {three:.2f} against {two:.2f} % of its scatter",
        selective,
        "scatter of a unit that\nthe property explains (%)",
    )


def alike(pairs):
    """CKA by layer: sort of pair → pairs × layers."""
    top = ", ".join(
        f"{runs[:, 3].mean():.2f} for {sort}"
        for sort, runs in pairs.items()
    )
    figure = plots.curves_with_spread(
        np.arange(1, 5),
        pairs,
        f"Likeness of two networks, layer 4: {top}",
        "layer",
        "likeness (CKA without bias)",
        ylim=(0.6, 1.0),
    )
    figure.axes[0].set_xticks(range(1, 5))
    return figure
