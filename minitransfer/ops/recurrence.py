"""Recurrent layers over a whole sequence, each as one operation.

Written with operations on tensors, a sequence of 50 steps would be some 500 of them, most on a few
thousand numbers. The loop over time is in `minitransfer.kernels.recurrence`; here stands what is
outside of it: the product of all that enters with its matrix, and the gradients of the matrices,
which are one product over all steps as well.
"""

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import differentiable
from minitransfer.ops.common import same_dtype, shared_gradients


@differentiable
def rnn_sequence(input, hx, weight_ih, weight_hh, bias_ih=None, bias_hh=None, nonlinearity="tanh"):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh), one step after the other (Elman 1990).

    Args:
        input: (T, N, I), what enters at each of T steps.
        hx: (N, H), the state before.
        weight_ih: (H, I).
        weight_hh: (H, H).
        bias_ih: (H,), or None.
        bias_hh: (H,), or None.
        nonlinearity: "tanh" or "relu".

    Returns:
        The states after each step, (T, N, H), and the derivatives.

    Raises:
        ValueError: When sizes do not fit, or the nonlinearity is another.
        TypeError: When the dtypes differ.

    Example:
        >>> one = np.ones((1, 1))
        >>> rnn_sequence.__wrapped__(one[None] * [[[1.0]], [[2.0]]], one, one, one,
        ...                          nonlinearity="relu")[0].ravel()
        array([2., 4.])
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f'rnn_sequence: nonlinearity={nonlinearity!r}; expected "tanh" or "relu"')
    _check("rnn_sequence", 1, input, (hx,), weight_ih, weight_hh, bias_ih, bias_hh)
    entering = _multiplied(input, weight_ih, bias_ih, bias_hh)
    states = kernels.rnn(entering, hx, weight_hh, nonlinearity)

    def gradients(gy):
        g, gh = kernels.rnn_backward(gy, states, hx, weight_hh, nonlinearity)
        return _of_parameters(g, g, input, states, hx, weight_ih, gh)

    return states, _named(gradients, bias_ih, bias_hh)


@differentiable
def gru_sequence(input, hx, weight_ih, weight_hh, bias_ih=None, bias_hh=None):
    """A gated recurrent unit, one step after the other.

    Source: Cho et al. 2014, in the form that PyTorch has::

        r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)        how much of the past is looked at
        z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)        how much of it is kept
        n = tanh(W_in x + b_in + r * (W_hn h + b_hn))
        h = (1 - z) * n + z * h

    Args:
        input: (T, N, I), what enters at each of T steps.
        hx: (N, H), the state before.
        weight_ih: (3H, I), the matrices of r, z and n one below the other.
        weight_hh: (3H, H), likewise.
        bias_ih: (3H,), or None.
        bias_hh: (3H,), or None.

    Returns:
        The states after each step, (T, N, H), and the derivatives.

    Raises:
        ValueError: When sizes do not fit.
        TypeError: When the dtypes differ.

    Example:
        >>> x, h = np.zeros((2, 1, 1)), np.ones((1, 1))
        >>> gru_sequence.__wrapped__(x, h, np.zeros((3, 1)), np.zeros((3, 1)))[0].ravel()
        array([0.5 , 0.25])
    """
    _check("gru_sequence", 3, input, (hx,), weight_ih, weight_hh, bias_ih, bias_hh)
    entering = _multiplied(input, weight_ih, bias_ih)
    bias = np.zeros(len(weight_hh), input.dtype) if bias_hh is None else bias_hh
    states, gates, recalled = kernels.gru(entering, hx, weight_hh, bias)

    def gradients(gy):
        g, own, gh = kernels.gru_backward(gy, states, gates, recalled, hx, weight_hh)
        return _of_parameters(g, own, input, states, hx, weight_ih, gh)

    return states, _named(gradients, bias_ih, bias_hh)


