# %% [markdown]
# # 13 · Which layer carries over?
#
# **The question.** Which layers of a network can be carried from task to
# task, the first or the last? One article says the first, for they see
# edges, and edges are everywhere. Another says the last, for the deepest
# thoughts are the most general.
#
# This lesson sets claim A4 against claim C7; the page of
# [sources](sources.md) says who the articles are.
#
# ## Two pictures of depth
#
# Article C looks at the network from below. The first layer finds edges,
# the second joins edges into corners, the third finds curves and simple
# shapes. A cat is made of edges, a digit is made of edges. What comes
# later is more and more about cats. So what is early is what everybody
# can use.
#
# Article A looks from above. Near the input everything is peculiar: this
# ear, that spot, this light. The peculiar hides what things share. Each
# layer forms its concepts from those of the layer below and leaves some
# of the peculiar behind. Very deep, the concepts are as general as those
# of a philosopher, and *these* can be carried over. What is left to be
# learnt is what two tasks do not share.
#
# Both sound right. Can both be right? An experiment can tell, and it is a
# simple one. Yosinski and others did it first, in 2014: copy the first
# $k$ layers, hold them, start all the others fresh, and train those on
# the new task. With $k = 0$ nothing is borrowed. With $k = 4$ only the
# head is new. If C is right, the gain comes from the first layers, and
# the later ones add nothing or do harm. If A is right, the more layers
# the better.
#
# ## Near, farther, alien
#
# What is the new task? That will turn out to be the point. We take three.
# Handwritten digits are *near* to printed characters: ink, strokes,
# bends. Silhouettes of animals are *farther*: still shapes on paper, but
# no strokes. And *alien* are digits whose 784 pixels were shuffled,
# always in the same order. Whoever looks at single pixels finds in them
# all that was in the digits. Whoever looks for strokes finds none.

# %%
import numpy as np

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


def shuffled(part):
    """The digits, their dots shuffled: in all parts in one order."""
    return data.mnist(part).permuted(np.random.default_rng(5))


TARGETS = {
    "digits": data.mnist,
    "animals": data.animal_shapes,
    "shuffled digits": shuffled,
}
characters = data.glyphs(1000, 2, seed=zoo.HELD_OUT_SEED)
sheets = {"characters (source)": characters}
sheets |= {name: load("pool") for name, load in TARGETS.items()}
figure, axes = plots.figure(
    "One source and three tasks: near, farther, alien",
    columns=4,
    height=2.3,
    width=6.5,
)
for ax, (name, pictures) in zip(axes, sheets.items(), strict=True):
    border = ((0, 0), (1, 1), (1, 1))  # grey lines between pictures
    nine = np.pad(pictures.x[:9, 0], border, constant_values=70)
    rows = nine.reshape(3, 3, 30, 30)
    ax.imshow(
        np.vstack([np.hstack(list(r)) for r in rows]), cmap="gray_r"
    )
    ax.set(xticks=[], yticks=[], xlabel=name)
plots.show(figure, "13_three_tasks")

# %% [markdown]
# ## Copy the first k layers
#
# In code: build a fresh network, copy layers from the published one, and
# freeze what was copied. The control does the same without copying: its
# first $k$ layers are frozen at random values. It tells apart what comes
# from knowledge and what from having fewer layers to train.


# %%
def partly_copied(network, origin, frozen, rng):
    build = zoo.ARCHITECTURES[network.replace("-", "_")]
    model = build(10, generator=rng)
    if origin == "copied":
        mine = transfer.weight_layers(model)
        theirs = transfer.weight_layers(zoo.load(network))
        for k in range(frozen):
            old, new = theirs[k].modules[0][1], mine[k].modules[0][1]
            new.load_state_dict(old.state_dict())
    return transfer.freeze_to(model, frozen)


def learn(network, target, origin, frozen, seed):
    pool, test = TARGETS[target]("pool"), TARGETS[target]("test")
    examples = pool.sample(200, np.random.default_rng(seed))
    rng = np.random.default_rng([seed, frozen])
    model = partly_copied(network, origin, frozen, rng)
    if frozen == 0:
        transfer.fine_tune(model, examples, "all", generator=rng)
    elif frozen == 4:
        transfer.fine_tune(model, examples, "head", generator=rng)
    else:  # "head" is all that is not frozen
        transfer.fine_tune(
            model, examples, "head", lr=1e-3, steps=200, generator=rng
        )
    accuracy = train.evaluate(model, test)["accuracy"]
    return {"accuracy": round(accuracy, 6)}


