"""Files: the weights of a network with its card, and a whole training run to go on from.

Both are safetensors: arrays with a header of text. Loading one runs no code, unlike a pickle. What
is not an array (a card, the state of a random generator, options) is JSON in the header, under one
key, with a fingerprint of everything, so that a single flipped bit is noticed. Files that other
tools wrote have neither and can be loaded all the same.

Whoever pulls the plug finds the old file or the new one, never half of one (see `files`).
"""

import contextlib
import hashlib
import json
import math
import os

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from minitransfer.files import write_atomically
from minitransfer.nn.module import Module
from minitransfer.nn.state import LoadResult
from minitransfer.tensor import Tensor

#: The header key that everything but the arrays stands under. One key, because safetensors puts
#: several in random order, and equal content shall give equal files.
_KEY = "minitransfer"
#: Marks the place of an array in the JSON of a checkpoint; its value is the array's name.
_ARRAY = "__array__"


def save_arrays(path, arrays: dict, extra=None) -> None:
    """Write arrays, and anything that JSON can say, to one file.

    Args:
        path: the file; its folder is created if need be, an older file is replaced in one step.
        arrays: name → array or tensor, of any shape.
        extra: dictionaries, lists, text, numbers, None: what goes with the arrays.

    Raises:
        TypeError: if `extra` holds something else.
        OSError: if the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_arrays(f"{folder}/a.safetensors", {"x": np.arange(3)}, {"unit": "m"})
        ...     load_arrays(f"{folder}/a.safetensors")
        ({'x': array([0, 1, 2])}, {'unit': 'm'})
    """
    arrays = {
        name: np.asarray(a.array if isinstance(a, Tensor) else a, order="C")
        for name, a in arrays.items()
    }
    text = json.dumps(extra)
    header = json.dumps({"sha256": _fingerprint(arrays, text), "extra": text})
    write_atomically(path, save(arrays, {_KEY: header}))


def load_arrays(path) -> tuple[dict[str, np.ndarray], object]:
    """Read what `save_arrays` wrote, or any safetensors file of other origin.

    Returns:
        (name → array, what else was saved; None in a file of other origin).

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, truncated or of another kind.
    """
    with _opened(path) as file:
        arrays = {name: file.get_tensor(name) for name in sorted(file.keys())}
        header = _header(file)
    if header is None:
        return arrays, None
    if header["sha256"] != _fingerprint(arrays, header["extra"]):
        raise _damaged(path, "its content does not match its fingerprint")
    return arrays, json.loads(header["extra"])


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
    save_arrays(path, arrays, {"card": card or {}})


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
        ValueError: if the file is damaged, or shapes differ.
    """
    arrays, _ = load_arrays(path)
    try:
        return module.load_state_dict(arrays, strict)
    except (KeyError, ValueError) as error:
        raise type(error)(f"{path} does not fit the network: {error.args[0]}") from None


def read_card(path) -> dict:
    """Return the card of a weights file without reading the weights; {} if it has none.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, truncated or of another kind.
    """
    with _opened(path) as file:
        header = _header(file)
    extra = json.loads(header["extra"]) if header else None
    return extra.get("card", {}) if isinstance(extra, dict) else {}


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
        ValueError: if the file is damaged or truncated, or is not a checkpoint.
    """
    arrays, extra = load_arrays(path)
    if not isinstance(extra, dict) or "checkpoint" not in extra:
        raise ValueError(
            f"{path} is not a checkpoint of a training run; "
            "a file of weights is read by load_weights"
        )
    return _unpacked(extra["checkpoint"], arrays)


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


def _unpacked(value, arrays):
    if isinstance(value, dict):
        if _ARRAY in value:
            array = arrays[value[_ARRAY]]
            return array[()] if value["number"] else array
        return {key: _unpacked(v, arrays) for key, v in value.items()}
    if isinstance(value, list):
        return [_unpacked(v, arrays) for v in value]
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
    except (SafetensorError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise _damaged(path, str(error)) from error


def _header(file) -> dict | None:
    text = (file.metadata() or {}).get(_KEY)
    return None if text is None else json.loads(text)


def _damaged(path, how: str) -> ValueError:
    return ValueError(
        f"{path} ({os.path.getsize(path):,} bytes) is damaged, truncated or not a safetensors file "
        f"({how}); get it again from where it came, or delete it and make it anew"
    )


def _fingerprint(arrays, text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        if math.prod(array.shape):
            digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
