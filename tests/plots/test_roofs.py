import numpy as np

from minitransfer import plots


def test_the_roof_is_the_lower_of_two_and_rungs_are_named_at_their_ends():
    ladder = {"low": ([1.0, 2.0], [2e9, 1e9]), "high": ([1.0, 100.0], [5e9, 9e10])}
    axes = plots.roofline(ladder, 1e11, 1e10, "t").axes[0]
    x, y = axes.lines[0].get_data()
    np.testing.assert_allclose(y, np.minimum(100, 10 * x))
    np.testing.assert_allclose(axes.lines[2].get_ydata(), [5, 90])
    assert [text.get_text() for text in axes.texts[1:]] == ["low", "high"]


def test_a_rung_of_one_point_is_named_beside_it():
    axes = plots.roofline({"a": (2.0, 1e9)}, 1e11, 1e10, "t").axes[0]
    assert [text.get_text() for text in axes.texts[1:]] == ["a"]
    assert axes.texts[1].xy == (2.0, 1.0)


def test_names_of_points_are_apart_from_each_other_and_from_the_slope():
    ladder = {"one": (9, 6e10), "near": (11, 6e10), "far": (100, 1e9), "over": (1, 3e10)}
    picture = plots.roofline(ladder, 1e11, 1e10, "t", "operations for each byte carried")
    sides = {t.get_text(): t.get_va() for t in picture.axes[0].texts[1:]}
    assert sides == {"one": "top", "near": "center", "far": "top", "over": "bottom"}
    assert picture.axes[0].get_xlabel() == "operations for each byte carried"


def test_bars_of_what_is_carried():
    picture = plots.carried({"a": 2.0, "b": 0.158}, {"a": 8.6e9, "b": 16e6}, "Less")
    hand, road = picture.axes
    assert [bar.get_width() for bar in hand.patches] == [2.0, 0.158]
    assert [text.get_text() for text in road.texts] == ["8,600", "16"]
    assert road.get_xscale() == "log"
    left, right = road.get_xlim()
    assert left < 16
    assert right > 8600
