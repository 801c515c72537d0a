# %% [markdown]
# # 7 · Depth that hurts, shortcuts that heal
#
# **The question.** If every layer is made from the one below, what happens
# when a layer lets something fall?
#
# Article E believes in depth where things are made step by step. But it
# names a case, E12, where the chain breaks: in a very deep network of
# convolutions, max pooling loses information until the state of a layer
# is no longer composed of the one before; *residual connections* bring
# that back. This lesson looks at the claim where it is made, in a pooled
# network, and then at a stranger case, where nothing is pooled and depth
# hurts all the same. Who the articles are stands on the page of
# [sources](sources.md).
#
# ## Whispers
#
# Children sit in a row and whisper a sentence from ear to ear. What comes
# out in the end is funny because each child has only what the last one
# said. Now let a sheet of paper go along with the whisper, and everybody
# may add a note to it but cross nothing out. That is a residual layer:
#
# $$h_{l+1} = h_l + f_l(h_l) \quad \text{instead of} \quad
#   h_{l+1} = f_l(h_l).$$
#
# Here are both rows of children. The pictures of handwritten digits,
# 28×28, pass a first convolution, and then four times a max pooling,
# which keeps the largest of each 2×2 numbers and drops three. After each
# of the first three poolings stand three convolutions, 16 channels wide,
# each with a shortcut or without.

# %%
import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots, train, transfer
from minitransfer.course import claim
from minitransfer.experiments import intervals

CHANNELS, BLOCKS = 16, 3


def layer(module, rng, shrink=1.0):
    """He's first weights, so that depth does no harm yet."""
    nn.init.kaiming_normal_(module.weight, generator=rng)
    nn.init.zeros_(module.bias)
    with mt.no_grad():
        module.weight.mul_(shrink)
    return nn.Sequential(module, nn.ReLU())


def convolution(inputs, rng, shrink=1.0):
    module = nn.Conv2d(inputs, CHANNELS, 3, padding=1, generator=rng)
    return layer(module, rng, shrink)


def pooled(shortcuts, seed):
    """Four poolings; between them convolutions, plain or residual."""
    rng = np.random.default_rng(seed)

    def block():
        if not shortcuts:
            return convolution(CHANNELS, rng)
        # Nine notes are added up: each starts small.
        body = convolution(CHANNELS, rng, shrink=(3 * BLOCKS) ** -0.5)
        return nn.Residual(body)

    parts = {"first": convolution(1, rng)}
    for stage in (1, 2, 3):
        parts[f"pool {stage}"] = nn.MaxPool2d(2)
        blocks = [block() for _ in range(BLOCKS)]
        parts[f"layers {stage}"] = nn.Sequential(*blocks)
    parts["pool 4"] = nn.MaxPool2d(2)
    parts["flat"] = nn.Flatten()
    parts["head"] = nn.Linear(CHANNELS, 10, generator=rng)
    return nn.Sequential(parts)


for name, module in pooled(True, 0).named_children():
    numbers = sum(p.numel() for p in module.parameters())
    print(f"{name:9} {numbers:5} parameters")

# %% [markdown]
# Both are trained on 4,000 digits. Then we open them. At each depth a
# *linear probe*, a regression in closed form, tries to read two things
# off the state: the class of the digit, and the picture itself (150 of
# its dots, drawn by chance; $R^2 = 1$ if the state tells them exactly, 0
# if it tells nothing). The probes learn from 300 other digits and are
# tested on 400 unseen ones.
#
# **Predict before you run.** Draw two curves over the depth, one for the
# picture and one for the class. Do they fall together? And where does the
# shortcut keep the curve up, at the convolutions or at the poolings?

# %%
learning, probing = data.mnist("pool").split(
    4000, 300, generator=np.random.default_rng(0)
)
unseen = data.mnist("test").sample(400, np.random.default_rng(0))
dots = np.random.default_rng(0).choice(784, 150, replace=False)


def picture(digits):
    """Digits with 150 of their dots as the thing to tell."""
    pictures = digits.x.reshape(len(digits), -1) / 255
    return data.Dataset(
        digits.x, pictures[:, dots], input_type="image"
    )


