"""Tensor: operators and methods against differences, types, shapes, and what is refused."""

import copy

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor, gradcheck, nn, optim
from minitransfer import tensor as make
from minitransfer.nn import functional as F


def apart(*shape, low=0.2, high=1.8, seed=0):
    """A float64 leaf of distinct numbers, away from the kinks at whole numbers of 0 and 1."""
    count = int(np.prod(shape))
    numbers = low + (high - low) * (np.arange(count) + 0.37) / max(count, 1)
    order = np.random.default_rng(seed).permutation(count)
    return Tensor(numbers[order].reshape(shape), requires_grad=True)


def signed(*shape, seed=0):
    x = apart(*shape, seed=seed)
    x.array -= 1.003
    return x


BROADCAST = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (4, 1, 3)), ((), (2, 2)), ((1, 3), (2, 1))]
BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "maximum": mt.maximum,
    "minimum": mt.minimum,
    "torch.max": mt.max,
    "where": lambda a, b: mt.where(np.array([True, False])[:, None], a, b),
}


@pytest.mark.parametrize("shapes", BROADCAST, ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_gradients_of_binary_operators_with_broadcasting(name, shapes):
    a, b = apart(*shapes[0]), apart(*shapes[1], low=0.35, high=1.97, seed=1)
    generator = np.random.default_rng(0)
    assert gradcheck(BINARY[name], [a, b], generator=generator)


NUMBERS = {
    "x + 2": lambda x: x + 2,
    "2 + x": lambda x: 2 + x,
    "x - 2.5": lambda x: x - 2.5,
    "2.5 - x": lambda x: 2.5 - x,
    "x * 3": lambda x: x * 3,
    "3 * x": lambda x: 3 * x,
    "x / 4": lambda x: x / 4,
    "4 / x": lambda x: 4 / x,
    "x ** 3": lambda x: x**3,
    "3 ** x": lambda x: 3**x,
    "-x": lambda x: -x,
    "np.float64 * x": lambda x: np.float64(3) * x,
    "x + np.float64": lambda x: x + np.float64(3),
    "x - np.int64": lambda x: x - np.int64(3),
    "x / np.float32": lambda x: x / np.float32(3),
    "tensor of no axes": lambda x: x * Tensor(3.0),
    "float64 of no axes": lambda x: x * Tensor(np.array(3.0)),
    "sum()": lambda x: sum([x, x]),
    "int array": lambda x: x * np.arange(3),
    "bool tensor": lambda x: x * (x > 1),
    "clamp": lambda x: x.clamp(0.5, 1.5),
    "augmented": lambda x: _augmented(x),
}


def _augmented(x):
    y = x * 1
    y += np.float64(2)
    y *= 3
    return y


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_neither_widen_nor_lose_the_gradient(name):
    function = NUMBERS[name]
    assert gradcheck(function, [apart(2, 3)])
    x = Tensor(apart(2, 3).array.astype(np.float32), requires_grad=True)
    y = function(x)
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.gradient.dtype == np.float32
    np.testing.assert_allclose(y.array, function(apart(2, 3)).array, rtol=1e-5)


METHODS = {
    "abs": lambda x: x.abs(),
    "abs()": abs,
    "exp": lambda x: x.exp(),
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "relu": lambda x: x.relu(),
    "sigmoid": lambda x: x.sigmoid(),
    "tanh": lambda x: x.tanh(),
    "square": lambda x: x.square(),
    "pow": lambda x: x.pow(3),
    "clone": lambda x: x.clone(),
    "double": lambda x: x.double(),
    "softmax": lambda x: x.softmax(1),
    "log_softmax": lambda x: x.log_softmax(0),
    "logsumexp": lambda x: x.logsumexp(1),
    "logsumexp keepdim": lambda x: x.logsumexp([0, 1], keepdim=True),
    "matmul": lambda x: x.matmul(x.T),
    "mm": lambda x: x.mm(x.t()),
    "mT": lambda x: x @ x.mT,
    "sum": lambda x: x.sum(),
    "sum dim": lambda x: x.sum(-1),
    "sum dims": lambda x: x.sum([0, 1], keepdim=True),
    "mean": lambda x: x.mean(),
    "mean dim": lambda x: x.mean(dim=0, keepdim=True),
    "var": lambda x: x.var(1),
    "std": lambda x: x.std(0, correction=0),
    "amax": lambda x: x.amax(1),
    "amin": lambda x: x.amin((0, 1)),
    "max": lambda x: x.max(),
    "max dim": lambda x: x.max(dim=1).values,
    "min dim": lambda x: x.min(1, keepdim=True)[0],
    "norm": lambda x: x.norm(),
    "reshape": lambda x: x.reshape(3, -1),
    "view": lambda x: x.view((4, 3)),
    "view_as": lambda x: x.view_as(np.zeros((2, 6))),
    "flatten": lambda x: x.flatten(),
    "squeeze": lambda x: x.unsqueeze(1).squeeze(1),
    "squeeze all": lambda x: x.unsqueeze(-1).unsqueeze(0).squeeze(),
    "permute": lambda x: x.permute(1, 0),
    "transpose": lambda x: x.transpose(0, -1),
    "expand": lambda x: x.unsqueeze(1).expand(-1, 2, -1),
    "gather": lambda x: x.gather(1, Tensor([[0, 1], [3, 3], [2, 0]])),
    "index": lambda x: x[1],
    "slice": lambda x: x[::2, 1:],
    "tensor index": lambda x: x[Tensor([0, 2, 2])],
    "two tensors": lambda x: x[Tensor([0, 2]), Tensor([1, 1])],
    "boolean": lambda x: x[x > 0],
    "None": lambda x: x[:, None],
    "iteration": lambda x: mt.stack([row * i for i, row in enumerate(x)]),
    "unpacking": lambda x: (lambda a, b, c: a * b + c)(*x),
}


@pytest.mark.parametrize("name", METHODS)
def test_gradients_of_methods(name):
    assert gradcheck(METHODS[name], [signed(3, 4)])


@pytest.mark.parametrize("function", [Tensor.log, Tensor.sqrt, mt.log, mt.sqrt])
def test_gradients_of_what_needs_positive_numbers(function):
    assert gradcheck(function, [apart(2, 3)])


LABELS = Tensor([1, 0, 3])
SHARES = Tensor(np.full((3, 4), 0.25))
FUNCTIONS = {
    "mt.sum": lambda x: mt.sum(x, dim=0),
    "mt.mean": lambda x: mt.mean(x, dim=0, keepdim=True),
    "mt.square": mt.square,
    "mt.log_softmax": lambda x: mt.log_softmax(x, 1),
    "mt.bmm": lambda x: mt.bmm(mt.stack([x, x]), mt.stack([x.T, x.T])),
    "mt.std": lambda x: mt.std(x, dim=1),
    "mt.unsqueeze": lambda x: mt.unsqueeze(x, 1),
    "mt.permute": lambda x: mt.permute(x, (1, 0)),
    "mt.pow": lambda x: mt.pow(x, 2),
    "mt.logsumexp": lambda x: mt.logsumexp(x, dim=1, keepdim=True),
    "mt.exp": mt.exp,
    "mt.softmax": lambda x: mt.softmax(x, dim=1),
    "mt.cat": lambda x: mt.cat([x, x * 2], dim=1),
    "mt.stack": lambda x: mt.stack((x, x.exp()), dim=-1),
    "mt.clamp": lambda x: mt.clamp(x, min=-0.5),
    "mt.flatten": lambda x: mt.flatten(x, 0),
    "mt.where": lambda x: mt.where(x > 0, x, 2 * x),
    "mt.var": lambda x: mt.var(x, 1),
    "mt.norm": mt.norm,
    "mt.min": lambda x: mt.min(x, 1)[0],
    "mt.relu": mt.relu,
    "mt.tanh": mt.tanh,
    "mt.abs": mt.abs,
    "F.softmax": lambda x: F.softmax(x, dim=1),
    "F.log_softmax": lambda x: F.log_softmax(x, dim=1),
    "F.leaky_relu": lambda x: F.leaky_relu(x),
    "F.relu6": lambda x: F.relu6(x * 10),
    "F.gelu": lambda x: F.gelu(x),
    "F.gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "F.softplus": lambda x: F.softplus(x),
    "F.sigmoid": lambda x: F.sigmoid(x),
    "F.pad": lambda x: F.pad(x, (1, 2, 0, 3), value=7.0),
    "F.dropout": lambda x: F.dropout(x, 0.4, generator=np.random.default_rng(0)),
    "F.cross_entropy": lambda x: F.cross_entropy(x, LABELS),
    "F.cross_entropy smooth": lambda x: F.cross_entropy(x, LABELS, label_smoothing=0.1),
    "F.cross_entropy weight": lambda x: F.cross_entropy(
        x, LABELS, weight=Tensor([1.0, 2.0, 3.0, 4.0]), ignore_index=3, reduction="sum"
    ),
    "F.cross_entropy shares": lambda x: F.cross_entropy(x, SHARES, reduction="none"),
    "F.bce": lambda x: F.binary_cross_entropy_with_logits(
        x, SHARES, weight=Tensor([2.0]), pos_weight=Tensor([3.0])
    ),
    "F.mse_loss": lambda x: F.mse_loss(x, SHARES),
    "F.l1_loss": lambda x: F.l1_loss(x, SHARES, reduction="sum"),
    "F.huber_loss": lambda x: F.huber_loss(x, SHARES, delta=0.3),
    "F.kl_div": lambda x: F.kl_div(x.log_softmax(1), SHARES, reduction="batchmean"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_of_functions(name):
    assert gradcheck(FUNCTIONS[name], [signed(3, 4)])


def test_gradients_of_functions_of_images_and_weights():
    x, w, b = signed(2, 2, 4, 5), signed(4, 1, 3, 2, seed=1), signed(4, seed=2)
    options = {"stride": (1, 2), "padding": 1, "groups": 2}
    assert gradcheck(lambda x, w, b: F.conv2d(x, w, b, **options), [x, w, b])
    assert gradcheck(lambda x: F.max_pool2d(x, 2), [x])
    assert gradcheck(lambda x: F.avg_pool2d(x, (2, 3), stride=1, padding=1), [x])
    assert gradcheck(F.linear, [signed(3, 4), signed(2, 4, seed=1), signed(2, seed=2)])
    ids = Tensor([[0, 2], [2, 2]])
    assert gradcheck(lambda table: F.embedding(ids, table), [signed(3, 2)])
    assert gradcheck(lambda a, b: a @ b, [signed(2, 3, 4), signed(4, 2, seed=1)])
    assert gradcheck(lambda a, b: a @ b, [signed(4), signed(2, 4, 3, seed=1)])


# Types


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [*METHODS, *FUNCTIONS])
def test_results_keep_the_type(name, dtype):
    if name == "double":
        return
    function = (METHODS | FUNCTIONS)[name]
    assert function(Tensor(signed(3, 4).array.astype(dtype))).dtype == dtype


def test_what_lists_arrays_and_numbers_become():
    assert Tensor([1.0, 2.5]).dtype == np.float32
    assert Tensor(1.5).dtype == np.float32
    assert Tensor([np.float64(1), 2.0]).dtype == np.float32
    assert Tensor([1, 2]).dtype == np.int64
    assert Tensor([True, False]).dtype == np.bool_
    assert Tensor(np.zeros(2)).dtype == np.float64
    assert Tensor(np.float64(1)).dtype == np.float64
    assert Tensor(Tensor(np.zeros(2))).dtype == np.float64


def test_an_array_is_shared_and_a_list_is_not():
    array = np.zeros(2, np.float32)
    Tensor(array)[0] = 5
    assert array[0] == 5
    assert Tensor(array).numpy() is array


@pytest.mark.parametrize(
    "data", [["a"], np.array(["a"]), np.array([None]), [1j], {"a": 1}, None, [[1], [1, 2]]]
)
def test_what_is_not_numeric_is_refused(data):
    with pytest.raises((TypeError, ValueError)):
        Tensor(data)


def test_only_floats_can_have_a_gradient():
    with pytest.raises(TypeError, match=r"int64.*x\.float\(\)"):
        Tensor([1, 2], requires_grad=True)
    assert Tensor([1, 2]).float().requires_grad_().requires_grad


def test_conversions():
    x = Tensor([1.7, -2.2], requires_grad=True)
    assert x.long().tolist() == [1, -2]
    assert not x.long().requires_grad
    assert x.int().dtype == np.int32
    assert x.bool().tolist() == [True, True]
    assert x.to(np.float64).dtype == np.float64
    assert x.to(dtype=mt.float64).dtype == np.float64
    assert x.to(Tensor([1])).dtype == np.int64
    assert x.to("cpu") is x
    assert x.float() is x
    with pytest.raises(TypeError, match="needs a dtype"):
        x.to()
    with pytest.raises(AttributeError, match="runs on the processor"):
        x.to("cuda:0")


def test_whole_numbers_divide_to_float32():
    assert (Tensor([1, 2]) / 2).dtype == np.float32
    assert (Tensor([7, 8]) % 3).tolist() == [1, 2]
    assert (Tensor([7, 8]) // 3).tolist() == [2, 2]


def test_remainders_have_slopes():
    x, y = Tensor([7.5], requires_grad=True), Tensor([2.0], requires_grad=True)
    (x % y + x // y).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([1.0], [-3.0])


# Comparisons and counting


def test_comparisons_as_in_an_evaluation_loop():
    outputs, labels = Tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]), Tensor([1, 1, 1])
    values, predicted = mt.max(outputs, 1)
    assert values.tolist() == pytest.approx([0.9, 0.8, 0.7])
    assert (predicted == labels).sum().item() == 2
    assert predicted.eq(labels.view_as(predicted)).sum().item() == 2
    assert (predicted == labels).float().mean().item() == pytest.approx(2 / 3)
    assert mt.max(outputs.array, 1).indices.tolist() == [1, 0, 1]
    assert mt.argmax(outputs, dim=1).tolist() == [1, 0, 1]
    assert outputs.argmax(dim=1, keepdim=True).shape == (3, 1)
    assert labels.size(0) == len(labels) == 3
    assert labels.size() == (3,)


def test_comparison_operators():
    a, b = Tensor([1.0, 2.0, 3.0]), Tensor([2.0, 2.0, 2.0])
    assert (a < b).tolist() == a.lt(b).tolist() == [True, False, False]
    assert (a <= b).tolist() == [True, True, False]
    assert (a > 2).tolist() == a.gt(2).tolist() == [False, False, True]
    assert (np.array([2.0, 2.0, 2.0]) < a).tolist() == [False, False, True]
    assert (a >= 2).tolist() == [False, True, True]
    assert (a != b).tolist() == [True, False, True]
    assert ((a > 1) & (a < 3)).tolist() == [False, True, False]
    assert ((a < 2) | ~(a < 3)).tolist() == [True, False, True]
    assert (a == a).all()
    assert not (a == b).all()
    assert (a == b).any()
    assert hash(a) != hash(b)


def test_arrays_on_the_left_give_way_to_tensors():
    x, array = Tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0], np.float32)
    for y in (array * x, array + x, array - x, array / x, array**x, array @ x):
        assert isinstance(y, Tensor)
        assert y.requires_grad
    assert (array - x).tolist() == [2, 2]
    assert (array @ x).item() == 11
    assert (array == x).tolist() == [False, False]


