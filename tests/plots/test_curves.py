import numpy as np
import pytest

from minitransfer import plots

X = [1, 10, 100]
RUNS = {"wide": [[0.1, 0.5, 0.9], [0.3, 0.7, 0.9]], "narrow": [[0.1, 0.2, 0.3], [0.1, 0.2, 0.5]]}


def test_line_is_the_mean_and_band_one_standard_deviation():
    axes = plots.curves_with_spread(X, RUNS, "t", "steps", "accuracy").axes[0]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.2, 0.6, 0.9])
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([band.min(), band.max()], [0.2 - np.sqrt(0.02), 0.9], atol=1e-12)


def test_curves_of_few_points_differ_by_more_than_colour():
    few = plots.curves_with_spread(X, RUNS, "t", "x", "y").axes[0].lines
    assert len({line.get_marker() for line in few}) == len(RUNS)
    many = {"a": np.zeros((2, 200)), "b": np.ones((2, 200))}
    lines = plots.curves_with_spread(np.arange(200), many, "t", "x", "y").axes[0].lines
    assert {line.get_marker() for line in lines} <= {"", "None"}
    assert len({line.get_linestyle() for line in lines}) == len(many)


def test_a_band_of_shares_ends_at_all():
    shares = {"a": [[0.5, 1.0], [0.0, 0.9]], "b": [[0.0, 1.0], [0.1, 0.98]]}
    axes = plots.curves_with_spread([1, 2], shares, "t", "x", "y", percent=True).axes[0]
    heights = np.concatenate([band.get_paths()[0].vertices[:, 1] for band in axes.collections])
    assert (heights.min(), heights.max()) == (0, 100)


def test_quantiles_percent_chance_and_single_runs():
    axes = plots.curves_with_spread(
        X, RUNS, "t", "labels", "right", log_x=True, percent=True, quantiles=(0, 1),
        single_runs=2, chance=0.1,
    ).axes[0]  # fmt: skip
    assert axes.get_xscale() == "log"
    assert axes.get_ylabel() == "right (%)"
    assert len(axes.lines) == 2 * 3 + 1
    np.testing.assert_allclose(axes.lines[2].get_ydata(), [20, 60, 90])
    assert [text.get_text() for text in axes.texts] == ["wide", "narrow", "chance"]


def test_names_of_curves_do_not_collide():
    runs = {str(i): [[0.0, 0.5, 0.9 + i / 1e4]] for i in range(5)}
    axes = plots.curves_with_spread(X, runs, "t", "x", "y").axes[0]
    pixels = axes.get_window_extent().height
    heights = sorted(text.xy[1] * pixels for text in axes.texts)
    assert np.diff(heights).min() > 14 / 72 * axes.figure.dpi
    assert 0 <= heights[0] <= heights[-1] <= pixels * 1.001


def test_curves_of_wrong_length_are_named():
    with pytest.raises(ValueError, match=r"runs\['a'\] has shape \(1, 2\); expected \(seeds, 3\)"):
        plots.curves_with_spread(X, {"a": [[1, 2]]}, "t", "x", "y")
    with pytest.raises(ValueError, match="no curves"):
        plots.curves_with_spread(X, {}, "t", "x", "y")


def test_loss_curves_take_the_median_and_draw_the_floor():
    losses = {"xor": [[0.7, 0.6], [0.7, 0.1], [0.7, 0.2]]}
    axes = plots.loss_curves(losses, "t", every=10, floor=0.05).axes[0]
    np.testing.assert_allclose(axes.lines[3].get_ydata(), [0.7, 0.2])
    assert axes.lines[3].get_xdata().tolist() == [0, 10]
    assert axes.texts[-1].get_text() == "floor 0.050"


def test_bars_of_the_main_job():
    ways = {
        "head": {"mean": 0.9, "sd": 0.01, "runs": [0.89, 0.91]},
        "scratch": {"mean": 0.8, "sd": 0.02, "runs": [0.78, 0.82]},
        "a way of one's own": {"mean": 0.5, "sd": 0.0, "runs": [0.5]},
    }
    picture = plots.accuracy_bars({"ways": ways, "labels": 50})
    assert picture.get_suptitle() == "50 labels: borrowing gives 90 %, from scratch 80 %"
    axes = picture.axes[0]
    assert [patch.get_width() for patch in axes.patches] == [90, 80, 50]
    texts = [text.get_text() for text in axes.texts]
    assert "90.0 ± 1.0" in texts
    assert "a way of one's own" in texts
    assert "%" in axes.get_xlabel()
    assert plots.accuracy_bars({"ways": ways, "labels": 50}, title="Mine").get_suptitle() == "Mine"


def test_a_given_range_is_kept_and_labels_stand_at_its_heights():
    runs = {"far up": [[90.0, 4.0]], "below": [[90.0, 1.0]]}
    picture = plots.curves_with_spread([0, 1], runs, "", "step", "open bits", ylim=(0, 6))
    axes = picture.axes[0]
    assert axes.get_ylim() == (0, 6)
    assert [text.xy[1] for text in axes.texts] == pytest.approx([4 / 6, 1 / 6], abs=0.03)
