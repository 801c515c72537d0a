# %% [markdown]
# # 16 · Frozen means frozen
#
# **The question.** The recipe says: hold what was borrowed still, train
# the rest. One line switches the gradients of the borrowed part off.
# Does a layer without gradients really stand still?
#
# This lesson mirrors article B, which offers two ways to treat what is
# borrowed: fix it, or let it take small steps (B4). Small steps are
# lesson 15. Here we take "fix" at its word. The page of
# [sources](sources.md) says who the articles are.
#
# ## A pond in winter
#
# A frozen pond looks as if nothing in it could move. You can walk on it.
# But the ice is a lid. Below it the water flows, and fish swim in it.
#
# A frozen body is often such a pond. The lid is the flag that says "no
# gradients". Below it live three kinds of fish: layers that count while
# they work, layers that throw dice, and optimisers that have not yet
# forgotten where they were going. In this lesson we catch one of each.
#
# First, though, the reward. When a body *really* stands still, it is a
# fixed function: the same picture gives the same features, today and in
# the hundredth pass. What never changes has to be computed only once.
#
# ## What standing still is worth
#
# We wrap the body in a module that counts the pictures that pass
# through it, and train the new head twice: once with the body run
# afresh at every step, once on features that were kept (a *feature
# cache*). Seconds are those of the processor, so that a busy machine
# does not disturb the comparison.

# %%
import time

import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots, train, transfer, zoo
from minitransfer.course import claim
from minitransfer.experiments import intervals

test_digits = data.mnist("test")


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


# %% [markdown]
# **Predict before you run.** 300 digits, 30 passes over them. How many
# pictures go through the body in each case? How many times faster is the
# second way? And what will the 4,000 × 10 answers of the two networks
# differ by?

# %%
# A short run of each first, so that no clock sees the kernels wake up.
for cache in (False, True):
    train_a_head(0, cache, epochs=1)

afresh = [train_a_head(seed, cache=False) for seed in range(4)]
kept = [train_a_head(seed, cache=True) for seed in range(4)]
for name, runs in (("run afresh", afresh), ("kept", kept)):
    seconds = np.mean([run[0] for run in runs])
    print(f"{name:10} {runs[0][1]:5} pictures, {seconds:.2f} s")

faster = np.array(
    [a[0] / b[0] for a, b in zip(afresh, kept, strict=True)]
)
identical = all(
    a[2].tobytes() == b[2].tobytes()
    for a, b in zip(afresh, kept, strict=True)
)
answers = afresh[0][2].size
print(f"{faster.mean():.0f} times faster")
print(f"all {answers} answers the same to the last bit: {identical}")

# %% [markdown]
# Each digit passes once. (The one picture more: `fine_tune` asks the
# network for one answer, to see whether the head fits the labels.) And
# the two networks are not *nearly* the same. They are the same, to the
# last bit: the same numbers went into the same sums in the same order.

# %%
figure, (left, right) = plots.figure(
    f"The same head, bit for bit, {faster.mean():.0f} times faster",
    columns=2,
    height=3.0,
)
bars = ["body run\nafresh", "features\nkept"]
pictures = [afresh[0][1], kept[0][1]]
seconds = [[run[0] for run in runs] for runs in (afresh, kept)]
means = np.mean(seconds, axis=1)
for axes, heights in ((left, pictures), (right, means)):
    axes.bar(bars, heights, color=plots.COLOURS[1::-1], width=0.6)
    axes.margins(y=0.18)
for x in range(2):
    left.text(
        x, pictures[x], f"{pictures[x]:,}", ha="center", va="bottom"
    )
    right.text(
        x, means[x], f"{means[x]:.2f}", ha="center", va="bottom"
    )
left.set_ylabel("pictures through body")
right.set_ylabel("processor time (s)")
plots.show(figure, "16_cache")

pays = identical and faster.min() > 1
claim(
    "B4/cache",
    "a body that is held still gives every picture the same features, so "
    "that computing them once trains the same head, bit for bit, this many "
    "times faster (300 digits, 30 passes)",
    measured=faster.mean(),
    spread=faster.std(ddof=1),
    seeds=len(faster),
    effect=faster.mean(),
    interval=intervals.mean(faster),
    unit="×",
    format=".1f",
    verdict="holds" if pays else "does not hold",
    check=identical and faster.mean() >= 4 and kept[0][1] == 301,
)

