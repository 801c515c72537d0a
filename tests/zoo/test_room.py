"""How large an array a network makes of one example is known before it makes it."""

import numpy as np
import pytest

from minitransfer import nn, tensor, zoo
from minitransfer.zoo import efficientnet, room


def largest_met(network, shape, monkeypatch):
    """The most numbers in what any layer returns for one example."""
    met = []
    call = nn.Module.__call__

    def watched(self, *arguments, **named):
        result = call(self, *arguments, **named)
        met.append(result.array.size)
        return result

    with monkeypatch.context() as patch:
        patch.setattr(nn.Module, "__call__", watched)
        network.eval()(tensor(np.zeros((1, *shape), np.float32)))
    return max(met)


def told(network, shape):
    return room._through(network, shape, 0)


@pytest.mark.parametrize(
    "network, shape",
    [
        (nn.Sequential(nn.Conv2d(2, 5, (3, 2), stride=(2, 1), padding=(4, 0))), (2, 9, 8)),
        (nn.Sequential(nn.Conv2d(2, 4, 3, dilation=2, padding="same", groups=2)), (2, 9, 8)),
        (nn.Sequential(nn.Conv2d(2, 4, 3, padding="valid"), nn.ReLU()), (2, 9, 8)),
        (nn.Sequential(efficientnet.SameConv2d(1, 3, 5, stride=2)), (1, 9, 8)),
        (nn.Sequential(efficientnet.MBConv(4, 6, 3, 3, 2)), (4, 9, 8)),
        (nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.AvgPool2d((2, 1), 1, (1, 0))), (2, 9, 8)),
        (nn.Sequential(nn.Upsample((7, 20))), (2, 5, 6)),
        (nn.Sequential(nn.Upsample(scale_factor=2.5), nn.AdaptiveAvgPool2d()), (2, 5, 6)),
        (nn.Sequential(nn.Residual(nn.Conv2d(2, 9, 1), nn.Conv2d(2, 9, 1))), (2, 5, 6)),
        (nn.Sequential(nn.Flatten(2), nn.Linear(30, 700), nn.Flatten(1, 2)), (2, 5, 6)),
        (nn.Sequential(nn.Flatten(), nn.Linear(60, 50), nn.LayerNorm(50)), (2, 5, 6)),
        (zoo.glyph_conv(10), (1, 28, 28)),
        (zoo.efficientnet_lite0(10), (3, 64, 64)),
    ],
)
def test_it_is_what_the_network_makes(network, shape, monkeypatch):
    shape_behind, most = told(network, shape)
    expected = network.eval()(tensor(np.zeros((1, *shape), np.float32))).shape
    assert (1, *shape_behind) == expected
    met = largest_met(network, shape, monkeypatch)
    assert met <= most <= 8 * met  # with the zeros around a picture


@pytest.mark.parametrize(
    "layer",
    [
        nn.Upsample(scale_factor=1000.0),
        nn.Upsample(size=(20_000, 20_000)),
        nn.Conv2d(1, 1, 1, padding=10_000),
        nn.Conv2d(1, 200, 3, dilation=3000, padding="same"),
        nn.AvgPool2d(20_000, 1, 10_000),
        nn.Residual(nn.Upsample(scale_factor=1000.0), nn.Upsample(scale_factor=1000.0)),
    ],
)
def test_what_would_fill_the_memory_is_refused(layer):
    with pytest.raises(ValueError, match="would become an array of"):
        room.check_room(nn.Sequential(layer), (1, None, None), "here")
