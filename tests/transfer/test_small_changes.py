"""LoRA, adapters, bias-only tuning and gradient reversal: what moves, what stays, what merges."""

import copy

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor, nn, optim, transfer


def generator(seed=0):
    return np.random.default_rng(seed)


class Reader(nn.Module):
    """A transformer of one layer with a head."""

    def __init__(self, draw):
        super().__init__()
        self.embed = nn.Linear(2, 8, generator=draw)
        layer = nn.TransformerEncoderLayer(8, 2, 12, 0.0, batch_first=True, generator=draw)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(8, 3, generator=draw)

    def forward(self, x):
        return self.head(self.features(x)[:, 0])

    def features(self, x):
        return self.encoder(self.embed(x.reshape(-1, 3, 2)))


@pytest.fixture
def reader(rng):
    return Reader(rng)


def body_of(model):
    """The body's own numbers, as they are now."""
    return {
        name: p.array.copy()
        for name, p in model.named_parameters()
        if not name.startswith("head") and "lora_" not in name and "adapter" not in name
    }


ADDED = {
    "lora": lambda net, **o: transfer.add_lora(net, 2, 4.0, **o),
    "adapters": lambda net, **o: transfer.add_adapters(net, 3, **o),
}


@pytest.mark.parametrize("how", ADDED)
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_at_first_nothing_has_changed(reader, batch, how, mode):
    getattr(reader, mode)()
    before = reader(batch[0]).array
    changed = ADDED[how](reader, generator=generator())
    np.testing.assert_allclose(changed(batch[0]).array, before, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("how", ADDED)
def test_only_what_is_new_and_the_head_learns(reader, train_steps, how):
    before, head = body_of(reader), reader.head.weight.array.copy()
    ADDED[how](reader, generator=generator())
    new = {n: p.array.copy() for n, p in reader.named_parameters() if n not in before}
    train_steps(reader, optim.Adam(reader.parameters(), lr=1e-2), 4)
    after = body_of(reader)
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)
    moved = {n: p.array for n, p in reader.named_parameters() if n in new}
    for name, was in new.items():
        assert (moved[name] != was).any(), name
    assert (reader.head.weight.array != head).any()
    assert not reader.frozen
    assert reader.embed.training == (how == "lora")  # adapters stand where the paper puts them


@pytest.mark.parametrize("attention", [{}, {"kdim": 5, "vdim": 6}])
def test_merged_attention_computes_the_same_bits(attention):
    net = nn.MultiheadAttention(8, 2, generator=generator(), **attention)
    q, k = (Tensor(generator(i).standard_normal((4, 3, 8)).astype(np.float32)) for i in (1, 2))
    k = k if not attention else k[:, :, :5]
    v = k if not attention else q[:, :, :6]
    transfer.add_lora(net, 2, head="", generator=generator())
    draw = generator(3)
    for p in net.parameters():
        p.array[...] = draw.normal(0, 0.3, p.shape)
    training = net(q, k, v)[0].array
    before = net.eval()(q, k, v)[0].array
    np.testing.assert_allclose(training, before, rtol=1e-4, atol=1e-5)
    transfer.merge_lora(net)
    assert type(net) is nn.MultiheadAttention
    assert type(net.out_proj) is nn.Linear
    np.testing.assert_array_equal(net(q, k, v)[0].array, before)


def test_merged_the_network_computes_the_same_bits_and_has_its_old_names(
    reader, batch, train_steps
):
    names = list(reader.state_dict())
    ADDED["lora"](reader, generator=generator())
    train_steps(reader, optim.Adam(reader.parameters(), lr=1e-2), 4)
    before = reader.eval()(batch[0]).array
    transfer.merge_lora(reader)
    np.testing.assert_array_equal(reader(batch[0]).array, before)
    assert list(reader.state_dict()) == names
    assert type(reader.embed) is nn.Linear
    assert not any("lora" in name for name in reader.state_dict())
    with pytest.raises(ValueError, match="no layer has a change of low rank"):
        transfer.merge_lora(reader)
    transfer.unfreeze(reader)
    assert all(p.requires_grad for p in reader.parameters())


@pytest.mark.parametrize("how", ADDED)
def test_taken_off_the_body_is_what_it_was(reader, batch, train_steps, how):
    reader.eval()
    features = reader.features(batch[0]).array
    names = list(reader.state_dict())
    ADDED[how](reader, generator=generator())
    train_steps(reader, optim.Adam(reader.parameters(), lr=1e-2), 4)
    transfer.remove_adapters(reader).eval()
    assert list(reader.state_dict()) == names
    again = reader.features(batch[0]).array
    np.testing.assert_array_equal(again, features)


def test_the_change_is_the_papers():
    net = nn.Sequential(nn.Linear(6, 5, generator=generator()), nn.Linear(5, 2))
    transfer.add_lora(net, 2, 6.0, generator=generator(1))
    layer = net[0]
    assert layer.lora_A.shape == (2, 6)
    assert layer.lora_B.shape == (5, 2)
    assert np.abs(layer.lora_A.array).max() <= 1 / 6**0.5
    assert (layer.lora_B.array == 0).all()
    layer.lora_B.array[...] = 1.0
    change = 3.0 * layer.lora_B.array @ layer.lora_A.array
    np.testing.assert_allclose(layer.merged().array, layer.weight.array + change, rtol=1e-6)
    x = mt.randn(4, 6)
    expected = x.array @ (layer.weight.array + change).T + layer.bias.array
    np.testing.assert_allclose(layer(x).array, expected, rtol=1e-4, atol=1e-5)


