# %% [markdown]
# # 6 · What no network is likely to fit
#
# **The question.** Turn XOR round. Given only the answer of XOR, how
# much can a network find out about the two bits that were asked? Do
# more nodes help, or more training?
#
# A hidden layer can represent any function, says article E, and lesson 5
# built it. The article knows one exception, E7, and this lesson is about
# it. Who the articles are stands on the page of [sources](sources.md).
#
# ## Two lines leave every state
#
# The answer of XOR is 1. Were the bits 01 or 10? Both, says the table, and
# nothing in the input says more. What goes from answers to questions is
# not a function: from one state there are lines to several.

# %%
import itertools

import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.nn.functional as F
import minitransfer.optim as optim
from minitransfer import data, plots
from minitransfer.course import claim
from minitransfer.experiments import intervals

functions = {"XOR": data.xor(), "OR": data.or_()}
names = ["00", "01", "10", "11"]

figure, both = plots.figure(
    "Turned round, one state has lines to several",
    columns=2,
    height=3.8,
)
for (name, (_, y)), axes in zip(functions.items(), both, strict=True):
    plots.relation_diagram(
        [{"answer": ["0", "1"]}, {"question": names}],
        f"{name}, turned round",
        examples=[
            {"answer": f"{answer:.0f}", "question": question}
            for answer, question in zip(y.ravel(), names, strict=True)
        ],
        axes=axes,
    )
plots.show(figure, "06_two_lines")

# %% [markdown]
# ## The floor
#
# To learn is to lower entropy. Here it can be lowered so far and no
# further. Take the surprise $-\ln p$ at each question, when $p$ is the
# probability that was given to it, and average. The best that anybody can
# do who knows only the answer $y$ is
#
# $$H(x \mid y) = \sum_y p(y) \sum_x p(x \mid y)\,
#   \ln \frac{1}{p(x \mid y)}$$
#
# For XOR each answer leaves two questions, equally likely: $\ln 2$. For
# OR the answer 0 leaves one question, and the answer 1, three times out
# of four, leaves three: $\frac{3}{4} \ln 3$.
#
# But what does a network *say* when it gives an answer of two bits? Three
# ways are common, and each has a floor of its own:
#
# - *joint*: four outputs, a probability for each of the four questions;
# - *bits*: two outputs, a probability for each bit by itself;
# - *numbers*: two outputs, as near to the two bits as can be (squared
#   error).


# %%
def entropy(p):
    """−Σ p ln p along the last axis, in nats."""
    p = np.asarray(p, dtype=float)
    return -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-1)


def floors(given, x):
    """The smallest loss of each way, if `given` is known."""
    joint = bits = numbers = 0.0
    for known in np.unique(given, axis=0):
        rows = x[(given == known).all(axis=1)]
        weight, ones = len(rows) / len(x), rows.mean(axis=0)
        joint += weight * np.log(len(rows))
        bits += weight * entropy(np.stack([ones, 1 - ones], -1)).sum()
        numbers += weight * (ones * (1 - ones)).sum()
    return {"joint": joint, "bits": bits, "numbers": numbers}


for name, (x, y) in functions.items():
    print(name, {way: f"{f:.4f}" for way, f in floors(y, x).items()})

# %% [markdown]
# The floor of *bits* is higher than the entropy. After "XOR is 1" each
# bit by itself is undetermined, that makes $2 \ln 2$; but they are not
# undetermined *independently*: once one is known, so is the other. Two
# outputs that do not know of each other cannot say so, and pay for it.
#
# **Predict before you run.** Two hundred networks with eight hidden nodes
# each, a thousand steps. Which of the floors will they reach? And what
# will the two *numbers* be, for the answer 1 of XOR?


# %%
SEEDS = 200


def losses_of(way, outputs, x):
    """A loss for each member; summed over both bits."""
    if way == "joint":
        return nn.member_losses(
            F.cross_entropy, outputs, np.arange(4)
        )
    if way == "bits":
        loss = F.binary_cross_entropy_with_logits
    else:
        loss = F.mse_loss
    return 2 * nn.member_losses(loss, outputs, x)


