"""Each score against its formula written out, what must not change it, and what it refuses."""

import numpy as np
import pytest

from minitransfer import nn, transfer
from minitransfer.data import Dataset
from minitransfer.train import softmax
from minitransfer.transfer.scores import folds_of


@pytest.fixture
def task(rng):
    """60 examples of three classes, 7 features that know something of them."""
    labels = rng.permutation(np.arange(60) % 3)
    features = rng.standard_normal((60, 7)) + np.eye(3, 7)[labels]
    return features, labels


def leep_written_out(p, y):
    n, total = len(y), 0.0
    for i in range(n):
        expected = 0.0
        for z in range(p.shape[1]):
            joint = sum(p[k, z] for k in range(n) if y[k] == y[i]) / n
            alone = sum(p[k, z] for k in range(n)) / n
            expected += joint / alone * p[i, z]
        total += np.log(expected)
    return total / n


def h_score_written_out(f, y):
    cov = np.cov(f.T, bias=True)
    conditional = np.array([f[y == label].mean(0) for label in y])
    return np.trace(np.linalg.pinv(cov) @ np.cov(conditional.T, bias=True))


def evidence_written_out(f, y, alpha, beta):
    """Density of y under N(0, I/β + F Fᵀ/α): the weights taken together by hand."""
    cov = np.eye(len(y)) / beta + f @ f.T / alpha
    _, volume = np.linalg.slogdet(2 * np.pi * cov)
    return -(y @ np.linalg.solve(cov, y) + volume) / 2


def test_leep_is_its_formula(rng):
    p = softmax(2 * rng.standard_normal((30, 5)))
    y = rng.integers(0, 3, 30)
    assert transfer.leep(p, y) == pytest.approx(leep_written_out(p, y))


def test_leep_knows_no_names_and_no_order(rng):
    p, y = softmax(2 * rng.standard_normal((30, 5))), np.arange(30) % 3
    order, classes = rng.permutation(30), rng.permutation(5)
    found = transfer.leep(p, y)
    assert transfer.leep(p[order][:, classes], 7 - 2 * y[order]) == pytest.approx(found)
    assert found < 0


def test_leep_is_best_where_old_classes_are_the_new_ones():
    y = np.array([0, 1, 2, 2])
    assert transfer.leep(np.eye(5)[[3, 1, 0, 0]], y) == pytest.approx(0)
    # An old class that is never given says nothing, and is no 0 / 0.
    even = transfer.leep(np.eye(5)[[1, 1, 1, 1]], y)
    assert even == pytest.approx(np.log([0.25, 0.25, 0.5, 0.5]).mean())


@pytest.mark.parametrize("width", [3, 7, 100])
def test_log_me_is_the_largest_evidence(rng, width):
    labels = rng.permutation(np.arange(40) % 2)
    f = rng.standard_normal((40, width)) + np.eye(2, width)[labels]
    grid = np.exp(np.linspace(-8, 8, 65))
    largest = np.mean(
        [
            max(evidence_written_out(f, 1.0 * (labels == c), a, b) for a in grid for b in grid)
            for c in range(2)
        ]
    )
    found = 40 * transfer.log_me(f, labels)
    assert found == pytest.approx(largest, abs=0.1)
    assert found > largest - 1e-6  # the grid may miss the top, the iteration may not


def test_log_me_does_not_see_rotation_or_scale(rng, task):
    features, labels = task
    turn, _ = np.linalg.qr(rng.standard_normal((7, 7)))
    found = transfer.log_me(features, labels)
    assert transfer.log_me(100 * features @ turn, labels) == pytest.approx(found, abs=1e-4)


def test_log_me_of_values_is_that_of_each_column(rng, task):
    features, _ = task
    values = features @ rng.standard_normal((7, 2)) + rng.standard_normal((60, 2))
    each = [transfer.log_me(features, column) for column in values.T]
    assert transfer.log_me(features, values) == pytest.approx(np.mean(each))
    assert each[0] > transfer.log_me(features, rng.permutation(values[:, 0]))


def test_log_me_has_a_bound_where_features_give_the_targets():
    found = transfer.log_me(np.eye(3)[[0, 1, 2] * 10], np.arange(30) % 3)
    assert np.isfinite(found)
    assert found > transfer.log_me(np.ones((30, 1)), np.arange(30) % 3)


def test_log_me_of_features_that_are_all_nothing():
    assert np.isfinite(transfer.log_me(np.zeros((10, 4)), np.arange(10) % 2))


def test_h_score_is_its_formula(task):
    features, labels = task
    found = transfer.h_score(features, labels)
    assert found == pytest.approx(h_score_written_out(features, labels))
    assert 0 < found < 2


def test_h_score_does_not_see_linear_maps(rng, task):
    features, labels = task
    found = transfer.h_score(features, labels)
    mapped = features @ rng.standard_normal((7, 7)) + 5
    assert transfer.h_score(mapped, labels) == pytest.approx(found)
    doubled = np.hstack([features, features])  # a covariance that has no inverse
    assert transfer.h_score(doubled, labels) == pytest.approx(found)


