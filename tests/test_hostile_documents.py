"""Files that somebody made to harm: whatever stands in them, only documented errors come out."""

import copy
import hashlib
import io
import json
import os
import struct
import types

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from minitransfer import nn, optim, zoo
from minitransfer.checkpoint import (
    load_arrays,
    load_checkpoint,
    load_weights,
    read_card,
    save_checkpoint,
    save_weights,
)
from minitransfer.course import last_run, ledger, print_ledger
from minitransfer.course.records import read_records
from minitransfer.experiments.storage import append_row, read_rows
from minitransfer.train import Monitor, fit


def many(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,  # the same cases in every run
        suppress_health_check=list(HealthCheck),
        database=None,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for files that need not outlive a power failure, thousands of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield tmp_path_factory.mktemp("hostile")


# What a stranger may put in any place of a document.
ODD = [
    None, True, False, 0, 1, -1, 2**31, 2**63, -(2**63), 10**40, 0.5, -0.5, 1e308, -0.0,
    float("nan"), float("inf"), -float("inf"), "", "x", "\x00", "\ud800", "[/usr]", "\x1b[2J", "1",
    ".999999999f", "🦆" * 300, [], {}, [[]], [{}], {"": None}, [1, "2", None], {"__array__": "/x"},
    {"__array__": {}, "number": 1}, {"__array__": "/model/0.weight", "number": True},
    {"__array__": "/model/0.weight", "number": False}, [0] * 1000,
]  # fmt: skip


def places(document, path=()):
    """Every path to a value within a document."""
    yield path
    if isinstance(document, (dict, list)):
        items = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in items:
            yield from places(value, (*path, key))


@st.composite
def mutated(draw, document):
    """The document with one to three of its values replaced, removed, doubled or buried."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(document))))
        odd = copy.deepcopy(draw(st.sampled_from(ODD)))
        if not path:
            return odd
        inner = document
        for key in path[:-1]:
            inner = inner[key]
        how = draw(st.sampled_from(["replace", "replace", "remove", "double", "bury"]))
        if how == "remove":
            del inner[path[-1]]
        elif how == "double" and isinstance(inner, list):
            inner.append(inner[path[-1]])
        elif how == "bury":
            for _ in range(draw(st.sampled_from([1, 60]))):
                odd = [odd]
            inner[path[-1]] = odd
        else:
            inner[path[-1]] = odd
    return document


@st.composite
def bytes_mutated(draw, content):
    """The bytes with some of them flipped, cut out or put in."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        how = draw(st.sampled_from(["flip", "cut", "insert", "end"]))
        if how == "flip" and content:
            content[at] ^= draw(st.integers(1, 255))
        elif how == "cut":
            del content[at : at + draw(st.integers(1, 50))]
        elif how == "insert":
            content[at:at] = draw(st.binary(max_size=10))
        else:
            del content[at:]
    return bytes(content)


def fingerprint(arrays, text):
    digest = hashlib.sha256(text.encode(errors="surrogatepass"))
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def signed(path, arrays, extra):
    """Write what `save_arrays` would, had it been told to."""
    text = json.dumps(extra)
    header = {"sha256": fingerprint(arrays, text), "extra": text}
    path.write_bytes(safetensors.numpy.save(arrays, {"minitransfer": json.dumps(header)}))
    return path


def bare(path, header: str):
    """Write a file without arrays whose header is this text."""
    content = json.dumps({"__metadata__": {"minitransfer": header}}).encode()
    path.write_bytes(struct.pack("<Q", len(content)) + content)
    return path


def refused_or_read(read, *arguments, errors=(ValueError,)):
    message = ""
    try:
        read(*arguments)
    except errors as error:
        message = str(error)
    assert len(message) < 20_000, "a message is to be read"


CARD = {
    "name": "tiny",
    "architecture": "glyph_mlp",
    "input_type": "image",
    "input_shape": [1, 28, 28],
    "classes": ["a", "b"],
    "source": "nothing",
    "licence": "MIT",
    "accuracy": {"digits": 0.5},
    "command": "none",
}
SOUND = zoo.glyph_mlp(2, generator=np.random.default_rng(0))
WEIGHTS = {name: tensor.array for name, tensor in SOUND.state_dict().items()}
FEW = {"x": np.arange(3.0), "one": np.array(2.0), "none": np.zeros((0, 2), np.int8)}
READERS = [load_arrays, read_card, load_checkpoint, zoo.load]


EXTRA = json.dumps({"card": CARD})


@many(400)
@given(header=mutated({"sha256": hashlib.sha256(EXTRA.encode()).hexdigest(), "extra": EXTRA}))
def test_headers(folder, header):
    path = bare(folder / "header.safetensors", json.dumps(header))
    for read in READERS:
        refused_or_read(read, path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 10_000, "{", "", "nul"])
