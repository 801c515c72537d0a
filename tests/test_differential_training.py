"""Random trainings beside PyTorch: an optimiser, a schedule, a network, a hundred steps.

Skipped where PyTorch is not installed. Many more than the suite's:

    MINITRANSFER_TRAININGS=1000 pytest tests/test_differential_training.py
"""

import os

import numpy as np
import pytest

import minitransfer as mt

torch = pytest.importorskip("torch")
COUNT = int(os.environ.get("MINITRANSFER_TRAININGS", 40))

pytestmark = pytest.mark.diff


def one_of(rng, *options):
    return options[rng.integers(len(options))]


def optimizer(rng):
    """A name and its options, drawn from what people write and some of what they do not."""
    decay = {"weight_decay": one_of(rng, 0, 0, 0.01, 0.3)}
    # At high rates a training is chaotic: one rounding decides where it is 50 steps later.
    lr = {"lr": float(10 ** rng.uniform(-4, -1.5))}
    maximize = {"maximize": True} if rng.random() < 0.1 else {}
    name = one_of(rng, "SGD", "SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta")
    match name:
        case "SGD":
            momentum = one_of(rng, 0, 0.5, 0.9)
            own = {"momentum": momentum}
            if momentum and rng.random() < 0.4:
                own["nesterov"] = True
            elif momentum:
                own["dampening"] = one_of(rng, 0, 0.1)
        case "Adam" | "AdamW":
            own = {"betas": one_of(rng, (0.9, 0.999), (0.5, 0.9)), "eps": one_of(rng, 1e-8, 1e-3)}
            own["amsgrad"] = bool(rng.random() < 0.3)
        case "Adagrad":
            own = {"lr_decay": one_of(rng, 0, 0.01), "initial_accumulator_value": one_of(rng, 0, 1)}
        case "RMSprop":
            own = {"alpha": one_of(rng, 0.99, 0.5), "momentum": one_of(rng, 0, 0.9)}
            own["centered"] = bool(rng.random() < 0.3)
        case "Adadelta":
            own = {"rho": one_of(rng, 0.9, 0.5)}
    return name, lr | decay | own | maximize


def schedule(rng, steps, cycles):
    """A name and its options; `cycles` says whether the optimiser has a momentum to go round."""
    name = one_of(
        rng,
        *("none", "StepLR", "MultiStepLR", "ExponentialLR", "LinearLR", "LambdaLR"),
        *("CosineAnnealingLR", "OneCycleLR", "ReduceLROnPlateau"),
    )
    options = {
        "none": {},
        "StepLR": {"step_size": int(rng.integers(1, 50)), "gamma": 0.5},
        "MultiStepLR": {"milestones": sorted(int(n) for n in rng.integers(1, 100, 3))},
        "ExponentialLR": {"gamma": 0.97},
        "LinearLR": {"start_factor": 0.2, "total_iters": int(rng.integers(1, 150))},
        "LambdaLR": {"lr_lambda": lambda step: 1 / (1 + step)},
        "CosineAnnealingLR": {"T_max": int(rng.integers(100, 150)), "eta_min": 1e-5},
        "OneCycleLR": {"max_lr": 0.05, "total_steps": steps + 1, "cycle_momentum": cycles},
        "ReduceLROnPlateau": {"patience": 2, "factor": 0.5},
    }[name]
    return name, options


#: The layers of a network, said in a way that both libraries understand.
BODIES = {
    "linear": lambda nn: [nn.Linear(5, 4)],
    "hidden": lambda nn: [nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 4)],
    "norms": lambda nn: [nn.Linear(5, 6), nn.BatchNorm1d(6), nn.GELU(), nn.LayerNorm(6)],
    "images": lambda nn: [
        *(nn.Unflatten(5), nn.Conv2d(1, 3, 2), nn.BatchNorm2d(3), nn.ReLU(), nn.AvgPool2d((1, 2))),
        *(nn.Flatten(), nn.Linear(6, 4)),
    ],
}


