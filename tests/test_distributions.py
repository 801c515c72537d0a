"""Random variables: shares of draws, logarithms of probabilities, gradients; PyTorch's numbers."""

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor, gradcheck
from minitransfer.distributions import Categorical, Normal

LOGITS = np.array([[0.3, -1.2, 2.0], [0.0, 0.5, -0.7]])


def generator(seed=0):
    return np.random.default_rng(seed)


def test_draws_have_their_probabilities():
    choice = Categorical(logits=Tensor(LOGITS))
    drawn = choice.sample((20_000,), generator=generator()).array
    assert drawn.shape == (20_000, 2)
    for row in range(2):
        shares = np.bincount(drawn[:, row], minlength=3) / len(drawn)
        np.testing.assert_allclose(shares, choice.probs.array[row], atol=0.015)
    never = Categorical(Tensor([0.0, 1.0, 0.0])).sample((1000,), generator=generator())
    assert set(never.tolist()) == {1}
    bell = Normal(Tensor([1.0, -2.0]), Tensor([0.5, 3.0])).sample((20_000,), generator=generator())
    np.testing.assert_allclose(bell.array.mean(0), [1, -2], atol=0.07)
    np.testing.assert_allclose(bell.array.std(0), [0.5, 3], atol=0.07)


def test_the_default_generator_draws_where_none_is_given():
    mt.manual_seed(3)
    first = Categorical(Tensor([0.5, 0.5])).sample((20,)).tolist()
    mt.manual_seed(3)
    assert Categorical(Tensor([0.5, 0.5])).sample((20,)).tolist() == first


def test_logarithms_and_entropies_pass_the_gradient_check():
    logits = Tensor(LOGITS, requires_grad=True)
    taken = mt.tensor([2, 0])

    def both(logits):
        choice = Categorical(logits=logits)
        return choice.log_prob(taken) + choice.entropy()

    assert gradcheck(both, [logits], generator=generator())
    weights = Tensor(np.exp(LOGITS), requires_grad=True)
    assert gradcheck(lambda w: Categorical(w).log_prob(taken) * 2, [weights], generator=generator())
    loc, scale = (Tensor(v, requires_grad=True) for v in (LOGITS[0], np.exp(LOGITS[1])))

    def bell(loc, scale):
        curve = Normal(loc, scale)
        drawn = curve.rsample((2,), generator=generator(1))
        return curve.log_prob(Tensor(LOGITS)) + curve.entropy() + drawn

    assert gradcheck(bell, [loc, scale], generator=generator())


def test_numbers_are_pytorchs():
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    taken = np.array([2, 1])
    for ours, theirs in (
        (Categorical(logits=Tensor(LOGITS)), {"logits": torch.from_numpy(LOGITS)}),
        (Categorical(Tensor(np.exp(LOGITS))), {"probs": torch.from_numpy(np.exp(LOGITS))}),
    ):
        theirs = torch.distributions.Categorical(**theirs)
        for a, b in (
            (ours.log_prob(Tensor(taken)), theirs.log_prob(torch.from_numpy(taken))),
            (ours.entropy(), theirs.entropy()),
            (ours.probs, theirs.probs),
            (ours.logits, theirs.logits),
        ):
            np.testing.assert_allclose(a.array, b.numpy(), rtol=1e-10)
    ours, theirs = (
        Normal(Tensor(LOGITS), 2.0),
        torch.distributions.Normal(torch.from_numpy(LOGITS), 2.0),
    )
    np.testing.assert_allclose(ours.log_prob(1.0).array, theirs.log_prob(torch.tensor(1.0)))
    np.testing.assert_allclose(ours.entropy().array, theirs.entropy())


def test_a_policy_learns_the_arm_that_pays():
    """REINFORCE on two arms, of which the second pays."""
    preferences = Tensor(np.zeros(2, np.float32), requires_grad=True)
    draw = generator()
    for _ in range(200):
        policy = Categorical(logits=preferences)
        action = policy.sample(generator=draw)
        reward = float(action.item() == 1)
        (-policy.log_prob(action) * reward).backward()
        with mt.no_grad():
            preferences -= 0.1 * preferences.grad
        preferences.grad = None
    assert Categorical(logits=preferences).probs[1].item() > 0.9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Categorical(), "either probs= or logits="),
        (lambda: Categorical(Tensor([-1.0, 2.0])), "not below 0"),
        (lambda: Categorical(Tensor([0.5, 0.5])).log_prob(Tensor(2)), "from 0 to 1"),
        (lambda: Categorical(Tensor([0.5, 0.5])).log_prob(Tensor(0.5)), "whole numbers"),
        (lambda: Normal(0.0, 0.0), "above 0"),
    ],
)
def test_what_does_not_fit_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
