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
# the same. (The convolutional ones take a quarter of a minute each and
# were left out. What is said here is said of plain networks.)

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
from minitransfer.course import claim, figures
from minitransfer.experiments import judge, judge_each

draw = figures(27)
MAKERS = {"plain 256": zoo.glyph_mlp, "glyph-conv": zoo.glyph_conv}


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


def names_by_lot(some):
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
    "noise": lambda: known(names_by_lot, 200),
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
]
scores = experiments.stored("scores", audition, CELLS)
print(scores)

# %% [markdown]
# The tables together take ten to thirteen minutes of one core. To measure
# them anew delete `scores.csv`, `facts.csv` and `strategies.csv` in
# `lessons/results` and say
#
#     python lessons/evidence/27_choosing_a_strategy.py --full
#
# Here and now one network is brought up again and judged.

# %%
again = experiments.measure_again(
    scores,
    audition,
    "linear_probe",
    network="plain 256",
    source="ink",
    seed=1,
    target="digits",
    labels=100,
)
print(again)
assert again.agrees
impressions = experiments.read("impressions", draw.OTHERS)
for row in scores.rows:
    of = {k: row[k] for k in ("network", "source", "seed")}
    stored = impressions.values("source_accuracy", **of)[0]
    assert abs(stored - row["school"]) < 0.03, of

# %% [markdown]
# ## Do they order as training does?
#
# **Said before we looked.** For each seed the nine networks (eight
# upbringings and *nothing*) are put into order by a score, and by what
# they reach after training on the same labels, as lesson 14 stored it.
# Kendall's τ compares the two orders. A score *orders* the networks if its
# mean τ is above what exchanged names give (names are exchanged in all
# seeds alike, 500 times; Holm over the five scores, 5 %). It orders them
# *well* if the lower end of its 95 % interval over seeds is above 0.5:
# three pairs in four. The test is made where lesson 14 made its own, with
# 100 digits and the body held, in the plain network, of which there are
# five seeds; all else is looked at besides. (What this means for the whole
# sentence, D6/audition, was worded after the numbers were seen: one score
# that orders well leaves "narrowly". By the first words one that does not
# was to refute, and the sentence would not hold: the H-score does not.)


# %%
def given_and_reached(
    score, way, labels, network="plain 256", target="digits",
    sources=draw.CANDIDATES, seeds=5,
):  # fmt: skip
    of = {"network": network, "target": target, "labels": labels}
    return (
        draw.rows_of(scores, score, sources, seeds, **of),
        draw.rows_of(
            impressions, "accuracy", sources, seeds, way=way, **of
        ),
    )


def told_of(taus):
    found = judge(taus)
    low, high = found.interval
    return f"{found.middle:+.2f} [{low:+.2f}, {high:+.2f}]"


NAMES = {**draw.SCORES, **draw.CONTROLS}
main = {s: given_and_reached(s, "head", 100) for s in draw.MEASURED}
tau = {score: draw.taus(*both) for score, both in main.items()}
luck = {score: draw.by_chance(*both) for score, both in main.items()}
corrected = experiments.holm({s: luck[s] for s in draw.SCORES})
print("Kendall's tau, 100 digits, body held, plain network")
for score, name in NAMES.items():
    p = corrected.get(score, luck[score])
    print(f"  {name:20} {told_of(tau[score])}   p = {p:.3f}")

# %%
found, by_luck = draw.all_taus(scores, impressions)
plots.show(draw.agreement(found, by_luck), "27_agreement")

# %%
print("Kendall's tau elsewhere (plain network, five seeds)")
for target, sources in LENT.items():
    for labels in (100, 500):
        for way, how in draw.WAYS.items():
            print(f"  {target}, {labels}, {way}, four sources")
            for score, name in NAMES.items():
                both = given_and_reached(
                    score, how, labels, target=target, sources=sources
                )
                print(f"    {name:20} {told_of(draw.taus(*both))}")

