"""Files: the weights of a network with its card, and a whole training run to go on from.

Both are safetensors: arrays with a header of text. Loading one runs no code, unlike a pickle. What
is not an array (a card, the state of a random generator, options) is JSON in the header, under one
key, with a fingerprint of everything, so that a single flipped bit is noticed. Files that other
tools wrote have neither and can be loaded all the same.

Whoever pulls the plug finds the old file or the new one, never half of one (see `files`).
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
from minitransfer.nn.module import Module
from minitransfer.nn.state import LoadResult
from minitransfer.tensor import Tensor

#: The header key that everything but the arrays stands under. One key, because safetensors puts
#: several in random order, and equal content shall give equal files.
_KEY = "minitransfer"
#: Marks the place of an array in the JSON of a checkpoint; its value is the array's name.
_ARRAY = "__array__"

#: What the header has to be, what goes with weights, and what stands in an array's place.
_HEADER = documents.entries(sha256=documents.text, extra=documents.text)
_CARD = documents.entries(card=documents.named(documents.anything))
_PLACE = documents.entries(**{_ARRAY: documents.text, "number": documents.flag})

#: Types that arrays in such files may have, by safetensors' names; bfloat16 is read as float32.
_TYPES = ("BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F16", "F32", "F64", "C64")

#: NumPy's types of numbers that they have no name for.
_TOO_WIDE = ("longdouble", "float96", "float128", "complex128", "clongdouble", "complex256")


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


def save_weights(module: Module, path, card: dict | None = None, dtype=None) -> None:
    """Write all parameters and buffers of a module.

    Args:
        module: the network.
        path: the file, by custom ending in ".safetensors"; replaced in one step.
        card: what one should know of the network: a dictionary of what JSON can say.
        dtype: type to store floating numbers in; "float16" halves the file and keeps three digits.
            By default as they are.

    Example:
        >>> import tempfile
        >>> from minitransfer import nn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_weights(nn.Linear(2, 1), f"{folder}/net.safetensors", {"name": "tiny"})
        ...     print(load_weights(nn.Linear(2, 1), f"{folder}/net.safetensors"))
        ...     print(read_card(f"{folder}/net.safetensors"))
        LoadResult(missing_keys=[], unexpected_keys=[])
        {'name': 'tiny'}
    """
    arrays = {name: tensor.array for name, tensor in module.state_dict().items()}
    if dtype is not None:
        arrays = {k: a.astype(dtype) if a.dtype.kind == "f" else a for k, a in arrays.items()}
    extra = {"card": card or {}}
    _CARD(extra, path)
    save_arrays(path, arrays, extra)


def load_weights(module: Module, path, strict: bool = True) -> LoadResult:
    """Copy the weights in a file into a module: all of them, or in an error none.

    Args:
        module: a network of the same architecture.
        path: a safetensors file.
        strict: whether every name must have its counterpart on both sides.

    Returns:
        The missing and the unexpected names, as from ``module.load_state_dict``.

    Raises:
        FileNotFoundError: if there is no such file.
        KeyError: if names differ (`strict` only).
        ValueError: if the file is damaged, or shapes differ, or it holds complex numbers.
    """
    arrays, _ = load_arrays(path)
    try:
        return module.load_state_dict(arrays, strict)
    except (KeyError, TypeError, ValueError) as error:  # TypeError: complex numbers
        kind = KeyError if isinstance(error, KeyError) else ValueError
        raise kind(f"{path} does not fit the network: {error.args[0]}") from None


def read_card(path) -> dict:
    """Return the card of a weights file without reading the weights; {} if it has none.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, truncated or of another kind.
    """
    with _opened(path) as file:
        header = _header(path, file)
    extra = _extra(path, header) if header else None
    if not isinstance(extra, dict) or "card" not in extra:
        return {}
    _CARD(extra, path)
    return extra["card"]


def save_checkpoint(path, state: dict) -> None:
    """Write a training run to go on from.

    Args:
        path: the file; replaced in one step.
        state: dictionaries and lists, as deep as you like, of arrays, tensors, numbers, text,
            True, False and None: the ``state_dict()`` of model, optimiser, schedule and loader,
            ``generator.bit_generator.state``, and how far the run got. Tuples come back as
            lists; numbers come back to the bit.

    Raises:
        TypeError: if something in `state` is none of these; says where.

    Example:
        >>> import tempfile
        >>> generator = np.random.default_rng(0)
        >>> state = {"generator": generator.bit_generator.state, "step": 3}
        >>> first = generator.random()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_checkpoint(f"{folder}/run.safetensors", state)
        ...     state = load_checkpoint(f"{folder}/run.safetensors")
        >>> generator.bit_generator.state = state["generator"]
        >>> generator.random() == first
        True
    """
    arrays: dict[str, np.ndarray] = {}
    packed = _packed(state, "", arrays)  # which fills `arrays`
    save_arrays(path, arrays, {"checkpoint": packed})


def load_checkpoint(path) -> dict:
    """Return the state that `save_checkpoint` wrote, with arrays for tensors.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged or truncated, or is not a checkpoint, or names arrays
            that it does not hold.
    """
    arrays, extra = load_arrays(path)
    if not isinstance(extra, dict) or not isinstance(extra.get("checkpoint"), dict):
        raise ValueError(
            f"{path} is not a checkpoint of a training run; "
            "a file of weights is read by load_weights"
        )
    state = _unpacked(extra["checkpoint"], arrays, path)
    documents.named(documents.anything)(state, str(path))  # and not a single array
    return state


def _packed(value, place: str, arrays: dict):
    """Return `value` as JSON can say it; its arrays go to `arrays`, named by their place."""
    if isinstance(value, (Tensor, np.ndarray, np.generic)):
        arrays[place] = value.array if isinstance(value, Tensor) else np.asarray(value)
        return {_ARRAY: place, "number": isinstance(value, np.generic)}
    if isinstance(value, dict):
        if wrong := [key for key in value if not isinstance(key, str) or key == _ARRAY]:
            raise TypeError(
                f"a checkpoint's dictionaries have text for keys; given {wrong[0]!r} at {place!r}"
            )
        # "/" separates the names; within one it is written "~1", as in a JSON pointer.
        return {
            key: _packed(v, f"{place}/{key.replace('~', '~0').replace('/', '~1')}", arrays)
            for key, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_packed(v, f"{place}/{i}", arrays) for i, v in enumerate(value)]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"a checkpoint holds arrays, numbers, text, lists and dictionaries; given "
        f"{type(value).__name__} at {place!r}: save what it is made of instead"
    )


def _unpacked(value, arrays, path):
    if isinstance(value, dict):
        if _ARRAY in value:
            _PLACE(value, path)
            array = arrays.get(value[_ARRAY])
            if array is None or (value["number"] and array.ndim):
                what = "a single number" if value["number"] else "an array"
                raise ValueError(f"{path} holds no {value[_ARRAY]!r}, or it is not {what}")
            return array[()] if value["number"] else array
        return {key: _unpacked(v, arrays, path) for key, v in value.items()}
    if isinstance(value, list):
        return [_unpacked(v, arrays, path) for v in value]
    return value


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
        f"({how}); get it again from where it came, or delete it and make it anew"
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
            upper = np.frombuffer(entry["data"], "<u2").astype(np.uint32)
            found[name] = (upper << 16).view(np.float32).reshape(entry["shape"])
    return found


def _fingerprint(arrays, text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        if math.prod(array.shape):
            digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
