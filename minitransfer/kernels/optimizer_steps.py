"""Optimiser steps, in place: SGD, Adam and AdamW.

Written with NumPy, Adam passes over memory a dozen times; the loop passes once and computes while
it waits for memory.
"""

import numpy as np

from .compile import helper, kernel
from .elementwise import parallel_rows


def sgd_step_reference(p, g, buffer, lr, momentum, dampening, weight_decay, nesterov):
    """One step of SGD on `p`, in place; see `sgd_step`."""
    if weight_decay:
        g = g + p * p.dtype.type(weight_decay)
    if buffer is not None:
        buffer *= p.dtype.type(momentum)
        buffer += p.dtype.type(1 - dampening) * g
        g = g + p.dtype.type(momentum) * buffer if nesterov else buffer
    p -= p.dtype.type(lr) * g


def adam_step_reference(p, g, m, v, lr, beta1, beta2, eps, weight_decay, decoupled, step):
    """One step of Adam on `p`, in place; see `adam_step`."""
    real = p.dtype.type
    if decoupled:
        p *= real(1 - lr * weight_decay)
    elif weight_decay:
        g = g + real(weight_decay) * p
    m *= real(beta1)
    m += real(1 - beta1) * g
    v *= real(beta2)
    v += real(1 - beta2) * g * g
    rate = real(lr / (1 - beta1**step))
    p -= rate * m / (np.sqrt(v) * real((1 - beta2**step) ** -0.5) + real(eps))


@helper
def one_sgd(p, g, lr, decay):
    """A step of SGD for one number; the parameter is returned."""
    return p - lr * (g + decay * p)


@helper
def one_momentum(p, g, buffer, lr, momentum, new, decay, of_buffer, of_g):
    """A step of SGD with momentum for one number: the parameter and the running direction."""
    d = g + decay * p
    b = momentum * buffer + new * d
    return p - lr * (of_buffer * b + of_g * d), b


@helper
def adam_rates(lr, beta1, beta2, step):
    """The rate, and the factor for the root of v, with which the means' start at 0 is made good."""
    return lr / (1.0 - beta1**step), (1.0 - beta2**step) ** -0.5


@helper
def one_adam(p, g, m, v, rate, beta1, new1, beta2, new2, scale, eps, decay, keep):
    """A step of Adam for one number: the parameter and both running means."""
    d = g + decay * p
    m = beta1 * m + new1 * d
    v = beta2 * v + new2 * d * d
    return keep * p - rate * m / (np.sqrt(v) * scale + eps), m, v


@kernel("void(real[::1], flat1, real, real)")
def _sgd(p, g, lr, decay):
    for i in range(p.size):
        p[i] = one_sgd(p[i], g[i], lr, decay)


@kernel("void(real[::1], flat1, real[::1], real, real, real, real, real, real)")
def _momentum(p, g, buffer, lr, momentum, new, decay, of_buffer, of_g):
    for i in range(p.size):
        p[i], buffer[i] = one_momentum(
            p[i], g[i], buffer[i], lr, momentum, new, decay, of_buffer, of_g
        )


@kernel(
    "void(real[::1], flat1, real[::1], real[::1], real, real, real, real, real, real, real, real,"
    " real)"
)
def _adam(p, g, m, v, rate, beta1, new1, beta2, new2, scale, eps, decay, keep):
    for i in range(p.size):
        p[i], m[i], v[i] = one_adam(
            p[i], g[i], m[i], v[i], rate, beta1, new1, beta2, new2, scale, eps, decay, keep
        )


def sgd_step(p, g, buffer, lr, momentum, dampening, weight_decay, nesterov):
    """Take one step of SGD on `p`, in place, as in PyTorch.

    With d = g + weight_decay * p: buffer becomes momentum * buffer + (1 - dampening) * d, and p
    loses lr times the buffer, or, with `nesterov`, lr times d + momentum * buffer. PyTorch starts
    the buffer at the first d: begin with zeros and give 0 as the first step's dampening.

    Args:
        p: parameters, changed.
        g: gradient, of the same shape and type.
        buffer: running direction, changed; None without momentum.

    Example:
        >>> p = np.ones(2, np.float32)
        >>> sgd_step(p, np.ones(2, np.float32), None, 0.5, 0.0, 0.0, 0.0, False)
        >>> p
        array([0.5, 0.5], dtype=float32)
    """
    if not (_are_rows(p, g) if buffer is None else _are_rows(p, g, buffer)):
        sgd_step_reference(p, g, buffer, lr, momentum, dampening, weight_decay, nesterov)
    elif buffer is None:
        parallel_rows(_sgd[p.dtype], p.ravel(), g.ravel(), lr, weight_decay)
    else:
        numbers = (lr, momentum, 1 - dampening, weight_decay)
        numbers += (momentum, 1.0) if nesterov else (1.0, 0.0)
        parallel_rows(_momentum[p.dtype], p.ravel(), g.ravel(), buffer.ravel(), *numbers)


def adam_step(p, g, m, v, lr, beta1, beta2, eps, weight_decay, decoupled, step):
    """Take one step of Adam (Kingma and Ba, 2015) on `p`, in place, as in PyTorch.

    Args:
        p: parameters, changed.
        g: gradient, of the same shape and type.
        m, v: running means of g and g * g, changed; zeros before the first step.
        decoupled: False adds weight_decay * p to the gradient (Adam); True shrinks p by
            lr * weight_decay instead (AdamW; Loshchilov and Hutter, 2019).
        step: the number of this step, from 1; both means are divided by 1 - beta ** step.

    Example:
        >>> p, g, m, v = np.ones(1), np.full(1, 3.0), np.zeros(1), np.zeros(1)
        >>> adam_step(p, g, m, v, 0.25, 0.9, 0.999, 0.0, 0.0, False, 1)
        >>> p  # the first step is as long as the rate, whatever the gradient
        array([0.75])
    """
    if not _are_rows(p, g, m, v):
        adam_step_reference(p, g, m, v, lr, beta1, beta2, eps, weight_decay, decoupled, step)
        return
    numbers = (
        *(lr / (1 - beta1**step), beta1, 1 - beta1, beta2, 1 - beta2, (1 - beta2**step) ** -0.5),
        *(eps, 0.0 if decoupled else weight_decay, 1 - lr * weight_decay if decoupled else 1.0),
    )
    parallel_rows(_adam[p.dtype], p.ravel(), g.ravel(), m.ravel(), v.ravel(), *numbers)


def _are_rows(p, *others):
    """Whether all are one stretch of memory each, of which `ravel` gives a view.

    Raises:
        ValueError: if the shapes differ.
    """
    contiguous = p.flags.c_contiguous
    for array in others:
        if array.shape != p.shape:
            raise ValueError(
                f"an optimiser's step: the parameters have shape {p.shape}, another array "
                f"{array.shape}; they must be the same"
            )
        contiguous = contiguous and array.flags.c_contiguous
    return contiguous
