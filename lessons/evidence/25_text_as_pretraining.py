# %% [markdown]
# # 25 · Evidence: text as pretraining
#
# [Lesson 25](../25_text_as_pretraining.py) lets a small transformer read
# sixteen declarations, and then asks it for the language of a country's
# name. Here is how its table was made, what counts of characters do with
# the same text, and how few numbers one has to touch.
#
# ## The text and the names
#
# What is read is the Declaration of Human Rights in sixteen languages, in
# small letters, some nine thousand characters each. Nobody tells the
# network which piece is in which language. What is asked for is the
# language of a country's name. The 257 countries are divided once and for
# all: a hundred to draw labels from, fifty to choose settings with, the
# others to test on. A name that is written alike in two of the languages
# ("Andorra") is left out: there is no right answer. In the share of right
# answers each language counts alike, so that chance is one in sixteen.

# %%
import functools
from collections import Counter

import numpy as np

from minitransfer import (
    experiments,
    nn,
    optim,
    plots,
    train,
    transfer,
)
from minitransfer.course import claim, figures
from minitransfer.experiments import judge, judge_each

draw = figures(25)
test, wanted = draw.names("test")
print(len(draw.names("pool")[0]), "names to draw labels from")
print(len(test), "names to test on, the fewest of a language:")
print(np.bincount(wanted).min(), "and", draw.TOKENS - 2, "characters")

# %% [markdown]
# ## Two tasks that text sets by itself
#
# `next`: tell the character that comes next, as GPT does (Radford and
# others, 2018). No place may see what comes after it. `masked`: tell the
# 15 % of characters that are hidden, as BERT does (Devlin and others,
# 2019). Each place sees both sides. Everything else is the same: two
# layers, 64 numbers a place, 1,500 batches of 32 pieces of 32 characters.


# %%
@functools.lru_cache(maxsize=2)
def pretrained(kind, seed):
    rng = np.random.default_rng([25, seed])
    net = draw.Reader(draw.TOKENS, rng, ahead=kind == "next")
    text = draw.windows(rng, 32 * draw.STEPS, draw.LONG + 1)
    pieces = (
        (text[:, :-1], text[:, 1:])
        if kind == "next"
        else draw.blanked(text[:, :-1], rng)
    )
    train.fit(
        net,
        pieces,
        loss=draw.each_place,
        optimizer=optim.Adam(net.parameters(), lr=draw.RATE),
        schedule=optim.CosineAnnealingLR,
        steps=draw.STEPS,
        batch_size=32,
        generator=rng,
    )
    return net.state_dict()


# %% [markdown]
# ## Ways to use it
#
# | way | the body | what learns from the labels |
# |---|---|---|
# | `held` | has read | the head, a ridge probe on the mean over places |
# | `random` | has not read, held | the same head: the control for *reading* |
# | `all` | has read | everything |
# | `scratch` | has not read | everything: what borrowing has to beat |
# | `LoRA` | has read, held | a change of rank 4 beside each matrix, the head |
# | `adapters` | has read, held | two adapters of 8 numbers a layer, the head |
# | `biases` | has read, held | all biases, the head |
#
# And without any network:
#
# | way | what counts | what learns |
# |---|---|---|
# | `n-grams, labels` | runs of 1 to 3 characters | naive Bayes |
# | `n-grams, text` | the same, as 64 features | the same ridge probe |
#
# The first knows nothing but the labelled names. The second is the strict
# control. It has seen the same text as the
# network, and no label of it either: each run of characters counts the
# more the rarer it is, and the 64 directions in which pieces of the
# declarations differ most make the features (latent semantic analysis,
# Deerwester and others, 1990).


# %%
def grams(text, most=draw.LONG):
    """All runs of one to three characters."""
    text = text[:most]
    return [
        text[k : k + n]
        for n in (1, 2, 3)
        for k in range(len(text) - n + 1)
    ]


def counts(texts, known):
    x = np.zeros((len(texts), len(known)))
    for row, text in zip(x, texts, strict=True):
        for gram in grams(text):
            if gram in known:
                row[known[gram]] += 1
    return x


def naive_bayes(few, y, texts):
    every = sorted({gram for text in few for gram in grams(text)})
    known = {gram: k for k, gram in enumerate(every)}
    x = counts(few, known)
    often = np.stack([x[y == k].sum(0) for k in range(16)]) + 0.5
    weights = np.log(often / often.sum(1, keepdims=True))
    return (counts(texts, known) @ weights.T).argmax(1)


# %%
@functools.cache
def of_the_text(seed, pieces=4000, most=1000):
    """What turns names into 64 features, from text without labels."""
    rng = np.random.default_rng([26, seed])
    text = [draw.text_of(row) for row in draw.windows(rng, pieces)]
    often = Counter(
        gram for piece in text for gram in set(grams(piece))
    )
    known = {
        gram: k for k, (gram, _) in enumerate(often.most_common(most))
    }
    rare = np.log(pieces / np.array([often[gram] for gram in known]))

    def weighted(texts):
        x = counts(texts, known) * rare
        return x / np.linalg.norm(x, axis=1, keepdims=True).clip(1e-9)

    x = weighted(text)
    directions = np.linalg.eigh(x.T @ x)[1][:, : -64 - 1 : -1]
    return lambda texts: weighted(texts) @ directions


