# %% [markdown]
# # 7 · Evidence: depth and shortcuts
#
# [Lesson 7](../07_depth_and_shortcuts.py) opened a pooled network. Here is
# how its tables were made, what an untrained network and another pooling
# do, how long plain networks of twenty and forty layers take to learn, and
# what becomes of the gradient on its way back.

# %%
import functools

import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, experiments, plots, train, transfer
from minitransfer.course import claim, figures
from minitransfer.experiments import judge, judge_each, over_seeds

draw = figures(7)
SEEDS = range(5)


# %% [markdown]
# ## The pooled network, opened
#
# The network is that of the lesson. A seed draws everything: the 4,000
# digits to learn from, the 300 for the probes, the 400 to test them on,
# the 150 dots of the picture, and the initial weights. So that five seeds
# are five independent witnesses.
#
# To measure this table and the next one anew, delete
# `lessons/results/pooled.csv` and `lessons/results/depth.csv`, and say
#
#     python lessons/evidence/07_depth_and_shortcuts.py --full


# %%
def scaled(module, rng, shrink):
    """He initialisation, times `shrink`; then a ReLU."""
    nn.init.kaiming_normal_(module.weight, generator=rng)
    nn.init.zeros_(module.bias)
    with mt.no_grad():
        module.weight.mul_(shrink)
    return nn.Sequential(module, nn.ReLU())


def convolution(inputs, rng, shrink=1.0):
    module = nn.Conv2d(inputs, 16, 3, padding=1, generator=rng)
    return scaled(module, rng, shrink)


def block(kind, rng):
    if kind == "residual":
        return nn.Residual(convolution(16, rng, shrink=1 / 3))
    return convolution(16, rng)


def pooled(kind, rng, pooling="max"):
    pool = nn.MaxPool2d if pooling == "max" else nn.AvgPool2d
    parts = {"first": convolution(1, rng)}
    for k in (1, 2, 3):
        parts[f"pool {k}"] = pool(2)
        blocks = (block(kind, rng) for _ in range(3))
        parts[f"layers {k}"] = nn.Sequential(*blocks)
    parts |= {"pool 4": pool(2), "flat": nn.Flatten()}
    parts["head"] = nn.Linear(16, 10, generator=rng)
    return nn.Sequential(parts)


DEPTHS = ("pool 1", "layers 1", "pool 2", "layers 2", "pool 3",
          "layers 3", "pool 4")  # fmt: skip


def picture(digits, dots):
    """Digits with some of their dots as the thing to tell."""
    flat = digits.x.reshape(len(digits), -1) / 255
    return data.Dataset(digits.x, flat[:, dots], input_type="image")


def drawn(seed):
    rng = np.random.default_rng(seed)
    learning, probing = data.mnist("pool").split(
        4000, 300, generator=rng
    )
    unseen = data.mnist("test").sample(400, rng)
    dots = rng.choice(784, 150, replace=False)
    return learning, probing, unseen, dots, rng


@functools.lru_cache(maxsize=1)
def opened(kind, pooling, steps, seed):
    learning, probing, unseen, dots, rng = drawn(seed)
    net = pooled(kind, rng, pooling)
    if steps:
        train.fit(
            net,
            learning,
            optimizer=optim.Adam(net.parameters(), lr=2e-3),
            steps=steps,
            generator=rng,
        )
    both = picture(probing, dots), picture(unseen, dots)
    told = transfer.linear_probe(net, *both, *DEPTHS)
    named = transfer.linear_probe(net, probing, unseen, *DEPTHS)
    return told, named


def at_depth(kind, pooling, steps, seed, depth):
    told, named = opened(kind, pooling, steps, seed)
    name = DEPTHS[depth]
    return {
        "picture": round(told[name], 5),
        "class": round(named[name], 5),
    }


def cells(kinds, pooling, steps):
    return experiments.grid(
        kind=kinds,
        pooling=[pooling],
        steps=steps,
        seed=SEEDS,
        depth=range(len(DEPTHS)),
    )


BOTH = ("plain", "residual")
inside = experiments.stored(
    "pooled",
    at_depth,
    cells(BOTH, "max", (0, 100, 400))
    + cells(["residual"], "average", [100]),
)

