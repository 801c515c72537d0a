import numpy as np
import pytest

from minitransfer import checkpoint, data, nn, train, zoo
from minitransfer.zoo import published

CARD = {
    "name": "tiny",
    "architecture": "glyph_mlp",
    "input_type": "image",
    "input_shape": (1, 28, 28),
    "classes": ["a", "b"],
    "source": "nothing",
    "licence": "MIT",
    "accuracy": {},
    "command": "none",
}


def test_what_is_published_comes_back_with_its_card(tmp_path):
    network = zoo.glyph_mlp(2)
    path = zoo.publish(network, tmp_path / "tiny.safetensors", **CARD)
    loaded = zoo.load(path)
    for name, tensor in network.state_dict().items():
        assert np.array_equal(loaded.state_dict()[name].array, tensor.array)
    assert loaded.card == {**CARD, "input_shape": [1, 28, 28]}
    assert (loaded.input_type, loaded.input_shape) == ("image", (1, 28, 28))
    assert not loaded.training


def test_a_card_may_say_what_its_pictures_look_like(tmp_path):
    convention = {"range": [-1, 1], "polarity": "any", "centring": "any"}
    path = zoo.publish(
        zoo.glyph_mlp(2), tmp_path / "tiny.safetensors", **CARD, convention=convention
    )
    assert zoo.read_card(path)["convention"] == zoo.load(path).convention == convention
    plain = zoo.publish(zoo.glyph_mlp(2), tmp_path / "plain.safetensors", **CARD)
    assert zoo.load(plain).convention is None
    wrong = {**convention, "polarity": "upside down"}
    with pytest.raises(ValueError, match=r"polarity.* is 'upside down'; expected one of"):
        zoo.publish(zoo.glyph_mlp(2), tmp_path / "no.safetensors", **CARD, convention=wrong)


def test_known_examples_come_under_the_networks_numbers(tmp_path):
    path = zoo.publish(zoo.glyph_mlp(2), tmp_path / "tiny.safetensors", **CARD)
    network = zoo.load(path)
    pictures = data.Dataset(np.zeros((4, 2)), [0, 1, 2, 2], classes=("b", "?", "a"))
    known = zoo.known_to(network, pictures)
    assert (known.y.tolist(), known.classes) == ([1, 0, 0], ("a", "b"))
    with pytest.raises(ValueError, match="'tiny' knows none of the classes"):
        zoo.known_to(network, pictures[[1]])
    with pytest.raises(ValueError, match="no card"):
        zoo.known_to(zoo.glyph_mlp(2), pictures)


def test_half_precision_halves_the_file_and_loads_as_float32(tmp_path):
    network = zoo.glyph_mlp(2)
    full = zoo.publish(network, tmp_path / "full.safetensors", **CARD)
    half = zoo.publish(network, tmp_path / "half.safetensors", dtype="float16", **CARD)
    assert half.stat().st_size < 0.52 * full.stat().st_size
    assert {p.dtype for p in zoo.load(half).parameters()} == {np.dtype("float32")}


@pytest.mark.parametrize(
    "change, message",
    [
        ({"licence": None}, "missing: \\['licence'\\]"),
        ({"mood": "good"}, "unknown: \\['mood'\\]"),
        ({"architecture": "alexnet"}, "glyph_conv, glyph_mlp"),
        ({"classes": ["a", "b", "c"]}, "does not fit its card"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(tmp_path, change, message):
    card = {k: v for k, v in {**CARD, **change}.items() if v is not None}
    with pytest.raises(ValueError, match=message):
        zoo.publish(zoo.glyph_mlp(2), tmp_path / "tiny.safetensors", **card)
    assert not list(tmp_path.iterdir())


def test_an_unknown_network_names_those_that_there_are():
    with pytest.raises(ValueError, match=r"'glyph-cnov'.*lite0, glyph-conv, glyph-mlp"):
        zoo.load("glyph-cnov")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="there is no file"):
        zoo.load(tmp_path / "none.safetensors")


def test_weights_without_a_card_say_what_to_do(tmp_path):
    checkpoint.save_weights(nn.Linear(2, 2), tmp_path / "bare.safetensors")
    with pytest.raises(ValueError, match="no card"):
        zoo.load(tmp_path / "bare.safetensors")


@pytest.mark.parametrize("keep", [0, 5, 200, 0.5])
def test_a_truncated_file_is_noticed(tmp_path, keep):
    path = zoo.publish(zoo.glyph_mlp(2), tmp_path / "tiny.safetensors", **CARD)
    whole = path.read_bytes()
    path.write_bytes(whole[: keep if keep != 0.5 else len(whole) // 2])
    with pytest.raises(ValueError, match=r"tiny\.safetensors"):
        zoo.load(path)


def test_the_package_brings_two_networks_in_well_under_three_megabytes():
    assert zoo.list() == ["efficientnet-lite0", "glyph-conv", "glyph-mlp"]
    assert sum(path.stat().st_size for path in published.FOLDER.iterdir()) < 2e6


@pytest.mark.parametrize("name", ["glyph-conv", "glyph-mlp"])
def test_a_published_network_is_as_good_as_its_card_says(name):
    network = zoo.load(name)
    assert len(network.card["classes"]) == 1000
    assert not set("0123456789") & set(network.card["classes"])
    held_out = data.glyphs(1000, 2, seed=zoo.HELD_OUT_SEED)
    (promised,) = network.card["accuracy"].values()
    # The renderer's bits depend on the versions of matplotlib and pillow, hence the margin.
    assert train.evaluate(network, held_out)["accuracy"] == pytest.approx(promised, abs=0.03)
