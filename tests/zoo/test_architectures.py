import numpy as np
import pytest

from minitransfer import Tensor, nn, zoo


@pytest.mark.parametrize("name", list(zoo.STEPS))
def test_five_layers_with_parameters_and_the_asked_for_outputs(name):
    network = zoo.ARCHITECTURES[name](7)
    layers = [m for m in network if isinstance(m, (nn.Linear, nn.Conv2d))]
    assert len(layers) == 5
    assert network(Tensor(np.zeros((2, *network.input_shape), np.float32))).shape == (2, 7)


@pytest.mark.parametrize("name", list(zoo.ARCHITECTURES))
def test_the_generator_decides_about_every_weight(name):
    build = zoo.ARCHITECTURES[name]
    a, b, c = (build(3, generator=np.random.default_rng(seed)) for seed in (0, 0, 1))
    for (key, x), y, z in zip(a.named_parameters(), b.parameters(), c.parameters(), strict=True):
        assert np.array_equal(x.array, y.array)
        assert key.endswith("bias") or "_bn" in key or not np.array_equal(x.array, z.array)


def test_he_initialisation():
    network = zoo.glyph_mlp(1000, generator=np.random.default_rng(0))
    assert network[1].weight.array.std() == pytest.approx((2 / 784) ** 0.5, rel=0.02)
    assert not network[1].bias.array.any()


def test_batch_norm_follows_each_convolution_if_asked_for():
    rng = np.random.default_rng(0)
    network = zoo.glyph_conv(10, batch_norm=True, generator=rng)
    layers = list(network)
    places = [i for i, layer in enumerate(layers) if isinstance(layer, nn.BatchNorm2d)]
    assert [layers[i].num_features for i in places] == [16, 32, 64]
    assert all(isinstance(layers[i - 1], nn.Conv2d) for i in places)
    plain = zoo.glyph_conv(10, generator=np.random.default_rng(0))
    for one, other in zip(
        (m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))),
        (m for m in plain.modules() if isinstance(m, (nn.Conv2d, nn.Linear))),
        strict=True,
    ):
        np.testing.assert_array_equal(one.weight.array, other.weight.array)
