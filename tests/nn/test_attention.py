"""Attention and transformers: gradients, masks, and PyTorch's numbers where it is installed."""

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor, gradcheck, nn
from minitransfer.nn import functional as F


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def generator(seed=0):
    return np.random.default_rng(seed)


def own_weights(layer, seed=3):
    """Give every parameter random numbers of its own, so that no bias is left at 0."""
    draw = np.random.default_rng(seed)
    with mt.no_grad():
        for p in layer.parameters():
            p.copy_(draw.normal(0, 0.4, p.shape).astype(np.float32))
    return layer


def twins(name, *arguments, **options):
    """The same layer of both libraries: PyTorch's takes our state, ours takes it back."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    ours = own_weights(getattr(nn, name)(*arguments, **options))
    theirs = getattr(torch.nn, name)(*arguments, **options)
    state = {k: torch.from_numpy(v.array.copy()) for k, v in ours.state_dict().items()}
    assert list(state) == list(theirs.state_dict())
    theirs.load_state_dict(state)
    back = {k: Tensor(v.numpy().copy()) for k, v in theirs.state_dict().items()}
    with mt.no_grad():
        for p in ours.parameters():
            p.fill_(7.0)
    ours.load_state_dict(back)
    return torch, ours.eval(), theirs.eval()


def check_same(torch, ours, theirs, arrays, **options):
    """Results of two layers, and the gradients of inputs and parameters, agree to 1e-4."""
    mine = [Tensor(a.astype(np.float32), requires_grad=True) for a in arrays]
    other = [torch.from_numpy(a.astype(np.float32)).requires_grad_() for a in arrays]
    y = ours(*mine, **{k: _given(mt, v) for k, v in options.items()})
    z = theirs(*other, **{k: _given(torch, v) for k, v in options.items()})
    pairs = list(zip(y, z, strict=True)) if isinstance(y, tuple) else [(y, z)]
    pairs = [(a, b) for a, b in pairs if a is not None or b is not None]
    for a, b in pairs:
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-4)
    sum((a * Tensor(np.cos(np.arange(a.array.size, dtype=np.float32)).reshape(a.shape))).sum()
        for a, _ in pairs).backward()  # fmt: skip
    sum((b * torch.arange(b.numel()).float().cos().reshape(b.shape)).sum()
        for _, b in pairs).backward()  # fmt: skip
    for a, b in zip(mine, other, strict=True):
        np.testing.assert_allclose(a.gradient, b.grad.numpy(), rtol=1e-4, atol=1e-4)
    found = dict(ours.named_parameters())
    for name, b in theirs.named_parameters():
        np.testing.assert_allclose(
            found[name].gradient, b.grad.numpy(), rtol=1e-4, atol=1e-4, err_msg=name
        )


def _given(lib, value):
    return lib.tensor(value) if isinstance(value, np.ndarray) else value


def future(n):
    return np.triu(np.ones((n, n), bool), 1)


PADDING = np.array([[False] * 5, [False, False, False, True, True], [False] * 4 + [True]])


# The operation


def test_attention_is_a_weighted_mean():
    q, k, v = normal(2, 3, 4), normal(2, 5, 4, seed=1), normal(2, 5, 6, seed=2)
    y = F.scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v)).array
    scores = np.exp(q @ k.swapaxes(1, 2) / 2)
    np.testing.assert_allclose(y, scores / scores.sum(-1, keepdims=True) @ v)


def test_a_causal_place_sees_nothing_of_what_follows():
    q, k, v = (Tensor(normal(4, 3, seed=i)) for i in range(3))
    before = F.scaled_dot_product_attention(q, k, v, is_causal=True).array
    k.array[3] += 100
    v.array[3] += 100
    after = F.scaled_dot_product_attention(q, k, v, is_causal=True).array
    np.testing.assert_array_equal(before[:3], after[:3])
    assert (before[3] != after[3]).all()


def test_a_place_that_may_look_nowhere_gets_zeros_and_passes_no_gradient():
    q, k, v = (Tensor(normal(2, 3, seed=i), requires_grad=True) for i in range(3))
    mask = mt.tensor([[False, False], [True, False]])
    y = F.scaled_dot_product_attention(q, k, v, mask)
    assert y.tolist()[0] == [0, 0, 0]
    y.sum().backward()
    assert np.isfinite(q.gradient).all()
    assert (q.gradient[0] == 0).all()
    assert (v.gradient[1] == 0).all()


def test_dropout_keeps_the_mean_and_its_gradient_is_that_of_what_was_kept():
    q = k = Tensor(np.zeros((400, 2)))
    v = Tensor(np.ones((400, 1)), requires_grad=True)
    y = F.scaled_dot_product_attention(q, k, v, dropout_p=0.5, generator=generator())
    assert y.mean().item() == pytest.approx(1, abs=0.01)
    assert y.std().item() > 0.01
    y.sum().backward()
    assert v.gradient.sum() == pytest.approx(y.sum().item())


@pytest.mark.parametrize(
    "arguments, options, message",
    [
        (((3,), (4, 3), (4, 3)), {}, r"expected \(\.\.\., L, E\)"),
        (((2, 3), (4, 5), (4, 3)), {}, "query and key must have the same last axis"),
        (((2, 3), (4, 3), (5, 3)), {}, "as many places"),
        (((2, 3), (4, 3), (4, 3)), {"attn_mask": np.ones((4, 2), bool)}, "does not broadcast"),
        (((2, 3), (4, 3), (4, 3)), {"dropout_p": 1.0}, "probability below 1"),
        (((2, 3), (4, 3), (4, 3)), {"attn_mask": True, "is_causal": True}, "not both"),
        (((3, 2, 3), (2, 4, 3), (2, 4, 3)), {"enable_gqa": True}, "divides that of the query"),
    ],
)
def test_attention_explains_what_does_not_fit(arguments, options, message):
    arrays = [Tensor(normal(*shape)) for shape in arguments]
    if options.get("attn_mask") is True:
        options = options | {"attn_mask": np.ones((2, 4), bool)}
    with pytest.raises(ValueError, match=message):
        F.scaled_dot_product_attention(*arrays, **options)


# Layers


def test_initial_weights_are_those_of_pytorch():
    layer = nn.MultiheadAttention(40, 4, generator=generator())
    bound = (6 / (40 + 120)) ** 0.5
    assert 0.95 * bound < np.abs(layer.in_proj_weight.array).max() <= bound
    assert 0.95 / 40**0.5 < np.abs(layer.out_proj.weight.array).max() <= 1 / 40**0.5
    assert (layer.in_proj_bias.array == 0).all()
    assert (layer.out_proj.bias.array == 0).all()
    again = nn.MultiheadAttention(40, 4, generator=generator())
    np.testing.assert_array_equal(layer.in_proj_weight.array, again.in_proj_weight.array)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_layer_agrees_with_pytorch(need_weights, average, batch_first):
    torch, *pair = twins("MultiheadAttention", 8, 2, batch_first=batch_first)
    shapes = [(3, 4, 8), (3, 5, 8), (3, 5, 8)]
    arrays = [normal(*s, seed=i) for i, s in enumerate(shapes)]
    arrays = arrays if batch_first else [a.swapaxes(0, 1) for a in arrays]
    options = {"need_weights": need_weights, "average_attn_weights": average}
    check_same(torch, *pair, arrays, **options)
    mask = np.triu(np.ones((4, 5), bool), 2)
    check_same(torch, *pair, arrays, attn_mask=mask, key_padding_mask=PADDING, **options)
    each = np.repeat(mask[None], 6, 0)
    each[0, :, 1] = True
    check_same(torch, *pair, arrays, attn_mask=each, **options)
    added = normal(4, 5).astype(np.float32)
    check_same(torch, *pair, arrays, attn_mask=added, **options)


def test_attention_without_a_batch_and_with_other_widths_agrees_with_pytorch():
    torch, *pair = twins("MultiheadAttention", 8, 4, bias=False, kdim=3, vdim=6)
    check_same(torch, *pair, [normal(4, 8), normal(5, 3), normal(5, 6)])
    check_same(torch, *pair, [normal(4, 2, 8), normal(5, 2, 3), normal(5, 2, 6)])


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_encoder_agrees_with_pytorch(norm_first, batch_first, activation):
    options = {"norm_first": norm_first, "batch_first": batch_first, "activation": activation}
    torch, *pair = twins("TransformerEncoderLayer", 8, 2, 12, 0.1, **options)
    x = normal(3, 5, 8) if batch_first else normal(5, 3, 8)
    check_same(torch, *pair, [x], src_mask=future(5))
    check_same(torch, *pair, [x], src_mask=future(5), is_causal=True)
    check_same(torch, *pair, [x], src_key_padding_mask=PADDING)
    check_same(torch, *pair, [normal(5, 8)])


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_decoder_agrees_with_pytorch(norm_first, bias):
    options = {"norm_first": norm_first, "batch_first": True, "bias": bias}
    torch, *pair = twins("TransformerDecoderLayer", 8, 2, 12, **options)
    arrays = [normal(3, 4, 8), normal(3, 5, 8, seed=1)]
    check_same(torch, *pair, arrays, tgt_mask=future(4), memory_key_padding_mask=PADDING)


def test_stacks_and_the_whole_transformer_agree_with_pytorch():
    torch, *pair = twins("Transformer", 8, 2, 2, 1, 12, 0.0, batch_first=True)
    arrays = [normal(3, 5, 8), normal(3, 4, 8, seed=1)]
    masks = {"tgt_mask": future(4), "src_key_padding_mask": PADDING}
    check_same(torch, *pair, arrays, **masks, memory_key_padding_mask=PADDING)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(4).numpy()
    ours = nn.Transformer.generate_square_subsequent_mask(4)
    np.testing.assert_array_equal(ours.array, mask)


def test_copies_in_a_stack_learn_by_themselves_and_have_names():
    layer = nn.TransformerEncoderLayer(4, 2, 6, 0.0, generator=generator())
    net = nn.TransformerEncoder(layer, 2)
    first, second = (stacked.linear1.weight for stacked in net.layers)
    np.testing.assert_array_equal(first.array, second.array)
    net(Tensor(normal(3, 2, 4).astype(np.float32))).square().sum().backward()
    assert (first.gradient != second.gradient).any()
    assert first.name == "layers.0.linear1.weight"
    assert layer.linear1.weight.gradient is None


def test_layers_pass_the_gradient_check():
    encoder = nn.TransformerEncoderLayer(
        4, 2, 6, 0.0, "gelu", norm_first=True, batch_first=True, generator=generator()
    ).double()
    decoder = nn.TransformerDecoderLayer(
        4, 2, 6, 0.0, "gelu", batch_first=True, generator=generator(1)
    ).double()
    x, m = (Tensor(normal(2, n, 4, seed=n), requires_grad=True) for n in (3, 2))
    past = nn.Transformer.generate_square_subsequent_mask(3, dtype=mt.float64)

    def both(x, m, *_):
        return decoder(encoder(x, past), m, past)

    parameters = [*encoder.parameters(), *decoder.parameters()]
    assert gradcheck(both, [x, m, *parameters], generator=generator())
    norms = nn.Sequential(nn.GroupNorm(2, 4), nn.RMSNorm((3, 2))).double()
    y = Tensor(normal(2, 4, 3, 2), requires_grad=True)
    assert gradcheck(lambda y, *_: norms(y), [y, *norms.parameters()], generator=generator())


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: nn.MultiheadAttention(6, 4), "embed_dim=6 cannot be divided"),
        (lambda: nn.MultiheadAttention(4, 2, add_bias_kv=True), "add_bias_kv=True is not covered"),
        (lambda: nn.TransformerEncoderLayer(4, 2, activation="tanh"), '"relu", "gelu" or a func'),
        (lambda: _attend((2, 1, 3)), r"MultiheadAttention\(4, 2 heads\) expects query"),
        (lambda: _attend((2, 1, 4), is_causal=True), "generate_square_subsequent_mask"),
        (lambda: _attend((2, 1, 4), attn_mask=mt.zeros(3, 3)), r"expected \(2, 2\) or \(2, 2, 2"),
        (lambda: _attend((2, 1, 4), key_padding_mask=mt.zeros(3, 3)), "key_padding_mask has shape"),
        (lambda: nn.PositionalEncoding(4, max_len=2)(mt.zeros(3, 1, 4)), "up to 2 places"),
        (lambda: nn.GroupNorm(2, 3), "3 channels cannot be divided into 2 groups"),
        (lambda: nn.GroupNorm(1, 3)(mt.zeros(1, 2)), r"expects \(N, 3"),
        (lambda: nn.RMSNorm(3)(mt.zeros(1, 2)), r"expects last axes \(3,\)"),
    ],
)
def test_layers_explain_what_does_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def _attend(shape, **options):
    x = mt.zeros(*shape)
    return nn.MultiheadAttention(4, 2)(x, x, x, **options)


# Positions


def test_positions_are_the_papers_waves():
    table = nn.sinusoidal_positions(50, 6).array
    for place in (0, 1, 49):
        for i in range(3):
            angle = place / 10_000 ** (2 * i / 6)
            assert table[place, 2 * i] == pytest.approx(np.sin(angle), abs=1e-5)
            assert table[place, 2 * i + 1] == pytest.approx(np.cos(angle), abs=1e-5)
    assert nn.sinusoidal_positions(3, 5).shape == (3, 5)


def test_positions_are_added_along_the_right_axis_and_not_saved():
    layer = nn.PositionalEncoding(4, max_len=6)
    waves = nn.sinusoidal_positions(3, 4).array
    np.testing.assert_array_equal(layer(mt.zeros(3, 2, 4)).array[:, 1], waves)
    np.testing.assert_array_equal(layer(mt.zeros(3, 4)).array, waves)
    layer = nn.PositionalEncoding(4, 0.5, 6, batch_first=True)
    np.testing.assert_array_equal(layer.eval()(mt.zeros(2, 3, 4)).array[1], waves)
    assert (layer.train()(mt.zeros(2, 3, 4)) == 0).any()
    assert dict(layer.state_dict()) == {}


def test_without_positions_the_order_of_the_keys_makes_no_difference():
    layer = nn.MultiheadAttention(4, 2, generator=generator())
    q, k = mt.randn(1, 1, 4), mt.randn(5, 1, 4)
    turned = k.flip(0)
    np.testing.assert_allclose(
        layer(q, k, k)[0].array, layer(q, turned, turned)[0].array, rtol=1e-5, atol=1e-6
    )
