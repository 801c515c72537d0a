"""Files: the weights of a network with its card, and a whole training run to go on from.

Both are files of arrays with a text beside them (see `array_file`): a card, or the state of random
generators, options and how far a run got. Loading one runs no code, unlike a pickle.

Whoever pulls the plug finds the old file or the new one, never half of one (see `files`).
"""

import os

import numpy as np

from minitransfer import documents
from minitransfer.array_file import is_of_pytorch, load_arrays, read_extra, save_arrays
from minitransfer.nn.module import Module
from minitransfer.nn.state import LoadResult
from minitransfer.tensor import Tensor
from minitransfer.torch_file import load_torch_file

#: Marks the place of an array in the JSON of a checkpoint; its value is the array's name.
_ARRAY = "__array__"

#: Begins the name of an array that is no weight; no module's name holds a colon.
_BESIDE = "beside:"

#: What goes with weights, and what stands in an array's place.
_CARD = documents.entries(card=documents.named(documents.anything))
_PLACE = documents.entries(**{_ARRAY: documents.text, "number": documents.flag})


def save_weights(
    module: Module, path, card: dict | None = None, dtype=None, beside: dict | None = None
) -> None:
    """Write all parameters and buffers of a module.

    Args:
        module: the network.
        path: the file, by custom ending in ".safetensors"; replaced in one step.
        card: what one should know of the network: a dictionary of what JSON can say.
        dtype: type to store floating numbers in; "float16" halves the file and keeps three digits.
            By default as they are.
        beside: name → array that goes with the network and is no weight of it; see
            `load_beside`.

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
    arrays |= {f"{_BESIDE}{name}": np.asarray(array) for name, array in (beside or {}).items()}
    if dtype is not None:
        arrays = {k: a.astype(dtype) if a.dtype.kind == "f" else a for k, a in arrays.items()}
    extra = {"card": card or {}}
    _CARD(extra, path)
    save_arrays(path, arrays, extra)


def load_weights(module: Module, path, strict: bool = True) -> LoadResult:
    """Copy the weights in a file into a module: all of them, or in an error none.

    Args:
        module: a network of the same architecture.
        path: a safetensors file, or a state dict that `torch.save` wrote (see `torch_file`); where
            such a file holds more, its entry "state_dict", "model_state_dict" or "model".
        strict: whether every name must have its counterpart on both sides.

    Returns:
        The missing and the unexpected names, as from ``module.load_state_dict``.

    Raises:
        FileNotFoundError: if there is no such file.
        KeyError: if names differ (`strict` only).
        ValueError: if the file is damaged, or shapes differ, or it holds complex numbers.
    """
    arrays = read_weights(path)
    arrays = {name: array for name, array in arrays.items() if not name.startswith(_BESIDE)}
    try:
        return module.load_state_dict(arrays, strict)
    except (KeyError, TypeError, ValueError) as error:  # TypeError: complex numbers
        kind = KeyError if isinstance(error, KeyError) else ValueError
        raise kind(f"{path} does not fit the network: {error.args[0]}") from None


def load_beside(path) -> dict[str, np.ndarray]:
    """Return the arrays that were saved beside the weights; {} if there are none.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, truncated or of another kind.

    Example:
        >>> import tempfile
        >>> from minitransfer import nn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/net.safetensors"
        ...     save_weights(nn.Linear(2, 1), path, beside={"seen": np.arange(3)})
        ...     load_beside(path)
        {'seen': array([0, 1, 2])}
    """
    arrays, _ = load_arrays(path)
    return {n.removeprefix(_BESIDE): a for n, a in arrays.items() if n.startswith(_BESIDE)}


def read_weights(path) -> dict:
    """Return the arrays of a file of weights by name; see `load_weights` for which files.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, or holds no state dict.

    Example:
        >>> import tempfile
        >>> from minitransfer import nn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_weights(nn.Linear(2, 1), f"{folder}/net.safetensors")
        ...     sorted(read_weights(f"{folder}/net.safetensors"))
        ['bias', 'weight']
    """
    if not os.path.isfile(path) or not is_of_pytorch(path):
        return load_arrays(path)[0]
    saved = load_torch_file(path)
    for name in ("state_dict", "model_state_dict", "model"):
        if isinstance(saved, dict) and isinstance(saved.get(name), dict):
            saved = saved[name]
    if not isinstance(saved, dict) or not all(isinstance(a, np.ndarray) for a in saved.values()):
        raise ValueError(
            f"{path} holds no state dict, which is a dictionary of tensors; look at what it holds "
            "with minitransfer.load(path)"
        )
    return saved


def read_card(path) -> dict:
    """Return the card of a weights file without reading the weights; {} if it has none.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, truncated or of another kind.
    """
    extra = read_extra(path)
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
