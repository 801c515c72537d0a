# %% [markdown]
# # 27 · Evidence: choosing a strategy
#
# [Lesson 27](../27_choosing_a_strategy.py) lets networks audition, and
# asks for advice on what to do with the one that is taken. Here is how
# both were measured: the nine upbringings of lesson 14 judged by five
# scores, the order that training puts them in, and the rule behind
# `transfer.recommend`, on targets that it was not made on.
#
# ## The networks are brought up again
#
# Lesson 14 stored what its networks reach, and not the networks. So they
# are brought up once more, with the same seeds, and `school` says what
# they reach in their own task: if it is what lesson 14 stored, they are
# the same. (The convolutional ones take long: two seeds of five.)

# %%
import copy
from dataclasses import replace
from functools import cache

import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import (
    data,
    experiments,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim, code_of, figures
from minitransfer.experiments import judge, judge_each, kendall_tau

draw = figures(27)
MAKERS = {"plain 256": zoo.glyph_mlp, "conv 16": zoo.glyph_conv}


@cache
def drawings():
    return data.glyphs(250, 120, seed=7)


def known(y, classes):
    """The first 200 characters, under names of one's own."""
    some = drawings()[drawings().y < 200]
    return replace(
        some, y=y(some), classes=tuple(map(str, range(classes)))
    )


def much_ink(some):
    ink = some.x.mean((1, 2, 3))
    return (ink > np.median(ink)).astype(int)


def by_lot(some):
    return np.random.default_rng(5).permutation(some.y)


SOURCES = {
    "characters": lambda: known(lambda some: some.y, 200),
    "ten characters": lambda: data.glyphs(10, 500, seed=7),
    "animals": lambda: data.animal_shapes("pool"),
    "digits": lambda: data.mnist("pool"),
    "shuffled": lambda: SOURCES["characters"]().permuted(
        np.random.default_rng(5)
    ),
    "gratings": data.gratings,
    "sounds": data.sounds,
    "ink": lambda: known(much_ink, 2),
    "noise": lambda: known(by_lot, 200),
}


def new(network, classes, rng):
    """Initial weights, drawn as lesson 14 draws them."""
    net = MAKERS[network](classes, generator=np.random.default_rng(0))
    for layer in net:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, generator=rng)
            nn.init.zeros_(layer.bias)
    return net


@cache
def brought_up(network, source, seed):
    """A network that knows the source, and how well."""
    rng = np.random.default_rng(seed)
    if source == "nothing":
        return new(network, 10, rng), 0.0
    lessons = SOURCES[source]()
    net = new(network, len(lessons.classes), rng)
    train.fit(
        net,
        lessons[500:],
        optimizer=optim.Adam(net.parameters(), lr=2e-3),
        schedule=optim.CosineAnnealingLR,
        steps=1000,
        batch_size=128,
        generator=rng,
    )
    return net, train.evaluate(net, lessons[:500])["accuracy"]


# %% [markdown]
# Each is shown the very pictures that lesson 14 taught it afterwards: the
# digits (20, 100, 1,000 or 4,000 of them), the animals and the fifty
# characters that no network has seen (100 or 500).


# %%
def other_characters(part):
    those = np.flatnonzero(drawings().y >= 200)
    those = those[:3000] if part == "pool" else those[3000:]
    names = tuple(map(str, range(50)))
    some = drawings()
    return replace(
        some, x=some.x[those], y=some.y[those] - 200, classes=names
    )


TARGETS = {
    "digits": data.mnist,
    "animals": data.animal_shapes,
    "other characters": other_characters,
}


def audition(network, source, seed, target, labels):
    """All scores, from one look at the labelled pictures."""
    net, school = brought_up(network, source, seed)
    few = TARGETS[target]("pool").sample(
        labels, np.random.default_rng(seed)
    )
    scores = transfer.transferability(
        net, few, generator=np.random.default_rng([seed, 27])
    )
    plain = transfer.features_of(transfer.strip_head(net), few).x
    scores["h_score_as_published"] = transfer.h_score(plain, few.y)
    scores["school"] = school
    return {name: round(score, 6) for name, score in scores.items()}


def cells(network, sources, seeds, target, labels):
    return experiments.grid(
        network=[network],
        source=sources,
        seed=seeds,
        target=[target],
        labels=labels,
    )


ALL = (*draw.SOURCES, "nothing")
LENT = {
    "animals": ("characters", "ten characters", "digits", "nothing"),
    "other characters": (
        "characters",
        "animals",
        "digits",
        "nothing",
    ),
}
CELLS = [
    *cells("plain 256", ALL, range(5), "digits", draw.LABELS),
    *(
        cell
        for target, sources in LENT.items()
        for cell in cells(
            "plain 256", sources, range(5), target, (100, 500)
        )
    ),
    *cells("conv 16", ALL, range(2), "digits", draw.LABELS),
]
scores = experiments.stored("scores", audition, CELLS)
print(scores)

# %% [markdown]
# ## Twelve tasks for a rule
#
# Which network to borrow is one question, what to do with it another. The
# answers are the package's own: `scratch`, `head`, `all`, and `head, then
# all`, the last with small steps for the body, as `minitransfer finetune`
# takes them. A rule was made on six tasks and asked about six others. We
# divided them before any of this was measured, so that each half has near
# tasks and far ones.
#
# | made on | asked about |
# |---|---|
# | digits | digits of a second scanner |
# | noisy digits | strokes: 12 kinds, by shape and direction |
# | fifty new characters | which way up? (animals, four turns) |
# | animals | ink of digits: by their ink, in ten grades |
# | gratings | sounds |
# | shuffled digits | shuffled animals |


