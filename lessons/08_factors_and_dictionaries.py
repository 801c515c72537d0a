# %% [markdown]
# # 8 · Factors and dictionaries
#
# > What does it help a learner to be given the world in factors, and can
# > it find them by itself?
#
# - **Time:** 14 minutes
# - **You need:** Python, from lesson 1 what one-hot is, and from lesson 5
#   what priors are
# - **You will be able to:** tell a network about a thing so that it knows
#   things it has not seen; learn a dictionary and spell with it; answer
#   the four questions of lesson 1
#
# Article E says in the end what learning is: to split variations into
# *factors*, and *knowledge* of what each factor means; a sparse code times
# a dictionary. And it gives a piece of advice: one-hot vectors keep the
# factors from entangling.
#
# ## Twenty-five things
#
# A shop sells things in five colours and five shapes. What a thing is
# worth is the sum of what its colour and its shape are worth. A network
# is shown 13 of the 25 things with their values, and is asked for the
# other 12. Nobody can know them who does not know of colour and shape. But
# how does one tell a network which thing is meant? By one number, counting
# from −1 to 1? By a number each for colour and shape? By 25 inputs of
# which one is 1, *one-hot*? Or by five such inputs for the colour and five
# for the shape?
#
# **Predict before you run.** Four ways to tell the same network, with one
# hidden layer, the same thing. With which of them will it know the value
# of things that it was not shown?

# %%
import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import judge

# %%
draw = figures(8)
RUNS, SHOWN, PRICE = 50, 13, 0.3
colour, shape = np.divmod(np.arange(25), 5)
telling = {
    "one number": np.linspace(-1, 1, 25)[:, None],
    "a number each": np.stack([colour, shape], axis=1) / 2 - 1,
    "one-hot thing": data.one_hot(np.arange(25)),
    "one-hot each": np.eye(10)[[colour, shape + 5]].sum(axis=0),
}
rng = np.random.default_rng(1)
order = np.array([draw.shown_first(rng) for _ in range(RUNS)])
worth = rng.normal(size=(2, RUNS, 5))
value = worth[0][:, colour] + worth[1][:, shape]


# %%
def errors(code, value):
    """Squared errors on 12 things not shown, / their variance."""

    def build(rng):
        first = nn.Linear(code.shape[1], 16, generator=rng)
        last = nn.Linear(16, 1, generator=rng)
        return nn.Sequential(first, nn.Tanh(), last)

    net = nn.population(build, RUNS)
    x = mt.tensor(code[order].astype("f4"))
    y = np.take_along_axis(value, order, 1).astype("f4")[..., None]
    adam = optim.Adam(net.parameters(), lr=0.02)
    mse = nn.functional.mse_loss
    for _ in range(1000):
        adam.zero_grad()
        said = net(x[:, :SHOWN])
        nn.member_losses(mse, said, y[:, :SHOWN]).sum().backward()
        adam.step()
    miss = (net(x).detach().numpy() - y)[:, SHOWN:, 0]
    return (miss**2).mean(1) / y[:, SHOWN:, 0].var(1)


error = {name: errors(code, value) for name, code in telling.items()}
alien = rng.normal(size=(RUNS, 25))
error["no factors"] = errors(telling["one-hot each"], alien)
plots.show(draw.factors(error), "08_factors")

