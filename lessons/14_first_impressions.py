# %% [markdown]
# # 14 · First impressions
#
# > When does what a network already knows help it with something new, and
# > when would it do better to start afresh?
#
# - **Time:** 12 minutes
# - **You need:** Python, and from lesson 11 what option 1, option 2 and
#   scratch are
# - **You will be able to:** say what makes a network worth borrowing; tell
#   negative transfer from the price of holding still; judge dozens of
#   comparisons at once without being fooled by luck
#
# A new neighbour moves in, and something about him is like a teacher whom
# you once had. Before he has said three words you know him: what he will
# find funny, when he will be cross. That is a first impression. It is made
# of other people, and it is worth a lot: if he *is* like that teacher, you
# are friends within a week. If he is not, you listen to the teacher
# instead of to him, and somebody without any idea would get to know him
# sooner.
#
# Article B ([sources](sources.md)) says that a borrowed network is just
# that. Where two sets of data differ much, the borrowed knowledge does not
# help and can do harm; then start afresh. People call the harm **negative
# transfer**. Article A sounds more hopeful: a network that had learnt
# human faces was of use for dogs' faces, and so it works even where two
# tasks seem to have nothing to do with each other. There is a quarrel
# between the two. Let us settle it.
#
# ## The same pictures, two questions
#
# Here are drawings of 200 printed characters. One network will be asked
# *which* of them it sees. The other is asked something silly about the
# very same pictures: is there much ink, or little?
#
# (`draw` below holds what draws the pictures of this lesson; it is no
# part of the story.)

# %%
import itertools

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
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import judge_each

# %%
draw = figures(14)
characters = data.glyphs(200, 120, seed=7)
ink = characters.x.mean((1, 2, 3))
much = (ink > np.median(ink)).astype(int)
silly = data.Dataset(
    characters.x, much, classes=("little", "much"), input_type="image"
)
some = [silly.x[much == answer][:12] for answer in (0, 1)]
figure = draw.two_questions(*some, data.mnist("pool").x[:12])
plots.show(figure, "14_two_questions")

# %% [markdown]
# Both networks have the five plain layers of article C and a thousand
# steps of training. Then both are handed the same hundred handwritten
# digits. First as in option 1: the body is held still, and only a fresh
# head learns. A third body, of random numbers, has been asked nothing at
# all. And *scratch* trains all its layers from random numbers on.
#
# **Predict before you run.** How many of the 500 unseen drawings will each
# network get right in its *own* task? And how many of a hundred digits
# will be read with the body that was asked for characters, with the one
# that was asked for ink, with the random one, and from scratch? Write six
# numbers down.


# %%
def brought_up(world, seed=0):
    rng = np.random.default_rng(seed)
    network = zoo.glyph_mlp(len(world.classes), generator=rng)
    train.fit(
        network,
        world[500:],
        optimizer=optim.Adam(network.parameters(), lr=2e-3),
        schedule=optim.CosineAnnealingLR,
        steps=1000,
        batch_size=128,
        generator=rng,
    )
    mark = train.evaluate(network, world[:500])["accuracy"]
    print(f"right in its own task: {mark:.0%}")
    return network


def read_digits(network, option="head", labels=100, seed=0):
    rng = np.random.default_rng(seed)
    few = data.mnist("pool").sample(labels, rng)
    transfer.replace_head(network, 10, generator=rng)
    transfer.fine_tune(network, few, option, generator=rng)
    return train.evaluate(network, data.mnist("test"))["accuracy"]


def new(seed=0):
    rng = np.random.default_rng(seed)
    return zoo.glyph_mlp(10, generator=rng)


# %%
now = {
    "characters": read_digits(brought_up(characters)),
    "ink": read_digits(brought_up(silly)),
    "random body": read_digits(new()),
    "scratch": read_digits(new(), "all"),
}
for source, accuracy in now.items():
    print(f"{source:12} {accuracy:.0%} of the digits")

