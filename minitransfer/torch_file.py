"""A file that `torch.save` wrote: tensors, and what stands beside them, and nothing else.

Such a file is a pickle: a small program for a machine with a stack, in which one instruction calls
whatever function the file names. So it is not unpickled here. Its instructions are carried out one
by one, only those that a state dict needs; and where it names a function, the name is looked up in
a table of four, all of them ours. Whatever else it asks for ends in an error, and nothing has run.

Both forms are read: the old one (pickles one behind the other, then the numbers) and the present
one (a zip archive, not compressed).
"""

import io
import math
import os
import pickletools
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import as_strided

from minitransfer.array_file import widened
from minitransfer.terminal import escaped

#: What the numbers of a storage are, by PyTorch's name for it; bfloat16 is read as float32.
_NUMBERS = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "u1",
}

#: How an old file begins, and the version of its form.
_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001

#: Instructions, things on the stack or in the memo, and bytes of them. State dicts have some thirty
#: instructions and two hundred bytes for each tensor.
_MOST_STEPS, _LARGEST = 300_000, 32 * 2**20

#: How deep dictionaries and lists may lie in one another, and a tensor's axes.
_DEEPEST, _MOST_AXES = 50, 32

#: Bits of a whole number (the one that an old file begins with has 77), and of one that things are
#: looked up by: of larger ones any number can be found that a dictionary cannot tell apart.
_MOST_BITS, _MOST_KEY_BITS = 128, 48

#: How many times as large as the file all tensors may be together, of which some share numbers.
_MOST_SHARED = 16


def load_torch_file(path):
    """Read what `torch.save` wrote: a state dict, or dictionaries and lists of such and of numbers.

    Args:
        path: a file of either form (PyTorch 0.4 or newer).

    Returns:
        What was saved, with NumPy arrays for tensors. They may share memory, as the tensors did,
        and are write-protected. Arrays of bfloat16, which NumPy lacks, come as float32, which holds
        each of its numbers exactly.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, truncated or of another kind; if it asks for anything
            but tensors and plain dictionaries, lists, numbers and text; or if it holds numbers of
            a type that NumPy lacks. Nothing in it has run.

    Example:
        >>> import pickle, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open(f"{folder}/bad.pth", "wb") as file:
        ...         pickle.dump(print, file)
        ...     load_torch_file(f"{folder}/bad.pth")
        Traceback (most recent call last):
            ...
        ValueError: ...bad.pth asks for builtins.print, which is nothing that tensors need. Nothing
        in the file was run; ...
    """
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        raise FileNotFoundError(f"{path} {what}; expected a file that torch.save wrote")
    with open(path, "rb") as file:
        content = file.read()
    try:
        read = _from_zip if content[:2] == b"PK" else _from_pickles
        return _Walk(len(content)).plain(read(content))
    except _RefusedError as error:
        raise ValueError(
            f"{path} {escaped(error)}. Nothing in the file was run; save what you need of it where "
            "it comes from, in PyTorch for instance with torch.save(model.state_dict(), path)"
        ) from None
    except Exception as error:  # bytes that anybody may have written: whatever they lead to
        raise ValueError(
            f"{path} ({len(content):,} bytes) is damaged, truncated or not a file of torch.save "
            f"({escaped(error)}); get it again from where it came"
        ) from None


class _RefusedError(Exception):
    """The file may be sound, but it asks for what is not given here."""


# The two forms


def _from_pickles(content: bytes):
    file = io.BytesIO(content)
    head = [_run(file) for _ in range(3)]
    if head[:2] != [_MAGIC, _VERSION] or not isinstance(head[2], dict):
        if head[:1] and isinstance(head[0], dict):  # a plain pickle that came this far is harmless
            raise ValueError("a pickle, but not one that torch.save wrote")
        raise ValueError("it does not begin as such files do")
    order = "<" if head[2].get("little_endian", True) else ">"
    storages = {}

    def storage(kind, key, location, count, view):
        if view is not None:
            raise _RefusedError("holds parts of storages in the form of before PyTorch 0.4")
        return storages.setdefault(key, _Storage(kind, count)).checked(kind, count, key)

    saved = _run(file, storage)
    keys = _run(file)
    if not isinstance(keys, list) or any(type(key) is not str for key in keys):
        raise ValueError("its list of storages is none")
    if sorted(keys) != sorted(storages):
        raise ValueError("the storages that it lists are not those that its tensors use")
    for key in keys:
        known = storages[key]
        if int.from_bytes(file.read(8), "little" if order == "<" else "big") != known.count:
            raise ValueError(f"storage {key!r} has another size than its tensors say")
        known.fill(file.read(known.bytes), order)
    return saved


