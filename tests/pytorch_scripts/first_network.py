"""A first convolutional network, its gradients and its steps looked at one by one."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

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
        super(Net, self).__init__()  # noqa: UP008
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, input):
        c1 = F.relu(self.conv1(input))
        s2 = F.max_pool2d(c1, (2, 2))
        c3 = F.relu(self.conv2(s2))
        s4 = F.max_pool2d(c3, 2)
        s4 = torch.flatten(s4, 1)
        f5 = F.relu(self.fc1(s4))
        f6 = F.relu(self.fc2(f5))
        return self.fc3(f6)


net = start(Net())
params = list(net.parameters())
assert len(params) == 10
assert params[0].size() == (6, 1, 5, 5)

input = torch.from_numpy(draw.standard_normal((1, 1, 32, 32)).astype(np.float32))
target = torch.linspace(-1, 1, 10).view(1, -1)
net.zero_grad()
net(input).backward(torch.ones(1, 10))

criterion = nn.MSELoss()
loss = criterion(net(input), target)
assert loss.grad_fn is not None
assert loss.grad_fn.next_functions[0][0].next_functions[0][0] is not None
losses = [loss.item()]

net.zero_grad()
assert net.conv1.bias.grad is None
loss.backward()
slope = net.conv1.bias.grad.abs().sum().item()

learning_rate = 0.01
for f in net.parameters():
    f.data.sub_(f.grad.data * learning_rate)
losses.append(criterion(net(input), target).item())

optimizer = optim.SGD(net.parameters(), lr=0.01)
for _ in range(5):
    optimizer.zero_grad()
    loss = criterion(net(input), target)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
losses.append(slope)
