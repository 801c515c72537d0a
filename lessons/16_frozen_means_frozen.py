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
# Article B ([sources](sources.md)) says: hold what is borrowed still, or
# let it take small steps. Small steps are lesson 15. Here we take *hold*
# at its word. In most scripts a body is held by one line, which says that
# its parameters need no *gradient*. (From its gradient follows which way a
# weight should go; the *optimiser* is the rule that takes the step.) That
# line is the lid. Let us drill a hole and look.
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
from minitransfer import (
    data,
    experiments,
    plots,
    tensor,
    train,
    transfer,
)
from minitransfer.course import claim, exercises, figures
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
    net = nn.Sequential(*layers, nn.Linear(128, 50, generator=rng))
    rule = optim.Adam(net.parameters(), lr=2e-3)
    train.fit(net, letters, optimizer=rule, steps=400, generator=rng)
    return net


def gradients_off(body):
    body.requires_grad_(False)


# %% [markdown]
# **Predict before you run.** No weight of the body gets a gradient. Of a
# hundred new drawings the old head names about 60. How many will it still
# name after sixty steps of training the new head?


# %%
def train_new_head(seed, hold):
    """What is left of the old skill, every ten steps; the body."""
    network = copy.deepcopy(knows_letters(seed))
    body = transfer.strip_head(network)
    hold(body)
    rng = np.random.default_rng(100 + seed)
    head = nn.Linear(128, 10, generator=rng)
    both = transfer.append(body, head)
    few = data.mnist("pool").sample(100, rng)
    rule = optim.Adam(head.parameters(), lr=5e-3)
    skill = [train.evaluate(network, new_letters)["accuracy"]]
    for _ in range(6):
        train.fit(both, few, optimizer=rule, steps=10, generator=rng)
        skill.append(train.evaluate(network, new_letters)["accuracy"])
    return skill, body


skill, body = train_new_head(0, gradients_off)
print(f"letters named: {skill[0]:.1%} before, {skill[-1]:.1%} after")
now, then = body.state_dict(), knows_letters(0).state_dict()
moved = [n for n in now if (now[n].numpy() != then[n].numpy()).any()]
print("what moved:", *moved, sep="\n  ")

# %% [markdown]
# Look at the names of what has moved. They are not weights. A batch norm
# layer brings each of its features to mean 0 and variance 1. While
# training it takes both from the *batch* at hand, and notes them in
# running averages:
#
# $$m \leftarrow 0.9\, m + 0.1\, m_{\text{batch}}$$
#
# $$v \leftarrow 0.9\, v + 0.1\, v_{\text{batch}}$$
#
# When the network is used, it takes $m$ and $v$. There is no gradient in
# these two lines. So they do not care whether gradients are switched off.
# What they ask is only whether the network is in *training mode*, and
# every training loop calls `train()`.
#
# `transfer.freeze` holds that, too. The same with five networks, in both
# ways:

# %%
ways = {"frozen": transfer.freeze, "gradients off": gradients_off}
left = {}
for name, hold in ways.items():
    runs = [train_new_head(seed, hold)[0] for seed in range(5)]
    left[name] = np.array(runs)
plots.show(draw.old_skill(10 * np.arange(7), left), "16_batch_norm")

# %% [markdown]
# The lower curve falls fast. Each step leaves 0.9 of the running averages,
# so that after thirty steps $0.9^{30}$, a twenty-fifth, is still about
# letters. Nobody sees it happen, because nobody asks for the *old* task
# while training the new one. It is found much later, when the same body
# is to serve a second head.
#
# The upper curve is flat, and that is no luck. What stands still gives
# the same answers to the last bit. (On the digits themselves the two ways
# hardly differ; see the evidence behind this lesson. Some let
# batch norm follow on purpose, to get used to another scanner, say. It is
# not wrong to let it follow. It is wrong to call it frozen.)
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
# push. Here is a single weight. For ten steps it is pushed, then its
# gradient is zero. For which of these five optimisers will it go on
# moving? A hint: write down one step with $g = 0$.

