# %% [markdown]
# # 7 · Evidence: depth and shortcuts
#
# [Lesson 7](../07_depth_and_shortcuts.py) opened a pooled network. Here is
# how its tables were made, what an untrained network and another pooling
# do, how long plain networks of twenty and forty layers take to learn, and
# what becomes of the gradient on its way back.

# %%
import functools

import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, experiments, plots, train, transfer
from minitransfer.course import claim, figures
from minitransfer.experiments import judge, judge_each, over_seeds

draw = figures(7)
SEEDS = range(5)


# %% [markdown]
# ## The pooled network, opened
#
# The network is that of the lesson. A seed draws everything: the 4,000
# digits to learn from, the 300 for the probes, the 400 to test them on,
# the 150 dots of the picture, and the initial weights. So five seeds are
# five independent witnesses.
#
# To measure this table and the next one anew, delete in `lessons/results`
# the files `pooled_network.csv` and `depth_and_steps.csv`, and say
#
#     python lessons/evidence/07_depth_and_shortcuts.py --full


# %%
def scaled(module, rng, shrink):
    """He initialisation, times `shrink`; then a ReLU."""
    nn.init.kaiming_normal_(module.weight, generator=rng)
    nn.init.zeros_(module.bias)
    with mt.no_grad():
        module.weight.mul_(shrink)
    return nn.Sequential(module, nn.ReLU())


def convolution(inputs, rng, shrink=1.0):
    module = nn.Conv2d(inputs, 16, 3, padding=1, generator=rng)
    return scaled(module, rng, shrink)


def block(kind, rng):
    if kind == "residual":
        return nn.Residual(convolution(16, rng, shrink=1 / 3))
    return convolution(16, rng)


def pooled(kind, rng, pooling="max"):
    pool = nn.MaxPool2d if pooling == "max" else nn.AvgPool2d
    parts = {"first": convolution(1, rng)}
    for k in (1, 2, 3):
        parts[f"pool {k}"] = pool(2)
        blocks = (block(kind, rng) for _ in range(3))
        parts[f"layers {k}"] = nn.Sequential(*blocks)
    parts |= {"pool 4": pool(2), "flat": nn.Flatten()}
    parts["head"] = nn.Linear(16, 10, generator=rng)
    return nn.Sequential(parts)


DEPTHS = ("pool 1", "layers 1", "pool 2", "layers 2", "pool 3",
          "layers 3", "pool 4")  # fmt: skip


def drawn(seed):
    rng = np.random.default_rng(seed)
    learning, probing = data.mnist("pool").split(
        4000, 300, generator=rng
    )
    unseen = data.mnist("test").sample(400, rng)
    dots = rng.choice(784, 150, replace=False)
    return learning, probing, unseen, dots, rng


@functools.lru_cache(maxsize=1)
def opened(kind, pooling, steps, seed):
    learning, probing, unseen, dots, rng = drawn(seed)
    net = pooled(kind, rng, pooling)
    if steps:
        train.fit(
            net,
            learning,
            optimizer=optim.Adam(net.parameters(), lr=2e-3),
            steps=steps,
            generator=rng,
        )
    both = draw.dots_of(probing, dots), draw.dots_of(unseen, dots)
    told = transfer.linear_probe(net, *both, *DEPTHS)
    named = transfer.linear_probe(net, probing, unseen, *DEPTHS)
    return told, named


def at_depth(kind, pooling, steps, seed, depth):
    told, named = opened(kind, pooling, steps, seed)
    name = DEPTHS[depth]
    return {
        "picture": round(told[name], 5),
        "class": round(named[name], 5),
    }


def cells(kinds, pooling, steps):
    return experiments.grid(
        kind=kinds,
        pooling=[pooling],
        steps=steps,
        seed=SEEDS,
        depth=range(len(DEPTHS)),
    )


