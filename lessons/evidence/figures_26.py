"""Figures of lesson 26 and of its evidence: data in, figure out.

And how a tactic moves from the network of one game into that of another.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge


def carried(state, align, buttons, count):
    """Weights of the one game's network as weights of the other's."""
    state = {k: np.asarray(v.numpy(), "f4") for k, v in state.items()}
    first, bias = state["0.weight"], state["0.bias"]
    state["0.weight"] = first @ align.turn.T.astype("f4")
    shift = align.to - align.from_ @ align.turn
    state["0.bias"] = bias + first @ shift.astype("f4")
    weight, bias = state["4.weight"], state["4.bias"]
    state["4.weight"] = np.zeros((count, weight.shape[1]), "f4")
    state["4.bias"] = np.full(
        count, -2, "f4"
    )  # seldom pressed so far
    state["4.weight"][buttons], state["4.bias"][buttons] = (
        weight,
        bias,
    )
    return state
