# %% [markdown]
# # 6 · What no network is likely to fit
#
# > Given only the answer of XOR, how much can a network find out about
# > the two bits that were asked?
#
# - **Time:** 13 minutes
# - **You need:** Python, and from lessons 1 and 3 what surprise, XOR and
#   a hidden layer are
# - **You will be able to:** work out, before any training, how low a loss
#   can fall; tell a network that is too small from a question that has no
#   answer; say where an arrow of time comes from, and where not
#
# A hidden layer can represent any function, says article E. It knows one
# exception, and this lesson is about it (see the [sources](sources.md)).
#
# ## XOR, turned round
#
# The answer of XOR is 1. Were the bits 01 or 10? Both, says the table,
# and nothing in the input says more. A *function* gives one output to
# each input. What goes from the answers back to the questions is none:
# from one state there are lines to two. So it is in OR, where the answer
# 1 leads back to three questions.
#
# We ask networks all the same. They are given the answer. By a *joint*
# output, one number for each of the four questions, and a *softmax*, which
# turns the four into probabilities, they say how likely each of them was.

# %%
import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.nn.functional as F
import minitransfer.optim as optim
from minitransfer import data, experiments, plots, train
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import judge

# %%
draw = figures(6)
RUNS = 200
functions = {"XOR": data.xor(), "OR": data.or_()}


def ask(given, wanted, outputs, steps=1000):
    # losses of 200 networks, (members, steps); the networks
    def build(rng):
        return nn.Sequential(
            nn.Linear(given.shape[1], 8, generator=rng),
            nn.Tanh(),
            nn.Linear(8, outputs, generator=rng),
        )

    net, loss = nn.population(build, RUNS), F.cross_entropy
    how = optim.Adam(net.parameters(), lr=0.03)
    return train.fit_members(
        net, given, wanted, how, steps, loss=loss
    ), net


question = np.arange(4)  # 00, 01, 10, 11
_, net = ask(data.xor()[1], question, 4)
plots.show(draw.turned_round(nn.member(net, 0)), "06_network")

# %% [markdown]
# ## The floor
#
# To learn is to lower uncertainty. Here it can be lowered so far and no
# further. Take the surprise $-\ln p$ at each question, when $p$ is the
# probability that was given to it, and average. (With $\ln$ it is counted
# in *nats*; one nat is 1.44 bits.) The best that anybody can do who knows
# only the answer $y$ is the *conditional entropy*
#
# $$H(x \mid y) = \sum_y p(y) \sum_x p(x \mid y)\,
#   \ln \frac{1}{p(x \mid y)}.$$
#
# For XOR each answer leaves two questions, equally likely. That makes
# $\ln 2 = 0.693$: of the two bits that were asked, one. For OR the answer
# 0 leaves one question. The answer 1, three times out of four, leaves
# three: $\frac{3}{4} \ln 3 = 0.824$. These are floors, and no network is
# asked.
#
# Two more runs stand beside it. *Forwards*, from question to answer, is
# the control: it shows that networks of this size can learn a table of
# four rows. And the article names a way out: *transform the problem*. What
# is missing is information, so give it back. *With a bit* the network
# sees the answer and the first bit of the question.
#
# **Predict before you run.** Eight hidden nodes, a thousand steps. How
# near to the floor will 200 networks come? And does one bit settle all
# that is open, in XOR, and in OR?

# %%
losses = {}
for name, (x, y) in functions.items():
    losses[name, "turned round"], _ = ask(y, question, 4)
    losses[name, "forwards"], _ = ask(x, y[:, 0].astype(int), 2)
    given = np.concatenate([y, x[:, :1]], axis=1)
    losses[name, "with a bit"], _ = ask(given, question, 4)
floors = {"XOR": np.log(2), "OR": 0.75 * np.log(3)}
plots.show(draw.losses(losses, floors), "06_losses")

