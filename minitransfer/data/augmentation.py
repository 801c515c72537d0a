"""Handwriting from print: every drawing turned, slanted, bent and smudged a little differently."""

import numpy as np

# Drawings worked on at a time: small enough that the arrays stay in the processor's cache. The
# random numbers are drawn block by block, so that changing this changes what is drawn.
_BLOCK = 200
# Share of a drawing's ink that may get lost in thinning: strokes narrow, but none goes missing.
_TORN = 0.2
# Bends are sums of this many waves along each axis, from half a wave up.
_WAVES = 4
#: How much fatter strokes may come out, each as likely as the others; see `thickened`.
STEPS = (0, 1, 2, -1, -1)


def augment(
    images: np.ndarray,
    generator: np.random.Generator,
    *,
    rotation: float = 0.25,
    shear: float = 0.25,
    scale: float = 0.2,
    shift: float = 0.06,
    warp: float = 0.1,
    thickness: bool = True,
    blur: float = 0.35,
    noise: float = 0.05,
    size: int = 28,
) -> np.ndarray:
    """Draw each picture anew, as another hand on another day might.

    Args:
        images: (N, side, side) or (N, 1, side, side), uint8 or floats from 0 to 1; bright ink on
            dark paper, with some paper around it.
        generator: source of randomness.
        rotation: largest turn to either side, in radians.
        shear: largest slant: how far the top moves sideways, as a share of the height.
        scale: largest change of width and of height, each by itself, as a share.
        shift: largest move in each direction, as a share of the side.
        warp: how much lines bend: typical displacement (root mean square), as a share of half
            the side. The value given was the best for handwriting: of 0.05, 0.08, 0.1 and 0.12,
            judged by the "validation" part of `mnist`.
        thickness: whether strokes get thinner or fatter by a pixel or two of the original; made
            for large originals such as those of `render`.
        blur: share of the pictures that come out soft.
        noise: largest standard deviation of the speckles, with 1 for full ink.
        size: side of the results in pixels.

    Returns:
        (N, 1, size, size), of the same type as `images`.

    Raises:
        ValueError: if the images are not square pictures.

    Example:
        >>> from minitransfer.data import render
        >>> letter = render("A")[None]
        >>> hands = augment(np.repeat(letter, 20, axis=0), np.random.default_rng(0))
        >>> hands.shape, hands.dtype
        ((20, 1, 28, 28), dtype('uint8'))
    """
    images = _square(images)
    steps = random_steps(len(images), generator, STEPS if thickness else (0,))
    result = np.empty((len(images), 1, size, size), images.dtype)
    for rows in blocks(len(images)):
        originals = images[rows].copy()
        for step in set(STEPS) - {0}:
            those = steps[rows] == step
            originals[those] = thickened(originals[those], step)
        drawn = redrawn(
            shrunk(originals, size),
            generator,
            rotation=rotation,
            shear=shear,
            scale=scale,
            shift=shift,
            warp=warp,
            blur=blur,
            noise=noise,
            size=size,
        )
        result[rows, 0] = as_bytes(drawn) if images.dtype == np.uint8 else drawn
    return result


def thickened(images: np.ndarray, step: int) -> np.ndarray:
    """Make strokes fatter by `step` pixels on each side, or thinner where `step` is negative.

    Every pixel becomes the brightest (or darkest) of its neighbourhood. A drawing of which a
    stroke would be wiped out stays as it is, since A without its hairlines is no A.

    Example:
        >>> dot = np.zeros((1, 5, 5), np.uint8)
        >>> dot[0, 2, 2] = 255
        >>> int((thickened(dot, 1) > 0).sum()), int((thickened(dot, -1) > 0).sum())
        (9, 1)
    """
    if step >= 0:
        return _spread(images, step, np.maximum)
    thinner = _spread(images, -step, np.minimum)
    # Fattened again, and by one pixel more, it covers the original unless a stroke got lost or
    # faint.
    grey = 127 if images.dtype == np.uint8 else 0.5
    fattened = _spread(thinner, 1 - step, np.maximum)
    missing = (images > np.maximum(fattened, grey)).sum((1, 2))
    torn = missing > _TORN * (images > grey).sum((1, 2))
    thinner[torn] = images[torn]
    return thinner


def _spread(images, distance, pick):
    """Give every pixel the largest (or smallest) value within a square around it."""
    result = images.copy()
    for _ in range(distance):
        for axis in (1, 2):
            before = result.copy()
            here, there = [slice(None)] * 3, [slice(None)] * 3
            here[axis], there[axis] = slice(1, None), slice(None, -1)
            here, there = tuple(here), tuple(there)
            pick(result[here], before[there], out=result[here])
            pick(result[there], before[here], out=result[there])
    return result


def shrunk(images: np.ndarray, size: int) -> np.ndarray:
    """Halve pictures, by means of four pixels, as long as they are twice `size` or larger.

    So a sampling that looks at four neighbouring pixels misses nothing in between. Floats come
    back; bytes become 0 to 1.

    Example:
        >>> shrunk(np.full((1, 64, 64), 255, np.uint8), 28).shape
        (1, 32, 32)
    """
    if images.dtype == np.uint8:
        images = images * np.float32(1 / 255)
    while images.shape[1] >= 2 * size and images.shape[1] % 2 == 0:
        left, right = images[:, :, ::2], images[:, :, 1::2]
        images = (left[:, ::2] + left[:, 1::2] + right[:, ::2] + right[:, 1::2]) * np.float32(0.25)
    return images


