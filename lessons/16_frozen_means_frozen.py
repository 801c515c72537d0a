# %% [markdown]
# # 16 · Frozen means frozen
#
# > One line switches the gradients of the borrowed layers off. Does a
# > layer without gradients really stand still?
#
# - **Time:** 10 minutes
# - **You need:** Python, and from lesson 9 what a body, a head and an
#   optimiser are
# - **You will be able to:** find out whether a body that is called frozen
#   moves; name what moves in it; freeze it so that it does not
#
# A frozen pond looks as if nothing in it could move. You can walk on it.
# But the ice is a lid. Below it the water flows, and fish swim in it.
#
# Article B says: hold what is borrowed still, or let it take small steps.
# Small steps are lesson 15. Here we take *hold* at its word. In most
# scripts a body is held by one line, which says that its parameters need
# no gradient. That line is the lid. Let us drill a hole and look.
#
# ## No weight moves, and yet
#
# Here is a network that knows fifty printed letters and signs. It has
# *batch norm*, as very many networks have. We hold its body, put a fresh
# head on it, and train the head on a hundred handwritten digits.
#
# The old head is not thrown away. It stays beside the new one, on the
# same body, and at any time we can ask it how many of a thousand new
# drawings of letters it still names. If the body stands still, that
# number cannot change.
#
# (`draw` below holds what draws the pictures of this lesson; it is no
# part of the story.)

# %%
import copy
import functools

import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, experiments, plots, train, transfer
from minitransfer.course import claim, figures
from minitransfer.experiments import judge

# %%
draw = figures(16)
letters = data.glyphs(50, per_class=80, seed=7)
new_letters = data.glyphs(50, per_class=20, seed=99)


@functools.cache
def knows_letters(seed):
    rng = np.random.default_rng(seed)
    layers = [nn.Flatten()]
    for wide in ((784, 128), (128, 128)):
        layers += [nn.Linear(*wide, generator=rng)]
        layers += [nn.BatchNorm1d(128), nn.ReLU()]
    network = nn.Sequential(
        *layers, nn.Linear(128, 50, generator=rng)
    )
    train.fit(
        network,
        letters,
        optimizer=optim.Adam(network.parameters(), lr=2e-3),
        schedule=optim.CosineAnnealingLR,
        steps=400,
        generator=rng,
    )
    return network


def gradients_off(body):
    for parameter in body.parameters():
        parameter.requires_grad_(False)


# %% [markdown]
# **Predict before you run.** No weight of the body gets a gradient. After
# sixty steps of training the new head, how many of a hundred letters that
# it named before will the old head still name?


# %%
def train_new_head(seed, hold, stops=12):
    """Returns what is left of the old skill, and what has moved."""
    network = copy.deepcopy(knows_letters(seed))
    body = transfer.strip_head(network)
    hold(body)
    rng = np.random.default_rng(100 + seed)
    head = nn.Linear(128, 10, generator=rng)
    digits = data.mnist("pool").sample(100, rng)
    rule = optim.Adam(head.parameters(), lr=5e-3)
    before = {
        k: v.numpy().copy() for k, v in body.state_dict().items()
    }
    skill = [train.evaluate(network, new_letters)["accuracy"]]
    both = transfer.append(body, head)
    for _ in range(stops):
        train.fit(
            both, digits, optimizer=rule, steps=5, generator=rng
        )
        skill.append(train.evaluate(network, new_letters)["accuracy"])
    after = body.state_dict()
    moved = [
        k for k in before if (after[k].numpy() != before[k]).any()
    ]
    return skill, moved


skill, moved = train_new_head(0, gradients_off)
print(f"letters named: {skill[0]:.1%} before, {skill[-1]:.1%} after")
print("what moved:", *moved, sep="\n  ")