depths = ["pool 1", "layers 1", "pool 2", "layers 2"]
depths += ["pool 3", "layers 3", "pool 4"]


def opened(shortcuts, seed, steps=100):
    """Train one network; R² of the picture and accuracy by depth."""
    net = pooled(shortcuts, seed)
    train.fit(
        net,
        learning,
        optimizer=optim.Adam(net.parameters(), lr=2e-3),
        steps=steps,
        generator=np.random.default_rng(seed),
    )
    told = transfer.linear_probe(
        net, picture(probing), picture(unseen), *depths
    )
    named = transfer.linear_probe(net, probing, unseen, *depths)
    return [told[d] for d in depths], [named[d] for d in depths]


kinds = {"plain": False, "residual": True}
found = {
    kind: np.array([opened(shortcuts, seed) for seed in range(3)])
    for kind, shortcuts in kinds.items()
}  # kind → (seeds, picture or class, depth)

print("mean of 3 seeds ", *(f"{d:>9}" for d in depths))
for kind, values in found.items():
    for what, row in zip(
        ("picture", "class"), values.mean(0), strict=True
    ):
        print(f"{kind:9}{what:7}", *(f"{v:9.3f}" for v in row))

# %% [markdown]
# One more line is needed to judge the first curve. After the fourth
# pooling 16 numbers are left. Who could draw a picture from 16 numbers?
# So we give the same probe as many numbers of the best kind that a linear
# map can choose, the first principal components of the pictures.

# %%
centred = learning.x.reshape(len(learning), -1) / 255
mean_picture = centred.mean(axis=0)
_, components = np.linalg.eigh(np.cov((centred - mean_picture).T))


def best_numbers(digits, count):
    flat = digits.x.reshape(len(digits), -1) / 255 - mean_picture
    return flat @ components[:, ::-1][:, :count]


sizes = {"pool 1": 784, "pool 2": 784, "pool 3": 144, "pool 4": 16}
possible = {}
for depth, count in sizes.items():
    probe = transfer.ridge_probe(
        best_numbers(probing, count), picture(probing).y
    )
    possible[depth] = probe.score(
        best_numbers(unseen, count), picture(unseen).y
    )
    told = found["residual"][:, 0, depths.index(depth)].mean()
    print(
        f"{depth}: the picture told {told:.2f},",
        f"{count:3} best numbers tell {possible[depth]:.2f}",
    )

# %%
figure, (left, right) = plots.figure(
    "The picture fades at every pooling, the class does not",
    columns=2,
    height=4.0,
    sharex=True,
)
for number, axes in enumerate((left, right)):
    for (kind, values), colour in zip(
        found.items(), plots.COLOURS, strict=False
    ):
        axes.plot(values[:, number].T, ".", color=colour, alpha=0.6)
        axes.plot(values[:, number].mean(0), color=colour, label=kind)
    axes.set_xticks(
        range(len(depths)), depths, rotation=60, fontsize=9
    )
    for at, depth in enumerate(depths):
        if depth.startswith("pool") and at:
            axes.axvspan(
                at - 1, at, color="grey", alpha=0.15, linewidth=0
            )
left.plot(
    [depths.index(depth) for depth in possible],
    list(possible.values()),
    "s:",
    color=plots.COLOURS[6],
    markersize=4,
    label="best numbers",
)
left.set_ylim(0, 1)
left.set_title("150 dots of the picture", fontsize=11)
left.set_ylabel("R² of a linear probe")
right.set_title("class", fontsize=11)
right.set_ylabel("accuracy of a linear probe")
left.legend(frameon=False, loc="lower left")
plots.show(figure, "07_what_survives_pooling")

# %% [markdown]
# Three things are to be seen.
#
# *Pooling drops the picture.* At each grey band the left curve falls, far
# below what as many numbers could hold. That is the article's claim.
#
# *It is meant to.* The class on the right does not fall with the picture.
# It is read better after the first two stages than before, and only the
# last poolings cost something. What is dropped is mostly what one need
# not know to name a digit: where exactly the stroke went.
#
# *The shortcut heals, but not the pooling.* In the white gaps, where the
# layers work, the plain curve falls and the residual one hardly does: a
# note is added, nothing is crossed out. In the grey bands both fall, the
# residual one even more, since it has more to lose. A shortcut can only
# carry on what it is given, and it stands *behind* the pooling.

