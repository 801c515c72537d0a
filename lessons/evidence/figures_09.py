"""Figures of lesson 9 and of its evidence: data in, figure out."""

from itertools import pairwise

import numpy as np

from minitransfer import nn, plots

BLUE, ORANGE, GREEN = plots.COLOURS[:3]
GREY = plots.COLOURS[6]
LIGHT = "#D9E4EC"


def shuffled(weight, seed):
    """A layer's weights with the dots that they look at shuffled."""
    dots = np.random.default_rng(seed).permutation(weight.shape[1])
    return weight.numpy()[:, dots]


def _boxes(axes, y, sizes, held, head):
    """A row of layers; head: (outputs, colour, name) or None."""
    layers = list(pairwise(sizes))
    for k, (inputs, outputs) in enumerate(layers):
        axes.barh(
            y,
            0.82,
            0.62,
            left=k,
            color=LIGHT,
            edgecolor=BLUE,
            hatch="//" if held else "",
            linewidth=1.3,
        )
        axes.text(
            k + 0.41,
            y,
            f"{inputs} → {outputs}",
            ha="center",
            va="center",
            fontsize=8.5,
            bbox={"facecolor": LIGHT, "edgecolor": "none", "pad": 1},
        )
    if head:
        outputs, colour, name = head
        axes.barh(
            y,
            0.82,
            0.62,
            left=len(layers),
            color="white",
            edgecolor=colour,
            linewidth=2,
        )
        axes.text(
            len(layers) + 0.41,
            y,
            f"{sizes[-1]} → {outputs}",
            ha="center",
            va="center",
            fontsize=8.5,
            color=colour,
        )
        axes.text(
            len(layers) + 0.92, y, name, va="center", color=colour
        )


def recipe(old, head):
    """A1, A1′ and A2 as rows of layers, from the networks' sizes."""
    layers = [m for m in old.modules() if isinstance(m, nn.Linear)]
    sizes = [layers[0].in_features]
    sizes += [layer.out_features for layer in layers]
    learns = sum(p.numel() for p in head.parameters())
    held = sum(p.numel() for m in layers[:-1] for p in m.parameters())
    figure, axes = plots.figure(
        f"{held:,} numbers are borrowed, {learns:,} are learnt",
        height=3.1,
        width=6.5,
    )
    body = sizes[:-1]
    for y, name, is_held, last in (
        (2, "A1", False, (sizes[-1], GREY, "old head")),
        (1, "A1′", False, None),
        (0, "A2", True, (head.out_features, ORANGE, "B learns")),
    ):
        _boxes(axes, y, body, is_held, last)
        axes.text(-0.12, y, name, ha="right", va="center")
    middle = (len(body) - 1) / 2
    axes.text(
        middle,
        -0.62,
        "held still",
        ha="center",
        color=BLUE,
    )
    axes.set(xlim=(-0.5, len(body) + 0.9), ylim=(-0.8, 2.5))
    axes.axis("off")
    return figure


def _dots(runs, title, xlabel):
    """A row for each way, a dot for each run, a bar for the mean."""
    figure, axes = plots.figure(title, height=0.9 + 0.55 * len(runs))
    for row, values in enumerate(runs.values()):
        colour, percent = plots.COLOURS[row], 100 * values
        axes.plot(
            percent,
            np.full(len(values), row),
            "os^Dv"[row],
            color=colour,
            alpha=0.6,
            markersize=5,
        )
        mean = percent.mean()
        axes.plot([mean] * 2, [row - 0.3, row + 0.3], color=colour)
        axes.text(
            mean,
            row - 0.32,
            f"{mean:.1f}",
            ha="center",
            va="bottom",
            color=colour,
        )
    axes.set(
        xlabel=xlabel,
        yticks=range(len(runs)),
        yticklabels=list(runs),
        ylim=(len(runs) - 0.5, -0.75),
    )
    axes.grid(axis="x")
    return figure


def ways(runs):
    """The recipe beside its two controls."""
    recipe, scratch, random = (v.mean() for v in runs.values())
    return _dots(
        runs,
        f"100 labels: {recipe:.0%} by the recipe, {scratch:.0%} from "
        f"scratch, {random:.0%} on a random body",
        "right on 4,000 unseen digits (%), a dot per draw",
    )


def listing(runs):
    """Article D's listing, mended, and mended wrongly twice."""
    printed, mended, wrong, both = (
        100 * v.mean() for v in runs.values()
    )
    return _dots(
        runs,
        f"Two lines are worth {mended - printed:+.0f} points, the same "
        f"numbers at wrong places {wrong - printed:+.0f}, fc2 copied as "
        f"well {both - printed:+.0f}".replace("-", "−"),
        "right on 4,000 unseen digits (%), a dot per seed",
    )


def two_trainings(phases):
    """Losses over steps: name → (losses, classes, what a step is)."""
    figure, panels = plots.figure(
        "Two trainings: a thousand classes, then ten; only the head is "
        "new",
        columns=2,
        width=7,
    )
    for axes, colour, (name, phase) in zip(
        panels, (BLUE, ORANGE), phases.items(), strict=True
    ):
        losses, classes, unit = phase
        axes.plot(losses, color=colour, linewidth=0.9)
        axes.axhline(np.log(classes), color=GREY, linestyle=":")
        axes.text(
            len(losses),
            np.log(classes) * 0.98,
            f"knowing nothing: ln {classes:,}",
            ha="right",
            va="top",
            fontsize=10,
        )
        axes.set(xlabel=unit, ylabel="mean loss (nats)", ylim=0)
        axes.set_title(name, fontsize=11)
    return figure


def two_starts(losses, right):
    """Loss on the hundred digits, and right answers on others."""
    ends = [v[:, -10:].mean() for v in losses.values()]
    above = 10.0 ** np.ceil(np.log10(max(ends)))
    borrowed, fresh = (100 * v.mean() for v in right.values())
    figure, (left, dots) = plots.figure(
        f"From both starts the loss ends below {above:g} nats; from the "
        f"borrowed one {borrowed - fresh:.0f} points more are right",
        columns=2,
        width=7,
    )
    for k, (start, runs) in enumerate(losses.items()):
        colour, mark = plots.COLOURS[k], "os"[k]
        middle = runs.mean(0)
        steps = np.arange(1, len(middle) + 1)
        left.plot(
            steps, middle, color=colour, linestyle=("-", "--")[k]
        )
        percent = 100 * right[start]
        dots.plot(
            np.full(len(percent), k), percent, mark, color=colour
        )
        dots.text(
            k + 0.12, percent.mean(), start, color=colour, va="center"
        )
        at = (20, 40)[k]
        left.annotate(
            start,
            (at, middle[at]),
            xytext=(8, 4),
            textcoords="offset points",
            color=colour,
        )
    left.set(
        yscale="log",
        xlabel="step of 64 digits",
        ylabel="mean loss on them (nats)",
    )
    dots.set(xlim=(-0.3, 1.8), xticks=[])
    dots.set_ylabel("right on 4,000 unseen digits (%)")
    return figure
