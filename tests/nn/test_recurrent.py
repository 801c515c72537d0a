"""Recurrent layers: formulas, gradients, states, and PyTorch's numbers where it is installed."""

import importlib.util

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor, gradcheck, nn, optim
from minitransfer.nn import functional as F

KINDS = ["RNN", "GRU", "LSTM"]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def generator(seed=0):
    return np.random.default_rng(seed)


def state_for(kind, *shape):
    states = [Tensor(normal(*shape, seed=i), requires_grad=True) for i in (1, 2)]
    return tuple(states) if kind.startswith("LSTM") else states[0]


@pytest.mark.parametrize("kind", KINDS)
def test_weights_start_as_in_pytorch(kind):
    layer = getattr(nn, kind)(6, 25, 2, bidirectional=True, generator=generator())
    for p in layer.parameters():
        assert p.dtype == np.float32
        assert 0.8 / 5 < np.abs(p.array).max() <= 1 / 5
    again = getattr(nn, kind)(6, 25, 2, bidirectional=True, generator=generator())
    np.testing.assert_array_equal(
        layer.weight_hh_l1_reverse.array, again.weight_hh_l1_reverse.array
    )
    names = [name for name, _ in layer.named_parameters()]
    assert names[:5] == [
        *("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse")
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_its_cell_step_by_step(kind):
    layer = getattr(nn, kind)(3, 4, generator=generator())
    cell = getattr(nn, f"{kind}Cell")(3, 4)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x, h = Tensor(normal(5, 2, 3)), None
    y, last = layer(x)
    for t in range(5):
        h = cell(x[t], h)
        shown = h[0] if kind == "LSTM" else h
        np.testing.assert_allclose(shown.array, y.array[t], rtol=1e-5, atol=1e-6)
    for a, b in zip(*((h, last) if kind == "LSTM" else ([h], [last])), strict=True):
        np.testing.assert_allclose(a.array, b.array[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_two_halves_with_the_state_carried_over_are_the_whole(kind):
    layer = getattr(nn, kind)(3, 4, 2, generator=generator())
    x = Tensor(normal(6, 2, 3))
    whole, last = layer(x)
    first, state = layer(x[:3])
    second, end = layer(x[3:], state)
    np.testing.assert_allclose(mt.cat([first, second]).array, whole.array, rtol=1e-6, atol=1e-7)
    for a, b in zip(*((end, last) if kind == "LSTM" else ([end], [last])), strict=True):
        np.testing.assert_allclose(a.array, b.array, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_layers_pass_the_gradient_check(kind):
    options = {"bidirectional": True, "batch_first": True, "generator": generator()}
    layer = getattr(nn, kind)(2, 3, 2, **options).double()
    x = Tensor(normal(2, 3, 2).astype(np.float64), requires_grad=True)

    def all_of(x, *_):
        y, last = layer(x)
        parts = [y, *(last if kind == "LSTM" else [last])]
        return mt.cat([part.reshape(-1) for part in parts])

    assert gradcheck(all_of, [x, *layer.parameters()], generator=generator())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_outputs_gradients_and_states_agree_with_pytorch(kind, bidirectional, batch_first):
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    options = {"bidirectional": bidirectional, "batch_first": batch_first}
    ours = getattr(nn, kind)(3, 4, 2, **options, generator=generator())
    theirs = getattr(torch.nn, kind)(3, 4, 2, **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(
        {k: torch.from_numpy(v.array.copy()) for k, v in ours.state_dict().items()}
    )
    ours.load_state_dict({k: v.numpy().copy() for k, v in theirs.state_dict().items()})
    x = normal(2, 5, 3) if batch_first else normal(5, 2, 3)
    state = state_for(kind, 4 if bidirectional else 2, 2, 4)
    others = [torch.from_numpy(h.array.copy()).requires_grad_() for h in _parts(state)]
    mine, other = Tensor(x, requires_grad=True), torch.from_numpy(x).requires_grad_()
    y, last = ours(mine, state)
    z, end = theirs(other, tuple(others) if kind == "LSTM" else others[0])
    pairs = list(zip([y, *_parts(last)], [z, *_parts(end)], strict=True))
    for a, b in pairs:
        np.testing.assert_allclose(a.array, b.detach().numpy(), rtol=1e-4, atol=1e-5)
    sum(((i + 1) * a * a).sum() for i, (a, _) in enumerate(pairs)).backward()
    sum(((i + 1) * b * b).sum() for i, (_, b) in enumerate(pairs)).backward()
    leaves = [(mine, other), *zip(_parts(state), others, strict=True)]
    leaves += zip(ours.parameters(), theirs.parameters(), strict=True)
    for a, b in leaves:
        np.testing.assert_allclose(a.gradient, b.grad.numpy(), rtol=1e-4, atol=1e-4)


def _parts(state):
    return list(state) if isinstance(state, tuple) else [state]


def test_dropout_between_layers_in_training_only():
    layer = nn.GRU(3, 20, 2, dropout=0.5, generator=generator())
    x = Tensor(normal(4, 2, 3))
    assert (layer(x)[0] != layer(x)[0]).any()
    layer.eval()
    assert (layer(x)[0] == layer(x)[0]).all()
    single = nn.GRU(3, 20, dropout=0.5)  # after the last layer nothing is dropped
    assert (single(x)[0] == single(x)[0]).all()


def test_an_lstm_learns_to_remember_what_came_first():
    """The first of eight numbers decides, the rest is noise."""
    draw = generator()
    layer, head = nn.LSTM(1, 16, generator=draw), nn.Linear(16, 2, generator=draw)
    adam = optim.Adam([*layer.parameters(), *head.parameters()], lr=0.02)
    losses = []
    for _ in range(200):
        x = draw.standard_normal((8, 64, 1)).astype(np.float32)
        labels = Tensor((x[0, :, 0] > 0).astype(np.int64))
        loss = F.cross_entropy(head(layer(Tensor(x))[0][-1]), labels)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert np.mean(losses[-50:]) < 0.4  # chance is 0.69


def test_a_compiled_step_of_a_recurrent_layer_does_the_same():
    losses = []
    for compiled in (False, True):
        layer = nn.GRU(2, 4, generator=generator())
        sgd = optim.SGD(layer.parameters(), lr=0.1)
        x, y = Tensor(normal(3, 2, 2)), Tensor(normal(3, 2, 4, seed=1))

        def step(x, y, layer=layer, sgd=sgd):
            sgd.zero_grad()
            loss = F.mse_loss(layer(x)[0], y)
            loss.backward()
            sgd.step()
            return loss

        step = mt.compile(step) if compiled else step
        losses.append([float(step(x, y)) for _ in range(4)])
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert losses[0][-1] < losses[0][0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.GRU(3, 4)(mt.zeros(5, 2, 2)), r"GRU\(3 → 4\) expects \(T, N, 3\)"),
        (lambda: nn.LSTM(3, 4)(mt.zeros(5, 2, 3), (mt.zeros(1, 2, 4),)), "expects a state"),
        (lambda: nn.RNN(3, 4)(mt.zeros(5, 2, 3), mt.zeros(2, 4)), r"state \(1, 2, 4\), given"),
        (lambda: nn.RNN(3, 4, nonlinearity="gelu"), '"tanh" or "relu"'),
        (lambda: nn.GRU(3, 0), "hidden_size is a whole number from 1 on"),
        (lambda: nn.GRU(3, 4, 2, dropout=1.0), "probability below 1"),
        (lambda: nn.LSTM(3, 4, proj_size=2), "put a Linear behind it"),
        (lambda: nn.GRUCell(3, 4)(mt.zeros(2, 4)), r"expects \(N, 3\)"),
        (lambda: nn.GRUCell(3, 4)(mt.zeros(2, 3), mt.zeros(3, 4)), r"a state \(2, 4\)"),
        (lambda: nn.GRU(3, 4)(mt.zeros(0, 2, 3)), "T from 1 on"),
    ],
)
def test_layers_explain_what_does_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_state_dict_of_every_kind_has_pytorchs_names():
    if not importlib.util.find_spec("torch"):
        pytest.skip("compares with PyTorch")
    import torch

    for name in ("RNNCell", "GRUCell", "LSTMCell"):
        ours, theirs = getattr(nn, name)(3, 4), getattr(torch.nn, name)(3, 4)
        shapes = {k: tuple(v.shape) for k, v in theirs.state_dict().items()}
        assert {k: v.shape for k, v in ours.state_dict().items()} == shapes
