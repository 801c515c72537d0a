"""The recipes: what learns, what is held, what is refused."""

import copy
import functools

import numpy as np
import pytest

from minitransfer import Tensor, data, nn, optim
from minitransfer.train import Monitor, evaluate, fit
from minitransfer.transfer import (
    append,
    fine_tune,
    freeze,
    gradual_unfreezing,
    recipes,
    replace_head,
)


@pytest.fixture
def task(rng):
    """Three kinds of points that a linear head on random features can tell apart."""
    y = np.arange(120) % 3
    x = rng.standard_normal((120, 6)).astype(np.float32)
    x[np.arange(120), y] += 3
    return data.Dataset(x, y, "points", ("a", "b", "c"))


@pytest.fixture
def plain(rng):
    return nn.Sequential(
        nn.Linear(6, 16, generator=rng),
        nn.ReLU(),
        nn.Linear(16, 16, generator=rng),
        nn.ReLU(),
        nn.Linear(16, 3, generator=rng),
    )


@pytest.fixture
def seen(monkeypatch):
    """The arguments with which the recipes call `fit`."""
    calls = []

    def watched(model, examples, **options):
        optimizer = options["optimizer"]
        groups = [
            (g["initial_lr"] if "initial_lr" in g else g["lr"], g["names"])
            for g in (optimizer.param_groups)
        ]
        kind = type(optimizer)
        calls.append(
            {"model": model, "examples": examples, "groups": groups, "kind": kind, **options}
        )
        return fit(model, examples, **options)

    monkeypatch.setattr(recipes, "fit", watched)
    return calls


class Counted(nn.Module):
    """A layer that counts the examples that pass through it."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.examples = layer, 0

    def forward(self, x):
        self.examples += len(x)
        return self.layer(x)


def moved(model, before, bits):
    after = bits(model)
    return {name for name in before if before[name] != after[name]}


def test_option_1_trains_the_head_alone(plain, task, bits):
    before = bits(plain)
    history = fine_tune(plain, task, "head", generator=np.random.default_rng(0))
    assert moved(plain, before, bits) == {"4.weight", "4.bias"}
    assert [m.frozen for m in plain] == [True] * 4 + [False]
    assert len(history.step_losses) == 400
    assert evaluate(plain, task)["accuracy"] > 0.9


def test_with_and_without_a_cache_a_head_learns_the_same_bits():
    """Also where there are so many examples that a product of all of them is summed differently."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 64)).astype(np.float32)
    examples, heads = (x, np.arange(400) % 3), []
    for cache in (True, False):
        rng = np.random.default_rng(1)
        model = nn.Sequential(
            nn.Linear(64, 96, generator=rng), nn.ReLU(), nn.Linear(96, 3, generator=rng)
        )
        fine_tune(model, examples, "head", steps=20, cache=cache, generator=rng)
        heads.append(model[2].weight.array.tobytes())
    assert heads[0] == heads[1]


def test_option_2_trains_everything(plain, task, bits):
    freeze(plain)
    before = bits(plain)
    history = fine_tune(plain, task, "all", generator=np.random.default_rng(0))
    assert moved(plain, before, bits) == set(before)
    assert not any(m.frozen for m in plain.modules())
    assert len(history.step_losses) == 200
    assert evaluate(plain, task)["accuracy"] > 0.9


def test_head_then_all_is_the_one_and_then_the_other(plain, task, bits, seen, monkeypatch):
    before, states = bits(plain), []

    def watched(model, examples, **options):
        history = fit(model, examples, **options)
        states.append(bits(plain))
        return history

    monkeypatch.setattr(recipes, "fit", watched)
    history = fine_tune(plain, task, "head, then all", generator=np.random.default_rng(0))
    names = list(before)
    moved_by = [
        {name for name in names if was[name] != now[name]}
        for was, now in ((before, states[0]), (states[0], states[1]))
    ]
    assert moved_by == [set(names[4:]), set(names)]
    assert states[1] == bits(plain)
    assert not any(m.frozen for m in plain.modules())
    assert len(history.step_losses) == 400 + 200
    assert history["step"] == [*range(20, 401, 20), *range(410, 601, 10)]
    assert evaluate(plain, task)["accuracy"] > 0.9


