"""Figures of lesson 16 and of its evidence: data in, figure out."""

import numpy as np

from minitransfer import plots


def weights(body):
    """All parameters of a body in one row."""
    return np.concatenate(
        [p.numpy().ravel() for p in body.parameters()]
    )


def old_skill(steps, left):
    """Letters named while a new head learns: name → networks × steps."""
    lost = (left["frozen"] - left["gradients off"])[:, -1].mean()
    return plots.curves_with_spread(
        steps,
        left,
        f"No weight moves, yet {100 * lost:.0f} points of the old skill "
        "are lost",
        "steps of training the new head",
        "letters named right",
        percent=True,
    )


def coasting(paths, stop):
    """A weight over steps, pushed until the stop: optimiser → path."""
    still = [
        name for name, path in paths.items() if path[stop] == path[-1]
    ]
    figure, axes = plots.figure(
        "A gradient of zero is not the same as no gradient: only "
        f"{' and '.join(still)} stands still",
        height=3.6,
    )
    ends = []
    for k, (name, path) in enumerate(paths.items()):
        colour = plots.COLOURS[k]
        axes.plot(
            path,
            color=colour,
            linestyle=("-", "--", "-", "--", ":")[k],
            marker="os^Dv"[k],
            markevery=5,
            ms=4,
        )
        ends.append((path[-1], name, colour))
    axes.axvline(stop, color="black", lw=0.8)
    axes.annotate(
        "the gradient\nis zero from here",
        (stop, axes.get_ylim()[1]),
        xytext=(5, 0),
        textcoords="offset points",
        va="top",
        fontsize=9,
    )
    axes.set(xlabel="step", ylabel="the weight")
    plots.label_ends(axes, len(path) - 1, ends)
    return figure


def stopped(far):
    """How far "fixed" weights moved: optimiser → runs."""
    still = [name for name, runs in far.items() if not runs.any()]
    figure, axes = plots.figure(
        f"With gradients of zero only {' and '.join(still)} stands still",
        height=0.95 + 0.42 * len(far),
    )
    for row, runs in enumerate(far.values()):
        axes.barh(
            row, 100 * runs.mean(), height=0.5, color=plots.COLOURS[1]
        )
        axes.plot(
            100 * runs, np.full(len(runs), row), "k.", markersize=4
        )
        axes.text(
            100 * runs.max() + 0.15,
            row,
            f"{100 * runs.mean():.2f} %" if runs.any() else "nothing",
            va="center",
        )
    axes.set_yticks(range(len(far)), far)
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.set_xlabel(
        "how far the “fixed” weights moved in 100 steps\n(% of their length)"
    )
    return figure


def cache(pictures, seconds):
    """Work with and without a cache: two counts, two rows of runs."""
    means = np.mean(seconds, axis=1)
    figure, panels = plots.figure(
        f"The same head, bit for bit, {means[0] / means[1]:.0f} times faster",
        columns=2,
        height=3.0,
    )
    bars = ["body run\nafresh", "features\nkept"]
    for ax, heights, form in zip(
        panels, (pictures, means), (",", ".2f"), strict=True
    ):
        ax.bar(bars, heights, color=plots.COLOURS[1::-1], width=0.6)
        ax.margins(y=0.18)
        for x, height in enumerate(heights):
            ax.text(
                x,
                height,
                f"{height:{form}}",
                ha="center",
                va="bottom",
            )
    panels[0].set_ylabel("pictures through body")
    panels[1].set_ylabel("processor time (s)")
    return figure
