"""Known from unknown, and a promise about how often the known is taken for unknown."""

import numpy as np
import pytest

from minitransfer.transfer import Familiarity


def test_the_promise_holds_on_average(rng):
    """Over many small validation sets, one in twenty known examples lies beyond the threshold."""
    beyond = []
    for _ in range(200):
        known, validation, fresh = rng.standard_normal((3, 40, 6)).astype(np.float32) + 1
        beyond.append(Familiarity.of(known, validation).is_unknown(fresh).mean())
    expected = Familiarity.of(known, validation).expected
    assert expected == pytest.approx(1 - 39 / 41)  # the promise that 40 examples can keep
    error = np.std(beyond) / np.sqrt(200)
    assert abs(np.mean(beyond) - expected) < 3 * error


def test_what_points_elsewhere_is_unknown(rng):
    known, validation = rng.standard_normal((2, 60, 8)) * 0.2 + 3 * np.eye(8)[rng.integers(0, 2)]
    elsewhere = 3 * np.eye(8)[7] + rng.standard_normal((30, 8)) * 0.2
    familiarity = Familiarity.of(known, validation)
    assert familiarity.is_unknown(elsewhere).mean() > 0.9
    assert familiarity.distance(known).max() < 2


def test_the_distance_is_one_less_the_cosine():
    familiarity = Familiarity.of([[3.0, 0.0]], [[3.0, 3.0]])
    asked = [[1.0, 0.0], [0.5, 0.5], [0.0, 2.0], [-7.0, 0.0]]
    expected = [0, 1 - np.sqrt(0.5), 1, 2]
    np.testing.assert_allclose(familiarity.distance(asked), expected, atol=1e-6)
    assert familiarity.threshold == pytest.approx(expected[1])
    with pytest.raises(AttributeError):  # the threshold goes with what is known
        familiarity.threshold = 1.0


def test_few_are_kept_of_many_and_the_same_again(rng):
    known, validation = rng.standard_normal((300, 5)), rng.standard_normal((30, 5))
    few = Familiarity.of(known, validation, most=50)
    assert few.known.shape == (50, 5)
    np.testing.assert_array_equal(few.known, Familiarity.of(known, validation, most=50).known)


def test_a_promise_that_cannot_be_kept_is_said():
    features = np.eye(5)
    assert Familiarity.of(features, features[:3]).expected == 0.25


def test_features_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"given \(2, 3\) and \(2, 4\)"):
        Familiarity.of(np.ones((2, 3)), np.ones((2, 4)))