# %% [markdown]
# With four networks there are six pairs, and one of them more or less is a
# third of τ. With 100 labels the H-score sees nothing here, neither for the
# animals nor for the fifty characters, of which there are two pictures
# each; the others see something. Where all is trained, all five say little
# about the new characters.
#
# Not shrunk, the H-score is no score with 20 labels: whatever the features,
# nine is what it finds, for any 20 pictures can be told apart in 128
# numbers. (It then takes whoever stands first in the list, which happens to
# be the best one. So it loses nothing in the table below, by luck.)
#
# An order is one thing, the first place another: who takes the network
# with the best score loses how many points against the best network?


# %%
def print_row(name, lost):
    cells = "".join(f"{100 * one.mean():8.1f}" for one in lost)
    print(f"    {name:20}{cells}")


print("points lost by who takes the best score (plain, five seeds)")
for way, how in draw.WAYS.items():
    heads = "".join(f"{labels:8}" for labels in draw.LABELS)
    print(f"  {way + ', labels:':22}{heads}")
    for score, name in NAMES.items():
        pairs = [
            given_and_reached(score, how, n) for n in draw.LABELS
        ]
        print_row(name, [draw.cost_of_trust(*pair) for pair in pairs])
    each = [reached for _, reached in pairs]
    print_row("by lot", [row.max(1) - row.mean(1) for row in each])

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
        net = MAKERS[network](len(few.classes), generator=rng)
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

# %%
again = experiments.measure_again(
    tried,
    both,
    "accuracy",
    network="plain 256",
    source="ink",
    target="animals",
    labels=100,
    option="head",
    seed=0,
)
print(again)
assert again.agrees

# %% [markdown]
# ## How the rule was made
#
# What a rule may look at: how many labels a class has, and how much of the
# task a linear map gets right, from the borrowed features and from the
# inputs themselves (`transfer.facts_about`). What it expects of each
# strategy is a sum of these, each times a number, and the numbers are
# those with the least squared error on the six tasks of the left column.
# Which of these facts are worth having was decided there too: each task
# was left out in turn, and its gains foretold from the other five.


# %%
def gains_of(tasks, network="plain 256"):
    """Task → what was seen, and what each strategy gained."""
    found = {}
    for key, seen in draw.fields(told, network, tasks).items():
        runs = draw.runs_of(tried, "accuracy", network, *key)
        for k, row in enumerate(seen):
            gained = {
                o: runs[o][k] - runs["scratch"][k] for o in runs
            }
            found.setdefault(key[1], []).append((row, gained))
    return found


def seen_facts(row):
    return transfer.Facts(
        row["examples"], row["classes"], row["borrowed"], row["raw"]
    )


PREDICTORS = {
    "nothing": lambda f: np.ones(1),
    "labels": lambda f: np.array([1, labels_a_class(f)]),
    "lead": lambda f: np.array([1, f.borrowed - f.raw]),
    "lead, labels": transfer.recommendation.predictors,
    "borrowed, raw, labels": lambda f: np.array(
        [1, f.borrowed, f.raw, labels_a_class(f)]
    ),
}


def labels_a_class(f):
    return np.log10(f.examples / f.classes)


def fitted(cases, option, predict):
    x = np.array([predict(seen_facts(row)) for row, _ in cases])
    y = np.array([gained[option] for _, gained in cases])
    return np.linalg.lstsq(x, y, rcond=None)[0]


def off(made, option, predict):
    """What was gained less what was expected, each task left out."""
    found = []
    for task, cases in made.items():
        others = [
            c for t, cs in made.items() if t != task for c in cs
        ]
        rule = fitted(others, option, predict)
        found += [
            gained[option] - predict(seen_facts(row)) @ rule
            for row, gained in cases
        ]
    return np.array(found)


made = gains_of(draw.MADE_ON)


def wrong_by(option, predict):
    return 100 * np.sqrt((off(made, option, predict) ** 2).mean())


print("root mean square of what was foretold wrongly, in points")
for name, predict in PREDICTORS.items():
    row = "  ".join(
        f"{o}: {wrong_by(o, predict):5.1f}" for o in BORROWED
    )
    print(f"  {name:24}{row}")

