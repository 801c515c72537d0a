"""What pictures look like as numbers: range, ground, contrast, and where the ink is.

A network knows pictures of the kind that it has seen. Letters drawn bright on black teach it
nothing about ink on white paper, though both are "images" of the same shape: it answers, and its
answers are worse. So a card may say what the pictures were like (`CONVENTION`), `look` says it of
any pictures, and `mend` brings the ones into the form of the others.
"""

from typing import NamedTuple

import numpy as np

from minitransfer.documents import entries, listed, number, one_of
from minitransfer.nn.picture_shapes import how_to_bring

#: What the entry ``convention`` of a card says: the numbers of black and white; whether ink is
#: "bright on dark" or "dark on bright" ("any" where there is no ground, as in photographs); and
#: whether the ink is "centred" in the picture, or may be at "any" place.
CONVENTION = entries(
    range=listed(number(-1e6, 1e6), 2, 2),
    polarity=one_of("bright on dark", "dark on bright", "any"),
    centring=one_of("centred", "any"),
)

# Numbers that stand for white, as programs and devices write them: 4 to 16 bits.
_WHITES = (1, 16, 255, 1023, 4095, 16383, 65535)
# A little above white, and a little below black as a share of it, is what interpolation leaves.
_TOLERANCE, _BELOW = 1.25, -0.1
# A border nearer than this to the darkest or brightest number, as a share, is the ground.
_NEAR = 0.25
# Share of the pictures that have to agree before something is said of all of them.
_MOST = 0.8
# Contrast below which drawings are pale, and how far their ground may be from black or white. The
# sets of the library have 0.97 or more, and 0.01 or less.
_PALE, _GREY = 0.7, 0.1
# How far ink may be from the middle, the median, as a share of the side. Sets of the library have
# up to 0.06; digits moved at random by up to 3 of 28 pixels have 0.1, and are recognised worse.
_OFF_CENTRE = 0.09
# Pictures that are looked at, evenly spread over all of them.
_ENOUGH = 500


class Look(NamedTuple):
    """What pictures look like.

    Attributes:
        white: the number that stands for white: 1, 255, 65535, …; None if there are
            negative ones.
        low, high: the smallest and the largest number.
        polarity: "bright on dark", "dark on bright", or "any" where most pictures have no border
            of one brightness that is darker or brighter than the rest.
        ground: how bright the ground is, the median over the pictures, from 0 to 1.
        contrast: from the darkest to the brightest, the median, with 1 for black to white.
        offset: how far the ink is from the middle, the median, as a share of the side; 0 without
            a ground.
        count: how many pictures that says it of; blank ones say nothing.
    """

    white: float | None
    low: float
    high: float
    polarity: str
    ground: float
    contrast: float
    offset: float
    count: int


def look(arrays) -> Look:
    """Say what pictures look like: the range of their numbers, their ground and contrast.

    The ground is what the border of a picture mostly is, the ink what differs from it.

    Args:
        arrays: pictures (N, channels, height, width), or grey ones (N, height, width).

    Raises:
        ValueError: if they are no pictures, or hold numbers that are not finite.

    Example:
        >>> from minitransfer import data
        >>> digits = data.mnist("validation").x
        >>> look(digits).polarity, look(255 - digits).polarity
        ('bright on dark', 'dark on bright')
        >>> look(digits / 255.0).white, look(digits).white
        (1, 255)
    """
    x = _pictures(arrays)
    white, low, high = _white(x), float(x.min()), float(x.max())
    x = some_of(x)
    grey = x.mean(axis=1, dtype=np.float32)
    grey = (grey - low) / ((high - low) or 1) if white is None else grey / np.float32(white)
    grounds, darkest, brightest = _levels(grey)
    drawn = brightest - darkest > 0.02
    if not drawn.any():
        return Look(white, low, high, "any", 0.0, 0.0, 0.0, 0)
    grey, grounds = grey[drawn], grounds[drawn]
    contrasts = (brightest - darkest)[drawn]
    place = (grounds - darkest[drawn]) / contrasts
    polarity = "any"
    if np.mean(place < _NEAR) >= _MOST:
        polarity = "bright on dark"
    elif np.mean(place > 1 - _NEAR) >= _MOST:
        polarity = "dark on bright"
    offset = 0.0
    if polarity != "any":
        offset = float(np.median(np.hypot(*_offsets(grey, grounds))))
    ground, contrast = float(np.median(grounds)), float(np.median(contrasts))
    return Look(white, low, high, polarity, ground, contrast, offset, int(drawn.sum()))


