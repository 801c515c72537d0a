"""The relations between states, and the connections that have to carry them."""

from minitransfer.plots.networks import canvas, draw_node
from minitransfer.plots.style import COLOURS, house_style


@house_style()
def relation_diagram(columns: list, title: str, *, examples=(), axes=None):
    """Draw the states of each node and every relation between states, as article E does.

    A line joins each state of a node to each state of every node in the next column; its colour
    tells which connection has to carry it. Given examples, the lines they settle are drawn
    strong and the others dashed: what stays undetermined.

    Args:
        columns: from left to right, each a dictionary node name → names of its states.
        title: the finding.
        examples: dictionaries node name → state; an example settles the lines between the states
            that it names.
        axes: where to draw; a figure of its own if None.

    Returns:
        The figure.

    Raises:
        ValueError: if there are fewer than two columns.

    Example:
        >>> bits = {"h1": ["0", "1"], "h2": ["0", "1"]}
        >>> picture = relation_diagram([bits, {"o": ["0", "1"]}], "Four relations a line")
        >>> len(picture.axes[0].lines)
        8
    """
    if len(columns) < 2:
        raise ValueError(f"relations go from one column to the next; given {len(columns)} column")
    picture, axes = canvas(title, axes)
    places = [_state_heights(column) for column in columns]
    connections = []
    for at in range(len(columns) - 1):
        for left in columns[at]:
            for right in columns[at + 1]:
                colour = COLOURS[len(connections) % len(COLOURS)]
                pairs = [(s, t) for s in columns[at][left] for t in columns[at + 1][right]]
                settled = [_is_settled(examples, left, s, right, t) for s, t in pairs]
                connections.append((at, f"{left} → {right}", colour, len(pairs), sum(settled)))
                for (s, t), known in zip(pairs, settled, strict=True):
                    axes.plot(
                        [at, at + 1],
                        [places[at][left, s], places[at + 1][right, t]],
                        color=colour,
                        linewidth=3 if known else 1.4,
                        linestyle="-" if known or not examples else (0, (3, 3)),
                        alpha=0.95 if known or not examples else 0.5,
                        zorder=1,
                    )
    for at, column in enumerate(columns):
        for node, states in column.items():
            heights = [places[at][node, state] for state in states]
            for state, height in zip(states, heights, strict=True):
                draw_node(axes, at, height, str(state))
            axes.text(at, max(heights) + 0.075, node, ha="center", va="bottom", fontweight="bold")
    axes.set(xlim=(-0.3, len(columns) - 0.7), ylim=(-0.1, 1.14))
    _count(axes, connections, bool(examples))
    return picture


def _state_heights(column):
    """(node, state) → height; states of a node stand together, nodes apart."""
    slots, at = {}, 0.0
    for node, states in column.items():
        for state in states:
            slots[node, state] = at
            at += 1
        at += 0.9
    last = max(max(slots.values()), 1)
    room = min(1.0, 0.3 * last)
    return {key: 0.5 + room / 2 - room * slot / last for key, slot in slots.items()}


def _is_settled(examples, left, s, right, t):
    return any(e.get(left) == s and e.get(right) == t for e in examples)


def _count(axes, connections, with_examples):
    """Below each gap: how many relations each of its connections carries."""
    for at in sorted({connection[0] for connection in connections}):
        here = [connection for connection in connections if connection[0] == at]
        for row, (_, name, colour, count, settled) in enumerate(here):
            text = (
                f"{name}: {settled} of {count} settled"
                if with_examples
                else f"{name} carries {count}"
            )
            axes.annotate(
                text,
                (at + 0.5, 0),
                xycoords=("data", "axes fraction"),
                xytext=(0, -4 - 12 * row),
                textcoords="offset points",
                ha="center",
                va="top",
                color=colour,
                fontsize=9.5,
            )
