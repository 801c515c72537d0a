"""Record what was computed, then walk it backwards. No mathematics here.

`differentiable` turns a function on arrays, which returns its value and one derivative for each
input (see `minitransfer.ops`), into an operation on tensors. The result remembers its `history`:
the tensors it was computed from and, with each of them, its derivative, a function from the
gradient of the loss with respect to the result to the gradient with respect to that input.
`backward` visits the recorded tensors from the loss to the leaves and calls those functions.

Three rules keep it small and safe:

* A derivative is kept only where its input needs a gradient. So what a frozen layer saves is the
  work that a reader can see: its weight derivative is never called, and below the last trainable
  layer nothing is recorded at all.
* A recorded tensor refers to its inputs, never to itself, and the graph is freed while it is
  walked: Python's reference counts clean up at once, the cycle collector has nothing to do.
* The walk is a loop, not a recursion: a graph may be 50,000 operations deep. Nothing has to be
  searched for the right order: what is recorded gets a sequence number, and the inputs of an
  operation always have smaller numbers than its result.

Writing in place could make a gradient wrong, since derivatives look at numbers when they are
called. So every tensor has a version, the sequence number of the last write, which it shares with
all tensors that show the same numbers; `backward` refuses what is newer than its use.
"""

import contextlib
import functools
import inspect
import itertools
import threading
from heapq import heappop, heappush

import numpy as np

from minitransfer.anomalies import Watch
from minitransfer.not_covered import (
    check_default,
    explain_no_tensor,
    from_pytorch,
    not_covered,
    unknown_argument,
)

#: The class of all results. It has the operations as methods, and those are written with
#: `differentiable`: so it is made later than this module, and `minitransfer.tensor` puts it here.
Tensor = None

#: The history of a recorded tensor once its graph has been walked.
FREED = ("freed",)

#: Whoever writes down the operations of this moment, or None; see `minitransfer.compiler`. It runs
#: the same functions on stand-ins of arrays, so no derivative is written a second time. It is told
#: of what its own thread does, and of nothing else: ask `trace_here`.
tracing = None

#: Numbers everything that is recorded or written, in the order in which it happens. One call is
#: one step even when several Python threads make it, so no two events share a number.
_sequence = itertools.count(1)


class _Mode(threading.local):
    """Whether this thread records, and what held before each `with` it is now within."""

    def __init__(self):
        self.recording = True
        self.before = []
        self.watch = None  # who looks for the first NaN, see `detect_anomaly`


_mode = _Mode()


def trace_here():
    """Return who writes down the operations of this thread at this moment, or None.

    Example:
        >>> trace_here() is None
        True
    """
    trace = tracing  # looked at once: another thread may end it at any moment
    return trace if trace is not None and trace.thread == threading.get_ident() else None


class no_grad(contextlib.ContextDecorator):
    """Within this context (or decorated function) nothing is recorded, in this thread.

    Example:
        >>> from minitransfer import Tensor, no_grad
        >>> x = Tensor([2.0], requires_grad=True)
        >>> with no_grad():
        ...     y = x * 3
        >>> y.requires_grad
        False
    """

    recording = False

    def __enter__(self):
        # Nothing is kept on self: a decorated function may run in two threads at once.
        _mode.before.append(_mode.recording)
        _mode.recording = self.recording
        return self

    def __exit__(self, *exception):
        _mode.recording = _mode.before.pop()


class enable_grad(no_grad):
    """Within this context recording is on again, for use inside `no_grad`.

    Example:
        >>> from minitransfer import Tensor, enable_grad, no_grad
        >>> x = Tensor([2.0], requires_grad=True)
        >>> with no_grad(), enable_grad():
        ...     y = x * 3
        >>> y.requires_grad
        True
    """

    recording = True


class set_grad_enabled(no_grad):
    """Record from here on, or do not, as `mode` says; as a context, while it lasts.

    Example:
        >>> from minitransfer import Tensor, set_grad_enabled
        >>> x = Tensor([2.0], requires_grad=True)
        >>> phase = "val"
        >>> with set_grad_enabled(phase == "train"):
        ...     y = x * 3
        >>> y.requires_grad
        False
    """

    def __init__(self, mode):
        self.recording, self.before = bool(mode), _mode.recording
        _mode.recording = self.recording

    def __enter__(self):
        _mode.recording = self.before  # set when it was made: this is what holds again afterwards
        return super().__enter__()

    def __call__(self, function):
        _mode.recording = self.before  # it decorates: the mode is for the function alone
        return super().__call__(function)

    def _recreate_cm(self):
        return no_grad() if not self.recording else enable_grad()


