import numpy as np
import pytest

from minitransfer import plots, tensor
from minitransfer.data import xor

X, Y = xor()


def test_regions_show_what_the_network_answers():
    def predict(points):
        assert points.dtype == np.float32
        return tensor(points[:, :1])

    axes = plots.decision_regions(predict, X, Y, "t", margin=0.5).axes[0]
    image = axes.images[0]
    assert image.get_extent() == [-0.5, 1.5, -0.5, 1.5]
    shown = np.asarray(image.get_array())
    np.testing.assert_allclose(shown[0], np.linspace(-0.5, 1.5, 161), atol=1e-6)
    ones, zeros = axes.collections[-1], axes.collections[-2]
    assert ones.get_offsets().tolist() == [[0, 1], [1, 0]]
    assert zeros.get_offsets().tolist() == [[0, 0], [1, 1]]


def test_a_plane_has_two_inputs_and_one_answer_a_point():
    with pytest.raises(ValueError, match="two inputs"):
        plots.decision_regions(lambda p: p, np.zeros((4, 3)), Y, "t")
    with pytest.raises(ValueError, match="one probability per point"):
        plots.decision_regions(lambda p: p, X, Y, "t")


def test_the_line_in_the_hidden_space_is_where_the_output_is_undecided():
    hidden = [[0, 0], [1, 0], [1, 0], [1, 1]]
    axes = plots.hidden_space(
        hidden, [0, 1, 1, 0], tensor([[4.0, -8.0]]), tensor([-2.0]), "t", states=list("abcd")
    ).axes[0]
    contour = next(c for c in axes.collections if len(c.get_paths()[0].vertices) > 20)
    points = contour.get_paths()[0].vertices
    np.testing.assert_allclose(points @ [4, -8], 2, atol=0.05)
    assert "b, c" in [text.get_text() for text in axes.texts]


def test_hidden_space_wants_two_nodes():
    with pytest.raises(ValueError, match=r"given \(4, 3\) and 3"):
        plots.hidden_space(np.zeros((4, 3)), Y, [1, 2, 3], 0, "t")


def test_truth_table_marks_right_wrong_and_undecided():
    axes = plots.truth_table_picture(X, Y, [0.1, 0.51, 0.3, 0.2], "t").axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts.count("✓") == 2
    assert texts.count("✗ wrong") == 1
    assert texts.count("undecided") == 1
    assert {"0.10", "0.51", "0.30", "0.20", "h1", "h2"} <= set(texts)


def test_truth_table_wants_as_many_of_each():
    with pytest.raises(ValueError, match="4 states, 4 right answers and 3 outputs"):
        plots.truth_table_picture(X, Y, [0, 0, 0], "t")


def test_a_plane_without_a_key_and_without_an_answer_shows_neither():
    axes = plots.decision_regions(lambda p: 0.5 + 1e-4 * p[:, 0], X, Y, "", key=False).axes[0]
    assert not axes.texts
    assert len(axes.collections) == 2  # the two kinds of circles; no line where nothing is parted


def test_frames_of_a_film_have_the_same_limits():
    for spread in (0.01, 1.0):
        hidden = spread * np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
        axes = plots.hidden_space(hidden, [0, 1, 1, 0], [1, 1], -1, "t", limits=(-0.5, 1.5)).axes[0]
        np.testing.assert_allclose([axes.get_xlim(), axes.get_ylim()], [[-0.5, 1.5]] * 2, atol=1e-5)
        assert np.allclose(axes.images[0].get_extent(), [-0.5, 1.5, -0.5, 1.5], atol=1e-5)
