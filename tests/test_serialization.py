"""`save` and `load`: what goes in comes out, any tool can read a state, and a pickle is refused."""

import io
import pickle

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import minitransfer as mt
from minitransfer import nn, optim


def test_nested_things_come_back_as_they_were(tmp_path):
    thing = {
        "epoch": 3,
        "best": 0.25,
        "name": "net/a",
        "done": False,
        "nothing": None,
        "pair": (1, [2.5, (None, "x")]),
        7: mt.arange(3),
        "array": np.arange(2.0),
        "number": np.float32(0.5),
        "a/b": mt.ones(1),
        "a": {"b": mt.zeros(1)},
    }
    mt.save(thing, tmp_path / "thing.pt")
    back = mt.load(tmp_path / "thing.pt")
    assert list(back) == list(thing)
    assert back["pair"] == thing["pair"]
    assert {k: back[k] for k in list(thing)[:5]} == {k: thing[k] for k in list(thing)[:5]}
    assert isinstance(back[7], mt.Tensor)
    assert back[7].tolist() == [0, 1, 2]
    assert isinstance(back["array"], np.ndarray)
    assert back["number"].dtype == np.float32
    assert (back["a/b"].item(), back["a"]["b"].item()) == (1, 0)


def test_a_training_run_goes_on(tmp_path):
    def made():
        net = nn.Linear(2, 1)
        optimizer = optim.Adam(net.parameters(), lr=0.1)
        return net, optimizer, optim.StepLR(optimizer, 2, 0.5)

    def step(net, optimizer, schedule):
        optimizer.zero_grad()
        net(mt.ones(1, 2)).square().sum().backward()
        optimizer.step()
        schedule.step()

    run = made()
    for _ in range(3):
        step(*run)
    mt.save([part.state_dict() for part in run], tmp_path / "run.pt")
    other = made()
    for part, state in zip(other, mt.load(tmp_path / "run.pt"), strict=True):
        part.load_state_dict(state)
    step(*run)
    step(*other)
    assert run[0].weight.tolist() == other[0].weight.tolist()
    assert run[2].get_last_lr() == other[2].get_last_lr() == [0.025]


def test_a_state_is_a_plain_safetensors_file_and_the_other_way_round(tmp_path):
    net = nn.Linear(2, 1)
    mt.save(net.state_dict(), tmp_path / "net.pt")
    assert set(load_file(tmp_path / "net.pt")) == {"weight", "bias"}
    save_file({"weight": np.ones((1, 2), np.float32)}, tmp_path / "foreign.safetensors")
    assert mt.load(tmp_path / "foreign.safetensors")["weight"].tolist() == [[1, 1]]


@pytest.mark.parametrize("length", [0x80, 0x4B50])
def test_a_header_whose_length_looks_like_a_pickle_is_read(tmp_path, length):
    header = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'.ljust(length)
    path = tmp_path / "odd.safetensors"
    path.write_bytes(length.to_bytes(8, "little") + header + b"\x07")
    assert path.read_bytes()[:2] in (b"\x80\x00", b"PK")
    assert mt.load(path)["a"].tolist() == [7]


@pytest.mark.parametrize("protocol", [2, 4])
def test_pickles_of_other_origin_are_refused(tmp_path, protocol):
    path = tmp_path / "old.pth"
    path.write_bytes(pickle.dumps({"weight": [1.0, 2.0, 3.0]}, protocol))
    with pytest.raises(ValueError, match=r"old\.pth .* not a file of torch\.save"):
        mt.load(path)
    path.write_bytes(b"PK\x03\x04 and what torch.save does not write")
    with pytest.raises(ValueError, match=r"old\.pth .* not a file of torch\.save"):
        mt.load(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_what_pytorch_saved_comes_as_tensors_of_our_own(tmp_path, zipped):
    torch = pytest.importorskip("torch")
    weight = torch.arange(6.0).reshape(2, 3).t()
    state = {"model": {"weight": weight, "tied": weight}, "steps": [(1, 0.5), None, "end"]}
    path = tmp_path / "run.pth"
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    saved = mt.load(path, weights_only=True)
    assert saved["steps"] == state["steps"]
    assert saved["model"]["weight"].tolist() == weight.tolist()
    saved["model"]["weight"][0, 0] = 7  # a copy, which may be written to
    assert saved["model"]["tied"][0, 0].item() == 0


def test_errors(tmp_path):
    with pytest.raises(TypeError, match=r"Linear at the top.*save its state_dict\(\) instead"):
        mt.save(nn.Linear(1, 1), tmp_path / "net.pt")
    with pytest.raises(TypeError, match="set at /a/1"):
        mt.save({"a": [1, {2}]}, tmp_path / "set.pt")
    with pytest.raises(TypeError, match="the path of a file; given BytesIO"):
        mt.save({}, io.BytesIO())
    with pytest.raises(FileNotFoundError):
        mt.load(tmp_path / "nothing.pt")
    mt.save([1], tmp_path / "one.pt")
    with pytest.raises(AttributeError, match="everything runs on the processor"):
        mt.load(tmp_path / "one.pt", map_location="cuda:0")
    assert mt.load(tmp_path / "one.pt", map_location=mt.device("cpu")) == [1]
