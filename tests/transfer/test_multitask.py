"""Several tasks on one body: heads side by side, losses added up by hand or by uncertainty."""

import numpy as np
import pytest

from minitransfer import Tensor, nn, optim
from minitransfer.gradient_check import gradcheck
from minitransfer.train import fit
from minitransfer.transfer import TaskHeads, TaskLoss

KINDS = {"kind": "class", "amount": "value"}


@pytest.fixture
def two_tasks(rng):
    body = nn.Sequential(nn.Linear(4, 6, generator=rng), nn.ReLU())
    return TaskHeads(body, 6, {"kind": 3, "amount": 1}, generator=rng)


@pytest.fixture
def answers(rng):
    outputs = Tensor(rng.standard_normal((5, 4)), requires_grad=True)
    targets = np.column_stack([rng.integers(0, 3, 5), rng.standard_normal(5)])
    return outputs, Tensor(targets)


def by_hand(outputs, targets):
    """Cross-entropy of the first three, half the squared error of the last, in NumPy."""
    z, (kind, amount) = outputs.detach().numpy(), targets.numpy().T
    logs = z[:, :3] - np.log(np.exp(z[:, :3]).sum(1, keepdims=True))
    return -logs[np.arange(5), kind.astype(int)].mean(), ((z[:, 3] - amount) ** 2).mean() / 2


def test_heads_stand_side_by_side(two_tasks, rng):
    x = Tensor(rng.standard_normal((5, 4)).astype(np.float32))
    outputs = two_tasks(x)
    parts = two_tasks.split(outputs)
    features = two_tasks.body(x)
    for task, width in (("kind", 3), ("amount", 1)):
        assert parts[task].shape == (5, width)
        alone = two_tasks.heads[task](features).detach().numpy()
        np.testing.assert_allclose(parts[task].detach().numpy(), alone, rtol=1e-5, atol=1e-6)


def test_losses_add_up(two_tasks, answers):
    first, second = by_hand(*answers)
    each = TaskLoss(two_tasks, KINDS).each(*answers)
    assert each["kind"].item() == pytest.approx(first)
    assert each["amount"].item() == pytest.approx(second)
    assert TaskLoss(two_tasks, KINDS)(*answers).item() == pytest.approx(first + second)
    weighted = TaskLoss(two_tasks, KINDS, weights={"amount": 0.1})
    assert weighted(*answers).item() == pytest.approx(first + 0.1 * second)


def test_uncertainty_weights_as_in_the_paper(two_tasks, answers):
    loss = TaskLoss(two_tasks, KINDS, learnt=True)
    loss.log_variance.array[...] = 0.5, -1.0
    first, second = by_hand(*answers)
    expected = first * np.exp(-0.5) + 0.25 + second * np.exp(1.0) - 0.5
    assert loss(*answers).item() == pytest.approx(expected, rel=1e-6)


def test_gradients(two_tasks, answers):
    loss = TaskLoss(two_tasks.double(), KINDS, learnt=True).double()
    outputs, targets = answers
    assert gradcheck(lambda z, s: loss(z, targets), [outputs, loss.log_variance])


def test_a_task_that_is_all_noise_comes_to_count_for_less(two_tasks, rng):
    """At its best s is the logarithm of twice the loss; fit trains it with the network."""
    x = rng.standard_normal((200, 4)).astype(np.float32)
    y = np.column_stack([x[:, 0] > 0, 10 * rng.standard_normal(200)]).astype(np.float32)
    loss = two_tasks.loss = TaskLoss(two_tasks, KINDS, learnt=True)
    adam = optim.Adam(two_tasks.parameters(), lr=2e-2)
    fit(two_tasks, (x, y), loss=loss, optimizer=adam, steps=1500, generator=rng)
    kind, amount = loss.log_variance.tolist()
    assert kind < 0 < amount
    left = loss.each(two_tasks(Tensor(x)), Tensor(y))["amount"].item()
    assert amount == pytest.approx(np.log(2 * left), abs=0.3)


@pytest.mark.parametrize(
    "losses, options, message",
    [
        ({"kind": "class"}, {}, "kind, amount; given losses for kind"),
        ({"kind": "class", "amount": "sum"}, {}, "given 'sum'"),
        (KINDS, {"weights": {"kind": 2.0}, "learnt": True}, "not both"),
        (KINDS, {"weights": {"kid": 2.0}}, "no task 'kid'"),
    ],
)
def test_what_the_loss_refuses(two_tasks, losses, options, message):
    with pytest.raises(ValueError, match=message):
        TaskLoss(two_tasks, losses, **options)


@pytest.mark.parametrize("outputs", [{}, {"kind": 0}])
def test_a_head_has_outputs(outputs):
    with pytest.raises(ValueError, match="one output or more"):
        TaskHeads(nn.Flatten(), 4, outputs)