# %% [markdown]
# Every run has 200 labelled examples. Steps and rates are the defaults of
# these lessons: 200 steps at 0.001 where several layers learn, 400 at
# 0.005 where it is the head alone.
#
# **Predict before you run.** Draw three curves over $k = 0 \ldots 4$: for
# the digits, the animals and the shuffled digits. Where do they rise, and
# where do they fall?
#
# All runs together take too long for a lesson, so they are stored. To
# measure them anew, delete `lessons/results/layers.csv` and say
#
#     python lessons/13_which_layer.py --full
#
# A slice is measured again here.

# %%
COPIED, FROZEN = range(5), range(1, 5)
SEEDS = {"glyph-mlp": 5, "glyph-conv": 3}


def cells(network, target):
    fixed = {"network": [network], "target": [target]}
    seeds = range(SEEDS[network])
    return [
        *experiments.grid(
            **fixed, origin=["copied"], frozen=COPIED, seed=seeds
        ),
        *experiments.grid(
            **fixed, origin=["random"], frozen=FROZEN, seed=seeds
        ),
    ]


NETWORKS = {
    "glyph-mlp": "five plain layers",
    "glyph-conv": "convolutional",
}
CELLS = [c for n in NETWORKS for t in TARGETS for c in cells(n, t)]
table = experiments.stored("layers", learn, CELLS)
for target in ("digits", "shuffled digits"):
    agreement = experiments.measure_again(
        table,
        learn,
        "accuracy",
        network="glyph-mlp",
        target=target,
        seed=0,
    )
    print(agreement)
    assert agreement.agrees


# %%
def runs(network, target):
    """Copied and random curves over k; both begin with scratch."""
    fixed = {"network": network, "target": target}
    _, copied = table.curve(
        "accuracy", over="frozen", origin="copied", **fixed
    )
    _, random = table.curve(
        "accuracy", over="frozen", origin="random", **fixed
    )
    return copied, np.hstack([copied[:, :1], random])


for network in NETWORKS:
    print(f"{NETWORKS[network]:18} k = 0     1     2     3     4")
    for target in TARGETS:
        for name, values in zip(
            ("copied", "random"), runs(network, target), strict=True
        ):
            row = " ".join(f"{v:5.1%}" for v in values.mean(0))
            print(f"  {target:16}{name}  {row}")


# %%
def picture(network, title):
    figure, axes = plots.figure(
        title, columns=3, width=7.5, height=3.2, sharey=True
    )
    for ax, target in zip(axes, TARGETS, strict=True):
        copied, random = runs(network, target)
        lines = zip(
            (random, copied),
            ("random", "copied"),
            ("grey", plots.COLOURS[0]),
            strict=True,
        )
        for values, name, colour in lines:
            mean, sd = values.mean(0), values.std(0, ddof=1)
            ax.fill_between(
                range(5),
                100 * (mean - sd),
                100 * (mean + sd),
                color=colour,
                alpha=0.2,
                linewidth=0,
            )
            ax.plot(100 * mean, "o-", color=colour, markersize=4)
            if ax is axes[0]:
                ax.text(
                    4,
                    100 * mean[4] + (-7 if name == "random" else 3),
                    name,
                    ha="right",
                    color=colour,
                )
        ax.axhline(
            100 * copied[:, 0].mean(), color="black", ls=":", lw=1
        )
        ax.set_title(target, fontsize=11)
        ax.set(
            xticks=range(5), xlabel="layers held, k", ylim=(35, 103)
        )
        ax.grid(axis="y")
    scratch = 100 * runs(network, "shuffled digits")[0][:, 0].mean()
    axes[2].text(4, scratch + 2, "scratch", ha="right")
    axes[0].set_ylabel("right on unseen images (%)")
    return figure


def ends(network, target):
    copied, _ = runs(network, target)
    return copied[:, 4] - copied[:, 0]


def gains(network):
    """What four copied layers are worth, in words for a title."""
    near, alien = (
        f"{100 * ends(network, target).mean():+.0f}".replace("-", "−")
        for target in ("digits", "shuffled digits")
    )
    return f"{near} points on digits, {alien} on shuffled ones"


figure = picture(
    "glyph-mlp", f"Four layers copied: {gains('glyph-mlp')}"
)
plots.show(figure, "13_plain")