@differentiable
def lstm_sequence(input, hx, cx, weight_ih, weight_hh, bias_ih=None, bias_hh=None):
    """A long short-term memory, one step after the other.

    Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000::

        i, f, o = sigmoid(W_i? x + b_i? + W_h? h + b_h?)  what is written, kept, shown
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)
        c = f * c + i * g
        h = o * tanh(c)

    Args:
        input: (T, N, I), what enters at each of T steps.
        hx: (N, H), the state before.
        cx: (N, H), the cell before.
        weight_ih: (4H, I), the matrices of i, f, g and o one below the other.
        weight_hh: (4H, H), likewise.
        bias_ih: (4H,), or None.
        bias_hh: (4H,), or None.

    Returns:
        (2, T, N, H): the states after each step and the cells; and the derivatives.

    Raises:
        ValueError: When sizes do not fit.
        TypeError: When the dtypes differ.

    Example:
        >>> x, one = np.zeros((1, 1, 1)), np.ones((1, 1))
        >>> zero = np.zeros((4, 1))
        >>> lstm_sequence.__wrapped__(x, one, one, zero, zero)[0][1].ravel()
        array([0.5])
    """
    _check("lstm_sequence", 4, input, (hx, cx), weight_ih, weight_hh, bias_ih, bias_hh)
    entering = _multiplied(input, weight_ih, bias_ih, bias_hh)
    states, cells, gates = kernels.lstm(entering, hx, cx, weight_hh)

    def gradients(gy):
        g, gh, gc = kernels.lstm_backward(gy[0], gy[1], cells, gates, cx, weight_hh)
        first, *rest = _of_parameters(g, g, input, states, hx, weight_ih, gh)
        return first, rest[0], gc, *rest[1:]

    return np.stack([states, cells]), _named(gradients, bias_ih, bias_hh, count=7)


def _multiplied(x, weight, *biases):
    """All that enters, times its matrix, in one product; (T, N, I) → (T, N, gates)."""
    flat = kernels.matmul(x.reshape(-1, x.shape[-1]), weight.T)
    for bias in biases:
        if bias is not None:
            flat = flat + bias
    return flat.reshape(*x.shape[:2], len(weight))


def _of_parameters(g, own, x, states, hx, weight_ih, gh):
    """The gradients of input, first state, both matrices and both biases.

    Args:
        g: of what entered, (T, N, gates).
        own: of the products with the states.
        x, states, hx, weight_ih: what came in, what came out, and the first matrix.
        gh: of the first state.
    """
    before = np.concatenate([hx[None], states[:-1]]).reshape(-1, hx.shape[-1])
    flat, own = g.reshape(-1, g.shape[-1]), own.reshape(-1, g.shape[-1])
    gx = kernels.matmul(flat, weight_ih).reshape(x.shape)
    gw = kernels.matmul(flat.T, x.reshape(-1, x.shape[-1]))
    gv = kernels.matmul(own.T, before)
    return gx, gh, gw, gv, kernels.bias_gradient(flat), kernels.bias_gradient(own)


def _named(gradients, bias_ih, bias_hh, count=6):
    """The derivatives, None for a bias that is not there."""
    *rest, of_first, of_second = shared_gradients(gradients, count)
    first = None if bias_ih is None else of_first
    return (*rest, first, None if bias_hh is None else of_second)


def _check(name, gates, x, states, weight_ih, weight_hh, bias_ih, bias_hh):
    """Refuse what does not fit; `gates` matrices stand one below the other."""
    width = weight_hh.shape[-1]
    expected = {
        "weight_ih": (weight_ih, (gates * width, x.shape[-1])),
        "weight_hh": (weight_hh, (gates * width, width)),
        "bias_ih": (bias_ih, (gates * width,)),
        "bias_hh": (bias_hh, (gates * width,)),
    }
    if x.ndim != 3 or not len(x):
        raise ValueError(f"{name}: the input has shape {x.shape}; expected (T, N, I), T from 1 on")
    for i, state in enumerate(states):
        expected["hx" if i == 0 else "cx"] = (state, (x.shape[1], width))
    for argument, (a, shape) in expected.items():
        if a is not None and a.shape != shape:
            raise ValueError(f"{name}: {argument} has shape {a.shape}; expected {shape}")
    same_dtype(name, input=x, **{argument: a for argument, (a, _) in expected.items()})
