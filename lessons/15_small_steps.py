# %% [markdown]
# # 15 · Small steps for what is borrowed
#
# **The question.** Should a body that knows much and a head that knows
# nothing take the same steps, when both learn from the same few examples?
#
# This lesson mirrors claim B4 of article B, and adds what others have
# made of it since; the page of [sources](sources.md) says who the article
# is.
#
# ## The apprentice in the old workshop
#
# Into a workshop that has run well for twenty years comes an apprentice
# who knows nothing. On the first day nearly all he does is wrong. A
# foolish owner concludes that *everything* must change, and has the
# benches moved with every mistake of the boy. A wise one waits. Most of
# what goes wrong on the first day is the boy's, not the workshop's.
#
# The apprentice is the fresh head, and the workshop the borrowed body. In
# the first steps of training the errors come from the head. But the
# gradient does not know that: it tells every layer below to change as
# well, and the fewer examples there are, the less of what it says is
# worth following.
#
# Article B has two answers: **hold the borrowed layers still**, or **give
# them a smaller learning rate**. Others have come up since, and all say
# the same thing in different ways: what is borrowed should move less. We
# compare five of them with the bold way, one rate for all.
#
# | way | what happens to the body |
# |---|---|
# | fixed | nothing: option 1 of article C |
# | one rate | all layers learn alike: option 2 |
# | small rate | the body learns at a tenth of the head's rate |
# | by depth | each layer 2.6 times slower than the one above it |
# | from the top | first the head learns, then one layer more, and so on |
# | tied (L2-SP) | all learn alike, but a spring pulls each weight back |
#
# *By depth* and *from the top* are Howard and Ruder's (2018), the springs
# are Li and others' (2018): to the loss they add
# $\frac{\alpha}{2} \sum (w - w^*)^2$, where $w^*$ is where the weight was
# borrowed from.

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
from minitransfer.course import claim
from minitransfer.experiments import intervals


def fixed(net, digits, rng):
    transfer.fine_tune(net, digits, "head", generator=rng)


def one_rate(net, digits, rng):
    transfer.fine_tune(net, digits, "all", generator=rng)


def small_rate(net, digits, rng):
    transfer.fine_tune(
        net, digits, "all", body_lr=1e-4, generator=rng
    )


def by_depth(net, digits, rng):
    transfer.fine_tune(
        net, digits, "all", decay=1 / 2.6, generator=rng
    )


def from_the_top(net, digits, rng):
    stages = len(transfer.weight_layers(net))
    steps = 200 if len(digits) <= 200 else 300
    transfer.gradual_unfreezing(
        net,
        digits,
        steps=steps // stages,
        batch_size=min(64, len(digits)),
        generator=rng,
    )


def tied(net, digits, rng):
    loss = transfer.L2SP(net, alpha=0.1, beta=0.0)
    transfer.fine_tune(net, digits, "all", loss=loss, generator=rng)


WAYS = {
    "fixed": fixed,
    "one rate": one_rate,
    "small rate": small_rate,
    "by depth": by_depth,
    "from the top": from_the_top,
    "tied": tied,
}

# %% [markdown]
# The rates are those of the other lessons; the strength of the springs
# was chosen among 0.003, 0.03, 0.3 and 3 on images that serve for
# choosing only, with 50 and with 1,000 digits: weak springs are better
# for many digits, strong ones for few, and 0.1 lies between.
#
# ## Two things to measure
#
# The first is the accuracy on digits. The second is something that one
# looks at too rarely: what has become of the old skill? After the
# training on digits we put the *old head* back on the body, all thousand
# outputs of it, and ask it for characters again. If the body has moved to
# places that the old head does not know, the network has forgotten its
# first task. (Which output stands for which character, the network's card
# knows.) People call it **catastrophic forgetting**. Nothing warns of it:
# on the new task all looks well.

# %%
drawings = data.glyphs(1000, 2, seed=zoo.HELD_OUT_SEED)


def known_to(network):
    """Drawings of what a network knows, under its own numbers."""
    number = {c: k for k, c in enumerate(network.card["classes"])}
    names = [drawings.classes[label] for label in drawings.y]
    known = np.array([name in number for name in names])
    labels = [number[name] for name in names if name in number]
    return data.Dataset(drawings.x[known], labels, input_type="image")


def old_skill(network, tuned):
    """Accuracy on characters with the old head on the tuned body."""
    original = zoo.load(network)
    _, old_head = transfer.find_head(original)
    whole = transfer.append(transfer.strip_head(tuned), old_head)
    return train.evaluate(whole, known_to(original))["accuracy"]


