"""Probabilities: the temperature that is known is found, and what is fair counts as fair."""

import numpy as np
import pytest

from minitransfer.train import fit_temperature, reliability, softmax


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def drawn(rng, logits, temperature):
    """Labels that come true as often as softmax(logits / temperature) says."""
    p = softmax(logits, temperature)
    return (p.cumsum(1) < rng.random((len(p), 1))).sum(1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_that_the_labels_were_drawn_with(temperature, rng):
    logits = 2 * rng.standard_normal((20_000, 4))
    assert fit_temperature(logits, drawn(rng, logits, temperature)) == pytest.approx(
        temperature, rel=0.05
    )


def test_it_is_the_smallest_cross_entropy_of_the_smoothed_labels(rng):
    logits, labels = rng.standard_normal((50, 3)), rng.integers(0, 3, 50)
    logits[np.arange(50), labels] += 2
    targets = np.full((50, 3), 1 / 52 / 2)
    targets[np.arange(50), labels] = 51 / 52

    def cross_entropy(temperature):
        return -(targets * np.log(softmax(logits, temperature))).sum(1).mean()

    best = fit_temperature(logits, labels)
    assert cross_entropy(best) < min(cross_entropy(best * 1.01), cross_entropy(best / 1.01))


def test_a_few_right_answers_make_nobody_certain(rng):
    logits = 10 * np.eye(3)[[0, 1, 2, 0]]
    surest = softmax(logits, fit_temperature(logits, [0, 1, 2, 0])).max()
    assert surest == pytest.approx(5 / 6, abs=0.01)


def test_answers_stay_what_they_were(rng):
    logits = rng.standard_normal((30, 5))
    np.testing.assert_array_equal(softmax(logits, 4.0).argmax(1), logits.argmax(1))


def test_fair_answers_pass_and_boasting_does_not(rng):
    logits = 2 * rng.standard_normal((500, 3))
    labels = drawn(rng, logits, 1.0)
    fair, boasting = (reliability(softmax(logits, t), labels) for t in (1.0, 0.3))
    assert fair.error < fair.by_chance
    assert boasting.error > 2 * boasting.by_chance
    assert fair.counts.sum() == 500
    here = fair.counts > 0
    gaps = np.abs(fair.confidence - fair.accuracy)[here]
    assert fair.error == pytest.approx((gaps * fair.counts[here]).sum() / 500)


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ValueError, match="two classes or more"):
        fit_temperature(np.ones((3, 1)), [0, 0, 0])
    with pytest.raises(ValueError, match="reliability takes"):
        reliability(np.ones((0, 2)), [])
