import numpy as np
import pytest

from minitransfer import Tensor, ops

LOGITS = np.array([[2.0, 0.5, -1.0], [0.0, 1.0, 0.0], [-3.0, 0.0, 4.0], [1.0, 1.0, 1.0]])
LABELS = np.array([0, 2, 2, 1])
ONE_HOT = np.eye(3)[LABELS]
WEIGHT = np.array([1.0, 2.0, 5.0])
LOG_P = LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True))
SINGLE = -LOG_P[np.arange(4), LABELS]


def test_is_minus_the_logarithm_of_the_probability_of_the_label():
    for reduction, expected in [("none", SINGLE), ("sum", SINGLE.sum()), ("mean", SINGLE.mean())]:
        np.testing.assert_allclose(
            ops.cross_entropy.__wrapped__(LOGITS, LABELS, reduction=reduction)[0], expected
        )


def test_the_slope_is_probability_minus_truth():
    _, (dlogits, dlabels) = ops.cross_entropy.__wrapped__(LOGITS, LABELS)
    np.testing.assert_allclose(dlogits(np.array(4.0)), np.exp(LOG_P) - ONE_HOT, atol=1e-15)
    assert dlabels is None


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_labels_and_the_same_as_probabilities_agree(reduction, smoothing):
    options = {"reduction": reduction, "label_smoothing": smoothing}
    np.testing.assert_allclose(
        ops.cross_entropy.__wrapped__(LOGITS, LABELS, **options)[0],
        ops.cross_entropy.__wrapped__(LOGITS, ONE_HOT, **options)[0],
    )


def test_smoothing_mixes_in_the_even_distribution():
    value = ops.cross_entropy.__wrapped__(LOGITS, LABELS, label_smoothing=0.3, reduction="none")[0]
    np.testing.assert_allclose(value, 0.7 * SINGLE - 0.3 * LOG_P.mean(1))


def test_class_weights_give_a_weighted_mean():
    value = ops.cross_entropy.__wrapped__(LOGITS, LABELS, weight=WEIGHT)[0]
    np.testing.assert_allclose(value, np.average(SINGLE, weights=WEIGHT[LABELS]))
    by_shares = ops.cross_entropy.__wrapped__(LOGITS, ONE_HOT, weight=WEIGHT)[0]
    np.testing.assert_allclose(by_shares, np.mean(SINGLE * WEIGHT[LABELS]))


@pytest.mark.parametrize("ignore_index", [-100, -1, 1, 255])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_ignored_examples_do_not_count(ignore_index, weight):
    labels = np.where([False, True, False, False], ignore_index, [0, 0, 2, 2])
    options = {"ignore_index": ignore_index, "weight": weight}
    keep = [0, 2, 3]
    value, (dlogits, _) = ops.cross_entropy.__wrapped__(LOGITS, labels, **options)
    rest, (drest, _) = ops.cross_entropy.__wrapped__(LOGITS[keep], labels[keep], **options)
    np.testing.assert_allclose(value, rest)
    gradient = dlogits(np.array(1.0))
    np.testing.assert_array_equal(gradient[1], 0)
    np.testing.assert_allclose(gradient[keep], drest(np.array(1.0)))
    assert ops.cross_entropy.__wrapped__(LOGITS, labels, reduction="none", **options)[0][1] == 0


def test_a_class_for_every_pixel():
    images = LOGITS.reshape(2, 2, 3).transpose(0, 2, 1)[..., None]
    value, (dlogits, _) = ops.cross_entropy.__wrapped__(
        images, LABELS.reshape(2, 2, 1), reduction="none"
    )
    np.testing.assert_allclose(value, SINGLE.reshape(2, 2, 1))
    assert dlogits(np.ones((2, 2, 1))).shape == images.shape


def test_a_single_example():
    value, (dlogits, _) = ops.cross_entropy.__wrapped__(LOGITS[0], np.array(0))
    np.testing.assert_allclose(value, SINGLE[0])
    assert dlogits(np.array(1.0)).shape == (3,)


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_extreme_logits_are_stable(label_smoothing):
    logits = np.array([[1e4, -1e4], [1e4, -1e4]])
    value, (dlogits, _) = ops.cross_entropy.__wrapped__(
        logits, np.array([0, 1]), reduction="none", label_smoothing=label_smoothing
    )
    assert np.isfinite(value).all()
    assert value[1] > 1e4
    assert np.isfinite(dlogits(np.ones(2))).all()