# %%
drop = {kind: -np.diff(v[:, 0], axis=1) for kind, v in found.items()}
at_layers = {kind: d[:, 0::2].sum(axis=1) for kind, d in drop.items()}
at_pools = {kind: d[:, 1::2].sum(axis=1) for kind, d in drop.items()}
for kind in kinds:
    print(
        f"{kind:9} R² lost in the layers "
        f"{at_layers[kind].mean():.2f},",
        f"at the poolings {at_pools[kind].mean():.2f}",
    )

pools = [depths.index(f"pool {stage}") for stage in (1, 2, 3, 4)]
class_at = found["residual"][:, 1].mean(0)
claim(
    "E12/pooling",
    "R² of the picture after 1 to 4 max poolings, in the residual "
    "network; the effect is what the three later poolings take of it",
    measured=found["residual"][:, 0, pools].mean(0),
    spread=found["residual"][:, 0, pools].std(0, ddof=1),
    seeds=3,
    effect=at_pools["residual"].mean(),
    interval=intervals.mean(at_pools["residual"]),
    format=".2f",
    verdict="holds narrowly" if class_at.argmax() > 0 else "holds",
    condition="the picture is lost, while the class is best read "
    f"after {depths[class_at.argmax()]}",
    check=intervals.mean(at_pools["residual"])[0] > 0,
)
healed = at_layers["plain"] - at_layers["residual"]
pool_healed = at_pools["plain"] - at_pools["residual"]
claim(
    "E12/shortcuts",
    "R² of the picture lost in the nine layers between the "
    "poolings, plain and residual; the effect is the difference",
    measured={kind: lost.mean() for kind, lost in at_layers.items()},
    spread={
        kind: lost.std(ddof=1) for kind, lost in at_layers.items()
    },
    seeds=3,
    effect=healed.mean(),
    interval=intervals.mean(healed),
    format=".2f",
    verdict="does not hold"
    if intervals.mean(healed)[0] <= 0
    else "holds"
    if intervals.mean(pool_healed)[0] > 0
    else "holds narrowly",
    condition="shortcuts keep what the layers between would lose; "
    "what the poolings drop they do not bring back",
    check=healed.mean() > 0,
)

# %% [markdown]
# ## Depth alone
#
# Now without any pooling: layers of 64 numbers, as wide at the end as at
# the beginning, 5, 20 or 40 deep. Nothing forces them to forget. They
# have the ordinary first weights, drawn evenly from $\pm 1/\sqrt{64}$, and
# ordinary training (SGD with momentum, the gradient clipped at 1; the
# rates below were chosen on the validation digits).
#
# **Predict before you run.** A deeper network can do all that a shallower
# one can: let the additional layers pass on what they get. So which depth
# will be best?

# %%
SEEDS, WIDTH = 3, 64
pool, test = data.mnist("pool"), data.mnist("test")
pixels = pool.x.reshape(len(pool), -1).astype(np.float32) / 255
test_pixels = test.x.reshape(len(test), -1).astype(np.float32) / 255


def deep(depth, shortcuts, he):
    """A builder of networks of `depth` Linear layers."""
    shrink = (depth - 2) ** -0.5 if shortcuts else 1.0

    def linear(rng, inputs, outputs, shrink=1.0):
        module = nn.Linear(inputs, outputs, generator=rng)
        if he:
            return layer(module, rng, shrink)
        return nn.Sequential(module, nn.ReLU())

    def build(rng):
        parts = [linear(rng, 784, WIDTH)]
        for _ in range(depth - 2):
            body = linear(rng, WIDTH, WIDTH, shrink)
            parts.append(nn.Residual(body) if shortcuts else body)
        parts.append(nn.Linear(WIDTH, 10, generator=rng))
        return nn.Sequential(*parts)

    return build


def clip_each(net, largest=1.0):
    """Scale each member's gradient down to a norm of `largest`."""
    gradients = [p.gradient for p in net.parameters()]
    squares = sum(
        (g.reshape(SEEDS, -1) ** 2).sum(1) for g in gradients
    )
    factor = np.minimum(1, largest / np.sqrt(squares))
    for gradient in gradients:
        gradient *= factor.reshape(-1, *[1] * (gradient.ndim - 1))


