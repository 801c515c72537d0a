# %% [markdown]
# # 12 · What the layers have learnt
#
# > What do the layers of a network find, and do they find it one after
# > the other?
#
# - **Time:** 12 minutes
# - **You need:** Python, and from lesson 3 what a layer, its weights and
#   training are
# - **You will be able to:** see what a first layer looks for; ask a
#   layer a question; name the two controls that are missing when
#   somebody shows you what "layer two has learnt"
#
# Article C explains why a borrowed network helps. It tells of a
# staircase. The first layer looks at the dots and finds *edges*: here it
# is light, there it is dark. The second looks at the edges and joins
# them into *corners*. The third finds *curves* and simple shapes. And
# since everything that one can look at has edges, corners and curves,
# those layers serve nearly any task that begins with seeing.
#
# It is a lovely picture, and you will meet it in many books. It can be
# looked at.
#
# ## Watch a filter being learnt
#
# Here is a network that will learn to tell a hundred printed characters
# apart. Its first layer has 16 units, and each looks at the drawing
# through a window of 7×7 dots. A unit is 49 numbers, one for each dot in
# the window: its *filter*. So a filter can be drawn. Red dots make the
# unit louder, blue ones make it quieter. We stop the training four times
# and look.
#
# (`draw` below holds what draws the pictures of this lesson; it is no
# part of the story.)

# %%
import itertools

import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, experiments, plots, train, transfer
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import judge

# %%
draw = figures(12)


def fresh(seed):
    """Three convolutions and two linear layers, not trained yet."""
    rng = np.random.default_rng(seed)
    layers = [nn.Conv2d(1, 16, 7, stride=2, padding=3), nn.ReLU()]
    for wide in ((16, 24), (24, 32)):
        layers += [nn.Conv2d(*wide, 3, padding=1), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(288, 64), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Linear(64, 100))
    for layer in network:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, generator=rng)
            nn.init.zeros_(layer.bias)
    network.input_type, network.input_shape = "image", (1, 28, 28)
    return network


# %%
network, rng = fresh(0), np.random.default_rng([0, 1])
rule = optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1.0)
falling = optim.CosineAnnealingLR(rule, draw.STOPS[-1])
options = {"optimizer": rule, "schedule": falling, "generator": rng}
characters = data.glyphs(100, per_class=60, seed=7)
film = {0: draw.filters(network)}
for start, stop in itertools.pairwise(draw.STOPS):
    train.fit(network, characters, steps=stop - start, **options)
    film[stop] = draw.filters(network)
plots.show(draw.film(film), "12_film")

# %% [markdown]
# Before the first step there is noise, and after thirty you will hardly
# see a difference. Then the noise fades, and in the end most of the twelve
# have a light and a dark side, with a line in between. That is an edge:
# the unit grows loud where the drawing goes from paper to ink in just this
# direction. Nobody told it to. Edges are simply what is of use.
#
# So the first step of the staircase is there. You have also seen that it
# was *learnt*, for the top row shows the same units before. Keep that in
# mind: it is the comparison that most pictures of this kind leave out.
#
# (A word on `weight_decay`: it pulls every weight towards zero. What no
# gradient holds up fades, or else the random start would lie over every
# filter like dust.)
#
# ## Straight, bent, curved
#
# So much for edges. To find out what the *next* layers look for we show
# the network strokes. In length, thickness and direction the three kinds
# are alike. Walk along one: on a *line* your direction does not change. On
# a *corner* it turns all at once. On a *curve* it turns by as much, a
# little with every step.

# %%
KINDS = ("line", "corner", "curve")
rng = np.random.default_rng(0)
strokes = {kind: data.strokes(kind, 500, rng)[0] for kind in KINDS}
figure = plots.picture_rows(
    {kind: some[:9] for kind, some in strokes.items()},
    "One stroke: straight, bent at once, bent bit by bit",
)
plots.show(figure, "12_strokes")