BOTH = ("plain", "residual")
inside = experiments.stored(
    "pooled_network",
    at_depth,
    cells(BOTH, "max", (0, 100, 400))
    + cells(["residual"], "average", [100]),
)

# %%
again = experiments.measure_again(
    inside,
    at_depth,
    "picture",
    kind="residual",
    pooling="max",
    steps=100,
    seed=0,
)
print(again)
assert again.agrees
found = {kind: draw.inside(inside, kind) for kind in draw.KINDS}
for what in ("picture", "class"):
    print(f"{what:10}" + "".join(f"{kind:>16}" for kind in found))
    for place, depth in enumerate(DEPTHS):
        here = [values[what][:, place] for values in found.values()]
        row = (f"{r.mean():8.3f} ± {r.std(ddof=1):.3f}" for r in here)
        print(f"{depth:10}" + "".join(row))

# %% [markdown]
# ## As many numbers could hold more
#
# After the fourth pooling 16 numbers are left. Who could draw a picture
# from 16 numbers? So we give the same probe as many numbers of the best
# kind that a linear map can choose, the first principal components of the
# pictures (diamonds in the figure).

# %%
bound = {depth: [] for depth in ("pool 3", "layers 3", "pool 4")}
for seed in SEEDS:
    learning, probing, unseen, dots, _ = drawn(seed)
    flat_pictures = learning.x.reshape(len(learning), -1) / 255
    middle = flat_pictures.mean(0)
    _, axes = np.linalg.eigh(np.cov((flat_pictures - middle).T))

    def numbers(digits, count, axes=axes, middle=middle):
        flat = digits.x.reshape(len(digits), -1) / 255 - middle
        return flat @ axes[:, ::-1][:, :count]

    for depth, count in zip(bound, (144, 144, 16), strict=True):
        probe = transfer.ridge_probe(
            numbers(probing, count), draw.dots_of(probing, dots).y
        )
        bound[depth].append(
            probe.score(
                numbers(unseen, count), draw.dots_of(unseen, dots).y
            )
        )
best = {depth: np.mean(runs) for depth, runs in bound.items()}
figure = draw.survives(DEPTHS, found, best)
plots.show(figure, "07_with_bound")
print(
    ", ".join(f"{depth} {share:.3f}" for depth, share in best.items())
)

# %% [markdown]
# So it is not for want of room: the network keeps less of the picture than
# as many numbers could hold.
#
# ## Is it the maximum, and is it learnt?
#
# Two controls for what the lesson says of the poolings. Average pooling
# drops three numbers of four as well, but has no maximum. And an untrained
# network has learnt to forget nothing. We said .05 of $R^2$ would not
# matter.

# %%


def at_pools(kind, steps, pooling="max"):
    """R² of the picture lost at the three later poolings, by seed."""
    values = draw.inside(inside, kind, steps, pooling)["picture"]
    lost = draw.losses(DEPTHS, values)
    return sum(lost[f"pool {k}"] for k in (2, 3, 4))


three = {
    "max, 400 steps": at_pools("residual", 400),
    "max, 100 steps": at_pools("residual", 100),
    "average, 100 steps": at_pools("residual", 100, "average"),
    "max, untrained": at_pools("untrained", 0),
}
pair = judge(
    three["max, 100 steps"] - three["average, 100 steps"], margin=0.05
)
claim(
    "E12/not the maximum",
    "average pooling loses as much of the picture as max pooling (R² lost "
    "at the three later poolings, margin .05)",
    source="ours",
    refuted_by="a difference that may be larger than the margin",
    control="the same network with the other pooling, 100 steps each",
    **over_seeds({n: three[n] for n in list(three)[1:3]}),
    effect=pair.middle,
    interval=pair.interval,
    verdict="holds" if pair.word == "equal" else "does not hold",
    check=abs(pair.middle) < 0.2,
    format=".2f",
)
print(f"max − average: {pair.word}")

