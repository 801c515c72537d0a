"""Soft-max along the last axis, its logarithm, and its cross-entropy with labels."""

import numpy as np


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


softmax = softmax_reference
log_softmax = log_softmax_reference
softmax_cross_entropy = softmax_cross_entropy_reference