# %% [markdown]
# Blue is copied, grey is random, the dotted line is scratch; the bands
# are one standard deviation over seeds. Three tasks, three answers.
#
# *Digits.* The curve rises and stays up. The first two layers bring most
# of the gain; but the deepest can be had as well, and nothing is lost by
# taking them. So far article A is right.
#
# *Animals.* The first two layers help, and the later ones add nothing.
# That is article C's picture. (What the notch at $k = 3$ means, we shall
# find out.)
#
# *Shuffled digits.* Copying costs, and the more layers, the more. In the
# end the network does worse than one with *random* layers in the same
# places, grey in the picture. What was learnt is useless here, and in the
# way besides. A random layer keeps a bit of everything. A learnt one has
# learnt what to ignore, and here it ignores the wrong things.
#
# Look at grey once more. Random layers that are held cost accuracy in all
# three tasks: each of them loses something of the picture, and no layer
# above can bring it back. So what the copied layers *know* is not the
# distance from the dotted line to blue. It is that from grey to blue.

# %%
figure = picture(
    "glyph-conv", f"Convolutional: {gains('glyph-conv')}"
)
plots.show(figure, "13_conv")

# %% [markdown]
# The convolutional network says it more sharply. On animals three layers
# help a great deal, and the fourth gives most of it back: it is the first
# that sees the whole picture at once, and what it knows is how strokes
# make up a *character*. On digits the fourth neither adds nor takes. And
# on shuffled digits the first two layers do no harm and no good: they
# look at a few pixels at a time and know so little that random ones are
# as useful. Then comes the same fall as before.

# %%
figure, axes = plots.figure(
    "Copied knowledge helps two tasks and harms one"
)
knowledge = {}
for target in TARGETS:
    copied, random = runs("glyph-mlp", target)
    knowledge[target] = 100 * (copied - random)
plots.curves_with_spread(
    range(5),
    knowledge,
    "",
    "layers held, k",
    "copied − random (points)",
    axes=axes,
)
axes.axhline(0, color="black", linewidth=0.8)
axes.set_xticks(range(5))
plots.show(figure, "13_knowledge")

# %% [markdown]
# For digits and animals the distance grows from layer to layer. In part
# that is because grey falls: the deeper a random network, the less of the
# picture is left for the head. For the shuffled digits it is below zero
# at every depth.
#
# ## Is the notch real?
#
# On animals the plain network does worse with three layers held than with
# two or with four. In large networks others have seen such a notch in the
# middle of the curve, and explained it: neighbouring layers that were
# trained together are torn apart (Yosinski and others, 2014). Before we
# believe in the same reason, let us look for a simpler one. Our runs were
# not all trained alike. With $k = 3$, two layers had 200 steps at 0.001;
# with $k = 4$, one layer had 400 at 0.005. So now every $k$ from 1 on
# gets what the head got.
#
# **Predict.** Will the notch stay?


# %%
def alike(target, frozen, seed, labels=200):
    """Accuracy when all that is not held is trained as a head is."""
    pool, test = TARGETS[target]("pool"), TARGETS[target]("test")
    examples = pool.sample(labels, np.random.default_rng(seed))
    rng = np.random.default_rng([seed, frozen])
    model = partly_copied("glyph-mlp", "copied", frozen, rng)
    option = "head" if frozen else "all"
    transfer.fine_tune(model, examples, option, generator=rng)
    return train.evaluate(model, test)["accuracy"]


even = {}
for target in TARGETS:
    scratch = runs("glyph-mlp", target)[0][:, :1]
    held = [
        [alike(target, k, seed) for k in FROZEN]
        for seed in range(len(scratch))
    ]
    even[target] = np.hstack([scratch, held])
    row = " ".join(f"{v:5.1%}" for v in even[target].mean(0))
    print(f"  {target:16}trained alike  {row}")
before = runs("glyph-mlp", "animals")[0].mean(0)
now = even["animals"].mean(0)
gone = now[3] >= min(now[2], now[4])
figure = plots.curves_with_spread(
    range(5),
    {
        "trained alike": even["animals"],
        "as before": runs("glyph-mlp", "animals")[0],
    },
    "Animals: trained alike, the notch is "
    + ("gone" if gone else "still there"),
    "layers held, k",
    "right on unseen images",
    percent=True,
)
figure.axes[0].set_xticks(range(5))
plots.show(figure, "13_notch")

