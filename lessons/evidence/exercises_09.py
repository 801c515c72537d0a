"""Exercises of lesson 9."""

from minitransfer import nn
from minitransfer.course import Exercise


def numbers(answer):
    if answer == 1290:
        return "that is the head alone; the body has numbers, too"
    if answer == 8256:
        return (
            "you have the weights and biases of B's first layer only"
        )
    if answer == 8192 + 640:
        return (
            "there are biases as well: one for each output of a layer"
        )
    if answer != 128 * 64 + 64 + 64 * 10 + 10:
        return "count inputs times outputs, plus outputs, for both layers"
    return ""


def borrow(answer):
    old, new = nn.Linear(6, 4), nn.Linear(6, 4)
    answer(old, new)
    if not (old.weight.array == new.weight.array).all():
        return "the weights of the new layer are still its own"
    if not (old.bias.array == new.bias.array).all():
        return "the weights are there; the biases belong to them"
    return ""


def only_weights(old, new):
    new.weight.data = old.weight.data


EXERCISES = (
    Exercise(
        "B is to be two layers, from 128 features to 64 and from 64 to 10. "
        "How many numbers learn, if the body is frozen?",
        numbers,
        8906,
        (1290, 8256, 8832, 317_450),
    ),
    Exercise(
        "Write a function of two layers of the same shape, (old, new), that "
        "gives the new one all that the old one has learnt.",
        borrow,
        lambda old, new: new.load_state_dict(old.state_dict()),
        (lambda old, new: None, only_weights),
    ),
)