# Out of the graph


def test_item_numpy_and_array():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        x.item()
    with pytest.raises(RuntimeError, match=r"\.detach\(\)\.numpy\(\)"):
        x.numpy()
    with pytest.raises(RuntimeError, match="detach"):
        np.asarray(x)
    assert x.detach().numpy() is x.array
    assert not x.detach().requires_grad
    assert np.asarray(x.detach()).tolist() == [1, 2]
    assert isinstance(x.sum().item(), float)
    assert isinstance((x == x).sum().item(), int)
    assert float(x.sum()) == 3.0
    assert int(x.sum()) == 3
    assert f"{x.sum():.2f}" == "3.00"
    assert bool(x.sum())
    assert [10, 20, 30][mt.argmax(x)] == 20


def test_detach_cuts_the_graph():
    x = Tensor([3.0], requires_grad=True)
    (x.detach() * x).sum().backward()
    assert x.grad.tolist() == [3]


def test_the_result_of_an_operation_stays_in_the_graph():
    x = Tensor([3.0], requires_grad=True)
    y = x * 2
    assert not y.is_leaf
    assert x.is_leaf
    with pytest.raises(RuntimeError, match="detach"):
        y.requires_grad_(False)
    assert not x.requires_grad_(False).requires_grad


def test_deepcopy_keeps_numbers_and_requires_grad():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    y = copy.deepcopy(x)
    assert y.requires_grad
    assert y.tolist() == [1, 2]
    y.array[0] = 7
    y.gradient[0] = 9
    assert x.tolist() == [1, 2]
    assert x.grad.tolist() == [2, 4]
    (y * 2).sum().backward()
    assert y.grad.tolist() == [11, 6]


