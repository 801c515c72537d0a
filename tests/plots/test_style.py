import sys
import types

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from minitransfer import plots
from minitransfer.plots import style
from minitransfer.plots.style import described


def test_show_saves_and_says_where(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MINITRANSFER_FIGURES", str(tmp_path / "figures"))
    picture, axes = plots.figure("A line")
    axes.plot([0, 1], [0, 1])
    path = plots.show(picture, "a_line")
    assert path == tmp_path / "figures" / "a_line.png"
    assert capsys.readouterr().out == f"Figure saved: {path}\n"
    with Image.open(path) as image:
        assert image.size == (825, 525)  # 5.5 × 3.5 inches at 150 dots each
        assert image.getpixel((3, 500))[:3] == (0xF6, 0xF5, 0xF1)


def test_without_a_display_figures_go_to_the_cache(tmp_path, monkeypatch):
    for name in ("MINITRANSFER_FIGURES", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("minitransfer.plots.style.cache_folder", lambda: tmp_path)
    picture, _ = plots.figure()
    assert plots.show(picture, "empty") == tmp_path / "figures" / "empty.png"


def test_in_a_notebook_it_appears_below_the_cell(monkeypatch, capsys):
    shown = []
    fake = types.SimpleNamespace(
        Image=lambda data, width, metadata: (data, width, metadata), display=shown.append
    )
    monkeypatch.delenv("MINITRANSFER_FIGURES")
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setattr("minitransfer.plots.style._in_notebook", lambda: True)
    picture, axes = plots.figure("It falls, and " * 5 + "falls")
    axes.set(xlabel="step", ylabel="loss")
    assert plots.show(picture, "below") is None
    ((data, width, metadata),) = shown
    assert metadata == {"alt": "It falls, and " * 5 + "falls (loss over step)"}
    assert data.startswith(b"\x89PNG")
    assert width == 528
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["", "folder/name", "../name"])
def test_a_name_is_no_path(name):
    with pytest.raises(ValueError, match="file name without folder"):
        plots.show(plots.figure()[0], name)


def test_a_name_in_a_curves_colour_can_be_read(tmp_path):
    def lightness(colour):
        channel = np.array(to_rgb(colour))
        linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722) + 0.05

    picture, axes = plots.figure()
    names = [axes.text(0, 0, "name", color=colour) for colour in plots.COLOURS]
    white = axes.text(0, 0, "on a dark bar", color="white")
    plots.save(picture, tmp_path / "names.png")
    assert white.get_color() == "white"
    for colour, name in zip(plots.COLOURS, names, strict=True):
        assert lightness(style.PAPER) / lightness(name.get_color()) >= 4.5, colour


def test_the_words_for_a_figure_name_its_panels():
    picture, (left, right) = plots.figure("Both", columns=2)
    left.set_title("plain", loc="left")
    right.set_title("deep")
    right.set_xlabel("steps")
    assert described(picture) == "Both (plain; deep: steps)"
    assert described(plots.figure()[0]) == "a figure"


def test_several_axes_share_the_title():
    picture, axes = plots.figure("Two beside one another", columns=2, sharey=True)
    assert axes.shape == (2,)
    assert picture.get_suptitle() == "Two beside one another"


def test_long_titles_are_broken_between_words():
    picture, _ = plots.figure("few labels suffice when the body is borrowed " * 3)
    lines = picture.get_suptitle().splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 60


def test_text_stands_out_from_the_card():
    def luminance(colour):
        channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        return linear @ [0.2126, 0.7152, 0.0722]

    from minitransfer.plots.style import INK, PAPER

    assert (luminance(PAPER) + 0.05) / (luminance(INK) + 0.05) > 12
