import numpy as np
import pytest

from minitransfer.data import mnist, patches


def test_they_are_cut_out_of_the_pictures():
    pictures = np.random.default_rng(0).random((3, 9, 10)).astype(np.float32)
    for patch in patches(pictures, 20, np.random.default_rng(1), side=8).reshape(-1, 8, 8):
        places = [
            pictures[n, r : r + 8, c : c + 8] for n in range(3) for r in (0, 1) for c in range(3)
        ]
        assert any(np.array_equal(patch, place) for place in places)


def test_each_shows_something_and_bytes_become_shares():
    found = patches(mnist("pool").x, 200, np.random.default_rng(0))
    assert found.dtype == np.float32
    assert found.shape == (200, 64)
    assert found.min() >= 0
    assert 0.9 < found.max() <= 1
    assert found.std(axis=1).min() > 0.1


def test_every_place_is_reached():
    ramp = np.arange(100, dtype=np.float32).reshape(1, 10, 10) / 100
    corners = patches(ramp, 200, np.random.default_rng(0), side=8)[:, 0]
    assert {round(100 * corner) for corner in corners} == {0, 1, 2, 10, 11, 12, 20, 21, 22}


def test_the_same_seed_gives_the_same():
    one, two = (patches(mnist("pool").x, 5, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, two)


def test_no_patches_are_no_rows():
    assert patches(mnist("pool").x, 0, np.random.default_rng(0), side=4).shape == (0, 16)


@pytest.mark.parametrize("shape", [(5, 28), (5, 3, 28, 28), (5, 7, 28), (0, 28, 28)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(ValueError, match="at least 8 by 8"):
        patches(np.zeros(shape), 1, np.random.default_rng(0))


def test_blank_paper_is_no_endless_search():
    with pytest.raises(ValueError, match="blank"):
        patches(np.zeros((2, 28, 28)), 1, np.random.default_rng(0))
