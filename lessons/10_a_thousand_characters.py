# %% [markdown]
# # 10 · A thousand characters, ten digits
#
# **The question.** You want a program that reads handwritten digits, and
# few of your digits have labels. Of other pictures there is plenty. When
# a network has learnt a thousand characters, what of it can one for ten
# digits take over, what must start fresh, and what should learn?
#
# This lesson mirrors article C, a lecture retold: its recipe (C1), its
# two options (C2), their names (C4) and what it promises (C5). The page
# of [sources](sources.md) says where it comes from.
#
# ## Two heaps of pictures
#
# In the lecture the large heap is a million photographs in a thousand
# classes, cats and dogs, cars and people. The small heap is the digits.
# A million photographs are too many for a laptop. Our large heap is
# drawings of a thousand printed characters, as if by many hands. No digit
# is among them, nor anything else that means a number.

# %%
import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import (
    data,
    experiments,
    folders,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim
from minitransfer.experiments import intervals

large = data.glyphs(1000, 2, seed=zoo.HELD_OUT_SEED)
small = data.mnist("pool").sample(100, np.random.default_rng(0))


def sheet(pictures):
    """Lay 30 pictures out in two rows of 15."""
    rows = pictures[:30, 0].reshape(2, 15, 28, 28)
    return np.vstack([np.hstack(list(row)) for row in rows])


figure, parts = plots.figure(
    "Strokes in both heaps, digits only in the small one",
    rows=2,
    height=2.4,
)
for axes, heap, name in zip(
    parts, (large, small), ("characters", "digits"), strict=True
):
    axes.imshow(sheet(heap.x), cmap="gray_r")
    axes.set(xticks=[], yticks=[], ylabel=name)
plots.show(figure, "10_two_heaps")

# %% [markdown]
# ## Step one: five layers, a thousand outputs
#
# The lecture's network has five layers. Each has a matrix of weights and
# a row of biases, $W_1, b_1$ to $W_5, b_5$. The last layer has as many
# outputs as there are classes. Training it on the large heap is called
# **supervised pretraining**: *supervised*, because every picture comes
# with the name of its class, and *pre-*, because it comes before the
# training that we are after.
#
# That step has been done: `glyph-mlp` comes with the package. (To do it
# yourself, say `minitransfer pretrain glyph_mlp`; it takes minutes.)

# %%
source = zoo.load("glyph-mlp")
print(nn.summary(source, source.input_shape))

# %% [markdown]
# ## Step two: what can be copied, and what cannot
#
# The network for digits has the same five layers, but ten outputs. Lay
# the numbers of both side by side.

# %%
rng = np.random.default_rng(0)
target = zoo.glyph_mlp(10, generator=rng)
mine = transfer.weight_layers(target)
theirs = transfer.weight_layers(source)
for k, (new, old) in enumerate(zip(mine, theirs, strict=True), 1):
    new, old = new.modules[0][1], old.modules[0][1]
    same = new.weight.shape == old.weight.shape
    print(
        f"W{k} {old.weight.shape!s:12} → {new.weight.shape!s:12}"
        f" b{k} {old.bias.shape!s:8} → {new.bias.shape!s:7}"
        f" {'copy' if same else 'start fresh'}"
    )
    if same:
        new.load_state_dict(old.state_dict())
    else:
        try:
            new.load_state_dict(old.state_dict())
        except (ValueError, RuntimeError, KeyError) as error:
            print("  copying it all the same:", error)

# %% [markdown]
# $W_1, b_1$ to $W_4, b_4$ fit, number for number. $W_5$ and $b_5$ do not:
# a thousand rows cannot be poured into ten. And if the sizes did happen
# to agree, it would be worse. Row 7 of $W_5$ holds what speaks for one
# certain character, and that is not the seven. A number that fits its
# place and means something else there only stands in the way. So the last
# layer starts fresh, with small random weights that lean to no digit in
# particular.
#
# The first four are another matter. Think of someone who changes from one
# workbench to another. The tools in her hands come along; the labels on
# the drawers stay behind, for other things lie in the new drawers. The
# fifth layer is the labels. The first four are tools: they say what there
# is to see, a stroke here, an end, a bend, a crossing. Are they as useful
# for digits? Nobody has proved it. We measure.

# %%
figure, axes = plots.figure(
    "Four layers are copied, the fifth starts fresh", height=3.2
)
SIZES = (784, 256, 256, 128, 128)
blue, orange = plots.COLOURS[:2]
for y, outputs, last in ((1, 1000, "grey"), (0, 10, orange)):
    for k, size in enumerate((*SIZES, outputs)):
        height = 0.09 * np.log2(size)
        colour = blue if k < 5 else last
        axes.bar(
            k, height, 0.22, bottom=2 * y - height / 2, color=colour
        )
        axes.text(
            k, 2 * y + height / 2 + 0.04, f"{size}", ha="center"
        )
        if k:
            axes.text(
                k - 0.5,
                2 * y,
                f"$W_{k}$\n$b_{k}$",
                ha="center",
                va="center",
                color=colour,
            )
for k in range(4):
    axes.annotate(
        "",
        (k + 0.5, 0.45),
        (k + 0.5, 1.55),
        arrowprops={"arrowstyle": "->", "color": blue},
    )
axes.text(2, 1, "copied", color=blue, ha="center", va="center")
axes.text(
    4.5,
    1,
    "cannot\nbe copied",
    color=orange,
    ha="center",
    va="center",
)
axes.text(-0.6, 2.72, "characters", ha="left")
axes.text(-0.6, -0.85, "digits", ha="left")
axes.set(xlim=(-0.6, 5.4), ylim=(-0.95, 2.9))
axes.axis("off")
plots.show(figure, "10_what_is_copied")

# %% [markdown]
# ## Step three: fine-tuning, in one of two ways
#
# Training on the small heap, from the copied values, is called
# **fine-tuning**. The cost is the usual one of telling classes apart:
# cross-entropy over the ten digits. What may move?
#
# - **Option 1.** Train $W_5, b_5$ only; hold all the rest.
# - **Option 2.** Train everything; the first four layers set out from the
#   copied values, the fifth from its fresh ones.
#
# Each is a few lines.


# %%
def option_1(network, optimizer, digits, steps, rng):
    transfer.freeze(network)
    transfer.unfreeze(network[-1])
    train.fit(
        network,
        digits,
        optimizer=optimizer(network[-1].parameters()),
        schedule=optim.CosineAnnealingLR,
        steps=steps,
        generator=rng,
    )


def option_2(network, optimizer, digits, steps, rng):
    train.fit(
        network,
        digits,
        optimizer=optimizer(network.parameters()),
        schedule=optim.CosineAnnealingLR,
        steps=steps,
        generator=rng,
    )


def borrowed(rng):
    return transfer.replace_head(
        zoo.load("glyph-mlp"), 10, generator=rng
    )


# %% [markdown]
# And by which rule? The lecture says: gradient descent, or Adam. We give
# gradient descent (SGD) the usual momentum. Both rules take a learning
# rate, and a comparison is only as fair as the choice of it. So each of
# the four pairs first tries several rates, with another hundred digits,
# and images that are kept for choosing decide (the *validation* part).
# The test images have no say.
#
# **Predict before you run.** The same hundred digits, the same 200 steps.
# Which option will be ahead, and does it depend on who makes the steps?

# %%
OPTIONS = {"option 1": option_1, "option 2": option_2}
RATES = {"SGD": (3e-4, 1e-3, 3e-3), "Adam": (3e-4, 1e-3, 3e-3)}


def optimizer(rule, rate):
    if rule == "SGD":
        return lambda weights: optim.SGD(
            weights, lr=rate, momentum=0.9
        )
    return lambda weights: optim.Adam(weights, lr=rate)


def accuracy(option, rule, rate, seed, part="test"):
    digits = data.mnist("pool").sample(
        100, np.random.default_rng(seed)
    )
    rng = np.random.default_rng(seed)
    network = borrowed(rng)
    OPTIONS[option](network, optimizer(rule, rate), digits, 200, rng)
    return train.evaluate(network, data.mnist(part))["accuracy"]


best = {}
for option in OPTIONS:
    for rule, rates in RATES.items():
        scores = [
            accuracy(option, rule, rate, seed=99, part="validation")
            for rate in rates
        ]
        best[option, rule] = rates[int(np.argmax(scores))]
        tried = ", ".join(
            f"{rate:g}: {score:.1%}"
            for rate, score in zip(rates, scores, strict=True)
        )
        print(
            f"{option}, {rule:4} takes {best[option, rule]:g} of {tried}"
        )

# %%
SEEDS = range(5)
results = {
    (option, rule): np.array(
        [accuracy(option, rule, rate, seed) for seed in SEEDS]
    )
    for (option, rule), rate in best.items()
}


def from_scratch(seed):
    digits = data.mnist("pool").sample(
        100, np.random.default_rng(seed)
    )
    rng = np.random.default_rng(seed)
    network = zoo.glyph_mlp(10, generator=rng)
    option_2(network, optimizer("Adam", 1e-3), digits, 200, rng)
    return train.evaluate(network, data.mnist("test"))["accuracy"]


scratch = np.array([from_scratch(seed) for seed in SEEDS])
for (option, rule), values in results.items():
    print(
        f"{option}, {rule:4}: {values.mean():.1%}"
        f" ± {values.std(ddof=1):.1%}"
    )
print(
    f"from scratch: {scratch.mean():.1%} ± {scratch.std(ddof=1):.1%}"
)

# %%
names = [f"{option}\n{rule}" for option, rule in results]
worst = min(values.mean() for values in results.values())
figure, axes = plots.figure(
    f"All four ways end {100 * (worst - scratch.mean()):.0f} points "
    "or more above scratch"
)
everything = [*results.values(), scratch]
for row, values in enumerate(everything):
    colour = orange if values is scratch else blue
    axes.plot(
        100 * values,
        [row] * len(values),
        "o",
        color=colour,
        alpha=0.5,
    )
    axes.plot(
        [100 * values.mean()] * 2,
        [row - 0.3, row + 0.3],
        color=colour,
    )
axes.set(
    yticks=range(5),
    yticklabels=[*names, "from\nscratch"],
    ylim=(4.6, -0.6),
    xlabel="right on 4,000 unseen digits (%), a dot per seed",
)
plots.show(figure, "10_options_and_rules")

# %% [markdown]
# That one borrows matters far more than how. Of the four ways, three end
# within their own spread. One falls behind a little: option 2 by Adam.
# Why that one?
#
# ## What moved?
#
# Under option 1 nothing but the fifth layer, to the bit. Under option 2
# everything was free. How far did it go? Compare the length of each
# layer's change with the length of the layer itself.


# %%
def moved(option, rule):
    digits = data.mnist("pool").sample(100, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    network = borrowed(rng)
    before = network.state_dict()
    before = {k: v.numpy().copy() for k, v in before.items()}
    steps = optimizer(rule, best[option, rule])
    OPTIONS[option](network, steps, digits, 200, rng)
    changes = []
    for layer in transfer.weight_layers(network)[:-1]:
        old = before[f"{layer.name}.weight"]
        new = layer.modules[0][1].weight.detach().numpy()
        changes.append(
            np.linalg.norm(new - old) / np.linalg.norm(old)
        )
    return changes


changes = {option: moved(option, "Adam") for option in OPTIONS}
for name, values in (
    ("option 1, Adam", changes["option 1"]),
    ("option 2, Adam", changes["option 2"]),
    ("option 2, SGD", moved("option 2", "SGD")),
):
    print(
        f"{name:15}",
        " ".join(f"W{k} {v:.1%}" for k, v in enumerate(values, 1)),
    )

# %% [markdown]
# Where everything may move, nothing moves far: the network reads digits
# with nearly the weights that read characters. *Fine*-tuning is the right
# word.
#
# But Adam goes many times as far as gradient descent does, in as many
# steps. Gradient descent walks as far as the gradient is long. What
# reaches the body has come down through a head that knows nothing yet and
# whose weights are small, so it is short, and the body hardly stirs.
# Option 2 by gradient descent is nearly option 1. Adam divides each
# gradient by its usual size: every weight takes a stride of about the
# learning rate, whether it was called aloud or in a whisper. A hundred
# digits whisper much that is chance, and to follow it costs some of what
# was borrowed.
#
# Lesson 11 finds out from how many digits on option 2 pays, and lesson 15
# how to rein Adam in.
#
# ## For how many digits does it pay?
#
# The lecture promises much. Whether you have dozens of labelled digits,
# hundreds, thousands or tens of thousands: all profit from the large
# heap. The package holds 5,000 digits to learn from, so that far we can
# follow. The same network is trained twice on the same digits, with the
# same steps at the same rates, all layers moving. Only the values from
# which it sets out differ.
#
# **Predict.** With fifty digits, with five hundred, with all five
# thousand: how many points is the borrowed start ahead?


# %%
def both_starts(labels, seed):
    """Accuracy from borrowed values, and from fresh ones."""
    digits = data.mnist("pool")
    if labels < len(digits):
        digits = digits.sample(labels, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    scores = []
    for network in (
        borrowed(rng),
        zoo.glyph_mlp(10, generator=rng),
    ):
        transfer.fine_tune(network, digits, "all", generator=rng)
        score = train.evaluate(network, data.mnist("test"))
        scores.append(score["accuracy"])
    return scores


AMOUNTS = (50, 500, 5000)
starts = np.array(
    [[both_starts(n, seed) for n in AMOUNTS] for seed in SEEDS]
)
ahead = starts[:, :, 0] - starts[:, :, 1]
for n, from_borrowed, from_fresh in zip(
    AMOUNTS, *starts.transpose(2, 1, 0), strict=True
):
    print(
        f"{n:5} digits: borrowed {from_borrowed.mean():.1%}"
        f" ± {from_borrowed.std(ddof=1):.1%},"
        f" fresh {from_fresh.mean():.1%}"
        f" ± {from_fresh.std(ddof=1):.1%}"
    )
figure = plots.curves_with_spread(
    AMOUNTS,
    {"borrowed": starts[:, :, 0], "fresh": starts[:, :, 1]},
    f"Borrowed: {100 * ahead[:, 0].mean():.0f} points ahead with 50 "
    f"digits, {100 * ahead[:, -1].mean():.0f} with 5,000",
    "labelled digits (logarithmic)",
    "right on 4,000 unseen digits",
    log_x=True,
    percent=True,
)
figure.axes[0].set_xticks(AMOUNTS, AMOUNTS)
figure.axes[0].minorticks_off()
plots.show(figure, "10_for_how_many")

# %% [markdown]
# The promise is kept as far as we can see. It is a head start: large
# where the road is short, and smaller with every digit that the beginner
# gets to see, for digits teach strokes as well as characters do. How
# small it is with tens of thousands, we cannot say.
#
# ## Must it be a thousand classes?
#
# The lecture's large heap has a thousand classes. Would fifty do, or two
# hundred? The fair way to ask is at an equal budget: each network gets
# 60,000 drawings and 2,000 steps, whether these are 60 drawings of each
# of a thousand characters or 1,200 of each of fifty. Eight pretrainings
# are too long for a lesson, so the results are stored. To make them
# again, delete `lessons/results/class_count.csv` and say
#
#     python lessons/10_a_thousand_characters.py --full


# %%
def pretrained(classes, pretraining):
    folder = folders.cache_folder() / "networks"
    folder.mkdir(exist_ok=True)
    name = f"glyph-mlp-{classes}-classes-seed-{pretraining}"
    path = folder / f"{name}.safetensors"
    if not path.exists():
        zoo.pretrain(
            "glyph_mlp",
            path,
            classes=classes,
            per_class=60_000 // classes,
            steps=2000,
            seed=pretraining,
        )
    return zoo.load(path)


def reads_digits(network, option, labels, seed):
    pool, test = data.mnist("pool"), data.mnist("test")
    digits = pool.sample(labels, np.random.default_rng(seed))
    rng = np.random.default_rng([seed, labels])
    transfer.replace_head(network, 10, generator=rng)
    transfer.fine_tune(network, digits, option, generator=rng)
    return train.evaluate(network, test)["accuracy"]


def learn(classes, pretraining, option, labels, seed):
    network = pretrained(classes, pretraining)
    accuracy = reads_digits(network, option, labels, seed)
    return {"accuracy": round(accuracy, 6)}


CLASSES = (50, 200, 500, 1000)
COUNTS = (10, 100, 1000)
table = experiments.stored(
    "class_count",
    learn,
    experiments.grid(
        classes=CLASSES,
        pretraining=range(2),
        option=("head", "all"),
        labels=COUNTS,
        seed=range(3),
    ),
)

# %% [markdown]
# One of the eight networks is pretrained here again, if it is not in the
# cache yet, and fine-tuned: it must agree with the table.

# %%
agreement = experiments.measure_again(
    table,
    learn,
    "accuracy",
    classes=1000,
    pretraining=0,
    option="head",
    labels=100,
)
print(agreement)
assert agreement.agrees

heads = {
    f"{labels} labels": table.curve(
        "accuracy", over="classes", option="head", labels=labels
    )[1]
    for labels in reversed(COUNTS)
}
for name, values in heads.items():
    row = (f"{v.mean():6.1%} ±{v.std(ddof=1):5.1%}" for v in values.T)
    print(f"{name:12}", " ".join(row))
hundred = heads["100 labels"]
best_count = CLASSES[int(hundred.mean(0).argmax())]
figure = plots.curves_with_spread(
    CLASSES,
    heads,
    f"At equal budget, {best_count} classes make the best body",
    "classes of the source (logarithmic)",
    "right by option 1",
    log_x=True,
    percent=True,
)
axes = figure.axes[0]
axes.set_xticks(CLASSES, CLASSES)
axes.minorticks_off()
plots.show(figure, "10_class_count")
for name, network in (
    ("of this budget", pretrained(1000, 0)),
    ("published", zoo.load("glyph-mlp")),
):
    (own,) = network.card["accuracy"].values()
    digits = [
        reads_digits(network, "head", 100, seed) for seed in range(3)
    ]
    print(
        f"1000 classes, {name:14}: of unseen drawings {own:.0%} right,"
        f" of digits (100 labels) {np.mean(digits):.1%}"
    )

# %% [markdown]
# So it need not be a thousand. Fifty kinds of things teach less than two
# hundred: whoever has fewer kinds to tell apart gets by with fewer
# features. But a thousand kinds ask for more drawings and more steps than
# this budget has. In the end the network names about a third of the
# drawings that it has not seen, and things half learnt lend less than
# fewer things learnt well. The published network had twice as many
# drawings of each character and four times as many steps; it is the
# better lender. The lecture's thousand classes come with a million
# pictures. It is the whole package that helps.
#
# ## What to take away
#
# Copy the layers whose numbers mean the same in the new task: all but the
# last. Start the last one fresh. Then it matters little whether one layer
# learns or all of them, as long as what was borrowed moves little. The
# fewer digits you have, the more the copy is worth.
#
# ## Try it
#
# 1. In the cell that copies, leave out $W_1$ and $b_1$, or copy only
#    those. Then train with option 2 and Adam. Lesson 13 does this in
#    order.
# 2. Let option 1 take 2,000 steps instead of 200, and a tenth of the
#    rate. Does the rule of the steps still matter?
# 3. Give SGD no momentum (`momentum=0`) at the same rates; then multiply
#    the rates by ten.
#
# <details><summary>What you will see</summary>
#
# 1. $W_1$ alone brings more than half of the gain, $W_2$ much of the
#    rest, the other two little. But without $W_1$ the other three are
#    worth nothing: they were made for what $W_1$ says, and now somebody
#    else speaks.
# 2. No. Both rules end at the same accuracy, which is that of 200 steps.
#    Option 1 is a convex problem: one valley, and every rule comes down
#    into it if it is given the time. With 200 steps at a tenth of the
#    rate neither has arrived, and Adam is farther behind.
# 3. Momentum of 0.9 makes steps add up to ten times their length. Without
#    it both options lose a little at the middle rate and much at the
#    smallest. At ten times the rate they are where they were. A rate is
#    good or bad for a rule, never by itself.
#
# </details>
#
# ## What the numbers say

# %%
unmoved = all(change == 0 for change in changes["option 1"])
more = hundred[:, -1] - hundred[:, 0]
claim(
    "C1",
    "a network that tells a thousand classes apart lends four layers to "
    "one for ten digits (option 1, 100 labels, by classes of the source, "
    "equal budget; the effect is 1,000 against 50)",
    measured=dict(zip(CLASSES, hundred.mean(0), strict=True)),
    spread=dict(zip(CLASSES, hundred.std(0, ddof=1), strict=True)),
    seeds=len(hundred),
    effect=more.mean(),
    interval=intervals.mean(more),
    verdict="holds" if best_count == 1000 else "holds narrowly",
    condition=(
        ""
        if best_count == 1000
        else f"it need not be a thousand: {best_count} are best at this "
        "budget"
    ),
    check=unmoved
    and agreement.agrees
    and hundred[:, -1].mean() > scratch.mean(),
    format=".1%",
)
gains = {
    f"{option}, {rule}": values - scratch
    for (option, rule), values in results.items()
}
lowest = min(gains, key=lambda name: gains[name].mean())
claim(
    "C2",
    "both options, by gradient descent or by Adam, beat the same steps "
    "without pretraining (100 labels)",
    measured={
        name: (gain + scratch).mean() for name, gain in gains.items()
    },
    spread={
        name: (gain + scratch).std(ddof=1)
        for name, gain in gains.items()
    },
    seeds=len(scratch),
    effect=gains[lowest].mean(),
    interval=intervals.mean(gains[lowest]),
    verdict=(
        "holds"
        if all(intervals.mean(gain)[0] > 0 for gain in gains.values())
        else "does not hold"
    ),
    check=all(gain.mean() > 0 for gain in gains.values()),
    format=".1%",
)
claim(
    "C5/dozens to thousands",
    "dozens, hundreds and thousands of digits profit: the same training "
    "from borrowed values and from fresh ones, points ahead with 50, 500 "
    "and 5,000 digits",
    measured=dict(zip(AMOUNTS, ahead.mean(0), strict=True)),
    spread=dict(zip(AMOUNTS, ahead.std(0, ddof=1), strict=True)),
    seeds=len(ahead),
    effect=ahead[:, -1].mean(),
    interval=intervals.mean(ahead[:, -1]),
    verdict=(
        "holds"
        if all(intervals.mean(gain)[0] > 0 for gain in ahead.T)
        else "does not hold"
    ),
    check=(ahead.mean(0) > 0).all(),
    format="+.1%",
)
claim(
    "C4",
    "fine-tuning is fine: under option 2 the borrowed layers end close to "
    "where they started (change as a share of a layer's length)",
    measured={
        f"W{k}": change
        for k, change in enumerate(changes["option 2"], 1)
    },
    spread=None,
    seeds=1,
    verdict=(
        "holds" if max(changes["option 2"]) < 0.5 else "does not hold"
    ),
    check=unmoved,
    format=".1%",
)
