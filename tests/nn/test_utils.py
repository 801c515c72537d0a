"""Gradients limited, and parameters in one row."""

import math

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import nn


def with_gradient(*numbers):
    p = nn.Parameter(np.zeros(len(numbers), np.float32))
    p.grad = np.array(numbers, np.float32)
    return p


def test_the_norm_of_all_is_limited_together():
    a, b = with_gradient(3.0), with_gradient(4.0)
    assert nn.utils.clip_grad_norm_([a, b], 1.0) == 5
    np.testing.assert_allclose([a.grad.item(), b.grad.item()], [0.6, 0.8], rtol=1e-6)
    assert nn.utils.clip_grad_norm_(a, 10.0) == pytest.approx(0.6)
    assert a.grad.item() == pytest.approx(0.6)
    assert nn.utils.clip_grad_norm_([nn.Parameter([1.0])], 1.0) == 0


@pytest.mark.parametrize(("kind", "norm"), [(1, 7), (2, 5), (math.inf, 4)])
def test_other_norms(kind, norm):
    p = with_gradient(3.0, -4.0)
    assert nn.utils.clip_grad_norm_(p, 1.0, kind) == pytest.approx(norm)
    np.testing.assert_allclose(p.grad.tolist(), [3 / norm, -4 / norm], rtol=1e-5)


def test_what_cannot_be_limited_is_said():
    with pytest.raises(ValueError, match="max_norm is 0 or greater; given -1"):
        nn.utils.clip_grad_norm_([with_gradient(1.0)], -1)
    with pytest.raises(ValueError, match="max_norm is 0 or greater; given nan"):
        nn.utils.clip_grad_norm_([with_gradient(1.0)], float("nan"))
    with pytest.raises(RuntimeError, match="the gradients have the norm nan"):
        nn.utils.clip_grad_norm_([with_gradient(float("nan"))], 1.0, error_if_nonfinite=True)


def test_every_number_is_limited():
    p = with_gradient(3.0, -0.5, -7.0)
    nn.utils.clip_grad_value_(p, 1.0)
    assert p.grad.tolist() == [1, -0.5, -1]


def test_one_row_and_back():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    row = nn.utils.parameters_to_vector(net.parameters())
    assert row.shape == (11,)
    row.sum().backward()
    assert net[0].weight.grad.tolist() == [[1, 1, 1]] * 2
    nn.utils.vector_to_parameters(mt.arange(11).float(), net.parameters())
    assert net[1].bias.tolist() == [10]
    with pytest.raises(ValueError, match="11 numbers in all"):
        nn.utils.vector_to_parameters(mt.ones(10), net.parameters())


def _chain():
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU6(),
        nn.Residual(nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4, affine=False))),
        nn.Conv2d(4, 4, 3, groups=4),
        nn.BatchNorm2d(4),
        nn.Tanh(),
    )
    rng = np.random.default_rng(0)
    for tensor in (*net.parameters(), *net.buffers()):
        if tensor.dtype.kind == "f":
            tensor.array[...] = rng.uniform(0.5, 2, tensor.shape)
    return net.eval()


def test_batch_norm_and_its_activation_become_part_of_the_convolution():
    net, x = _chain(), mt.randn(2, 3, 6, 7)
    names = [name for name, _ in net.named_parameters()]
    fused = nn.utils.fuse_conv_bn(net)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in fused.modules())
    assert [m.limits for m in fused.modules() if isinstance(m, nn.Conv2d)] == [(0, 6), None, None]
    expected = net(x).detach().numpy()
    np.testing.assert_allclose(fused(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert [name for name, _ in net.named_parameters()] == names  # the network is what it was
    assert nn.utils.fuse_conv_bn(fused) is fused
    x.requires_grad = True
    fused(x).sum().backward()
    gradient, x.grad = x.grad.numpy().copy(), None
    net(x).sum().backward()
    np.testing.assert_allclose(gradient, x.grad.numpy(), rtol=1e-4, atol=1e-5)


def test_who_listens_to_a_layer_goes_on_hearing_it():
    net, heard = _chain(), []
    net[1].register_forward_hook(lambda *_: heard.append("norm"))
    net[5].register_forward_hook(lambda *_: heard.append("second"))
    nn.utils.fuse_conv_bn(net)(mt.randn(1, 3, 6, 7))
    assert heard == ["norm", "second"]


def test_a_forward_of_ones_own_is_left_alone():
    class Own(nn.Sequential):
        def forward(self, x):
            return self[1](self[0](x)) + self[0](x)

    net = Own(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)).eval()
    assert nn.utils.fuse_conv_bn(net) is net


def test_a_batch_norm_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"BatchNorm2d\(5\) does not fit behind Conv2d\(3 → 4"):
        nn.utils.fuse_conv_bn_eval(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(5))
    silent = nn.BatchNorm2d(4, track_running_stats=False)
    with pytest.raises(ValueError, match="running statistics"):
        nn.utils.fuse_conv_bn_eval(nn.Conv2d(3, 4, 1), silent)
