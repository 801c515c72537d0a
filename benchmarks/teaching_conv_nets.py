"""The glyph conv net in other libraries that people learn from (see `teaching_libraries`).

Each function takes batches of (images, labels), the network's arrays (weight and bias of three
3 x 3 convolutions, then of two linear layers) and how many of them, from the front, are frozen.
It returns a function that takes one step of Adam for each batch; the arrays it begins with are
those of our network, so that all compute the same.
"""

import numpy as np

from .teaching_libraries import Adam


def _pairs(arrays):
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def _even(h):
    """Without the last row and column where their number is odd: pooling drops them."""
    return h[:, :, : h.shape[2] // 2 * 2, : h.shape[3] // 2 * 2]


def _mygrad(batches, arrays, frozen):
    import mygrad as mg
    from mygrad.nnet.activations import relu
    from mygrad.nnet.layers import conv_nd, max_pool
    from mygrad.nnet.losses import softmax_crossentropy

    parameters = [mg.tensor(a.copy(), constant=i < frozen) for i, a in enumerate(arrays)]
    trained, layers = parameters[frozen:], _pairs(parameters)
    adam = Adam([p.data for p in trained])

    def steps():
        for h, labels in batches:
            for w, b in layers[:3]:
                h = relu(conv_nd(h, w, stride=1, padding=1) + b.reshape(1, -1, 1, 1))
                h = max_pool(_even(h), (2, 2), 2)
            h = h.reshape(len(labels), -1)
            (w, b), (head, head_bias) = layers[3:]
            h = relu(h @ w.T + b) @ head.T + head_bias
            loss = softmax_crossentropy(h, labels)
            loss.backward()
            adam([p.data for p in trained], [p.grad for p in trained])
        return loss.item()

    return steps


def _autograd(batches, arrays, frozen):
    import autograd.numpy as anp
    from autograd import value_and_grad
    from autograd.scipy.signal import convolve  # needs SciPy; turns the filter, we do not

    fixed, trained = arrays[:frozen], [a.copy() for a in arrays[frozen:]]
    adam = Adam(trained)
    places, frame = ([2, 3], [2, 3]), ((0, 0), (0, 0), (1, 1), (1, 1))

    def loss(trained, h, labels):
        layers = _pairs([*fixed, *trained])
        for w, b in layers[:3]:
            padded = anp.pad(h, frame, "constant")
            turned = w[:, :, ::-1, ::-1]
            h = convolve(padded, turned, axes=places, dot_axes=([1], [1]), mode="valid")
            h = _even(anp.maximum(h + b[:, None, None], 0))
            n, c, rows, columns = h.shape
            windows = anp.reshape(h, (n, c, rows // 2, 2, columns // 2, 2))
            h = anp.max(anp.max(windows, axis=5), axis=3)
        h = anp.reshape(h, (len(labels), -1))
        (w, b), (head, head_bias) = layers[3:]
        h = anp.dot(anp.maximum(anp.dot(h, w.T) + b, 0), head.T) + head_bias
        top = anp.max(h, axis=1, keepdims=True)
        total = anp.log(anp.sum(anp.exp(h - top), axis=1)) + top[:, 0]
        return anp.mean(total - h[np.arange(len(labels)), labels])

    gradient = value_and_grad(loss)

    def steps():
        for images, labels in batches:
            value, gradients = gradient(trained, images, labels)
            adam(trained, gradients)
        return value

    return steps


def _dezero(batches, arrays, frozen):
    import dezero.functions as F
    from dezero import Parameter, optimizers

    parameters = [Parameter(a.copy()) for a in arrays]
    trained, layers = parameters[frozen:], _pairs(parameters)
    adam = optimizers.Adam()

    class Trained:
        """What DeZero's optimisers expect of a model."""

        def params(self):
            return trained

    adam.setup(Trained())

    def steps():
        for h, labels in batches:
            for w, b in layers[:3]:
                h = F.pooling(_even(F.relu(F.conv2d(h, w, b, pad=1))), 2, 2)
            h = F.reshape(h, (len(labels), -1))
            (w, b), (head, head_bias) = layers[3:]
            h = F.linear(F.relu(F.linear(h, F.transpose(w), b)), F.transpose(head), head_bias)
            loss = F.softmax_cross_entropy(h, labels)
            for p in parameters:
                p.cleargrad()
            loss.backward()
            adam.update()
        return loss.data.item()

    return steps


def _tinygrad(batches, arrays, frozen):
    from tinygrad import Context, Tensor, TinyJit, nn

    parameters = [Tensor(a) for a in arrays]
    layers = _pairs(parameters)
    adam = nn.optim.Adam(parameters[frozen:], lr=1e-3)
    ready = [(Tensor(images), Tensor(labels.astype(np.int32))) for images, labels in batches]

    @TinyJit
    @Context(TRAINING=1)
    def step(h, labels):
        adam.zero_grad()
        for w, b in layers[:3]:
            h = h.conv2d(w, b, padding=1).relu().max_pool2d()
        (w, b), (head, head_bias) = layers[3:]
        h = h.flatten(1).linear(w.T, b).relu().linear(head.T, head_bias)
        loss = h.sparse_categorical_crossentropy(labels).backward()
        return loss.realize(*adam.schedule_step())

    def steps():
        for images, labels in ready:
            loss = step(images, labels)
        return loss.item()

    return steps


def _micrograd(batches, arrays, frozen):
    raise NotImplementedError("it has no convolution")


CONV_NET = {
    "MyGrad": _mygrad,
    "autograd": _autograd,
    "DeZero": _dezero,
    "tinygrad": _tinygrad,
    "micrograd": _micrograd,
}
"""Three convolutions, three pools, two linear layers; all of it trained, or the head alone."""
