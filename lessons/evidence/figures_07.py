"""Figures of lesson 7 and of its evidence: data in, figure out.

And what both of them read out of their tables.
"""

import numpy as np

from minitransfer import data, plots

BLUE, ORANGE, GREEN = plots.COLOURS[:3]
GREY = plots.COLOURS[6]
KINDS = ("plain", "residual", "untrained")
LOOKS = {
    "plain": (ORANGE, "s", "--"),
    "residual": (BLUE, "o", "-"),
    "untrained": (GREY, "^", ":"),
}
RATES = (0.0003, 0.001, 0.003)


def dots_of(digits, dots):
    """Digits with some of their dots as the thing to tell."""
    flat = digits.x.reshape(len(digits), -1) / 255
    return data.Dataset(digits.x, flat[:, dots], input_type="image")


def inside(table, kind, steps=400, pooling="max"):
    """What the probes read: "picture" and "class" → seeds × depths."""
    if kind == "untrained":
        kind, steps = "residual", 0
    of = {"kind": kind, "steps": steps, "pooling": pooling}
    return {
        what: table.curve(what, over="depth", **of)[1]
        for what in ("picture", "class")
    }


def losses(depths, values):
    """What is lost on the way to each depth from the one before."""
    return dict(
        zip(depths[1:], -np.diff(values, axis=1).T, strict=True)
    )


def network():
    """The pooled network as a row of boxes, with its shortcuts."""
    figure, axes = plots.figure(
        "Four poolings; each of nine convolutions may have a shortcut",
        width=7.5,
        height=2.2,
    )
    x, sizes = 0.0, iter((28, 14, 7, 3, 1))
    parts = ["conv"] + ["pool", "conv", "conv", "conv"] * 3 + ["pool"]
    side = next(sizes)
    axes.text(-0.8, 0, "28×28", ha="center", va="center", fontsize=9)
    for k, part in enumerate(parts):
        if part == "pool":
            side = next(sizes)
        high = 0.35 + 0.055 * side
        pool = part == "pool"
        axes.bar(
            x,
            2 * high,
            0.55,
            bottom=-high,
            color=GREY if pool else "#D9E4EC",
            edgecolor=GREY if pool else BLUE,
            alpha=0.6 if pool else 1,
        )
        if pool:
            axes.text(
                x, -high - 0.12, f"{side}×{side}", ha="center",
                va="top", fontsize=9,
            )  # fmt: skip
        elif k:
            axes.annotate(
                "",
                (x + 0.42, high),
                (x - 0.42, high),
                arrowprops={
                    "arrowstyle": "->",
                    "color": BLUE,
                    "connectionstyle": "arc3,rad=-0.9",
                },
            )
        x += 0.85
    axes.text(x, 0, "head: 10", ha="left", va="center", fontsize=9)
    axes.text(0.85, -2.6, "grey: max pooling", color=GREY, fontsize=9)
    axes.text(
        4.2,
        -2.6,
        "pale: 3×3 convolution, 16 channels, ReLU; arrow: shortcut",
        color=BLUE,
        fontsize=9,
    )
    axes.set(xlim=(-1.3, x + 1.2), ylim=(-2.9, 2.6))
    axes.axis("off")
    return figure


