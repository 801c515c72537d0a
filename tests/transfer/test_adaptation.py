"""Adaptation: each term against its paper, and what each method may move."""

import numpy as np
import pytest

from minitransfer import Tensor, nn, optim, transfer
from minitransfer.gradient_check import gradcheck
from minitransfer.train import evaluate, fit
from minitransfer.transfer import (
    adapt_batch_norm,
    align,
    coral_loss,
    entropy,
    freeze,
    minimize_entropy,
    mmd_loss,
)


@pytest.fixture
def sides(rng):
    """Features of two sides in float64, of other numbers."""
    a = Tensor(rng.standard_normal((7, 3)), requires_grad=True)
    return a, Tensor(rng.standard_normal((5, 3)) * 2 + 1, requires_grad=True)


def test_coral_is_what_the_paper_says(sides):
    a, b = (side.detach().numpy() for side in sides)
    gap = np.cov(a, rowvar=False) - np.cov(b, rowvar=False)
    assert coral_loss(*sides).item() == pytest.approx((gap**2).sum() / (4 * 9))


def test_mmd_is_what_the_paper_says(sides):
    a, b = (side.detach().numpy() for side in sides)
    every = np.concatenate([a, b])
    unit = np.mean([((p - q) ** 2).sum() for p in every for q in every])

    def near(x, y):
        squares = np.array([[((p - q) ** 2).sum() for q in y] for p in x])
        return sum(np.exp(-squares / (2 * w**2 * unit)) for w in (0.5, 1, 2)).mean()

    expected = near(a, a) + near(b, b) - 2 * near(a, b)
    assert mmd_loss(*sides).item() == pytest.approx(expected)


def test_coral_has_the_right_gradient(sides):
    assert gradcheck(coral_loss, sides)


def test_mmd_has_the_right_gradient(sides, monkeypatch):
    """At a fixed unit: as in the paper the width is chosen by the data and not derived."""
    a, b = sides
    every = np.concatenate([a.detach().numpy(), b.detach().numpy()])
    unit = np.mean(((every[:, None] - every) ** 2).sum(2))

    def at_this_unit(a, b):
        rows = np.concatenate([a.detach().numpy(), b.detach().numpy()])
        now = np.mean(((rows[:, None] - rows) ** 2).sum(2))
        return mmd_loss(a, b, widths=[w * np.sqrt(unit / now) for w in (0.5, 1.0, 2.0)])

    assert gradcheck(at_this_unit, [a, b])


@pytest.mark.parametrize("method, apart", [("coral", coral_loss), ("mmd", mmd_loss)])
def test_each_method_has_its_own_second_term(method, apart, rng):
    """In the first step, of all examples, it is that of the features as they are."""
    net = nn.Sequential(nn.Linear(3, 5, generator=rng), nn.Tanh(), nn.Linear(5, 2, generator=rng))
    x, other = rng.standard_normal((2, 30, 3)).astype(np.float32)
    other *= 3
    expected = apart(net[:2](Tensor(x)), net[:2](Tensor(other))).item()
    source = x, (x[:, 0] > 0).astype(int)
    losses = align(net, source, other, method, steps=1, batch_size=30, generator=rng)
    assert losses[0][1] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("loss", [coral_loss, mmd_loss])
def test_two_halves_of_one_side_are_nearer_than_two_sides(loss, rng):
    a = rng.standard_normal((400, 4))
    same = loss(Tensor(a[:200]), Tensor(a[200:])).item()
    other = loss(Tensor(a[:200]), Tensor(a[200:] * 3)).item()
    assert 0 <= same < other / 10


@pytest.mark.parametrize("loss", [coral_loss, mmd_loss])
@pytest.mark.parametrize("shape", [(5, 4), (1, 3), (5,)])
def test_features_that_cannot_be_compared(loss, shape):
    with pytest.raises(ValueError, match=r"given \(5, 3\) and"):
        loss(Tensor(np.ones((5, 3))), Tensor(np.ones(shape)))


def test_mmd_of_nothing_but_equals():
    with pytest.raises(ValueError, match="equal"):
        mmd_loss(Tensor(np.ones((3, 2))), Tensor(np.ones((3, 2))))


def test_entropy(rng):
    logits = Tensor(rng.standard_normal((6, 4)), requires_grad=True)
    p = np.exp(logits.detach().numpy())
    p /= p.sum(1, keepdims=True)
    assert entropy(logits).item() == pytest.approx(-(p * np.log(p)).sum(1).mean())
    assert gradcheck(entropy, [logits])


@pytest.fixture
def small(rng):
    """Batch norm first: 6 → 3."""
    return nn.Sequential(
        nn.Linear(6, 8, generator=rng),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.Linear(8, 3, generator=rng),
    )


