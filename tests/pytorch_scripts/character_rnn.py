"""A recurrent network of linear layers: the language of names, letter by letter."""

import numpy as np
import torch
import torch.nn as nn

draw = np.random.default_rng(0)


def start(model):
    """Give both libraries the same first weights."""
    with torch.no_grad():
        for p in model.parameters():
            scale = 0.5 * max(np.prod(p.shape[1:]), 1) ** -0.5
            p.copy_(torch.from_numpy(draw.normal(0, scale, tuple(p.shape)).astype(np.float32)))
    return model


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.i2o = nn.Linear(input_size + hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, input, hidden):
        combined = torch.cat((input, hidden), 1)
        hidden = torch.tanh(self.i2h(combined))
        output = self.softmax(self.i2o(combined))
        return output, hidden

    def initHidden(self):
        return torch.zeros(1, self.hidden_size)


all_letters = "abcdefghijklmnopqrstuvwxyz"
categories = {"Italian": ["rossi", "bianchi", "ferrari"], "German": ["schmidt", "koch", "fuchs"]}
all_categories = list(categories)


def lineToTensor(line):
    tensor = torch.zeros(len(line), 1, len(all_letters))
    for li, letter in enumerate(line):
        tensor[li][0][all_letters.find(letter)] = 1
    return tensor


def categoryFromOutput(output):
    _, top_i = output.topk(1)
    category_i = top_i[0].item()
    return all_categories[category_i], category_i


rnn = start(RNN(len(all_letters), 16, len(all_categories)))
criterion = nn.NLLLoss()
learning_rate = 0.05


def train(category_tensor, line_tensor):
    hidden = rnn.initHidden()
    rnn.zero_grad()
    for i in range(line_tensor.size()[0]):
        output, hidden = rnn(line_tensor[i], hidden)
    loss = criterion(output, category_tensor)
    loss.backward()
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-learning_rate)
    return output, loss.item()


losses = []
for _ in range(10):
    for category, names in categories.items():
        for name in names:
            category_tensor = torch.tensor([all_categories.index(category)], dtype=torch.long)
            output, loss = train(category_tensor, lineToTensor(name))
            losses.append(loss)
    losses.append(categoryFromOutput(output)[1])
