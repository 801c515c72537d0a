"""The roof-line: what a machine can do at most, and how far below a program stays."""

import numpy as np

from minitransfer.plots.curves import label_ends
from minitransfer.plots.style import COLOURS, INK, figure, house_style


@house_style()
def roofline(ladder: dict, peak: float, bandwidth: float, title: str):
    """Draw measured speeds under the two roofs of a processor core (Williams et al. 2009).

    The flat roof is what the core computes at most. The slanted one is what memory delivers: a
    program that does few operations for each byte it has to fetch cannot be faster.

    Args:
        ladder: name of a rung → (operations for each byte, operations a second); both may be
            sequences, which are joined by a line.
        peak: operations a second that the core does at most.
        bandwidth: bytes a second that memory delivers.
        title: the finding.

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
    ends = []
    for (name, colour), (x, y) in zip(zip(ladder, COLOURS * 2, strict=False), points, strict=True):
        axes.plot(x, y / 1e9, "o-", color=colour, markersize=5, linewidth=1.4)
        if len(x) > 1:
            ends.append((y[-1] / 1e9, name, colour))
        else:
            axes.annotate(
                name,
                (x[0], y[0] / 1e9),
                (0, -8),
                textcoords="offset points",
                color=colour,
                va="top",
                ha="right" if x[0] > right / 4 else "center",
            )
    axes.set_xlabel("operations for each byte of input and output")
    axes.set_ylabel("GFLOP/s")
    if ends:
        label_ends(axes, right, ends)
    return picture
