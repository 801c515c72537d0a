"""Figures of a report on a trained network, to be put into a page that may be light or dark."""

import io
import re

import numpy as np

from minitransfer.plots.style import BLUE, COLOURS, GREY, INK, ORANGE, figure, house_style

#: Colours in an SVG that the page is to choose, and the names it knows them by.
_OF_THE_PAGE = {
    INK.lower(): "currentColor",
    BLUE.lower(): "var(--blue, #0072b2)",
    GREY.lower(): "var(--soft, #4d4d4d)",
}


@house_style()
def reliability_figure(after, before=None, interval=None):
    """Draw how often answers are right against how sure they were.

    Args:
        after: a `train.Reliability`.
        before: one without calibration, drawn behind it.
        interval: a function (right, count) → (low, high), drawn as a line through each dot.

    Example:
        >>> from minitransfer.train import reliability
        >>> said = reliability([[0.8, 0.2]] * 10, [0] * 8 + [1] * 2)
        >>> reliability_figure(said).axes[0].get_ylabel()
        'of them right (%)'
    """
    picture, axes = figure(width=5.0, height=3.6)
    axes.plot([0, 100], [0, 100], color=GREY, linewidth=1, linestyle=":")
    axes.text(4, 10, "exactly as said", rotation=33, color=GREY, fontsize=10)
    for said, colour, name, marker in (
        (before, ORANGE, "as the network says it", "s"),
        (after, BLUE, "with temperature", "o"),
    ):
        if said is None:
            continue
        axes.plot([], [], marker, color=colour, label=name)
        for count, x, y in zip(said.counts, said.confidence, said.accuracy, strict=True):
            if not count:
                continue
            if interval is not None:
                ends = 100 * np.array(interval(round(y * count), count))
                axes.plot([100 * x] * 2, ends, color=colour, linewidth=1, alpha=0.6)
            size = 20 + 160 * count / said.counts.max()
            axes.scatter(100 * x, 100 * y, s=size, color=colour, marker=marker, alpha=0.8, lw=0)
    axes.set(xlim=(0, 102), ylim=(-2, 104))
    axes.set(xlabel="how sure it says it is (%)", ylabel="of them right (%)")
    axes.legend(loc="lower right", frameon=False, fontsize=10)
    return picture


@house_style()
def labels_figure(counts, scores, ylabel: str, simple: float | None = None):
    """Draw a score against the number of labels, with a dot for each draw of them.

    Args:
        counts: how many labels, one for each run.
        scores: the score of each.
        ylabel: what it is, with its unit.
        simple: the score that takes no learning, as a dotted line.

    Example:
        >>> labels_figure([10, 10, 40], [60, 70, 90], "right (%)").axes[0].get_xlabel()
        'labelled pictures to learn from'
    """
    picture, axes = figure(width=5.0, height=3.2)
    counts, scores = np.asarray(counts), np.asarray(scores, float)
    places = np.unique(counts)
    means = [scores[counts == n].mean() for n in places]
    axes.plot(places, means, color=BLUE, marker="o", markersize=5)
    axes.plot(counts, scores, ".", color=INK, alpha=0.6, markersize=5)
    if simple is not None:
        axes.axhline(simple, color=GREY, linestyle=":", linewidth=1.5)
        axes.text(places[0], simple, "without looking", va="bottom", color=GREY, fontsize=10)
    axes.set(xlabel="labelled pictures to learn from", ylabel=ylabel)
    axes.set_xlim(0, 1.06 * places[-1])
    axes.set_xticks(places)
    return picture


@house_style()
def course_figure(courses: dict):
    """Draw how the losses of several training runs fell, one below the other.

    Args:
        courses: name → rows of a history, with "step", "loss" and perhaps "validation_loss".

    Example:
        >>> rows = [{"step": 1, "loss": 1.0}, {"step": 2, "loss": 0.5}]
        >>> len(course_figure({"head": rows, "scratch": rows}).axes)
        2
    """
    picture, all_axes = figure(
        width=5.0, height=0.5 + 1.75 * len(courses), rows=len(courses), squeeze=False
    )
    for axes, (name, rows) in zip(all_axes[:, 0], courses.items(), strict=True):
        steps = [row["step"] for row in rows]
        axes.plot(steps, [row["loss"] for row in rows], color=BLUE, label="pictures it learns from")
        if rows and "validation_loss" in rows[0]:
            losses = [row["validation_loss"] for row in rows]
            axes.plot(steps, losses, color=COLOURS[1], linestyle="--", label="validation")
            axes.legend(frameon=False, fontsize=10)
        axes.set_title(name, fontsize=11, loc="left")
        axes.set(ylabel="loss")
        axes.set_ylim(bottom=0)
    all_axes[-1, 0].set_xlabel("step")
    return picture


@house_style()
def values_figure(values, predictions, half_width: float):
    """Draw predicted values against true ones, with the band that holds most of them.

    Example:
        >>> values_figure([1.0, 2.0], [1.1, 1.9], 0.2).axes[0].get_xlabel()
        'true value'
    """
    picture, axes = figure(width=5.0, height=3.8)
    ends = np.array([min(values), max(values)], float)
    axes.plot(ends, ends, color=GREY, linestyle=":", linewidth=1.5)
    axes.fill_between(ends, ends - half_width, ends + half_width, color=BLUE, alpha=0.15, lw=0)
    axes.plot(values, predictions, "o", color=BLUE, markersize=4, alpha=0.7)
    axes.set(xlabel="true value", ylabel="predicted")
    axes.locator_params(axis="x", nbins=5)  # prices are long words
    return picture


def as_svg(picture, name: str) -> str:
    """Return a figure as SVG for a page of its own colours: no card, text in the page's colour.

    Args:
        picture: a figure.
        name: of the figure, different for each in a page.

    Example:
        >>> as_svg(figure()[0], "empty").startswith("<svg")
        True
    """
    import matplotlib

    with (
        house_style(),
        matplotlib.rc_context(
            {
                "svg.fonttype": "none",
                "svg.hashsalt": name,
                "svg.id": name,
                "font.family": "sans-serif",
            }
        ),
        io.StringIO() as file,
    ):
        picture.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    for colour, ours in _OF_THE_PAGE.items():
        text = text.replace(f": {colour}", f": {ours}")
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px; font-family: inherit", text)
    # A picture in line shares its names with the page and with the others in it.
    text = re.sub(r'\b(id="|url\(#|href="#)', rf"\g<1>{name}-", text)
    return re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2).strip()


def laid_over(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return a picture with a map over it: what counts most glows.

    Args:
        picture: (channels, height, width), from 0 to 1.
        heat: (height, width); its largest value glows most, 0 and below not at all.

    Returns:
        (height, width, 3) in bytes.

    Example:
        >>> laid_over(np.zeros((1, 2, 2)), np.eye(2)).shape
        (2, 2, 3)
    """
    from matplotlib import colormaps

    grey = np.asarray(picture, float).mean(0)[..., None]
    share = np.clip(heat / max(float(heat.max()), 1e-12), 0, 1)[..., None]
    colours = colormaps["inferno"](share[..., 0])[..., :3]
    mixed = grey * (1 - 0.65 * share) * 0.85 + 0.65 * share * colours
    return np.rint(255 * np.clip(mixed, 0, 1)).astype(np.uint8)
