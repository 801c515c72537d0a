"""A slice measured again is compared with the stored table within its spread."""

import pytest

from minitransfer.experiments import Table, measure_again

ROWS = [
    {"way": way, "n": n, "seed": seed, "accuracy": n / 100 + seed / 10 + (way == "new")}
    for way in ("old", "new")
    for n in (20, 10)
    for seed in (0, 1, 2)
]
TABLE = Table(["way", "n", "seed"], ROWS)


@pytest.mark.parametrize(("off", "agrees"), [(0.0, True), (0.29, True), (-0.31, False)])
def test_measured_again_agrees_within_three_standard_deviations(off, agrees):
    def again(way, n, seed):
        return {"accuracy": n / 100 + seed / 10 + (way == "new") + off}

    result = measure_again(TABLE, again, "accuracy", n=10)
    assert result.agrees is agrees
    assert result.spread == pytest.approx(0.1)
    assert len(result.cells) == 6


def test_a_slice_of_one_seed_uses_the_spread_of_all():
    def again(way, n, seed):
        assert (way, n) == ("old", 20)
        return {"accuracy": 0.2 + seed / 10}

    with pytest.raises(ValueError, match="no cells"):
        measure_again(TABLE, again, "accuracy", n=30)
    only = Table(TABLE.keys, ROWS[:1])
    with pytest.raises(ValueError, match="no spread"):
        measure_again(only, again, "accuracy")
    assert measure_again(TABLE, again, "accuracy", way="old", n=20, seed=1).agrees
