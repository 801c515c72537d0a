"""A variational auto-encoder (Kingma and Welling 2014), as the official example writes it."""

import numpy as np
import torch
from torch import nn, optim
from torch.nn import functional as F

draw = np.random.default_rng(0)


def start(model):
    """Give both libraries the same first weights."""
    with torch.no_grad():
        for p in model.parameters():
            scale = 0.5 * max(np.prod(p.shape[1:]), 1) ** -0.5
            p.copy_(torch.from_numpy(draw.normal(0, scale, tuple(p.shape)).astype(np.float32)))
    return model


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 32)
        self.fc21 = nn.Linear(32, 4)
        self.fc22 = nn.Linear(32, 4)
        self.fc3 = nn.Linear(4, 32)
        self.fc4 = nn.Linear(32, 64)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        # The same noise in both libraries.
        eps.copy_(torch.from_numpy(draw.standard_normal(tuple(eps.shape)).astype(np.float32)))
        return mu + eps * std

    def decode(self, z):
        h3 = F.relu(self.fc3(z))
        return torch.sigmoid(self.fc4(h3))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 64))
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    BCE = F.binary_cross_entropy(recon_x, x.view(-1, 64), reduction="sum")
    KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return BCE + KLD


use_accel = torch.accelerator.is_available()
device = torch.accelerator.current_accelerator() if use_accel else torch.device("cpu")
model = start(VAE()).to(device)
optimizer = optim.Adam(model.parameters(), lr=1e-2)
pictures = torch.from_numpy((draw.random((64, 1, 8, 8)) * np.linspace(0, 1, 8)).astype(np.float32))
losses = []
model.train()
for epoch in range(20):
    data = pictures.to(device)
    optimizer.zero_grad()
    recon_batch, mu, logvar = model(data)
    loss = loss_function(recon_batch, data, mu, logvar)
    loss.backward()
    optimizer.step()
    losses.append(loss.item() / len(data))
    print(f"====> Epoch: {epoch} Average loss: {loss.item() / len(data):.4f}")
with torch.no_grad():
    sample = model.decode(torch.zeros(2, 4, device=device)).cpu()
    comparison = torch.cat([pictures[:2], sample.view(2, 1, 8, 8)])
losses.append(comparison.mean().item())
