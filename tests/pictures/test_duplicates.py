import tracemalloc

import numpy as np
import pytest
from PIL import Image

from minitransfer import data, pictures
from minitransfer.pictures.duplicates import _standardised, near_rows

CHANGES = {
    "jpeg.jpg": lambda image: (image, {"quality": 50}),
    "half.png": lambda image: (image.resize((image.width // 2, image.height // 2)), {}),
    "dark.png": lambda image: (image.point(lambda value: int(0.7 * value)), {}),
    "soft.png": lambda image: (image.point(lambda v: int(255 * (v / 255) ** 0.8)), {}),
}


@pytest.fixture
def folder(tmp_path, make):
    for name in "ab":
        (tmp_path / name).mkdir()
        for i in range(20):
            image = make.picture(100 * (name == "b") + i, size=(120, 120))
            image.save(tmp_path / name / f"{i}.png")
    return tmp_path


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_picture_saved_otherwise_is_found_and_no_other(folder, name):
    with Image.open(folder / "a" / "3.png") as image:
        changed, options = CHANGES[name](image)
        changed.save(folder / "b" / name, **options)
    (pair,) = pictures.near_duplicates(pictures.collect(folder))
    assert (pair.first, pair.second) == ("a/3.png", f"b/{name}")
    assert 0 <= pair.distance < 0.01
    assert not pair.agree


def test_of_several_collections_only_pairs_across_them(folder):
    for name in ("again.png", "and again.png"):
        (folder / "a" / name).write_bytes((folder / "a" / "3.png").read_bytes())
    found = pictures.collect(folder)
    assert len(pictures.near_duplicates(found)) == 3
    names = ("3.png", "again.png", "and again.png")
    three = np.array([path.name in names for path in found.paths]) & (found.y == 0)
    one, others = np.flatnonzero(three)[:1], np.flatnonzero(three)[1:]
    pairs = pictures.near_duplicates(found[one], found[others])
    assert len(pairs) == 2
    assert {pair.parts for pair in pairs} == {(0, 1)}
    assert {pair.rows for pair in pairs} == {(0, 0), (0, 1)}
    assert all(pair.agree for pair in pairs)


def test_a_folder_full_of_copies_costs_neither_minutes_nor_memory(tmp_path, make):
    """The frames of a film, say: each pair of 1,100 is one."""
    make.picture(0, size=(24, 24)).save(tmp_path / "0.png")
    content = (tmp_path / "0.png").read_bytes()
    for i in range(1100):
        (tmp_path / f"{i}.png").write_bytes(content)
    (tmp_path / "labels.csv").write_text(
        "file,label\n" + "".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(1100))
    )
    found = pictures.collect(tmp_path)
    tracemalloc.start()
    _, rows, away = near_rows(found)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len({*map(tuple, rows.tolist())}) == len(away) == 1100 * 1099 / 2
    assert (rows[:, 0] < rows[:, 1]).all()
    assert most < 100e6


def test_even_pictures_and_broken_ones_are_left_out(folder):
    for i in range(3):
        Image.new("RGB", (30, 30), (200, 200, 200)).save(folder / "a" / f"blank {i}.png")
    whole = (folder / "a" / "1.png").read_bytes()
    (folder / "a" / "cut.png").write_bytes(whole[: len(whole) // 2])
    found = pictures.collect(folder)
    assert pictures.near_duplicates(found) == []
    assert [name for name, _ in found.skipped] == ["a/cut.png"]


def test_no_false_alarm_on_drawings():
    drawings = (data.mnist("validation"), data.glyphs(300, 2, seed=0), data.uci_digits("test"))
    for pictures_of in drawings:
        x = pictures_of.x[:600, 0]
        small = np.stack([np.asarray(Image.fromarray(p).resize((24, 24), 2)) for p in x])
        thumbs = _standardised((small / 255).astype(np.float32)[:, None])
        assert (np.triu(thumbs @ thumbs.T, 1) < 0.99).all()
