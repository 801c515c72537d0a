"""What `torch.save` wrote is read without unpickling; whatever else it asks for is refused."""

import io
import os
import pickle
import struct
import time
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minitransfer import nn
from minitransfer.torch_file import load_torch_file

MAGIC = 0x1950A86A20F9469CFC6C


def many(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,  # the same cases in every run
        suppress_health_check=list(HealthCheck),
        database=None,
    )


# A writer of such files, since PyTorch need not be installed


class Code(bytes):
    """Instructions of a pickle that leave one value on the stack."""


def code(value) -> bytes:
    if isinstance(value, Code):
        return value
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return b"\x8a\x10" + value.to_bytes(16, "little", signed=True)
    if isinstance(value, str):
        return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
    if isinstance(value, tuple):
        return b"(" + b"".join(map(code, value)) + b"t"
    if isinstance(value, list):
        return b"](" + b"".join(map(code, value)) + b"e"
    return b"}(" + b"".join(code(k) + code(v) for k, v in value.items()) + b"u"


def called(name, *arguments) -> Code:
    return Code(b"c" + name.replace(" ", "\n").encode() + b"\n" + code(arguments) + b"R")


def view(key, kind, count, offset, size, stride, *, old=False, word="storage") -> Code:
    facts = (word, Code(f"ctorch\n{kind}\n".encode()), key, "cpu", count, *[None] * old)
    storage = Code(code(facts) + b"Q")
    extra = (False, called("collections OrderedDict"))
    return called("torch._utils _rebuild_tensor_v2", storage, offset, size, stride, *extra)


def old_file(saved, storages, keys=None):
    """A file as PyTorch wrote it before 1.6; storages are key → array."""
    parts = [pickle.dumps(x, 2) for x in (MAGIC, 1001, {"little_endian": True})]
    parts += [b"\x80\x02" + code(saved) + b"."]
    parts += [pickle.dumps(sorted(storages) if keys is None else keys, 2)]
    parts += [
        len(storages[key]).to_bytes(8, "little") + storages[key].tobytes()
        for key in sorted(storages)
    ]
    return b"".join(parts)


