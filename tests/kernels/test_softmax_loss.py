import numpy as np
import pytest

from minitransfer.kernels import softmax_loss


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (5, 10), (2, 3, 1001), (0, 4)])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_agrees_with_its_reference(name, shape, dtype, rng, close):
    x = (10 * rng.standard_normal(shape)).astype(dtype)
    reference = getattr(softmax_loss, f"{name}_reference")
    close(getattr(softmax_loss, name)(x), reference(x) if x.size else x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows, classes", [(1, 1), (4, 3), (33, 10), (7, 1000)])
def test_cross_entropy_agrees_with_its_reference(rows, classes, dtype, rng, close):
    logits = (10 * rng.standard_normal((rows, classes))).astype(dtype)
    labels = rng.integers(0, classes, rows)
    losses, difference = softmax_loss.softmax_cross_entropy(logits, labels)
    expected, expected_difference = softmax_loss.softmax_cross_entropy_reference(logits, labels)
    close(losses, expected)
    close(difference, expected_difference)


def test_large_logits_do_not_overflow_and_nan_stays_in_its_row():
    x = np.array([[1e30, 0, -1e30], [np.nan, 0, 0], [0, 0, np.nan], [1, 1, 1]], np.float32)
    y = softmax_loss.softmax(x)
    assert np.array_equal(y[0], [1, 0, 0])
    assert np.isnan(y[1:3]).all()
    assert np.allclose(y[3], 1 / 3)


@pytest.mark.parametrize("dtype, offset", [(np.float32, 1e7), (np.float64, 1e15)])
def test_no_digits_are_lost_under_an_offset(dtype, offset, rng, close):
    x = rng.integers(0, 5, (6, 9)).astype(dtype)
    labels = rng.integers(0, 9, 6)
    for shift in (offset, -offset):
        far = x + dtype(shift)
        assert np.array_equal(far - dtype(shift), x)
        close(softmax_loss.log_softmax(far), softmax_loss.log_softmax(x))
        for ours, plain in zip(
            softmax_loss.softmax_cross_entropy(far, labels),
            softmax_loss.softmax_cross_entropy(x, labels),
            strict=True,
        ):
            close(ours, plain)


def test_a_loss_of_nothing_is_not_minus_nothing():
    losses, _ = softmax_loss.softmax_cross_entropy(np.array([[200.0, 0.0]]), np.array([0]))
    assert str(losses[0]) == "0.0"


def test_strided_rows_and_labels_that_are_only_read(rng):
    x = rng.standard_normal((10, 6)).T
    labels = np.array([1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 9, 0])[::2]
    labels.flags.writeable = False
    losses, _ = softmax_loss.softmax_cross_entropy(x, labels)
    assert np.allclose(losses, softmax_loss.softmax_cross_entropy_reference(x, labels)[0])
