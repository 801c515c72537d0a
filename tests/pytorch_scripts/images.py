"""Colour pictures in classes, as the beginners' tutorial trains them, and accuracy by class."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
import torch.utils.data as data

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
        self.conv1 = nn.Conv2d(3, 6, 5, padding=2)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 3)
        self.fc1 = nn.Linear(16 * 3 * 3, 32)
        self.fc2 = nn.Linear(32, 3)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


classes = ("red", "green", "blue")
labels = torch.arange(96) % 3
images = torch.from_numpy(draw.normal(0, 1, (96, 3, 16, 16)).astype(np.float32))
images = images + 0.5 * F.one_hot(labels, num_classes=3).float()[:, :, None, None]
dataset = data.TensorDataset(images, labels)
trainloader = data.DataLoader(dataset, batch_size=16, shuffle=False, num_workers=0)
net = start(Net())
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True)
scheduler = optim.lr_scheduler.OneCycleLR(
    optimizer, max_lr=0.1, epochs=3, steps_per_epoch=len(trainloader)
)
losses = []
for epoch in range(3):
    running_loss = 0.0
    for i, batch in enumerate(trainloader, 0):
        inputs, targets = batch
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        scheduler.step()
        running_loss += loss.item()
        if i % 3 == 2:
            print(f"[{epoch + 1}, {i + 1:5d}] loss: {running_loss / 3:.3f}")
            losses.append(running_loss / 3)
            running_loss = 0.0

correct_pred = {classname: 0 for classname in classes}
total_pred = {classname: 0 for classname in classes}
with torch.no_grad():
    for inputs, targets in trainloader:
        _, predictions = torch.max(net(inputs), 1)
        for label, prediction in zip(targets, predictions):  # noqa: B905
            if label == prediction:
                correct_pred[classes[label]] += 1
            total_pred[classes[label]] += 1
for classname, correct_count in correct_pred.items():
    accuracy = 100 * float(correct_count) / total_pred[classname]
    print(f"Accuracy for class: {classname:5s} is {accuracy:.1f} %")
    losses.append(accuracy)