def state(model):
    return {name: t.array.copy() for name, t in model.state_dict().items()}


def moved(before, model):
    return {n for n, t in model.state_dict().items() if not np.array_equal(before[n], t.array)}


def test_batch_norm_counts_the_target_and_nothing_learns(small, rng):
    x = (rng.standard_normal((60, 6)) * 3 + 2).astype(np.float32)
    before = state(small)
    adapt_batch_norm(small, x, batch_size=60)
    assert moved(before, small) == {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
    hidden = x @ before["0.weight"].T + before["0.bias"]
    np.testing.assert_allclose(small[1].running_mean.numpy(), hidden.mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(small[1].running_var.numpy(), hidden.var(0, ddof=1), rtol=1e-4)
    assert small[1].momentum == 0.1
    assert small.training


def test_entropy_moves_scale_and_shift_only(small, rng):
    x = rng.standard_normal((64, 6)).astype(np.float32)
    before = state(small)
    minimize_entropy(small, x, steps=5, generator=rng)
    learnt = {name for name in moved(before, small) if "running" not in name}
    assert learnt - {"1.num_batches_tracked"} == {"1.weight", "1.bias"}
    assert all(p.requires_grad for p in small.parameters())


def test_nothing_is_dropped_while_it_grows_sure(rng):
    dice = np.random.default_rng(5)
    net = nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(0.5, generator=dice), nn.Linear(6, 2))
    before = dice.bit_generator.state
    minimize_entropy(net, rng.standard_normal((20, 6)).astype(np.float32), steps=3, generator=rng)
    assert dice.bit_generator.state == before
    assert net[1].training


@pytest.mark.parametrize("function", [adapt_batch_norm, minimize_entropy])
def test_without_batch_norm_there_is_nothing_to_adapt(function, rng):
    x = np.ones((4, 6), np.float32)
    with pytest.raises(ValueError, match="no batch norm"):
        function(nn.Sequential(nn.Linear(6, 2)), x)
    held = freeze(nn.Sequential(nn.Linear(6, 2), nn.BatchNorm1d(2)))
    with pytest.raises(ValueError, match="frozen"):
        function(held, x)


@pytest.fixture
def two_tables(rng):
    """Two classes along one feature; on the target side all is shifted, and labels are known."""
    x = rng.standard_normal((400, 6)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    x[:, 0] += np.where(y, 1, -1)
    return (x[:200], y[:200]), (x[200:] + np.float32(3), y[200:])


def trained(source, rng):
    net = nn.Sequential(
        nn.Linear(6, 16, generator=rng),
        nn.BatchNorm1d(16),
        nn.ReLU(),
        nn.Linear(16, 2, generator=rng),
    )
    adam = optim.Adam(net.parameters(), lr=1e-2)
    fit(net, source, optimizer=adam, steps=100, generator=rng)
    return net


@pytest.mark.parametrize("method", transfer.adaptation.METHODS)
def test_aligned_features_read_the_target_better(two_tables, method, rng):
    source, target = two_tables
    net = trained(source, rng)
    before = evaluate(net, target)["accuracy"]
    align(net, source, target[0], method, steps=200, generator=rng)
    assert before < 0.9
    assert evaluate(net, target)["accuracy"] > before + 0.05


def test_labels_of_the_target_are_not_looked_at(two_tables):
    source, (x, y) = two_tables
    weights = []
    for labels in (y, 1 - y):
        rng = np.random.default_rng(1)
        net = trained(source, rng)
        align(net, source, (x, labels), steps=5, generator=rng)
        weights.append(state(net))
    for name, array in weights[0].items():
        np.testing.assert_array_equal(array, weights[1][name])


def test_the_adversary_sends_its_gradient_back_turned_round(rng):
    judge = transfer.adaptation._adversary(4, rng)
    x = Tensor(rng.standard_normal((6, 4)).astype(np.float32), requires_grad=True)
    gradients = {}
    for strength in (-1, 0, 2):  # -1 leaves the gradient as it is
        x.grad = None
        transfer.adaptation._told_apart(judge, x[:3], x[3:], strength).backward()
        gradients[strength] = x.grad.numpy().copy()
    assert np.abs(gradients[-1]).max() > 0
    np.testing.assert_allclose(gradients[2], -2 * gradients[-1], rtol=1e-5)
    np.testing.assert_array_equal(gradients[0], 0)


@pytest.mark.parametrize(
    "options, message", [({"method": "luck"}, "given 'luck'"), ({"weight": -1}, "given -1")]
)
def test_what_align_refuses(two_tables, options, message):
    source, target = two_tables
    with pytest.raises(ValueError, match=message):
        align(trained(source, np.random.default_rng(0)), source, target[0], **options)
