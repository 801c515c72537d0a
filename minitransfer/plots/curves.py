"""Curves and bars over seeds: the middle, the spread, and the single runs behind both."""

import numpy as np

from minitransfer.plots.style import BLUE, COLOURS, GREY, INK, ORANGE, figure, house_style

#: Curves of few points differ by these as well, for eyes and printers without colour.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
FEW_POINTS = 12

#: Curves of many points differ by these; dots are left to what is no curve, as chance.
LINES = ("-", "--", "-.", (0, (8, 2)), (0, (4, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (2, 1)))

#: Colours of the ways that borrow nothing; all others are blue.
WAY_COLOURS = {"scratch": ORANGE, "random": GREY}


@house_style()
def accuracy_bars(result: dict, names: dict | None = None, title: str | None = None):
    """Draw the accuracy of several ways to train, with a dot for every run.

    Args:
        result: {"ways": {name: {"mean", "sd", "runs"}}, "labels": how many}; accuracies are
            shares from 0 to 1.
        names: what to call the ways; by default as in the result.
        title: the finding; by default written from the numbers.

    Returns:
        The figure.

    Example:
        >>> ways = {"head": {"mean": 0.93, "sd": 0.01, "runs": [0.92, 0.94]},
        ...         "scratch": {"mean": 0.85, "sd": 0.01, "runs": [0.84, 0.86]}}
        >>> accuracy_bars({"ways": ways, "labels": 100}).get_suptitle()
        '100 labels: borrowing gives 93 %, from scratch 85 %'
    """
    ways, names = result["ways"], names or {}
    title = _found(result) if title is None else title
    picture, axes = figure(title, height=0.9 + 0.52 * len(ways))
    for row, (name, numbers) in enumerate(ways.items()):
        label, colour = names.get(name, name), WAY_COLOURS.get(name, BLUE)
        mean, runs = 100 * numbers["mean"], 100 * np.asarray(numbers["runs"])
        axes.barh(row, mean, height=0.42, color=colour, alpha=0.35)
        axes.errorbar(
            mean, row, xerr=100 * numbers["sd"], color=colour, capsize=4, linewidth=2, capthick=2
        )
        axes.plot(runs, np.full(len(runs), row), ".", color=INK, markersize=4, alpha=0.7)
        axes.text(0.5, row - 0.31, label, va="bottom", fontsize=10, color=INK)
        text = f"{mean:.1f} ± {100 * numbers['sd']:.1f}"
        left = min(mean - 100 * numbers["sd"], runs.min()) - 1.5
        axes.text(left, row, text, va="center", ha="right", fontsize=11)
    axes.set(xlim=(0, 100), ylim=(len(ways) - 0.6, -0.75), yticks=[])
    axes.set_xlabel("right answers on unseen images (%), mean ± standard deviation")
    axes.spines["left"].set_visible(False)
    return picture


def _found(result):
    ways = result["ways"]
    borrowed = max((ways[w]["mean"] for w in ("head", "all", "small_lr") if w in ways), default=0)
    if not borrowed or "scratch" not in ways:
        return f"Accuracy with {result['labels']} labels"
    with_, without = 100 * borrowed, 100 * ways["scratch"]["mean"]
    return f"{result['labels']} labels: borrowing gives {with_:.0f} %, from scratch {without:.0f} %"


@house_style()
def curves_with_spread(
    x,
    runs: dict,
    title: str,
    xlabel: str,
    ylabel: str,
    *,
    log_x: bool = False,
    log_y: bool = False,
    percent: bool = False,
    quantiles: tuple[float, float] | None = None,
    single_runs: int = 0,
    chance: float | None = None,
    ylim: tuple[float, float] | None = None,
    axes=None,
):
    """Draw one curve for each label with a band for the spread over seeds, labelled at its end.

    Args:
        x: (points,), what the curves run over.
        runs: label → (seeds, points).
        title: the finding.
        xlabel, ylabel: names of the axes, with units.
        log_x, log_y: whether an axis is logarithmic.
        percent: whether to show shares as percentages; a band then ends at 0 and at 100.
        quantiles: the line is the median and the band lies between these, for instance
            (0.1, 0.9); by default the mean and one standard deviation on either side.
        single_runs: how many single runs to draw as thin lines behind each curve.
        chance: a dotted line at this height, named "chance".
        ylim: lowest and highest value to show; as much as there is if None.
        axes: where to draw; a figure of its own if None (then the title is written over it).

    Returns:
        The figure.

    Raises:
        ValueError: if there are no curves, or a curve does not have as many points as `x`.

    Example:
        >>> runs = {"wide": [[0.1, 0.9], [0.2, 1.0]], "narrow": [[0.1, 0.5], [0.1, 0.7]]}
        >>> picture = curves_with_spread([1, 2], runs, "Width helps", "steps", "accuracy")
        >>> len(picture.axes[0].lines)
        2
    """
    x, scale = np.asarray(x), 100 if percent else 1
    curves = {label: np.asarray(values, dtype=float) * scale for label, values in runs.items()}
    if not curves:
        raise ValueError("there are no curves to draw; runs is empty")
    for label, values in curves.items():
        if values.ndim != 2 or values.shape[1] != len(x):
            raise ValueError(
                f"runs[{label!r}] has shape {values.shape}; expected (seeds, {len(x)})"
            )
    if axes is None:
        picture, axes = figure(title)
    else:
        picture = axes.figure
        axes.set_title(title, fontsize=11, loc="left")
    ends = []
    for number, (label, values) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        for run in values[:single_runs]:
            axes.plot(x, run, color=colour, linewidth=0.5, alpha=0.35)
        middle, low, high = _band(values, quantiles)
        if percent:  # no share lies beyond, though mean ± deviation may
            low, high = np.clip([low, high], 0, 100)
        axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        few = len(x) <= FEW_POINTS
        marker = MARKERS[number % len(MARKERS)] if few else ""
        line = "-" if few else LINES[number % len(LINES)]
        axes.plot(x, middle, color=colour, marker=marker, linestyle=line, markersize=5)
        ends.append((middle[-1], label, colour))
    if chance is not None:
        axes.axhline(chance * scale, color=GREY, linestyle=":", linewidth=1.2)
        ends.append((chance * scale, "chance", GREY))
    if log_x:
        axes.set_xscale("log")
    if log_y:
        axes.set_yscale("log")
    if ylim is not None:  # before the labels find their places
        axes.set_ylim(ylim)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel + (" (%)" if percent else ""))
    axes.margins(x=0.02)
    axes.grid(axis="y")
    label_ends(axes, x[-1], ends)
    return picture


