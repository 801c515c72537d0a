# %% [markdown]
# # 16 · Evidence: frozen means frozen
#
# [Lesson 16](../16_frozen_means_frozen.py) catches two fish below the
# ice. Here is the third, which throws dice; a closer look at the first;
# and the reward of a body that really stands still.

# %%
import copy
import functools
import time

import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import (
    data,
    experiments,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim, figures
from minitransfer.experiments import judge

draw = figures(16)
SEEDS = range(5)
letters = data.glyphs(50, per_class=80, seed=7)
new_letters = data.glyphs(50, per_class=20, seed=99)
test_digits = data.mnist("test")


@functools.cache
def knows_letters(seed, dropout=0.0):
    """The lesson's network, if need be with dropout."""
    rng = np.random.default_rng(seed)
    layers = [nn.Flatten()]
    for wide in ((784, 128), (128, 128)):
        layers += [nn.Linear(*wide, generator=rng)]
        layers += [nn.BatchNorm1d(128), nn.ReLU()]
    if dropout:
        layers += [nn.Dropout(dropout, generator=rng)]
    network = nn.Sequential(
        *layers, nn.Linear(128, 50, generator=rng)
    )
    rule = optim.Adam(network.parameters(), lr=2e-3)
    train.fit(
        network, letters, optimizer=rule, steps=400, generator=rng
    )
    return network


def gradients_off(body):
    body.requires_grad_(False)


# %% [markdown]
# ## Does the trap harm the new task?
#
# The old task suffers when batch norm goes on counting. And the new one?
# The averages then fit the digits, which some do on purpose, as a cheap
# way to adapt to another scanner, say. "No harm" would be a sentence
# about no difference, so it needs a margin: we said one point.


# %%
def both_skills(seed, hold, batch=64):
    """Letters and digits right, after sixty steps for the digits."""
    network = copy.deepcopy(knows_letters(seed))
    body = transfer.strip_head(network)
    hold(body)
    rng = np.random.default_rng(100 + seed)
    head = nn.Linear(128, 10, generator=rng)
    both = transfer.append(body, head)
    train.fit(
        both,
        data.mnist("pool").sample(100, rng),
        optimizer=optim.Adam(head.parameters(), lr=5e-3),
        steps=60,
        batch_size=batch,
        generator=rng,
    )
    return [
        train.evaluate(net, test)["accuracy"]
        for net, test in ((network, new_letters), (both, test_digits))
    ]


skills = {
    batch: np.array(
        [
            [
                both_skills(seed, hold, batch)
                for hold in (gradients_off, transfer.freeze)
            ]
            for seed in SEEDS
        ]
    )
    for batch in (64, 10)
}
for batch, runs in skills.items():
    off, frozen = runs.mean(0)
    print(
        f"batches of {batch:2}: gradients off: letters {off[0]:.1%}, "
        f"digits {off[1]:.1%}; frozen: {frozen[0]:.1%}, {frozen[1]:.1%}"
    )
gained = skills[64][:, 0, 1] - skills[64][:, 1, 1]
one = judge(gained, margin=0.01)
print(
    f"digits, gradients off − frozen: {100 * one.middle:+.1f} points "
    f"[{100 * one.interval[0]:+.1f}, {100 * one.interval[1]:+.1f}], "
    f"{one.word}"
)

# %% [markdown]
# On the new task no harm shows, but five networks cannot rule out a point
# or two: by our margin it is undecided. The old task loses a fifth of what
# it knew, with large batches as with small ones.
#
# ## The third fish throws dice
#
# Dropout has no memory, so nothing of it is ever found changed. But in
# training mode it silences a random part of the features at every look.
# Show the body the same hundred digits twice:

# %%
body = transfer.strip_head(copy.deepcopy(knows_letters(0, 0.3)))
digits = data.mnist("pool").sample(100, np.random.default_rng(0))
((x, _),) = data.DataLoader(digits, batch_size=100)


def difference_of_two_looks(body):
    body.train()
    first, second = (body(x).detach().numpy() for _ in range(2))
    return np.linalg.norm(first - second) / np.linalg.norm(first)


gradients_off(body)
dice = difference_of_two_looks(body)
still = difference_of_two_looks(transfer.freeze(body))
print(f"gradients off: the two looks differ by {dice:.0%}")
print(f"frozen:        the two looks differ by {still:.0%}")
assert dice > 0
assert still == 0

# %% [markdown]
# That need not be bad for the head: it sees each digit in many versions.
# But it is not a fixed function, so its features must not be kept, and
# two people with "the same frozen body" train on different things.
#
# ## How far the coasting goes
#
# The lesson pushes a single weight. Here is a whole network. Body and
# head learn together for twenty steps. Then the body is "stopped": its
# gradients are set to zero before each step (`set_to_none=False`), and
# the head learns on for a hundred steps.

# %%
OPTIMISERS = {
    "SGD": (optim.SGD, {"lr": 0.05}),
    "SGD with decay": (optim.SGD, {"lr": 0.05, "weight_decay": 1e-3}),
    "SGD with momentum": (optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "Adam": (optim.Adam, {"lr": 1e-3}),
    "AdamW": (optim.AdamW, {"lr": 1e-3, "weight_decay": 1e-2}),
}


def moved_after_stop(seed, name, stop, steps=100):
    """How far a body moves after it was stopped, in lengths."""
    rng = np.random.default_rng(seed)
    body = transfer.strip_head(copy.deepcopy(knows_letters(seed)))
    head = nn.Linear(128, 10, generator=rng)
    network = transfer.append(body, head).train()
    digits = data.mnist("pool").sample(100, rng)
    ((x, y),) = data.DataLoader(digits, batch_size=100)
    kind, options = OPTIMISERS[name]
    rule = kind(network.parameters(), **options)
    for step in range(20 + steps):
        if step == 20:
            stop(body)
            there = draw.weights(body)
        rule.zero_grad(set_to_none=False)
        nn.functional.cross_entropy(network(x), y).backward()
        rule.step()
    way = np.linalg.norm(draw.weights(body) - there)
    return way / np.linalg.norm(there)


far = {
    hold.__name__: {
        name: np.array(
            [moved_after_stop(seed, name, hold) for seed in SEEDS]
        )
        for name in OPTIMISERS
    }
    for hold in (gradients_off, transfer.freeze)
}
plots.show(draw.stopped(far["gradients_off"]), "16_stopped")
print("after freeze():", *(v.max() for v in far["freeze"].values()))
for name in ("SGD with momentum", "SGD with decay"):
    moved = [
        moved_after_stop(0, name, gradients_off, steps)
        for steps in (100, 1000)
    ]
    print(
        f"{name}: {moved[0]:.2%} in 100 steps, {moved[1]:.2%} in 1,000"
    )

# %% [markdown]
# Adam moves its "fixed" body most. What momentum and Adam remember fades,
# and they come to rest: in a thousand steps momentum gets no farther than
# in a hundred. Decay never rests. It pulls at every weight, gradient or
# not, always towards zero, and in a thousand steps it has gone ten times
# as far.
#
# ## What standing still is worth
#
# When a body *really* stands still it is a fixed function: the same
# picture gives the same features, today and in the hundredth pass. What
# never changes has to be computed only once. We count the pictures that
# pass through a body, and train the new head twice: once with the body
# run afresh at every step, once on features that were kept (a *feature
# cache*). Seconds are those of the processor, so that a busy machine does
# not disturb the comparison.


# %%
class Counted(nn.Module):
    """A body that counts the pictures that pass through it."""

    def __init__(self, body):
        super().__init__()
        self.body, self.pictures = body, 0

    def forward(self, x):
        self.pictures += len(x)
        return self.body(x)


def train_a_head(seed, cache, epochs=30, labels=300):
    digits = data.mnist("pool").sample(
        labels, np.random.default_rng(seed)
    )
    generator = np.random.default_rng(seed)
    body = Counted(transfer.strip_head(zoo.load("glyph-conv")))
    transfer.freeze(body)
    network = transfer.append(
        body, nn.Linear(128, 10, generator=generator)
    )
    start = time.process_time()
    transfer.fine_tune(
        network,
        digits,
        epochs=epochs,
        cache=cache,
        generator=generator,
    )
    seconds = time.process_time() - start
    pictures = body.pictures
    return seconds, pictures, train.predict(network, test_digits)


# A short run of each first, so that no clock sees the kernels wake up.
for cache in (False, True):
    train_a_head(0, cache, epochs=1)
afresh, kept = (
    [train_a_head(seed, cache) for seed in SEEDS]
    for cache in (False, True)
)
for name, runs in (("run afresh", afresh), ("kept", kept)):
    seconds = np.mean([run[0] for run in runs])
    print(f"{name:10} {runs[0][1]:5} pictures, {seconds:.2f} s")
figure = draw.cache(
    [afresh[0][1], kept[0][1]],
    [[run[0] for run in runs] for runs in (afresh, kept)],
)
plots.show(figure, "16_cache")

# Theorem checked: the same numbers go into the same sums.
for one, other in zip(afresh, kept, strict=True):
    assert one[2].tobytes() == other[2].tobytes()

# %% [markdown]
# Each digit passes once. (The one picture more: `fine_tune` asks the
# network for one answer, to see whether the head fits the labels.) And
# the two heads are not *nearly* the same. Their 40,000 answers are the
# same to the last bit.
#
# ## What `freeze` promises
#
# So in this library *frozen* is not a habit but a state, and it lasts
# until `unfreeze`:
#
# - the parameters have *no* gradient, not a gradient of zero. No
#   optimiser steps or decays them, and clipping does not count them;
# - the part stays in evaluation mode, whatever `train()` the network
#   around it is told. Batch norm stops counting, dropout stops throwing;
# - gradients still flow *through* it to anything below that learns;
# - what the optimiser remembers of it is kept, and is there again after
#   `unfreeze`.
#
# All of this together is what makes it a fixed function, and only of a
# fixed function may the values be kept.
#
# ## What the numbers say

# %%
ratio = np.array(
    [a[0] / b[0] for a, b in zip(afresh, kept, strict=True)]
)
faster = judge(np.log(ratio))
claim(
    "B4/cache",
    "of a body that is held still the features need be computed only once: "
    "so many times faster is the training of a head (300 digits, 30 "
    "passes, convolutional)",
    source="ours",
    refuted_by="not surely faster",
    control="the same training with the body run at each step; the two "
    "heads answer alike to the last bit",
    **experiments.over_seeds({"times faster": ratio}),
    effect=np.exp(faster.middle),
    interval=tuple(np.exp(faster.interval)),
    format=".1f",
    verdict="holds" if faster.word == "more" else "does not hold",
    check=ratio.mean() >= 4 and kept[0][1] == 301,
)

# %%
off = far["gradients_off"]
remember = ("SGD with momentum", "Adam", "AdamW")
sure = {name: judge(off[name] - 0.01).word for name in remember}
claim(
    "B4/optimisers",
    "an optimiser with a memory moves weights whose gradient is zero, by "
    "more than a hundredth of their length (100 steps after the stop)",
    source="ours",
    refuted_by="one of three optimisers with a memory not surely beyond a "
    "hundredth",
    control="SGD without memory or decay, and freeze(): both move nothing, "
    "a theorem, checked",
    **experiments.over_seeds(off),
    effect=off["Adam"].mean(),
    interval=judge(off["Adam"]).interval,
    format=".2%",
    verdict="holds"
    if set(sure.values()) == {"more"}
    else "does not hold",
    check=not off["SGD"].any()
    and not any(runs.any() for runs in far["freeze"].values()),
)