# %% [markdown]
# It was the training. Two fresh layers on top of three were not done
# after 200 small steps. Nothing in the first picture could have told us:
# a difference in training looks just like a difference between layers.
# What we said of the three tasks stands, and reads more plainly from the
# even curves. On digits all layers are worth having. On animals the first
# two or three help, and the last one costs a little. On shuffled digits
# each one costs. Of a dip like that of the large networks we see nothing;
# ours may be too small for it.
#
# ## The verdict
#
# Both articles are right in part, and each leaves out the half that the
# other one sees. What layers know grows with depth: that is A's point.
# But what the deep layers know is more and more about *tasks like the
# first one*: that is C's. A philosopher's concepts are general within the
# world that he has thought about. Carried to digits, they hold. Carried
# to animals, the simple ones hold better than the deep ones. Carried to a
# world where pixels have no neighbours, they mislead, and the edges are
# no help either: there are none.
#
# So before you ask *which layers*, ask *how near*. For a near task take
# them all. For a farther one take the first few, and let some images that
# are kept for choosing say how many. For an alien one take none.
#
# ## Try it
#
# 1. Call `alike` with `labels=2000`, for each task and each $k$.
# 2. Do not hold what was copied: use option `"all"` for every $k$.
# 3. Shuffle less: swap each pixel with one of its neighbours only. Then
#    shuffle within blocks of 2×2 pixels, of 4×4, of 7×7.
#
# <details><summary>What you will see</summary>
#
# 1. On digits the curve is flat from $k = 1$ on, a little above scratch:
#    the first layer is still worth having, the others are by now as well
#    learnt as borrowed. On animals the first two help a little and the
#    last ones harm. On shuffled digits the fall is as deep as before.
# 2. Most of the harm disappears: layers that may learn repair what does
#    not fit. The gain on digits stays nearly whole.
# 3. With neighbours, or 2×2, hardly anything happens. A frayed stroke is
#    a stroke. With 4×4 the gain is nearly gone, with 7×7 copying harms.
#    Between those sizes a stroke stops being a stroke.
#
# </details>
#
# ## What the numbers say

# %%
near, alien = (
    {n: ends(n, target) for n in NETWORKS}
    for target in ("digits", "shuffled digits")
)
first = {
    t: np.subtract(*runs("glyph-mlp", t)[0].T[[1, 0]])
    for t in TARGETS
}
claim(
    "A4",
    "the deepest layers are the most general: copying four of five beats "
    "copying none (digits, 200 labels)",
    measured={NETWORKS[n]: v.mean() for n, v in near.items()},
    spread={NETWORKS[n]: v.std(ddof=1) for n, v in near.items()},
    seeds=min(SEEDS.values()),
    effect=near["glyph-mlp"].mean(),
    interval=intervals.mean(near["glyph-mlp"]),
    verdict=(
        "does not hold"
        if min(v.mean() for v in near.values()) <= 0
        else "holds narrowly"
        if max(v.mean() for v in alien.values()) < 0
        else "holds"
    ),
    condition=(
        "for a task of the same kind as the first"
        if min(v.mean() for v in near.values())
        > 0
        > max(v.mean() for v in alien.values())
        else ""
    ),
    check=min(v.mean() for v in near.values()) >= 0.02,
    format="+.1%",
)
claim(
    "A4/alien task",
    "on an alien task (shuffled digits) the deepest layers do harm",
    measured={NETWORKS[n]: v.mean() for n, v in alien.items()},
    spread={NETWORKS[n]: v.std(ddof=1) for n, v in alien.items()},
    seeds=min(SEEDS.values()),
    effect=alien["glyph-mlp"].mean(),
    interval=intervals.mean(alien["glyph-mlp"]),
    verdict=(
        "holds"
        if intervals.mean(alien["glyph-mlp"])[1] < 0
        else "does not hold"
    ),
    check=max(v.mean() for v in alien.values()) <= -0.15,
    format="+.1%",
)
harmed = [t for t, v in first.items() if intervals.mean(v)[1] < 0]
claim(
    "C7/first layer",
    "the first layer serves almost any task (copied and held, against "
    "none; five plain layers, 200 labels)",
    measured={t: v.mean() for t, v in first.items()},
    spread={t: v.std(ddof=1) for t, v in first.items()},
    seeds=SEEDS["glyph-mlp"],
    effect=first["animals"].mean(),
    interval=intervals.mean(first["animals"]),
    verdict="holds narrowly" if harmed else "holds",
    condition=f"not for {', '.join(harmed)}" if harmed else "",
    check=first["digits"].mean() > 0,
    format="+.1%",
)
