"""`save` and `load` as scripts for PyTorch call them, with safetensors underneath.

A file holds what PyTorch's usually do: a module's ``state_dict()``, or a dictionary of such and of
numbers and text. What PyTorch itself saved is read too, though it is a pickle: see `torch_file`.
Loading runs no code in either case.
"""

import os

import numpy as np

from minitransfer.array_file import is_of_pytorch, load_arrays, save_arrays
from minitransfer.autograd import explain_arguments
from minitransfer.devices import check_device
from minitransfer.tensor import Tensor
from minitransfer.torch_file import load_torch_file

#: Marks, in the JSON that stands for what was saved, what JSON itself has no word for.
_KIND = "__kind__"


@explain_arguments
def save(obj, f, pickle_module=None, pickle_protocol=2) -> None:
    """Write an object to a file.

    Args:
        obj: a tensor; or dictionaries, lists and tuples, as deep as you like, of tensors, arrays,
            numbers, text, True, False and None. Where it is a dictionary of tensors, as a
            ``state_dict()`` is, any tool that reads safetensors can read the file.
        f: the file's path; replaced in one step.
        pickle_module, pickle_protocol: taken for PyTorch's sake; nothing is pickled.

    Raises:
        TypeError: if something in `obj` is none of these (a whole module: save its
            ``state_dict()``), or `f` is not a path.

    Example:
        >>> import tempfile
        >>> from minitransfer import nn
        >>> net = nn.Linear(2, 1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save({"epoch": 3, "model": net.state_dict()}, f"{folder}/net.pt")
        ...     saved = load(f"{folder}/net.pt")
        >>> saved["epoch"], net.load_state_dict(saved["model"])
        (3, LoadResult(missing_keys=[], unexpected_keys=[]))
    """
    arrays = {}
    plain = isinstance(obj, dict) and all(
        isinstance(k, str) and isinstance(v, Tensor) for k, v in obj.items()
    )
    if plain:
        arrays = {name: value.detach() for name, value in obj.items()}
        save_arrays(_path(f), arrays, {"saved": _KIND})
    else:
        saved = _packed(obj, "", arrays)
        save_arrays(_path(f), arrays, {"saved": saved})


@explain_arguments
def load(f, map_location=None, pickle_module=None, weights_only=None, mmap=None):
    """Read what `save` or `torch.save` wrote, or any safetensors file (a dictionary of tensors).

    Args:
        f: the file's path.
        map_location: "cpu" or None.
        pickle_module, weights_only, mmap: taken for PyTorch's sake; nothing in a file is code.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, or a pickle that asks for more than tensors, plain
            dictionaries, lists, numbers and text, as that of a whole module does.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save([1, (2.5, "two")], f"{folder}/some.pt")
        ...     load(f"{folder}/some.pt")
        [1, (2.5, 'two')]
    """
    if not callable(map_location) and not isinstance(map_location, dict):
        check_device(map_location)
    path = _path(f)
    if os.path.isfile(path) and is_of_pytorch(path):
        return _with_tensors(load_torch_file(path))
    arrays, extra = load_arrays(path)
    tensors = {name: Tensor(array) for name, array in arrays.items()}
    if not isinstance(extra, dict) or extra.get("saved", _KIND) == _KIND:
        return tensors
    try:
        return _unpacked(extra["saved"], tensors)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error!r}; get it again from where it came") from None


def _with_tensors(value):
    """What a file of PyTorch's held, with tensors for its arrays."""
    if isinstance(value, np.ndarray):
        return Tensor(value.copy())
    if isinstance(value, dict):
        return {key: _with_tensors(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_with_tensors(v) for v in value)
    return value


def _path(f):
    if not isinstance(f, (str, os.PathLike)):
        raise TypeError(
            f"save and load take the path of a file; given {type(f).__name__}: write to a file"
        )
    return f


def _packed(value, place, arrays):
    """Say `value` in JSON; its arrays go to `arrays`, named by their place."""
    if isinstance(value, (Tensor, np.ndarray, np.generic)):
        kind = "array" if isinstance(value, np.ndarray) else "number"
        kind = "tensor" if isinstance(value, Tensor) else kind
        while place in arrays:  # two keys that read the same, one of them with a "/" in it
            place += "'"
        arrays[place] = value.detach() if kind == "tensor" else np.asarray(value)
        return {_KIND: kind, "name": place}
    if isinstance(value, dict):
        pairs = [
            [_packed(k, f"{place}/key {i}", arrays), _packed(v, f"{place}/{k}", arrays)]
            for i, (k, v) in enumerate(value.items())
        ]
        return {_KIND: "dict", "items": pairs}
    if isinstance(value, (list, tuple)):
        items = [_packed(v, f"{place}/{i}", arrays) for i, v in enumerate(value)]
        return items if isinstance(value, list) else {_KIND: "tuple", "items": items}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    hint = "its state_dict()" if hasattr(value, "state_dict") else "what it is made of"
    raise TypeError(
        f"save: {type(value).__name__} at {place or 'the top'} is no tensor, number or text, "
        f"and no dictionary, list or tuple of such; save {hint} instead"
    )


def _unpacked(value, tensors):
    if isinstance(value, list):
        return [_unpacked(v, tensors) for v in value]
    if not isinstance(value, dict):
        return value
    kind = value[_KIND]
    if kind == "tensor":
        return tensors[value["name"]]
    if kind in ("array", "number"):
        array = tensors[value["name"]].array
        return array if kind == "array" else array[()]
    items = [_unpacked(v, tensors) for v in value["items"]]
    return tuple(items) if kind == "tuple" else dict(items)
