"""What the parts of training say of themselves, and what they refuse."""

import functools

import numpy as np
import pytest

from minitransfer import nn, optim
from minitransfer.train import History, Monitor, evaluate, evaluation, fit
from minitransfer.train.identity import described

X = np.random.default_rng(0).standard_normal((8, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


@pytest.fixture
def net():
    return nn.Sequential(nn.Linear(3, 4, generator=np.random.default_rng(1)), nn.Linear(4, 2))


def test_a_history_says_what_its_last_row_holds():
    assert repr(History()) == "History: nothing yet"
    history = History(rows=[{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.123456}])
    assert repr(history) == "History: step 2, loss 0.1235"
    history = History(rows=history.rows, stopped_early=True)
    assert repr(history).endswith("loss 0.1235, stopped early")


def test_two_partial_functions_are_told_apart():
    def scaled(x, factor, *, shift=0):
        return x * factor + shift

    names = {described(functools.partial(scaled, 2.0, shift=s)) for s in (1, 2)}
    assert names == {"scaled(2.0, shift=1)", "scaled(2.0, shift=2)"}
    assert described(functools.partial(scaled, 3.0)) not in names


def test_accuracy_takes_the_largest_of_a_row_of_targets():
    outputs = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    targets = np.array([[0.0, 1.0], [0.2, 0.8], [0.4, 0.6]])
    assert evaluation.accuracy(outputs, targets) == pytest.approx(2 / 3)
    assert evaluation.accuracy(outputs, np.array([1, 1, 1])) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "outputs, targets", [((3,), (3,)), ((3, 1), (3,)), ((3, 1), (3, 1)), ((3, 2), (2,))]
)
def test_accuracy_refuses_what_are_no_classes(outputs, targets):
    with pytest.raises(ValueError, match=r"outputs \(N, classes\) with labels"):
        evaluation.accuracy(np.zeros(outputs), np.zeros(targets))


@pytest.mark.parametrize("name", ["binary_accuracy", "mae", "mse"])
def test_metrics_do_not_compare_every_answer_with_every_target(name):
    with pytest.raises(ValueError, match=r"arrays of one shape; given outputs \(3, 1\)"):
        evaluation.METRICS[name](np.zeros((3, 1)), np.zeros(3))


def test_two_metrics_of_one_name(net):
    def accuracy(outputs, targets):
        return 0.0

    for metrics in (["accuracy", accuracy], ["accuracy", "accuracy"]):
        with pytest.raises(ValueError, match="two metrics are called 'accuracy'"):
            evaluate(net, (X, Y), metrics=metrics)

    def loss(outputs, targets):
        return 0.0

    with pytest.raises(ValueError, match="two metrics are called 'loss'"):
        evaluate(net, (X, Y), metrics=loss)


@pytest.mark.parametrize("data, given", [((X, Y, Y), "3 arrays"), ((X,), "1 arrays"), (X, "one")])
def test_batches_that_are_no_pairs(data, given):
    batches = [data[:4] if isinstance(data, np.ndarray) else tuple(a[:4] for a in data)]
    with pytest.raises(ValueError, match=rf"as \(x, y\) or a Dataset; given {given}"):
        list(evaluation.pairs(batches))


def test_what_is_watched_is_said_once(net):
    options = {"data": (X, Y), "loss": nn.CrossEntropyLoss(), "epochs": 1}
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(TypeError, match=r"no argument patients; what is watched .*patience"):
        fit(net, optimizer=optimizer, patients=3, **options)
    with pytest.raises(ValueError, match="give monitor= or patience, not both"):
        fit(net, optimizer=optimizer, monitor=Monitor(), patience=3, **options)


def test_weights_that_have_grown_beyond_all_bounds_are_named(net):
    net[0].weight.array[:] = np.inf
    with pytest.raises(FloatingPointError, match="weights have grown beyond all bounds: try "):
        fit(
            net,
            data=(X, Y),
            loss=nn.CrossEntropyLoss(),
            optimizer=optim.SGD(net.parameters(), lr=0.1),
            epochs=1,
        )
