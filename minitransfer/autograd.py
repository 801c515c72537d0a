"""Record what was computed, then walk it backwards. No mathematics here.

A *recorded* tensor remembers its `history`: the tensors it was computed from and, with each of
them, a function from the derivative of the loss with respect to the result to the derivative with
respect to that input. `backward` visits the recorded tensors from the loss to the leaves and calls
those functions.

Three rules keep it small and safe:

* A derivative is kept only where its input needs a gradient. So what a frozen layer saves is the
  work that a reader can see: its weight derivative is never called, and below the last trainable
  layer nothing is recorded at all.
* A recorded tensor refers to its inputs, never to itself, and the graph is freed while it is
  walked: Python's reference counts clean up at once, the cycle collector has nothing to do.
* The walk is a loop, not a recursion: a graph may be 50,000 operations deep. Nothing has to be
  searched for the right order: what is recorded gets a number from a clock, and the inputs of an
  operation always have smaller numbers than its result.
"""

import contextlib
import itertools
import threading
from heapq import heappop, heappush

import numpy as np

#: The history of a recorded tensor once its graph has been walked.
FREED = ("freed",)


#: Numbers everything that is recorded or written, in the order in which it happens. One call is
#: one step even when several Python threads make it, so no two events share a number.
_clock = itertools.count(1)


class _Mode(threading.local):
    """Whether this thread records, and what held before each `with` it is now within."""

    def __init__(self):
        self.recording = True
        self.before = []


_mode = _Mode()


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


def is_grad_enabled() -> bool:
    """Whether operations are being recorded in this thread.

    Example:
        >>> from minitransfer import is_grad_enabled, no_grad
        >>> with no_grad():
        ...     print(is_grad_enabled())
        False
    """
    return _mode.recording


def record(y, args, derivatives) -> None:
    """Note on `y` how it came from `args`, if anything among them needs a gradient.

    Args:
        y: the tensor that holds the result.
        args: the operation's arguments: tensors, or anything else (constants).
        derivatives: one function per argument, or None where there is no derivative.

    Raises:
        ValueError: if there are more derivatives than arguments, or fewer.
    """
    if not _mode.recording:
        return
    if len(args) != len(derivatives):
        raise ValueError(
            f"an operation on {len(args)} arguments returned {len(derivatives)} derivatives; "
            "give one for each argument, None where there is none"
        )
    tensor = type(y)
    needed = False
    history = []
    for i, x in enumerate(args):
        if isinstance(x, tensor):
            # Frozen or constant: its derivative is never computed.
            derivative = derivatives[i] if x.requires_grad else None
            if derivative is not None:
                needed = True
            history.append((x, derivative))
    if needed:
        y.requires_grad = True
        y.history, y.recorded_at = history, next(_clock)


def note_write(x) -> None:
    """Remember that the numbers of `x` were changed in place, so that `backward` can refuse."""
    x.written_at = next(_clock)


def check_writable(x) -> None:
    """Refuse an in-place write that would make a gradient wrong.

    Raises:
        RuntimeError: if `x` is the result of a recorded operation, or a leaf that needs a
            gradient while recording is on.
    """
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


def backward(root, gradient, retain_graph=False) -> None:
    """Add the derivative of `root` to the `gradient` array of every leaf that asked for one.

    Args:
        root: the tensor to start from.
        gradient: array of root's shape, the derivative of the final quantity with respect to it.
        retain_graph: keep the graph, so that it can be walked once more.

    Raises:
        RuntimeError: if a part of the graph was freed by an earlier walk, or if a tensor was
            written in place after it had been used. No leaf has been given anything then.
    """
    gradients, leaves = {id(root): gradient}, []
    ahead = []  # a heap, from which what was recorded last comes first
    if root.history is None:
        leaves.append(root)
    else:
        ahead.append((-root.recorded_at, root))
    while ahead:
        t = heappop(ahead)[1]
        history, recorded_at = t.history, t.recorded_at
        if history is FREED:
            raise RuntimeError(
                "backward through a graph that was already walked and freed: compute the loss "
                "again, add the losses before one backward(), or call "
                "backward(retain_graph=True) first"
            )
        gy = gradients.pop(id(t))
        for x, derivative in history:
            if x.written_at > recorded_at:
                raise RuntimeError(
                    f"a tensor of shape {x.array.shape} was changed in place after it had been "
                    "used: the gradient would be wrong; call backward() before changing it "
                    "(or before optimizer.step()), or use a copy, x.clone()"
                )
            if derivative is None:
                continue
            gx = derivative(gy)
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
                heappush(ahead, (-x.recorded_at, x))
        if not retain_graph:
            t.history = FREED
    # Last: an array that a leaf takes for its own is read no more.
    _add_to_leaves(leaves, gradients, handed_out={id(gradient)})


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
            gy = np.array(gy, order="C")
        handed_out.add(id(gy))
        leaf.gradient = gy
