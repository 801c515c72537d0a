"""The loop: it learns, counts, stops, keeps modes, and refuses what cannot work."""

import subprocess
import sys

import numpy as np
import pytest

from minitransfer import Tensor, manual_seed, nn, optim, transfer
from minitransfer.data import DataLoader, Dataset, TensorDataset
from minitransfer.train import History, Monitor, evaluate, fit, predict


def two_moons(n=90, seed=0):
    """Return points on two half circles, and on which of them each lies."""
    generator = np.random.default_rng(seed)
    y = np.arange(n) % 2
    angle = generator.uniform(0, np.pi, n) + np.pi * y
    x = np.stack([np.cos(angle) + y, np.sin(angle) + 0.5 * y], 1)
    x += 0.1 * generator.standard_normal((n, 2))
    return Dataset(x.astype(np.float32), y, classes=("upper", "lower"))


def network(seed=0, dropout=0.0):
    generator = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Linear(2, 16, generator=generator),
        nn.BatchNorm1d(16),
        nn.Tanh(),
        nn.Dropout(dropout),
        nn.Linear(16, 2, generator=generator),
    )


def bits(module):
    return {name: t.array.tobytes() for name, t in module.state_dict().items()}


def generator():
    return np.random.default_rng(7)


def test_it_learns_and_says_how_it_went():
    model = network()
    history = fit(
        model,
        two_moons(),
        epochs=30,
        optimizer=optim.Adam(model.parameters(), lr=0.02),
        validation=two_moons(40, seed=1),
        generator=generator(),
    )
    assert len(history) == 30
    assert len(history.step_losses) == 60
    assert history["epoch"] == list(range(1, 31))
    assert history["loss"][-1] < 0.2 < history["loss"][0]
    assert history["validation_accuracy"][-1] > 0.9
    assert history.best["validation_loss"] == min(history["validation_loss"])
    assert history.seconds > 0
    assert evaluate(model, two_moons(40, seed=1))["loss"] == history["validation_loss"][-1]
    with pytest.raises(KeyError, match=r"no 'acc'; it has epoch, step, lr, loss, accuracy"):
        history["acc"]


def test_it_is_the_loop_one_would_write_by_hand():
    data, model, by_hand = two_moons(), network(), network()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = optim.StepLR(optimizer, 3)
    history = fit(
        model,
        DataLoader(data, 32, shuffle=True, generator=generator()),
        optimizer=optimizer,
        schedule=schedule,
        clip_norm=0.5,
        epochs=2,
    )

    optimizer = optim.SGD(by_hand.parameters(), lr=0.1, momentum=0.9)
    schedule, losses = optim.StepLR(optimizer, 3), []
    loader = DataLoader(data, 32, shuffle=True, generator=generator())
    by_hand.train()
    for _ in range(2):
        for x, y in loader:
            loss = nn.CrossEntropyLoss()(by_hand(x), y)
            optimizer.zero_grad()
            loss.backward()
            optim.clip_grad_norm_(by_hand.parameters(), 0.5)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    assert bits(model) == bits(by_hand)
    assert history.step_losses == losses
    weighted = np.average(losses[:3], weights=[32, 32, 26])
    assert history["loss"][0] == pytest.approx(weighted, rel=1e-12)


def test_same_seed_same_bits_also_for_augmentation_and_dropout():
    def train(seed):
        manual_seed(seed)
        model = network(dropout=0.3)
        history = fit(
            model,
            two_moons(),
            epochs=3,
            batch_size=16,
            validation=0.2,
            transform=lambda x, g: x + np.float32(0.1) * g.standard_normal(x.shape, np.float32),
        )
        return bits(model), history

    first, again, other = train(1), train(1), train(2)
    assert first == again
    assert first[0] != other[0]


def seen_by(model_of_batches, **options):
    """Train and return the sizes of the batches, and the inputs that were seen."""
    sizes, seen = [], []

    def loss(outputs, y):
        sizes.append(len(y))
        seen.append(y.array.ravel().copy())
        return ((outputs - y) ** 2).mean()

    fit(model_of_batches, loss=loss, generator=generator(), **options)
    return sizes, np.concatenate(seen)


