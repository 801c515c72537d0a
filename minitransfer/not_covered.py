"""What of PyTorch is not here, and what to use instead.

Public names are PyTorch's, so a reader may try one that does not exist. Then the error says what
to do. The table holds the names that people try most; the page on PyTorch in the lesson folder
shows the same table.
"""

#: (where, name) -> what to use instead.
NOT_COVERED = {
    ("minitransfer", "cuda"): "everything runs on the processor; leave the line out",
    ("minitransfer", "device"): "there is one device, the processor; leave the line out",
    ("minitransfer", "compile"): "the kernels are compiled already; call the model itself",
    ("minitransfer", "jit"): "the kernels are compiled already; call the model itself",
    ("minitransfer", "save"): "checkpoint.save_weights(model, path) writes safetensors",
    ("minitransfer", "load"): "checkpoint.load_weights(model, path) reads safetensors, no pickles",
    ("minitransfer", "utils"): "DataLoader and TensorDataset are in minitransfer.data",
    ("minitransfer", "autocast"): "there is no mixed precision; float32 is the default",
    ("minitransfer", "amp"): "there is no mixed precision; float32 is the default",
    ("minitransfer", "inference_mode"): "no_grad() does the same here",
    ("minitransfer", "set_grad_enabled"): "use no_grad() or enable_grad()",
    ("minitransfer", "einsum"): "write it with matmul (@), permute and reshape",
    ("minitransfer", "Generator"): "use numpy.random.default_rng(seed)",
    ("minitransfer", "concat"): "cat",
    ("minitransfer", "FloatTensor"): "tensor(data, dtype=float32)",
    ("minitransfer", "LongTensor"): "tensor(data, dtype=int64)",
    ("minitransfer", "empty"): "zeros()",
    ("minitransfer", "as_tensor"): "Tensor(array) shares an array, tensor(data) copies",
    ("minitransfer", "allclose"): "numpy.allclose(x.detach(), y.detach())",
    ("minitransfer", "nonzero"): "numpy.nonzero(x.detach())",
    ("minitransfer", "round"): "x > 0.5 for a decision, numpy.round(x.detach()) otherwise",
    ("minitransfer", "vmap"): "layers accept leading axes; write the batch axis out",
    ("Tensor", "cuda"): "everything runs on the processor; leave the line out",
    ("Tensor", "retain_grad"): "pass the tensor through detach().requires_grad_() and run on",
    ("Tensor", "register_hook"): "look at gradients between backward() and step()",
    ("Tensor", "relu_"): "relu()",
    ("Tensor", "repeat"): "expand() for axes of length 1, cat() otherwise",
    ("Tensor", "half"): "there is no mixed precision; float32 is the default",
    ("Tensor", "contiguous"): "views need no such call here; leave it out",
    ("Tensor", "masked_fill"): "minitransfer.where(mask, value, x)",
    ("Tensor", "scatter_"): "index with an integer array: x[rows, columns] = values",
    ("Tensor", "topk"): "numpy.argsort(x.detach().numpy())",
    ("Tensor", "sort"): "numpy.sort(x.detach().numpy())",
    ("Tensor", "grad_fn"): "x.history holds the tensors that x was computed from",
    ("Tensor", "round"): "x > 0.5 for a decision, numpy.round(x.detach()) otherwise",
    ("Tensor", "type"): "to(dtype), float(), double(), long(), int() or bool()",
    ("Tensor", "unsqueeze_"): "unsqueeze(dim)",
    ("Tensor", "data_ptr"): "x.array is the NumPy array itself",
    ("Module", "cuda"): "everything runs on the processor; leave the line out",
    ("Module", "half"): "there is no mixed precision; float32 is the default",
    ("Module", "compile"): "the kernels are compiled already; call the model itself",
    ("device", "cuda"): "everything runs on the processor; leave the call out",
    ("device", "mps"): "everything runs on the processor; leave the call out",
    ("nn", "ConvTranspose2d"): "not covered; upsample by indexing and use Conv2d",
    ("nn", "LSTM"): "not covered: recurrent networks are no subject here",
    ("nn", "GRU"): "not covered: recurrent networks are no subject here",
    ("nn", "RNN"): "not covered: recurrent networks are no subject here",
    ("nn", "Transformer"): "not covered; LayerNorm, Linear and softmax are the parts of one",
    ("nn", "MultiheadAttention"): "not covered; write it with Linear, matmul and softmax",
    ("nn", "Conv1d"): "Conv2d with a kernel of height 1: Conv2d(i, o, (1, k))",
    ("nn", "BatchNorm3d"): "not covered; BatchNorm1d and BatchNorm2d are",
    ("nn", "GroupNorm"): "not covered; BatchNorm2d and LayerNorm are",
    ("nn", "NLLLoss"): "CrossEntropyLoss on the logits, without a softmax before it",
    ("nn", "BCELoss"): "BCEWithLogitsLoss on the logits, without a sigmoid before it",
    ("nn", "DataParallel"): "kernels use the cores already; set_num_threads(n)",
    ("nn", "utils"): "clip_grad_norm_ is optim.clip_grad_norm_",
    ("nn", "Dropout2d"): "Dropout",
    ("nn", "ModuleDict"): "Sequential({name: module}) or plain attributes",
    ("nn", "ParameterList"): "plain attributes, each a Parameter",
    ("nn", "SiLU"): "GELU, which is close to it",
    ("nn", "ELU"): "LeakyReLU or GELU",
    ("nn", "AdaptiveMaxPool2d"): "MaxPool2d with a fixed window",
    ("nn", "SmoothL1Loss"): "HuberLoss, the same for a bend at 1",
    ("functional", "nll_loss"): "cross_entropy on the logits, without a log_softmax before it",
    ("functional", "binary_cross_entropy"): "binary_cross_entropy_with_logits on the logits",
    ("functional", "interpolate"): "not covered; resize the images before training",
    ("optim", "RMSprop"): "Adam, which has the same scaling and adds momentum",
    ("optim", "Adagrad"): "Adam",
    ("optim", "LBFGS"): "not covered; Adam with full batches comes closest",
    ("lr_scheduler", "LambdaLR"): "Schedule(optimizer, factor)",
    ("lr_scheduler", "ExponentialLR"): "StepLR(optimizer, step_size=1, gamma=gamma)",
    ("lr_scheduler", "MultiStepLR"): "Schedule(optimizer, lambda step: …)",
    ("lr_scheduler", "LinearLR"): "Schedule(optimizer, lambda step: …), or warmup= of any schedule",
    (
        "lr_scheduler",
        "ReduceLROnPlateau",
    ): "CosineAnnealingLR, or fit(..., monitor=Monitor(patience=3)) to stop early",
}


