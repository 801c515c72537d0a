"""A training run that was stopped, by whatever means, ends as if it had never been."""

import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from minitransfer import Tensor, manual_seed, nn, optim, transfer
from minitransfer.checkpoint import load_checkpoint, save_checkpoint, save_weights
from minitransfer.data import DataLoader, Dataset
from minitransfer.train import Monitor, fit


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard():
    """A shell that starts the tests in the background has its children ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Stopped(Exception):
    """Stands for whatever may go wrong in the middle of a training run."""


class CrossEntropy(nn.CrossEntropyLoss):
    """Cross-entropy that calls `event` when it is asked for the loss of a certain step."""

    def __init__(self, model, step=None, event=None):
        super().__init__()
        self.__dict__.update(model=[model], left=step, event=event)

    def forward(self, outputs, targets):
        if self.model[0].training and self.left is not None:
            self.left -= 1
            if self.left == 0:
                self.event()
        return super().forward(outputs, targets)


def problem(kind="adam", seed=0):
    """Return a network with all that has a state of its own, and what `fit` needs to train it."""
    generator = np.random.default_rng(seed)
    own = np.random.default_rng(seed + 1)
    manual_seed(seed + 2)
    model = nn.Sequential(
        nn.Linear(3, 8, generator=generator),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.Dropout(0.3, generator=own),  # a generator of its own
        nn.Linear(8, 8, generator=generator),
        nn.Dropout(0.3),  # the default generator
        nn.Linear(8, 2, generator=generator),
    )
    x = generator.standard_normal((70, 3)).astype(np.float32)
    data = Dataset(x, (x[:, 0] * x[:, 1] > 0).astype(np.int64))
    optimizer = {
        "adam": lambda: optim.Adam(transfer.parameter_groups(model, 0.01, head_lr=0.05)),
        "sgd": lambda: optim.SGD(model.parameters(), lr=0.3, momentum=0.9),
    }[kind]()
    options = {
        "data": data,
        "optimizer": optimizer,
        "schedule": optim.CosineAnnealingLR,
        "batch_size": 16,
        "validation": 0.2,
        "clip_norm": 2.0,
        "transform": lambda x, g: x + np.float32(0.05) * g.standard_normal(x.shape, np.float32),
    }
    return model, options


def train(length, *, kind="adam", stop=None, event=None, **kept):
    """Train; return all bits that are left: weights, buffers, optimiser, history."""
    model, options = problem(kind)
    loss = CrossEntropy(model, stop, event)
    history = fit(model, loss=loss, monitor=Monitor(**kept), **options, **length)
    state = options["optimizer"].state
    return (
        {name: t.array.tobytes() for name, t in model.state_dict().items()},
        {(n, k): np.asarray(v).tobytes() for n, s in state.items() for k, v in s.items()},
        history,
    )


def raise_stopped():
    raise Stopped


LENGTHS = [{"epochs": 6}, {"steps": 25}]


@pytest.mark.parametrize("length", LENGTHS, ids=str)
@pytest.mark.parametrize("kind", ["adam", "sgd"])
@pytest.mark.parametrize("stop", [1, 2, 5, 11, 23])
def test_after_an_error_in_the_middle_of_an_epoch(tmp_path, length, kind, stop):
    path = tmp_path / "run.safetensors"
    expected = train(length, kind=kind)
    with pytest.raises(Stopped):
        train(length, kind=kind, stop=stop, event=raise_stopped, checkpoint=path)
    assert train(length, kind=kind, checkpoint=path, resume=True) == expected


@pytest.mark.parametrize("length", LENGTHS, ids=str)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stop", [1, 6, 8, 24])
def test_a_signal_saves_the_step_it_fell_into(tmp_path, capsys, length, stop, number):
    path = tmp_path / "run.safetensors"
    expected = train(length)
    with pytest.raises(KeyboardInterrupt):
        train(length, stop=stop, event=lambda: signal.raise_signal(number), checkpoint=path)
    message = capsys.readouterr().err
    assert f"Stopped at step {stop} of" in message
    assert f"{path} holds the run up to step {stop}. To go on" in message
    assert "resume=True" in message
    assert load_checkpoint(path)["step"] == stop
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert train(length, checkpoint=path, resume=True) == expected


def test_ctrl_c_that_cannot_be_caught_leaves_the_last_report(tmp_path, capsys):
    def interrupt():
        raise KeyboardInterrupt

    path = tmp_path / "run.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train({"epochs": 6}, stop=7, event=interrupt, checkpoint=path)
    assert "Stopped at step 6 of 24" in (message := capsys.readouterr().err)
    assert "up to step 4" in message
    assert train({"epochs": 6}, checkpoint=path, resume=True) == train({"epochs": 6})


def test_ctrl_c_twice_stops_at_once(tmp_path):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    path = tmp_path / "run.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train({"epochs": 6}, stop=7, event=twice, checkpoint=path)
    assert load_checkpoint(path)["step"] == 4
    assert train({"epochs": 6}, checkpoint=path, resume=True) == train({"epochs": 6})


def test_stopped_again_and_again(tmp_path):
    path = tmp_path / "run.safetensors"
    for stop in (3, 2, 6, 5):
        event = raise_stopped if stop % 2 else lambda: signal.raise_signal(signal.SIGINT)
        with pytest.raises((Stopped, KeyboardInterrupt)):
            train({"epochs": 6}, stop=stop, event=event, checkpoint=path, resume=True)
    assert train({"epochs": 6}, checkpoint=path, resume=True) == train({"epochs": 6})


def test_after_a_kill_in_another_process(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import hashlib, os, signal, sys
        import numpy as np
        from minitransfer import manual_seed, nn
        from minitransfer.data import mnist
        from minitransfer.train import Monitor, fit

        path, kill_at = sys.argv[1] or None, int(sys.argv[2])
        manual_seed(4)
        model = nn.Sequential(
            nn.Conv2d(1, 4, 5, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
            nn.Dropout(0.2), nn.Linear(144, 10))
        monitor = Monitor(patience=2, checkpoint=path, resume=path is not None)
        steps = 0
        def loss(outputs, targets):
            global steps
            steps += model.training
            if steps == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return nn.CrossEntropyLoss()(outputs, targets)
        history = fit(model, mnist("validation")[:200], loss=loss, epochs=3, batch_size=30,
                      validation=0.2, monitor=monitor)
        digest = hashlib.sha256(repr((history.rows, history.step_losses)).encode())
        for name, t in model.state_dict().items():
            digest.update(name.encode() + t.array.tobytes())
        print(digest.hexdigest())
        """)
    )

    def run(path, kill_at=-1):
        command = [sys.executable, str(script), str(path), str(kill_at)]
        return subprocess.run(command, capture_output=True, text=True)

    expected = run("")
    assert expected.returncode == 0, expected.stderr
    path = tmp_path / "run.safetensors"
    assert run(path, 9).returncode == -signal.SIGKILL
    assert run(path, 4).returncode == -signal.SIGKILL
    assert run(path).stdout == expected.stdout


