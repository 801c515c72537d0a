"""Every function, method and class that the page lists is called by position, as PyTorch's are.

The calls stand in pytorch_calls.txt. With torch installed they run under both libraries: results,
their types, and gradients of all that goes in agree to 1e-5.
"""

import math
import re
from pathlib import Path

import numpy as np
import pytest

import minitransfer as mt

FOLDER = Path(__file__).parent
CALLS = [
    line
    for line in (FOLDER / "pytorch_calls.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
SIGNATURES = (FOLDER / "pytorch_signatures.txt").read_text(encoding="utf-8")

#: Called elsewhere in the tests, or of no use on their own.
ELSEWHERE = {
    *("minitransfer.save", "minitransfer.load", "minitransfer.Generator", "optim.Optimizer"),
    *("minitransfer.set_num_threads", "minitransfer.get_num_threads", "minitransfer.no_grad"),
    *("minitransfer.set_grad_enabled", "minitransfer.inference_mode", "Module.to"),
    *("minitransfer.is_grad_enabled", "minitransfer.device", "utils.data.DataLoader"),
}


def numbers():
    """What the calls compute with: the same arrays for both libraries."""
    draw = np.random.default_rng(0)

    def floats(*shape):
        return draw.standard_normal(shape).astype(np.float32)

    p = np.abs(floats(2, 3)) + 0.5
    u = draw.random((2, 3)).astype(np.float32) * 0.8 + 0.1
    given = {
        "x": floats(2, 3),
        "y": floats(2, 3),
        "p": p,
        "u": u,
        "v": floats(3),
        "w": floats(4),
        "m": floats(3, 3),
        "b": floats(2, 3, 4),
        "c": floats(2, 4, 2),
        "img": floats(2, 2, 6, 6),
        "filters": floats(4, 2, 3, 3),
        "bias": floats(4),
        "table": floats(5, 3),
    }
    whole = {
        "i": draw.integers(0, 3, (2, 3)),
        "labels": np.array([2, 0]),
        "k": draw.random((2, 3)) > 0.5,
        "odd": np.array([[1.0, math.nan], [math.inf, -math.inf]], np.float32),
    }
    return given, whole


def environment(torch):
    given, whole = numbers()
    leaves = {name: torch.tensor(a, requires_grad=True) for name, a in given.items()}
    fixed = {name: torch.tensor(a) for name, a in whole.items()}

    def same(module):
        """Give a module's parameters numbers that depend on nothing but their place."""
        with torch.no_grad():
            for q in module.parameters():
                q.copy_(torch.arange(q.numel()).float().sin().reshape(tuple(q.shape)))
        return module

    def facts(tensor):
        return tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")

    q = torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))

    def steps(optimizer, schedule=None):
        """Three steps down a bowl; the place where they end."""
        for _ in range(3):
            optimizer.zero_grad()
            (q.cos() + 0.1 * q * q).sum().backward()
            optimizer.step()
        return q.detach().clone()

    def sgd(**options):
        return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1, **options)

    def rates(schedule, *numbers):
        """The rates of ten steps."""
        found = []
        for step in range(10):
            schedule.optimizer.step()
            schedule.step(*numbers[step : step + 1])
            found.append(schedule.get_last_lr()[0])
        return found

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
            self.head = torch.nn.Linear(4, 2)

        def forward(self, x):
            return self.head(self.body(x))

    names = {
        "torch": torch,
        "nn": torch.nn,
        "F": torch.nn.functional,
        "optim": torch.optim,
        "lr_scheduler": torch.optim.lr_scheduler,
        "same": same,
        "facts": facts,
        "steps": steps,
        "rates": rates,
        "sgd": sgd,
        "q": q,
        "data": torch.utils.data,
        "Net": Net,
        "np": np,
        **{f"{name}0": tensor.detach().clone() for name, tensor in leaves.items()},
        "math": math,
    }
    return {**leaves, **fixed, **names}, leaves


def run(torch, call):
    """The result of a call, and the gradients of all it was computed from."""
    names, leaves = environment(torch)
    result = eval(call, names)
    gradients = {}
    tensors = [t for t in flat(result) if getattr(t, "requires_grad", False) and not t.is_leaf]
    if tensors:
        sum((t * t.detach().cos()).sum() for t in tensors).backward()
        gradients = {name: x.grad for name, x in leaves.items() if x.grad is not None}
    return result, gradients


def flat(result):
    if isinstance(result, (list, tuple)):
        return [t for part in result for t in flat(part)]
    return [result]


def check_same(ours, theirs, call):
    if isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), call
        for a, b in zip(ours, theirs, strict=True):
            check_same(a, b, call)
    elif hasattr(theirs, "detach"):
        assert tuple(ours.shape) == tuple(theirs.shape), call
        assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch."), call
        np.testing.assert_allclose(
            ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-5, atol=1e-5, err_msg=call
        )
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=1e-5), call
    else:
        assert ours == theirs, call


def test_every_name_with_a_signature_is_called():
    text = "\n".join(CALLS)
    prefixes = {
        "minitransfer": "torch.",
        "Tensor": ".",
        "Module": ".",
        "lr_scheduler": "lr_scheduler.",
        "nn": "nn.",
        "nn.functional": "F.",
        "nn.init": "nn.init.",
        "nn.utils": "nn.utils.",
        "optim": "optim.",
        "utils.data": "data.",
        "distributions": "torch.distributions.",
    }
    paths = set(re.findall(r"^([\w.]+)\(", SIGNATURES, re.MULTILINE)) - ELSEWHERE
    for path in paths:
        place, _, name = path.rpartition(".")
        assert re.search(rf"{re.escape(prefixes[place])}{name}\b", text), path
    assert len(paths) > 370


@pytest.mark.parametrize("call", CALLS)
def test_a_call(call):
    ours, our_gradients = run(mt, call)
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    theirs, their_gradients = run(torch, call)
    check_same(ours, theirs, call)
    assert our_gradients.keys() == their_gradients.keys()
    for name, gradient in their_gradients.items():
        check_same(our_gradients[name], gradient, f"gradient of {name} in {call}")
