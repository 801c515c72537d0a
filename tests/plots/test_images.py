"""Rows of small pictures."""

import numpy as np
import pytest

from minitransfer import plots


def test_each_picture_has_its_own_scale_and_a_gap_beside_it():
    faint, strong = np.eye(7) * 0.01, np.eye(7) * 5
    picture = plots.picture_rows({"row": np.stack([faint, strong])}, "Both are seen")
    strip = np.ma.filled(picture.axes[0].images[0].get_array(), np.nan)
    assert strip.shape == (7, 15)
    np.testing.assert_array_equal(strip[:, :7], np.eye(7))
    np.testing.assert_array_equal(strip[:, 8:], np.eye(7))
    assert np.isnan(strip[:, 7]).all()


def test_signed_pictures_keep_zero_in_the_middle():
    picture = plots.picture_rows({"row": np.array([[[-2.0, 0.0], [1.0, 0.5]]])}, "t", signed=True)
    image = picture.axes[0].images[0]
    np.testing.assert_array_equal(image.get_array(), [[-1, 0], [0.5, 0.25]])
    assert image.get_clim() == (-1, 1)


@pytest.mark.parametrize(
    "rows", [{}, {"row": np.zeros((3, 2, 5, 5))}, {"row": np.zeros((0, 5, 5))}]
)
def test_nothing_to_draw_is_refused(rows):
    with pytest.raises(ValueError):
        plots.picture_rows(rows, "t")