def test_early_stopping_goes_on_counting(tmp_path):
    path, options = tmp_path / "run.safetensors", {"patience": 4, "kind": "sgd"}
    expected = train({"epochs": 60}, **options)
    reports = len(expected[2])
    assert expected[2].stopped_early
    stop = 4 * (reports - 2) + 1  # between the best report and the end
    with pytest.raises(Stopped):
        train({"epochs": 60}, stop=stop, event=raise_stopped, checkpoint=path, **options)
    assert train({"epochs": 60}, checkpoint=path, resume=True, **options) == expected
    # and once more, when all is done: the best weights again, and not one step more
    assert train({"epochs": 60}, checkpoint=path, resume=True, **options) == expected


def test_a_share_for_validation_is_the_same_share_in_the_same_process(tmp_path):
    """Where the default generator has moved on, another split would leak into the training data."""
    path = tmp_path / "run.safetensors"
    expected = train({"epochs": 6})
    with pytest.raises(Stopped):
        train({"epochs": 6}, stop=10, event=raise_stopped, checkpoint=path)
    model, options = problem()
    manual_seed(99).random(50)
    history = fit(
        model,
        loss=CrossEntropy(model),
        epochs=6,
        monitor=Monitor(checkpoint=path, resume=True),
        **options,
    )
    assert history == expected[2]


def test_loaders_of_ones_own_with_their_own_generators(tmp_path):
    def own(stop=None, **kept):
        model, options = problem()
        x, y = options["data"].x, options["data"].y
        first, second = np.random.default_rng(5), np.random.default_rng(6)
        history = fit(
            model,
            DataLoader((x[:50], y[:50]), 16, shuffle=True, generator=first),
            validation=DataLoader((x[50:], y[50:]), 7, shuffle=True, generator=second),
            loss=CrossEntropy(model, stop, raise_stopped),
            steps=20,
            monitor=Monitor(**kept),
        )
        return history, {name: t.array.tobytes() for name, t in model.state_dict().items()}

    path = tmp_path / "run.safetensors"
    expected = own()
    with pytest.raises(Stopped):
        own(stop=7, checkpoint=path)
    assert own(checkpoint=path, resume=True) == expected


