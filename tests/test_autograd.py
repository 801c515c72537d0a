"""Recording and the walk back: who gets a gradient, when it is refused, what is left behind."""

import gc
import threading
import weakref

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor, autograd, enable_grad, is_grad_enabled, nn, no_grad, ops, optim
from minitransfer.autograd import differentiable


def leaf(*values):
    return Tensor(np.array(values, np.float64), requires_grad=True)


# Gradients of leaves


def test_a_leaf_used_on_several_ways_gets_the_sum():
    x = leaf(2.0, 3.0)
    y = x * x
    (y + x * y + x).sum().backward()
    np.testing.assert_allclose(x.grad.tolist(), [2 * 2 + 3 * 4 + 1, 2 * 3 + 3 * 9 + 1])


def test_a_result_used_twice_waits_for_both_of_its_consumers():
    x = leaf(3.0)
    early = x * 2
    late = (early * 5).exp() * 0 + early  # the long way round and the short way
    (late + early * early).sum().backward()
    assert x.grad.item() == pytest.approx(2 + 2 * 6 * 2)


def test_backward_through_two_losses_accumulates():
    x = leaf(1.0, 2.0)
    (3 * x).sum().backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [3 + 2, 3 + 4]


def test_zero_grad_starts_again():
    x = leaf(1.0)
    (3 * x).sum().backward()
    x.grad = None
    (5 * x).sum().backward()
    assert x.grad.tolist() == [5]


def test_only_what_needs_a_gradient_is_computed():
    asked = []

    @differentiable
    def watched(a, b):
        return a + b, (
            lambda gy: asked.append("a") or gy,
            lambda gy: asked.append("b") or gy,
        )

    frozen, trained = Tensor([1.0]), Tensor([1.0], requires_grad=True)
    watched(frozen, trained).sum().backward()
    assert asked == ["b"]
    assert frozen.grad is None


def test_nothing_is_recorded_below_the_last_tensor_that_needs_a_gradient():
    y = (Tensor([1.0]) * 2).exp()
    assert not y.requires_grad
    assert y.history is None


# Two leaves never share a gradient array


def test_the_sum_of_two_leaves_gives_each_its_own_gradient():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a + b).sum().backward()
    assert not np.shares_memory(a.gradient, b.gradient)
    optim.clip_grad_norm_([a, b], 1.0)
    assert a.grad.tolist() == b.grad.tolist() == pytest.approx([0.5, 0.5], rel=1e-6)


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.reshape(2, 1),
        lambda x: x.unsqueeze(0).permute(1, 0),
        lambda x: x[:],
        lambda x: x.clone(),
        lambda x: x + 0,
    ],
)
def test_views_of_leaves_give_each_its_own_gradient(view):
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    out = view(a) + view(b)
    given = np.ones(out.shape)
    out.backward(given)
    assert not np.shares_memory(a.gradient, b.gradient)
    assert not np.shares_memory(a.gradient, given)
    assert a.grad.tolist() == b.grad.tolist() == [1, 1]


def test_the_same_leaf_on_both_sides():
    a = leaf(1.0, 2.0)
    given = np.array([1.0, 10.0])
    (a + a).backward(given)
    assert a.grad.tolist() == [2, 20]
    assert given.tolist() == [1, 10]


def test_the_gradient_a_caller_passes_in_is_not_adopted():
    given = np.ones(2)
    a = leaf(1.0, 2.0)
    a.backward(given)
    (a + 0).backward(given)
    assert a.grad.tolist() == [2, 2]
    assert given.tolist() == [1, 1]
    assert not np.shares_memory(a.gradient, given)


def test_an_assigned_gradient_is_copied():
    given = np.ones(2)
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    a.grad = b.grad = given
    optim.clip_grad_norm_([a, b], 1.0)
    assert a.grad.tolist() == b.grad.tolist() == pytest.approx([0.5, 0.5], rel=1e-6)
    assert given.tolist() == [1, 1]


def test_an_assigned_gradient_takes_the_type_of_its_tensor_and_must_have_its_shape():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.grad = np.array([1.0, 2.0])
    assert x.gradient.dtype == np.float32
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        x.grad = np.zeros(3)


# Types and shapes