def _from_zip(content: bytes):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        if sum(info.file_size for info in entries.values()) > len(content):
            raise ValueError("its parts claim to be larger than the file")

        def part(name):
            info = entries[name]
            if info.compress_type != zipfile.ZIP_STORED:
                raise ValueError("a compressed archive, which torch.save does not write")
            return archive.read(info)

        pickles = [name for name in entries if name.endswith("/data.pkl")]
        if not pickles:
            raise ValueError("a zip archive, but none that torch.save wrote")
        folder = pickles[0][: -len("data.pkl")]
        swapped = f"{folder}byteorder" in entries and part(f"{folder}byteorder") == b"big"
        storages = {}

        def storage(kind, key, location, count):
            if key not in storages:
                storages[key] = _Storage(kind, count)
                storages[key].fill(part(f"{folder}data/{key}"), ">" if swapped else "<")
            return storages[key].checked(kind, count, key)

        return _run(io.BytesIO(part(f"{folder}data.pkl")), storage)


# Storages and tensors


@dataclass
class _Kind:
    """PyTorch's name for a type of storage, as the file writes it."""

    name: str


class _Storage:
    """One row of numbers that tensors are views of."""

    def __init__(self, kind, count):
        if not isinstance(kind, _Kind) or type(count) is not int or count < 0:
            raise ValueError("a storage without a type or a size")
        self.kind, self.count = kind.name, count
        self.type = np.dtype(_NUMBERS[self.kind])
        self.bytes = count * self.type.itemsize
        self.numbers = None

    def checked(self, kind, count, key):
        """The storage itself, if it is the one that is meant."""
        if not isinstance(kind, _Kind) or (self.kind, self.count) != (kind.name, count):
            raise ValueError(f"two storages are called {key!r}")
        return self

    def fill(self, content: bytes, order: str) -> None:
        if len(content) != self.bytes:
            raise ValueError(f"a storage of {self.bytes:,} bytes, of which {len(content):,} came")
        numbers = np.frombuffer(content, self.type.newbyteorder(order))
        numbers = numbers.astype(self.type.newbyteorder("="), copy=False)
        if self.kind == "BFloat16Storage":
            numbers = widened(numbers)
        elif self.kind == "BoolStorage":
            numbers = numbers != 0
        self.numbers = numbers


@dataclass
class _Tensor:
    """A view of a storage, which in old files comes later."""

    storage: _Storage
    offset: int
    size: tuple
    stride: tuple

    def __post_init__(self):
        whole = (self.offset, *self.size, *self.stride)
        if (
            not isinstance(self.storage, _Storage)
            or len(self.size) != len(self.stride)
            or len(self.size) > _MOST_AXES
            or any(type(n) is not int or n < 0 for n in whole)
        ):
            raise ValueError("a tensor whose size, stride or offset is none")
        last = sum((n - 1) * step for n, step in zip(self.size, self.stride, strict=True))
        count = math.prod(self.size)
        if count and (count > self.storage.count or self.offset + last >= self.storage.count):
            raise ValueError(
                f"a tensor of size {self.size} and stride {self.stride} in a storage of "
                f"{self.storage.count:,} numbers"
            )

    def array(self) -> np.ndarray:
        numbers = self.storage.numbers
        if not math.prod(self.size):
            return np.zeros(self.size, numbers.dtype)
        steps = [step * numbers.itemsize for step in self.stride]
        return as_strided(numbers[self.offset :], self.size, steps, writeable=False)


