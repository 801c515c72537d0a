"""Closed-form probes, against the slow way."""

import numpy as np
import pytest

from minitransfer import nn
from minitransfer.train import evaluate
from minitransfer.transfer import append, linear_probe, ridge_probe


def solved(x, y, strength):
    """Ridge regression the plain way: centre, then solve the normal equations."""
    mean_x, mean_y = x.mean(0), y.mean(0)
    gram = (x - mean_x).T @ (x - mean_x) + strength * np.eye(x.shape[1])
    weight = np.linalg.solve(gram, (x - mean_x).T @ (y - mean_y)).T
    return weight, mean_y - weight @ mean_x


def absolute(x, relative):
    return relative * ((x - x.mean(0)) ** 2).sum() / x.shape[1]


@pytest.mark.parametrize("n, d", [(30, 5), (8, 20)])
def test_weights_solve_the_normal_equations(n, d, rng):
    x, y = rng.standard_normal((n, d)), rng.standard_normal((n, 2))
    probe = ridge_probe(x, y, strengths=[0.1])
    weight, bias = solved(x, y, absolute(x, 0.1))
    np.testing.assert_allclose(probe.weight, weight, rtol=1e-8)
    np.testing.assert_allclose(probe.bias, bias, rtol=1e-8)


@pytest.mark.parametrize("n, d", [(12, 3), (8, 20)])
def test_the_left_out_error_is_that_of_leaving_out(n, d, rng):
    x, y = rng.standard_normal((n, d)), rng.standard_normal((n, 2))
    errors = []
    for i in range(n):
        others = np.arange(n) != i
        weight, bias = solved(x[others], y[others], absolute(x, 0.3))
        errors.append((y[i] - weight @ x[i] - bias) ** 2)
    probe = ridge_probe(x, y, strengths=[0.3])
    assert probe.left_out_error == pytest.approx(np.mean(errors), rel=1e-8)


def test_the_strength_with_the_smallest_left_out_error_is_taken(rng):
    x = rng.standard_normal((40, 30))
    y = x[:, 0] + rng.standard_normal(40)
    strengths = [1e-4, 1e-2, 1.0, 100.0]
    each = [ridge_probe(x, y, [s]).left_out_error for s in strengths]
    best = ridge_probe(x, y, strengths)
    assert best.strength == strengths[int(np.argmin(each))]
    assert best.strength not in (strengths[0], strengths[-1])  # it did have a choice to make
    assert best.left_out_error == min(each)


def test_noise_asks_for_more_strength_than_signal(rng):
    x = rng.standard_normal((50, 20))
    clean = ridge_probe(x, x[:, 0])
    noise = ridge_probe(x, rng.standard_normal(50))
    assert clean.strength < noise.strength


def test_labels(rng):
    x = rng.standard_normal((90, 4))
    y = np.arange(90) % 3
    x[np.arange(90), y] += 4
    probe = ridge_probe(x[:60], y[:60])
    assert probe.labels
    assert probe.weight.shape == (3, 4)
    assert probe.score(x[60:], y[60:]) > 0.9
    assert probe.score(x[60:], (y[60:] + 1) % 3) < 0.1


def test_score_of_values_is_r_squared(rng):
    x = rng.standard_normal((50, 3))
    y = x @ [1.0, 2.0, 3.0]
    probe = ridge_probe(x, y)
    assert probe.score(x, y) == pytest.approx(1.0, abs=1e-6)
    mean = ridge_probe(x, y, strengths=[1e12])
    assert mean.score(x, y) == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(ValueError, match="1 values per example, the targets have 2"):
        probe.score(x, np.zeros((50, 2)))


def test_features_of_any_shape_and_units(rng):
    x = rng.standard_normal((30, 2, 3)).astype(np.float32)
    y = rng.standard_normal(30)
    small, large = ridge_probe(x, y), ridge_probe(1000 * x, y)
    assert small.strength == large.strength
    np.testing.assert_allclose(small.predict(x), large.predict(1000 * x), rtol=1e-4, atol=1e-8)


def test_constant_features_say_nothing(rng):
    probe = ridge_probe(np.ones((10, 3)), np.arange(10.0))
    np.testing.assert_allclose(probe.predict(np.ones((2, 3))), 4.5)


def test_as_a_head(two_layers, batch, rng):
    x, y = batch
    body = nn.Sequential(two_layers.fc1, nn.ReLU())
    probe = ridge_probe(body(x).detach(), y)
    net = append(body, probe.as_layer())
    assert evaluate(net, (x.array, y.array))["accuracy"] == probe.score(body(x).detach(), y)
    assert net[1].weight.dtype == np.float32


@pytest.mark.parametrize(
    "x, y, strengths, words",
    [
        (np.ones((3, 2)), np.ones(2), [1.0], "3 rows of features and 2 targets"),
        (np.ones((1, 2)), np.ones(1), [1.0], "two or more"),
        (np.ones((3, 2)), np.ones(3), [0.0], "above 0"),
        (np.ones((3, 2)), np.ones(3), [], "above 0"),
    ],
)
def test_errors(x, y, strengths, words):
    with pytest.raises(ValueError, match=words):
        ridge_probe(x, y, strengths)


def test_a_layer_that_throws_the_answer_away_shows(rng):
    x = rng.standard_normal((200, 2)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    net = nn.Sequential(nn.Identity(), nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight.array[...] = [[0, 1], [0, 1]]  # the first feature goes no further
    scores = linear_probe(net, (x[:100], y[:100]), (x[100:], y[100:]))
    assert list(scores) == ["0", "1", "2"]
    assert scores["0"] > 0.9
    assert scores["1"] < 0.65
