# %% [markdown]
# # 4 · Free riders
#
# **The question.** Two hidden nodes can hold XOR, though four find it
# more surely. When four nodes have learnt what two can hold, what are
# the other two doing?
#
# This lesson mirrors what article E says of four hidden nodes, of what
# two working nodes prove, and of the penalty on large weights (claims E4,
# E4b and E5, see the page of [sources](sources.md)). Two of its three
# sentences need mending, and the mended ones are the more interesting.
#
# ## Four nodes, four variations
#
# XOR has four states. With four hidden nodes each could serve one of
# them, and nobody would get into anybody's way. The article says that
# this is not what happens: about two of them do the work, and the others
# ride free. Where the first values and the order of the examples come
# from chance, nothing tells a node to look for what is not done yet.
#
# **Predict before you run.** Of four hidden nodes, how many contribute?
# If any one is taken out, how often does the network go wrong? And how
# many of the four would have been enough?
#
# To find out we need a way to ask a node what it does. On the way to the
# output, node $j$ adds $v_j h_j$ to the sum. What stays the same in all
# four states is not a contribution; a bias could do that. So we take
# how far $v_j h_j$ swings about its mean over the states. To *take a
# node out* means to hold it at its mean.

# %%
import itertools

import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots
from minitransfer.course import claim
from minitransfer.experiments import intervals


def network(inputs, width):
    """Returns a function that builds an inputs-width-1 network."""

    def build(rng):
        net = nn.Sequential(
            nn.Linear(inputs, width, generator=rng),
            nn.Sigmoid(),
            nn.Linear(width, 1, generator=rng),
        )
        for first in (net[0].weight, net[0].bias, net[2].weight):
            nn.init.normal_(first, generator=rng)
        nn.init.zeros_(net[2].bias)
        return net

    return build


def member_losses(net, x, y):
    loss = nn.functional.binary_cross_entropy_with_logits
    return nn.member_losses(loss, net(mt.tensor(x)), y)