@house_style()
def loss_curves(losses: dict, title: str, *, every: int = 1, floor: float | None = None, **options):
    """Draw training losses over steps: the median over seeds, the middle 80 %, single runs.

    Args:
        losses: label → (seeds, points); the points are `every` steps apart.
        title: the finding.
        every: steps from one point to the next.
        floor: the smallest loss there can be, drawn as a dotted line.
        options: passed on to `curves_with_spread`.

    Returns:
        The figure.

    Example:
        >>> picture = loss_curves({"XOR": [[0.7, 0.6], [0.7, 0.5]]}, "It falls", floor=0.3)
        >>> picture.axes[0].get_ylabel()
        'loss (nats)'
    """
    points = np.shape(next(iter(losses.values())))[-1]
    defaults = {"quantiles": (0.1, 0.9), "single_runs": 12}
    named = {"xlabel": "step", "ylabel": "loss (nats)"}
    picture = curves_with_spread(
        every * np.arange(points), losses, title, **{**named, **defaults, **options}
    )
    if floor is not None:
        axes = options.get("axes") or picture.axes[0]
        axes.axhline(floor, color=GREY, linestyle=":", linewidth=1.2)
        axes.annotate(
            f"floor {floor:.3f}", (1, floor), xycoords=("axes fraction", "data"), color=GREY,
            ha="right", va="top", xytext=(0, -3), textcoords="offset points",
        )  # fmt: skip
    return picture


def _band(values, quantiles):
    """Middle, lower and upper line of the runs."""
    if quantiles is not None:
        return np.quantile(values, [0.5, *quantiles], axis=0)
    middle = values.mean(0)
    sd = values.std(0, ddof=1) if len(values) > 1 else np.zeros_like(middle)
    return middle, middle - sd, middle + sd


@house_style()
def label_ends(axes, x, ends) -> None:
    """Write the names of curves beside their right ends, moved apart where they would collide.

    Args:
        axes: with all curves drawn and scales set.
        x: where the curves end.
        ends: (height, label, colour) of each.

    Example:
        >>> from minitransfer.plots.style import figure
        >>> _, axes = figure()
        >>> label_ends(axes, 1.0, [(0.50, "a", "black"), (0.51, "b", "black")])
        >>> [text.get_text() for text in axes.texts]
        ['a', 'b']
    """
    axes.figure.draw_without_rendering()  # settles where the axes are
    heights = axes.transData.transform([(x, height) for height, _, _ in ends])[:, 1]
    bottom, top = axes.get_window_extent().intervaly
    gap = 15 / 72 * axes.figure.dpi
    heights = _apart(np.clip(heights, bottom, top), gap, bottom, top)
    for (_, label, colour), height in zip(ends, heights, strict=True):
        axes.annotate(
            label,
            (1.015, (height - bottom) / (top - bottom)),
            xycoords="axes fraction",
            color=colour,
            va="center",
            annotation_clip=False,
        )


def _apart(heights, gap, bottom, top):
    """Move numbers as little as possible so that neighbours are at least `gap` apart, within
    `bottom` and `top` if there is room."""
    order = np.argsort(heights, kind="stable")
    moved = heights[order].astype(float)
    for _ in range(200):
        overlap = np.maximum(gap - np.diff(moved), 0)
        if overlap.max(initial=0) < 0.5:
            break
        moved[:-1] -= overlap / 2
        moved[1:] += overlap / 2
        moved += max(bottom - moved[0], 0)
        moved -= max(moved[-1] - top, 0)
    back = np.empty_like(moved)
    back[order] = moved
    return back