# %% [markdown]
# ## The first fish counts
#
# The published network has no batch norm. Many networks have. A batch
# norm layer brings each of its features to mean 0 and variance 1, and it
# does so in two ways. In training it takes mean and variance of the
# *batch* at hand, and notes them in running averages:
#
# $$m \leftarrow 0.9\, m + 0.1\, m_{\text{batch}}, \qquad
#   v \leftarrow 0.9\, v + 0.1\, v_{\text{batch}}$$
#
# In evaluation it takes $m$ and $v$. Look at the two assignments: there
# is no gradient in them. Whoever switches the gradients off and then
# calls `train()`, as every training loop does, has not touched them.
#
# Our `freeze` holds batch norm too. To see the trap we have to ask for
# it: `bn_mode="train"` holds all weights and leaves batch norm as it is
# left in most scripts. A small network learns to tell fifty printed
# letters and signs apart; then its body is held in both ways while a new
# head learns a hundred digits.

# %%
letters = data.glyphs(classes=50, per_class=80, seed=7)
new_letters = data.glyphs(classes=50, per_class=20, seed=99)


def network_with_batch_norm(classes, generator):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 128, generator=generator),
        nn.BatchNorm1d(128),
        nn.ReLU(),
        nn.Dropout(0.3, generator=generator),
        nn.Linear(128, 128, generator=generator),
        nn.BatchNorm1d(128),
        nn.ReLU(),
        nn.Linear(128, classes, generator=generator),
    )


def pretrained(seed):
    generator = np.random.default_rng(seed)
    network = network_with_batch_norm(50, generator)
    train.fit(
        network,
        letters,
        optimizer=optim.Adam(network.parameters(), lr=2e-3),
        schedule=optim.CosineAnnealingLR,
        steps=400,
        generator=generator,
    )
    return network


def bytes_of(module):
    return {
        name: tensor.numpy().tobytes()
        for name, tensor in module.state_dict().items()
    }


def copy_of(network):
    copy = network_with_batch_norm(50, np.random.default_rng(0))
    copy.load_state_dict(network.state_dict())
    return copy


# %% [markdown]
# The old head is not thrown away. It stays beside the new one, on the
# same body, so that at any time we can ask the body for its old trade:
# how many of a thousand new drawings of the letters does it still name?
#
# **Predict before you run.** No weight of the body gets a gradient, in
# either case. After sixty steps of training the new head, what has become
# of the old trade? And of the new one?

# %%
SEEDS = range(5)
moments = np.arange(0, 61, 5)


def hold_and_train(seed, bn_mode):
    """Train a digit head; returns the old skill, the new, what moved."""
    A1 = copy_of(sources[seed])
    body = transfer.freeze(transfer.strip_head(A1), bn_mode=bn_mode)
    generator = np.random.default_rng(100 + seed)
    head = nn.Linear(128, 10, generator=generator)
    A2 = transfer.append(body, head)
    digits = data.mnist("pool").sample(
        100, np.random.default_rng(seed)
    )
    optimizer = optim.Adam(head.parameters(), lr=5e-3)
    before = bytes_of(body)
    old = [train.evaluate(A1, new_letters)["accuracy"]]
    for _ in moments[1:]:
        train.fit(
            A2,
            digits,
            optimizer=optimizer,
            steps=5,
            generator=generator,
        )
        old.append(train.evaluate(A1, new_letters)["accuracy"])
    after = bytes_of(body)
    moved = [name for name in before if before[name] != after[name]]
    return old, train.evaluate(A2, test_digits)["accuracy"], moved


sources = [pretrained(seed) for seed in SEEDS]
runs = {
    mode: [hold_and_train(seed, mode) for seed in SEEDS]
    for mode in ("eval", "train")
}
old = {m: np.array([run[0] for run in runs[m]]) for m in runs}
new = {m: np.array([run[1] for run in runs[m]]) for m in runs}
print("moved, gradients off:", *runs["train"][0][2], sep="\n  ")
print("moved, frozen:", runs["eval"][0][2])
for mode, name in (("train", "gradients off"), ("eval", "frozen")):
    print(
        f"{name:14} letters {old[mode][:, -1].mean():.1%}, "
        f"digits {new[mode].mean():.1%}"
    )

# %%
lost = old["eval"][:, -1] - old["train"][:, -1]
gained = new["train"] - new["eval"]
for what, points in (
    ("letters lost", lost),
    ("digits gained", gained),
):
    print(f"{what:13} {points.mean():.1%} ± {points.std(ddof=1):.1%}")

