"""Gradients limited, and parameters in one long row: ``torch.nn.utils``."""

import math

import numpy as np

from minitransfer.autograd import increment_version
from minitransfer.not_covered import check_default, not_covered
from minitransfer.ops import cat, reshape
from minitransfer.tensor import Tensor


def clip_grad_norm_(
    parameters, max_norm: float, norm_type: float = 2.0, error_if_nonfinite=False, foreach=None
) -> float:
    """Scale all gradients down together so that their common Euclidean norm is at most `max_norm`.

    Parameters without a gradient, frozen ones among them, do not count (Pascanu et al. 2013).

    Args:
        parameters: parameters, or a single one.
        max_norm: the largest norm to allow.
        norm_type: only 2, the Euclidean norm, is covered.
        error_if_nonfinite: whether a norm that is infinite or NaN is an error.
        foreach: taken for PyTorch's sake.

    Returns:
        The norm before.

    Raises:
        ValueError: for another `norm_type` or a negative `max_norm`, and see `error_if_nonfinite`.

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([0.0, 0.0])
        >>> p.grad = np.array([3.0, 4.0], np.float32)
        >>> clip_grad_norm_([p], 1.0)
        5.0
        >>> [round(g, 3) for g in p.grad.tolist()]
        [0.6, 0.8]
    """
    if not max_norm >= 0:
        raise ValueError(f"clip_grad_norm_: max_norm is {max_norm}; expected a number from 0 on")
    hint = "the gradients are in parameter.grad"
    check_default("clip_grad_norm_", hint, norm_type=(norm_type, 2))
    gradients = _gradients(parameters)
    # Squares in float64: those of float32 overflow from 1e19 on. NumPy's sum, unlike BLAS's dot
    # product, gives the same bits whatever the number of threads.
    norm = math.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in gradients))
    if error_if_nonfinite and not math.isfinite(norm):
        raise ValueError(f"the norm of the gradients is {norm}; a smaller learning rate may help")
    scale = max_norm / (norm + 1e-6)  # PyTorch's formula, which needs no look at a norm of 0
    if scale < 1:
        for gradient in gradients:
            gradient *= scale
    return norm


def clip_grad_value_(parameters, clip_value: float, foreach=None) -> None:
    """Limit every number of the gradients to the range from ``-clip_value`` to `clip_value`.

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([0.0, 0.0])
        >>> p.grad = np.array([3.0, -0.5], np.float32)
        >>> clip_grad_value_([p], 1.0)
        >>> p.grad.tolist()
        [1.0, -0.5]
    """
    for gradient in _gradients(parameters):
        np.clip(gradient, -clip_value, clip_value, out=gradient)


def parameters_to_vector(parameters) -> Tensor:
    """Put all parameters into one long row.

    Example:
        >>> from minitransfer import nn
        >>> parameters_to_vector(nn.Linear(3, 2).parameters()).shape
        (8,)
    """
    return cat([reshape(p, -1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters) -> None:
    """Write a row that `parameters_to_vector` made back into the parameters.

    Raises:
        ValueError: if the row is too long or too short.

    Example:
        >>> from minitransfer import nn, zeros
        >>> layer = nn.Linear(3, 2)
        >>> vector_to_parameters(zeros(8), layer.parameters())
        >>> layer.bias.tolist()
        [0.0, 0.0]
    """
    parameters = list(parameters)
    count = sum(p.array.size for p in parameters)
    if vec.shape != (count,):
        raise ValueError(f"vector_to_parameters: shape {vec.shape} for {count} numbers in all")
    start = 0
    for p in parameters:
        p.array[...] = vec.array[start : start + p.array.size].reshape(p.shape)
        increment_version(p)
        start += p.array.size


def _gradients(parameters):
    parameters = [parameters] if hasattr(parameters, "requires_grad") else parameters
    return [p.gradient for p in parameters if p.gradient is not None]


def __getattr__(name):
    raise not_covered("nn.utils", name)
