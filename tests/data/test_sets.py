"""The sets that come along: shapes, fixed parts, licences."""

import numpy as np
import pytest

from minitransfer.data import (
    animal_shapes,
    japanese_vowels,
    languages,
    mnist,
    sets,
    shuffled_digits,
    uci_digits,
)

SETS = {
    mnist: ((5000, 1000, 4000), (1, 28, 28), 10, "image"),
    uci_digits: ((1000, 197, 600), (1, 8, 8), 10, "image"),
    animal_shapes: ((5000, 1000, 3716), (1, 28, 28), 10, "image"),
    japanese_vowels: ((180, 90, 370), (29, 12), 9, "sound"),
}


@pytest.mark.parametrize("load", SETS, ids=lambda load: load.__name__)
def test_parts_make_up_the_whole(load):
    sizes, shape, classes, kind = SETS[load]
    whole = load()
    parts = [load(part) for part in ("pool", "validation", "test")]
    assert tuple(len(part) for part in parts) == sizes
    assert sum(sizes) == len(whole)
    for part in (whole, *parts):
        assert part.input_shape == shape
        assert len(part.classes) == classes
        assert part.input_type == kind
        assert part.licence
        assert part.y.dtype == np.int64
        assert len(np.unique(part.y)) == classes
        assert not part.x.flags.writeable, "all callers share these arrays"
    rows = np.concatenate([part.x for part in parts]).reshape(len(whole), -1)
    order, expected = np.lexsort(rows.T), np.lexsort(whole.x.reshape(len(whole), -1).T)
    np.testing.assert_array_equal(rows[order], whole.x.reshape(len(whole), -1)[expected])


def test_shuffled_digits_are_the_digits_in_one_order_everywhere():
    means = [shuffled_digits(part).x.mean(axis=0).ravel() for part in ("pool", "test")]
    assert np.corrcoef(means)[0, 1] > 0.99
    plain, shuffled = mnist("test"), shuffled_digits("test")
    assert (plain.y == shuffled.y).all()
    rows, others = (np.sort(some.x.reshape(4000, -1)) for some in (plain, shuffled))
    np.testing.assert_array_equal(rows, others)


@pytest.mark.parametrize("load", [mnist, uci_digits, animal_shapes], ids=lambda f: f.__name__)
def test_parts_hold_the_classes_in_proportion(load):
    share = np.bincount(load().y) / len(load())
    for part in ("pool", "validation", "test"):
        counts = np.bincount(load(part).y)
        assert np.abs(counts - share * counts.sum()).max() <= 1


def test_the_split_is_the_published_one():
    # Results on "test" are compared across versions: these numbers must never change.
    assert mnist("test").content_hash()[:16] == "a5a5072352c6a01d"
    assert uci_digits("test").content_hash()[:16] == "b8e99d04054a6090"
    assert animal_shapes("test").content_hash()[:16] == "e0195b383025c677"
    assert japanese_vowels("pool").content_hash()[:16] == "f0983a91497b4802"


def test_the_largest_even_sample_of_the_grid_fits_in_the_pool():
    few = mnist("pool").sample(4000, np.random.default_rng(0))
    np.testing.assert_array_equal(np.bincount(few.y), 400)


def test_uci_digits_fill_the_grey_scale_and_grow():
    small = uci_digits()
    assert (small.x.min(), small.x.max()) == (0, 255)
    large = uci_digits(size=28)
    assert large.input_shape == (1, 28, 28)
    assert large.x.dtype == np.uint8
    np.testing.assert_array_equal(large.y, small.y)
    assert abs(large.x.mean() / small.x.mean() - 1) < 0.02, "interpolation keeps the ink"
    np.testing.assert_array_equal(uci_digits("test", 28).y, uci_digits("test").y)
    with pytest.raises(ValueError, match="smaller than the 8 dots"):
        uci_digits(size=7)


def test_vowels_end_in_silence_and_keep_the_published_test_set():
    lengths = (japanese_vowels().x != 0).any(axis=2).sum(axis=1)
    assert (lengths.min(), lengths.max()) == (7, 29)
    np.testing.assert_array_equal(np.bincount(japanese_vowels("pool").y), 20)
    np.testing.assert_array_equal(np.bincount(japanese_vowels("validation").y), 10)
    np.testing.assert_array_equal(japanese_vowels("test").x, japanese_vowels().x[270:])


def test_languages_are_aligned():
    data = languages()
    assert data["udhr"].keys() == data["territories"].keys()
    assert len(data["udhr"]) == 16
    assert {len(articles) for articles in data["udhr"].values()} == {30}
    assert len({frozenset(names) for names in data["territories"].values()}) == 1
    assert data["territories"]["fr"]["DE"] == "Allemagne"


@pytest.mark.parametrize("load", SETS, ids=lambda load: load.__name__)
def test_an_unknown_part_is_told_the_known_ones(load):
    with pytest.raises(ValueError, match=r'no part \'train\'; the parts are "pool" .*"test"'):
        load("train")


def test_every_file_has_its_licence_named():
    folder = sets._FILES
    text = (folder / "LICENCES.md").read_text(encoding="utf-8")
    files = [file.name for file in folder.iterdir() if file.name != "LICENCES.md"]
    assert len(files) == 6
    for name in files:
        assert f"## {name}" in text