def train(way, given, x, steps=1000):
    """Train all members; returns their last losses and outputs."""

    def build(generator):
        outputs = 4 if way == "joint" else 2
        return nn.Sequential(
            nn.Linear(given.shape[1], 8, generator=generator),
            nn.Tanh(),
            nn.Linear(8, outputs, generator=generator),
        )

    net, given = nn.population(build, SEEDS), mt.tensor(given)
    optimizer = optim.Adam(net.parameters(), lr=0.03)
    for _ in range(steps):
        losses = losses_of(way, net(given), x)
        optimizer.zero_grad()
        losses.sum().backward()
        optimizer.step()
    return losses.detach().numpy(), net(given).detach()


reached, outputs = {}, {}
for name, (x, y) in functions.items():
    for way in ("joint", "bits", "numbers"):
        reached[name, way], outputs[name, way] = train(way, y, x)

print("turned round   floor    reached  (mean and spread of 200)")
for (name, way), losses in reached.items():
    x, y = functions[name]
    print(
        f"{name:4}{way:9} {floors(y, x)[way]:.4f}  "
        f"{losses.mean():.4f}",
        f"± {losses.std(ddof=1):.5f}",
    )

# %% [markdown]
# All of them, to the third digit and nearly the fourth. Training did
# not fail. It has found the best that can be said, and no more nodes
# and no more steps will say it better. Here is what it says to the
# answer 1 of XOR, turned into probabilities of the four questions.

# %%
joint = F.softmax(outputs["XOR", "joint"], -1).numpy()[:, 1].mean(0)
bit = F.sigmoid(outputs["XOR", "bits"]).numpy()[:, 1].mean(0)
numbers = outputs["XOR", "numbers"].numpy()[:, 1].mean(0)
apart = [
    (bit[0] if a else 1 - bit[0]) * (bit[1] if b else 1 - bit[1])
    for a, b in itertools.product((0, 1), repeat=2)
]
print("numbers:", ", ".join(f"{value:.2f}" for value in numbers))

figure, panels = plots.figure(
    "Only the joint output says that the bits go together",
    columns=3,
    sharey=True,
)
bars = (
    ("the truth", [0, 0.5, 0.5, 0]),
    ("joint", joint),
    ("bits", apart),
)
for axes, (way, heights), colour in zip(
    panels, bars, (plots.COLOURS[6], *plots.COLOURS[:2]), strict=True
):
    axes.bar(names, heights, color=colour, width=0.6)
    axes.set_title(way, fontsize=11)
    axes.set_xlabel("question")
panels[0].set_ylabel("probability,\nif the answer is 1")
plots.show(figure, "06_what_is_said")

# %% [markdown]
# The *bits* give a quarter to 00 and a quarter to 11, questions that
# never have this answer. The *numbers* say one half and one half, a
# question that does not exist: the mean of two truths need not be true.
# So the article's sentence needs a footnote. The floor is the entropy
# $H(x \mid y)$ for the joint output alone, the others stop above it or
# measure something else.

# %%
floor = {
    key: floors(functions[key[0]][1], functions[key[0]][0])[key[1]]
    for key in reached
}
error = {
    key: np.abs(losses - floor[key]).max()
    for key, losses in reached.items()
}


def of_way(way):
    """What a claim about one way to answer reports."""
    keys = [(name, way) for name in functions]
    return {
        "measured": {key[0]: reached[key].mean() for key in keys},
        "spread": {key[0]: reached[key].std(ddof=1) for key in keys},
        "seeds": SEEDS,
        "format": ".4f",
        "check": all(
            abs(reached[key].mean() - floor[key]) < 0.005
            for key in keys
        ),
    }


