# %% [markdown]
# # 22 · Evidence: several tasks at once
#
# [Lesson 22](../22_several_tasks.py) gives one body three heads. Here is
# how its table was made, every pair of tasks, more drawings, and what
# weights that are learnt are worth.
#
# ## How the table was made
#
# A hundred characters, twenty-five of each of four scripts. Of each drawing
# three things are asked: which character it is (`class`, one of 100),
# which `script` (one of four), and how much `ink` is on it: the mean
# brightness, brought to mean 0 and standard deviation 1 over the drawings
# that are learnt from.
#
# All networks are the same: the body of `glyph_conv` and three heads, the
# same initial weights and batches for the same seed. They differ in which
# losses count. What is not asked has weight 0, and its head stays as it
# was. So *one task alone* is no smaller network and has no fewer steps:
# 400 of 64 drawings, Adam at 2e-3 along a cosine. That is the rate that
# the published networks were trained with; nothing was tuned for this
# lesson. (The three numbers that weigh the tasks, where they are learnt,
# have a rate of 5e-2: with 2e-3 they could hardly move in 400 steps.)
#
# Forty drawings of each character were made. Every seed draws four or
# twenty of them to learn from, and ten others to be tested on.

# %%
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

draw = figures(22)
KINDS = {"class": "class", "script": "class", "ink": "value"}


def drawings(per_class, seed):
    glyphs = data.glyphs(240, 40, seed=22)
    return draw.drawings(glyphs, data.script_of, per_class, seed)


def learn(asked, per_class, seed):
    """A network that was asked some of the tasks, "class+ink"."""
    rng = np.random.default_rng([seed, 22])
    body = transfer.strip_head(zoo.glyph_conv(1, generator=rng))
    outputs = {"class": 100, "script": 4, "ink": 1}
    net = transfer.TaskHeads(body, 128, outputs, generator=rng)
    tasks = asked.removesuffix(", learnt").split("+")
    if asked.endswith("learnt"):
        loss = transfer.TaskLoss(net, KINDS, learnt=True)
        net.loss = loss
    else:
        weights = {task: float(task in tasks) for task in KINDS}
        loss = transfer.TaskLoss(net, KINDS, weights=weights)
    known, _ = drawings(per_class, seed)
    parts = {"body and heads": [], "weights of tasks": []}
    for name, p in net.named_parameters():
        part = (
            "weights of tasks"
            if "log_var" in name
            else "body and heads"
        )
        parts[part].append((name, p))
    rates = {"body and heads": 2e-3, "weights of tasks": 5e-2}
    groups = [
        {"params": these, "lr": rates[part]}
        for part, these in parts.items()
        if these
    ]
    train.fit(
        net,
        known,
        loss=loss,
        optimizer=optim.Adam(groups),
        schedule=optim.CosineAnnealingLR,
        steps=400,
        batch_size=64,
        generator=rng,
    )
    return net


def measure(asked, per_class, seed):
    net = learn(asked, per_class, seed)
    _, (x, y) = drawings(per_class, seed)
    found = draw.scores(net.split(train.predict(net, x)), y)
    return {task: round(score, 5) for task, score in found.items()}


# %% [markdown]
# Of `class` and `script` the share of right answers is measured, of `ink`
# the share of its variance that is explained ($R^2$; below 0 is worse
# than saying the mean). The table takes eight minutes of one core. To
# measure it anew delete `lessons/results/tasks.csv` and say
#
#     python lessons/evidence/22_several_tasks.py --full

# %%
ASKED = (
    "class",
    "script",
    "ink",
    "class+script",
    "class+ink",
    "script+ink",
    "class+script+ink",
    "class+script+ink, learnt",
)
CELLS = experiments.grid(
    seed=range(5), per_class=(4, 20), asked=ASKED
)
table = experiments.stored("tasks", measure, CELLS)
agreement = experiments.measure_again(
    table,
    measure,
    "script",
    asked="class+script+ink, learnt",
    per_class=4,
    seed=0,
)
print(agreement)
assert agreement.agrees

