"""What a recorded tensor came from, to look at: its operation, and the operations before it.

What `autograd` walks is the tensors' `history`; this shows it under PyTorch's names.
"""


class GradFn:
    """The operation that a tensor came from, as ``x.grad_fn`` shows it.

    Args:
        tensor: a recorded tensor, or a leaf that needs a gradient.

    Attributes:
        next_functions: for each input that needs a gradient the pair (its GradFn, 0), as in
            PyTorch; nothing once the graph has been walked and freed.

    Example:
        >>> from minitransfer import tensor
        >>> x = tensor([1.0, 2.0], requires_grad=True)
        >>> y = (x * 2).sum()
        >>> y.grad_fn, y.grad_fn.next_functions[0][0], x.grad_fn
        (<SumBackward>, <MulBackward>, None)
    """

    def __init__(self, tensor):
        self._history = [] if tensor.is_leaf else tensor.history
        operation = "accumulate_grad" if tensor.is_leaf else tensor.operation.__name__
        words = "".join(word.capitalize() for word in operation.split("_"))
        self._name = "AccumulateGrad" if tensor.is_leaf else f"{words}Backward"

    def name(self) -> str:
        """Return the name of the operation, with "Backward" for its derivative."""
        return self._name

    @property
    def next_functions(self):
        pairs = [pair for pair in self._history if isinstance(pair, tuple)]
        return tuple((GradFn(x), 0) for x, derivative in pairs if derivative is not None)

    def __repr__(self):
        return f"<{self._name}>"
