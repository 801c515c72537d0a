"""Computed once, and the same to the bit."""

import copy

import numpy as np
import pytest

from minitransfer import Tensor, data, nn, no_grad, optim, zoo
from minitransfer.train import fit
from minitransfer.transfer import (
    append,
    cache_features,
    check_input,
    features_of,
    freeze,
    freeze_to,
    parameter_groups,
    replace_head,
    split_frozen,
    strip_head,
    unfreeze,
)


class Counted(nn.Module):
    """A layer that counts what passes through it, and notes whether it was being recorded."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.examples, self.calls, self.recorded = layer, 0, 0, False

    def forward(self, x):
        self.examples += len(x)
        self.calls += 1
        y = self.layer(x)
        self.recorded |= y.requires_grad
        return y


@pytest.fixture
def images(rng):
    x = rng.integers(0, 256, (130, 1, 28, 28)).astype(np.uint8)
    return data.Dataset(x, rng.integers(0, 10, 130), "noise", tuple("0123456789"), "image", "MIT")


@pytest.fixture
def conv_net():
    return zoo.glyph_conv(10, generator=np.random.default_rng(1))


def frozen_but_head(model):
    freeze(model)
    replace_head(model, 10, np.random.default_rng(2))
    return model


@pytest.mark.parametrize("build", [zoo.glyph_conv, zoo.glyph_mlp])
@pytest.mark.parametrize("batch_size", [500, 64, 7, 1])
def test_logits_are_the_same_bit_for_bit(build, batch_size, images):
    """Within a few examples at a time, an example's features do not depend on its company."""
    model = frozen_but_head(build(10, generator=np.random.default_rng(1)))
    features, rest = cache_features(model, images, batch_size)
    rows = np.random.default_rng(3).permutation(len(images))[:64]
    with no_grad():
        (x, _), (f, _) = (next(iter(data.DataLoader(d[rows], 64))) for d in (images, features))
        np.testing.assert_array_equal(rest(f).array, model(x).array)


@pytest.mark.parametrize("build", [zoo.glyph_conv, zoo.glyph_mlp])
def test_large_batches_change_no_more_than_the_last_bits(build, rng):
    """Products of many rows are summed in another order; this is the bound of what that does."""
    x = rng.integers(0, 256, (600, 1, 28, 28)).astype(np.uint8)
    model = frozen_but_head(build(10, generator=np.random.default_rng(1)))
    images = data.Dataset(x, np.zeros(600, int), input_type="image")
    few, many = (cache_features(model, images, n)[0].x for n in (64, 600))
    np.testing.assert_allclose(few, many, rtol=0, atol=2e-6 * np.abs(few).max())


def test_training_on_the_cache_is_training_the_network(conv_net, images):
    ends = []
    for cached in (True, False):
        model = frozen_but_head(copy.deepcopy(conv_net))
        part, examples = model, images
        if cached:
            examples, part = cache_features(model, images)
        fit(
            part,
            examples,
            optimizer=optim.Adam(parameter_groups(part, 5e-3)),
            steps=10,
            batch_size=32,
            generator=np.random.default_rng(4),
        )
        ends.append(model.state_dict())
    for name in ends[0]:
        assert ends[0][name].array.tobytes() == ends[1][name].array.tobytes(), name
    assert np.abs(ends[0]["12.bias"].array).min() > 0  # the head did learn


def test_float64_goes_through_the_cache(net, batch):
    freeze_to(net.double(), 1)
    x, y = batch[0].array.astype(np.float64), batch[1].array
    features, rest = cache_features(net, (Tensor(x), y))
    (f, _) = next(iter(data.DataLoader(features, 16)))
    assert f.dtype == np.float64
    with no_grad():
        np.testing.assert_array_equal(rest.eval()(f).array, net.eval()(Tensor(x)).array)


def test_each_example_passes_the_body_once(net, batch):
    model = append(freeze(Counted(strip_head(net))), nn.Linear(5, 3))
    x, y = batch
    features, rest = cache_features(model, (x.array, y.array), batch_size=10)
    counted = model[0]
    assert (counted.examples, counted.calls, counted.recorded) == (16, 2, False)
    fit(rest, features, steps=20, batch_size=8)
    assert counted.examples == 16


def test_without_a_cache_the_body_runs_at_every_step(net, batch):
    model = append(freeze(Counted(strip_head(net))), nn.Linear(5, 3))
    fit(model, (batch[0].array, batch[1].array), steps=20, batch_size=8)
    assert model[0].examples == 160


def test_the_body_runs_in_evaluation_mode_and_keeps_its_mode(net, batch, bits):
    freeze_to(net.train(), "4")
    before = bits(net)
    features, rest = cache_features(net, (batch[0].array, batch[1].array))
    assert bits(net) == before  # batch norm did not move
    expected = net[:6](batch[0]).array  # frozen, hence without dropout
    np.testing.assert_array_equal(features.x, expected)
    assert rest.training
    assert net.training


def test_features_carry_what_is_known_of_the_data(conv_net, images):
    features, _ = cache_features(frozen_but_head(conv_net), images)
    assert features.name == "noise, features"
    assert (features.classes, features.licence) == (images.classes, "MIT")
    assert features.input_type == "numbers"
    np.testing.assert_array_equal(features.y, images.y)