@pytest.mark.parametrize("a_type", [np.float32, np.float64])
@pytest.mark.parametrize("b_type", [np.float32, np.float64])
def test_gradients_have_the_type_and_shape_of_their_input(a_type, b_type):
    a = Tensor(np.ones((2, 3), a_type), requires_grad=True)
    b = Tensor(np.full((3,), 2, b_type), requires_grad=True)
    (a.exp() * b + a / b).sum().backward()
    assert (a.gradient.dtype, a.gradient.shape) == (a_type, (2, 3))
    assert (b.gradient.dtype, b.gradient.shape) == (b_type, (3,))


@pytest.mark.parametrize("kind, other", [(np.float32, np.float64), (np.float64, np.float32)])
def test_a_derivative_of_another_type_is_brought_to_the_type_of_its_input(kind, other):
    @differentiable
    def careless(x):
        return x * 1, (lambda gy: gy.astype(other),)

    x = Tensor(np.array([1.0, 2.0], kind), requires_grad=True)
    for y, slope in ((careless(x * 2), 2), (careless(x), 1)):  # of a result, and of a leaf
        x.grad = None
        y.sum().backward()
        assert x.gradient.dtype == kind
        assert x.grad.tolist() == [slope, slope]


def test_float64_in_the_middle_of_a_float32_graph():
    x = Tensor([0.5], requires_grad=True)
    y = x.double().exp().float() * 3
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.gradient.dtype == np.float32
    assert x.grad.item() == pytest.approx(3 * np.exp(0.5), rel=1e-6)


def test_what_has_no_derivative_is_an_option_and_cannot_need_a_gradient():
    @differentiable
    def scaled(x, factor=2.0):
        return x * factor, (lambda gy: gy * factor,)

    assert scaled(leaf(1.0), Tensor(3.0)).item() == 3
    with pytest.raises(RuntimeError, match="passing it as an option would lose it"):
        scaled(leaf(1.0), leaf(2.0))


def test_a_derivative_of_another_shape_is_refused():
    @differentiable
    def careless(x, y):
        return x + y, (lambda gy: gy, lambda gy: gy)

    row = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match=r"shape \(3, 2\) for an input of shape \(2,\)"):
        careless(mt.ones(3, 2), row).sum().backward()
    assert row.grad is None


def test_tensors_may_be_given_by_name():
    """Each has to stand by its derivative, whatever was left out before it."""

    @differentiable
    def affine(x, w=None, b=None, scale=1.0):
        y = (x if w is None else x * w) + b
        return y * scale, (
            lambda gy: gy * scale * w,
            lambda gy: gy * scale * x,
            lambda gy: gy * scale,
        )

    x, w, b = leaf(3.0), leaf(5.0), leaf(7.0)
    affine(b=b, x=x, w=w, scale=2.0).backward()
    assert (x.grad.item(), w.grad.item(), b.grad.item()) == (10, 6, 2)
    b = leaf(7.0)
    affine(x.detach(), b=b).backward()
    assert b.grad.item() == 1
    with pytest.raises(TypeError, match="'x' is missing"):
        affine(b=b)


def test_a_result_is_let_go_as_soon_as_the_walk_is_past_it():
    x = leaf(1.0)
    alive = []

    @differentiable
    def look(x):
        return x + 0, (lambda gy: (alive.append(late()), gy)[1],)

    y = look(x)
    z = y * 2
    late = weakref.ref(z)
    loss = z.sum()
    del y, z
    loss.backward()
    assert alive == [None]


# The graph is freed


def test_a_second_backward_says_that_the_graph_was_freed():
    x = leaf(1.0)
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match=r"already walked and freed.*retain_graph=True"):
        loss.backward()
    assert x.grad.tolist() == [2]


def test_a_part_of_the_graph_that_was_freed_is_found_before_anything_is_added():
    x, w = leaf(1.0), leaf(5.0)
    shared = x * x
    (shared * 2).sum().backward()
    x.grad = None
    with pytest.raises(RuntimeError, match="already walked and freed"):
        (shared * 3 + w).sum().backward()
    assert x.grad is None
    assert w.grad is None


def test_retain_graph_allows_one_more_walk():
    x = leaf(1.0, 4.0)
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert x.grad.tolist() == [4, 16]
    with pytest.raises(RuntimeError, match="freed"):
        loss.backward()


