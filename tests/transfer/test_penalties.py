"""L2-SP: tied to where it started."""

import numpy as np
import pytest

from minitransfer import Tensor, nn, optim
from minitransfer.train import fit
from minitransfer.transfer import L2SP, fine_tune, freeze


def shift(model, by):
    for parameter in model.parameters():
        parameter.array += np.float32(by)


def test_value_and_gradient(net, batch):
    x, y = batch
    net.eval()
    loss = L2SP(net, alpha=0.5, beta=0.25)
    starts = {name: p.array.copy() for name, p in net.named_parameters()}
    shift(net, 0.1)
    plain = nn.CrossEntropyLoss()(net(x), y)
    plain.backward()
    without = {name: p.gradient for name, p in net.named_parameters()}
    net.zero_grad()
    value = loss(net(x), y)
    value.backward()
    expected = plain.item()
    for name, p in net.named_parameters():
        head = name.startswith("6.")
        pull = 0.25 * p.array if head else 0.5 * (p.array - starts[name])
        expected += 0.5 * float((pull**2).sum()) / (0.25 if head else 0.5)
        np.testing.assert_allclose(p.gradient, without[name] + pull, rtol=1e-4, atol=1e-6)
    assert value.item() == pytest.approx(expected, rel=1e-5)
    assert value.dtype == np.float32


def test_frozen_parameters_cost_nothing_and_stay_out_of_the_graph(net, batch):
    x, y = batch
    loss = L2SP(net, alpha=1.0, beta=0.0)
    shift(net, 1.0)
    freeze(net)
    assert loss(net(x), y).item() == nn.CrossEntropyLoss()(net(x), y).item()
    assert not loss(net(x), y).requires_grad


def test_the_start_is_copied(net):
    loss = L2SP(net)
    shift(net, 1.0)
    _, _, start = loss.terms[0]
    assert (start != net[0].weight.array).all()


def test_it_holds_the_body_near_its_start(net, batch):
    x, y = batch
    distances = []
    for alpha in (0.0, 1.0):
        model = nn.Sequential(
            nn.Linear(6, 8, generator=np.random.default_rng(1)),
            nn.ReLU(),
            nn.Linear(8, 3, generator=np.random.default_rng(2)),
        )
        start = model[0].weight.array.copy()
        fit(
            model,
            (x.array, y.array),
            loss=L2SP(model, alpha=alpha),
            optimizer=optim.SGD(model.parameters(), lr=0.1),
            steps=100,
            generator=np.random.default_rng(0),
        )
        distances.append(np.linalg.norm(model[0].weight.array - start))
    assert distances[1] < 0.3 * distances[0]


def test_a_head_by_name(net):
    whole = nn.Sequential({"body": net[:4], "head": net[4:]})
    strengths = [s for _, s, _ in L2SP(whole, alpha=1.0, beta=2.0, head="head").terms]
    assert strengths == [1.0] * 4 + [2.0] * 4


def test_fine_tune_still_sees_that_labels_do_not_fit(net, batch):
    x, y = batch
    with pytest.raises(ValueError, match="replace_head"):
        fine_tune(net, (x.array, y.array + 1), "all", loss=L2SP(net))


def test_another_loss(net):
    loss = L2SP(net, alpha=0.0, beta=0.0, loss=nn.MSELoss())
    assert loss(Tensor([[2.0]]), Tensor([[0.0]])).item() == 4.0


@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_negative_strengths(name, net):
    with pytest.raises(ValueError, match=f"{name} is 0 or greater; given -1"):
        L2SP(net, **{name: -1})
