import numpy as np
import pytest

from minitransfer import data, train, transfer, zoo
from minitransfer.data.conventions import look, mend, sentences_about, steps_to

GLYPHS = {"range": [0, 1], "polarity": "bright on dark", "centring": "centred"}
PHOTOS = {"range": [0, 1], "polarity": "any", "centring": "any"}

digits = data.mnist("validation").x / np.float32(255)


def moved(x, most, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([np.roll(p, rng.integers(-most, most + 1, 2), (1, 2)) for p in x])


# What is done to digits, and what has to be done about it.
CHANGES = {
    "as they are": (lambda x: x, ()),
    "dark on white": (lambda x: 1 - x, ("invert",)),
    "pale": (lambda x: 0.35 + 0.3 * x, ("stretch",)),
    "a pale scan": (lambda x: 0.85 - 0.5 * x, ("invert", "stretch")),
    "on grey": (lambda x: 0.2 + 0.8 * x, ("stretch",)),
    "off centre": (lambda x: moved(x, 4), ("centre",)),
    "up to 255": (lambda x: 255 * x, ("divide by 255",)),
    "up to 65535": (lambda x: 65535 * x, ("divide by 65535",)),
    "up to 4095": (lambda x: np.rint(4095 * x).astype(np.uint16), ("divide by 4095",)),
    "up to 16": (lambda x: np.rint(16 * x), ("divide by 16",)),
    "from -1 to 1": (lambda x: 2 * x - 1, ("from -1…1",)),
    "bytes of scans": (
        lambda x: np.rint(255 - 255 * x).astype(np.uint8),
        ("divide by 255", "invert"),
    ),
    "interpolated": (lambda x: 1.06 * x - 0.03, ()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_done_to_digits_is_seen_and_mended(name):
    change, expected = CHANGES[name]
    changed = change(digits)
    assert steps_to(changed, GLYPHS) == expected
    mended, sentences = mend(changed, GLYPHS)
    assert len(sentences) == len(expected) == len(sentences_about(look(changed), expected))
    assert (mended.shape, mended.dtype) == (digits.shape, np.float32)
    if "centre" in expected:
        assert look(mended).offset < 0.03
    else:
        assert np.abs(mended - digits).mean() < (0.015 if expected else 0.04)
    assert steps_to(mended, GLYPHS) == ()


@pytest.mark.parametrize(
    "pictures",
    [
        data.mnist("pool"),
        data.glyphs(300, 2, seed=0),
        data.animal_shapes("pool"),
        data.uci_digits(size=28),
        data.uci_digits(),
        data.shuffled_digits("validation"),
    ],
    ids=lambda pictures: pictures.name,
)
def test_no_false_alarm(pictures):
    assert steps_to(pictures.x, GLYPHS) == ("divide by 255",)
    assert steps_to(pictures.x / np.float32(255), GLYPHS) == ()
    for draw in range(20):  # also of a few
        few = np.random.default_rng(draw).permutation(len(pictures))[:50]
        assert steps_to(pictures.x[few], GLYPHS) == ("divide by 255",)


def test_of_photographs_only_the_range_counts():
    rng = np.random.default_rng(0)
    photographs = rng.random((20, 3, 16, 16), dtype=np.float32).cumsum(2) / 16
    for brightness in (0.2, 1.0):
        assert steps_to(brightness * photographs, PHOTOS) == ()
    assert steps_to(255 * photographs, PHOTOS) == ("divide by 255",)
    assert steps_to(1 - digits, PHOTOS) == ()


def test_a_step_does_the_same_to_one_picture_as_to_all():
    changed = moved(0.85 - 0.5 * digits, 0)
    steps = ("invert", "stretch", "centre")
    together = mend(changed, GLYPHS, steps)[0]
    for i in range(5):
        assert np.array_equal(mend(changed[i : i + 1], GLYPHS, steps)[0], together[i : i + 1])


def test_dark_on_bright_can_be_asked_for_and_another_range():
    asked = {"range": [-1, 1], "polarity": "dark on bright", "centring": "any"}
    mended, sentences = mend(digits, asked)
    assert np.allclose(mended, 1 - 2 * digits, atol=1e-6)
    assert sentences == ["The ink was bright on dark; pictures were inverted."]


def test_blank_pages_say_nothing_and_stay_blank():
    blank = np.zeros((4, 1, 28, 28), np.float32)
    assert look(blank).count == 0
    assert steps_to(blank, GLYPHS) == ()
    specks = blank + 0.01 * np.random.default_rng(0).random(blank.shape, dtype=np.float32)
    assert mend(specks, GLYPHS, ("stretch", "centre"))[0].max() < 0.3


def test_grey_pictures_need_no_axis_of_channels():
    assert mend(1 - digits[:, 0], GLYPHS)[0].shape == digits[:, 0].shape


@pytest.mark.parametrize(
    "x, message",
    [
        (np.zeros(5), "pictures are arrays"),
        (np.zeros((0, 1, 2, 2)), "pictures are arrays"),
        (np.zeros((2, 28, 28, 3)), r"the channels stand last: x\.transpose"),
        (np.full((1, 1, 2, 2), "a"), "pictures are numbers"),
        (np.full((1, 1, 2, 2), np.nan), "not finite"),
        ((digits - 0.13) / 0.31, "are no brightness; give pictures .* before they were standard"),
    ],
)
def test_what_is_no_picture(x, message):
    with pytest.raises(ValueError, match=message):
        mend(x, GLYPHS)
    with pytest.raises(ValueError, match="knows no step 'turn'"):
        mend(digits, GLYPHS, ("turn",))


def option_1(x, y, test_x, test_y):
    network = transfer.replace_head(zoo.load("glyph-mlp"), 10, np.random.default_rng(0))
    generator = np.random.default_rng(0)
    transfer.fine_tune(network, (x, y), "head", generator=generator)
    return train.evaluate(network, (test_x, test_y))["accuracy"]


@pytest.mark.filterwarnings("ignore:the pictures of")
def test_mending_wins_back_what_dark_on_white_cost():
    few = data.mnist("pool").sample(500, np.random.default_rng(0))
    test = data.mnist("validation")
    x, test_x = few.x / np.float32(255), test.x / np.float32(255)
    plain = option_1(x, few.y, test_x, test.y)
    inverted = option_1(1 - x, few.y, 1 - test_x, test.y)
    mended = option_1(mend(1 - x, GLYPHS)[0], few.y, mend(1 - test_x, GLYPHS)[0], test.y)
    assert inverted < plain - 0.1
    assert mended > plain - 0.005


@pytest.mark.parametrize("name", ["glyph-conv", "glyph-mlp"])
def test_the_networks_say_what_they_know_and_a_new_head_does_not_forget_it(name):
    network = zoo.load(name)
    assert network.convention == network.card["convention"] == GLYPHS
    body = transfer.strip_head(network)
    assert body.convention == GLYPHS
    with pytest.warns(
        UserWarning, match=r"the ink is dark on bright\. minitransfer\.pictures\.mend"
    ):
        transfer.check_input(network, 1 - digits)
    transfer.check_input(network, digits)
    transfer.check_input(network, data.mnist("validation"))
    transfer.check_input(network, 1 - digits, allow_other_input=True)
    with pytest.warns(UserWarning, match="go from 0 to 255, not from 0 to 1"):
        transfer.check_input(network, 255 * digits)
    with pytest.warns(UserWarning, match="no brightness"):
        transfer.check_input(network, (digits - 0.13) / 0.31)