def test_retain_graph_with_operations_that_compute_several_gradients_at_once():
    x = Tensor(np.arange(6.0).reshape(3, 2) ** 2, requires_grad=True)
    norm = nn.BatchNorm1d(2).double()
    y = norm(x)
    y.backward(np.arange(6.0).reshape(3, 2), retain_graph=True)
    first = [x.gradient.copy(), norm.weight.gradient.copy(), norm.bias.gradient.copy()]
    y.backward(np.ones((3, 2)))
    np.testing.assert_allclose(norm.weight.gradient - first[1], 0, atol=1e-12)
    np.testing.assert_allclose(norm.bias.gradient - first[2], 3)
    np.testing.assert_allclose(x.gradient - first[0], 0, atol=1e-12)


def small_network():
    net = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.1))
    return net.append(nn.Linear(4, 2)), mt.randn(8, 2)


def image_network():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.GELU(), nn.MaxPool2d(2),
        nn.Residual(nn.Conv2d(2, 2, 1)), nn.AvgPool2d(2), nn.Flatten(), nn.LayerNorm(2),
        nn.Linear(2, 2), nn.LogSoftmax(1),
    )  # fmt: skip
    return net, mt.randn(8, 1, 4, 4)


@pytest.mark.parametrize(("make", "steps"), [(small_network, 1000), (image_network, 200)])
def test_nothing_stays_alive_over_many_steps_with_the_collector_off(make, steps):
    net, x = make()
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    labels = mt.randint(0, 2, (8,))

    def step():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    def alive():
        everything = gc.get_objects()
        return sum(issubclass(type(each), Tensor) for each in everything), len(everything)

    step()
    gc.collect()
    gc.disable()
    try:
        tensors, objects = alive()
        for _ in range(steps):
            step()
        tensors_after, objects_after = alive()
    finally:
        gc.enable()
    assert tensors_after == tensors
    assert objects_after < objects + steps / 4  # nor do functions, lists or arrays pile up


def test_a_graph_that_is_dropped_without_a_walk_is_freed_at_once():
    gc.disable()
    try:
        x = leaf(1.0)
        y = (x * 2).exp()
        gone = weakref.ref(y.history[0][0])
        del y
        assert gone() is None
    finally:
        gc.enable()


DEEP = 50_000


def deep(x):
    for _ in range(DEEP):
        x = x + 1
    return x


def test_backward_through_a_graph_50_000_operations_deep():
    x = leaf(0.5)
    deep(x).backward()
    assert x.grad.tolist() == [1]


def test_a_deep_graph_can_be_dropped_without_a_walk():
    x = leaf(0.5)
    y = deep(x)
    gone = weakref.ref(y)
    del y
    assert gone() is None


# Where to start


def test_backward_needs_something_recorded():
    with pytest.raises(RuntimeError, match=r"no input of this tensor requires a gradient"):
        (Tensor([1.0]) * 2).sum().backward()


def test_backward_needs_a_single_number_or_a_gradient():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=r"shape \(2,\).*\.mean\(\)"):
        (x * 2).backward()
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        (x * 2).backward(np.ones(3))
    (x * 2).backward(Tensor([1.0, 10.0]))
    assert x.grad.tolist() == [2, 20]


def test_a_tensor_of_one_number_and_two_axes_is_a_place_to_start():
    x = leaf(3.0)
    (x * x).reshape(1, 1).backward()
    assert x.grad.tolist() == [6]


# Modes


def test_no_grad_as_context_nested_and_after_an_error():
    assert is_grad_enabled()
    with no_grad():
        with enable_grad():
            assert is_grad_enabled()
            with no_grad():
                assert not is_grad_enabled()
            assert is_grad_enabled()
        assert not is_grad_enabled()
    with pytest.raises(ZeroDivisionError), no_grad():
        1 / 0  # noqa: B018
    assert is_grad_enabled()


