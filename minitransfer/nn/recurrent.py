"""Recurrent layers: a state that is carried from step to step, and what each step makes of it."""

import math

import numpy as np

from minitransfer import ops
from minitransfer.devices import check_device
from minitransfer.nn import init
from minitransfer.nn.layers import check_sizes
from minitransfer.nn.module import Module, Parameter
from minitransfer.not_covered import check_default
from minitransfer.tensor import Tensor


class _Recurrent(Module):
    """Layers of one kind, in one direction or in both; a subclass says what a step is."""

    gates = 1  # matrices one below the other
    held = 1  # tensors that the state consists of

    def __init__(
        self,
        sizes,
        num_layers,
        bias,
        batch_first,
        dropout,
        bidirectional,
        device,
        dtype,
        generator,
    ):
        super().__init__()
        if device is not None:
            check_device(device)
        self.input_size, self.hidden_size = sizes
        check_sizes(self, input_size=sizes[0], hidden_size=sizes[1], num_layers=num_layers)
        if not 0 <= dropout < 1:
            raise ValueError(
                f"{type(self).__name__}: dropout is a probability below 1; given {dropout}"
            )
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional = dropout, bidirectional
        self._directions = ("", "_reverse") if bidirectional else ("",)
        hidden, rows = self.hidden_size, self.gates * self.hidden_size
        for layer in range(num_layers):
            wide = self.input_size if layer == 0 else hidden * len(self._directions)
            for direction in self._directions:
                shapes = {"weight_ih": (rows, wide), "weight_hh": (rows, hidden)}
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
                for name, shape in shapes.items():
                    parameter = _drawn(shape, hidden, dtype, generator)
                    setattr(self, f"{name}_l{layer}{direction}", parameter)

    def forward(self, input, hx=None):
        """Return the states of the last layer at every step, and each layer's last state."""
        batched = input.ndim == 3
        if input.ndim not in (2, 3) or input.shape[-1] != self.input_size:
            order = "N, T" if self.batch_first else "T, N"
            raise ValueError(
                f"{self.label()} expects ({order}, {self.input_size}), or (T, {self.input_size}) "
                f"without a batch, given {tuple(input.shape)}"
            )
        x = input if batched else input.unsqueeze(1)
        x = x.transpose(0, 1) if batched and self.batch_first else x
        firsts = self._first_states(hx, x, batched)
        lasts = []
        for layer in range(self.num_layers):
            made = []
            for i, direction in enumerate(self._directions):
                states = [first[len(self._directions) * layer + i] for first in firsts]
                y, last = self._run(x, states, f"_l{layer}{direction}", bool(direction))
                made.append(y)
                lasts.append(last)
            x = made[0] if len(made) == 1 else ops.cat(made, -1)
            if self.dropout and layer < self.num_layers - 1:
                x = ops.dropout(x, self.dropout, self.training)
        lasts = [ops.stack(parts) for parts in zip(*lasts, strict=True)]
        if not batched:
            x, lasts = x.squeeze(1), [last.squeeze(1) for last in lasts]
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, lasts[0] if self.held == 1 else tuple(lasts)

    def _first_states(self, hx, x, batched):
        """The states to begin with, each (layers * directions, N, H); zeros if none are given."""
        count = self.num_layers * len(self._directions)
        shape = (count, x.shape[1], self.hidden_size)
        if hx is None:
            return [Tensor(np.zeros(shape, x.dtype))] * self.held
        given = [hx] if self.held == 1 else list(hx)
        expected = shape if batched else (count, self.hidden_size)
        if len(given) != self.held or any(tuple(h.shape) != expected for h in given):
            shapes = ", ".join(str(tuple(h.shape)) for h in given)
            raise ValueError(f"{self.label()} expects a state {expected}, given {shapes}")
        return [h if batched else h.unsqueeze(1) for h in given]

    def _run(self, x, states, place, backwards):
        """One layer in one direction: the states at every step, and what it ends with."""
        x = x.flip(0) if backwards else x
        weights = [getattr(self, f"weight_{way}{place}") for way in ("ih", "hh")]
        if self.bias:
            weights += [getattr(self, f"bias_{way}{place}") for way in ("ih", "hh")]
        y, last = self._sequence(x, states, weights)
        return y.flip(0) if backwards else y, last

    def flatten_parameters(self) -> None:
        """Do nothing: what PyTorch does for graphics cards, and scripts ask for."""

    def extra_repr(self):
        layers = f", {self.num_layers} layers" if self.num_layers > 1 else ""
        ways = ", both directions" if self.bidirectional else ""
        return f"{self.input_size} → {self.hidden_size}{layers}{ways}"


