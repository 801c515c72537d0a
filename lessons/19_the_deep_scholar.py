# %% [markdown]
# # 19 · The deep scholar
#
# > Two scholars have minds of the same size and have spent their years
# > on the same field. Does the one who thinks in several steps need fewer
# > lessons in the next field than the one who thinks in a single step?
#
# - **Time:** 12 minutes
# - **You need:** Python, and from lesson 11 what a frozen body, scratch
#   and a learning curve over labels are
# - **You will be able to:** compare networks of different depth fairly;
#   count a difference in labels; tell what comes of study from what comes
#   of shape
#
# This lesson follows article A, its story A5 (see the
# [sources](sources.md)).
#
# ## The master, the collector, the distracted
#
# An old master has done nothing but calligraphy all her life. One day she
# is given a flute, and after a week she plays it better than others do
# after a year. She has never held a flute. But she knows what a breath is
# to a line, and that what is left out counts.
#
# Her neighbour has been a collector for as long. He knows ten thousand
# characters by sight, each for itself. To him the flute is number ten
# thousand and one: he begins at the beginning, as he has each time
# before. And next door to both lives somebody who is full of talent, and
# easily distracted. He has begun many fields, and has left each of them
# after a day.
#
# Article A draws the moral. Who has understood one field to its depths
# finds in the next one what he knows already. The shallow learner sees
# every thing as separate, starts from zero each time and lives by memory.
#
# That is a story about people. Is it true of networks? There *deep* has a
# plain meaning: how many layers lie between what is seen and what is
# answered.
#
# ## Minds of the same size
#
# A deeper network must not win because it is a larger one. So all of ours
# get the same number of parameters, to within one per cent, and all of
# them hand 256 features to a head. A body of one layer spends everything
# on those 256 features. A body of eight must save at each of its layers,
# and is narrow. (`draw.sizes` computes the widths.)

# %%
from itertools import pairwise

import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, experiments, plots, train, transfer
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import judge, judge_each

# %%
draw = figures(19)


def scholar(depth, classes, rng):
    layers = [nn.Flatten()]
    for inputs, outputs in pairwise(draw.sizes(depth)):
        layer = nn.Linear(inputs, outputs, generator=rng)
        nn.init.kaiming_normal_(layer.weight, generator=rng)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    head = nn.Linear(draw.FEATURES, classes, generator=rng)
    whole = nn.Sequential(*layers, head)
    return transfer.replace_head(whole, classes, generator=rng)


plots.show(draw.four_scholars(), "19_four_scholars")

# %% [markdown]
# ## Study, then something new
#
# The first field is two hundred printed characters. There the master and
# the collector spend 4,000 steps each, and the distracted one (who has
# four layers, as the master has) spends 200. Then all are given twenty
# handwritten digits, two of each. The body is held, and a fresh head
# learns: option 1 of lesson 11.
#
# **Predict before you run.** How many of a hundred new digits will each
# of the three read? One in ten is chance.

# %%
learnt, _ = data.glyphs(200, per_class=240).split(
    46_000, 2000, generator=np.random.default_rng(0)
)
pool, test = data.mnist("pool"), data.mnist("test")

# %%
RATE = {1: 4e-3, 4: 2e-3}  # chosen on the 2,000 left out


def after_study(depth, steps, labels=20, seed=0):
    """Characters, then a few digits: the share of others read."""
    rng = np.random.default_rng([seed, depth])
    network = scholar(depth, 200, rng)
    train.fit(
        network,
        learnt,
        optimizer=optim.Adam(network.parameters(), lr=RATE[depth]),
        schedule=optim.CosineAnnealingLR,
        steps=steps,
        batch_size=128,
        generator=rng,
    )
    few = pool.sample(labels, np.random.default_rng(seed))
    rng = np.random.default_rng([seed, depth, labels])
    transfer.replace_head(network, 10, generator=rng)
    transfer.fine_tune(network, few, "head", generator=rng)
    return train.evaluate(network, test)["accuracy"]