at_floor = all(
    reached[n, "joint"].min() > 0.99 * floor[n, "joint"]
    for n in functions
)
claim(
    "E7",
    "turned round, a joint output comes down to the conditional "
    "entropy, ln 2 = 0.6931 for XOR and 3/4 ln 3 = 0.8240 for OR, "
    "and not below",
    verdict="holds" if at_floor else "does not hold",
    unit="nats",
    **of_way("joint"),
)
above = all(
    reached[n, "bits"].min() > floor[n, "joint"] + 0.05
    for n in functions
)
claim(
    "E7/bits",
    "two independent bits stop higher, at 2 ln 2 = 1.3863 for XOR "
    "and 0.9548 for OR, so conditional entropy is not the floor of "
    "every output",
    verdict="holds narrowly" if above else "holds",
    condition="the floor is H(x|y) only for a joint output",
    unit="nats",
    **of_way("bits"),
)
claim(
    "E7/numbers",
    "two numbers under squared error stop at the variance that is "
    "left, 0.5 for XOR and 1/3 for OR, by answering with the mean",
    verdict="holds",
    **of_way("numbers"),
)

# %% [markdown]
# ## Not absolutely nil
#
# The article says that the chance of a fit is very low, though not
# absolutely nil. Let the joint network *draw* a question from its
# probabilities, for each of the four rows of the table. How often are all
# four right? It has to guess one of two four times in XOR: $(1/2)^4$. In
# OR one row is certain, three are guesses of one in three: $(1/3)^3$.

# %%
DRAWS = 1000
rng = np.random.default_rng(0)
lucky, odds = {}, {"XOR": 1 / 16, "OR": 1 / 27}
for name in functions:
    p = F.softmax(outputs[name, "joint"], -1).numpy()  # (200, 4, 4)
    below = p.cumsum(-1)[:, None] < rng.random((SEEDS, DRAWS, 4, 1))
    drawn = below.sum(-1)
    lucky[name] = (drawn == np.arange(4)).all(-1).mean(-1)
    low, high = intervals.mean(lucky[name])
    print(
        f"{name:4} all four right: {lucky[name].mean():.4f}",
        f"({low:.4f} to {high:.4f}), by theory {odds[name]:.4f}",
    )

claim(
    "E7/chance",
    "drawing from its own probabilities, a trained network gets all "
    "four rows right with the chance 1/16 = 0.0625 (XOR) and 1/27 = "
    "0.0370 (OR)",
    measured={name: share.mean() for name, share in lucky.items()},
    spread={name: share.std(ddof=1) for name, share in lucky.items()},
    seeds=SEEDS,
    format=".4f",
    verdict="holds",
    check=all(abs(lucky[n].mean() - odds[n]) < 0.003 for n in odds),
)

# %% [markdown]
# ## Transform the problem
#
# The way out, says the article, is to turn the problem into another one.
# What is missing is information, so give it back: let the network see the
# first bit of the question beside the answer.
#
# **Predict before you run.** For XOR that settles everything. For OR?

# %%
with_bit = {}
for name, (x, y) in functions.items():
    given = np.concatenate([y, x[:, :1]], axis=1)
    for way in ("joint", "bits"):
        with_bit[name, way], _ = train(way, given, x)
        best = floors(given, x)[way]
        losses = with_bit[name, way]
        print(
            f"{name:4}{way:6} without",
            f"{reached[name, way].mean():.4f},",
            f"with the bit {losses.mean():.4f} ± "
            f"{losses.std(ddof=1):.4f}",
            f" floor {best:.4f}",
        )

# %% [markdown]
# A bit given back is worth what it settles. In XOR the two questions
# behind each answer differ in the first bit, and with it the table is a
# function again: the loss goes to nothing. In OR three questions share
# the answer 1, and one bit cannot tell three things apart. Half of
# $\ln 2$ remains: when both the answer and the first bit are 1, the
# second bit is still open. That takes $\log_2 3 = 1.58$ bits.

# %%
gained = reached["XOR", "joint"] - with_bit["XOR", "joint"]
rest = {"XOR": 0.0, "OR": np.log(2) / 2}
claim(
    "E7/bit back",
    "with the first bit of the question given back, the joint loss "
    "goes to 0 for XOR; for OR, where one bit is not enough, to "
    "ln(2) / 2 = 0.3466",
    measured={n: with_bit[n, "joint"].mean() for n in rest},
    spread={n: with_bit[n, "joint"].std(ddof=1) for n in rest},
    seeds=SEEDS,
    effect=gained.mean(),
    interval=intervals.mean(gained),
    format=".4f",
    unit="nats",
    verdict="holds narrowly",
    condition="what is given back must settle all that was open",
    check=all(
        abs(with_bit[n, "joint"].mean() - rest[n]) < 0.005
        for n in rest
    ),
)

