# %% [markdown]
# # 15 · Small steps for what is borrowed
#
# > Should a body that knows much and a head that knows nothing take the
# > same steps, when both learn from the same few examples?
#
# - **Time:** 12 minutes
# - **You need:** Python, and from lesson 11 what options 1 and 2 are
# - **You will be able to:** give a body and its head different learning
#   rates; measure what a network forgets while it learns; say when small
#   steps are worth it, and when they are in the way
#
# Into a workshop that has run well for twenty years comes an apprentice
# who knows nothing. On the first day nearly all he does is wrong. A
# foolish owner concludes that *everything* must change, and has the
# benches moved with every mistake of the boy. A wise one waits. Most of
# what goes wrong on the first day is the boy's, not the workshop's.
#
# The apprentice is the fresh head, the workshop is the borrowed body. In
# the first steps of training the errors come from the head. But the
# gradient does not know that. It tells every layer to change, and the
# fewer examples there are, the less of what it says is worth following.
#
# Article B ([sources](sources.md)) gives two pieces of advice for what is
# borrowed: **hold it still**, or **give it a smaller learning rate**, which
# is to say: let each of its steps be shorter.
#
# ## The same digits, two rates
#
# We borrow `glyph-mlp`, the network of a thousand characters, give it a
# fresh head and two hundred handwritten digits. Once all layers learn at
# the same rate. Once the body learns at a tenth of it.
#
# Afterwards we ask for digits, of course. And then we do something that
# one does too rarely. We put the *old head* back on the body, all
# thousand outputs of it, and ask for characters again. If the body has
# moved to where the old head does not know its way about, the network has
# forgotten what it was borrowed for. (Which output stands for which
# character, the network's *card* knows, a note that comes with its
# weights.)
#
# (`draw` below holds what draws the pictures of this lesson; it is no
# part of the story.)

# %%
import numpy as np