def test_deepcopy_of_a_recorded_result_is_refused():
    with pytest.raises(RuntimeError, match="detach"):
        copy.deepcopy(Tensor([1.0], requires_grad=True) * 2)


# Shapes


def test_axes_out_of_range_are_errors():
    x = mt.zeros(2, 3)
    for wrong in (
        lambda: x.flatten(2),
        lambda: x.unsqueeze(3),
        lambda: x.squeeze(2),
        lambda: x.transpose(0, 2),
        lambda: x.sum(2),
        lambda: x.size(2),
    ):
        with pytest.raises(IndexError):
            wrong()


def test_flatten_of_empty_and_of_no_axes():
    assert mt.zeros(0, 2, 3).flatten(1).shape == (0, 6)
    assert Tensor(1.0).flatten().shape == (1,)
    assert mt.zeros(2, 3, 4, 5).flatten(1, 2).shape == (2, 12, 5)
    assert mt.zeros(2, 1, 3).squeeze(0).shape == (2, 1, 3)
    assert mt.zeros(2, 1, 3).squeeze(-2).shape == (2, 3)


def test_len_and_iteration_need_an_axis():
    with pytest.raises(TypeError, match="no axes"):
        len(Tensor(1.0))
    with pytest.raises(TypeError, match="no axes"):
        list(Tensor(1.0))


