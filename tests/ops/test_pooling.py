import numpy as np
import pytest

from minitransfer import ops

X = np.random.default_rng(0).normal(size=(2, 3, 6, 8))


def test_windows_that_do_not_overlap():
    blocks = X.reshape(2, 3, 3, 2, 4, 2)
    np.testing.assert_array_equal(
        ops.max_pool2d.__wrapped__(X, kernel_size=2)[0], blocks.max((3, 5))
    )
    np.testing.assert_allclose(ops.avg_pool2d.__wrapped__(X, kernel_size=2)[0], blocks.mean((3, 5)))


@pytest.mark.parametrize("name, fill, reduce", [
    ("max_pool2d", -np.inf, np.max),
    ("avg_pool2d", 0.0, np.mean),
])  # fmt: skip
def test_windows_with_stride_and_padding(name, fill, reduce):
    padded = np.pad(X, ((0, 0), (0, 0), (1, 1), (0, 0)), constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 2), axis=(2, 3))[:, :, ::2]
    value = getattr(ops, name).__wrapped__(X, kernel_size=(3, 2), stride=(2, 1), padding=(1, 0))[0]
    np.testing.assert_allclose(value, reduce(windows, axis=(-2, -1)))


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize(
    "x, options, message",
    [
        ((3, 4, 4), {"kernel_size": 2}, r"use x\[None\]"),
        ((1, 1, 4, 4), {"kernel_size": 5}, "does not fit"),
        ((1, 1, 4, 4), {"kernel_size": 2, "padding": 2}, "at most half the window"),
        ((1, 1, 4, 4), {"kernel_size": 0}, "kernel size is"),
        ((1, 1, 4, 4), {"kernel_size": 2, "stride": "two"}, "stride is 'two'"),
    ],
)
def test_what_does_not_fit_is_explained(name, x, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(ops, name).__wrapped__(np.ones(x), **options)
