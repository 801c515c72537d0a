# %% [markdown]
# # 12 · What the layers have learnt
#
# > What do the layers of a network find, and do they find it one after
# > the other?
#
# - **Time:** 12 minutes
# - **You need:** Python, and from lesson 9 what a layer, its weights and
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
import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, experiments, plots, train, transfer
from minitransfer.course import claim, figures
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
schedule = optim.CosineAnnealingLR(rule, draw.STOPS[-1])
characters = data.glyphs(100, per_class=60, seed=7)
film = {0: draw.filters(network)}
for start, stop in zip(draw.STOPS, draw.STOPS[1:], strict=False):
    train.fit(
        network,
        characters,
        optimizer=rule,
        schedule=schedule,
        steps=stop - start,
        generator=rng,
    )
    film[stop] = draw.filters(network)
plots.show(draw.film(film), "12_film")

# %% [markdown]
# READOUT_FILM
#
# ## Straight, bent, curved
#
# So much for edges. To find out what the *next* layers look for we show
# the network strokes. All have the same length and thickness and lie in
# any direction. Walk along one: on a *line* your direction does not
# change. On a *corner* it turns all at once. On a *curve* it turns by as
# much, a little with every step.

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
# There are two traps in such a reading, and this lesson fell into both of
# them once.
#
# *Places.* A convolution answers at many places of the picture. A layer
# that tells the reader where something was seen has an unfair lead over
# one that tells only that it was. `by_place` gives every layer the same
# nine places. Then there are the numbers themselves: layer 3 has twice as
# many units as layer 1. In the table below each reader got 64 numbers,
# drawn by lot.
#
# *The random network.* Look at the second line above: before its first
# step the network can be read as well! Deeper units see more of the
# picture, and a corner needs room. That is the work of the person who
# built the network, and nothing was learnt. So what counts is the climb
# from layer to layer *beyond* the climb of the network's own beginning.
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
