"""Scripts as they are written for PyTorch run here when their import lines change, and learn."""

import importlib.util
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import kernels, nn, optim
from minitransfer.nn import functional as F

#: Scripts in the patterns of PyTorch's tutorials and examples.
SCRIPTS = sorted(
    path
    for path in (Path(__file__).parent / "pytorch_scripts").glob("*.py")
    if path.name != "conftest.py"
)

#: The first word of an import line and the library's name in it, and what becomes of them.
IMPORTS = [
    (r"^import torch$", "import minitransfer as torch"),
    (r"^(import|from) torch\b", r"\1 minitransfer"),
]

# The listing of "Transfer learning" as printed, with data put in and an evaluation added.
TWO_TASKS = """
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
images = torch.randn(300, 12)
labels = (images[:, :6].sum(dim=1) > images[:, 6:].sum(dim=1)).long()
train_loader = DataLoader(TensorDataset(images[:200], labels[:200]), batch_size=20, shuffle=True)
test_loader = DataLoader(TensorDataset(images[200:], labels[200:]), batch_size=50)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(12, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        x = torch.relu(self.fc1(x))
        x = self.fc2(x)
        return x


model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.01)
first_loss = None

for epoch in range(100):
    model.train()
    running_loss = 0.0
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    first_loss = first_loss or running_loss

correct = 0
total = 0
model.eval()
with torch.no_grad():
    for inputs, targets in test_loader:
        outputs = model(inputs)
        _, predicted = torch.max(outputs, 1)
        total += targets.size(0)
        correct += (predicted == targets).sum().item()
accuracy = correct / total


class NewTaskNet(nn.Module):
    def __init__(self):
        super(NewTaskNet, self).__init__()
        self.fc1 = nn.Linear(12, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


new_model = NewTaskNet()
new_optimizer = optim.SGD(new_model.parameters(), lr=0.01)
for inputs, targets in train_loader:
    new_optimizer.zero_grad()
    loss = criterion(new_model(inputs), targets)
    loss.backward()
    new_optimizer.step()
"""

BY_HAND = """
import torch

torch.manual_seed(1)
x = torch.linspace(-1, 1, 100)
y = 3 * x - 2
w = torch.zeros((), requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for step in range(200):
    loss = (w * x + b - y).pow(2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.3 * w.grad
        b -= 0.3 * b.grad
        w.grad.zero_()
        b.grad = None
"""

WHOLE = """
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = torch.rand(256, 1, 6, 6)
target = (data.mean(dim=[1, 2, 3]) > 0.5).long()
data[:, :, :3] += 0.5 * target.float().view(-1, 1, 1, 1)
loader = DataLoader(TensorDataset(data, target), batch_size=32, shuffle=True, drop_last=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.pool = nn.MaxPool2d(2, 2)
        self.layers = nn.ModuleList([nn.Linear(36, 16), nn.Linear(16, 16)])
        self.dropout = nn.Dropout(p=0.05)
        self.head = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(16, 2))
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.kaiming_normal_(m.weight, mode="fan_in", nonlinearity="relu")
                nn.init.constant_(m.bias, 0)

    def forward(self, x):
        x = self.pool(F.relu(self.bn(self.conv(x))))
        x = torch.flatten(x, 1)
        for layer in self.layers:
            x = x[:, :16] + F.relu(layer(x))
        return self.head(self.dropout(x))


model = Net().to("cpu")
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
rates = []
for epoch in range(6):
    model.train()
    for batch, (x, y) in enumerate(loader):
        loss = F.cross_entropy(model(x), y)
        penalty = 0.0
        for p in model.head.parameters():
            penalty += p.abs().sum()
        loss += 1e-4 * penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    rates.append(scheduler.get_last_lr()[0])
    scheduler.step()

model.eval()
correct = 0
with torch.no_grad():
    for x, y in loader:
        output = model(x)
        pred = output.argmax(dim=1, keepdim=True)
        correct += pred.eq(y.view_as(pred)).sum().item()
        _, same = torch.max(output.data, 1)
        assert (same == pred.squeeze(1)).all()
accuracy = 100.0 * correct / len(loader.dataset)
count = sum(p.numel() for p in model.parameters() if p.requires_grad)
state = {k: v.clone() for k, v in model.state_dict().items()}

for param in model.parameters():
    param.requires_grad = False
before = model.conv.weight.clone()
model.head = nn.Linear(16, 5)
optimizer = optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-3)
loss = nn.CrossEntropyLoss()(model(data[:8]), torch.randint(0, 5, (8,)))
loss.backward()
optimizer.step()
"""