class inference_mode(no_grad):
    """As `no_grad`, the name that PyTorch recommends for evaluation; ``mode=False`` records.

    Example:
        >>> from minitransfer import Tensor, inference_mode
        >>> x = Tensor([2.0], requires_grad=True)
        >>> with inference_mode():
        ...     y = x * 3
        >>> y.requires_grad
        False
    """

    def __init__(self, mode=True):
        self.recording = not mode and _mode.recording


class detect_anomaly(contextlib.ContextDecorator):
    """Within this context the first NaN is an error that names its operation and its layer.

    On the way forward, a NaN in a result whose inputs have none; on the way back, a NaN in a
    gradient. PyTorch looks on the way back alone. Looking takes time: it is for finding a fault.

    Args:
        check_nan: False looks at nothing, as in PyTorch.

    Raises:
        RuntimeError: where the first NaN arises.

    Example:
        >>> from minitransfer import Tensor
        >>> x = Tensor([0.0, 1.0], requires_grad=True)
        >>> with np.errstate(all="ignore"), detect_anomaly():
        ...     (x * x).sqrt().sum().backward()
        Traceback (most recent call last):
            ...
        RuntimeError: the first NaN arose in the derivative of mul with respect to its input 0...
    """

    def __init__(self, check_nan=True):
        self.check_nan = check_nan

    def __enter__(self):
        _mode.before.append(_mode.watch)
        _mode.watch = Watch() if self.check_nan else None
        return self

    def __exit__(self, *exception):
        _mode.watch = _mode.before.pop()


def set_detect_anomaly(mode, check_nan=True) -> None:
    """Look for the first NaN from here on, in this thread, or stop looking; see `detect_anomaly`.

    Example:
        >>> set_detect_anomaly(False)
    """
    _mode.watch = Watch() if mode and check_nan else None


def is_grad_enabled() -> bool:
    """Whether operations are being recorded in this thread.

    Example:
        >>> from minitransfer import is_grad_enabled, no_grad
        >>> with no_grad():
        ...     print(is_grad_enabled())
        False
    """
    return _mode.recording


# Recording


def differentiable(operation):
    """Make an operation on tensors from a function on arrays.

    Args:
        operation: ``operation(*inputs, *options) -> (value, derivatives)``. `derivatives` has one
            function for each of the first arguments (None where there is nothing to derive), from
            the gradient of the value to that of the input. Arguments after those are options.

    Returns:
        The same function on tensors, by position or by name; arrays and Python numbers may stand
        among them. Its result is recorded if one of its inputs needs a gradient. The function on
        arrays stays reachable as ``__wrapped__``.

    Example:
        >>> from minitransfer import Tensor
        >>> @differentiable
        ... def scaled(x, factor=2.0):
        ...     return factor * x, (lambda gy: factor * gy,)
        >>> x = Tensor([1.0, 3.0], requires_grad=True)
        >>> scaled(x, factor=5.0).sum().backward()
        >>> x.grad
        tensor([5., 5.])
    """
    parameters = inspect.signature(operation).parameters
    plain = {name for name, p in parameters.items() if p.kind is not p.VAR_POSITIONAL}

    @functools.wraps(operation)
    def recorded(*args, **options):
        if options:
            args, options = _by_position(operation, parameters, plain, args, options)
        arrays = []
        for a in args:
            arrays.append(a.array if isinstance(a, Tensor) else as_array(a))
        if tracing is not None and (trace := trace_here()) is not None:
            arrays, options = trace.operands(operation, args, arrays, options)
        try:
            value, derivatives = operation(*arrays, **options)
        except (AttributeError, TypeError) as error:
            at_fault = getattr(error, "obj", None)  # what has no such attribute
            foreign = [a for a in args if from_pytorch(a)]
            explain_no_tensor(operation.__name__, error, [*foreign, at_fault])
            raise
        # A result needs none of the constructor's checks, which take as long as a small product.
        y = Tensor.__new__(Tensor)
        y.array = value = value if type(value) is np.ndarray else to_array(value)
        y.gradient = y.history = y.version = None
        y.requires_grad = False
        if value.base is not None:
            _share_version(y, args)
        if _mode.recording:
            _record(y, args, derivatives, operation)
        if _mode.watch is not None and trace_here() is None:
            _mode.watch.result(y, args, operation)
        return y

    return recorded


def explain_arguments(function):
    """Make a function that is given an argument it does not have say what it takes.

    Example:
        >>> @explain_arguments
        ... def cat(tensors, dim=0):
        ...     return tensors
        >>> cat([], out=None)
        Traceback (most recent call last):
            ...
        TypeError: cat has no argument 'out': results are new tensors; write x = function(...)
    """
    code = function.__code__  # read in a thousandth of the time of inspect.signature
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @functools.wraps(function)
    def checked(*args, **options):
        for name in options:
            if name not in names:
                raise unknown_argument(function.__name__, name, names)
        return function(*args, **options)

    return checked


