"""Folders of small grey pictures: strokes that a network for characters can see."""

import numpy as np
import pytest
from PIL import Image


def _stroke(kind: str, rng) -> np.ndarray:
    """A 28 × 28 picture in bytes: a bar lying, standing or slanted, or a ring, somewhere."""
    rows, columns = np.mgrid[:28, :28] - 13.5 - rng.uniform(-3, 3, (2, 1, 1))
    away = {
        "lying": np.abs(rows),
        "standing": np.abs(columns),
        "slanted": np.abs(rows - columns) / np.sqrt(2),
        "ring": np.abs(np.hypot(rows, columns) - 7),
    }[kind]
    inside = np.hypot(rows, columns) < 10
    ink = np.clip(2.2 + rng.uniform(-0.5, 0.5) - away, 0, 1) * inside
    noise = rng.normal(0, 8, ink.shape)
    return np.clip(255 * ink + noise, 0, 255).astype(np.uint8)


def _write(folder, kinds, count, rng) -> None:
    """Write so many pictures of each kind: name of the folder → kind of stroke."""
    for name, kind in kinds.items():
        (folder / name).mkdir(parents=True)
        for i in range(count):
            Image.fromarray(_stroke(kind, rng)).save(folder / name / f"{i:02}.png")


@pytest.fixture(scope="session")
def strokes(tmp_path_factory):
    """A folder of two classes, 15 pictures each."""
    folder = tmp_path_factory.mktemp("pictures") / "strokes"
    _write(folder, {"lying": "lying", "ring": "ring"}, 15, np.random.default_rng(0))
    return folder


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def stroke():
    """A function that draws one; see `_stroke`."""
    return _stroke


@pytest.fixture(scope="session")
def write():
    """A function that writes a folder of them; see `_write`."""
    return _write