def with_imports_changed(script):
    """Change the import lines, and nothing else."""
    for pattern, replacement in IMPORTS:
        script = re.sub(pattern, replacement, script, flags=re.MULTILINE)
    assert not re.search(r"^\s*(import|from) torch", script, re.MULTILINE)
    return script


def run(script, change=with_imports_changed):
    """Run a script; return its names."""
    names = {"__name__": "script"}
    exec(compile(change(script), "script", "exec"), names)
    return names


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_a_script_runs_here_and_agrees_with_pytorch(path):
    script = path.read_text(encoding="utf-8")
    losses = run(script)["losses"]
    assert np.isfinite(losses).all()
    if importlib.util.find_spec("torch"):
        with warnings.catch_warnings():  # PyTorch's own hint that another order of axes is faster
            warnings.filterwarnings("ignore", "enable_nested_tensor is True")
            theirs = run(script, change=str)["losses"]
        np.testing.assert_allclose(losses, theirs, rtol=1e-4, atol=1e-4)


def test_the_listing_with_two_tasks_runs_and_learns():
    names = run(TWO_TASKS)
    assert names["running_loss"] < 0.5 * names["first_loss"]
    assert names["accuracy"] > 0.8
    # The second network was never given the first one's weights: nothing was transferred.
    assert not np.array_equal(names["new_model"].fc1.weight.data, names["model"].fc1.weight.data)


def test_descent_by_hand_under_no_grad():
    names = run(BY_HAND)
    assert names["w"].item() == pytest.approx(3, abs=1e-3)
    assert names["b"].item() == pytest.approx(-2, abs=1e-3)
    assert names["w"].requires_grad


def test_a_script_with_most_of_what_scripts_use():
    names = run(WHOLE)
    assert names["accuracy"] > 80
    np.testing.assert_allclose(names["rates"], [0.1, 0.1, 0.05, 0.05, 0.025, 0.025])
    assert names["count"] == 40 + 8 + 36 * 16 + 16 + 16 * 16 + 16 + 34
    model = names["model"]
    np.testing.assert_array_equal(model.conv.weight.data, names["before"].data)
    assert model.head.weight.grad is not None
    with pytest.raises(KeyError, match=r"head\.1\.weight"):
        model.load_state_dict(names["state"])


# The same seed gives the same bits


def trained(seed, steps=8):
    """Train a small network of every kind of layer; return its state and the losses."""
    mt.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, groups=8), nn.GELU(), nn.Flatten(), nn.Dropout(0.2),
        nn.Linear(8 * 6 * 6, 64), nn.LayerNorm(64), nn.Tanh(), nn.Linear(64, 5),
    )  # fmt: skip
    optimizer = optim.AdamW(net.parameters(), lr=1e-2)
    x, labels = mt.randn(64, 2, 16, 16), mt.randint(5, (64,))
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        optim.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return {name: t.array.copy() for name, t in net.state_dict().items()}, losses


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a)


def test_the_same_seed_gives_the_same_bits():
    (first, losses), (again, losses_again), (other, _) = trained(3), trained(3), trained(4)
    assert same(first, again)
    assert losses == losses_again
    assert not same(first, other)
    assert losses[-1] < losses[0]


def test_one_and_two_threads_give_the_same_bits():
    before = kernels.get_num_threads()
    try:
        kernels.set_num_threads(1)
        one, losses = trained(5, steps=3)
        kernels.set_num_threads(2)
        assert kernels.get_num_threads() == 2
        two, losses_of_two = trained(5, steps=3)
    finally:
        kernels.set_num_threads(before)
    assert same(one, two)
    assert losses == losses_of_two
