import numpy as np
import pytest

from minitransfer.kernels import conv
from minitransfer.kernels.conv import filters, images, ladder, plan
from minitransfer.kernels.vector_code import VECTOR_BYTES

# channels, filters, groups; image; kernel; stride; padding; dilation
CASES = [
    (1, 3, 1, (9, 7), (3, 3), (1, 1), (1, 1), (1, 1)),
    (3, 16, 1, (14, 15), (3, 3), (1, 1), (1, 1), (1, 1)),
    (3, 9, 1, (9, 7), (2, 3), (2, 1), (2, 1), (1, 1)),
    (4, 8, 2, (9, 7), (5, 5), (2, 2), (2, 2), (1, 1)),
    (4, 9, 1, (7, 7), (5, 5), (1, 1), (2, 2), (1, 1)),
    (20, 9, 1, (6, 6), (3, 2), (3, 2), (1, 0), (2, 1)),
    (6, 12, 3, (9, 7), (3, 3), (1, 2), (3, 3), (1, 2)),
    (5, 7, 1, (1, 1), (3, 3), (1, 1), (1, 1), (1, 1)),
    (9, 17, 1, (6, 5), (1, 1), (1, 1), (0, 0), (1, 1)),
    (9, 4, 1, (6, 5), (1, 1), (2, 2), (0, 0), (1, 1)),
    (4, 4, 1, (6, 5), (1, 1), (1, 1), (2, 2), (1, 1)),
    (6, 6, 6, (9, 7), (3, 3), (1, 1), (1, 1), (1, 1)),
    (6, 6, 6, (9, 8), (3, 3), (2, 2), (1, 1), (1, 1)),
    (6, 6, 6, (9, 7), (5, 5), (1, 1), (2, 2), (1, 1)),
    (6, 6, 6, (9, 8), (5, 5), (2, 2), (2, 2), (1, 1)),
    (6, 6, 6, (9, 8), (2, 3), (2, 1), (0, 1), (1, 2)),
    (3, 6, 3, (9, 8), (3, 3), (1, 1), (1, 1), (1, 1)),
    (33, 9, 1, (9, 13), (1, 1), (1, 3), (0, 0), (1, 1)),
    (1, 1, 1, (1, 1), (1, 1), (1, 1), (0, 0), (1, 1)),
    (9, 17, 1, (6, 7), (1, 1), (1, 1), (0, 0), (1, 1)),
    (70, 33, 1, (14, 15), (1, 1), (1, 1), (0, 0), (1, 1)),
    (3, 8, 1, (14, 15), (3, 3), (2, 2), ((0, 1), (1, 1)), (1, 1)),
    (3, 8, 1, (9, 8), (4, 2), (1, 2), ((1, 2), 1), (1, 2)),
    (6, 6, 6, (14, 15), (5, 5), (2, 2), ((1, 2), (2, 2)), (1, 1)),
    (6, 6, 6, (9, 8), (3, 3), (2, 2), ((1, 1), (0, 1)), (1, 1)),
    (6, 6, 6, (9, 8), (3, 3), (1, 1), ((4, 0), (0, 3)), (1, 1)),
]


