"""Characters of many scripts, drawn large from the fonts that matplotlib ships.

Nothing is downloaded: matplotlib brings its fonts and the machinery to draw with them (only its
font reader is used here, none of the plotting). Digits are left out with care, since digits are
what a network that learnt these characters is later tested on.
"""

import unicodedata
from functools import cache
from pathlib import Path

import numpy as np

#: The fonts, as matplotlib names their files: upright, bold, slanted, with and without serifs.
FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralItalic",
    "cmr10",
    "cmti10",
    "cmss10",
    "cmtt10",
)

# Stretches of Unicode (first, last) in the order in which their characters become classes:
# everyday letters first, so that a small number of classes is made of these.
_STRETCHES = (
    ("A", "Z"),
    ("a", "z"),
    ("Α", "Ω"),
    ("α", "ω"),
    ("А", "я"),
    ("!", "/"),
    (":", "@"),
    ("[", "`"),
    ("{", "~"),
    ("Ա", "Ֆ"),
    ("ա", "ֆ"),
    ("∀", "⋿"),
    ("←", "⇿"),
    ("ɐ", "ʯ"),
    ("℀", "⅏"),
    ("ა", "ჼ"),
    ("א", "ת"),
    ("ء", "ي"),
    ("Ѡ", "ԯ"),
    ("■", "◿"),
    ("☀", "⛿"),
    ("ϐ", "Ͽ"),
    ("⌀", "⏿"),
    ("¡", "ÿ"),
    ("Ā", "ſ"),
    ("ƀ", "ɏ"),
    ("᐀", "ᗿ"),
    ("⦀", "⪯"),
)
_DIGITS = "0123456789"
_ABOUT_NUMBERS = ("DIGIT", "NUMBER", "NUMERAL", "FRACTION", "SUPERSCRIPT", "SUBSCRIPT")

# Two drawings that correlate more than this count as the same shape.
_SAME_SHAPE = 0.93
# Digits have to be new to the network later. So they are recognised sooner, and also in a character
# that is as much wider or narrower as two hands may make it (O is a wide 0).
_LIKE_A_DIGIT = 0.85
_LIKE_A_STRETCHED_DIGIT = 0.75
_STRETCH = 1.5
# Share of the picture's side that the longer side of a character fills.
_FILLED = 44 / 64
# Grey value above which a pixel counts as ink.
_INK = 50
# Height of the letters, in pixels, at which a font is drawn before it is brought to size.
_DRAWN_AT = 96


def render(character: str, font: str = "DejaVuSans", size: int = 64) -> np.ndarray:
    """Draw one character, centred, its longer side filling 11/16 of the picture.

    Args:
        character: a single character.
        font: one of `FONTS`.
        size: side of the picture in pixels, 8 or more.

    Returns:
        uint8 (size, size), 0 paper and 255 ink.

    Raises:
        ValueError: if the font is unknown or has no such character, if the character leaves no
            ink (a space), or if the size is below 8.

    Example:
        >>> picture = render("R", "DejaVuSerif", size=32)
        >>> picture.shape, int(picture.max())
        ((32, 32), 255)
    """
    if len(character) != 1:
        raise ValueError(f"render draws one character at a time; given {character!r}")
    if font not in FONTS:
        raise ValueError(f"unknown font {font!r}; the fonts are {', '.join(FONTS)}")
    if size < 8:
        raise ValueError(f"size={size} leaves no room for a character; use 8 or more")
    picture = _draw(_open(font), character, size)
    if picture is None:
        raise ValueError(f"{font} has no drawing for {character!r} (U+{ord(character):04X})")
    return picture


def glyph_characters(classes: int = 1000) -> tuple[str, ...]:
    """Choose characters that look different from each other and from every digit.

    Left out are characters with a numeric value, those whose name speaks of numbers, those that
    look like a digit of any of the fonts (correlation above 0.85, or above 0.75 when stretched to
    the same width; so I and O are no classes), and those that look like a character chosen
    before (above 0.93).

    Args:
        classes: how many characters; fewer are always the beginning of more.

    Returns:
        The characters; the place of each is its label.

    Raises:
        ValueError: if there are not so many.

    Example:
        >>> "".join(glyph_characters(12))
        'ABCDEFGHJKLM'
    """
    found = _distinct_characters()
    if not 1 <= classes <= len(found):
        raise ValueError(
            f"{classes} characters were asked for; the fonts hold {len(found)} that differ enough "
            "from each other and from the digits, so use 1 to that"
        )
    return found[:classes]


def script_of(character: str) -> str:
    """Return which script a letter belongs to, by the first word of its name in Unicode.

    Args:
        character: a single character.

    Returns:
        "Latin", "Greek", "Cyrillic", …; "" for what is no letter.

    Raises:
        ValueError: if it is not one character.

    Example:
        >>> [script_of(character) for character in "RЖ→"]
        ['Latin', 'Cyrillic', '']
    """
    if len(character) != 1:
        raise ValueError(f"script_of takes one character; given {character!r}")
    if unicodedata.category(character)[0] != "L":
        return ""
    return unicodedata.name(character, "").split(" ")[0].capitalize()