def test_the_last_batch_is_used_and_every_pass_shuffled():
    x = np.zeros((10, 1), np.float32)
    y = np.arange(10, dtype=np.float32)[:, None]
    sizes, seen = seen_by(nn.Linear(1, 1), data=(x, y), steps=6, batch_size=4)
    assert sizes == [4, 4, 2, 4, 4, 2]
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert list(seen[:10]) != list(seen[10:])


def test_a_batch_is_at_most_the_data():
    data = np.zeros((5, 1)), np.zeros((5, 1))
    assert seen_by(nn.Linear(1, 1), data=data, epochs=2, batch_size=64)[0] == [5, 5]


def test_steps_make_twenty_rows_whatever_the_size_of_the_data():
    history = fit(network(), two_moons(), steps=45, generator=generator())
    assert len(history.step_losses) == 45
    assert history["step"] == [*range(3, 46, 3)]  # a twentieth, rounded up
    assert history["epoch"][:2] == [1.5, 3]
    for steps, interval in ((7, 1), (20, 1), (21, 2)):  # twenty rows, never more
        rows = fit(network(), two_moons(), steps=steps)["step"]
        assert rows[:-1] == [*range(interval, steps, interval)][: len(rows) - 1]
        assert rows[-1] == steps


@pytest.mark.parametrize("form", ["dataset", "tensors", "arrays", "lists", "bundle", "loader"])
def test_every_form_of_data(form):
    data = two_moons(30)
    forms = {
        "dataset": data,
        "tensors": (Tensor(data.x), Tensor(data.y)),
        "arrays": (data.x, data.y),
        "lists": [data.x.tolist(), data.y.tolist()],
        "bundle": TensorDataset(data.x, data.y),
        "loader": DataLoader(data, 10, shuffle=True, generator=generator()),
    }
    options = {} if form == "loader" else {"validation": 1 / 3, "generator": generator()}
    model = network()
    history = fit(model, forms[form], epochs=1, batch_size=10, **options)
    assert len(history.step_losses) == (3 if form == "loader" else 2)
    assert 0 <= history["accuracy"][0] <= 1
    assert evaluate(model, forms[form]) == pytest.approx(evaluate(model, data), rel=1e-6)


def test_a_share_for_validation_is_stratified_and_not_trained_on():
    x = np.arange(50, dtype=np.float32)[:, None]
    y = (np.arange(50) % 5 == 0).astype(np.int64)
    trained, watched = [], []

    class Watching(nn.Linear):
        def forward(self, x):
            (trained if self.training else watched).append(x.array.ravel().astype(int))
            return super().forward(x)

    fit(Watching(1, 2), (x, y), epochs=1, validation=0.2, generator=generator())
    trained, watched = np.concatenate(trained), np.concatenate(watched)
    assert len(watched) == 10
    assert (watched % 5 == 0).sum() == 2
    assert sorted([*trained, *watched]) == list(range(50))


def test_patience_brings_back_the_best_weights_and_buffers():
    model, data, watched = network(), two_moons(40), two_moons(200, seed=3)
    kept = {}

    def state(outputs, targets):
        if len(targets) == len(watched):
            kept[len(kept)] = bits(model)
        return 0.0

    history = fit(
        model,
        data,
        epochs=200,
        optimizer=optim.SGD(model.parameters(), lr=2.0),
        validation=watched,
        monitor=Monitor(patience=3),
        metrics=state,
        generator=generator(),
    )
    best = int(np.argmin(history["validation_loss"]))
    assert history.stopped_early
    assert len(history) == best + 4 < 200
    assert bits(model) == kept[best] != kept[len(history) - 1]
    assert evaluate(model, watched)["loss"] == history.best["validation_loss"]


def test_without_patience_the_last_weights_stay():
    model, watched = network(), two_moons(200, seed=3)
    optimizer = optim.SGD(model.parameters(), lr=2.0)
    history = fit(model, two_moons(40), epochs=10, optimizer=optimizer, validation=watched)
    assert not history.stopped_early
    assert evaluate(model, watched)["loss"] == history["validation_loss"][-1]