# %%
for size in (4, 20):
    print(f"{size} drawings each: mean ± deviation over seeds")
    print(" " * 28 + "".join(f"{task:17}" for task in draw.TASKS))
    for asked in ASKED:
        told = []
        for task in draw.TASKS:
            values = table.values(task, asked=asked, per_class=size)
            on = task in asked.split(", ")[0].split("+")
            cell = f"{values.mean():.3f} ± {values.std(ddof=1):.3f}"
            told.append(f"{cell if on else 'not asked':17}")
        print(f"  {asked:26}" + "".join(told))

# %% [markdown]
# ## Learnt weights
#
# With equal weights a task counts by the size of its loss, and that is an
# accident of units: had ink been measured in other ones, it would count
# for more or for less. Kendall, Gal and Cipolla (2018) let the network
# learn a number $s$ for each task, and let the task count with
# $L e^{-s} + s/2$. At its best $e^{-s}$ is $1/(2L)$: the smaller a loss
# has become, the more it counts.

# %%
plots.show(draw.weights(table), "22_weights")

# %%
net = learn("class+script+ink, learnt", 4, 0)
for task, s in zip(
    draw.TASKS, net.loss.log_variance.tolist(), strict=True
):
    print(f"{task:7} ends with weight {np.exp(-s):.1f}")

# %% [markdown]
# The weight of ink has run away. Its loss has almost no floor, and
# $1/(2L)$ has no ceiling. So the network ends as one mainly for ink, and
# the class pays most. All this hangs on how quickly the weights may
# move. We first gave them the rate of everything else, 2e-3. Then they
# hardly moved within 400 steps, and over four seeds the mean differences
# from equal weights all lay within the grey band (that run is not in the
# table).
#
# ## What the numbers say
#
# Every pair and every size, all at once: twelve comparisons of a task in
# company with the task alone.

# %%
pairs = {
    f"{task} beside {other}, {size}": draw.gain(
        table, asked, task, size
    )
    for size in (4, 20)
    for asked in ASKED[3:6]
    for task in asked.split("+")
    for other in asked.split("+")
    if task != other
}
judged = judge_each(pairs)
gain = [name for name, one in judged.items() if one.word == "more"]
loss = [name for name, one in judged.items() if one.word == "less"]
print("gain:", *(gain or ["none"]), sep="\n  ")
print("loss:", *(loss or ["none"]), sep="\n  ")
claim(
    "B6/interference",
    "tasks on one body also stand in each other's way: in some pair one "
    "does worse than alone (points, or R²)",
    source="ours",
    refuted_by="no loss in twelve comparisons of pairs (Holm, 5 %)",
    control="the same network asked that task alone",
    **experiments.over_seeds(
        {
            n: pairs[n]
            for n in sorted(pairs, key=lambda n: pairs[n].mean())[:3]
        }
    ),
    effect=min(v.mean() for v in pairs.values()),
    interval=judge(min(pairs.values(), key=np.mean)).interval,
    verdict="holds" if loss else "does not hold",
    check=max(v.mean() for v in pairs.values()) > 0,
    format="+.3f",
)

# %% [markdown]
# The last sentence was to be refuted, in our first words, by "no
# difference with 4 or with 20 drawings". Once the table was known we said
# more clearly that it takes both: one of the two is enough for
# "narrowly". Neither is sure (Holm), so the verdict is the same.

# %%
related = {
    f"script beside {other}, {size}": draw.gain(
        table, asked, "script", size
    )
    for size in (4, 20)
    for other, asked in (
        ("class", "class+script"),
        ("ink", "script+ink"),
    )
}
apart = {
    size: related[f"script beside class, {size}"]
    - related[f"script beside ink, {size}"]
    for size in (4, 20)
}
wins = {
    f"{size} drawings of each": one.word == "more"
    for size, one in judge_each(apart).items()
}
claim(
    "B6/related",
    "a task gains more by the company of one that is related: script "
    "beside class rather than beside ink (points)",
    source="ours",
    refuted_by="no difference for it with 4, and none with 20 (Holm)",
    control="the unrelated task as company",
    **experiments.over_seeds(related),
    effect=apart[4].mean(),
    interval=judge(apart[4]).interval,
    **experiments.over_cases(wins),
    check=apart[4].mean() > -0.05,
    format="+.1%",
)