# %%
OPTIMISERS = {
    "SGD": (optim.SGD, {}),
    "SGD, decay": (optim.SGD, {"weight_decay": 0.1}),
    "SGD, momentum": (optim.SGD, {"momentum": 0.9}),
    "Adam": (optim.Adam, {}),
    "AdamW": (optim.AdamW, {"weight_decay": 0.1}),
}
paths = {}
for name, (kind, options) in OPTIMISERS.items():
    weight, paths[name] = nn.Parameter(tensor([1.0])), [1.0]
    rule = kind([weight], lr=0.05, **options)
    for step in range(50):
        weight.grad = tensor([-1.0 if step < 10 else 0.0])
        rule.step()
        paths[name].append(weight.item())
plots.show(draw.coasting(paths, 10), "16_optimisers")

# %% [markdown]
# Plain SGD stands still: $-\eta \cdot 0$ is nothing. Momentum and Adam
# coast on with what they remember of the last real gradients, and come to
# rest in time. Decay pulls at every weight, gradient or not. It looks
# gentle, but it never ends, and it always pulls towards zero. None of
# these movements was decided by an example.
#
# There is one more fish, *dropout*. It throws dice, and so gives a
# "frozen" body new features at every look. It waits in the evidence.
#
# ## What `freeze` promises
#
# So in this library *frozen* is not a habit but a state, and it lasts
# until `unfreeze`:
#
# - the parameters have *no* gradient, not a gradient of zero. No
#   optimiser steps or decays them;
# - the part stays in *evaluation mode*, whatever `train()` the network
#   around it is told. Batch norm stops counting, dropout stops throwing;
# - gradients still flow *through* it to anything below that learns.
#
# There is a reward. A body that really stands still is a fixed function.
# The same picture gives the same features, today and in the hundredth
# *epoch*, that is, in the hundredth pass over the examples. So they need
# be computed only once. `fine_tune` keeps such a *feature cache* for a
# held body, and trains the same head, bit for bit, many times faster.
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

# %% [markdown]
# Neither article nor tutorial makes this claim; it is ours. Article B
# says "fix them, or let them move little". Between the two lies a third
# thing that nobody chose: layers that are believed to be fixed, and move.
#
# ## Try it
#
# 1. Use `knows_letters` without batch norm (leave `nn.BatchNorm1d(128)`
#    out). What is left of the trap?
# 2. Let `train_new_head` train in batches of ten digits:
#    `train.fit(…, batch_size=10)`. Which of the two curves changes?
# 3. In the cell with the single weight, set `weight.grad = None` after
#    the tenth step. What do the five move now?
#
# <details><summary>What you will see</summary>
#
# 1. Nothing: both curves are flat. Switching the gradients off is enough
#    for a body that has nothing but weights.
# 2. Only the lower one, and not by much: each batch of ten has another mean,
#    so the averages jitter, and the old skill with them. The frozen one is
#    a straight line whatever you do.
# 3. Nothing, all five. Without a gradient the optimiser passes the weight
#    over, and decay with it.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(16)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. A colleague freezes a body with `requires_grad_(False)` and finds that
#    no weight has changed. Has she shown that the body stood still?
# 2. Which line of a training loop wakes the batch norm of such a body?
# 3. Why may the features of a body with dropout in training mode not be
#    kept in a cache?
#
# <details><summary>Answers</summary>
#
# 1. No. Look at everything in `state_dict()`, also at running averages.
#    Better still, compare what the body gives out before and after.
# 2. `network.train()`. It puts every layer in training mode, and batch
#    norm then counts the batches that pass.
# 3. They are other features at every look. A cache would show the head
#    one throw of the dice over and over again.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/16_frozen_means_frozen.py) behind this lesson
#   (`minitransfer learn 16 --evidence`): whether the trap harms the new
#   task, dropout, optimisers in a whole network, and what a feature cache
#   saves.
# - S. Ioffe and C. Szegedy, *Batch normalization: accelerating deep
#   network training by reducing internal covariate shift*, 2015: section
#   3.1 says where the running averages come from.
# - Y. Li and others, *Revisiting batch normalization for practical domain
#   adaptation*, 2016: letting the averages follow, on purpose.
