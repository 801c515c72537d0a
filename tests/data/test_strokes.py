"""Strokes: that the pictures show what their names and angles say."""

import numpy as np
import pytest

from minitransfer.data import strokes


def test_a_line_runs_where_its_angle_says():
    """The longest axis of the ink has the direction of the stroke."""
    pictures, angles = strokes("line", 50, np.random.default_rng(0))
    for picture, angle in zip(pictures[:, 0], angles, strict=True):
        y, x = np.nonzero(picture > 0.5)
        _, axes = np.linalg.eigh(np.cov(np.stack([x, y])))
        along = np.abs(axes[:, 1] @ [np.cos(angle), np.sin(angle)])
        assert along > 0.97


def test_corners_and_curves_are_bent_and_lines_are_not():
    def width(kind):
        """The mean extent across, as a share of that along."""
        found = []
        for picture in strokes(kind, 50, np.random.default_rng(1))[0][:, 0]:
            y, x = np.nonzero(picture > 0.5)
            across, along = np.linalg.eigvalsh(np.cov(np.stack([x, y])))
            found.append(np.sqrt(across / along))
        return np.mean(found)

    assert 1.3 * width("line") < min(width("corner"), width("curve"))


def test_same_seed_same_strokes_and_ink_from_0_to_1():
    pictures, angles = strokes("curve", 20, np.random.default_rng(2))
    again, _ = strokes("curve", 20, np.random.default_rng(2))
    np.testing.assert_array_equal(pictures, again)
    assert pictures.dtype == np.float32
    assert (pictures.min(), pictures.max()) == (0, 1)
    assert ((angles >= 0) & (angles < np.pi)).all()


def test_unknown_kinds_are_named():
    with pytest.raises(ValueError, match="line"):
        strokes("circle", 1, np.random.default_rng(0))
