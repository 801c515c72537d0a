"""Glyphs: the same every time, from the cache or not, whatever happened to the cache."""

import os

import numpy as np
import pytest

from minitransfer import folders
from minitransfer.data import glyph_characters, glyph_set, glyphs


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Give every test an empty cache of its own."""
    monkeypatch.setattr(folders, "cache_folder", lambda: tmp_path)
    return tmp_path / "glyphs"


def small(**others):
    return glyphs(classes=8, per_class=30, **others)


def test_drawings_and_labels_are_what_they_should_be():
    data = small()
    assert data.x.shape == (240, 1, 28, 28)
    assert data.x.dtype == np.uint8
    assert data.y.dtype == np.int64
    assert data.classes == glyph_characters(8)
    assert data.input_type == "image"
    assert "DejaVu" in data.licence
    np.testing.assert_array_equal(np.bincount(data.y), 30)
    assert (np.diff(data.y) != 0).mean() > 0.7, "labels come mixed"
    assert len(np.unique(data.x.reshape(240, -1), axis=0)) == 240
    assert (data.x.max((1, 2, 3)) > 200).all()


def test_a_label_tells_what_is_drawn():
    data = glyphs(classes=8, per_class=60)
    train, test = data.split(360, 120, generator=np.random.default_rng(0))
    means = np.stack([train.x[train.y == label].mean(0).ravel() for label in range(8)])
    distance = ((test.x.reshape(120, 1, -1) - means) ** 2).sum(-1)
    assert (distance.argmin(1) == test.y).mean() > 0.4  # by chance: 0.125


def test_the_seed_decides_and_the_cache_changes_nothing(cache):
    first = small()
    assert len(list(cache.iterdir())) == 1
    assert small().content_hash() == first.content_hash()
    assert small(cache=False).content_hash() == first.content_hash()
    assert small(seed=8).content_hash() != first.content_hash()
    assert len(list(cache.iterdir())) == 2


def test_the_cache_is_used_and_knows_its_arguments(cache, monkeypatch):
    first = small()
    monkeypatch.setattr(glyph_set, "_drawn", lambda *a: pytest.fail("drawn again"))
    assert small().content_hash() == first.content_hash()
    for other in ({"seed": 8}, {"noise": 0.1}, {"thickness": False}, {"size": 32}):
        with pytest.raises(pytest.fail.Exception, match="drawn again"):
            small(**other)
    monkeypatch.setattr(glyph_set, "RENDERER_VERSION", 0)
    with pytest.raises(pytest.fail.Exception, match="drawn again"):
        small()


@pytest.mark.parametrize("damage", ["cut short", "one bit", "empty", "another file"])
def test_a_damaged_cache_file_is_made_again(cache, damage):
    first = small().content_hash()
    (file,) = cache.iterdir()
    content = bytearray(file.read_bytes())
    if damage == "cut short":
        content = content[: len(content) // 2]
    elif damage == "one bit":
        content[len(content) // 2] ^= 1
    elif damage == "empty":
        content = b""
    else:
        content = b"not an archive"
    file.write_bytes(content)
    assert small().content_hash() == first
    assert [f.name for f in cache.iterdir()] == [file.name], "nothing is left lying about"
    with np.load(file) as arrays:
        assert arrays["x"].shape == (240, 1, 28, 28)


def test_a_cache_that_cannot_be_written_costs_only_time(cache, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert len(small()) == 240
    assert list(cache.iterdir()) == []
    cache.rmdir()
    cache.write_text("a file where the folder should be")
    assert len(small()) == 240


def test_progress_goes_up_to_the_end():
    seen = []
    small(progress=lambda done, total: seen.append((done, total)))
    done = [d for d, _ in seen]
    assert len(seen) > 8
    assert done == sorted(done)
    assert {total for _, total in seen} == {seen[-1][0]}
    again = []
    small(progress=lambda done, total: again.append((done, total)))
    assert again == seen[-1:], "from the cache it is done at once"


def test_ranges_reach_the_drawings():
    still = {"rotation": 0, "shear": 0, "scale": 0, "shift": 0, "warp": 0, "blur": 0, "noise": 0}
    data = glyphs(classes=1, per_class=100, thickness=False, **still)
    assert len(np.unique(data.x.reshape(100, -1), axis=0)) <= 12, "one drawing per font"
    assert small(size=32).input_shape == (1, 32, 32)


def test_wrong_arguments_say_what_to_do():
    with pytest.raises(TypeError, match="no argument rotate; the ranges are rotation, shear"):
        small(rotate=1)
    with pytest.raises(ValueError, match="per_class=0"):
        glyphs(5, 0)
    with pytest.raises(ValueError, match="classes=0"):
        glyphs(0)
    with pytest.raises(ValueError, match="100000 characters were asked for"):
        glyphs(100_000, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"x": np.zeros((12, 1, 28, 28), np.float64)},
        {"x": np.zeros((12, 28, 28), np.uint8)},
        {"y": np.full(12, 99)},
        {"y": np.zeros((12, 2), int)},
        {"y": np.full(12, "a")},
        {"characters": np.array("abc")},
        {"characters": np.array([1, 2, 3])},
        {"characters": np.array(["a", "b"])},
    ],
    ids=lambda change: str({k: (v.dtype, v.shape) for k, v in change.items()}),
)
def test_a_cache_file_of_another_s_making_is_made_again(cache, change):
    first = glyphs(3, 4)
    (file,) = cache.glob("**/*.npz")
    with np.load(file) as archive:
        arrays = dict(archive)
    np.savez(file, **{**arrays, **change})
    assert glyphs(3, 4).content_hash() == first.content_hash()
    with np.load(file) as archive:
        assert archive["x"].tobytes() == arrays["x"].tobytes()


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
def test_a_private_cache_file_stays_private(cache):
    glyphs(3, 4)
    (file,) = cache.glob("**/*.npz")
    file.write_bytes(b"damaged")
    file.chmod(0o600)
    glyphs(3, 4)
    assert file.stat().st_mode & 0o777 == 0o600
