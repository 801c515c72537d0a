# %% [markdown]
# # 8 · Factors and dictionaries
#
# **The question.** A thing has colour and shape, handwriting has strokes.
# What does it help a learner to be given the world in factors, and can it
# find them by itself?
#
# With its device E11 article E says what learning is: to split variations
# into *factors*, and *knowledge* of what each factor means. A sparse code
# times a dictionary. It adds a piece of advice: one-hot vectors keep the
# factors from entangling. Who the articles are stands on the page of
# [sources](sources.md).
#
# ## Ten drawers
#
# Ten things have a value each. A network shall know the ten values. How
# is it to be told *which* thing? By one number, from −1 for the first to
# 1 for the last? Or by ten numbers, of which one is 1 and all others are
# 0, a drawer for each thing?
#
# Both can be learnt. But then the value of *one* thing changes, and only
# this one is shown again. What happens to the other nine?

# %%
import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots
from minitransfer.course import claim
from minitransfer.experiments import intervals

SEEDS = 50


def network(inputs, hidden):
    """A population with a hidden layer, or (0 nodes) a mere table."""

    def build(generator):
        if not hidden:
            return nn.Linear(
                inputs, 1, bias=False, generator=generator
            )
        return nn.Sequential(
            nn.Linear(inputs, hidden, generator=generator),
            nn.Tanh(),
            nn.Linear(hidden, 1, generator=generator),
        )

    return nn.population(build, SEEDS)


def fit(net, x, y, optimizer, steps):
    """Train all members on their own values y (seeds, N, 1)."""
    x, loss_of = mt.tensor(x), nn.functional.mse_loss
    for _ in range(steps):
        losses = nn.member_losses(loss_of, net(x), y)
        optimizer.zero_grad()
        losses.sum().backward()
        optimizer.step()


def answers(net, x):
    with mt.no_grad():
        return net(mt.tensor(x)).numpy()[..., 0]


rng = np.random.default_rng(0)
values = rng.normal(size=(SEEDS, 10, 1)).astype(np.float32)
one_number = np.linspace(-1, 1, 10, dtype=np.float32)[:, None]
drawers = data.one_hot(np.arange(10))
codes = {
    "one number, hidden layer": (one_number, 32),
    "one-hot, hidden layer": (drawers, 32),
    "one-hot, no hidden layer": (drawers, 0),
}

# %% [markdown]
# **Predict before you run.** The fifth thing becomes worth 2 more. By how
# much do the others change, on average, in each of the three networks?

# %%
changed, moved = 4, {}
others = np.arange(10) != changed
for name, (code, hidden) in codes.items():
    net = network(code.shape[1], hidden)
    fit(
        net, code, values, optim.Adam(net.parameters(), lr=0.02), 1500
    )
    before = answers(net, code)
    new = values[:, [changed]] + 2
    again = optim.SGD(net.parameters(), lr=0.005)
    fit(net, code[[changed]], new, again, 400)
    by = np.abs(answers(net, code) - before)
    moved[name] = by[:, others].mean(axis=1)
    print(
        f"{name:25} the fifth moved by {by[:, changed].mean():.2f},",
        f"the others by {moved[name].mean():.2f}",
    )

entangled = moved["one number, hidden layer"]
free = moved["one-hot, no hidden layer"]
claim(
    "E11/one-hot",
    "one of ten values changes by 2 and is learnt anew: by how much "
    "the other nine move with it",
    measured={name: by.mean() for name, by in moved.items()},
    spread={name: by.std(ddof=1) for name, by in moved.items()},
    seeds=SEEDS,
    effect=(entangled - free).mean(),
    interval=intervals.mean(entangled - free),
    format=".2f",
    verdict="holds narrowly"
    if free.max() < 1e-6
    else "does not hold",
    condition="nothing above the one-hot input is shared by the "
    "things",
    check=free.max() < 1e-6
    and intervals.mean(entangled - free)[0] > 0,
)

# %% [markdown]
# One number drags all along: every thing hangs on the same few lines. In
# the drawers nothing moves but what was changed. And the case between is
# instructive: one-hot drawers *under* a shared hidden layer and a shared
# bias still drag. The advice is good as far as the drawers go.
#
# ## Drawers for factors
#
# Drawers for every state would be the memory of lesson 5, with nothing to
# say on a state not seen. Drawers for every *factor* are another matter.
# Let things have one of five colours and one of five shapes, and let the
# value be the sum of what colour and shape are worth. Of the 25 things 13
# are shown. There are four ways to tell the network which.

