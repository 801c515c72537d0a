"""Rows in, curves out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitransfer.experiments import Table
from minitransfer.experiments.cells import cell_text, cell_value, key_of

ROWS = [
    {"way": way, "n": n, "seed": seed, "accuracy": n / 100 + seed / 10 + (way == "new")}
    for way in ("old", "new")
    for n in (20, 10)
    for seed in (0, 1, 2)
]
TABLE = Table(["way", "n", "seed"], ROWS)


def test_a_curve_is_runs_by_points_in_rising_order():
    n, runs = TABLE.curve("accuracy", over="n", way="new")
    assert n.tolist() == [10, 20]
    np.testing.assert_allclose(runs, [[1.1, 1.2], [1.2, 1.3], [1.3, 1.4]])
    assert TABLE.curve("accuracy", over="n")[1].shape == (6, 2)


def test_runs_tell_what_they_share_in_the_order_of_the_curve():
    _, runs = TABLE.curve("accuracy", over="n")
    ways, seeds = (TABLE.run_keys(key, over="n") for key in ("way", "seed"))
    for way, seed, run in zip(ways, seeds, runs, strict=True):
        assert run[0] == TABLE.values("accuracy", way=way, seed=seed, n=10)[0]
    with pytest.raises(KeyError, match="differ by seed, not by 'way'"):
        TABLE.run_keys("way", over="n", way="old")


def test_runs_that_share_a_seed_make_one_curve():
    _, runs = TABLE.curve("accuracy", over="n", cluster="seed")
    np.testing.assert_allclose(runs, [[0.6, 0.7], [0.7, 0.8], [0.8, 0.9]])


def test_a_curve_with_a_hole_is_refused():
    with pytest.raises(ValueError, match=r"1 of 6 points.*n 10"):
        Table(TABLE.keys, ROWS[:5]).curve("accuracy", over="n", way="old")


def test_unknown_columns_are_named():
    with pytest.raises(KeyError, match="size"):
        TABLE.where(size=3)
    with pytest.raises(KeyError, match="loss"):
        TABLE.values("loss")
    with pytest.raises(KeyError, match="30"):
        TABLE.values("accuracy", n=30)


SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ENTRIES = st.recursive(SIMPLE, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=8)


@given(value=ENTRIES)
def test_an_entry_keeps_its_identity_and_its_type_through_a_file(value):
    text = cell_text(value)
    again = cell_value(text)
    assert cell_text(again) == text
    assert type(again) is type(value)
    assert again == value or repr(again) == repr(value)  # NaN
    assert text.isprintable(), "a line end would cut a row in two"


@given(a=SIMPLE, b=SIMPLE)
def test_two_entries_have_one_identity_only_if_they_are_equal(a, b):
    same = key_of({"x": a}, "x") == key_of({"x": b}, "x")
    equal = a == b and isinstance(a, bool) is isinstance(b, bool)
    assert same == (equal or (a != a and b != b))


@pytest.mark.parametrize(
    "value, plain",
    [(np.int64(3), 3), (np.float32(0.5), 0.5), (np.bool_(True), True), ([1, [2]], (1, (2,)))],
)
def test_numpy_s_numbers_and_lists_are_those_of_python(value, plain):
    assert cell_text(value) == cell_text(plain)
    assert key_of({"x": value}, "x") == key_of({"x": plain}, "x")


@pytest.mark.parametrize("value", [{1: 2}, {"a"}, len, np.zeros(2), 1j])
def test_what_no_file_can_give_back_is_refused(value):
    with pytest.raises(TypeError, match="a cell holds numbers, text"):
        cell_text(value)


def test_rows_are_found_by_entries_of_every_kind():
    entries = [True, 1, None, "None", "1", (1, 2), float("nan"), 0.5]
    table = Table(["x", "seed"], [{"x": x, "seed": 0, "n": i} for i, x in enumerate(entries)])
    for i, x in enumerate(entries):
        assert table.values("n", x=x).tolist() == [i]
    assert table.values("n", x=1.0).tolist() == [1]
    assert table.values("n", x=[1, 2]).tolist() == [5]


def test_curves_over_settings_that_have_no_order():
    rows = [
        {"width": width, "n": n, "seed": seed, "loss": n + seed}
        for width in (None, 8)
        for n in (1, 2)
        for seed in (0, 1)
    ]
    table = Table(["width", "n", "seed"], rows)
    n, runs = table.curve("loss", over="n")
    assert n.tolist() == [1, 2]
    assert runs.tolist() == [[1, 2], [2, 3], [1, 2], [2, 3]]
    assert table.run_keys("width", over="n").tolist() == [None, None, 8, 8]