figure = plots.curves_with_spread(
    moments,
    {"frozen": old["eval"], "gradients off": old["train"]},
    f"No weight moves, yet {100 * lost.mean():.0f} points of the old "
    "skill go",
    "steps of training the new head",
    "letters named right",
    percent=True,
)
plots.show(figure, "16_batch_norm")

# %% [markdown]
# Two things are worth saying about this picture.
#
# The loss is quick. Each step leaves 0.9 of the running averages, so that
# after thirty steps $0.9^{30}$, a twenty-fifth, is still about letters.
# Nobody looks for it, because nobody evaluates the *old* task while
# training the new one. It is found much later, when the same body is to
# serve a second head.
#
# And for the new task alone the trap does next to no harm; look at the
# digits above. The averages now fit the digits; some do that on purpose,
# as a cheap way to adapt to another scanner, say. It is not wrong to let
# batch norm follow. It is wrong to call it frozen.

# %%
interval = intervals.mean(lost)
claim(
    "B4/batch norm",
    "with all gradients off, batch norm still moves in training mode: share "
    "of the source task's answers that a 'fixed' body loses while a new "
    "head is trained; held with freeze() it loses none",
    measured=lost.mean(),
    spread=lost.std(ddof=1),
    seeds=len(lost),
    effect=lost.mean(),
    interval=interval,
    format=".1%",
    verdict="holds" if interval[0] > 0 else "does not hold",
    check=lost.min() > 0
    and (np.ptp(old["eval"], axis=1) == 0).all()
    and not any(run[2] for run in runs["eval"]),
)

# %% [markdown]
# ## The second fish throws dice
#
# Dropout has no memory, so nothing of it is ever found changed. But in
# training mode it silences a random part of the features at every look.
# Show the body the same hundred digits twice:

# %%
digits = data.mnist("pool").sample(100, np.random.default_rng(0))
body = transfer.strip_head(copy_of(sources[0]))
loader = data.DataLoader(digits, batch_size=100)


def difference_of_two_looks(body):
    (x, _), body = next(iter(loader)), body.train()
    first, second = (body(x).detach().numpy() for _ in range(2))
    return np.linalg.norm(first - second) / np.linalg.norm(first)


for parameter in body.parameters():
    parameter.requires_grad_(False)
dice = difference_of_two_looks(body)
still = difference_of_two_looks(transfer.freeze(body))
print(f"gradients off: the two looks differ by {dice:.0%}")
print(f"frozen:        the two looks differ by {still:.0%}")

# %% [markdown]
# That need not be bad for the head: it sees each digit in many versions.
# But it is not a fixed function, so its features must not be kept, and
# two people with "the same frozen body" train on different things.
#
# ## The third fish remembers
#
# Often a body is not held from the start. It learns along for a while and
# is then stopped. Here is how that is done in many scripts: the flag is
# turned, the optimiser stays, and the loop goes on setting gradients to
# *zero* before each step (`set_to_none=False`, which for years was what
# PyTorch did unless told otherwise).
#
# Now a zero is not the same as nothing. An optimiser passes over a
# parameter that has *no* gradient. A gradient of zero it takes as an
# order: go on without a push.
#
# **Predict before you run.** For which of the five does the body go on
# moving? A hint: write down one step with $g = 0$.