def survives(depths, found, bound=None):
    """What probes read of picture and class, kind by kind."""
    picture = found["residual"]["picture"].mean(0)
    named = found["residual"]["class"].mean(0)
    figure, (left, right) = plots.figure(
        f"From the first pooling to the last, R² of the picture goes "
        f"{picture[0]:.2f} → {picture[-1]:.2f}, the class "
        f"{named[0]:.0%} → {named[-1]:.0%}",
        columns=2,
        width=7.5,
        height=4,
        sharex=True,
    )
    for axes, what, scale in (
        (left, "picture", 1),
        (right, "class", 100),
    ):
        ends = []
        for kind, values in found.items():
            colour, mark, line = LOOKS[kind]
            runs = scale * values[what]
            axes.plot(runs.T, ".", color=colour, alpha=0.4, ms=4)
            axes.plot(
                runs.mean(0),
                color=colour,
                marker=mark,
                linestyle=line,
                markersize=5,
            )
            ends.append((runs.mean(0)[-1], kind, colour))
        if bound and what == "picture":
            at = [depths.index(depth) for depth in bound]
            axes.plot(
                at, list(bound.values()), "D", color=GREEN, ms=5
            )
            ends.append((min(bound.values()), "best", GREEN))
        axes.set_xticks(
            range(len(depths)), depths, rotation=60, fontsize=9
        )
        for at, depth in enumerate(depths):
            if depth.startswith("pool") and at:
                axes.axvspan(at - 1, at, color=GREY, alpha=0.13, lw=0)
        axes.set_ylim(0, scale * 1.02)
        plots.label_ends(axes, len(depths) - 1, ends)
    left.set_ylabel("R² of 150 dots of the picture")
    right.set_ylabel("class named right (%)")
    return figure


def accuracy_of(table, depth, kind, init, rule, rates):
    """Test accuracy (seeds × steps) at the rate validation prefers."""
    of = {"depth": depth, "kind": kind, "init": init, "rule": rule}
    best = max(
        rates,
        key=lambda rate: table.curve(
            "validation", over="steps", rate=rate, **of
        )[1][:, -1].mean(),
    )
    return (
        best,
        *table.curve("test", over="steps", rate=best, **of),
    )


CASES = {
    "20 layers, ordinary weights, Adam": (
        20,
        "ordinary",
        "Adam",
        (0.001,),
    ),
    "40 layers, He initialisation, Adam": (40, "He", "Adam", RATES),
}


def horizon(table, cases=None):
    """Accuracy over steps, a panel for each case."""
    cases = cases or CASES
    told, gaps, panels_of = [], [], {}
    for name, case in cases.items():
        depth, init, rule, rates = case
        panels_of[name] = {
            kind: accuracy_of(table, depth, kind, init, rule, rates)[
                1:
            ]
            for kind in ("plain", "residual")
        }
        steps, plain = panels_of[name]["plain"]
        ahead = 100 * (panels_of[name]["residual"][1] - plain).mean(0)
        gaps.append(ahead)
        told.append(
            f"{name.rsplit(', ', 1)[0]} {ahead[1]:+.0f} points after "
            f"{steps[1]}, {ahead[-1]:+.0f} after {steps[-1]:,}"
        )
    shrinks = all(ahead[-1] < ahead[1] for ahead in gaps)
    finding = "What shortcuts are worth" + (
        " shrinks with the steps" if shrinks else ""
    )
    figure, panels = plots.figure(
        f"{finding}: {'; '.join(told)}",
        columns=len(cases),
        width=7.5,
        height=3.7,
        sharey=True,
    )
    for axes, (name, kinds) in zip(
        np.atleast_1d(panels), panels_of.items(), strict=True
    ):
        ends = []
        for kind, (steps, runs) in kinds.items():
            colour, mark, line = LOOKS[kind]
            axes.plot(
                steps,
                100 * runs.T,
                ".",
                color=colour,
                alpha=0.4,
                ms=4,
            )
            axes.plot(
                steps,
                100 * runs.mean(0),
                color=colour,
                marker=mark,
                linestyle=line,
                markersize=5,
            )
            ends.append((100 * runs.mean(0)[-1], kind, colour))
        axes.set_xscale("log")
        axes.set_xticks(steps, [f"{s:,}" for s in steps], fontsize=9)
        axes.minorticks_off()
        axes.set(xlabel="steps (logarithmic)", ylim=(0, 100))
        axes.set_title(name, fontsize=10)
        axes.grid(axis="y")
        plots.label_ends(axes, steps[-1], ends)
    np.atleast_1d(panels)[0].set_ylabel("right on test digits (%)")
    return figure


def gradients(norms):
    """Norm of the first gradient by layer: kind → networks × layers."""
    return plots.curves_with_spread(
        range(1, 21),
        norms,
        "Ordinary weights starve the first of twenty plain layers",
        "layer",
        "norm of the first gradient",
        log_y=True,
        quantiles=(0.1, 0.9),
    )
