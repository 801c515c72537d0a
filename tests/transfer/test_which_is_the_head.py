"""The head is the layer that the answers come from, wherever it was registered."""

import numpy as np
import pytest

from minitransfer import Tensor, nn, ops, optim
from minitransfer.transfer import (
    L2SP,
    cache_features,
    find_head,
    fine_tune,
    freeze,
    gradual_unfreezing,
    parameter_groups,
    replace_head,
    strip_head,
    unfreeze,
)


class HeadFirst(nn.Module):
    """Written from the output to the input."""

    def __init__(self, classes=3):
        super().__init__()
        self.out = nn.Linear(8, classes)
        self.second = nn.Linear(8, 8)
        self.first = nn.Linear(6, 8)

    def forward(self, x):
        return self.out(self.second(self.first(x).relu()).relu())


class WithHelper(nn.Module):
    """An auxiliary head, registered and called last, of which the answers are not used."""

    def __init__(self, classes=3):
        super().__init__()
        self.body = nn.Linear(6, 8)
        self.out = nn.Linear(8, classes)
        self.helper = nn.Linear(8, classes)
        self.helped = None

    def forward(self, x):
        features = self.body(x).relu()
        answers = self.out(features)
        self.helped = self.helper(features).mean()
        return answers


class Finished(HeadFirst):
    """Something without weights comes behind the head."""

    def forward(self, x):
        return ops.log_softmax(super().forward(x), 1)


class WideAndDeep(nn.Module):
    """Two layers answer together: neither is the head."""

    def __init__(self):
        super().__init__()
        self.wide, self.first, self.deep = nn.Linear(6, 3), nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.wide(x) + self.deep(self.first(x).relu())


@pytest.fixture
def task(rng):
    x = rng.standard_normal((40, 6)).astype(np.float32)
    return x, np.arange(40) % 3


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("option", ["head", "all", "head, then all"])
@pytest.mark.parametrize("classes", [3, 8])  # as many as there are features: sizes do not tell
@pytest.mark.parametrize("kind", [HeadFirst, WithHelper, Finished])
def test_what_is_trained_as_the_head_gives_the_answers(kind, classes, option, cache, task, bits):
    net = kind(classes)
    cache = cache and kind is not Finished  # which cannot be cut before its head
    before = bits(net)
    fine_tune(net, task, option, steps=3, cache=cache, body_lr=None if option == "head" else 1e-4)
    after = bits(net)
    moved = {name for name in before if before[name] != after[name]}
    assert {"out.weight", "out.bias"} <= moved
    assert len(moved) == (2 if option == "head" else 6 if kind is not WithHelper else 4)


@pytest.mark.parametrize("kind", [HeadFirst, Finished])
def test_sizes_tell_where_there_is_no_data(kind, task):
    net = kind()
    assert find_head(net)[0] == "out"
    assert replace_head(net, 5)(Tensor(task[0])).shape == (40, 5)
    assert strip_head(HeadFirst())(Tensor(task[0])).shape == (40, 8)
    groups = parameter_groups(net, lr=0.1, head_lr=1.0)
    assert {g["lr"]: g["names"] for g in groups}[1.0] == ["out.weight", "out.bias"]


@pytest.mark.parametrize(
    "call",
    [
        find_head,
        strip_head,
        lambda net: replace_head(net, 5),
        lambda net: parameter_groups(net, 0.1, 1.0),
        L2SP,
    ],
)
def test_where_nothing_tells_it_has_to_be_said(call):
    for net in (WithHelper(), HeadFirst(8)):
        with pytest.raises(ValueError, match=r"cannot be told which .* is the head; say it.*head="):
            call(net)


