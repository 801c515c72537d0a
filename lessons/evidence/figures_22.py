"""Figures of lesson 22 and of its evidence: data in, figure out.

And the drawings that both of them learn from.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge

SCRIPTS = ("Latin", "Greek", "Cyrillic", "Armenian")
EACH = 25
TASKS = ("class", "script", "ink")


def four_scripts(drawings, script_of):
    """The first 25 characters of each script: x, [class, script, ink]."""
    scripts = [script_of(character) for character in drawings.classes]
    chosen = [
        label
        for script in SCRIPTS
        for label in [
            k for k, s in enumerate(scripts) if s == script
        ][:EACH]
    ]
    place = np.full(len(drawings.classes), -1)
    place[chosen] = np.arange(len(chosen))
    kept = place[drawings.y] >= 0
    x = drawings.x[kept] / np.float32(255)
    label = place[drawings.y[kept]]
    ink = x.mean((1, 2, 3))
    return x, np.column_stack([label, label // EACH, ink]).astype(
        "f4"
    )