def test_a_finished_training_can_be_prolonged(tmp_path):
    path = tmp_path / "run.safetensors"
    monitor = Monitor(checkpoint=path, resume=True)
    model, options = problem()
    options["schedule"] = None  # the cosine depends on the length
    short = fit(model, epochs=2, monitor=monitor, **options)
    model, options = problem()
    options["schedule"] = None
    long = fit(model, epochs=5, monitor=monitor, **options)
    model, options = problem()
    options["schedule"] = None
    assert long == fit(model, epochs=5, **options)
    assert long.step_losses[: len(short.step_losses)] == short.step_losses


def test_without_a_file_it_begins_anew(tmp_path):
    path = tmp_path / "run.safetensors"
    assert train({"epochs": 2}, checkpoint=path, resume=True) == train({"epochs": 2})
    assert load_checkpoint(path)["finished"]


def test_an_unfinished_training_is_not_overwritten(tmp_path):
    path = tmp_path / "run.safetensors"
    with pytest.raises(Stopped):
        train({"epochs": 2}, stop=5, event=raise_stopped, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"holds a training run at step 4 of 8.*resume=True"):
        train({"epochs": 2}, checkpoint=path)
    assert path.read_bytes() == before
    save_weights(nn.Linear(1, 1), path)
    with pytest.raises(FileExistsError, match="is not a whole checkpoint of a training run"):
        train({"epochs": 2}, checkpoint=path)


def test_a_finished_training_may_be_overwritten(tmp_path):
    path = tmp_path / "run.safetensors"
    first = train({"epochs": 1}, checkpoint=path)
    assert train({"epochs": 1}, checkpoint=path) == first


def test_a_damaged_file_is_refused_and_left(tmp_path):
    path = tmp_path / "run.safetensors"
    train({"epochs": 1}, checkpoint=path)
    whole = path.read_bytes()
    for content in (whole[:100], whole[:-1], b"", whole[:-9] + b"something"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"run.safetensors .* is damaged, truncated"):
            train({"epochs": 2}, checkpoint=path, resume=True)
        assert path.read_bytes() == content


def test_another_training_is_refused_and_nothing_changed(tmp_path):
    path = tmp_path / "run.safetensors"
    train({"epochs": 1}, checkpoint=path)
    before = path.read_bytes()
    model, options = problem("sgd")
    model[6] = nn.Linear(8, 5)
    options["optimizer"] = optim.SGD(model.parameters(), lr=0.3)
    weights = model[0].weight.array.copy()
    monitor = Monitor(checkpoint=path, resume=True)
    with pytest.raises(ValueError, match=r"run.safetensors is of another training run") as caught:
        fit(model, epochs=2, monitor=monitor, **options | {"batch_size": 8})
    message = str(caught.value)
    assert "weights '6.weight': float32 (2, 8) / float32 (5, 8)" in message
    assert "optimizer: Adam / SGD" in message
    assert "batch_size: 16 / 8" in message
    np.testing.assert_array_equal(model[0].weight.array, weights)
    assert path.read_bytes() == before


def test_a_checkpoint_of_a_loop_of_ones_own_is_refused(tmp_path):
    path = tmp_path / "run.safetensors"
    save_checkpoint(path, {"step": 3})
    with pytest.raises(ValueError, match="not one of fit's"):
        train({"epochs": 2}, checkpoint=path, resume=True)


def test_a_path_that_cannot_be_written_shows_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError):
        train({"epochs": 1}, stop=1, event=raise_stopped, checkpoint=tmp_path / "file" / "run")


def part_of_a_run(path, epochs=4, **changes):
    """Train a small network for some epochs, going on from the file if it is there."""
    model = nn.Linear(4, 2, generator=np.random.default_rng(1))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((32, 4)).astype(np.float32)
    optimizer = optim.Adam(model.parameters(), lr=changes.pop("lr", 1e-3))
    options = {"data": (x, (x[:, 0] > 0).astype(int)), "loss": nn.CrossEntropyLoss(), **changes}
    monitor = Monitor(checkpoint=path, resume=True, command=options.pop("command", ""))
    return fit(model, optimizer=optimizer, epochs=epochs, generator=rng, monitor=monitor, **options)