def test_pooling_behind_the_frozen_layer_is_cached_too(conv_net, images):
    """The memory that the documentation promises: 4 bytes a number, after ReLU and pooling."""
    freeze_to(conv_net, 1)
    features, rest = cache_features(conv_net, images)
    assert features.input_shape == (16, 14, 14)
    assert features.x.nbytes == 130 * 16 * 14 * 14 * 4
    assert rest[0] is conv_net[3]


def test_dropout_behind_the_frozen_layer_is_not(net, batch):
    freeze_to(net, 1)
    _, rest = cache_features(net, (batch[0].array, batch[1].array))
    assert rest[0] is net[3]


def test_the_rest_keeps_its_names_also_from_nested_sequentials(batch):
    net = nn.Sequential(nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 4)), nn.Linear(4, 3))
    freeze(net[0][0])
    _, rest = cache_features(net, (batch[0].array, batch[1].array))
    names = ["0.1.weight", "0.1.bias", "1.weight", "1.bias"]
    assert [p.name for p in rest.parameters()] == names
    assert [name for name, _ in rest.named_parameters()] == names


def test_a_module_with_its_own_forward_is_cut_before_the_head(two_layers, batch):
    freeze(two_layers)
    unfreeze(two_layers.fc2)
    features, rest = cache_features(two_layers, (batch[0].array, batch[1].array))
    assert features.input_shape == (5,)
    np.testing.assert_array_equal(rest(Tensor(features.x)).array, two_layers(batch[0]).array)
    assert [name for name, _ in rest.named_parameters()] == ["fc2.weight", "fc2.bias"]


class AfterTheHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(6, 5), nn.Linear(5, 3)

    def forward(self, x):
        return self.fc2(self.fc1(x)) * 2


class OwnDropout(AfterTheHead):
    def forward(self, x):
        h = nn.functional.dropout(self.fc1(x), 0.5, self.training, np.random.default_rng(0))
        return self.fc2(h)


@pytest.mark.parametrize("kind", [AfterTheHead, OwnDropout])
def test_a_cut_that_would_change_the_result_is_refused(kind, batch):
    net = kind()
    freeze(net.fc1)
    with pytest.raises(ValueError, match=f"{kind.__name__} cannot be cut"):
        cache_features(net, (batch[0].array, batch[1].array))
    assert net.training


def test_dropout_of_its_own_is_held_in_a_frozen_network(batch):
    net = OwnDropout()
    freeze(net)
    unfreeze(net.fc2)
    features, rest = cache_features(net, (batch[0].array, batch[1].array))
    np.testing.assert_array_equal(rest(Tensor(features.x)).array, net.train()(batch[0]).array)


@pytest.mark.parametrize(
    "prepare, words",
    [
        (lambda net: net, "no frozen front part .*freeze_to"),
        (lambda net: freeze(net), "every parameter is frozen"),
        (lambda net: freeze(net[4:6]) and net, "no frozen front part"),
        (lambda net: freeze(net[:6], bn_mode="train") and net[1:], "no frozen front part"),
    ],
)
def test_nothing_to_cache(prepare, words, net, batch):
    model = prepare(net)
    with pytest.raises(ValueError, match=words):
        split_frozen(model, batch[0])


def test_the_trap_is_no_fixed_function(net, batch):
    freeze(net[:6], bn_mode="train")
    front, rest = split_frozen(net, batch[0])
    assert list(front) == [net[0]]
    assert rest[0] is net[1]


def test_a_parameter_put_into_a_frozen_layer_is_no_part_of_the_cache(net, batch):
    freeze(net[:6])
    net[4].bias = nn.Parameter(net[4].bias.array)  # it learns, unlike the rest of the layer
    _, rest = split_frozen(net, batch[0])
    assert rest[0] is net[4]


def test_a_loader_is_refused(net, batch):
    freeze(net[0])
    with pytest.raises(TypeError, match="Of a DataLoader give the data"):
        cache_features(net, data.DataLoader((batch[0].array, batch[1].array)))


def test_empty_data_and_unequal_lengths(net):
    freeze(net[0])
    with pytest.raises(ValueError, match="empty"):
        cache_features(net, (np.zeros((0, 6)), np.zeros(0, int)))
    with pytest.raises(ValueError, match="x holds 3 examples and y 2"):
        features_of(net, (np.zeros((3, 6)), np.zeros(2, int)))


def test_another_type_of_input_is_refused(conv_net, images):
    sounds = data.Dataset(images.x, images.y, "vowels", images.classes, "sound")
    frozen_but_head(conv_net)
    with pytest.raises(ValueError, match=r"type 'image', the data 'vowels' is of type 'sound'"):
        cache_features(conv_net, sounds)
    features, _ = cache_features(conv_net, sounds, allow_other_input=True)
    assert len(features) == 130


def test_another_shape_of_input_is_refused(conv_net):
    x = np.zeros((4, 1, 32, 32), np.float32)
    with pytest.raises(ValueError, match=r"shape \(1, 28, 28\), .* shape \(1, 32, 32\): bring"):
        check_input(conv_net, (x, np.zeros(4, int)))
    check_input(conv_net, (x, np.zeros(4, int)), allow_other_input=True)
    with pytest.raises(ValueError, match=r"shape \(1, 32, 32\): bring"):
        check_input(conv_net, x)  # inputs alone will do
    check_input(conv_net, x, allow_other_input=True)


def test_a_network_that_says_nothing_takes_anything(net, images):
    check_input(net, images)