def accuracy(build, optimizer, steps=200):
    """Train a population on digits; the accuracy of each member."""
    net = nn.population(build, SEEDS)
    optimizer = optimizer(net.parameters())
    rng = np.random.default_rng(0)
    loss_of = nn.functional.cross_entropy
    for _ in range(steps):
        some = rng.integers(0, len(pool), (SEEDS, 64))
        outputs = net(mt.tensor(pixels[some]))
        losses = nn.member_losses(loss_of, outputs, pool.y[some])
        optimizer.zero_grad()
        losses.sum().backward()
        clip_each(net)
        optimizer.step()
    with mt.no_grad():
        answers = net(mt.tensor(test_pixels)).numpy().argmax(-1)
    return (answers == test.y).mean(axis=1)


def sgd(parameters):
    return optim.SGD(parameters, lr=0.02, momentum=0.9)


def adam(parameters):
    return optim.Adam(parameters, lr=1e-3)


right = {}
for he, optimizer, how_deep in (
    (False, sgd, (5, 20, 40)),
    (True, sgd, (20,)),
    (True, adam, (40,)),
):
    for depth in how_deep:
        for kind, shortcuts in kinds.items():
            runs = accuracy(deep(depth, shortcuts, he), optimizer)
            right[he, depth, kind] = runs
            print(
                f"{'He weights' if he else 'ordinary':10}",
                f"{optimizer.__name__:5} depth {depth:2} {kind:8}",
                f"{runs.mean():6.1%} ± {runs.std(ddof=1):.1%}",
            )

# %% [markdown]
# The deeper, the worse; a plain network of 20 layers does no better than
# to answer with one digit always, on *any* picture. It is not overfitting,
# it does not learn at all. The residual one of the same depth does.
#
# But read the fourth pair of lines. With He's first weights, and nothing
# else changed, the plain network of 20 layers learns too. So depth as such
# is not what kills. What is?
#
# ## Forty-one per cent
#
# A layer of width $n$ whose weights are drawn evenly from
# $\pm 1/\sqrt{n}$ (variance $1/3n$), followed by ReLU (which keeps half),
# multiplies the mean square of what passes, forwards and backwards, by
# $n \cdot \frac{1}{3n} \cdot \frac{1}{2} = \frac{1}{6}$. The length
# goes down to $\sqrt{1/6} = 0.41$. After 18 such layers there
# is a ten-millionth of it. He's weights have the variance $2/n$: the
# factor is 1. And a shortcut passes everything on, whatever the weights.
# (In an ordinary plain network the biases keep the states from vanishing.
# What vanishes is the *difference* between one picture and another.)
#
# The gradient with which each layer would start to learn, for fifty fresh
# networks of 20 layers:

# %%
FRESH = 50


def first_gradients(build):
    """Gradient norm of each layer's weights: (fresh, layers)."""
    net = nn.population(build, FRESH)
    outputs = net(mt.tensor(pixels[:64]))
    loss_of = nn.functional.cross_entropy
    nn.member_losses(loss_of, outputs, pool.y[:64]).sum().backward()
    return np.stack(
        [
            np.sqrt((p.gradient.reshape(FRESH, -1) ** 2).sum(1))
            for name, p in net.named_parameters()
            if name.endswith("weight")
        ],
        axis=1,
    )


gradients = {
    "plain, ordinary": first_gradients(deep(20, False, False)),
    "plain, He": first_gradients(deep(20, False, True)),
    "residual, ordinary": first_gradients(deep(20, True, False)),
}
passed = {
    name: np.exp(np.log(g[:, 1] / g[:, 18]) / 17)
    for name, g in gradients.items()
}  # per layer, on the way back from layer 19 to layer 2
for name, factor in passed.items():
    print(f"{name:19} a layer passes back {factor.mean():.2f} of it")

figure = plots.curves_with_spread(
    range(1, 21),
    gradients,
    "Ordinary weights starve the first layers",
    "layer",
    "norm of the first gradient",
    log_y=True,
    quantiles=(0.1, 0.9),
)
plots.show(figure, "07_first_gradients")

