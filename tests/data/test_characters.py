"""Characters: legible, different from each other, and no digits among them."""

import unicodedata

import numpy as np
import pytest

from minitransfer.data import FONTS, glyph_characters, render
from minitransfer.data.characters import draw_in_every_font


def correlation(a, b):
    return np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1]


def test_a_character_is_drawn_centred_and_to_size():
    for size in (64, 28):
        picture = render("H", size=size)
        assert picture.shape == (size, size)
        assert picture.dtype == np.uint8
        rows = np.flatnonzero(picture.max(1) > 50)
        columns = np.flatnonzero(picture.max(0) > 50)
        assert abs((rows[-1] - rows[0] + 1) - size * 44 / 64) <= 1
        assert abs(rows[0] - (size - 1 - rows[-1])) <= 1
        assert abs(columns[0] - (size - 1 - columns[-1])) <= 1


def test_a_letter_looks_like_itself_in_every_font_but_is_not_the_same():
    upright = [font for font in FONTS if "I" not in font and "Ob" not in font and "ti" not in font]
    pictures = [render("H", font) for font in upright]
    alike = [correlation(pictures[0], picture) for picture in pictures[1:]]
    assert min(alike) > correlation(pictures[0], render("O"))
    assert max(alike) < 0.999


def test_fewer_characters_are_the_beginning_of_more():
    many = glyph_characters(1000)
    assert len(many) == len(set(many)) == 1000
    assert glyph_characters(50) == many[:50]
    assert {"A", "B", "a", "b", "Ψ", "Ж"} <= set(many)


def test_no_character_is_or_looks_like_a_digit():
    characters = glyph_characters(1000)
    digits = [render(digit, font) for digit in "0123456789" for font in FONTS]
    for character in characters:
        assert unicodedata.numeric(character, None) is None
        assert not unicodedata.name(character).endswith(("DIGIT", "NUMERAL"))
    assert not set("IlOo0123456789²½Ⅷ①З") & set(characters)
    worst = max(
        correlation(render(character), digit)
        for character in characters[::20]
        for digit in digits[::7]
    )
    assert worst < 0.9


def test_no_two_characters_look_the_same():
    characters = glyph_characters(200)
    # Latin A, Greek Alpha and Cyrillic A are one shape: only the first is a class.
    assert "A" in characters
    assert not {"Α", "А"} & set(characters)
    pictures = np.stack([render(character) for character in characters]).reshape(200, -1)
    alike = np.corrcoef(pictures.astype(float)) - np.eye(200)
    assert alike.max() < 0.95


def test_every_font_that_has_a_character_is_used():
    pictures, counts = draw_in_every_font(("A", "∈"))
    assert counts[0] == len(FONTS)
    assert 1 <= counts[1] < len(FONTS)
    assert len(pictures) == counts.sum()
    np.testing.assert_array_equal(pictures[3], render("A", FONTS[3]))


def test_what_cannot_be_drawn_says_why():
    with pytest.raises(ValueError, match="one character at a time"):
        render("AB")
    with pytest.raises(ValueError, match="unknown font 'Comic Sans'; the fonts are DejaVuSans"):
        render("A", "Comic Sans")
    with pytest.raises(ValueError, match=r"no drawing for ' ' \(U\+0020\)"):
        render(" ")
    with pytest.raises(ValueError, match="cmr10 has no drawing for 'Ж'"):
        render("Ж", "cmr10")
    with pytest.raises(ValueError, match="use 8 or more"):
        render("A", size=4)
    for classes in (0, 100_000):
        with pytest.raises(ValueError, match=f"{classes} characters were asked for; the fonts"):
            glyph_characters(classes)