# %% [markdown]
# The lead of the borrowed features over the inputs foretells most; the
# number of labels a class helps with the head, and more facts do not
# foretell better. Other forms were tried in the same way, on the same six
# tasks: a product of the two, the logarithms of the errors, the room that
# the inputs leave, labels in all instead of labels a class. None lost less
# on a task that had been left out. So these two it is, and the numbers come
# from all six tasks together. How far off the rule was where a task had
# been left out gives the interval that comes with a recommendation: a
# twentieth of the gains lay below it, a twentieth above.

# %%
predict = transfer.recommendation.predictors
for option in BORROWED:
    every = [case for cases in made.values() for case in cases]
    rule = fitted(every, option, predict)
    wrong = np.quantile(off(made, option, predict), (0.05, 0.95))
    print(f"{option:15} {rule.round(4)}   off by {wrong.round(4)}")
    for mine, kept in (
        (rule, transfer.recommendation.RULE),
        (wrong, transfer.recommendation.OFF),
    ):
        assert np.allclose(mine, kept[option], atol=1e-4)

# %% [markdown]
# These are the numbers in `transfer.recommendation`, and the cell would
# fail if they were not.
#
# ## What the rule is worth
#
# **Said before we looked.** A rule's price on a task is what it loses
# against the best option there, in the mean over lenders, numbers of
# labels and seeds; the best option of a field is the one with the highest
# mean over seeds. Six tasks are six independent cases, however many
# networks were trained on each. The rule is worth having if it surely
# loses less than each of the four fixed strategies (Holm, 5 %), and as
# little as validation, within one point (90 % interval). (The lesson's
# cell first said "holds narrowly" where only some of the four are beaten.
# That was too kind to a sentence that speaks of all four, and was made
# stricter after the numbers were seen. Its words became kinder in one
# point: validation ahead by what may be more than a point was to refute,
# and now leaves "narrowly". With two of four beaten it fails either way.)


# %%
def expect(row):
    return transfer.advice_for(seen_facts(row)).expected


def price_list(lost):
    for rule, per_task in lost.items():
        each = " ".join(f"{100 * one:6.1f}" for one in per_task)
        print(f"  {rule:22} {100 * per_task.mean():5.1f}  ({each} )")


print("points lost: in all, and on each task")
for network, tasks in (
    ("plain 256", draw.ASKED),
    ("plain 256", draw.MADE_ON),
    ("glyph-conv", draw.ASKED),
):
    print(f"{network}:\n  {', '.join(tasks)}")
    price_list(draw.losses(tried, told, expect, network, tasks))
lost = draw.losses(tried, told, expect, "plain 256", draw.ASKED)
for labels in draw.COUNTS:
    print(f"plain 256, the new tasks, {labels} labels")
    some = told.where(labels=labels)
    price_list(
        draw.losses(tried, some, expect, "plain 256", draw.ASKED)
    )

# %% [markdown]
# The second block is the rule on the tasks that it was made on, where it
# has to look good. On new tasks it loses ten times as much. With 100
# labels it is ahead of validation, with 900 far behind; that they differ so
# was not foretold, and is a hint for the next study, no finding of this one.
# Validation itself beats, for sure, the same two habits as the rule does:

# %%
habits = {
    rule: runs - lost["validation"]
    for rule, runs in lost.items()
    if rule.startswith("always")
}
for rule, found in judge_each(habits).items():
    low, high = (100 * end for end in found.interval)
    print(
        f"  {rule:22} − validation {100 * found.middle:+5.1f} "
        f"[{low:+.1f}, {high:+.1f}] {found.word}"
    )

# %% [markdown]
# ## Should `minitransfer finetune` use it?
#
# `finetune --option auto` does not choose among four: it trains a head,
# and then everything in small steps, and keeps what validation prefers.
# (Scratch is trained beside them and kept too if it is surely better.)
# The rule could choose between these two beforehand, and save the longer
# training where a head is enough. **Said before we looked:** it is taken
# if it surely loses less than validation, or if the two are equal within
# one point and it is cheaper, in both networks. (Validation goes by
# accuracy here, and where it finds both equally good, the mean of the two
# counts; `finetune` then looks at the loss.)