def test_one_no_grad_object_can_be_entered_again():
    guard = no_grad()
    with guard:
        with guard:
            assert not is_grad_enabled()
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_no_grad_as_decorator_of_a_function_that_calls_itself():
    @no_grad()
    def depth(n):
        assert not is_grad_enabled()
        return 0 if n == 0 else 1 + depth(n - 1)

    @enable_grad()
    def recording():
        return is_grad_enabled()

    assert depth(3) == 3
    assert is_grad_enabled()
    with no_grad():
        assert recording()


def test_each_thread_has_its_own_mode():
    seen = []
    inside, done = threading.Event(), threading.Event()

    def other():
        seen.append(is_grad_enabled())
        with no_grad():
            inside.set()
            done.wait(5)

    with no_grad():
        thread = threading.Thread(target=other)
        thread.start()
        inside.wait(5)
    assert is_grad_enabled()
    done.set()
    thread.join()
    assert seen == [True]


def test_a_decorated_function_may_run_in_two_threads_at_once():
    entered, leave = [threading.Event(), threading.Event()], [threading.Event(), threading.Event()]
    after = {}

    @no_grad()
    def slow(i):
        entered[i].set()
        leave[i].wait(5)

    def not_recording():
        with no_grad():
            slow(0)
            after[0] = is_grad_enabled()

    def recording():
        slow(1)
        after[1] = is_grad_enabled()

    threads = [threading.Thread(target=not_recording), threading.Thread(target=recording)]
    for i in (0, 1):  # the first to go in is the first to come out
        threads[i].start()
        entered[i].wait(5)
    for i in (0, 1):
        leave[i].set()
        threads[i].join()
    assert after == {0: False, 1: True}


# In-place writes


@pytest.mark.parametrize(
    "write",
    [
        lambda t: t.add_(1),
        lambda t: t.mul_(2),
        lambda t: t.zero_(),
        lambda t: t.copy_(Tensor([0.0, 0.0])),
        lambda t: t.__setitem__(0, 1.0),
    ],
)
def test_writing_into_a_recorded_result_is_refused(write):
    y = leaf(1.0, 2.0) * 2
    with pytest.raises(RuntimeError, match="in-place write"):
        write(y)
    with no_grad(), pytest.raises(RuntimeError, match="in-place write"):
        write(y)
    assert y.tolist() == [2, 4]


def test_writing_into_a_leaf_is_refused_while_recording_and_allowed_under_no_grad():
    w = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="under `with no_grad"):
        w.add_(1)
    with pytest.raises(RuntimeError, match="under `with no_grad"):
        w += 1
    with no_grad():
        w += 1
        w -= Tensor([1.0, 0.0])
    assert w.tolist() == [1, 3]


def test_augmented_assignment_records_where_a_gradient_flows():
    x = leaf(3.0)
    loss = Tensor([0.0])
    loss += x * x  # PyTorch scripts sum up losses like this
    before = loss
    loss *= 2
    loss -= x
    loss /= 5
    loss.sum().backward()
    assert x.grad.item() == pytest.approx((2 * 2 * 3 - 1) / 5)
    assert before.tolist() == [9]


def test_augmented_assignment_to_a_constant_writes_in_place():
    total = Tensor([1.0, 2.0])
    same = total
    total += 1
    assert same is total
    assert same.tolist() == [2, 3]


def test_writing_a_recorded_tensor_into_a_constant_is_refused():
    buffer, y = Tensor([0.0, 0.0]), leaf(1.0, 2.0) * 2
    for write in (lambda: buffer.add_(y), lambda: buffer.__setitem__(0, y[0])):
        with pytest.raises(RuntimeError, match="would lose it"):
            write()
    buffer.copy_(y.detach())
    assert buffer.tolist() == [2, 4]


@pytest.mark.parametrize(
    "write",
    [
        lambda t: t.__setitem__(0, 100.0),
        lambda t: t.add_(1),
        lambda t: t.__imul__(3),
        lambda t: t.zero_(),
    ],
)
def test_backward_refuses_after_a_used_tensor_was_written(write):
    x, w = Tensor([1.0, 2.0]), leaf(1.0, 1.0)
    loss = (x * w).sum()
    write(x)
    with pytest.raises(RuntimeError, match=r"shape \(2,\) was changed in place"):
        loss.backward()


