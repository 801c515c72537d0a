"""Centred kernel alignment: what it sees and what it does not."""

import numpy as np
import pytest

from minitransfer import nn
from minitransfer.transfer import layer_similarity, linear_cka


@pytest.fixture(params=[(40, 6, 9), (10, 30, 20)], ids=["many rows", "many features"])
def features(request, rng):
    n, p, q = request.param
    a = rng.standard_normal((n, p)) * np.arange(1, p + 1)
    b = np.tanh(a @ rng.standard_normal((p, q)))
    return a, b


def test_the_definition(features):
    """Normalised HSIC of the two centred Gram matrices (equation 2 of the paper)."""
    a, b = features
    centre = np.eye(len(a)) - 1 / len(a)
    k, m = centre @ a @ a.T @ centre, centre @ b @ b.T @ centre
    expected = np.trace(k @ m) / np.sqrt(np.trace(k @ k) * np.trace(m @ m))
    assert linear_cka(a, b, debiased=False) == pytest.approx(expected, rel=1e-10)
    assert 0 < expected < 0.999


def test_the_definition_without_bias(features):
    """HSIC₁ of Song et al. (2012, equation 5), normalised as Nguyen et al. (2021) do."""

    def hsic(k, m):
        n = len(k)
        k, m = k * (1 - np.eye(n)), m * (1 - np.eye(n))
        ends = k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2 * (k @ m).sum() / (n - 2)
        return (np.trace(k @ m) + ends) / (n * (n - 3))

    a, b = features
    k, m = a @ a.T, b @ b.T
    expected = hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))
    assert linear_cka(a, b) == pytest.approx(expected, rel=1e-10)


def test_independent_noise_is_unlike_however_many_its_features(rng):
    pairs = rng.standard_normal((20, 2, 40, 400))
    assert min(linear_cka(*pair, debiased=False) for pair in pairs) > 0.85
    found = np.array([linear_cka(*pair) for pair in pairs])
    assert abs(found.mean()) < 3 * found.std(ddof=1) / np.sqrt(len(found))
    assert np.abs(found).max() < 0.15


def test_symmetric_and_one_with_itself(features):
    a, b = features
    assert linear_cka(a, b) == pytest.approx(linear_cka(b, a))
    assert linear_cka(a, a) == pytest.approx(1)


def test_rotation_scale_and_shift_do_not_matter(features, rng):
    a, b = features
    rotation, _ = np.linalg.qr(rng.standard_normal((a.shape[1], a.shape[1])))
    assert linear_cka(5 * a @ rotation + 3, b) == pytest.approx(linear_cka(a, b))


def test_stretching_one_direction_does(features):
    a, _ = features
    stretched = a.copy()
    stretched[:, 0] *= 100
    assert linear_cka(a, stretched) < 0.9


def test_unrelated_features_are_unlike(rng):
    a, b = rng.standard_normal((2, 2000, 5))
    assert linear_cka(a, b) < 0.02


def test_maps_are_flattened(rng):
    a = rng.standard_normal((20, 2, 3, 3))
    assert linear_cka(a, a.reshape(20, -1)) == pytest.approx(1)


def test_constant_features_are_like_nothing():
    assert linear_cka(np.ones((5, 3)), np.arange(5.0)[:, None]) == 0


@pytest.mark.parametrize("n, m, debiased", [(5, 4, True), (3, 3, True), (1, 1, False)])
def test_other_examples(n, m, debiased):
    with pytest.raises(ValueError, match=f"given {n} and {m} rows"):
        linear_cka(np.ones((n, 2)), np.ones((m, 2)), debiased=debiased)


def test_layers_of_two_networks(two_layers, net, batch):
    rows, columns, matrix = layer_similarity(two_layers, net, batch[0], ["fc1"], ["0", "4", "6"])
    assert (rows, columns, matrix.shape) == (["fc1"], ["0", "4", "6"], (1, 3))
    assert ((matrix > 0) & (matrix < 1)).all()


def test_a_network_with_itself(batch, rng):
    net = nn.Sequential(nn.Linear(6, 4, generator=rng), nn.ReLU(), nn.Linear(4, 4, generator=rng))
    _, _, matrix = layer_similarity(net, net, batch[0])
    np.testing.assert_allclose(matrix, matrix.T, rtol=1e-6)
    np.testing.assert_allclose(np.diagonal(matrix), 1, rtol=1e-6)