def test_head_then_all_is_two_calls(plain, task, bits):
    by_hand = copy.deepcopy(plain)
    both = fine_tune(plain, task, "head, then all", steps=20, generator=np.random.default_rng(1))
    rng = np.random.default_rng(1)
    first = fine_tune(by_hand, task, "head", steps=20, generator=rng)
    second = fine_tune(by_hand, task, "all", steps=20, generator=rng)
    assert bits(plain) == bits(by_hand)
    assert both.step_losses == first.step_losses + second.step_losses


def test_rates_and_cache_of_head_then_all(plain, task, seen):
    net = append(Counted(plain[:4]), plain[4])
    options = {"lr": 2e-3, "body_lr": 1e-4, "batch_size": 40, "steps": 3}
    fine_tune(net, task, "head, then all", **options)
    names = [name for name, _ in net.named_parameters()]
    assert [call["groups"] for call in seen] == [
        [(5e-3, names[4:])],
        [(1e-4, names[:4]), (2e-3, names[4:])],
    ]
    # one to count the outputs, all of them once for the cache, three batches of 40
    assert net[0].examples == 1 + 120 + 120
    with pytest.raises(ValueError, match="cache=False"):
        fine_tune(net, task, "head, then all", transform=lambda x, g: x)
    assert len(fine_tune(net, task, "head, then all", epochs=2).step_losses) == 8


@pytest.mark.parametrize("recipe", ["head, then all", "gradual"])
def test_all_phases_are_judged_by_the_same_share(recipe, plain, task, seen):
    options = {"validation": 0.25, "steps": 2, "generator": np.random.default_rng(0)}
    if recipe == "gradual":
        gradual_unfreezing(plain, task, **options)
    else:
        fine_tune(plain, task, recipe, **options)
    judged = [call["validation"].y.tolist() for call in seen]
    assert len(judged) > 1
    assert all(part == judged[0] for part in judged)
    learnt = seen[-1]["examples"].x
    assert len(learnt) == 90
    held_out = seen[-1]["validation"].x
    assert not (learnt[:, None] == held_out[None]).all(2).any()


def test_a_checkpoint_holds_one_run(plain, task, tmp_path):
    monitor = Monitor(checkpoint=tmp_path / "run.safetensors")
    with pytest.raises(ValueError, match="two training runs, and a checkpoint holds one"):
        fine_tune(plain, task, "head, then all", monitor=monitor)
    fine_tune(plain, task, "head", steps=2, monitor=monitor)
    assert monitor.checkpoint.exists()
    patient = fine_tune(
        plain, task, "head, then all", lr=10.0, validation=task, monitor=Monitor(patience=1)
    )
    assert patient.stopped_early
    assert evaluate(plain, task)["loss"] == patient.best["validation_loss"]


def test_the_settings_that_the_articles_claims_are_measured_with(plain, task, seen):
    fine_tune(plain, task, "head")
    fine_tune(plain, task, "all")
    fine_tune(plain, task, "all", body_lr=1e-4)
    names = [name for name, _ in plain.named_parameters()]
    assert [call["groups"] for call in seen] == [
        [(5e-3, names[4:])],
        [(1e-3, names)],
        [(1e-4, names[:4]), (1e-3, names[4:])],
    ]
    assert [call["kind"] for call in seen] == [optim.Adam] * 3
    assert [call["batch_size"] for call in seen] == [64] * 3
    assert [call["schedule"] for call in seen] == [optim.CosineAnnealingLR] * 3
    assert [call["steps"] for call in seen] == [400, 200, 200]


