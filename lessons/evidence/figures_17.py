"""Figures of lesson 17 and of its evidence: data in, figure out."""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge

#: What a box costs that is marked with the digit 0, 1, 2, …
PRICES = np.array([3, 9, 1, 7, 2, 8, 5, 10, 4, 6], np.float32)
NETWORKS = {
    "glyph-conv": "convolutional",
    "glyph-mlp": "five plain layers",
}
NAMES = {
    "head": "value head, trained",
    "solved": "value head, solved",
    "two layers": "value head of two layers",
    "kinds": "kinds, then the list",
    "scratch": "scratch, value",
    "scratch kinds": "scratch, kinds, list",
    "random": "random body, solved",
    "dots": "dots, solved",
}


def expected(outputs, prices=PRICES):
    """The price that the probabilities of ten kinds amount to."""
    chance = np.exp(outputs - outputs.max(1, keepdims=True))
    return chance @ prices / chance.sum(1)


#: A difference in error that would not matter: a factor.
FACTOR = 1.15
COLOURS = dict(
    zip(
        ("value", "solved", "kinds", "scratch", "control"),
        (plots.COLOURS[k] for k in (0, 5, 2, 1, 6)),
        strict=True,
    )
)
_LOOKS = {  # colour, hatch
    "head": ("value", ""),
    "solved": ("solved", ".."),
    "two layers": ("solved", "xx"),
    "kinds": ("kinds", "//"),
    "scratch": ("scratch", ""),
    "scratch kinds": ("scratch", "//"),
    "random": ("control", ""),
    "dots": ("control", ".."),
}


def runs(table, way, value="price", network="glyph-conv", labels=100):
    """The errors of all draws, as a share of the spread."""
    of = {"way": way, "value": value, "network": network}
    return table.values("error", labels=labels, **of)


def better_head(table, value, network="glyph-conv", labels=100):
    """The errors of the better of the two value heads of one layer."""
    heads = (
        runs(table, way, value, network, labels)
        for way in ("head", "solved")
    )
    return min(heads, key=np.mean)


def prices(rows, spread):
    """Errors in coins: way → runs, as a share of the spread."""
    off = {
        way: spread * errors.mean() for way, errors in rows.items()
    }
    figure, axes = plots.figure(
        f"A hundred boxes: {off['head']:.1f} coins off with a head for "
        f"prices, {off['kinds']:.1f} with one for kinds and a price list",
        height=0.9 + 0.5 * len(rows),
    )
    for row, (way, errors) in enumerate(rows.items()):
        name, hatch = _LOOKS[way]
        axes.barh(
            row,
            off[way],
            0.6,
            color=COLOURS[name],
            alpha=0.6,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
        )
        dots = np.full(len(errors), row)
        axes.plot(spread * errors, dots, "k.", markersize=3)
    axes.axvline(spread, color=plots.COLOURS[6], ls=":", lw=1.2)
    axes.text(
        spread, len(rows) - 0.3, "the mean price for every box ",
        ha="right", fontsize=9, color=plots.COLOURS[6],
    )  # fmt: skip
    axes.set(
        yticks=range(len(rows)),
        yticklabels=[NAMES[way] for way in rows],
        ylim=(len(rows), -0.6),
        xlabel="error on unseen boxes (coins)",
    )
    return figure


def against_scratch(ratios):
    """How many times the error of scratch: (value, network) → runs."""
    told = ", ".join(
        f"{np.exp(np.log(r).mean()):.1f} for {value}"
        for (value, network), r in ratios.items()
        if network == "glyph-conv"
    )
    figure, axes = plots.figure(
        f"Error of the borrowed body as a multiple of scratch's: {told} "
        "(convolutional)",
        height=0.9 + 0.42 * len(ratios),
    )
    axes.axvspan(
        1 / FACTOR, FACTOR, color=COLOURS["control"], alpha=0.15
    )
    axes.axvline(1, color=COLOURS["scratch"], linewidth=1.5)
    for row, ((_, network), values) in enumerate(ratios.items()):
        found = judge(np.log(values))
        mark = "os"[list(NETWORKS).index(network)]
        colour = plots.COLOURS[0]
        axes.plot(np.exp(found.interval), [row] * 2, color=colour)
        axes.plot(np.exp(found.middle), row, mark, color=colour)
    axes.set_xscale("log")
    ticks = (0.8, 1, 1.5, 2, 3, 4)
    axes.set_xticks(ticks, ticks)
    axes.minorticks_off()
    axes.set(
        yticks=range(len(ratios)),
        yticklabels=[f"{v}, {NETWORKS[n]}" for v, n in ratios],
        ylim=(len(ratios) - 0.5, -0.5),
        xlabel="error ÷ scratch's (95 %; grey: would not matter)",
    )
    axes.grid(axis="x")
    return figure