def some_of(arrays) -> np.ndarray:
    """Return up to 500 examples, evenly spread over all: enough to `look` at.

    Example:
        >>> some_of(np.arange(2000))[:3]
        array([0, 4, 8])
    """
    x = np.asarray(arrays)
    return x[np.linspace(0, len(x) - 1, min(len(x), _ENOUGH)).astype(int)]


def steps_to(arrays, convention) -> tuple[str, ...]:
    """Return what has to be done to pictures before they look as a network expects; see `mend`.

    Args:
        arrays: as for `look`, or what it returned.
        convention: what the network expects: the entry of its card, see `CONVENTION`.

    Returns:
        Any of "divide by 255" (or another number), "from -1…1", "invert", "stretch", "centre".

    Raises:
        ValueError: if the numbers are none that a picture has.

    Example:
        >>> from minitransfer import data, zoo
        >>> expected = {"range": [0, 1], "polarity": "bright on dark", "centring": "centred"}
        >>> steps_to(255.0 - data.mnist("validation").x, expected)
        ('divide by 255', 'invert')
    """
    seen = arrays if isinstance(arrays, Look) else look(arrays)
    steps = []
    if seen.white is None:
        if seen.low < -_TOLERANCE or seen.high > _TOLERANCE:
            raise ValueError(
                f"numbers from {seen.low:g} to {seen.high:g} are no brightness; give pictures "
                "from 0 to 1, from 0 to 255 or from -1 to 1, as they were before they were "
                "standardised"
            )
        steps.append("from -1…1")
    elif seen.white != 1:
        steps.append(f"divide by {seen.white}")
    if convention["polarity"] != "any" and seen.polarity != "any":
        if convention["polarity"] != seen.polarity:
            steps.append("invert")
        far = seen.ground if seen.polarity == "bright on dark" else 1 - seen.ground
        if seen.contrast < _PALE or far > _GREY:
            steps.append("stretch")
        if convention["centring"] == "centred" and seen.offset > _OFF_CENTRE:
            steps.append("centre")
    return tuple(steps)


def sentences_about(seen: Look, steps) -> list[str]:
    """Say for each step of `steps_to` what was seen that asks for it.

    Example:
        >>> seen = Look(255, 0.0, 255.0, "dark on bright", 1.0, 0.9, 0.0, 100)
        >>> sentences_about(seen, ("divide by 255", "invert"))
        ['the numbers go from 0 to 255, not from 0 to 1', 'the ink is dark on bright']
    """
    said = {
        "divide": f"the numbers go from {seen.low:g} to {seen.high:g}, not from 0 to 1",
        "from": f"the numbers go from {seen.low:g} to {seen.high:g}, not from 0 to 1",
        "invert": f"the ink is {seen.polarity}",
        "stretch": f"the drawings are pale: a ground of {seen.ground:.2f}, and to the ink "
        f"{seen.contrast:.2f}, where 1 is from black to white",
        "centre": f"the ink is off centre, by {seen.offset:.0%} of the side",
    }
    return [said[step.split()[0]] for step in steps]


def mend(arrays, convention, steps=None) -> tuple[np.ndarray, list[str]]:
    """Bring pictures into the form that a network knows, and say what was done.

    Each step does the same to a picture whatever the others are, so that what was learnt from
    mended pictures holds for a single one that is mended in the same way later.

    Args:
        arrays: as for `look`.
        convention: what the network expects, see `CONVENTION`.
        steps: what to do, as `steps_to` returned it for other pictures; found out if None.

    Returns:
        float32 of the same shape, from 0 to 1, and a sentence for each step.

    Example:
        >>> from minitransfer import data
        >>> digits = data.mnist("validation").x
        >>> expected = {"range": [0, 1], "polarity": "bright on dark", "centring": "centred"}
        >>> mended, sentences = mend(255 - digits, expected)
        >>> bool(np.allclose(mended, digits / 255, atol=1e-6)), sentences
        (True, ['Numbers from 0 to 255 were divided by 255.',
                'The ink was dark on bright; pictures were inverted.'])
    """
    given = _pictures(arrays)
    seen = look(given)
    if steps is None:
        steps = steps_to(seen, convention)
    x = given.astype(np.float32)
    sentences = []
    for step in steps:
        if step.startswith("divide by "):
            white = float(step.removeprefix("divide by "))
            x = x / np.float32(white)
            sentences.append(
                f"Numbers from {seen.low:g} to {seen.high:g} were divided by {white:g}."
            )
        elif step == "from -1…1":
            x = (x + 1) / 2
            sentences.append(f"Numbers from {seen.low:g} to {seen.high:g} were brought to 0…1.")
        elif step == "invert":
            x = 1 - x
            sentences.append(f"The ink was {seen.polarity}; pictures were inverted.")
        elif step == "stretch":
            x = _stretched(x, convention["polarity"])
            sentences.append(
                f"Drawings were pale (a ground of {seen.ground:.2f}, {seen.contrast:.2f} to the "
                "ink); each was stretched to the range 0 to 1."
            )
        elif step == "centre":
            x = _centred(x)
            sentences.append(
                f"The ink was off centre (by {seen.offset:.0%} of the side); each picture was "
                "moved."
            )
        else:
            raise ValueError(f"mend knows no step {step!r}; see steps_to")
    low, high = convention["range"]
    return (x * np.float32(high - low) + np.float32(low)).reshape(np.shape(arrays)), sentences