# %%
K, SHOWN = 5, 13
colour, shape = np.divmod(np.arange(K * K), K)
telling = {
    "one number": np.linspace(-1, 1, K * K)[:, None],
    "a number each": np.stack([colour, shape], axis=1) / 2 - 1,
    "one-hot state": data.one_hot(np.arange(K * K)),
    "one-hot each": np.concatenate(
        [data.one_hot(colour), data.one_hot(shape)], axis=1
    ),
}


def order_of(rng):
    """13 things with every colour and every shape, then 12."""
    while True:
        order = rng.permutation(K * K)
        seen = order[:SHOWN]
        if len({*colour[seen]}) == len({*shape[seen]}) == K:
            return order


rng = np.random.default_rng(1)
order = np.array([order_of(rng) for _ in range(SEEDS)])
seen, unseen = order[:, :SHOWN], order[:, SHOWN:]
worth = rng.normal(size=(SEEDS, 2, K))
value = (worth[:, 0][:, colour] + worth[:, 1][:, shape]).astype(
    np.float32
)
wanted = np.take_along_axis(value, unseen, axis=1)
variance = ((wanted - wanted.mean(axis=1, keepdims=True)) ** 2).mean(
    axis=1
)

explained = {}
for name, code in telling.items():
    code = code.astype(np.float32)
    net = network(code.shape[1], 16)
    target = np.take_along_axis(value, seen, axis=1)[..., None]
    adam = optim.Adam(net.parameters(), lr=0.02)
    fit(net, code[seen], target, adam, 1000)
    error = ((answers(net, code[unseen]) - wanted) ** 2).mean(axis=1)
    explained[name] = 1 - error / variance
    print(
        f"{name:14} explains of the unseen (median)",
        f"{np.median(explained[name]):6.0%}",
    )

# %% [markdown]
# (Below 0 % means: worse than to answer with the mean.) Only the last way
# has two sets of drawers, and it knows things that it never saw. The
# state as a whole in one drawer does not help, nor do the factors as
# numbers on which an order is forced that they do not have: is red more
# than blue? *Split* into factors *and* kept in drawers: it takes both.

# %%
good = explained["one-hot each"]
rest = np.max([explained[n] for n in list(telling)[:-1]], axis=0)
claim(
    "E11/factors",
    "13 of 25 things shown, median share of the variance of the "
    "unseen 12 that is explained, by how the thing is told; the "
    "effect is the median of one-hot factors less the best other "
    "way, seed by seed",
    measured={
        name: np.median(share) for name, share in explained.items()
    },
    spread=None,
    seeds=SEEDS,
    effect=np.median(good - rest),
    interval=tuple(np.sort(good - rest)[[17, 32]]),
    format=".2f",
    verdict="holds"
    if np.sort(good - rest)[17] > 0
    else "does not hold",
    check=np.median(good) > 0.9 and np.median(rest) < 0.5,
)

# %% [markdown]
# ## Find the factors
#
# Nobody hands us the factors of handwriting. But we can say what they
# should be like: few at a time should be enough for any small piece of
# ink. Let $x$ be a patch of 8×8 dots, $D$ a *dictionary* with an atom of
# 8×8 dots in each of its 64 rows, and $z \ge 0$ a code that says how much
# of each atom is in the patch. We look for
#
# $$\min_{D, z}\; \frac{1}{2} \lVert x - zD \rVert^2
#   + \lambda \sum_j z_j .$$
#
# The second term pays for every atom that is used, and makes the code
# *sparse*: most of it is zero. Given $D$, this step comes closer to the
# best code every time it is made (it is called ISTA; $L$ is the largest
# eigenvalue of $DD^\top$):
#
# $$z \leftarrow \mathrm{ReLU}\bigl(z + \frac{1}{L} (x - zD)\,D^\top
#   - \frac{\lambda}{L}\bigr)$$
#
# Look at it twice. It is a layer: a linear map, a bias, a ReLU. It has a
# *shortcut*, lesson 7. And the *same cell* is used again and again,
# lesson 5. To think about what one sees is a deep network.