def new_file(saved, storages, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("net/data.pkl", b"\x80\x02" + code(saved) + b".")
        archive.writestr("net/byteorder", "little")
        for key, numbers in storages.items():
            archive.writestr(f"net/data/{key}", numbers.tobytes())
    return file.getvalue()


ROW = np.arange(12, dtype="<f4")


def state(old):
    return {
        "weight": view("7", "FloatStorage", 12, 0, (3, 4), (1, 3), old=old),
        "part": view("7", "FloatStorage", 12, 2, (2,), (5,), old=old),
        "half": view("8", "BFloat16Storage", 2, 0, (2,), (1,), old=old),
        "steps": view("9", "LongStorage", 1, 0, (), (), old=old),
        "yes": view("91", "BoolStorage", 2, 0, (2,), (1,), old=old),
        "none": view("7", "FloatStorage", 12, 12, (0, 4), (4, 1), old=old),
    }


STORAGES = {
    "7": ROW,
    "8": np.array([0x3F80, 0xC000], "<u2"),
    "9": np.array([2**40], "<i8"),
    "91": np.array([0, 2], "u1"),
}
FILES = {"old": old_file(state(True), STORAGES), "new": new_file(state(False), STORAGES)}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("torch") / "net.pth"


def read(file, content):
    file.write_bytes(content)
    return load_torch_file(file)


def refused(file, content, message=""):
    with pytest.raises(ValueError, match=r"net\.pth .*" + message):
        read(file, content)


@pytest.mark.parametrize("form", FILES)
def test_strides_offsets_and_shared_numbers_are_respected(file, form):
    found = read(file, FILES[form])
    assert found["weight"].tolist() == ROW.reshape(4, 3).T.tolist()
    assert found["part"].tolist() == [2, 7]
    assert np.shares_memory(found["part"], found["weight"])
    assert (found["half"].tolist(), found["half"].dtype) == ([1, -2], np.float32)
    assert (found["steps"].item(), found["steps"].dtype) == (2**40, np.int64)
    assert (found["yes"].tolist(), found["yes"].dtype) == ([False, True], bool)
    assert found["none"].shape == (0, 4)
    assert not found["weight"].flags.writeable
    layer = nn.Linear(4, 3)
    layer.load_state_dict({"weight": found["weight"], "bias": found["weight"][:, 0]})
    assert layer.weight.tolist() == found["weight"].tolist()


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "kind",
    ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8"],
)
def test_every_type_is_what_pytorch_says(file, zipped, kind):
    torch = pytest.importorskip("torch")
    tensor = torch.arange(24).reshape(2, 3, 4).to(getattr(torch, kind)).permute(2, 0, 1)[1:]
    saved = {"a": tensor, "b": torch.nn.Parameter(torch.ones(2)), "c": torch.tensor(3)}
    torch.save(saved, file, _use_new_zipfile_serialization=zipped)
    found = load_torch_file(file)
    expected = tensor.float() if kind == "bfloat16" else tensor
    assert found["a"].dtype == expected.numpy().dtype
    assert np.array_equal(found["a"], expected.numpy())
    assert (found["b"].tolist(), found["c"].item()) == ([1, 1], 3)
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    torch.save(model.state_dict(), file, _use_new_zipfile_serialization=zipped)
    assert list(load_torch_file(file)) == list(model.state_dict())


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kind", ["complex64", "uint16", "float8_e5m2"])
def test_other_types_are_refused_with_a_clear_word(file, zipped, kind):
    torch = pytest.importorskip("torch")
    saved = {"a": torch.zeros(2).to(getattr(torch, kind))}
    torch.save(saved, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=r"convert them with tensor\.to\(torch\.float32\)"):
        load_torch_file(file)


def test_a_whole_module_is_refused(file):
    torch = pytest.importorskip("torch")
    torch.save(torch.nn.Linear(1, 1), file)
    with pytest.raises(ValueError, match=r"asks for torch\.nn\.modules\.linear\.Linear"):
        load_torch_file(file)


# Files that somebody made to harm


class Calls:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_out_calls_nobody(file, protocol):
    witness = file.with_name("witness")
    for function, *arguments in (
        (os.mkdir, str(witness)),
        (eval, f"__import__('os').mkdir({str(witness)!r})"),
        (getattr, os, "mkdir"),
    ):
        if function is getattr:
            harm = b"cbuiltins\ngetattr\n(cos\nmkdir\nX\x01\x00\x00\x00atR."
        else:
            harm = pickle.dumps({"weight": Calls(function, *arguments)}, protocol)
        head = b"".join(pickle.dumps(x, 2) for x in (MAGIC, 1001, {}))
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w") as archive:
            archive.writestr("net/data.pkl", harm)
        for content in (harm, head + harm, zipped.getvalue()):
            refused(file, content, "Nothing in the file was run")
    assert not witness.exists()


@pytest.mark.parametrize(
    "saved",
    [
        called("builtins eval", "1"),
        called("torch._utils _rebuild_tensor_v2.__globals__", "x"),
        called("collections OrderedDict.fromkeys", "x"),
        called("torch.storage _load_from_bytes", "x"),
        called("torch serialization", "x"),
        called("torch._utils _rebuild_from_type_v2", "x"),
        Code(b"ctorch\nFloatStorage\n(tR"),  # a type of storage is called
        Code(b"X\x01\x00\x00\x00a(tR"),  # a text is called
        Code(b"(ios\nmkdir\n"),
        Code(b"(cos\nmkdir\no"),
        Code(b"ccollections\nOrderedDict\n)\x81"),
        Code(b"\x82\x01"),
        Code(b"Pname\n"),
    ],
)
def test_nothing_but_tensors_can_be_made(file, saved):
    for content in (old_file(saved, {}), new_file(saved, {})):
        refused(file, content, "Nothing in the file was run")