class RNN(_Recurrent):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh) at each step (Elman 1990).

    Args:
        input_size: numbers that enter at each step.
        hidden_size: numbers in the state.
        num_layers: layers, each of which reads the states of the one before.
        nonlinearity: "tanh" or "relu".
        bias: whether there are b_ih and b_hh.
        batch_first: whether the batch is the first axis; by default, as in PyTorch, the second.
        dropout: probability of dropping a number between two layers, in training.
        bidirectional: whether each layer reads the sequence from its end as well.
        device: "cpu" or None.
        dtype: type of the weights; float32 if None.
        generator: draws the initial weights; the default one if None.

    Attributes:
        weight_ih_l0: (hidden_size, input_size), evenly from ±1/√hidden_size; so are weight_hh_l0
            (hidden_size, hidden_size), bias_ih_l0 and bias_hh_l0 (hidden_size,); and so on with
            _l1, …, and with _l0_reverse for the way back.

    Shape:
        (T, N, input_size) and a first state (layers · directions, N, hidden_size), zeros if it is
        left out → (T, N, directions · hidden_size) and the last state of each layer. With
        `batch_first` the first input and result are (N, T, …); N may be left out.

    Example:
        >>> from minitransfer import randn
        >>> y, last = RNN(3, 5)(randn(7, 2, 3))
        >>> y.shape, last.shape
        ((7, 2, 5), (1, 2, 5))
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        nonlinearity="tanh",
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        _check_nonlinearity("RNN", nonlinearity)
        order = num_layers, bias, batch_first, dropout, bidirectional, device, dtype, generator
        super().__init__((input_size, hidden_size), *order)
        self.nonlinearity = nonlinearity

    def _sequence(self, x, states, weights):
        y = ops.rnn_sequence(x, *states, *weights, nonlinearity=self.nonlinearity)
        return y, [y[-1]]


class GRU(_Recurrent):
    """A gated recurrent unit at each step (Cho et al. 2014); see `ops.gru_sequence` for formulas.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout: see `RNN`.
        bidirectional, device, dtype, generator: see `RNN`.

    Attributes:
        weight_ih_l0: (3 hidden_size, input_size), for reset, update and candidate; otherwise see
            `RNN`.

    Shape:
        As of `RNN`.

    Example:
        >>> from minitransfer import randn
        >>> y, last = GRU(3, 5, num_layers=2, bidirectional=True)(randn(7, 2, 3))
        >>> y.shape, last.shape
        ((7, 2, 10), (4, 2, 5))
    """

    gates = 3

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        order = num_layers, bias, batch_first, dropout, bidirectional, device, dtype, generator
        super().__init__((input_size, hidden_size), *order)

    def _sequence(self, x, states, weights):
        y = ops.gru_sequence(x, *states, *weights)
        return y, [y[-1]]


class LSTM(_Recurrent):
    """A long short-term memory at each step; see `ops.lstm_sequence` for formulas and sources.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout: see `RNN`.
        bidirectional, device, dtype, generator: see `RNN`.
        proj_size: only 0 is covered.

    Attributes:
        weight_ih_l0: (4 hidden_size, input_size), for input, forget, candidate and output;
            otherwise see `RNN`.

    Shape:
        As of `RNN`, with two tensors for each state, ``(h, c)``.

    Example:
        >>> from minitransfer import randn
        >>> y, (h, c) = LSTM(3, 5)(randn(7, 2, 3))
        >>> y.shape, h.shape, c.shape
        ((7, 2, 5), (1, 2, 5), (1, 2, 5))
    """

    gates, held = 4, 2
    _tensors = 1  # the state is a pair

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        check_default("LSTM", "put a Linear behind it", proj_size=(proj_size, 0))
        order = num_layers, bias, batch_first, dropout, bidirectional, device, dtype, generator
        super().__init__((input_size, hidden_size), *order)

    def _sequence(self, x, states, weights):
        both = ops.lstm_sequence(x, *states, *weights)
        y = both[0]
        return y, [y[-1], both[1, -1]]


