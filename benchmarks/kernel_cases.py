"""The kernels one by one, against NumPy (OpenBLAS) and PyTorch (oneDNN)."""

import numpy as np

from minitransfer import kernels

from .timing import Case

try:
    import torch
except ImportError:
    torch = None

CUBES = (128, 256, 512, 1024, 2048)
SKINNY = ((64, 784, 128), (784, 64, 128), (128, 27, 1024))
BATCHES = (64, 256, 1024)
"""Rows of x in the product of a fully connected layer, x @ W.T."""
NARROW = ((64, 128, 10), (1000, 128, 16), (256, 256, 1))
# images, channels, filters, size, kernel, stride, groups
CONVS_3X3 = (
    (128, 1, 16, 28, 3, 1, 1),
    (128, 16, 32, 14, 3, 1, 1),
    (128, 32, 64, 14, 3, 1, 1),
    (32, 32, 64, 32, 3, 1, 1),
)
CONVS_OTHER = (
    (64, 64, 128, 28, 1, 1, 1),
    (64, 64, 128, 28, 1, 2, 1),
    (64, 32, 64, 7, 5, 1, 1),
    (128, 32, 64, 7, 3, 1, 1),
    (64, 64, 64, 4, 3, 1, 1),
    (64, 32, 64, 28, 3, 2, 1),
    (64, 64, 64, 28, 3, 1, 64),
    (64, 64, 64, 28, 3, 2, 64),
    (64, 64, 64, 14, 5, 1, 64),
    (64, 64, 64, 14, 5, 2, 64),
)