@pytest.mark.parametrize("sign", [False, True])
def test_headers_that_are_deep_or_no_json(tmp_path, text, sign):
    path = tmp_path / "header.safetensors"
    header = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "extra": text}
    bare(path, json.dumps(header) if sign else text)
    for read in READERS:
        with pytest.raises(ValueError, match=r"header.safetensors"):
            read(path)


@many(300)
@given(card=mutated({"card": CARD}))
def test_cards(folder, card):
    path = signed(folder / "card.safetensors", WEIGHTS, card)
    refused_or_read(zoo.read_card, path)
    refused_or_read(zoo.load, path)


@pytest.mark.parametrize("shape", [[1, 28, 29], [28, 28], [10**6, 10**6]])
def test_a_card_that_asks_for_another_shape_than_its_network(tmp_path, shape):
    path = signed(tmp_path / "x.safetensors", WEIGHTS, {"card": {**CARD, "input_shape": shape}})
    with pytest.raises(ValueError, match="input_shape"):
        zoo.load(path)


@many(400)
@given(extra=mutated({"checkpoint": {"a": [{"__array__": "x", "number": False}, 1.5], "b": {
    "c": {"__array__": "one", "number": True}}, "d": "text"}}))  # fmt: skip
def test_checkpoints(folder, extra):
    path = signed(folder / "checkpoint.safetensors", FEW, extra)
    refused_or_read(load_checkpoint, path)
    refused_or_read(load_arrays, path)


@pytest.mark.parametrize(
    "place, message",
    [
        ({"__array__": "y", "number": False}, "no 'y'"),
        ({"__array__": "x", "number": True}, "not a single number"),
        ({"__array__": ["x"], "number": False}, "expected a text"),
        ({"__array__": "x"}, "expected a dictionary with __array__, number"),
    ],
)
def test_arrays_that_a_checkpoint_names_and_does_not_hold(tmp_path, place, message):
    path = signed(tmp_path / "x.safetensors", FEW, {"checkpoint": {"a": place}})
    with pytest.raises(ValueError, match=message):
        load_checkpoint(path)


@pytest.fixture(scope="module")
def files(folder):
    save_weights(nn.Linear(3, 2), folder / "weights.safetensors", {"name": "net"})
    save_checkpoint(folder / "run.safetensors", {"step": 3, "rows": [{"loss": np.float32(1)}]})
    return [(folder / f"{name}.safetensors").read_bytes() for name in ("weights", "run")]


@many(500)
@given(data=st.data())
def test_bytes_of_weights_and_checkpoints(folder, files, data):
    path = folder / "bytes.safetensors"
    path.write_bytes(data.draw(bytes_mutated(data.draw(st.sampled_from(files)))))
    for read in READERS:
        refused_or_read(read, path)
    refused_or_read(load_weights, nn.Linear(3, 2), path, errors=(ValueError, KeyError))


ARRAYS = {
    "a": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]},
    "b": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]},
    "c": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [16, 20]},
    "d": {"dtype": "C64", "shape": [], "data_offsets": [20, 28]},
    "__metadata__": {"format": "pt"},
}


@many(500)
@given(header=mutated(ARRAYS), kinds=st.booleans())
def test_arrays_of_other_tools(folder, header, kinds):
    text = json.dumps(header)
    if kinds:  # else float8 stops most of them
        text = text.replace("F8_E4M3", "U8")
    path = folder / "arrays.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + bytes(28))
    for read in READERS:
        refused_or_read(read, path)
    refused_or_read(load_weights, nn.Linear(2, 2), path, errors=(ValueError, KeyError))