class _Cell(Module):
    """One step of a recurrent layer."""

    gates = held = 1

    def __init__(self, sizes, bias, device, dtype, generator):
        super().__init__()
        if device is not None:
            check_device(device)
        self.input_size, self.hidden_size = sizes
        check_sizes(self, input_size=sizes[0], hidden_size=sizes[1])
        rows, hidden = self.gates * self.hidden_size, self.hidden_size
        shapes = {"weight_ih": (rows, self.input_size), "weight_hh": (rows, hidden)}
        shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        for name, shape in shapes.items():
            given = bias or "weight" in name
            setattr(self, name, _drawn(shape, hidden, dtype, generator) if given else None)

    def forward(self, input, hx=None):
        """Return the state after one step."""
        x = input if input.ndim == 2 else input.unsqueeze(0)
        if x.ndim != 2 or x.shape[1] != self.input_size:
            raise ValueError(
                f"{self.label()} expects (N, {self.input_size}), or ({self.input_size},), given "
                f"{tuple(input.shape)}"
            )
        shape = (*input.shape[:-1], self.hidden_size)
        if hx is None:
            states = [Tensor(np.zeros(shape, x.dtype))] * self.held
        else:
            states = [hx] if self.held == 1 else list(hx)
        if any(tuple(h.shape) != shape for h in states):
            shapes = ", ".join(str(tuple(h.shape)) for h in states)
            raise ValueError(f"{self.label()} expects a state {shape}, given {shapes}")
        states = [h.reshape(-1, self.hidden_size) for h in states]
        weights = self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        after = [h.reshape(shape) for h in self._step(x.unsqueeze(0), states, weights)]
        return after[0] if self.held == 1 else tuple(after)

    def extra_repr(self):
        return f"{self.input_size} → {self.hidden_size}"


class RNNCell(_Cell):
    """One step of `RNN`.

    Args:
        input_size, hidden_size, bias, nonlinearity, device, dtype, generator: see `RNN`.

    Shape:
        (N, input_size) and a state (N, hidden_size), zeros if it is left out → (N, hidden_size);
        N may be left out.

    Example:
        >>> from minitransfer import randn
        >>> RNNCell(3, 5)(randn(2, 3)).shape
        (2, 5)
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        bias=True,
        nonlinearity="tanh",
        device=None,
        dtype=None,
        *,
        generator=None,
    ):
        _check_nonlinearity("RNNCell", nonlinearity)
        super().__init__((input_size, hidden_size), bias, device, dtype, generator)
        self.nonlinearity = nonlinearity

    def _step(self, x, states, weights):
        return [ops.rnn_sequence(x, *states, *weights, nonlinearity=self.nonlinearity)]


class GRUCell(_Cell):
    """One step of `GRU`.

    Args:
        input_size, hidden_size, bias, device, dtype, generator: see `RNN`.

    Shape:
        As of `RNNCell`.

    Example:
        >>> from minitransfer import randn
        >>> GRUCell(3, 5)(randn(2, 3)).shape
        (2, 5)
    """

    gates = 3

    def __init__(
        self, input_size, hidden_size, bias=True, device=None, dtype=None, *, generator=None
    ):
        super().__init__((input_size, hidden_size), bias, device, dtype, generator)

    def _step(self, x, states, weights):
        return [ops.gru_sequence(x, *states, *weights)]


class LSTMCell(_Cell):
    """One step of `LSTM`.

    Args:
        input_size, hidden_size, bias, device, dtype, generator: see `RNN`.

    Shape:
        As of `RNNCell`, with two tensors for each state, ``(h, c)``.

    Example:
        >>> from minitransfer import randn
        >>> h, c = LSTMCell(3, 5)(randn(2, 3))
        >>> h.shape, c.shape
        ((2, 5), (2, 5))
    """

    gates, held = 4, 2
    _tensors = 1  # the state is a pair

    def __init__(
        self, input_size, hidden_size, bias=True, device=None, dtype=None, *, generator=None
    ):
        super().__init__((input_size, hidden_size), bias, device, dtype, generator)

    def _step(self, x, states, weights):
        both = ops.lstm_sequence(x, *states, *weights)
        return both[0], both[1]


def _drawn(shape, hidden, dtype, generator):
    """A parameter drawn evenly from ±1/√hidden, as PyTorch's."""
    bound = 1 / math.sqrt(hidden)
    parameter = Parameter(np.zeros(shape, dtype or np.float32))
    return init.uniform_(parameter, -bound, bound, generator=generator)


def _check_nonlinearity(name, nonlinearity):
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f'{name}: nonlinearity is "tanh" or "relu"; given {nonlinearity!r}')
