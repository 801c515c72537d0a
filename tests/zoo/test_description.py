import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minitransfer import checkpoint, nn, tensor, zoo
from minitransfer.zoo import description


@pytest.fixture
def rng():
    return np.random.default_rng(0)


CARD = {
    "name": "mine",
    "input_type": "image",
    "input_shape": (3, 16, 16),
    "classes": ["a", "b"],
    "source": "nothing",
    "licence": "MIT",
    "accuracy": {},
    "command": "none",
}


def a_network():
    block = nn.Sequential({"conv": nn.Conv2d(8, 8, 3, padding=1, groups=2), "act": nn.GELU("tanh")})
    return nn.Sequential(
        {
            "scale": description.efficientnet.Normalize(0.5, 0.25),
            "stem": nn.Conv2d(3, 8, (3, 5), stride=(2, 1), padding="valid", bias=False),
            "norm": nn.BatchNorm2d(8, eps=1e-3, momentum=None),
            "block": nn.Residual(block, nn.Conv2d(8, 8, 1)),
            "same": description.efficientnet.SameConv2d(8, 8, 3, stride=2),
            "mb": description.efficientnet.MBConv(8, 8, 2, 3, 1),
            "pool": nn.AvgPool2d(2, stride=1, padding=1),
            "flat": nn.Flatten(),
            "drop": nn.Dropout(0.25),
            "bound": nn.Hardtanh(-2.0, 3.0),
            "head": nn.Linear(8 * 5 * 7, 2),
        }
    )


def test_a_network_of_layers_comes_back_from_the_file_alone(tmp_path, rng):
    network = a_network()
    path = zoo.publish(network, tmp_path / "mine.safetensors", **CARD)
    loaded = zoo.load(path)
    assert repr(loaded) == repr(network)
    assert loaded.norm.momentum is None
    assert (loaded.drop.p, loaded.bound.max_val, loaded.stem.padding) == (0.25, 3.0, "valid")
    x = tensor(rng.standard_normal((2, 3, 16, 16)).astype(np.float32))
    assert np.array_equal(loaded(x).array, network.eval()(x).array)
    assert (loaded.input_type, loaded.input_shape) == ("image", (3, 16, 16))
    again = zoo.publish(loaded, tmp_path / "again.safetensors", **CARD)
    assert zoo.read_card(again) == zoo.read_card(path)


@pytest.mark.parametrize("kind", [k for k in description.LAYERS if k.__name__ != "Embedding"])
def test_every_kind_can_be_described_and_built(kind):
    given = {
        "Linear": (2, 3),
        "Conv2d": (2, 4, 3, 1, 1, 2, 2, False),
        "SameConv2d": (2, 4, 3, 2),
        "BatchNorm1d": (3, 1e-4, 0.2, False),
        "BatchNorm2d": (3,),
        "LayerNorm": ((2, 3), 1e-4, False),
        "MBConv": (4, 4, 6, 5, 1),
        "Normalize": (0.5, 0.25),
        "MaxPool2d": (3, 2, 1),
        "AvgPool2d": ((3, 2),),
        "Upsample": (None, 2.0, "bilinear", True),
    }
    module = kind(*given.get(kind.__name__, ()))
    words = zoo.describe(module)
    most = sum(t.array.size for t in module.state_dict().values())
    built = description.build(words, most, "here")
    assert type(built) is kind
    assert zoo.describe(built) == words
    shapes = {name: t.shape for name, t in module.state_dict().items()}
    assert {name: t.shape for name, t in built.state_dict().items()} == shapes


class Own(nn.Module):
    input_type = "image"

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x.flatten(1)) * 2


def test_a_class_of_ones_own_is_given_to_load(tmp_path):
    network = Own()
    path = zoo.publish(network, tmp_path / "own.safetensors", **{**CARD, "input_shape": (1, 2, 2)})
    with pytest.raises(ValueError, match=r"a Own, .*zoo\.load\(path, network=Own\(\.\.\.\)\)"):
        zoo.load(path)
    loaded = zoo.load(path, network=Own())
    assert loaded.fc.weight.tolist() == network.fc.weight.tolist()
    assert (loaded.card["name"], loaded.input_shape, loaded.training) == ("mine", (1, 2, 2), False)
    with pytest.raises(ValueError, match=r"own\.safetensors does not fit the network.*fc\.weight"):
        zoo.load(path, network=nn.Linear(4, 2))


