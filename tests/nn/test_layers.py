"""Layers: what they compute, how their weights start, and what they say of wrong input."""

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor, gradcheck, nn


def generator(seed=0):
    return np.random.default_rng(seed)


def test_linear_is_a_product_and_a_sum():
    layer = nn.Linear(3, 2)
    x = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    expected = x @ layer.weight.array.T + layer.bias.array
    np.testing.assert_allclose(layer(Tensor(x)).array, expected, rtol=1e-5)
    assert nn.Linear(3, 2, bias=False).bias is None


def test_weights_start_as_in_pytorch():
    for layer, bound in (
        (nn.Linear(100, 50, generator=generator()), 0.1),
        (nn.Conv2d(4, 20, 5, generator=generator()), 0.1),
        (nn.Conv2d(100, 48, 2, groups=4, generator=generator()), 0.1),
    ):
        for p in (layer.weight, layer.bias):
            assert p.dtype == np.float32
            assert 0.8 * bound < np.abs(p.array).max() <= bound
        assert abs(layer.weight.array.mean()) < bound / 20


@pytest.mark.parametrize(
    "make",
    [
        lambda g: nn.Linear(3, 2, generator=g),
        lambda g: nn.Conv2d(1, 2, 3, generator=g),
        lambda g: nn.Embedding(3, 2, generator=g),
    ],
)
def test_first_values_come_from_the_generator_given_else_from_the_default_one(make):
    first = make(generator(1)).weight.array
    np.testing.assert_array_equal(make(generator(1)).weight.array, first)
    assert (make(generator(2)).weight.array != first).all()
    mt.manual_seed(1)
    np.testing.assert_array_equal(make(None).weight.array, first)


def test_conv2d_is_the_sum_of_products_under_the_filter():
    layer = nn.Conv2d(2, 1, (2, 3), stride=(1, 2), padding=(1, 0), generator=generator())
    x = generator().standard_normal((1, 2, 3, 5)).astype(np.float32)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 0)))
    y = layer(Tensor(x)).detach().numpy()
    assert y.shape == (1, 1, 4, 2)
    for i in range(4):
        for j in range(2):
            window = padded[0, :, i : i + 2, 2 * j : 2 * j + 3]
            expected = (window * layer.weight.array[0]).sum() + layer.bias.array[0]
            assert y[0, 0, i, j] == pytest.approx(expected, abs=1e-5)


def test_layers_pass_the_gradient_check():
    x = Tensor(generator().standard_normal((2, 2, 4, 4)), requires_grad=True)
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding="same", groups=2, generator=generator()),
        nn.BatchNorm2d(4),
        nn.GELU(),
        nn.Residual(nn.Conv2d(4, 4, 1, generator=generator())),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.LayerNorm(16),
        nn.Linear(16, 3, generator=generator()),
    ).double()
    assert gradcheck(lambda x, *_: net(x), [x, *net.parameters()], generator=generator())
    net.eval()
    assert gradcheck(lambda x, *_: net(x), [x, *net.parameters()], generator=generator())


def test_embedding_looks_up_rows():
    table = nn.Embedding(3, 2)
    y = table(Tensor([[2, 0], [1, 1]]))
    np.testing.assert_array_equal(y.array, table.weight.array[[[2, 0], [1, 1]]])
    with pytest.raises(IndexError):
        table(Tensor([3]))
    with pytest.raises(IndexError):
        table(Tensor([-1]))
    with pytest.raises(TypeError, match=r"Embedding\(3 rows of 2\).*float32.*\.long"):
        table(mt.ones(2))