# %% [markdown]
# With ordinary weights next to nothing reaches the first layers of
# the plain network: that is the *vanishing gradient*. The ordinary
# residual network passes back nearly all of it, at every layer. It is
# a little below one only because its states grow on the way up: the
# first layers work on smaller numbers than the last.

# %%
plain, residual = (
    right[False, 20, "plain"],
    right[False, 20, "residual"],
)
mended = right[True, 20, "plain"]
claim(
    "E12/deep",
    "20 layers, ordinary first weights: accuracy plain and "
    "residual, and plain with He's first weights instead; the "
    "effect is the shortcuts'",
    measured={
        "plain": plain.mean(),
        "residual": residual.mean(),
        "plain, He": mended.mean(),
    },
    spread={
        "plain": plain.std(ddof=1),
        "residual": residual.std(ddof=1),
        "plain, He": mended.std(ddof=1),
    },
    seeds=SEEDS,
    effect=(residual - plain).mean(),
    interval=intervals.difference(residual, plain),
    format=".3f",
    verdict="does not hold"
    if intervals.difference(residual, plain)[0] <= 0
    else "holds narrowly"
    if intervals.difference(mended, plain)[0] > 0
    else "holds",
    condition="the first weights, not depth alone, keep the plain "
    "network from learning, and nothing was pooled",
    check=plain.mean() <= 0.2 and residual.mean() >= 0.8,
)
plain, residual = (
    right[True, 40, "plain"],
    right[True, 40, "residual"],
)
claim(
    "E12/forty",
    "40 layers, He's first weights and Adam: accuracy plain and "
    "residual",
    measured={"plain": plain.mean(), "residual": residual.mean()},
    spread={
        "plain": plain.std(ddof=1),
        "residual": residual.std(ddof=1),
    },
    seeds=SEEDS,
    effect=(residual - plain).mean(),
    interval=intervals.difference(residual, plain),
    format=".3f",
    verdict="holds"
    if intervals.difference(residual, plain)[0] > 0
    else "does not hold",
    check=residual.mean() - plain.mean() >= 0.10,
)
starved = passed["plain, ordinary"]
claim(
    "E12/gradients",
    "share of the gradient's length that a layer of 20 passes back "
    "before training; by theory 0.41 for a plain layer with "
    "ordinary weights",
    measured={name: factor.mean() for name, factor in passed.items()},
    spread={
        name: factor.std(ddof=1) for name, factor in passed.items()
    },
    seeds=FRESH,
    effect=(passed["residual, ordinary"] - starved).mean(),
    interval=intervals.difference(
        passed["residual, ordinary"], starved
    ),
    format=".2f",
    verdict="holds",
    check=abs(starved.mean() - 6**-0.5) < 0.05
    and passed["residual, ordinary"].mean() > 0.8,
)

# %% [markdown]
# ## Try it
#
# 1. Put `nn.AvgPool2d(2)` in place of `nn.MaxPool2d(2)` in `pooled`.
#    Watch the picture at the poolings, and the class.
# 2. Let the notes be loud: give the residual blocks of `pooled` the whole
#    of He's weights (`shrink=1.0`). Watch the white gaps of the figure.
# 3. In `deep`, multiply the ordinary weights by $\sqrt{6}$ (in `build`,
#    under `mt.no_grad()`). Watch depth 20, and the factor 0.41.
#
# <details><summary>What you will see</summary>
#
# 1. Hardly anything changes. It is not the *maximum* that forgets, it is
#    going from four numbers to one.
# 2. The residual curve sags a little in the white gaps, though less than
#    the plain one, and the class suffers in the end: loud notes drown
#    what was written first.
# 3. The factor becomes 1, and the plain network of 20 layers learns as it
#    did with He's weights. The residual one becomes *worse*: eighteen loud
#    notes again. Shortcuts want small first weights.
#
# </details>
#
# ## What the numbers say
#
# Depth hurts where a layer passes on less than it got, be it picture or
# gradient: forty-one per cent of forty-one per cent of forty-one … Good
# first weights help, shortcuts help more, and with both forty layers
# learn like twenty. What a pooling has thrown away is gone, and mostly it
# was no loss.
