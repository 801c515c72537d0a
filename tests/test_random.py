"""One default generator per thread, and a seed for it."""

import threading

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import default_generator, manual_seed


def test_the_same_seed_gives_the_same_numbers():
    assert manual_seed(5).random() == manual_seed(5).random()
    assert manual_seed(np.int64(5)).random() == np.random.default_rng(5).random()
    assert manual_seed(5).random() != manual_seed(6).random()


def test_manual_seed_returns_the_generator_that_is_used():
    generator = manual_seed(1)
    assert default_generator() is generator
    expected = np.random.default_rng(1).random(3, np.float32)
    np.testing.assert_array_equal(mt.rand(3).array, expected)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(ValueError, match="whole number"):
        manual_seed(seed)


def test_threads_do_not_disturb_each_other():
    manual_seed(7)
    expected = [default_generator().random() for _ in range(2)]
    manual_seed(7)
    first = default_generator().random()

    def other():
        manual_seed(8)
        default_generator().random(100)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert [first, default_generator().random()] == expected


def test_a_new_thread_starts_with_numbers_of_its_own():
    drawn = []
    for _ in range(2):
        thread = threading.Thread(target=lambda: drawn.append(default_generator().random()))
        thread.start()
        thread.join()
    assert drawn[0] != drawn[1]