# In-place writes that are allowed


def test_writes_into_constants():
    x = mt.zeros(2, 3)
    x[0] = 1
    x[:, 1] = Tensor([5.0, 6.0])
    x[x == 0] = -1
    assert x.tolist() == [[1, 5, 1], [-1, 6, -1]]
    x.fill_(2).add_(1, alpha=2).mul_(3).sub_(2).div_(5)
    assert x.tolist() == [[2] * 3] * 2
    assert x.dtype == np.float32
    counts = Tensor([1, 2])
    with pytest.raises(TypeError, match="Cannot cast"):
        counts.add_(0.5)


# What is printed


def test_repr():
    assert repr(make([1.0, 2.5])) == "tensor([1. , 2.5])"
    assert repr(make([1, 2])) == "tensor([1, 2])"
    assert repr(Tensor(np.zeros(1), requires_grad=True)) == (
        "tensor([0.], dtype=float64, requires_grad=True)"
    )


# At the door


def test_byte_order_is_made_the_machine_s_own():
    x = Tensor(np.array([1.0, -2.0], ">f4"))
    assert x.dtype == np.float32
    assert x.relu().tolist() == [1.0, 0.0]


def test_a_protected_array_can_become_a_parameter():
    array = np.ones((2, 2), np.float32)
    array.flags.writeable = False
    parameter = nn.Parameter(array)
    parameter.sum().backward()
    optim.SGD([parameter], lr=1.0).step()
    assert not parameter.array.any()
    assert array.all()


