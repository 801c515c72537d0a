"""A figure looks the same whatever the reader's matplotlibrc says, and needs no LaTeX."""

import matplotlib
import numpy as np
import pytest
from PIL import Image

from minitransfer import nn, plots
from minitransfer.plots.style import house_style

#: Settings as somebody else may like them. With usetex, text asks for a LaTeX that is not there.
HOSTILE = {
    "text.usetex": True,
    "figure.autolayout": True,
    "savefig.bbox": "tight",
    "savefig.dpi": 40,
    "savefig.format": "svg",
    "font.size": 30,
    "lines.linewidth": 9,
    "axes.grid": True,
    "axes.facecolor": "black",
    "axes.formatter.use_mathtext": True,
    "image.cmap": "jet",
    "legend.fontsize": 3,
    "xtick.direction": "in",
}


def accuracy():
    ways = {"head": [0.92, 0.94], "scratch": [0.8, 0.9]}
    ways = {w: {"mean": np.mean(r), "sd": np.std(r), "runs": r} for w, r in ways.items()}
    return plots.accuracy_bars({"ways": ways, "labels": 100})


def curves():
    x, runs = np.array([1, 10, 100]), np.random.default_rng(0).random((4, 3))
    return plots.curves_with_spread(x, {"a": runs}, "T", "x", "y", log_x=True, percent=True)


def network():
    generator = np.random.default_rng(0)
    return plots.network_diagram(nn.Sequential(nn.Linear(2, 2, generator=generator)), "Two")


def pictures():
    return plots.picture_rows({"a": np.random.default_rng(0).random((3, 5, 5))}, "Rows")


def by_hand():
    """As a lesson does it: on the axes of a figure, with its own words and ticks."""
    picture, axes = plots.figure("Mine: x_1 & 50 %")
    axes.plot([1, 2], [3, 4], linewidth=2, label="100 %_")
    axes.set_yscale("log")
    axes.set(xlabel="share_of %", xticks=[1, 2], xticklabels=["a_1", "b%"])
    axes.annotate("here_", (1, 3))
    return picture


def drawn(draw, path):
    with Image.open(plots.save(draw(), path)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("draw", [accuracy, curves, network, pictures])
def test_the_same_pixels_with_any_settings(draw, tmp_path):
    expected = drawn(draw, tmp_path / "usual.png")
    with matplotlib.rc_context(HOSTILE):
        np.testing.assert_array_equal(drawn(draw, tmp_path / "hostile.png"), expected)


def test_what_a_lesson_draws_by_hand_needs_no_latex(tmp_path):
    with matplotlib.rc_context(HOSTILE):
        image = drawn(by_hand, tmp_path / "figure.png")
    assert image.shape == (525, 825, 4)


def test_the_reader_s_settings_are_back_afterwards(tmp_path):
    with matplotlib.rc_context(HOSTILE):
        before, backend = dict(matplotlib.rcParams), matplotlib.get_backend()
        plots.save(accuracy(), tmp_path / "figure.png")
        with pytest.raises(ZeroDivisionError), house_style():
            raise ZeroDivisionError
        assert dict(matplotlib.rcParams) == before
        assert matplotlib.get_backend() == backend
