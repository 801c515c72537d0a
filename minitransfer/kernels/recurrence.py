"""Recurrent layers: one step after the other, forward and backward.

What comes in has been multiplied by its matrix beforehand, all steps in one product. Left for each
step are the product of the state before with its matrix, and a loop over the units that opens and
shuts their gates. Backwards the loop turns the gradient of a new state into that of its gates.

Each unit has a row of gates: of a GRU (Cho et al. 2014, in the form of cuDNN and PyTorch) reset,
update and candidate, of an LSTM (Hochreiter and Schmidhuber 1997; Gers et al. 2000) input, forget,
candidate and output. They lie one kind after the other, each as wide as the state.
"""

import numpy as np

from .compile import helper, kernel
from .elementwise import one_sigmoid, sigmoid_reference
from .gemm import matmul


def rnn_reference(entering, start, weight, nonlinearity):
    """Return the states of a plain network: the nonlinearity of what enters and what was."""
    states, h = [], start
    for x in entering:
        a = x + h @ weight.T
        h = np.tanh(a) if nonlinearity == "tanh" else np.maximum(a, 0)
        states.append(h)
    return np.array(states, entering.dtype)


def rnn_backward_reference(gy, states, start, weight, nonlinearity):
    """Return the gradients of what enters, and of the first state."""
    gradients, gh = np.empty_like(states), np.zeros_like(start)
    for t in reversed(range(len(states))):
        h = states[t]
        slope = 1 - h * h if nonlinearity == "tanh" else h > 0
        gradients[t] = (gy[t] + gh) * slope
        gh = gradients[t] @ weight
    return gradients, gh


def gru_reference(entering, start, weight, bias):
    """Return the states; and for the way back the gates, and what the reset gate let through."""
    states, gates, recalled, h, n = [], [], [], start, start.shape[1]
    for x in entering:
        own = h @ weight.T + bias
        reset, update = (sigmoid_reference(x[:, i : i + n] + own[:, i : i + n]) for i in (0, n))
        candidate = np.tanh(x[:, 2 * n :] + reset * own[:, 2 * n :])
        h = (1 - update) * candidate + update * h
        states.append(h)
        gates.append(np.concatenate([reset, update, candidate], 1))
        recalled.append(own[:, 2 * n :])
    return tuple(np.array(a, entering.dtype) for a in (states, gates, recalled))


def gru_backward_reference(gy, states, gates, recalled, start, weight):
    """Return the gradients of what enters, of the products with the states, of the first state."""
    n, gh = start.shape[1], np.zeros_like(start)
    entering, own = np.empty_like(gates), np.empty_like(gates)
    for t in reversed(range(len(states))):
        before = states[t - 1] if t else start
        reset, update, candidate = np.split(gates[t], 3, 1)
        gh = gh + gy[t]
        slope = gh * (1 - update) * (1 - candidate * candidate)
        entering[t] = np.concatenate(
            [
                slope * recalled[t] * reset * (1 - reset),
                gh * (before - candidate) * update * (1 - update),
                slope,
            ],
            1,
        )
        own[t] = entering[t]
        own[t, :, 2 * n :] *= reset
        gh = gh * update + own[t] @ weight
    return entering, own, gh


def lstm_reference(entering, start, cell, weight):
    """Return the states, the cells, and for the way back the gates."""
    states, cells, gates, h, c = [], [], [], start, cell
    for x in entering:
        a, b, g, o = np.split(x + h @ weight.T, 4, 1)
        a, b, o = (sigmoid_reference(v) for v in (a, b, o))
        g = np.tanh(g)
        c = b * c + a * g
        h = o * np.tanh(c)
        states.append(h)
        cells.append(c)
        gates.append(np.concatenate([a, b, g, o], 1))
    return tuple(np.array(v, entering.dtype) for v in (states, cells, gates))


