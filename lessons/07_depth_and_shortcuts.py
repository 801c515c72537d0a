# %% [markdown]
# # 7 · Depth that hurts, shortcuts that heal
#
# > If every layer is made from the one below, what happens when a layer
# > lets something fall?
#
# - **Time:** 14 minutes
# - **You need:** Python, and from lesson 3 what a hidden layer and ReLU
#   are
# - **You will be able to:** build a residual network; open a network and
#   measure what each depth still knows; ask of a result on depth how long
#   the training was
#
# Article E believes in depth where things are made step by step. But it
# names a case where the chain breaks. In a very deep network of
# *convolutions* (layers that move *filters*, small tables of weights, over
# a picture), *max pooling* loses information, until the state of a layer,
# the numbers that it puts out, is no longer composed of the one before.
# *Residual connections*, it says, bring that back.
#
# ## Whispers
#
# Children sit in a row and whisper a sentence from ear to ear. What comes
# out in the end is funny, because each child has only what the last one
# said. Now let a sheet of paper go along with the whisper. Everybody may
# add a note to it, but cross nothing out. That is a residual layer, a
# layer with a *shortcut*:
#
# $$h_{l+1} = h_l + f_l(h_l) \quad \text{instead of} \quad
#   h_{l+1} = f_l(h_l).$$
#
# Here are both rows of children. A picture of a handwritten digit passes a
# first convolution, and then four times a max pooling, which keeps the
# largest of each 2×2 numbers and drops three. After each of the first three
# poolings stand three convolutions of 16 channels (one picture for each
# of 16 filters), each with a shortcut or without.

# %%
import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, experiments, plots, train, transfer
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import judge, over_seeds

# %%
draw = figures(7)


def convolution(inputs, rng, shrink=1.0):
    module = nn.Conv2d(inputs, 16, 3, padding=1, generator=rng)
    nn.init.kaiming_normal_(module.weight, generator=rng)
    nn.init.zeros_(module.bias)
    with mt.no_grad():
        module.weight.mul_(shrink)
    return nn.Sequential(module, nn.ReLU())


def block(kind, rng):
    if kind == "plain":
        return convolution(16, rng)
    return nn.Residual(convolution(16, rng, shrink=1 / 3))


def pooled(kind, rng):
    parts = {"first": convolution(1, rng)}
    for k in (1, 2, 3):
        parts[f"pool {k}"] = nn.MaxPool2d(2)
        blocks = (block(kind, rng) for _ in range(3))
        parts[f"layers {k}"] = nn.Sequential(*blocks)
    parts |= {"pool 4": nn.MaxPool2d(2), "flat": nn.Flatten()}
    parts["head"] = nn.Linear(16, 10, generator=rng)
    return nn.Sequential(parts)


plots.show(draw.network(), "07_network")

# %% [markdown]
# (Ten convolutions are not a *very* deep network, but 28 dots leave no room
# for a fifth pooling. The initial weights are drawn by *He
# initialisation*, which keeps the size of what passes through a layer.
# Nine notes are added up on the sheet, so each of them starts small, with
# a third of those weights: in this, too, the two networks differ.)
#
# ## What is left at each depth?
#
# Both networks are trained on 4,000 digits. Then we open them. At each
# depth a *linear probe*, a linear map fitted to the state of that layer in
# *closed form* (by a formula, without steps of training), tries to read two
# things: the class of the digit, and the picture itself (150 of its dots,
# drawn by chance; $R^2$ is 1 if they are told exactly, and 0 if no better
# than by their mean). The probes learn from 300 other digits and are tested
# on 400 more. So what we measure is what can be read *linearly, from 300
# examples*. The first depth is what the first pooling puts out.
#
# **Predict before you run.** Draw two curves over the depth, one for the
# picture and one for the class. Do they fall together? Where does the
# shortcut keep them up, at the convolutions or at the poolings?

# %%
DEPTHS = ("pool 1", "layers 1", "pool 2", "layers 2", "pool 3",
          "layers 3", "pool 4")  # fmt: skip