# %%
TWO = ("head", "head, then all")
both_networks = {
    network: draw.losses(
        tried, told, expect, network, draw.ASKED, TWO
    )
    for network in ("plain 256", "glyph-conv")
}
saved = {}
for network, of_two in both_networks.items():
    print(f"{network}: points lost against the better of the two")
    price_list(of_two)
    saved[network] = of_two["validation"] - of_two["recommend"]
    found = judge(saved[network], margin=draw.POINT)
    print(
        f"  validation − recommend: {told_of(100 * saved[network])}"
    )
    print(f"  within a margin of a point: {found.word}")
    says = [
        max(TWO, key=expect(row).get)
        for row in told.where(network=network).rows
        if row["target"] in draw.ASKED
    ]
    often = says.count(TWO[1]) / len(says)
    print(f"  the rule says “{TWO[1]}” in {often:.0%} of the cases")

# %% [markdown]
# So `finetune --option auto` stays as it is. In the plain network the rule
# surely loses less than validation. But it nearly always says the same,
# everything, so that no training would be saved; and in the published
# convolutional network, which is what `finetune` borrows for small
# pictures, the two cannot be told apart with so few runs. What the table
# does say is that between these two nobody would have had to ask: *always
# head, then all* loses next to nothing here. On a folder with a handful of
# photographs, and a network that has seen a million, that may be different,
# and was not tried.
#
# ## Does the interval hold what it says?
#
# Nine of ten gains are to lie within it. Here are all gains on the new
# tasks, of every strategy that borrows, beside what was expected.

# %%
new_cases = gains_of(draw.ASKED)
pairs = {
    option: [
        (expect(row)[option], gained[option])
        for cases in new_cases.values()
        for row, gained in cases
    ]
    for option in BORROWED
}
plots.show(draw.hoped_and_had(pairs), "27_hoped_and_had")


def inside(row, gained, option):
    low, high = transfer.recommendation.OFF[option]
    return low <= gained[option] - expect(row)[option] <= high


held = {
    task: np.mean(
        [
            inside(row, gained, option)
            for row, gained in cases
            for option in BORROWED
        ]
    )
    for task, cases in new_cases.items()
}
for name, share in held.items():
    print(f"  {name:17}{share:4.0%} of the gains within")

# %% [markdown]
# ## What the numbers say
#
# The interval first. It counts as right if between 80 % and 97 % of the
# gains on new tasks lie in it (said before we looked). What refutes the
# second sentence was brought to the rule of above when the numbers were
# known; its first words counted even a *lead* of more than a point
# against it. It fails by both, for the convolutional network alone.

# %%
shares = np.array(list(held.values()))
around = judge(shares).interval
claim(
    "D6/expected gain",
    "the interval that comes with a recommendation holds nine of ten gains "
    "on tasks that the rule was not made on",
    source="ours",
    refuted_by="fewer than 80 % or more than 97 % of the gains within it, in "
    "the mean over six tasks",
    control="the gains of all three strategies on six new tasks",
    measured={task: float(share) for task, share in held.items()},
    spread=None,
    seeds=len(shares),
    effect=float(shares.mean()),
    interval=around,
    verdict="holds"
    if 0.8 <= shares.mean() <= 0.97
    else "does not hold",
    check=shares.mean() > 0.5,
    format=".0%",
)

# %%
claim(
    "D6/finetune",
    "the recommendation chooses between a head and everything as well as "
    "validation does, within a point, and before anything is trained",
    source="ours",
    refuted_by="in either network neither surely ahead of validation nor "
    "equal within a point (90 % interval)",
    control="validation with a fifth of the same labels",
    **experiments.over_seeds(saved),
    effect=saved["plain 256"].mean(),
    interval=judge(saved["plain 256"]).interval,
    verdict="holds"
    if all(
        judge(one, margin=draw.POINT).word in ("equal", "more")
        for one in saved.values()
    )
    else "does not hold",
    check=abs(saved["plain 256"].mean()) < 0.2,
    format="+.1%",
)
