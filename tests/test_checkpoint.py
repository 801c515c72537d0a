"""Files of weights and of training runs: exact, whole or refused."""

import json
import os

import numpy as np
import pytest
import safetensors.numpy

from minitransfer import Tensor, nn
from minitransfer.checkpoint import (
    load_arrays,
    load_checkpoint,
    load_weights,
    read_card,
    save_arrays,
    save_checkpoint,
    save_weights,
)


def network(seed=0, classes=3):
    generator = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Linear(4, 5, generator=generator),
        nn.BatchNorm1d(5),
        nn.Linear(5, classes, generator=generator),
    )


def bits(module):
    return {name: t.array.tobytes() for name, t in module.state_dict().items()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.safetensors"


def test_weights_and_buffers_come_back_to_the_bit(path):
    model, other = network(0), network(1)
    model(Tensor(np.random.default_rng(2).standard_normal((8, 4), np.float32)))  # moves statistics
    save_weights(model, path)
    assert bits(other) != bits(model)
    assert load_weights(other, path) == ([], [])
    assert bits(other) == bits(model)


def test_equal_content_gives_equal_files(tmp_path):
    card = {f"key {i}": i for i in range(20)}
    for name in "ab":
        save_weights(network(), tmp_path / name, card)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_card(path):
    card = {"name": "net", "classes": ["ä", "b"], "accuracy": {"digits": 0.5}, "input_shape": [4]}
    save_weights(network(), path, card)
    assert read_card(path) == card
    save_weights(network(), path)
    assert read_card(path) == {}


def test_float16_halves_floats_and_leaves_whole_numbers(path):
    model = network()
    save_weights(model, path, dtype="float16")
    arrays, _ = load_arrays(path)
    assert arrays["0.weight"].dtype == np.float16
    assert arrays["1.num_batches_tracked"].dtype == np.int64
    other = network(1)
    load_weights(other, path)
    assert other[0].weight.dtype == np.float32
    np.testing.assert_allclose(other[0].weight.array, model[0].weight.array, rtol=1e-3)


def test_other_networks_are_refused_and_nothing_is_loaded(path):
    save_weights(network(classes=3), path)
    model = network(1, classes=7)
    before = bits(model)
    with pytest.raises(ValueError, match=r"net.safetensors.*2.weight: given \(3, 5\), expected"):
        load_weights(model, path)
    with pytest.raises(KeyError, match=r"net.safetensors.*missing keys \['3.weight', '3.bias'\]"):
        load_weights(network(1).append(nn.Linear(3, 2)), path)
    assert bits(model) == before


def test_not_strict_loads_what_has_a_counterpart(path):
    save_weights(network(), path)
    model = network(1).append(nn.Linear(3, 2))
    result = load_weights(model, path, strict=False)
    assert result == (["3.weight", "3.bias"], [])
    assert bits(model)["0.weight"] == bits(network())["0.weight"]


def test_every_truncation_is_noticed(path):
    save_weights(network(), path, {"name": "net"})
    whole = path.read_bytes()
    for length in (0, 1, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        for read in (load_arrays, lambda p: load_weights(network(), p), read_card):
            with pytest.raises(ValueError, match=r"net.safetensors .* is damaged, truncated"):
                read(path)


def test_every_flipped_bit_in_the_numbers_or_the_card_is_noticed(path):
    save_weights(network(), path, {"name": "net"})
    whole = path.read_bytes()
    places = [*range(len(whole) - 200, len(whole), 7), whole.index(b"net")]
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 4
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged"):
            load_arrays(path)


def test_no_file_a_folder_and_a_file_of_another_kind(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing.safetensors does not exist"):
        load_arrays(tmp_path / "nothing.safetensors")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        read_card(tmp_path)
    (tmp_path / "text").write_text("these are not weights, but a text that somebody wrote")
    with pytest.raises(ValueError, match="not a safetensors file"):
        load_weights(network(), tmp_path / "text")


def test_files_of_other_tools_can_be_loaded(path):
    arrays = {name: t.array for name, t in network().state_dict().items()}
    safetensors.numpy.save_file(arrays, path, {"format": "pt"})
    model = network(1)
    load_weights(model, path)
    assert bits(model) == bits(network())
    assert read_card(path) == {}


def test_other_tools_can_load_ours(path):
    save_weights(network(), path, {"name": "net"})
    theirs = safetensors.numpy.load_file(path)
    np.testing.assert_array_equal(theirs["2.bias"], network()[2].bias.array)


def test_arrays_of_every_shape_type_and_order(path):
    arrays = {
        "scalar": np.array(1.5),
        "empty": np.zeros((0, 3), np.float32),
        "transposed": np.arange(6).reshape(2, 3).T,
        "strided": np.arange(10, dtype=np.uint8)[::3],
        "flags": np.array([True, False]),
        "tensor": Tensor([1.0, 2.0]),
    }
    save_arrays(path, arrays)
    loaded, extra = load_arrays(path)
    assert extra is None
    for name, array in arrays.items():
        expected = array.array if isinstance(array, Tensor) else array
        assert loaded[name].dtype == expected.dtype
        np.testing.assert_array_equal(loaded[name], expected, strict=True)


def test_a_failing_write_leaves_the_old_file_and_no_other(path, monkeypatch):
    save_weights(network(), path, {"name": "old"})

    def no_space(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        save_weights(network(1), path, {"name": "new"})
    assert read_card(path) == {"name": "old"}
    assert os.listdir(path.parent) == [path.name]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="nothing was written, choose a place") as caught:
        save_weights(network(), tmp_path / "file" / "net.safetensors")
    assert caught.value.filename == str(tmp_path / "file" / "net.safetensors")


def test_folders_are_made_and_links_stay_links(tmp_path):
    target = tmp_path / "deep" / "down" / "net.safetensors"
    save_weights(network(), target, {"name": "first"})
    link = tmp_path / "link.safetensors"
    link.symlink_to(target)
    save_weights(network(), link, {"name": "second"})
    assert link.is_symlink()
    assert read_card(target) == {"name": "second"}


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox])
def test_the_state_of_a_generator_comes_back(path, kind):
    generator = np.random.Generator(kind(3))
    generator.random(5, np.float32)  # leaves half a number in store
    save_checkpoint(path, {"generator": generator.bit_generator.state})
    expected = generator.random(4, np.float32), generator.standard_normal(4)
    other = np.random.Generator(kind(0))
    other.bit_generator.state = load_checkpoint(path)["generator"]
    np.testing.assert_array_equal(other.random(4, np.float32), expected[0])
    np.testing.assert_array_equal(other.standard_normal(4), expected[1])


def test_a_checkpoint_keeps_structure_numbers_and_types(path):
    state = {
        "floats": [0.1, 1e-300, float("inf"), -0.0],
        "big": 2**127 + 1,
        "nothing": None,
        "yes": True,
        "text": "Größe",
        "numpy": np.float32(0.1),
        "a/b": {"~": Tensor([1.0]), "x": np.arange(3)},
        "a": {"b/~": np.zeros(2)},
        "rows": [{"loss": 0.5, "weights": np.ones(1)}, {}],
        "empty": {},
    }
    save_checkpoint(path, state)
    loaded = load_checkpoint(path)
    assert list(loaded) == list(state)
    for key in ("floats", "big", "nothing", "yes", "text", "empty"):
        assert loaded[key] == state[key]
        assert type(loaded[key]) is type(state[key])
    assert type(loaded["numpy"]) is np.float32
    assert loaded["numpy"] == np.float32(0.1)
    assert loaded["a/b"]["~"].tolist() == [1.0]
    assert loaded["a/b"]["x"].tolist() == [0, 1, 2]
    assert loaded["a"]["b/~"].tolist() == [0.0, 0.0]
    assert loaded["rows"][0]["weights"].tolist() == [1.0]


@pytest.mark.parametrize(
    "state, message",
    [
        ({"a": {"b": {1, 2}}}, "set at '/a/b'"),
        ({"a": {1: 2}}, "text for keys; given 1 at '/a'"),
    ],
)
def test_what_a_checkpoint_cannot_hold_is_said_with_its_place(path, state, message):
    with pytest.raises(TypeError, match=message):
        save_checkpoint(path, state)
    assert not path.exists()


def test_weights_are_not_a_checkpoint(path):
    save_weights(network(), path)
    with pytest.raises(ValueError, match="not a checkpoint of a training run"):
        load_checkpoint(path)


def test_loading_runs_no_code(path):
    save_checkpoint(path, {"x": np.zeros(3)})
    header_length = int.from_bytes(path.read_bytes()[:8], "little")
    header = json.loads(path.read_bytes()[8 : 8 + header_length])
    assert set(header) == {"__metadata__", "/x"}  # arrays, and text: nothing that could run
    assert set(header["__metadata__"]) == {"minitransfer"}


# Types of other libraries, machines and years


def foreign(path, kind, content, shape):
    """Write a file as another library does, with an array of this type."""
    whole = np.arange(3, dtype="<i4").tobytes()
    header = {
        "w": {"dtype": kind, "shape": shape, "data_offsets": [12, 12 + len(content)]},
        "whole": {"dtype": "I32", "shape": [3], "data_offsets": [0, 12]},
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + whole + content)


def test_bfloat16_comes_as_the_float32_of_the_same_number(path):
    upper = np.arange(2**16, dtype=np.uint32)  # every bfloat16 there is
    foreign(path, "BF16", upper.astype("<u2").tobytes(), [256, 256])
    arrays, extra = load_arrays(path)
    assert extra is None
    assert arrays["w"].dtype == np.float32
    np.testing.assert_array_equal(arrays["w"].view(np.uint32), upper.reshape(256, 256) << 16)
    assert arrays["whole"].tolist() == [0, 1, 2]
    # 0x3FC0, 0xC000 and 0x0001: 1.5, −2 and the smallest above 0
    numbers = arrays["w"].reshape(-1)[[0x3FC0, 0xC000, 0x0001]]
    assert numbers.tolist() == [1.5, -2.0, 2.0**-133]


def test_weights_of_bfloat16_are_loaded(path):
    foreign(path, "BF16", np.array([0x3F80, 0x4000, 0xBF00], "<u2").tobytes(), [1, 3])
    model = nn.Linear(3, 1, bias=False)
    load_weights(model, path, strict=False)
    model.weight.array[...] = 0
    arrays, _ = load_arrays(path)
    model.load_state_dict({"weight": arrays["w"]})
    assert model.weight.tolist() == [[1.0, 2.0, -0.5]]
    foreign(path, "BF16", b"", [0, 3])
    assert load_arrays(path)[0]["w"].shape == (0, 3)


@pytest.mark.parametrize("kind", ["F8_E4M3", "F8_E5M2"])
def test_what_numpy_cannot_hold_is_unsupported_and_not_damaged(path, kind):
    foreign(path, kind, bytes(4), [4])
    with pytest.raises(ValueError, match=f"'w' is of type {kind}, which is not supp") as caught:
        load_arrays(path)
    assert "the file is sound" in str(caught.value)
    assert "damaged" not in str(caught.value)
    assert read_card(path) == {}


@pytest.mark.parametrize("kind", [">f4", ">f8", ">i2", ">u8", ">f2", ">c8", "<f4", "=i4"])
def test_arrays_of_either_order_of_bytes(path, kind):
    array = np.array([[1, 2, 3], [4, 5, 60]]).astype(kind)
    save_arrays(path, {"a": array, "t": array.T})
    loaded, _ = load_arrays(path)
    assert loaded["a"].dtype.isnative
    np.testing.assert_array_equal(loaded["a"], array)
    np.testing.assert_array_equal(loaded["t"], array.T)
    save_checkpoint(path, {"a": array, "one": array[0, 0]})
    assert load_checkpoint(path)["one"] == 1


@pytest.mark.parametrize(
    "array",
    [["text"], [None], np.zeros(2, "M8[s]"), np.zeros(2, complex), np.zeros(2, "i4,f4"), "x"],
    ids=str,
)
def test_arrays_that_no_file_can_hold_are_named(path, array):
    with pytest.raises(TypeError, match=r"array 'mine' is of type .* convert it first"):
        save_arrays(path, {"fine": np.zeros(1), "mine": array})
    assert not path.exists()


def test_a_card_is_a_dictionary(path):
    with pytest.raises(ValueError, match="expected a dictionary"):
        save_weights(network(), path, ["a", "list"])


def test_what_would_not_be_read_is_not_written(path):
    deep = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(ValueError, match="nested"):
        save_arrays(path, {}, deep)
    assert not path.exists()
