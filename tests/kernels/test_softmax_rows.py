import numpy as np
import pytest

from minitransfer.kernels import softmax_rows


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (5, 10), (2, 3, 1001), (0, 4)])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_agrees_with_its_reference(name, shape, dtype, rng, close):
    x = (10 * rng.standard_normal(shape)).astype(dtype)
    reference = getattr(softmax_rows, f"{name}_reference")
    close(getattr(softmax_rows, name)(x), reference(x) if x.size else x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows, classes", [(1, 1), (4, 3), (33, 10), (7, 1000)])
def test_cross_entropy_agrees_with_its_reference(rows, classes, dtype, rng, close):
    logits = (10 * rng.standard_normal((rows, classes))).astype(dtype)
    labels = rng.integers(0, classes, rows)
    losses, difference = softmax_rows.softmax_cross_entropy(logits, labels)
    expected, expected_difference = softmax_rows.softmax_cross_entropy_reference(logits, labels)
    close(losses, expected)
    close(difference, expected_difference)


def test_large_logits_do_not_overflow_and_nan_stays_in_its_row():
    x = np.array([[1e30, 0, -1e30], [np.nan, 0, 0], [0, 0, np.nan], [1, 1, 1]], np.float32)
    y = softmax_rows.softmax(x)
    assert np.array_equal(y[0], [1, 0, 0])
    assert np.isnan(y[1:3]).all()
    assert np.allclose(y[3], 1 / 3)


def test_strided_rows_and_narrow_labels(rng):
    x = rng.standard_normal((10, 6)).T
    labels = np.array([1, 2, 3, 4, 5, 9], np.uint8)
    losses, _ = softmax_rows.softmax_cross_entropy(x, labels)
    assert np.allclose(losses, softmax_rows.softmax_cross_entropy_reference(x, labels)[0])


def test_errors():
    with pytest.raises(ValueError, match=r"labels run from 0 to 3.*3 classes"):
        softmax_rows.softmax_cross_entropy(np.ones((2, 3)), np.array([0, 3]))
    with pytest.raises(ValueError, match=r"\(2, 3\) and labels \(3,\)"):
        softmax_rows.softmax_cross_entropy(np.ones((2, 3)), np.array([0, 1, 2]))
    with pytest.raises(TypeError, match="float64, not whole"):
        softmax_rows.softmax_cross_entropy(np.ones((2, 3)), np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="at least one element"):
        softmax_rows.softmax(np.ones((2, 0)))
