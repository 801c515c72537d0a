"""Small networks, and what it means for something not to move."""

import numpy as np
import pytest

from minitransfer import Tensor, nn


class TwoLayers(nn.Module):
    """A network as in PyTorch scripts: no Sequential, a forward of its own."""

    def __init__(self, generator=None):
        super().__init__()
        self.fc1 = nn.Linear(6, 5, generator=generator)
        self.fc2 = nn.Linear(5, 3, generator=generator)

    def forward(self, x):
        return self.fc2(self.fc1(x).relu())


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def two_layers(rng):
    return TwoLayers(rng)


@pytest.fixture
def net(rng):
    """Linear, batch norm, ReLU, dropout, Linear, ReLU, head: 6 → 3."""
    return nn.Sequential(
        nn.Linear(6, 8, generator=rng),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.Dropout(0.5, generator=rng),
        nn.Linear(8, 5, generator=rng),
        nn.ReLU(),
        nn.Linear(5, 3, generator=rng),
    )


@pytest.fixture
def batch(rng):
    return Tensor(rng.standard_normal((16, 6)).astype(np.float32)), Tensor(rng.integers(0, 3, 16))


@pytest.fixture
def train_steps(batch):
    """A function that takes plain training steps, without `fit`."""

    def steps(model, optimizer, n=3, clip=None):
        from minitransfer.optim import clip_grad_norm_

        x, y = batch
        for _ in range(n):
            optimizer.zero_grad()
            nn.CrossEntropyLoss()(model(x), y).backward()
            if clip is not None:
                clip_grad_norm_(model.parameters(), clip)
            optimizer.step()

    return steps


@pytest.fixture
def bits():
    """A function from a module to the bytes of all its parameters and buffers."""

    def state(module):
        return {name: tensor.array.tobytes() for name, tensor in module.state_dict().items()}

    return state
