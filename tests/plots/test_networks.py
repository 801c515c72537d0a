import numpy as np
import pytest

from minitransfer import nn, plots
from minitransfer.plots.style import BLUE, ORANGE


def net():
    layers = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1))
    layers[0].weight.array[...] = [[4, -2], [0, 1]]
    layers[2].weight.array[...] = [[-3, 3]]
    return layers


def test_width_is_size_and_colour_is_sign():
    axes = plots.network_diagram(net(), "t", inputs=["a", "b"], outputs=["o"]).axes[0]
    lines = axes.lines
    widths = [line.get_linewidth() - 0.3 for line in lines]
    np.testing.assert_allclose(widths, [6, 3, 0, 1.5, 6, 6], atol=1e-6)
    assert [line.get_color() for line in (lines[0], lines[1], lines[4])] == [BLUE, ORANGE, ORANGE]
    assert {"a", "b", "o"} <= {text.get_text() for text in axes.texts}


def test_idle_nodes_recede():
    axes = plots.network_diagram(net(), "t", idle=[(0, 1)]).axes[0]
    assert [line.get_alpha() < 0.5 for line in axes.lines] == [
        False,
        False,
        True,
        True,
        False,
        True,
    ]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="has none"):
        plots.network_diagram(nn.ReLU(), "t")
    with pytest.raises(ValueError, match=r"nn\.member"):
        plots.network_diagram(nn.population(lambda g: nn.Linear(2, 1, generator=g), 3), "t")
    with pytest.raises(ValueError, match="follow one another"):
        plots.network_diagram(nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 1)), "t")


BITS = {"h1": ["0", "1"], "h2": ["0", "1"]}
HIDDEN = {"a": ["0", "1"], "b": ["0", "1"]}
OUT = {"o": ["0", "1"]}


def test_eight_relations_hang_on_one_line_or_four_on_each_of_two():
    one = plots.relation_diagram([{"x": list("0123")}, OUT], "t").axes[0]
    two = plots.relation_diagram([BITS, OUT], "t").axes[0]
    assert len(one.lines) == len(two.lines) == 8
    assert len({line.get_color() for line in one.lines}) == 1
    assert len({line.get_color() for line in two.lines}) == 2
    assert one.texts[-1].get_text() == "x → o carries 8"


def test_one_example_settles_two_and_four_relations():
    example = {"h1": "0", "h2": "0", "a": "0", "b": "1", "o": "0"}
    axes = plots.relation_diagram([BITS, HIDDEN, OUT], "t", examples=[example]).axes[0]
    strong = [line for line in axes.lines if line.get_linestyle() == "-"]
    assert len(axes.lines) == 16 + 8
    assert len(strong) == 4 + 2
    told = [text.get_text() for text in axes.texts if "settled" in text.get_text()]
    assert told == [f"{c}: 1 of 4 settled" for c in
                    ("h1 → a", "h1 → b", "h2 → a", "h2 → b", "a → o", "b → o")]  # fmt: skip


def test_relations_need_two_columns():
    with pytest.raises(ValueError, match="given 1 column"):
        plots.relation_diagram([OUT], "t")