# Views


@pytest.mark.parametrize(
    "view",
    [
        lambda w: w[0], lambda w: w[1:], lambda w: w.T, lambda w: w.view(4), lambda w: w.flatten(),
        lambda w: w.unsqueeze(0), lambda w: next(iter(w)), lambda w: w.detach(), lambda w: w.data,
        lambda w: w.expand(2, 2), lambda w: w[1:][0].reshape(2, 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("trained", [False, True])
def test_a_write_through_a_view_is_seen(view, trained):
    w = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=trained)
    x = Tensor(np.ones((2, 2), np.float32), requires_grad=True)
    y = (x * w).sum()
    shown = view(w)
    if shown.array.flags.writeable:
        with mt.no_grad():
            shown.detach().mul_(10)
    else:
        w.data.mul_(10)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_a_write_to_what_a_used_view_shows_is_seen():
    w, a = mt.ones(3), Tensor(np.ones(3, np.float32), requires_grad=True)
    y = (a[1:] * w[1:]).sum()
    w.mul_(5)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_a_copy_is_not_a_view():
    w, a = mt.ones(3), Tensor(np.ones(3, np.float32), requires_grad=True)
    y = (a * w.clone()).sum()
    w.mul_(5)
    y.backward()
    assert a.grad.tolist() == [1, 1, 1]


# Data


def test_data_is_a_tensor_that_shares_the_numbers():
    w = nn.Parameter([1.0, 2.0])
    (w * w).sum().backward()
    w.data -= 0.5 * w.grad
    assert w.tolist() == [0.0, 0.0]
    w.data.add_(3).fill_(4)
    assert w.tolist() == [4.0, 4.0]
    w.data = Tensor([7.0, 8.0])
    assert w.tolist() == [7.0, 8.0]
    with pytest.raises(ValueError, match="new layer"):
        w.data = mt.zeros(3)


# Indexing in PyTorch's order


def test_numbers_are_taken_before_arrays():
    x = mt.arange(24).reshape(2, 3, 4)
    assert x[-1, :, mt.tensor([0, 1, 2])].shape == (3, 3)  # NumPy: the same by chance
    assert x[0, :, None, mt.tensor([0, 1])].shape == (3, 1, 2)  # NumPy: (2, 3, 1)
    assert x[[[0, 1], [1, 2]]].shape == (2, 4)  # NumPy: (2, 2, 3, 4), or an error
    assert x[mt.tensor([1, 0], dtype=mt.uint8)].shape == (1, 3, 4)  # a mask
    y = mt.zeros(2, 3, 4)
    y[-1, :, mt.tensor([0, 3])] = mt.ones(3, 2)
    assert y.sum(2).tolist() == [[0, 0, 0], [2, 2, 2]]