now = {
    "master": after_study(4, 4000),
    "collector": after_study(1, 4000),
    "distracted": after_study(4, 200),
}
for name, share in now.items():
    print(f"{name:11} {share:.1%}")

# %% [markdown]
# The master is far ahead. The collector, after all his years, reads no
# more than the distracted one after a day. So layers without years bring
# little, and years without layers too: it takes both. ("Try it" follows
# both of them through the years.)
#
# ## Counted in labels
#
# That was one run of each. A table holds ten, of four depths, from 10
# labelled digits to 1,000. It also answers two objections.
#
# *Perhaps the deep ones are just better pupils.* With the same number of
# steps, two and four layers do come out somewhat better at characters. So
# there is a second way to study: everybody stops as soon as half of a
# set of unseen drawings are named rightly, however long it takes. That is
# an *equal level* instead of an *equal budget*.
#
# *Perhaps it is the shape.* So there are scholars who have studied
# nothing and learn the digits from scratch, all layers of them.
#
# How do you compare them? Points of accuracy mean one thing with ten
# labels and another with a thousand. So we ask for a price: how many
# labels does it take to read 80 % of all other digits?

# %%
table = experiments.read("scholar", ["accuracy"])
GOAL = 0.8
curves = {w: draw.curves(table, w) for w in draw.WAYS}
price = {
    way: {
        d: experiments.needed(GOAL, draw.LABELS, r)
        for d, r in by.items()
    }
    for way, by in curves.items()
}
master = curves["equal budget"][4][0, 1]  # seed 0, 20 labels
assert abs(now["master"] - master) < 0.03
plots.show(draw.labels_needed(price, GOAL), "19_labels_needed")

# %% [markdown]
# This picture is the heart of the lesson. Look at the upper curve first.
# From scratch it makes next to no difference whether a network has one
# layer, two or four, and eight narrow ones are harder to teach. Depth in
# itself is no talent.
#
# Below are the two that have studied. Now depth is worth labels. At an
# equal level the scholars were equally good at characters, and still
# what they had made of the characters was not equally good for digits.
# How well somebody does in his own field does not tell how much of it
# he can carry to the next. (With an equal budget eight layers fall back
# again. They had not got as far.)
#
# ## Few labels and many

# %%
ahead = {
    way: {d: curves[way][d] - curves[way][1] for d in (2, 4, 8)}
    for way in ("equal budget", "equal level")
}
plots.show(draw.deeper_than_one(ahead), "19_deeper_than_one")

# %% [markdown]
# The fewer the labels, the more depth is worth. With a thousand the lead
# is gone, and eight layers have fallen behind. Why? Our guess: with many
# labels one can find out much by oneself, and what counts is how much the
# features still tell of the picture. A single layer of 256 features has
# kept much. Eight narrow ones have passed on what was of use for
# characters and have let fall the rest. The evidence supports it: where
# all layers may learn, they fetch it back, and four are ahead of one at a
# thousand labels too.
#
# The evidence also follows the scholars farther. In another *near*
# field, ten new characters, and in the field after the next, depth pays
# as well. On silhouettes of animals two layers gain a little and four
# gain nothing that shows: a scholar of strokes is no judge of animals,
# however deep. And by one thing the collector is done wrong. He does
# not live by memory more than the master does. Both are ahead on
# drawings that they have seen, and by the same distance.
#
# ## What the numbers say
#
# First the story. Three depths are compared with one layer, and
# `judge_each` corrects for that. Numbers of labels are compared as ratios,
# that is, in logarithms.