# %% [markdown]
# (On the left the network as it is told "blue, star" the fourth way: two
# of ten inputs are 1. On the right a dot for each of 50 runs, and a bar
# for the middle half. An error of 1 is that of somebody who answers with
# the mean.)
#
# Only the fourth way knows things that it never saw. One-hot *things* do not
# help, for an input that was never 1 has learnt nothing. Nor do factors as
# numbers (but for a few lucky runs), for numbers bring an order along that
# the factors do not have. Is red more than blue? *Split* into factors *and*
# one-hot: it takes both.
#
# (Not everything is kept apart by that. When the value of one thing changes
# and is learnt anew, the shared hidden layer drags the others along,
# one-hot or not; see the evidence.)
#
# And it takes a world that has these factors. In the last row every thing
# has a value of its own, which has nothing to do with colour and shape.
# The network that is told of them does worse there than somebody who
# answers with the mean.
#
# ## Find the factors
#
# Nobody hands us the factors of handwriting. But we can say what they
# should be like: few at a time should do for any small piece of ink. Let
# $x$ be a patch of 8×8 dots, $D$ a *dictionary* with a pattern of 8×8 dots,
# an *atom*, in each of its 64 rows, and $z \ge 0$ a code that says how much
# of each atom is in the patch. We look for
#
# $$\min_{D, z}\; \frac{1}{2} \lVert x - zD \rVert^2
#   + \lambda \sum_j z_j .$$
#
# The second term charges a price for every atom that is used. That makes
# the code *sparse*: most of it is zero. Given $D$, the next step comes
# closer to the best code every time it is taken (this is called ISTA; $L$
# is the largest eigenvalue of $DD^\top$):
#
# $$z \leftarrow \mathrm{ReLU}\bigl(z + \frac{1}{L} (x - zD)\,D^\top
#   - \frac{\lambda}{L}\bigr)$$
#
# Look at it twice. It is a layer: a linear map, a bias, a ReLU. It has a
# *shortcut*, as in lesson 7. And the *same cell* is used again and again,
# as in lesson 5. To think about what one sees is a deep network.
#
# **Predict before you run.** What will the 64 atoms look like? Dots?
# Digits? Something else? And if five of them may be used for a patch that
# nobody has seen, how much of it will they explain?


# %%
def code_of(x, D, price, steps):
    """The sparse code of patches, by so many steps of ISTA."""
    L = float(np.linalg.eigvalsh(D @ D.T)[-1])
    x, D, z = mt.tensor(x), mt.tensor(D), mt.zeros(len(x), len(D))
    for _ in range(steps):
        z = mt.relu(z + ((x - z @ D) @ D.T - price) / L)
    return z.numpy()


def dictionary(patches, price, rng, atoms=64, rounds=100):
    """Learn the atoms: code a batch, then mend each atom a little."""
    D = draw.unit_rows(rng.normal(size=(atoms, patches.shape[1])))
    use = np.zeros(atoms)
    for _ in range(rounds):
        x = patches[rng.integers(0, len(patches), 500)]
        z = code_of(x, D, price, steps=50)
        use = 0.9 * use + 0.1 * (z**2).sum(axis=0)
        pace = 0.3 / np.maximum(use, 0.01 * use.max() + 1e-6)
        D = draw.unit_rows(D + pace[:, None] * (z.T @ (x - z @ D)))
    return D


seen = data.patches(data.mnist("pool").x, 4000, rng)
D = dictionary(seen, PRICE, rng)
plots.show(draw.atoms(D), "08_dictionary")

# %% [markdown]
# (`unit_rows` gives each atom the length 1 and leaves no negative ink.)
#
# Strokes, of every direction, at every place. Nobody has spoken of
# strokes. They are what is left when one wants to say much with few words.
# And here is how the dictionary spells: patches that it has not seen, of
# digits that it has not seen, and the six atoms of which each takes most,
# in its own amounts. The sum on the right is that of all that it takes.

# %%
unseen = data.patches(data.mnist("test").x, 4, rng)
z = code_of(unseen, D, PRICE, steps=200)
plots.show(draw.spelling(unseen, z, D), "08_spelling")

# %% [markdown]
# Of 64 words a patch takes a handful or two. If it takes five, on average,
# they explain 89 % of how unseen patches vary; five principal components,
# chosen for each patch, explain 77 % (evidence). For few words the learnt
# ones are better. And a dictionary of the digits 0 to 4 spells 5 to 9
# nearly as well as their own. That is the thought on which all lessons
# from 9 on are built: what was learnt *below* the classes serves other
# classes as well.
#
# ## The four questions
#
# Lesson 1 began with four questions. Here is what the article answers, and
# what eight lessons have measured.
#
# **Why are neural networks so efficient?** For the *parallel prior*: what
# is learnt of one factor holds whatever the others are, so that examples
# grow like the sum of the variations and states like their product. It
# holds where the world *has* factors, and the network is told of them or
# finds them.
#
# **What is learning?** To split variations into factors and knowledge, a
# code times a dictionary, until as little as possible is left open. How
# much is open can be counted (lesson 5), and it has a floor that no
# learning gets below (lesson 6).
#
# **Why are deep networks more efficient than shallow ones?** For the
# *iteration prior*: what is above is made from what is below, so that an
# example helps all others that share its lower structure. It needs the
# same step to be the same weights; depth by itself was no help in lesson 5.
#
# **Where does depth have no advantage?** Where neither prior holds
# (lesson 5), and where layers pass on less than they get (lesson 7).
#
# To learn is to lower entropy, said the article at the start. One might
# add: by *believing* something about the world beforehand. Every saving
# of examples in these lessons was paid for with a belief, built into the
# shape of a network, that happened to be true. What one network has learnt
# can be such a belief for another, and that is the second part of these
# lessons.
#
# ## What the numbers say

