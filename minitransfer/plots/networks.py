"""A small network drawn with its weights."""

from itertools import pairwise

import numpy as np
from matplotlib.patheffects import withStroke

from minitransfer.nn import Linear, Module
from minitransfer.plots.style import BLUE, GREY, INK, ORANGE, PAPER, figure, house_style


@house_style()
def canvas(title: str, axes=None):
    """Return a figure and axes without any lines, for a drawing.

    Args:
        title: written over the figure, or over `axes` if they are given.
        axes: where to draw; a figure of its own if None.

    Example:
        >>> canvas("A drawing")[1].axison
        False
    """
    if axes is None:
        picture, axes = figure(title, height=3.7)
    else:
        picture = axes.figure
        axes.set_title(title, fontsize=11, loc="left")
    axes.axis("off")
    return picture, axes


@house_style()
def draw_node(axes, x: float, y: float, name: str = "", bias=None, faint: bool = False) -> None:
    """Draw a circle with a name in it, and with the bias below it.

    Args:
        axes: from `canvas`.
        x, y: its middle.
        name: what to write into it.
        bias: a number, or None.
        faint: whether it should recede.

    Example:
        >>> _, axes = canvas("One node")
        >>> draw_node(axes, 0, 0, "h1", bias=-0.5)
        >>> [text.get_text() for text in axes.texts]
        ['h1', '-0.5']
    """
    alpha = 0.3 if faint else 1
    axes.scatter(
        [x], [y], s=620, facecolor=PAPER, edgecolor=INK, linewidth=1.2, alpha=alpha, zorder=2
    )
    if name:
        size = 11 if len(name) <= 3 else 8.5
        axes.text(x, y, name, ha="center", va="center", fontsize=size, alpha=alpha, zorder=3)
    if bias is not None:
        axes.annotate(
            f"{bias:+.1f}",
            (x, y),
            xytext=(0, -14),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=9,
            color=GREY,
            alpha=alpha,
            zorder=3,
            path_effects=[withStroke(linewidth=3, foreground=PAPER, alpha=alpha)],
        )


@house_style()
def network_diagram(
    net: Module,
    title: str,
    *,
    inputs=None,
    outputs=None,
    hidden=None,
    idle=(),
    axes=None,
):
    """Draw the nodes of a network and its weights as lines, as wide as the weights are large.

    Blue lines carry positive weights, orange ones negative weights; a bias is written below its
    node. The widest line of each layer is drawn equally wide, so layers can be read side by side.

    Args:
        net: a module whose `Linear` layers follow one another (take one out of a population with
            ``nn.member``).
        title: what the picture shows.
        inputs, outputs: names of the nodes at both ends.
        hidden: names of the hidden nodes, layer after layer, as one list of lists.
        idle: (layer, node) of hidden nodes to draw faint, counted from 0.
        axes: where to draw; a figure of its own if None.

    Returns:
        The figure.

    Raises:
        ValueError: if the module has no `Linear` layers, they do not fit onto one another, or
            they are a population.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1))
        >>> picture = network_diagram(net, "2-2-1", inputs=["h1", "h2"], outputs=["XOR"])
        >>> len(picture.axes[0].lines)  # 4 + 2 weights
        6
    """
    layers = [m for m in net.modules() if isinstance(m, Linear)]
    _check_layers(layers)
    sizes = [layers[0].in_features, *(layer.out_features for layer in layers)]
    picture, axes = canvas(title, axes)
    columns = [_heights(size) for size in sizes]
    faint = {(layer + 1, node) for layer, node in idle}
    for column, layer in enumerate(layers):
        weight = layer.weight.array
        largest = max(np.abs(weight).max(), 1e-12)
        for to, row in enumerate(weight):
            for source, w in enumerate(row):
                off = (column, source) in faint or (column + 1, to) in faint
                axes.plot(
                    [column, column + 1],
                    [columns[column][source], columns[column + 1][to]],
                    color=BLUE if w > 0 else ORANGE,
                    linewidth=0.3 + 6 * abs(w) / largest,
                    alpha=0.15 if off else 0.75,
                    solid_capstyle="butt",
                    zorder=1,
                )
    names = [inputs, *(hidden or [None] * (len(sizes) - 2)), outputs]
    for column, heights in enumerate(columns):
        layer = layers[column - 1] if column else None
        for node, height in enumerate(heights):
            bias = None if layer is None or layer.bias is None else layer.bias.array[node]
            name = None if names[column] is None else names[column][node]
            draw_node(axes, column, height, name, bias, faint=(column, node) in faint)
    axes.set(xlim=(-0.35, len(sizes) - 0.65), ylim=(-0.17, 1.12))
    note = "line width: size of the weight · blue +, orange − · below a node: its bias"
    axes.text(0, -0.04, note, transform=axes.transAxes, fontsize=8.5, color=GREY)
    return picture


def _heights(count):
    """`count` heights from top to bottom, centred; few nodes do not spread over all the room."""
    room = min(1.0, 0.45 * (count - 1))
    return 0.5 + np.linspace(room / 2, -room / 2, count)


def _check_layers(layers):
    if not layers:
        raise ValueError("network_diagram draws Linear layers; the module has none")
    if any(layer.weight.ndim != 2 for layer in layers):
        raise ValueError(
            "network_diagram draws one network; take it out with nn.member(population, index)"
        )
    for one, two in pairwise(layers):
        if one.out_features != two.in_features:
            raise ValueError(
                f"network_diagram draws layers that follow one another; {one.label()} gives "
                f"{one.out_features} numbers, {two.label()} takes {two.in_features}"
            )
