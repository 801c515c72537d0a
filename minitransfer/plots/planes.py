"""What a network makes of two numbers: its input plane, its hidden plane, its truth table."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from minitransfer.autograd import as_array
from minitransfer.plots.style import FAINT, GREEN, GREY, INK, ORANGE, PAPER, figure, house_style

#: From "surely 0" over "undecided" to "surely 1".
REGIONS = LinearSegmentedColormap.from_list("regions", ["#E9A37B", PAPER, "#7FB4DA"])


@house_style()
def decision_regions(
    predict,
    x,
    y,
    title: str,
    *,
    names=("h1", "h2"),
    margin: float = 0.35,
    key: bool = True,
    axes=None,
):
    """Colour the input plane by what a network answers, with the examples on it.

    Args:
        predict: (N, 2) float32 array → probability of a 1, N numbers (array or tensor).
        x: (N, 2), the examples.
        y: N answers, 0 or 1.
        title: the finding.
        names: of the two inputs.
        margin: how far to draw beyond the examples, as a share of their range.
        key: whether to write above the plane what circles and colours mean.
        axes: where to draw; a figure of its own if None.

    Returns:
        The figure.

    Raises:
        ValueError: if the inputs are not two, or `predict` returns another number of answers.

    Example:
        >>> from minitransfer.data import xor
        >>> x, y = xor()
        >>> picture = decision_regions(lambda p: p[:, 0], x, y, "One input decides")
        >>> picture.axes[0].get_xlabel()
        'h1'
    """
    x, y = np.asarray(as_array(x)), np.asarray(as_array(y)).ravel()
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"a plane has two inputs, (N, 2); given {x.shape}")
    picture, axes = _square(title, axes, key)
    low, high, grids = _grid(x, margin * np.ptp(x, axis=0))
    points = np.stack([grid.ravel() for grid in grids], axis=1).astype(np.float32)
    answers = np.asarray(as_array(predict(points)), dtype=float).ravel()
    if len(answers) != len(points):
        raise ValueError(
            f"predict was given {len(points)} points and returned {answers.shape} answers; "
            "expected one probability per point"
        )
    _surface(axes, low, high, grids, answers.reshape(grids[0].shape), key)
    _points(axes, x, y)
    axes.set(xlabel=names[0], ylabel=names[1])
    return picture


@house_style()
def hidden_space(
    hidden,
    y,
    weight,
    bias: float,
    title: str,
    *,
    states=None,
    names=("hidden node 1", "hidden node 2"),
    limits: tuple[float, float] | None = None,
    key: bool = True,
    axes=None,
):
    """Draw where a hidden layer of two nodes puts the examples, and the line that parts them.

    Args:
        hidden: (N, 2), the activations of the hidden nodes for each example.
        y: N answers, 0 or 1.
        weight: the two weights of the output node.
        bias: its bias; the line is where ``weight · hidden + bias`` is 0.
        title: the finding.
        states: names of the examples, written beside them.
        names: of the two hidden nodes.
        limits: from where to where both axes go, the same in every frame of a film; a margin
            around the examples if None.
        key: whether to write above the plane what circles and colours mean.
        axes: where to draw; a figure of its own if None.

    Returns:
        The figure.

    Raises:
        ValueError: if the hidden nodes or the weights are not two.

    Example:
        >>> hidden = [[0, 0], [1, 0], [1, 0], [1, 1]]
        >>> picture = hidden_space(hidden, [0, 1, 1, 0], [4, -8], -2, "One line is enough",
        ...                        states=["00", "01", "10", "11"])
        >>> [text.get_text() for text in picture.axes[0].texts][1:]
        ['00', '01, 10', '11']
    """
    hidden, y = np.asarray(as_array(hidden), dtype=float), np.asarray(as_array(y)).ravel()
    weight, bias = (
        np.asarray(as_array(weight), dtype=float).ravel(),
        float(np.squeeze(as_array(bias))),
    )
    if hidden.ndim != 2 or hidden.shape[1] != 2 or weight.size != 2:
        raise ValueError(
            "hidden_space draws two hidden nodes: hidden (N, 2) and two weights; "
            f"given {hidden.shape} and {weight.size}"
        )
    picture, axes = _square(title, axes, key)
    if limits is None:
        low, high, grids = _grid(hidden, 0.22 * np.ptp(hidden, axis=0).max())
    else:
        low, high, grids = _grid(np.array([[end, end] for end in limits], dtype=float), 0)
    logits = weight[0] * grids[0] + weight[1] * grids[1] + bias
    _surface(axes, low, high, grids, 1 / (1 + np.exp(-np.clip(logits, -60, 60))), key)
    _points(axes, hidden, y)
    if states is not None:
        _name_points(axes, hidden, states, 0.06 * (high - low).max())
    axes.set(xlabel=names[0], ylabel=names[1])
    return picture


@house_style()
def truth_table_picture(x, y, outputs, title: str, *, names=None, answer="wanted", axes=None):
    """Set a truth table beside what a network answers, as numbers and as bars.

    Args:
        x: (N, inputs), the states.
        y: N right answers, 0 or 1.
        outputs: N answers of the network, from 0 to 1.
        title: the finding.
        names: of the inputs.
        answer: heading of the right answers.
        axes: where to draw; a figure of its own if None.

    Returns:
        The figure. An answer on the wrong side of 0.5, or on 0.5 within 0.02, is marked.

    Raises:
        ValueError: if the three do not have the same length.

    Example:
        >>> from minitransfer.data import xor
        >>> x, y = xor()
        >>> picture = truth_table_picture(x, y, [0.5, 0.5, 0.5, 0.5], "One half to everything")
        >>> sum(text.get_text() == "undecided" for text in picture.axes[0].texts)
        4
    """
    x, y = np.asarray(as_array(x)), np.asarray(as_array(y)).ravel()
    outputs = np.asarray(as_array(outputs), dtype=float).ravel()
    if not len(x) == len(y) == len(outputs):
        raise ValueError(
            f"{len(x)} states, {len(y)} right answers and {len(outputs)} outputs; "
            "expected as many of each"
        )
    inputs = x.shape[1]
    names = names or [f"h{i + 1}" for i in range(inputs)]
    if axes is None:
        picture, axes = figure(title, height=1.1 + 0.36 * len(x))
    else:
        picture = axes.figure
        axes.set_title(title, fontsize=11, loc="left")
    axes.axis("off")
    wanted, left, width = inputs + 0.6, inputs + 1.8, 3.0
    for column, name in [*enumerate(names), (wanted, answer), (left + width / 2, "answer")]:
        axes.text(column, -1, name, ha="center", va="center", fontweight="bold")
    axes.plot([-0.5, left + width + 1.9], [-0.5, -0.5], color=INK, linewidth=1)
    for row, (state, right, output) in enumerate(zip(x, y, outputs, strict=True)):
        for column, bit in enumerate(state):
            axes.text(column, row, f"{bit:g}", ha="center", va="center")
        axes.text(wanted, row, f"{right:g}", ha="center", va="center", fontweight="bold")
        undecided = abs(output - 0.5) < 0.02
        good = (output > 0.5) == (right > 0.5) and not undecided
        colour = GREY if undecided else GREEN if good else ORANGE
        axes.barh(row, width, left=left, height=0.55, color=FAINT, alpha=0.35)
        axes.barh(row, width * output, left=left, height=0.55, color=colour, alpha=0.85)
        word = "undecided" if undecided else "✓" if good else "✗ wrong"
        axes.text(left + width + 0.1, row, f"{output:.2f}", va="center")
        axes.text(left + width + 0.85, row, word, va="center", color=colour)
    middle = left + width / 2
    axes.plot([middle, middle], [-0.5, len(x) - 0.5], color=INK, linewidth=0.8, linestyle=":")
    axes.set(xlim=(-0.6, left + width + 2.1), ylim=(len(x) - 0.4, -1.5))
    return picture


def _square(title, axes, key):
    if axes is None:
        return figure(title, width=4.4, height=4.0)
    pad = 28 if key else 6  # the key stands in between
    axes.set_title(title, fontsize=11, loc="left", pad=pad)
    return axes.figure, axes


def _grid(points, pad):
    """The corners of a plane around the points, and a fine grid over it."""
    pad = np.maximum(pad, 1e-6)
    low, high = points.min(0) - pad, points.max(0) + pad
    return (
        low,
        high,
        np.meshgrid(np.linspace(low[0], high[0], 161), np.linspace(low[1], high[1], 161)),
    )


def _surface(axes, low, high, grids, answers, key):
    """Colour the plane by probabilities, and draw the line where they are one half."""
    axes.imshow(
        answers,
        origin="lower",
        extent=(low[0], high[0], low[1], high[1]),
        cmap=REGIONS,
        vmin=0,
        vmax=1,
        aspect="auto",
        interpolation="bilinear",
    )
    if answers.min() < 0.5 < answers.max() and np.ptp(answers) > 0.02:  # else it is but noise
        axes.contour(*grids, answers, levels=[0.5], colors=[INK], linewidths=1.6)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    if not key:
        return
    axes.annotate(
        "● wanted 1   ○ wanted 0\nblue: answers 1   orange: answers 0",
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=8.5,
        color=GREY,
    )


def _points(axes, x, y):
    """A filled circle is a 1, an empty one a 0, so that nobody needs the colours."""
    for answer, face in ((0, PAPER), (1, INK)):
        own = x[y.round() == answer]
        axes.scatter(
            *own.T, s=90, facecolor=face, edgecolor=INK, linewidth=1.6, zorder=3, clip_on=False
        )


def _name_points(axes, points, states, near):
    """One label for all the states that lie in one place."""
    left = list(range(len(points)))
    while left:
        here = points[left[0]]
        group = [i for i in left if np.abs(points[i] - here).max() < near]
        left = [i for i in left if i not in group]
        axes.annotate(
            ", ".join(str(states[i]) for i in group),
            points[group].mean(0),
            xytext=(8, 8),
            textcoords="offset points",
            fontsize=11,
            zorder=4,
        )