# %%
def code_of(patches, D, price, steps):
    """The sparse code of patches, by so many steps of ISTA."""
    x, D = mt.tensor(patches), mt.tensor(D)
    L = float(np.linalg.eigvalsh(D.numpy() @ D.numpy().T)[-1])
    z = mt.zeros(len(patches), len(D))
    with mt.no_grad():
        for _ in range(steps):
            z = mt.relu(z + (x - z @ D) @ D.T / L - price / L)
    return z


def unit_rows(D):
    D = np.maximum(D, 0)  # ink can only be added
    length = np.linalg.norm(D, axis=1, keepdims=True)
    return (D / np.maximum(length, 1e-8)).astype(np.float32)


def dictionary(patches, price, rng, atoms=64, rounds=100):
    """Learn the atoms: code a batch, then mend each atom a little."""
    D = unit_rows(rng.normal(size=(atoms, patches.shape[1])))
    use = np.zeros(atoms)
    for _ in range(rounds):
        batch = patches[rng.integers(0, len(patches), 500)]
        z = code_of(batch, D, price, steps=50)
        atoms_now = mt.tensor(D, requires_grad=True)
        error = ((mt.tensor(batch) - z @ atoms_now) ** 2).sum() / 2
        error.backward()
        use = 0.9 * use + 0.1 * (z.numpy() ** 2).sum(axis=0)
        pace = 0.3 / np.maximum(use, 0.01 * use.max() + 1e-6)
        D = unit_rows(D - pace[:, None] * atoms_now.grad.numpy())
    return D


def patches_of(pictures, count, rng, side=8):
    """Patches with something on them, drawn at random places."""
    found = []
    while len(found) < count:
        picture = pictures.x[rng.integers(len(pictures)), 0]
        row, column = rng.integers(0, 28 - side + 1, 2)
        patch = (
            picture[row : row + side, column : column + side] / 255
        )
        if patch.std() > 0.1:
            found.append(patch.ravel())
    return np.array(found, dtype=np.float32)


# %% [markdown]
# **Predict before you run.** What will the 64 atoms look like? Dots?
# Digits? Something else?

# %%
PRICE, RUNS = 0.3, 5
pool, test = data.mnist("pool"), data.mnist("test")
learnt, own = [], []
for seed in range(RUNS):
    rng = np.random.default_rng(seed)
    own.append(patches_of(pool, 4000, rng))
    learnt.append(dictionary(own[-1], PRICE, rng))
unseen = patches_of(test, 500, np.random.default_rng(100))

figure, axes = plots.figure(
    "The atoms of handwriting are strokes", width=5.5, height=5.9
)
sheet = np.ones((8 * 9 + 1, 8 * 9 + 1)) * 0.25
for number, atom in enumerate(learnt[0]):
    row, column = 9 * (number // 8) + 1, 9 * (number % 8) + 1
    square = atom.reshape(8, 8) / atom.max()
    sheet[row : row + 8, column : column + 8] = square
axes.imshow(
    sheet, cmap="Greys", vmin=0, vmax=1, interpolation="nearest"
)
axes.axis("off")
plots.show(figure, "08_dictionary")

# %% [markdown]
# Strokes, of every direction, at every place. Nobody has spoken of
# strokes; they are what is left when one wants to say much with few
# words. And here is how the dictionary spells: an unseen patch, the atoms
# that it takes, most of it first, and what they add up to.

# %%
D, some = learnt[0], unseen[[3, 11, 26, 40]]
z = code_of(some, D, PRICE, steps=200).numpy()
rows = {}
for number, (patch, code) in enumerate(zip(some, z, strict=True)):
    largest = np.argsort(-code)[:6]
    parts = [patch, *(code[largest, None] * D[largest]), code @ D]
    used = (code > 0.01).sum()
    name = f"patch, its largest atoms, the sum of all {used}"
    rows[f"{number + 1}: {name}"] = np.reshape(parts, (-1, 8, 8))
figure = plots.picture_rows(rows, "A patch is spelt with few strokes")
plots.show(figure, "08_spelling")

# %% [markdown]
# ## Is it worth more than other words?
#
# For a judgement we need controls, and unseen patches of unseen digits.
# The same sparse code with two dictionaries that were not learnt, 64
# patches taken as they are, and 64 squares of noise. And *principal
# components*, the best dictionary there is if every patch must use the
# same atoms; we even let each patch choose which of them to keep. By
# changing the price $\lambda$ one gets more atoms and a better picture;
# so a dictionary is a curve. (The price also makes every amount a little
# too small. So once the atoms are chosen, the amounts are found again:
# free for those that were taken, far too dear for all others.)


# %%
def share_explained(patches, guess):
    error = ((patches - guess) ** 2).sum()
    return 1 - error / ((patches - patches.mean(axis=0)) ** 2).sum()


def curve(D, patches=unseen, prices=(0.05, 0.2, 0.5, 1.0, 2.0)):
    """(atoms used, share explained) for each price."""
    points = []
    for price in prices:
        z = code_of(patches, D, price, steps=200).numpy()
        taken = z > 0.01
        free = np.where(taken, 0, 1000).astype(np.float32)
        z = code_of(patches, D, mt.tensor(free), steps=100).numpy()
        used = taken.sum(axis=1).mean()
        points.append((used, share_explained(patches, z @ D)))
    return points


def components_curve(patches, counts=(2, 4, 6, 8, 10, 12)):
    """The same for components, each patch choosing its own."""
    middle = patches.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((patches - middle).T))
    scores, points = (unseen - middle) @ axes, []
    for count in counts:
        smallest_kept = np.sort(np.abs(scores), axis=1)[:, -count]
        kept = np.abs(scores) >= smallest_kept[:, None]
        guess = middle + (scores * kept) @ axes.T
        points.append((count, share_explained(unseen, guess)))
    return points


