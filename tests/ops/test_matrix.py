import numpy as np
import pytest

from minitransfer import ops


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(
    "a, b",
    [
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((4, 1, 2, 3), (5, 3, 2)),
        ((3,), (5, 3, 2)),
        ((0, 3), (3, 2)),
        ((2, 0), (0, 2)),
    ],
)
def test_matmul_follows_numpy(a, b):
    a, b = normal(*a), normal(*b, seed=1)
    value = ops.matmul.__wrapped__(a, b)[0]
    np.testing.assert_allclose(value, np.matmul(a, b), atol=1e-14)
    assert np.shape(value) == np.matmul(a, b).shape


@pytest.mark.parametrize(
    "a, b, message",
    [
        (
            (2, 3),
            (2, 3),
            r"\(2, 3\) and \(2, 3\) do not fit: the last axis of the first has size 3",
        ),
        ((4, 2, 3), (4, 2, 3), "do not fit"),
        ((3,), (2, 3), "second to last axis of the second 2"),
        ((2, 3), (2,), "only axis of the second 2"),
        ((2, 1, 3), (4, 3, 1, 3), "do not fit"),
        ((2, 1, 3), (3, 3, 1), "leading axes"),
        ((), (2, 2), "at least one axis"),
    ],
)
def test_matmul_explains_shapes_that_do_not_fit(a, b, message):
    with pytest.raises(ValueError, match=message):
        ops.matmul.__wrapped__(normal(*a), normal(*b))


def test_linear_is_a_product_and_a_sum():
    x, w, b = normal(5, 4, 3), normal(2, 3, seed=1), normal(2, seed=2)
    np.testing.assert_allclose(ops.linear.__wrapped__(x, w, b)[0], x @ w.T + b)
    np.testing.assert_allclose(ops.linear.__wrapped__(x[0], w)[0], x[0] @ w.T)
    np.testing.assert_allclose(ops.linear.__wrapped__(x[0, 0], w, b)[0], w @ x[0, 0] + b)


def test_a_population_computes_what_its_members_compute():
    x, w, b = normal(4, 3), normal(6, 2, 3, seed=1), normal(6, 2, seed=2)
    together, (dx, dw, db) = ops.linear.__wrapped__(x, w, b)
    gy = normal(6, 4, 2, seed=3)
    each = [ops.linear.__wrapped__(x, w[p], b[p]) for p in range(6)]
    np.testing.assert_allclose(together, [value for value, _ in each])
    np.testing.assert_allclose(dx(gy), sum(d[0](gy[p]) for p, (_, d) in enumerate(each)))
    np.testing.assert_allclose(dw(gy), [d[1](gy[p]) for p, (_, d) in enumerate(each)])
    np.testing.assert_allclose(db(gy), [d[2](gy[p]) for p, (_, d) in enumerate(each)])


@pytest.mark.parametrize(
    "x, w, b, message",
    [
        ((4, 3), (2, 5), None, "takes 5 features"),
        ((4, 3), (2, 3), (3,), r"the bias has shape \(3,\)"),
        ((4, 3), (3,), None, r"expected \(out, in\)"),
        ((), (2, 3), None, "takes 3 features"),
        ((5, 4, 3), (6, 2, 3), None, r"population of 6 layers takes \(6, N, 3\)"),
        ((4, 3), (6, 2, 3), (2,), r"needs \(6, 2\)"),
    ],
)
def test_linear_explains_shapes_that_do_not_fit(x, w, b, message):
    with pytest.raises(ValueError, match=message):
        ops.linear.__wrapped__(normal(*x), normal(*w), None if b is None else normal(*b))


def test_linear_has_no_derivative_for_a_bias_that_is_missing():
    assert ops.linear.__wrapped__(normal(4, 3), normal(2, 3))[1][2] is None


@pytest.mark.parametrize("shapes", [((3, 0), (0, 2)), ((2, 3, 0), (2, 0, 2)), ((2, 3, 0), (0, 2))])
def test_products_over_nothing_are_zero(shapes):
    a, b = (np.zeros(shape) for shape in shapes)
    value, (da, db) = ops.matmul.__wrapped__(a, b)
    np.testing.assert_array_equal(value, a @ b)
    gy = np.ones_like(value)
    assert (da(gy).shape, db(gy).shape) == shapes
