"""Where an answer comes from, in networks of which that is known."""

import numpy as np
import pytest

from minitransfer import Tensor, data, nn, zoo
from minitransfer.transfer import freeze, grad_cam, occlusion
from minitransfer.transfer.explanations import map_layer


@pytest.fixture
def averaging(rng):
    """Convolution, ReLU, mean over all places, linear: what class activation maps were made for."""
    return nn.Sequential(
        nn.Conv2d(2, 5, 3, padding=1, generator=rng),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(5, 3, generator=rng),
    )


@pytest.fixture
def pictures(rng):
    return rng.standard_normal((7, 2, 6, 9)).astype(np.float32)


def test_with_an_average_and_a_linear_layer_it_is_the_class_activation_map(averaging, pictures):
    maps = averaging[:2](Tensor(pictures)).array
    for target in range(3):
        expected = np.einsum("c,nchw->nhw", averaging[4].weight.array[target], maps) / (6 * 9)
        found = grad_cam(averaging, pictures, target, resize=False)
        np.testing.assert_allclose(found, np.maximum(expected, 0), rtol=1e-4, atol=1e-7)


def test_the_weights_of_the_channels_are_mean_slopes(rng):
    """Against differences, where more than a linear layer follows."""
    network = nn.Sequential(
        nn.Conv2d(1, 3, 3, generator=rng),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(3 * 16, 4, generator=rng),
        nn.Tanh(),
        nn.Linear(4, 2, generator=rng),
    ).to(np.float64)
    x = Tensor(rng.standard_normal((1, 1, 6, 6)))
    maps, step = network[:2](x).array, 1e-6
    weights = np.empty(3)
    for channel in range(3):
        moved = np.repeat(maps, 2, axis=0)
        moved[:, channel] += np.array([step, -step])[:, None, None]
        plus, minus = network[2:](Tensor(moved)).array[:, 1]
        weights[channel] = (plus - minus) / (2 * step) / 16
    expected = np.maximum(np.einsum("c,chw->hw", weights, maps[0]), 0)
    np.testing.assert_allclose(
        grad_cam(network, x, 1, layer="1", resize=False)[0], expected, rtol=1e-5, atol=1e-8
    )


def test_by_default_it_explains_the_answer_and_each_picture_by_itself(averaging, pictures):
    answers = averaging(Tensor(pictures)).array.argmax(1)
    together = grad_cam(averaging, pictures, batch_size=3)
    alone = [grad_cam(averaging, p[None], t)[0] for p, t in zip(pictures, answers, strict=True)]
    assert together.shape == (7, 6, 9)
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(grad_cam(averaging, pictures, answers), together, rtol=1e-6)


def test_nothing_about_the_network_changes(averaging, pictures, bits):
    averaging.train()
    freeze(averaging[0])
    averaging[4].weight.gradient = np.ones_like(averaging[4].weight.array)
    before = bits(averaging)
    grad_cam(averaging, pictures)
    occlusion(averaging, pictures[:1])
    assert bits(averaging) == before
    assert averaging.training
    assert averaging[0].frozen
    assert averaging[4].weight.requires_grad
    assert (averaging[4].weight.gradient == 1).all()
    assert averaging[0].weight.gradient is None
    assert not averaging[1]._forward_hooks


def test_of_the_glyph_network_too():
    network = zoo.load("glyph-conv")
    pictures = data.glyphs(20, 2, seed=3)
    coarse = grad_cam(network, pictures, resize=False)
    assert coarse.shape == (40, 7, 7)  # of the last ReLU, before it is pooled
    assert grad_cam(network, pictures).shape == (40, 28, 28)
    assert occlusion(network, pictures[:2]).shape == (2, 28, 28)
    assert (coarse >= 0).all()
    assert (coarse.max((1, 2)) > 0).mean() > 0.9  # of a few, all channels speak against the answer


def test_occlusion_finds_the_only_place_that_counts(rng):
    """A network that adds up one corner loses where that corner is covered, and nowhere else."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    network[1].weight.array[...] = network[1].bias.array[...] = 0
    corner = np.zeros((8, 8), bool)
    corner[4:6, 2:4] = True
    network[1].weight.array[0, corner.ravel()] = 1
    picture = np.zeros((1, 1, 8, 8), np.float32)
    picture[0, 0, corner] = 1
    found = occlusion(network, picture, window=2, stride=2, fill=0.0)
    np.testing.assert_array_equal(found[0], 4.0 * corner)
    # Three squares of four rows hold the place in part; the mean over them fades to the sides.
    wide = occlusion(network, picture, window=4, fill=0.0)[0]
    assert wide[corner].min() == wide.max() > 0
    assert wide[0, 7] == 0


def test_occlusion_of_two_answers_is_a_loss_of_probability():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    network[1].weight.array[...] = network[1].bias.array[...] = 0
    network[1].weight.array[0, 3] = 2  # 2 : 0 for the first class, by the last pixel alone
    picture = np.ones((1, 1, 2, 2), np.float32)
    drop = 1 / (1 + np.exp(-2)) - 0.5
    for target, sign in ((0, 1), (1, -1)):
        found = occlusion(network, picture, np.array([target]), window=1, stride=1, fill=0.0)
        np.testing.assert_allclose(found[0], [[0, 0], [0, sign * drop]], atol=1e-6)


def test_the_square_is_a_pixel_at_least(rng):
    network = nn.Sequential(nn.Flatten(), nn.Linear(9, 2, generator=rng))
    pictures = rng.standard_normal((2, 1, 3, 3)).astype(np.float32)
    np.testing.assert_array_equal(
        occlusion(network, pictures), occlusion(network, pictures, window=1, stride=1)
    )


def test_a_map_may_be_one_pixel_high(rng):
    network = nn.Sequential(nn.Conv2d(1, 4, (1, 3), generator=rng), nn.ReLU(), nn.Flatten())
    assert map_layer(network, np.zeros((1, 1, 1, 8), np.float32)) == "1"


def test_occlusion_speaks_in_probabilities(averaging, pictures):
    maps = occlusion(averaging, x=pictures[:2], target=np.array([2, 0]), window=3)
    assert maps.shape == (2, 6, 9)
    assert np.abs(maps).max() <= 1
    assert np.isfinite(maps).all()


def test_errors_say_what_to_do(averaging, pictures):
    with pytest.raises(ValueError, match="no output 3: give a target from 0 to 2"):
        grad_cam(averaging, pictures, 3)
    with pytest.raises(ValueError, match="no layer is named 'late'; there are 0, 1"):
        grad_cam(averaging, pictures, layer="late")
    with pytest.raises(ValueError, match=r"'3' has to give maps .* it gave shape \(7, 5\)"):
        grad_cam(averaging, pictures, layer="3")
    with pytest.raises(ValueError, match="occlusion works for any network"):
        grad_cam(nn.Sequential(nn.Flatten(), nn.Linear(108, 2)), pictures)
    with pytest.raises(ValueError, match="moves by at most its own side"):
        occlusion(averaging, pictures, window=7)
