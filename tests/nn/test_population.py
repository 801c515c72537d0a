import numpy as np
import pytest

from minitransfer import nn, optim, tensor
from minitransfer.data.truth_tables import xor

X, Y = xor()
BCE = nn.functional.binary_cross_entropy_with_logits


def build(generator, hidden=4):
    return nn.Sequential(
        nn.Linear(2, hidden, generator=generator),
        nn.Sigmoid(),
        nn.Linear(hidden, 1, generator=generator),
    )


def train(net, loss, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss(net).backward()
        optimizer.step()


OPTIMISERS = {
    "sgd": lambda parameters: optim.SGD(parameters, lr=0.5),
    "momentum": lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=1e-3),
    "adam": lambda parameters: optim.Adam(parameters, lr=0.01),
    "adamw": lambda parameters: optim.AdamW(parameters, lr=0.01),
}


@pytest.mark.parametrize("make", OPTIMISERS.values(), ids=OPTIMISERS)
@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-10), (np.float32, 2e-3)])
def test_each_member_ends_where_its_solo_run_ends(make, dtype, tolerance):
    x, y, seeds = tensor(X.astype(dtype)), tensor(Y.astype(dtype)), [3, 0, 7]
    net = nn.population(build, seeds).to(dtype)
    train(net, lambda net: nn.member_losses(BCE, net(x), y).sum(), make(net.parameters()), 1000)
    for index, seed in enumerate(seeds):
        solo = build(np.random.default_rng(seed)).to(dtype)
        first = solo[0].weight.array.copy()
        train(solo, lambda net: BCE(net(x), y), make(solo.parameters()), 1000)
        assert np.abs(solo[0].weight.array - first).max() > 0.1  # it did learn
        taken = nn.member(net, index)
        for (name, one), other in zip(solo.named_parameters(), taken.parameters(), strict=True):
            np.testing.assert_allclose(other.array, one.array, rtol=0, atol=tolerance, err_msg=name)
        np.testing.assert_allclose(taken(x).array, net(x).array[index], atol=1e-5)


def test_cross_entropy_of_members_is_each_ones_own():
    net = nn.population(lambda g: nn.Linear(2, 3, generator=g), 5)
    outputs, labels = net(tensor(X)), np.array([0, 2, 1, 1])
    losses = nn.member_losses(nn.functional.cross_entropy, outputs, labels)
    for index in range(5):
        alone = nn.functional.cross_entropy(nn.member(net, index)(tensor(X)), tensor(labels))
        np.testing.assert_allclose(losses.array[index], alone.item(), rtol=1e-6)


def test_targets_may_differ_from_member_to_member():
    outputs = tensor(np.zeros((2, 4, 1), np.float32))
    target = np.stack([np.zeros((4, 1)), np.full((4, 1), 3.0)]).astype(np.float32)
    assert nn.member_losses(nn.functional.mse_loss, outputs, target).tolist() == [0.0, 9.0]


def test_a_module_of_its_own_making():
    class Cell(nn.Module):
        def __init__(self, generator):
            super().__init__()
            self.inner = nn.Linear(2, 2, generator=generator)

        def forward(self, x):
            return self.inner(self.inner(x).tanh())

    net = nn.population(Cell, seeds=3)
    assert type(net) is Cell
    alone = Cell(np.random.default_rng(2))
    np.testing.assert_allclose(net(tensor(X)).array[2], alone(tensor(X)).array, atol=1e-6)


def test_a_member_is_a_copy():
    net = nn.population(build, 2)
    taken = nn.member(net, -1)
    before = net[0].weight.array.copy()
    taken[0].weight.array[...] = 0
    np.testing.assert_array_equal(net[0].weight.array, before)


def test_what_cannot_be_a_population_is_refused():
    with pytest.raises(ValueError, match="at least one seed"):
        nn.population(build, [])
    with pytest.raises(TypeError, match=r"BatchNorm1d \(1\).*one by one"):
        nn.population(lambda g: nn.Sequential(nn.Linear(2, 2, generator=g), nn.BatchNorm1d(2)), 2)
    with pytest.raises(TypeError, match="Conv2d"):
        nn.population(lambda g: nn.Conv2d(1, 1, 3, generator=g), 2)
    with pytest.raises(ValueError, match="member 1 has the parameters"):
        nn.population(lambda g: nn.Linear(2, 1 + len(sizes.append(0) or sizes), generator=g), 2)
    with pytest.raises(ValueError, match="nothing to train"):
        nn.population(lambda g: nn.ReLU(), 2)


sizes = []


def test_errors_of_members_and_losses():
    net = nn.population(build, 2)
    with pytest.raises(IndexError, match="no member 2; the population has 0 to 1"):
        nn.member(net, 2)
    with pytest.raises(ValueError, match="this one has no members"):
        nn.member(build(np.random.default_rng(0)), 0)
    with pytest.raises(ValueError, match=r"outputs \(2, 4, 1\) with a target \(4,\)"):
        nn.member_losses(BCE, net(tensor(X)), Y.ravel())


def test_labels_that_are_a_view_that_cannot_be_written_to():
    labels = np.arange(6).reshape(2, 3) % 2
    labels.setflags(write=False)
    logits = np.random.default_rng(0).normal(size=(2, 3, 2)).astype(np.float32)
    losses = nn.member_losses(nn.functional.cross_entropy, tensor(logits), labels)
    for member, row in enumerate(labels):
        solo = nn.functional.cross_entropy(tensor(logits[member]), tensor(row.copy()))
        assert np.isclose(losses[member].item(), solo.item())
