# %% [markdown]
# # 28 · Evidence: mismatch
#
# [Lesson 28](../28_mismatch.py) reads digits that were taken otherwise
# than those a network learnt from. Here is how its table was made, how
# the methods were set, what labels would have been worth, and when each
# method harms.
#
# ## How the table was made
#
# The *source*: 4,000 labelled digits of MNIST's pool. The *target*: 1,000
# other digits of the pool, altered, without labels, and for the judgement
# the 4,000 test digits, altered alike. Of the digits of the second
# scanner (UCI) it is 1,000 and 600. So no picture serves twice.
#
# | target | what is done |
# |---|---|
# | `shifted` | four dots to the right and four down |
# | `noisy` | speckles of standard deviation 0.5 |
# | `inverted` | dark for bright, as on a negative |
# | `thickened` | strokes a dot fatter on each side |
# | `second scanner` | other people, other paper, 8 × 8 dots |
# | `unchanged` | nothing: a method should do no harm here |
# | `five digits` | nothing, but only 0 to 4 occur, in target and test |
#
# The last one is there because the methods *assume* something: that both
# sides show the same mixture of classes. Who makes the features of five
# digits look like those of ten asks for a mistake.
#
# The network is `glyph_conv` with batch norm, trained for 300 steps on the
# source. Each method starts from there.

# %%
from functools import cache

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
from minitransfer.course import claim, figures
from minitransfer.experiments import judge, judge_each

draw = figures(28)


@cache
def learnt(seed):
    """The state of a network that has learnt the source."""
    rng = np.random.default_rng([seed, 28])
    net = zoo.glyph_conv(10, batch_norm=True, generator=rng)
    train.fit(
        net,
        data.mnist("pool")[:4000],
        optimizer=optim.Adam(net.parameters(), lr=2e-3),
        schedule=optim.CosineAnnealingLR,
        steps=300,
        batch_size=64,
        generator=rng,
    )
    return {k: v.array.copy() for k, v in net.state_dict().items()}


def both_parts(target, seed):
    """Unlabelled digits to adapt to, and digits to be judged by."""
    if target == "second scanner":
        return [
            data.uci_digits(part, size=28)
            for part in ("pool", "test")
        ]
    parts = data.mnist("pool")[4000:], data.mnist("test")
    if target == "five digits":
        return [part[part.y < 5] for part in parts]
    if target == "unchanged":
        return parts
    return [
        data.altered(part, target, seed=2 * seed + k)
        for k, part in enumerate(parts)
    ]


# %% [markdown]
# | method | what it does with the unlabelled digits |
# |---|---|
# | `counted` | counts the mean and variance of batch norm anew |
# | `entropy` | then trains batch norm until the answers are sure |
# | `coral` | trains on the source, features alike in covariance |
# | `mmd` | trains on the source, features alike in distribution |
# | `adversary` | trains on the source, features that fool an adversary |
# | `labels` | is told the 1,000 labels: what could be had (a bound) |
#
# The last three methods contain the first: each side is normalised by
# its own batch, and in the end batch norm is counted anew. So what they
# *add* is seen against `counted`.
#
# How strong should each be? Whoever adapts has no labels of the target to
# choose by. So the settings were chosen on other alterations than the
# tested ones, digits of the part "validation" that were turned by 35
# degrees, faded or blurred, with one network: entropy at a rate of 1e-2
# for 30 steps (of 1e-3 and 1e-2, 30 and 100), CORAL with weight 10 (of 1,
# 10, 100), MMD with 10 (of 0.5, 2, 10), the adversary with 0.3 (of 0.1,
# 0.3, 1). Then they were left alone.

# %%
ALIGNED = {"coral": 10.0, "mmd": 10.0, "adversary": 0.3}


def adapted(method, seed, unlabelled):
    """A network that has learnt the source, and then this."""
    rng = np.random.default_rng([seed, 1])
    net = learnt_network(seed)
    if method == "counted":
        transfer.adapt_batch_norm(net, unlabelled)
    elif method == "entropy":
        transfer.minimize_entropy(
            net, unlabelled, lr=1e-2, steps=30, generator=rng
        )
    elif method in ALIGNED:
        transfer.align(
            net,
            data.mnist("pool")[:4000],
            unlabelled,
            method,
            weight=ALIGNED[method],
            steps=100,
            batch_size=48,
            generator=rng,
        )
    elif method == "labels":
        transfer.fine_tune(net, unlabelled, "all", generator=rng)
    return net


def learnt_network(seed):
    net = zoo.glyph_conv(10, batch_norm=True)
    net.load_state_dict(learnt(seed))
    return net


def measure(target, seed):
    unlabelled, test = both_parts(target, seed)
    found = {}
    for method in draw.MEASURED:
        net = adapted(method, seed, unlabelled)
        right = train.evaluate(net, test)["accuracy"]
        found[method] = round(right, 5)
    return found