# %%
logs = {name: np.log(e) for name, e in error.items()}
good, without = logs.pop("one-hot each"), logs.pop("no factors")
ratios = [judge(other - good) for other in logs.values()]
nearest = min(ratios, key=lambda found: found.middle)
splits = all(found.word == "more" for found in ratios)
narrow = splits and judge(without).word == "more"
claim(
    "E11/factors",
    "one-hot vectors keep factors apart, so that things not shown are "
    "known (median error, 1 is that of the mean, and the middle half; the "
    "effect: how many times larger the next best way's is)",
    source="article",
    refuted_by="another way of telling with errors as small",
    control="three other codes; values without factors",
    measured={n: np.median(e) for n, e in error.items()},
    spread={
        n: np.quantile(e, [0.25, 0.75]) for n, e in error.items()
    },
    seeds=RUNS,
    effect=np.exp(nearest.middle),
    interval=np.exp(nearest.interval),
    verdict="holds narrowly"
    if narrow
    else ("holds" if splits else "does not hold"),
    condition="in a world that has these factors" if narrow else "",
    check=np.median(error["one-hot each"]) < 0.2,
    format=".3g",
)

# %% [markdown]
# ## Try it
#
# 1. Show fewer things: `SHOWN = 9`, then 7, then 5. What happens to the
#    fourth way, and why at nine?
# 2. Make atoms cheap: `PRICE = 0.02`. Then make them dear, `PRICE = 1.5`.
#    Watch the atoms, and how many of them a patch uses.
# 3. Let `dictionary` and `code_of` think for 3 steps only, in place of 50
#    and 200.
#
# <details><summary>What you will see</summary>
#
# 1. With nine it mostly still works: five colours and five shapes are
#    nine unknowns (the tenth is a common shift). With fewer, some of them
#    are not tied to the others, and the error rises steeply.
# 2. Cheap atoms shrink to little more than dots, and a patch takes many.
#    Dear ones grow into large pieces of digits, a patch takes three or
#    so, and the picture is coarse. The price decides how much is one word.
# 3. More than half of the atoms are used at once, and they add up to
#    hardly anything like the patch. A code is found by weighing the atoms
#    against each other, and that takes many rounds. Here depth is what
#    makes it work.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(8)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. Things have three factors with four forms each. How many one-hot
#    inputs are that, how many things, and how few examples might do?
# 2. Why does a one-hot input for each of 25 things not help with a thing
#    that was not shown?
# 3. What makes a code sparse, in the formula?
#
# <details><summary>Answers</summary>
#
# 1. $3 \cdot 4 = 12$ inputs, $4^3 = 64$ things. Ten examples might do, if
#    the value is a sum: twelve unknowns, of which two are common shifts.
# 2. Its input was 0 in all examples, so its weights got no gradient and
#    are still what they were drawn to be.
# 3. The price $\lambda \sum_j z_j$: an atom is taken only if it explains
#    more than it costs.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/08_factors_and_dictionaries.py) of this lesson
#   (`minitransfer learn 8 --evidence`): what moves when one value changes,
#   learnt strokes against other words, words carried to other digits.
# - B. Olshausen and D. Field, *Emergence of simple-cell receptive field
#   properties by learning a sparse code for natural images*, 1996: the
#   same with photographs, where edges come out.
# - K. Gregor and Y. LeCun, *Learning fast approximations of sparse coding*,
#   2010: ISTA as a deep network whose weights are learnt.