def distance(network, tuned):
    """How far the body moved, as a share of its length."""
    old = transfer.strip_head(zoo.load(network)).parameters()
    new = transfer.strip_head(tuned).parameters()
    pairs = [
        (o.array, n.array) for o, n in zip(old, new, strict=True)
    ]
    moved = sum(float(((n - o) ** 2).sum()) for o, n in pairs)
    return (moved / sum(float((o**2).sum()) for o, _ in pairs)) ** 0.5


def learn(network, way, labels, seed):
    digits = data.mnist("pool").sample(
        labels, np.random.default_rng(seed)
    )
    rng = np.random.default_rng([seed, labels])
    net = transfer.replace_head(zoo.load(network), 10, generator=rng)
    WAYS[way](net, digits, rng)
    test = data.mnist("test")
    return {
        "accuracy": round(train.evaluate(net, test)["accuracy"], 6),
        "old_skill": round(old_skill(network, net), 6),
        "distance": round(distance(network, net), 6),
    }


# %% [markdown]
# **Predict before you run.** With two hundred digits, which way reads
# digits best? And which forgets most of the characters?
#
# The runs for 50, 200 and 1,000 digits are stored; to measure them anew,
# delete `lessons/results/small_steps.csv` and say
#
#     python lessons/15_small_steps.py --full

# %%
LABELS = (50, 200, 1000)
CELLS = [
    *experiments.grid(
        network=["glyph-mlp"], way=WAYS, labels=LABELS, seed=range(5)
    ),
    *experiments.grid(
        network=["glyph-conv"], way=WAYS, labels=[200], seed=range(3)
    ),
]
table = experiments.stored("small_steps", learn, CELLS)
agreement = experiments.measure_again(
    table, learn, "accuracy", network="glyph-mlp", labels=200, seed=0
)
print(agreement)
assert agreement.agrees


# %%
def values(column, way, labels, network="glyph-mlp"):
    return table.values(
        column, network=network, way=way, labels=labels
    )


untouched = values("old_skill", "fixed", 50)[0]
print("five plain layers     digits          characters       moved")
for labels in LABELS:
    print(f"{labels} labels")
    for way in WAYS:
        new = values("accuracy", way, labels)
        old = values("old_skill", way, labels)
        moved = values("distance", way, labels)
        print(
            f"  {way:14}{new.mean():8.1%} ±{new.std(ddof=1):5.1%}"
            f"{old.mean():11.1%} ±{old.std(ddof=1):5.1%}"
            f"{moved.mean():8.1%}"
        )
print("convolutional, 200 labels")
for way in WAYS:
    new = values("accuracy", way, 200, "glyph-conv")
    old = values("old_skill", way, 200, "glyph-conv")
    print(f"  {way:14}{new.mean():8.1%}{old.mean():18.1%}")

# %%
forgetful = values("old_skill", "one rate", 200).mean()
careful = values("old_skill", "small rate", 200).mean()
figure, (left, right) = plots.figure(
    f"Of {untouched:.0%} on characters one rate for all leaves "
    f"{forgetful:.0%}, small steps {careful:.0%}",
    columns=2,
    width=7,
    height=3.6,
    sharey=True,
)
for axes, column in ((left, "accuracy"), (right, "old_skill")):
    for k, labels in enumerate(LABELS):
        means = [100 * values(column, w, labels).mean() for w in WAYS]
        sds = [
            100 * values(column, w, labels).std(ddof=1) for w in WAYS
        ]
        axes.errorbar(
            means,
            np.arange(len(WAYS)) + 0.2 * (k - 1),
            xerr=sds,
            fmt="o",
            markersize=5,
            color=plots.COLOURS[k],
        )
        if axes is left:
            axes.text(
                means[0],
                -0.45,
                f"{labels}" + (" labels" if k == 0 else ""),
                ha="center",
                va="bottom",
                fontsize=9,
                color=plots.COLOURS[k],
            )
    axes.grid(axis="x")
    axes.locator_params(axis="x", nbins=6, integer=True)
left.set(
    yticks=range(len(WAYS)),
    yticklabels=WAYS,
    ylim=(len(WAYS) - 0.5, -0.9),
    xlabel="digits right (%)",
)
right.set(xlabel="characters right (%)", xlim=(0, None))
plots.show(figure, "15_six_ways")

# %% [markdown]
# Look at the left half first. With fifty digits *one rate* for all is the
# worst of the six, and by far; with two hundred it is a little behind;
# with a thousand it has caught up. The other five are within a point of
# each other each time. It hardly matters *how* one goes gently, as long
# as one does.
#
# The right half is more striking. The bold way has moved the body by less
# than a tenth of its length, and of the old skill only a fraction is
# left. The gentle ways keep most of it, and *fixed* all of it.
#
# ## How can so little do so much?
#
# Is a tenth of the length already too far? We move a body by lot: each
# matrix and each row of biases as far as *one rate* moved it, but in a
# random direction. **Predict.** How many characters will it still read?