# %%
optimizers = {
    "SGD": (optim.SGD, {"lr": 0.05}),
    "SGD with momentum": (optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "SGD with decay": (optim.SGD, {"lr": 0.05, "weight_decay": 1e-3}),
    "Adam": (optim.Adam, {"lr": 1e-3}),
    "AdamW": (optim.AdamW, {"lr": 1e-3, "weight_decay": 1e-2}),
}


def switch_gradients_off(body):
    for parameter in body.parameters():
        parameter.requires_grad_(False)


def weights_of(body):
    return np.concatenate(
        [p.numpy().ravel() for p in body.parameters()]
    )


def moved_after_stop(seed, kind, options, stop):
    """Both learn for 20 steps, then the body is stopped for 100."""
    body = transfer.strip_head(copy_of(sources[seed]))
    generator = np.random.default_rng(seed)
    network = transfer.append(
        body, nn.Linear(128, 10, generator=generator)
    )
    digits = data.mnist("pool").sample(100, generator)
    loader = data.DataLoader(
        digits, batch_size=50, shuffle=True, generator=generator
    )
    optimizer = kind(network.parameters(), **options)
    criterion = nn.CrossEntropyLoss()
    network.train()
    for epoch in range(60):  # of two steps
        if epoch == 10:
            stop(body)
            at_stop = weights_of(body)
        for x, y in loader:
            optimizer.zero_grad(set_to_none=False)
            criterion(network(x), y).backward()
            optimizer.step()
    moved = np.linalg.norm(weights_of(body) - at_stop)
    return moved / np.linalg.norm(at_stop)


moved = {
    (name, how): np.array(
        [moved_after_stop(seed, *chosen, stop) for seed in SEEDS]
    )
    for name, chosen in optimizers.items()
    for how, stop in (
        ("gradients off", switch_gradients_off),
        ("frozen", transfer.freeze),
    )
}
print(f"{'':18} gradients off   frozen")
for name in optimizers:
    off, held = moved[name, "gradients off"], moved[name, "frozen"]
    print(f"{name:18} {off.mean():12.3%} {held.mean():9.0%}")

# %% [markdown]
# Plain SGD stands still: $-\eta \cdot 0$ is nothing. Momentum and Adam
# coast on with what they remember of the last real gradients, and come to
# rest in time. Decay pulls at every weight, gradient or not. That looks
# little here, but it never ends, and it always pulls the same way. None
# of all this has been decided by a digit.

# %%
names = list(optimizers)
figure, axes = plots.figure(
    "A gradient of zero is not the same as no gradient",
    height=0.95 + 0.42 * len(names),
)
for row, name in enumerate(names):
    runs_of = 100 * moved[name, "gradients off"]
    axes.barh(row, runs_of.mean(), height=0.5, color=plots.COLOURS[1])
    axes.plot(runs_of, np.full(len(runs_of), row), "k.", markersize=4)
    axes.text(
        runs_of.max() + 0.15,
        row,
        f"{runs_of.mean():.2f} %" if runs_of.any() else "nothing",
        va="center",
    )
axes.set_yticks(range(len(names)), names)
axes.invert_yaxis()
axes.margins(x=0.14)
axes.set_xlabel(
    "how far the 'fixed' weights moved in 100 steps\n"
    "(% of their size; with freeze(): 0 for all five)"
)
plots.show(figure, "16_optimisers")

movers = [n for n in names if n != "SGD"]
coasted = np.array([moved[n, "gradients off"] for n in movers])
held_still = all(not moved[n, "frozen"].any() for n in names)
claim(
    "B4/optimisers",
    "an optimiser that holds memory or decay moves weights whose gradient "
    "is zero: distance moved in 100 steps after the body was 'fixed', as a "
    "share of its size; after freeze() it is 0 for all",
    measured=dict(zip(movers, coasted.mean(1), strict=True)),
    spread=dict(zip(movers, coasted.std(1, ddof=1), strict=True)),
    seeds=len(SEEDS),
    format=".2%",
    verdict="holds" if (coasted > 0).all() else "does not hold",
    check=held_still
    and (coasted > 0).all()
    and not moved["SGD", "gradients off"].any(),
)

# %% [markdown]
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
# ## Try it
#
# 1. Hold the body with `bn_mode="train"` and ask
#    `transfer.cache_features(network, digits)` for its features. Where
#    does it cut the network, and why there?
# 2. Give `hold_and_train` batches of ten digits instead of 64. Which of
#    the curves changes?
# 3. In `moved_after_stop`, leave out `set_to_none=False`. What do the
#    five move now?
#
# <details>
# <summary>Answers</summary>
#
# 1. Right before the first batch norm. The flattening and the first
#    Linear are a fixed function; what comes after moves, so its values
#    must not be kept. Look at `features.input_shape` and at `rest`.
# 2. Only the trap: each batch of ten has another mean, so the averages
#    jitter, and the old skill with them. The frozen one is a straight
#    line whatever you do.
# 3. Nothing, in all five cases: without a gradient the optimiser passes
#    them over. Batch norm goes on counting all the same: that fish does
#    not care what the optimiser does.
#
# </details>
#
# ## What the numbers say
#
# Article B says: fix the borrowed layers, or let them move little. Both
# are good advice. Between them lies a third thing that nobody chose:
# layers that are believed to be fixed and move. It does no harm that you
# would notice on the day. It costs you the old skill, the reproducible
# result, and the reward of computing what is fixed only once.
