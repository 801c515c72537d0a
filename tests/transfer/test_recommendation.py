"""What is recommended follows from what was seen, and can be done as it stands."""

import numpy as np
import pytest

from minitransfer import data, nn, train, transfer, zoo
from minitransfer.data import Dataset
from minitransfer.transfer import Facts, advice_for, recommendation
from minitransfer.transfer.recommendation import OFF, RULE, STRATEGIES, expected_gains


def test_every_strategy_but_scratch_has_its_row():
    assert (
        set(RULE)
        == set(OFF)
        == set(STRATEGIES) - {"scratch"}
        == set(recommendation.ADVICE) - {"scratch"}
    )
    assert all(low < 0 < high for low, high in OFF.values())


def test_it_takes_what_it_expects_most_of():
    for borrowed in np.linspace(0, 1, 21):
        facts = Facts(200, 10, float(borrowed), 0.5)
        advice, expected = advice_for(facts), expected_gains(facts)
        assert expected == advice.expected
        assert expected[advice.strategy] == max(expected.values())
        low, high = advice.interval
        assert low < advice.gain < high
        assert advice.gain >= 0


def test_the_gain_of_scratch_is_what_borrowing_would_lose():
    advice = advice_for(Facts(1000, 10, borrowed=0.1, raw=0.9))
    assert advice.strategy == "scratch"
    best = max(gain for name, gain in advice.expected.items() if name != "scratch")
    assert advice.gain == pytest.approx(-best)
    assert advice.interval[1] > advice.gain > 0
    assert "hide some of what counts" in advice.reason


def test_the_better_the_features_the_more_is_expected():
    gains = [expected_gains(Facts(100, 10, share, 0.5))["head"] for share in (0.2, 0.5, 0.8)]
    assert gains == sorted(gains)
    assert "fit the task" in advice_for(Facts(100, 10, 0.8, 0.5)).reason


@pytest.fixture
def few():
    return data.mnist("pool").sample(60, np.random.default_rng(0))


def test_what_is_recommended_can_be_done(few):
    network = zoo.load("glyph-mlp")
    before = {k: v.array.copy() for k, v in network.state_dict().items()}
    advice = transfer.recommend(network, few, generator=np.random.default_rng(0))
    assert all((v.array == before[k]).all() for k, v in network.state_dict().items())
    assert advice.strategy != "scratch"
    assert advice.facts.examples == 60
    assert advice.facts.classes == 10
    assert f"{advice.facts.borrowed:.0%}" in advice.reason
    rng = np.random.default_rng(0)
    transfer.replace_head(network, 10, generator=rng)
    transfer.fine_tune(network, few, generator=rng, **advice.options)
    assert train.evaluate(network, data.mnist("validation"))["accuracy"] > 0.6


def test_same_seed_same_advice(few):
    network = zoo.load("glyph-mlp")
    first, again = (
        transfer.recommend(network, few, generator=np.random.default_rng(3)) for _ in range(2)
    )
    assert first == again


def test_borrowed_and_raw_are_asked_in_the_same_parts(few):
    """A body that changes nothing: both shares are one."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    facts = transfer.facts_about(network, few, generator=np.random.default_rng(0))
    assert facts.borrowed == facts.raw


def test_large_pictures_are_read_as_small_ones(rng):
    x = rng.integers(0, 256, (20, 3, 96, 64), np.uint8)
    some = Dataset(x, np.arange(20) % 2, input_type="image")
    rows = recommendation._small(some)
    assert rows.shape == (20, 3 * 32 * 21)
    first = x[0, 0, :3, :3].mean() / 255
    assert rows[0, 0] == pytest.approx(first, rel=1e-5)


@pytest.mark.parametrize(
    "y, message",
    [
        (np.linspace(0, 1, 8), "values .* where labels are expected"),
        (np.zeros(8, int), "all 8 examples are of one"),
        (np.arange(8), "a class with two examples"),
    ],
)
def test_what_it_refuses(rng, y, message):
    network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    with pytest.raises(ValueError, match=message):
        transfer.recommend(network, (rng.standard_normal((8, 4)).astype(np.float32), y))