# %%
def moved_by_lot(network, tuned, rng):
    """Move the parameters as far as in `tuned`, by lot."""
    other = zoo.load(network)
    body = transfer.strip_head(other).parameters()
    ends = transfer.strip_head(tuned).parameters()
    for start, end in zip(body, ends, strict=True):
        way = rng.standard_normal(start.shape).astype(np.float32)
        far = np.linalg.norm(end.array - start.array)
        start.data += way * (far / np.linalg.norm(way))
    return other


def features_moved(network, other):
    """How far the features of characters moved, in lengths."""
    known = known_to(zoo.load(network))
    old = train.predict(transfer.strip_head(zoo.load(network)), known)
    new = train.predict(transfer.strip_head(other), known)
    return np.linalg.norm(new - old) / np.linalg.norm(old)


adrift = {"one rate": [], "by lot": []}
for seed in range(3):
    digits = data.mnist("pool").sample(
        200, np.random.default_rng(seed)
    )
    rng = np.random.default_rng(seed)
    net = transfer.replace_head(
        zoo.load("glyph-mlp"), 10, generator=rng
    )
    one_rate(net, digits, rng)
    for name, other in (
        ("one rate", net),
        ("by lot", moved_by_lot("glyph-mlp", net, rng)),
    ):
        adrift[name].append(
            (
                distance("glyph-mlp", other),
                features_moved("glyph-mlp", other),
                old_skill("glyph-mlp", other),
            )
        )
for name, rows in adrift.items():
    weights, features, skill = np.mean(rows, 0)
    print(
        f"{name:9} weights moved by {weights:.1%},"
        f" features by {features:.0%}; characters {skill:.1%}"
    )

# %% [markdown]
# The same distance, and hardly anything is lost. So what counts is where
# the steps lead. Steps by lot cancel each other. The steps of a
# training run all serve one end; they add up from layer to layer, and
# what comes out on top, the features, ends at more than its own length
# from where it was. Lay every tool of a workshop an inch aside, each to
# a side of its own, and the old hands hardly notice. Push each an inch
# towards the apprentice's bench, room after room, and nobody else finds
# anything.
#
# ## Forgetting, step by step
#
# When does it happen? We train again, with a thousand digits, and stop
# every ten steps to ask for digits and for characters. (The rates stay
# the same here until the end, without the slow fall that `fine_tune`
# gives them.)


# %%
def watched(body_lr, seed, head_first=False, stops=10):
    digits = data.mnist("pool").sample(
        1000, np.random.default_rng(seed)
    )
    rng = np.random.default_rng(seed)
    net = transfer.replace_head(
        zoo.load("glyph-mlp"), 10, generator=rng
    )
    if head_first:
        transfer.fine_tune(net, digits, "head", generator=rng)
        transfer.unfreeze(net)
    groups = transfer.parameter_groups(net, body_lr, head_lr=1e-3)
    rule = optim.Adam(groups)
    scores = []
    for _ in range(stops + 1):
        test = train.evaluate(net, data.mnist("validation"))
        scores.append((test["accuracy"], old_skill("glyph-mlp", net)))
        train.fit(
            net, digits, optimizer=rule, steps=10, generator=rng
        )
    return scores


curves = {
    name: np.array([watched(rate, seed) for seed in range(3)])
    for name, rate in (("one rate", 1e-3), ("small rate", 1e-4))
}
steps = 10 * np.arange(11)
half = {
    name: steps[np.argmax(c[:, :, 1].mean(0) < untouched / 2)]
    for name, c in curves.items()
}
figure, axes = plots.figure(
    f"After {half['one rate']} steps half of the old skill is gone"
)
plots.curves_with_spread(
    steps,
    {
        "digits, one rate": curves["one rate"][:, :, 0],
        "characters, one rate": curves["one rate"][:, :, 1],
        "digits, small rate": curves["small rate"][:, :, 0],
        "characters, small rate": curves["small rate"][:, :, 1],
    },
    "",
    "steps of training on digits",
    "right",
    percent=True,
    axes=axes,
)
plots.show(figure, "15_forgetting")

# %% [markdown]
# Nearly all that is lost is lost in the first steps. That looks like the
# first day in the workshop: the head knows nothing yet, and the whole
# body is moved for its mistakes. If that is the reason, there is a test.
# Let the head learn its trade alone before the body may move, and then
# train everything at one rate, as boldly as before.
#
# **Predict.** How much of the old skill will be left this time?

# %%
curves["head first"] = np.array(
    [watched(1e-3, seed, head_first=True) for seed in range(3)]
)
print("after 100 steps")
for name, scores in curves.items():
    now, then = scores[:, -1].mean(0)
    print(f"  {name:11} digits {now:.1%}, characters {then:.1%}")

