"""One number in, one number out: ReLU, the exponential and the error function."""

import math

import numpy as np


def relu_reference(x):
    """Return the larger of `x` and 0; NaN stays NaN."""
    return np.maximum(x, x.dtype.type(0))


def relu_backward_reference(gy, y):
    """Return `gy` where ReLU's output `y` is positive, 0 elsewhere."""
    return np.where(y > 0, gy, gy.dtype.type(0))


def exp_reference(x):
    """Return e to the power of each element."""
    with np.errstate(over="ignore", under="ignore"):
        return np.exp(x)


def erf_reference(x):
    """Return the error function 2/sqrt(pi) times the integral of exp(-t*t) from 0 to `x`."""
    values = [math.erf(v) for v in x.ravel().tolist()]
    return np.array(values, x.dtype).reshape(x.shape)


relu = relu_reference
relu_backward = relu_backward_reference
exp = exp_reference
erf = erf_reference