HUGE = [
    view("7", "FloatStorage", 2**62, 0, (2**62,), (1,)),
    view("7", "FloatStorage", 12, 0, (2**40,), (1,)),
    view("7", "FloatStorage", 12, 0, (2**40, 2**40), (0, 0)),  # one number, in every place
    view("7", "FloatStorage", 12, 0, (3, 4), (1, 4)),
    view("7", "FloatStorage", 12, 2**70, (1,), (1,)),
    view("7", "FloatStorage", 12, 9, (4,), (1,)),
    view("7", "FloatStorage", 12, -1, (4,), (1,)),
    view("7", "FloatStorage", 12, 0, (-4,), (1,)),
    view("7", "FloatStorage", 12, 11, (4,), (-1,)),
    view("7", "FloatStorage", 12, 0, (2,) * 40, (0,) * 40),
    view("7", "FloatStorage", 12, 0, (True,), (1,)),
    view("7", "FloatStorage", 12, 0, ("x",), (1,)),
    view("7", "FloatStorage", 12, 0, (2, 2), (1,)),
    view("7", "DoubleStorage", 12, 0, (2,), (1,)),
    view("7", "FloatStorage", -1, 0, (2,), (1,)),
    view("8", "FloatStorage", 12, 0, (2,), (1,)),
    view("../7", "FloatStorage", 12, 0, (2,), (1,)),
    view("7", "FloatStorage", 12, 0, (2,), (1,), word="module"),
    Code(b"](" + view("7", "FloatStorage", 12, 0, (12,), (1,)) + b"q\5" + b"h\5" * 50_000 + b"e"),
    [view("7", "FloatStorage", 12, 0, (2,), (1,)), view("7", "LongStorage", 12, 0, (2,), (1,))],
    Code(b"]q\x00h\x00a"),  # a list that contains itself
    Code(b"]" * 600_000),
    Code(b"]" * 100 + b"a" * 99),
    Code(b"]r\xff\xff\xff\x7fj\xff\xff\xff\x7e"),  # a place far off in the memo
    Code(b"B\xff\xff\xff\x7f"),
    Code(b"\x8b\xff\xff\xff\x7f"),
    Code(b"]K\x01K\x02s"),
    Code(b"}]K\x02s"),
    Code(b"t"),
    Code(b"0"),
    Code(b"N" * 3),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HUGE)))