# %% [markdown]
# It is the reason for most of it. An apprentice who knows his trade
# before he may ask for changes asks for few. *From the top* does just
# that, with the other layers joining one by one.
#
# Look once more at the upper curves of the picture. The digits rise
# almost alike in both. Whoever looks only at the task at hand sees hardly
# a difference between the two training runs, and has lost in one of
# them what made the network worth borrowing.
#
# Does it matter? If the network is to read digits and nothing else: no.
# But a network that has forgotten what it knew cannot be the giant for
# the next one to stand on. And when few labels decide, what is kept is
# what helps.
#
# ## What to take away
#
# Few labels: hold the body, or let it take small steps; which of the
# gentle ways you choose hardly matters. Many labels, and only the new
# task counts: one rate for all does as well. If the old skill counts
# too, measure it, for nothing else will tell you that it is gone.
#
# ## Try it
#
# 1. Give `small_rate` a body that learns at `1e-5`. Which of the other
#    ways does it come to resemble?
# 2. Make the springs of `tied` a hundred times stronger, or weaker.
# 3. Turn *by depth* upside down: the lowest layer fastest. (Make the
#    groups by hand. `parameter_groups` gives them from input to output;
#    leave the last one, the head, at its rate.)
#
# <details><summary>What you will see</summary>
#
# 1. `fixed`. Holding still is the smallest of all steps. The old skill
#    stays whole. With a thousand digits it reads a little worse than all
#    six, for the head is slow as well; in `fixed` the head has five times
#    the rate.
# 2. Strong springs are like freezing. Weak ones are like one rate for
#    all, with few digits to the loss of both skills. Every one of these
#    ways has a knob that runs from option 1 to option 2; the good
#    settings lie between.
# 3. With fifty digits it reads them about a point worse than the right
#    way round, with more no worse. But at each number more of the old
#    skill goes. The lowest layers feed all others; when they move,
#    everything above hears another language.
#
# </details>
#
# ## What the numbers say

# %%
bold = {n: values("accuracy", "one rate", n) for n in LABELS}
still = {n: values("accuracy", "fixed", n) for n in LABELS}
gentle = {n: values("accuracy", "small rate", n) for n in LABELS}
gain = gentle[50] - bold[50]
never_worse = all(
    intervals.mean(gentle[n] - other[n])[1] >= 0
    for n in LABELS
    for other in (bold, still)
)
claim(
    "B4",
    "hold what is borrowed, or give it a smaller learning rate (50 "
    "labels; the effect is small rate against one rate)",
    measured={
        "fixed": still[50].mean(),
        "small rate": gentle[50].mean(),
        "one rate": bold[50].mean(),
    },
    spread={
        "fixed": still[50].std(ddof=1),
        "small rate": gentle[50].std(ddof=1),
        "one rate": bold[50].std(ddof=1),
    },
    seeds=len(gain),
    effect=gain.mean(),
    interval=intervals.mean(gain),
    verdict=(
        "does not hold"
        if intervals.mean(gain)[0] <= 0
        else "holds"
        if never_worse
        else "holds narrowly"
    ),
    condition=(
        "with few labels"
        if intervals.mean(gain)[0] > 0 and not never_worse
        else ""
    ),
    check=agreement.agrees and gain.mean() > 0,
    format=".1%",
)
others = ("by depth", "from the top", "tied")
against = {
    way: values("accuracy", way, 200) - gentle[200] for way in others
}
widest = max(against, key=lambda way: abs(against[way].mean()))
claim(
    "B4/how",
    "it matters little how one goes gently: by depth, from the top or "
    "tied, compared with one small rate (200 labels)",
    measured={way: v.mean() for way, v in against.items()},
    spread={way: v.std(ddof=1) for way, v in against.items()},
    seeds=len(gentle[200]),
    effect=against[widest].mean(),
    interval=intervals.mean(against[widest]),
    verdict=(
        "holds"
        if abs(against[widest].mean()) < 0.01
        else "does not hold"
    ),
    check=abs(against[widest].mean()) < 0.03,
    format="+.1%",
)
lost = untouched - values("old_skill", "one rate", 200)
kept = untouched - values("old_skill", "small rate", 200)
claim(
    "B4/forgetting",
    "trained at one rate, the network forgets its first task; in small "
    "steps it keeps most (points lost on characters, 200 labels)",
    measured={"one rate": lost.mean(), "small rate": kept.mean()},
    spread={
        "one rate": lost.std(ddof=1),
        "small rate": kept.std(ddof=1),
    },
    seeds=len(lost),
    effect=(lost - kept).mean(),
    interval=intervals.mean(lost - kept),
    verdict=(
        "holds"
        if intervals.mean(lost - kept)[0] > 0
        and kept.mean() < untouched / 2
        else "does not hold"
    ),
    check=lost.mean() > kept.mean(),
    format=".1%",
)
