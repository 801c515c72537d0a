import numpy as np
import pytest

from minitransfer import ops


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def plain(x, w, b, stride, padding, dilation, groups):
    """The definition: one sum for every number of the result."""
    x = np.pad(x, ((0, 0), (0, 0), *[(p, p) for p in padding]))
    span = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:], strict=True)]
    size = [(n - s) // t + 1 for n, s, t in zip(x.shape[2:], span, stride, strict=True)]
    y = np.zeros((len(x), len(w), *size))
    per_group, ins = len(w) // groups, w.shape[1]
    for n, o, i, j in np.ndindex(*y.shape):
        first = o // per_group * ins
        window = x[
            n,
            first : first + ins,
            i * stride[0] : i * stride[0] + span[0] : dilation[0],
            j * stride[1] : j * stride[1] + span[1] : dilation[1],
        ]
        y[n, o, i, j] = np.sum(window * w[o]) + b[o]
    return y


@pytest.mark.parametrize(
    "stride, padding, dilation, groups",
    [
        ((1, 1), (0, 0), (1, 1), 1),
        ((2, 1), (1, 2), (1, 1), 2),
        ((1, 3), (2, 0), (2, 1), 4),
    ],
)
def test_agrees_with_the_definition(stride, padding, dilation, groups):
    x, w, b = normal(2, 4, 7, 6), normal(8, 4 // groups, 3, 2, seed=1), normal(8, seed=2)
    options = (stride, padding, dilation, groups)
    names = ("stride", "padding", "dilation", "groups")
    value = ops.conv2d.__wrapped__(x, w, b, **dict(zip(names, options, strict=True)))[0]
    np.testing.assert_allclose(value, plain(x, w, b, *options), atol=1e-12)


@pytest.mark.parametrize("window", [(3, 3), (2, 5), (4, 4)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_keeps_height_and_width_and_pads_the_end_first(window, dilation):
    x, w = normal(1, 1, 9, 10), normal(1, 1, *window, seed=1)
    value = ops.conv2d.__wrapped__(x, w, padding="same", dilation=dilation)[0]
    assert value.shape == x.shape
    total = [dilation * (k - 1) for k in window]
    ends = [(t // 2, t - t // 2) for t in total]
    by_hand = np.pad(x, ((0, 0), (0, 0), *ends))
    np.testing.assert_allclose(
        value, ops.conv2d.__wrapped__(by_hand, w, dilation=dilation)[0], rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize(
    "x, w, options, message",
    [
        ((1, 3, 8, 8), (4, 1, 3, 3), {}, r"input has 3 channels .* expects 1"),
        ((1, 4, 8, 8), (4, 4, 3, 3), {"groups": 2}, "groups=2 expects 8"),
        ((1, 3, 8, 8), (4, 1, 3, 3), {"groups": 3}, "groups must divide both"),
        ((1, 3, 8, 8), (3, 1, 3, 3), {"groups": 0}, "groups must divide both"),
        ((3, 8, 8), (4, 3, 3, 3), {}, r"for a single image use x\[None\]"),
        ((1, 3, 8, 8), (4, 3, 3), {}, "expected .out channels"),
        ((1, 3, 2, 8), (4, 3, 3, 3), {}, "window of 3x3 does not fit into an image of 2x8"),
        ((1, 3, 4, 4), (4, 3, 3, 3), {"dilation": 2}, "window of 5x5"),
        ((1, 3, 8, 8), (4, 3, 3, 3), {"stride": 0}, r"stride is \(0, 0\)"),
        ((1, 3, 8, 8), (4, 3, 3, 3), {"stride": (1, 2, 3)}, "expected a whole number or a pair"),
        ((1, 3, 8, 8), (4, 3, 3, 3), {"stride": 1.5}, "stride is 1.5"),
        ((1, 3, 8, 8), (4, 3, 3, 3), {"padding": -1}, "not below 0"),
        ((1, 3, 8, 8), (4, 3, 3, 3), {"padding": "full"}, '"same" or "valid"'),
        ((1, 3, 8, 8), (4, 3, 3, 3), {"padding": "same", "stride": 2}, "stride 1 only"),
    ],
)
def test_what_does_not_fit_is_explained(x, w, options, message):
    with pytest.raises(ValueError, match=message):
        ops.conv2d.__wrapped__(normal(*x), normal(*w), **options)


def test_a_bias_of_the_wrong_size_is_explained():
    with pytest.raises(ValueError, match=r"bias has shape \(3,\); 4 out channels need \(4,\)"):
        ops.conv2d.__wrapped__(normal(1, 2, 4, 4), normal(4, 2, 3, 3), normal(3))


def test_a_transposed_convolution_moves_by_one_unless_told_otherwise():
    x, w = np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2))
    y = ops.conv_transpose2d.__wrapped__(x, w)[0]
    np.testing.assert_array_equal(y[0, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])