# A training run goes on from a file that is signed


def training(path, resume, kind=optim.Adam, patience=3):
    generator = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(2, 3, generator=generator), nn.Dropout(0.1), nn.Linear(3, 2))
    x = generator.standard_normal((12, 2)).astype(np.float32)
    monitor = Monitor(checkpoint=path, resume=resume, patience=patience)
    options = {"lr": 0.1, "momentum": 0.9} if kind is optim.SGD else {"lr": 0.1}
    return fit(
        model,
        (x, (x[:, 0] > 0).astype(np.int64)),
        optimizer=kind(model.parameters(), **options),
        schedule=optim.CosineAnnealingLR,
        validation=0.25,
        epochs=3,
        batch_size=4,
        generator=generator,
        monitor=monitor,
    )


@pytest.fixture(scope="module")
def runs(folder):
    """A run that was stopped in the middle of an epoch, for each optimiser."""
    found = {}
    for kind in (optim.Adam, optim.SGD):
        path = folder / f"{kind.__name__}.safetensors"
        training(path, False, kind)
        state = load_checkpoint(path)
        # As if it had been stopped two steps earlier: there is something left to do.
        state |= {"step": 7, "batch": 1, "finished": False, "step_losses": np.ones(7), "waited": 0}
        save_checkpoint(path, state)
        arrays, extra = load_arrays(path)
        training(path, True, kind)
        found[kind] = arrays, extra
    return found


@many(1200)
@given(data=st.data())
def test_a_run_goes_on_or_is_refused(folder, runs, data):
    kind = data.draw(st.sampled_from(list(runs)))
    arrays, extra = runs[kind]
    path = signed(folder / "resumed.safetensors", arrays, data.draw(mutated(extra)))
    # A rate of 1e300 is allowed; fit says what comes of it.
    refused_or_read(training, path, True, kind, errors=(ValueError, FloatingPointError))


@pytest.mark.parametrize(
    "change",
    [
        {"step": float("nan")},
        {"step": -1},
        {"step": 5},
        {"batch": 10**9},
        {"examples": 0.5},
        {"seconds": float("nan")},
        {"sums": {}},
        {"rows": [{"loss": "low"}]},
        {"best": {"loss": 0.5}},
        {"step_losses": np.ones((7, 1))},
        {"split_seed": -3},
        {"model": {}},
        {"generators": {}},
        {"optimizer": {"groups": [], "state": {}}},
    ],
    ids=str,
)
def test_a_run_that_contradicts_itself_is_refused(folder, runs, tmp_path, change):
    path = tmp_path / "run.safetensors"
    arrays, extra = runs[optim.Adam]
    state = load_checkpoint(signed(path, arrays, extra))
    save_checkpoint(path, {**state, **change})
    with pytest.raises(ValueError, match=r"run.safetensors"):
        training(path, True)


@pytest.mark.parametrize("lr", [float("nan"), -0.1, "0.1", None])
def test_options_of_an_optimiser_that_make_no_sense(folder, runs, tmp_path, lr):
    path = tmp_path / "run.safetensors"
    state = load_checkpoint(signed(path, *runs[optim.Adam]))
    state["optimizer"]["groups"][0]["lr"] = lr
    save_checkpoint(path, state)
    with pytest.raises(ValueError, match="lr"):
        training(path, True)


def test_a_random_state_that_points_out_of_its_numbers(tmp_path):
    """NumPy would read beyond the end of the array."""
    from minitransfer.train.resuming import _check_generator

    generator = np.random.Generator(np.random.MT19937(0))
    state = generator.bit_generator.state
    _check_generator(state, generator, "here")
    for position in (-1, 625, 10**9, 1.5):
        state["state"]["pos"] = position
        with pytest.raises(ValueError, match="here"):
            _check_generator(state, generator, "here")


# Ledgers and tables