def train(lib, body, start, data, recipe, steps, clip):
    """Return losses, rates and the last state of a training in one of the two libraries."""
    nn = lib.nn
    layers = [layer for layer in BODIES[body](Names(lib, nn)) if layer is not None]
    network = nn.Sequential(*layers)
    network.load_state_dict({k: lib.tensor(v.copy()) for k, v in start.items()})
    (name, options), (plan, plan_options), loss_name = recipe
    chosen = getattr(lib.optim, name)(network.parameters(), **options)
    scheduler = None
    if plan != "none":
        scheduler = getattr(lib.optim.lr_scheduler, plan)(chosen, **plan_options)
    loss_of = getattr(nn, loss_name)()
    losses, rates = [], []
    for step in range(steps):
        x, y = data(step, loss_name)
        chosen.zero_grad()
        loss = loss_of(network(lib.tensor(x)), lib.tensor(y))
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(network.parameters(), clip)
        chosen.step()
        losses.append(float(loss.item()))
        rates.append(chosen.param_groups[0]["lr"])
        if scheduler is not None:
            scheduler.step(*([losses[-1]] if plan == "ReduceLROnPlateau" else []))
    state = {k: np.asarray(v.detach().numpy()) for k, v in network.state_dict().items()}
    return np.array(losses), np.array(rates), state


class Names:
    """`nn` of a library in float64; rows become images of one row, as `view` writes it."""

    def __init__(self, lib, nn):
        self.lib, self.nn = lib, nn

    def __getattr__(self, name):
        layer = getattr(self.nn, name)
        return lambda *a, **o: layer(*a, **o).to(self.lib.float64)

    def Unflatten(self, width):
        class AsImage(self.nn.Module):
            def forward(self, x):
                return x.reshape(-1, 1, 2, width)

        return AsImage()


@pytest.mark.parametrize("seed", range(COUNT))
def test_a_hundred_steps_agree(seed):
    rng = np.random.default_rng(seed)
    steps, body = 100, one_of(rng, *BODIES)
    chosen = optimizer(rng)
    cycles = bool(chosen[1].get("betas") or (chosen[0] == "SGD" and chosen[1]["momentum"]))
    recipe = chosen, schedule(rng, steps, cycles), one_of(rng, "CrossEntropyLoss", "MSELoss")
    clip = one_of(rng, None, None, 0.5)
    reference = torch.nn.Sequential(*BODIES[body](Names(torch, torch.nn)))
    start = {
        k: rng.normal(scale=0.4, size=tuple(v.shape)) if v.dtype.is_floating_point else v.numpy()
        for k, v in reference.state_dict().items()
    }
    start |= {k: np.abs(v) + 0.5 for k, v in start.items() if k.endswith("running_var")}
    width = 10 if body == "images" else 5
    out = 6 if body == "norms" else 4

    def data(step, loss_name):
        draw = np.random.default_rng([seed, step])
        x = draw.normal(size=(7, width))
        y = draw.integers(0, out, 7) if loss_name == "CrossEntropyLoss" else None
        return x, draw.normal(size=(7, out)) if y is None else y

    theirs = train(torch, body, start, data, recipe, steps, clip)
    ours = train(mt, body, start, data, recipe, steps, clip)
    said = f"seed {seed}: {body}, {recipe}, clip {clip}"
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-12, err_msg=f"rates, {said}")
    if same(ours, theirs):
        return
    # Some trainings are chaotic: then ours has to be as near as PyTorch is to itself from weights
    # that differ by a rounding.
    moved = {k: v * (1 + 1e-15) if v.dtype == np.float64 else v for k, v in start.items()}
    itself = train(torch, body, moved, data, recipe, steps, clip)
    assert np.allclose(ours[0][:30], theirs[0][:30], rtol=1e-6, atol=1e-9), said
    assert not same(itself, theirs), said


def same(ours, theirs):
    """Whether losses and last states agree."""
    losses = np.allclose(ours[0], theirs[0], rtol=1e-6, atol=1e-9)
    return losses and all(
        np.allclose(ours[2][name], value, rtol=1e-5, atol=1e-7) for name, value in theirs[2].items()
    )
