"""Figures of lesson 41 and of its evidence: data in, figure out."""

import numpy as np

from minitransfer import plots


def carried(touched, moved):
    """What the hand reaches for, and what is carried."""
    least, most = min(moved, key=moved.get), max(moved, key=moved.get)
    return plots.carried(
        touched,
        moved,
        "The tile saves what the hand reaches for, blocks what is carried: "
        f"{moved[most] / moved[least]:.0f} times less in the end",
    )


def roofs(points, top, delivery, size):
    """The rungs under the roofs of this machine."""
    speeds = [speed for _, speed in points.values()]
    return plots.roofline(
        points,
        top,
        delivery,
        f"The same {2 * size**3:,} operations, "
        f"{max(speeds) / min(speeds):.0f} times as fast",
        "operations for each byte that is carried",
    )


def sizes(climbs, top):
    """Share of the peak for each rung and size: size → rung → speed."""
    rungs = [r for r in next(iter(climbs.values())) if r != "peak"]
    shares = {
        rung: [[climbs[n][rung] / top for n in climbs]]
        for rung in rungs
    }
    best = max(share[0][-1] for share in shares.values())
    return _at_powers_of_two(
        list(climbs),
        shares,
        f"At {max(climbs)} the best rung reaches {best:.0%} of the peak",
        "rows and columns of the matrices",
        "share of what the core can do",
        percent=True,
        ylim=(0, 105),
    )


def caches(counts):
    """Megabytes carried by rung, for caches of several sizes."""
    rungs = next(iter(counts.values()))
    curves = {
        rung: [[counts[k][rung] / 1e6 for k in counts]]
        for rung in rungs
    }
    plain = {
        k: [row[rung] for rung in rungs if rung != "packed"]
        for k, row in counts.items()
    }
    enough = min(k for k, v in plain.items() if max(v) < 1.2 * min(v))
    return _at_powers_of_two(
        list(counts),
        curves,
        f"With {enough} KB the order of the loops hardly matters any more",
        "size of the cache (KB)",
        "megabytes carried",
        log_y=True,
    )


def _at_powers_of_two(x, curves, *names, **options):
    figure = plots.curves_with_spread(
        np.array(x), curves, *names, log_x=True, **options
    )
    axes = figure.axes[0]
    axes.set_xticks(x, [str(n) for n in x])
    axes.minorticks_off()
    return figure
