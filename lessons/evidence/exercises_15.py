"""Exercises of lesson 15."""

from minitransfer import nn, transfer
from minitransfer.course import Exercise


def groups(answer):
    network = nn.Sequential(
        nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)
    )
    rates = {}
    for group in answer(network):
        for parameter in group["params"]:
            rates[id(parameter)] = group.get("lr")
    for layer, rate in ((network[0], 1e-4), (network[2], 1e-3)):
        for parameter in layer.parameters():
            if id(parameter) not in rates:
                return "not all weights and biases are in a group"
            if rates[id(parameter)] != rate:
                return f"{layer} should have the rate {rate:g} in all parts"
    return ""


def by_hand(network):
    return [
        {"params": list(network[0].parameters()), "lr": 1e-4},
        {"params": list(network[2].parameters()), "lr": 1e-3},
    ]


def kept(answer):
    if abs(answer - 0.75) < 1e-9:
        return ""
    if abs(answer - 0.6) < 1e-9:
        return "that is what is right now; how much was right before?"
    return "what is right now, as a share of what was right before"


EXERCISES = (
    Exercise(
        "Write a function of a network of two linear layers with a ReLU "
        "between them (layers 0 and 2) that returns groups for an "
        "optimiser: the body at 0.0001, the head at 0.001.",
        groups,
        lambda network: transfer.parameter_groups(
            network, 1e-4, head_lr=1e-3
        ),
        (
            lambda network: by_hand(network)[:1],
            lambda network: [
                {"params": list(network.parameters()), "lr": 1e-3}
            ],
        ),
    ),
    Exercise(
        "Before, 80 % of the characters were right, afterwards 60 %. Which "
        "share of the old skill was kept?",
        kept,
        0.75,
        (0.6, 0.8, 0.2),
    ),
)