def not_covered(where: str, name: str, kind: str | None = None) -> AttributeError:
    """Return the error for a name that is not here, with what to use instead where known.

    Args:
        where: the place the name was looked up in: "minitransfer", "Tensor", "nn", …
        name: the name.
        kind: what the table calls that place, where this differs ("Module" for any network).

    Example:
        >>> print(not_covered("nn", "BCELoss"))
        nn has no 'BCELoss'; instead: BCEWithLogitsLoss on the logits, without a sigmoid before it
    """
    instead = NOT_COVERED.get((kind or where, name))
    if instead:
        return AttributeError(f"{where} has no {name!r}; instead: {instead}")
    return AttributeError(f"{where} has no {name!r}")


class NotCovered:
    """Stands in a class for a name of PyTorch's that is not here; reading it says what to use.

    A ``__getattr__`` would need no such stand-ins, but a class that has one reads all of its
    attributes more slowly, and those of tensors are read some hundred times in a small step.

    Example:
        >>> class Tensor:
        ...     cuda = NotCovered("Tensor", "cuda")
        >>> Tensor().cuda
        Traceback (most recent call last):
            ...
        AttributeError: Tensor has no 'cuda'; instead: everything runs on the processor; ...
    """

    def __init__(self, where, name):
        self.where, self.name = where, name

    def __get__(self, instance, owner):
        raise not_covered(self.where, self.name)


def what_was_given(thing) -> str:
    """Say what something is that was mistaken for something else, and why that will not do.

    Example:
        >>> what_was_given([1.0]), what_was_given(dict)
        ('list', 'the class dict, which has to be called first: dict(…)')
    """
    if thing is None:
        return "None"
    kind = thing if isinstance(thing, type) else type(thing)
    if from_pytorch(thing):
        return f"PyTorch's {kind.__name__}, which does not compute here: take minitransfer's"
    if isinstance(thing, type):
        return f"the class {kind.__name__}, which has to be called first: {kind.__name__}(…)"
    return kind.__name__


def from_pytorch(thing) -> bool:
    """Whether something is PyTorch's, or made of a class of PyTorch's.

    Example:
        >>> from_pytorch(1.0)
        False
    """
    kind = thing if isinstance(thing, type) else type(thing)
    return any(base.__module__.split(".")[0] == "torch" for base in kind.__mro__)


class NoTensor(TypeError):
    """A layer or an operation was given something else than a tensor, a list for instance."""


def explain_no_tensor(who: str, error: Exception, suspects) -> None:
    """Say better what went wrong, if the cause was that something else than a tensor was given.

    To be called where an error has happened, so that what goes well costs nothing.

    Args:
        who: the layer or the operation.
        error: what happened.
        suspects: what may be no tensor.

    Raises:
        NoTensor: if one of the suspects is a list, a tuple or PyTorch's.

    Example:
        >>> explain_no_tensor("relu", AttributeError("no shape"), [[1.0, 2.0]])
        Traceback (most recent call last):
            ...
        minitransfer.not_covered.NoTensor: relu takes tensors; given list.
        minitransfer.tensor(x) makes one
    """
    if isinstance(error, NoTensor):
        return
    for x in suspects:
        if isinstance(x, (list, tuple)) or from_pytorch(x):
            raise NoTensor(
                f"{who} takes tensors; given {what_was_given(x)}. minitransfer.tensor(x) makes one"
            ) from error
