"""What a module's numbers are called in a file, and how they come back.

`Module` has the two functions as methods.
"""

from typing import NamedTuple

import numpy as np

from minitransfer.autograd import explain_arguments, increment_version
from minitransfer.tensor import Tensor


class LoadResult(NamedTuple):
    """The keys that `load_state_dict` had nothing for, and those it had no place for."""

    missing_keys: list[str]
    unexpected_keys: list[str]


@explain_arguments
def state_dict(module) -> dict[str, Tensor]:
    """Return all parameters and buffers by dotted name.

    The tensors share their numbers with the module, as in PyTorch: copy the dictionary
    (``copy.deepcopy``) to keep a state while training goes on.
    """
    return {name: tensor.detach() for name, tensor in _state(module)}


@explain_arguments
def load_state_dict(module, state_dict: dict, strict: bool = True) -> LoadResult:
    """Copy the numbers in `state` into this module; all of it, or in an error nothing.

    Args:
        state_dict: dotted name → tensor or array.
        strict: whether every name must have its counterpart on both sides.

    Returns:
        The missing and the unexpected keys (both empty when `strict`). A head that does not
        belong is in these lists; it is never loaded or dropped silently.

    Raises:
        KeyError: names every missing and unexpected key (`strict` only).
        ValueError: names every key whose shape differs, with both shapes, and the missing
            and unexpected keys too; or the keys that belong to one shared tensor and hold
            different numbers.
        TypeError: if a value is not numeric.
    """
    own = dict(_state(module))
    arrays = {name: Tensor(value).array for name, value in state_dict.items()}
    absent = [name for name in own if name not in arrays]
    unexpected = [name for name in arrays if name not in own]
    wrong = [
        f"{name}: given {arrays[name].shape}, expected {tensor.shape}"
        for name, tensor in own.items()
        if name in arrays and arrays[name].shape != tensor.shape
    ]
    if wrong or (strict and (absent or unexpected)):
        raise _load_error(absent, unexpected, wrong)
    _check_shared(own, arrays)
    for name, tensor in own.items():
        if name in arrays:
            tensor.array[...] = arrays[name]
            increment_version(tensor)
    return LoadResult(absent, unexpected)


def _state(module):
    for prefix, part in module.named_modules():
        for registry in (part._parameters, part._buffers):
            for name, tensor in registry.items():
                if name not in part._not_saved:
                    yield f"{prefix}.{name}" if prefix else name, tensor


def _check_shared(own, arrays) -> None:
    """Refuse two different values for what two names in the module share."""
    first_names = {}
    for name, tensor in own.items():
        if name not in arrays:
            continue
        first = first_names.setdefault(id(tensor), name)
        if first != name and not np.array_equal(arrays[first], arrays[name], equal_nan=True):
            raise ValueError(
                f"load_state_dict: nothing was loaded. {first} and {name} are one tensor here, and "
                "the state holds two different ones: it comes from a network that does not share "
                "them. Leave one out of the state, with strict=False, or do not share them here"
            )


def _load_error(absent, unexpected, wrong) -> Exception:
    """Say everything that keeps a state from being loaded, and what to do about it."""
    parts = []
    if wrong:
        parts.append(
            f"shapes differ ({'; '.join(wrong)}): a head for other classes has to be replaced "
            "first (transfer.replace_head), or its keys left out of the state, with strict=False"
        )
    if absent or unexpected:
        parts.append(
            f"missing keys {absent}, unexpected keys {unexpected}: strict=False loads what has a "
            "counterpart and returns both lists"
        )
    kind = ValueError if wrong else KeyError
    return kind(f"load_state_dict: nothing was loaded. {'. '.join(parts)}")