RUN = {
    "date": "2026-01-01T00:00:00+00:00",
    "versions": {"numpy": "2"},
    "seconds": {"01_one": 1.5},
    "claims": [
        {
            "id": "E2", "lesson": "01_one", "statement": "it holds", "measured": {"a": 0.5, "b": 1},
            "spread": {"a": 0.1}, "seeds": 3, "verdict": "holds narrowly", "condition": "here",
            "effect": 0.5, "interval": [0.1, 0.9], "unit": "s", "format": ".2f", "passed": True,
            "date": "2026", "versions": {"numpy": "2"},
        },
        {
            "id": "A1", "lesson": "01_one", "statement": "so", "measured": [1, "two"],
            "spread": None, "seeds": 1, "verdict": "holds", "condition": "", "effect": None,
            "interval": None, "unit": "", "format": ".1%", "passed": False, "date": "2026",
            "versions": {},
        },
        {
            "id": "E3", "lesson": "evidence/01_one", "statement": "a share",
            "measured": {"a": 0.5}, "spread": {"a": [0.4, 0.6]}, "seeds": 9, "verdict": "holds",
            "condition": "", "effect": None, "interval": None, "source": "ours",
            "refuted_by": "a zero", "control": "chance", "unit": "", "format": ".2f",
            "passed": True, "date": "2026", "versions": {},
        },
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def own_ledger(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "cache_folder", lambda: folder)
        nowhere = types.SimpleNamespace(lessons_folder=lambda: folder / "none")
        patch.setattr(ledger, "scripts", nowhere)
        yield folder / "ledger.json"


def show_all():
    run = last_run()
    print_ledger(run=run, console=Console(file=io.StringIO(), width=60))
    print_ledger(True, run=run, console=Console(file=io.StringIO()))


@many(1000)
@given(run=mutated(RUN))
def test_ledgers(own_ledger, run):
    own_ledger.write_text(json.dumps(run))
    refused_or_read(show_all)


@many(300)
@given(content=bytes_mutated(json.dumps(RUN).encode()))
def test_bytes_of_ledgers(own_ledger, content):
    own_ledger.write_bytes(content)
    refused_or_read(show_all)
    own_ledger.write_bytes(b"\n".join(json.dumps(c).encode() for c in RUN["claims"]) + content)
    refused_or_read(read_records, own_ledger)


@pytest.mark.parametrize(
    "change",
    [{"id": "E99"}, {"format": ".999999999f"}, {"seeds": 0}, {"verdict": "maybe"},
     {"interval": None}, {"measured": 1e400}, {"measured": 10**400}, {"passed": None},
     {"source": "mine"}, {"refuted_by": None}, {"control": 3}, {"spread": {"a": [0.4, 0.5, 0.6]}},
     {"measured": 0.5, "spread": ["low", "high"]}],
)  # fmt: skip
def test_records_that_no_lesson_can_write(own_ledger, change):
    own_ledger.write_text(json.dumps({**RUN, "claims": [{**RUN["claims"][0], **change}]}))
    with pytest.raises(ValueError, match=r"ledger.json.*claims --run"):
        last_run()


@pytest.fixture(scope="module")
def table(folder):
    path = folder / "table.csv"
    for seed in range(3):
        append_row(path, {"way": "a, b", "frozen": True, "seed": seed, "loss": 0.5 * seed})
    return path.read_bytes()


@many(500)
@given(data=st.data())
def test_tables(folder, table, data):
    path = folder / "mutated.csv"
    path.write_bytes(data.draw(bytes_mutated(table)))
    refused_or_read(read_rows, path, ["way", "frozen", "seed"])


@pytest.mark.parametrize(
    "row", ["a,true,0,nan", "a,true,0,1e999", "a,true,0,yes", "a,true,0,", "a,true,0,[1]",
            "a,true,0," + "9" * 5000, '"' + "a" * 200_000 + '",true,0,1', "a,true,0,1,2", "\xff"],
)  # fmt: skip
def test_rows_that_are_no_measurement(tmp_path, row):
    path = tmp_path / "t.csv"
    path.write_bytes(b"way,frozen,seed,loss\n" + row.encode("latin-1") + b"\n")
    with pytest.raises(ValueError, match=r"t.csv"):
        read_rows(path, ["way", "frozen", "seed"])