def test_a_masked_class_costs_nothing_unless_it_is_the_label():
    logits = np.array([[0.0, 0.0, -np.inf]])
    np.testing.assert_allclose(ops.cross_entropy.__wrapped__(logits, np.array([0]))[0], np.log(2))
    np.testing.assert_allclose(
        ops.cross_entropy.__wrapped__(logits, np.array([[1.0, 0, 0]]))[0], np.log(2)
    )


def test_nan_is_not_hidden():
    logits = LOGITS.copy()
    logits[1, 0] = np.nan
    assert np.isnan(ops.cross_entropy.__wrapped__(logits, LABELS)[0])


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.uint64])
def test_labels_may_be_any_integers(kind):
    np.testing.assert_allclose(
        ops.cross_entropy.__wrapped__(LOGITS, LABELS.astype(kind))[0], SINGLE.mean()
    )


@pytest.mark.parametrize("bad", [3, -1, 1000])
def test_a_label_that_is_no_class_is_named(bad):
    labels = np.array([0, 1, bad, 0])
    message = rf"label {bad} at position 2 is not a class; the logits have 3 classes, .* 0 to 2"
    with pytest.raises(ValueError, match=message):
        ops.cross_entropy.__wrapped__(LOGITS, labels)


@pytest.mark.parametrize(
    "logits, target, options, error, message",
    [
        (LOGITS, LABELS[:3], {}, ValueError, r"\(4, 3\), the target \(3,\)"),
        (LOGITS, LABELS[:, None], {}, ValueError, "expected class numbers"),
        (LOGITS, ONE_HOT[:, :2], {}, ValueError, r"probabilities of shape \(4, 3\)"),
        (LOGITS, ONE_HOT.astype(int), {}, ValueError, "expected class numbers"),
        (LOGITS, LABELS.astype(float), {}, TypeError, "labels are float64; expected integers"),
        (LOGITS, np.full(4, -100), {}, ValueError, "every label is ignored"),
        (LOGITS, LABELS, {"weight": np.ones(4)}, ValueError, "each of the 3 classes"),
        (LOGITS, LABELS, {"weight": np.zeros(3)}, ValueError, "has weight 0"),
        (LOGITS, LABELS, {"label_smoothing": 2}, ValueError, "expected 0 to 1"),
        (LOGITS, LABELS, {"reduction": "max"}, ValueError, '"mean", "sum" or "none"'),
        (LOGITS[:0], LABELS[:0], {}, ValueError, "is the data empty"),
        (LOGITS[:, :0], LABELS, {}, ValueError, "with C classes"),
        (LOGITS[..., None], LABELS, {}, ValueError, r"class numbers of shape \(4, 1\)"),
    ],
)
def test_what_does_not_fit_is_explained(logits, target, options, error, message):
    with pytest.raises(error, match=message):
        ops.cross_entropy.__wrapped__(logits, target, **options)


@pytest.mark.parametrize("options", [{}, {"weight": [1.0, 2.0]}, {"label_smoothing": 0.1}])
@pytest.mark.parametrize("reduction, value", [("sum", 0.0), ("none", [0.0, 0.0])])
def test_where_all_labels_are_ignored_nothing_is_lost(options, reduction, value):
    logits = Tensor([[1.0, 2.0], [0.5, -1.0]], requires_grad=True)
    labels = Tensor([-100, -100])
    loss = ops.cross_entropy(logits, labels, reduction=reduction, **options)
    assert loss.tolist() == value
    loss.sum().backward()
    assert logits.grad.tolist() == [[0, 0], [0, 0]]


def test_a_large_unsigned_label_is_named_as_it_was_given():
    labels = Tensor(np.array([0, 2**63 + 5], np.uint64))
    with pytest.raises(ValueError, match="label 9223372036854775813 at position 1 is not a class"):
        ops.cross_entropy(Tensor([[1.0, 2.0], [0.5, -1.0]]), labels)