class _Walk:
    """The walk over what a file says, which turns the stand-ins for tensors into arrays.

    What stands in several places is counted in each: a hundred lists can say a hundred times each
    of the next, and whoever walks over that, or copies it, does not come to an end.
    """

    def __init__(self, file_size):
        self.steps, self.bytes = _MOST_STEPS, _MOST_SHARED * file_size

    def plain(self, value, depth=0):
        self.steps -= 1
        if depth > _DEEPEST or self.steps < 0:
            raise ValueError("dictionaries and lists are nested too deep, or too many")
        if isinstance(value, _Tensor):
            array = value.array()
            self.bytes -= array.nbytes
            if self.bytes < 0:
                raise ValueError("its tensors share so much that a copy would fill the memory")
            return array
        if isinstance(value, dict):
            return {k: self.plain(v, depth + 1) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.plain(v, depth + 1) for v in value)
        if value is None or isinstance(value, (bool, int, float, str, bytes)):
            return value
        raise ValueError(f"it holds a {type(value).__name__}")


# What a file may name, and what it gets


def _tensor(storage, offset, size, stride, *rest):
    return _Tensor(storage, offset, tuple(size), tuple(stride))


def _parameter(data, *rest):
    return data


def _dictionary(pairs=()):
    made = {}
    for key, value in pairs:
        made[_key(key)] = value
    return made


def _key(key):
    """A dictionary's key, which is no tuple of tuples that takes for ever to look up."""
    if isinstance(key, int) and key.bit_length() <= _MOST_KEY_BITS:
        return key
    if type(key) is not str:
        raise ValueError("a key that is no text or number")
    return key


_FUNCTIONS = {
    "torch._utils _rebuild_tensor": _tensor,
    "torch._utils _rebuild_tensor_v2": _tensor,
    "torch._utils _rebuild_parameter": _parameter,
    "collections OrderedDict": _dictionary,
}


def _named(name: str) -> Callable | _Kind:
    """What stands for a global name in a file; see the top of this module."""
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    module, _, last = name.rpartition(" ")
    if module == "torch" and last in _NUMBERS:
        return _Kind(last)
    shown = f"{module}.{last}"[:200]
    if module in ("torch", "torch.storage") and last.endswith("Storage"):
        raise _RefusedError(
            f"holds numbers of PyTorch's type {last.removesuffix('Storage')}, which is not "
            "supported; convert them with tensor.to(torch.float32)"
        )
    if name == "torch._utils _rebuild_tensor_v3":
        raise _RefusedError(
            "holds numbers of a type that NumPy lacks; convert them with tensor.to(torch.float32)"
        )
    raise _RefusedError(f"asks for {shown}, which is nothing that tensors need")


# The machine


@dataclass
class _Machine:
    """What a pickle's instructions work on: a stack, places marked on it, and a memo."""

    storage: Callable | None
    stack: list = field(default_factory=list)
    marks: list = field(default_factory=list)
    memo: dict = field(default_factory=dict)
    copied: int = 0

    def above_mark(self) -> list:
        start = self.marks.pop()
        if start > len(self.stack):
            raise ValueError("a mark above the stack")
        items, self.stack[start:] = self.stack[start:], []
        return items

    def pop(self):
        if self.marks and self.marks[-1] >= len(self.stack):
            raise ValueError("a value is missing below a mark")
        return self.stack.pop()


def _run(file, storage=None):
    """Carry out one pickle, from where the file stands to its end; return what it made.

    Args:
        file: an open file of bytes.
        storage: called for each storage that is named, with what the pickle says of it.
    """
    machine, start = _Machine(storage), file.tell()
    for step, (opcode, argument, _) in enumerate(pickletools.genops(file)):
        if step > _MOST_STEPS or file.tell() - start > _LARGEST:
            raise ValueError("more instructions than any state dict needs")
        if opcode.name == "STOP":
            (made,) = machine.stack
            return made
        carry_out = _INSTRUCTIONS.get(opcode.name)
        if carry_out is None:
            raise _RefusedError(f"uses the instruction {opcode.name}, which tensors do not need")
        carry_out(machine, argument)
    raise ValueError("a pickle without an end")


def _push(machine, value):
    machine.stack.append(value)


def _push_whole(machine, number):
    if number.bit_length() > _MOST_BITS:  # to multiply such numbers can take hours
        raise ValueError("a number larger than any size")
    machine.stack.append(number)


