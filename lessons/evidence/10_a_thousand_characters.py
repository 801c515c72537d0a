# %% [markdown]
# # 10 · Evidence: a thousand characters, ten digits
#
# [Lesson 10](../10_a_thousand_characters.py) copied four layers and
# trained on a hundred digits. Here is how the learning rates were chosen,
# for scratch as well; whether it must be a thousand classes; how far the
# weights move; and what is left of the lead with all the digits that
# there are.

# %%
import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import (
    data,
    experiments,
    folders,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim, figures
from minitransfer.experiments import judge, judge_each, over_seeds

draw = figures(10)
pool, test = data.mnist("pool"), data.mnist("test")
validation = data.mnist("validation")

# %% [markdown]
# ## A rate for each way
#
# Two options, each by SGD with momentum and by Adam, and scratch by both:
# six ways to spend 200 steps on a hundred digits. A comparison is only as
# fair as the choice of the learning rates. So each of the six tries the
# same five, with three draws of digits that serve for nothing else, and
# the validation images decide. Scratch is given the same choice as the
# others, for it is what they are compared with.
#
# That is 240 training runs, and a table keeps them. To measure this table
# and the next one anew, delete `lessons/results/rates.csv` and
# `lessons/results/class_count.csv`, and say
#
#     python lessons/evidence/10_a_thousand_characters.py --full

# %%
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
CHOOSING, DRAWS = (90, 91, 92), (0, 1, 2, 3, 4)


def make(rule, weights, rate):
    if rule == "Adam":
        return optim.Adam(weights, lr=rate)
    return optim.SGD(weights, lr=rate, momentum=0.9)


def trained(way, rule, rate, seed):
    """A network after 200 steps on a draw; what it started from."""
    digits = pool.sample(100, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    if way == "scratch":
        network = zoo.glyph_mlp(10, generator=rng)
    else:
        network = zoo.load("glyph-mlp")
        transfer.replace_head(network, 10, generator=rng)
    if way == "option 1":
        transfer.freeze(network)
        transfer.unfreeze(network[-1])
    start = {k: v.numpy().copy() for k, v in network.state_dict().items()}
    weights = [p for p in network.parameters() if p.requires_grad]
    train.fit(
        network,
        digits,
        optimizer=make(rule, weights, rate),
        schedule=optim.CosineAnnealingLR,
        steps=200,
        generator=rng,
    )
    return network, start


def learn_at(way, rule, rate, seed):
    network, _ = trained(way, rule, rate, seed)
    return {
        part: round(train.evaluate(network, images)["accuracy"], 6)
        for part, images in (("validation", validation), ("test", test))
    }


WAYS = ("option 1", "option 2", "scratch")
rates = experiments.stored(
    "rates",
    learn_at,
    experiments.grid(
        way=WAYS,
        rule=("SGD", "Adam"),
        rate=RATES,
        seed=CHOOSING + DRAWS,
    ),
)

# %%
CLASSES, COUNTS = (50, 200, 500, 1000), (10, 100, 1000)


def pretrained(classes, pretraining):
    folder = folders.cache_folder() / "networks"
    folder.mkdir(exist_ok=True)
    name = f"glyph-mlp-{classes}-classes-seed-{pretraining}"
    path = folder / f"{name}.safetensors"
    if not path.exists():
        zoo.pretrain(
            "glyph_mlp",
            path,
            classes=classes,
            per_class=60_000 // classes,
            steps=2000,
            seed=pretraining,
        )
    return zoo.load(path)


def reads_digits(network, labels, seed):
    digits = pool.sample(labels, np.random.default_rng(seed))
    rng = np.random.default_rng([seed, labels])
    transfer.replace_head(network, 10, generator=rng)
    transfer.fine_tune(network, digits, "head", generator=rng)
    return train.evaluate(network, test)["accuracy"]


def learn(classes, pretraining, labels, seed):
    network = pretrained(classes, pretraining)
    (source,) = network.card["accuracy"].values()
    accuracy = reads_digits(network, labels, seed)
    return {"accuracy": round(accuracy, 6), "source_accuracy": source}


table = experiments.stored(
    "class_count",
    learn,
    [
        cell
        for k in range(5)
        for cell in experiments.grid(
            classes=CLASSES,
            pretraining=[k],
            labels=COUNTS,
            seed=(3 * k, 3 * k + 1, 3 * k + 2),
        )
    ],
)
