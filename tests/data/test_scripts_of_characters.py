import pytest

from minitransfer.data import glyph_characters, script_of


@pytest.mark.parametrize(
    "character, script",
    [("a", "Latin"), ("Ω", "Greek"), ("Ж", "Cyrillic"), ("ֆ", "Armenian"), ("7", ""), ("∀", "")],
)
def test_scripts(character, script):
    assert script_of(character) == script


def test_one_character_at_a_time():
    with pytest.raises(ValueError, match="one character; given 'ab'"):
        script_of("ab")


def test_the_lesson_finds_25_of_each():
    scripts = [script_of(c) for c in glyph_characters(240)]
    assert min(scripts.count(s) for s in ("Latin", "Greek", "Cyrillic", "Armenian")) >= 25