def _put(machine, place):
    if place.bit_length() > _MOST_KEY_BITS:
        raise ValueError("a place in the memo that is none")
    machine.memo[place] = machine.stack[-1]


def _memoize(machine, _):
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _get(machine, place):
    machine.stack.append(machine.memo[place])


def _mark(machine, _):
    machine.marks.append(len(machine.stack))


def _of_last(count):
    def make(machine, _):
        items = [machine.pop() for _ in range(count)]
        machine.stack.append(tuple(reversed(items)))

    return make


def _set_items(machine, pairs):
    target = machine.stack[-1]
    if type(target) is not dict or len(pairs) % 2:
        raise ValueError("items for what is no dictionary")
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        target[_key(key)] = value


def _set_item(machine, _):
    value, key = machine.pop(), machine.pop()
    _set_items(machine, [key, value])


def _append(machine, items):
    if type(machine.stack[-1]) is not list:
        raise ValueError("items for what is no list")
    machine.stack[-1].extend(items)


def _call(machine, _):
    arguments, function = machine.pop(), machine.pop()
    if not any(function is known for known in _FUNCTIONS.values()) or type(arguments) is not tuple:
        raise _RefusedError("calls what is none of the functions that tensors need")
    # One list can be given a hundred thousand times, and each call copies it.
    machine.copied += sum(len(a) for a in arguments if isinstance(a, (list, tuple, dict)))
    if machine.copied > _MOST_STEPS:
        raise ValueError("more copies of lists than any state dict needs")
    machine.stack.append(function(*arguments))


def _find_storage(machine, _):
    facts = machine.pop()
    if type(facts) is not tuple or not 4 <= len(facts) <= 6 or machine.storage is None:
        raise ValueError("a reference to what is no storage")
    # The key is looked up. A tuple of tuples, each twice in the next, would take for ever.
    if type(facts[0]) is not str or facts[0] != "storage" or type(facts[2]) is not str:
        raise ValueError("a reference to what is no storage")
    machine.stack.append(machine.storage(*facts[1:]))


def _find_named(machine, _):
    name, module = machine.pop(), machine.pop()
    if type(name) is not str or type(module) is not str:
        raise ValueError("a name that is no text")
    machine.stack.append(_named(f"{module} {name}"))


_INSTRUCTIONS = {
    "PROTO": lambda machine, version: None,
    "FRAME": lambda machine, size: None,
    "NONE": lambda machine, _: _push(machine, None),
    "NEWTRUE": lambda machine, _: _push(machine, True),
    "NEWFALSE": lambda machine, _: _push(machine, False),
    **dict.fromkeys(("INT", "BININT", "BININT1", "BININT2"), _push_whole),
    **dict.fromkeys(("LONG", "LONG1", "LONG4"), _push_whole),
    **dict.fromkeys(("FLOAT", "BINFLOAT", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"), _push),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINSTRING", "SHORT_BINSTRING"), _push),
    "EMPTY_DICT": lambda machine, _: _push(machine, {}),
    "EMPTY_LIST": lambda machine, _: _push(machine, []),
    "EMPTY_TUPLE": lambda machine, _: _push(machine, ()),
    "TUPLE": lambda machine, _: _push(machine, tuple(machine.above_mark())),
    "TUPLE1": _of_last(1),
    "TUPLE2": _of_last(2),
    "TUPLE3": _of_last(3),
    "MARK": _mark,
    "APPEND": lambda machine, _: _append(machine, [machine.pop()]),
    "APPENDS": lambda machine, _: _append(machine, machine.above_mark()),
    "SETITEM": _set_item,
    "SETITEMS": lambda machine, _: _set_items(machine, machine.above_mark()),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    "MEMOIZE": _memoize,
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    "GLOBAL": lambda machine, name: _push(machine, _named(name)),
    "STACK_GLOBAL": _find_named,
    "BINPERSID": _find_storage,
    "REDUCE": _call,
    "BUILD": lambda machine, _: machine.pop(),  # attributes, such as a state dict's _metadata
    "POP": lambda machine, _: machine.pop(),
}