def test_what_claims_to_be_huge_or_is_nonsense_costs_no_memory(file, number):
    tracemalloc.start()
    for make in (old_file, new_file):
        content = make(HUGE[number], {"7": ROW})
        refused(file, content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 250e6


def tower(instructions, height=60):
    """A tuple of a tuple of …, each twice in the next, in the memo at `height`; then others."""
    twice = (
        b"h" + bytes([n]) + b"h" + bytes([n]) + b"\x86q" + bytes([n + 1]) for n in range(height)
    )
    return Code(b")q\x00" + b"".join(twice) + instructions)


WHOLE = b"\x8b" + struct.pack("<i", 2_000_000) + b"\x77" * 2_000_000 + b"q\x05"
COSTLY = {
    "a storage's key": tower(view(Code(b"h\x3c"), "FloatStorage", 12, 0, (2,), (1,))),
    "a name": tower(b"h\x3ch\x3c\x93"),
    "a dictionary's key": tower(b"ccollections\nOrderedDict\n(h\x3cK\x01\x86t\x85R"),
    "copies": Code(
        b"](" + b"M\x01\x02K\x01\x86" * 50_000 + b"e\x85q\x00ccollections\nOrderedDict\nq\x01"
        + b"h\x01h\x00R" * 40_000
    ),
    "products": Code(
        WHOLE + view("7", "FloatStorage", 12, 0, *[Code(b"(" + b"h\x05" * 32 + b"t")] * 2)
    ),
    "keys that are hard to tell apart": Code(
        b"}(" + b"".join(code(n * (2**61 - 1)) + b"N" for n in range(60_000)) + b"u"
    ),
    "places that are hard to tell apart": Code(
        b"N" + b"".join(b"p%d\n" % (n * (2**61 - 1)) for n in range(60_000))
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", COSTLY)
def test_what_would_take_for_ever_is_refused_at_once(file, what):
    begin = time.perf_counter()
    for make in (old_file, new_file):
        refused(file, make(COSTLY[what], {"7": ROW}))
    assert time.perf_counter() - begin < 10


def test_a_zip_archive_of_something_else_is_called_so(file):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("letter.xml", "<p>")
    refused(file, content.getvalue(), "none that torch.save wrote")


def test_twenty_lists_each_of_which_says_the_one_before_ten_times(file):
    lists = b"(]q\x00"
    for n in range(1, 20):
        lists += b"](" + 10 * (b"h" + bytes([n - 1])) + b"eq" + bytes([n])
    refused(file, old_file(Code(lists + b"t"), {}), "or too many")


def test_a_compressed_archive_is_refused_before_it_is_unpacked(file):
    saved = view("7", "FloatStorage", 2**26, 0, (2**26,), (1,))
    content = new_file(saved, {"7": np.zeros(2**26, "f4")}, zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    refused(file, content, "larger than the file")
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    refused(file, new_file(state(False), STORAGES, zipfile.ZIP_BZIP2), "compressed|larger")


@pytest.mark.parametrize("form", FILES)
def test_a_truncated_file_is_refused(file, form):
    content = FILES[form]
    for length in range(0, len(content), 3):
        refused(file, content[:length])


@pytest.mark.parametrize("form", FILES)
@many(400)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=4)
)
def test_flipped_bits_give_arrays_or_the_one_error(file, form, changes):
    content = bytearray(FILES[form])
    for place, bits in changes:
        content[place % len(content)] ^= bits
    _only_arrays_or_the_one_error(file, bytes(content))


@many(300)
@given(content=st.binary(max_size=200), head=st.booleans())
def test_any_bytes_give_the_one_error(file, content, head):
    start = b"".join(pickle.dumps(x, 2) for x in (MAGIC, 1001, {})) if head else b""
    _only_arrays_or_the_one_error(file, start + content)


OPCODES = b"(.0NKJX}]utaesRQbcqh)t\x85\x86\x87\x88\x94\x80\x8c\x93"


@many(400)
@given(steps=st.lists(st.sampled_from([bytes([n]) for n in OPCODES] + [
    b"K\x01", b"X\x01\x00\x00\x00a", b"q\x00", b"h\x00", b"ctorch\nFloatStorage\n",
    b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n",
    bytes(view("7", "FloatStorage", 12, 0, (2,), (1,))),
]), max_size=25))  # fmt: skip
def test_any_program_gives_arrays_or_the_one_error(file, steps):
    program, storages = Code(b"".join(steps)), {"7": ROW}
    for content in (old_file(program, storages), new_file(program, storages)):
        _only_arrays_or_the_one_error(file, content)


def _only_arrays_or_the_one_error(file, content):
    def look(value):
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, (list, tuple)):
            for item in value:
                look(item)
        elif isinstance(value, np.ndarray):
            value.sum()
        else:
            assert value is None or isinstance(value, (bool, int, float, str, bytes))

    file.write_bytes(content)
    with warnings.catch_warnings():  # sums of flipped bits overflow
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            look(load_torch_file(file))
        except ValueError as error:
            assert "net.pth" in str(error)  # noqa: PT017 - it may also be sound


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_torch_file(tmp_path / "none.pth")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        load_torch_file(tmp_path)