def test_dropout_drops_in_training_only_and_keeps_the_mean():
    layer = nn.Dropout(0.25, generator=generator())
    x = mt.ones(100_000)
    y = layer(x)
    assert np.unique(y.array).tolist() == pytest.approx([0, 4 / 3])
    assert (y == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert layer.eval()(x) is x
    assert nn.Dropout(0.0)(x) is x
    for p in (1.0, -0.1):
        with pytest.raises(ValueError, match="probability"):
            nn.Dropout(p)


def test_dropout_draws_from_the_default_generator_at_the_time_of_use():
    layer = nn.Dropout(0.5)
    mt.manual_seed(0)
    first = layer(mt.ones(20))
    mt.manual_seed(0)
    assert (layer(mt.ones(20)) == first).all()


def test_flatten_and_identity():
    assert nn.Flatten()(mt.zeros(2, 3, 4)).shape == (2, 12)
    assert nn.Flatten(0, 1)(mt.zeros(2, 3, 4)).shape == (6, 4)
    assert nn.Flatten()(mt.zeros(0, 3, 4)).shape == (0, 12)
    x = mt.ones(2)
    assert nn.Identity()(x) is x


WRONG = {
    "Linear": (nn.Linear(4, 2), (3, 5), r"Linear\(4 → 2\) expects \(…, 4\), given \(3, 5\)"),
    "images": (nn.Linear(4, 2), (3, 1, 2, 2), r"flatten the images first"),
    "Conv2d": (nn.Conv2d(3, 2, 3), (1, 1, 8, 8), r"\(N, 3, height, width\), given \(1, 1, 8, 8\)"),
    "rows": (nn.Conv2d(3, 2, 3), (5, 784), r"Conv2d\(3 → 2, 3×3\) expects.*given \(5, 784\)"),
    "BatchNorm1d": (nn.BatchNorm1d(4), (3, 5), r"4 features on axis 1.*given \(3, 5\)"),
    "BatchNorm2d": (nn.BatchNorm2d(4), (3, 4), r"4 axes, given \(3, 4\)"),
    "one example": (nn.BatchNorm1d(4), (1, 4), r"variance of one number.*drop_last=True.*eval"),
    "LayerNorm": (nn.LayerNorm((2, 3)), (4, 3), r"last axes \(2, 3\), given \(4, 3\)"),
    "MaxPool2d": (nn.MaxPool2d(2), (4, 4), r"MaxPool2d\(2×2\) expects images.*given \(4, 4\)"),
    "AvgPool2d": (nn.AvgPool2d(2), (4, 4), r"AvgPool2d\(2×2\) expects images.*given \(4, 4\)"),
    "Adaptive": (nn.AdaptiveAvgPool2d(1), (4, 4), r"AdaptiveAvgPool2d.*given \(4, 4\)"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_shape_names_the_layer_what_was_given_and_what_was_expected(case):
    layer, shape, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        layer(mt.zeros(*shape))
    with pytest.raises(ValueError, match=r"layer 'body\.0'"):
        nn.Sequential({"body": nn.Sequential(layer)})(mt.zeros(*shape))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Linear(0, 2), "in_features is a whole number from 1 on; given 0"),
        (lambda: nn.Linear(2, 2.5), "out_features.*2.5"),
        (lambda: nn.Conv2d(1, -1, 3), "out_channels.*-1"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "3 input and 4 output channels.*2 groups"),
        (lambda: nn.Embedding(0, 2), "num_embeddings"),
        (lambda: nn.AdaptiveAvgPool2d(0), "output_size is a whole number from 1 on; given 0"),
    ],
)
def test_wrong_sizes(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_types_are_not_mixed_in_silence():
    with pytest.raises(TypeError, match="float64"):
        nn.Linear(2, 1)(Tensor(np.ones((1, 2))))


def test_pools():
    x = Tensor(np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4))
    assert nn.MaxPool2d(2)(x).tolist() == [[[[5, 7], [13, 15]]]]
    assert nn.AvgPool2d(2)(x).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]
    assert nn.MaxPool2d(3, stride=1)(x).tolist() == [[[[10, 11], [14, 15]]]]
    assert nn.AvgPool2d(2, padding=1)(x).tolist()[0][0][0][0] == 0  # zeros count
    assert nn.AdaptiveAvgPool2d((1, 1))(x).tolist() == [[[[7.5]]]]