def lstm_backward_reference(gy, gcells, cells, gates, cell, weight):
    """Return the gradients of what enters, of the first state and of the first cell."""
    gradients, gh, gc = np.empty_like(gates), np.zeros_like(cell), np.zeros_like(cell)
    for t in reversed(range(len(cells))):
        a, b, g, o = np.split(gates[t], 4, 1)
        bent, gh = np.tanh(cells[t]), gh + gy[t]
        gc = gc + gcells[t] + gh * o * (1 - bent * bent)
        before = cells[t - 1] if t else cell
        gradients[t] = np.concatenate(
            [
                gc * g * a * (1 - a),
                gc * before * b * (1 - b),
                gc * a * (1 - g * g),
                gh * bent * o * (1 - o),
            ],
            1,
        )
        gc = gc * b
        gh = gradients[t] @ weight
    return gradients, gh, gc


@helper
def one_tanh(x):
    """The hyperbolic tangent of one number, in code that can become vectors.

    Near 0, where 1 - 2 / (exp(2x) + 1) loses digits, a fraction of two polynomials (Cephes).
    """
    kind = type(x)
    z = x * x
    p = (kind(-0.964399179425052238628) * z + kind(-99.2877231001918586564)) * z
    p = p + kind(-1614.68768441708447952)
    q = ((z + kind(112.811678491632931402)) * z + kind(2235.48839060100448583)) * z
    q = q + kind(4844.06305325125486048)
    s = one_sigmoid(x + x)
    far = s - (kind(1) - s)
    return x + x * z * (p / q) if z < kind(0.390625) else far


@kernel("void(flat2, flat2, boolean, real[:, ::1])")
def _rnn_step(entering, own, bent, h):
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            a = entering[i, j] + own[i, j]
            if bent:
                h[i, j] = one_tanh(a)
            else:
                h[i, j] = h.dtype.type(0) if a <= 0 else a


@kernel("void(flat2, flat2, flat2, boolean, real[:, ::1])")
def _rnn_step_backward(gy, gh, h, bent, gradient):
    one, nothing = h.dtype.type(1), h.dtype.type(0)
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            whole = gy[i, j] + gh[i, j]
            if bent:
                gradient[i, j] = whole * (one - h[i, j] * h[i, j])
            else:
                gradient[i, j] = nothing if h[i, j] <= 0 else whole


@kernel(
    "void(flat2, flat2, flat1, flat2, real[:, ::1], real[:, ::1], real[:, ::1])",
)
def _gru_step(entering, own, bias, before, h, gates, recalled):
    n, one = h.shape[1], h.dtype.type(1)
    for i in range(h.shape[0]):
        for j in range(2 * n):
            gates[i, j] = one_sigmoid(entering[i, j] + own[i, j] + bias[j])
        for j in range(n):
            recalled[i, j] = own[i, 2 * n + j] + bias[2 * n + j]
            c = one_tanh(entering[i, 2 * n + j] + gates[i, j] * recalled[i, j])
            gates[i, 2 * n + j] = c
            z = gates[i, n + j]
            h[i, j] = (one - z) * c + z * before[i, j]


@kernel(
    "void(flat2, flat2, flat2, flat2, flat2, real[:, ::1], real[:, ::1], real[:, ::1])",
)
def _gru_step_backward(gy, gh, before, gates, recalled, entering, own, carried):
    n, one = before.shape[1], before.dtype.type(1)
    for i in range(before.shape[0]):
        for j in range(n):
            r, z, c = gates[i, j], gates[i, n + j], gates[i, 2 * n + j]
            whole = gy[i, j] + gh[i, j]
            slope = whole * (one - z) * (one - c * c)
            reset = slope * recalled[i, j] * r * (one - r)
            update = whole * (before[i, j] - c) * z * (one - z)
            entering[i, j] = reset
            own[i, j] = reset
            entering[i, n + j] = update
            own[i, n + j] = update
            entering[i, 2 * n + j] = slope
            own[i, 2 * n + j] = slope * r
            carried[i, j] = whole * z


