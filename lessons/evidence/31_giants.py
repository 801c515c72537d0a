# %% [markdown]
# # 31 · Evidence: standing on a giant's shoulders
#
# [Lesson 31](../31_giants.py) sorts the pieces of ten jigsaw puzzles with
# a network that has learnt from 1.28 million photographs. Here is how its
# tables were made, what the control networks were, and how much a careless
# division of the pieces would have flattered.
#
# ## The pieces
#
# Ten photographs come with scikit-image and are in the public domain (CC0
# by their photographers; the astronaut and the deep field by NASA). Of
# each we take the middle square, in grey, so that no colour gives it away,
# at 440 × 440 dots, and cut it into 11 × 11 pieces.
#
# Pieces that lie side by side are nearly the same picture, and whoever is
# judged by neighbours of what he has learnt from is flattered. So labels
# come from one half of every photograph, five columns or rows of eleven.
# What is asked lies in the opposite half, and the row of pieces between
# them is in neither. There are four ways to do that, and two draws of
# labels for each. The two share what they are asked, so they count once:
# every interval below rests on four numbers. And they say what would
# come of other pieces of *these ten* photographs, not of ten others.

# %%
from functools import cache

import numpy as np
from PIL import Image

from minitransfer import (
    data,
    experiments,
    optim,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim, figures
from minitransfer.experiments import judge, judge_each

draw = figures(31)
OPPOSITE = dict(
    zip(draw.HALVES, ("right", "left", "lower", "upper"), strict=True)
)
KINDS = np.arange(len(draw.PHOTOGRAPHS))
PIECES = draw.ROWS**2


@cache
def pieces(size, channels):
    """All pieces of all photographs, enlarged or reduced."""
    found = [
        Image.fromarray(piece).resize((size, size), 3)
        for photograph in draw.photographs().values()
        for piece in draw.cut(photograph)
    ]
    x = np.repeat(np.stack(found)[:, None], channels, axis=1)
    return data.Dataset(
        x, np.repeat(KINDS, PIECES), input_type="image"
    )


def divided(n, seed, mixed=False):
    """Numbers of labelled pieces and of those asked for."""
    rng = np.random.default_rng([seed, n])
    known = draw.half(draw.HALVES[seed % 4])
    asked = draw.half(OPPOSITE[draw.HALVES[seed % 4]])
    few, rest = [], []
    for kind in KINDS:
        own = rng.permutation(known)
        if mixed:  # as many as in a half, from anywhere
            own = rng.permutation(PIECES)
            asked = own[n : n + len(known)]
        few.append(kind * PIECES + own[:n])
        rest.append(kind * PIECES + asked)
    return np.concatenate(few), np.concatenate(rest)


# %% [markdown]
# ## What is compared
#
# | name | what a head reads | what was borrowed |
# |---|---|---|
# | `lite0` | 1,280 features of EfficientNet-Lite0, at 96 × 96 | ImageNet |
# | `untrained` | the same network, weights drawn anew | nothing |
# | `glyphs` | 128 features of the small network, at 28 × 28 | characters |
# | `scratch` | the small network, all of it trained | nothing |
# | `greys` | how often each of 32 greys occurs | nothing |
# | `pixels` | the 1,600 dots of a piece | nothing |
#
# All heads but that of `scratch` are ridge regressions, which choose
# their strength by leaving out one labelled piece after the other. So no
# setting was tuned here, and none by what is asked. The batch norms of
# the untrained network are counted over the pieces (without labels), or
# its features would mean nothing. `scratch` is trained as in lesson 20.
#
# The large network from scratch would be the control that differs least.
# It takes a minute for each draw, so it stands at one place of the table
# only, `scratch lite0`: ten labels, two halves, 120 steps at 64 × 64, and
# its batch norms counted over what it has learnt from. (Its running means
# move by a hundredth a step: after 120 steps they would be far behind.)


# %%
def all_features(body, size, channels):
    body = transfer.strip_head(body)
    body.convention = None  # no warning that they look otherwise
    return transfer.features_of(
        body, pieces(size, channels), batch_size=32
    ).x


@cache
def features(body):
    x = pieces(draw.SIDE, 1).x.reshape(len(KINDS) * PIECES, -1)
    if body == "pixels":
        return x / 255.0
    if body == "greys":
        return np.stack(
            [np.bincount(p // 8, minlength=32) for p in x]
        )
    if body == "glyphs":
        return all_features(zoo.load("glyph-conv"), 28, 1)
    if body == "lite0":
        return all_features(zoo.load("efficientnet-lite0"), 96, 3)
    net = zoo.efficientnet_lite0(
        10, generator=np.random.default_rng(31)
    )
    transfer.adapt_batch_norm(net, pieces(96, 3)[::6])
    return all_features(net, 96, 3)


def read_off(x, n, seed, mixed=False):
    few, asked = divided(n, seed, mixed)
    y = pieces(draw.SIDE, 1).y
    head = transfer.ridge_probe(x[few], y[few])
    return round(head.score(x[asked], y[asked]), 5)


def from_scratch(n, seed, large):
    few, asked = divided(n, seed)
    rng = np.random.default_rng([seed, n, 1])
    make = zoo.efficientnet_lite0 if large else zoo.glyph_conv
    x = pieces(64, 3) if large else pieces(28, 1)
    net = make(len(KINDS), generator=rng)
    net.convention = None
    if large:
        train.fit(
            net,
            x[few],
            optimizer=optim.Adam(net.parameters(), lr=2e-3),
            schedule=optim.CosineAnnealingLR,
            steps=120,
            batch_size=32,
            generator=rng,
        )
        transfer.adapt_batch_norm(net, x[few])
    else:
        transfer.fine_tune(net, x[few], "all", generator=rng)
    return round(
        train.evaluate(net, x[asked], batch_size=32)["accuracy"], 5
    )


def measure(body, n, seed):
    if body.startswith("scratch"):
        found = from_scratch(n, seed, large=body == "scratch lite0")
    elif body == "lite0, mixed":
        found = read_off(features("lite0"), n, seed, mixed=True)
    else:
        found = read_off(features(body), n, seed)
    return {"accuracy": found}


# %% [markdown]
# The sentences that are judged here were written before anybody looked at
# the table, but not blindly: Lite0, the small body and raw dots had been
# tried on these halves, to see whether the task is too easy or too hard,
# and one draw of the others, for the time they take. One thing was changed
# after that: the large network from scratch was worse than chance, so its
# batch norms are counted over the labelled pieces. It is in no claim. The
# verdict on the last features was made stricter once its numbers were
# known. The table takes three minutes of one core. To
# measure it anew delete `lessons/results/giants.csv` and
# `giants_layers.csv`, and say
#
#     python lessons/evidence/31_giants.py --full

# %%
READ_OFF = [b for b in draw.BODIES if b != "scratch"]
CELLS = (
    experiments.grid(
        body=(*READ_OFF, "lite0, mixed"), n=draw.COUNTS, seed=range(8)
    )
    + experiments.grid(body=["scratch"], n=draw.COUNTS, seed=range(4))
    + experiments.grid(body=["scratch lite0"], n=[10], seed=range(2))
)
table = experiments.stored("giants", measure, CELLS)
if draw.photographs() and draw.weights():
    agreement = experiments.measure_again(
        table, measure, "accuracy", body="lite0", n=10, seed=0
    )
    print(agreement)
    assert agreement.agrees
else:
    print(draw.MISSING)


# %%
@cache
def inside():
    """What each stage of Lite0 answers, averaged over the places."""
    net, x = zoo.load("efficientnet-lite0"), pieces(96, 3)
    found = {layer: [] for layer in draw.DEPTHS}
    for start in range(0, len(x), PIECES):
        part = x[start : start + PIECES]
        answers = transfer.activations(
            net, part, *draw.DEPTHS, batch_size=32
        )
        for layer, answer in answers.items():
            found[layer].append(answer.mean((2, 3)))
    return {k: np.concatenate(v) for k, v in found.items()}


def measure_layer(layer, seed):
    return {"accuracy": read_off(inside()[layer], 10, seed)}


LAYERS = experiments.grid(layer=draw.DEPTHS, seed=range(8))
layers = experiments.stored("giants_layers", measure_layer, LAYERS)

# %%
print("right, mean ± deviation over four halves (%)")
print(" " * 20 + "".join(f"{n:>10}" for n in draw.COUNTS))
for body in (*draw.BODIES, "lite0, mixed"):
    told = [100 * draw.runs(table, body, n) for n in draw.COUNTS]
    cells = [f"{v.mean():.1f}±{v.std(ddof=1):.1f}" for v in told]
    name = draw.NAMES.get(body, body)
    print(f"{name:20}" + "".join(f"{cell:>10}" for cell in cells))
large = 100 * draw.runs(table, "scratch lite0", 10)
told = " and ".join(f"{right:.1f}" for right in large)
print(f"Lite0 from scratch, 10 labels: {told} (two halves)")

# %% [markdown]
# The large network from scratch fits its hundred pieces and sorts the
# others no better than the small one (two halves only, so this is told,
# and not claimed).
#
# ## What neighbours would have flattered
#
# The same features and heads, asked for as many pieces, but labelled and
# asked ones drawn from the whole of each photograph. It is judged at fifty
# labels, where nearly every asked piece has a neighbour.

# %%
strict = {n: draw.runs(table, "lite0", n) for n in draw.COUNTS}
mixed = {n: draw.runs(table, "lite0, mixed", n) for n in draw.COUNTS}
plots.show(draw.flattery(strict, mixed), "31_flattery")

# %% [markdown]
# The means are nine points apart. But the halves of a photograph are
# unlike each other, and how much that costs differs from half to half: the
# interval from four of them just reaches 0. So by our own rule it has not
# been shown; the next table of this kind should have more halves, and
# more photographs.
#
# ## Where Lite0 is read off

# %%
print("read off inside Lite0, ten labels (%)")
for layer, stage, channels in zip(
    draw.DEPTHS, draw.STAGES, draw.CHANNELS, strict=True
):
    told = 100 * draw.depth(layers, layer)
    spread = f"{told.mean():5.1f} ± {told.std(ddof=1):.1f}"
    print(f"{stage:12} {channels:5} numbers {spread}")

# %% [markdown]
# ## What the numbers say

# %%
flattered = {f"{n} labels": mixed[n] - strict[n] for n in draw.COUNTS}
words = {n: j.word for n, j in judge_each(flattered).items()}
often = [n for n, word in words.items() if word == "more"]
claim(
    "C6/neighbours",
    "asking for neighbours of the labelled pieces flatters: more are right "
    "than in the other half (fifty labels a photograph)",
    source="ours",
    refuted_by="no difference at 50 labels",
    control="the same features, head and number of pieces, divided by half",
    **experiments.over_seeds(flattered),
    effect=flattered["50 labels"].mean(),
    interval=judge(flattered["50 labels"]).interval,
    verdict="holds"
    if judge(flattered["50 labels"]).word == "more"
    else "does not hold",
    check=flattered["50 labels"].mean() > 0.01,
    format="+.1%",
)
print("by itself, corrected for six (Holm):", *(often or ["none"]))

# %%
kin = {
    f"{n} labels": draw.runs(table, "glyphs", n)
    - draw.runs(table, "scratch", n)
    for n in draw.COUNTS
}
words = {n: j.word for n, j in judge_each(kin).items()}
helped = [n for n, word in words.items() if word == "more"]
harmed = [n for n, word in words.items() if word == "less"]
claim(
    "C6/which body",
    "a body that learnt printed characters serves photographs, too (a head "
    "on it − the same small network from scratch; effect at 50 labels)",
    source="ours",
    refuted_by="no number of labels of six with a gain (Holm, 5 %)",
    control="the same architecture from scratch, the same pieces",
    **experiments.over_seeds(kin),
    effect=kin["50 labels"].mean(),
    interval=judge(kin["50 labels"]).interval,
    verdict="holds"
    if len(helped) == len(kin)
    else "holds narrowly"
    if helped
    else "does not hold",
    condition="with " + ", ".join(helped)
    if 0 < len(helped) < len(kin)
    else "",
    check=kin["50 labels"].mean() < 0.1,
    format="+.1%",
)
print("more:", *(helped or ["none"]))
print("less:", *(harmed or ["none"]))

# %%
last = draw.depth(layers, draw.DEPTHS[-1])
ahead = {
    f"stage {k + 1}": last - draw.depth(layers, layer)
    for k, layer in enumerate(draw.DEPTHS[:-1])
}
judged = judge_each(ahead, margin=0.02)
passed = [judge(row).word == "more" for row in ahead.values()]
claim(
    "C9/last features",
    "of all layers of an ImageNet network its last features serve another "
    "task best (features − each stage; ten labels; effect: last stage)",
    source="ours",
    refuted_by="a stage of seven that they are not ahead of",
    control="the same network and head, read off after that stage",
    **experiments.over_seeds(ahead),
    effect=ahead["stage 7"].mean(),
    interval=judge(ahead["stage 7"]).interval,
    verdict="holds" if all(passed) else "does not hold",
    check=ahead["stage 1"].mean() > 0.05,
    format="+.1%",
)
for stage, one in judged.items():
    print(f"{stage:8} {one.word}")
