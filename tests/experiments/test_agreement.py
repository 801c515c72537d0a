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


@pytest.mark.parametrize(("off", "agrees"), [(0.0, True), (0.19, True), (-0.21, False)])
def test_measured_again_agrees_within_two_standard_deviations(off, agrees):
    def again(way, n, seed):
        return {"accuracy": n / 100 + seed / 10 + (way == "new") + off}

    result = measure_again(TABLE, again, "accuracy", n=10)
    assert result.agrees is agrees
    assert result.tolerance == pytest.approx(0.2)
    assert len(result.cells) == 6


def test_what_scatters_much_does_not_excuse_what_scatters_little():
    """Ten labels: 1 apart; a thousand: 0.01 apart. A tenth off is much for a thousand."""
    spread = {10: 1.0, 1000: 0.01}
    rows = [{"n": n, "seed": s, "a": s * spread[n]} for n in spread for s in (0, 1, 2)]
    table = Table(["n", "seed"], rows)

    def again(n, seed):
        return {"a": seed * spread[n] + 0.1}

    assert measure_again(table, again, "a", n=10).agrees
    off = measure_again(table, again, "a", n=1000)
    assert not off.agrees
    assert "differs by 0.1000 at most, where 0.0200 is allowed" in repr(off)


def test_seeds_that_lie_together_by_chance_are_allowed_half_the_average():
    rows = [{"n": n, "seed": s, "a": s * (n == 1)} for n in (1, 2) for s in (0, 1, 2)]
    result = measure_again(Table(["n", "seed"], rows), lambda n, seed: {"a": 0}, "a")
    assert result.tolerance[3:] == pytest.approx(2 * (0.5 / 4) ** 0.5)


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