# %% [markdown]
# The network with the good marks is the useless one. Ink it judges almost
# without a mistake, and it leaves the head *less* to read digits by than
# random numbers do. A random body mixes everything with everything, yet
# most of what went in can still be found in what comes out. A body that
# was asked a hundred thousand times how much ink there is, and never
# anything else, has learnt to **throw away** the rest. The other one is
# far from perfect in its own task, for that is a hard one. But two hundred
# characters cannot be told apart without seeing where strokes bend, meet
# and end.
#
# So before you borrow a network, do not ask how good it was. Ask what it
# could not have done without.
#
# ## Eight upbringings
#
# One run is luck. The same was done with five seeds, two kinds of
# networks and eight upbringings. Besides *characters* and *ink* there are
# *ten characters* only; *animals*, that is ten kinds of silhouettes;
# *gratings*, striped patterns; *sounds*, drawn as spectrograms;
# *shuffled*, characters whose dots were all moved about, always alike; and
# *noise*, the characters with names drawn by lot.
#
# We call gratings, sounds and shuffled the *far* ones, because of how
# their pictures look and not because of what came out. Every upbringing is
# compared with scratch, and held with a random body too, on the same
# digits, for four numbers of labels: 192 comparisons. Among so many, nine
# or ten would look sure by luck alone. `judge_each` raises the bar so that
# *any* mistake among all of them is a matter of five in a hundred. A full
# mark in the picture has passed that bar, an empty one has not. (The lines
# are 95 % intervals of each comparison by itself.)

# %%
OTHERS = ["seconds", "source_accuracy", "upbringing"]
table = experiments.read("impressions", ["accuracy", *OTHERS])
cases = itertools.product(
    draw.NETWORKS, draw.SOURCES, draw.KINDS, draw.LABELS
)
judged = judge_each({c: draw.gain(table, *c) for c in cases})
plots.show(draw.worth(judged, 100), "14_worth")

# %% [markdown]
# The round marks first: the body is held. Characters are ahead of scratch
# in both networks, and everything far or silly lies behind. But careful:
# so does a random body. Much of this is not the fault of what was
# learnt. It is the price of holding still, and any body pays it that was
# not made for digits. Only where a body is behind a *random* one has it
# learnt something harmful. That is so for ink. For the far worlds it
# cannot be shown with five seeds, although *shuffled* looks like it (the
# claim below counts).
#
# Now the square marks: everything may learn, and the borrowed values are
# only where one starts. Most of the harm is gone. No far upbringing is
# surely behind scratch any more, none surely ahead. One impression stays,
# that of ink, in the plain network: the few digits are not enough to talk
# it out of what it was taught. With thousands of labels it, too, has
# caught up. Article B is right, then, but mildly: what comes from far away
# is a bad body to hold, and seldom a bad place to start.
#
# ## Faces and dogs
#
# Article A's recipe holds the body and puts a small new part on top. We
# lend between worlds that seem to have little in common, with a hundred
# labels each time: from characters to animals, from animals to digits,
# from digits to fifty characters that nobody has seen. Thirty-six
# comparisons, corrected together.

# %%
cases = itertools.product(draw.NETWORKS, draw.PAIRS, draw.KINDS)
lent = judge_each(
    {
        (n, (a, b), kind): draw.gain(table, n, a, kind, 100, b)
        for n, (a, b), kind in cases
    }
)
plots.show(draw.pairs(lent), "14_pairs")

# %% [markdown]
# Look at the triangles: every held body does better than a random one, in
# the mean. *Something* is carried over between letters and elephants, and
# that is astonishing enough. Few of the twelve are sure by themselves; all
# together they are (a claim of the evidence).
#
# Then look at the round marks. A user does not ask whether a borrowed body
# beats random numbers. She asks whether it beats starting afresh, and the
# held body never surely does. Lent by digits or animals it is surely
# behind in several places. A rich source, two hundred characters, comes
# closest. (Where all may learn, the squares, borrowing is surely ahead
# twice, for new characters in the convolutional network, and surely behind
# once, in the plain one.) So something is carried over, and it is not
# enough to make the recipe *work*. A fair word for the article: faces and
# dogs' faces are more alike than letters and elephants, and its networks
# saw more pictures. That pair is not tested here.
#
# ## What the numbers say

