"""Figures of lesson 1 and of its evidence: data in, figure out."""

import numpy as np

from minitransfer import plots

GREY = plots.COLOURS[6]
KNOW_NOTHING = 4  # bits of surprise at four states, one half to each
HATCH = ("", "//", "..", "xx")


def two_ends():
    """A connection for each state beside one connection for all."""
    figure, panels = plots.figure(
        "A look-up table has a connection for each state, one node one "
        "for all",
        columns=2,
        width=7.5,
        height=4,
    )
    plots.relation_diagram(
        [{f"A={a}": ["1"] for a in range(4)}, {"B": ["0", "1"]}],
        "look-up table: 4 × 2 relations",
        examples=[{"A=0": "1", "B": "0"}, {"A=1": "1", "B": "1"}],
        axes=panels[0],
    )
    plots.relation_diagram(
        [{"A": ["0", "1", "2", "3"]}, {"B": ["0", "1"]}],
        "one node: 1 × 8 relations",
        axes=panels[1],
    )
    return figure


def surprise(bits, every):
    """Surprise over steps: label → runs × points."""
    left = bits["one node, XOR"][:, -1].mean()
    figure, axes = plots.figure(
        f"XOR surprises a trained node by {left:.1f} bits, as much as "
        "someone who knows nothing"
    )
    ends = []
    for k, (name, runs) in enumerate(bits.items()):
        x = every * np.arange(runs.shape[1])
        low, middle, high = np.quantile(runs, (0.1, 0.5, 0.9), axis=0)
        colour, line = plots.COLOURS[k], ("-", "--", "-.")[k]
        axes.fill_between(x, low, high, color=colour, alpha=0.2, lw=0)
        axes.plot(x, middle, color=colour, linestyle=line)
        ends.append((middle[-1], name, colour))
    axes.axhline(KNOW_NOTHING, color=GREY, linestyle=":", lw=1.2)
    axes.text(
        400, KNOW_NOTHING + 0.1, "one half to everything", color=GREY
    )
    axes.set(xlabel="step of training", ylim=(0, 6))
    axes.set_ylabel("surprise at the four answers (bits)")
    axes.grid(axis="y")
    plots.label_ends(axes, x[-1], ends)
    return figure


def sixteen(tables, bits, served):
    """Surprise that is left, a bar for each truth table."""
    changes = np.abs(np.diff(tables, axis=1)).sum(axis=1).astype(int)
    many = int(np.sum(served == 1))
    figure, axes = plots.figure(
        f"One node learns {many} of the 16 truth tables: those that "
        "change at most once",
        width=6.5,
    )
    ranked = np.lexsort((bits, changes))
    for place, at in enumerate(ranked):
        kind = changes[at]
        axes.bar(
            place,
            bits[at],
            color=plots.COLOURS[kind],
            hatch=HATCH[kind],
            edgecolor="white",
            linewidth=0,
        )
        text = "".join(f"{b:.0f}" for b in tables[at])
        axes.text(
            place,
            bits[at] + 0.12,
            text,
            rotation=90,
            ha="center",
            bbox={"fc": axes.get_facecolor(), "ec": "none", "pad": 1},
        )
    for kind in range(4):
        place = np.flatnonzero(changes[ranked] == kind).mean()
        axes.text(
            place,
            -0.15,
            f"{kind} change{'s' if kind != 1 else ''}",
            ha="center",
            va="top",
            color=plots.COLOURS[kind],
        )
    axes.axhline(KNOW_NOTHING, color=GREY, linestyle=":", lw=1.2)
    axes.text(-0.4, 4.1, "knowing nothing: 4 bits", color=GREY)
    axes.set(xticks=[], ylim=(0, 5.4))
    axes.set_ylabel("surprise after training (bits)")
    axes.set_xlabel(
        "truth table: its answers in the states 0, 1, 2, 3",
        labelpad=20,
    )
    return figure


def bowls(weights, biases, losses, paths):
    """Loss over weight and bias, and where 12 runs walked.

    losses: table → (biases, weights); paths: table → (w, b), each
    runs × steps.
    """
    figure, panels = plots.figure(
        "XOR's loss is a bowl whose bottom is one half to everything; "
        "OR's slopes down for ever",
        columns=2,
        width=7.5,
        height=4,
        sharey=True,
    )
    for axes, (name, loss) in zip(
        panels, losses.items(), strict=True
    ):
        levels = np.log(2) * np.array(
            [0.1, 0.3, 0.6, 1.02, 1.5, 2.5, 4, 6, 9]
        )
        drawn = axes.contour(
            weights, biases, loss, levels, colors=GREY, linewidths=0.8
        )
        axes.clabel(drawn, fmt="%.1f", fontsize=8)
        for w, b in zip(*paths[name], strict=True):
            axes.plot(w, b, color=plots.COLOURS[0], lw=1, alpha=0.6)
            axes.plot(w[0], b[0], ".", color=plots.COLOURS[6])
            axes.plot(w[-1], b[-1], "x", color=plots.COLOURS[1])
        axes.set_title(f"{name} (loss in nats)", fontsize=11)
        axes.set_xlabel("weight w")
        axes.set(
            xlim=(weights[0], weights[-1]),
            ylim=(biases[0], biases[-1]),
        )
    panels[0].set_ylabel("bias b")
    return figure


def two_parts(surprise, entropy, every):
    """Surprise of a learner over steps, split into its two parts."""
    x = every * np.arange(surprise.shape[1])
    middle = np.median(surprise, axis=0)
    figure, axes = plots.figure(
        f"Of {middle[0]:.1f} bits of surprise {entropy:.1f} belong to "
        "the lamp, and stay"
    )
    axes.fill_between(
        x, 0, entropy, color=plots.COLOURS[1], alpha=0.3, lw=0
    )
    axes.fill_between(
        x,
        entropy,
        middle,
        color=plots.COLOURS[0],
        alpha=0.3,
        hatch="//",
        lw=0,
    )
    axes.plot(x, middle, color=plots.COLOURS[0])
    axes.text(
        0.5 * x[-1],
        entropy / 2,
        "entropy: the lamp's own",
        ha="center",
    )
    axes.text(
        0.25 * x[-1],
        entropy + 0.6,
        "divergence: the learner's error",
    )
    axes.set(xlabel="step of training", ylabel="bits", ylim=(0, None))
    return figure
