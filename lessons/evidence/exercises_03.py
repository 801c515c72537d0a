"""Exercises of lesson 3."""

import numpy as np

from minitransfer.course import Exercise

STATES = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])


def network(answer):
    W, b, v, c = (np.asarray(part, float) for part in answer)
    hidden = 1 / (1 + np.exp(-(STATES @ W.T + b)))
    off = abs(1 / (1 + np.exp(-(hidden @ v + c))) - [0, 1, 1, 0])
    worst = int(off.argmax())
    if off[worst] > 0.1:
        h1, h2 = STATES[worst]
        g1, g2 = hidden[worst]
        return (
            f"at {h1}{h2} the answer is off by {off[worst]:.2f}; the "
            f"hidden nodes say {g1:.2f} and {g2:.2f} there"
        )
    return ""


def relations(answer):
    for nodes in (2, 3, 10):
        said = answer(nodes)
        if said != 12 * nodes:
            return (
                f"for {nodes} hidden nodes you say {said}. Each of them "
                "has two connections below and one above, and each "
                "connection four relations"
            )
    return ""


EXERCISES = (
    Exercise(
        "Build XOR by hand. Give (W, b, v, c): W two rows of two weights, "
        "b two biases, v the two weights of the output, c its bias. All "
        "nodes are sigmoids; each of the four answers should be within "
        "0.1 of what is wanted.",
        network,
        (((20, -20), (-20, 20)), (-10, -10), (20, 20), -10),
        (
            (((1, -1), (-1, 1)), (0, 0), (1, 1), 0),
            (((20, 20), (20, 20)), (-10, -10), (20, 20), -10),
            (((20, -20), (-20, 20)), (-10, -10), (20, 20), 10),
        ),
    ),
    Exercise(
        "Write a function of the number of hidden nodes: how many "
        "relations has such a network (two inputs, one output), if every "
        "node gets two states?",
        relations,
        lambda nodes: 12 * nodes,
        (
            lambda nodes: 24,
            lambda nodes: 8 * nodes,
            lambda nodes: 3 * nodes,
        ),
    ),
)
