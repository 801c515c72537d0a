"""Soft-max along the last axis, its logarithm, and its cross-entropy with labels.

Each row's largest element is taken off first, so that no exponential overflows, and no digits are
lost where all elements are large. A row is short enough to stay in the nearest cache, so the fast
versions go over it several times but over memory once.
"""

import numpy as np

from .compile import helper, kernel
from .elementwise import exponential
from .threads import parallel_for

_CHUNK = 1 << 19
"""Numbers in a chunk of rows."""


def softmax_reference(x):
    """Return exp(x) over its sum along the last axis."""
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def log_softmax_reference(x):
    """Return x less the logarithm of the sum of exp(x) along the last axis."""
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def softmax_cross_entropy_reference(logits, labels):
    """Return each row's loss and its derivative, soft-max less the one-hot label."""
    rows = np.arange(len(labels))
    losses = -log_softmax_reference(logits)[rows, labels]
    difference = softmax_reference(logits)
    difference[rows, labels] -= 1
    return losses, difference


@helper
def _largest(x, i):
    """The largest element of row i that is not NaN, four candidates at a time."""
    n = x.shape[1]
    a = b = c = d = x[i, 0]
    for j in range(1, n - 3, 4):
        a = x[i, j] if x[i, j] > a else a
        b = x[i, j + 1] if x[i, j + 1] > b else b
        c = x[i, j + 2] if x[i, j + 2] > c else c
        d = x[i, j + 3] if x[i, j + 3] > d else d
    for j in range(max(1, n - 3), n):
        a = x[i, j] if x[i, j] > a else a
    a = b if b > a else a
    c = d if d > c else c
    return c if c > a else a


@helper
def _apart(x, y, plus):
    """x - y + plus, in this order: x and y may be large and near each other.

    A function of its own, for in a kernel that takes sums the compiler may change the order.
    """
    return (x - y) + plus


@kernel("void(flat2, real[:, ::1], intp, intp)", sums=True)
def _softmax(x, y, first, last):
    for i in range(first, last):
        top = _largest(x, i)
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            e = exponential(x[i, j] - top)
            y[i, j] = e
            total += e
        part = x.dtype.type(1) / total
        for j in range(x.shape[1]):
            y[i, j] *= part


@kernel("void(flat2, real[:, ::1], intp, intp)", sums=True)
def _log_softmax(x, y, first, last):
    for i in range(first, last):
        top = _largest(x, i)
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            total += exponential(x[i, j] - top)
        plus = -np.log(total)
        for j in range(x.shape[1]):
            y[i, j] = _apart(x[i, j], top, plus)


@kernel("void(flat2, labels, real[::1], real[:, ::1], intp, intp)", sums=True)
def _cross_entropy(x, labels, losses, difference, first, last):
    for i in range(first, last):
        top = _largest(x, i)
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            e = exponential(x[i, j] - top)
            difference[i, j] = e
            total += e
        part = x.dtype.type(1) / total
        for j in range(x.shape[1]):
            difference[i, j] *= part
        difference[i, labels[i]] -= x.dtype.type(1)
        losses[i] = _apart(top, x[i, labels[i]], np.log(total))


def _by_rows(loop, x):
    rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1])
    y = np.empty_like(rows)
    parallel_for(len(rows), max(1, _CHUNK // rows.shape[1]), loop, rows, y)
    return y.reshape(x.shape)


def softmax(x):
    """Return exp(x) over its sum along the last axis; each row then sums to 1.

    Example:
        >>> softmax(np.zeros((1, 4)))
        array([[0.25, 0.25, 0.25, 0.25]])
    """
    return _by_rows(_softmax[x.dtype], x)


def log_softmax(x):
    """Return the logarithm of `softmax`, without the cancellation of taking it afterwards.

    Example:
        >>> log_softmax(np.array([[1000.0, 0.0]]))
        array([[    0., -1000.]])
    """
    return _by_rows(_log_softmax[x.dtype], x)


def softmax_cross_entropy(logits, labels):
    """Return the cross-entropy of each row with its label, and its derivative.

    Args:
        logits: (N, C).
        labels: (N,) whole numbers (int64) from 0 to C - 1; the caller has checked that they are.

    Returns:
        losses (N,), minus the logarithm of the soft-max at the label; and (N, C), the soft-max
        less the one-hot label, which is the derivative of the losses' sum.

    Example:
        >>> losses, difference = softmax_cross_entropy(np.zeros((1, 2)), np.array([1]))
        >>> difference
        array([[ 0.5, -0.5]])
    """
    loop, logits = _cross_entropy[logits.dtype], np.ascontiguousarray(logits)
    losses, difference = np.empty(len(logits), logits.dtype), np.empty_like(logits)
    if logits.size <= _CHUNK:
        loop(logits, labels, losses, difference, 0, len(logits))
    else:
        chunk = max(1, _CHUNK // logits.shape[1])
        parallel_for(len(logits), chunk, loop, logits, labels, losses, difference)
    return losses, difference