def test_dropout_before_the_change_drops_in_training_only():
    net = nn.Sequential(nn.Linear(40, 5), nn.Linear(5, 2))
    transfer.add_lora(net, 2, dropout=0.5)
    net[0].lora_B.array[...] = 1.0
    x = mt.ones(1, 40)
    assert (net[0](x) != net[0](x)).any()
    assert (net.eval()[0](x) == net[0](x)).all()


def test_a_changed_network_can_be_copied_and_its_names_are_whole(reader):
    ADDED["lora"](reader)
    twin = copy.deepcopy(reader)
    assert [n for n, _ in twin.named_parameters()] == [n for n, _ in reader.named_parameters()]
    for model in (reader, twin):
        assert all(p.name == name for name, p in model.named_parameters())
    ADDED["adapters"](transfer.remove_adapters(reader))
    assert all(p.name == name for name, p in reader.named_parameters())


def test_other_layers_can_be_named(reader):
    transfer.add_lora(reader, 1, layers=["embed"])
    learning = {n for n, p in reader.named_parameters() if p.requires_grad}
    assert learning == {"embed.lora_A", "embed.lora_B", "head.weight", "head.bias"}


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda net: transfer.add_lora(net, 0), "rank is a whole number from 1 to 2"),
        (lambda net: transfer.add_lora(net, 7), "rank is a whole number from 1 to 2"),
        (lambda net: transfer.add_lora(net, layers=["no"]), "'no' is missing"),
        (lambda net: transfer.add_lora(net, layers=["encoder"]), "expected the name of a Linear"),
        (lambda net: transfer.add_lora(nn.Sequential(net.head)), "no Linear or MultiheadAtt"),
        (lambda net: transfer.add_lora(net, dropout=1.0), "probability below 1"),
        (lambda net: transfer.add_lora(net, dropout=-0.5), "probability below 1"),
        (lambda net: transfer.add_lora(transfer.add_lora(net, 2), 2), "beside the head"),
        (lambda net: transfer.add_adapters(transfer.add_adapters(net)), "AdaptedLinear"),
    ],
)
def test_what_does_not_fit_is_explained_and_nothing_changed(reader, call, message):
    with pytest.raises(ValueError, match=message):
        call(reader)


# Bias only


def test_bias_only_moves_biases_and_the_head(net, train_steps):
    before = {n: p.array.copy() for n, p in net.named_parameters()}
    transfer.bias_only(net)
    train_steps(net, optim.AdamW(net.parameters(), lr=1e-2), 3)
    moved = {n for n, p in net.named_parameters() if (p.array != before[n]).any()}
    assert moved == {"0.bias", "1.bias", "4.bias", "6.weight", "6.bias"}
    transfer.unfreeze(net)
    assert all(p.requires_grad for p in net.parameters())


def test_freeze_all_but_holds_what_stands_behind_what_learns(net):
    transfer.freeze_all_but(net, lambda name, p: name.endswith("weight"))
    learning = [n for n, p in net.named_parameters() if p.requires_grad]
    assert learning == ["0.weight", "1.weight", "4.weight", "6.weight"]
    assert not net[0].frozen


def test_freeze_all_but_holds_batch_norms_that_do_not_learn(net, train_steps):
    transfer.freeze_all_but(net, lambda name, p: name.startswith("6"))
    mean = net[1].running_mean.array.copy()
    train_steps(net, optim.SGD(net.parameters(), lr=0.1), 2)
    np.testing.assert_array_equal(net[1].running_mean.array, mean)
    assert net[1].frozen
    assert net[3].training
    assert not net.frozen
    with pytest.raises(ValueError, match="no parameter would learn"):
        transfer.freeze_all_but(net, lambda name, p: False)


# Gradient reversal


def test_reversal_changes_the_sign_on_the_way_back_and_nothing_on_the_way_there():
    x = Tensor([[1.0, -2.0]], requires_grad=True)
    layer = transfer.GradientReversal(0.25)
    y = layer(x)
    np.testing.assert_array_equal(y.array, x.array)
    (y * Tensor([[4.0, 8.0]])).sum().backward()
    assert x.grad.tolist() == [[-1.0, -2.0]]


def test_a_reversed_body_forgets_what_the_head_tells():
    """The domain is one of two features; the body's weight on it shrinks while the head guesses."""
    draw = generator()
    x = draw.standard_normal((200, 2)).astype(np.float32)
    domain = Tensor((x[:, :1] > 0).astype(np.float32))
    shares = {}
    for alpha in (1.0, -1.0):
        body = nn.Linear(2, 2, generator=generator(1))
        head = nn.Sequential(transfer.GradientReversal(alpha), nn.Linear(2, 1, generator=draw))
        sgd = optim.SGD([*body.parameters(), *head.parameters()], lr=0.1)
        for _ in range(200):
            sgd.zero_grad()
            loss = nn.functional.binary_cross_entropy_with_logits(head(body(Tensor(x))), domain)
            loss.backward()
            sgd.step()
        shares[alpha] = np.abs(body.weight.array[:, 0]).sum()
    assert shares[1.0] < 0.5 * shares[-1.0]


def test_the_strength_grows_as_in_the_paper():
    assert transfer.reversal_strength(0) == 0
    assert transfer.reversal_strength(1) == pytest.approx(0.9999, abs=1e-4)
