"""What a unit answers to, where the answer is known."""

import numpy as np
import pytest

from minitransfer import Tensor, data, nn
from minitransfer.transfer import freeze, maximize_activation, receptive_field, top_patches

CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.float32)


@pytest.fixture
def detector():
    """A convolution whose channel 1 looks for a cross, then ReLU."""
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU())
    net[0].weight.array[0] = 0
    net[0].weight.array[1, 0] = 2 * CROSS - 1
    net[0].bias.array[...] = 0
    net.input_shape = (1, 9, 9)
    return net


def test_the_pattern_that_a_unit_looks_for_appears(detector, rng):
    image = maximize_activation(detector, "0", (1, 4, 4), smooth=0, generator=rng)
    assert image.shape == (1, 9, 9)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image[0, 3:6, 3:6] > 0.5, CROSS > 0)
    assert image[0, 0].max() < 0.05  # decay: what the unit does not see has faded


def test_the_answer_grows(detector, rng):
    def answer(image):
        return detector(Tensor(image[None])).array[0, 1].mean()

    few, many = (
        maximize_activation(detector, "0", 1, steps=n, generator=np.random.default_rng(0))
        for n in (1, 50)
    )
    assert answer(many) > 2 * answer(few)


def test_smoothing_makes_neighbours_alike(detector):
    rough, smooth = (
        maximize_activation(
            detector, "0", (1, 4, 4), smooth=n, steps=3, generator=np.random.default_rng(0)
        )
        for n in (0, 3)
    )
    assert np.abs(np.diff(smooth)).mean() < np.abs(np.diff(rough)).mean()


def test_the_range_is_kept(detector, rng):
    image = maximize_activation(
        detector, "0", (1, 4, 4), smooth=0, low=-1.0, high=0.5, generator=rng
    )
    assert image.min() == -1.0
    assert image.max() == 0.5


def test_same_seed_same_picture(detector):
    pictures = [
        maximize_activation(detector, "0", 1, steps=5, generator=np.random.default_rng(s)).tobytes()
        for s in (1, 1, 2)
    ]
    assert pictures[0] == pictures[1] != pictures[2]


def test_the_network_stays_as_it_was(net, rng, bits):
    net.train()
    freeze(net[0])
    net[4].weight.gradient = np.full((5, 8), 7, np.float32)
    before = bits(net)
    maximize_activation(net, "4", 0, shape=(6,), steps=3, generator=rng)
    assert bits(net) == before
    assert (net[4].weight.gradient == 7).all()
    assert net[6].weight.gradient is None
    assert [p.requires_grad for p in net.parameters()] == [False] * 2 + [True] * 6
    assert net[3].training
    assert all(m._forward_hooks is None for m in net.modules())


def test_a_silent_unit(detector, rng):
    detector[0].bias.array[1] = -100
    with pytest.raises(ValueError, match="unit 1 of layer '1' answers to none"):
        maximize_activation(detector, "1", 1, generator=rng)


@pytest.mark.parametrize(
    "layer, unit, words",
    [
        ("0", 2, r"units of shape \(2, 9, 9\); there is no 2"),
        ("0", (0, 0, 9), r"there is no \(0, 0, 9\)"),
        ("0", (0, 0, 0, 0), "there is no"),
        ("7", 0, "no layer is named '7'"),
    ],
)
def test_units_that_do_not_exist(layer, unit, words, detector):
    with pytest.raises(ValueError, match=words):
        maximize_activation(detector, layer, unit)


def test_an_unknown_shape(net):
    with pytest.raises(ValueError, match="give shape="):
        maximize_activation(net, "0", 0)


def test_top_patches_finds_the_pattern(detector, rng):
    images = 0.1 * rng.random((6, 1, 9, 9)).astype(np.float32)
    images[4, 0, 2:5, 5:8] = CROSS
    images[1, 0, 6:9, 0:3] = 0.5 * CROSS  # in a corner, and fainter
    patches, answers = top_patches(detector, "1", 1, images, count=3)
    assert patches.shape == (3, 1, 3, 3)
    np.testing.assert_array_equal(patches[0, 0], CROSS)
    np.testing.assert_array_equal(patches[1, 0], 0.5 * CROSS)
    np.testing.assert_allclose(answers[:2], [5.0, 2.5])
    assert answers[2] < 1


def test_patches_reach_beyond_the_border(detector):
    images = np.zeros((1, 1, 9, 9), np.float32)
    images[0, 0, 0, 0] = 1
    detector[0].weight.array[1] = 0
    detector[0].weight.array[1, 0, 1, 1] = 1
    patches, _ = top_patches(detector, "0", 1, images, count=1)
    assert patches[0, 0].tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_patches_of_a_dataset_are_scaled(detector):
    images = data.Dataset(np.full((2, 1, 9, 9), 255, np.uint8), [0, 1], input_type="image")
    patches, _ = top_patches(detector, "0", 1, images, count=2)
    assert patches.dtype == np.float32
    assert patches[:, 0, 1, 1].tolist() == [1.0, 1.0]


def test_a_unit_that_sees_everything_gets_whole_images(rng):
    net = nn.Sequential(nn.Conv2d(1, 2, 3, generator=rng), nn.Flatten(), nn.Linear(32, 4))
    images = rng.random((5, 1, 6, 6)).astype(np.float32)
    patches, answers = top_patches(net, "2", 3, images, count=2)
    best = net(Tensor(images)).detach().array[:, 3]
    np.testing.assert_array_equal(patches, images[np.argsort(-best)[:2]])
    np.testing.assert_allclose(answers, np.sort(best)[::-1][:2], rtol=1e-6)


def test_top_patches_errors(detector):
    images = np.zeros((2, 1, 9, 9), np.float32)
    with pytest.raises(ValueError, match="3 patches of 2 images"):
        top_patches(detector, "0", 0, images, count=3)
    with pytest.raises(ValueError, match="units 0 to 1; given 2"):
        top_patches(detector, "0", 2, images, count=1)


@pytest.mark.parametrize("place", [(0, 0), (1, 2)])
def test_the_receptive_field_is_what_a_unit_depends_on(place, rng):
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1, generator=rng),
        nn.Sequential(nn.BatchNorm2d(2), nn.AvgPool2d(2)),
        nn.Conv2d(2, 2, (3, 1), stride=(1, 2), dilation=(2, 1), padding="valid", generator=rng),
        nn.Tanh(),
        nn.Conv2d(2, 1, 3, padding="same", generator=rng),
    ).eval()
    x = Tensor(rng.standard_normal((1, 1, 24, 24)).astype(np.float32), requires_grad=True)
    net(x)[(0, 0, *place)].backward()
    (rows, columns), (top, left), (down, right) = receptive_field(net, "4")
    expected = np.zeros((24, 24), bool)
    y, x0 = top + place[0] * down, left + place[1] * right
    expected[max(y, 0) : y + rows, max(x0, 0) : x0 + columns] = True
    seen = x.gradient[0, 0] != 0
    edges = [np.flatnonzero(seen.any(axis))[[0, -1]].tolist() for axis in (1, 0)]
    assert edges == [np.flatnonzero(expected.any(axis))[[0, -1]].tolist() for axis in (1, 0)]


def test_no_receptive_field_behind_flatten_or_a_class(two_layers):
    assert receptive_field(nn.Sequential(nn.Flatten(), nn.Linear(4, 4)), "1") is None
    assert receptive_field(nn.Sequential(two_layers), "0.fc1") is None
    with pytest.raises(ValueError, match="no layer is named '5'"):
        receptive_field(nn.Sequential(nn.ReLU()), "5")