# %% [markdown]
# ## The arrow of time
#
# Why do brains *predict*? The article tells it like this. Networks of
# nerves were made by evolution in creatures that move, and what moves
# gains by knowing what comes next. So they learn from the past to the
# future. And in that direction, says the article, one state may develop
# into several, oxygen into O₂ or ozone, while several hardly ever develop
# back into one. A room does not tidy itself. That is the second law of
# thermodynamics, and it makes past and future different.
#
# It is a fine story, and it limps. For if one state develops into several,
# then to tell the *future* from the past is not a function: it is XOR
# turned round! The direction in which several become one would be the
# easy one. What survives of it? A toy world can tell, a ring of 600
# lamps, each on or off (Mark Kac thought of it in 1956). At every tick
# each lamp's state moves to its neighbour. Some of the gaps, one in
# ten, are marked: what passes there is inverted. That is all. No chance
# is in it, and it can be run backwards exactly.

# %%
LAMPS, TICKS = 600, 8


def run(lamps, marks, ticks):
    """All counts of lit lamps, tick by tick; ticks below 0 undo."""
    shares = [lamps.mean(-1)]
    for _ in range(abs(ticks)):
        if ticks > 0:
            lamps = np.roll(lamps ^ marks, 1, axis=-1)
        else:
            lamps = np.roll(lamps, -1, axis=-1) ^ marks
        shares.append(lamps.mean(-1))
    return lamps, np.array(shares)


def beginnings(rng, runs):
    """Lamps lit in one of eight shares, at places drawn by chance."""
    level = rng.integers(0, 8, runs)
    rank = rng.random((runs, LAMPS)).argsort(axis=1)
    return level, rank < (level[:, None] * LAMPS / 7)


rng = np.random.default_rng(1)
marks = rng.random((120, LAMPS)) < 0.1
level, start = beginnings(rng, 120)
end, forth = run(start, marks, TICKS)
again, back = run(end, marks, -TICKS)
came_back = bool((again == start).all())
print("run backwards, every lamp is as it was:", came_back)

figure, axes = plots.figure(
    "In numbers pasts run together, in lamps they do not"
)
film = 100 * np.concatenate([forth, back[1:]])
for one in range(8):
    colour = plots.COLOURS[one % 7]
    runs = film[:, level == one][:, :4]
    axes.plot(np.arange(len(film)), runs, color=colour, linewidth=0.9)
axes.axvline(TICKS, color="grey", linestyle=":")
axes.text(TICKS - 1, 96, "forwards", ha="right")
axes.text(TICKS + 1, 96, "the film run backwards")
axes.set(xlabel="ticks", ylabel="lamps lit (%)")
plots.show(figure, "06_arrow_of_time")

# %% [markdown]
# Who sees every lamp can tell the past as well as the future: one state
# goes to one state, both ways. Who sees only *how many* are lit sees many
# pasts run together. For him three questions differ:
#
# - *forwards*: from the number lit at first to the number in the end
#   (to a tenth of all lamps);
# - *backwards*: from the number in the end to the number at first;
# - *in detail*: from the number lit at first to whether lamp 1 is lit in
#   the end.
#
# Each is given to a population of small networks. Each network has
# watched a ring of its own, 400 times.

# %%
RINGS, RUNS = 50, 400


def questions(seed):
    """What one ring showed: beginning, end and lamp 1, as numbers."""
    rng = np.random.default_rng(seed)
    level, lamps = beginnings(rng, RUNS)
    marks = rng.random(LAMPS) < 0.1
    end, _ = run(lamps, marks, TICKS)
    return (
        level,
        np.round(10 * end.mean(-1)).astype(int),
        end[:, 0] * 1,
    )


