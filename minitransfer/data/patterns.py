"""Pictures drawn by formulas: striped patterns, and sounds as one sees them in a spectrogram."""

import numpy as np

from minitransfer.data.dataset import Dataset


def gratings(count: int = 12_000, seed: int = 5) -> Dataset:
    """Draw striped patterns of 32 kinds: eight directions, four widths.

    Each is three waves of about the same direction and width, and grain on top.

    Args:
        count: how many pictures.
        seed: decides about all that is random.

    Returns:
        Dataset with x uint8 (count, 1, 28, 28) and y int64 (count,).

    Example:
        >>> gratings(100)
        Dataset 'gratings': 100 examples (1, 28, 28), 32 classes
    """
    rng = np.random.default_rng(seed)
    kind = rng.integers(32, size=count)
    rows, columns = np.mgrid[:28, :28].astype(np.float32) / 28
    waves = 0
    for _ in range(3):
        turn = kind % 8 * np.pi / 8 + 0.15 * rng.standard_normal(count)
        width = np.array([2, 3.5, 5, 7])[kind // 8]
        width = width * (1 + 0.1 * rng.standard_normal(count))
        along = _column(np.cos(turn)) * columns
        along = along + _column(np.sin(turn)) * rows
        phase = rng.uniform(0, 2 * np.pi, count)
        waves = waves + np.cos(2 * np.pi * _column(width) * along + _column(phase))
    return _pictures("gratings", 0.5 + waves / 6, kind, rng)


def sounds(count: int = 12_000, seed: int = 5) -> Dataset:
    """Draw sounds of 32 kinds as a spectrogram shows them: eight pitches, four beats.

    Each is five overtones, which lie one above the other as bright lines, and get louder and softer
    in its beat.

    Args:
        count: how many pictures.
        seed: decides about all that is random.

    Returns:
        Dataset with x uint8 (count, 1, 28, 28) and y int64 (count,).

    Example:
        >>> sounds(100)
        Dataset 'sounds': 100 examples (1, 28, 28), 32 classes
    """
    rng = np.random.default_rng(seed)
    kind = rng.integers(32, size=count)
    pitch, beat = 3 + 0.8 * (kind % 8), 1 + kind // 8
    row, moment = np.arange(28)[:, None], np.arange(28)[None]
    lines = 0
    for overtone in range(1, 6):
        height = pitch * overtone * (1 + 0.03 * rng.standard_normal(count))
        distance = row - _column(height)
        lines = lines + np.exp(-(distance**2) / 0.6) / overtone**0.5
    phase = rng.uniform(0, 2 * np.pi, count)
    loud = np.cos(2 * np.pi * _column(beat) * moment / 28 + _column(phase))
    return _pictures("sounds", lines * (0.5 + 0.5 * loud), kind, rng)


def _pictures(name, brightness, kind, rng) -> Dataset:
    grain = rng.standard_normal(brightness.shape)
    x = np.clip(brightness + 0.1 * grain, 0, 1)
    x = (255 * x).astype(np.uint8)[:, None]
    return Dataset(x, kind, name, classes=tuple(map(str, range(32))), input_type="image")


def _column(values) -> np.ndarray:
    """One number for each picture, as a factor for all its dots."""
    return np.float32(values)[:, None, None]
