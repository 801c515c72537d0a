import numpy as np
import pytest

from minitransfer import ops

GY = np.array([10.0, 20.0, 30.0])


@pytest.mark.parametrize(
    "name, for_a, for_b",
    [("maximum", [0, 10, 30], [10, 10, 0]), ("minimum", [10, 10, 0], [0, 10, 30])],
)
def test_ties_are_halved(name, for_a, for_b):
    a, b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    _, (da, db) = getattr(ops, name).__wrapped__(a, b)
    np.testing.assert_array_equal(da(GY), for_a)
    np.testing.assert_array_equal(db(GY), for_b)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_nan_wins(name):
    value, _ = getattr(ops, name).__wrapped__(np.array([np.nan, 1.0]), np.array([1.0, np.nan]))
    assert np.isnan(value).all()


def test_clip_passes_the_gradient_on_its_limits():
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, np.nan])
    value, (dx, *_) = ops.clamp.__wrapped__(x, min=-1, max=1)
    np.testing.assert_array_equal(value, [-1, -1, 0, 1, 1, np.nan])
    np.testing.assert_array_equal(dx(np.ones(6))[:5], [0, 1, 1, 1, 0])


def test_clip_keeps_the_type_whatever_the_limits():
    x = np.ones(2, np.float32)
    assert ops.clamp.__wrapped__(x, min=np.float64(0.0), max=np.array(1.0))[0].dtype == np.float32
    assert ops.clamp.__wrapped__(np.arange(3), min=1)[0].dtype == int


def test_clip_without_limits_is_refused():
    with pytest.raises(ValueError, match="neither `min` nor `max`"):
        ops.clamp.__wrapped__(np.ones(2))


def test_where_leaves_what_is_not_chosen_without_gradient():
    value, (none, da, db) = ops.where.__wrapped__(
        np.array([True, False, True]), np.ones(3), np.zeros(3)
    )
    assert none is None
    np.testing.assert_array_equal(value, [1, 0, 1])
    np.testing.assert_array_equal(da(GY), [10, 0, 30])
    np.testing.assert_array_equal(db(GY), [0, 20, 0])
