"""Figures of lesson 42 and of its evidence: data in, figure out."""

import numpy as np

from minitransfer import plots

BLUE, ORANGE, GREEN = plots.COLOURS[:3]
GREY = plots.COLOURS[6]
INK, PAPER = "#1F1F1F", "#F6F5F1"


def long_row(row, taps, pitch):
    """The framed image as one row, and where three of the taps begin."""
    figure, axes = plots.figure(
        "Each tap sees the same row, from a start of its own",
        width=7.4,
        height=3.3,
    )
    axes.axis("off")
    for at, value in enumerate(row):
        axes.text(
            at, 0, f"{value:.0f}", ha="center", va="center",
            color=INK if value else GREY,
            fontsize=10 if value < 10 else 8.5,
            fontweight="bold" if value else "normal",
        )  # fmt: skip
    for edge in range(len(row) + 1):
        axes.plot([edge - 0.5] * 2, [-0.5, 0.5], color=GREY, lw=0.6)
    for height in (-0.5, 0.5):
        axes.plot(
            [-0.5, len(row) - 0.5], [height] * 2, color=GREY, lw=0.6
        )
    for line in range(len(row) // pitch):
        axes.text(
            line * pitch + 2, 0.85, f"line {line}", ha="center",
            va="bottom", fontsize=10, color=GREY,
        )  # fmt: skip
    long = (len(row) // pitch - 2) * pitch
    chosen = [taps[n] for n in (0, 1, 4, 8)]
    for depth, ((i, j, start), colour) in enumerate(
        zip(chosen, (BLUE, ORANGE, GREEN, GREY), strict=True), 1
    ):
        y = -0.3 - 0.9 * depth
        axes.plot(
            [start - 0.5, start + long - 0.5],
            [y, y],
            color=colour,
            lw=3,
        )
        axes.plot(
            [start - 0.5] * 2, [y - 0.2, y + 0.2], color=colour, lw=3
        )
        axes.text(
            start + long - 0.2, y, f"tap ({i}, {j}): from {start} on",
            va="center", fontsize=11, color=colour,
        )  # fmt: skip
    axes.set(xlim=(-1, len(row) + 6.2), ylim=(-4.6, 1.6))
    return figure


def carried(touched, moved):
    """What the hand reaches for, and what is carried."""
    times = moved["im2col"] / moved["shifted views"]
    return plots.carried(
        touched,
        moved,
        f"Shifted views have the tile, and carry {times:.1f} times less "
        "than im2col",
    )


def roofs(points, top, delivery, gain):
    """The four ways under the roofs of this machine."""
    return plots.roofline(
        points,
        top,
        delivery,
        f"Without copies: {gain:.1f} times the speed of im2col",
        "operations for each byte that is carried",
    )


def layers(ratios):
    """Speed of shifted views over im2col: layer → ratios."""
    names = list(ratios)
    least = min(np.median(r) for r in ratios.values())
    most = max(np.median(r) for r in ratios.values())
    figure, axes = plots.figure(
        f"Shifted views over im2col: {least:.1f} to {most:.1f} times the "
        "speed, by layer",
        width=6.5,
        height=1.4 + 0.45 * len(names),
    )
    for at, some in enumerate(ratios.values()):
        axes.plot(some, [at] * len(some), ".", color=BLUE, alpha=0.6)
        axes.plot(
            np.median(some), at, "D", color=ORANGE, markersize=7
        )
    axes.axvline(1, color=GREY, linestyle=":")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel(
        "times as fast as im2col (dots: rounds, diamond: median)"
    )
    return figure
