"""What the parts of transfer say of themselves, and what happens at their edges."""

import numpy as np
import pytest

from minitransfer import nn, transfer
from minitransfer.transfer import adaptation, adapters, explanations, heads, low_rank, reversal


def test_layers_print_what_was_added_to_them(rng):
    net = low_rank.add_lora(nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)), rank=2)
    assert "rank 2" in repr(net)
    assert "alpha=0.5" in repr(reversal.GradientReversal(0.5))


def test_batch_norm_without_weights_has_nothing_to_adapt(rng):
    net = nn.Sequential(nn.BatchNorm1d(3, affine=False), nn.Linear(3, 2))
    with pytest.raises(ValueError, match=r"no weights here \(affine=False\)"):
        adaptation.minimize_entropy(net, np.zeros((4, 3), np.float32))


@pytest.mark.parametrize("name", ["lr", "head_lr"])
@pytest.mark.parametrize("rate, error", [("fast", TypeError), (0, ValueError), (-1, ValueError)])
def test_rates_that_are_none(two_layers, name, rate, error):
    rates = {"lr": 0.1, "head_lr": 0.1, name: rate}
    with pytest.raises(error, match=f"parameter_groups: {name} is"):
        transfer.parameter_groups(two_layers, **rates)


def test_adapters_go_behind_the_layers_that_are_named(rng):
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    adapters.add_adapters(net, 2, layers=["2"])
    kinds = [type(module).__name__ for module in net]
    assert kinds[0] == "Linear"
    assert kinds[2] != "Linear"


def test_a_layer_that_does_not_lead_to_the_answer_has_an_empty_map(rng):
    class TwoWays(nn.Module):
        def __init__(self):
            super().__init__()
            self.seen = nn.Conv2d(1, 2, 3, padding=1, generator=rng)
            self.aside = nn.Conv2d(1, 2, 3, padding=1, generator=rng)
            self.head = nn.Linear(2, 2, generator=rng)

        def forward(self, x):
            self.aside(x)
            return self.head(self.seen(x).mean((2, 3)))

    images = rng.standard_normal((2, 1, 4, 4)).astype(np.float32)
    targets = np.array([0, 1])
    assert not explanations.grad_cam(TwoWays(), images, targets, layer="aside").any()
    assert explanations.grad_cam(TwoWays(), images, targets, layer="seen").any()


def test_the_only_linear_of_a_network_is_its_head():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.filters = nn.Conv2d(1, 2, 3)
            self.out = nn.Linear(2, 2)
            self.after = nn.ReLU()

        def forward(self, x):
            return self.after(self.out(self.filters(x).mean((2, 3))))

    model = Model()
    assert heads.find_head(model) == ("out", model.out)


def test_one_example_does_not_show_the_order_of_parts():
    class HeadFirst(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = nn.Linear(5, 2)
            self.body = nn.Linear(6, 5)

        def forward(self, x):
            return self.out(self.body(x))

    model, x = HeadFirst(), np.eye(6, dtype=np.float32)
    with pytest.raises(ValueError, match="out"):
        heads.check_order(model, x)
    heads.check_order(model, x[:1])


def test_the_picture_stays_where_no_pixel_matters_any_more():
    """Past its largest answer a unit has no slope: no division by 0, only the decay goes on."""

    class Full(nn.Module):
        def forward(self, x):
            return x.clamp(max=0.5)

    net = nn.Sequential(Full())
    x = transfer.maximize_activation(
        net, "0", 0, shape=(1,), steps=200, lr=0.3, decay=0.0, generator=np.random.default_rng(0)
    )
    assert np.isfinite(x).all()
    assert 0.5 <= x[0] <= 0.8 + 1e-6  # one step beyond the bend at most


def test_no_receptive_field_of_a_container():
    net = nn.Sequential(nn.Sequential(nn.Conv2d(1, 2, 3)))
    assert transfer.receptive_field(net, "0.0") == ((3, 3), (0, 0), (1, 1))
    assert transfer.receptive_field(net, "0") is None
    net = nn.Sequential(nn.ReLU(), nn.Conv2d(1, 2, 3))
    assert transfer.receptive_field(net, "0") == ((1, 1), (0, 0), (1, 1))