def opened(kind, seed, steps=100):
    """R² of the picture and accuracy of the class, by depth."""
    rng = np.random.default_rng(seed)
    pool, test = data.mnist("pool"), data.mnist("test")
    learning, probing = pool.split(4000, 300, generator=rng)
    unseen = test.sample(400, rng)
    dots = rng.choice(784, 150, replace=False)
    net = pooled(kind, rng)
    adam = optim.Adam(net.parameters(), lr=2e-3)
    train.fit(
        net, learning, optimizer=adam, steps=steps, generator=rng
    )
    seen = draw.dots_of(probing, dots), draw.dots_of(unseen, dots)
    told = transfer.linear_probe(net, *seen, *DEPTHS)
    named = transfer.linear_probe(net, probing, unseen, *DEPTHS)
    return [told[d] for d in DEPTHS], [named[d] for d in DEPTHS]


table = experiments.read("pooled_network", ["picture", "class"])
told, named = opened("residual", seed=0)
stored = draw.inside(table, "residual", 100)
assert np.abs(told - stored["picture"][0]).max() < 0.05
found = {kind: draw.inside(table, kind) for kind in draw.KINDS}
plots.show(draw.survives(DEPTHS, found), "07_what_survives_pooling")

# %% [markdown]
# (A hundred steps have been made again here. The picture shows five seeds
# after four hundred, from a table. "Untrained" is the residual network with
# its initial weights.)
#
# *Pooling drops the picture.* At each grey band the left curves fall. That
# is the article's claim.
#
# *What is dropped is mostly no loss.* The class does not fall along with
# the picture. It becomes easier to read on the way up, while where exactly
# the stroke went is forgotten. (The last two poolings cost a little of
# the class, too, a point or two each.) The untrained network forgets the
# picture as well, so that is no work of learning. But after its last
# pooling it has lost much of the class, too. To keep that one is what was
# learnt.
#
# *The shortcut heals, but not the pooling.* In the white gaps, where the
# convolutions work, the plain curve falls and the residual one hardly does:
# a note is added, nothing is crossed out. In the grey bands both fall, and
# the residual one more, since it has more to lose. A shortcut can only
# carry on what it is given, and it stands *behind* the pooling. (Whoever
# keeps more of the picture does not name it better: at the end the class
# is read a little *better* from the plain network. And there the nine
# convolutions lose three quarters as much of the picture as the three
# later poolings.)
#
# ## Depth alone
#
# Now without any pooling: layers of 64 numbers, as wide at the end as at
# the beginning. A deeper network can do all that a shallower one can: let
# the additional layers pass on what they get. So nothing should be lost by
# depth. But look at how they learn.

# %%
depth = experiments.read("depth_and_steps", ["validation", "test"])
plots.show(draw.horizon(depth), "07_horizon")

# %% [markdown]
# (Forty layers learn at the best of three rates, chosen on validation
# images for each kind. *Ordinary* initial weights are those of PyTorch's
# `Linear`, drawn evenly from $\pm 1/\sqrt{n}$. We *clip* gradients to a
# length of 1.)
#
# After two hundred steps one would say: without shortcuts, twenty layers
# cannot learn. After two thousand most such networks have learnt (by Adam;
# by SGD they still have not), and forty layers with good initial weights
# are three points behind those with shortcuts. (Forty with ordinary
# weights, tried at one rate, have learnt nothing by then.) Whoever reports
# that depth hurts has to say how long he waited, and so do we: all this is
# about two thousand steps at most.
#
# Why is it slow? A layer with ordinary weights and ReLU shrinks what tells
# one picture from another to 41 % of its length, and the gradient on its
# way back likewise. Of 41 % of 41 % of 41 % … not much arrives: the
# *vanishing gradient*. He initialisation mends that, and a shortcut passes
# everything on whatever the weights are. (The evidence derives the number
# and checks it.)
#
# But that is not the whole story. K. He and others, who found in 2015 that
# deep plain networks do worse even on the pictures that they learn from,
# did *not* lay it to vanishing gradients. Their networks had good initial
# weights and normalised layers (each number is brought to mean 0 and
# spread 1), and they saw that the gradients were healthy. Three times as
# many steps did not mend it. They thought it likelier that such networks
# learn, but very slowly, and left the reason open. Our forty layers with
# He's weights look like such a case: slow, but not unable.
#
# ## What the numbers say