@pytest.mark.parametrize("n, steps, batch", [(10, 200, 10), (200, 200, 64), (201, 300, 64)])
def test_steps_and_batches_follow_the_number_of_examples(n, steps, batch, plain, seen, rng):
    examples = (rng.standard_normal((n, 6)).astype(np.float32), np.arange(n) % 3)
    fine_tune(plain, examples, "all")
    assert (seen[0]["steps"], seen[0]["batch_size"]) == (steps, batch)


def test_rates_by_depth(plain, task, seen):
    fine_tune(plain, task, "all", lr=0.01, decay=0.5, steps=1)
    assert [rate for rate, _ in seen[0]["groups"]] == [0.0025, 0.005, 0.01]


def test_another_optimiser(plain, task, seen):
    sgd = functools.partial(optim.SGD, momentum=0.9)
    history = fine_tune(plain, task, "all", optimizer=sgd, lr=0.02, schedule=None, steps=30)
    assert seen[0]["kind"] is optim.SGD
    assert history.rows[-1]["lr"] == 0.02
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize("option", ["head", "all"])
def test_same_seed_same_bits(option, rng, task):
    ends = []
    for _ in range(2):
        net = nn.Sequential(
            nn.Linear(6, 8, generator=np.random.default_rng(1)),
            nn.ReLU(),
            nn.Linear(8, 3, generator=np.random.default_rng(2)),
        )
        fine_tune(net, task, option, steps=20, generator=np.random.default_rng(3))
        ends.append(net[2].weight.array.tobytes())
    assert ends[0] == ends[1]


def test_the_cache_changes_no_bit(plain, task):
    ends = []
    for cache in (True, False):
        net = append(freeze(plain[:4]), nn.Linear(16, 3, generator=np.random.default_rng(5)))
        fine_tune(net, task, steps=20, cache=cache, generator=np.random.default_rng(3))
        ends.append(net[1].weight.array.tobytes())
    assert ends[0] == ends[1]


