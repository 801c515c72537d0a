"""The adjoint of broadcasting is summing."""

import numpy as np


def unbroadcast(gradient, like):
    """Bring a gradient back to the shape and dtype of the input it belongs to.

    Broadcasting copies an input along axes it does not have; every copy contributes to the
    result, so the derivative of the input is the sum over its copies: the adjoint of
    broadcasting is summing.

    Args:
        gradient: Array of a shape that `like` broadcasts to.
        like: The input array whose shape and dtype the result takes.

    Returns:
        An array with the shape and dtype of `like`; `gradient` itself where both already agree.

    Example:
        >>> row = np.zeros(3, np.float32)
        >>> unbroadcast(np.ones((5, 3), np.float32), row)
        array([5., 5., 5.], dtype=float32)
    """
    shape = like.shape
    if gradient.shape != shape:
        extra = gradient.ndim - len(shape)
        if extra:
            gradient = np.add.reduce(gradient, axis=tuple(range(extra)))
        if gradient.shape != shape:
            stretched = tuple(i for i, n in enumerate(shape) if n != gradient.shape[i])
            gradient = np.add.reduce(gradient, axis=stretched, keepdims=True)
    # A float32 input of a float64 result: the sum is taken in float64, then rounded once.
    return gradient if gradient.dtype == like.dtype else gradient.astype(like.dtype)
