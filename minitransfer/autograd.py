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
* The walk is a loop over a list, not a recursion: a graph may be 50,000 operations deep. Nothing
  has to be searched for the right order: what is recorded gets a number from a clock, and the
  inputs of an operation always have smaller numbers than its result.
"""

import contextlib
import itertools
import threading
from operator import attrgetter

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
    """
    if not _mode.recording:
        return
    tensor = type(y)
    needed = False
    history = []
    for x, derivative in zip(args, derivatives, strict=True):
        if isinstance(x, tensor):
            if not x.requires_grad:
                derivative = None  # frozen or constant: its derivative is never computed
            elif derivative is not None:
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
            written in place after it had been used.
    """
    gradients = {id(root): gradient}
    handed_out = {id(gradient)}  # arrays that somebody already owns
    recorded, leaves = _newest_first(root)
    for t in recorded:
        gy = gradients.pop(id(t))
        for x, derivative in t.history:
            if derivative is None:
                continue
            gx = derivative(gy)
            if gx.dtype is not x.data.dtype:  # a float32 tensor that met float64 further up
                gx = gx.astype(x.data.dtype)
            key = id(x)
            gradients[key] = gradients[key] + gx if key in gradients else gx
        if not retain_graph:
            t.history = FREED
    for leaf in leaves:  # last: an array that a leaf takes for its own is read no more
        if leaf.requires_grad:  # not if it was frozen after it had been used
            _add_to_leaf(leaf, gradients[id(leaf)], handed_out)


def _newest_first(root) -> tuple[list, list]:
    """Every tensor above `root` that needs a gradient: recorded ones, consumers before their
    inputs; and leaves.
    """
    if root.history is None:
        return [], [root]
    found, leaves, seen, stack = [], [], {id(root)}, [root]
    while stack:
        t = stack.pop()
        found.append(t)
        if t.history is FREED:
            raise RuntimeError(
                "backward through a graph that was already walked and freed: compute the loss "
                "again, add the losses before one backward(), or call "
                "backward(retain_graph=True) first"
            )
        recorded_at = t.recorded_at
        for x, derivative in t.history:
            if x.written_at > recorded_at:
                raise RuntimeError(
                    f"a tensor of shape {x.data.shape} was changed in place after it had been "
                    "used: the gradient would be wrong; call backward() before changing it "
                    "(or before optimizer.step()), or use a copy, x.clone()"
                )
            if derivative is not None and id(x) not in seen:
                seen.add(id(x))
                (leaves if x.history is None else stack).append(x)
    found.sort(key=attrgetter("recorded_at"), reverse=True)
    return found, leaves


def _add_to_leaf(leaf, gy, handed_out) -> None:
    """Give a leaf its gradient, in an array that belongs to this leaf alone."""
    if leaf.gradient is not None:
        leaf.gradient += gy
        return
    # An operation may return what it was given, or a view: `a + b` hands one array to both.
    if not isinstance(gy, np.ndarray) or gy.base is not None or id(gy) in handed_out:
        gy = np.array(gy, order="C")
    handed_out.add(id(gy))
    leaf.gradient = gy
