"""A polynomial of fourth degree found by steps that are written out, with a smooth L1 loss."""

from itertools import count

import numpy as np
import torch
import torch.nn.functional as F

draw = np.random.default_rng(0)
POLY_DEGREE = 4
W_target = torch.from_numpy(draw.normal(0, 5, (POLY_DEGREE, 1)).astype(np.float32))
b_target = torch.from_numpy(draw.normal(0, 5, 1).astype(np.float32))


def make_features(x):
    """Builds features i.e. a matrix with columns [x, x^2, x^3, x^4]."""
    x = x.unsqueeze(1)
    return torch.cat([x**i for i in range(1, POLY_DEGREE + 1)], 1)


def f(x):
    return x.mm(W_target) + b_target.item()


def get_batch(batch_size=32):
    random = torch.from_numpy(draw.standard_normal(batch_size).astype(np.float32))
    x = make_features(random)
    return x, f(x)


fc = torch.nn.Linear(W_target.size(0), 1)
torch.nn.init.constant_(fc.weight, 0.1)
torch.nn.init.zeros_(fc.bias)
losses = []
for batch_idx in count(1):
    batch_x, batch_y = get_batch()
    fc.zero_grad()
    output = F.smooth_l1_loss(fc(batch_x), batch_y)
    loss = output.item()
    output.backward()
    for param in fc.parameters():
        param.data.add_(-0.1 * param.grad)
    losses.append(loss)
    if loss < 1e-3 or batch_idx == 100:
        break
print(f"Loss: {loss:.6f} after {batch_idx} batches")
W = fc.weight.view(-1)
print("==> Learned function:", [f"{w:+.2f}" for w in W], f"{fc.bias[0]:+.2f}")
