import numpy as np
import pytest

from minitransfer import ops

PAIRWISE = ["mse_loss", "l1_loss", "huber_loss", "kl_div", "binary_cross_entropy_with_logits"]
X = np.array([[0.5, -1.0, 3.0], [0.0, 2.0, -2.0]])
T = np.array([[0.1, 0.7, 0.2], [0.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    "name, formula",
    [
        ("mse_loss", lambda x, t: (x - t) ** 2),
        ("l1_loss", lambda x, t: np.abs(x - t)),
        ("kl_div", lambda x, t: np.where(t > 0, t * (np.log(np.maximum(t, 1e-300)) - x), 0)),
        (
            "binary_cross_entropy_with_logits",
            lambda x, t: t * np.log1p(np.exp(-x)) + (1 - t) * np.log1p(np.exp(x)),
        ),
    ],
)
def test_agrees_with_the_formula(name, formula):
    single = formula(X, T)
    for reduction, expected in [("none", single), ("sum", single.sum()), ("mean", single.mean())]:
        value = getattr(ops, name).__wrapped__(X, T, reduction=reduction)[0]
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-15)


def test_huber_is_quadratic_near_and_linear_far():
    losses = ops.huber_loss.__wrapped__(
        np.array([0.5, -3.0]), np.zeros(2), delta=2, reduction="none"
    )[0]
    np.testing.assert_allclose(losses, [0.125, 2 * (3 - 1)])
    with pytest.raises(ValueError, match="delta is 0"):
        ops.huber_loss.__wrapped__(X, T, delta=0)


def test_kl_div_of_the_truth_is_zero_and_impossible_classes_are_free():
    target = np.array([[0.5, 0.5, 0.0]])
    with np.errstate(divide="ignore"):
        exact = np.log(target)
    value, (dinput, dtarget) = ops.kl_div.__wrapped__(exact, target, reduction="batchmean")
    assert value == 0
    np.testing.assert_array_equal(dinput(np.array(1.0)), -target)
    np.testing.assert_array_equal(dtarget(np.array(1.0)), [[1, 1, 0]])
    assert ops.kl_div.__wrapped__(X, np.log(T + 1), log_target=True, reduction="sum")[0].shape == ()


def test_kl_div_batchmean_divides_by_the_batch():
    total = ops.kl_div.__wrapped__(X, T, reduction="sum")[0]
    np.testing.assert_allclose(ops.kl_div.__wrapped__(X, T, reduction="batchmean")[0], total / 2)
    with pytest.raises(ValueError, match="needs a batch axis"):
        ops.kl_div.__wrapped__(np.array(0.5), np.array(0.5), reduction="batchmean")


def test_binary_cross_entropy_is_stable():
    x, t = np.array([-1e4, 1e4, -1e4, 1e4]), np.array([1.0, 1.0, 0.0, 0.0])
    value, (dinput, _) = ops.binary_cross_entropy_with_logits.__wrapped__(x, t, reduction="none")
    np.testing.assert_array_equal(value, [1e4, 0, 0, 1e4])
    np.testing.assert_array_equal(dinput(np.ones(4)), [-1, 0, 0, 1])


def test_binary_cross_entropy_weights():
    plain = ops.binary_cross_entropy_with_logits.__wrapped__(X, T, reduction="none")[0]
    weight = np.array([1.0, 2.0, 0.0])
    weighted = ops.binary_cross_entropy_with_logits.__wrapped__(
        X, T, weight=weight, reduction="none"
    )[0]
    np.testing.assert_allclose(weighted, plain * weight)
    positive = ops.binary_cross_entropy_with_logits.__wrapped__(
        X, T, pos_weight=3.0, reduction="none"
    )[0]
    np.testing.assert_allclose(positive, plain + 2 * T * np.log1p(np.exp(-X)))
    with pytest.raises(ValueError, match=r"pos_weight has shape \(2,\)"):
        ops.binary_cross_entropy_with_logits.__wrapped__(X, T, pos_weight=np.ones(2))
    with pytest.raises(ValueError, match=r"weight has shape \(4, 2, 3\)"):
        ops.binary_cross_entropy_with_logits.__wrapped__(X, T, weight=np.ones((4, 2, 3)))


@pytest.mark.parametrize("name", PAIRWISE)
def test_nothing_is_broadcast_in_silence(name):
    with pytest.raises(ValueError, match=r"input has shape \(2, 3\), the target \(2, 1\)"):
        getattr(ops, name).__wrapped__(X, T[:, :1])


@pytest.mark.parametrize("name", PAIRWISE)
def test_unknown_reductions_and_empty_data(name):
    with pytest.raises(ValueError, match='"mean", "sum" or "none"'):
        getattr(ops, name).__wrapped__(X, T, reduction="average")
    with pytest.raises(ValueError, match="is the data empty"):
        getattr(ops, name).__wrapped__(X[:0], T[:0])
    assert getattr(ops, name).__wrapped__(X[:0], T[:0], reduction="sum")[0] == 0


@pytest.mark.parametrize("name", PAIRWISE)
@pytest.mark.parametrize("kind", [np.float64, np.int64, bool])
def test_the_target_takes_the_type_of_the_input(name, kind):
    loss = getattr(ops, name).__wrapped__
    value, (dinput, _) = loss(X.astype(np.float32), (T > 0.5).astype(kind))
    assert value.dtype == np.float32
    assert dinput(np.array(1, np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", PAIRWISE)
def test_a_target_that_is_learnt_keeps_its_own_type(name):
    _, (_, dtarget) = getattr(ops, name).__wrapped__(X.astype(np.float32), T)
    assert dtarget(np.array(1, np.float32)).dtype == np.float64