# %%
blind, held, trained = draw.words_far_away(judged)
as_said = "less" in held and "more" not in held + trained
always = as_said and set(blind + held + trained) == {"less"}
sounds = judged["conv 16", "sounds", "held − scratch", 1000]
gains = draw.gains_far_away(table, "conv 16", 1000)
claim(
    "B5",
    "where two data sets differ much, what is borrowed does not help and "
    "can do harm (three far sources; points with 1,000 labels, "
    "convolutional; the effect is sounds, held, against scratch)",
    source="article",
    refuted_by="a far source surely ahead of scratch, or none behind (Holm)",
    control="scratch on the same digits; a random body, held",
    **experiments.over_seeds(gains),
    effect=sounds.middle,
    interval=sounds.interval,
    verdict="holds"
    if always
    else "holds narrowly"
    if as_said
    else "does not hold",
    condition=f"surely behind scratch in {held.count('less')} of "
    f"{len(held)} when held, {trained.count('less')} when trained; behind "
    f"a random body in {blind.count('less')}"
    if as_said and not always
    else "",
    check=sounds.middle <= -0.05,
    format="+.1%",
)

# %%
kind = "held − scratch"
words = [j.word for key, j in lent.items() if key[2] == kind]
works, fails = words.count("more"), words.count("less")
rich = lent["conv 16", ("characters", "animals"), kind]
told = {
    f"{a} → {b}": draw.gain(table, "conv 16", a, kind, 100, b)
    for a, b in draw.PAIRS
}
claim(
    "A3",
    "it works even between data that seem to have nothing to do with each "
    "other (body held, 100 labels, against scratch, convolutional; the "
    "effect is characters → animals)",
    source="article",
    refuted_by="the held body surely behind scratch in one of 12 (Holm)",
    control="scratch on the same examples; a random body, held",
    **experiments.over_seeds(told),
    effect=rich.middle,
    interval=rich.interval,
    verdict="does not hold"
    if fails
    else "holds"
    if works == len(words)
    else "holds narrowly",
    condition=f"ahead in {works} of 12"
    if not fails and works < len(words)
    else "",
    check=rich.middle > 0,
    format="+.1%",
)

# %% [markdown]
# ## Try it
#
# 1. Judge the ink in ten grades instead of two: `y = np.digitize(ink,
#    np.quantile(ink, np.arange(0.1, 1, 0.1)))`, and a `data.Dataset` like
#    `silly` with ten names. Does a finer question make a better
#    upbringing?
# 2. Ask the silly question and the good one together: 400 classes, with
#    `y = 2 * characters.y + much`. Does the silly half do harm?
# 3. Correct the impression: `read_digits(brought_up(silly), "all", n)` for
#    20, 100, 1,000 and 4,000 labels, and `read_digits(new(), "all", n)`
#    beside it.
#
# <details><summary>What you will see</summary>
#
# 1. It gets worse: about three digits in ten are read, or fewer. A finer
#    measure of what does not matter is only a harder task of the same
#    kind, and takes more of the network.
# 2. Hardly any: about two points. What the characters force the network
#    to see is still seen.
# 3. With 20 and with 100 labels the network brought up on ink is ten
#    points and more behind. With 1,000 it is two or three behind, and with
#    4,000 you will not be able to tell.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(14)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. A held body, borrowed from far away, is ten points behind scratch.
#    Which run tells you whether what it *learnt* is to blame?
# 2. You may borrow a network that is 99 % right at telling day from night,
#    or one that is 60 % right at telling 500 birds apart. Your task is
#    flowers. Which one, and why?
# 3. You make 100 comparisons at the 5 % level, and nothing is going on in
#    any of them. How many will look sure?
#
# <details><summary>Answers</summary>
#
# 1. A random body, held, below the same head. If it is as far behind, you
#    are paying for holding still, and not for what was learnt.
# 2. The birds. Day and night can be told by adding up dots; birds force a
#    network to look at shapes and patterns. Marks say how hard the task
#    was for the network, not what it had to notice.
# 3. About five. Holm's correction makes it none, in 95 of a hundred such
#    studies. The price is that true but small differences stay undecided.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/14_first_impressions.py) behind this lesson
#   (`minitransfer learn 14 --evidence`): all eight upbringings and how they
#   were drawn, the random body, marks at school, how an impression fades,
#   and article B's other warning, that *small networks need not borrow*.
# - Z. Wang, Z. Dai, B. Póczos and J. Carbonell, *Characterizing and
#   avoiding negative transfer*, 2019: what it depends on, and a remedy.
# - H. Maennel and others, *What do neural networks learn when trained with
#   random labels?*, 2020: why even names drawn by lot can be a better
#   upbringing than ink.