def test_a_part_of_ones_own_cannot_be_described():
    with pytest.raises(ValueError, match=r"'1', Own.*make the whole network a class of your own"):
        zoo.describe(nn.Sequential(nn.Flatten(), Own()))


def test_weights_without_a_card_go_into_a_network_that_is_given(tmp_path):
    network = zoo.glyph_mlp(2)
    checkpoint.save_weights(network, tmp_path / "bare.safetensors")
    with pytest.raises(ValueError, match=r"no card.*network="):
        zoo.load(tmp_path / "bare.safetensors")
    loaded = zoo.load(tmp_path / "bare.safetensors", network=zoo.glyph_mlp(2))
    assert loaded[1].weight.tolist() == network[1].weight.tolist()


@pytest.mark.parametrize("whole", [False, True])
def test_weights_that_pytorch_saved_go_into_a_network_that_is_given(tmp_path, whole):
    torch = pytest.importorskip("torch")
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    state = theirs.state_dict()
    torch.save({"state_dict": state, "epoch": 3} if whole else state, tmp_path / "net.pth")
    ours = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    loaded = zoo.load(tmp_path / "net.pth", network=ours)
    assert loaded[0].weight.tolist() == theirs[0].weight.tolist()
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ValueError, match=r"list\.pth holds no state dict"):
        zoo.load(tmp_path / "list.pth", network=ours)
    with pytest.raises(ValueError, match="no card"):
        zoo.load(tmp_path / "net.pth")


def test_classes_and_outputs_have_to_agree(tmp_path):
    with pytest.raises(ValueError, match="names 2 classes, and the network has 3 outputs"):
        zoo.publish(nn.Linear(4, 3), tmp_path / "net.safetensors", **CARD)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words, message",
    [
        ({"kind": "Linear"}, "no description"),
        ({"kind": "Linear", "in_features": 2, "out_features": 2, "bias": True, "x": 1}, "no desc"),
        ({"kind": "Linear", "in_features": 10**6, "out_features": 10**6, "bias": True}, "more wei"),
        ({"kind": "Linear", "in_features": 10**9, "out_features": 1, "bias": True}, "arguments"),
        ({"kind": "Linear", "in_features": "2", "out_features": 1, "bias": True}, "here"),
        ({"kind": "Linear", "in_features": -2, "out_features": -1, "bias": True}, "here"),
        ({"kind": "Linear", "in_features": float("nan"), "out_features": 1, "bias": True}, "argum"),
        ({"kind": "Sequential", "parts": {"forward": {"kind": "ReLU"}}}, "name of a method"),
        ({"kind": "Sequential", "parts": {"0": {"kind": "system"}}}, "no description"),
        ({"kind": "Sequential", "parts": [1]}, "other parts"),
        ({"kind": "Residual", "parts": {"body": {"kind": "ReLU"}}}, "other parts"),
        ({"kind": "os.system"}, "files bring no code along"),
        ({"kind": 3}, "here"),
        ([], "here"),
    ],
)
def test_what_anybody_may_have_written_is_refused(words, message):
    with pytest.raises(ValueError, match=message):
        description.build(words, 1000, "here")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=5,
)


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_any_arguments_give_a_layer_or_the_one_error(data):
    kind = data.draw(st.sampled_from(sorted(description.LAYERS, key=lambda k: k.__name__)))
    sizes = st.integers(-1, 9) | values
    words = {name: data.draw(sizes) for name in description.LAYERS[kind]}
    try:
        built = description.build({"kind": kind.__name__, **words}, 1000, "here")
    except ValueError as error:
        assert str(error).startswith("here")  # noqa: PT017 - it may also fit
    else:
        assert sum(p.array.size for p in built.parameters()) < 2000