curves = {"learnt": [], "patches": [], "noise": [], "components": []}
for seed in range(RUNS):
    rng = np.random.default_rng(200 + seed)
    chosen = own[seed][rng.choice(len(own[seed]), 64, replace=False)]
    curves["learnt"].append(curve(learnt[seed]))
    curves["patches"].append(curve(unit_rows(chosen)))
    curves["noise"].append(
        curve(unit_rows(rng.normal(size=(64, 64))))
    )
    curves["components"].append(components_curve(own[seed]))
curves = {name: np.array(points) for name, points in curves.items()}


def at_five(points):
    """The share explained with five atoms a patch, run by run."""
    return np.array(
        [
            np.interp(5, *run[np.argsort(run[:, 0])].T)
            for run in points
        ]
    )


five = {name: at_five(points) for name, points in curves.items()}
for name, share in five.items():
    print(
        f"with 5 of 64 {name:10} {share.mean():.3f}",
        f"± {share.std(ddof=1):.3f} of unseen ink explained",
    )

# %%
figure, axes = plots.figure(
    "Learnt strokes say more with as few words"
)
for (name, points), colour_of in zip(
    curves.items(), plots.COLOURS, strict=False
):
    for run in points:
        axes.plot(*run.T, color=colour_of, linewidth=0.8, alpha=0.5)
    used, share = points.mean(axis=0).T
    axes.plot(used, share, "o-", color=colour_of)
    last = used.argmax()
    above = 0.02 if name == "learnt" else -0.01
    axes.text(
        used[last] + 0.4, share[last] + above, name, color=colour_of
    )
axes.axvline(5, color="grey", linestyle=":", linewidth=1)
axes.set(
    xlabel="atoms used for a patch, of 64",
    ylabel="share of unseen ink explained",
    xlim=(0, 17),
    xticks=range(0, 16, 5),
)
plots.show(figure, "08_few_words")

# %% [markdown]
# With few words the learnt strokes say most. Given a dozen, components
# overtake: all 64 of them together can say anything, and strokes that can
# only be added cannot. A dictionary is made for saying things in short.

# %%
better = five["learnt"] - five["components"]
claim(
    "E11",
    "handwriting in 64 strokes: share of unseen patches that 5 "
    "atoms each explain; the effect is learnt atoms less principal "
    "components",
    measured={name: share.mean() for name, share in five.items()},
    spread={name: share.std(ddof=1) for name, share in five.items()},
    seeds=RUNS,
    effect=better.mean(),
    interval=intervals.mean(better),
    format=".3f",
    verdict="holds"
    if intervals.mean(better)[0] > 0
    else "does not hold",
    check=better.mean() > 0
    and five["learnt"].mean() > five["patches"].mean() + 0.05,
)

# %% [markdown]
# ## The same words for other things
#
# A dictionary is knowledge, and knowledge can be carried. Learn one from
# the digits 0 to 4 only, and one from printed letters and signs, no digit
# among them. Then spell patches of handwritten 5 to 9. How much is lost
# against a dictionary of their own?

