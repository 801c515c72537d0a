"""The roof-line: what a machine can do at most, and how far below a program stays; and why."""

import numpy as np

from minitransfer.plots.curves import label_ends
from minitransfer.plots.style import BLUE, COLOURS, INK, ORANGE, figure, house_style


@house_style()
def roofline(
    ladder: dict,
    peak: float,
    bandwidth: float,
    title: str,
    xlabel: str = "operations for each byte of input and output",
):
    """Draw measured speeds under the two roofs of a processor core (Williams et al. 2009).

    The flat roof is what the core computes at most. The slanted one is what memory delivers: a
    program that does few operations for each byte it has to fetch cannot be faster.

    Args:
        ladder: name of a rung → (operations for each byte, operations a second); both may be
            sequences, which are joined by a line.
        peak: operations a second that the core does at most.
        bandwidth: bytes a second that memory delivers.
        title: the finding.
        xlabel: what the bytes are.

    Returns:
        The figure.

    Example:
        >>> picture = roofline({"naive": (10, 1e9), "tile": (10, 9e10)}, 1e11, 1e10, "Up it goes")
        >>> picture.axes[0].get_ylabel()
        'GFLOP/s'
    """
    picture, axes = figure(title)
    points = [np.broadcast_arrays(np.atleast_1d(x), np.atleast_1d(y)) for x, y in ladder.values()]
    intensities = np.concatenate([x for x, _ in points])
    speeds = np.concatenate([y for _, y in points])
    left, right = min(intensities.min() / 2, peak / bandwidth / 4), intensities.max() * 1.3
    x = np.geomspace(left, right, 300)
    axes.plot(x, np.minimum(peak, x * bandwidth) / 1e9, color=INK, zorder=1)
    axes.set(xscale="log", yscale="log", xlim=(left, right))
    axes.set_ylim(min(speeds.min(), left * bandwidth) / 2.5e9, peak * 2 / 1e9)
    axes.annotate(
        f"the most this core can do: {peak / 1e9:.0f} GFLOP/s",
        (right, peak / 1e9),
        (0, 4),
        textcoords="offset points",
        ha="right",
    )
    ends, named = [], []
    for (name, colour), (x, y) in zip(zip(ladder, COLOURS * 2, strict=False), points, strict=True):
        axes.plot(x, y / 1e9, "o-", color=colour, markersize=5, linewidth=1.4)
        if len(x) > 1:
            ends.append((y[-1] / 1e9, name, colour))
        else:
            place = np.log10([x[0], y[0]])
            beside = any(np.abs(place - other).max() < 0.4 for other in named)
            above = not beside and y[0] > x[0] * bandwidth
            named += [] if beside else [place]
            axes.annotate(
                name,
                (x[0], y[0] / 1e9),
                (8, 0) if beside else (0, 8 if above else -8),
                textcoords="offset points",
                color=colour,
                va="center" if beside else "bottom" if above else "top",
                ha="left" if beside else "right" if above or x[0] > right / 4 else "center",
            )
    axes.set_xlabel(xlabel)
    axes.set_ylabel("GFLOP/s")
    if ends:
        label_ends(axes, right, ends)
    return picture


@house_style()
def carried(touched: dict, moved: dict, title: str):
    """Draw how much each rung of a ladder picks up, and how much it carries.

    Args:
        touched: name of a rung → numbers read or written for each multiplication.
        moved: name of a rung → bytes moved between a cache and what lies behind it.
        title: the finding.

    Returns:
        The figure.

    Example:
        >>> picture = carried({"naive": 2.0, "tile": 0.2}, {"naive": 8e9, "tile": 7e7}, "Less")
        >>> [axes.get_xlabel() for axes in picture.axes]
        ['numbers read or written for each multiplication', 'megabytes carried (log scale)']
    """
    picture, (hand, road) = figure(title, rows=2, width=6.5, height=1.6 + 0.6 * len(touched))
    megabytes = {rung: count / 1e6 for rung, count in moved.items()}
    for axes, values, colour in ((hand, touched, BLUE), (road, megabytes, ORANGE)):
        axes.barh(list(values), list(values.values()), color=colour, height=0.6)
        for row, value in enumerate(values.values()):
            text = f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
            axes.annotate(text, (value, row), (4, 0), textcoords="offset points", va="center")
        axes.invert_yaxis()
    hand.set(xlim=(0, 1.15 * max(touched.values())))
    hand.set_xlabel("numbers read or written for each multiplication")
    least, most = min(megabytes.values()), max(megabytes.values())
    road.set(xscale="log", xlim=(least / 3, most * (most / least) ** 0.2))
    road.set_xlabel("megabytes carried (log scale)")
    return picture