#: What PyTorch also takes for two of its names.
_ALIASES = {"axis": "dim", "keepdims": "keepdim"}


def _by_position(operation, parameters, plain, args, options):
    """Put tensors that were given by name among `args`, so that each stands by its derivative.

    So is what a function takes as many of as are given, as ``x.view(shape=(2, 3))``.
    """
    for name, value in options.items():
        if isinstance(value, Tensor) or name not in plain:
            break
    else:
        return args, options
    options = {_ALIASES.get(name, name): value for name, value in options.items()}
    names, args, end = list(parameters), list(args), 0
    for name, value in options.items():
        if name not in parameters:
            raise unknown_argument(operation.__name__, name, names)
        if isinstance(value, Tensor) or name not in plain:
            end = max(end, names.index(name) + 1)
    for name in names[len(args) : end]:
        value = options.pop(name, parameters[name].default)
        if value is inspect.Parameter.empty:
            raise TypeError(f"{operation.__name__}: the argument {name!r} is missing")
        args.append(value)
    return args, options


def _record(y, args, derivatives, operation):
    """Note on `y` how it came from `args`, if anything among them needs a gradient."""
    if len(args) > len(derivatives):
        for x in args[len(derivatives) :]:
            check_constant(x, "passing it as an option")
        args = args[: len(derivatives)]
    needed, history = False, []
    for i, x in enumerate(args):  # fewer than derivatives where a bias was left out
        if isinstance(x, Tensor):
            # Frozen or constant: its derivative is never computed.
            derivative = derivatives[i] if x.requires_grad else None
            if derivative is not None:
                needed = True
            history.append((x, derivative))
    if needed:
        y.requires_grad = True
        y.history, y.sequence, y.operation = history, next(_sequence), operation


def as_array(x):
    """Return the array in a tensor; a Python number where NumPy's would widen float32.

    Example:
        >>> (np.float32(1) * as_array(np.float64(2))).dtype
        dtype('float32')
    """
    if isinstance(x, Tensor):
        return x.array
    if isinstance(x, np.floating):
        return float(x)
    return x


def to_array(x):
    """Return `x` as an array; the stand-in of one that is being traced as it is.

    Example:
        >>> to_array(np.float32(1))
        array(1., dtype=float32)
    """
    return x if getattr(x, "traced", False) else np.asarray(x)


# Writing in place


def increment_version(x) -> None:
    """Remember that the numbers of `x` were changed in place, so that `backward` can refuse."""
    shared_version(x)[0] = next(_sequence)


def shared_version(x) -> list[int]:
    """Return the version of `x`, for another tensor that shows the same numbers to share."""
    if x.version is None:
        x.version = [0]
    return x.version


def _share_version(y, args):
    """If `y` is a view of one of the tensors in `args`: what is written to one changes both."""
    for x in args:
        if isinstance(x, Tensor) and _owner(x.array) is _owner(y.array):
            y.version = shared_version(x)


def _owner(array):
    """What holds the numbers of `array`: the array that it is a view of, or itself."""
    while type(array.base) is np.ndarray:
        array = array.base
    return array if array.base is None else array.base


def check_writable(x) -> None:
    """Refuse an in-place write that would make a gradient wrong.

    Raises:
        RuntimeError: if `x` is the result of a recorded operation, or a leaf that needs a
            gradient while recording is on.
    """
    if (trace := trace_here()) is not None:
        trace.written(x)
    if x.history is not None and x.history is not FREED:
        raise RuntimeError(
            "in-place write to a tensor that a recorded operation produced: its gradient would be "
            "wrong without notice; compute a new tensor instead (x = x + y), or take x.detach()"
        )
    if x.requires_grad and _mode.recording:
        raise RuntimeError(
            "in-place write to a tensor that requires a gradient; "
            "do it under `with no_grad():`, or compute a new tensor (x = x + y)"
        )


def check_constant(x, action="writing it into another tensor") -> None:
    """Refuse what would lose the gradient of `x` in silence.

    Raises:
        RuntimeError: if `x` is a tensor that requires a gradient, and recording is on.
    """
    if isinstance(x, Tensor) and x.requires_grad and _mode.recording:
        raise RuntimeError(
            f"this tensor requires a gradient, and {action} would lose it; compute a new tensor "
            "(x + y, where, cat, stack), or say with .detach() that no gradient is meant"
        )


# The walk back