def _draw(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def matmul_cases():
    """Cubes, the shapes of training steps, and heads, which have a few columns only."""
    for n in CUBES:
        yield _product(f"{n}×{n} @ {n}×{n}", _draw(n, n), _draw(n, n), 0.95)
    for m, k, n in SKINNY:
        yield _product(f"{m}×{k} @ {k}×{n}", _draw(m, k), _draw(k, n), 0.95)
    for m in BATCHES:
        yield _product(f"{m}×784 @ (256×784).T", _draw(m, 784), _draw(256, 784).T, 0.95)
    yield _product("(512×512).T @ 512×512", _draw(512, 512).T, _draw(512, 512), 0.95)
    for n in (256, 1024):
        doubles = _draw(n, n).astype(np.float64)
        yield _product(f"{n}×{n} @ {n}×{n}, float64", doubles, doubles[::-1].copy(), 0.95)
    for m, k, n in NARROW:
        yield _product(f"{m}×{k} @ {k}×{n}", _draw(m, k), _draw(k, n), 0.7)


def _product(name, a, b, bar):
    calls = {"minitransfer": lambda: kernels.matmul(a, b), "numpy": lambda: np.matmul(a, b)}
    return Case("matmul", name, calls, 2 * a.size * b.shape[1], bar)


def conv_cases():
    """Forward, backward-data, backward-weights, and the three together, which the bar is for."""
    for shape in CONVS_3X3 + CONVS_OTHER:
        yield from _conv(shape, 0.9)


def _conv(shape, bar):
    images, channels, filters, size, k, stride, groups = shape
    x, w = _draw(images, channels, size, size), _draw(filters, channels // groups, k, k)
    bias, pad = _draw(filters), k // 2
    geometry = ((stride, stride), (pad, pad), (1, 1), groups)
    gy = np.ones_like(kernels.conv2d(x, w, bias, *geometry))
    ours = [
        lambda: kernels.conv2d(x, w, bias, *geometry),
        lambda: kernels.conv2d_backward_data(gy, w, x.shape, *geometry),
        lambda: kernels.conv2d_backward_weight(x, gy, w.shape, *geometry),
    ]
    theirs = _torch_conv(x, w, bias, gy, geometry) if torch else [None] * 4
    kind = "depthwise " if groups > 1 else ""
    title = f"{kind}{channels}→{filters}, {size}², {k}×{k}"
    title += f", stride {stride}" if stride > 1 else ""
    work = 2 * gy.size * w[0].size
    names = ("forward", "backward-data", "backward-weights")
    for name, our, their in zip(names, ours, theirs, strict=False):
        calls = {"minitransfer": our} | ({"torch": their} if their else {})
        yield Case("convolution", f"{title}: {name}", calls, work)
    calls = {"minitransfer": lambda: [call() for call in ours]}
    if torch:
        calls["torch"] = lambda: (theirs[0](), theirs[3]())
    yield Case("convolution", f"{title}: all", calls, 3 * work, bar)


def _torch_conv(x, w, bias, gy, geometry):
    x, w, bias, gy = map(torch.tensor, (x, w, bias, gy))
    stride, padding, dilation, groups = geometry

    def back(*wanted):
        return torch.ops.aten.convolution_backward(
            *(gy, x, w, [len(w)], stride, padding, dilation, False, [0, 0], groups, wanted)
        )

    return [
        lambda: torch.nn.functional.conv2d(x, w, bias, *geometry),
        lambda: back(True, False, False),
        lambda: back(False, True, False),
        lambda: back(True, True, False),
    ]


def other_cases():
    """Everything else that a training step calls."""
    x = _draw(128, 16, 28, 28)
    gy, window = _draw(128, 16, 14, 14), ((2, 2), (2, 2), (0, 0))
    _, where = kernels.max_pool2d(x, *window)
    logits, labels = _draw(128, 1000), np.random.default_rng(0).integers(0, 1000, 128)
    w, b = np.ones(16, np.float32), np.zeros(16, np.float32)
    _, mean, var = kernels.batch_norm(x, w, b, 1e-5)
    p, g, m, v = (_draw(500_000) for _ in range(4))
    v = v * v
    ours = {
        "ReLU": lambda: kernels.relu(x),
        "ReLU backward": lambda: kernels.relu_backward(x, x),
        "exp": lambda: kernels.exp(x),
        "max-pool 2×2": lambda: kernels.max_pool2d(x, *window),
        "max-pool 2×2 backward": lambda: kernels.max_pool2d_backward(gy, where, x.shape, *window),
        "mean-pool 2×2": lambda: kernels.avg_pool2d(x, *window),
        "batch norm": lambda: kernels.batch_norm(x, w, b, 1e-5),
        "batch norm backward": lambda: kernels.batch_norm_backward(x, x, w, mean, var, 1e-5),
        "softmax cross-entropy, both ways": lambda: kernels.softmax_cross_entropy(logits, labels),
        "Adam, 500,000 parameters": lambda: kernels.adam_step(
            *(p, g, m, v, 1e-3, 0.9, 0.999, 1e-8, 0.0, False, 3)
        ),
    }
    theirs = _torch_others(x, gy, logits, labels, w, b, p, g) if torch else {}
    for name, call in ours.items():
        calls = {"minitransfer": call}
        if name in theirs:
            calls["torch"] = theirs[name]
        yield Case("the rest", name, calls, bar=0.0 if name == "exp" else 1.0)


def _torch_others(x, gy, logits, labels, w, b, p, g):
    aten, functional = torch.ops.aten, torch.nn.functional
    x, gy, labels, w, b = map(torch.tensor, (x, gy, labels, w, b))
    logits = torch.tensor(logits, requires_grad=True)
    p = torch.tensor(p, requires_grad=True)
    p.grad = torch.tensor(g)
    adam = torch.optim.Adam([p], fused=True)
    _, where = functional.max_pool2d(x, 2, return_indices=True)
    _, mean, inverse = aten.native_batch_norm(x, w, b, None, None, True, 0.1, 1e-5)
    pool = ([2, 2], [2, 2], [0, 0], [1, 1], False)

    def cross_entropy():
        logits.grad = None
        functional.cross_entropy(logits, labels).backward()

    return {
        "ReLU": lambda: torch.relu(x),
        "ReLU backward": lambda: aten.threshold_backward(x, x, 0),
        "exp": lambda: torch.exp(x),
        "max-pool 2×2": lambda: functional.max_pool2d(x, 2),
        "max-pool 2×2 backward": lambda: aten.max_pool2d_with_indices_backward(gy, x, *pool, where),
        "mean-pool 2×2": lambda: functional.avg_pool2d(x, 2),
        "batch norm": lambda: aten.native_batch_norm(x, w, b, None, None, True, 0.1, 1e-5),
        "batch norm backward": lambda: aten.native_batch_norm_backward(
            *(x, x, w, None, None, mean, inverse, True, 1e-5, [True] * 3)
        ),
        "softmax cross-entropy, both ways": cross_entropy,
        "Adam, 500,000 parameters": adam.step,
    }
