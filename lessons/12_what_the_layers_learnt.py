# %% [markdown]
# # 12 · What the layers have learnt
#
# **The question.** A network that has learnt printed characters is of
# use for handwritten digits. Something in it must serve both. What have
# the layers of a network found that serves more than one task, and do
# they find it one after the other?
#
# This lesson mirrors article C, its claim C7. The page of
# [sources](sources.md) says who the articles are.
#
# ## A staircase
#
# Article C tells it as a staircase. The first layer looks at the dots and
# finds *edges*: here it is light, there it is dark. The second layer
# looks at the edges and joins them into *corners*. The third finds
# *curves* and simple shapes. And since everything that one can look at
# has edges, corners and curves, those layers serve nearly any task that
# begins with seeing.
#
# That is a lovely picture, and it can be looked at. We do so in four
# ways, and each time we look at networks with random weights beside it.
# This matters: a random network, too, answers to one thing more than to
# another.
#
# 1. Draw what the first layer looks for.
# 2. Show the network strokes that are straight, bent or curved.
# 3. Ask what excites a single unit most.
# 4. Compare the layers of networks that never met.
#
# ## Networks with large windows
#
# The windows of the published conv net are 3×3 dots. That is too
# small to tell an edge from anything else. So we look at the
# published MLP (a network of plain layers, each unit joined to all
# units before it), whose first layer sees the whole picture (28×28),
# and at five small conv nets whose first windows are 7×7. These
# learnt, from five different starts, to tell a hundred characters
# apart.

