# %% [markdown]
# # 17 · From kinds to values
#
# **The question.** A network has learnt to tell kinds of things apart.
# Now somebody wants a number, the worth of the thing. How much of what
# a network knows about kinds is of use for predicting numbers, and for
# which numbers is it not?
#
# This lesson mirrors article B, its recipe B2. The page of
# [sources](sources.md) says who the articles are.
#
# ## The boss comes in
#
# In the article a network has been trained for two days. It looks at a
# picture and says: a man, a woman, a pair of glasses. Then the boss comes
# in. He has thought about it. What he really wants is not the kind, it is
# what the thing in the picture is *worth*. And he wants it today.
#
# Two days of training do not fit into what is left of today. So the
# network keeps all that it understands of pictures, and loses only its
# last layer, the one that answers with kinds. In its place comes a layer
# with a single output that answers with a value. Only that is trained,
# and everybody goes home in time.
#
# We do the same. Our network knows a thousand printed characters. The
# boss runs a store in which boxes are marked by hand with a digit, and
# every digit stands for a price:

# %%
import time

import numpy as np

import minitransfer.nn as nn
from minitransfer import data, plots, train, transfer, zoo
from minitransfer.course import claim
from minitransfer.experiments import intervals

PRICES = np.array([3, 9, 1, 7, 2, 8, 5, 10, 4, 6], np.float32)
for digit, price in enumerate(PRICES):
    print(
        f"box {digit}: {price:2.0f}",
        end="\n" if digit % 5 == 4 else "   ",
    )

# %% [markdown]
# Note that the prices are in no order. A 3 looks much like an 8 and costs
# nearly twice as much; nothing in the shape says so. To name the price
# the network must know the digit.
#
# The boss has two more wishes, which sound easier. How much *ink* is on
# the box? (Ink costs money.) And how far do the strokes *slant*? (He
# wants to know who writes in a hurry.)


# %%
def price(digits):
    return PRICES[digits.y]


def ink(digits):
    """The mean grey of the picture, from 0 to 1."""
    return digits.x.mean((1, 2, 3), dtype=np.float64) / 255


def slant(digits):
    """How far the ink moves to the right for each dot upwards."""
    mass = digits.x[:, 0].astype(np.float64)
    mass /= mass.sum((1, 2), keepdims=True)
    place = np.arange(28)
    y = place - (mass.sum(2) @ place)[:, None]
    x = place - (mass.sum(1) @ place)[:, None]
    together = np.einsum("nij,ni,nj->n", mass, y, x)
    return -together / np.einsum("nij,ni->n", mass, y**2)


VALUES = {"price": price, "ink": ink, "slant": slant}
pool, test = data.mnist("pool"), data.mnist("test")
for name, value in VALUES.items():
    print(
        f"{name:6} {value(test).mean():5.2f} ± {value(test).std():.2f}"
    )

# %% [markdown]
# ## Kind out, value in
#
# A value is learnt with another loss: not how unlikely the right kind
# was, but how far off the number is, squared. So that three values with
# different units can be compared, the error is given as a share of their
# spread: 1.0 is what somebody reaches who says the mean whatever the
# picture; 0 is perfect.
#
# Three ways, all with a hundred labelled boxes. *From scratch* trains the
# whole network, for this very value. *New head, trained* is the boss's
# way: the body is frozen, a single output is trained with Adam. And since
# one layer with a squared error is an old acquaintance, least squares,
# there is a third: *new head, solved*. The best weights are written down
# in closed form, without a step of training:
#
# $$w = (X^\top X + \lambda I)^{-1} X^\top y$$
#
# $X$ are the features of the boxes and $y$ their values. The penalty
# $\lambda$ (a *ridge*) keeps the weights small, and how strong it should
# be, the hundred boxes say themselves: each is left out once and guessed
# from the others (*leave-one-out*).


