"""The loss of several batches is that of all the data in one, whatever the loss divides by."""

import numpy as np
import pytest

from minitransfer import Tensor, nn, optim
from minitransfer.train import Monitor, evaluate, fit
from minitransfer.transfer import L2SP

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 4)).astype(np.float32)
LABELS = np.where(rng.random(60) < 0.1, 1, 0)  # a rare class
LABELS[-20:] = 2  # the last batches hold nothing but this
SHARES = rng.dirichlet([1, 1, 1], 60).astype(np.float32)
VALUES = rng.standard_normal((60, 3)).astype(np.float32)

LOSSES = {
    "plain": (nn.CrossEntropyLoss(), LABELS),
    "class weights": (nn.CrossEntropyLoss(weight=[1.0, 9.0, 0.5]), LABELS),
    "a class of no weight": (nn.CrossEntropyLoss(weight=[1.0, 9.0, 0.0]), LABELS),
    "smoothing": (nn.CrossEntropyLoss(weight=[1.0, 9.0, 0.5], label_smoothing=0.2), LABELS),
    "ignored labels": (nn.CrossEntropyLoss(ignore_index=2), LABELS),
    "both": (nn.CrossEntropyLoss(weight=Tensor([1.0, 9.0, 0.5]), ignore_index=2), LABELS),
    "sum": (nn.CrossEntropyLoss(reduction="sum"), LABELS),
    "sum of what is not ignored": (nn.CrossEntropyLoss(reduction="sum", ignore_index=2), LABELS),
    "probabilities": (nn.CrossEntropyLoss(weight=[1.0, 9.0, 0.5]), SHARES),
    "mse": (nn.MSELoss(), VALUES),
    "mse sum": (nn.MSELoss(reduction="sum"), VALUES),
    "huber": (nn.HuberLoss(), VALUES),
    "l1": (nn.L1Loss(), VALUES),
    "yes or no": (nn.BCEWithLogitsLoss(pos_weight=[2.0, 1.0, 1.0]), SHARES),
    "divergence": (nn.KLDivLoss(reduction="batchmean"), SHARES),
    "divergence, mean": (nn.KLDivLoss(), SHARES),
    "a function": (lambda outputs, y: (outputs - y).abs().mean(), VALUES),
}


def network(seed=0):
    return nn.Linear(4, 3, generator=np.random.default_rng(seed))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("size", [1, 7, 20, 60])
def test_batches_change_no_loss(name, size):
    loss, y = LOSSES[name]
    model = network()
    whole = loss(model(Tensor(X)), Tensor(y)).item()
    assert evaluate(model, (X, y), loss=loss, batch_size=size)["loss"] == pytest.approx(whole)


@pytest.mark.parametrize("name", LOSSES)
def test_the_history_of_training_is_put_together_in_the_same_way(name):
    loss, y = LOSSES[name]
    model = network()
    whole = loss(model(Tensor(X)), Tensor(y)).item()
    still = optim.SGD(model.parameters(), lr=0.0)
    history = fit(
        model,
        (X, y),
        loss=loss,
        optimizer=still,
        epochs=2,
        batch_size=7,
        validation=(X, y),
        metrics=[],
        generator=np.random.default_rng(0),
    )
    assert history["loss"] == pytest.approx([whole, whole])
    assert history["validation_loss"] == pytest.approx([whole, whole])


def test_a_penalty_leaves_the_weights_of_the_batches_as_they_are():
    model = nn.Sequential(nn.Linear(4, 4), network())
    loss = L2SP(model, loss=nn.CrossEntropyLoss(weight=[1.0, 9.0, 0.5]))
    whole = loss(model(Tensor(X)), Tensor(LABELS)).item()
    found = evaluate(model, (X, LABELS), loss=loss, batch_size=7)["loss"]
    assert found == pytest.approx(whole)


def test_a_batch_without_a_label_moves_nothing():
    y = np.array([0, 1, -100, -100, -100, -100])
    model = network()
    history = fit(
        model, (X[2:6], y[2:]), epochs=1, batch_size=2, optimizer=optim.SGD(model.parameters(), 1.0)
    )
    assert history.step_losses == [0, 0]
    assert np.isnan(history["loss"][0])
    for before, after in zip(network().parameters(), model.parameters(), strict=True):
        np.testing.assert_array_equal(before.array, after.array)
    with pytest.raises(ValueError, match="counts none of these targets"):
        evaluate(model, (X[2:6], y[2:]))


def test_patience_chooses_by_the_weighted_loss():
    """The batches of a common class must not outvote those of a rare one that weighs more."""
    loss, y = LOSSES["class weights"]
    model = network()
    history = fit(
        model,
        (X, y),
        loss=loss,
        epochs=12,
        optimizer=optim.SGD(model.parameters(), lr=2.0),
        validation=(X[::-1], y[::-1]),
        batch_size=7,
        generator=np.random.default_rng(0),
        monitor=Monitor(patience=12),
    )
    kept = loss(model(Tensor(X)), Tensor(y)).item()
    assert history.best["validation_loss"] == pytest.approx(kept)
    assert history.best["validation_loss"] == min(history["validation_loss"])