# %% [markdown]
# ## How the table was made
#
# Every seed is a draw of its own of everything: initial weights, text,
# labels. So its runs are independent of those of the other seeds. The
# steps on labels are 100 of Adam along a cosine, batches of up to 32. The
# rate of reading and the size of the first embeddings were chosen among
# three pairs by the loss of reading. The rate of each way was chosen
# between two (1e-3 and 3e-3 for `all` and `scratch`, 3e-3 and 1e-2 for
# `LoRA` and `adapters`, 5e-3 and 2e-2 for `biases`), on the countries that
# are kept for choosing, with a seed that is not in the table. Each time
# it was the larger one, so still larger ones may do better. Naive Bayes
# adds 0.5 to every count; 0.1 would have served it a little better there.


# %%
RATES = {
    "all": 0.003,
    "scratch": 0.003,
    "LoRA": 0.01,
    "adapters": 0.01,
    "biases": 0.02,
}


def learning(net, x, y, lr, rng):
    """Some steps for whatever of a network is not held."""
    ours = [p for p in net.parameters() if p.requires_grad]
    train.fit(
        net,
        (x, y),
        optimizer=optim.Adam(ours, lr=lr),
        schedule=optim.CosineAnnealingLR,
        steps=100,
        batch_size=min(len(y), 32),
        generator=rng,
    )
    return sum(p.numel() for p in ours)


PARTLY = {
    "LoRA": functools.partial(transfer.add_lora, rank=4),
    "adapters": functools.partial(
        transfer.add_adapters, bottleneck=8
    ),
    "biases": transfer.bias_only,
}


def reader(kind, way, seed, rng):
    """A network for whole names, as it is before it sees a label."""
    net = draw.Reader(16, rng, ahead=kind == "next", whole=True)
    if way not in ("scratch", "random"):
        known = pretrained(kind, seed)
        body = {k: v for k, v in known.items() if "head" not in k}
        net.load_state_dict({**net.state_dict(), **body})
    if way in PARTLY:
        PARTLY[way](net, head="head")
    return net


# %%
def probed(features, y, asked):
    """The answers of a ridge probe."""
    return transfer.ridge_probe(features, y).predict(asked).argmax(1)


def measure(kind, way, shots, seed, texts=test, y=wanted):
    few, labels = draw.labelled(shots, seed)
    if kind == "n-grams":
        if way == "labels":
            said = naive_bayes(few, labels, texts)
        else:
            seen = of_the_text(seed)
            said = probed(seen(few), labels, seen(texts))
        return {"right": round(draw.right(said, y), 5), "touched": 0}
    rng = np.random.default_rng([27, seed])
    net = reader(kind, way, seed, rng)
    x, asked = draw.numbers(few), draw.numbers(texts)
    if way in ("held", "random"):
        net.head = nn.Identity()
        said = probed(
            train.predict(net, x), labels, train.predict(net, asked)
        )
        touched = 16 * 65
    else:
        touched = learning(net, x, labels, RATES[way], rng)
        said = train.predict(net, asked).argmax(1)
    return {
        "right": round(draw.right(said, y), 5),
        "touched": touched,
    }


# %% [markdown]
# The table takes some eight minutes of one core. To measure it anew delete
# `lessons/results/text.csv` and say
#
#     python lessons/evidence/25_text_as_pretraining.py --full

# %%
GRID = (
    ("none", ("random", "scratch"), draw.SHOTS),
    ("n-grams", ("labels", "text"), draw.SHOTS),
    ("next", ("held", "all"), draw.SHOTS),
    ("next", ("LoRA", "adapters", "biases"), (10,)),
    ("masked", ("held", "all"), draw.SHOTS),
)
CELLS = [
    {"kind": kind, "way": way, "shots": shots, "seed": seed}
    for seed in range(6)
    for kind, ways, many in GRID
    for way in ways
    for shots in many
]
table = experiments.stored("text", measure, CELLS)
for cell in (
    {"kind": "next", "way": "held", "shots": 10, "seed": 0},
    {"kind": "n-grams", "way": "text", "shots": 3, "seed": 1},
    {"kind": "none", "way": "scratch", "shots": 10, "seed": 0},
):
    agreement = experiments.measure_again(
        table, measure, "right", **cell
    )
    print(agreement)
    assert agreement.agrees

# %%
print("right answers, mean ± deviation over six seeds")
print(
    f"{'labels of each language':30}",
    *(f"{n:^13}" for n in draw.SHOTS),
)
for kind, ways, many in GRID:
    for way in ways:
        told = {n: draw.runs(table, kind, way, n) for n in many}
        print(
            f"{kind + ', ' + way:30}",
            *(
                f"{told[n].mean():5.1%} ± {told[n].std(ddof=1):.1%}"
                if n in told
                else 13 * " "
                for n in draw.SHOTS
            ),
        )