def test_h_score_is_blind_with_few_examples_and_shrinking_opens_its_eyes(rng):
    labels = np.arange(60) % 3
    noise = rng.standard_normal((60, 128))
    telling = noise + 3 * np.eye(3, 128)[labels]
    assert transfer.h_score(noise, labels) == pytest.approx(2)
    assert transfer.h_score(telling, labels) == pytest.approx(2)
    shrunk = [transfer.h_score(f, labels, shrink=True) for f in (noise, telling)]
    assert shrunk[1] > 1.5 * shrunk[0]


def test_shrinking_does_little_where_examples_abound(rng):
    labels = rng.integers(0, 3, 50_000)
    features = rng.standard_normal((50_000, 4)) * [1, 2, 3, 4] + np.eye(3, 4)[labels]
    plain, shrunk = (transfer.h_score(features, labels, shrink=s) for s in (False, True))
    assert shrunk == pytest.approx(plain, rel=0.01)


@pytest.mark.parametrize("score", [transfer.nearest_mean_accuracy, transfer.probe_accuracy])
def test_what_is_asked_for_was_not_learnt_from(rng, score):
    """Features of pure noise that give each example away: learnt by heart they would be right."""
    labels = np.arange(200) % 2
    shares = [score(rng.standard_normal((200, 300)), labels, generator=rng) for _ in range(10)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.08)


def test_nearest_mean_written_out(rng, task):
    features, labels = task
    fold = folds_of(labels, 4, np.random.default_rng(3))
    right = 0
    for i in range(60):
        means = [features[(fold != fold[i]) & (labels == label)].mean(0) for label in range(3)]
        right += np.argmin([((features[i] - m) ** 2).sum() for m in means]) == labels[i]
    found = transfer.nearest_mean_accuracy(
        features, labels, folds=4, generator=np.random.default_rng(3)
    )
    assert found == pytest.approx(right / 60)


def test_folds_have_all_classes_and_like_sizes(rng):
    labels = rng.permutation(np.repeat([3, 5, 9], [50, 10, 10]))
    fold = folds_of(labels, 5, rng)
    for label, each in ((3, 10), (5, 2), (9, 2)):
        assert (np.bincount(fold[labels == label]) == each).all()
    assert set(folds_of([0, 0, 1, 1], 5, rng)) == {0, 1}
    assert folds_of([0, 0, 1], 5, rng)[2] == -1


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: transfer.leep([[0.5, 0.6]] * 2, [0, 1]), "sums from 1.1 to 1.1"),
        (lambda: transfer.leep([[0.5, 0.5]] * 2, [0, 1, 1]), "2 rows and labels of shape"),
        (lambda: transfer.leep([[0.5, 0.5]] * 2, [0.5, 1.5]), "whole number"),
        (lambda: transfer.h_score([[1.0], [np.nan]], [0, 1]), "NaN or infinity"),
        (lambda: transfer.h_score([[1.0], [2.0]], [4, 4]), "all 2 examples are of one"),
        (lambda: transfer.h_score(np.zeros((0, 3)), np.zeros(0, int)), "one"),
        (lambda: transfer.log_me([[1.0], [2.0]], [1.0, np.nan]), "finite"),
        (lambda: transfer.log_me([[1.0], [2.0]], [0.0, 0.0]), "all 0"),
        (lambda: transfer.probe_accuracy([[1.0], [2.0]], [0, 1]), "a class with two examples"),
        (lambda: folds_of([0, 0, 1, 1], 1), "two folds or more"),
    ],
)  # fmt: skip
def test_what_scores_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.fixture
def network(rng):
    net = nn.Sequential(
        nn.Flatten(), nn.Linear(16, 8, generator=rng), nn.ReLU(), nn.Linear(8, 5, generator=rng)
    )
    net.input_type, net.input_shape = "image", (1, 4, 4)
    return net


@pytest.fixture
def pictures(rng):
    x = rng.integers(0, 256, (40, 1, 4, 4), np.uint8)
    return Dataset(x, (x[:, 0, 0, 0] > 127).astype(int), "few", ("dark", "bright"), "image")


def test_all_scores_from_one_look(network, pictures):
    before = {k: v.array.copy() for k, v in network.state_dict().items()}
    rngs = [np.random.default_rng(0) for _ in range(2)]
    first, again = (transfer.transferability(network, pictures, generator=r) for r in rngs)
    assert list(first) == ["leep", "log_me", "h_score", "nearest_mean", "linear_probe"]
    assert first == again
    features = transfer.features_of(transfer.strip_head(network), pictures).x
    outputs = network(nn.Parameter(pictures.x.astype(np.float32) / 255)).array
    assert first["leep"] == pytest.approx(transfer.leep(softmax(outputs), pictures.y), abs=1e-5)
    assert first["log_me"] == transfer.log_me(features, pictures.y)
    assert all((v.array == before[k]).all() for k, v in network.state_dict().items())
    assert all(p.requires_grad for p in network.parameters())


def test_values_are_no_labels(network, pictures):
    values = Dataset(pictures.x, pictures.x.mean((1, 2, 3)), input_type="image")
    with pytest.raises(ValueError, match=r"values .* where labels are expected"):
        transfer.transferability(network, values)


def test_another_type_of_input_is_refused(network, rng):
    sound = Dataset(rng.random((4, 1, 4, 4)), [0, 1, 0, 1], input_type="sound")
    with pytest.raises(ValueError, match=r"'image'.*'sound'"):
        transfer.transferability(network, sound)