# %%
at_pools, at_layers = {}, {}
for kind in ("plain", "residual"):
    lost = draw.losses(DEPTHS, found[kind]["picture"])
    at_pools[kind] = {
        f"pool {k}": lost[f"pool {k}"] for k in (2, 3, 4)
    }
    at_layers[kind] = sum(lost[f"layers {k}"] for k in (1, 2, 3))

# %%
pools, layers = at_pools["residual"], at_layers["residual"]
each = all(judge(one).word == "more" for one in pools.values())
beyond = judge(sum(pools.values()) - layers)
holds = each and beyond.word == "more"
named = found["residual"]["class"]
gained = judge(named[:, DEPTHS.index("pool 2")] - named[:, 0])
narrowly = holds and gained.word == "more"
claim(
    "E12/pooling",
    "max pooling gradually loses information (R² of the picture lost at "
    "the three later poolings, and in the nine layers between)",
    source="article",
    refuted_by="a pooling that loses nothing, or layers that lose as much",
    control="the convolutions between the poolings",
    **over_seeds({**pools, "layers between": layers}),
    effect=beyond.middle,
    interval=beyond.interval,
    verdict="holds narrowly"
    if narrowly
    else ("holds" if holds else "does not hold"),
    condition="of the picture; the class is read better after the second "
    "pooling than after the first"
    if narrowly
    else "",
    check=beyond.middle > 0.2,
    format=".2f",
)

# %%
healed = judge(at_layers["plain"] - at_layers["residual"])
plain, shorter = (sum(pools.values()) for pools in at_pools.values())
more_at_pools = judge(plain - shorter).word == "more"
holds = healed.word == "more"
claim(
    "E12/shortcuts",
    "residual connections bring back what is lost (R² of the picture lost "
    "in the nine layers between the poolings; the effect is plain − "
    "residual)",
    source="article",
    refuted_by="residual layers that lose as much as plain ones",
    control="the same network without shortcuts",
    **over_seeds(at_layers),
    effect=healed.middle,
    interval=healed.interval,
    verdict="holds"
    if holds and more_at_pools
    else ("holds narrowly" if holds else "does not hold"),
    condition="what layers lose; what poolings drop they do not bring back"
    if holds and not more_at_pools
    else "",
    check=healed.middle > 0,
    format=".2f",
)

# %% [markdown]
# ## Try it
#
# 1. Put `nn.AvgPool2d(2)` in place of `nn.MaxPool2d(2)`, and print what
#    `opened("residual", 0)` returns. Is it the maximum that forgets?
# 2. Let the notes be loud: `shrink=1.0` in `block`. Watch what is lost, and
#    the class at the end.
# 3. Call `opened("plain", 0, steps=1)`, then with 30 and with 300 steps.
#    What does training do to the picture, and what to the class?
#
# <details><summary>What you will see</summary>
#
# 1. In part. Less is lost at the poolings, and a little more of the
#    picture arrives at the end. But most of it is lost all the same, for
#    of four numbers one is left.
# 2. The layers between lose little more, the poolings do, and in the end
#    the class is read much less well. Notes that are as loud as the
#    whisper drown what was written first.
# 3. The picture fades in all three; training even keeps a little more of it
#    at the last depths. What it changes is the class: at first it is read
#    badly there, after 300 steps better than behind the first pooling.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(7)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. A shortcut stands around the convolutions. Why can it not undo what the
#    pooling before them has dropped?
# 2. A probe reads the class at 90 % from a layer. Does the network need
#    that layer for the class?
# 3. Somebody shows you that networks of forty layers do not learn. What do
#    you ask first?
#
# <details><summary>Answers</summary>
#
# 1. It adds to the output what went *in*, and that has passed the pooling
#    already.
# 2. That is not said. A probe tells what is there and can be read
#    linearly, not what is used.
# 3. How long the training was, at which rates, and from which initial
#    weights.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/07_depth_and_shortcuts.py) of this lesson
#   (`minitransfer learn 7 --evidence`): how much as many numbers could
#   hold, average pooling, twenty and forty layers step by step, 41 %.
# - K. He, X. Zhang, S. Ren and J. Sun, *Deep residual learning for image
#   recognition*, 2015: section 4.1 says what they thought was the cause.
# - G. Alain and Y. Bengio, *Understanding intermediate layers using linear
#   classifier probes*, 2016: opening networks depth by depth.