def conditional_entropy(given, asked):
    """H(asked | given) of the pairs that were seen, in nats."""
    pairs = np.zeros((11, 11))
    np.add.at(pairs, (given, asked), 1 / len(given))
    return entropy(pairs.ravel()) - entropy(pairs.sum(axis=1))


def best_guess(given, asked, steps=200):
    """The loss that a network reaches for each ring."""

    def build(generator):
        return nn.Linear(11, 11, generator=generator)

    net = nn.population(build, RINGS)
    optimizer = optim.Adam(net.parameters(), lr=0.1)
    codes = mt.tensor(np.eye(11, dtype=np.float32)[given])
    for _ in range(steps):
        losses = nn.member_losses(F.cross_entropy, net(codes), asked)
        optimizer.zero_grad()
        losses.sum().backward()
        optimizer.step()
    return losses.detach().numpy()


first, last, lamp = (
    np.array(seen)
    for seen in zip(
        *(questions(seed) for seed in range(RINGS)), strict=True
    )
)
open_, floor_of = {}, {}
for question, given, asked in (
    ("forwards", first, last),
    ("backwards", last, first),
    ("in detail", first, lamp),
):
    open_[question] = best_guess(given, asked)
    floor_of[question] = np.array(
        [
            conditional_entropy(g, a)
            for g, a in zip(given, asked, strict=True)
        ]
    )
    print(
        f"{question:10} reached {open_[question].mean():.3f}",
        f"floor {floor_of[question].mean():.3f} nats",
    )

# %% [markdown]
# So here the article's arrow is turned round. What makes the *future* easy
# to tell is not that one state becomes several, but that several become
# one: whatever the beginning, about half of the lamps will be lit. And
# where one state does become several, in detail, the future is open too.
#
# It can be said exactly. What two things tell about each other is the same
# both ways, and so
#
# $$H(\text{past} \mid \text{future}) - H(\text{future} \mid \text{past})
#   = H(\text{past}) - H(\text{future}) .$$
#
# In whatever terms the pasts were more various than the futures are, the
# past is harder to tell. What survives of the story: a creature that asks
# coarse questions, will there be food, will it be cold, predicts well,
# because most details do not matter to the answer. It forgets them, and
# what is forgotten cannot be told backwards.

# %%
harder = open_["backwards"] - open_["forwards"]
reaches = max(np.abs(open_[q] - floor_of[q]).max() for q in open_)
claim(
    "E7/arrow",
    "in a reversible world seen by numbers alone, what remains open "
    "to a network that tells the future, the past, and one detail "
    "of the future",
    measured={question: v.mean() for question, v in open_.items()},
    spread={question: v.std(ddof=1) for question, v in open_.items()},
    seeds=RINGS,
    effect=harder.mean(),
    interval=intervals.mean(harder),
    format=".3f",
    unit="nats",
    verdict="holds narrowly"
    if intervals.mean(harder)[0] > 0
    else "does not hold",
    condition="the future is easier where several states become "
    "one, not where one becomes several",
    check=came_back and reaches < 0.02,
)

# %% [markdown]
# ## Try it
#
# 1. Give `train` four times the steps and `SEEDS = 20`, and the hidden
#    layer 64 nodes in place of 8. Watch the third digit of what is reached.
# 2. Give OR a better bit back than the first one: in place of `x[:, :1]`,
#    whether the question was 11. Is there any bit that settles OR?
# 3. Let the ring run for 40 ticks. Watch *backwards*.
#
# <details><summary>What you will see</summary>
#
# 1. Nothing moves. The floor is not a matter of the network.
# 2. The bit "was it 11" leaves 01 and 10 open after the answer 1, and so
#    half of $\ln 2$ again. Any bit splits three questions into one and
#    two at best. It takes a second bit.
# 3. It climbs towards $\ln 8 = 2.08$, all eight beginnings being equally
#    likely, while *forwards* falls further. The longer ago, the less is
#    left of it, and the surer is what will come.
#
# </details>
#
# ## What the numbers say
#
# What is not a function is not fitted. How far a network gets can be
# written down before it is trained, and two hundred out of two hundred
# get there. If a loss stops falling, the question to ask is not only "is
# the network too small?" but "is the answer in the input at all?".
