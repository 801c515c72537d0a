"""Optimiser steps, in place: SGD, Adam and AdamW."""

import numpy as np


def sgd_step_reference(p, g, buffer, lr, momentum, dampening, weight_decay, nesterov):
    """One step of SGD on `p`, in place, as in PyTorch; `buffer` holds the running direction."""
    if weight_decay:
        g = g + p * p.dtype.type(weight_decay)
    if buffer is not None:
        buffer *= p.dtype.type(momentum)
        buffer += p.dtype.type(1 - dampening) * g
        g = g + p.dtype.type(momentum) * buffer if nesterov else buffer
    p -= p.dtype.type(lr) * g


def adam_step_reference(p, g, m, v, lr, beta1, beta2, eps, weight_decay, decoupled, step):
    """One step of Adam (Kingma and Ba, 2015) on `p`, in place; AdamW where `decoupled`."""
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


sgd_step = sgd_step_reference
adam_step = adam_step_reference