# %% [markdown]
# ## Twenty and forty layers
#
# Layers of 64 numbers each, no pooling, learning from 5,000 digits.
# *Ordinary* initial weights are those of PyTorch's `Linear`, drawn evenly
# from $\pm 1/\sqrt{n}$ for $n$ inputs. SGD has momentum 0.9 and the rate
# 0.02, Adam the rate 0.001 (and, for forty layers, two more); no gradient
# is longer than 1. Accuracy is noted on the way, up to 2,000 steps.

# %%
STEPS, WIDTH = (100, 200, 500, 1000, 2000), 64


def flat(part):
    images = data.mnist(part)
    return images.x.reshape(len(images), -1).astype(
        "f4"
    ) / 255, images.y


def deep(depth, kind, init):
    """A builder of networks of `depth` Linear layers."""
    residual = kind == "residual"
    shrink = (depth - 2) ** -0.5 if residual else 1.0

    def linear(rng, inputs, shrink=1.0):
        module = nn.Linear(inputs, WIDTH, generator=rng)
        if init == "He":
            return scaled(module, rng, shrink)
        return nn.Sequential(module, nn.ReLU())

    def build(rng):
        parts = [linear(rng, 784)]
        for _ in range(depth - 2):
            body = linear(rng, WIDTH, shrink)
            parts.append(nn.Residual(body) if residual else body)
        parts.append(nn.Linear(WIDTH, 10, generator=rng))
        return nn.Sequential(*parts)

    return build


def clip_each(net, longest=1.0):
    """Scale each member's gradient down to a norm of `longest`."""
    gradients = [p.gradient for p in net.parameters()]
    members = len(gradients[0])
    squares = sum(
        (g.reshape(members, -1) ** 2).sum(1) for g in gradients
    )
    factor = np.minimum(1, longest / np.sqrt(squares))
    for gradient in gradients:
        gradient *= factor.reshape(-1, *[1] * (gradient.ndim - 1))


def right(net, part):
    x, y = flat(part)
    with mt.no_grad():
        answers = net(mt.tensor(x)).numpy().argmax(-1)
    return (answers == y).mean(axis=1)


@functools.lru_cache(maxsize=1)
def curve(depth, kind, init, rule, rate):
    """Right answers of five members after so many steps."""
    net = nn.population(deep(depth, kind, init), len(SEEDS))
    make = functools.partial(optim.SGD, momentum=0.9)
    make = make if rule == "SGD" else optim.Adam
    optimizer = make(net.parameters(), lr=rate)
    (x, y), rng, found = flat("pool"), np.random.default_rng(0), {}
    for step in range(1, max(STEPS) + 1):
        some = rng.integers(0, len(x), (len(SEEDS), 64))
        losses = nn.member_losses(
            nn.functional.cross_entropy,
            net(mt.tensor(x[some])),
            y[some],
        )
        optimizer.zero_grad()
        losses.sum().backward()
        clip_each(net)
        optimizer.step()
        if step in STEPS:
            found[step] = right(net, "validation"), right(net, "test")
    return found


def learns(depth, kind, init, rule, rate, seed, steps):
    validation, test = curve(depth, kind, init, rule, rate)[steps]
    return {
        "validation": round(validation[seed], 5),
        "test": round(test[seed], 5),
    }


SETTINGS = [
    (5, "ordinary", "SGD", 0.02),
    (20, "ordinary", "SGD", 0.02),
    (20, "ordinary", "Adam", 0.001),
    (20, "He", "SGD", 0.02),
    (40, "ordinary", "Adam", 0.001),
    (40, "He", "Adam", 0.0003),
    (40, "He", "Adam", 0.001),
    (40, "He", "Adam", 0.003),
]
depth_table = experiments.stored(
    "depth",
    learns,
    [
        cell
        for depth, init, rule, rate in SETTINGS
        for cell in experiments.grid(
            depth=[depth],
            kind=BOTH,
            init=[init],
            rule=[rule],
            rate=[rate],
            seed=SEEDS,
            steps=STEPS,
        )
    ],
)
