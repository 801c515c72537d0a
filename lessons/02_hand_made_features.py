# %% [markdown]
# # 2 · Hand-made features: two bits
#
# > What does it buy a learner that a person has taken the world apart
# > into features for it, and what not?
#
# - **Time:** 10 minutes
# - **You need:** Python, and from lesson 1 what a node, a truth table
#   and surprise are
# - **You will be able to:** show without any training why one node
#   cannot learn XOR; say which examples a node can do without, and why
#
# This lesson follows article E, way 2 (see the [sources](sources.md)). In
# lesson 1 a lamp hung on four states of a wall, numbered 0 to 3, and a
# single node could learn only half of the sixteen truth tables.
#
# ## Somebody looks at the wall
#
# There are two switches on it. Each is up (1) or down (0), and neither
# knows of the other. The four pictures are nothing but 00, 01, 10 and 11;
# the number of a state was the two bits, read as one.
#
# So what was one thing with four variations is two things with two
# variations each. A property of the input in the form of a number is
# called a *feature*, and these two are hand-made: they came out of
# somebody's head and out of no data. For a long time most of machine
# learning was that. Experts found the features, and a simple learner did
# the rest.
#
# A node with two inputs has a line for each switch:
#
# $$o = \sigma(w_1 h_1 + w_2 h_2 + b).$$

# %%
import itertools

import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, experiments, plots
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import intervals

# %%
draw = figures(2)
plots.show(draw.two_bits(), "02_two_bits")

# %% [markdown]
# Each line joins two states to two states. It carries four relations
# where the single line of lesson 1 carried eight. The strong lines show
# one example, "first switch down, second up, lamp on": it now speaks
# about two connections at once.
#
# ## Four truth tables
#
# In *only h1* the lamp follows the first switch, in *only h2* the second.
# In OR it is on if either is up. And XOR is a staircase with a switch at
# each end: whichever you press, the lamp changes. It is on when exactly
# one is up.
#
# **Predict before you run.** The node is trained 200 times on each of the
# four, from other random initial weights every time. In how many of 200
# runs will it get all four states right?


# %%
def train(learner, x, y, runs=200, steps=300):
    """Train many at once, as in lesson 1; return the population."""
    net = nn.population(learner, runs)
    optimizer = optim.Adam(net.parameters(), lr=0.1)
    loss = nn.functional.binary_cross_entropy_with_logits
    for _ in range(steps):
        optimizer.zero_grad()
        losses = nn.member_losses(loss, net(mt.tensor(x)), y)
        losses.sum().backward()
        optimizer.step()
    return net


def answers(net, x):
    """What each member says to each state, (members, states)."""
    with mt.no_grad():
        return mt.sigmoid(net(mt.tensor(x))).numpy()[..., 0]


def node(rng):
    return nn.Linear(2, 1, generator=rng)


# %%
x = data.xor()[0]
tables = {"only h1": x[:, :1], "only h2": x[:, 1:]}
tables |= {"OR": data.or_()[1], "XOR": data.xor()[1]}
nets, right = {}, {}
for name, y in tables.items():
    nets[name] = train(node, x, y)
    said = answers(nets[name], x)
    right[name] = ((said > 0.5) == (y[:, 0] > 0.5)).all(axis=1)
    print(
        f"{name:8} wanted {y[:, 0]}, {right[name].sum()} of 200 right"
    )
    print(f"{'':8}   says {said.mean(axis=0).round(2)}")

# %% [markdown]
# For OR the answers are not 0 and 1 but close to them, and one half
# separates them well: that is all a yes-or-no question needs. For XOR
# they are one half, in every run and every state. The node has been
# handed the two bits, and gets no further than with the bare number of
# the state.
#
# ## Why no training helps
#
# Let $z(h_1, h_2) = w_1 h_1 + w_2 h_2 + b$, the number before the
# sigmoid. Whatever the weights,
#
# $$z(0,0) + z(1,1) = z(0,1) + z(1,0),$$
#
# because both sides are $w_1 + w_2 + 2b$. XOR wants both numbers on the
# left to be negative and both on the right to be positive. Then the sums
# cannot be equal. In the plane of the two bits: the points where $z = 0$
# form a straight line, and no straight line has 01 and 10 on one side and
# 00 and 11 on the other.


# %%
plots.show(draw.planes(x, tables, nets, answers), "02_planes")

# %% [markdown]
# (A full circle is a state with the lamp on, an empty one a state with
# the lamp off. Blue is where the node says "on", orange where it says
# "off"; where it says one half there is no colour.)
#
# ## What have the features bought?
#
# Here are all sixteen truth tables, for the node of lesson 1 that sees
# the number of the state, and for the node that sees two bits. A third
# node is there to keep us honest. It too has two inputs, but nobody has
# looked at the wall for it: it is given the number and the *square* of
# the number.

# %%
every = np.array(list(itertools.product([0, 1], repeat=4)), "f4")
wanted = np.repeat(every, 50, axis=0)  # each table 50 times
number = data.state_index(x) - 1.5
inputs = {
    "the number": number,
    "two bits": x,
    "number and square": np.c_[number, number**2 - 1.25],
}
learnt = {}
for name, seen in inputs.items():

    def build(rng, width=seen.shape[1]):
        return nn.Linear(width, 1, generator=rng)

    net = train(build, seen, wanted[..., None], len(wanted))
    good = (answers(net, seen) > 0.5) == (wanted > 0.5)
    learnt[name] = good.all(axis=1).reshape(16, 50).mean(axis=1)
plots.show(draw.sixteen(every, learnt), "02_sixteen")