# %% [markdown]
# ## What if one knew the languages of the text?
#
# All this treats the declarations as text without labels. Whoever knows
# which declaration is in which language needs no example at all: count
# the runs of characters in each, and ask in which a name is the most
# likely. It is no rival, since it was told sixteen times nine thousand
# labelled characters. But it says how much there is to be had.

# %%
every = [Counter(grams(text, None)) for text in draw.TEXTS]
known = {gram: k for k, gram in enumerate(set().union(*every))}
often = np.full((16, len(known)), 0.1)
for row, found in zip(often, every, strict=True):
    for gram, times in found.items():
        row[known[gram]] += times
weights = np.log(often / often.sum(1, keepdims=True))
told = (counts(test, known) @ weights.T).argmax(1)
print(f"languages of the text known: {draw.right(told, wanted):.1%}")

# %% [markdown]
# ## Next or hidden?
#
# Of the hidden characters only 15 in a hundred are asked, and of the next
# ones all: the same pieces set some six times as many questions one way
# as the other. So what is compared is batches, not questions.

# %%
plots.show(draw.tasks(table), "25_tasks")

# %% [markdown]
# ## What the numbers say
#
# The margin of two points was written down before the table was made.
# Where an interval lies neither within the margin nor on one side of 0,
# the runs are too few to tell: "does not hold" then means *not shown*.
#
# What refutes each sentence got its last words when the table was known.
# Of LoRA, adapters and biases one was to be enough for "narrowly", and
# the biases would have been that one; now it takes two, which is
# stricter. Hidden characters were to be refuted by a *difference* beyond
# two points, and none is sure; but the cell had asked for equality from
# the start, and its words do so now. The third verdict is the same by the
# old words and by the new.

# %%
behind = {
    way: draw.runs(table, "next", way, 10)
    - draw.runs(table, "next", "all", 10)
    for way in PARTLY
}
shown = {
    way: one.word in ("equal", "more")
    for way, one in judge_each(behind, margin=draw.MARGIN).items()
}
claim(
    "C9/few numbers",
    "LoRA, adapters and biases alone, a tenth of the numbers or fewer, do "
    "as well as all numbers do, within two points or better (right of 10 "
    "labels each; difference)",
    source="ours",
    refuted_by="fewer than two of the three equal within 0.02, or ahead",
    control="the same network, all of it learning, same labels",
    **experiments.over_seeds(behind),
    effect=behind["LoRA"].mean(),
    interval=judge(behind["LoRA"]).interval,
    **experiments.over_cases(shown),
    check=all(abs(d.mean()) < 0.3 for d in behind.values()),
    format="+.1%",
)

# %%
apart = {
    f"{way}, {n}": draw.runs(table, "masked", way, n)
    - draw.runs(table, "next", way, n)
    for way in ("held", "all")
    for n in draw.SHOTS
}
words = {
    name: one.word
    for name, one in judge_each(apart, margin=draw.MARGIN).items()
}
for name, word in words.items():
    print(f"{name:9} {word}")
claim(
    "C9/masked",
    "it does not matter which of the two tasks the text sets: hidden "
    "characters serve as well as the next one, within two points (masked − "
    "next)",
    source="ours",
    refuted_by="not shown equal within 0.02 in each of six comparisons",
    control="the same network, as many batches of the same text",
    **experiments.over_seeds(apart),
    effect=apart["held, 10"].mean(),
    interval=judge(apart["held, 10"]).interval,
    verdict="holds"
    if set(words.values()) == {"equal"}
    else "does not hold",
    check=all(abs(d.mean()) < 0.3 for d in apart.values()),
    format="+.1%",
)

# %% [markdown]
# No difference is sure either: held, the hidden characters are behind on
# average, but six runs are too few for six comparisons. It is *not shown*
# that the two are equal.

# %%
ahead = {
    f"{n} labels": draw.runs(table, "next", "all", n)
    - draw.runs(table, "n-grams", "labels", n)
    for n in draw.SHOTS
}
sure = {n: j.word == "more" for n, j in judge_each(ahead).items()}
claim(
    "C9/counting names",
    "a network that has read the text and then learns from labelled names "
    "does better than naive Bayes on the characters of these names alone "
    "(right; difference)",
    source="ours",
    refuted_by="ahead at one of three numbers of labels, or at none (Holm, "
    "5 %); narrowly, if at two",
    control="runs of 1 to 3 characters, naive Bayes, same labels",
    **experiments.over_seeds(ahead),
    effect=ahead["10 labels"].mean(),
    interval=judge(ahead["10 labels"]).interval,
    **experiments.over_cases(sure),
    check=all(abs(d.mean()) < 0.4 for d in ahead.values()),
    format="+.1%",
)
