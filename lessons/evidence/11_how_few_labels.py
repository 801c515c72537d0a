# %% [markdown]
# # 11 · Evidence: how few labels will do
#
# [Lesson 11](../11_how_few_labels.py) tells a story in three pictures.
# Here is what stands behind it: how its table was made, how sure its
# numbers are, the second network, what is saved in seconds and
# multiplications, and where borrowing does not help. It ends with the
# claims that the lesson only leans on.
#
# ## How the table was made
#
# Five ways to spend the labels. `scratch` is what borrowing has to beat,
# `random` the control with the shape and without the knowledge.
#
# | way | the body | the head |
# |---|---|---|
# | `head`: option 1 | borrowed, frozen | fresh, trained |
# | `all`: option 2 | borrowed, trained | fresh, trained |
# | `small_lr` | borrowed, trained in small steps | fresh, trained |
# | `scratch` | fresh, trained | fresh, trained |
# | `random` | fresh, frozen | fresh, trained |
#
# The borrowed bodies come from a thousand printed characters without a
# single digit among them: a convolutional network (`glyph-conv`) and the
# five plain layers of article C (`glyph-mlp`). The package ships one of
# each. So that we do not mistake the luck of one pretraining for a law, a
# second one of each was trained from other initial weights.

# %%
import functools
import time

import numpy as np