# %%
STRENGTHS = 10.0 ** np.arange(-2, 3.5, 0.5)
FRESH = {"glyph-conv": zoo.glyph_conv, "glyph-mlp": zoo.glyph_mlp}


def error(guesses, wanted):
    """Root of the mean squared error, as a share of the spread."""
    off = np.asarray(guesses).reshape(-1) - wanted
    return np.sqrt((off**2).mean()) / wanted.std()


bodies = {name: transfer.strip_head(zoo.load(name)) for name in FRESH}
test_features = {n: train.predict(bodies[n], test) for n in bodies}


def solved(value, boxes, name, generator):
    features = train.predict(bodies[name], boxes)
    head = transfer.ridge_probe(features, value(boxes), STRENGTHS)
    return lambda: head.predict(test_features[name])


def trained(network, option, value, boxes, generator):
    middle, spread = value(boxes).mean(), value(boxes).std()
    targets = ((value(boxes) - middle) / spread).astype(np.float32)
    transfer.fine_tune(
        network,
        data.Dataset(boxes.x, targets[:, None], input_type="image"),
        option,
        loss=nn.MSELoss(),
        generator=generator,
    )
    return lambda: train.predict(network, test) * spread + middle


def new_head(value, boxes, name, generator):
    network = transfer.replace_head(zoo.load(name), 1, generator)
    return trained(network, "head", value, boxes, generator)


def from_scratch(value, boxes, name, generator):
    network = FRESH[name](1, generator=generator)
    return trained(network, "all", value, boxes, generator)


WAYS = {
    "new head, solved": solved,
    "new head, trained": new_head,
    "from scratch": from_scratch,
}


def measured(way, value, name, seed):
    """The error on 4,000 unseen boxes, and seconds of the processor."""
    boxes = pool.sample(100, np.random.default_rng(seed))
    start = time.process_time()
    answers = WAYS[way](
        value, boxes, name, np.random.default_rng(seed)
    )
    seconds = time.process_time() - start
    return error(answers(), value(test)), seconds


# %% [markdown]
# **Predict before you run.** For which of the values will the borrowed
# network with a new head be about as good as one that learns everything
# for this very value? Price needs the digit to be recognised. Ink is a
# plain average over the dots; a single layer on the raw picture computes
# it exactly. Rank the three before you look.

# %%
experiments = [("glyph-conv", "price", 3), ("glyph-conv", "ink", 3)]
experiments += [("glyph-mlp", name, 5) for name in VALUES]
for name in FRESH:  # so that no clock sees the kernels wake up
    few = data.Dataset(
        pool.x[:64], np.zeros((64, 1)), input_type="image"
    )
    network = FRESH[name](1)
    transfer.fine_tune(
        network, few, "all", loss=nn.MSELoss(), steps=2
    )
    measured("new head, solved", ink, name, 0)

errors, seconds = {}, {}
for name, value, seeds in experiments:
    print(f"{value}, {name}, {seeds} seeds: error and seconds")
    for way in WAYS:
        runs = [
            measured(way, VALUES[value], name, seed)
            for seed in range(seeds)
        ]
        key = name, value, way
        errors[key], seconds[key] = np.array(runs).T
        e, s = errors[key], seconds[key].mean()
        print(
            f"  {way:18} {e.mean():.3f} ± {e.std(ddof=1):.3f} {s:6.2f} s"
        )

# %% [markdown]
# The *hard* value is borrowed well: the price is as good as from scratch,
# or nearly, and it took next to no time. The *easy* ones are not. What
# a child sees at a glance, that there is more ink on this box than on
# that one, the learned body has trouble to say.
#
# It is not stupid. It is well brought up. The network was taught to call
# a fat A and a thin A by the same name, an upright A and a slanted A too.
# Each letter was drawn in every thickness and slant, and every time the
# right answer was the same. So it learnt to look through ink and slant,
# and what one looks through, one no longer sees.