def draw_in_every_font(characters: tuple[str, ...], size: int = 64, drawn=None):
    """Draw each character in all fonts that have it.

    Args:
        characters: what to draw.
        size: side of the pictures in pixels.
        drawn: called with the number of characters drawn so far, after each of them.

    Returns:
        (pictures, counts): uint8 (M, size, size), character by character in the order of `FONTS`,
        and int64 (len(characters),), in how many fonts each was found.

    Example:
        >>> pictures, counts = draw_in_every_font(("A", "Ж"))
        >>> counts.tolist(), pictures.shape
        ([12, 8], (20, 64, 64))
    """
    fonts = {name: _open(name) for name in FONTS}
    pictures, counts = [], []
    for done, character in enumerate(characters, start=1):
        found = [
            picture
            for name, font in fonts.items()
            if (picture := _draw(font, character, size)) is not None
        ]
        pictures.extend(found)
        counts.append(len(found))
        if drawn is not None:
            drawn(done)
    return np.stack(pictures), np.array(counts)


@cache
def _distinct_characters():
    font = _open(FONTS[0])
    drawings = ((character, _draw(font, character)) for character in _candidates())
    drawings = [(character, picture) for character, picture in drawings if picture is not None]
    pictures = np.stack([picture for _, picture in drawings])
    shapes = _shapes(pictures)
    alike = shapes @ shapes.T > _SAME_SHAPE
    chosen = []
    for i in np.flatnonzero(~_like_digits(pictures)):
        if not alike[i, chosen].any():
            chosen.append(i)
    return tuple(drawings[i][0] for i in chosen)


def _like_digits(pictures):
    """Tell for each drawing whether it could pass for a digit of any font."""
    digits = np.stack([_draw(_open(name), digit) for name in FONTS for digit in _DIGITS])
    as_they_are = _shapes(pictures) @ _shapes(digits).T
    (filled, slim), (filled_digits, slim_digits) = _box_filled(pictures), _box_filled(digits)
    stretched = _shapes(filled) @ _shapes(filled_digits).T
    stretched[np.abs(np.log(slim[:, None] / slim_digits)) > np.log(_STRETCH)] = -1
    return (as_they_are > _LIKE_A_DIGIT).any(1) | (stretched > _LIKE_A_STRETCHED_DIGIT).any(1)


def _candidates():
    for first, last in _STRETCHES:
        for character in map(chr, range(ord(first), ord(last) + 1)):
            name = unicodedata.name(character, "")
            if (
                unicodedata.category(character)[0] in "LSP"  # letters, symbols, punctuation
                and unicodedata.numeric(character, None) is None
                and not any(word in name for word in _ABOUT_NUMBERS)
            ):
                yield character


def _shapes(pictures):
    """Return drawings as vectors of length 1 and mean 0: their products are correlations."""
    n, side, _ = pictures.shape
    vectors = pictures.reshape(n, side // 2, 2, side // 2, 2).mean((2, 4)).reshape(n, -1)
    vectors -= vectors.mean(1, keepdims=True)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(length, 1e-9)  # an even grey correlates with nothing


def _box_filled(pictures):
    """Stretch every drawing to fill a square; also return how often it is higher than wide."""
    inks = [_ink_box(picture) for picture in pictures]
    slimness = np.array([ink.shape[0] / ink.shape[1] for ink in inks])
    return np.stack([_resized(ink, 40, 40) for ink in inks]), slimness


def _ink_box(picture):
    """Cut a drawing down to its ink; None where there is none."""
    ink = picture > _INK
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return None
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _open(name):
    # Here, since reading matplotlib takes half a second and most of the library does without it.
    import matplotlib
    from matplotlib.ft2font import FT2Font

    font = FT2Font(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"))
    font.set_size(_DRAWN_AT, 72)  # 72 points to the inch: one point is one pixel
    return font


def _draw(font, character, size=64):
    """Return the drawing, or None where the font has no ink for this character."""
    # The cm fonts keep TeX's own order: beyond the Latin letters and the digits, what lies under
    # a number is not the character that Unicode has there.
    if font.postscript_name.lower().startswith("cm") and not (
        character.isascii() and character.isalnum()
    ):
        return None
    if not font.get_char_index(ord(character)):
        return None
    font.clear()
    font.set_text(character, 0.0)
    font.draw_glyphs_to_bitmap(antialiased=True)
    ink = np.asarray(font.get_image())
    ink = _ink_box(ink)
    return None if ink is None else _centred(ink, size)


def _centred(ink, size):
    scale = round(size * _FILLED) / max(ink.shape)
    height, width = (max(2, round(side * scale)) for side in ink.shape)
    picture = np.zeros((size, size), np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    picture[top : top + height, left : left + width] = _resized(ink, height, width)
    return picture


def _resized(picture, height, width):
    from PIL import Image

    # Bilinear, and where it shrinks a mean over all that falls together.
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR))