def test_what_is_frozen_already_is_the_body(plain, task, bits):
    """Article A: several new layers on a fixed body; all of them learn."""
    net = append(freeze(plain[:2]), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
    before = bits(net)
    fine_tune(net, task, "head", steps=5)
    assert moved(net, before, bits) == {"1.weight", "1.bias", "3.weight", "3.bias"}


def test_a_module_with_its_own_forward(two_layers, task, bits):
    before = bits(two_layers)
    fine_tune(two_layers, task, "head", steps=5)
    assert moved(two_layers, before, bits) == {"fc2.weight", "fc2.bias"}


def test_validation_goes_through_the_body_too(plain, task):
    train, held_out = task.split(80, 40, generator=np.random.default_rng(0))
    history = fine_tune(plain, train, "head", validation=held_out)
    assert history["validation_accuracy"][-1] == evaluate(plain, held_out)["accuracy"]
    share = fine_tune(plain, train, "head", validation=0.25, steps=20)
    assert "validation_loss" in share.rows[0]


def test_values_instead_of_labels(plain, task):
    """Article B's recipe: the same body, a head that says how much."""
    values = task.x.sum(1, keepdims=True)
    replace_head(plain, 1)
    history = fine_tune(plain, (task.x, values), "head", loss=nn.MSELoss())
    assert history["loss"][-1] < 0.5 * history["loss"][0]


def test_augmentation_needs_the_body_at_every_step(plain, task):
    calls = []

    def noise(x, generator):
        calls.append(len(x))
        return x

    with pytest.raises(ValueError, match="cache=False"):
        fine_tune(plain, task, "head", transform=noise)
    fine_tune(plain, task, "head", transform=noise, cache=False, steps=4)
    assert len(calls) == 4


def test_epochs_instead_of_steps(plain, task):
    assert len(fine_tune(plain, task, "head", epochs=3).step_losses) == 6


@pytest.mark.parametrize("option", ["head", "all"])
@pytest.mark.parametrize(
    "change, words",
    [
        (
            {"classes": tuple("abcd")},
            r"4 classes, but .* 3 outputs.*replace_head\(model, 4",
        ),
        (
            {"classes": (), "y": np.arange(120) % 5},
            r"to 4, but .* 3 outputs.*replace_head\(model, 5",
        ),
        ({"classes": (), "y": np.arange(120) % 3 - 1}, "from -1 .* Number the classes from 0"),
        ({"classes": (), "y": np.ones(120)}, r"float64 of shape \(120,\). For values give loss="),
        ({"x": np.zeros((0, 6)), "y": np.zeros(0, int)}, "empty"),
    ],
)
def test_data_that_does_not_fit_the_head(option, change, words, plain, task, bits):
    from dataclasses import replace

    before = bits(plain)
    with pytest.raises(ValueError, match=words):
        fine_tune(plain, replace(task, **change), option)
    assert bits(plain) == before
    assert not plain[0].frozen


def test_labels_are_checked_with_a_loss_of_ones_own_too(plain, task):
    with pytest.raises(ValueError, match="replace_head"):
        fine_tune(plain, (task.x, task.y + 1), loss=nn.CrossEntropyLoss(label_smoothing=0.1))


def test_validation_data_is_checked_too(plain, task):
    with pytest.raises(ValueError, match="replace_head"):
        fine_tune(plain, task, validation=(task.x, task.y + 1))


@pytest.mark.parametrize(
    "options, words",
    [
        (
            {"option": "body"},
            "'all' .option 2. or 'head, then all'; given 'body'",
        ),
        ({"option": "head", "body_lr": 1e-4}, "held fixed, so it has no learning rate"),
        ({"option": "head", "decay": 0.5}, "held fixed"),
        ({"option": "all", "lr": 0}, "lr is above 0"),
        ({"option": "all", "body_lr": 0}, "to hold a part, freeze it"),
        ({"option": "head", "steps": 0}, "steps is a whole number"),
    ],
)
def test_options_that_make_no_sense(options, words, plain, task):
    with pytest.raises(ValueError, match=words):
        fine_tune(plain, task, **options)


def test_a_wholly_frozen_network_has_nothing_to_train(plain, task):
    with pytest.raises(ValueError, match="nothing is left to train: put a fresh head on"):
        fine_tune(freeze(plain), task)
    replace_head(plain, 3)
    fine_tune(plain, task, steps=2)


def test_sound_for_an_image_network(plain, task):
    plain.input_type = "image"
    with pytest.raises(ValueError, match="type 'image', the data 'points' is of type 'numbers'"):
        fine_tune(plain, task)
    fine_tune(plain, task, steps=2, allow_other_input=True)


def test_a_head_swapped_in_late_is_refused_by_fit(plain, task):
    optimizer = optim.Adam(plain.parameters())
    replace_head(plain, 3)
    with pytest.raises(ValueError, match=r"in no group of the optimiser: 4.weight, 4.bias"):
        fit(plain, task, optimizer=optimizer, steps=1)


def test_gradual_unfreezing_thaws_from_the_top(plain, task, bits, monkeypatch):
    stages = []

    def watched(model, examples, **options):
        before = bits(model)
        history = fit(model, examples, **options)
        stages.append(moved(model, before, bits))
        return history

    monkeypatch.setattr(recipes, "fit", watched)
    histories = gradual_unfreezing(plain, data=task, steps=5)
    names = [name for name, _ in plain.named_parameters()]
    assert stages == [set(names[4:]), set(names[2:]), set(names)]
    assert [len(h.step_losses) for h in histories] == [5, 5, 5]
    assert not any(m.frozen for m in plain.modules())


def test_gradual_unfreezing_learns(plain, task):
    gradual_unfreezing(plain, task, lr=0.01, steps=60, generator=np.random.default_rng(0))
    assert evaluate(plain, task)["accuracy"] > 0.9


def test_tensors_as_data(plain, task):
    fine_tune(plain, data.TensorDataset(Tensor(task.x), Tensor(task.y)), steps=2)
