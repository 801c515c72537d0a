"""Exercises of lesson 16."""

import numpy as np

from minitransfer import nn, tensor, transfer
from minitransfer.course import Exercise


def steps(answer):
    if answer == 22:
        return ""
    if 0.9**answer > 0.1:
        return f"after {answer} steps {0.9**answer:.2f} are left"
    return f"it is so even earlier: think of {answer - 1} steps"


def hold(answer):
    body = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    answer(body)
    nn.Sequential(body, nn.Linear(3, 2)).train()
    before = {
        name: value.numpy().copy()
        for name, value in body.state_dict().items()
    }
    body(
        tensor(
            np.random.default_rng(0).normal(size=(5, 3)).astype("f4")
        )
    )
    for name, value in body.state_dict().items():
        if (value.numpy() != before[name]).any():
            return f"a picture passes, and {name} has moved"
    if any(
        parameter.requires_grad for parameter in body.parameters()
    ):
        return "it stands still, but its parameters still ask for gradients"
    return ""


EXERCISES = (
    Exercise(
        "Every step leaves 0.9 of a running average. After how many steps "
        "is at most a tenth of the old one left?",
        steps,
        22,
        (10, 21, 30),
    ),
    Exercise(
        "Write a function of a body that holds it so that nothing in it "
        "moves, whatever mode the network around it is told.",
        hold,
        transfer.freeze,
        (
            lambda body: body.requires_grad_(False),
            lambda body: body.eval(),
        ),
    ),
)