# %% [markdown]
# Two bits serve all but two tables, XOR (0110) and its mirror image, the
# lamp that is on when the switches agree (1001). In these two neither
# switch means anything by itself: if you know the first and not the
# second, you know nothing about the lamp. (The two constant tables share
# that, but there you need no switch.) A learner that looks at one switch
# at a time, and adds up what it finds, has nothing to add.
#
# But look at the third row. The article reckons in relations to a line:
# the fewer, the easier. The number and its square have eight relations to
# each of their lines, twice as many as the bits, and serve as *many*
# tables, 14. What counts is how many independent inputs there are. The
# person who looked at the wall has not bought more tables, only *other*
# ones: the square serves XOR and fails at 0101, which is "only h2". A
# feature is worth something if the world is made like that.
#
# ## How many examples?
#
# The article counts like this: eight relations are to be settled, each
# example settles two, so the node needs at least four examples, that is,
# all there are. We test it on OR: one state is left out, the node is
# trained on the other three, and is asked for the one it has not seen.
#
# **Predict before you run.** Is there a state of OR that you could leave
# out, because the other three give it away?

# %%
unseen = {}
for out, bits in enumerate(("00", "01", "10", "11")):
    kept = np.arange(4) != out
    net = train(node, x[kept], tables["OR"][kept])
    on = answers(net, x)[:, out] > 0.5
    unseen[bits] = on == (tables["OR"][out, 0] > 0.5)
    print(
        f"left out {bits}: right about it in {unseen[bits].mean():.0%}"
    )

# %% [markdown]
# One of the four comes for free. When 00 is off and 01 and 10 are on, the
# state 11 has to be on: were it off, the table would be XOR, and that one
# this node cannot be. What a learner *cannot* express tells it something
# about what it has not seen. (Lesson 5 makes an exact count of that.)
#
# About the other three it is wrong every time. If 01 is left out, what
# remains looks like *only h1*, and the node settles on that. Both tables
# fit what was seen; it takes the one that gradient descent comes to
# first.
#
# ## What the numbers say

# %%
fails = not right["XOR"].any()
learns = all(right[n].all() for n in ("only h1", "only h2", "OR"))
claim(
    "E2",
    "with two bits one node learns OR, and cannot even classify XOR "
    "(share of runs with all four states right)",
    source="article",
    refuted_by="a run that learns XOR, or one that does not learn OR",
    control="OR, 'only h1' and 'only h2' on the same node",
    **experiments.over_seeds(right),
    effect=right["XOR"].mean() - right["OR"].mean(),
    interval=intervals.difference(right["XOR"], right["OR"]),
    verdict="holds" if fails and learns else "does not hold",
    check=fails and learns,
    format=".3f",
)

# %%
free = [
    n for n, good in unseen.items() if intervals.share(good)[0] > 0.5
]
rest = [good for n, good in unseen.items() if n not in free]
needs_four = not free
claim(
    "E2/examples",
    "OR takes all four examples (how often a node that was shown three "
    "is right about the fourth, by the state left out)",
    source="article",
    refuted_by="a state that the node knows without having seen it",
    control="a coin: right in one half of the runs",
    **experiments.over_seeds(unseen),
    verdict="holds"
    if needs_four
    else ("holds narrowly" if rest else "does not hold"),
    condition=f"but for {', '.join(free)}, which the others give away"
    if free and rest
    else "",
    check=free == ["11"] and not np.any(rest),
    format=".3f",
)

# %% [markdown]
# ## Try it
#
# 1. Give the node a third feature, $h_1 \cdot h_2$: `three = np.c_[x,
#    x[:, :1] * x[:, 1:]]`, and train a node with `nn.Linear(3, 1, …)` on
#    it. What becomes of XOR?
# 2. Leave out the states of AND, `x[:, :1] * x[:, 1:]`, one after
#    another. Which one is given away by the rest?
# 3. Leave out 01 of OR and train ten times as long (`steps=3000`). Does
#    the node change its mind? Print what it says, not only whether it is
#    right.
#
# <details><summary>What you will see</summary>
#
# 1. It is learnt in all runs: $h_1 + h_2 - 2 h_1 h_2$ is XOR. You have
#    made another feature by hand. Somebody had to think of it; in lesson
#    3 a hidden layer will.
# 2. The state 00. With 01 and 10 off and 11 on, a lamp that were on at 00
#    would make it the mirror image of XOR, which this node cannot be.
# 3. No, it only becomes surer of the wrong table. More training is no
#    more evidence.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(2)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. Why can no weights make a node say 1, 0, 0, 1 to 00, 01, 10, 11?
# 2. A friend has a node with two inputs that learns 14 of 16 tables, and
#    concludes that her features are good. What do you answer?
# 3. A node was shown 00 on, 01 on, 10 on. What does it say to 11, and can
#    it know?
#
# <details><summary>Answers</summary>
#
# 1. Because $z(0,0) + z(1,1) = z(0,1) + z(1,0)$: both sums cannot lie on
#    different sides of 0.
# 2. That any two inputs do (if no three states lie on one line). What
#    matters is whether her two missing tables occur in the world.
# 3. It says "on" after three lamps that were on, but it cannot know: both
#    1110 and 1111 are tables that it can be.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/02_hand_made_features.py) of this lesson
#   (`minitransfer learn 2 --evidence`): truth tables beside the answers,
#   what a node knows of a state left out in every table, relations to a
#   line against inputs.
# - M. Minsky and S. Papert, *Perceptrons*, 1969: what single nodes cannot
#   do, of which XOR is the smallest case.
# - T. Cover, *Geometrical and statistical properties of systems of linear
#   inequalities*, 1965: why it is 14, wherever four points lie in a
#   plane.