def test_modes_are_as_before():
    model = network(dropout=0.5)
    model.eval()
    model[3].train()
    before = [m.training for m in model.modules()]
    seen = []

    def loss(outputs, y):
        seen.append([m.training for m in model.modules()])
        return nn.CrossEntropyLoss()(outputs, y)

    fit(model, two_moons(), epochs=1, loss=loss)
    assert all(map(all, seen))
    assert [m.training for m in model.modules()] == before
    predict(model.train(), two_moons())
    assert all(m.training for m in model.modules())


def test_frozen_parts_do_not_move_by_a_bit():
    model = network(dropout=0.5)
    transfer.freeze(model[:4])
    before = bits(model)
    optimizer = optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.5)
    fit(model, two_moons(), epochs=3, optimizer=optimizer, clip_norm=1.0, generator=generator())
    after = bits(model)
    moved = {name for name in before if before[name] != after[name]}
    assert moved == {"4.weight", "4.bias"}
    assert all(p.gradient is None for p in model.parameters())


def test_stale_gradients_do_not_count_in_the_clip_norm():
    results = []
    for stale in (False, True):
        model = network()
        transfer.freeze(model[0])
        if stale:
            model[0].weight.gradient = np.full((16, 2), 1e6, np.float32)
        fit(model, two_moons(), steps=3, clip_norm=0.1, generator=generator())
        results.append(bits(model))
    assert results[0] == results[1]


def test_schedules_as_functions():
    model = network()
    history = fit(model, two_moons(), epochs=5, schedule=optim.CosineAnnealingLR)
    assert history["lr"][-1] < 1e-4 < history["lr"][0] < 1e-3
    history = fit(
        model,
        two_moons(),
        epochs=5,
        schedule=lambda optimizer, total: optim.OneCycleLR(optimizer, 0.1, total),
    )
    assert max(history["lr"]) > 0.05


def test_the_history_of_a_run_that_went_on_from_another():
    model, data = network(), two_moons()
    first = fit(model, data, epochs=2, validation=data, generator=generator())
    second = fit(model, data, steps=4, validation=data, generator=generator())
    both = first + second
    assert both.step_losses == first.step_losses + second.step_losses
    assert both["step"] == [2, 4, 5, 6, 7, 8]
    assert both["epoch"] == [1, 2, 2.5, 3, 3.5, 4]
    assert both["loss"] == first["loss"] + second["loss"]
    assert both.best["validation_loss"] == second.best["validation_loss"]
    assert both.best in both.rows
    assert both.seconds == first.seconds + second.seconds
    assert History() + first == first
    assert (first["step"], second["step"]) == ([2, 4], [1, 2, 3, 4])  # as they were


def test_items_of_other_objects_are_fetched_anew_in_every_pass():
    class Drawn:
        fetched = 0

        def __len__(self):
            return 6

        def __getitem__(self, i):
            self.fetched += 1
            return np.full(2, i, np.float32), i % 2

    data = Drawn()
    history = fit(network(), data, epochs=3, batch_size=3)
    assert data.fetched == 18
    assert len(history.step_losses) == 6
    assert set(evaluate(network(), data)) == {"loss", "accuracy"}


def test_a_loader_gives_its_inputs_to_predict():
    model, data = network(), two_moons(30)
    expected = predict(model, data)
    for form in (data.x, Tensor(data.x), (data.x, data.y), DataLoader(data, 30)):
        np.testing.assert_array_equal(predict(model, form), expected)
    np.testing.assert_array_equal(predict(model, DataLoader(data.x, 30)), expected)


def test_bytes_that_an_image_network_cannot_tell_from_numbers():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    net.input_type = "image"
    x, y = np.full((2, 1, 2, 2), 255, np.uint8), np.array([0, 1])
    for call in (
        lambda: fit(net, (x, y), epochs=1),
        lambda: fit(net, (x / 255, y), epochs=1, validation=(x, y)),
        lambda: evaluate(net, (x, y)),
        lambda: predict(net, x),
    ):
        with pytest.raises(ValueError, match=r"these bytes \(uint8\) do not say what they are"):
            call()
    pictures = Dataset(x, y, input_type="image")
    np.testing.assert_array_equal(predict(net, pictures), predict(net, x / 255))


