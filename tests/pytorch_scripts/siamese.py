"""A siamese network that says whether two pictures show the same (Koch et al. 2015)."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, Dataset

draw = np.random.default_rng(0)


def start(model):
    """Give both libraries the same first weights."""
    with torch.no_grad():
        for p in model.parameters():
            scale = 0.5 * max(np.prod(p.shape[1:]), 1) ** -0.5
            p.copy_(torch.from_numpy(draw.normal(0, scale, tuple(p.shape)).astype(np.float32)))
    return model


class SiameseNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Sequential(
            nn.Conv2d(1, 6, 3, stride=2, padding=1, bias=False), nn.LeakyReLU(0.1), nn.Flatten()
        )
        self.fc_in_features = 6 * 4 * 4
        self.fc = nn.Sequential(
            nn.Linear(self.fc_in_features * 2, 32), nn.ReLU(inplace=True), nn.Linear(32, 1)
        )
        self.sigmoid = nn.Sigmoid()
        self.fc.apply(self.init_weights)

    def init_weights(self, m):
        if isinstance(m, nn.Linear):
            torch.nn.init.xavier_uniform_(m.weight)
            m.bias.data.fill_(0.01)

    def forward_once(self, x):
        output = self.cnn(x)
        output = output.view(output.size()[0], -1)
        return F.normalize(output)

    def forward(self, input1, input2):
        output1 = self.forward_once(input1)
        output2 = self.forward_once(input2)
        output = torch.cat((output1, output2), 1)
        output = self.fc(output)
        return self.sigmoid(output)


class Matcher(Dataset):
    def __init__(self, count):
        super().__init__()
        self.labels = np.arange(count) % 3
        noise = draw.standard_normal((count, 1, 8, 8))
        self.data = (0.2 * noise + self.labels[:, None, None, None]).astype(np.float32)

    def __len__(self):
        return self.data.shape[0]

    def __getitem__(self, index):
        other = (index + (3 if index % 2 else 1)) % len(self)
        target = torch.tensor(float(self.labels[index] == self.labels[other]), dtype=torch.float)
        return torch.from_numpy(self.data[index]), torch.from_numpy(self.data[other]), target


device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = start(SiameseNetwork()).to(device)
loader = DataLoader(Matcher(60), batch_size=20)
optimizer = optim.Adadelta(model.parameters(), lr=1.0)
scheduler = StepLR(optimizer, step_size=1, gamma=0.7)
criterion = nn.BCELoss()
losses = []
for _ in range(5):
    model.train()
    for images_1, images_2, targets in loader:
        images_1, images_2, targets = images_1.to(device), images_2.to(device), targets.to(device)
        optimizer.zero_grad()
        outputs = model(images_1, images_2).squeeze()
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    correct = 0
    with torch.no_grad():
        for images_1, images_2, targets in loader:
            outputs = model(images_1, images_2).squeeze()
            pred = torch.where(outputs > 0.5, 1, 0)
            correct += pred.eq(targets.view_as(pred)).sum().item()
    scheduler.step()
losses.append(correct)
