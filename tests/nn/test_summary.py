"""The table of a network: exact text, shapes of any kind of network, nothing left changed."""

import pytest

import minitransfer as mt
from minitransfer import nn


def test_the_whole_table():
    net = nn.Sequential(
        {
            "conv": nn.Conv2d(1, 16, 3, padding=1),
            "norm": nn.BatchNorm2d(16),
            "pool": nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            "head": nn.Linear(16, 100),
        }
    )
    net.conv.requires_grad_(False)
    assert nn.summary(net, (1, 8, 8)) == "\n".join(
        [
            "layer                        output        parameters",
            "conv    Conv2d (frozen)      (16, 8, 8)           160",
            "norm    BatchNorm2d          (16, 8, 8)            32",
            "pool.0  ReLU                 (16, 8, 8)             0",
            "pool.1  AdaptiveAvgPool2d    (16, 1, 1)             0",
            "pool.2  Flatten              (16,)                  0",
            "head    Linear               (100,)             1,700",
            "1,892 parameters: 1,732 trainable, 160 frozen",
        ]
    )


def counted():
    """Convolution 2×2 of 1 to 3 channels, and a head: 12 weights at 9 places, 27·5 weights."""
    net = nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(27, 5))
    return net, 9 * 12, 27 * 5


def test_multiplications_by_hand():
    net, conv, head = counted()
    assert nn.multiplications(net, (1, 4, 4)) == conv + head
    # The convolution needs no gradient of its input, the head needs both.
    assert nn.multiplications(net, (1, 4, 4), training=True) == 2 * conv + 3 * head


def test_what_is_frozen_costs_less():
    net, conv, head = counted()
    net[0].requires_grad_(False)
    assert nn.multiplications(net, (1, 4, 4), training=True) == conv + 2 * head
    net[0].requires_grad_(True)
    net[3].requires_grad_(False)  # gradients still flow through the head
    assert nn.multiplications(net, (1, 4, 4), training=True) == 2 * conv + 2 * head


def test_without_an_input_shape_there_are_no_output_shapes():
    assert nn.summary(nn.Sequential(nn.Linear(2, 3), nn.Tanh())) == "\n".join(
        [
            "layer            parameters",
            "0  Linear                 9",
            "1  Tanh                   0",
            "9 parameters: 9 trainable, 0 frozen",
        ]
    )


def test_a_single_layer():
    assert nn.summary(nn.Linear(2, 3), (2,)).splitlines()[1] == "Linear    (3,)               9"


def test_parameters_beside_layers_are_counted():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter([1.0, 2.0])
            self.fc = nn.Linear(2, 2)

        def forward(self, x):
            return self.fc(x) * self.scale

    lines = nn.summary(Scaled(), (2,)).splitlines()
    assert [line.split() for line in lines[1:3]] == [
        ["Scaled", "(2,)", "2"],
        ["fc", "Linear", "(2,)", "6"],
    ]
    assert lines[-1].startswith("8 parameters")


@pytest.mark.parametrize(
    ("net", "shape", "output"),
    [
        (nn.Linear(2, 3).double(), (2,), "(3,)"),
        (nn.Sequential(nn.Embedding(5, 4), nn.Flatten(), nn.Linear(12, 2)), (3,), "(12,)"),
        (nn.Sequential(nn.BatchNorm1d(2)), (2,), "(2,)"),  # one example is no batch to train on
    ],
)
def test_networks_of_other_input_types(net, shape, output):
    assert output in nn.summary(net, shape)


def test_the_network_is_left_as_it_was():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout())
    net[2].eval()
    nn.summary(net, (2,))
    assert [m.training for m in net.modules()] == [True, True, True, False]
    assert net[1].num_batches_tracked.item() == 0
    assert "forward" not in vars(net[0])
    with pytest.raises(ValueError, match="expects"):
        nn.summary(net, (3,))
    assert "forward" not in vars(net[0])
    assert net[0].training
    assert mt.is_grad_enabled()


def test_attention_and_recurrent_layers_are_counted():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    attention = 5 * 4 * 8 * 8 + 2 * 5 * 5 * 8
    assert nn.multiplications(layer, (5, 8)) == attention + 5 * 2 * 8 * 16
    gru = nn.Sequential(nn.GRU(8, 4, batch_first=True))
    assert nn.multiplications(gru, (5, 8)) == 5 * 3 * 4 * (8 + 4)
    assert nn.multiplications(gru, (5, 8), training=True) == 2 * 5 * 3 * 4 * (8 + 4)
    assert "(5, 4)" in nn.summary(gru, (5, 8))
    up = nn.ConvTranspose2d(3, 2, 2, stride=2)
    assert nn.multiplications(up, (3, 4, 4)) == 16 * 3 * 2 * 4
