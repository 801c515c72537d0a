"""Figures of lesson 41 and of its evidence: data in, figure out."""

import numpy as np

from minitransfer import plots

BLUE, ORANGE = plots.COLOURS[:2]


def carried(touched, moved):
    """What the hand reaches for, and what is carried."""
    rungs = list(touched)
    least, most = min(moved, key=moved.get), max(moved, key=moved.get)
    figure, panels = plots.figure(
        f"The tile saves what the hand reaches for, blocks what is "
        f"carried: {moved[most] / moved[least]:.0f} times less in the end",
        rows=2,
        width=6.5,
        height=4.6,
    )
    megabytes = {rung: count / 1e6 for rung, count in moved.items()}
    for axes, values, colour, label in (
        (
            panels[0],
            touched,
            BLUE,
            "numbers read or written for each multiplication",
        ),
        (
            panels[1],
            megabytes,
            ORANGE,
            "megabytes carried (log scale)",
        ),
    ):
        heights = list(values.values())
        axes.barh(rungs, heights, color=colour, height=0.6)
        for row, value in enumerate(heights):
            axes.annotate(
                f"{value:.3g}" if value < 1000 else f"{value:,.0f}",
                (value, row),
                (4, 0),
                textcoords="offset points",
                va="center",
            )
        axes.invert_yaxis()
        axes.set_xlabel(label)
    panels[0].set_xlim(0, 3.6)
    panels[1].set(xscale="log", xlim=(3, max(megabytes.values()) * 6))
    return figure


def roofs(points, top, delivery, size):
    """The rungs under the roofs of this machine."""
    speeds = [speed for _, speed in points.values()]
    return plots.roofline(
        points,
        top,
        delivery,
        f"The same {2 * size**3:,} operations, "
        f"{max(speeds) / min(speeds):.0f} times as fast",
    )


def sizes(climbs, top):
    """Share of the peak for each rung and size: size → rung → speed."""
    rungs = [r for r in next(iter(climbs.values())) if r != "peak"]
    shares = {
        rung: [[climbs[n][rung] / top for n in climbs]]
        for rung in rungs
    }
    best = max(share[0][-1] for share in shares.values())
    return plots.curves_with_spread(
        np.array(list(climbs)),
        shares,
        f"At {max(climbs)} the best rung reaches {best:.0%} of the peak",
        "rows and columns of the matrices",
        "share of what the core can do",
        log_x=True,
        percent=True,
        ylim=(0, 105),
    )


def caches(counts):
    """Megabytes carried by rung, for caches of several sizes."""
    kilobytes = np.array(list(counts))
    rungs = next(iter(counts.values()))
    curves = {
        rung: [[counts[k][rung] / 1e6 for k in counts]]
        for rung in rungs
    }
    return plots.curves_with_spread(
        kilobytes,
        curves,
        "Blocks and packing carry little whatever the cache",
        "size of the cache (KB)",
        "megabytes carried",
        log_x=True,
        log_y=True,
    )