@kernel("void(flat2, flat2, flat2, real[:, ::1], real[:, ::1], real[:, ::1])")
def _lstm_step(entering, own, before, h, c, gates):
    n = h.shape[1]
    for i in range(h.shape[0]):
        for j in range(2 * n):
            gates[i, j] = one_sigmoid(entering[i, j] + own[i, j])
        for j in range(n):
            gates[i, 2 * n + j] = one_tanh(entering[i, 2 * n + j] + own[i, 2 * n + j])
            gates[i, 3 * n + j] = one_sigmoid(entering[i, 3 * n + j] + own[i, 3 * n + j])
            c[i, j] = gates[i, n + j] * before[i, j] + gates[i, j] * gates[i, 2 * n + j]
            h[i, j] = gates[i, 3 * n + j] * one_tanh(c[i, j])


@kernel("void(flat2, flat2, flat2, flat2, flat2, flat2, real[:, ::1], real[:, ::1])")
def _lstm_step_backward(gy, gh, gcell, before, c, gates, gradient, gc):
    n, one = before.shape[1], before.dtype.type(1)
    for i in range(before.shape[0]):
        for j in range(n):
            a, b, g, o = gates[i, j], gates[i, n + j], gates[i, 2 * n + j], gates[i, 3 * n + j]
            bent, whole = one_tanh(c[i, j]), gy[i, j] + gh[i, j]
            cell = gc[i, j] + gcell[i, j] + whole * o * (one - bent * bent)
            gradient[i, j] = cell * g * a * (one - a)
            gradient[i, n + j] = cell * before[i, j] * b * (one - b)
            gradient[i, 2 * n + j] = cell * a * (one - g * g)
            gradient[i, 3 * n + j] = whole * bent * o * (one - o)
            gc[i, j] = cell * b


def rnn(entering, start, weight, nonlinearity):
    """Return the states of a plain recurrent network.

    Args:
        entering: (T, N, H), what enters at each step, multiplied and with its bias.
        start: (N, H), the state before.
        weight: (H, H), for the state before each step.
        nonlinearity: "tanh" or "relu".

    Returns:
        (T, N, H).

    Example:
        >>> rnn(np.ones((2, 1, 1)), np.zeros((1, 1)), np.eye(1), "relu").ravel()
        array([1., 2.])
    """
    entering, h = np.ascontiguousarray(entering), np.ascontiguousarray(start)
    weight, loop = np.ascontiguousarray(weight.T), _rnn_step[entering.dtype]
    states, bent = np.empty_like(entering), nonlinearity == "tanh"
    for t in range(len(entering)):
        loop(entering[t], matmul(h, weight), bent, states[t])
        h = states[t]
    return states


def rnn_backward(gy, states, start, weight, nonlinearity):
    """Return the gradients (gentering, gstart) of `rnn`, whose result `states` is.

    Example:
        >>> states = np.array([[[1.0]], [[2.0]]])
        >>> rnn_backward(np.ones((2, 1, 1)), states, np.zeros((1, 1)), np.eye(1), "relu")[0].ravel()
        array([2., 1.])
    """
    gy, weight = np.ascontiguousarray(gy), np.ascontiguousarray(weight)
    gradients, gh = np.empty_like(states), np.zeros_like(states[0])
    loop, bent = _rnn_step_backward[states.dtype], nonlinearity == "tanh"
    for t in reversed(range(len(states))):
        loop(gy[t], gh, states[t], bent, gradients[t])
        gh = matmul(gradients[t], weight)
    return gradients, gh


