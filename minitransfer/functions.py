"""Tensor methods as functions, for code that writes ``torch.sum(x, dim=1)``."""

from minitransfer.operations import maximum, minimum
from minitransfer.tensor import Tensor


def _as_function(method):
    """Turn a method of Tensor into a function that takes the tensor first."""

    def function(x, *args, **options):
        return method(x if isinstance(x, Tensor) else Tensor(x), *args, **options)

    function.__name__, function.__doc__ = method.__name__, method.__doc__
    return function


abs = _as_function(Tensor.__abs__)
argmax = _as_function(Tensor.argmax)
argmin = _as_function(Tensor.argmin)
clamp = clip = _as_function(Tensor.clamp)
div = _as_function(Tensor.__truediv__)
flatten = _as_function(Tensor.flatten)
gather = _as_function(Tensor.gather)
log_softmax = _as_function(Tensor.log_softmax)
logsumexp = _as_function(Tensor.logsumexp)
mean = _as_function(Tensor.mean)
mul = _as_function(Tensor.__mul__)
norm = _as_function(Tensor.norm)
permute = _as_function(Tensor.permute)
pow = _as_function(Tensor.pow)
reshape = _as_function(Tensor.reshape)
softmax = _as_function(Tensor.softmax)
square = _as_function(Tensor.square)
squeeze = _as_function(Tensor.squeeze)
std = _as_function(Tensor.std)
sub = _as_function(Tensor.__sub__)
sum = _as_function(Tensor.sum)
transpose = _as_function(Tensor.transpose)
unsqueeze = _as_function(Tensor.unsqueeze)
var = _as_function(Tensor.var)


def max(x, *args, **options):
    """Return the largest number; with `dim` the pair (values, indices); of two tensors, the
    larger number at each place.

    Example:
        >>> max(Tensor([[1.0, 3.0], [2.0, 0.0]]), 1).indices.tolist()
        [1, 0]
    """
    if args and isinstance(args[0], Tensor):
        return maximum(x, args[0])
    return (x if isinstance(x, Tensor) else Tensor(x)).max(*args, **options)


def min(x, *args, **options):
    """Return the smallest number; with `dim` the pair (values, indices); of two tensors, the
    smaller number at each place.

    Example:
        >>> min(Tensor([1.0, 3.0]), Tensor([2.0, 0.0])).tolist()
        [1.0, 0.0]
    """
    if args and isinstance(args[0], Tensor):
        return minimum(x, args[0])
    return (x if isinstance(x, Tensor) else Tensor(x)).min(*args, **options)