def _arrays(case, dtype, rng, images=3):
    c, o, groups, image, kernel, *geometry = case
    x = rng.standard_normal((images, c, *image)).astype(dtype)
    w = rng.standard_normal((o, c // groups, *kernel)).astype(dtype)
    bias = rng.standard_normal(o).astype(dtype)
    size = conv.output_size(x.shape, w.shape, *geometry)
    gy = rng.standard_normal((images, o, *size)).astype(dtype)
    return x, w, bias, gy, (*geometry, groups)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES)
def test_all_three_passes_agree_with_their_reference(case, dtype, rng, close):
    x, w, bias, gy, geometry = _arrays(case, dtype, rng)
    close(conv.conv2d(x, w, bias, *geometry), conv.conv2d_reference(x, w, bias, *geometry), 20)
    close(
        conv.conv2d_backward_data(gy, w, x.shape, *geometry),
        conv.conv2d_backward_data_reference(gy, w, x.shape, *geometry),
        20,
    )
    close(
        conv.conv2d_backward_weight(x, gy, w.shape, *geometry),
        conv.conv2d_backward_weight_reference(x, gy, w.shape, *geometry),
        50,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", [case for case in CASES if case[2] < case[0]])
def test_both_ways_of_laying_images_out(case, dtype, rng, close):
    x, w, bias, gy, geometry = _arrays(case, dtype, rng, images=int(rng.integers(1, 70)))
    y = conv.conv2d_reference(x, w, bias, *geometry)
    gx = conv.conv2d_backward_data_reference(gy, w, x.shape, *geometry)
    gw = conv.conv2d_backward_weight_reference(x, gy, w.shape, *geometry)
    stride, padding, dilation, groups = geometry
    padding = plan.zeros_before(padding)
    sizes = (x.shape[2:], gy.shape[2:]), w.shape[2:], stride, padding, dilation
    ys, gxs = [np.empty_like(gy) for _ in range(2)], [np.empty_like(x) for _ in range(2)]
    for forward, out in zip((images._small, images._shifted), ys, strict=True):
        forward(x, w, bias, out, sizes, groups)
    close(ys[0], y, 20)
    assert np.array_equal(*ys)  # to the bit: an image may be in any company
    for backward, out in zip((images._small_backward, images._shifted_backward), gxs, strict=True):
        backward(gy, w, out, sizes, groups)
    close(gxs[0], gx, 20)
    assert np.array_equal(*gxs)
    for gradient in (filters._small, filters._shifted):
        close(gradient(x, gy, w.shape, stride, padding, dilation, groups), gw, 200)


def test_small_images_in_a_large_batch_lie_side_by_side(rng, close, monkeypatch):
    lanes = VECTOR_BYTES // 8
    count = 5 * lanes - lanes // 4  # the last group is three quarters of a vector, if it can be
    x, w = rng.standard_normal((count, 40, 5, 5)), rng.standard_normal((9, 40, 3, 3))
    geometry = ((1, 1), (1, 1), (1, 1), 1)
    gy = rng.standard_normal((count, 9, 5, 5))
    for file in (images, filters):
        monkeypatch.setattr(file, "_shifted", None)
    close(conv.conv2d(x, w, None, *geometry), conv.conv2d_reference(x, w, None, *geometry), 50)
    close(
        conv.conv2d_backward_weight(x, gy, w.shape, *geometry),
        conv.conv2d_backward_weight_reference(x, gy, w.shape, *geometry),
        200,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 5, 7, 7), (2, 4, 33, 9), (1, 2, 80, 80), (5000, 2, 1, 1)])
def test_the_gradient_of_the_bias(shape, dtype, rng, close):
    gy = rng.standard_normal(shape).astype(dtype)
    expected = conv.conv2d_backward_bias_reference(gy)
    close(conv.conv2d_backward_bias(gy), expected, np.sqrt(gy[:, 0].size))
    close(conv.conv2d_backward_bias(np.asfortranarray(gy)), expected, np.sqrt(gy[:, 0].size))
    assert not conv.conv2d_backward_bias(gy[:0]).any()


@pytest.mark.parametrize("case", [CASES[1], CASES[4], CASES[8], CASES[11], CASES[17]])
def test_the_gradients_are_those_of_the_forward_pass(case, rng):
    """Both gradients are adjoints: <y(x, w), gy> = <x, gx> = <w, gw>."""
    x, w, _, gy, geometry = _arrays(case, np.float64, rng)
    forward = (conv.conv2d(x, w, None, *geometry) * gy).sum()
    assert (conv.conv2d_backward_data(gy, w, x.shape, *geometry) * x).sum() == pytest.approx(
        forward
    )
    gw = conv.conv2d_backward_weight(x, gy, w.shape, *geometry)
    assert (gw * w).sum() == pytest.approx(forward)


@pytest.mark.parametrize("case", [CASES[1], CASES[11], CASES[8], CASES[17]])
def test_any_strides_and_write_protection(case, rng, close):
    x, w, bias, gy, geometry = _arrays(case, np.float64, rng)
    expected = conv.conv2d_reference(x, w, bias, *geometry)
    expected_gw = conv.conv2d_backward_weight_reference(x, gy, w.shape, *geometry)
    odd, odd_gy = np.asfortranarray(x), np.asfortranarray(gy)
    odd.flags.writeable = odd_gy.flags.writeable = w.flags.writeable = False
    close(conv.conv2d(odd, w, bias, *geometry), expected, 20)
    close(conv.conv2d_backward_weight(odd, odd_gy, w.shape, *geometry), expected_gw, 50)


@pytest.mark.parametrize("case", [CASES[4], CASES[8], CASES[17]])
@pytest.mark.parametrize("images", [1, 2, 70])
def test_any_number_of_images(images, case, rng, close):
    x, w, bias, gy, geometry = _arrays(case, np.float32, rng, images)
    close(conv.conv2d(x, w, bias, *geometry), conv.conv2d_reference(x, w, bias, *geometry), 20)
    close(
        conv.conv2d_backward_weight(x, gy, w.shape, *geometry),
        conv.conv2d_backward_weight_reference(x, gy, w.shape, *geometry),
        200,
    )