# %%
import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import (
    checkpoint,
    data,
    experiments,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim, lessons_folder
from minitransfer.experiments import intervals

CLASSES, STEPS, SEEDS = 100, 2000, (0, 1, 2, 3, 4)
drawings = data.glyphs(CLASSES, per_class=60, seed=7)
unseen = data.glyphs(CLASSES, per_class=10, seed=99)


def fresh(seed):
    """Five layers; the first one looks through 7×7 windows."""
    generator = np.random.default_rng(seed)
    network = nn.Sequential(
        nn.Conv2d(1, 16, 7, stride=2, padding=3, generator=generator),
        nn.ReLU(),
        nn.Conv2d(16, 24, 3, padding=1, generator=generator),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(24, 32, 3, padding=1, generator=generator),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(288, 64, generator=generator),
        nn.ReLU(),
        nn.Linear(64, CLASSES, generator=generator),
    )
    for layer in transfer.weight_layers(network):
        weight = dict(network.named_modules())[layer.name].weight
        nn.init.kaiming_normal_(weight, generator=generator)
    network.input_type, network.input_shape = "image", (1, 28, 28)
    return network


# %% [markdown]
# Training them takes two minutes, so the trained weights come with the
# lesson, and a table of how they got there. `python
# lessons/12_what_the_layers_learnt.py --full` makes both anew, once the
# table is deleted. Nobody has to believe the files: the lesson repeats
# the first 200 steps and compares.
#
# One choice is worth a word. The weights are pulled towards zero while
# they learn (weight decay). What no gradient holds up fades away: the
# random start, which would otherwise lie over every filter like dust.


# %%
def taught(seed, steps):
    """The first `steps` of the training run."""
    network = fresh(seed)
    optimizer = optim.AdamW(
        network.parameters(), lr=2e-3, weight_decay=0.5
    )
    train.fit(
        network,
        drawings,
        optimizer=optimizer,
        schedule=optim.CosineAnnealingLR(optimizer, STEPS),
        steps=steps,
        generator=np.random.default_rng([seed, 1]),
    )
    return network


def weights_name(seed):
    return f"seven_by_seven_{seed}.safetensors"


def measure(seed, steps):
    """How much of its filters are edges, and how good the network is."""
    network = taught(seed, steps)
    if steps == STEPS:
        file = experiments.results_folder() / weights_name(seed)
        checkpoint.save_weights(network, file, dtype="float16")
    share, _ = transfer.gabor_fit(network[0].weight)
    scores = train.evaluate(network, unseen)
    return {
        "edges": float(np.median(share)),
        "accuracy": scores["accuracy"],
    }


def learnt(seed):
    network = fresh(seed)
    file = lessons_folder() / "results" / weights_name(seed)
    checkpoint.load_weights(network, file)
    return network.eval()


table = experiments.stored(
    "seven_by_seven",
    measure,
    experiments.grid(seed=SEEDS, steps=(200, STEPS)),
)
again = experiments.measure_again(
    table, measure, "edges", seed=0, steps=200
)
print(again)
accuracy = table.values("accuracy", steps=STEPS)
print(
    f"right on unseen drawings: {accuracy.mean():.1%}, of 100 classes"
)

trained = [learnt(seed) for seed in SEEDS]
untrained = [fresh(100 + seed) for seed in range(10)]

# %% [markdown]
# ## 1. What the first layer looks for
#
# A weight of the first layer sits on a dot of the picture, so its weights
# can be drawn in their places. Red dots make the unit louder, blue ones
# make it quieter. **Predict before you run**: can you tell, with the
# names covered, which rows have learnt?

# %%
mlp = zoo.load("glyph-mlp")
mlp_filters = mlp[1].weight.detach().numpy().reshape(-1, 28, 28)
random_mlp = np.concatenate(
    [
        zoo.glyph_mlp(10, generator=np.random.default_rng(seed))[1]
        .weight.detach()
        .numpy()
        .reshape(-1, 28, 28)
        for seed in range(3)
    ]
)
filters = {
    "7×7 learnt": np.concatenate(
        [n[0].weight.detach().numpy() for n in trained]
    ),
    "7×7 random": np.concatenate(
        [n[0].weight.detach().numpy() for n in untrained]
    ),
    "28×28 learnt": mlp_filters,
    "28×28 random": random_mlp,
}
filters = {
    name: f.reshape(-1, *f.shape[-2:]) for name, f in filters.items()
}
figure = plots.picture_rows(
    {
        name: all_of[: 14 if "7×7" in name else 9]
        for name, all_of in filters.items()
    },
    "What has learnt looks for edges; what has not is noise",
    signed=True,
)
plots.show(figure, "12_filters")

# %% [markdown]
# An *edge* can be written down: a wave under a bell, light on one side of
# a line and dark on the other, in one place and of one direction. These
# are Gabor functions. They were found to describe the first cells of
# seeing in the brain of the cat, long before anybody had a network to
# look into. For each filter we search some thousand of them for the best,
# and ask what share of the squared weights it explains. Chance explains
# something, too, and the more the smaller the filter. So look at the
# distance between *learnt* and *random*, not at the height.

# %%
shares = {
    name: transfer.gabor_fit(f)[0] for name, f in filters.items()
}
figure, axes = plots.figure(
    "One edge explains much of a filter that has learnt",
    height=2.9,
)
jitter = np.random.default_rng(0)
for row, (name, share) in enumerate(shares.items()):
    colour = plots.COLOURS[1 if "random" in name else 0]
    height = row + jitter.uniform(-0.25, 0.25, len(share))
    axes.plot(
        share, height, ".", color=colour, markersize=3, alpha=0.5
    )
    middle = np.median(share)
    axes.plot([middle] * 2, [row - 0.35, row + 0.35], color="black")
    print(f"{name:13} median {middle:.2f} of {len(share)} filters")
axes.set_yticks(range(len(shares)), shares)
axes.invert_yaxis()
axes.set(xlim=(0, 1))
axes.set_xlabel(
    "share of a filter that one edge explains (bar: median)"
)
plots.show(figure, "12_edges")


def medians(networks):
    return np.array(
        [
            np.median(transfer.gabor_fit(network[0].weight)[0])
            for network in networks
        ]
    )


edges, noise = medians(trained), medians(untrained)
gap = edges.mean() - noise.mean()
interval = intervals.difference(edges, noise)
mlp_gap = np.median(shares["28×28 learnt"]) - np.median(
    shares["28×28 random"]
)
claim(
    "C7/edges",
    "share of a first-layer filter (7×7) that one edge explains, median "
    "over the filters: learnt and random networks",
    measured={"learnt": edges.mean(), "random": noise.mean()},
    spread={"learnt": edges.std(ddof=1), "random": noise.std(ddof=1)},
    seeds=len(edges),
    effect=gap,
    interval=interval,
    format=".2f",
    verdict="holds"
    if interval[0] > 0 and mlp_gap > 0
    else "does not hold",
    check=again.agrees
    and edges.min() > noise.max()
    and mlp_gap > 0.1,
)

# %% [markdown]
# ## 2. Straight, bent, curved
#
# To find out what the next layers look for we show them strokes. All
# strokes have the same length and thickness, and lie anywhere and in any
# direction. They differ in one thing only. Walk along the stroke: in a
# *line* your direction does not change. In a *corner* it turns all at
# once. In a *curve* it turns by as much, a little with every step.


# %%
def strokes(kind, count, rng):
    """Pictures (count, 1, 28, 28), and the direction of each stroke."""
    t = np.linspace(-1, 1, 33)
    turned = {"line": 0 * t, "corner": np.sign(t) / 2, "curve": t / 2}
    start = rng.uniform(0, 2 * np.pi, count)
    turn = rng.uniform(1.2, 1.9, count) * rng.choice([-1, 1], count)
    angle = start[:, None] + turn[:, None] * turned[kind]
    step = rng.uniform(14, 18, (count, 1)) / 32
    path = np.cumsum(
        step * np.stack([np.cos(angle), np.sin(angle)]), 2
    )
    path -= path.mean(2, keepdims=True)
    path += 13.5 + rng.uniform(-2, 2, (2, count, 1))
    x, y = path[..., None, None]  # axes: stroke, place on it, dots
    dots = np.arange(28)
    distance = np.full((count, 28, 28), np.inf)
    for k in range(len(t)):
        here = (dots - x[:, k]) ** 2 + (dots[:, None] - y[:, k]) ** 2
        distance = np.minimum(distance, here)
    width = rng.uniform(1, 2, (count, 1, 1))
    ink = np.clip(0.5 + width - np.sqrt(distance), 0, 1)
    return ink[:, None].astype(np.float32), start % np.pi


KINDS = ("line", "corner", "curve")
rng = np.random.default_rng(0)
shown = {kind: strokes(kind, 500, rng) for kind in KINDS}
pictures = np.concatenate([shown[kind][0] for kind in KINDS])
kind = np.repeat(KINDS, 500)
direction = (shown["line"][1] / np.pi * 6).astype(int)  # six sectors
figure = plots.picture_rows(
    {name: shown[name][0][:9] for name in KINDS},
    "One stroke: straight, bent at once, bent bit by bit",
)
plots.show(figure, "12_strokes")

# %% [markdown]
# A unit is *selective* for a property if the property explains how loud
# it is. For every unit we take its loudest answer to each stroke,
# wherever the stroke lies, and split the scatter of these answers into
# two parts: between the groups and within them. The share between is the
# number we want. Three properties:
#
# - **edges**: which of six directions a line has;
# - **corners**: corner or line;
# - **curves**: curve or line.
#
# **Predict before you run.** If the staircase is right, the units of
# layer 1 are most selective for edges, those of layer 2 for corners and
# those of layer 3 for curves.


# %%
LAYERS = [
    "0",
    "2",
    "5",
    "9",
]  # 3 convolutions and a Linear, before ReLU


def share_between(answers, groups):
    """Of each unit: the share of its scatter that lies between groups."""
    answers = answers[:, answers.std(0) > 1e-6]
    centred = answers - answers.mean(0)
    between = sum(
        (groups == g).sum() * centred[groups == g].mean(0) ** 2
        for g in np.unique(groups)
    )
    return float((between / (centred**2).sum(0)).mean())


def loudest(network):
    """The largest answer of each unit to each stroke, layer by layer."""
    answers = transfer.activations(network, pictures, *LAYERS)
    return [
        a.max((2, 3)) if a.ndim == 4 else a for a in answers.values()
    ]


def selectivity(network):
    rows = []
    for answers in loudest(network):
        row = [share_between(answers[kind == "line"], direction)]
        for bent in ("corner", "curve"):
            some = (kind == "line") | (kind == bent)
            row.append(
                share_between(answers[some], kind[some] == bent)
            )
        rows.append(row)
    return np.array(rows).T  # property, layer


PROPERTIES = ("edges", "corners", "curves")
select = {
    "learnt": np.array([selectivity(network) for network in trained]),
    "random": np.array(
        [selectivity(network) for network in untrained]
    ),
}
for name, values in select.items():
    print(f"{name}: mean selectivity of a unit, layers 1 to 4")
    for property, row in zip(PROPERTIES, values.mean(0), strict=True):
        print(f"  {property:8}", *(f"{share:6.3f}" for share in row))

# %%
figure, axes = plots.figure(
    "Learning sharpens units for all three, but there is no staircase",
    columns=3,
    width=7.0,
    height=3.0,
)
for place, (axis, property) in enumerate(
    zip(axes, PROPERTIES, strict=True)
):
    for name, colour in (("learnt", 0), ("random", 1)):
        values = select[name][:, place]
        axis.errorbar(
            range(1, 5),
            values.mean(0),
            values.std(0, ddof=1),
            color=plots.COLOURS[colour],
            marker="o",
            capsize=3,
        )
        axis.annotate(
            name if place == 0 else "",
            (2, values.mean(0)[1]),
            xytext=(0, 9 if name == "learnt" else -20),
            textcoords="offset points",
            color=plots.COLOURS[colour],
            ha="center",
        )
    axis.set_title(property, fontsize=11)
    axis.set(xlabel="layer", xticks=range(1, 5), xlim=(0.7, 4.3))
    axis.set_ylim(0, 1.35 * select["learnt"][:, place].max())
axes[0].set_ylabel(
    "share of a unit's scatter\nthat the property explains"
)
plots.show(figure, "12_selectivity")

# %% [markdown]
# Learning has sharpened the units: they lie above the random ones. But
# the single unit does not climb a staircase. Corners and curves do not
# wait for a layer of their own. The units that answer to them most sit
# early, beside those for edges, and after that the numbers fall.
#
# And yet the deep layers know more. What they know is not in *one* unit
# any more: it is spread over many. A linear reader who listens to all
# units of a layer shows that. We give it the hardest question of all,
# corner or curve: the same turn, at once or bit by bit.


# %%
def readable(network):
    """Corner or curve: the share a linear reader gets right, by layer."""
    bent = np.flatnonzero(kind != "line")
    label = (kind == "curve").astype(int)
    right = []
    for split in range(4):
        order = np.random.default_rng(split).permutation(bent)
        half, rest = order[:500], order[500:]
        for answers in loudest(network):
            reader = transfer.ridge_probe(
                answers[half], label[half], 10.0 ** np.arange(-3, 2)
            )
            right.append(reader.score(answers[rest], label[rest]))
    return np.reshape(right, (4, len(LAYERS))).mean(0)


reads = {
    "learnt": np.array([readable(network) for network in trained]),
    "random": np.array([readable(network) for network in untrained]),
}
figure = plots.curves_with_spread(
    np.arange(1, 5),
    reads,
    "Deeper layers tell corners from curves better",
    "layer",
    "strokes read right",
    percent=True,
    chance=0.5,
)
figure.axes[0].set_xticks(range(1, 5))
plots.show(figure, "12_readable")

# %% [markdown]
# Here is a staircase after all, and random networks climb part of it.
# Deeper units see more of the picture, and there are more of them: that
# alone helps a reader. What learning adds lies between the two curves.

# %%

peaks = [
    int(1 + select["learnt"].mean(0)[k].argmax()) for k in range(3)
]
climb = reads["learnt"][:, 3] - reads["learnt"][:, :3].max(1)
interval = intervals.mean(climb)
sharper = select["learnt"].mean(0) > select["random"].mean(0)
staircase = peaks[0] < peaks[1] < peaks[2]
deeper = interval[0] > 0
if staircase:
    verdict = "holds"
elif deeper and sharper.all():
    verdict = "holds narrowly"
else:
    verdict = "does not hold"
claim(
    "C7",
    "layer 1 finds edges, layer 2 corners, layer 3 curves: the layer whose "
    f"units are most selective for edges, corners, curves is {peaks}; "
    "measured: corner told from curve by a linear reader of layers 1 to 4 "
    "(the effect: the last against the best before)",
    measured=reads["learnt"].mean(0),
    spread=reads["learnt"].std(0, ddof=1),
    seeds=len(trained),
    effect=climb.mean(),
    interval=interval,
    format=".1%",
    verdict=verdict,
    condition=(
        "the first layer does find edges, and finer forms are told apart "
        "deeper, but no layer is the one for corners or for curves"
        if verdict == "holds narrowly"
        else ""
    ),
    check=sharper.all() and climb.min() > 0,
)

# %% [markdown]
# ## 3. What excites a unit
#
# One can also ask the unit itself. Start from faint noise, and change
# the picture step by step so that the unit gets louder (gradient
# ascent, on the picture in place of the weights): that *draws* what
# it likes best. Or search a thousand real drawings for the patch at
# which it is loudest: that *finds* it. A drawing shows what the unit
# computes, a find shows what it meets in its life.


# %%
def drawn(network, layer, unit):
    """What a unit in the middle of the picture likes best."""
    size, start, step = transfer.receptive_field(network, layer)
    place = (13 - start[0] - size[0] // 2) // step[0]
    picture = transfer.maximize_activation(
        network,
        layer,
        (unit, place, place),
        steps=60,
        generator=np.random.default_rng(unit),
    )
    corner = max(0, start[0] + place * step[0])
    return picture[0, corner:, corner:][: size[0], : size[0]]


network, rows = trained[0], {}
for number, layer in enumerate(LAYERS[:3], 1):
    units = range(8)
    draw = [drawn(network, layer, unit) for unit in units]
    side = min(picture.shape[0] for picture in draw)
    rows[f"layer {number}, drawn ({side}×{side} dots)"] = np.array(
        [picture[:side, :side] for picture in draw]
    )
    rows[f"layer {number}, found in real drawings"] = np.array(
        [
            transfer.top_patches(network, layer, unit, unseen, 1)[0][
                0, 0
            ]
            for unit in units
        ]
    )
figure = plots.picture_rows(
    rows,
    "What eight units of each layer like best",
)
plots.show(figure, "12_excite")

# %% [markdown]
# ## 4. Networks that never met
#
# Five networks started from different random weights. If the staircase
# is in the *task* and not in the luck of the start, their layers should
# be alike. Unit 5 of one need not be unit 5 of the other, so we compare
# with a measure that does not care for the order of units or for a
# rotation of them: centred kernel alignment, which is 1 for the same
# representation and 0 for nothing in common.

# %%
look = unseen.sample(300, np.random.default_rng(0))
pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]
together = np.array(
    [
        transfer.layer_similarity(
            trained[a], trained[b], look, LAYERS
        )[2]
        for a, b in pairs
    ]
)
apart = np.array(
    [
        transfer.layer_similarity(a, b, look, LAYERS)[2]
        for a, b in zip(trained, untrained, strict=False)
    ]
)
figure, axes = plots.figure(
    "Networks that never met agree, layer for layer",
    columns=2,
    height=3.45,
)
for axis, (name, matrix) in zip(
    axes,
    {"two learnt": together, "learnt and random": apart}.items(),
    strict=True,
):
    values = matrix.mean(0)
    axis.imshow(values, vmin=0, vmax=1, cmap="Blues")
    for i in range(4):
        for j in range(4):
            dark = values[i, j] > 0.6
            axis.text(
                j,
                i,
                f"{values[i, j]:.2f}",
                ha="center",
                va="center",
                color="white" if dark else "black",
                fontsize=9,
            )
    axis.set_title(name, fontsize=11)
    axis.set_xticks(range(4), range(1, 5))
    axis.set_yticks(range(4), range(1, 5))
    axis.set_xlabel("layer of the other network")
axes[0].set_ylabel("layer of the one")
plots.show(figure, "12_similarity")

same = np.diagonal(together, axis1=1, axis2=2)
random_same = np.diagonal(apart, axis1=1, axis2=2)
gap = same[:, 1:].mean(1) - random_same[:, 1:].mean(1)
interval = intervals.mean(gap)
claim(
    "C7/alike",
    "layers 2 to 4 of two networks that learnt the same task from other "
    "starts are more alike than those of a learnt and a random one "
    "(centred kernel alignment; all four layers given)",
    measured={"learnt": same.mean(0), "random": random_same.mean(0)},
    spread={
        "learnt": same.std(0, ddof=1),
        "random": random_same.std(0, ddof=1),
    },
    seeds=len(pairs),
    effect=gap.mean(),
    interval=interval,
    format=".2f",
    verdict="holds" if interval[0] > 0 else "does not hold",
    check=gap.min() > 0,
)

# %% [markdown]
# ## Try it
#
# 1. Leave the weight decay out (`weight_decay=0`, then `taught(0, 600)`)
#    and draw the filters. What has become of the edges?
# 2. Ask `readable` for corner against *line* instead of corner against
#    curve. At which layer can that be read?
# 3. Give `transfer.maximize_activation` the option `smooth=0`. Why does
#    the picture look like that, and is the unit less happy with it?
#
# <details>
# <summary>Answers</summary>
#
# 1. They are there, under noise: what the random start put into a filter
#    stays, unless something pulls it down. The network is about as good
#    as before. A filter that looks like noise may still do its work.
# 2. At the first. A bend of this size fits into a 7×7 window, so no
#    second layer is needed to find it. What a layer can know depends on
#    how much it sees.
# 3. It is full of fine checks. The unit is at least as loud: it has
#    never met such a picture, so nothing has taught it to keep quiet. The
#    smoothing is a wish of ours, not of the unit.
#
# </details>
#
# ## What the numbers say
#
# Article C is right where it matters most. The first layer finds edges,
# in every network that we looked at and in none with random weights, and
# networks that never met find much the same. That is why it can be
# borrowed. As a staircase the story is neater than the thing: corners do
# not wait for layer two nor curves for layer three, and the deeper a
# layer, the less a single unit says and the more they say together.
