# %% [markdown]
# # 22 · Evidence: several tasks at once
#
# [Lesson 22](../22_several_tasks.py) gives one body three heads. Here is
# how its table was made, every pair of tasks, more drawings, and what
# weights that are learnt are worth.
#
# ## How the table was made
#
# A hundred characters, twenty-five of each of four scripts. Of each drawing
# three things are asked: which character it is (`class`, one of 100),
# which `script` (one of four), and how much `ink` is on it: the mean
# brightness, brought to mean 0 and standard deviation 1 over the drawings
# that are learnt from.
#
# All networks are the same: the body of `glyph_conv` and three heads, the
# same initial weights and batches for the same seed. They differ in which
# losses count. What is not asked has weight 0, and its head stays as it
# was. So *one task alone* is no smaller network and has no fewer steps:
# 400 of 64 drawings, Adam at 2e-3 along a cosine. That is the rate that
# the published networks were trained with; nothing was tuned for this
# lesson.
#
# Forty drawings of each character were made. Every seed draws four or
# twenty of them to learn from, and ten others to be tested on.

# %%
import numpy as np

from minitransfer import (
    data,
    experiments,
    optim,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim, figures
from minitransfer.experiments import judge, judge_each

draw = figures(22)
KINDS = {"class": "class", "script": "class", "ink": "value"}


def drawings(per_class, seed):
    """Drawings to learn from and to test on: (x, [class, script, ink])."""
    rng = np.random.default_rng(seed)
    x, y = draw.four_scripts(
        data.glyphs(240, 40, seed=22), data.script_of
    )
    known, kept = [], []
    for k in range(100):
        order = rng.permutation(np.flatnonzero(y[:, 0] == k))
        known.append(order[:per_class])
        kept.append(order[-10:])
    known, kept = np.concatenate(known), np.concatenate(kept)
    ink = y[known, 2]
    y[:, 2] = (y[:, 2] - ink.mean()) / ink.std()
    return (x[known], y[known]), (x[kept], y[kept])


def learn(asked, per_class, seed):
    """A network that was asked some of the tasks, "class+ink"."""
    rng = np.random.default_rng([seed, 22])
    body = transfer.strip_head(zoo.glyph_conv(1, generator=rng))
    outputs = {"class": 100, "script": 4, "ink": 1}
    net = transfer.TaskHeads(body, 128, outputs, generator=rng)
    tasks = asked.removesuffix(", learnt").split("+")
    if asked.endswith("learnt"):
        loss = transfer.TaskLoss(net, KINDS, learnt=True)
        net.loss = loss
    else:
        weights = {task: float(task in tasks) for task in KINDS}
        loss = transfer.TaskLoss(net, KINDS, weights=weights)
    known, _ = drawings(per_class, seed)
    train.fit(
        net,
        known,
        loss=loss,
        optimizer=optim.Adam(net.parameters(), lr=2e-3),
        schedule=optim.CosineAnnealingLR,
        steps=400,
        batch_size=64,
        generator=rng,
    )
    return net


def measure(asked, per_class, seed):
    net = learn(asked, per_class, seed)
    _, (x, y) = drawings(per_class, seed)
    said = net.split(train.predict(net, x))
    off = said["ink"][:, 0] - y[:, 2]
    return {
        "class": round(
            float((said["class"].argmax(1) == y[:, 0]).mean()), 5
        ),
        "script": round(
            float((said["script"].argmax(1) == y[:, 1]).mean()), 5
        ),
        "ink": round(float(1 - (off**2).mean() / y[:, 2].var()), 5),
    }


# %% [markdown]
# Of `class` and `script` the share of right answers is measured, of `ink`
# the share of its variance that is explained ($R^2$; below 0 is worse
# than saying the mean). The table takes eight minutes of one core. To
# measure it anew delete `lessons/results/tasks.csv` and say
#
#     python lessons/evidence/22_several_tasks.py --full

# %%
ASKED = (
    "class",
    "script",
    "ink",
    "class+script",
    "class+ink",
    "script+ink",
    "class+script+ink",
    "class+script+ink, learnt",
)
CELLS = experiments.grid(
    seed=range(5), per_class=(4, 20), asked=ASKED
)
table = experiments.stored("tasks", measure, CELLS)
