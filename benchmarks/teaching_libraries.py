"""Training steps in other libraries that people learn from, where they are installed.

Each function returns a step as its own documentation would write it, or raises if the library is
missing or does not run beside this version of NumPy; `available` leaves those out and says so.
Conventions that a library does not have (a loss, an optimiser) are written out in NumPy.
"""

from itertools import pairwise

import numpy as np


def available(makers, *arguments):
    """Make the steps that can be made, try each once, and return them by name."""
    steps = {}
    for name, make in makers.items():
        try:
            step = make(*arguments)
            step()
        except Exception as error:  # a library of others may fail in any way
            first_line = str(error).partition("\n")[0]
            print(f"without {name}: {type(error).__name__}: {first_line}")
        else:
            steps[name] = step
    return steps


def _layers(sizes):
    """Weights (in, out) and biases, drawn as in `nn.Linear`."""
    rng = np.random.default_rng(0)
    for n, m in pairwise(sizes):
        yield rng.uniform(-(n**-0.5), n**-0.5, (n, m)).astype(np.float32)
        yield rng.uniform(-(n**-0.5), n**-0.5, m).astype(np.float32)


class Adam:
    """Adam in NumPy, for libraries without an optimiser."""

    def __init__(self, arrays, lr=1e-3):
        self.lr, self.step = lr, 0
        self.m = [np.zeros_like(a) for a in arrays]
        self.v = [np.zeros_like(a) for a in arrays]

    def __call__(self, arrays, gradients):
        self.step += 1
        rate = self.lr * (1 - 0.999**self.step) ** 0.5 / (1 - 0.9**self.step)
        for p, g, m, v in zip(arrays, gradients, self.m, self.v, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= rate * m / (np.sqrt(v) + 1e-8)


def _mygrad_xor(x, t):
    import mygrad as mg
    from mygrad.nnet.activations import sigmoid

    w1, b1, w2, b2 = parameters = [mg.tensor(a) for a in _layers((2, 8, 1))]

    def step():
        z = sigmoid(x @ w1 + b1) @ w2 + b2
        mg.mean(mg.logaddexp(0, z) - t * z).backward()
        for p in parameters:
            p.data -= 0.5 * p.grad

    return step


def _autograd_xor(x, t):
    import autograd.numpy as anp
    from autograd import grad

    parameters = list(_layers((2, 8, 1)))

    def loss(parameters):
        w1, b1, w2, b2 = parameters
        z = anp.dot(1 / (1 + anp.exp(-(anp.dot(x, w1) + b1))), w2) + b2
        return anp.mean(anp.logaddexp(0, z) - t * z)

    gradient = grad(loss)

    def step():
        for p, g in zip(parameters, gradient(parameters), strict=True):
            p -= 0.5 * g

    return step


def _dezero_xor(x, t):
    import dezero.functions as F
    from dezero import Variable, optimizers
    from dezero.models import MLP

    net = MLP((8, 1))
    sgd = optimizers.SGD(0.5).setup(net)
    inputs = Variable(x)

    def step():
        z = net(inputs)
        loss = F.mean_squared_error(F.sigmoid(z), t)
        net.cleargrads()
        loss.backward()
        sgd.update()

    return step


def _tinygrad_xor(x, t):
    from tinygrad import Context, Tensor, TinyJit, nn

    first, second = nn.Linear(2, 8), nn.Linear(8, 1)
    sgd = nn.optim.SGD(nn.state.get_parameters([first, second]), lr=0.5)
    inputs, targets = Tensor(x), Tensor(t)

    @TinyJit
    @Context(TRAINING=1)
    def step():
        sgd.zero_grad()
        z = second(first(inputs).sigmoid())
        loss = z.binary_crossentropy_logits(targets).backward()
        return loss.realize(*sgd.schedule_step())

    return lambda: step().item()


def _micrograd_xor(x, t):
    from micrograd.nn import MLP

    net, rows, targets = MLP(2, [8, 1]), x.tolist(), t.ravel().tolist()

    def step():
        loss = sum((net(row) - target) ** 2 for row, target in zip(rows, targets, strict=True))
        net.zero_grad()
        loss.backward()
        for p in net.parameters():
            p.data -= 0.05 * p.grad

    return step


XOR = {
    "MyGrad": _mygrad_xor,
    "autograd": _autograd_xor,
    "DeZero": _dezero_xor,
    "tinygrad": _tinygrad_xor,
    "micrograd": _micrograd_xor,
}
"""2-8-1 and gradient descent. DeZero and micrograd have no such loss; theirs is the squared one."""


def _mygrad_mlp(images, labels, sizes):
    import mygrad as mg
    from mygrad.nnet.activations import relu
    from mygrad.nnet.losses import softmax_crossentropy

    parameters = [mg.tensor(a) for a in _layers(sizes)]
    adam = Adam([p.data for p in parameters])

    def step():
        h = images
        for i in range(0, len(parameters), 2):
            h = h @ parameters[i] + parameters[i + 1]
            h = relu(h) if i + 2 < len(parameters) else h
        softmax_crossentropy(h, labels).backward()
        adam([p.data for p in parameters], [p.grad for p in parameters])

    return step


def _autograd_mlp(images, labels, sizes):
    import autograd.numpy as anp
    from autograd import grad

    parameters = list(_layers(sizes))
    adam, rows = Adam(parameters), np.arange(len(labels))

    def loss(parameters):
        h = images
        for i in range(0, len(parameters), 2):
            h = anp.dot(h, parameters[i]) + parameters[i + 1]
            h = anp.maximum(h, 0) if i + 2 < len(parameters) else h
        top = anp.max(h, axis=1, keepdims=True)
        total = anp.log(anp.sum(anp.exp(h - top), axis=1)) + top[:, 0]
        return anp.mean(total - h[rows, labels])

    gradient = grad(loss)
    return lambda: adam(parameters, gradient(parameters))


def _dezero_mlp(images, labels, sizes):
    import dezero.functions as F
    from dezero import Variable, optimizers
    from dezero.models import MLP

    net = MLP(sizes[1:], activation=F.relu)
    adam = optimizers.Adam().setup(net)
    inputs = Variable(images)

    def step():
        loss = F.softmax_cross_entropy(net(inputs), labels)
        net.cleargrads()
        loss.backward()
        adam.update()

    return step


def _tinygrad_mlp(images, labels, sizes):
    from tinygrad import Context, Tensor, TinyJit, nn

    layers = [nn.Linear(n, m) for n, m in pairwise(sizes)]
    adam = nn.optim.Adam(nn.state.get_parameters(layers), lr=1e-3)
    inputs, targets = Tensor(images), Tensor(labels.astype(np.int32))

    @TinyJit
    @Context(TRAINING=1)
    def step():
        adam.zero_grad()
        h = inputs
        for layer in layers[:-1]:
            h = layer(h).relu()
        loss = layers[-1](h).sparse_categorical_crossentropy(targets).backward()
        return loss.realize(*adam.schedule_step())

    return lambda: step().item()


MLP = {
    "MyGrad": _mygrad_mlp,
    "autograd": _autograd_mlp,
    "DeZero": _dezero_mlp,
    "tinygrad": _tinygrad_mlp,
}
"""The multi-layer perceptron with Adam."""