# %% [markdown]
# The table takes eight minutes of one core. To measure it anew delete
# `lessons/results/mismatch.csv` and say
#
#     python lessons/evidence/28_mismatch.py --full

# %%
TARGETS = (*draw.ALTERED, *draw.CONTROLS)
CELLS = experiments.grid(seed=range(5), target=TARGETS)
table = experiments.stored("mismatch", measure, CELLS)
agreement = experiments.measure_again(
    table, measure, "counted", target="noisy", seed=0
)
print(agreement)
assert agreement.agrees

# %%
print("right, mean ± deviation over five networks (%)")
print(" " * 14 + " ".join(f"{m:>9}" for m in draw.MEASURED))
for target in TARGETS:
    told = [
        100 * table.values(m, target=target) for m in draw.MEASURED
    ]
    cells = [f"{v.mean():.1f}±{v.std(ddof=1):.1f}" for v in told]
    print(f"{target:14}" + " ".join(f"{cell:>9}" for cell in cells))

# %%
print("share of what labels would bring that comes back")
for target in draw.ALTERED:
    told = [
        f"{m} {draw.recovered(table, target, m):z4.0%}"
        for m in draw.METHODS
    ]
    print(f"{target:15}" + "  ".join(told))

# %% [markdown]
# ## Every method on every target
#
# The whiskers are 95 % intervals over five networks, each with digits of
# its own noise. The grey band is a point, the difference that would not
# matter.

# %%
picture = draw.beyond(table, draw.ALTERED, draw.METHODS)
plots.show(picture, "28_every_method")
picture = draw.beyond(table, draw.CONTROLS, draw.METHODS)
plots.show(picture, "28_controls")

# %% [markdown]
# ## What training adds to counting
#
# Four of the methods train something and count anew as well. Against
# counting alone:

# %%
TRAINED = draw.METHODS[1:]
picture = draw.beyond(table, draw.ALTERED, TRAINED, "counted")
plots.show(picture, "28_beyond_counting")

# %% [markdown]
# MMD adds much where much was lost, and CORAL something. Entropy and the
# adversary, on average over the targets, take away from what counting had
# brought, and scatter: some of their five networks got much worse, others
# not. (Others have had more from an adversary, with larger networks and
# longer training. Ours had a hundred steps, and a setting that was chosen
# on other alterations.)
#
# ## What the numbers say
#
# Both sentences speak of several cases. That half of them are enough for
# "holds narrowly" is the rule of all lessons, and younger than this table:
# by the words we had first, one case that fails refutes, and neither holds.

# %%
counted = {t: draw.gains(table, t, "counted") for t in draw.ALTERED}
judged = judge_each(counted, margin=draw.POINT)
better = {t: one.word == "more" for t, one in judged.items()}
claim(
    "D6/counting",
    "counting mean and variance anew is enough to recover something of "
    "every mismatch",
    source="ours",
    refuted_by="no gain on three of five altered targets (Holm, 5 %); "
    "narrowly, if on one or two",
    control="the same network, not adapted",
    **experiments.over_seeds(counted),
    effect=counted["shifted"].mean(),
    interval=judge(counted["shifted"]).interval,
    **experiments.over_cases(better),
    check=counted["noisy"].mean() > 0.2,
    format="+.1%",
)
for target, one in judged.items():
    print(f"{target:15}{one.word}")

# %%
added = {
    f"{draw.NAMES[m]}, {t}": draw.gains(table, t, m, "counted")
    for m in TRAINED
    for t in draw.ALTERED
}
judged = judge_each(added, margin=draw.POINT)
more = [name for name, one in judged.items() if one.word == "more"]
less = [name for name, one in judged.items() if one.word == "less"]
average = {
    draw.NAMES[m]: np.mean(
        [draw.gains(table, t, m, "counted") for t in draw.ALTERED],
        axis=0,
    )
    for m in TRAINED
}
adds = {n: j.word == "more" for n, j in judge_each(average).items()}
claim(
    "D6/training",
    "training on unlabelled pictures adds to counting anew (points beyond "
    "it, mean over five altered targets)",
    source="ours",
    refuted_by="three methods of four whose mean over the five targets does "
    "not lie above counting's (Holm, 5 %); narrowly, if one or two",
    control="batch norm counted anew, nothing trained",
    **experiments.over_seeds(average),
    effect=average["MMD"].mean(),
    interval=judge(average["MMD"]).interval,
    **experiments.over_cases(adds),
    check=average["MMD"].mean() > 0.05,
    format="+.1%",
)
print("more:", *more, sep="\n  ")
print("less:", *(less or ["none"]), sep="\n  ")