# %% [markdown]
# Average pooling loses less at the poolings, though still three quarters
# of what max pooling does. So the maximum has a part in it, and the larger
# part has that of four numbers one is left. And the network that keeps
# more of the picture: does it name the digit better?

# %%
last = {kind: found[kind]["class"][:, -1] for kind in BOTH}
better = judge(last["residual"] - last["plain"], margin=0.01)
print(
    f"class read after pool 4, residual − plain: {better.middle:+.3f} "
    f"[{better.interval[0]:+.3f}, {better.interval[1]:+.3f}] {better.word}"
)

# %%
taught = judge(
    three["max, 400 steps"] - three["max, untrained"], margin=0.05
)
claim(
    "E12/untrained",
    "to forget the picture is no work of learning: an untrained network "
    "loses as much of it at the poolings, or more",
    source="ours",
    refuted_by="a trained network that may lose .05 more, or does",
    control="the residual network with its initial weights",
    **over_seeds(
        {n: three[n] for n in ("max, 400 steps", "max, untrained")}
    ),
    effect=taught.middle,
    interval=taught.interval,
    verdict="holds"
    if taught.word in ("less", "equal")
    else "does not hold",
    check=three["max, untrained"].mean() > 0.1,
    format=".2f",
)
print(f"trained − untrained: {taught.word}")

# %% [markdown]
# ## Twenty and forty layers
#
# Layers of 64 numbers each, no pooling, learning from 5,000 digits.
# *Ordinary* initial weights are those of PyTorch's `Linear`, drawn evenly
# from $\pm 1/\sqrt{n}$ for $n$ inputs. SGD has momentum 0.9 and the rate
# 0.02, Adam the rate 0.001 (and, for forty layers, two more); no gradient
# is longer than 1. Accuracy is noted on the way, up to 2,000 steps.

# %%
STEPS, WIDTH = (100, 200, 500, 1000, 2000), 64


def flat(part):
    images = data.mnist(part)
    return images.x.reshape(len(images), -1).astype(
        "f4"
    ) / 255, images.y


def deep(depth, kind, init):
    """A builder of networks of `depth` Linear layers."""
    residual = kind == "residual"
    shrink = (depth - 2) ** -0.5 if residual else 1.0

    def linear(rng, inputs, shrink=1.0):
        module = nn.Linear(inputs, WIDTH, generator=rng)
        if init == "He":
            return scaled(module, rng, shrink)
        return nn.Sequential(module, nn.ReLU())

    def build(rng):
        parts = [linear(rng, 784)]
        for _ in range(depth - 2):
            body = linear(rng, WIDTH, shrink)
            parts.append(nn.Residual(body) if residual else body)
        parts.append(nn.Linear(WIDTH, 10, generator=rng))
        return nn.Sequential(*parts)

    return build


def clip_each(net, longest=1.0):
    """Scale each member's gradient down to a norm of `longest`."""
    gradients = [p.gradient for p in net.parameters()]
    members = len(gradients[0])
    squares = sum(
        (g.reshape(members, -1) ** 2).sum(1) for g in gradients
    )
    factor = np.minimum(1, longest / np.sqrt(squares))
    for gradient in gradients:
        gradient *= factor.reshape(-1, *[1] * (gradient.ndim - 1))


def right(net, part):
    x, y = flat(part)
    with mt.no_grad():
        answers = net(mt.tensor(x)).numpy().argmax(-1)
    return (answers == y).mean(axis=1)


@functools.lru_cache(maxsize=1)
def curve(depth, kind, init, rule, rate):
    """Right answers of five members after so many steps."""
    net = nn.population(deep(depth, kind, init), len(SEEDS))
    make = functools.partial(optim.SGD, momentum=0.9)
    make = make if rule == "SGD" else optim.Adam
    optimizer = make(net.parameters(), lr=rate)
    (x, y), rng, found = flat("pool"), np.random.default_rng(0), {}
    for step in range(1, max(STEPS) + 1):
        some = rng.integers(0, len(x), (len(SEEDS), 64))
        losses = nn.member_losses(
            nn.functional.cross_entropy,
            net(mt.tensor(x[some])),
            y[some],
        )
        optimizer.zero_grad()
        losses.sum().backward()
        clip_each(net)
        optimizer.step()
        if step in STEPS:
            found[step] = right(net, "validation"), right(net, "test")
    return found


