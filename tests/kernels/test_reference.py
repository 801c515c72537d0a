"""The plain versions carry everything above them: operations, engine, layers and freezing."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
SELECTION = [
    "kernels/test_optimizer_steps.py",
    "kernels/test_elementwise.py",
    "ops/test_activations.py",
    "ops/test_convolution.py",
    "ops/test_distances.py",
    "ops/test_matrix.py",
    "ops/test_normalization.py",
    "ops/test_pooling.py",
    "test_autograd.py",
    "transfer/test_freezing.py",
]
SHOW = """
import sys
import numpy as np
from minitransfer import Tensor, kernels, nn, optim
assert kernels.conv2d.__name__ == "conv2d_reference"
rng = np.random.default_rng(0)
conv, head = nn.Conv2d(1, 6, 3, generator=rng), nn.Linear(24, 2, generator=rng)
net = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), head)
adam = optim.Adam(net.parameters(), lr=0.05)
x, t = Tensor(rng.random((6, 1, 4, 4), np.float32)), Tensor([0, 1] * 3)
losses = []
for _ in range(60):
    adam.zero_grad()
    loss = nn.CrossEntropyLoss()(net(x), t)
    loss.backward()
    adam.step()
    losses.append(loss.item())
from minitransfer.kernels.compile import REGISTRY
print(losses[-1] < 0.7 * losses[0], any(REGISTRY.values()))
"""


def _run(*arguments):
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=TESTS.parent,
        env={**os.environ, "MINITRANSFER_KERNELS": "reference"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    return run.stdout


def test_what_stands_on_the_kernels_holds_on_the_plain_versions():
    files = [str(TESTS / name) for name in SELECTION]
    said = _run("-m", "pytest", "-x", "-p", "no:cacheprovider", *files)
    assert "failed" not in said


def test_a_network_learns_without_one_compiled_kernel():
    assert _run("-c", SHOW).split() == ["True", "False"]
