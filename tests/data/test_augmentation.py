"""Each range does what it says, and nothing else."""

import numpy as np
import pytest

from minitransfer.data import augment, render
from minitransfer.data.augmentation import thickened

STILL = {
    "rotation": 0,
    "shear": 0,
    "scale": 0,
    "shift": 0,
    "warp": 0,
    "thickness": False,
    "blur": 0,
    "noise": 0,
}


def drawn(picture="F", n=200, seed=0, **ranges):
    pictures = np.repeat(render(picture)[None], n, axis=0)
    result = augment(pictures, np.random.default_rng(seed), **(STILL | ranges))
    return result[:, 0] / 255


def moments(pictures):
    """Centre (x, y) and covariance of the ink of each picture, in shares of the side."""
    side = pictures.shape[1]
    at = (np.arange(side) + 0.5) / side
    weight = pictures / pictures.sum((1, 2), keepdims=True)
    x, y = (weight.sum(1) * at).sum(1), (weight.sum(2) * at).sum(1)
    dx, dy = at - x[:, None], at - y[:, None]
    xx, yy = (weight.sum(1) * dx**2).sum(1), (weight.sum(2) * dy**2).sum(1)
    xy = np.einsum("nij,ni,nj->n", weight, dy, dx)
    return x, y, xx, yy, xy


def test_nothing_moves_where_every_range_is_zero():
    result = drawn(n=3)
    small = render("F").reshape(32, 2, 32, 2).mean((1, 3)) / 255
    np.testing.assert_array_equal(result[0], result[1])
    still = moments(result[:1])
    np.testing.assert_allclose(
        np.ravel(still), np.ravel(moments(small[None])), atol=0.005, err_msg="ink moved"
    )
    assert result.max() == pytest.approx(1, abs=0.01)


def test_shift_moves_the_ink_and_only_moves_it():
    x, y, xx, yy, xy = moments(drawn(shift=0.06))
    still = moments(drawn(n=1))
    for place, middle in ((x, still[0]), (y, still[1])):
        assert np.abs(place - middle).max() == pytest.approx(0.06, abs=0.006)
        assert (place - middle).mean() == pytest.approx(0, abs=0.01)
    for spread, before in ((xx, still[2]), (yy, still[3]), (xy, still[4])):
        np.testing.assert_allclose(spread, before[0], atol=0.002)


def test_scale_changes_width_and_height_each_by_itself():
    _, _, xx, yy, _ = moments(drawn("O", scale=0.2))
    still = moments(drawn("O", n=1))
    wider, taller = np.sqrt(xx / still[2]), np.sqrt(yy / still[3])
    for factor in (wider, taller):
        assert factor.min() == pytest.approx(0.8, abs=0.02)
        assert factor.max() == pytest.approx(1.2, abs=0.02)
    assert abs(np.corrcoef(wider, taller)[0, 1]) < 0.2


def test_rotation_turns_a_bar_by_up_to_the_angle():
    _, _, xx, yy, xy = moments(drawn("|", rotation=0.25))
    angle = np.arctan2(2 * xy, yy - xx) / 2
    assert np.abs(angle).max() == pytest.approx(0.25, abs=0.01)
    assert angle.mean() == pytest.approx(0, abs=0.03)


def test_shear_slants_a_bar_without_making_it_shorter():
    _, _, _, yy, xy = moments(drawn("|", shear=0.25))
    assert np.abs(xy / yy).max() == pytest.approx(0.25, abs=0.01)
    np.testing.assert_allclose(yy, moments(drawn("|", n=1))[3][0], rtol=0.05)


def test_warp_bends_by_what_it_says():
    still, bent = drawn("E", n=1), drawn("E", warp=0.05)
    x, y, *_ = moments(bent)
    assert np.abs(bent - still).mean() > 0.01
    # The typical bend is a twentieth of half the side; the middle of the ink moves by less.
    assert 0.002 < np.std(x) < 0.025
    assert 0.002 < np.std(y) < 0.025


def test_thickness_makes_some_fatter_and_some_thinner():
    ink = drawn("N", thickness=True).sum((1, 2))
    still = drawn("N", n=1).sum()
    values, counts = np.unique(ink, return_counts=True)
    assert len(values) == 4  # as it is, two kinds of fatter, one of thinner
    assert (values < still).sum() == 1
    assert (values > still).sum() == 2
    assert counts.min() > 20


def test_thinning_never_loses_a_stroke():
    for character in "ADGHNW":
        for serif in (render(character, font)[None] for font in ("STIXGeneral", "cmr10")):
            thin = thickened(serif, -1)
            lost = (serif > 127) & (thickened(thin, 2) < serif)
            assert lost.sum() <= 0.2 * (serif > 127).sum()
            of_floats = thickened(serif / np.float32(255), -1)
            np.testing.assert_allclose(of_floats, thin / 255, atol=1e-6)
    bold = render("A", "DejaVuSans-Bold")[None]
    assert thickened(bold, -1).sum() < 0.85 * bold.sum()


def test_blur_softens_its_share():
    soft = drawn("B", n=400, blur=0.35)
    still = drawn("B", n=1)[0]
    changed = np.array([np.abs(picture - still).max() > 0.05 for picture in soft])
    assert changed.mean() == pytest.approx(0.35, abs=0.08)


def test_noise_stays_below_its_limit_and_within_grey():
    noisy = drawn("T", n=300, noise=0.2)
    paper = noisy[:, :3, :3].reshape(300, -1)
    # Half of the speckles on paper are cut off at 0; the others show their spread.
    spread = np.sqrt((paper**2).mean(1) * 2)
    assert 0.1 < spread.max() < 0.3
    assert spread.min() < 0.05
    assert noisy.min() >= 0
    assert noisy.max() <= 1


def test_same_generator_same_bits_and_types_are_kept():
    picture = np.repeat(render("g")[None], 450, axis=0)
    one, two = (augment(picture, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert (one != augment(picture, np.random.default_rng(4))).any()
    assert len(np.unique(one.reshape(450, -1), axis=0)) == 450, "no two hands are the same"
    floats = augment(picture[:, None] / 255, np.random.default_rng(3))
    assert floats.dtype == np.float32
    np.testing.assert_allclose(floats, one / 255, atol=0.003)


def test_originals_are_left_alone_and_small_ones_welcome():
    digits = np.random.default_rng(0).integers(0, 255, (5, 1, 28, 28)).astype(np.uint8)
    before = digits.copy()
    assert augment(digits, np.random.default_rng(0), size=32).shape == (5, 1, 32, 32)
    np.testing.assert_array_equal(digits, before)
    assert augment(digits[:0], np.random.default_rng(0)).shape == (0, 1, 28, 28)


def test_blank_paper_stays_blank():
    blank = np.zeros((2, 64, 64), np.uint8)
    assert not augment(blank, np.random.default_rng(0), noise=0).any()


@pytest.mark.parametrize("shape", [(64, 64), (2, 3, 28, 28), (2, 28, 30)])
def test_what_is_no_square_picture_is_refused(shape):
    with pytest.raises(ValueError, match="takes square pictures"):
        augment(np.zeros(shape), np.random.default_rng(0))