# %%
low, high = pool[pool.y < 5], pool[pool.y >= 5]
printed = data.glyphs(classes=100, per_class=20, seed=7)
strange = patches_of(
    test[test.y >= 5], 500, np.random.default_rng(101)
)
carried = {
    "digits 5 to 9": high,
    "digits 0 to 4": low,
    "printed": printed,
}
reads = {}
for name, pictures in carried.items():
    points = []
    for seed in range(RUNS):
        rng = np.random.default_rng(300 + seed)
        D = dictionary(patches_of(pictures, 4000, rng), PRICE, rng)
        points.append(curve(D, strange))
    reads[name] = at_five(np.array(points))
    print(
        f"words from {name:13} explain {reads[name].mean():.3f}",
        f"± {reads[name].std(ddof=1):.3f} of handwritten 5 to 9",
    )

lost = reads["digits 5 to 9"] - reads["digits 0 to 4"]
claim(
    "E11/carried over",
    "share of patches of 5 to 9 that 5 atoms explain, by where the "
    "64 atoms were learnt; the effect is what is lost with atoms of "
    "0 to 4",
    measured={name: share.mean() for name, share in reads.items()},
    spread={name: share.std(ddof=1) for name, share in reads.items()},
    seeds=RUNS,
    effect=lost.mean(),
    interval=intervals.difference(
        reads["digits 5 to 9"], reads["digits 0 to 4"]
    ),
    format=".3f",
    verdict="holds" if lost.mean() < 0.02 else "holds narrowly",
    condition="" if lost.mean() < 0.02 else "related pictures only",
    check=reads["digits 0 to 4"].mean() > five["patches"].mean(),
)

# %% [markdown]
# Strokes are strokes, whichever digit they belong to: next to nothing is
# lost. Printed signs are drawn with other strokes, and their words serve
# less well, though far better than none. That is the thought on which
# all lessons from 9 on are built: what was learnt *below* the classes
# serves other classes, the better the nearer they are.
#
# ## Try it
#
# 1. Make atoms cheap: `PRICE = 0.02`. Watch the atoms and how many of
#    them a patch uses. Then make them dear, `PRICE = 1.5`.
# 2. Let `dictionary` and `curve` think for 3 steps only, in place of 50
#    and 200. Watch how many atoms a patch uses, and what is explained.
# 3. Take the ReLU's other half: allow negative atoms, by leaving out the
#    `np.maximum` in `unit_rows`. What do the atoms look like now?
#
# <details><summary>What you will see</summary>
#
# 1. Cheap atoms shrink to little more than dots, and a patch takes twice
#    as many. Dear ones grow into large pieces of digits, a patch takes
#    three or so, and the picture is coarse. In between are the strokes.
#    The price decides how much is one word.
# 2. All is lost: half of the atoms are used at once, and they explain
#    next to nothing. A code is found by weighing the atoms against each
#    other, and that takes many rounds. Here depth is what makes it work.
# 3. Strokes again, but with a bright hem beside the ink: one atom takes
#    away what another one drew too much. It explains a little less.
#
# </details>
#
# ## The four questions
#
# Lesson 1 began with four questions. Here is what the article answers,
# and what eight lessons have measured.
#
# **Why are neural networks so efficient?** For the *parallel prior*: the
# hidden nodes take factors apart at the same time, and what is learnt of
# one factor holds whatever the others are. Examples grow like the sum of
# the variations, and the states like their product: 16 examples for 1,024
# states in lesson 5, 13 of 25 things here. It holds where the world *has*
# factors and the network is told of them, or finds them.
#
# **What is learning?** To split variations into factors and knowledge, a
# code times a dictionary, until as little as possible is left open. How
# much is open can be counted (256 tables, 88, 14), and it has a floor
# that no learning gets below (lesson 6).
#
# **Why are deep networks more efficient than shallow ones?** For the
# *iteration prior*: what is above is made from what is below, so that an
# example helps all others that share its lower structure. Four examples
# for a thousand states, if the same step is really the same weights.
# Depth alone did nothing.
#
# **Where does depth have no advantage?** Where neither prior holds. On
# random tables nothing helps, on a threshold the shallow network wins
# (lesson 5). And where layers pass on less than they get, depth does harm
# (lesson 7), unless a shortcut carries the rest.
#
# To learn is to lower entropy, said the article at the start. One might
# add: by *believing* something about the world beforehand. Every saving
# of examples in these lessons was paid for with a belief, built into the
# shape of a network, that happened to be true. What one network has
# learnt can be such a belief for another. That is the second part of
# these lessons.