def test_backward_refuses_after_an_optimizer_step():
    w = nn.Parameter([1.0])
    optimizer = optim.SGD([w], lr=0.1)
    first, second = (w * w).sum(), (w * w * w).sum()
    first.backward()
    optimizer.step()
    with pytest.raises(RuntimeError, match=r"optimizer\.step"):
        second.backward()


def test_a_write_before_the_use_is_no_reason_to_refuse():
    w = leaf(1.0)
    with no_grad():
        w += 1
    (w * w).sum().backward()
    assert w.grad.tolist() == [4]


def test_running_statistics_may_move_between_forward_and_backward():
    norm = nn.BatchNorm1d(2)
    x = mt.randn(5, 2)
    (norm(x) * norm(x + 1)).sum().backward()
    assert norm.weight.grad is not None


def test_an_evaluation_pass_does_not_see_later_running_statistics():
    norm, x = nn.BatchNorm1d(2), Tensor(np.array([[1, 2], [3, 5]], np.float32))
    norm.eval()(x).sum().backward()
    alone = norm.weight.gradient.copy()
    norm.zero_grad()
    loss = norm.eval()(x).sum()
    norm.train()(x + 7)
    loss.backward()
    np.testing.assert_array_equal(norm.weight.gradient, alone)


def test_an_embedding_table_may_be_used_twice_before_backward():
    table = nn.Embedding(4, 2)
    ids = mt.tensor([1, 1, 3])
    (table(ids).sum() + table(ids[:1]).sum()).backward()
    assert table.weight.grad.tolist() == [[0, 0], [3, 3], [0, 0], [1, 1]]


def test_two_threads_can_train_side_by_side():
    results = {}

    def train(seed):
        generator = np.random.default_rng(seed)
        layer = nn.Linear(3, 1, generator=generator)
        optimizer = optim.SGD(layer.parameters(), lr=0.01)
        x = Tensor(generator.standard_normal((8, 3)).astype(np.float32))
        for _ in range(200):
            optimizer.zero_grad()
            layer(x).square().mean().backward()
            optimizer.step()
        return layer.weight.array.copy()

    def work(seed):
        results[seed] = train(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in (1, 2):
        np.testing.assert_array_equal(results[seed], train(seed))


def test_a_result_with_memory_of_its_own_may_be_written():
    """Also where it is a view, but of an array that the operation made, and not of an input."""
    x = leaf(1.0, 2.0)
    with no_grad():
        twice = x.repeat(2)
    y = (x * x).sum()
    twice[0] = 5.0
    y.backward()
    assert x.grad.tolist() == [2, 4]


# PyTorch's names around the graph


def test_grad_fn_names_the_operation_and_the_ones_before():
    x = leaf(1.0, 2.0)
    y = (x * 2).exp().sum()
    names, node = [], y.grad_fn
    while node:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    assert names == ["SumBackward", "ExpBackward", "MulBackward", "AccumulateGrad"]
    assert x.grad_fn is None
    y.backward()
    assert y.grad_fn.next_functions == ()
    total = (x * x).sum()
    ((before, output),) = total.grad_fn.next_functions
    assert (before.name(), output) == ("MulBackward", 0)  # no operation has two outputs
    assert repr(y.grad_fn) == "<SumBackward>"


def test_retain_grad_keeps_the_gradient_of_a_result_and_no_cycle():
    x = leaf(1.0, 2.0)
    h = x * 3
    h.retain_grad()
    (h * h).sum().backward()
    assert h.grad.tolist() == [6, 12]
    assert x.grad.tolist() == [18, 36]
    alive = weakref.ref(h)
    gc.disable()
    try:
        del h
        assert alive() is None
    finally:
        gc.enable()
    with pytest.raises(RuntimeError, match="needs no gradient"):
        Tensor([1.0]).retain_grad()


def test_set_grad_enabled_as_a_call_a_context_and_a_decorator():
    @mt.set_grad_enabled(False)
    def inside():
        return mt.is_grad_enabled()

    assert mt.is_grad_enabled()
    assert (inside(), inside(), mt.is_grad_enabled()) == (False, False, True)
    with mt.set_grad_enabled(False):
        assert not mt.is_grad_enabled()
        with mt.set_grad_enabled(True):
            assert mt.is_grad_enabled()
        assert not mt.is_grad_enabled()
    try:
        mt.set_grad_enabled(False)
        assert not mt.is_grad_enabled()
    finally:
        mt.set_grad_enabled(True)
    with mt.inference_mode(False):
        assert mt.is_grad_enabled()


def test_arguments_that_are_not_there_are_explained():
    x = leaf(1.0, 2.0)
    with pytest.raises(TypeError, match=r"exp has no argument 'out': results are new"):
        x.exp(out=x)
    with pytest.raises(TypeError, match=r"sum has no argument 'foo'; it takes input, dim"):
        x.sum(foo=1)
    with pytest.raises(ValueError, match="create_graph=True is not covered"):
        x.sum().backward(create_graph=True)
    with pytest.raises(ValueError, match=r"inputs=\[.* is not covered"):
        x.sum().backward(inputs=[x])
    assert x.grad is None
    assert x.reshape(shape=(2, 1)).shape == (2, 1)
    assert x.sum(axis=0, keepdims=True).shape == (1,)


class PyTorchs:
    """Stands for a tensor of PyTorch's, which need not be installed here."""

    dtype, ndim, shape = "torch.float32", 1, (2,)

    def __array__(self, *others, **options):
        raise TypeError("no arrays here")


PyTorchs.__module__ = "torch"


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x: ops.relu([1.0, 2.0]), "relu takes tensors; given list"),
        (lambda x: ops.mse_loss(x, (1.0, 2.0)), "mse_loss takes tensors; given tuple"),
        (lambda x: ops.relu(PyTorchs()), "relu takes tensors; given PyTorch's PyTorchs"),
        (lambda x: x @ PyTorchs(), "matmul takes tensors; given PyTorch's PyTorchs"),
    ],
)
def test_an_operation_says_that_it_was_given_no_tensor(call, words):
    with pytest.raises(TypeError, match=words):
        call(Tensor([1.0, 2.0]))


