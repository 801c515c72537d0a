"""A sine by a polynomial: with gradients by hand, with autograd, with a module and an optimiser."""

import math

import numpy as np
import torch

dtype = torch.float
device = torch.device("cpu")
losses = []

# By hand
x = torch.linspace(-math.pi, math.pi, 200, device=device, dtype=dtype)
y = torch.sin(x)
a = torch.full((), 0.1, device=device, dtype=dtype)
b, c, d = a.clone(), a * 2, a * 3
learning_rate = 1e-5
for _ in range(100):
    y_pred = a + b * x + c * x**2 + d * x**3
    loss = (y_pred - y).pow(2).sum().item()
    grad_y_pred = 2.0 * (y_pred - y)
    a -= learning_rate * grad_y_pred.sum()
    b -= learning_rate * (grad_y_pred * x).sum()
    c -= learning_rate * (grad_y_pred * x**2).sum()
    d -= learning_rate * (grad_y_pred * x**3).sum()
losses.append(loss)

# With autograd
a = torch.zeros((), dtype=dtype, device=device, requires_grad=True)
b = torch.ones((), dtype=dtype, device=device, requires_grad=True)
for _ in range(100):
    loss = (a + b * x - y).pow(2).sum()
    loss.backward()
    with torch.no_grad():
        a -= 1e-4 * a.grad
        b -= 1e-4 * b.grad
        a.grad = None
        b.grad = None
losses.append(loss.item())

# With a module and an optimiser
p = torch.tensor([1, 2, 3])
xx = x.unsqueeze(-1).pow(p)
model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
with torch.no_grad():
    model[0].weight.copy_(torch.from_numpy(np.array([[0.1, -0.2, 0.3]], np.float32)))
    model[0].bias.fill_(0.5)
loss_fn = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for t in range(200):
    y_pred = model(xx)
    loss = loss_fn(y_pred, y)
    if t % 50 == 49:
        losses.append(loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
linear_layer = model[0]
print(f"y = {linear_layer.bias.item()} + {linear_layer.weight[:, 0].item()} x")
losses.append(linear_layer.weight[:, 2].item())
