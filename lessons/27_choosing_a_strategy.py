# %% [markdown]
# # 27 · Choosing a strategy
#
# > There are nine networks that you could borrow, and a hundred labelled
# > pictures. Can you tell which of them to take, and what to do with it,
# > before you have trained anything?
#
# - **Time:** 13 minutes
# - **You need:** Python, and from lesson 11 what a held body, option 1,
#   option 2 and scratch are
# - **You will be able to:** put networks into order after one look at your
#   pictures; say how far such an order can be trusted; ask for a strategy,
#   and know what the advice is worth
#
# A small theatre has one part to give and nine people at the door. It
# could rehearse the whole play with each of them and then decide, and the
# season would be over. So each of them gets three minutes and one page:
# an *audition*. It does not show what a year of work would make of them.
# It is to put nine people into order, and three minutes may do for that.
#
# Article D ([sources](sources.md)) ends with a wish of this kind, that a
# strategy be chosen for each task, and with the question how. A rehearsal
# is training. Let us hold an audition.
#
# ## One page
#
# The page is a hundred handwritten digits. Four come to read it: a
# network that knows a thousand printed characters, one that knows stripes,
# one that knows silhouettes of animals, and one that knows nothing at all.

# %%
import itertools

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
from minitransfer.course import claim, code_of, exercises, figures
from minitransfer.experiments import judge

# %%
draw = figures(27)
few = data.mnist("pool").sample(100, np.random.default_rng(0))


def brought_up(world):
    rng = np.random.default_rng(0)
    network = zoo.glyph_mlp(len(world.classes), generator=rng)
    train.fit(
        network,
        world,
        optimizer=optim.Adam(network.parameters(), lr=2e-3),
        schedule=optim.CosineAnnealingLR,
        steps=1000,
        batch_size=128,
        generator=rng,
    )
    return network


def audition(network):
    rng = np.random.default_rng(0)
    return transfer.transferability(network, few, generator=rng)


nobody = zoo.glyph_mlp(10, generator=np.random.default_rng(0))
door = {
    "characters": zoo.load("glyph-mlp"),
    "gratings": brought_up(data.gratings()),
    "animals": brought_up(data.animal_shapes("pool")),
    "nothing": nobody,
}
for name, network in door.items():
    told = (f"{s} {v:6.3f}" for s, v in audition(network).items())
    print(f"{name:11}", "  ".join(told))

# %% [markdown]
# Each network saw the hundred digits once, and no weight was moved. Five
# scores judge what it made of them; more is better in each.
#
# | score | what it asks |
# |---|---|
# | LEEP | from your *answers*, how well could one guess the digit? |
# | LogME | how likely are these labels, for a linear map of your features? |
# | H-score | how far apart are the classes, for how far all is spread? |
# | nearest mean | of digits left out, how many lie next to their own class? |
# | linear probe | and how many does a linear map get right? |
#
# LEEP is the oddest. It lets the network answer in its own language, in
# which there is no digit: "this is a B, this an ampersand". Then it counts.
# If what is called B is nearly always an eight, the answers are worth
# something. That is all its code does:

# %%
print(code_of(transfer.leep))

# %% [markdown]
# **Predict before you run.** Now nine networks, the eight upbringings of
# lesson 14 and *nothing*. Nine make 36 pairs. In how many of these will a
# score say rightly which of the two reads more digits once a head has been
# trained on it? (Half of them are had by tossing a coin.) And which of the
# five scores will be best?
#
# ## The rehearsal
#
# Lesson 14 has trained all of them: five seeds, and four numbers of
# labels. We brought the same networks up again, and gave each the very
# page from which it learnt afterwards. On the left of the figure are the
# orders after the audition, on the right the one after the rehearsal.

# %%
scores = experiments.read("scores", draw.MEASURED)
trained = experiments.read("impressions", draw.OTHERS)
of = {"network": "plain 256", "target": "digits", "labels": 100}
reached = draw.rows_of(trained, "accuracy", way="head", **of)
given = {
    name: draw.rows_of(scores, score, **of)
    for score, name in draw.SCORES.items()
}
plots.show(draw.orders({**given, "trained": reached}), "27_orders")

# %% [markdown]
# TEXT_ORDERS
#
# To say it in one number, count the pairs that two judges order alike,
# take off those that they order differently, and divide by 36. This is
# **Kendall's τ**: 1 for the same order, 0 for tossing a coin, 0.5 if three
# pairs in four agree.

# %%
ways = {"held": "head", "all trained": "all"}
found, by_luck = {}, {}
for way, option in ways.items():
    found[way] = {}
    for score, name in draw.JUDGES.items():
        rows = draw.both_orders(scores, trained, score, option)
        found[way][name] = np.transpose(
            [draw.taus(*both) for both in rows]
        )
    others = [draw.shuffled(*both) for both in rows]
    by_luck[way] = np.quantile(others, (0.025, 0.975), axis=1)
plots.show(draw.agreement(found, by_luck), "27_agreement")