def learns(depth, kind, init, rule, rate, seed, steps):
    validation, test = curve(depth, kind, init, rule, rate)[steps]
    return {
        "validation": round(validation[seed], 5),
        "test": round(test[seed], 5),
    }


SETTINGS = [
    (5, "ordinary", "SGD", 0.02),
    (20, "ordinary", "SGD", 0.02),
    (20, "ordinary", "Adam", 0.001),
    (20, "He", "SGD", 0.02),
    (40, "ordinary", "Adam", 0.001),
    (40, "He", "Adam", 0.0003),
    (40, "He", "Adam", 0.001),
    (40, "He", "Adam", 0.003),
]
depth_table = experiments.stored(
    "depth_and_steps",
    learns,
    [
        cell
        for depth, init, rule, rate in SETTINGS
        for cell in experiments.grid(
            depth=[depth],
            kind=BOTH,
            init=[init],
            rule=[rule],
            rate=[rate],
            seed=SEEDS,
            steps=STEPS,
        )
    ],
)

# %%
again = experiments.measure_again(
    depth_table,
    learns,
    "test",
    depth=5,
    kind="plain",
    init="ordinary",
    rule="SGD",
    rate=0.02,
    steps=2000,
)
print(again)
assert again.agrees
print("right on test digits (%) after so many steps")
print(f"{'':33}" + "".join(f"{steps:>10,}" for steps in STEPS))
for depth, init, rule, rate in SETTINGS:
    for kind in BOTH:
        of = {"init": init, "rule": rule, "rate": rate, "kind": kind}
        runs = depth_table.curve(
            "test", over="steps", depth=depth, **of
        )[1]
        row = "".join(
            f"{f'{m:.1f}±{sd:.1f}':>10}"
            for m, sd in zip(
                100 * runs.mean(0),
                100 * runs.std(0, ddof=1),
                strict=True,
            )
        )
        print(f"{depth:2} {init:9}{rule:5}{rate:<7g}{kind:9}{row}")
cases = {
    "20 layers, ordinary weights, SGD": (
        20,
        "ordinary",
        "SGD",
        (0.02,),
    ),
    "20 layers, He initialisation, SGD": (20, "He", "SGD", (0.02,)),
}
plots.show(draw.horizon(depth_table, cases), "07_twenty")

# %% [markdown]
# The rows say layers, initial weights, optimiser, rate and kind. Two
# sentences of the kind that one reads, each with its horizon. Both are
# ours: article E speaks of pooled networks, and nothing is pooled here.


# %%
def ahead(depth, init, rule, rates):
    """Residual − plain at each of STEPS, seeds × steps; both."""
    runs = [
        draw.accuracy_of(depth_table, depth, kind, init, rule, rates)[
            2
        ]
        for kind in BOTH
    ]
    return runs[1] - runs[0], runs


gap, (plain, residual) = ahead(20, "ordinary", "SGD", (0.02,))
_, (slow, _) = ahead(20, "ordinary", "Adam", (0.001,))
early, late = judge(gap[:, 1]), judge(gap[:, -1])
other = judge(slow[:, -1] - 0.5)
claim(
    "E12/deep",
    "without shortcuts twenty layers with ordinary initial weights do not "
    "learn (right on test digits; the effect is residual − plain by SGD "
    "after 2,000 steps)",
    source="ours",
    refuted_by="a plain network that names half of the digits",
    control="shortcuts; Adam instead of SGD; ten times as many steps",
    **over_seeds(
        {
            "plain, SGD, 200": plain[:, 1],
            "residual, SGD, 200": residual[:, 1],
            "plain, SGD, 2,000": plain[:, -1],
            "residual, SGD, 2,000": residual[:, -1],
            "plain, Adam, 2,000": slow[:, -1],
        }
    ),
    effect=late.middle,
    interval=late.interval,
    verdict="does not hold"
    if other.word == "more" or early.word != "more"
    else "holds",
    check=early.middle > 0.5,
    format=".1%",
)