def test_other_errors_of_operations_stay_as_they_are():
    x = Tensor([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"permute: axes \(0, 5\)"):
        x.permute((0, 5))
    with pytest.raises(TypeError, match="'str' object cannot be interpreted as an integer"):
        x.reshape("a", "b")


class Log(nn.Module):
    def forward(self, x):
        return x.log()


def _forward(x):
    return nn.Sequential(nn.Identity(), nn.Sequential(nn.Tanh(), Log()))(x)


@pytest.mark.parametrize(
    "run, words",
    [
        (lambda x: (x * 1).log(), r"arose in log, on the way forward.*\(1, 2\)"),
        (_forward, "arose in log in the layer '1.1' .Log., on the way forward"),
        (lambda x: ((x + 1) ** 2).sqrt().sum().backward(), "derivative of pow with respect to its"),
        (
            lambda x: nn.Sequential(nn.ReLU(), nn.Linear(2, 1, bias=False))(x * np.nan),
            "input 1 of mul has a NaN that no operation made",
        ),
        (
            lambda x: (nn.Sequential(Square(), Root())(x + 1) - 1).sum().backward(),
            "derivative of mul in the layer '0' .Square. with respect to its input",
        ),
    ],
)
def test_the_first_nan_is_named_with_its_operation_and_layer(run, words):
    x = Tensor([[-1.0, -1.0]], requires_grad=True)
    with np.errstate(all="ignore"):
        with autograd.detect_anomaly(), pytest.raises(RuntimeError, match=words):
            run(x)
        autograd.set_detect_anomaly(True)
        try:
            with pytest.raises(RuntimeError, match=words):
                run(x)
            with autograd.detect_anomaly(check_nan=False):
                run(x)
        finally:
            autograd.set_detect_anomaly(False)
        run(x)  # nobody looks


class Square(nn.Module):
    def forward(self, x):
        return x * x


class Root(nn.Module):
    def forward(self, x):
        return x.sqrt()


def test_what_has_no_nan_is_left_alone():
    x = Tensor([np.inf, 1.0], requires_grad=True)
    with autograd.detect_anomaly():
        (x * 2).sum().backward()
        hidden = ops.where(Tensor([True, False]), x, Tensor([0.0, np.nan]).isnan() * 1.0)
    assert np.isinf(hidden.array[0])
    np.testing.assert_array_equal(x.grad.array, [2, 2])
