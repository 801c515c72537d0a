"""Whoever gives pictures in another form than a network takes is told what to do about it."""

import numpy as np
import pytest

from minitransfer import data, nn, train, transfer, zoo
from minitransfer.data import DataLoader, Dataset
from minitransfer.nn.picture_shapes import how_to_bring

N = 12
y = np.arange(N) % 3
names = np.array(["ant", "bee", "cow"])[y]


def x(*shape):
    """Bright spots on black, as the networks know them."""
    array = np.zeros((N, *shape), np.float32)
    array.reshape(N, -1)[:, :: max(1, int(np.prod(shape)) // 9)] = 1
    return array


def fine_tune(inputs, targets=y, name="glyph-conv", **options):
    network = transfer.replace_head(zoo.load(name), 3, np.random.default_rng(0))
    whole = inputs if targets is None else (inputs, targets)
    generator = np.random.default_rng(0)
    return transfer.fine_tune(network, whole, steps=2, generator=generator, **options)


@pytest.mark.parametrize(
    "shape, advice",
    [
        ((3, 28, 28), "the pictures are coloured and the network takes grey ones: x.mean"),
        ((28, 28, 3), r"the channels stand last: x\.transpose\(0, 3, 1, 2\) .* makes colours grey"),
        ((28, 28, 1), r"the channels stand last: x\.transpose\(0, 3, 1, 2\)"),
        ((4, 28, 28), "the fourth channel is transparency"),
        ((28, 28), r"the axis of the channels is missing: x\[:, None\]"),
        ((784,), r"the pictures are flattened: x\.reshape\(-1, 1, 28, 28\)"),
        ((1, 32, 32), r"bring them to that size .* nn\.functional\.interpolate"),
        ((5,), "bring them to that shape"),
    ],
)
def test_another_shape(shape, advice):
    with pytest.raises(ValueError, match=rf"of shape \(1, 28, 28\), .* {advice}"):
        fine_tune(x(*shape))


@pytest.mark.filterwarnings("ignore:the pictures of")
@pytest.mark.parametrize(
    "shape", [(28, 28, 3), (28, 28, 1), (28, 28), (784,), (3, 28, 28)], ids=str
)
def test_the_advice_leads_there(shape):
    """What the message says to write makes of the data what the network takes."""
    advice = how_to_bring(shape, (1, 28, 28))
    calls = {
        "x.transpose(0, 3, 1, 2)": lambda a: a.transpose(0, 3, 1, 2),
        "x[:, None]": lambda a: a[:, None],
        "x.reshape(-1, 1, 28, 28)": lambda a: a.reshape(-1, 1, 28, 28),
        ".mean(axis=1, keepdims=True)": lambda a: a.mean(axis=1, keepdims=True),
    }
    array = x(*shape)
    for call, function in calls.items():
        if call in advice:
            array = function(array)
    fine_tune(array)


def test_pictures_of_different_sizes():
    parts = [np.zeros((1, 28 + 2 * (i % 2), 28)) for i in range(N)]
    for give in (lambda: Dataset(parts, y), lambda: fine_tune(parts)):
        with pytest.raises(
            ValueError, match=r"different shapes \(\(1, 28, 28\), \(1, 30, 28\)\).*crop"
        ):
            give()


def test_several_arrays_in_an_array_of_objects_are_one_array():
    parts = np.empty(3, object)
    for i in range(3):
        parts[i] = np.zeros((2, 2))
    assert Dataset(parts, [0, 1, 2]).x.shape == (3, 2, 2)


@pytest.mark.parametrize("dtype", ["uint16", "int64", "int16"])
def test_whole_numbers_that_are_no_bytes(dtype):
    pictures = x(1, 28, 28).astype(dtype)
    with pytest.raises(ValueError, match=rf"pictures of {dtype}: .* x / 65535 .16 bits."):
        fine_tune(pictures)
    with pytest.raises(ValueError, match=rf"pictures of {dtype}"):
        fine_tune(Dataset(pictures, y, input_type="image"), None)
    with pytest.raises(ValueError, match=rf"pictures of {dtype}"):
        train.evaluate(zoo.load("glyph-mlp"), (pictures, y))
    with pytest.raises(ValueError, match=rf"pictures of {dtype}"):  # of a network that says nothing
        train.predict(nn.Conv2d(1, 2, 3), Dataset(pictures, y, input_type="image"))


def test_names_as_labels():
    advice = r"classes, y = np\.unique\(labels, return_inverse=True\)"
    for give in (
        lambda: fine_tune(x(1, 28, 28), names),
        lambda: fine_tune(x(1, 28, 28), names.tolist()),
        lambda: Dataset(x(4), names, classes=("ant", "bee", "cow")),
        lambda: train.evaluate(nn.Linear(4, 3), (x(4), names)),
    ):
        with pytest.raises(ValueError, match=rf"y holds texts .<U3.; .*{advice}"):
            give()
    with pytest.raises(TypeError, match=advice):
        next(iter(DataLoader((x(4), names), 4)))
    classes, labels = np.unique(names, return_inverse=True)
    assert Dataset(x(4), labels, classes=classes).classes == ("ant", "bee", "cow")


def test_a_type_that_was_forgotten():
    undeclared = Dataset(x(1, 28, 28), y)
    with pytest.raises(ValueError, match=r"say Dataset\(x, y, input_type='image'\)"):
        fine_tune(undeclared, None)
    with pytest.raises(ValueError, match="take a network that learnt from sound"):
        fine_tune(Dataset(x(1, 28, 28), y, input_type="sound"), None)


def test_paths_are_no_pictures():
    with pytest.raises(ValueError, match=r"holds texts or objects .*pictures\.collect makes data"):
        fine_tune([f"{i}.png" for i in range(N)])


@pytest.mark.parametrize("name", ["glyph-conv", "glyph-mlp"])
def test_other_input_that_is_allowed_and_does_not_go_through(name):
    message = r"of shape .* do not go through this network, with allow_other_input=True either"
    sounds = data.japanese_vowels("pool").sample(18, np.random.default_rng(0))
    for inputs in ((x(12), y), (x(1, 32, 32), y), sounds[:N]):
        with pytest.raises(ValueError, match=rf"{message}: it computes with \(1, 28, 28\): bring"):
            fine_tune(inputs, None, name=name, allow_other_input=True)
    network = transfer.freeze(zoo.load(name))
    transfer.replace_head(network, 9, np.random.default_rng(0))
    with pytest.raises(ValueError, match=message):
        transfer.cache_features(network, sounds, allow_other_input=True)
    padded = np.pad(sounds.x, ((0, 0), (0, 0), (0, 17)))[:, None, :28, :28]
    transfer.cache_features(network, Dataset(padded, sounds.y), allow_other_input=True)


@pytest.mark.parametrize(
    "shape, advice",
    [
        ((28, 28, 1), r"channels stand last"),
        ((3, 28, 28), "coloured"),
        ((784,), r"if these are flattened pictures, x\.reshape\(-1, 1, height, width\)"),
        ((28, 28), r"x\[:, None\]"),
    ],
)
def test_a_convolution_says_it_too(shape, advice):
    with pytest.raises(ValueError, match=rf"expects images \(N, 1, height, width\).*{advice}"):
        train.predict(zoo.load("glyph-conv"), x(*shape))


def test_one_picture_is_no_batch():
    with pytest.raises(ValueError, match=r"one picture, and a batch is expected: x\[None\]"):
        train.predict(zoo.load("glyph-conv"), np.zeros((1, 28, 28), np.float32))