def redrawn(
    originals, generator, *, rotation, shear, scale, shift, warp, blur, noise, size
) -> np.ndarray:
    """Return float32 (N, size, size): `augment` without the strokes, for one block of pictures."""
    n = len(originals)
    x, y = _places(n, generator, rotation, shear, scale, shift, warp, size)
    drawn = _sampled(originals, x, y)
    soft = generator.random(n) < blur
    drawn[soft] = _blurred(drawn[soft])
    # Full ink for all: thin strokes would otherwise come out fainter than fat ones.
    drawn /= drawn.max((1, 2), keepdims=True) + np.float32(1e-3)
    speckles = generator.standard_normal(drawn.shape, dtype=np.float32)
    speckles *= (noise * generator.random((n, 1, 1))).astype(np.float32)
    drawn += speckles
    return np.clip(drawn, 0, 1, out=drawn)


def as_bytes(drawn: np.ndarray) -> np.ndarray:
    """Turn 0..1 into uint8 0..255."""
    return np.rint(drawn * np.float32(255)).astype(np.uint8)


def blocks(n: int) -> list[slice]:
    """Cut n drawings into the blocks that are worked on together."""
    return [slice(start, min(start + _BLOCK, n)) for start in range(0, n, _BLOCK)]


def random_steps(n: int, generator: np.random.Generator, steps=STEPS) -> np.ndarray:
    """Choose how much fatter each drawing's strokes become; see `thickened`."""
    return np.asarray(steps)[generator.integers(len(steps), size=n)]


def _square(images):
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    if images.ndim != 3 or images.shape[1] != images.shape[2] or images.shape[1] < 2:
        raise ValueError(
            "augment takes square pictures, (N, side, side) or (N, 1, side, side); "
            f"given shape {images.shape}"
        )
    return images if images.dtype == np.uint8 else images.astype(np.float32, copy=False)


def _places(n, generator, rotation, shear, scale, shift, warp, size):
    """For every pixel of every result, choose where in the original its ink is fetched.

    Both pictures reach from -1 to 1. Fetching goes backwards, from the result to the original:
    hence the division by the scale.
    """

    def within(limit):
        return generator.uniform(-limit, limit, n)

    turn, slant = within(rotation), within(shear)
    wider, taller = 1 + within(scale), 1 + within(scale)
    right, down = within(2 * shift), within(2 * shift)
    cos, sin = np.cos(turn), np.sin(turn)
    at = (np.arange(size) + 0.5) * (2 / size) - 1  # the middle of each pixel

    def line(along_x, along_y, offset):
        row = (along_x[:, None] * at).astype(np.float32)
        column = (along_y[:, None] * at + offset[:, None]).astype(np.float32)
        return row[:, None, :] + column[:, :, None]

    x = line(cos / wider, (slant * cos - sin) / wider, right)
    y = line(sin / taller, (slant * sin + cos) / taller, down)
    if warp:
        x += _waves(n, generator, warp, at)
        y += _waves(n, generator, warp, at)
    return x, y


def _waves(n, generator, height, at):
    """Return n smooth random surfaces (n, size, size) whose typical value is `height`.

    Each is a sum of products of a wave along x and one along y, of 0, 1, 2, 3 half-waves across
    the picture, with random heights; the longest waves do most of the bending.
    """
    wave = np.cos(np.pi / 2 * np.arange(_WAVES)[:, None] * (at + 1))
    weight = 1 / (1 + np.add.outer(np.arange(_WAVES), np.arange(_WAVES)))
    weight[0, 0] = 0  # a constant would be a shift
    heights = generator.standard_normal((n, _WAVES, _WAVES)) * weight
    typical = np.sqrt((np.outer((wave**2).mean(1), (wave**2).mean(1)) * weight**2).sum())
    heights = (heights * (height / typical)).astype(np.float32)
    wave = wave.astype(np.float32)
    return wave.T @ heights @ wave


def _sampled(pictures, x, y):
    """Fetch ink at places between pixels, mixing the four around (bilinear); outside is paper."""
    side = pictures.shape[1]
    # A frame of paper, so that every place has four neighbours; far outside lands on it too.
    framed = np.zeros((len(pictures), side + 2, side + 2), np.float32)
    framed[:, 1:-1, 1:-1] = pictures
    x, y = (np.clip((c + 1) * np.float32(side / 2) + np.float32(0.5), 0, side + 1) for c in (x, y))
    left = np.minimum(x.astype(np.int32), side)
    top = np.minimum(y.astype(np.int32), side)
    x -= left
    y -= top
    corner = np.arange(len(pictures), dtype=np.int32)[:, None, None] * (side + 2) ** 2
    corner = corner + top * (side + 2) + left
    ink = framed.ravel()
    upper = ink[corner]
    upper += x * (ink[corner + 1] - upper)
    corner += side + 2
    lower = ink[corner]
    lower += x * (ink[corner + 1] - lower)
    lower -= upper
    lower *= y
    lower += upper
    return lower


def _blurred(pictures):
    """Replace every pixel by the mean of the nine around it; outside is paper."""
    framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    rows = framed[:, :-2] + framed[:, 1:-1] + framed[:, 2:]
    return (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) * np.float32(1 / 9)