# %% [markdown]
# How do we ask a layer whether it knows a corner from a line? We let a
# *linear reader* listen to it: a weighted sum of the layer's numbers has
# to tell the two apart. It learns the weights from half of the strokes,
# and the other half are the test. If it can tell them, the layer has made
# it easy.


# %%
def read(network, layer, one, other):
    """How often a reader of a layer tells two kinds apart."""
    x = np.concatenate([strokes[one], strokes[other]])
    y = np.repeat([1, 0], 500)
    answers = transfer.activations(network, x, layer)[layer]
    answers = transfer.by_place(answers, 3)
    order = np.random.default_rng(0).permutation(1000)
    half, rest = order[:500], order[500:]
    reader = transfer.ridge_probe(answers[half], y[half])
    return reader.score(answers[rest], y[rest])


for name, body in (("learnt", network), ("random", fresh(0))):
    shares = [read(body, n, "corner", "line") for n in draw.LAYERS]
    told = " ".join(f"{share:.0%}" for share in shares)
    print(f"corner or line, {name}, layers 1 to 4: {told}")

# %% [markdown]
# There are two traps in such a reading.
#
# *Places.* A convolution answers at many places of the picture. A layer
# that tells the reader where something was seen has an unfair lead over
# one that tells only that it was. `by_place` gives every layer the same
# nine places; an earlier version of this lesson did not, and praised a
# layer for it. Then there are the numbers themselves: layer 3 has twice as
# many units as layer 1. In the table below each reader got 64 numbers,
# drawn by lot.
#
# *The random network.* Look at the second line above: before its first
# step the network can be read as well! And deeper units see more of the
# picture (their *receptive field* is larger), which alone can make a thing
# easier to read. That is the work of the person who built the network;
# nothing was learnt. So what counts is the climb from layer to layer
# *beyond* the climb of the network's own beginning.
#
# **Predict before you run.** Ten networks were trained and asked three
# questions: which of six directions has a line? Corner or line? Curve or
# line? If article C is right, from which layer to which will each answer
# improve most, and how much of it will random networks do as well?

# %%
table = experiments.read("strokes", ["right", "selective"])
read_right = {
    question: {
        kind: draw.asked(table, question, kind)
        for kind in ("learnt", "random")
    }
    for question in ("edges", "corners", "curves")
}
plots.show(draw.staircase(read_right), "12_staircase")

# %% [markdown]
# *Edges.* A line's direction can be read from random filters as well as
# from learnt ones; at the first layer even a little better. The filters do
# become edges, but a reader had no need of it.
#
# *Corners.* The first layer tells nearly all of them. The second tells a
# few more, while the random networks lose some from layer to layer. So
# there is something that layer 2 has learnt about corners; but they do not
# wait for it.
#
# *Curves.* If they had a layer of their own, it would be the second. In
# the third they are read worse, and so they are in random networks. Units
# of layer 3 answer to parts of letters (the evidence shows them), and a
# lonely stroke is not much of a letter.
#
# So the story is neater than the thing. What the blue curves show is not a
# staircase of edges, corners and curves. It is that a learnt network
# *keeps* what a random one loses on the way up: the distance between the
# two grows from layer 1 to layer 2 for all that is bent. And article C is
# right in what matters for borrowing. Forms that many tasks need are easy
# to read from a network that was asked for something else.
#
# ## What the numbers say
#
# The second claim needs an *edge* that can be written down: a wave under
# a bell, light on one side of a line and dark on the other. These are
# *Gabor functions*. For each filter we search some thousand of them for
# the best, and ask what share of the squared weights it explains. Chance
# explains something as well, so look at the distance. (What would refute
# the first claim was written down when two of its ten networks had been
# looked at.)