# %%
rates = draw.RATES
gap, (plain, residual) = ahead(40, "He", "Adam", rates)
words = judge_each(dict(zip(STEPS, gap.T, strict=True)))
end = words[STEPS[-1]]
claim(
    "E12/forty",
    "shortcuts help forty layers although the initial weights are good "
    "(He, Adam, the best of three rates each; the effect is after 2,000 "
    "steps)",
    source="ours",
    refuted_by="no lead at the end",
    control="the same network without shortcuts, its rate chosen as well",
    **over_seeds(
        {
            "plain, 200": plain[:, 1],
            "residual, 200": residual[:, 1],
            "plain, 2,000": plain[:, -1],
            "residual, 2,000": residual[:, -1],
        }
    ),
    effect=end.middle,
    interval=end.interval,
    verdict="holds narrowly"
    if end.word == "more"
    else "does not hold",
    condition="up to 2,000 steps, and by less and less"
    if end.word == "more"
    else "",
    check=gap[:, 1].mean() > gap[:, -1].mean(),
    format=".1%",
)
told = ", ".join(f"{n:,} {found.word}" for n, found in words.items())
print(f"residual − plain, by steps: {told}")

# %% [markdown]
# ## Forty-one per cent
#
# A theorem, checked and not judged. A layer of $n$ nodes whose weights are
# drawn evenly from $\pm 1/\sqrt{n}$ (variance $1/(3n)$), followed by ReLU
# (which keeps half), multiplies the mean square of what passes, forwards
# and backwards, by $n \cdot \frac{1}{3n} \cdot \frac{1}{2} =
# \frac{1}{6}$. The length goes down to $\sqrt{1/6} = 0.41$. After 18 such
# layers a ten-millionth is left. The variance of He initialisation is
# $2/n$, and its factor is 1. A shortcut passes everything on, whatever the
# weights. (In an ordinary plain network the biases keep the states from
# vanishing. What vanishes is the *difference* between one picture and
# another.)

# %%
FRESH = 50


def first_gradients(build):
    """Gradient norm of each layer's weights: (networks, layers)."""
    net = nn.population(build, FRESH)
    x, y = flat("pool")
    losses = nn.member_losses(
        nn.functional.cross_entropy, net(mt.tensor(x[:64])), y[:64]
    )
    losses.sum().backward()
    return np.stack(
        [
            np.sqrt((p.gradient.reshape(FRESH, -1) ** 2).sum(1))
            for name, p in net.named_parameters()
            if name.endswith("weight")
        ],
        axis=1,
    )


norms = {
    "plain, ordinary": first_gradients(deep(20, "plain", "ordinary")),
    "plain, He": first_gradients(deep(20, "plain", "He")),
    "residual, ordinary": first_gradients(
        deep(20, "residual", "ordinary")
    ),
}
for name, norm in norms.items():
    share = np.exp(np.log(norm[:, 1] / norm[:, 18]) / 17)
    print(
        f"{name:19} a layer passes back {share.mean():.2f} "
        f"± {share.std(ddof=1):.2f} of the length"
    )
    theory = {"plain, ordinary": 6**-0.5, "plain, He": 1}.get(name)
    assert theory is None or abs(share.mean() - theory) < 0.05
plots.show(draw.gradients(norms), "07_first_gradients")

# %% [markdown]
# The residual network passes back a little less than all, because its
# states grow on the way up: the first layers work on smaller numbers than
# the last.