import minitransfer.optim as optim
from minitransfer import (
    data,
    experiments,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import judge

# %%
draw = figures(15)
original = zoo.load("glyph-mlp")
_, old_head = transfer.find_head(original)
drawings = data.glyphs(1000, 2, seed=zoo.HELD_OUT_SEED)
characters = zoo.known_to(original, drawings)
digits = data.mnist("test")


def right(network, pictures):
    return train.evaluate(network, pictures)["accuracy"]


def old_skill(tuned):
    """Right on characters, with the old head on the tuned body."""
    body = transfer.strip_head(tuned)
    return right(transfer.append(body, old_head), characters)


def start(seed, labels):
    """A fresh head on the borrowed body, and a few digits."""
    rng = np.random.default_rng([seed, labels])
    few = data.mnist("pool").sample(labels, rng)
    network = zoo.load("glyph-mlp")
    return transfer.replace_head(network, 10, generator=rng), few, rng


# %%
print(f"before: characters {right(original, characters):.1%}")
for name, rate in (("one rate", None), ("small rate", 1e-4)):
    net, few, rng = start(seed=0, labels=200)
    transfer.fine_tune(net, few, "all", body_lr=rate, generator=rng)
    new, old = right(net, digits), old_skill(net)
    print(f"{name}: digits {new:.1%}, characters {old:.1%}")

# %% [markdown]
# Who looks at the digits alone sees a point or two between the two runs.
# Of the old skill the bold run has left a quarter, the gentle one most.
# Nothing warned of it. People call it **catastrophic forgetting**.
#
# ## Forgetting, step by step
#
# When does it happen? We train once more, and stop every ten steps to
# ask for both. And the story of the workshop can be checked. If the
# apprentice is to blame, let him learn his trade alone, before the body
# may move at all. Then train everything at one rate, as boldly as before.
#
# **Predict before you run.** After how many steps at one rate is half of
# the old skill gone? And how much of it will be left after a hundred, if
# the head has learnt first?


# %%
def watched(body_lr, head_first, seed):
    """Digits and characters right, every ten steps."""
    net, few, rng = start(seed, labels=1000)
    if head_first:
        transfer.fine_tune(net, few, "head", generator=rng)
        transfer.unfreeze(net)
    groups = transfer.parameter_groups(net, body_lr, head_lr=1e-3)
    rule, scores = optim.Adam(groups), []
    for stop in range(11):
        if stop:
            train.fit(
                net, few, optimizer=rule, steps=10, generator=rng
            )
        scores.append((right(net, digits), old_skill(net)))
    return scores


ways = {
    "one rate": (1e-3, False),
    "small rate": (1e-4, False),
    "head first": (1e-3, True),
}
film = {
    name: np.array([watched(*way, seed) for seed in range(3)])
    for name, way in ways.items()
}
plots.show(draw.forgetting(10 * np.arange(11), film), "15_forgetting")

# %% [markdown]
# Ten steps, and half of it is gone; after thirty hardly anything more is
# lost. That looks like the first day in the workshop. And so it is: when
# the head has learnt first, the same bold rate takes much less. An
# apprentice who knows his trade before he may ask for changes asks for
# few.
#
# Look at the left panel, too. After twenty steps the three curves lie on
# each other. Whoever looks only at the task at hand cannot tell the run
# that has kept what made the network worth borrowing from the run that
# has lost it.
#
# ## Is it worth it?
#
# Now to the new task, for most users want nothing else. Six source
# networks were taught digits in several ways, from 50 labels to 4,000.
# And lest small steps win by a trick, *every* way could choose its rate
# among four, on digits that are kept for choosing. For "one rate" that
# may be a small one, too: the question is whether body and head should
# *differ*.
#
# Beside the digits stands a task that is alien to the networks: digits
# whose dots were all shuffled, always alike. What these bodies know is of
# no use there.

# %%
MEASURED = ["validation", "accuracy", "old_skill", "kept", "distance"]
table = experiments.read("small_steps", MEASURED)
gains = {
    target: {
        way: {n: draw.ahead(table, way, n, target) for n in labels}
        for way in ("fixed", "small rate")
    }
    for target, labels in draw.LABELS.items()
}
plots.show(draw.worth(gains), "15_worth")

# %% [markdown]
# Above the line is ahead of one rate; the whiskers are 95 % intervals over
# six networks, the grey band is less than a point, which would not matter
# to us. With fifty digits both pieces of advice are worth three points.
# With two hundred they are worth nothing that matters. From there on they
# cost: holding still some two points with 4,000 labels, small steps less
# than one.
#
# On the alien task both are wrong. A body that is held cannot learn what
# it would need, and thirty points are lost. Small steps lose four or
# five, for two or three hundred small steps do not lead far enough.
#
# (Where it could choose, the small rate mostly took the largest of its
# four, 0.0003, a third of the head's. A body rate nearer to the head's
# would be nearer to "one rate", and lose less where small steps lose. But
# the digits do not ask for the old skill when they choose: of that, these
# steps keep about a half, and the shorter ones above kept most.)
#
# So the advice is sound where it was meant: few labels, a near task. With
# many labels the data know better than the body. If you do not know how
# near your task is, let held-out data choose the rate. And if the *old*
# skill counts as well, measure it, for nothing else will tell you that it
# is gone.
#
# ## What the numbers say

# %%
asked = {
    f"{n:,} {target}": gains[target]["small rate"][n]
    for target, labels in draw.LABELS.items()
    for n in labels
}
found = experiments.judge_each(asked, margin=draw.POINT)
more, less = (
    [c for c in found if found[c].word == w] for w in ("more", "less")
)
first = found["50 digits"]
claim(
    "B4",
    "give what is borrowed a smaller learning rate than the head "
    "(small rate − one rate, 50 digits)",
    source="article",
    refuted_by="small steps surely ahead nowhere (Holm over six, 5 %)",
    control="one rate for all on the same images, the best of four",
    **experiments.over_seeds(asked),
    effect=first.middle,
    interval=first.interval,
    verdict=("holds" if len(more) == len(found) else "holds narrowly")
    if more
    else "does not hold",
    condition=f"ahead with {', '.join(more)}; behind with "
    f"{', '.join(less) or 'none'}"
    if 0 < len(more) < len(found)
    else "",
    check=first.middle > 0,
    format="+.1%",
)

# %%
kept = {
    way: draw.runs(table, "kept", way, 200)
    for way in ("one rate", "small rate")
}
gap = judge(kept["small rate"] - kept["one rate"])
spared = gap.word == "more"
forgets = judge(kept["one rate"] - 0.5).word == "less"
keeps = judge(kept["small rate"] - 0.5).word == "more"
claim(
    "B4/forgetting",
    "trained at one rate a network loses most of its first task, in small "
    "steps it keeps most (share of the old skill kept, 200 digits)",
    source="ours",
    refuted_by="one rate not surely below a half, or small steps not "
    "surely ahead of it",
    control="one rate for all on the same images",
    **experiments.over_seeds(kept),
    effect=gap.middle,
    interval=gap.interval,
    verdict=("holds" if keeps else "holds narrowly")
    if forgets and spared
    else "does not hold",
    condition="one rate loses most; small steps keep more, but not "
    "surely more than half"
    if forgets and spared and not keeps
    else "",
    check=spared,
    format=".1%",
)

# %% [markdown]
# ## Try it
#
# 1. In the first experiment give the body a rate of `1e-5`. Which piece of
#    advice does it come to resemble?
# 2. Teach `watched` with 50 labels in place of 1,000. Which of the three
#    curves for digits changes most?
# 3. Let the bold run go on for a thousand steps more. Does the old skill
#    come back?
#
# <details><summary>What you will see</summary>
#
# 1. "Hold still". The old skill stays whole, and digits are read about as
#    well as by a body that is held.
# 2. That of one rate. After a hundred steps it is some five points below
#    the other two: with few labels, what is kept is what helps.
# 3. No. It sinks a little further while the digits still rise. Nothing in
#    the digits asks for it.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(15)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. Why is most of the old skill lost in the *first* steps?
# 2. A friend compares small steps at a rate of his choice with one rate of
#    0.01 for all, and finds them far ahead. What do you ask for?
# 3. You have 5,000 labelled X-ray pictures and a body that knows
#    printed letters. Hold, small steps, or one rate?
#
# <details><summary>Answers</summary>
#
# 1. The fresh head knows nothing yet, so its errors are large, and so are
#    the gradients that it sends down. They move all layers at once, for
#    mistakes that are the head's own.
# 2. That one rate may choose, too, on held-out data. Perhaps 0.01 was too
#    much for body and head alike; then it was the size of the steps, not
#    the difference between the two.
# 3. One rate, or scratch. Far task, many labels: both pieces of advice
#    cost there. Let held-out pictures decide.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/15_small_steps.py) behind this lesson
#   (`minitransfer learn 15 --evidence`): six ways of going gently and how
#   their rates were chosen, the alien task in numbers, and how so small a
#   movement can destroy so much.
# - J. Howard and S. Ruder, *Universal language model fine-tuning for text
#   classification*, 2018: rates by depth, and thawing from the top.
# - X. Li, Y. Grandvalet and F. Davoine, *Explicit inductive bias for
#   transfer learning with convolutional networks*, 2018: springs that
#   pull a weight back to where it was borrowed from (L2-SP).
