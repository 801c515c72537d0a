"""A population is trained as its members would be alone."""

import numpy as np
import pytest

from minitransfer import data, nn, optim
from minitransfer.train import fit_members

X, Y = data.xor()


def build(rng):
    return nn.Sequential(nn.Linear(2, 3, generator=rng), nn.Tanh(), nn.Linear(3, 1, generator=rng))


def squares(net):
    return 0.1 * sum((parameter**2).sum() for parameter in net.parameters())


def trained(seeds, x=X, y=Y, **options):
    net = nn.population(build, seeds)
    return net, fit_members(net, x, y, optim.Adam(net.parameters(), lr=0.1), 30, **options)


@pytest.mark.parametrize("penalty", [None, squares])
def test_a_member_learns_as_if_it_were_alone(penalty):
    both, losses = trained([7, 8], penalty=penalty)
    for place, seed in enumerate((7, 8)):
        alone, history = trained([seed], penalty=penalty)
        np.testing.assert_allclose(losses[place], history[0], rtol=1e-4)
        np.testing.assert_allclose(both[0].weight.array[place], alone[0].weight.array[0], rtol=1e-3)


def test_losses_are_those_before_each_step_and_without_penalty():
    fresh = nn.population(build, [7, 8])
    loss = nn.functional.binary_cross_entropy_with_logits
    before = nn.member_losses(loss, fresh(nn.Parameter(X)), Y).detach().numpy()
    _, losses = trained([7, 8], penalty=squares)
    assert losses.shape == (2, 30)
    np.testing.assert_allclose(losses[:, 0], before, rtol=1e-6)


def test_members_may_have_examples_of_their_own():
    of_its_own = np.stack([X, X[::-1]]), np.stack([Y, 1 - Y])
    _, losses = trained([7, 7], *of_its_own)
    _, usual = trained([7])
    np.testing.assert_allclose(losses[0], usual[0], rtol=1e-4)
    assert np.abs(losses[1] - losses[0]).max() > 1e-3


def test_labels_and_another_loss():
    net = nn.population(lambda rng: nn.Linear(2, 2, generator=rng), 2)
    optimizer = optim.SGD(net.parameters(), lr=0.5)
    losses = fit_members(
        net, X, np.array([0, 1, 1, 1]), optimizer, 50, loss=nn.functional.cross_entropy
    )
    assert (losses[:, -1] < losses[:, 0]).all()


def test_a_penalty_pulls():
    norms = [squares(trained([7], penalty=p)[0]).item() for p in (None, squares)]
    assert norms[1] < norms[0] / 2


def test_no_steps_are_refused():
    net = nn.population(build, 2)
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="steps is a whole number of 1 or more; given 0"):
        fit_members(net, X, Y, optimizer, 0)