def _pictures(arrays) -> np.ndarray:
    """Return pictures as (N, channels, height, width)."""
    x = np.asarray(arrays)
    if x.ndim not in (2, 3, 4) or 0 in x.shape:
        raise ValueError(
            "pictures are arrays (N, channels, height, width) or (N, height, width); given "
            f"shape {x.shape}"
        )
    if x.ndim == 4 and x.shape[3] in (1, 3, 4) and x.shape[1] not in (1, 3, 4):
        advice = how_to_bring(x.shape[1:], (x.shape[3], None, None))
        raise ValueError(f"pictures are arrays (N, channels, height, width); {advice}")
    if x.dtype.kind not in "fiub":
        raise ValueError(f"pictures are numbers; given an array of {x.dtype}")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise ValueError("the pictures hold numbers that are not finite (NaN or infinity)")
    return x if x.ndim == 4 else x.reshape(-1, 1, *x.shape[-2:])


def _white(x):
    """Return the number that stands for white, by the type and the largest number."""
    if x.dtype == np.uint8:
        return 255
    white = next((w for w in _WHITES if x.max() <= w * _TOLERANCE), float(x.max()))
    return white if x.min() >= _BELOW * x.max() else None


def _levels(grey):
    """Return each picture's ground (the median of its border), darkest and brightest level."""
    rows = np.concatenate([grey[:, 0], grey[:, -1], grey[:, 1:-1, 0], grey[:, 1:-1, -1]], 1)
    flat = grey.reshape(len(grey), -1)
    darkest, brightest = np.percentile(flat, [1, 99], axis=1)
    return np.median(rows, axis=1), darkest, brightest


def _offsets(grey, grounds):
    """Return how far the middle of the ink is from the picture's, down and right, in sides."""
    ink = np.abs(grey - grounds[:, None, None])
    ink *= ink > 0.25 * ink.max((1, 2), keepdims=True)  # paper is never quite even
    total = ink.sum((1, 2))
    down, right = (
        (ink.sum(axis) * (np.arange(size) + 0.5)).sum(1) / total / size - 0.5
        for axis, size in ((2, grey.shape[1]), (1, grey.shape[2]))
    )
    return down, right


def _stretched(x, polarity):
    """Spread each picture from its ground to its farthest ink over 0…1."""
    grounds, darkest, brightest = (level[:, None, None, None] for level in _levels(x.mean(axis=1)))
    span = brightest - grounds if polarity == "bright on dark" else grounds - darkest
    span = np.maximum(span, 0.05)  # an empty page stays empty, and its specks small
    result = (x - grounds) / span if polarity == "bright on dark" else 1 - (grounds - x) / span
    return np.clip(result, 0, 1).astype(np.float32)


def _centred(x):
    """Move each picture by whole pixels until its ink is in the middle; the ground fills up."""
    grey = x.mean(axis=1)
    grounds, _, _ = _levels(grey)
    down, right = _offsets(grey, grounds)
    result = np.empty_like(x)
    for i, picture in enumerate(x):
        dy, dx = -round(down[i] * x.shape[2]), -round(right[i] * x.shape[3])
        result[i] = _moved(picture, dy, dx, grounds[i])
    return result


def _moved(picture, dy, dx, ground):
    _, height, width = picture.shape
    padded = np.full_like(picture, ground)
    to_y, to_x = slice(max(dy, 0), height + min(dy, 0)), slice(max(dx, 0), width + min(dx, 0))
    from_y, from_x = (
        slice(max(-dy, 0), height + min(-dy, 0)),
        slice(max(-dx, 0), width + min(-dx, 0)),
    )
    padded[:, to_y, to_x] = picture[:, from_y, from_x]
    return padded