# %% [markdown]
# Look at the names of what has moved. They are not weights. A batch norm
# layer brings each of its features to mean 0 and variance 1. While
# training it takes both from the *batch* at hand, and notes them in
# running averages:
#
# $$m \leftarrow 0.9\, m + 0.1\, m_{\text{batch}}, \qquad
#   v \leftarrow 0.9\, v + 0.1\, v_{\text{batch}}$$
#
# When the network is used, it takes $m$ and $v$. There is no gradient in
# these two lines. So they do not care whether gradients are switched off.
# What they ask is only whether the network is in *training mode*, and
# every training loop calls `train()`.
#
# `transfer.freeze` holds that, too. The same with five networks, in both
# ways:

# %%
SEEDS = range(5)
left = {
    name: np.array([train_new_head(seed, hold)[0] for seed in SEEDS])
    for name, hold in (
        ("frozen", transfer.freeze),
        ("gradients off", gradients_off),
    )
}
plots.show(draw.old_skill(5 * np.arange(13), left), "16_batch_norm")

# %% [markdown]
# READOUT_BN
#
# ## The fish that remembers
#
# There is another one. Often a body is not held from the start. It learns
# along for a while, and then it is stopped: the flag is turned, the
# optimiser stays, and the loop goes on setting all gradients to *zero*
# before each step (`set_to_none=False`; for years PyTorch did so unless
# it was told otherwise).
#
# Now a zero is not the same as nothing. A parameter that has *no*
# gradient is passed over. A gradient of zero is an order: go on without a
# push. For which of these five optimisers will the body go on moving? A
# hint: write down one step with $g = 0$.

# %%
OPTIMISERS = {
    "SGD": (optim.SGD, {"lr": 0.05}),
    "SGD with decay": (optim.SGD, {"lr": 0.05, "weight_decay": 1e-3}),
    "SGD with momentum": (optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "Adam": (optim.Adam, {"lr": 1e-3}),
    "AdamW": (optim.AdamW, {"lr": 1e-3, "weight_decay": 1e-2}),
}


def moved_after_stop(seed, name, stop):
    """How far a body moves in 100 steps after it was stopped."""
    rng = np.random.default_rng(seed)
    body = transfer.strip_head(copy.deepcopy(knows_letters(seed)))
    head = nn.Linear(128, 10, generator=rng)
    network = transfer.append(body, head).train()
    digits = data.mnist("pool").sample(100, rng)
    ((x, y),) = data.DataLoader(digits, batch_size=100)
    kind, options = OPTIMISERS[name]
    rule = kind(network.parameters(), **options)
    for step in range(120):
        if step == 20:
            stop(body)
            there = draw.weights(body)
        rule.zero_grad(set_to_none=False)
        nn.functional.cross_entropy(network(x), y).backward()
        rule.step()
    way = np.linalg.norm(draw.weights(body) - there)
    return way / np.linalg.norm(there)


# %%
far = {
    hold.__name__: {
        name: np.array(
            [moved_after_stop(s, name, hold) for s in SEEDS]
        )
        for name in OPTIMISERS
    }
    for hold in (gradients_off, transfer.freeze)
}
plots.show(draw.coasting(far["gradients_off"]), "16_optimisers")
print("after freeze():", *(v.max() for v in far["freeze"].values()))

# %% [markdown]
# READOUT_OPT
#
# ## What the numbers say

# %%
lost = (left["frozen"] - left["gradients off"])[:, -1]
traps = judge(lost)
claim(
    "B4/batch norm",
    "with all gradients off, batch norm still moves in training mode and "
    "the old skill suffers (share of the letters lost, of all drawings)",
    source="ours",
    refuted_by="no sure loss",
    control="the same bodies held by freeze(), which lose nothing: a "
    "theorem, checked",
    **experiments.over_seeds({"letters lost": lost}),
    effect=traps.middle,
    interval=traps.interval,
    format=".1%",
    verdict="holds" if traps.word == "more" else "does not hold",
    check=(np.ptp(left["frozen"], axis=1) == 0).all(),
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