# %% [markdown]
# Training did not fail. It has found the best that can be said, and no
# more nodes and no more steps will say it better. When a loss stops
# falling, the question to ask is not only "is the network too small?" but
# also "is the answer in the input at all?".
#
# A bit that is given back is worth what it settles. In XOR the two
# questions behind each answer differ in the first bit; with it the table
# is a function again, and the loss goes to nothing. In OR three questions
# share the answer 1, and one bit cannot tell three things apart. Half of
# $\ln 2$ remains.
#
# "Not absolutely nil", says the article of the chance of a fit, and it is
# right in this sense: if one draws a question from XOR's probabilities,
# for each of the four rows, all four are right one time in sixteen, by
# luck.
#
# ## The arrow of time
#
# Why do brains *predict*? The article tells it like this. Networks of
# nerves were made by evolution in creatures that move, and what moves
# gains by knowing what comes next. So they learn from the past to the
# future, not the other way round. In that direction, it says, one state
# may develop into several, oxygen into O₂ or ozone, while several hardly
# ever develop back into one. A room does not tidy itself. That is the
# second law of thermodynamics, and it makes past and future different.
#
# It is a fine story, and it limps. For if one state develops into
# several, then telling the *future* from the past is XOR turned round! The
# direction in which several become one would be the easy one.
#
# A toy world can tell what survives of the story. It is a ring of 600
# lamps, each on or off (Mark Kac thought of it). At every tick each
# lamp's state moves to its neighbour. One in ten of the gaps is marked:
# what passes there is inverted. That is all. There is no chance in it, and
# it can be run backwards exactly. Somebody who sees every lamp can tell
# the past as well as the future.
#
# Now see less: only *how many* lamps are lit, to a tenth of the ring,
# before and after eight ticks, and with the same grain on both sides.
# Thirty rings start in *special* states, in which any number of lamps may
# be lit. Thirty start in *typical* ones, each lamp by a coin. For each
# ring one small network learns to tell the number after from the number
# before (*forwards*), and another one the contrary (*backwards*).
#
# **Predict before you run.** For which of the two beginnings, and in
# which direction, is more left open?

# %%
LAMPS, TICKS, RINGS, SEEN = 600, 8, 30, 1000


def watch(rng, special):
    """One ring: how many lamps are lit, tick by tick, in 2,000 runs."""
    marks = rng.random(LAMPS) < 0.1
    share = rng.random((2 * SEEN, 1)) if special else 0.5
    lamps = rng.random((2 * SEEN, LAMPS)) < share
    counts = [lamps.sum(axis=1)]
    for _ in range(TICKS):
        lamps = np.roll(lamps ^ marks, 1, axis=1)
        counts.append(lamps.sum(axis=1))
    return np.array(counts)


def left_open(given, asked):
    """Loss on runs that the networks have not seen, a ring each."""
    codes = np.eye(10, dtype=np.float32)[given]
    net = nn.population(
        lambda rng: nn.Linear(10, 10, generator=rng), RINGS
    )
    how, loss = optim.Adam(net.parameters(), lr=0.1), F.cross_entropy
    seen = codes[:, :SEEN], asked[:, :SEEN]
    train.fit_members(net, *seen, how, 200, loss=loss)
    out = net(mt.tensor(codes[:, SEEN:]))
    return (
        nn.member_losses(loss, out, asked[:, SEEN:]).detach().numpy()
    )


