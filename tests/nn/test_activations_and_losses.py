"""Modules around functions: the same numbers, with the options they were made with."""

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor, nn
from minitransfer.nn import functional as F

X = np.linspace(-3, 7, 12, dtype=np.float64).reshape(3, 4)

ACTIVATIONS = {
    "ReLU": (nn.ReLU(), np.maximum(X, 0)),
    "ReLU inplace": (nn.ReLU(inplace=True), np.maximum(X, 0)),
    "LeakyReLU": (nn.LeakyReLU(0.2), np.where(X > 0, X, 0.2 * X)),
    "ReLU6": (nn.ReLU6(), np.clip(X, 0, 6)),
    "Tanh": (nn.Tanh(), np.tanh(X)),
    "Sigmoid": (nn.Sigmoid(), 1 / (1 + np.exp(-X))),
    "Softplus": (nn.Softplus(), np.log1p(np.exp(X))),
    "Softmax": (nn.Softmax(dim=0), np.exp(X) / np.exp(X).sum(0)),
    "LogSoftmax": (nn.LogSoftmax(dim=1), X - np.log(np.exp(X).sum(1, keepdims=True))),
    "GELU tanh": (
        nn.GELU("tanh"),
        X / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))),
    ),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    module, expected = ACTIVATIONS[name]
    np.testing.assert_allclose(module(Tensor(X)).array, expected, rtol=1e-9, atol=1e-12)


def test_gelu_is_the_exact_one():
    y = nn.GELU()(Tensor(np.array([1.0, -1.0])))
    np.testing.assert_allclose(y.array, [0.8413447460685429, -0.15865525393145707], rtol=1e-9)


P = np.array([[0.2, 0.8], [0.5, 0.5]])
LOGITS = np.array([[1.0, -1.0], [0.5, 2.0]])
LOG_P = LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True))
LABELS = np.array([0, 1])
SIGMOID = 1 / (1 + np.exp(-LOGITS))
LOSSES = {
    "CE": (nn.CrossEntropyLoss(), LABELS, -(LOG_P[0, 0] + LOG_P[1, 1]) / 2),
    "CE sum": (nn.CrossEntropyLoss(reduction="sum"), LABELS, -(LOG_P[0, 0] + LOG_P[1, 1])),
    "CE weight": (
        nn.CrossEntropyLoss(weight=Tensor([1.0, 3.0])),
        LABELS,
        -(LOG_P[0, 0] + 3 * LOG_P[1, 1]) / 4,
    ),
    "CE ignore": (nn.CrossEntropyLoss(ignore_index=1), LABELS, -LOG_P[0, 0]),
    "CE smooth": (
        nn.CrossEntropyLoss(label_smoothing=0.2),
        LABELS,
        -(0.8 * (LOG_P[0, 0] + LOG_P[1, 1]) + 0.1 * LOG_P.sum()) / 2,
    ),
    "CE shares": (nn.CrossEntropyLoss(), P, -(P * LOG_P).sum() / 2),
    "BCE": (
        nn.BCEWithLogitsLoss(),
        P,
        -(P * np.log(SIGMOID) + (1 - P) * np.log(1 - SIGMOID)).mean(),
    ),
    "BCE weights": (
        nn.BCEWithLogitsLoss(weight=Tensor([2.0, 1.0]), pos_weight=Tensor([3.0, 1.0])),
        P,
        -([2.0, 1.0] * (P * [3.0, 1.0] * np.log(SIGMOID) + (1 - P) * np.log(1 - SIGMOID))).mean(),
    ),
    "MSE": (nn.MSELoss(), P, ((LOGITS - P) ** 2).mean()),
    "MSE none": (nn.MSELoss(reduction="none"), P, (LOGITS - P) ** 2),
    "L1": (nn.L1Loss(reduction="sum"), P, np.abs(LOGITS - P).sum()),
    "KL": (nn.KLDivLoss(reduction="batchmean"), P, (P * (np.log(P) - LOGITS)).sum() / 2),
    "KL log": (
        nn.KLDivLoss(log_target=True),
        np.log(P),
        (P * (np.log(P) - LOGITS)).mean(),
    ),
    "Huber": (
        nn.HuberLoss(delta=0.9),
        P,
        np.where(
            np.abs(LOGITS - P) < 0.9,
            (LOGITS - P) ** 2 / 2,
            0.9 * (np.abs(LOGITS - P) - 0.45),
        ).mean(),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    loss, target, expected = LOSSES[name]
    y = loss(Tensor(LOGITS), Tensor(target))
    np.testing.assert_allclose(y.array, expected, rtol=1e-6)
    assert y.dtype == np.float64
    assert list(loss.parameters()) == []


def test_losses_do_not_broadcast():
    with pytest.raises(ValueError, match=r"\(4, 1\).*\(4,\)"):
        nn.MSELoss()(mt.zeros(4, 1), mt.zeros(4))
    with pytest.raises(ValueError, match="label 2"):
        nn.CrossEntropyLoss()(mt.zeros(2, 2), Tensor([0, 2]))
    with pytest.raises(ValueError, match="reduction='average'"):
        nn.MSELoss(reduction="average")(mt.zeros(2), mt.zeros(2))


def test_one_hot_and_pad():
    assert F.one_hot(Tensor([2, 0])).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert F.one_hot(Tensor([1]), 4).dtype == np.int64
    with pytest.raises(ValueError, match="labels from 0 to 3 for 3 classes"):
        F.one_hot(Tensor([0, 3]), 3)
    with pytest.raises(ValueError, match="labels from -1"):
        F.one_hot(Tensor([-1, 1]))
    x = mt.ones(1, 2)
    assert F.pad(x, (1, 0, 0, 2)).shape == (3, 3)
    with pytest.raises(ValueError, match="up to 2 axes"):
        F.pad(x, (1, 1, 1, 1, 1, 1))