from minitransfer import (
    data,
    experiments,
    nn,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim, figures
from minitransfer.experiments import intervals, judge, judge_each

draw = figures(11)
BORROWED = ("head", "all", "small_lr")
WAYS = (*BORROWED, "scratch", "random")
NETWORKS = {
    "glyph-conv": "convolutional",
    "glyph-mlp": "five plain layers",
}


def borrowed(network, pretraining):
    if pretraining == 0:
        return zoo.load(network)
    return zoo.sibling(network, pretraining)  # takes minutes


# %% [markdown]
# Four tasks wait for the networks. The digits of MNIST are the main one.
# The digits of the UCI repository were written by other people, scanned
# with eight by eight dots, and are blown up to the size that the networks
# know. The other two are far away: silhouettes of animals, and digits
# whose pixels were all shuffled, always in the same way. The shuffled
# digits hold exactly as much information as the plain ones. Only, no
# stroke is a stroke any more.
#
# Learning rates and numbers of steps are the defaults of `fine_tune`.
# They were chosen once, on the validation digits, which are neither
# learnt from nor tested on here. The rates are the same for every number
# of labels; where there are more labels, more steps are taken.

# %%
TARGETS = {
    "mnist": data.mnist,
    "uci digits": lambda part: data.uci_digits(part, size=28),
    "animals": data.animal_shapes,
    "shuffled digits": data.shuffled_digits,
}


def learn(target, network, pretraining, way, labels, seed):
    pool, test = TARGETS[target]("pool"), TARGETS[target]("test")
    examples = pool.sample(labels, np.random.default_rng(seed))
    rng = np.random.default_rng([seed, labels])
    if way in BORROWED:
        model = borrowed(network, pretraining)
        transfer.replace_head(model, 10, generator=rng)
    else:
        build = zoo.ARCHITECTURES[network.replace("-", "_")]
        model = build(10, generator=rng)
    start = time.process_time()
    transfer.fine_tune(
        model,
        examples,
        option="head" if way in ("head", "random") else "all",
        body_lr=1e-4 if way == "small_lr" else None,
        generator=rng,
    )
    seconds = time.process_time() - start
    accuracy = train.evaluate(model, test)["accuracy"]
    return {
        "accuracy": round(accuracy, 6),
        "seconds": round(seconds, 3),
    }


# %% [markdown]
# These are more than seven hundred training runs, half an hour of one
# core. To measure them all again delete `lessons/results/labels.csv` and
# say
#
#     python lessons/evidence/11_how_few_labels.py --full

# %%
LABELS = (10, 20, 50, 100, 200, 500, 1000, 4000)
UCI_LABELS = (10, 50, 100, 500)


def cells(target, network, ways, labels, seeds, pretraining=(0,)):
    return experiments.grid(
        target=[target],
        network=[network],
        pretraining=pretraining,
        way=ways,
        labels=labels,
        seed=range(seeds),
    )


CELLS = [
    *cells("mnist", "glyph-mlp", WAYS, LABELS, 5),
    *cells("mnist", "glyph-conv", WAYS, LABELS, 5),
    *cells("mnist", "glyph-mlp", BORROWED, LABELS, 3, (1,)),
    *cells("mnist", "glyph-conv", BORROWED, LABELS, 3, (1,)),
    *cells("uci digits", "glyph-conv", WAYS, UCI_LABELS, 5),
    *cells("animals", "glyph-mlp", WAYS, (10, 50), 5),
    *cells("shuffled digits", "glyph-mlp", WAYS, (10, 50), 5),
]
table = experiments.stored("labels", learn, CELLS)
agreement = experiments.measure_again(
    table,
    learn,
    "accuracy",
    target="mnist",
    network="glyph-mlp",
    pretraining=0,
    labels=100,
    seed=1,
)
print(table, agreement, sep="\n")
assert agreement.agrees

# %% [markdown]
# ## Whose luck is it?
#
# Runs of one seed have their labels in common, whatever their way; runs
# of one pretraining have their body in common. Eight runs of option 1
# are therefore not eight witnesses, but five draws of digits read by two
# bodies. In what follows a draw counts once: what the two bodies make of
# it is averaged first (three of the five draws were read by both), and an
# interval speaks about five draws. How much the two bodies differ from
# each other is printed below each table.


# %%
def curves(way, network="glyph-conv", target="mnist", **fixed):
    """Right answers: a row for each draw of labels."""
    of = {"target": target, "network": network, "way": way, **fixed}
    return table.curve("accuracy", "labels", cluster="seed", **of)[1]


for network, name in NETWORKS.items():
    print(f"{name}: right of 4,000, mean ± deviation over draws")
    print(
        "  labels   " + "".join(f"{draw.NAMES[w]:>13}" for w in WAYS)
    )
    for place, labels in enumerate(LABELS):
        row = [curves(way, network)[:, place] for way in WAYS]
        numbers = (
            f"{r.mean():6.1%} ±{r.std(ddof=1):4.1%}" for r in row
        )
        print(f"  {labels:6}   " + " ".join(numbers))
    bodies = [
        curves("head", network, pretraining=k)[:3] for k in (0, 1)
    ]
    apart = (bodies[1] - bodies[0]).mean(0)
    points = " ".join(f"{100 * p:+.1f}" for p in apart)
    print(f"  option 1, second body − first, by labels: {points}")

# %% [markdown]
# ## Five plain layers
#
# And the five-layer network of article C, which knows nothing of
# neighbouring pixels?

# %%
ways = {way: curves(way, "glyph-mlp") for way in WAYS}
figure = draw.learning_curves(LABELS, ways, "Five plain layers")
plots.show(figure, "11_labels_mlp")
for network, name in NETWORKS.items():
    options = [curves(w, network).mean(0) for w in ("head", "all")]
    lead = curves("small_lr", network).mean(0) - np.max(options, 0)
    points = " ".join(f"{100 * p:+.1f}" for p in lead)
    print(f"{name}, small steps − better option:\n  {points}")

# %% [markdown]
# The same order of curves, lower down. From fifty labels on borrowing is
# worth a little more here than to the convolutional network. That is no
# wonder. A convolution is built to look at neighbours, and to look the
# same way everywhere. The plain network has to learn even that, and it
# learnt it from characters.
#
# Small steps are nowhere more than a point or so behind the better of the
# two options, in either network.
#
# ## Where do the two options cross?
#
# The lesson says: somewhere on a long stretch. Here is how long. We draw
# five draws of digits from ours, with repetition, and independently two
# bodies from our two (the *pigeonhole bootstrap*, Owen 2007), a thousand
# times, and see where the curves cross. Had we redrawn the eight runs as
# if each were a witness of its own, the range would look much shorter
# than it is.

# %%
crossings = {}
for network, name in NETWORKS.items():
    of = {"over": "labels", "target": "mnist", "network": network}
    head, everything = (
        table.curve("accuracy", way=way, **of)[1]
        for way in ("head", "all")
    )
    bodies, draws = (
        table.run_keys(key, way="head", **of)
        for key in ("pretraining", "seed")
    )
    gap = head - everything

    def place(runs):
        return experiments.crossing(LABELS, runs.mean(0))

    crossings[name] = (
        place(gap),
        experiments.redrawn(place, gap, bodies, draws),
    )
    singly = experiments.redrawn(place, gap)
    by_body = [place(gap[bodies == k]) for k in (0, 1)]
    middle, (low, high) = crossings[name]
    print(
        f"{name}: crossing at {middle:.0f} labels, "
        f"95 % between {low:.0f} and {high:.0f}\n"
        f"  first body {by_body[0]:.0f}, second {by_body[1]:.0f}; run by "
        f"run it would seem {singly[0]:.0f} to {singly[1]:.0f}"
    )

# %% [markdown]
# Two bodies are few. A third could lie outside of both, and no way of
# redrawing two shows that. What is far surer than the place of the
# crossing is how little hangs on it: from 200 to 1,000 labels less than a
# point lies between the options. That is a sentence that can be tested,
# as an equivalence with a margin of one point, and it is among the claims
# below.
#
# ## What a label is worth

# %%
print("option 1 with … labels does the work of … from scratch")
for network, name in NETWORKS.items():
    both = np.stack(
        [curves("head", network), curves("scratch", network)], 1
    )
    for place, labels in enumerate(LABELS):

        def worth(draws, place=place):
            reached = draws[:, 0, place].mean()
            scratch = draws[:, 1].mean(0)
            return experiments.needed(reached, LABELS, scratch)

        low, high = experiments.redrawn(worth, both)
        print(
            f"  {name:18}{labels:6}: {worth(both):6.0f}"
            f"   95 % {low:.0f} to {high:.0f}"
        )

# %% [markdown]
# (`inf`: more than the 4,000 there are.)
#
# ## Seconds and multiplications
#
# Labels are the first cost, computing the second. A convolution uses
# each of its weights once at every place of the picture, a linear layer
# once. That is the way forward; on the way back there is as much again
# for the gradient of the weights, and again for the gradient of the
# layer's input. So a training step costs about three times the way
# forward for each example in the batch. The first layer needs no
# gradient of its input, and a frozen body needs neither: its features
# are computed once, and then only the head is at work.
# `nn.multiplications` counts all this.

# %%
GOALS = {"glyph-conv": 0.93, "glyph-mlp": 0.90}
IMAGE = (1, 28, 28)


@functools.cache
def for_one(network):
    """A digit forwards, the head's part of that, a whole step."""
    model = transfer.replace_head(zoo.load(network), 10)
    forwards = nn.multiplications(model, IMAGE)
    head = 10 * transfer.find_head(model)[1].in_features
    return forwards, head, nn.multiplications(model, IMAGE, True)


def multiplications(network, way, labels):
    """Of the training run, all its steps and examples."""
    forwards, head, step = for_one(network)
    seen = min(labels, 64)  # examples in a step
    if way == "head":  # the body once for each digit
        return labels * (forwards - head) + 400 * seen * 2 * head
    return transfer.steps_for(labels) * seen * step


def bill(network, way, right, seconds):
    """Labels, seconds, multiplications up to the goal."""
    labels = experiments.needed(GOALS[network], LABELS, right)
    return np.array(
        [
            labels,
            np.interp(np.log(labels), np.log(LABELS), seconds),
            multiplications(network, way, labels),
        ]
    )


def both_columns(way, network):
    """(draws, accuracy and seconds, numbers of labels)."""
    of = {"target": "mnist", "network": network, "way": way}
    columns = [
        table.curve(column, "labels", cluster="seed", **of)[1]
        for column in ("accuracy", "seconds")
    ]
    return np.stack(columns, 1)


bills = {}
for network, goal in GOALS.items():
    print(f"{NETWORKS[network]}, to {goal:.0%}:")
    for way in (*BORROWED, "scratch"):
        mean = both_columns(way, network).mean(0)
        bills[network, way] = bill(network, way, *mean)
        labels, seconds, count = bills[network, way]
        print(
            f"  {draw.NAMES[way]:12}{labels:6.0f} labels"
            f"{seconds:7.1f} s{count / 1e9:8.2f} billion multiplications"
        )

# %%
whole = bills["glyph-conv", "scratch"]
costs = {w: 100 * bills["glyph-conv", w] / whole for w in BORROWED}
plots.show(draw.price(costs, GOALS["glyph-conv"]), "11_price")

# %% [markdown]
# All three ways to borrow need few labels. Only option 1 needs little
# computing besides: it runs every picture through the body once, where
# the others run it through and back hundreds of times. Option 2, which
# is what article D advises, saves computing only because fewer labels
# are given fewer steps.
#
# The seconds are those of one core of the machine on which the table was
# made; the multiplications are the same everywhere. Pretraining is not on
# this bill. It is paid once, by somebody, and everybody borrows.
#
# ## As good as before?
#
# Article A promises that the new network does about as well as the old
# one did on its own task. The old one tells a thousand characters apart,
# the new one ten digits. To compare like with like, we ask the old
# network ten-way questions too: of ten characters, one of which is right,
# which is this?

# %%
drawings = data.glyphs(1000, 2, seed=zoo.HELD_OUT_SEED)


def own_task(network):
    """Share right among all characters, and among ten of them."""
    known = zoo.known_to(network, drawings)
    outputs, y = train.predict(network, known), known.y
    rng = np.random.default_rng(0)
    others = rng.integers(0, outputs.shape[1] - 1, (len(y), 9))
    others += others >= y[:, None]  # any but the right one
    right = np.take_along_axis(outputs, y[:, None], 1)
    rivals = np.take_along_axis(outputs, others, 1)
    first = outputs.argmax(1) == y
    return first.mean(), (right > rivals).all(1).mean()


old = {}
for network, name in NETWORKS.items():
    thousand, old[network] = own_task(zoo.load(network))
    few, most = (
        curves(way, network)[:, LABELS.index(n)].mean()
        for way, n in (("head", 100), ("all", 4000))
    )
    print(
        f"{name}, its own task: of a thousand {thousand:.1%}, of ten "
        f"{old[network]:.1%}\n  digits: option 1 with a hundred labels "
        f"{few:.1%}, option 2 with 4,000 {most:.1%}"
    )

# %% [markdown]
# With a hundred labels: no. The new network stays some points behind what
# the old one does at home. (The old one has an easier time of it: the
# nine rivals of a character are drawn by chance, while a 4 has to be told
# from a 9 every time.) With 4,000 labels little is missing.
#
# ## Other hands, other worlds
#
# Was it luck that these are MNIST's digits? The same networks, with the
# same settings, read the UCI digits. And then article C's warning: fifty
# images will not make everything work. For that we go to the two tasks
# that are far away.

# %%
uci = {
    way: curves(way, target="uci digits")
    for way in ("head", "all", "scratch")
}
print("UCI digits           10     50    100    500 labels")
for way, values in uci.items():
    shares = "".join(f"{v:7.1%}" for v in values.mean(0))
    print(f"  {draw.NAMES[way]:12}{shares}")
fifty = {
    target: {
        way: table.values(
            "accuracy",
            target=target,
            network="glyph-mlp",
            pretraining=0,
            way=way,
            labels=50,
        )
        for way in ("head", "scratch")
    }
    for target in ("mnist", "animals", "shuffled digits")
}
named = {"digits" if t == "mnist" else t: w for t, w in fifty.items()}
plots.show(draw.fifty_images(named), "11_fifty_images")

# %% [markdown]
# On the UCI digits borrowing is ahead as well, at every number. Scratch
# starts higher there, and so there is less to gain.
#
# With fifty labels the borrowed network reads digits well, tells animals
# apart much less well, and on shuffled digits it is better not to borrow.
# The method is the same each time. What differs is how much the task has
# in common with what was learnt before.
#
# ## Borrowed from farther away
#
# The lesson shows the convolutional network. Here are both, with every
# number of labels that lesson 14 measured. An asterisk marks what is
# ahead of (or behind) scratch when all sixteen comparisons of a source
# are corrected together.

# %%
SOME = (20, 100, 1000, 4000)
OTHERS = ["seconds", "source_accuracy", "upbringing"]
lent = experiments.read("impressions", ["accuracy", *OTHERS])
from_afar = {}
for source in ("characters", "animals"):
    for name in ("conv 16", "plain 256"):
        for way in ("head", "all"):
            gain = draw.ahead(lent, source, way, name)
            for labels, column in zip(SOME, gain.T, strict=True):
                from_afar[source, name, way, labels] = column
judged = {}
for source in ("characters", "animals"):
    own = {k: v for k, v in from_afar.items() if k[0] == source}
    judged |= judge_each(own)
for source, name, way, _ in list(judged)[:: len(SOME)]:
    row = [judged[source, name, way, n] for n in SOME]
    marks = (
        f"{100 * j.middle:+6.1f}{' *'[j.word != 'undecided']}"
        for j in row
    )
    print(f"{source:11}{name:10}{draw.NAMES[way]}:  {''.join(marks)}")

# %% [markdown]
# The held body of an animal expert is behind scratch with a thousand
# labels, and where the layers are plain with a hundred already. Trained
# along, it shows no harm that five draws could see, and little good.
#
# ## What the numbers say
#
# Article A first: few labels are enough, and the whole does about as well
# as the old network did. These are two sentences. For "about as well" we
# allowed a margin of two points before we looked.

# %%
place = LABELS.index(50)
head, scratch = (curves(w)[:, place] for w in ("head", "scratch"))
far = judged["animals", "conv 16", "head", 100].word
near = judge(head - scratch)
claim(
    "A2",
    "with a small new part few labels are enough (option 1 ahead of "
    "scratch with 50)",
    source="article",
    refuted_by="option 1 is not ahead of scratch with few labels",
    control="scratch on the same digits",
    **experiments.over_seeds({"option 1": head, "scratch": scratch}),
    effect=near.middle,
    interval=near.interval,
    verdict="does not hold"
    if near.word != "more"
    else "holds"
    if far == "more"
    else "holds narrowly",
    condition="from a near source; held after animals the body is not "
    "ahead with 100 labels"
    if near.word == "more" and far != "more"
    else "",
    check=head.mean() >= 0.86 and near.middle >= 0.08,
    format=".1%",
)

# %%
shares = {
    n: curves(way)[:, LABELS.index(n)]
    for way, n in (("head", 100), ("all", 4000))
}
few, many = (
    judge(s - old["glyph-conv"], margin=0.02) for s in shares.values()
)
claim(
    "A2/as good as before",
    "with few labels (100) the whole does about as well on the new task "
    "as the old network did on its own (margin 2 points)",
    source="article",
    refuted_by="it may be behind by more than the margin (90 %)",
    control="the old network on ten-way questions of its own task",
    measured={
        "option 1, 100 labels": shares[100].mean(),
        "option 2, 4,000 labels": shares[4000].mean(),
        "old network": old["glyph-conv"],
    },
    spread={
        "option 1, 100 labels": shares[100].std(ddof=1),
        "option 2, 4,000 labels": shares[4000].std(ddof=1),
    },
    seeds=len(shares[100]),
    effect=few.middle,
    interval=few.interval,
    verdict="holds"
    if few.word in ("equal", "more")
    else "does not hold",
    check=many.middle > few.middle,
    format=".1%",
)
print(f"with 4,000 labels, option 2 and the old network: {many.word}")

# %%
gain = uci["head"] - uci["scratch"]
four = judge_each(gain.T)
claim(
    "A2/other digits",
    "it is not MNIST alone: on UCI's digits option 1 is ahead of scratch "
    "with 10, 50, 100 and 500 labels",
    source="ours",
    refuted_by="no lead at one of the four (Holm, 5 %)",
    control="scratch on the same digits",
    **experiments.over_seeds(
        {
            f"{n} labels": g
            for n, g in zip((10, 50, 100, 500), gain.T, strict=True)
        }
    ),
    effect=four[2].middle,
    interval=four[2].interval,
    verdict="holds"
    if all(j.word == "more" for j in four)
    else "does not hold",
    check=four[2].middle > 0,
    format="+.1%",
)

# %% [markdown]
# Then article C, on its own five layers, and the controls of what the
# lesson says.

# %%
gain = curves("all", "glyph-mlp") - curves("scratch", "glyph-mlp")
eight = judge_each(gain.T)
claim(
    "C5/plain network",
    "article C's five plain layers profit at every number of labels, 10 "
    "to 4,000, borrowed from characters (option 2 − scratch)",
    source="ours",
    refuted_by="no gain at one of the eight (Holm, 5 %)",
    control="scratch on the same digits",
    **experiments.over_seeds(
        {
            f"{n} labels": gain[:, LABELS.index(n)]
            for n in (10, 100, 4000)
        }
    ),
    effect=eight[3].middle,
    interval=eight[3].interval,
    verdict="holds"
    if all(j.word == "more" for j in eight)
    else "does not hold",
    check=eight[3].middle >= 0.06,
    format="+.1%",
)

# %%
lead = {
    name: judge_each((curves("head", n) - curves("random", n)).T)
    for n, name in NETWORKS.items()
}
at_100 = {
    name: (curves("head", n) - curves("random", n))[:, 3]
    for n, name in NETWORKS.items()
}
claim(
    "C5/knowledge, not shape",
    "what helps is what the body has learnt: option 1 is ahead of a "
    "random body of the same shape at every number of labels",
    source="ours",
    refuted_by="no lead at one of sixteen comparisons (Holm, 5 %)",
    control="a frozen random body below the same trained head",
    **experiments.over_seeds(at_100),
    effect=at_100["convolutional"].mean(),
    interval=intervals.mean(at_100["convolutional"]),
    verdict="holds"
    if all(j.word == "more" for row in lead.values() for j in row)
    else "does not hold",
    check=min(v.mean() for v in at_100.values()) >= 0.10,
    format="+.1%",
)

# %% [markdown]
# The next sentence says that *all* of six differences are small. Whoever
# wrongly says so must be fooled by each of them that is not, so that no
# correction for many tests is needed (the intersection-union test, Berger
# 1982); it is sentences about *some* that luck makes easy. But the
# stretch from 200 to 1,000 was chosen after looking at the curves, and
# that no test mends.

# %%
words = {
    (name, n): judge(
        (curves("head", net) - curves("all", net))[
            :, LABELS.index(n)
        ],
        margin=0.01,
    ).word
    for net, name in NETWORKS.items()
    for n in (200, 500, 1000)
}
for (name, n), word in words.items():
    print(f"{name:18} {n:5} labels: {word}")
small = set(words.values()) == {"equal"}
claim(
    "C3/crossing",
    "where the two options cross hardly matters: from 200 to 1,000 labels "
    "less than a point lies between them (number of labels at the "
    "crossing, and where 95 % lie when draws and bodies are redrawn)",
    source="ours",
    refuted_by="a difference that may be larger than the margin of one "
    "point at 200, 500 or 1,000 labels, in either network",
    control="the other option on the same digits; six equivalence tests",
    measured={name: c for name, (c, _) in crossings.items()},
    spread={
        name: between for name, (_, between) in crossings.items()
    },
    seeds=5,
    verdict="holds narrowly" if small else "does not hold",
    condition="two bodies of each kind; the stretch was chosen after "
    "looking"
    if small
    else "",
    check=all(20 <= c <= 4000 for c, _ in crossings.values()),
    unit="labels",
    format=".0f",
)

# %%
gains = {
    target: ways["head"] - ways["scratch"]
    for target, ways in fifty.items()
}
three = judge_each(gains)
claim(
    "C10",
    "fifty images do not make everything work, though they help greatly "
    "where the task is near (option 1 − scratch)",
    source="article",
    refuted_by="option 1 helps in all three tasks, or not in the near one",
    control="scratch on the same fifty images (three tasks, Holm)",
    **experiments.over_seeds(gains),
    effect=three["shuffled digits"].middle,
    interval=three["shuffled digits"].interval,
    verdict="holds"
    if three["mnist"].word == "more"
    and any(j.word != "more" for j in three.values())
    else "does not hold",
    check=three["mnist"].middle > three["shuffled digits"].middle,
    format="+.1%",
)
for target, j in three.items():
    print(f"{target}, option 1 against scratch: {j.word}")

# %% [markdown]
# Article D tunes the whole network (option 2), so that is what its
# promise is measured on. Option 1 stands beside it as ours.


# %%
def savings(way):
    """How many times more scratch needs, and where 95 % lie."""
    network = "glyph-conv"
    draws = np.stack(
        [both_columns(w, network) for w in ("scratch", way)], 1
    )

    def ratio(draws, entry):
        scratch, other = draws.mean(0)
        return (
            bill(network, "scratch", *scratch)[entry]
            / bill(network, way, *other)[entry]
        )

    names = ("labels", "seconds", "multiplications")
    times = {n: ratio(draws, k) for k, n in enumerate(names)}
    between = {
        n: experiments.redrawn(
            lambda d, k=k: ratio(d, k), draws, times=300
        )
        for k, n in enumerate(names)
    }
    return times, between


for id, way, source, condition in (
    (
        "D1",
        "all",
        "article",
        "from a near source; computing is saved only because fewer labels "
        "are given fewer steps",
    ),
    ("D1/head alone", "head", "ours", "from a near source"),
):
    times, between = savings(way)
    better = judge((curves(way) - curves("scratch"))[:, -1])
    saves = min(low for low, _ in between.values()) > 1
    claim(
        id,
        "building on an existing model saves labels and computing and "
        f"serves better ({draw.NAMES[way]}: how many times more scratch "
        "needs for 93 %; the effect is in points with 4,000 labels)",
        source=source,
        refuted_by="scratch needs no more, or ends as high",
        control="scratch on the same digits",
        measured=times,
        spread=between,
        seeds=5,
        effect=100 * better.middle,
        interval=[100 * end for end in better.interval],
        verdict="holds narrowly"
        if saves and better.word == "more"
        else "does not hold",
        condition=condition
        if saves and better.word == "more"
        else "",
        check=min(times.values()) > 1,
        format=".1f",
    )