# %%
steps = {
    "edges at layer 1": draw.beyond(read_right["edges"], 1),
    "corners from 1 to 2": draw.climb(read_right["corners"], 1),
    "curves from 2 to 3": draw.climb(read_right["curves"], 2),
}
judged = experiments.judge_each(steps)
words = [one.word for one in judged.values()]
found = [n for n, one in judged.items() if one.word == "more"]
curves = judged["curves from 2 to 3"]
claim(
    "C7",
    "layer 1 finds edges, layer 2 corners, layer 3 curves (what a reader "
    "gains there, beyond the network's own beginning; the effect is curves)",
    source="article",
    refuted_by="one of three gains surely below zero (Holm, 5 %)",
    control="the same network before its first step, read alike",
    **experiments.over_seeds(steps),
    effect=curves.middle,
    interval=curves.interval,
    verdict="does not hold"
    if "less" in words or not found
    else "holds"
    if len(found) == 3
    else "holds narrowly",
    condition=f"only {', '.join(found)}"
    if 0 < len(found) < 3 and "less" not in words
    else "",
    check=steps["corners from 1 to 2"].mean() > 0,
    format="+.1%",
)

# %%
table = experiments.read("filters", ["edges", "accuracy"])
kinds = ("learnt", "no decay", "random")
edges = {kind: table.values("edges", kind=kind) for kind in kinds}
now = np.median(transfer.gabor_fit(film[draw.STOPS[-1]])[0])
gap = judge(edges["learnt"] - edges["random"])
bare = judge(edges["learnt"] - edges["no decay"])
claim(
    "C7/edges",
    "the first layer finds edges (share of a 7×7 filter that one edge "
    "explains, median over the filters; learnt − random)",
    source="article",
    refuted_by="not surely more than before the first step",
    control="the same filters before the first step",
    **experiments.over_seeds(edges),
    effect=gap.middle,
    interval=gap.interval,
    verdict=("holds narrowly" if bare.word == "more" else "holds")
    if gap.word == "more"
    else "does not hold",
    condition="with weight decay; without, noise lies over them"
    if gap.word == bare.word == "more"
    else "",
    check=gap.word == "more" and abs(now - edges["learnt"][0]) < 0.05,
    format=".2f",
)

# %% [markdown]
# ## Try it
#
# 1. Leave the weight decay out (`weight_decay=0`) and run the film again.
#    What has become of the edges?
# 2. Ask `read(network, layer, "curve", "corner")`, the same turn at once
#    or bit by bit, for all four layers. At which layer is it read best?
# 3. In `read`, replace the grid of three by one: no places at all. Which
#    layer suffers?
#
# <details><summary>What you will see</summary>
#
# 1. They are there, under noise: what the random start put into a filter
#    stays, unless something pulls it down. The network is about as good
#    as before. A filter that looks like noise may still do its work.
# 2. At the third, and by then a good deal better than at the first. Random
#    networks climb a part of that way. This is the finest of the questions,
#    and the one for which depth helps most.
# 3. The first three, and the first most of all for the fine question.
#    Layer 4 has no places to lose, so now it looks far ahead. That is the
#    trap that the earlier version fell into.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(12)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. Somebody shows you a unit of layer 2 that answers to corners. Which
#    network do you want to see beside it?
# 2. Layer 4 can be read better than layer 3. Name two reasons that have
#    nothing to do with what it has learnt.
# 3. Why do the filters before the first step look like noise, although
#    they, too, can be read?
#
# <details><summary>Answers</summary>
#
# 1. The same network before it was trained. If its units answer to
#    corners as well, nothing was learnt but a shape.
# 2. It may offer the reader more numbers; it may keep places that the
#    other has given up; and it sees more of the picture.
# 3. A sum with random weights mixes the dots, but it loses little. What
#    went in can still be found by somebody who learns how to listen.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/12_what_the_layers_learnt.py) behind this lesson
#   (`minitransfer learn 12 --evidence`): other readings of the same layers,
#   single units, what excites a unit (*gradient ascent*), networks that
#   never met (*centred kernel alignment*), and an MLP that sees the whole
#   picture at once.
# - G. Alain and Y. Bengio, *Understanding intermediate layers using linear
#   classifier probes*, 2016: the linear reader.
# - M. Zeiler and R. Fergus, *Visualizing and understanding convolutional
#   networks*, 2014: the staircase as it is seen in a large network.