# %% [markdown]
# TEXT_AGREEMENT
#
# ## And what to do with it?
#
# The part is given. Now, how is it to be rehearsed? The options are those
# of the whole course: begin from *scratch*, train a *head*, train *all*,
# or *head, then all*, in small steps. `transfer.recommend` answers before
# anything is trained.

# %%
network = zoo.load("glyph-mlp")
for load in (data.mnist, data.animal_shapes, data.shuffled_digits):
    rng = np.random.default_rng(0)
    task = load("pool").sample(100, rng)
    advice = transfer.recommend(network, task, generator=rng)
    low, high = (100 * end for end in advice.interval)
    print(f"{task.name}: {advice.strategy}\n  {advice.reason}")
    print(
        f"  {100 * advice.gain:+.0f} points [{low:+.0f}, {high:+.0f}]"
    )

# %% [markdown]
# It looks at two numbers. How much of the task does a linear map read off
# the borrowed features, and how much off the bare dots? If the features
# are ahead, they fit; if the dots are, the features hide what counts. With
# the number of labels a class this makes a sum for each strategy, fitted
# to what happened in six tasks.
#
# A rule is always good on what it was made from. So it was asked about six
# other tasks, with three networks to borrow and two numbers of labels:
# digits from a second scanner, strokes, animals upside down, ink, sounds
# and shuffled animals. There it competes with four people who always say
# the same, and with *validation*: train all four on four fifths of the
# labels, ask the last fifth, take the best.

# %%
told = experiments.read("facts", draw.FACTS)
tried = experiments.read("strategies", ["held_out", "accuracy"])


def expect(row):
    facts = transfer.Facts(*(row[name] for name in draw.FACTS))
    return transfer.advice_for(facts).expected


lost = draw.losses(tried, told, expect, "plain 256", draw.ASKED)
plots.show(draw.price(lost), "27_price")

# %% [markdown]
# TEXT_PRICE
#
# ## What the numbers say
#
# The audition: a score *orders* the nine networks if its mean τ is above
# what exchanged names give (names are exchanged 500 times, in all five
# seeds alike; Holm over five scores), and orders them *well* if its
# interval lies above 0.5, three pairs in four.

# %%
held = {
    name: draw.both_orders(scores, trained, score, "head")[1]
    for score, name in draw.SCORES.items()
}
tau = {name: draw.taus(*both) for name, both in held.items()}
luck = experiments.holm(
    {name: draw.by_chance(*both) for name, both in held.items()}
)
orders = [n for n, p in luck.items() if p < 0.05]
well = [n for n in orders if judge(tau[n]).interval[0] > 0.5]
best = max(tau, key=lambda name: tau[name].mean())
claim(
    "D6/audition",
    "one look orders nine networks as training does, in three pairs of four "
    "and more (Kendall's τ, 100 digits, body held, plain networks; the "
    "effect is the best of five scores)",
    source="ours",
    refuted_by="a score that is not above exchanged names (Holm, 5 %), or "
    "whose interval does not lie above 0.5",
    control="the same scores with the networks' names exchanged",
    **experiments.over_seeds(tau),
    effect=tau[best].mean(),
    interval=judge(tau[best]).interval,
    verdict="holds"
    if len(well) == 5
    else "holds narrowly"
    if well
    else "does not hold",
    condition="of five scores: " + ", ".join(well)
    if 0 < len(well) < 5
    else "",
    check=tau[best].mean() > 0.3,
    format="+.2f",
)

# %% [markdown]
# The advice: article D wishes that the strategy be chosen for each task.
# The wish is granted if `recommend` surely loses less than each of the
# four who always say the same (Holm over four; six tasks are six cases).

# %%
saved = {
    rule: runs - lost["recommend"]
    for rule, runs in lost.items()
    if rule != "recommend"
}
fixed = {r: s for r, s in saved.items() if r != "validation"}
judged = experiments.judge_each(fixed)
beaten = [rule for rule, one in judged.items() if one.word == "more"]
asked = judge(saved["validation"], margin=draw.POINT)
fair = asked.word in ("more", "equal")
claim(
    "D5/strategy",
    "a strategy that is chosen for each task before training loses less than "
    "any that is always the same, and as little as validation (points saved "
    "on six tasks that the rule was not made on; the effect is against "
    "validation)",
    source="article",
    refuted_by="a fixed strategy that does not surely lose more (Holm, 5 %), "
    "or validation better by what may be more than a point",
    control="four fixed strategies, and validation, on the same labels",
    **experiments.over_seeds(saved),
    effect=saved["validation"].mean(),
    interval=asked.interval,
    verdict="holds"
    if len(beaten) == 4 and fair
    else "holds narrowly"
    if beaten
    else "does not hold",
    condition="less than "
    + ", ".join(beaten)
    + ("" if fair else "; not shown to lose as little as validation")
    if beaten and not (len(beaten) == 4 and fair)
    else "",
    check=lost["recommend"].mean() < 0.2,
    format="+.1%",
)