# %%
figure, axes = plots.figure(
    "The price is borrowed well, ink and slant are not",
    height=0.9 + 0.72 * len(experiments),
)
labels = []
for row, (name, value, _) in enumerate(experiments):
    labels.append(f"{value}\n({name})")
    for k, way in enumerate(WAYS):
        runs, place = errors[name, value, way], row + 0.25 * (k - 1)
        colour = plots.COLOURS[(0, 5, 1)[k]]
        axes.barh(
            place, runs.mean(), height=0.2, color=colour, alpha=0.6
        )
        axes.plot(runs, np.full(len(runs), place), "k.", markersize=3)
        if row == 0:
            axes.text(0.02, place, way, va="center", fontsize=9)
axes.set_yticks(range(len(experiments)), labels)
axes.invert_yaxis()
axes.set_xlabel("error on unseen boxes, as a share of the spread")
plots.show(figure, "17_values")

# %%
table = {way: errors["glyph-conv", "price", way] for way in WAYS}
# The quickest run of each is the one that was disturbed least.
clock = {
    way: seconds["glyph-conv", "price", way].min() for way in WAYS
}
ratio = table["new head, solved"] / table["from scratch"]
times = {
    way: clock["from scratch"] / clock[way] for way in list(WAYS)[:2]
}
good = ratio.mean() <= 1.15 and min(times.values()) >= 5
claim(
    "B2",
    "a network that tells kinds apart names the value of each kind once "
    "its head is replaced: error as a share of the spread, 100 labels, "
    "conv net (the effect is the ratio of solved head to scratch)",
    measured={way: runs.mean() for way, runs in table.items()},
    spread={way: runs.std(ddof=1) for way, runs in table.items()},
    seeds=len(ratio),
    effect=ratio.mean(),
    interval=intervals.mean(ratio),
    format=".3f",
    verdict="holds" if good else "does not hold",
    check=good,
)
claim(
    "B2/time",
    "how many times less processor time the new head takes than the same "
    "network from scratch",
    measured=times,
    spread=None,
    seeds=len(ratio),
    format=".0f",
    unit="×",
    verdict="holds" if min(times.values()) >= 5 else "does not hold",
    check=min(times.values()) >= 5,
)

# %% [markdown]
# The article's recipe stands, with a condition that the article does not
# mention. It says that the understanding is kept. So it is; but to
# understand is also to have decided what does not matter.


# %%
def worse(name, value):
    """How many times the error of scratch, with the better new head."""
    heads = [errors[name, value, way] for way in list(WAYS)[:2]]
    best = min(heads, key=np.mean)
    return best / errors[name, value, "from scratch"]


for value, name in (("ink", "glyph-conv"), ("slant", "glyph-mlp")):
    ratio = worse(name, value)
    low, high = intervals.mean(ratio)
    least = 2.0 if value == "ink" else 1.0
    claim(
        f"B2/{value}",
        f"new head for the {value} of a digit on a body that was taught to "
        f"look through it: error compared with scratch ({name}, the better "
        "of both heads, 100 labels)",
        measured=ratio.mean(),
        spread=ratio.std(ddof=1),
        seeds=len(ratio),
        effect=ratio.mean(),
        interval=(low, high),
        unit="×",
        format=".2f",
        verdict="does not hold" if low > 1 else "holds",
        check=ratio.mean() >= least,
    )

# %% [markdown]
# ## With few labels: solve, don't train
#
# Why did the solved head do better than the trained one? A hundred boxes
# and more than a hundred features: Adam can fit the boxes exactly, chance
# included. The ridge is told by the boxes that were left out how far to
# trust them. And since it takes milliseconds we can afford a whole curve,
# over many draws, beside two controls: a ridge on the features of a body
# with *random* weights, and one on the bare *dots* of the picture (each
# the mean of four, 14×14 in all).

