"""A table of numbers and categories: own Dataset, embeddings, a rate that falls on plateaus."""

import os
import tempfile

import numpy as np
import torch
import torch.nn as nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, Dataset, random_split

draw = np.random.default_rng(0)


def start(model):
    """Give both libraries the same first weights."""
    with torch.no_grad():
        for p in model.parameters():
            scale = 0.5 * max(np.prod(p.shape[1:]), 1) ** -0.5
            p.copy_(torch.from_numpy(draw.normal(0, scale, tuple(p.shape)).astype(np.float32)))
    return model


class TableDataset(Dataset):
    def __init__(self, rows):
        self.categories = draw.integers(0, 4, rows)
        self.numbers = draw.standard_normal((rows, 5)).astype(np.float32)
        score = self.numbers[:, 0] + 0.5 * self.categories - 0.8
        self.answers = (score > 0).astype(np.float32)

    def __len__(self):
        return len(self.answers)

    def __getitem__(self, idx):
        row = torch.tensor(self.numbers[idx])
        category = torch.tensor(self.categories[idx], dtype=torch.long)
        return category, row, torch.tensor([self.answers[idx]])


class Model(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.embedding = nn.Embedding(4, 3)
        self.layers = nn.Sequential(
            nn.Linear(8, hidden, bias=False),  # a bias before batch norm would only follow rounding
            nn.BatchNorm1d(hidden),
            nn.SiLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, category, row):
        return self.layers(torch.cat([self.embedding(category), row], dim=1))


data = TableDataset(160)
train_set, valid_set = random_split(data, [128, 32], generator=torch.Generator().manual_seed(42))
assert len(train_set) == 128
assert set(train_set.indices).isdisjoint(valid_set.indices)
# The split is at random; so that both libraries see the same rows, the parts are put in order.
train_set.indices, valid_set.indices = list(range(128)), list(range(128, 160))
train_loader = DataLoader(train_set, batch_size=32, shuffle=False, num_workers=0)
valid_loader = DataLoader(valid_set, batch_size=32, pin_memory=torch.cuda.is_available())

device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
model = start(Model()).to(device)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=1e-3, amsgrad=True)
scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=1)
losses, best = [], float("inf")

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "best.pt")
    for epoch in range(8):
        model.train()
        for category, row, answer in train_loader:
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(category.to(device), row.to(device)), answer.to(device))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
        losses.append(loss.item())
        model.eval()
        with torch.inference_mode():
            valid = sum(criterion(model(c, r), a).item() for c, r, a in valid_loader)
        scheduler.step(valid)
        losses.append(valid)
        if valid < best:
            best = valid
            torch.save(
                {
                    "epoch": epoch,
                    "model_state_dict": model.state_dict(),
                    "optimizer_state_dict": optimizer.state_dict(),
                    "loss": valid,
                },
                path,
            )
    checkpoint = torch.load(path, map_location=device)
    model.load_state_dict(checkpoint["model_state_dict"])
    optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
losses.append(checkpoint["loss"])
losses.append(optimizer.param_groups[0]["lr"])