OTHER = np.random.default_rng(3).standard_normal((32, 4)).astype(np.float32)
ASKED = {
    "lr": ({"lr": 1e-5}, "'lr': 0.001 / 1e-05"),
    "loss": ({"loss": nn.MSELoss()}, r"loss: CrossEntropyLoss\(.*\) / MSELoss\("),
    "an option of the loss": (
        {"loss": nn.CrossEntropyLoss(label_smoothing=0.5)},
        r"label_smoothing=0.0\) / CrossEntropyLoss\(.*label_smoothing=0.5\)",
    ),
    "class weights": (
        {"loss": nn.CrossEntropyLoss(weight=Tensor([1.0, 2.0]))},
        r"/ CrossEntropyLoss\(.*weight=\[1.0, 2.0\]",
    ),
    "a penalty": (
        {"loss": transfer.L2SP(nn.Linear(4, 2), loss=nn.CrossEntropyLoss())},
        r"/ L2SP\(loss=CrossEntropyLoss",
    ),
    "clip_norm": ({"clip_norm": 1.0}, "clip_norm: None / 1.0"),
    "schedule": ({"schedule": optim.CosineAnnealingLR}, "schedule: NoneType / CosineAnnealingLR"),
    "transform": ({"transform": lambda x, g: -x}, "transform: None / <lambda>"),
    "inputs": ({"data": (OTHER, np.arange(32) % 2)}, "data 'training': "),
    "command": ({"command": "train --seed 1"}, "command:  / train --seed 1"),
    "what steers a terminal": ({"command": "train \x9b2J"}, r"command:  / train \\x9b2J\."),
}


@pytest.mark.parametrize("what", ASKED)
def test_a_run_is_not_gone_on_with_by_another(tmp_path, what):
    path = tmp_path / "run.safetensors"
    part_of_a_run(path, epochs=2)
    before = path.read_bytes()
    change, message = ASKED[what]
    with pytest.raises(ValueError, match=f"is of another training run; .*{message}"):
        part_of_a_run(path, **change)
    assert path.read_bytes() == before
    assert len(part_of_a_run(path)) == 4


def test_what_a_schedule_is_made_with_may_only_follow_the_length(tmp_path):
    path = tmp_path / "run.safetensors"

    def schedule(end):
        return lambda optimizer, steps: optim.CosineAnnealingLR(optimizer, steps, end)

    part_of_a_run(path, epochs=2, schedule=schedule(0.0))
    with pytest.raises(ValueError, match=r"schedule's options: .*eta_min=0.0.*eta_min=0.0001"):
        part_of_a_run(path, epochs=2, schedule=schedule(1e-4))
    assert len(part_of_a_run(path, epochs=3, schedule=schedule(0.0))) == 3


def test_steps_that_were_taken_are_not_taken_back(tmp_path):
    path = tmp_path / "run.safetensors"
    part_of_a_run(path, epochs=3)
    with pytest.raises(ValueError, match="at step 3, and this one is to end after 2: steps cannot"):
        part_of_a_run(path, epochs=2)
    assert len(part_of_a_run(path, epochs=3)) == 3


@pytest.mark.parametrize("wrong", [{"step": -1}, {"step": 0.5}, {"m": np.zeros(3)}, {"m": 0.0}])
def test_what_an_optimiser_remembers_has_to_fit(tmp_path, wrong):
    path = tmp_path / "run.safetensors"
    part_of_a_run(path, epochs=2)
    state = load_checkpoint(path)
    remembered = next(iter(state["optimizer"]["state"].values()))
    arrays = [key for key, value in remembered.items() if isinstance(value, np.ndarray)]
    (key, value), *_ = wrong.items()
    remembered["step" if key == "step" else arrays[0]] = value
    save_checkpoint(path, state)
    with pytest.raises(ValueError, match=r"\['optimizer'\]\['state'\]"):
        part_of_a_run(path)


@pytest.mark.parametrize(
    "wrong, place",
    [
        (lambda state: state["optimizer"]["groups"][0].update(lr="low"), "'groups'.*'lr'"),
        (lambda state: state["optimizer"]["groups"][0].update(amsgrad=2), "'amsgrad'"),
        (lambda state: state["optimizer"]["groups"][0].update(betas=[0.9]), "'betas'"),
        (lambda state: state["optimizer"]["groups"][0].pop("lr"), "'groups'.*a dictionary of"),
        (lambda state: state["schedule"].update(last=["low"]), "'schedule'.*'last'"),
        (lambda state: state["loader"].update(generator=None), "'loader'.*'generator'"),
        (
            lambda state: state["made_with"].update(metrics=["accuracy", np.arange(2)]),
            r"'made_with'\]\['metrics'\]\[1\] is an array",
        ),
        (
            lambda state: next(iter(state["optimizer"]["state"].values())).update({"\x9b": 1}),
            r"has .*, \\x9b; a ",
        ),
    ],
)
def test_what_stands_in_a_dictionary_has_to_fit(tmp_path, wrong, place):
    path = tmp_path / "run.safetensors"
    part_of_a_run(path, epochs=2, schedule=optim.CosineAnnealingLR)
    state = load_checkpoint(path)
    wrong(state)
    save_checkpoint(path, state)
    with pytest.raises(ValueError, match=place):
        part_of_a_run(path, schedule=optim.CosineAnnealingLR)