# %%
def parts_of(whole, part):
    """3,000 pictures to draw labels from and 2,000 to judge by."""
    return whole[:3000] if part == "pool" else whole[3000:5000]


@cache
def strokes():
    rng = np.random.default_rng(27)
    drawn = [data.strokes(kind, 1800, rng) for kind in draw.STROKES]
    x = np.concatenate([pictures for pictures, _ in drawn])
    y = np.concatenate(
        [
            4 * k + np.minimum(angles // (np.pi / 4), 3).astype(int)
            for k, (_, angles) in enumerate(drawn)
        ]
    )
    order = rng.permutation(len(x))
    x = (255 * x[order]).astype(np.uint8)
    names = tuple(map(str, range(12)))
    return data.Dataset(x, y[order], "strokes", names, "image")


def ink_in_grades(part):
    ink = data.mnist("pool").x.mean((1, 2, 3))
    steps = np.quantile(ink, np.arange(0.1, 1, 0.1))
    some = data.mnist(part)
    y = np.digitize(some.x.mean((1, 2, 3)), steps)
    return replace(some, y=y)


TASKS = {
    "digits": data.mnist,
    "noisy digits": lambda part: data.altered(
        data.mnist(part), "noisy", seed=len(part)
    ),
    "other characters": other_characters,
    "animals": data.animal_shapes,
    "gratings": lambda part: parts_of(data.gratings(), part),
    "shuffled digits": data.shuffled_digits,
    "second scanner": lambda part: data.uci_digits(part, size=28),
    "strokes": lambda part: parts_of(strokes(), part),
    "which way up": lambda part: transfer.quarter_turns(
        data.animal_shapes(part)[:2000]
    ),
    "ink of digits": ink_in_grades,
    "sounds": lambda part: parts_of(data.sounds(), part),
    "shuffled animals": lambda part: data.animal_shapes(
        part
    ).permuted(np.random.default_rng(5)),
}


@cache
def task(name, part):
    return TASKS[name](part)


# %% [markdown]
# Three upbringings may be borrowed: characters, animals, and ink, the
# silly one of lesson 14. So a rule also has to know when not to borrow.
# (Nobody borrows animals for animals.) There are 100 labels or 900, three
# seeds, and the plain network. A seed decides about upbringing, labels and
# head. And to see whether the rule knows only that network, the published
# convolutional one is asked about the six new tasks, with 100 labels.
#
# Each option learns twice: from four fifths of the labels, to be asked
# about the last fifth (`held_out`: that is how validation chooses), and
# from all of them, to be judged by test pictures. Rates and steps are the
# defaults of `fine_tune`; no option was tuned.


# %%
def body_of(network, source, seed):
    if network == "glyph-conv":
        return zoo.load(network)
    return brought_up(network, source, seed)[0]


def trained(network, source, seed, few, option):
    rng = np.random.default_rng([seed, len(few)])
    if option == "scratch":
        maker = {**MAKERS, "glyph-conv": zoo.glyph_conv}[network]
        net = maker(len(few.classes), generator=rng)
    else:
        net = copy.deepcopy(body_of(network, source, seed))
        transfer.replace_head(net, len(few.classes), generator=rng)
    transfer.fine_tune(
        net, few, generator=rng, **transfer.STRATEGIES[option]
    )
    return net


def few_of(target, labels, seed):
    rng = np.random.default_rng([seed, 27])
    return task(target, "pool").sample(labels, rng)


def both(network, source, seed, target, labels, option):
    few = few_of(target, labels, seed)
    asked = labels // 5
    most, rest = few.split(
        labels - asked, asked, generator=np.random.default_rng(seed)
    )
    found = {}
    for name, seen, unseen in (
        ("held_out", most, rest),
        ("accuracy", few, task(target, "test")),
    ):
        net = trained(network, source, seed, seen, option)
        right = train.evaluate(net, unseen)["accuracy"]
        found[name] = round(right, 5)
    return found


def facts(network, source, seed, target, labels):
    few = few_of(target, labels, seed)
    body = body_of(network, source, seed)
    rng = np.random.default_rng([seed, 27])
    found = transfer.facts_about(body, few, generator=rng)
    return {k: round(v, 5) for k, v in found._asdict().items()}


def lent(network, sources, seeds, targets, labels, **more):
    return [
        cell
        for cell in experiments.grid(
            network=[network],
            source=sources,
            seed=seeds,
            target=targets,
            labels=labels,
            **more,
        )
        if cell["source"] != cell["target"]
    ]


BORROWED = ("head", "all", "head, then all")
PLAIN = ("plain 256", draw.LENDERS, range(3), TASKS, draw.COUNTS)
CONV = ("glyph-conv", ["characters"], range(2), draw.ASKED, [100])
told = experiments.stored("facts", facts, lent(*PLAIN) + lent(*CONV))
tried = experiments.stored(
    "strategies",
    both,
    [
        cell
        for network, sources, *rest in (PLAIN, CONV)
        for cell in (
            *lent(network, ["nothing"], *rest, option=["scratch"]),
            *lent(network, sources, *rest, option=BORROWED),
        )
    ],
)
print(told)
print(tried)
