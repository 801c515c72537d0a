"""What does not fit is refused with a message that says what was given and what was expected."""

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import ops
from minitransfer.nn import functional as F


def ones(*shape):
    return mt.ones(shape)


REFUSED = {
    "attn_mask holds int": lambda: F.scaled_dot_product_attention(
        ones(1, 2, 3), ones(1, 2, 3), ones(1, 2, 3), attn_mask=mt.tensor(np.ones((2, 2), int))
    ),
    "enable_gqa key and value": lambda: F.scaled_dot_product_attention(
        ones(1, 4, 2, 3), ones(1, 3, 2, 3), ones(1, 3, 2, 3), enable_gqa=True
    ),
    "beta is -1.0": lambda: F.smooth_l1_loss(ones(2), ones(2), beta=-1),
    "max_pool2d: dilation": lambda: F.max_pool2d(ones(1, 1, 4, 4), 2, dilation=2),
    "max_pool2d: return_indices": lambda: F.max_pool2d(ones(1, 1, 4, 4), 2, return_indices=True),
    "max_pool2d: ceil_mode=True": lambda: F.max_pool2d(ones(1, 1, 5, 5), 2, ceil_mode=True),
    r"stride is \(1.5, 1\)": lambda: F.max_pool2d(ones(1, 1, 5, 5), 2, stride=(1.5, 1)),
    r"stride is 'two'": lambda: F.max_pool2d(ones(1, 1, 5, 5), 2, stride="two"),
    r"nll_loss: the input has shape \(2, 3\), the target \(3,\)": lambda: F.nll_loss(
        ones(2, 3), mt.tensor([0, 1, 2])
    ),
    "nll_loss: labels are float32": lambda: F.nll_loss(ones(2, 3), ones(2)),
    "nll_loss: label 3 is not a class; .* from 0 to 2": lambda: F.nll_loss(
        ones(2, 3), mt.tensor([0, 3])
    ),
    "nll_loss: label -1 is not a class": lambda: F.nll_loss(ones(2, 3), mt.tensor([0, -1])),
    r"expected class numbers of shape \(2,\) or probabilities of shape \(2, 3\)": lambda: (
        F.cross_entropy(ones(2, 3), ones(2, 4))
    ),
    "probabilities from 0.5 to 1.5": lambda: F.binary_cross_entropy(mt.tensor([0.5, 1.5]), ones(2)),
    "probabilities from -0.5 to 0.5": lambda: F.binary_cross_entropy(
        mt.tensor([0.5, -0.5]), ones(2)
    ),
    "linear: .* bias is float32": lambda: F.linear(
        ones(2, 3).double(), ones(4, 3).double(), ones(4)
    ),
    "linear: .* bias is float64": lambda: F.linear(ones(2, 3), ones(4, 3), ones(4).double()),
    "mm: shapes .* expected matrices": lambda: mt.mm(ones(2, 2), ones(2)),
    "mm: shapes .3,. and": lambda: mt.mm(ones(3), ones(3, 2)),
    "bmm: shapes .* expected": lambda: mt.bmm(ones(2, 2, 2), ones(3, 2, 2)),
    "bmm: shapes .2, 2.": lambda: mt.bmm(ones(2, 2), ones(2, 2, 2)),
    "dot: .* two vectors of one length": lambda: mt.dot(ones(2), ones(3)),
    "dot: shapes .2, 2.": lambda: mt.dot(ones(2, 2), ones(2, 2)),
    "outer: .* two vectors": lambda: mt.outer(ones(2), ones(2, 2)),
    "give the operands one by one": lambda: mt.einsum("ij->i", [ones(2, 2)]),
    "'ij,jk' names 2 operands, given 1": lambda: mt.einsum("ij,jk", ones(2, 2)),
    r"'ij,jk->ik' with shapes \(2, 3\), \(2, 3\)": lambda: mt.einsum(
        "ij,jk->ik", ones(2, 3), ones(2, 3)
    ),
    r"an input of shape \(2, 3\) in 2 groups": lambda: F.group_norm(ones(2, 3), 2),
    "in 0 groups": lambda: F.group_norm(ones(2, 3), 0),
    r"an input of shape \(4,\) in 2 groups": lambda: F.group_norm(ones(4), 2),
    r"the weight has shape \(3,\); expected \(4,\)": lambda: F.group_norm(
        ones(2, 4), 2, weight=ones(3)
    ),
    r"the bias has shape \(3,\); expected \(4,\)": lambda: F.group_norm(
        ones(2, 4), 2, bias=ones(3)
    ),
    r"rms_norm: the input has shape \(2, 3\)": lambda: F.rms_norm(ones(2, 3), (2,)),
    r"normalized_shape is \(\)": lambda: F.rms_norm(ones(2, 3), ()),
    r"rms_norm: the weight has shape \(2,\)": lambda: F.rms_norm(ones(2, 3), (3,), ones(2)),
    r"dropout2d: the input has shape \(2, 3\)": lambda: F.dropout2d(ones(2, 3)),
    "topk: k=4 of 3 numbers": lambda: mt.topk(ones(3), 4),
    "topk: k=-1 of 3": lambda: mt.topk(ones(3), -1),
    "not below 0, and not all 0": lambda: mt.multinomial(mt.tensor([1.0, -1.0]), 1),
    "finite, not below 0": lambda: mt.multinomial(mt.tensor([1.0, np.inf]), 1),
    "and not all 0": lambda: mt.multinomial(mt.tensor([0.0, 0.0]), 1),
    "2 different places from a row in which 1": lambda: mt.multinomial(mt.tensor([0.0, 1.0]), 2),
    "parts of length 0; expected 1 or more": lambda: mt.split(ones(3), 0),
    r"lengths \[1, 1\] for an axis of 3": lambda: mt.split(ones(3), [1, 1]),
    r"repeat: \(2,\) for shape \(1, 2\)": lambda: ones(1, 2).repeat(2),
    "nonlinearity='gelu'": lambda: ops.rnn_sequence(
        ones(1, 1, 1), ones(1, 1), ones(1, 1), ones(1, 1), nonlinearity="gelu"
    ),
    r"rnn_sequence: the input has shape \(0, 1, 1\)": lambda: ops.rnn_sequence(
        ones(0, 1, 1), ones(1, 1), ones(1, 1), ones(1, 1)
    ),
    r"weight_ih has shape \(1, 2\); expected \(1, 1\)": lambda: ops.rnn_sequence(
        ones(1, 1, 1), ones(1, 1), ones(1, 2), ones(1, 1)
    ),
    "norm: p is 0;": lambda: mt.norm(ones(2), 0),
    "norm: p is 'nuc'": lambda: mt.norm(ones(2), "nuc"),
    "either size= or scale_factor=": lambda: F.interpolate(ones(1, 1, 2, 2)),
    "give either size=": lambda: F.interpolate(ones(1, 1, 2, 2), size=3, scale_factor=2),
    "mode='cubic'": lambda: F.interpolate(ones(1, 1, 2, 2), size=3, mode="cubic"),
    r"images of \(2, 2\) become \(0, 0\)": lambda: F.interpolate(
        ones(1, 1, 2, 2), scale_factor=0.25
    ),
    "output_size is 0; expected 1": lambda: F.adaptive_avg_pool2d(ones(1, 1, 2, 2), 0),
    r"given shape \(2, 2, 2\). Use .mT": lambda: mt.t(ones(2, 2, 2)),
    "3 places from 1 on, of an axis of 3": lambda: mt.narrow(ones(3), 0, 1, 3),
    "-1 places from 1 on": lambda: mt.narrow(ones(3), 0, 1, -1),
    "1 places from -1 on": lambda: mt.narrow(ones(3), 0, -1, 1),
    "output_padding is .2, 2.; it must be less": lambda: F.conv_transpose2d(
        ones(1, 1, 2, 2), ones(1, 1, 2, 2), stride=2, output_padding=2
    ),
    "output_padding is .-1, -1.": lambda: F.conv_transpose2d(
        ones(1, 1, 2, 2), ones(1, 1, 2, 2), output_padding=-1
    ),
    r"an image of \(1, 1\) would become \(0, 0\)": lambda: F.conv_transpose2d(
        ones(1, 1, 1, 1), ones(1, 1, 2, 2), padding=1
    ),
    "the input has 2 channels .* the weight": lambda: F.conv_transpose2d(
        ones(1, 2, 2, 2), ones(1, 1, 2, 2)
    ),
    "groups=2 does not divide 3 channels": lambda: F.conv_transpose2d(
        ones(1, 3, 2, 2), ones(3, 1, 2, 2), groups=2
    ),
    "groups=0 does not divide": lambda: F.conv_transpose2d(
        ones(1, 3, 2, 2), ones(3, 1, 2, 2), groups=0
    ),
    r"the bias has shape \(1,\); expected \(4,\)": lambda: F.conv_transpose2d(
        ones(1, 2, 2, 2), ones(2, 2, 2, 2), ones(1), groups=2
    ),
    r"conv1d: the input has shape \(1, 2\)": lambda: F.conv1d(ones(1, 2), ones(1, 1, 1)),
    r"conv1d: the weight has shape \(1, 1\)": lambda: F.conv1d(ones(1, 1, 2), ones(1, 1)),
    r"glu: axis -1 of \(2, 3\) cannot be halved": lambda: F.glu(ones(2, 3)),
    r"prelu: \(2,\) slopes for an input \(1, 3\)": lambda: F.prelu(ones(1, 3), ones(2)),
    r"arange takes \(end\)": lambda: mt.arange(),
    r"arange takes \(end\), \(start": lambda: mt.arange(0, 1, 2, 3),
}