def test_it_may_be_said(task, bits):
    net = WithHelper()
    assert find_head(net, head="out") == ("out", net.out)
    assert replace_head(net, 3, head="out").out.bias.tolist() == [0, 0, 0]
    assert strip_head(net, head="out")(Tensor(task[0])).shape == (40, 8)
    groups = parameter_groups(net, lr=0.1, head_lr=1.0, head="out")
    assert {g["lr"]: g["names"] for g in groups}[1.0] == ["out.weight", "out.bias"]
    features, rest = cache_features(unfrozen_head(net), task, head="out")
    assert features.x.shape == (40, 8)
    assert rest[0] is net.out
    before = bits(net)
    fine_tune(unfrozen_head(net, None), task, "head", head="out", steps=2)
    assert {n for n in before if before[n] != bits(net)[n]} == {"out.weight", "out.bias"}
    with pytest.raises(ValueError, match=r"no part with parameters is named 'end'; .*out"):
        fine_tune(unfrozen_head(net, None), task, "head", head="end")


def unfrozen_head(net, head="out"):
    unfreeze(net)
    if head:
        freeze(net)
        unfreeze(getattr(net, head))
    return net


def test_two_layers_that_answer_together_have_no_head(task):
    net = WideAndDeep()
    with pytest.raises(ValueError, match="cannot be told which"):
        fine_tune(net, task, "head", steps=2)
    assert not any(m.frozen for m in net.modules())
    fine_tune(net, task, "all", steps=2)  # needs none


def test_looking_for_the_head_leaves_no_trace(task, bits):
    net = HeadFirst(8).train()
    before = bits(net)
    assert find_head(net, task)[0] == "out"
    assert bits(net) == before
    assert all(m.training for m in net.modules())
    assert all(m._forward_hooks is None for m in net.modules())


def test_layers_are_thawed_in_the_order_in_which_they_are_computed(task):
    words = "computes first, second, out, but they were registered in the order out, second, first"
    for call in (
        lambda net: gradual_unfreezing(net, task, steps=2),
        lambda net: fine_tune(net, task, "all", decay=0.5, steps=2),
    ):
        with pytest.raises(ValueError, match=words):
            call(HeadFirst())


def test_gradual_unfreezing_of_a_module_with_its_own_forward(two_layers, task):
    assert len(gradual_unfreezing(two_layers, task, steps=2)) == 2


def test_a_single_example_cannot_tell_and_sizes_do(task):
    assert find_head(HeadFirst(), task[0][:1])[0] == "out"


def test_an_optimiser_takes_what_is_said(task):
    net = WithHelper()
    optim.Adam(parameter_groups(net, 0.1, decay=0.5, head="out"))


def test_dropout_behind_the_head_does_not_hide_it(task):
    class Dropped(HeadFirst):
        def __init__(self):
            super().__init__(classes=8)
            self.drop = nn.Dropout(0.5)

        def forward(self, x):
            return self.drop(super().forward(x))

    assert find_head(Dropped(), task)[0] == "out"


def test_what_only_scales_the_answers_is_not_the_head(rng):
    network = nn.Sequential(
        nn.Linear(4, 6, generator=rng), nn.Linear(6, 3, generator=rng), nn.LayerNorm(3)
    )
    assert find_head(network) == ("1", network[1])


def test_a_network_that_ends_in_a_convolution(rng):
    """The Linear in the middle is an inner layer; there is none at the end to be the head."""
    net = nn.Sequential(
        nn.Linear(4, 4), nn.ReLU(), nn.Conv2d(1, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    x = rng.standard_normal((6, 1, 4, 4)).astype(np.float32)
    for call in (find_head, lambda net: fine_tune(net, (x, np.arange(6) % 3), "head", steps=2)):
        with pytest.raises(ValueError, match=r"ends in layer '2', Conv2d.*say it, as in head='2'"):
            call(net)
    assert not any(module.frozen for module in net.modules())
    before = net[0].weight.tobytes(), net[2].weight.tobytes()
    fine_tune(net, (x, np.arange(6) % 3), "head", head="2", steps=2)
    assert net[0].weight.tobytes() == before[0]
    assert net[2].weight.tobytes() != before[1]


def test_a_network_that_cannot_be_cut_is_left_as_it_was(task):
    net = Finished()
    with pytest.raises(ValueError, match="cannot be cut before its head"):
        fine_tune(net, task, "head")
    assert all(p.requires_grad for p in net.parameters())
    assert not any(module.frozen for module in net.modules())
