"""Learning without a way back through the network (Hinton 2022): a loss for each layer."""

import numpy as np
import torch
import torch.nn as nn
from torch.optim import Adam

draw = np.random.default_rng(0)


def overlay_y_on_x(x, y, classes=4):
    x_ = x.clone()
    x_[:, :classes] *= 0.0
    x_[range(x.shape[0]), y] = x.max()
    return x_


class Layer(nn.Linear):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__(in_features, out_features, bias, device, dtype)
        self.relu = torch.nn.ReLU()
        with torch.no_grad():
            values = draw.normal(0, in_features**-0.5, (out_features, in_features))
            self.weight.copy_(torch.from_numpy(values.astype(np.float32)))
            self.bias.zero_()
        self.opt = Adam(self.parameters(), lr=0.02)
        self.threshold = 1.0

    def forward(self, x):
        x_direction = x / (x.norm(2, 1, keepdim=True) + 1e-4)
        return self.relu(torch.mm(x_direction, self.weight.T) + self.bias.unsqueeze(0))

    def train(self, x_pos, x_neg):
        for _ in range(15):
            g_pos = self.forward(x_pos).pow(2).mean(1)
            g_neg = self.forward(x_neg).pow(2).mean(1)
            loss = torch.log(
                1 + torch.exp(torch.cat([-g_pos + self.threshold, g_neg - self.threshold]))
            ).mean()
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
        losses.append(loss.item())
        return self.forward(x_pos).detach(), self.forward(x_neg).detach()


class Net(torch.nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.layers = []
        for d in range(len(dims) - 1):
            self.layers += [Layer(dims[d], dims[d + 1])]

    def predict(self, x):
        goodness_per_label = []
        for label in range(4):
            h = overlay_y_on_x(x, label)
            goodness = []
            for layer in self.layers:
                h = layer(h)
                goodness += [h.pow(2).mean(1)]
            goodness_per_label += [sum(goodness).unsqueeze(1)]
        goodness_per_label = torch.cat(goodness_per_label, 1)
        return goodness_per_label.argmax(1)

    def fit(self, x_pos, x_neg):
        h_pos, h_neg = x_pos, x_neg
        for layer in self.layers:
            h_pos, h_neg = layer.train(h_pos, h_neg)


losses = []
y = torch.arange(48) % 4
x = torch.from_numpy(draw.random((48, 24)).astype(np.float32))
x[range(48), 8 + y] += 2
net = Net([24, 32, 32])
net.fit(overlay_y_on_x(x, y), overlay_y_on_x(x, (y + 1) % 4))
with torch.no_grad():
    losses.append(1.0 - net.predict(x).eq(y).float().mean().item())
