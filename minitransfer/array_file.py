"""A file of arrays, and of whatever JSON can say beside them.

It is safetensors: arrays with a header of text. What is not an array is JSON in the header, under
one key, with a fingerprint of everything, so that a single flipped bit is noticed. Files that other
tools wrote have neither and can be loaded all the same.
"""

import contextlib
import hashlib
import math
import os
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, deserialize, safe_open
from safetensors.numpy import save

from minitransfer import documents
from minitransfer.files import write_atomically
from minitransfer.tensor import Tensor
from minitransfer.terminal import escaped

#: The header key that everything but the arrays stands under. One key, because safetensors puts
#: several in random order, and equal content shall give equal files.
_KEY = "minitransfer"

#: What stands under that key.
_HEADER = documents.entries(sha256=documents.text, extra=documents.text)

#: Types that arrays in such files may have, by safetensors' names; bfloat16 is read as float32.
_TYPES = ("BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F16", "F32", "F64", "C64")

#: Types of numbers that NumPy has and these files lack.
_TOO_WIDE = ("longdouble", "float96", "float128", "complex128", "clongdouble", "complex256")


def is_of_pytorch(path) -> bool:
    """Whether a file begins as what `torch.save` writes, which `torch_file` reads.

    Example:
        >>> is_of_pytorch(__file__)
        False
    """
    with open(path, "rb") as file:
        start = file.read(9)
    # Of safetensors the first eight bytes are a length, any number; the ninth is a bracket.
    return start[8:] != b"{" and (start[:2] == b"PK" or start[:1] == b"\x80")


def save_arrays(path, arrays: dict, extra=None) -> None:
    """Write arrays, and anything that JSON can say, to one file.

    Args:
        path: the file; its folder is created if need be, an older file is replaced in one step.
        arrays: name → array or tensor, of any shape.
        extra: dictionaries, lists, text, numbers, None: what goes with the arrays.

    Raises:
        TypeError: if `extra` holds something else, or an array has a type that such files do not.
        ValueError: if `extra` is larger or deeper than `load_arrays` would read.
        OSError: if the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_arrays(f"{folder}/a.safetensors", {"x": np.arange(3)}, {"unit": "m"})
        ...     load_arrays(f"{folder}/a.safetensors")
        ({'x': array([0, 1, 2])}, {'unit': 'm'})
    """
    arrays = {name: _storable(name, array) for name, array in arrays.items()}
    text = documents.written(extra, path)
    header = documents.written({"sha256": _fingerprint(arrays, text), "extra": text}, path)
    write_atomically(path, save(arrays, {_KEY: header}))


def load_arrays(path) -> tuple[dict[str, np.ndarray], object]:
    """Read what `save_arrays` wrote, or any safetensors file of other origin.

    Returns:
        (name → array, what else was saved; None in a file of other origin). Arrays of bfloat16,
        which NumPy lacks, come as float32, which holds each of its numbers exactly.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, truncated or of another kind, or holds an array of a
            type that NumPy cannot hold.
    """
    with _opened(path) as file:
        types = {name: file.get_slice(name).get_dtype() for name in sorted(file.keys())}
        _check_types(path, types)
        arrays = {name: file.get_tensor(name) for name, t in types.items() if t in _TYPES}
        header = _header(path, file)
        if len(arrays) < len(types):
            arrays |= _bfloat16_arrays(path)
    if header is None:
        return arrays, None
    if header["sha256"] != _fingerprint(arrays, header["extra"]):
        raise _damaged(path, "its content does not match its fingerprint")
    return arrays, _extra(path, header)


def read_extra(path):
    """Return what was saved beside the arrays, without reading them; None if nothing was.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, truncated or of another kind.
    """
    with _opened(path) as file:
        header = _header(path, file)
    return _extra(path, header) if header else None


@contextlib.contextmanager
def _opened(path):
    """Open a safetensors file, with errors that say what to do."""
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        raise FileNotFoundError(f"{path} {what}; expected a safetensors file")
    try:
        with safe_open(path, "numpy") as file:
            yield file
    except SafetensorError as error:
        raise _damaged(path, str(error)) from error


def _header(path, file) -> dict | None:
    """Return the fingerprint and, still as text, what goes with the arrays; None if not ours."""
    header = (file.metadata() or {}).get(_KEY)
    return None if header is None else _read(path, header, _HEADER)


def _extra(path, header):
    return _read(path, header["extra"], documents.anything)


def _read(path, document, shape):
    try:
        value = documents.parsed(document, "its header")
        shape(value, "its header")
    except ValueError as error:
        raise _damaged(path, str(error)) from None
    return value


def _damaged(path, how: str) -> ValueError:
    return ValueError(
        f"{path} ({os.path.getsize(path):,} bytes) is damaged, truncated or not a safetensors file "
        f"({escaped(how)}); get it again from where it came, or delete it and make it anew"
    )


def _storable(name, array) -> np.ndarray:
    """Return an array as the file holds it: in rows, in this machine's order of bytes."""
    array = np.asarray(array.array if isinstance(array, Tensor) else array, order="C")
    if array.dtype.kind not in "biufc" or array.dtype.name in _TOO_WIDE:
        raise TypeError(
            f"array {name!r} is of type {array.dtype}; a file holds whole numbers, float16, "
            "float32, float64, complex64 and bool: convert it first"
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _check_types(path, types: dict) -> None:
    """Refuse what NumPy cannot hold (float8 and narrower): the file is sound all the same."""
    for name, kind in types.items():
        if kind not in _TYPES and kind != "BF16":
            raise ValueError(
                f"{path}: {name!r} is of type {kind}, which is not supported, since NumPy cannot "
                "hold it; the file is sound. Convert it where it comes from, in PyTorch for "
                "instance with tensor.to(torch.float32), and save it anew"
            )


def _bfloat16_arrays(path) -> dict[str, np.ndarray]:
    """Read the arrays of type bfloat16: the upper halves of float32 numbers."""
    found = {}
    for name, entry in deserialize(Path(path).read_bytes()):
        if entry["dtype"] == "BF16":
            numbers = np.frombuffer(entry["data"], "<u2")
            found[name] = widened(numbers).reshape(entry["shape"])
    return found


def widened(numbers: np.ndarray) -> np.ndarray:
    """Return numbers of bfloat16, given as uint16, as the float32 of which they are the upper half.

    Example:
        >>> widened(np.array([0x3F80], np.uint16))
        array([1.], dtype=float32)
    """
    return (numbers.astype(np.uint32) << 16).view(np.float32)


def _fingerprint(arrays, text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        if math.prod(array.shape):
            digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