def train(net, x, y, steps, lr, below=None, above=None):
    """Adam; below and above are each member's λ for the weights
    below and above the hidden layer (biases go free)."""
    optimizer = optim.Adam(net.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        total = member_losses(net, x, y).sum()
        for layer, strength in ((net[0], below), (net[2], above)):
            if strength is not None:
                squares = (layer.weight**2).sum((1, 2))
                total = (
                    total + (mt.tensor(strength) / 2 * squares).sum()
                )
        total.backward()
        optimizer.step()


def is_right(net, x, y):
    """Right answers, (members, examples)."""
    with mt.no_grad():
        return (net(mt.tensor(x)).numpy() > 0)[..., 0] == (
            y[..., 0] > 0.5
        )


# %% [markdown]
# For each network we count four things: *idle* nodes, whose swing is
# less than 2 % of all swings; *twins*, pairs of nodes that are not idle
# and move together (correlation beyond .98 over the four states); nodes
# that are *needed*, without which an answer goes wrong; and the smallest
# *team* of nodes that, with all others taken out, still gives all four
# answers.

# %%
x, y = data.xor()


def swings(net):
    """What each node adds, about its mean: (members, states, nodes),
    and the sum that is left without any node, (members, states)."""
    with mt.no_grad():
        hidden = net[:2](mt.tensor(x)).numpy()
        total = net(mt.tensor(x)).numpy()[..., 0]
    parts = net[2].weight.detach().numpy() * (
        hidden - hidden.mean(axis=1, keepdims=True)
    )
    return parts, total - parts.sum(axis=2)


def team_is_right(parts, rest, team):
    total = rest + parts[:, :, list(team)].sum(axis=2)
    return ((total > 0) == (y[:, 0] > 0.5)).all(axis=1)


def study(net):
    """Name → a number for each member."""
    parts, rest = swings(net)
    size = parts.std(axis=1)
    size = np.maximum(size, 1e-9)  # some networks go out altogether
    share = size / size.sum(axis=1, keepdims=True)
    idle = share < 0.02
    unit = parts / (
        np.linalg.norm(parts, axis=1, keepdims=True) + 1e-9
    )
    alike = np.abs(np.einsum("msi,msj->mij", unit, unit)) > 0.98
    alike &= ~idle[:, :, None] & ~idle[:, None, :]
    twins = np.triu(alike, 1)
    width = share.shape[1]
    everybody = range(width)
    smallest = np.full(len(share), width)
    for count in range(width - 1, 0, -1):
        for team in itertools.combinations(everybody, count):
            smallest[team_is_right(parts, rest, team)] = count
    needed = sum(
        ~team_is_right(parts, rest, set(everybody) - {node})
        for node in everybody
    )
    return {
        "solved": is_right(net, x, y).all(axis=1),
        "idle": idle.sum(axis=1),
        "twins": twins.sum(axis=(1, 2)),
        "distinct": (~idle & ~twins.any(axis=1)).sum(axis=1),
        "needed": needed,
        "smallest team": smallest,
        "participation": 1 / (share**2).sum(axis=1),
        "share": -np.sort(-share, axis=1),
        "squares": sum(
            (layer.weight.detach().numpy() ** 2).sum(axis=(1, 2))
            for layer in (net[0], net[2])
        ),
    }


# %% [markdown]
# Three training runs go on side by side, from the same first values:
# without a penalty, and with two kinds of penalty that we shall come
# to. For now look at the first. We start 220 networks of each kind and
# study the first 200 of them that have learnt XOR.

# %%
STARTED, SEEDS, PENALTY = 220, 200, 2e-3
KINDS = ("no penalty", "all weights", "outgoing only")
below = np.repeat([0, PENALTY, 0], STARTED).astype(np.float32)
above = np.repeat([0, PENALTY, PENALTY], STARTED).astype(np.float32)
found, nets = {}, {}
for width in (4, 8):
    seeds = [*range(STARTED)] * len(KINDS)
    net = nn.population(network(2, width), seeds)
    train(net, x, y, 2500, 0.02, below, above)
    numbers = study(net)
    for place, kind in enumerate(KINDS):
        part = slice(place * STARTED, (place + 1) * STARTED)
        chosen = np.flatnonzero(numbers["solved"][part])[:SEEDS]
        chosen += place * STARTED
        nets[width, kind] = (net, chosen)
        found[width, kind] = {
            k: v[chosen] for k, v in numbers.items()
        }
COUNTS = ("idle", "twins", "distinct", "needed", "smallest team")
print(f"{'nodes':6}" + "".join(f"{name:>15}" for name in COUNTS))
for width in (4, 8):
    row = found[width, "no penalty"]
    print(
        f"{width:5} "
        + "".join(f"{row[n].mean():15.2f}" for n in COUNTS)
    )

# %% [markdown]
# So free riding is real. Any single node can mostly be taken out without
# harm, and a team of two is enough in practically every network: two
# nodes, frozen as they are, answer all four states alone, and whatever
# the others add is not asked for. In that sense the article is right.
#
# But the free riders are not asleep. Hardly a node is idle. Some are
# twins of others, and about three of four do something different
# from all the rest. They all *work*; it is just that their work was not
# needed. And the order of the examples cannot be to blame, for here all
# four are shown in every step. First values that fell into the same
# valley are enough.

# %%
four = found[4, "no penalty"]
net, chosen = nets[4, "no penalty"]
pick = int(
    np.argmax((four["twins"] == 1) & (four["smallest team"] == 2))
)
one = nn.member(net, int(chosen[pick]))
parts, rest = swings(nn.population(lambda rng: one, 1))
team = next(
    pair
    for pair in itertools.combinations(range(4), 2)
    if team_is_right(parts, rest, pair)[0]
)
figure = plots.network_diagram(
    one,
    f"Nodes {team[0] + 1} and {team[1] + 1} would do it alone",
    inputs=["h1", "h2"],
    hidden=[["1", "2", "3", "4"]],
    outputs=["XOR"],
    idle=[(0, node) for node in range(4) if node not in team],
)
plots.show(figure, "04_team_of_two")

# %% [markdown]
# ## Two working nodes do not prove that two suffice
#
# Should we then take the free riders out for good? The article warns:
# in life we do not see all variations of a thing. A few nodes that fit
# those that we have seen may fail on the rest.
#
# Here are five relations of six switches, $a$ to $f$, with 64 variations
# each. "Two tasks" is $b$ xor $c$ when $a$ is up, and $d$ when it is
# down; in the "selector" $a$ and $b$ point at one of the four others. The
# networks see half of the variations, drawn by chance, and are asked for
# the other half. **Predict**: in which of the five will the two-node
# networks *that fit what they have seen* do worse on the rest than those
# with 32 nodes?

# %%
RELATIONS = {
    "xor of two": lambda a, b, c, d, e, f: a ^ b,
    "majority": lambda *bits: int(sum(bits) > 3),
    "two equal pairs": lambda a, b, c, d, e, f: int(
        a == b and c == d
    ),
    "two tasks": lambda a, b, c, d, e, f: b ^ c if a else d,
    "selector": lambda a, b, c, d, e, f: (c, d, e, f)[2 * a + b],
}
tables = [data.truth_table(r, bits=6) for r in RELATIONS.values()]
all_x = tables[0][0]
all_y = np.stack([answers for _, answers in tables])


def partly_seen(width, seeds, seen):
    """Train on `seen` of 64 variations; returns (relations, seeds):
    whether all of those are right, and the share right of the rest."""
    shuffled = np.stack(
        [
            np.random.default_rng(s).permutation(64)
            for s in range(seeds)
        ]
    )
    order = np.tile(shuffled, (len(RELATIONS), 1))
    wanted = np.repeat(all_y, seeds, axis=0)
    xs = all_x[order]
    ys = np.take_along_axis(wanted, order[:, :, None], axis=1)
    net = nn.population(
        network(6, width), [*range(seeds)] * len(RELATIONS)
    )
    train(net, xs[:, :seen], ys[:, :seen], 300, 0.1)
    right = is_right(net, xs, ys).reshape(len(RELATIONS), seeds, 64)
    return right[..., :seen].all(-1), right[..., seen:].mean(-1)


SEEN, RUNS = 32, {2: 600, 4: 60, 8: 60, 32: 60}
fit, unseen = {}, {}
for width, seeds in RUNS.items():
    fit[width], unseen[width] = partly_seen(width, seeds, SEEN)
whole_x = np.repeat(all_x[None], len(RELATIONS) * 100, axis=0)
whole_y = np.repeat(all_y, 100, axis=0)
net = nn.population(network(6, 2), [*range(100)] * len(RELATIONS))
train(net, whole_x, whole_y, 300, 0.1)
whole = is_right(net, whole_x, whole_y).all(1).reshape(-1, 100)
print("               two nodes fit       right of the unseen,")
print("               32 seen  all 64     2 nodes  32 nodes (if fit)")
for i, name in enumerate(RELATIONS):
    print(
        f"{name:15}{fit[2][i].mean():7.0%}{whole[i].mean():8.0%}"
        f"{unseen[2][i][fit[2][i]].mean():12.1%}"
        f"{unseen[32][i][fit[32][i]].mean():10.1%}"
    )

# %%
figure, axes = plots.figure(
    "Few nodes see further in some relations, not in others",
    height=3.7,
)
for i in range(len(RELATIONS)):
    constant = 100 * max(all_y[i].mean(), 1 - all_y[i].mean())
    axes.plot([i - 0.4, i + 0.4], [constant] * 2, ":", color="grey")
    for place, width in enumerate(RUNS):
        values = 100 * unseen[width][i][fit[width][i]]
        at, colour = i + 0.17 * (place - 1.5), plots.COLOURS[place]
        axes.plot(
            [at, at],
            intervals.mean(values),
            color=colour,
            linewidth=2,
        )
        axes.plot(at, values.mean(), "o", color=colour, markersize=5)
axes.text(-0.4, 47, "always the same answer", color="grey", va="top")
for place, width in enumerate(RUNS):
    text = f"{width} hidden nodes" if place == 0 else f"{width}"
    at = 2.55 if place == 0 else 3.75 + 0.3 * place
    axes.text(at, 99, text, color=plots.COLOURS[place])
axes.set(ylim=(42, 103), ylabel="unseen variations right (%)")
axes.set_xticks(
    range(5), [name.replace(" ", "\n", 1) for name in RELATIONS]
)
plots.show(figure, "04_unseen")

# %% [markdown]
# The first two columns bear the article out, and more plainly than it
# says. There are relations of which two nodes fit a half in many runs,
# and the whole never. Two working nodes did not prove that two suffice.
#
# The last two columns say where that does harm. Two nodes never held the
# two tasks or the selector as a whole. Those that fit the seen half of
# them have got it by some other rule, and are wrong on the rest much more
# often than wide networks are. Where two nodes can hold the whole, it is
# the other way round or makes no difference. Majority needs no more than
# a single node. Two nodes have few ways to fit what they see, and the
# simple way is the right one; 32 nodes find many crooked ones. So few
# nodes are a *wager* that the relation is simple. If it is won, they see
# further than many nodes do. If it is lost, nothing in what they have
# seen tells them.
#
# ## Making everybody work: the penalty on weights
#
# Can one make all nodes take part? The article's remedy is $L_2$
# regularisation: to the loss is added
#
# $$\frac{\lambda}{2} \sum_j w_j^2.$$
#
# (The 2 is there because it cancels when one takes the derivative: the
# slope is $\lambda w$, a steady pull towards zero.) One weight of 1 costs
# more than two of one half: 1 against $\frac{1}{4} + \frac{1}{4}$. So it
# should pay to share the work, and every node should come to work.
#
# **Predict before you run.** With a penalty on all weights, will there be
# fewer idle nodes, or more?

# %%
SHOWN = ("idle", "twins", "participation", "squares")
for width in (4, 8):
    print(
        f"{width} nodes        " + "".join(f"{n:>14}" for n in SHOWN)
    )
    for kind in KINDS:
        row = found[width, kind]
        numbers = "".join(f"{row[n].mean():14.2f}" for n in SHOWN)
        print(f"  {kind:14}{numbers}")

# %% [markdown]
# (*Participation* is the number of nodes that share the work, in a sense:
# 8 if eight nodes have equal shares, 1 if one has all.) The squares have
# become much smaller, as they should. And there are *more* idle nodes
# than without a penalty, not fewer. In the picture the nodes of each
# network stand in the order of their shares; the lines are medians, the
# bands hold the middle 80 % of the networks.

# %%
idle = {kind: found[8, kind]["idle"] for kind in KINDS}
figure = plots.curves_with_spread(
    np.arange(1, 9),
    {kind: found[8, kind]["share"] for kind in KINDS},
    f"Penalty on all weights: {idle['all weights'].mean():.1f} of 8 nodes "
    f"idle, not {idle['no penalty'].mean():.1f}",
    "node, from the busiest to the laziest",
    "share of the swing",
    percent=True,
    quantiles=(0.1, 0.9),
)
plots.show(figure, "04_penalty")

# %% [markdown]
# Why? Look at what sharing costs in a network of two layers. A node pays
# for its weights below *and* above. Its contribution is a product of the
# two, and for what goes through products, sharing is no bargain. Take a
# node that behaves like $v \cdot (w h)$, with $v = w = 1$. It contributes
# 1 and costs $1 + 1 = 2$. Two nodes that contribute one half each need
# $v = w = \sqrt{1/2}$ and cost the same, $4 \cdot 0.5 = 2$. Nothing is
# gained; and in a sigmoid, which wants large weights below to bend at
# all, something is lost. Every node has to be kept on its own, and a
# node that is not needed is let go: both its weights shrink, the smaller
# one makes the slope of the other smaller still, and the node goes to
# sleep. A penalty on everything is an employer who pays by the head.
#
# The argument of the article, one large square against several small
# ones, does hold where the weights below are free: then a node costs
# $v^2$ alone. That is the third row: the penalty on the outgoing weights
# only. There the work *is* shared more evenly than without.
#
# ## Does it ease overfitting?
#
# The second half of the sentence is another matter. To *generalise*
# is to be right on what was not seen; to *overfit* is to learn the
# accidents of the examples along with the rule. For a fair trial
# there must be accidents, and few examples: 40 of them, 15 % with the
# wrong label. Two tasks: points scattered about the four states of
# XOR, and real handwriting, the digit 3 against the digit 8 (8 × 8
# dots each). The test examples come from the same source, wrong
# labels included, so that neither side gets a present. And a control
# in which nothing is wrong and there is plenty: 120 points with right
# labels.
#
# The network has 16 hidden nodes. All strengths $\lambda$ start from the
# same first values. The strength is a *hyper-parameter*: training does
# not find it, somebody has to choose it. Here it is chosen, once for all
# 50 seeds, by the loss on validation examples, and judged on test
# examples.


# %%
def clouds(count, wrong, rng):
    corner = rng.integers(0, 4, count)
    points = x[corner] + rng.normal(0, 0.25, (count, 2))
    flipped = rng.random(count) < wrong
    labels = np.abs(y[corner] - flipped[:, None])
    return points.astype(np.float32), labels.astype(np.float32)


def digits(part):
    whole = data.uci_digits(part)
    kept = np.isin(whole.y, (3, 8))
    pixels = whole.x[kept].reshape(kept.sum(), -1) / np.float32(255)
    names = (whole.y[kept] == 8)[:, None]

    def draw(count, wrong, rng):
        rows = rng.permutation(len(pixels))[:count]
        flipped = rng.random(len(rows)) < wrong
        labels = np.abs(names[rows] - 1.0 * flipped[:, None])
        return pixels[rows], labels.astype(np.float32)

    return draw


STRENGTHS = (0, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
TRIALS = 50


def over_strengths(pool, validation, test, count, wrong):
    """Losses (strengths, seeds) on train, validation and test."""
    rng = np.random.default_rng(0)
    drawn = [pool(count, wrong, rng) for _ in range(TRIALS)]
    xs, ys = (
        np.tile(np.stack(part), (len(STRENGTHS), 1, 1))
        for part in zip(*drawn, strict=True)
    )
    strength = np.repeat(STRENGTHS, TRIALS).astype(np.float32)
    seeds = [*range(TRIALS)] * len(STRENGTHS)
    net = nn.population(network(xs.shape[-1], 16), seeds)
    train(net, xs, ys, 400, 0.05, strength, strength)
    sets = [(xs, ys)]
    sets += [part(400, wrong, rng) for part in (validation, test)]
    with mt.no_grad():
        return [
            member_losses(net, *one).numpy().reshape(-1, TRIALS)
            for one in sets
        ]


ours = (clouds, clouds, clouds)
real = tuple(digits(part) for part in ("pool", "validation", "test"))
trials = {
    "clouds, 40 noisy": over_strengths(*ours, 40, 0.15),
    "digits, 40 noisy": over_strengths(*real, 40, 0.15),
    "clouds, 120 clean": over_strengths(*ours, 120, 0.0),
}
gain = {}
for name, (seen, validation, test) in trials.items():
    best = int(np.argmin(validation.mean(axis=1)))
    gain[name] = test[0] - test[best]
    print(
        f"{name:18} without: train {seen[0].mean():.2f}, "
        f"test {test[0].mean():.2f}   λ = {STRENGTHS[best]:g}: "
        f"train {seen[best].mean():.2f}, test {test[best].mean():.2f}"
    )

# %%
figure, panels = plots.figure(
    "With few noisy labels a penalty lowers the test loss",
    columns=3,
    height=3.4,
    sharey=True,
)
for panel, (name, losses) in zip(panels, trials.items(), strict=True):
    for part, colour, row in (("train", 0, 0), ("test", 1, 2)):
        middle, spread = losses[row].mean(1), losses[row].std(1)
        band = (middle - spread, middle + spread)
        colour = plots.COLOURS[colour]
        panel.plot(middle, color=colour)
        panel.fill_between(range(6), *band, color=colour, alpha=0.2)
        if "noisy" in name:
            place = (0.1, middle[0] + 0.05)
            panel.annotate(part, place, color=colour)
    panel.axhline(
        np.log(2), color="grey", linestyle=":", linewidth=1.2
    )
    names = ["0", "", "10⁻³", "", "10⁻²", ""]
    panel.set_xticks(range(6), names)
    panel.set_xlabel("λ")
    panel.set_title(name.replace(", ", "\n"), fontsize=10)
panels[0].set(ylabel="loss (nats)", ylim=(0, 2))
plots.show(figure, "04_overfitting")

# %% [markdown]
# (The dotted line is a network that says one half to everything; every
# curve ends there if the penalty is strong enough.) With 40 noisy labels
# the network without a penalty learns its examples by heart, the wrong
# ones too, and pays for it outside: where it errs, it is sure of its
# error. The penalty gives much of that loss back. In the control there
# was nothing to cure, and the penalty has next to nothing to give.
#
# So the sentence falls into a half that is wrong and a half that is
# right, and they have less to do with each other than it sounds. The
# penalty does not work by putting every node to work. It works by keeping
# weights small, and a network of small weights is a smooth one.
#
# ## Try it
#
# 1. Make the penalty twice as strong (`PENALTY = 4e-3`) and see how many
#    of the 220 networks of eight nodes still learn XOR, and how many of
#    their nodes are idle.
# 2. Train the networks of this lesson with the plain steps of lesson 3
#    (`optim.SGD`, `lr=0.5`, 5,000 steps). Are there more free riders or
#    fewer, and does the verdict on the penalty change?
# 3. Let the networks see 40 of the 64 variations instead of 32
#    (`SEEN = 40`). What becomes of the two-node networks that fit?
#
# <details><summary>Answers</summary>
#
# 1. All of them do, and more than half of the nodes are idle: the dearer
#    weights are, the nearer the network comes to the fewest nodes that
#    hold XOR. With ten times the penalty no network learns it any more.
#    At that price one half for everything is cheaper.
# 2. There are more idle nodes from the start (about two of eight), for
#    plain steps let a node lie that passes little slope, where Adam makes
#    steps of equal length for all. The verdict stays: with the penalty on
#    all weights still more are idle, with the penalty on the outgoing
#    ones the work is shared more evenly.
# 3. Of the selector and the two tasks hardly any fits any more, and those
#    few are as wrong as before. Where two nodes can hold the relation,
#    those that fit are right on nearly all of the rest: by then only the
#    right rule fits.
#
# </details>
#
# ## What the numbers say

# %%
team = four["smallest team"]
low, high = intervals.mean(four["distinct"] - team)
claim(
    "E4",
    "of four hidden nodes only about two work: counts per network (effect: "
    "distinct nodes beyond the smallest team that is enough)",
    measured={name: four[name].mean() for name in COUNTS},
    spread={name: four[name].std(ddof=1) for name in COUNTS},
    seeds=len(team),
    effect=(four["distinct"] - team).mean(),
    interval=(low, high),
    format=".2f",
    verdict="does not hold"
    if team.mean() > 2.2
    else "holds narrowly"
    if low > 0.5
    else "holds",
    condition="a team of two is enough, but about three do something of "
    "their own, and hardly one is idle"
    if team.mean() <= 2.2 and low > 0.5
    else "",
    check=len(team) == SEEDS and (four["twins"].mean() > 0.5),
)
eight = found[8, "no penalty"]
claim(
    "E4/eight",
    "of eight hidden nodes most ride free: counts per network (effect: "
    "pairs of twins more than among four nodes)",
    measured={name: eight[name].mean() for name in COUNTS},
    spread={name: eight[name].std(ddof=1) for name in COUNTS},
    seeds=len(eight["twins"]),
    effect=eight["twins"].mean() - four["twins"].mean(),
    interval=intervals.difference(eight["twins"], four["twins"]),
    format=".2f",
    verdict="holds"
    if intervals.mean(eight["needed"])[1] < 1
    else "does not hold",
    check=len(eight["twins"]) == SEEDS and eight["twins"].mean() > 3,
)

# %%
apart = {
    name: intervals.difference(
        unseen[32][i][fit[32][i]], unseen[2][i][fit[2][i]]
    )
    for i, name in enumerate(RELATIONS)
}
worse = [name for name, (low, high) in apart.items() if low > 0]
better = [name for name, (low, high) in apart.items() if high < 0]
gaps = {
    name: unseen[32][i][fit[32][i]].mean()
    - unseen[2][i][fit[2][i]].mean()
    for i, name in enumerate(RELATIONS)
}
mean_gap = np.mean(list(gaps.values()))
errors = [(high - low) / 2 for low, high in apart.values()]
half = np.sqrt(np.square(errors).sum()) / len(errors)
claim(
    "E4b",
    "few nodes that fit the variations they have seen fail on the rest: "
    "unseen right with 32 nodes minus with 2 that fit, by relation "
    "(effect: their mean)",
    measured=gaps,
    spread={
        name: unseen[2][i][fit[2][i]].std(ddof=1)
        for i, name in enumerate(RELATIONS)
    },
    seeds=int(min(fit[w].sum(axis=1).min() for w in (2, 32))),
    effect=mean_gap,
    interval=(mean_gap - half, mean_gap + half),
    format="+.3f",
    verdict="does not hold"
    if not worse
    else "holds narrowly"
    if better or len(worse) < len(apart)
    else "holds",
    condition=f"true of {', '.join(worse)}; the contrary of "
    f"{', '.join(better) or 'none'}"
    if worse and (better or len(worse) < len(apart))
    else "",
    check=len(worse) + len(better) > 0,
)
part_only = [
    name
    for i, name in enumerate(RELATIONS)
    if intervals.difference(fit[2][i], whole[i])[0] > 0
]
claim(
    "E4b/whole",
    "that two nodes fit the variations seen does not show that two "
    "suffice: share of two-node networks that fit 32 of 64, minus share "
    "that fit all 64 when shown them",
    measured={
        name: fit[2][i].mean() - whole[i].mean()
        for i, name in enumerate(RELATIONS)
    },
    spread=None,
    seeds=100,
    effect=fit[2].mean() - whole.mean(),
    interval=intervals.difference(fit[2].ravel(), whole.ravel()),
    format=".3f",
    verdict="holds" if part_only else "does not hold",
    check="selector" in part_only,
)

# %%
none, every, outgoing = (found[8, kind] for kind in KINDS)
more_idle = every["idle"].mean() - none["idle"].mean()
low, high = intervals.difference(every["idle"], none["idle"])
shrunk = none["squares"].mean() / every["squares"]
claim(
    "E5",
    "L2 on all weights makes every node work: idle nodes of eight without "
    "and with it, and how many times smaller the squares get",
    measured={
        "idle without": none["idle"].mean(),
        "idle with": every["idle"].mean(),
        "squares ratio": shrunk.mean(),
    },
    spread={
        "idle without": none["idle"].std(ddof=1),
        "idle with": every["idle"].std(ddof=1),
        "squares ratio": shrunk.std(ddof=1),
    },
    seeds=len(every["idle"]),
    effect=more_idle,
    interval=(low, high),
    format=".2f",
    verdict="does not hold" if low > 0 else "holds",
    check=more_idle >= 1.5 and shrunk.mean() >= 2.5,
)
usual = none["participation"].mean()
ratio = outgoing["participation"] / usual
low, high = intervals.difference(ratio, none["participation"] / usual)
claim(
    "E5/outgoing",
    "L2 on the outgoing weights alone spreads the work: participation of "
    "eight nodes relative to no penalty",
    measured=ratio.mean(),
    spread=ratio.std(ddof=1),
    seeds=len(ratio),
    effect=ratio.mean() - 1,
    interval=(low, high),
    format=".3f",
    verdict="holds" if low > 0 else "does not hold",
    check=ratio.mean() >= 1.03,
)
noisy = ("clouds, 40 noisy", "digits, 40 noisy")
sure = [intervals.mean(gain[name])[0] > 0 for name in noisy]
both = sum(gain[name] for name in noisy) / 2
claim(
    "E5/overfitting",
    "L2 eases overfitting: test loss without minus with the penalty that "
    "validation chose, on few noisy labels and on plenty of clean ones "
    "(effect: mean of the two noisy tasks)",
    measured={name: values.mean() for name, values in gain.items()},
    spread={
        name: values.std(ddof=1) for name, values in gain.items()
    },
    seeds=TRIALS,
    effect=both.mean(),
    interval=intervals.mean(both),
    unit="nats",
    format=".3f",
    verdict="holds" if all(sure) else "does not hold",
    check=all(sure),
)