# %%
random_body = transfer.strip_head(
    zoo.glyph_conv(1, generator=np.random.default_rng(5))
)
seen = {
    "borrowed body": bodies["glyph-conv"],
    "random body": random_body,
    "dots": nn.Sequential(nn.AvgPool2d(2), nn.Flatten()),
}
store = pool[:2000]
known = {
    what: train.predict(body, store) for what, body in seen.items()
}
unseen = {
    what: train.predict(body, test) for what, body in seen.items()
}
rows = data.Dataset(np.arange(len(store)), store.y)
counts = (20, 50, 100, 200)


def curve(what, value, seed):
    errors = []
    for labels in counts:
        few = rows.sample(
            labels, np.random.default_rng([seed, labels])
        ).x
        probe = transfer.ridge_probe(
            known[what][few], value(store[few]), STRENGTHS
        )
        errors.append(error(probe.predict(unseen[what]), value(test)))
    return errors


curves = {
    value: {
        what: np.array(
            [curve(what, VALUES[value], s) for s in range(6)]
        )
        for what in seen
    }
    for value in ("price", "ink")
}
for value, runs in curves.items():
    print(f"{value}: error by the number of labels {counts}")
    for what, run in runs.items():
        print(f"  {what:14}", *(f"{e:.3f}" for e in run.mean(0)))

# %%
figure, axes = plots.figure(
    "The body knows the price, the dots know the ink",
    rows=2,
    height=5.6,
    sharex=True,
)
for axis, (value, runs) in zip(axes, curves.items(), strict=True):
    axis.set_ylim(0, 1.1)
    plots.curves_with_spread(
        counts,
        runs,
        value,
        "labelled boxes" if value == "ink" else "",
        "error / spread",
        log_x=True,
        axes=axis,
    )
    axis.set_xticks(counts, [str(count) for count in counts])
    axis.minorticks_off()
plots.show(figure, "17_few_labels")

few = counts.index(100)
gain = (
    curves["price"]["random body"] - curves["price"]["borrowed body"]
)[:, few]
interval = intervals.mean(gain)
claim(
    "B2/ridge",
    "a head solved in closed form on the borrowed body names the price "
    "better than one on a random body, 100 labels: errors, and by how much",
    measured={
        what: curves["price"][what][:, few].mean() for what in seen
    },
    spread={
        what: curves["price"][what][:, few].std(ddof=1)
        for what in seen
    },
    seeds=len(gain),
    effect=gain.mean(),
    interval=interval,
    format=".3f",
    verdict="holds" if interval[0] > 0 else "does not hold",
    check=interval[0] > 0,
)

# %% [markdown]
# ## Try it
#
# 1. Sort the prices, so that digit 0 costs 1 and digit 9 costs 10. Does
#    the price become easier?
# 2. Let the boss ask for price times ink. Who wins?
# 3. Rescue the ink: give the head the features *and* one number more,
#    the mean grey of the picture (`np.hstack`). What does the ridge make
#    of it? And if you give it a thousand times the mean grey?
#
# <details>
# <summary>Answers</summary>
#
# 1. No. The order of the digits is not written in their shapes either:
#    to name the price one has to know the digit, and a guess between two
#    digits is a guess between two prices.
# 2. Of the convolutional networks the one from scratch, though by less
#    than with the ink alone; of the plain ones (glyph-mlp) the solved
#    head, though by less than with the price alone. A product asks for
#    both, and half of it is what the body looks through.
# 3. Nothing: a column of such small numbers needs a large weight, and
#    large weights are what a ridge forbids. A thousand times louder, it
#    brings the error to nearly nothing. If you know what the borrowed
#    body ignores, hand it in beside the body, as loud as the features.
#    For a value that nobody can write down, unfreeze some layers.
#
# </details>
#
# ## What the numbers say
#
# The boss gets his prices today, and they are about as good as those of
# two more days. For ink and slant he had better been asked before the
# network was trained. Whoever borrows a body borrows its blind spots.