def backward(tensor, gradient=None, retain_graph=False, create_graph=False, inputs=None) -> None:
    """Add the derivative of this tensor to `grad` of every leaf that asked for one.

    Args:
        tensor: where to start; as a method, ``loss.backward()``, the tensor itself.
        gradient: derivative of the final quantity with respect to this tensor, same shape;
            not needed where the tensor is a single number (then 1).
        retain_graph: keep the graph so that `backward` may be called on it again.
        create_graph, inputs: PyTorch's; only the defaults are covered.

    Raises:
        RuntimeError: if nothing was recorded, if a part of the graph was freed by an earlier
            call, if a tensor was written in place after it had been used, or if this one is not
            a single number and no `gradient` is given. No leaf has been given anything then.
        ValueError: if `gradient` has another shape, or a derivative returns one that does not
            have its input's.
    """
    if create_graph or inputs is not None:
        check_default(
            "backward", "derivatives of derivatives are not covered, and leaves are all that ask",
            create_graph=(create_graph, False), inputs=(inputs, None),
        )  # fmt: skip
    if not tensor.requires_grad:
        raise RuntimeError(
            "nothing to walk back: no input of this tensor requires a gradient, or it was "
            "computed under no_grad(); are all parameters frozen?"
        )
    if (trace := trace_here()) is not None:
        trace.phase = "backward"
    gradient = _first_gradient(tensor, gradient)
    gradients, leaves = {id(tensor): gradient}, []
    watch = _mode.watch if trace is None else None
    ahead = []  # a heap, from which what was recorded last comes first
    if tensor.history is None:
        leaves.append(tensor)
    else:
        ahead.append((-tensor.sequence, tensor))
    while ahead:
        y = heappop(ahead)[1]
        history, sequence = y.history, y.sequence
        if history is FREED:
            raise RuntimeError(
                "backward through a graph that was already walked and freed: compute the loss "
                "again, add the losses before one backward(), or call "
                "backward(retain_graph=True) first"
            )
        gy = gradients.pop(id(y))
        for x, derivative in history:
            if x.version is not None and x.version[0] > sequence:
                raise RuntimeError(
                    f"a tensor of shape {x.array.shape} was changed in place after it had been "
                    "used: the gradient would be wrong; call backward() before changing it "
                    "(or before optimizer.step()), or use a copy, x.clone()"
                )
            if derivative is None:
                continue
            gx = derivative(gy)
            if watch is not None:
                watch.gradient(y, gx, [input for input, _ in history].index(x))
            if gx.shape != x.array.shape:
                raise ValueError(
                    f"a derivative gave a gradient of shape {gx.shape} for an input of shape "
                    f"{x.array.shape}; the two must be equal (where an operation broadcasts, the "
                    "gradient has to be summed: ops.common.unbroadcast)"
                )
            if gx.dtype is not x.array.dtype:  # a float32 tensor that met float64 further up
                gx = gx.astype(x.array.dtype)
            key = id(x)
            if key in gradients:
                gradients[key] = gradients[key] + gx
                continue
            gradients[key] = gx
            if x.history is None:
                leaves.append(x)
            else:
                heappush(ahead, (-x.sequence, x))
        if not retain_graph:
            y.history = FREED
    # Last: an array that a leaf takes for its own is read no more.
    _add_to_leaves(leaves, gradients, handed_out={id(gradient)})
    if trace is not None:
        trace.phase = "forward"


def _first_gradient(tensor, gradient):
    """The gradient to start from, as an array of the tensor's shape and type."""
    if gradient is None:
        if tensor.array.size != 1:
            raise RuntimeError(
                f"backward() needs a single number to start from; this tensor has shape "
                f"{tensor.shape}: reduce it (.mean(), .sum()) or pass a gradient of its shape"
            )
        return np.array(1, tensor.array.dtype).reshape(tensor.array.shape)
    gradient = np.asarray(as_array(gradient))
    if gradient.shape != tensor.shape:
        raise ValueError(
            f"backward() was given a gradient of shape {gradient.shape} "
            f"for a tensor of shape {tensor.shape}; the two must be equal"
        )
    return gradient.astype(tensor.dtype, copy=False)


def _add_to_leaves(leaves, gradients, handed_out) -> None:
    """Give every leaf its gradient, in an array that belongs to this leaf alone.

    `handed_out` are the arrays that somebody already owns.
    """
    for leaf in leaves:
        if not leaf.requires_grad:  # it was frozen after it had been used
            continue
        gy = gradients[id(leaf)]
        if leaf.gradient is not None:
            leaf.gradient += gy
            continue
        # An operation may return what it was given, or a view: `a + b` hands one array to both.
        if not isinstance(gy, np.ndarray) or gy.base is not None or id(gy) in handed_out:
            gy = to_array(gy).copy()
        handed_out.add(id(gy))
        leaf.gradient = gy


def __getattr__(name):
    raise not_covered("autograd", name)
