"""Figures of lesson 3 and of its evidence: data in, figure out."""

import numpy as np

import minitransfer as mt
from minitransfer import nn, plots
from minitransfer.experiments import intervals

GREY = plots.COLOURS[6]
BITS = ["0", "1"]
STATES = ["00", "01", "10", "11"]


def network(net):
    """The relations that one example settles, and a trained network."""
    figure, panels = plots.figure(
        "One example bears on all six connections, and four are enough to "
        "settle them",
        columns=2,
        width=9.5,
        height=4.2,
        gridspec_kw={"width_ratios": [3, 2]},
    )
    plots.relation_diagram(
        [
            {"h1": BITS, "h2": BITS},
            {"g1": BITS, "g2": BITS},
            {"lamp": BITS},
        ],
        "one example: a relation on every connection",
        examples=[
            {"h1": "0", "h2": "0", "g1": "0", "g2": "0", "lamp": "0"}
        ],
        axes=panels[0],
    )
    plots.network_diagram(
        net,
        "a network that has learnt XOR",
        inputs=["h1", "h2"],
        hidden=[["g1", "g2"]],
        outputs=["lamp"],
        axes=panels[1],
    )
    return figure


def film(frames, steps, x, y):
    """The hidden space of two runs at some steps: populations of two."""
    good = _right(frames[-1], x, y)
    figure, panels = plots.figure(
        f"One run learns all {good[0]} states; the other throws two "
        "together that want different answers, and stays there",
        rows=2,
        columns=len(frames),
        width=9.5,
        height=4.2,
        sharex=True,
        sharey=True,
    )
    for column, (frame, step) in enumerate(
        zip(frames, steps, strict=True)
    ):
        for row in (0, 1):
            net, axes = nn.member(frame, row), panels[row, column]
            with mt.no_grad():
                hidden = net[:2](mt.tensor(x)).numpy()
            plots.hidden_space(
                hidden,
                y,
                net[2].weight.detach(),
                net[2].bias.detach(),
                f"step {step:,}" if row == 0 else "",
                names=("g1" if row else "", ""),
                limits=(-0.15, 1.15),
                key=False,
                axes=axes,
            )
            axes.set(xticks=[0, 1], yticks=[0, 1])
            axes.set_aspect("equal")
            if step:  # at first they lie in a heap
                _name_states(axes, hidden, y[:, 0])
            if column == 0:
                axes.set_ylabel(
                    ("learns it", "gets stuck")[row] + "\ng2"
                )
    return figure


def _name_states(axes, hidden, wanted, near=0.1):
    """A name for the states of each place; half a circle if they differ."""
    left, named = list(range(len(hidden))), []
    while left:
        apart = np.abs(hidden[left] - hidden[left[0]]).max(axis=1)
        group = [
            s for s, d in zip(left, apart, strict=True) if d < near
        ]
        left = [s for s in left if s not in group]
        x, y = hidden[group].mean(axis=0)
        if len(set(wanted[group])) > 1:
            axes.plot(
                x,
                y,
                "o",
                fillstyle="left",
                markersize=9.5,
                color="black",
                markerfacecoloralt="white",
                zorder=5,
            )
        below = any(  # then the name above it is taken
            abs(u - x) < 0.6 and 0 <= v - y < 0.3 for u, v in named
        )
        named.append((x, y))
        if below:
            side, shift = "left", (8, -4)
        elif x < 0.6:
            side, shift = "left", (7, 9)
        else:
            side, shift = "center", (0, 9)
        axes.annotate(
            ", ".join(STATES[s] for s in group),
            (x, y),
            xytext=shift,
            textcoords="offset points",
            ha=side,
            zorder=6,
        )


def success(learnt):
    """Share of runs that learn XOR, by width; width → runs."""
    widths = sorted(learnt)
    few, four = (100 * learnt[w].mean() for w in (2, 4))
    figure, axes = plots.figure(
        f"Two hidden nodes learn XOR in {few:.0f}% of runs, four in "
        f"{four:.0f}%"
    )
    _shares(axes, [learnt[w] for w in widths], plots.COLOURS[0])
    axes.set(
        xticks=range(len(widths)),
        xticklabels=["none" if w == 0 else w for w in widths],
        xlabel="hidden nodes",
    )
    return figure


def stuck(surprise, solved, every):
    """Surprise over steps of the runs that get there and do not."""
    return plots.loss_curves(
        {"learnt": surprise[solved], "stuck": surprise[~solved]},
        f"{np.mean(~solved):.0%} of the runs come to rest on a plateau",
        every=every,
        ylabel="surprise at the four answers (bits)",
        ylim=(0, 5),
        single_runs=40,
    )


def starts(learnt):
    """Share of runs that learn XOR, by how the weights start."""
    worst, best = (
        pick(learnt, key=lambda name: learnt[name].mean())
        for pick in (min, max)
    )
    figure, axes = plots.figure(
        f"Two nodes, other initial weights: {learnt[worst].mean():.0%} "
        f"({worst}) to {learnt[best].mean():.0%} ({best})",
        height=3.2,
    )
    _shares(axes, list(learnt.values()), plots.COLOURS[0])
    axes.set(
        xticks=range(len(learnt)),
        xticklabels=list(learnt),
        xlabel="initial weights",
    )
    return figure


def recipes(learnt):
    """Share of runs by activation and optimiser: (name, kind) → runs."""
    activations = list(dict.fromkeys(a for a, _ in learnt))
    kinds = list(dict.fromkeys(k for _, k in learnt))
    told = ", ".join(
        f"{a} {learnt[a, kinds[0]].mean():.0%}" for a in activations
    )
    figure, axes = plots.figure(
        f"Share of runs that learn XOR, plain steps: {told}",
        height=3.2,
    )
    for k, kind in enumerate(kinds):
        rows = [learnt[a, kind] for a in activations]
        colour = plots.COLOURS[k]
        shift = 0.12 * (2 * k - 1)
        _shares(axes, rows, colour, shift, "os"[k], kind)
    axes.set(xticks=range(len(activations)), xticklabels=activations)
    axes.set_xlabel("activation of the hidden nodes")
    axes.legend(frameon=False, loc="upper right")
    return figure


def _shares(axes, rows, colour, shift=0.0, marker="o", label=None):
    """Points with Wilson intervals, in per cent."""
    share = np.array([100 * row.mean() for row in rows])
    low, high = 100 * np.array([intervals.share(r) for r in rows]).T
    axes.errorbar(
        np.arange(len(rows)) + shift,
        share,
        np.abs([low - share, high - share]),
        color=colour,
        marker=marker,
        linestyle="none",
        capsize=4,
        label=label,
    )
    for at, value in enumerate(share):
        axes.annotate(
            f"{value:.0f}",
            (at + shift, value),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=colour,
        )
    axes.set(ylim=(-4, 106), ylabel="runs that learn XOR (%)")
    axes.set_xlim(-0.5, len(rows) - 0.4)
    axes.grid(axis="y")


def _right(net, x, y):
    with mt.no_grad():
        on = net(mt.tensor(x)).numpy() > 0
    return (on == (y > 0.5)).sum(axis=(1, 2))