@pytest.mark.parametrize("message", REFUSED)
def test_it_is_refused_with(message):
    with pytest.raises((ValueError, TypeError, RuntimeError), match=message):
        REFUSED[message]()


OPERATIONS = {
    f.__name__: f
    for f in vars(mt).values()
    if str(getattr(f, "__module__", "")).startswith(f"{ops.__name__}.")
}


def test_the_operations_are_found():
    assert len(OPERATIONS) > 80


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_argument_that_an_operation_does_not_have(name):
    with pytest.raises(TypeError, match=f"{name} has no argument 'sideways'; it takes"):
        OPERATIONS[name](ones(2), sideways=True)


def test_numbers_without_an_axis_are_sorted_and_summed_as_they_are():
    one = mt.tensor(3.0, requires_grad=True)
    assert mt.argsort(one.detach()).item() == 0
    y = mt.cumprod(one, 0)
    y.backward()
    assert (y.item(), one.grad.item()) == (3.0, 1.0)


def test_products_of_small_whole_numbers_do_not_run_over():
    y = mt.cumprod(mt.tensor(np.full(3, 100, np.int8)), 0)
    assert y.dtype == np.int64
    assert y.tolist() == [100, 10_000, 1_000_000]


def test_a_whole_number_of_numpy_picks_like_one_of_python():
    x = mt.tensor([[1.0, 2.0], [3.0, 4.0]])
    picked = x[np.array(1)]  # no axis: a number, and no list of one
    assert picked.shape == (2,)
    assert picked.tolist() == x[np.int64(1)].tolist() == x[1].tolist() == [3.0, 4.0]


def test_a_window_of_one_number_in_a_tuple_is_that_number():
    x = mt.tensor(np.arange(6.0)[None, None])
    np.testing.assert_array_equal(F.avg_pool1d(x, (3,)).array, F.avg_pool1d(x, 3).array)
    assert F.avg_pool1d(x, (3,), (1,), (1,)).shape == F.avg_pool1d(x, 3, 1, 1).shape == (1, 1, 6)
