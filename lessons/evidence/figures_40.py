"""Figures of lesson 40 and of its evidence: data in, figure out."""

import numpy as np

from minitransfer import plots

BLUE, ORANGE, GREEN = plots.COLOURS[:3]
GREY = plots.COLOURS[6]
INK, PAPER = "#1F1F1F", "#F6F5F1"

#: Where the values stand (column, row), and who is made from whom.
PLACES = {
    "x": (0, 0), "w1": (0, 2), "u": (1, 0), "h": (2, 0),
    "w2": (2, 2), "o": (3, 0), "t": (3, 2), "L": (4, 0),
}  # fmt: skip
MADE = {
    "u": ("x", "w1", "product"),
    "h": ("u", "tanh"),
    "o": ("h", "w2", "product"),
    "L": ("o", "t", "squared error"),
}


def messages(values):
    """The chain, with its values and messages."""
    figure, axes = plots.figure(
        "The values go there (blue), the messages come back (orange)",
        width=7,
        height=3.1,
    )
    _graph(axes, values)
    return figure


def frozen(both, second):
    """The chain in which only the second weight learns."""
    sent = [
        sum(_got(values[name]) for name in PLACES if name != "L")
        for values in (both, second)
    ]
    figure, axes = plots.figure(
        f"With w1 frozen {sent[1]} of {sent[0]} messages are sent",
        width=7,
        height=3.1,
    )
    _graph(axes, second)
    return figure


def _got(value):
    """Whether a message came: whoever does not learn gets none."""
    return value.learns


def _graph(axes, values):
    axes.axis("off")
    for name, (*sources, how) in MADE.items():
        x, y = PLACES[name]
        for source in sources:
            _arrow(axes, PLACES[source], (x, y), BLUE)
            if _got(values[source]):
                _arrow(axes, (x, y), PLACES[source], ORANGE)
        axes.text(
            x - 0.5,
            y - 0.62,
            how,
            ha="center",
            fontsize=9,
            color=GREY,
        )
    for name, (x, y) in PLACES.items():
        value = values[name]
        got = _got(value)
        axes.scatter(
            [x], [y], s=900, facecolor=PAPER,
            edgecolor=INK if got else GREY, linewidth=1.2, zorder=3,
            linestyle="-" if got else "--",
        )  # fmt: skip
        axes.text(x, y, name, ha="center", va="center", zorder=4)
        above, below = (1.05, 0.66) if y > 0 else (-1.0, -1.4)
        told = (
            f"{np.asarray(value.grad).item():+.3f}"
            if got
            else "no message"
        )
        for height, text, colour in (
            (above, f"{value.data.item():.3g}", BLUE),
            (below, told, ORANGE if got else GREY),
        ):
            axes.text(
                x, y + height, text, ha="center", va="center",
                color=colour, fontsize=10.5 if text != "no message" else 8.5,
            )  # fmt: skip
    axes.set(xlim=(-0.4, 4.4), ylim=(-1.8, 3.4))


def _arrow(axes, start, end, colour, aside=0.07):
    """An arrow from circle to circle, beside the line through both."""
    (x0, y0), (x1, y1) = start, end
    flat = y0 == y1
    dx, dy = (0, 3 * aside) if flat else (aside, 2 * aside)
    sign = 1 if colour == BLUE else -1
    axes.annotate(
        "",
        (x1 + sign * dx, y1 + sign * dy),
        (x0 + sign * dx, y0 + sign * dy),
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "linewidth": 1.6,
            "linestyle": "-" if colour == BLUE else (0, (4, 1.5)),
            "shrinkA": 17,
            "shrinkB": 17,
        },
        zorder=2,
    )


def learning(clean, left):
    """The loss of XOR, with `.grad` cleared and not."""
    losses = {"cleared": clean, "never cleared": left}
    learnt = [
        sum(one[-1] < 0.01 for one in some)
        for some in losses.values()
    ]
    return plots.loss_curves(
        losses,
        f"{learnt[0]} of {len(clean)} runs learn XOR, {learnt[1]} where "
        ".grad is never cleared",
        ylabel="mean squared error",
        log_y=True,
        ylim=(1e-8, 20),
    )


def saved(frozen, backward, forward):
    """Milliseconds of a step by the number of frozen layers."""
    share = np.median(backward[:, -1] / backward[:, 0])
    return plots.curves_with_spread(
        frozen,
        {"backward": backward, "forward": forward},
        f"With {frozen[-1]} of 9 layers frozen the way back takes "
        f"{share:.0%} of its time; the way there is as long as before",
        "layers frozen, from the input on (band: middle 50 %)",
        "milliseconds a step",
        quantiles=(0.25, 0.75),
        ylim=(0, None),
    )