@pytest.mark.parametrize("case", [CASES[n] for n in (1, 2, 8, 11, 14, 17)])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_inf_go_where_the_definition_sends_them(case, bad, rng):
    x, w, bias, gy, geometry = _arrays(case, np.float64, rng)
    x[1, 0, 0, -1] = bad
    gy[1, 0, -1, 0] = bad
    with np.errstate(invalid="ignore"):
        pairs = [
            (conv.conv2d(x, w, bias, *geometry), conv.conv2d_reference(x, w, bias, *geometry)),
            (
                conv.conv2d_backward_data(gy, w, x.shape, *geometry),
                conv.conv2d_backward_data_reference(gy, w, x.shape, *geometry),
            ),
            (
                conv.conv2d_backward_weight(x, gy, w.shape, *geometry),
                conv.conv2d_backward_weight_reference(x, gy, w.shape, *geometry),
            ),
        ]
    for given, expected in pairs:
        assert np.array_equal(np.isfinite(given), np.isfinite(expected))


@pytest.mark.parametrize("kernel", [1, 3])
def test_empty_batch(kernel):
    x, w = np.ones((0, 2, 5, 5), np.float32), np.ones((3, 2, kernel, kernel), np.float32)
    y = conv.conv2d(x, w)
    geometry = ((1, 1), (0, 0), (1, 1), 1)
    assert y.shape == (0, 3, 6 - kernel, 6 - kernel)
    assert conv.conv2d_backward_data(y, w, x.shape, *geometry).shape == x.shape
    assert not conv.conv2d_backward_weight(x, y, w.shape, *geometry).any()


def test_a_gradient_of_another_shape_is_an_error():
    x, w, gy = np.ones((1, 2, 5, 5)), np.ones((4, 2, 3, 3)), np.ones((1, 4, 2, 2))
    geometry = ((1, 1), (0, 0), (1, 1), 1)
    expected = r"result of shape \(1, 4, 3, 3\) has shape \(1, 4, 2, 2\)"
    with pytest.raises(ValueError, match=expected):
        conv.conv2d_backward_data(gy, w, x.shape, *geometry)
    with pytest.raises(ValueError, match=expected):
        conv.conv2d_backward_weight(x, gy, w.shape, *geometry)


@pytest.mark.parametrize("rung", ladder.RUNGS)
def test_every_rung_computes_the_same_convolution(rung, rng, close):
    x, w = rng.standard_normal((2, 3, 9, 8)), rng.standard_normal((5, 3, 3, 2))
    geometry = ((2, 1), (1, 1), (1, 2))
    y = ladder.RUNGS[rung](x, w, *geometry)
    close(y, conv.conv2d_reference(x, w, None, *geometry), 20)


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("side, channels", [(3, 8), (7, 16), (9, 4), (14, 8), (20, 32), (28, 1)])
def test_an_image_gets_the_same_bits_in_any_company(side, channels, kernel):
    rng = np.random.default_rng(side)
    x = rng.standard_normal((40, channels, side, side), np.float32)
    w = rng.standard_normal((12, channels, kernel, kernel), np.float32)
    geometry = ((1, 1), (kernel // 2, kernel // 2), (1, 1), 1)
    together = conv.conv2d(x, w, None, *geometry)
    gy = rng.standard_normal(together.shape, np.float32)
    back = conv.conv2d_backward_data(gy, w, x.shape, *geometry)
    for first, last in ((0, 1), (3, 20), (39, 40)):
        part, gpart = x[first:last], gy[first:last]
        assert np.array_equal(conv.conv2d(part, w, None, *geometry), together[first:last])
        alone = conv.conv2d_backward_data(gpart, w, part.shape, *geometry)
        assert np.array_equal(alone, back[first:last])


@pytest.mark.parametrize("channels, filters", [(9, 17), (70, 300), (300, 70)])
@pytest.mark.parametrize("size", [(6, 6), (14, 14), (40, 41)])
def test_filters_of_one_by_one_see_an_image_alike_in_any_company(channels, filters, size, rng):
    x = rng.standard_normal((7, channels, *size)).astype(np.float32)
    w = rng.standard_normal((filters, channels, 1, 1)).astype(np.float32)
    gy = rng.standard_normal((7, filters, *size)).astype(np.float32)
    geometry = (1, 1), (0, 0), (1, 1), 1
    y = conv.conv2d(x, w)
    gx = conv.conv2d_backward_data(gy, w, x.shape, *geometry)
    for n in (0, 6):
        alone = slice(n, n + 1)
        assert np.array_equal(conv.conv2d(x[alone], w), y[alone])
        some = conv.conv2d_backward_data(gy[alone], w, x[alone].shape, *geometry)
        assert np.array_equal(some, gx[alone])


@pytest.mark.parametrize("limits", [(-0.5, 0.5), (0.0, np.inf)])
@pytest.mark.parametrize("case", CASES)
def test_results_are_kept_to_limits_in_the_same_pass(case, limits, rng, close):
    x, w, bias, _, geometry = _arrays(case, np.float32, rng)
    x[0, 0, 0, 0] = np.nan
    for b in (bias, None):
        given = (x, w, b, *geometry)
        close(conv.conv2d(*given, limits), np.clip(conv.conv2d_reference(*given), *limits), 20)
        close(conv.conv2d_reference(*given, limits), np.clip(conv.conv2d(*given), *limits), 20)
