"""Figures of lesson 43: data in, figure out."""

import numpy as np

from minitransfer import plots

GREY, BLUE, ORANGE = plots.COLOURS[6], *plots.COLOURS[:2]


def ways(microseconds):
    """Time of a step, by the way it is taken, on a logarithmic axis."""
    names, values = list(microseconds), list(microseconds.values())
    times = values[0] / values[-1]
    figure, axes = plots.figure(
        f"The same step, {times:.0f} times as quickly", height=2.2
    )
    places = np.arange(len(names))[::-1]
    axes.hlines(places, min(values) / 3, values, color=GREY, lw=0.8)
    for place, value, colour in zip(
        places, values, (GREY, BLUE, ORANGE), strict=True
    ):
        axes.plot(value, place, "o", color=colour, markersize=9)
        axes.text(value * 1.3, place, f"{value:.2g} µs", va="center")
    axes.set(
        xscale="log", xlabel="microseconds a step", yticks=places
    )
    axes.set_yticklabels(names)
    axes.set_xlim(min(values) / 3, max(values) * 5)
    axes.set_ylim(-0.6, len(names) - 0.4)
    return figure


def passes(sizes, nanoseconds):
    """Time for each number of an array: name → one value for each size."""
    (loops, slow), (one, quick) = nanoseconds.items()
    gain = slow[-1] / quick[-1]
    figure, axes = plots.figure(
        f"On {sizes[-1]:,} numbers one loop is {gain:.1f} times as quick"
        " as several"
    )
    for name, values, style, colour in (
        (loops, slow, "o--", GREY),
        (one, quick, "s-", BLUE),
    ):
        axes.plot(sizes, values, style, color=colour, label=name)
    axes.set(
        xscale="log",
        xlabel="numbers in the array",
        ylabel="nanoseconds for each number",
        ylim=(0, None),
    )
    axes.legend(frameon=False)
    return figure


def products(counts):
    """Matrix products of a step: frozen layers → (forward, back)."""
    frozen = list(counts)
    forward, back = np.array(list(counts.values())).T
    figure, axes = plots.figure(
        f"{frozen[-1]} frozen layers take {back[0] - back[-1]} of "
        f"{back[0]} products off the way back, none off the way there",
        height=3.2,
    )
    axes.bar(frozen, forward, color=GREY, label="forward", width=0.6)
    axes.bar(
        *(frozen, back),
        bottom=forward,
        color=BLUE,
        label="back",
        width=0.6,
        hatch="//",
        edgecolor="white",
    )
    axes.set(
        xticks=frozen,
        xlabel="frozen layers, from the input on",
        ylabel="matrix products",
    )
    axes.legend(frameon=False)
    return figure
