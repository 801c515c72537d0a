"""Weights go to PyTorch and back, by its names and in its layouts, and the answers are equal."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from minitransfer import checkpoint, nn, no_grad, tensor, zoo
from minitransfer.zoo.efficientnet import STAGES

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")
T = torch.nn


def mlp():
    layers = [(12, 16), (16, 8), (8, 3)]
    ours = [nn.Flatten(), *(m for sizes in layers for m in (nn.Linear(*sizes), nn.ReLU()))][:-1]
    theirs = [T.Flatten(), *(m for sizes in layers for m in (T.Linear(*sizes), T.ReLU()))][:-1]
    return nn.Sequential(*ours), T.Sequential(*theirs), (3, 2, 2)


def conv_net():
    def build(n):
        return n.Sequential(
            n.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
            n.BatchNorm2d(8),
            n.ReLU(),
            n.Conv2d(8, 8, 3, padding=1, groups=4),
            n.BatchNorm2d(8, eps=1e-3, momentum=0.01),
            n.MaxPool2d(2),
            n.Flatten(),
            n.Linear(8 * 4 * 4, 5),
            n.BatchNorm1d(5, affine=False),
        )

    return build(nn), build(T), (3, 16, 16)


class Same(T.Conv2d):
    def forward(self, x):
        zeros = []
        for size, kernel in zip(reversed(x.shape[2:]), reversed(self.kernel_size), strict=True):
            total = max((-(-size // self.stride[0]) - 1) * self.stride[0] + kernel - size, 0)
            zeros += [total // 2, total - total // 2]
        return super().forward(T.functional.pad(x, zeros))


class Block(T.Module):
    def __init__(self, channels_in, channels_out, expansion, kernel, stride):
        super().__init__()
        many, self.expands = channels_in * expansion, expansion > 1
        if self.expands:
            self._expand_conv = Same(channels_in, many, 1, bias=False)
            self._bn0 = T.BatchNorm2d(many, 1e-3, 0.01)
        self._depthwise_conv = Same(many, many, kernel, stride, groups=many, bias=False)
        self._bn1 = T.BatchNorm2d(many, 1e-3, 0.01)
        self._project_conv = Same(many, channels_out, 1, bias=False)
        self._bn2 = T.BatchNorm2d(channels_out, 1e-3, 0.01)
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, x):
        y = T.functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = T.functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.residual else y


class Lite0(T.Module):
    def __init__(self, classes):
        super().__init__()
        self._conv_stem, self._bn0 = Same(3, 32, 3, 2, bias=False), T.BatchNorm2d(32, 1e-3, 0.01)
        blocks, channels = [], 32
        for expansion, channels_out, repeats, kernel, stride in STAGES:
            for step in [stride] + [1] * (repeats - 1):
                blocks.append(Block(channels, channels_out, expansion, kernel, step))
                channels = channels_out
        self._blocks = T.Sequential(*blocks)
        self._conv_head, self._bn1 = Same(320, 1280, 1, bias=False), T.BatchNorm2d(1280, 1e-3, 0.01)
        self._fc = T.Linear(1280, classes)

    def forward(self, x):
        x = (x * 255 - 127) / 128
        x = self._blocks(T.functional.relu6(self._bn0(self._conv_stem(x))))
        x = T.functional.relu6(self._bn1(self._conv_head(x)))
        return self._fc(x.mean((2, 3)))


def lite0():
    ours = zoo.efficientnet_lite0(4)
    ours._dropout.p = 0.0  # chance would make the two differ
    return ours, Lite0(4), (3, 64, 48)


def answers(ours, theirs, x, training):
    ours.train(training)
    theirs.train(training)
    with no_grad(), torch.no_grad():
        return ours(tensor(x)).array, theirs(torch.from_numpy(x)).numpy()


@pytest.mark.parametrize("build", [mlp, conv_net, lite0])
@pytest.mark.parametrize("from_torch", [True, False])
def test_weights_come_from_pytorch_and_go_there(build, from_torch, tmp_path):
    torch.manual_seed(0)
    ours, theirs, shape = build()
    file = tmp_path / "net.safetensors"
    rng = np.random.default_rng(0)
    x = rng.random((6, *shape), np.float32)
    for network in (ours, theirs):  # so that the running statistics are those of something
        network.train()
    theirs(torch.from_numpy(x))
    ours(tensor(x))
    if from_torch:
        safetensors_torch.save_file(theirs.state_dict(), file)
        assert checkpoint.load_weights(ours, file) == ([], [])
    else:
        checkpoint.save_weights(ours, file)
        theirs.load_state_dict(safetensors_torch.load_file(file))
    for training in (False, True):
        got, expected = answers(ours, theirs, x, training)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(got, expected, atol=2e-4 * scale)
    after = tmp_path / "after.safetensors"  # the batch that both have seen in training mode
    checkpoint.save_weights(ours, after)
    found, wanted = load_file(after), theirs.state_dict()
    assert list(wanted) == list(ours.state_dict())
    for name, value in wanted.items():
        assert found[name].dtype == value.numpy().dtype
        np.testing.assert_allclose(found[name], value.numpy(), rtol=1e-3, atol=1e-4, err_msg=name)
        if name.endswith("num_batches_tracked"):
            assert found[name] == 2