# %%
logs = {w: draw.saved(counts) for w, counts in price.items()}
fewer = judge_each(logs["equal budget"])
late = judge_each([g[:, -1] for g in ahead["equal budget"].values()])
saves = "more" in [j.word for j in fewer.values()]
lasts = "more" in [j.word for j in late]
claim(
    "A5",
    "of scholars with equal parameters and equal study the deep ones need "
    "fewer labels in the next field (labels for 80 % of the digits; the "
    "effect: how many times fewer four layers need than one)",
    source="article",
    refuted_by="no depth needs fewer than one layer (Holm, 5 %)",
    control="one layer of as many parameters, on the same digits",
    **experiments.over_seeds(
        {f"depth {d}": n for d, n in price["equal budget"].items()}
    ),
    effect=draw.times(logs["equal budget"][4]),
    interval=draw.between(logs["equal budget"][4]),
    verdict="does not hold"
    if not saves
    else "holds"
    if lasts
    else "holds narrowly",
    condition="with few labels; none is ahead with 1,000"
    if saves and not lasts
    else "",
    check=draw.times(logs["equal budget"][4]) > 1.2,
    format=".3g",
)

# %% [markdown]
# Then the other half: it is the study, not the shape. What depth saves
# after study must be more than what it saves from scratch. And from
# scratch it should save nothing worth the name; we said beforehand that a
# factor of 1.15 would not matter. The stricter way to study counts: equal
# level.

# %%
shape = judge(logs["scratch"][4], margin=np.log(draw.FACTOR))
study = logs["equal level"][4] - logs["scratch"][4]
claim(
    "A5/without study",
    "it is the study and not the shape: four layers save labels against "
    "one after study to an equal level, and none from scratch (how many "
    "times fewer; the effect is the ratio of the two)",
    source="ours",
    refuted_by="study saves no more than shape does, or shape may save "
    "more than a factor of 1.15",
    control="the same shapes from scratch, on the same digits",
    measured={w: draw.times(by[4]) for w, by in logs.items()},
    spread={w: draw.between(by[4]) for w, by in logs.items()},
    seeds=len(study),
    effect=draw.times(study),
    interval=draw.between(study),
    verdict="holds"
    if judge(study).word == "more" and shape.word in ("equal", "less")
    else "does not hold",
    check=draw.times(study) > 1.1,
    format=".2f",
)

# %% [markdown]
# ## Try it
#
# 1. Call `after_study(4, steps)` with 200, 500, 1,000 and 4,000 steps,
#    and `after_study(1, steps)` likewise. From where on is depth worth
#    something?
# 2. Set `GOAL` to 0.75 and to 0.85, and draw `labels_needed` again.
#
# <details><summary>What you will see</summary>
#
# 1. After 200 steps one layer and four are about equal. Four go on
#    gaining, all the way to 4,000. One layer has had what it can get
#    after some 500; the rest of its years add nothing to the digits.
# 2. The higher the goal, the more labels it takes, and the smaller is
#    what depth saves. At 85 % eight layers need about as many labels as
#    one.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(19)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. Somebody compares a network of eight layers of 256 units with one of
#    a single layer of 256 units, and finds the deep one better. What do
#    you ask?
# 2. Two networks are equally good at their first task. May you conclude
#    that they are equally good to borrow?
# 3. Why are numbers of labels averaged as logarithms?
#
# <details><summary>Answers</summary>
#
# 1. How many parameters both have. It may be the size that helps.
# 2. No: at an equal level one layer and four needed different numbers of
#    labels for the digits.
# 3. Because they are compared as ratios: from 20 to 40 is as far as
#    from 200 to 400, and one run that needs 400 should not outweigh all
#    others.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/19_the_deep_scholar.py) behind this lesson
#   (`minitransfer learn 19 --evidence`): both ways to study, the random
#   bodies, near and far fields, the field after the next, digits of
#   other hands without any label, half and twice the size.
# - Y. Bengio, *Learning deep architectures for AI*, 2009: why what is
#   composed in several steps may be shared by several tasks.
# - Y. Bengio, A. Courville and P. Vincent, *Representation learning: a
#   review and new perspectives*, 2013, section 3: what makes one
#   representation better than another.
