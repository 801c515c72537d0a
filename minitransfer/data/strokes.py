"""Drawings of single strokes: what to ask a layer with, whether it tells line from corner."""

import numpy as np

#: How the direction runs along a stroke, from its beginning at -1 to its end at 1.
_TURNED = {
    "line": lambda t: 0 * t,
    "corner": lambda t: np.sign(t) / 2,
    "curve": lambda t: t / 2,
}


def strokes(kind: str, count: int, generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw single strokes of any direction near the middle of the picture.

    Args:
        kind: "line", "corner" or "curve"; the last two turn by 69 to 109 degrees.
        count: how many.
        generator: `numpy.random.Generator`; decides on direction, length, width and place.

    Returns:
        (pictures float32 (count, 1, 28, 28) from 0 paper to 1 ink, the direction of each stroke
        in its middle, in radians from 0 to π).

    Raises:
        ValueError: if the kind is unknown.

    Example:
        >>> pictures, angles = strokes("corner", 5, np.random.default_rng(0))
        >>> pictures.shape, angles.shape
        ((5, 1, 28, 28), (5,))
    """
    if kind not in _TURNED:
        raise ValueError(f"kind={kind!r}; expected one of {list(_TURNED)}")
    t = np.linspace(-1, 1, 33)
    start = generator.uniform(0, 2 * np.pi, count)
    turn = generator.uniform(1.2, 1.9, count) * generator.choice([-1, 1], count)
    angle = start[:, None] + turn[:, None] * _TURNED[kind](t)
    step = generator.uniform(14, 18, (count, 1)) / 32
    path = np.cumsum(step * np.stack([np.cos(angle), np.sin(angle)]), axis=2)
    path -= path.mean(axis=2, keepdims=True)
    path += 13.5 + generator.uniform(-2, 2, (2, count, 1))
    x, y = path[..., None, None]  # axes: stroke, place on it, dots
    dots = np.arange(28)
    distance = np.full((count, 28, 28), np.inf)
    for k in range(len(t)):
        here = (dots - x[:, k]) ** 2 + (dots[:, None] - y[:, k]) ** 2
        distance = np.minimum(distance, here)
    width = generator.uniform(1, 2, (count, 1, 1))
    ink = np.clip(0.5 + width - np.sqrt(distance), 0, 1)
    return ink[:, None].astype(np.float32), start % np.pi