def test_float64_stays():
    x, y = Tensor(two_moons().x.astype(np.float64)), two_moons().y
    model = network().double()
    fit(model, (x, y), epochs=1, clip_norm=0.1)
    assert all(p.dtype == np.float64 for p in model.parameters())
    assert predict(model, x).dtype == np.float64
    model = network()
    fit(model, two_moons(), epochs=1, clip_norm=0.1, schedule=optim.CosineAnnealingLR)
    assert all(p.dtype == np.float32 for p in model.parameters())


def test_nothing_is_printed_unless_asked_for(capfd):
    fit(network(), two_moons(), epochs=1)
    assert capfd.readouterr() == ("", "")
    fit(network(), two_moons(), epochs=3, validation=0.2, monitor=Monitor(progress=True))
    out, err = capfd.readouterr()
    assert out == ""
    assert "6/6" in err
    assert "validation loss" in err


def test_importing_it_takes_neither_numba_nor_rich():
    code = (
        "import sys, minitransfer.train; "
        "print([m for m in ('numba', 'rich', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# What it refuses


@pytest.mark.parametrize(
    "options, message",
    [
        ({}, "either epochs or steps"),
        ({"epochs": 1, "steps": 1}, "either epochs or steps"),
        ({"epochs": 0}, "epochs is a whole number of 1 or more; given 0"),
        ({"steps": 2.5}, "steps is a whole number"),
        ({"epochs": 1, "monitor": Monitor(patience=2)}, "give validation="),
        ({"epochs": 1, "validation": 0.001}, "side empty; give a share between 0 and 1"),
        ({"epochs": 1, "validation": float("nan")}, "side empty; give a share between 0 and 1"),
        ({"epochs": 1, "validation": 1.0}, "leaves examples on both sides"),
        ({"epochs": 1, "batch_size": 0}, "batch_size"),
        ({"epochs": 1, "metrics": ["f1"]}, "unknown metric 'f1'; expected one of accuracy"),
    ],
)
def test_contradicting_arguments(options, message):
    model = network()
    before = bits(model)
    with pytest.raises(ValueError, match=message):
        fit(model, two_moons(), **options)
    assert bits(model) == before


@pytest.mark.parametrize(
    "options, message",
    [
        ({"resume": True}, "give checkpoint="),
        ({"patience": 0}, "patience is a whole number of 1 or more; given 0"),
        ({"patience": 1.5}, "given 1.5"),
    ],
)
def test_a_monitor_that_makes_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        Monitor(**options)


def test_wrong_types_of_arguments():
    with pytest.raises(TypeError, match=r"numpy.random.Generator"):
        fit(network(), two_moons(), epochs=1, generator=0)
    with pytest.raises(TypeError, match="schedule is one of optim's"):
        fit(network(), two_moons(), epochs=1, schedule="cosine")


class Foreign:
    """Stands for something of PyTorch's, which need not be installed here."""


Foreign.__module__ = "torch.nn.modules"
A_CLASS, FOREIGN = "which has to be called first", "PyTorch's Foreign, which does not compute here"


@pytest.mark.parametrize(
    "options, message",
    [
        ({"model": nn.Linear}, f"expected a module.*given the class Linear, {A_CLASS}"),
        ({"model": Foreign()}, f"expected a module.*given {FOREIGN}"),
        ({"model": None}, "expected a module.*given None"),
        ({"optimizer": optim.Adam}, rf"optim.Adam\(model.param.*the class Adam, {A_CLASS}"),
        ({"optimizer": Foreign()}, f"optimizer is one of optim's.*{FOREIGN}"),
        ({"loss": nn.CrossEntropyLoss}, f"loss is a function.*class CrossEntropyLoss, {A_CLASS}"),
        ({"loss": Foreign()}, f"loss is a function.*{FOREIGN}"),
        ({"loss": "mse"}, "loss is a function.*given str"),
        ({"loss": lambda outputs, y: 1.0}, "has to be a tensor.*<lambda> gave float"),
        ({"clip_norm": "1"}, "clip_norm is a number above 0; given str"),
        ({"monitor": Monitor}, "monitor is a train.Monitor"),
        ({"data": None}, "given NoneType|given None"),
    ],
)
def test_what_a_beginner_mixes_up(options, message):
    model = network()
    given = {"model": model, "data": two_moons(), "epochs": 1, **options}
    with pytest.raises(TypeError, match=message):
        fit(**given)
    if set(options) <= {"model", "loss"} and "1.0" not in message and "gave" not in message:
        given.pop("epochs")
        with pytest.raises(TypeError, match=message):
            evaluate(**given)
    if "model" in options:
        with pytest.raises(TypeError, match=message):
            predict(options["model"], two_moons().x)
        with pytest.raises(TypeError, match=message):
            transfer.fine_tune(options["model"], two_moons())
        with pytest.raises(TypeError, match=message):
            transfer.gradual_unfreezing(options["model"], two_moons())


@pytest.mark.parametrize("optimizer", [Foreign, Foreign(), "adam"])
def test_recipes_make_their_optimiser_themselves(optimizer):
    for recipe in (transfer.fine_tune, transfer.gradual_unfreezing):
        with pytest.raises(TypeError, match=r"optimizer is a class here, as optim.SGD"):
            recipe(network(), two_moons(), optimizer=optimizer)
    model = network()
    with pytest.raises(TypeError, match=r"optimizer is a class here.*given Adam"):
        transfer.fine_tune(model, two_moons(), optimizer=optim.Adam(model.parameters()))
    with pytest.raises(TypeError, match=r"lr is a number; given '0.1'"):
        transfer.fine_tune(model, two_moons(), lr="0.1")


@pytest.mark.parametrize("norm", [-1.0, 0, float("nan")])
def test_a_norm_to_clip_to_that_makes_no_sense(norm):
    with pytest.raises(ValueError, match="clip_norm is a number above 0"):
        fit(network(), two_moons(), epochs=1, clip_norm=norm)


def test_labels_that_are_none_or_beyond_all_whole_numbers():
    x = two_moons().x
    with pytest.raises(ValueError, match="the targets are None"):
        fit(network(), (x, None), epochs=1)
    with pytest.raises(ValueError, match="whole number 9223372036854775809"):
        fit(network(), (x, np.full(len(x), 2**63 + 1, np.uint64)), epochs=1)


def test_advice_on_a_rate_that_nobody_would_begin_with():
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    with pytest.raises(FloatingPointError, match=r"try lr=0\.1"):
        fit(model, two_moons(), epochs=9, optimizer=optim.SGD(model.parameters(), lr=1e20))


def test_a_loader_decides_for_itself():
    loader = DataLoader(two_moons(), 10)
    with pytest.raises(ValueError, match="a DataLoader and transform and generator"):
        fit(network(), loader, epochs=1, transform=lambda x, g: x, generator=generator())
    with pytest.raises(ValueError, match="split it yourself"):
        fit(network(), loader, epochs=1, validation=0.2)


def test_empty_data_and_data_without_targets():
    with pytest.raises(ValueError, match="empty"):
        fit(network(), two_moons()[:0], epochs=1)
    with pytest.raises(ValueError, match=r"inputs and targets.*given one array"):
        fit(network(), two_moons().x, epochs=1)


def test_a_head_swapped_in_late_is_named():
    model = network()
    optimizer = optim.Adam(model.parameters())
    model[4] = nn.Linear(16, 2)
    with pytest.raises(
        ValueError,
        match=r"in no group of the optimiser: 4.weight, 4.bias; "
        r"in the optimiser, but not in the model: 4.weight, 4.bias",
    ):
        fit(model, two_moons(), epochs=1, optimizer=optimizer)


def test_the_body_may_be_left_out_only_when_frozen():
    model = network()
    optimizer = optim.Adam(model[4].parameters())
    with pytest.raises(ValueError, match=r"0.weight, 0.bias, 1.weight, 1.bias"):
        fit(model, two_moons(), epochs=1, optimizer=optimizer)
    transfer.freeze(model[:4])
    assert len(fit(model, two_moons(), epochs=1, optimizer=optimizer)) == 1


def test_nothing_trainable():
    model = transfer.freeze(network())
    for optimizer in (None, optim.Adam(model.parameters())):
        with pytest.raises(ValueError, match="no trainable parameter; unfreeze"):
            fit(model, two_moons(), epochs=1, optimizer=optimizer)


def test_a_schedule_of_another_optimizer():
    model = network()
    schedule = optim.StepLR(optim.SGD(model.parameters()), 1)
    with pytest.raises(ValueError, match="another optimiser"):
        fit(model, two_moons(), epochs=1, schedule=schedule)


def test_a_loss_that_explodes_names_step_rate_and_cure():
    model = nn.Linear(1, 1)
    data = np.full((4, 1), 10.0), np.ones((4, 1))
    optimizer = optim.SGD(model.parameters(), lr=1e9)
    with pytest.raises(FloatingPointError, match=r"inf at step \d+ with learning rate 1e\+09.*try"):
        fit(model, data, steps=100, loss=nn.MSELoss(), optimizer=optimizer)
    assert all(np.isfinite(p.array).all() for p in model.parameters())


def test_nan_in_the_input_is_told_from_a_rate_too_high():
    x = two_moons().x.copy()
    x[3, 1] = np.nan
    model = network()
    before = bits(model[0])
    with pytest.raises(FloatingPointError, match=r"at step 1 .*inputs of this batch hold NaN"):
        fit(model, (x, two_moons().y), epochs=1, batch_size=90)
    assert bits(model[0]) == before


def test_nan_in_the_targets_and_in_the_validation_data():
    y = np.array([[0.0], [np.nan]])
    with pytest.raises(FloatingPointError, match="check the targets"):
        fit(nn.Linear(1, 1), (np.ones((2, 1)), y), epochs=1, loss=nn.MSELoss())
    with pytest.raises(FloatingPointError, match="validation loss is nan after step 1"):
        fit(
            nn.Linear(1, 1),
            (np.ones((2, 1)), np.ones((2, 1))),
            epochs=1,
            loss=nn.MSELoss(),
            validation=(np.ones((2, 1)), y),
        )


def test_a_derivative_of_nan_is_noticed():
    def root(outputs, y):
        return ((outputs - outputs.detach()) ** 2).sum() ** 0.5  # the slope of √x at 0

    with pytest.raises(FloatingPointError, match=r"after step 1 .* weights are NaN"):
        fit(nn.Linear(1, 1), (np.ones((2, 1)), np.ones((2, 1))), epochs=1, loss=root)


def test_a_loss_that_is_no_number():
    with pytest.raises(ValueError, match=r"one number; CrossEntropyLoss gave shape \(64,\)"):
        fit(network(), two_moons(), epochs=1, loss=nn.CrossEntropyLoss(reduction="none"))


@pytest.mark.parametrize("kind", ["fit", "all", "head", "head, then all"])
def test_a_single_example_left_over_joins_the_batch_before_for_batch_norm(kind):
    """Its variance would be 0 in every pass: nothing can be learnt from it."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((65, 4)).astype(np.float32)
    data, sizes = (x, np.arange(65) % 2), []
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))

    class Watched(nn.CrossEntropyLoss):
        def forward(self, outputs, targets):
            sizes.append(len(targets))
            return super().forward(outputs, targets)

    if kind == "fit":
        fit(model, data, epochs=2, loss=Watched())
        assert sizes == [65, 65]
        sizes.clear()
        transfer.freeze(model[1])  # it keeps to its running statistics: the single one may come
        fit(model, data, epochs=1, loss=Watched())
        assert sizes == [64, 1]
    else:
        transfer.fine_tune(model, data, kind, loss=Watched(), steps=3)
        assert set(sizes) == ({64, 1} if kind == "head" else {65} if kind == "all" else {64, 1, 65})


def test_a_loss_of_several_numbers_is_refused_by_all():
    data, loss = two_moons(), nn.CrossEntropyLoss(reduction="none")
    for call in (
        lambda: fit(network(), data, loss=loss, epochs=1),
        lambda: evaluate(network(), data, loss=loss),
    ):
        with pytest.raises(
            ValueError, match="the loss has to be one number; CrossEntropyLoss gave"
        ):
            call()