def gru(entering, start, weight, bias):
    """Return the states of a gated recurrent unit, and what the way back needs.

    Args:
        entering: (T, N, 3H), what enters at each step, multiplied and with its bias.
        start: (N, H), the state before.
        weight, bias: (3H, H) and (3H,), for the state before each step.

    Returns:
        The states (T, N, H); the gates (T, N, 3H); and (T, N, H), the candidate's part of the
        product with the state, of which the reset gate let some through.

    Example:
        >>> states, _, _ = gru(np.zeros((1, 1, 3)), np.ones((1, 1)), np.zeros((3, 1)), np.zeros(3))
        >>> states.ravel()
        array([0.5])
    """
    entering, h = np.ascontiguousarray(entering), np.ascontiguousarray(start)
    weight, bias = np.ascontiguousarray(weight.T), np.ascontiguousarray(bias)
    states = np.empty((len(entering), *start.shape), entering.dtype)
    gates, recalled = np.empty_like(entering), np.empty_like(states)
    loop = _gru_step[entering.dtype]
    for t in range(len(entering)):
        loop(entering[t], matmul(h, weight), bias, h, states[t], gates[t], recalled[t])
        h = states[t]
    return states, gates, recalled


def gru_backward(gy, states, gates, recalled, start, weight):
    """Return the gradients (gentering, gown, gstart) of `gru`, whose results these are.

    `gown`, (T, N, 3H), is that of the products with the states and of the bias.

    Example:
        >>> states, start = np.full((1, 1, 1), 0.5), np.ones((1, 1))
        >>> gates, zero = np.array([[[0.5, 0.5, 0.0]]]), np.zeros((3, 1))
        >>> gru_backward(np.ones((1, 1, 1)), states, gates, zero[None, :1], start, zero)[2]
        array([[0.5]])
    """
    gy, start = np.ascontiguousarray(gy), np.ascontiguousarray(start)
    weight, gh = np.ascontiguousarray(weight), np.zeros_like(states[0])
    entering, own, carried = np.empty_like(gates), np.empty_like(gates), np.empty_like(gh)
    loop = _gru_step_backward[states.dtype]
    for t in reversed(range(len(states))):
        before = states[t - 1] if t else start
        loop(gy[t], gh, before, gates[t], recalled[t], entering[t], own[t], carried)
        gh = matmul(own[t], weight)
        gh += carried
    return entering, own, gh


def lstm(entering, start, cell, weight):
    """Return the states and cells of a long short-term memory, and what the way back needs.

    Args:
        entering: (T, N, 4H), what enters at each step, multiplied and with both biases.
        start, cell: (N, H), state and cell before.
        weight: (4H, H), for the state before each step.

    Returns:
        The states (T, N, H), the cells (T, N, H), the gates (T, N, 4H).

    Example:
        >>> one = np.ones((1, 1))
        >>> lstm(np.zeros((1, 1, 4)), one, one, np.zeros((4, 1)))[1].ravel()
        array([0.5])
    """
    entering, h = np.ascontiguousarray(entering), np.ascontiguousarray(start)
    c, weight = np.ascontiguousarray(cell), np.ascontiguousarray(weight.T)
    states, cells = np.empty((2, len(entering), *start.shape), entering.dtype)
    gates, loop = np.empty_like(entering), _lstm_step[entering.dtype]
    for t in range(len(entering)):
        loop(entering[t], matmul(h, weight), c, states[t], cells[t], gates[t])
        h, c = states[t], cells[t]
    return states, cells, gates


def lstm_backward(gy, gcells, cells, gates, cell, weight):
    """Return the gradients (gentering, gstart, gcell) of `lstm`, whose results these are.

    Example:
        >>> one = np.ones((1, 1, 1))
        >>> gates = np.array([[[0.5, 0.5, 0.0, 0.5]]])
        >>> zero = np.zeros((4, 1))
        >>> lstm_backward(0 * one, one, one / 2, gates, one[0], zero)[2]
        array([[0.5]])
    """
    gy, gcells = np.ascontiguousarray(gy), np.ascontiguousarray(gcells)
    cell, weight = np.ascontiguousarray(cell), np.ascontiguousarray(weight)
    gradients, gh, gc = np.empty_like(gates), np.zeros_like(cell), np.zeros_like(cell)
    loop = _lstm_step_backward[cells.dtype]
    for t in reversed(range(len(cells))):
        before = cells[t - 1] if t else cell
        loop(gy[t], gh, gcells[t], before, cells[t], gates[t], gradients[t], gc)
        gh = matmul(gradients[t], weight)
    return gradients, gh, gc
