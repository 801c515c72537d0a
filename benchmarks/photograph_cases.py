"""EfficientNet-Lite0 on photographs: answers, and training, against PyTorch at its best."""

import numpy as np

import minitransfer as mt
from minitransfer import nn, zoo

from .step_cases import compiled_by_torch
from .timing import Case

try:
    import torch
except ImportError:
    torch = None


def photograph_cases(slow=True):
    """Both ways, by size, batch and threads. PyTorch has the same weights, channels last.

    Args:
        slow: whether PyTorch's own compiler runs beside, and batches of 32, which take minutes.
    """
    rng = np.random.default_rng(0)
    network = zoo.efficientnet_lite0(1000, generator=rng)
    for threads in (1, 2):
        for size, batch in ((128, 1), (128, 32), (224, 1), (224, 32)):
            if batch > 1 and not slow:
                continue
            pictures = rng.random((batch, 3, size, size), np.float32)
            labels = rng.integers(0, 1000, batch)
            yield _answers(network, pictures, threads, slow)
            yield _training(network, pictures, labels, threads)


def _answers(network, pictures, threads, slow):
    """What a frozen body computes: evaluation, batch norm folded into the convolutions."""
    fused = nn.utils.fuse_conv_bn(network.eval())
    inputs = mt.from_numpy(pictures)

    def ours():
        with mt.no_grad():
            return fused(inputs)

    calls, beside = {"minitransfer": ours}, ()
    if torch:
        twin, theirs = _twin(fused).eval(), _channels_last(pictures)

        def call():
            with torch.inference_mode():
                return twin(theirs)

        calls["torch at its best"] = call
        if compiled := compiled_by_torch(call if slow else None, threads):
            calls["torch.compile"] = compiled
    return _case("answers", calls, beside, pictures, threads)


def _training(network, pictures, labels, threads):
    """Forward and backward in training mode, all parameters learning."""
    inputs, targets, loss = mt.from_numpy(pictures), mt.tensor(labels), nn.CrossEntropyLoss()

    def ours():
        network.train().zero_grad()
        loss(network(inputs), targets).backward()

    calls = {"minitransfer": ours}
    if torch:
        twin, theirs = _twin(network).train(), _channels_last(pictures)
        their_targets, their_loss = torch.from_numpy(labels), torch.nn.CrossEntropyLoss()

        def call():
            twin.zero_grad()
            their_loss(twin(theirs), their_targets).backward()

        calls["torch at its best"] = call
    return _case("forward and backward", calls, (), pictures, threads)


def _case(what, calls, beside, pictures, threads):
    batch, _, size, _ = pictures.shape
    several = "" if threads == 1 else f", {threads} threads"
    name = f"EfficientNet-Lite0, {what}, {size} px, batch {batch}{several}"
    return Case(
        "photographs", name, calls, 0, 0.8, beside, unit="images", units=batch, threads=threads
    )


def _channels_last(pictures):
    return torch.from_numpy(pictures).to(memory_format=torch.channels_last)


def _twin(network):
    """The same network in PyTorch, with the same weights, channels last."""
    return _same(network).to(memory_format=torch.channels_last)


def _same(module):
    kind = type(module).__name__
    if isinstance(module, nn.Sequential):
        chain = torch.nn.Sequential(*(_same(part) for part in module))
        return _round(chain) if getattr(module, "goes_round", False) else chain
    if isinstance(module, nn.Conv2d):
        return _convolution(module)
    if kind == "Normalize":
        return _lambda(lambda x: (x - module.mean) * (1 / module.std))
    if kind == "Linear":
        twin = torch.nn.Linear(module.in_features, module.out_features)
    elif kind == "BatchNorm2d":
        twin = torch.nn.BatchNorm2d(module.num_features, module.eps, module.momentum)
    else:
        options = {"AdaptiveAvgPool2d": (1,), "Dropout": (module.p,) if kind == "Dropout" else ()}
        return getattr(torch.nn, kind)(*options.get(kind, ()))
    return _filled(twin, module)


def _convolution(module):
    kernel, stride = module.kernel_size[0], module.stride
    before = (kernel - stride) // 2
    twin = torch.nn.Conv2d(
        *(module.in_channels, module.out_channels, kernel, stride),
        padding=before if stride == 1 else 0,
        groups=module.groups,
        bias=module.bias is not None,
    )
    chain = [_filled(twin, module)]
    if stride == 2:  # TensorFlow's padding, of even sizes
        after = kernel - stride - before
        chain.insert(0, torch.nn.ZeroPad2d((before, after, before, after)))
    if module.limits is not None:
        chain.append(torch.nn.ReLU6(inplace=True))
    return torch.nn.Sequential(*chain) if len(chain) > 1 else chain[0]


def _filled(twin, module):
    state = {name: torch.from_numpy(t.array.copy()) for name, t in module.state_dict().items()}
    twin.load_state_dict(state)
    return twin


def _lambda(function):
    class Lambda(torch.nn.Module):
        def forward(self, x):
            return function(x)

    return Lambda()


def _round(chain):
    class Round(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.chain = chain

        def forward(self, x):
            return x + self.chain(x)

    return Round()
