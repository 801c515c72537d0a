"""Transfer learning: a trained network goes on with all its weights, then with a new head alone."""

import os
import tempfile

import numpy as np
import torch
import torch.backends.cudnn as cudnn
import torch.nn as nn
import torch.optim as optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

cudnn.benchmark = True
draw = np.random.default_rng(0)


def start(model):
    """Give both libraries the same first weights."""
    with torch.no_grad():
        for p in model.parameters():
            scale = 0.5 * max(np.prod(p.shape[1:]), 1) ** -0.5
            p.copy_(torch.from_numpy(draw.normal(0, scale, tuple(p.shape)).astype(np.float32)))
    return model


def pictures(count, classes):
    """Stripes that are wider or narrower, in noise."""
    labels = np.arange(count) % classes
    waves = np.sin(np.arange(8) * (1 + labels[:, None]))
    noise = draw.standard_normal((count, 1, 8, 8))
    images = (waves[:, None, None, :] + 0.3 * noise).astype(np.float32)
    return TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))


class Backbone(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
            nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d((1, 1)),
        )  # fmt: skip
        self.fc = nn.Linear(8, classes)

    def forward(self, x):
        return self.fc(torch.flatten(self.features(x), 1))


dataloaders = {
    x: DataLoader(pictures(n, 2), batch_size=16, shuffle=False, num_workers=0)
    for x, n in [("train", 64), ("val", 32)]
}
dataset_sizes = {x: len(dataloaders[x].dataset) for x in ["train", "val"]}
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
losses = []


def train_model(model, criterion, optimizer, scheduler, num_epochs=3):
    with tempfile.TemporaryDirectory() as tempdir:
        best_model_params_path = os.path.join(tempdir, "best_model_params.pt")
        torch.save(model.state_dict(), best_model_params_path)
        best_acc = 0.0
        for epoch in range(num_epochs):
            print(f"Epoch {epoch}/{num_epochs - 1}")
            for phase in ["train", "val"]:
                if phase == "train":
                    model.train()
                else:
                    model.eval()
                running_loss = 0.0
                running_corrects = 0
                for inputs, labels in dataloaders[phase]:
                    inputs = inputs.to(device)
                    labels = labels.to(device)
                    optimizer.zero_grad()
                    with torch.set_grad_enabled(phase == "train"):
                        outputs = model(inputs)
                        _, preds = torch.max(outputs, 1)
                        loss = criterion(outputs, labels)
                        if phase == "train":
                            loss.backward()
                            optimizer.step()
                    running_loss += loss.item() * inputs.size(0)
                    running_corrects += torch.sum(preds == labels.data)
                if phase == "train":
                    scheduler.step()
                epoch_loss = running_loss / dataset_sizes[phase]
                epoch_acc = running_corrects.double() / dataset_sizes[phase]
                print(f"{phase} Loss: {epoch_loss:.4f} Acc: {epoch_acc:.4f}")
                losses.append(epoch_loss)
                if phase == "val" and epoch_acc > best_acc:
                    best_acc = epoch_acc
                    torch.save(model.state_dict(), best_model_params_path)
        model.load_state_dict(torch.load(best_model_params_path, weights_only=True))
    return model


criterion = nn.CrossEntropyLoss()
pretrained = start(Backbone(4)).state_dict()

# Everything goes on
model_ft = Backbone(4)
model_ft.load_state_dict(pretrained)
num_ftrs = model_ft.fc.in_features
model_ft.fc = start(nn.Linear(num_ftrs, 2))
model_ft = model_ft.to(device)
optimizer_ft = optim.SGD(model_ft.parameters(), lr=0.05, momentum=0.9)
exp_lr_scheduler = lr_scheduler.StepLR(optimizer_ft, step_size=2, gamma=0.1)
model_ft = train_model(model_ft, criterion, optimizer_ft, exp_lr_scheduler)

# The network as a fixed feature extractor
model_conv = Backbone(4)
model_conv.load_state_dict(pretrained)
for param in model_conv.parameters():
    param.requires_grad = False
before = model_conv.features[0].weight.clone()
model_conv.fc = start(nn.Linear(num_ftrs, 2))
model_conv = model_conv.to(device)
optimizer_conv = optim.SGD(model_conv.fc.parameters(), lr=0.05, momentum=0.9)
exp_lr_scheduler = lr_scheduler.StepLR(optimizer_conv, step_size=2, gamma=0.1)
model_conv = train_model(model_conv, criterion, optimizer_conv, exp_lr_scheduler)
assert torch.equal(before, model_conv.features[0].weight)

was_training = model_conv.training
model_conv.eval()
with torch.no_grad():
    for inputs, _ in dataloaders["val"]:
        outputs = model_conv(inputs.to(device))
        _, preds = torch.max(outputs, 1)
        for j in range(inputs.size()[0]):
            picture = inputs.cpu().data[j].numpy().transpose((1, 2, 0))
            assert picture.shape == (8, 8, 1)
            assert preds[j] in (0, 1)
    model_conv.train(mode=was_training)