# %%
film, left = {}, {}
for start in ("special", "typical"):
    rngs = map(np.random.default_rng, range(RINGS))
    film[start] = [watch(rng, start == "special") for rng in rngs]
    tenth = np.minimum(np.array(film[start]) // (LAMPS // 10), 9)
    before, after = tenth[:, 0], tenth[:, -1]
    left[start, "forwards"] = left_open(before, after)
    left[start, "backwards"] = left_open(after, before)
films = {start: rings[0] / LAMPS for start, rings in film.items()}
plots.show(draw.arrow(films, left), "06_arrow")

# %% [markdown]
# (The lines are 25 runs of one ring; the error bars are 95 % confidence
# intervals over the 30 rings.)
#
# So there is an arrow, but the story has its reason the wrong way round.
# From special beginnings the future is *easier* to tell than the past, not
# because one state becomes several but because several become one:
# whatever the number was, it moves towards one half. And from typical
# beginnings there is no arrow at all, in the same world, by the same law.
#
# It can be said exactly. What two things tell about each other is the
# same both ways, and so
#
# $$H(\text{past} \mid \text{future}) - H(\text{future} \mid \text{past})
#   = H(\text{past}) - H(\text{future}) .$$
#
# In whatever terms the pasts were more various than the futures are, the
# past is harder to tell. *In whatever terms*: the arrow comes from what
# one chooses not to see. Look at the futures through a much finer grain
# than at the pasts, and its sign turns round. (An earlier version of this
# lesson looked with two grains, without noticing. With equal grain the
# sign is the same for every grain that the evidence tries.)
#
# What survives of the story: a creature that asks coarse questions, will
# there be food, will it be cold, predicts well, since most details do not
# matter to the answer. It forgets them, and what is forgotten cannot be
# told backwards.
#
# ## What the numbers say
#
# Both sentences are the article's. Beforehand we took "at the floor" to
# mean within .005 nats, and "no arrow" within .05.

# %%
end = {key: curve[:, -1] for key, curve in losses.items()}
excess = {
    name: judge(end[name, "turned round"] - floor, margin=0.005)
    for name, floor in floors.items()
}
at_floor = all(one.word == "equal" for one in excess.values())
fitted = all(end[n, "forwards"].max() < 0.05 for n in functions)
claim(
    "E7",
    "turned round, XOR and OR are not fitted: what remains open is the "
    "conditional entropy, ln 2 and 3/4 ln 3 (effect: XOR, loss − floor)",
    source="article",
    refuted_by="networks that do not come down to the floor, or that do "
    "not learn the tables forwards either",
    control="the same networks from question to answer",
    **experiments.over_seeds(
        {", ".join(k): v for k, v in end.items()}
    ),
    effect=excess["XOR"].middle,
    interval=excess["XOR"].interval,
    verdict="holds" if at_floor and fitted else "does not hold",
    check=at_floor and fitted,
    format=".4f",
    unit="nats",
)

# %%
special, typical = (
    judge(left[s, "backwards"] - left[s, "forwards"], margin=0.05)
    for s in ("special", "typical")
)
arrow, none = special.word == "more", typical.word == "equal"
claim(
    "E7/arrow",
    "the future can be told from the past better than the past from the "
    "future (what remains open to a network; effect: backwards − forwards, "
    "special beginnings)",
    source="article",
    refuted_by="no more left open backwards than forwards",
    control="typical beginnings; the same grain before and after",
    **experiments.over_seeds(
        {", ".join(k): v for k, v in left.items()}
    ),
    effect=special.middle,
    interval=special.interval,
    verdict="does not hold"
    if not arrow
    else ("holds narrowly" if none else "holds"),
    condition="from special beginnings, if one sees numbers and not "
    "lamps; because several states become one, not one several"
    if arrow and none
    else "",
    check=arrow and abs(typical.middle) < 0.05,
    format=".3f",
    unit="nats",
)

# %% [markdown]
# ## Try it
#
# 1. Give `ask` four times the steps, and its hidden layer 64 nodes in
#    place of 8. Watch the third digit of what is reached.
# 2. Give OR another bit back than the first one: in place of `x[:, :1]`,
#    whether the question was 11. Is there any bit that settles OR?
# 3. Let the ring run for 40 ticks (`TICKS = 40`). What becomes of
#    *backwards* for special beginnings?
#
# <details><summary>What you will see</summary>
#
# 1. Nothing moves. The floor is not a matter of the network.
# 2. The bit "was it 11" leaves 01 and 10 open after the answer 1, and so
#    half of $\ln 2$ again. Any bit splits three questions into one and
#    two at best. It takes a second bit.
# 3. It climbs, to about 2.0, on its way to $\ln 10 = 2.30$: all ten
#    tenths become equally likely beginnings. The longer ago, the less is
#    left of it. (*Forwards* rises a little as well. When all runs end near
#    one half, the tenths on either side of it are hard to tell apart.)
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(6)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. The loss of a classifier has stopped at 0.30 nats for weeks. Name two
#    reasons that call for opposite remedies.
# 2. What is the floor for AND, turned round?
# 3. Does the second law of thermodynamics say that one state becomes
#    several?
#
# <details><summary>Answers</summary>
#
# 1. The network may be too small or badly trained: more nodes, more
#    steps. Or the input does not hold the answer, and 0.30 is the floor:
#    then only other inputs help.
# 2. The same as that of OR, $\frac{3}{4} \ln 3$: one answer leaves three
#    questions, the other one.
# 3. No. Seen in full detail one state becomes one. Seen coarsely, many
#    different beginnings become alike.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/06_not_a_function.py) of this lesson
#   (`minitransfer learn 6 --evidence`): other ways to say an answer, each
#   with a floor of its own; luck; bits given back; the arrow by grain.
# - C. Bishop, *Mixture density networks*, 1994: what to do when one input
#   has several answers.
# - M. Kac, *Some remarks on the use of probability in classical
#   statistical mechanics*, 1956: the ring.
# - T. Cover and J. Thomas, *Elements of information theory*, 2006,
#   chapter 2: conditional entropy.
