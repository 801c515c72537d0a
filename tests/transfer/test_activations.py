"""Looking at the layers inside."""

import numpy as np
import pytest

from minitransfer import data, nn, no_grad
from minitransfer.transfer import activations, by_place
from minitransfer.transfer.activations import layer_outputs


def test_they_are_what_the_layers_compute(net, batch):
    x = batch[0].array
    found = activations(net.train(), x, "4", "1", batch_size=5)
    assert list(found) == ["4", "1"]
    net.eval()
    with no_grad():
        np.testing.assert_allclose(found["1"], net[:2](batch[0]).array, rtol=1e-6)
        np.testing.assert_allclose(found["4"], net[:5](batch[0]).array, rtol=1e-5, atol=1e-6)


def test_all_innermost_layers_by_default(two_layers, batch):
    found = activations(nn.Sequential(two_layers, nn.ReLU()), batch[0])
    assert {name: a.shape for name, a in found.items()} == {
        "0.fc1": (16, 5),
        "0.fc2": (16, 3),
        "1": (16, 3),
    }


def test_a_container_is_a_layer_too(two_layers, batch):
    model = nn.Sequential(two_layers, nn.ReLU())
    found = activations(model, batch[0], "0")
    with no_grad():
        np.testing.assert_array_equal(found["0"], two_layers(batch[0]).array)


def test_the_network_stays_as_it_was(net, batch, bits):
    net.train()
    before = bits(net)
    activations(net, batch[0])
    assert bits(net) == before
    assert all(m.training for m in net.modules())
    assert all(m._forward_hooks is None for m in net.modules())


def test_it_is_left_clean_after_an_error(net):
    with pytest.raises(ValueError, match="expects"):
        activations(net, np.zeros((3, 7)))
    assert all(m._forward_hooks is None for m in net.modules())


def test_two_at_a_time(net, batch):
    with layer_outputs(net, "0") as outer:
        with layer_outputs(net, "0") as inner:
            net(batch[0])
        outer.clear()
        net(batch[0])
    assert inner["0"].shape == outer["0"].shape == (16, 8)


def test_images_of_a_dataset_are_scaled():
    images = data.Dataset(np.full((2, 1, 2, 2), 255, np.uint8), [0, 1], input_type="image")
    found = activations(nn.Sequential(nn.Flatten()), images, "0")["0"]
    np.testing.assert_array_equal(found, np.ones((2, 4), np.float32))


def test_an_unknown_name(net, batch):
    with pytest.raises(ValueError, match="no layer is named 'conv1'; there are 0, 1, 2"):
        activations(net, batch[0], "0", "conv1")


def test_a_layer_that_takes_no_part(two_layers, batch):
    two_layers.spare = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="'spare' was not called"):
        activations(two_layers, batch[0], "spare")


@pytest.mark.parametrize("grid", [1, 2, 3])
def test_by_place_is_the_largest_answer_of_each_part(rng, grid):
    answers = rng.standard_normal((4, 5, 7, 3))
    heights, widths = (np.array_split(np.arange(size), grid) for size in (7, 3))
    expected = [
        [[[one[u][h][:, w].max() for w in widths] for h in heights] for u in range(5)]
        for one in answers
    ]
    np.testing.assert_array_equal(by_place(answers, grid), np.reshape(expected, (4, -1)))


def test_by_place_leaves_answers_without_places_alone(rng):
    answers = rng.standard_normal((4, 5))
    assert by_place(answers) is answers


@pytest.mark.parametrize(("shape", "grid"), [((4, 5, 7, 2), 3), ((4, 5, 7), 1), ((4, 5, 7, 7), 0)])
def test_by_place_says_what_it_takes(shape, grid):
    with pytest.raises(ValueError, match="height, width"):
        by_place(np.zeros(shape), grid)
