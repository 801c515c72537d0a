"""Handwritten digits, as the official example trains them: conv net, Adadelta, StepLR, nll_loss."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

draw = np.random.default_rng(0)


def start(model):
    """Give both libraries the same first weights."""
    with torch.no_grad():
        for p in model.parameters():
            scale = 0.5 * max(np.prod(p.shape[1:]), 1) ** -0.5
            p.copy_(torch.from_numpy(draw.normal(0, scale, tuple(p.shape)).astype(np.float32)))
    return model


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, 1)
        self.conv2 = nn.Conv2d(8, 16, 3, 1)
        self.dropout1 = nn.Dropout2d(0.0)  # nothing left to chance: both libraries shall agree
        self.dropout2 = nn.Dropout(0.0)
        self.fc1 = nn.Linear(256, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        x = self.conv1(x)
        x = F.relu(x)
        x = self.conv2(x)
        x = F.relu(x)
        x = F.max_pool2d(x, 2)
        x = self.dropout1(x)
        x = torch.flatten(x, 1)
        x = self.fc1(x)
        x = F.relu(x)
        x = self.dropout2(x)
        x = self.fc2(x)
        output = F.log_softmax(x, dim=1)
        return output


losses = []


def train(model, device, train_loader, optimizer, epoch):
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        output = model(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        print(f"Train Epoch: {epoch} [{batch_idx * len(data)}] Loss: {loss.item():.6f}")


def test(model, device, test_loader):
    model.eval()
    test_loss = 0
    correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            data, target = data.to(device), target.to(device)
            output = model(data)
            test_loss += F.nll_loss(output, target, reduction="sum").item()
            pred = output.argmax(dim=1, keepdim=True)
            correct += pred.eq(target.view_as(pred)).sum().item()
    losses.append(test_loss / len(test_loader.dataset))
    print(f"Accuracy: {100.0 * correct / len(test_loader.dataset):.0f}%")


use_accel = torch.accelerator.is_available()
torch.manual_seed(1)
device = torch.accelerator.current_accelerator() if use_accel else torch.device("cpu")
train_kwargs = {"batch_size": 32}
if use_accel:
    train_kwargs.update({"num_workers": 1, "persistent_workers": True, "pin_memory": True})
labels = np.arange(128) % 10
images = 0.5 * draw.standard_normal((128, 1, 12, 12)).astype(np.float32)
images[np.arange(128), 0, labels] += 1
dataset = TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
train_loader = DataLoader(dataset, **train_kwargs)
test_loader = DataLoader(dataset, batch_size=64)
model = start(Net()).to(device)
optimizer = optim.Adadelta(model.parameters(), lr=1.0)
scheduler = StepLR(optimizer, step_size=1, gamma=0.7)
for epoch in range(1, 4):
    train(model, device, train_loader, optimizer, epoch)
    test(model, device, test_loader)
    scheduler.step()
